"""Rehearsing an order: the same procedure on a bench simulated from the real bench's own certificates.

Nothing real is opened. What comes out is what the run would state: the uncertainty at each point, what
contributes most to it, how long it takes, and how often a conforming or a non-conforming device would be
judged wrongly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar, cast

from remotecal.bench import Bench
from remotecal.bench_file import ArtefactEntry, Determined
from remotecal.certificates.dcc import write
from remotecal.clock import SharedClock, civil_day
from remotecal.configuration import as_toml, read_toml
from remotecal.drivers.catalogue import drivers
from remotecal.errors import BenchError, ConfigurationError
from remotecal.procedures.parameters import read_parameters
from remotecal.registers import same_procedure
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan, refuse_unsafe
from remotecal.runs.prompts import Beside, Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.assembly import CLOCK
from remotecal.sim.catalogue import benches
from remotecal.sim.chance import chance
from remotecal.uncertainty.conformity import Tolerance, conformance_probability
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.risk import Production, global_risk

if TYPE_CHECKING:
    from remotecal.bench import CertificateUsed
    from remotecal.bench_file import Characteristic
    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.evidence import Evidence
    from remotecal.model import Column, Measurement, PointBudget, Record, Text
    from remotecal.order import Order
    from remotecal.runs.catalogue import Found
    from remotecal.runs.running import Watcher
    from remotecal.sim.assembly import Assembly

Known = TypeVar("Known")

FOREMOST = 3
"""Contributions that are told of each point."""

SPREAD = 0.5
"""Standard deviation of the errors of devices of this kind, as a share of the permissible error, where nobody
says better (JCGM 106, annex B, works with such a prior)."""

HARDLY = 1e-6
"""Share of non-conforming devices below which nothing is said of how many of them would pass."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a run would state at one point."""

    title: Text
    """The point."""
    expanded: str
    """Expanded uncertainty."""
    unit: str
    k: str
    """Coverage factor."""
    foremost: tuple[tuple[str, str], ...]
    """The inputs that contribute most, and their shares of the variance in %."""
    conforming_refused: float | None
    """Probability that a conforming device does not pass here; None where nothing is specified."""
    other_passed: float | None
    """Probability that a non-conforming device passes here; None also where there are hardly any."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of rehearsing an order."""

    bench: str
    """Name of the simulated bench in the catalogue."""
    points: tuple[Foreseen, ...]
    """Point by point."""
    whole: tuple[float, float] | None
    """Probability that a device that conforms everywhere does not pass somewhere, at least and at most: the
    points' together, as their errors go together or not. What other characteristics, such as hysteresis or
    repeatability, may refuse beside is not in it. None where nothing is specified."""
    duration: float
    """How long the run takes, in seconds of the bench's time."""
    assumed: tuple[str, ...]
    """Where the simulated bench is not like the real one: no certificate, or another instrument."""
    record: Record
    """What the run would have stated of the simulated device."""


@dataclass(frozen=True, slots=True)
class RealBench:
    """What is known of the bench an order is for, without opening anything."""

    drivers: Mapping[str, type[Instrument]]
    """Role → driver, as far as it is installed here."""
    certificates: Mapping[str, CertificateUsed]
    """Role → certificate."""
    characteristics: Mapping[str, Characteristic]
    """Facts of the rig."""
    now: float
    """When the run would begin, in seconds since 1970, UTC."""
    artefacts: Mapping[str, str] = field(default_factory=dict)
    """Role → serial number, of standards that nobody can ask."""

    @classmethod
    def of_file(cls, order: Order, found: Found, bench: Bench) -> RealBench:
        """Return what a bench file says for an order.

        Raises:
            ConfigurationError: order, procedure and bench don't go together, as for a run.
            CertificateRefused: a certificate may not be used.
        """
        planned = plan(order, found, bench, bench.clock(), "rehearsal")
        refuse_unsafe(planned)
        return cls(
            _filled(planned.start.roles, bench.drivers),
            _filled(planned.start.roles, planned.start.certificates),
            planned.start.characteristics,
            planned.clock.now(),
            _filled(planned.start.roles, planned.start.artefacts),
        )

    @classmethod
    def of_run(cls, evidence: Evidence) -> RealBench:
        """Return what a run's evidence says of the bench it was on, such as one at a far station."""
        known = drivers()
        there = {
            role: known[used.driver].as_stated(used.settings)
            for role, used in evidence.instruments.items()
            if used.driver in known
        }
        serials = {role: used.serial for role, used in evidence.artefacts.items()}
        return cls(there, evidence.certificates, evidence.characteristics, evidence.began, serials)

    def on(self, roles: Mapping[str, str]) -> RealBench:
        """Return the same by the names that fill the roles on another bench; a role is its own name there."""
        return replace(
            self,
            drivers={roles.get(role, role): kind for role, kind in self.drivers.items()},
            certificates={roles.get(role, role): used for role, used in self.certificates.items()},
            artefacts={roles.get(role, role): serial for role, serial in self.artefacts.items()},
        )


