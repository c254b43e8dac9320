"""How the laboratory's work goes: how long its steps take, what comes back, what ends early, who is busy.

Days and weeks are told by whoever asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remotecal.store import steps
from remotecal.store.few import EARLY, REASONED
from remotecal.store.orders import held
from remotecal.store.placed import COMPLETE
from remotecal.store.steps import STEPS, quarters
from remotecal.store.tables import orders, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import CTE, ColumnElement, Select

    from remotecal.store.database import Database

REASONS_SHOWN: Final = 200
"""Reasons that are told, at most."""


class StepTime(NamedTuple):
    """How long a step takes, by one procedure."""

    procedure: str
    step: str
    """One of `steps.STEPS`."""
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


class WorkTold(NamedTuple):
    """How long steps took, and how often certificates passed their review, in a time."""

    steps: tuple[StepTime, ...]
    """Of the orders issued in it, by procedure."""
    passed: tuple[Passed, ...]
    """Of the runs begun in it, by procedure."""


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


class LoadShown(NamedTuple):
    """How busy some stations were in a time."""

    stations: tuple[str, ...]
    """All that had runs in it, by their names."""
    most: int
    """Runs that one of these began in a week, at most."""
    loads: tuple[BenchLoad, ...]
    """Of those that are shown."""


class WorkWithin(NamedTuple):
    """A part of a time; no part overlaps another."""

    week: int
    """Number of the week it is in."""
    begin: float
    end: float


class WorkDone:
    """Statistics of orders and runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def done(self, since: float, until: float) -> WorkTold:
        """Return how long each step of the orders issued in a time took, and how runs begun in it passed.

        The time of which so many took at most is the nearest rank's: one that was had, nothing between two.
        """
        with self._database.read() as connection:
            told = steps.found(connection, since, until)
        order = sorted(told.times, key=lambda of: (of[0], STEPS.index(of[1])))
        return WorkTold(
            tuple(StepTime(*of, len(took), *quarters(took)) for of in order for took in (told.times[of],)),
            tuple(Passed(of, count, told.returned[of]) for of, count in sorted(told.looked.items())),
        )

    def sum_up(self) -> int:
        """Sum up days of which it is not known what they came to, some at once; 0 once all are."""
        return steps.sum_up(self._database)

    def rebuild(self) -> int:
        """Make the index of steps anew, while nobody else writes; return of how many runs it is."""
        return steps.rebuild(self._database)

    def ended_early(self, since: float, until: float) -> tuple[EndedEarly, ...]:
        """Return how many orders issued in a time came to no record, by why, the most frequent first.

        Few are of either kind, those with a reason and those whose run ended early: each has an index.
        """
        from sqlalchemy import and_, func, literal, or_, select, text, union_all

        of_run = (runs.c.run == orders.c.id) & (runs.c.station == orders.c.station)
        computing = and_(runs.c.state.in_(COMPLETE), runs.c.failed == "")
        nothing = and_(runs.c.record == "", ~computing)
        reasoned = (
            select(
                func.coalesce(runs.c.state, orders.c.state).label("state"), orders.c.reason.label("reason")
            )
            .select_from(orders.outerjoin(runs, of_run))
            .where(text(f"orders.{REASONED}"), orders.c.issued >= since, orders.c.issued < until)
            .where(~held(), or_(runs.c.run.is_(None), nothing))
        )
        others = (
            select(runs.c.state, runs.c.failed)
            .where(text(EARLY), runs.c.ordered >= since, runs.c.ordered < until)
            .where(
                select(literal(1)).where(of_run, or_(orders.c.reason == "", held())).correlate(runs).exists()
            )
        )
        each = union_all(reasoned, others).subquery().c
        query = (
            select(each.state, each.reason, func.count())
            .group_by(each.state, each.reason)
            .order_by(func.count().desc(), each.state, each.reason)
            .limit(REASONS_SHOWN)
        )
        with self._database.read() as connection:
            return tuple(EndedEarly._make(row) for row in connection.execute(query))

    def load(self, parts: Sequence[WorkWithin]) -> tuple[BenchLoad, ...]:
        """Return how busy each bench was in each part of a time; a run counts where it was begun."""
        each = _each(parts)
        within = (runs.c.began >= each.c.begin) & (runs.c.began < each.c.end)
        query = _loads(each).select_from(each.join(runs, within))
        query = query.order_by(runs.c.station, runs.c.bench, each.c.span)
        with self._database.read() as connection:
            return tuple(map(BenchLoad._make, connection.execute(query).all()))

    def load_shown(self, parts: Sequence[WorkWithin], after: str, limit: int) -> LoadShown:
        """Return how busy the stations behind a name were, so many of them; the first where none is there."""
        from sqlalchemy import Float, func, literal, select, union_all

        each, letters = _each(parts), self._database.by_letters
        within = (runs.c.began >= each.c.begin) & (runs.c.began < each.c.end)
        weekly = (
            select(runs.c.station, func.count().label("runs"))
            .select_from(each.join(runs, within))
            .group_by(runs.c.station, each.c.week)
            .subquery()
        )
        most = func.max(weekly.c.runs).label("most")
        busy = select(weekly.c.station, most).group_by(weekly.c.station).cte("busy")
        last = select(func.max(letters(busy.c.station))).scalar_subquery()
        behind = (letters(busy.c.station) > after) | (last <= after)
        named = select(busy.c.station).where(behind).order_by(letters(busy.c.station)).limit(limit)
        shown = named.subquery()
        its = (runs.c.station == shown.c.station) & within
        loads = _loads(each).select_from(shown.join(each, literal(value=True)).join(runs, its))
        none = (literal(-1), busy.c.station, literal(""), busy.c.most, literal(0.0, Float))
        with self._database.read() as connection:
            rows = connection.execute(union_all(select(*none), loads)).all()
        found = sorted(map(BenchLoad._make, rows), key=lambda one: (one.station, one.bench, one.span))
        stations = [one for one in found if one.span < 0]
        return LoadShown(
            tuple(one.station for one in stations),
            max((one.runs for one in stations), default=1),
            tuple(one for one in found if one.span >= 0),
        )


def _each(parts: Sequence[WorkWithin]) -> CTE:
    from sqlalchemy import literal, select, union_all

    columns: list[Select[*tuple[Any, ...]]] = [
        select(*(literal(value).label(name) for name, value in {"span": number, **part._asdict()}.items()))
        for number, part in enumerate(parts)
    ]
    return union_all(*columns).cte("each_part")


def _loads(each: CTE) -> Select[*tuple[Any, ...]]:
    from sqlalchemy import func, select

    whose: list[ColumnElement[Any]] = [each.c.span, runs.c.station, runs.c.bench]
    return select(*whose, func.count(), func.sum(runs.c.updated - runs.c.began)).group_by(*whose)
