"""Statistics: how long the steps of orders take, what comes back, what ends early, who is busy."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import APIRouter, Query, Response

from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError
from remotecal.web.days import Day, begin_of, end_of
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.spreadsheet import as_csv
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remotecal.store.work import StationLoad
    from remotecal.web.office import Office

router = APIRouter(include_in_schema=False)

USUAL: Final = timedelta(days=90)
"""How far back it is looked if nobody says otherwise."""
LONGEST: Final = timedelta(days=366)
"""Of which time statistics are told, at most."""
HOUR: Final = 3600.0
COLUMNS: Final = {
    "steps": ("procedure", "step", "runs", "lower", "median", "upper"),
    "passed": ("procedure", "runs", "returned", "passed"),
    "early": ("state", "reason", "orders"),
    "load": ("station", "week", "runs", "hours"),
}
"""Table → the names of its columns."""
TableName = Annotated[
    Literal["steps", "passed", "early", "load"] | None, Query(description="As CSV, this table.")
]


@router.get("/statistics")
def show_statistics(
    visitor: Visiting, since: Day = None, until: Day = None, table: TableName = None
) -> Response:
    """Return the statistics of a time, given by days of the laboratory; or one of their tables as CSV."""
    not_a_customer(visitor.caller)
    office = visitor.office
    last = until or civil_day(office.clock.now(), office.laboratory.folder.time_zone)
    first = since or date.fromordinal(max(1, last.toordinal() - USUAL.days))
    if not timedelta() <= last - first <= LONGEST:
        raise ConfigurationError(f"ask for a time of {LONGEST.days} days at most, from its first to its last")
    if table is not None:
        return as_csv(visitor, table, COLUMNS[table], _rows(office, table, first, last))
    tables = {name: _rows(office, name, first, last) for name in COLUMNS}
    return visitor.page(
        "statistics.html",
        since=first,
        until=last,
        tables=tables,
        columns=COLUMNS,
        bars=_bars(tables["load"], [day.isoformat() for day in _mondays(first, last)]),
    )


def _rows(office: Office, table: str, first: date, last: date) -> Sequence[Sequence[str]]:
    """Return the rows of a table."""
    begin, end, work = begin_of(office, first), end_of(office, last), office.store.work
    if table == "steps":
        return [
            (one.procedure, one.step, str(one.runs), *map(_hours, (one.lower, one.median, one.upper)))
            for one in work.steps(begin, end)
        ]
    if table == "passed":
        return [
            (one.procedure, str(one.runs), str(one.returned), f"{100 * (1 - one.returned / one.runs):.0f}")
            for one in work.passed(begin, end)
        ]
    if table == "early":
        return [(one.state, one.reason, str(one.orders)) for one in work.ended_early(begin, end)]
    mondays = _mondays(first, last)
    return _loads(work.load(_weeks(office, first, last)), mondays)


def _loads(found: Iterable[StationLoad], mondays: Sequence[date]) -> list[Sequence[str]]:
    return [(one.station, mondays[one.week].isoformat(), str(one.runs), _hours(one.seconds)) for one in found]


def _mondays(first: date, last: date) -> list[date]:
    """Return the Mondays of the weeks that some of these days are in."""
    monday = first.toordinal() - first.weekday()
    return [date.fromordinal(max(1, day)) for day in range(monday, last.toordinal() + 1, 7)]


def _weeks(office: Office, first: date, last: date) -> list[tuple[float, float]]:
    """Return when each of these weeks begins and ends, as far as it is asked for."""
    return [
        (
            begin_of(office, max(monday, first)),
            end_of(office, min(date.fromordinal(min(monday.toordinal() + 6, date.max.toordinal())), last)),
        )
        for monday in _mondays(first, last)
    ]


def _bars(
    rows: Iterable[Sequence[str]], weeks: Sequence[str]
) -> Mapping[str, Sequence[tuple[str, int, int]]]:
    """Return station → a bar for each week: the week, its runs, and how high it is of 100."""
    counted: dict[str, dict[str, int]] = {}
    for station, week, runs, _ in rows:
        counted.setdefault(station, {})[week] = int(runs)
    most = max((runs for of in counted.values() for runs in of.values()), default=1)
    return {
        station: [(week, of.get(week, 0), math.ceil(100 * of.get(week, 0) / most)) for week in weeks]
        for station, of in counted.items()
    }


def _hours(seconds: float) -> str:
    """Return a time in hours, to the minute or so; what clocks that differ made negative stays so."""
    return f"{seconds / HOUR:.2f}"
