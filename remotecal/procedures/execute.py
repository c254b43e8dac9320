"""Running a procedure on a bench: from the first check to the safe state, and going on after a crash."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.bench import Bench, day
from remotecal.errors import (
    BenchError,
    EvidenceError,
    InterlockTripped,
    OrderError,
    ParameterError,
    RemotecalError,
    RunAborted,
    RunError,
    SafeStateNotReached,
)
from remotecal.procedures.admission import admit
from remotecal.procedures.catalogue import Found, find
from remotecal.procedures.control import Control, signals
from remotecal.procedures.evidence import Evidence, ProcedureUsed, Start, gather, read_start
from remotecal.procedures.journal import FILE, Journal, read_journal, timestamp
from remotecal.procedures.parameters import read_parameters
from remotecal.procedures.run import Run
from remotecal.procedures.values import pack
from remotecal.procedures.watch import Watch
from remotecal.units import same_dimension

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.drivers.instrument import Instrument
    from remotecal.open_bench import OpenBench
    from remotecal.procedures.journal import Json
    from remotecal.procedures.order import Order
    from remotecal.procedures.procedure import Point, Procedure
    from remotecal.procedures.prompts import Answerer
    from remotecal.procedures.run import Watcher


@dataclass(frozen=True, slots=True)
class Company:
    """Who takes part in a run besides the instruments."""

    answers: Answerer
    """Answers the procedure's questions."""
    watchers: Sequence[Watcher] = ()
    """Are shown where the run is."""
    control: Control | None = None
    """Stops and pauses the run."""


def execute(
    order: Order, found: Found, bench: Bench, directory: Path, company: Company, clock: Clock | None = None
) -> Evidence:
    """Run an order's procedure on a bench, in a new or empty directory.

    All that can be refused without moving anything is refused first. However the run ends, the
    bench is brought to its safe state.

    Args:
        order: the work order.
        found: its procedure.
        bench: the bench.
        directory: where the journal goes.
        company: who answers, watches and controls.
        clock: the run's time, where it isn't the one the bench file names.

    Returns:
        The evidence, read back from the journal.

    Raises:
        ConfigurationError: order, bench, parameters and procedure don't go together.
        CertificateRefused: a certificate may not be used.
        RunError: the run could not go on; the rig was made safe, unless it says otherwise.
        LinkError, InstrumentError: an instrument failed; the rig was made safe.
    """
    if directory.exists() and any(directory.iterdir()):
        raise OrderError(f"{directory} is not empty: choose another directory, or resume the run in it")
    clock = clock or bench.clock()
    start = plan(order, found, bench, clock, directory.resolve().name)
    opened = _connect(bench, clock)
    try:
        with Journal.create(directory, clock) as journal:
            journal.append("start", start.model_dump(mode="json"))
            _Session(start, found.procedure, bench, opened, journal, company).perform()
    finally:
        opened.close()
    return gather(read_journal(directory / FILE))


def resume(
    directory: Path, company: Company, *, bench: Bench | None = None, clock: Clock | None = None
) -> Evidence:
    """Take up a run where it was cut off: at the repeat that was in progress.

    Args:
        directory: where the journal is.
        company: who answers, watches and controls.
        bench: the bench, where its file has moved.
        clock: the run's time, where it isn't the one the bench file names.

    Raises:
        JournalBroken: the journal is not what was written.
        EvidenceError: procedure or certificates are no longer those the run began with.
        RunError, LinkError, InstrumentError: as `execute`.
    """
    events = read_journal(directory / FILE, torn=True)
    start = read_start(events)
    if any(event.kind == "finish" for event in events):
        raise OrderError(f"the run in {directory} is complete: evaluate it")
    found = find(start.procedure.name)
    if found.sha256 != start.procedure.sha256:
        raise EvidenceError(
            f"procedure {found.name} was changed since the run began: restore it, or begin a new run"
        )
    bench = bench or Bench.load(Path(start.bench))
    clock = clock or bench.clock()
    with Journal.open(directory, clock) as journal:
        _same_facts(start, plan(start.order, found, bench, clock, start.run))
        opened = _connect(bench, clock)
        try:
            journal.append("resume", {"bench": str(bench.path), "bench_sha256": bench.sha256})
            _Session(start, found.procedure, bench, opened, journal, company).perform()
        finally:
            opened.close()
    return gather(read_journal(directory / FILE))


