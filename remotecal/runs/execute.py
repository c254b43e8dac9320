"""Running a procedure on a bench: from the first check to the safe state, and going on after a crash."""

from __future__ import annotations

import platform
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal import made_safe
from remotecal.bench import Bench
from remotecal.clock import SteppedClock
from remotecal.editions import withdrawn
from remotecal.errors import (
    BenchError,
    EvidenceError,
    OrderError,
    SafeStateNotReached,
)
from remotecal.journal.events import JournalReader
from remotecal.journal.evidence import Evidence, ProcedureUsed, Start, read_start
from remotecal.journal.gathering import read_evidence
from remotecal.journal.writing import Journal, is_free
from remotecal.procedures.held import check_declared
from remotecal.procedures.parameters import read_parameters
from remotecal.procedures.procedure import of_role
from remotecal.runs.admission import admit
from remotecal.runs.catalogue import Found, find_followed
from remotecal.runs.company import Company
from remotecal.runs.control import signals
from remotecal.runs.items import check_certified, check_items, check_serials, check_texts
from remotecal.runs.left import safe_where_refused
from remotecal.runs.numbers import check_number
from remotecal.runs.safety import make_safe
from remotecal.runs.session import Plan, Session
from remotecal.runs.suitability import (
    by_weight,
    check_limits,
    check_points,
    check_reach,
    fill,
    highest_pressure,
    implausible,
    points_of,
)
from remotecal.runs.verification import check_verification
from remotecal.units import same_dimension

if TYPE_CHECKING:
    from datetime import date

    from remotecal.bench_file import Characteristic
    from remotecal.clock import Clock
    from remotecal.open_bench import OpenBench
    from remotecal.order import Order
    from remotecal.procedures.parameters import Parameters
    from remotecal.procedures.procedure import Procedure


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
    check_directory(directory)
    check_number(order)
    planned = plan(order, found, bench, clock or bench.clock(), directory.resolve().name)
    return carry_out(planned, directory, company)


def carry_out(planned: Plan, directory: Path, company: Company) -> Evidence:
    """Carry out what was planned, in a new or empty directory, and return the evidence; as `execute`."""
    check_directory(directory)
    refuse_unsafe(planned)
    company.check_files()
    with (
        _connected(planned, company, directory) as opened,
        Journal.create(directory, planned.clock) as journal,
    ):
        journal.append("start", planned.start.model_dump(mode="json"))
        Session(planned, opened, journal, company).perform()
    return read_evidence(directory)


def refuse_unsafe(planned: Plan) -> None:
    """Raise `BenchError` if the bench can't be made safe, or not in its time from what the order asks for."""
    bench, start = planned.bench, planned.start
    filled = {role: bench.drivers[name] for role, name in start.roles.items() if name in bench.drivers}
    asked = highest_pressure(planned.procedure, start.points, filled)
    made_safe.check(bench.path, bench.file, bench.drivers, asked)


def check_directory(directory: Path) -> None:
    """Raise `OrderError` unless a run's directory is free for it, or can be made."""
    there = next(place for place in (directory, *directory.absolute().parents) if place.exists())
    if not there.is_dir():
        raise OrderError(f"{there} is a file, and a directory is needed: choose another place")
    if there == directory and not is_free(directory):
        raise OrderError(f"{directory} is not empty: choose another directory, or resume the run in it")


def resume(
    directory: Path,
    company: Company,
    *,
    found: Found | None = None,
    bench: Bench | None = None,
    clock: Clock | None = None,
) -> Evidence:
    """Take up a run where it was cut off: at the repeat that was in progress.

    Args:
        directory: where the journal is.
        company: who answers, watches and controls.
        found: the procedure, where it is not an installed one.
        bench: the bench, where its file has moved, or names drivers that are not installed.
        clock: the run's time, where it isn't the one the bench file names.

    Raises:
        JournalBroken: the journal is not what was written.
        EvidenceError: procedure or certificates are no longer those the run began with.
        ConfigurationError: the procedure, or a driver, is neither installed nor given.
        RunError, LinkError, InstrumentError: as `execute`.
    """
    with safe_where_refused(directory, lambda: bench or bench_left(begun(directory)), clock):
        start = _cut_off(directory)
        used = start.procedure
        found = found or find_followed(used.name, used.sha256, changed=True)
        if found.sha256 != used.sha256:
            raise EvidenceError(
                f"procedure {found.name} was changed since the run began: restore it, or begin a new run"
            )
        there = bench or bench_left(start)
        planned = plan(start.order, found, there, clock or there.clock(), start.run)
    return _go_on(start, planned, directory, company)


