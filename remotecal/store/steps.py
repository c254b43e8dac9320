"""How long the steps of orders take: a row for each run, and what the days come to.

Both are indexes. The row of a run is made anew by whatever changes what it follows from, in the same
transaction; what its days came to is forgotten there, and found again later (`sum_up`), never added to. What
a day that is forgotten comes to is told from its runs, so that is the same at any time.

Days are those of UTC, whatever zone a laboratory is in: a time that begins or ends within one is told from
the runs of that one.
"""

from __future__ import annotations

import math
import struct
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remotecal.certificates.signing.signature import DUTIES
from remotecal.store.awaiting import done, next_duty, signed_for
from remotecal.store.step_tables import run_steps, work_days
from remotecal.store.tables import orders, remarks, runs, signed_certificates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from remotecal.store.database import Database

STEPS: Final = ("begun", "complete", *DUTIES, "whole")
"""The steps of an order, each from the one before; the last is from the first to the last."""
MARKS: Final = ("ordered", *STEPS[:-1])
"""When an order was issued, and when each of its steps was done."""
DAY: Final = 86400.0
LONG: Final = 1e12
"""Seconds since or until 1970, beyond which nothing is."""
AT_ONCE: Final = 50
"""Days that are summed up in one transaction."""
PACKED: Final = 8
"""Bytes of a time."""


class Steps(NamedTuple):
    """When the steps of a run were done; None for what was not."""

    station: str
    run: str
    procedure: str
    ordered: float | None
    begun: float
    complete: float
    performed: float | None
    reviewed: float | None
    approved: float | None
    issued: float | None
    looked: bool
    """Whether somebody reviewed it, or returned it."""
    returned: bool
    """Whether it was returned with a remark."""

    def times(self) -> Iterator[tuple[str, float]]:
        """Yield how long each step took, from the one before; and all together, last."""
        marks: list[float | None] = [getattr(self, name) for name in MARKS]
        for step, begin, end in (*zip(STEPS, marks, marks[1:], strict=False), ("whole", marks[0], marks[-1])):
            if begin is not None and end is not None:
                yield step, end - begin


class ByProcedure:
    """What runs, and days of runs, come to by procedure."""

    def __init__(self) -> None:
        self.times: dict[tuple[str, str], list[float]] = defaultdict(list)
        """Procedure and step → how long it took each."""
        self.looked: dict[str, int] = defaultdict(int)
        """Procedure → runs that were reviewed or returned."""
        self.returned: dict[str, int] = defaultdict(int)

    def add(self, one: Steps, counts: Callable[[float | None], bool]) -> None:
        """Add a run: its steps where its order counts, by when that was issued, and itself by its begin."""
        if counts(one.ordered):
            for step, took in one.times():
                self.times[one.procedure, step].append(took)
        if one.looked and counts(one.begun):
            self.looked[one.procedure] += 1
            self.returned[one.procedure] += one.returned

    def add_day(self, row: Mapping[str, Any]) -> None:
        """Add what a day came to by a procedure."""
        procedure = row["procedure"]
        for step in STEPS:
            if packed := row[step]:
                times = bytes(packed)  # some drivers give a view
                self.times[procedure, step] += struct.unpack(f"<{len(times) // PACKED}d", times)
        if row["looked"]:
            self.looked[procedure] += row["looked"]
            self.returned[procedure] += row["returned"]

    def rows(self, day: int) -> Iterator[dict[str, object]]:
        """Yield what a day comes to, of which these runs are."""
        for procedure in {"", *(of for of, _ in self.times), *self.looked}:
            packed = {step: sorted(self.times.get((procedure, step), ())) for step in STEPS}
            counted = {name: getattr(self, name).get(procedure, 0) for name in ("looked", "returned")}
            times = {step: struct.pack(f"<{len(each)}d", *each) for step, each in packed.items()}
            yield {"day": day, "procedure": procedure, **counted, **times}


def found(connection: Connection, since: float, until: float) -> ByProcedure:
    """Return what the orders issued, and the runs begun, in a time come to."""
    from sqlalchemy import or_, select

    since, until = max(since, -LONG), min(until, LONG)
    first, end = math.ceil(since / DAY), math.floor(until / DAY)
    of, told = work_days.c, ByProcedure()
    known: set[int] = set()
    for row in connection.execute(select(work_days).where(of.day >= first, of.day < end)).mappings():
        known.add(row["day"])
        told.add_day(dict(row))

    def counts(at: float | None) -> bool:
        return at is not None and since <= at < until and _day(at) not in known

    gaps = list(_gaps(since, until, known))
    within = [
        (at >= begin) & (at < end) for at in (run_steps.c.ordered, run_steps.c.begun) for begin, end in gaps
    ]
    if within:
        for one in map(Steps._make, connection.execute(select(run_steps).where(or_(*within)))):
            told.add(one, counts)
    return told


def _gaps(since: float, until: float, known: set[int]) -> Iterator[tuple[float, float]]:
    """Yield the parts of a time of which no day is summed up, as begin and end."""
    begin = since
    for day in sorted(known):
        if begin < day * DAY:
            yield begin, day * DAY
        begin = (day + 1) * DAY
    if begin < until:
        yield begin, until