def plan(order: Order, found: Found, bench: Bench, clock: Clock, run: str) -> Start:
    """Return what a run would begin with; nothing is opened and nothing moves.

    Raises:
        ParameterError, BenchError, OrderError: order, bench and procedure don't go together.
        CertificateRefused: a certificate, or a fact of the rig, may not be used.
    """
    kind = found.procedure.accepts()
    parameters = read_parameters(kind, order.parameters, f"order {order.order.number}, parameters")
    procedure = found.procedure(parameters)
    points = tuple(procedure.points())
    _check_points(points)
    roles = fill_roles(found.procedure, bench)
    check_facts(procedure, bench, roles)
    today = day(clock)
    certificates = {
        name: used for name in bench.file.instruments if (used := bench.certificate(name, today)) is not None
    }
    admit(order, found, bench, certificates, today)
    return Start(
        run=run,
        order=order,
        procedure=ProcedureUsed(name=found.name, sha256=found.sha256),
        parameters=parameters.model_dump(mode="json"),
        points=points,
        bench=str(bench.path.resolve()),
        bench_sha256=bench.sha256,
        roles=roles,
        certificates=certificates,
        characteristics=dict(bench.characteristics(today)),
        software={"Python": platform.python_version(), "remotecal": version("remotecal")},
    )


def fill_roles(procedure: type[Procedure], bench: Bench) -> dict[str, str]:
    """Return role → name of the instrument that fills it.

    Raises:
        BenchError: nobody fills a role, or the instrument lacks what the role needs.
    """
    filled, faults = {}, []
    for role in procedure.roles():
        name = bench.filling(role.name)
        if name is None:
            if not role.optional:
                faults.append(f"nothing fills the role {role}")
        elif lack := role.lacks(bench.drivers[name]):
            faults.append(f"{name} can't fill the role {role}: {lack}")
        else:
            filled[role.name] = name
    if faults:
        raise BenchError(f"{bench.path} does not suit {procedure.__name__}: {'; '.join(faults)}")
    return filled


def check_facts(procedure: Procedure, bench: Bench, roles: Mapping[str, str]) -> None:
    """Raise `BenchError` if the bench lacks a fact or a certificate the evaluation will need."""
    faults = []
    for name, unit in procedure.characteristics().items():
        fact = bench.file.characteristics.get(name)
        if fact is None:
            faults.append(f"there is no [characteristics.{name}], in {unit} or the like")
        elif not same_dimension(fact.unit, unit):
            faults.append(f"characteristics.{name} is in {fact.unit}, it must be in {unit} or the like")
    for role in procedure.certified():
        name = roles.get(role, role)
        if bench.file.instruments[name].certificate is None:
            faults.append(f"{name} has no certificate, which the role {role} needs")
    if faults:
        raise BenchError(f"{bench.path} does not suit {type(procedure).__name__}: {'; '.join(faults)}")


def _check_points(points: Sequence[Point]) -> None:
    names = [point.name for point in points]
    if not names or len(set(names)) < len(names) or any(point.repeats < 1 for point in points):
        raise ParameterError(
            f"the points {names} can't be measured: there must be some, each with a name of its own and "
            "one repeat or more"
        )


def _same_facts(start: Start, now: Start) -> None:
    """Raise `EvidenceError` if a run would go on with other facts than it began with."""
    changed = [
        name
        for name in ("roles", "certificates", "characteristics", "parameters", "points")
        if getattr(start, name) != getattr(now, name)
    ]
    if changed:
        raise EvidenceError(
            f"{', '.join(changed)} are no longer those the run began with: restore the bench, or begin anew"
        )


def _connect(bench: Bench, clock: Clock) -> OpenBench:
    """Return the open bench; if it is not all there, what is there is made safe."""
    opened = bench.connect(clock)
    if opened.failures:
        try:
            opened.make_safe()
        except SafeStateNotReached as unsafe:
            raise SafeStateNotReached(f"{unsafe}; {opened.failed()}") from None
        finally:
            opened.close()
        raise BenchError(opened.failed())
    return opened


