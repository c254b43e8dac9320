"""The evidence of a run: what its journal says, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from remotecal import html
from remotecal.bench import CertificateUsed
from remotecal.bench_file import Approval, Characteristic
from remotecal.clock import Zone, civil_day
from remotecal.drivers.instrument import Identity
from remotecal.drivers.measured import Measured, passed
from remotecal.drivers.waveform import Waveform
from remotecal.errors import JournalBroken, UnitError
from remotecal.journal.contents import File
from remotecal.journal.events import FORMAT, Event, JournalReader, timestamp
from remotecal.journal.observation import KeptBeside, Observation, Point, Value
from remotecal.journal.values import Sources, sources
from remotecal.model import Frozen
from remotecal.order import Order

if TYPE_CHECKING:
    from remotecal.journal.events import Json


class ProcedureUsed(Frozen):
    """The procedure a run followed."""

    name: str
    """As the order names it, or the path of its file."""
    sha256: str
    """SHA-256 of its source, in hexadecimal; see `catalogue.Found`."""


class InstrumentUsed(Frozen):
    """An instrument that took part."""

    name: str
    """Its name on the bench."""
    driver: str
    """Its driver, as the bench file names it."""
    address: str
    """Where it was."""
    settings: Mapping[str, str | int | float | bool]
    """What else its driver was told, such as a channel."""
    maker: str
    """What it says of itself, as far as it does."""
    model: str
    serial: str
    firmware: str
    wraps: dict[str, float] = Field(default_factory=dict)
    """Counter → what it wraps at, in its unit, as its driver declares."""
    spoiled_by: dict[str, list[str]] = Field(default_factory=dict)
    """Reading → what was asked along with it that can spoil it; of none in journals from before that."""
    noted: tuple[str, ...] = ()
    """What was found when it was opened, such as errors queued before."""

    @property
    def identity(self) -> Identity:
        """Who it said it is."""
        return Identity(self.maker, self.model, self.serial, self.firmware)


class ArtefactUsed(Frozen):
    """A standard without an interface that took part."""

    name: str
    """Its name on the bench."""
    serial: str
    """Its serial number, as the bench file says."""


class Start(Frozen):
    """What a journal's first event says: all an evaluation needs beside observations."""

    format: int = FORMAT
    """Version of the journal's format."""
    run: str
    """Name of the run."""
    order: Order
    """The work order."""
    procedure: ProcedureUsed
    """The procedure."""
    parameters: dict[str, object]
    """Its parameters, in the units it declares."""
    points: tuple[Point, ...]
    """The points, in the order they are to be measured."""
    bench: str
    """Path of the bench file."""
    bench_name: str = ""
    """Name of the bench, by which an order names it."""
    bench_sha256: str
    """SHA-256 of the bench file, in hexadecimal."""
    time_zone: Zone = "UTC"
    """Time zone of the laboratory, in whose days certificates are dated."""
    roles: dict[str, str]
    """Role → name of what fills it on the bench; of a role that holds several, `ROLE[1]` and so on."""
    artefacts: dict[str, str] = Field(default_factory=dict)
    """Name of the artefact → its serial number."""
    certificates: dict[str, CertificateUsed]
    """Name of the instrument or artefact → its certificate."""
    standards: tuple[str, ...] = ()
    """Names of what has a certificate and fills a role, as a certificate is to list them; by their roles'
    names in journals that do not tell."""
    characteristics: dict[str, Characteristic]
    """Facts of the rig, with their uncertainty."""
    approvals: tuple[Approval, ...] = ()
    """The bench's approvals as a measurement standard."""
    software: dict[str, str]
    """Program → version."""
    own_word: bool = False
    """Whether a default that the order states counts as its own word, not as what a form filled in: so it is
    printed by the runs that say so, and otherwise by those before them."""
    wording: int = 0
    """Which edition of what a certificate says beside its results its own has. By 1 it tells which standards'
    drift is not charged, too, which correlation the bench states, and up to where nozzles are choked; by 2 at
    which places of its document an item was not measured, too."""
    clock: Literal["real", "virtual"] | None = None
    """What its times are; None in journals that do not tell the beginning of repeats either."""

    def ended(self, at: float) -> str:
        """Return what the run relies on and held no longer at a time, by civil days; "" if all did."""
        until = {f"the fact {name}": fact.valid_until for name, fact in self.characteristics.items()}
        until |= {f"approval {one.number}": one.valid_until for one in self.approvals}
        for name, used in self.certificates.items():
            if used.certificate.valid_until is not None:
                until[f"certificate {used.certificate.number} of {name}"] = used.certificate.valid_until
        day = civil_day(at, self.time_zone)
        return next((f"{what} was valid until {last}" for what, last in until.items() if day > last), "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything an evaluation may look at."""

    order: Order
    """The work order."""
    procedure: ProcedureUsed
    """The procedure."""
    parameters: Mapping[str, object]
    """Its parameters, in the units it declares."""
    points: tuple[Point, ...]
    """The points, in the order measured."""
    observations: tuple[Observation, ...]
    """The observations, in the order made; the values of each are unpacked when somebody looks."""
    instruments: Mapping[str, InstrumentUsed]
    """Role → the instrument that filled it."""
    artefacts: Mapping[str, ArtefactUsed]
    """Role → the artefact that filled it."""
    certificates: Mapping[str, CertificateUsed]
    """Role → certificate, for what has one."""
    characteristics: Mapping[str, Characteristic]
    """Facts of the rig, with their uncertainty."""
    approvals: tuple[Approval, ...]
    """The bench's approvals as a measurement standard."""
    answers: tuple[tuple[str, str], ...]
    """The procedure's questions, in English where there is a choice, and what was answered."""
    software: Mapping[str, str]
    """Program → version, when the run began."""
    discarded: tuple[tuple[str, int], ...]
    """Points and numbers of the repeats that were begun and never came to an observation."""
    run: str
    """Name of the run."""
    began: float
    """When the run began, in seconds since 1970, UTC."""
    finished: float
    """When the run was complete, or its last event."""
    complete: bool
    """Whether all repeats at all points were observed."""
    head: str
    """Hash of the journal's last line, which stands for the whole."""
    lines: int
    """Number of the journal's lines."""
    time_zone: str
    """Time zone of the laboratory, in whose days certificates are dated."""
    adjusted: Mapping[str, Value] | None = None
    """What was set where the devices were adjusted; nothing where that was not possible, None before that."""
    own_word: bool = False
    """As `Start` says."""
    wording: int = 0
    """As `Start` says."""
    format: int = FORMAT
    """As `Start` says."""
    kept: tuple[KeptBeside, ...] = ()
    """What was read beside the repeats, in the order made."""

    _by_point: dict[str, list[Observation]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for entry in self.observations:
            self._by_point.setdefault(entry.point.name, []).append(entry)

    @property
    def sources(self) -> Sources:
        """By what the parts of all observations were read, each pair once."""
        alike = dict.fromkeys(sources(entry.values) for entry in self.observations)
        return tuple(dict.fromkeys(pair for told in alike for pair in told))

    def at(self, point: Point) -> tuple[Observation, ...]:
        """Return the observations made at a point, in the order of the repeats."""
        return tuple(self._by_point.get(point.name, ()))

    def of_series(self, label: str) -> Evidence:
        """Return what there is of the points of one series alone."""
        points = tuple(point for point in self.points if label in point.series)
        entries = tuple(entry for entry in self.observations if label in entry.point.series)
        return replace(self, points=points, observations=entries)

    def _repr_html_(self) -> str:
        order = self.order
        told = {
            "运行\nRun": self.run,
            "程序\nProcedure": Path(self.procedure.name).name,
            "委托\nOrder": order.order.number,
            "器具\nItem": "\n".join(item.name.in_all() for item in order.items),
            "时间\nTime": f"{timestamp(self.began)} – {timestamp(self.finished)}",
            "完整\nComplete": "是 / yes" if self.complete else "否 / no",
            "记录\nJournal": f"{self.lines}, SHA-256 {self.head}",
        }
        names = list(dict.fromkeys(name for entry in self.observations for name in entry.values))
        rows = (
            (entry.point.name, str(entry.repeat), *(_shown(entry.values.get(name)) for name in names))
            for entry in self.observations
        )
        return html.facts(told) + html.table(("点\nPoint", "次\nRepeat", *names), rows)

    def passed(self, before: Measured, after: Measured) -> Measured:
        """Return what passed between two readings of a total; see `remotecal.drivers.measured.passed`.

        Raises:
            EvidenceError: the total fell, and the counter is not one that wraps there.
        """
        name, _, quantity = before.source.rpartition(".")
        moduli = (used.wraps.get(quantity) for used in self.instruments.values() if used.name == name)
        return passed(before, after, next(moduli, None))


def lived_virtually(journal: Path | None) -> bool:
    """Tell whether a run lived by a virtual clock, by its journal (a file, or its directory).

    The days of such a run are none by which anybody signs: a simulated rig's clock runs ahead.
    """
    if journal is None:
        return False
    try:
        return read_start(JournalReader.at(journal, torn=True)).clock == "virtual"
    except (JournalBroken, OSError):
        return False


NOTHING_WRITTEN = "the journal is empty: nothing was ever written"


def read_start(events: Iterable[Event]) -> Start:
    """Return what the first of a journal's events says.

    Raises:
        JournalBroken: there is none, or it is not the start of a run.
    """
    first = next(iter(events), None)
    if first is None:
        raise JournalBroken(NOTHING_WRITTEN)
    return start_of(first.data)


def start_of(first: Mapping[str, Json]) -> Start:
    """Return what the data of a journal's first event say (`JournalBroken` if that is no start of a run)."""
    try:
        return Start.model_validate_json(json.dumps(first))
    except (ValidationError, UnitError) as error:
        raise JournalBroken(f"the first event is not the start of a run: {error}") from None


def read_instrument(event: Event) -> InstrumentUsed:
    """Return the instrument an event tells (`JournalBroken` if it tells none)."""
    try:
        return InstrumentUsed.model_validate(dict(event.data))
    except ValidationError as error:
        raise JournalBroken(f"event {event.seq} does not tell an instrument: {error}") from None


def repeat_of(event: Event) -> tuple[str, int]:
    """Return point and number of the repeat that an event begins or observes."""
    return str(event.data["point"]), int(str(event.data["repeat"]))


def _shown(value: Value | None) -> str:
    """Return a value as people read it: of several readings how many, and their ends."""
    if isinstance(value, Measured):  # itself a tuple, so it comes first
        return f"{value.value:.10g}" + ("" if value.unit == "1" else f" {value.unit}")
    if value is None or isinstance(value, float | int | str):
        return "" if value is None else str(value)
    if isinstance(value, Waveform):
        return f"{value.count} × {value.unit}"
    if isinstance(value, File):
        return value.name or value.sha256[:12]
    ends = (min(value), max(value)) if value else ()
    return f"{len(value)}: " + " … ".join(dict.fromkeys(map(_shown, ends)))
