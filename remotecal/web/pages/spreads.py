"""How repeats scatter over time: by procedure and bench, month by month."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from fastapi import APIRouter, Response
from markupsafe import Markup

from remotecal import units
from remotecal.web.days import Day
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.spreadsheet import as_csv
from remotecal.web.pages.statistics import LONGEST, asked_time, months_in
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from remotecal.store.spreads import Spread

router = APIRouter(include_in_schema=False)

COLUMNS: Final = ("procedure", "station", "bench", "month", "runs", "results", "u_repeats", "largest", "unit")
"""Of the table."""
SIGNS: Final = "●■▲◆▼"
"""How the drawing marks benches (`curve.MARKS`); further ones are in the table only."""


class Trend(NamedTuple):
    """The spreads by one procedure, in one unit."""

    procedure: str
    unit: str
    drawing: Markup
    marks: tuple[tuple[str, str, str], ...]
    """Sign, station and bench of what is drawn."""
    least: str
    most: str
    rows: tuple[tuple[str, ...], ...]
    """Of the table, by the names of `COLUMNS`."""


@router.get("/statistics/spread")
def show_spreads(
    visitor: Visiting, since: Day = None, until: Day = None, table: Literal["spread"] | None = None
) -> Response:
    """Return how repeats scattered in a time; or that as CSV."""
    not_a_customer(visitor.caller)
    first, last = asked_time(visitor.office, since, until, LONGEST)
    found = visitor.office.store.spreads.by_month(first.isoformat(), last.isoformat())
    if table is not None:
        return as_csv(visitor, table, COLUMNS, map(_row, found))
    return visitor.page(
        "spreads.html", since=first, until=last, trends=_trends(found, first, last), columns=COLUMNS
    )


def _row(one: Spread) -> tuple[str, ...]:
    numbers = (str(one.runs), str(one.results), _told(one.u), _told(one.largest))
    return (one.procedure, one.station, one.bench, one.month, *numbers, one.unit)


def _told(u: float) -> str:
    """Return an uncertainty with three digits, zeros at its end too."""
    return f"{u:#.3g}".rstrip(".")


def _trends(found: Iterable[Spread], first: date, last: date) -> list[Trend]:
    """Return a trend for each procedure and unit; all run over the same months."""
    months = [month.isoformat()[:7] for month in months_in(first, last)]
    groups: dict[tuple[str, str], list[Spread]] = defaultdict(list)
    for one in found:
        groups[one.procedure, one.unit].append(one)
    return [_trend(procedure, unit, group, months) for (procedure, unit), group in groups.items()]


def _trend(procedure: str, unit: str, group: Sequence[Spread], months: Sequence[str]) -> Trend:
    from lxml import etree

    from remotecal.certificates.pdf.curve import trend

    benches = list(dict.fromkeys((one.station, one.bench) for one in group))[: len(SIGNS)]
    told = {(one.station, one.bench, one.month): one.u for one in group}
    series = [[told.get((*bench, month)) for month in months] for bench in benches]
    heading = f"u / {units.symbol(unit)}" if unit != "1" else "u"
    svg = trend(months, series, heading, "system-ui, sans-serif")
    svg.set("aria-hidden", "true")  # its summary stands before it, and its table follows
    return Trend(
        procedure,
        unit,
        Markup(etree.tostring(svg, encoding="unicode")),  # noqa: S704  every text went through lxml
        tuple((sign, *bench) for sign, bench in zip(SIGNS, benches, strict=False)),
        _told(min(one.u for one in group)),
        _told(max(one.u for one in group)),
        tuple(map(_row, group)),
    )
