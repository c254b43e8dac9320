"""The evidence of a run: what its journal says, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from remotecal import html
from remotecal.bench import CertificateUsed
from remotecal.bench_file import Characteristic
from remotecal.clock import Zone
from remotecal.drivers.instrument import Identity
from remotecal.drivers.measured import Measured, passed
from remotecal.drivers.waveform import Waveform
from remotecal.errors import JournalBroken, UnitError
from remotecal.journal.contents import Contents, File, Files, beside, nowhere
from remotecal.journal.events import FILE, FORMAT, Event, read_journal, seconds, timestamp
from remotecal.journal.observation import AS_LEFT, Observation, Point, Value
from remotecal.journal.values import unpack
from remotecal.model import Frozen, Text
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
    characteristics: dict[str, Characteristic]
    """Facts of the rig, with their uncertainty."""
    software: dict[str, str]
    """Program → version."""
    clock: Literal["real", "virtual"] | None = None
    """What its times are; None in journals that do not tell the beginning of repeats either."""


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
    """The observations, in the order made."""
    instruments: Mapping[str, InstrumentUsed]
    """Role → the instrument that filled it."""
    artefacts: Mapping[str, ArtefactUsed]
    """Role → the artefact that filled it."""
    certificates: Mapping[str, CertificateUsed]
    """Role → certificate, for what has one."""
    characteristics: Mapping[str, Characteristic]
    """Facts of the rig, with their uncertainty."""
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

    def at(self, point: Point) -> tuple[Observation, ...]:
        """Return the observations made at a point, in the order of the repeats."""
        return tuple(entry for entry in self.observations if entry.point.name == point.name)

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

    def seed(self, about: str) -> int:
        """Return where random numbers about something begin: the same evidence gives the same certificate."""
        return int(sha256(f"{self.head} {about}".encode()).hexdigest()[:16], 16)

    def passed(self, before: Measured, after: Measured) -> Measured:
        """Return what passed between two readings of a total; see `remotecal.drivers.measured.passed`.

        Raises:
            EvidenceError: the total fell, and the counter is not one that wraps there.
        """
        name, _, quantity = before.source.rpartition(".")
        moduli = (used.wraps.get(quantity) for used in self.instruments.values() if used.name == name)
        return passed(before, after, next(moduli, None))


def read_evidence(path: Path) -> Evidence:
    """Return the evidence in a journal, or in the journal of a run's directory; its files stand beside it.

    Raises:
        JournalBroken: the journal is not what was written.
    """
    run = path if path.is_dir() else path.parent
    return gather(read_journal(path / FILE if path.is_dir() else path), beside(run))


def gather(events: Sequence[Event], contents: Contents = nowhere) -> Evidence:
    """Return the evidence in a journal's events.

    Args:
        events: the journal's.
        contents: what reads the files it names, once somebody wants to see into one.

    Raises:
        JournalBroken: the events are not those of a run.
        EvidenceError: an observation holds a file that the journal does not name.
    """
    start = read_start(events)
    try:
        return _gather(start, events, Files(events, contents))
    except (LookupError, TypeError, ValueError, UnitError) as error:
        raise JournalBroken(f"the events are not those of a run: {error!r}") from error


def _gather(start: Start, events: Sequence[Event], files: Files) -> Evidence:
    used = {str(event.data["name"]): read_instrument(event) for event in events if event.kind == "instrument"}
    points = {point.name: point for point in start.points}
    observations = tuple(
        _observation(event, points, files) for event in events if event.kind == "observation"
    )
    complete = any(event.kind == "finish" for event in events)
    tried = [_mapping(event.data["set"]) for event in events if event.kind == "adjust"]
    adjusted = unpack(tried[-1], files) if tried else None
    due = start.points if adjusted != {} else tuple(p for p in start.points if AS_LEFT not in p.series)
    _check_repeats(due, observations, complete=complete)
    if complete and (absent := sorted(set(start.roles.values()) - set(used) - set(start.artefacts))):
        raise JournalBroken(f"the run is said to be complete, but {', '.join(absent)} was never opened")
    return Evidence(
        order=start.order,
        procedure=start.procedure,
        parameters=start.parameters,
        points=start.points,
        observations=observations,
        instruments={role: used[name] for role, name in start.roles.items() if name in used},
        artefacts={
            role: ArtefactUsed(name=name, serial=start.artefacts[name])
            for role, name in start.roles.items()
            if name in start.artefacts
        },
        certificates={
            role: start.certificates[name] for role, name in start.roles.items() if name in start.certificates
        },
        characteristics=start.characteristics,
        answers=tuple(_answers(events)),
        software=start.software,
        discarded=tuple(_discarded(events)),
        run=start.run,
        began=seconds(events[0].at),
        finished=seconds(events[-1].at),
        complete=complete,
        head=events[-1].hash,
        lines=events[-1].seq,
        time_zone=start.time_zone,
        adjusted=adjusted,
    )


def _mapping(written: Json) -> Mapping[str, Json]:
    if not isinstance(written, Mapping):
        raise JournalBroken(f"{written!r:.40} stands where something that was set is due")
    return written


def read_start(events: Sequence[Event]) -> Start:
    """Return what the first of a journal's events says.

    Raises:
        JournalBroken: there is none, or it is not the start of a run.
    """
    if not events:
        raise JournalBroken("the journal is empty: nothing was ever written")
    return start_of(events[0].data)


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


def _observation(event: Event, points: Mapping[str, Point], files: Files) -> Observation:
    data = event.data
    point, repeat, values = points.get(str(data.get("point"))), data.get("repeat"), data.get("values")
    if point is None or not isinstance(repeat, int) or not isinstance(values, Mapping):
        raise JournalBroken(f"event {event.seq} is no observation at a point of this run")
    return Observation(point, repeat, unpack(values, files), seconds(str(data["began"])), seconds(event.at))


def _check_repeats(
    points: tuple[Point, ...], observations: tuple[Observation, ...], *, complete: bool
) -> None:
    """Refuse what no run writes: a repeat observed twice, one nobody planned, an end with some missing."""
    repeats = {point.name: point.repeats for point in points}
    observed = set[tuple[str, int]]()
    for entry in observations:
        name, repeat = entry.point.name, entry.repeat
        if (name, repeat) in observed or not 1 <= repeat <= repeats.get(name, 0):
            raise JournalBroken(f"repeat {repeat} at {name} was observed twice, or was never to be")
        observed.add((name, repeat))
    # Numbers alone, for a journal may declare more repeats than anybody could list.
    if complete and len(observed) < sum(repeats.values()):
        name, repeat = _first_missing(repeats, observed)
        raise JournalBroken(f"the run is said to be complete, but repeat {repeat} at {name} is missing")


def _first_missing(repeats: Mapping[str, int], observed: Collection[tuple[str, int]]) -> tuple[str, int]:
    return next(
        (name, repeat)
        for name in sorted(repeats)
        for repeat in range(1, repeats[name] + 1)
        if (name, repeat) not in observed
    )


def repeat_of(event: Event) -> tuple[str, int]:
    """Return point and number of the repeat that an event begins or observes."""
    return str(event.data["point"]), int(str(event.data["repeat"]))


def _discarded(events: Sequence[Event]) -> Iterator[tuple[str, int]]:
    """Yield the repeats after whose beginning the run broke off, each as often as that happened."""
    begun: tuple[str, int] | None = None
    for event in events:
        if event.kind in {"repeat", "resume"} and begun is not None:
            yield begun
            begun = None
        if event.kind == "repeat":
            begun = repeat_of(event)
        elif event.kind == "observation":
            begun = None


def _answers(events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    asked: dict[object, str] = {}
    for event in events:
        if event.kind == "prompt" and "instrument" not in event.data:
            question = event.data["question"]
            asked[event.seq] = Text.model_validate(question).get("en")
        elif event.kind == "answer" and (question := asked.get(event.data["prompt"])) is not None:
            yield question, str(event.data["answer"])


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