def rehearse(
    order: Order,
    found: Found,
    real: RealBench,
    *,
    choices: Mapping[str, object] | None = None,
    spread: float = SPREAD,
    watchers: tuple[Watcher, ...] = (),
) -> Rehearsal:
    """Carry out an order on a bench simulated from the real one's certificates and characteristics.

    Args:
        order: the work order.
        found: its procedure.
        real: what is known of the bench it is for.
        choices: what shall be chosen of the simulated bench, over what resembles the real one.
        spread: standard deviation of such devices' errors, as a share of the permissible error.
        watchers: are shown where the rehearsal is.

    Raises:
        ConfigurationError: no simulated bench suits the procedure, or the order does not suit it.
    """
    parameters = read_parameters(
        found.procedure.accepts(), order.parameters, f"order {order.order.number}, parameters"
    )
    name, kind = _suiting(found)
    chosen = kind.choose({**kind.resembling(parameters.model_dump(), real.drivers), **(choices or {})})
    twin = _Twin(real, chosen.seed)
    with TemporaryDirectory(prefix="remotecal-rehearsal-") as temporary:
        directory = Path(temporary)
        clock = SharedClock.begin(directory / "bench" / CLOCK, real.now)
        with kind.put_up(chosen, directory / "bench", clock, twin.prepare) as bench:
            twin.state(bench.bench)
            began = clock.now()
            person = Beside(bench.person) if bench.person else Scripted(first_option=True)
            company = Company(person, watchers)
            evidence = execute(
                order.of_any_device(), found, Bench.load(bench.bench), directory / "run", company, clock
            )
            duration = clock.now() - began
    record = evaluate(evidence, found)
    points = tuple(point for part in record.measurements for point in _foreseen(part, spread))
    return Rehearsal(name, points, _of_whole(points), duration, tuple(twin.assumed), record)


def _filled(roles: Mapping[str, str], known: Mapping[str, Known]) -> dict[str, Known]:
    """Return role → what is known of the name that stands for it."""
    return {role: known[name] for role, name in roles.items() if name in known}


def _suiting(found: Found) -> tuple[str, type[Assembly]]:
    for name, kind in benches().items():
        if any(same_procedure(found.name, suited) for suited in kind.procedures):
            return name, kind
    raise ConfigurationError(
        f"no simulated bench suits {found.name}: `remotecal sim list` tells which suit what, and a bench "
        "of your own is found by its entry point"
    )