def signed_again(connection: Connection, station: str, run: str) -> None:
    """Keep which signature a run waits for, and when its steps were done, once that may have changed."""
    this = _locked(connection, station, run)
    connection.execute(runs.update().where(this).values(awaiting=next_duty()))
    keep(connection, station, run)


def keep(connection: Connection, station: str, run: str) -> None:
    """Keep when the steps of a run were done, as it is now, and forget what its days came to."""
    from sqlalchemy import select

    its_run = _locked(connection, station, run)
    of = run_steps.c
    this = (of.station == station) & (of.run == run)
    before = connection.execute(select(run_steps).where(this)).first()
    now = connection.execute(_query().where(its_run)).first()
    if before == now:
        return
    connection.execute(run_steps.delete().where(this))
    if now is not None:
        connection.execute(run_steps.insert().values(**now._mapping))  # noqa: SLF001  SQLAlchemy's own name for it
    changed = [Steps._make(row) for row in (before, now) if row is not None]
    _forget(connection, (at for one in changed for at in (one.ordered, one.begun)))


def _locked(connection: Connection, station: str, run: str) -> ColumnElement[bool]:
    """Wait until nobody else changes what is told of a run, and return which row of the runs it is.

    It is a statement of its own: PostgreSQL reads for each what was there as that began, so one that waits
    for somebody else's signature would then judge without it.
    """
    from sqlalchemy import select

    this = (runs.c.station == station) & (runs.c.run == run)
    connection.execute(select(runs.c.run).where(this).with_for_update(key_share=True))
    return this


def _forget(connection: Connection, times: Iterable[float | None]) -> None:
    """Forget what the days of these times came to; in their order, as others who do so wait for."""
    for day in sorted({_day(at) for at in times if at is not None}):
        connection.execute(work_days.delete().where(work_days.c.day == day))


def sum_up(database: Database, limit: int = AT_ONCE) -> int:
    """Sum up days that are not, the latest first, so many at most; return how many were."""
    from sqlalchemy import func, select

    of = run_steps.c
    ends = select(*(least(column) for column in (of.ordered, of.begun) for least in (func.min, func.max)))
    with database.read() as connection:
        known = set(connection.execute(select(work_days.c.day).distinct()).scalars())
        told = [_day(at) for at in connection.execute(ends).one() if at is not None]
    wanted = [day for day in range(max(told), min(told) - 1, -1) if day not in known] if told else []
    days = wanted[:limit]
    if days:
        with database.begin() as connection:
            # Nobody who changed a run of these days is between that and forgetting what they came to.
            database.alone(connection, work_days)
            for day in days:
                _sum_up_day(connection, database, day)
    return len(days)


def _sum_up_day(connection: Connection, database: Database, day: int) -> None:
    from sqlalchemy import or_, select

    begin, end = day * DAY, (day + 1) * DAY
    its = or_(*((at >= begin) & (at < end) for at in (run_steps.c.ordered, run_steps.c.begun)))
    told = ByProcedure()
    for row in connection.execute(select(run_steps).where(its)):
        told.add(Steps._make(row), lambda at: at is not None and begin <= at < end)
    connection.execute(database.insert(work_days).on_conflict_do_nothing(), list(told.rows(day)))


def rebuild(database: Database) -> int:
    """Make both indexes anew, while nobody else writes; return of how many runs they are.

    So is what they are made of that is kept with the runs: what their orders say, and what they wait for.
    """
    from sqlalchemy import func, select

    with database.begin() as connection:
        connection.execute(work_days.delete())
        connection.execute(run_steps.delete())
        of_order = {"ordered": orders.c.issued, "bench": func.coalesce(orders.c.bench, "")}
        its_order = (orders.c.id == runs.c.run) & (orders.c.station == runs.c.station)
        connection.execute(runs.update().where(its_order).values(of_order))
        connection.execute(runs.update().where(runs.c.record != "").values(awaiting=next_duty()))
        query = _query()
        names = [column.name for column in query.selected_columns]
        connection.execute(run_steps.insert().from_select(names, query))
    while sum_up(database):
        pass
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(run_steps)).scalar_one()


def _query() -> Select[*tuple[Any, ...]]:
    """Return the rows of `run_steps` as they are to be, of all runs with a record.

    A run is complete with its last line: when it was computed changes each time it is computed again.
    """
    from sqlalchemy import case, null, or_, select

    reviewed = select(signed_certificates.c.run).where(signed_for("reviewed")).correlate(runs).exists()
    remarked = (remarks.c.station == runs.c.station) & (remarks.c.run == runs.c.run)
    returned = select(remarks.c.id).where(remarked).correlate(runs).exists()
    return select(
        runs.c.station,
        runs.c.run,
        runs.c.procedure,
        case((runs.c.unordered == "", runs.c.ordered), else_=null()).label("ordered"),
        runs.c.began.label("begun"),
        runs.c.updated.label("complete"),
        *(done(duty).label(duty) for duty in DUTIES),
        or_(reviewed, returned).label("looked"),
        returned.label("returned"),
    ).where(runs.c.record != "")


def quarters(took: Sequence[float]) -> tuple[float, float, float]:
    """Return what a quarter, half and three quarters of times are at most: each the nearest rank's."""
    ranked = sorted(took)
    lower, median, upper = (ranked[(len(ranked) * part + 3) // 4 - 1] for part in (1, 2, 3))
    return lower, median, upper


def _day(at: float) -> int:
    return math.floor(at / DAY)
