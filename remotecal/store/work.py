"""How the laboratory's work goes: how long its steps take, what comes back, what ends early, who is busy.

Days and weeks are told by whoever asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remotecal.certificates.signing.signature import DUTIES
from remotecal.store.tables import orders, remarks, runs, signed_certificates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select

    from remotecal.store.database import Database

STEPS: Final = ("begun", "complete", *DUTIES, "whole")
"""The steps of an order, each from the one before; the last is from the first to the last."""
EARLY: Final = ("aborted", "stopped", "suspended")
"""States of runs that ended early, or stand still."""
REASONS_SHOWN: Final = 200
"""Reasons that are told, at most."""


class StepTime(NamedTuple):
    """How long a step takes, by one procedure."""

    procedure: str
    step: str
    """One of `STEPS`."""
    runs: int
    """Of how many it is told."""
    lower: float
    """Seconds that a quarter of them took at most."""
    median: float
    """Seconds that half of them took at most."""
    upper: float
    """Seconds that three quarters of them took at most."""


class Passed(NamedTuple):
    """How often certificates by a procedure passed their review at once."""

    procedure: str
    runs: int
    """Which were reviewed, or returned."""
    returned: int
    """Of these, which were returned with a remark at least once."""


class EndedEarly(NamedTuple):
    """How many orders were refused or taken back, or came to no record, by why."""

    state: str
    """Of the run, or of the order where there is none."""
    reason: str
    """What was said why; "" where nothing was."""
    orders: int


class BenchLoad(NamedTuple):
    """How busy a bench was in a time."""

    span: int
    """Place of the time among those asked for, from 0."""
    station: str
    bench: str
    """As its orders name it; "" of runs that nobody ordered."""
    runs: int
    """Begun in it."""
    seconds: float
    """From their first line to their last, of all together."""


class WorkDone:
    """Statistics of orders and runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def steps(self, since: float, until: float) -> tuple[StepTime, ...]:
        """Return how long each step of the orders issued in a time took, by procedure.

        Of a run with several certificates, a signature counts when the last of them has it; what they were
        amended to later counts for nothing. The time of
        which so many took at most is the nearest rank's: one that was had, and nothing between two.
        """
        took: dict[tuple[str, str], list[float]] = {}
        with self._database.read() as connection:
            for row in connection.execute(self._times(since, until)).all():
                procedure: str = row[0]
                marks: Sequence[float | None] = row[1:]
                pairs = [*zip(STEPS, marks, marks[1:], strict=False), (STEPS[-1], marks[0], marks[-1])]
                for step, begin, end in pairs:
                    if begin is not None and end is not None:
                        took.setdefault((procedure, step), []).append(end - begin)
        order = sorted(took, key=lambda of: (of[0], STEPS.index(of[1])))
        return tuple(StepTime(*of, len(took[of]), *_quarters(took[of])) for of in order)

    def passed(self, since: float, until: float) -> tuple[Passed, ...]:
        """Return how often runs begun in a time passed their review at once, by procedure."""
        from sqlalchemy import and_, case, exists, func, or_, select

        signed = signed_certificates
        returned = exists().where(remarks.c.station == runs.c.station, remarks.c.run == runs.c.run)
        reviewed = exists().where(
            signed.c.station == runs.c.station, signed.c.run == runs.c.run, signed.c.duty == "reviewed"
        )
        seen = and_(runs.c.record != "", or_(returned, reviewed))
        query = (
            select(runs.c.procedure, func.count(), func.sum(case((returned, 1), else_=0)))
            .where(runs.c.began >= since, runs.c.began < until, seen)
            .group_by(runs.c.procedure)
            .order_by(runs.c.procedure)
        )
        with self._database.read() as connection:
            return tuple(Passed._make(row) for row in connection.execute(query))

    def ended_early(self, since: float, until: float) -> tuple[EndedEarly, ...]:
        """Return how many orders issued in a time came to no record, by why, the most frequent first."""
        from sqlalchemy import and_, func, or_, select

        of_order = (runs.c.run == orders.c.id) & (runs.c.station == orders.c.station)
        state = func.coalesce(runs.c.state, orders.c.state)
        reason = func.coalesce(func.nullif(orders.c.reason, ""), runs.c.failed, "")
        early = and_(runs.c.record == "", or_(runs.c.state.in_(EARLY), runs.c.failed != ""))
        query = (
            select(state, reason, func.count())
            .select_from(orders.outerjoin(runs, of_order))
            .where(orders.c.issued >= since, orders.c.issued < until, or_(orders.c.reason != "", early))
            .group_by(state, reason)
            .order_by(func.count().desc(), state, reason)
            .limit(REASONS_SHOWN)
        )
        with self._database.read() as connection:
            return tuple(EndedEarly._make(row) for row in connection.execute(query))

    def load(self, spans: Sequence[tuple[float, float]]) -> tuple[BenchLoad, ...]:
        """Return how busy each bench was in each of some times, given by begin and end.

        A run counts in each time that it was begun in.
        """
        from sqlalchemy import func, literal, select, union_all

        each = union_all(
            *(
                select(
                    literal(number).label("span"), literal(begin).label("begin"), literal(end).label("end")
                )
                for number, (begin, end) in enumerate(spans)
            )
        ).subquery()
        within = (runs.c.began >= each.c.begin) & (runs.c.began < each.c.end)
        ordered = (orders.c.id == runs.c.run) & (orders.c.station == runs.c.station)
        bench = func.coalesce(orders.c.bench, "")
        query = (
            select(each.c.span, runs.c.station, bench, func.count(), func.sum(runs.c.updated - runs.c.began))
            .select_from(each.join(runs, within).outerjoin(orders, ordered))
            .group_by(each.c.span, runs.c.station, bench)
            .order_by(runs.c.station, bench, each.c.span)
        )
        with self._database.read() as connection:
            return tuple(map(BenchLoad._make, connection.execute(query).all()))

    def _times(self, since: float, until: float) -> Select[*tuple[Any, ...]]:
        """Return of each ordered run with a record when its steps were done; NULL for what was not.

        It is complete with its last line: when it was computed changes each time it is computed again.
        """
        from sqlalchemy import and_, func, select

        signed = signed_certificates
        of_run = (signed.c.run == runs.c.run) & (signed.c.station == runs.c.station)

        def done(duty: str) -> ColumnElement[float]:
            whole = runs.c.awaiting.not_in(DUTIES[: DUTIES.index(duty) + 1])
            return func.max(signed.c.at).filter(signed.c.duty == duty, whole).label(duty)

        ordered = orders.join(runs, (runs.c.run == orders.c.id) & (runs.c.station == orders.c.station))
        known = [runs.c.unordered == "", runs.c.record != ""]
        of_one = [func.max(column) for column in (runs.c.began, runs.c.updated)]  # an order has one run
        return (
            select(func.max(runs.c.procedure), orders.c.issued, *of_one, *(done(duty) for duty in DUTIES))
            .select_from(ordered.outerjoin(signed, and_(of_run, signed.c.edition == 0)))
            .where(orders.c.issued >= since, orders.c.issued < until, *known)
            .group_by(orders.c.issued, orders.c.id)  # as the index has them: nothing is put in order
        )


def _quarters(took: Sequence[float]) -> tuple[float, float, float]:
    """Return what a quarter, half and three quarters of times are at most: each the nearest rank's."""
    ranked = sorted(took)
    lower, median, upper = (ranked[(len(ranked) * quarters + 3) // 4 - 1] for quarters in (1, 2, 3))
    return lower, median, upper
