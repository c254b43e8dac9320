"""The paper of a simulated bench: its bench file, its standards' certificates, a work order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from remotecal.bench_file import ArtefactEntry, BenchHead, Characteristic, Entry, Heartbeat, Interlock, Safe
from remotecal.certificates.dcc import write
from remotecal.certificates.keeping import replace
from remotecal.configuration import as_toml
from remotecal.drivers import catalogue
from remotecal.errors import BenchError
from remotecal.model import Text
from remotecal.sim.certificates import AGE, VALIDITY, certificate

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.sim.certificates import Certified, Made
    from remotecal.sim.wiring import Wired

BENCH, ORDER = "bench.toml", "order.toml"
"""The files' names."""

CUSTOMER: Final = Text(zh="示范客户有限公司", en="Example Customer Co. Ltd")
LABORATORY: Final = Text(zh="示范校准实验室", en="Demonstration Calibration Laboratory")
"""Who orders and who calibrates, where nobody else is named."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a bench's work order asks for."""

    procedure: str
    """Its name in the catalogue."""
    subject: str
    """What the certificate's number tells of it: SIM-subject-year-0001."""
    parameters: Mapping[str, object]
    """The procedure's parameters."""
    dut: Mapping[str, object]
    """The device under test, as the work order's table `dut`; empty where there are several."""
    customer: Text = CUSTOMER
    """Whom the certificate is for."""
    laboratory: Text = LABORATORY
    """Who calibrates; the standards are its own."""
    duts: tuple[Mapping[str, object], ...] = ()
    """Several devices under test, as the work order's tables `duts`."""
    place: Literal["laboratory", "customer"] = "laboratory"
    """Where the device under test is calibrated."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A standard without an interface, such as a weight or a nozzle."""

    serial: str
    """Its serial number."""
    certified: Certified
    """What its certificate states."""
    model: str
    """What its maker calls it."""
    maker: str = "Simulated"
    """Who made it."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What is written about a bench, its instruments apart."""

    name: str
    """What the bench is called."""
    job: Job
    """What its work order asks for."""
    artefacts: Mapping[str, Standing] = field(default_factory=dict)
    """Its standards without an interface, by name."""
    roles: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Role → what fills it, where names differ; several, for a role that holds several."""
    characteristics: Mapping[str, Characteristic] = field(default_factory=dict)
    """Its facts; their true values lie within what is stated here."""
    interlocks: tuple[Interlock, ...] = ()
    """Limits that stop a run."""
    heartbeat: Heartbeat | None = None
    """What tells the bench that the station is alive."""
    safe: Safe | None = None
    """How it is made safe; None where nothing has to come first."""

    @property
    def filling(self) -> dict[str, str]:
        """Role → name, where they differ, as evidence calls the roles: `ROLE[2]` where one holds several."""
        return {
            key: name
            for role, filled in self.roles.items()
            for key, name in (
                [(role, filled)]
                if isinstance(filled, str)
                else [(f"{role}[{number}]", name) for number, name in enumerate(filled, 1)]
            )
        }


def characteristic(
    value: float, unit: str, expanded: float, today: date, *, k: float = 2.0
) -> Characteristic:
    """Return a fact of a bench that was characterised when its standards were calibrated."""
    return Characteristic(
        value=value,
        unit=unit,
        expanded_uncertainty=expanded,
        k=k,
        source=Text(zh="模拟装置的特性测定", en="characterisation of the simulated rig"),
        valid_until=today - AGE + VALIDITY,
    )


def write_paper(
    directory: Path,
    paper: Paper,
    wired: Mapping[str, Wired],
    addresses: Mapping[str, str],
    clock: str,
    today: date,
) -> None:
    """Write bench file, work order and the standards' certificates into `directory`.

    Args:
        directory: made if it is not there.
        paper: what is said of the bench.
        wired: the instruments by their names on the bench.
        addresses: where each of them is served.
        clock: what the bench file says of the bench's time.
        today: the day it is there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _write_certificates(directory, wired, paper, today)
    bench: dict[str, object] = {
        "bench": BenchHead(name=paper.name, clock=clock, time_zone="UTC"),
        "instruments": {name: _entry(name, place, addresses[name]) for name, place in wired.items()},
        "artefacts": {name: _artefact(name, each) for name, each in paper.artefacts.items()},
        "roles": dict(paper.roles),
        "characteristics": paper.characteristics,
        "interlocks": paper.interlocks,
        "heartbeat": paper.heartbeat,
        "safe": paper.safe,
    }
    said = as_toml({name: table for name, table in bench.items() if table})
    (directory / BENCH).write_text(said, encoding="utf-8")
    (directory / ORDER).write_text(as_toml(_order(paper.job, today)), encoding="utf-8")


