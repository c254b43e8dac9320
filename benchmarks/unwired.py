"""Calibrations of simulated benches without wires: the shipped procedure and the same twin, in one process.

Every request is the one that would go over a wire, and the instrument answers it as it would there; time is
virtual, and nothing is served. What a wire does (late, cut, garbled) is all that is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal import made_safe
from remotecal.bench import Bench
from remotecal.clock import VirtualClock
from remotecal.drivers.quantity import measure
from remotecal.journal.gathering import read_evidence
from remotecal.journal.writing import Journal
from remotecal.open_bench import Group, OpenBench
from remotecal.runs.execute import check_directory, check_number, plan, refuse_unsafe
from remotecal.runs.session import Plan, Session
from remotecal.sim.catalogue import bench
from remotecal.sim.world import World

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.drivers.measured import Measured
    from remotecal.journal.evidence import Evidence
    from remotecal.order import Order
    from remotecal.runs.catalogue import Found
    from remotecal.runs.company import Company
    from remotecal.sim.assembly import Assembly


class UnwiredBench(OpenBench):
    """Instruments that are called: none keeps another waiting, so they are read one after the other."""

    def _read_all(self, groups: Sequence[Group]) -> list[tuple[Measured, ...]]:
        return [measure(instrument, declarations) for instrument, _, declarations in groups]


def put_up(name: str, directory: Path, options: Mapping[str, object]) -> Assembly:
    """Put a bench of the catalogue up without wires, with its paper in a directory."""
    kind = bench(name)
    chosen = kind.choose(options)
    there = kind(World(VirtualClock(), chosen.seed, chosen.occasion), chosen)
    there.write(directory)
    return there


def carry_out(
    order: Order, found: Found, there: Assembly, directory: Path, company: Company, every: int = 1
) -> Evidence:
    """Run an order's procedure on a bench without wires, refusing what `execute` refuses.

    The bench may be served all the same: nothing goes over its wires.

    Args:
        order: the work order.
        found: its procedure.
        there: the bench, as `put_up` returns it.
        directory: where the journal goes.
        company: who answers.
        every: measure but each so manieth point, beginning with another one for each seed.
    """
    check_directory(directory)
    check_number(order)
    planned = plan(order, found, Bench.load(there.bench), there.clock, directory.name)
    refuse_unsafe(planned)
    company.check_files()
    points = planned.start.points
    points = points[there.options.seed % min(every, len(points)) :: every]
    planned = replace(planned, start=planned.start.model_copy(update={"points": points}))
    with _opened(planned, there) as opened, Journal.create(directory, there.clock) as journal:
        journal.append("start", planned.start.model_dump(mode="json"))
        Session(planned, opened, journal, company).perform()
    return read_evidence(directory)


@contextmanager
def _opened(planned: Plan, there: Assembly) -> Iterator[OpenBench]:
    described = planned.bench
    instruments: dict[str, Instrument] = dict(there.connect())
    for name in described.file.instruments:  # those that a person attends to, there or by the file alone
        if name not in instruments:
            instruments[name] = described.open_instrument(name, there.clock)
    roles = {role: name for role, name in described.file.roles.items() if isinstance(name, str)}
    opened = UnwiredBench(
        instruments,
        there.clock,
        roles={role: name for role, name in roles.items() if name in instruments},
        needed=made_safe.times(described.file, described.drivers),
        within=described.file.safe.within,
    )
    try:
        yield opened
    finally:
        opened.close()
