"""Statistics: how long the steps of orders take, what comes back, what ends early, who is busy."""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import APIRouter, Query, Response

from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError
from remotecal.store.work import WorkWithin
from remotecal.web.days import Day, begin_of, end_of
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.spreadsheet import as_csv
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remotecal.store.work import BenchLoad
    from remotecal.web.office import Office

    Rows = Sequence[Sequence[str]]

router = APIRouter(include_in_schema=False)

USUAL: Final = timedelta(days=90)
"""How far back it is looked if nobody says otherwise."""
LONGEST: Final = timedelta(days=366)
"""Of which time statistics are told, at most."""
STATIONS_SHOWN: Final = 40
"""Stations whose load is on a page, at most; of a longer time than is usual, as many fewer as it is longer.
The files have all."""
HOUR: Final = 3600.0
COLUMNS: Final = {
    "steps": ("procedure", "step", "runs", "lower", "median", "upper"),
    "passed": ("procedure", "runs", "returned", "passed"),
    "early": ("state", "reason", "orders"),
    "load": ("station", "week", "runs", "hours"),
    "benches": ("station", "bench", "month", "runs", "hours"),
}
"""Table → the names of its columns."""
TableName = Annotated[
    Literal["steps", "passed", "early", "load", "benches"] | None, Query(description="As CSV, this table.")
]


@router.get("/statistics")
def show_statistics(
    visitor: Visiting,
    since: Day = None,
    until: Day = None,
    table: TableName = None,
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Return the statistics of a time, given by days of the laboratory; or one of their tables as CSV.

    Of the load, so many stations are on a page: those whose names come after a name.
    """
    not_a_customer(visitor.caller)
    office = visitor.office
    first, last = asked_time(office, since, until, USUAL)
    if table is not None:
        return as_csv(visitor, table, COLUMNS[table], _table(office, table, first, last))
    parts, places = _parts(office, first, last)
    most = max(1, STATIONS_SHOWN * USUAL // max(USUAL, last - first))
    load = office.store.work.load_shown(parts, after, most)
    shown = sorted({one.station for one in load.loads})
    before = load.stations.index(shown[0]) if shown else 0
    tables = _by_time(load.loads, places) | _done(office, first, last)
    tables["early"] = _early(office, first, last)
    return visitor.page(
        "statistics.html",
        since=first,
        until=last,
        tables={name: tables[name] for name in COLUMNS},
        columns=COLUMNS,
        bars=_bars(tables["load"], [day.isoformat() for day in _mondays(first, last)], load.most),
        shown=(before + 1, before + len(shown), len(load.stations)),
        earlier=_after(load.stations, before, most),
        further=shown[-1] if before + len(shown) < len(load.stations) else None,
    )


def _after(stations: Sequence[str], before: int, most: int) -> str | None:
    """Return the name after which the page before begins, "" for the first; None where none is before."""
    first = max(0, before - most)
    return None if before == 0 else stations[first - 1] if first else ""


def asked_time(office: Office, since: date | None, until: date | None, usual: timedelta) -> tuple[date, date]:
    """Return the first and the last day of a time that is asked for; until today, and as long as `usual`.

    Raises:
        ConfigurationError: it ends before it begins, or is too long.
    """
    last = until or civil_day(office.clock.now(), office.laboratory.folder.time_zone)
    first = since or date.fromordinal(max(1, last.toordinal() - usual.days))
    if not timedelta() <= last - first <= LONGEST:
        raise ConfigurationError(f"ask for a time of {LONGEST.days} days at most, from its first to its last")
    return first, last


def _table(office: Office, table: str, first: date, last: date) -> Rows:
    """Return the rows of one of the tables, all of them."""
    if table == "early":
        return _early(office, first, last)
    if table in ("steps", "passed"):
        return _done(office, first, last)[table]
    parts, places = _parts(office, first, last)
    return _by_time(office.store.work.load(parts), places)[table]


def _done(office: Office, first: date, last: date) -> dict[str, Rows]:
    """Return the tables of what was done: how long steps took, and what passed its review."""
    done = office.store.work.done(begin_of(office, first), end_of(office, last))
    return {
        "steps": [
            (one.procedure, one.step, str(one.runs), *map(_hours, (one.lower, one.median, one.upper)))
            for one in done.steps
        ],
        "passed": [
            (one.procedure, str(one.runs), str(one.returned), f"{100 * (1 - one.returned / one.runs):.0f}")
            for one in done.passed
        ],
    }


def _early(office: Office, first: date, last: date) -> Rows:
    found = office.store.work.ended_early(begin_of(office, first), end_of(office, last))
    return [(one.state, one.reason, str(one.orders)) for one in found]


def _parts(office: Office, first: date, last: date) -> tuple[list[WorkWithin], list[tuple[str, str]]]:
    """Return the parts of a time that are each within one week and one month; and which week and month.

    The week is told by its Monday.
    """
    mondays = _mondays(first, last)
    begins = sorted({first, *(day for day in (*mondays, *months_in(first, last)) if day > first)})
    ends = [date.fromordinal(later.toordinal() - 1) for later in begins[1:]]
    weeks = [bisect_right(mondays, day) - 1 for day in begins]
    parts = [
        WorkWithin(week, begin_of(office, begin), end_of(office, end))
        for week, begin, end in zip(weeks, begins, [*ends, last], strict=True)
    ]
    places = [(mondays[week].isoformat(), f"{day:%Y-%m}") for week, day in zip(weeks, begins, strict=True)]
    return parts, places


def _by_time(found: Iterable[BenchLoad], places: Sequence[tuple[str, str]]) -> dict[str, Rows]:
    """Return the load of each station by week, its benches together, and that of each bench by month."""
    weekly: dict[tuple[str, ...], list[float]] = {}
    monthly: dict[tuple[str, ...], list[float]] = {}
    for one in found:
        week, month = places[one.span]
        for sums, key in ((weekly, (one.station, week)), (monthly, (one.station, one.bench, month))):
            told = sums.setdefault(key, [0, 0.0])
            told[0] += one.runs
            told[1] += one.seconds
    return {
        name: [(*key, str(runs), _hours(seconds)) for key, (runs, seconds) in sorted(sums.items())]
        for name, sums in (("load", weekly), ("benches", monthly))
    }


def _mondays(first: date, last: date) -> list[date]:
    """Return the Mondays of the weeks that some of these days are in."""
    monday = first.toordinal() - first.weekday()
    return [date.fromordinal(max(1, day)) for day in range(monday, last.toordinal() + 1, 7)]


def months_in(first: date, last: date) -> list[date]:
    """Return the first days of the months that some of these days are in."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _bars(
    rows: Iterable[Sequence[str]], weeks: Sequence[str], most: int
) -> Mapping[str, Sequence[tuple[str, int, int]]]:
    """Return station → a bar for each week: the week, its runs, and how high it is of 100 for the most."""
    counted: dict[str, dict[str, int]] = {}
    for station, week, runs, _ in rows:
        counted.setdefault(station, {})[week] = int(runs)
    return {
        station: [(week, of.get(week, 0), math.ceil(100 * of.get(week, 0) / most)) for week in weeks]
        for station, of in counted.items()
    }


def _hours(seconds: float) -> str:
    """Return a time in hours, to the minute or so; what clocks that differ made negative stays so."""
    return f"{seconds / HOUR:.2f}"
