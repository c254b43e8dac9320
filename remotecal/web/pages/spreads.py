"""How repeats scatter: by procedure and bench or model, month by month; and which items do so most."""

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

    from remotecal.pages.words import Catalogue
    from remotecal.store.spreads import ItemSpread, Spread

router = APIRouter(include_in_schema=False)

By = Literal["bench", "model", "item"]
COLUMNS: Final[dict[By, tuple[str, ...]]] = {
    "bench": (
        "procedure", "station", "bench", "month", "runs", "results", "u_repeats", "largest", "quantity",
        "unit",
    ),
    "model": (
        "procedure", "maker_alone", "model", "month", "runs", "results", "u_repeats", "largest", "quantity",
        "unit",
    ),
    "item": (
        "procedure", "maker_alone", "model", "item_number", "account", "runs", "results", "u_repeats",
        "largest", "u_of_model", "of_model", "quantity", "unit",
    ),
}  # fmt: skip
"""By what → the names of the columns of its table."""
SIGNS: Final = "●■▲◆▼"
"""How the drawing marks benches or models (`curve.MARKS`); further ones are in the table only."""
ITEMS_SHOWN: Final = 100
"""Items on the page, at most; all are in its file."""


class Trend(NamedTuple):
    """The spreads of one quantity by one procedure, in one unit."""

    procedure: str
    quantity: str
    """As people say it; "" where that is not told."""
    unit: str
    drawing: Markup
    marks: tuple[tuple[str, str, str], ...]
    """Sign, and whose it is: station and bench, or maker and model."""
    least: str
    most: str
    rows: tuple[tuple[str, ...], ...]
    """Of the table, by the names of `COLUMNS`."""


@router.get("/statistics/spread")
def show_spreads(
    visitor: Visiting,
    since: Day = None,
    until: Day = None,
    by: By = "bench",
    table: Literal["spread"] | None = None,
) -> Response:
    """Return how repeats scattered in a time, by bench, by model or by item; or that as CSV."""
    not_a_customer(visitor.caller)
    first, last = asked_time(visitor.office, since, until, LONGEST)
    spreads, time = visitor.office.store.spreads, (first.isoformat(), last.isoformat())
    found: Sequence[Spread] = ()
    items: Sequence[ItemSpread] = ()
    if by == "item":
        items = spreads.by_item(*time)
    else:
        found = spreads.by_model(*time) if by == "model" else spreads.by_month(*time)
    words = visitor.words
    if table is not None:
        rows = [_of_item(one, words) for one in items] or [_row(one, words) for one in found]
        return as_csv(visitor, f"{table}-{by}", COLUMNS[by], rows)
    return visitor.page(
        "spreads.html",
        since=first,
        until=last,
        by=by,
        ways=COLUMNS,
        trends=_trends(found, first, last, words),
        items=[_of_item(one, words) for one in items[:ITEMS_SHOWN]],
        further=len(items) > ITEMS_SHOWN,
        columns=COLUMNS[by],
    )


def _row(one: Spread, words: Catalogue) -> tuple[str, ...]:
    numbers = (str(one.runs), str(one.results), _told(one.u), _told(one.largest))
    return (one.procedure, *one.whose, one.month, *numbers, words.quantity(one.quantity), one.unit)


def _of_item(one: ItemSpread, words: Catalogue) -> tuple[str, ...]:
    numbers = (str(one.runs), str(one.results), *map(_told, (one.u, one.largest, one.of_model, one.ratio)))
    whose = (one.maker, one.model, one.number, one.account)
    return (one.procedure, *whose, *numbers, words.quantity(one.quantity), one.unit)


def _told(u: float) -> str:
    """Return an uncertainty with three digits, zeros at its end too."""
    return f"{u:#.3g}".rstrip(".")


def _trends(found: Iterable[Spread], first: date, last: date, words: Catalogue) -> list[Trend]:
    """Return a trend for each procedure, quantity and unit; all run over the same months."""
    months = [month.isoformat()[:7] for month in months_in(first, last)]
    groups: dict[tuple[str, str, str], list[Spread]] = defaultdict(list)
    for one in found:
        groups[one.procedure, one.quantity, one.unit].append(one)
    return [_trend(group, months, words) for group in groups.values()]


def _trend(group: Sequence[Spread], months: Sequence[str], words: Catalogue) -> Trend:
    from lxml import etree

    from remotecal.certificates.pdf.over_time import trend

    unit = group[0].unit
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for one in group:
        counted[one.whose] += one.runs
    drawn = sorted(counted, key=lambda whose: (-counted[whose], whose))[: len(SIGNS)]
    told = {(one.whose, one.month): one.u for one in group}
    series = [[told.get((whose, month)) for month in months] for whose in drawn]
    heading = f"u / {units.symbol(unit)}" if unit != "1" else "u"
    svg = trend(months, series, heading, "system-ui, sans-serif")
    svg.set("aria-hidden", "true")  # its summary stands before it, and its table follows
    return Trend(
        group[0].procedure,
        words.quantity(group[0].quantity),
        unit,
        Markup(etree.tostring(svg, encoding="unicode")),  # noqa: S704  every text went through lxml
        tuple((sign, *whose) for sign, whose in zip(SIGNS, drawn, strict=False)),
        _told(min(one.u for one in group)),
        _told(max(one.u for one in group)),
        tuple(_row(one, words) for one in group),
    )
