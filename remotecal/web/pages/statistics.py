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
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from remotecal.store.work import BenchLoad
    from remotecal.web.office import Office

router = APIRouter(include_in_schema=False)

USUAL: Final = timedelta(days=90)
"""How far back it is looked if nobody says otherwise."""
LONGEST: Final = timedelta(days=366)
"""Of which time statistics are told, at most."""
STATIONS_SHOWN: Final = 40
"""Stations whose load is on a page, at most; the files have all."""
OF_STATIONS: Final = ("load", "benches")
"""Tables with rows for each station, which comes first in them."""
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
        return as_csv(visitor, table, COLUMNS[table], _tables(office, (table,), first, last)[table])
    tables = _tables(office, tuple(COLUMNS), first, last)
    stations = sorted({row[0] for row in tables["load"]})
    further = [station for station in stations if station > after]
    if not further:  # nothing comes after that name: it begins anew
        further = stations
    shown = further[:STATIONS_SHOWN]
    before = len(stations) - len(further)
    bars = _bars(tables["load"], [day.isoformat() for day in _mondays(first, last)])
    return visitor.page(
        "statistics.html",
        since=first,
        until=last,
        tables={
            name: [row for row in rows if row[0] in shown] if name in OF_STATIONS else rows
            for name, rows in tables.items()
        },
        columns=COLUMNS,
        bars={station: bars[station] for station in shown},
        shown=(before + 1, before + len(shown), len(stations)),
        earlier=_after(stations, before),
        further=shown[-1] if len(shown) < len(further) else None,
    )


def _after(stations: Sequence[str], before: int) -> str | None:
    """Return the name after which the page before begins, "" for the first; None where none is before."""
    first = max(0, before - STATIONS_SHOWN)
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


def _tables(
    office: Office, wanted: Collection[str], first: date, last: date
) -> dict[str, Sequence[Sequence[str]]]:
    """Return name → rows of some of the tables; both of load are found at once."""
    weeks, months = _mondays(first, last), months_in(first, last)
    found: dict[str, Sequence[Sequence[str]]] = {}
    if not {"load", "benches"}.isdisjoint(wanted):
        spans = [*_spans(office, _ends(weeks), first, last), *_spans(office, _ends(months), first, last)]
        loads = office.store.work.load(spans)
        found["load"] = _by_week(loads, weeks)
        found["benches"] = [
            (
                one.station,
                one.bench,
                f"{months[one.span - len(weeks)]:%Y-%m}",
                str(one.runs),
                _hours(one.seconds),
            )
            for one in loads
            if one.span >= len(weeks)
        ]
    return {name: found[name] if name in found else _rows(office, name, first, last) for name in wanted}


def _rows(office: Office, table: str, first: date, last: date) -> Sequence[Sequence[str]]:
    """Return the rows of a table that has a query of its own."""
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
    return [(one.state, one.reason, str(one.orders)) for one in work.ended_early(begin, end)]


def _by_week(found: Iterable[BenchLoad], mondays: Sequence[date]) -> list[Sequence[str]]:
    """Return the rows of each station and week, its benches together."""
    together: dict[tuple[str, int], tuple[int, float]] = {}
    for one in found:
        if one.span < len(mondays):
            runs, seconds = together.get((one.station, one.span), (0, 0.0))
            together[one.station, one.span] = (runs + one.runs, seconds + one.seconds)
    return [
        (station, mondays[week].isoformat(), str(runs), _hours(seconds))
        for (station, week), (runs, seconds) in sorted(together.items())
    ]


def _mondays(first: date, last: date) -> list[date]:
    """Return the Mondays of the weeks that some of these days are in."""
    monday = first.toordinal() - first.weekday()
    return [date.fromordinal(max(1, day)) for day in range(monday, last.toordinal() + 1, 7)]


def months_in(first: date, last: date) -> list[date]:
    """Return the first days of the months that some of these days are in."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _ends(begins: Sequence[date]) -> list[tuple[date, date]]:
    """Return the first and the last day of times that follow one another; the last of them has no end."""
    lasts = [date.fromordinal(later.toordinal() - 1) for later in begins[1:]]
    return list(zip(begins, [*lasts, date.max], strict=True))


def _spans(
    office: Office, times: Iterable[tuple[date, date]], first: date, last: date
) -> list[tuple[float, float]]:
    """Return when each of these times begins and ends, as far as it is asked for."""
    return [(begin_of(office, max(begin, first)), end_of(office, min(end, last))) for begin, end in times]


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