class _Session:
    """A run from opening the bench to its safe state; the same whether it begins or goes on."""

    def __init__(
        self,
        start: Start,
        procedure: type[Procedure],
        bench: Bench,
        opened: OpenBench,
        journal: Journal,
        company: Company,
    ) -> None:
        self._start, self._opened, self._journal = start, opened, journal
        self._settings = {name: entry.settings for name, entry in bench.file.instruments.items()}
        self._control = company.control or Control()
        self._control.cancel = opened.cancel
        self._watch = Watch(bench, opened, self._control)
        self._run = Run(opened, journal, self._control, company.answers, company.watchers)
        parameters = read_parameters(procedure.accepts(), start.parameters, "journal, parameters")
        roles: dict[str, Instrument | None] = {role.name: None for role in procedure.roles()}
        roles |= {role: opened.instruments[name] for role, name in start.roles.items()}
        self._procedure = procedure(parameters, roles)
        self._done = {
            (event.data["point"], event.data["repeat"])
            for event in journal.events
            if event.kind == "observation"
        }

    def perform(self) -> None:
        """Measure what is left to measure; whatever happens, make the rig safe."""
        failure: BaseException | None = None
        with signals(self._control):
            try:
                self._begin()
                self._measure_all()
            except BaseException as error:  # noqa: BLE001  whatever it is, the rig is made safe first
                failure = self._explained(error)
            occurred = self._opened.clock.now()
            self._control.notice()
            self._watch.stop_looking()
            unsafe, took = self._make_safe()
            self._watch.end()
            try:
                self._conclude(failure, occurred, unsafe, took)
            except RunError as error:
                failure = failure or error
        if unsafe is not None:
            because = f"; the run had stopped because {failure}" if failure else ""
            raise SafeStateNotReached(f"{unsafe}{because}") from failure
        if failure is not None:
            raise failure

    def _begin(self) -> None:
        for name, instrument in self._opened.instruments.items():
            instrument.keep = self._run.keep
            self._journal.append(
                "instrument",
                {
                    "address": instrument.link.address,
                    "driver": type(instrument).__name__,
                    "name": name,
                    "settings": self._settings[name],
                    **instrument.identify()._asdict(),
                },
            )
        # First to the safe state: a drive that was left running must not start again when a rig that
        # lost its heartbeat is reset.
        unsafe, took = self._make_safe()
        self._note_safe(unsafe, took)
        if unsafe is not None:
            raise unsafe
        self._watch.begin()

    def _measure_all(self) -> None:
        points, run = self._start.points, self._run
        left = [point for point in points if self._repeats_left(point)]
        due = sum(point.repeats for point in points)
        run.show("prepare", points=len(points), observed=len(self._done), due=due)
        if left:
            self._procedure.prepare(run)
        for point in left:
            self._hold()
            self._journal.append("point", {"point": point.name}, durable=False)
            run.show("approach", point=point, number=points.index(point) + 1, repeat=0)
            self._procedure.approach(point, run)
            for repeat in self._repeats_left(point):
                self._hold()
                self._observe(point, repeat)

    def _repeats_left(self, point: Point) -> list[int]:
        return [n for n in range(1, point.repeats + 1) if (point.name, n) not in self._done]

    def _observe(self, point: Point, repeat: int) -> None:
        run = self._run
        run.show("measure", repeat=repeat)
        began = timestamp(run.clock.now())
        values = pack(self._procedure.measure(point, run))
        run.control.check()
        self._journal.append(
            "observation", {"began": began, "point": point.name, "repeat": repeat, "values": values}
        )
        self._done.add((point.name, repeat))
        run.show("done", observed=len(self._done))

    def _hold(self) -> None:
        self._control.check()
        if self._control.paused:
            self._journal.append("pause", {})
            self._run.show("pause")
            self._control.hold()
            self._journal.append("go_on", {})

    def _explained(self, error: BaseException) -> BaseException:
        """Return what ended the run, in words of who must act."""
        stopped = self._control.error
        if stopped is not None:
            stopped.__cause__ = None if error is stopped else error
            return stopped
        if isinstance(error, KeyboardInterrupt):
            return RunAborted("the run was interrupted")
        if isinstance(error, RemotecalError) or not isinstance(error, Exception):
            return error
        failure = RunError(f"the procedure failed: {type(error).__name__}: {error}")
        failure.__cause__ = error
        return failure

    def _make_safe(self) -> tuple[SafeStateNotReached | None, float]:
        began = time.monotonic()
        unsafe = None
        try:
            self._opened.make_safe()
        except SafeStateNotReached as failure:
            unsafe = failure
        return unsafe, time.monotonic() - began

    def _conclude(
        self, failure: BaseException | None, occurred: float, unsafe: SafeStateNotReached | None, took: float
    ) -> None:
        """Write how it ended; that comes after the rig is safe, for a disk can be slow or full."""
        if failure is not None:
            aborted, tripped = isinstance(failure, RunAborted), isinstance(failure, InterlockTripped)
            self._journal.append(
                "abort" if aborted else "interlock" if tripped else "failure",
                {"error": type(failure).__name__, "occurred": timestamp(occurred), "text": str(failure)},
            )
        self._note_safe(unsafe, took)
        if failure is None and unsafe is None:
            self._journal.append("finish", {"observations": len(self._done)})

    def _note_safe(self, unsafe: SafeStateNotReached | None, took: float) -> None:
        safe: Mapping[str, Json] = {"reached": unsafe is None, "seconds": round(took, 6)}
        self._journal.append("safe", safe if unsafe is None else {**safe, "text": str(unsafe)})