def begun(directory: Path) -> Start:
    """Return what the run in a directory began with (`JournalBroken`: its first line does not tell)."""
    return read_start(JournalReader.at(directory, torn=True))


def bench_left(start: Start) -> Bench:
    """Return the bench that a run was on (`BenchError`: its file is not there any more)."""
    if not Path(start.bench).is_file():
        raise BenchError(
            f"the run's bench file {start.bench} is not there any more, as after a demonstration: put it "
            "back, or name it where it is now: --bench FILE"
        )
    return Bench.load(Path(start.bench), installed=True)


def go_on(planned: Plan, directory: Path, company: Company) -> Evidence:
    """Take up a run that is planned again, where it was cut off; as `resume`."""
    with safe_where_refused(directory, lambda: planned.bench, planned.clock):
        start = _cut_off(directory)
    return _go_on(start, planned, directory, company)


def _cut_off(directory: Path) -> Start:
    """Return what a run began with that did not come to its end."""
    journal = JournalReader.at(directory, torn=True)
    if any(event.kind == "finish" for event in journal):
        raise OrderError(f"the run in {directory} is complete: evaluate it")
    return read_start(journal)


def _go_on(start: Start, planned: Plan, directory: Path, company: Company) -> Evidence:
    bench = planned.bench
    with ExitStack() as stack:
        with safe_where_refused(directory, lambda: bench, planned.clock), ExitStack() as opening:
            journal = opening.enter_context(Journal.open(directory, planned.clock))
            company.check_files()
            _same_facts(start, planned.start)
            stack.push(opening.pop_all())  # where it is refused, it is closed before the rig is made safe
        opened = stack.enter_context(_connected(planned, company, directory))
        again = {"bench": str(bench.path), "bench_sha256": bench.sha256, "by": company.by}
        journal.append("resume", again)
        # As it began: its days, too, where the computer is in another time zone now.
        Session(replace(planned, start=start), opened, journal, company).perform()
    return read_evidence(directory)


def plan(order: Order, found: Found, bench: Bench, clock: Clock, run: str) -> Plan:
    """Return what a run would be; nothing is opened and nothing moves.

    Raises:
        ParameterError, BenchError, OrderError: order, bench and procedure don't go together.
        CertificateRefused: a certificate, or a fact of the rig, may not be used.
    """
    kind = found.procedure.accepts()
    parameters = read_parameters(kind, order.parameters, f"order {order.order.number}, parameters")
    procedure = found.procedure(parameters)
    points = points_of(procedure, adjust=order.order.adjust)
    check_declared(found.procedure.yields(), procedure.parameters)
    check_points(procedure, points)
    today = bench.day(clock)
    _check_norms(order, parameters, today)
    check_texts(order)
    check_verification(order, procedure)
    roles = fill_roles(found.procedure, bench, order.order.empty)
    drivers = {role: bench.drivers[name] for role, name in roles.items() if name in bench.drivers}
    check_items(order, procedure, roles)
    check_reach(procedure, points, drivers)
    check_limits(procedure, points, roles, bench.file.interlocks)
    _check_names(bench.path.resolve(), run)
    facts = bench.characteristics(today)
    check_facts(procedure, bench, roles, facts)
    certificates = {
        name: used for name in bench.standards if (used := bench.certificate(name, today)) is not None
    }
    check_serials(order, found.procedure, roles, bench)
    check_certified(order, found.procedure, roles, certificates)
    procedure.check(
        {role: certificates[name] for role, name in roles.items() if name in certificates}, drivers
    )
    admit(order, found, bench, certificates, today)
    start = Start(
        run=run,
        order=order,
        procedure=ProcedureUsed(name=found.name, sha256=found.sha256),
        parameters=parameters.model_dump(mode="json"),
        points=points,
        bench=str(bench.path.resolve()),
        bench_name=bench.name,
        bench_sha256=bench.sha256,
        time_zone=bench.time_zone,
        roles=roles,
        artefacts={
            name: bench.file.artefacts[name].serial for name in roles.values() if name in bench.file.artefacts
        },
        certificates=certificates,
        standards=tuple(name for name in by_weight(procedure, roles) if name in certificates),
        characteristics=dict(facts),
        approvals=bench.file.approved(today),
        software={"Python": platform.python_version(), "remotecal": version("remotecal")},
        own_word=True,
        wording=2,
        clock="virtual" if isinstance(clock, SteppedClock) else "real",
    )
    return Plan(start, procedure, bench, clock)