class _Twin:
    """A simulated bench on its way to be like a real one.

    Args:
        real: what is known of that.
        seed: by which it is drawn how much standards are off.
    """

    def __init__(self, real: RealBench, seed: int) -> None:
        self.assumed: list[str] = []
        """Where it is not like the real one."""
        self._real, self._seed = real, seed

    def prepare(self, bench: Assembly) -> None:
        """Give it the real one's certificates, before its paper is written.

        Raises:
            ConfigurationError: it lacks a standard of the real one, or can't take it.
        """
        paper = bench.paper(civil_day(self._real.now, "UTC"))
        self._refuse_without({*bench.wired, *paper.artefacts}, paper.filling)
        self._real = real = self._real.on(paper.filling)
        self.assumed += bench.imitate(real.certificates, chance(self._seed, "rehearsal"))
        self.assumed += [
            f"{name}: {wired.simulated.driver.__name__} in the place of {real.drivers[name].__name__}"
            for name, wired in bench.wired.items()
            if name in real.drivers and wired.simulated.driver is not real.drivers[name]
        ]
        self.assumed += [
            f"{name}: the simulated one heeds no certificate"
            for name in real.certificates
            if name in bench.wired and bench.wired[name].certified is None
        ]
        standing = {name: real.certificates[name] for name in real.artefacts}
        if standing and (refused := bench.mount(standing, chance(self._seed, "rehearsal, artefacts"))):
            raise ConfigurationError(
                f"the simulated bench can't be given {', '.join(refused)} with their certificates. Rehearse "
                "on a simulated bench of your own"
            )

    def _refuse_without(self, there: Collection[str], filling: Mapping[str, str]) -> None:
        """Raise `ConfigurationError` if the real bench has a standard that the simulated one has not.

        What is computed without it would be another calibration.
        """
        real = self._real
        needed = dict.fromkeys((*real.certificates, *real.drivers, *real.artefacts))
        if lacking := [role for role in needed if filling.get(role, role) not in there]:
            raise ConfigurationError(
                f"the simulated bench has nothing in the role {', '.join(lacking)}, and the real one has: "
                "what it would foresee is another calibration. Rehearse on a simulated bench of your own"
            )

    def state(self, path: Path) -> None:
        """Let its bench file state the real bench's facts and artefacts, with their certificates beside it.

        Raises:
            BenchError: the file is none.
        """
        said, real = read_toml(path, BenchError), self._real
        facts = cast("dict[str, object]", said.get("characteristics", {}))
        self.assumed += [
            f"{name}: the simulated bench's own" for name in facts if name not in real.characteristics
        ]
        artefacts = cast("dict[str, object]", said.get("artefacts", {}))
        for name, serial in real.artefacts.items():
            used = real.certificates[name]
            (path.parent / f"{name}.xml").write_bytes(write(used.record))
            artefacts[name] = ArtefactEntry(
                serial=serial,
                certificate=f"{name}.xml",
                correlation=used.correlation,
                drift=used.drift,
            )
        for name, fact in real.characteristics.items():
            facts[name] = fact
            if fact.proof is not None:
                (path.parent / f"{name}.xml").write_bytes(write(fact.proof.record))
                facts[name] = Determined(record=f"{name}.xml", valid_until=fact.valid_until)
        stated = {**said, "characteristics": facts, "artefacts": artefacts}
        path.write_text(as_toml({name: table for name, table in stated.items() if table}), encoding="utf-8")


def _of_whole(points: Sequence[Foreseen]) -> tuple[float, float] | None:
    """Return between what the probability lies that a conforming device does not pass at some point."""
    each = [point.conforming_refused for point in points if point.conforming_refused is not None]
    return (max(each), min(1.0, sum(each))) if each else None


def _foreseen(measured: Measurement, spread: float) -> tuple[Foreseen, ...]:
    columns = [
        result.tables[0].column("basic_measurementError") if result.tables else None
        for result in measured.results
    ]
    return tuple(_at(budget, columns[budget.result], spread) for budget in measured.budgets)


def _at(budget: PointBudget, errors: Column | None, spread: float) -> Foreseen:
    foremost = sorted(budget.lines, key=lambda line: -float(line.share))[:FOREMOST]
    foreseen = Foreseen(
        title=budget.title,
        expanded=budget.expanded,
        unit=budget.unit,
        k=budget.k,
        foremost=tuple((line.symbol, line.share) for line in foremost),
        conforming_refused=None,
        other_passed=None,
    )
    judged = None if errors is None else errors.conformity
    if judged is None or judged.tolerance is None or judged.acceptance is None:
        return foreseen
    tolerance, acceptance = (
        _limits(limits.lower, limits.upper, budget.row) for limits in (judged.tolerance, judged.acceptance)
    )
    if tolerance is None:
        return foreseen
    if acceptance is None:  # the guard bands leave nothing that would pass
        return replace(foreseen, conforming_refused=1.0, other_passed=0.0)
    width = spread * (tolerance.upper - tolerance.lower) / 2
    middle = (tolerance.upper + tolerance.lower) / 2
    devices = Production.like(Input.normal("E", middle, budget.unit, width))
    risk = global_risk(devices, float(budget.u), tolerance, acceptance)
    conforming = conformance_probability(middle, width, tolerance)
    others = 1 - conforming
    return replace(
        foreseen,
        conforming_refused=risk.false_rejection / conforming,
        other_passed=risk.false_acceptance / others if others > HARDLY else None,
    )


def _limits(lower: tuple[str, ...] | None, upper: tuple[str, ...] | None, row: int) -> Tolerance | None:
    """Return the limits of a row; None where there are none."""
    if not lower or not upper:
        return None
    least, most = (values[row if len(values) > 1 else 0] for values in (lower, upper))
    return None if "NaN" in {least, most} else Tolerance(float(least), float(most))