def _write_certificates(directory: Path, wired: Mapping[str, Wired], paper: Paper, today: date) -> None:
    instruments: dict[str, tuple[Certified, Made, str]] = {
        name: (place.certified, place.simulated.driver, _serial(name, place) or "")
        for name, place in wired.items()
        if place.certified is not None
    }
    artefacts: dict[str, tuple[Certified, Made, str]] = {
        name: (each.certified, each, each.serial) for name, each in paper.artefacts.items()
    }
    for number, (name, (certified, made, serial)) in enumerate({**instruments, **artefacts}.items(), 1):
        written = f"SIM-{today.year}-{number:03}"
        record = certificate(certified, made, serial, paper.job.laboratory, written, today)
        replace(directory / f"{name}.xml", write(record))


def _artefact(name: str, standing: Standing) -> ArtefactEntry:
    """Return what the bench file says of a standard without an interface."""
    return ArtefactEntry(
        serial=standing.serial,
        certificate=f"{name}.xml",
        correlation=standing.certified.correlation,
        drift=standing.certified.drift,
    )


def _entry(name: str, place: Wired, address: str) -> Entry:
    """Return what the bench file says of an instrument."""
    said: dict[str, object] = {"driver": _driver(place.simulated.driver), "address": address}
    if serial := _serial(name, place):
        said["serial"] = serial
    if place.certified is not None:
        said["certificate"] = f"{name}.xml"
        said["correlation"] = place.certified.correlation
        said["drift"] = place.certified.drift
    if place.settings:
        said["settings"] = dict(place.settings)
    return Entry.model_validate(said)


def _serial(name: str, place: Wired) -> str | None:
    """Return the serial number that stands on an instrument, whether it tells it or not."""
    return place.serial or (f"SIM-{name}" if place.certified is not None else None)


def _driver(kind: type[Instrument]) -> str:
    """Return the name of a driver in the catalogue, or where it stands if it is in none."""
    try:
        if catalogue.driver(kind.__name__) in kind.__mro__:  # as a bench completes it, perhaps
            return kind.__name__
    except BenchError:
        pass
    return f"{kind.__module__}:{kind.__qualname__}"


def _order(job: Job, today: date) -> dict[str, object]:
    return {
        "order": {
            "number": f"SIM-ORDER-{today.year}-0001",
            "certificate": f"SIM-{job.subject}-{today.year}-0001",
            "procedure": job.procedure,
            **({"certificates": "each"} if job.duts else {}),
            "bench": BENCH,
            "demonstration": True,
            "place": job.place,
        },
        "parameters": job.parameters,
        **({"duts": job.duts} if job.duts else {"dut": job.dut}),
        "customer": {"name": job.customer, "address": Text(zh="天津", en="Tianjin")},
        "laboratory": {"name": job.laboratory, "address": Text(zh="北京", en="Beijing")},
        "persons": _PERSONS,
    }


_PERSONS: Final = [
    {"name": Text(zh="模拟校准员", en="Simulated operator"), "duty": "performed"},
    {"name": Text(zh="模拟核验员", en="Simulated reviewer"), "duty": "reviewed"},
    {"name": Text(zh="模拟批准人", en="Simulated approver"), "duty": "approved"},
]
"""Who answers for it."""