def fill_roles(procedure: type[Procedure], bench: Bench, empty: Collection[str] = ()) -> dict[str, str]:
    """Return role → name of what fills it.

    Args:
        procedure: whose roles.
        bench: what there is.
        empty: names of what fills none this time, for no device is there.

    Raises:
        BenchError: nobody fills a role, or the instrument lacks what the role needs.
    """

    def filling(role: str) -> tuple[str, ...]:
        names = bench.filling(role)
        return tuple(name for name in names if name not in empty) if role == procedure.under_test else names

    filled, faults = fill(procedure, filling, bench.drivers, bench.file.artefacts)
    if faults:
        raise BenchError(f"{bench.path} does not suit {procedure.__name__}: {'; '.join(faults)}")
    return filled


def check_facts(
    procedure: Procedure, bench: Bench, roles: Mapping[str, str], facts: Mapping[str, Characteristic]
) -> None:
    """See that the bench has the facts and certificates the evaluation will need, and that they suffice.

    Raises:
        BenchError: it lacks one.
        ParameterError: they do not suffice for what is ordered.
    """
    faults, needed = [], procedure.characteristics()
    for name, unit in {**needed, **procedure.may_state()}.items():
        fact = facts.get(name)
        if fact is None:
            if name in needed:
                faults.append(f"there is no [characteristics.{name}], in {unit} or the like")
        elif not same_dimension(fact.unit, unit):
            faults.append(f"characteristics.{name} is in {fact.unit}, it must be in {unit} or the like")
        elif doubt := implausible(procedure, name, fact, unit):
            faults.append(f"characteristics.{doubt}")
    wanted = set(procedure.certified())
    for role, name in roles.items():
        if of_role(role) in wanted and bench.standards[name].certificate is None:
            faults.append(f"{name} has no certificate, which the role {role} needs")
    if faults:
        raise BenchError(f"{bench.path} does not suit {type(procedure).__name__}: {'; '.join(faults)}")
    procedure.see_facts(facts)


def _check_names(bench: Path, run: str) -> None:
    """Raise `OrderError` if a name is bytes that are no text: the journal, which is text, must say it."""
    for name in (str(bench), run):
        if name.encode(errors="replace").decode() != name:
            raise OrderError(f"the name {name!r} is not in UTF-8 and can't be kept as evidence: rename it")


def _check_norms(order: Order, parameters: Parameters, today: date) -> None:
    """Raise `OrderError` if an edition is asked for that another has taken the place of."""
    schemes = [dut.class_scheme for dut in order.devices.values()]
    for norm in (*parameters.model_dump().values(), *schemes):
        if isinstance(norm, str) and (current := withdrawn(norm, today)):
            raise OrderError(f"{norm} is no longer in force: {current} has taken its place")


_FACTS = ("roles", "artefacts", "certificates", "characteristics", "approvals", "parameters", "points")


def _same_facts(start: Start, now: Start) -> None:
    """Raise `EvidenceError` if a run would go on with another order, clock or facts than it began with."""
    changed = [name for name in _FACTS if getattr(start, name) != getattr(now, name)]
    if start.order.model_dump(mode="json") != now.order.model_dump(mode="json"):
        changed.append("order")
    if start.clock not in {None, now.clock}:
        changed.append("clock")
    if changed:
        raise EvidenceError(
            f"{', '.join(changed)} are no longer those the run began with: restore the bench, or begin anew"
        )


@contextmanager
def _connected(planned: Plan, company: Company, directory: Path) -> Iterator[OpenBench]:
    """Give the open bench to a run, which no signal ends but through the safe state.

    If the bench is not all there, what is there is made safe.
    """
    with signals(company.control, company.by):
        opened = planned.bench.connect(planned.clock, what=f"run {directory.resolve()}")
        try:
            empty = planned.start.order.order.empty
            if any(name not in empty for name in opened.failures):
                company.control.notice()  # no signal gets in between
                _make_safe(planned, opened)
                raise BenchError(opened.failed())
            yield opened
        finally:
            opened.close()


def _make_safe(planned: Plan, opened: OpenBench) -> None:
    unsafe = make_safe(opened, planned.procedure.safe_by_hand, None).unsafe
    if unsafe is not None:
        raise SafeStateNotReached(f"{unsafe}; {opened.failed()}")
