"""Advice on intervals between calibrations, with the numbers it rests on: by model or by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from fastapi import APIRouter, Response

from remotecal.certificates.intervals import SHORTEST
from remotecal.statistics import staircase
from remotecal.web import intervals
from remotecal.web.days import Day
from remotecal.web.intervals import asked_time
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.spreadsheet import as_csv
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from remotecal.pages.words import Catalogue
    from remotecal.web.intervals import Advised

router = APIRouter(include_in_schema=False)

By = Literal["model", "item"]
NUMBERS: Final = (
    "quantity", "intervals", "interval_days", "outside", "held_against", "largest_part", "drift_year", "unit",
    "advice", "reason",
)  # fmt: skip
COLUMNS: Final[dict[By, tuple[str, ...]]] = {
    "model": ("maker_alone", "model", "items", *NUMBERS),
    "item": ("maker_alone", "model", "item_number", *NUMBERS),
}
"""By what → the names of the columns of its table."""
SHOWN: Final = 200
"""Rows on the page, at most; all are in its file."""


@router.get("/statistics/intervals")
def show_intervals(
    visitor: Visiting,
    since: Day = None,
    until: Day = None,
    by: By = "model",
    table: Literal["intervals"] | None = None,
) -> Response:
    """Return what is advised of intervals by what was found at their end in a time; or that as CSV."""
    not_a_customer(visitor.caller)
    first, last = asked_time(visitor.office, since, until)
    found = intervals.advised(visitor.office, by, first, last, SHOWN + 1 if table is None else None)
    if table is not None:
        told = (_row(one, by, visitor.words) for one in found)
        return as_csv(visitor, f"{table}-{by}", COLUMNS[by], told)
    return visitor.page(
        "intervals.html",
        since=first,
        until=last,
        by=by,
        ways=COLUMNS,
        columns=COLUMNS[by],
        behind=visitor.office.store.interval_ends.behind(),
        rows=[_row(one, by, visitor.words) for one in found[:SHOWN]],
        further=len(found) > SHOWN,
        fewest={"item": staircase.FEWEST_OF_ITEM, "model": staircase.FEWEST_OF_MODEL}[by],
        within=f"{100 * staircase.WITHIN:.0f}",
        share=f"{100 * staircase.SHARE:.0f}",
        shortest=SHORTEST,
        longer=f"{staircase.LONGER:g}",
    )


def _row(one: Advised, by: By, words: Catalogue) -> tuple[str, ...]:
    of, ended = one.of, one.of.ended
    return (
        of.maker,
        of.model,
        of.number if by == "item" else str(of.items),
        words.quantity(of.quantity),
        str(ended.intervals),
        f"{ended.days:.0f}",
        str(ended.outside),
        words.of("against", of.against),
        f"{100 * ended.largest:.0f}",
        "" if of.drift is None else f"{of.drift:#.2g}".rstrip("."),
        of.unit,
        words.of("advice", one.advice.kind),
        words.of("advice_reason", one.advice.reason),
    )
