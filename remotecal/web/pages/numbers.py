"""Numbers of orders and certificates: the series, what was given, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from fastapi import APIRouter, Query, Response

from remotecal.hub.numbers import fate
from remotecal.web.pages.frame import Visiting
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from remotecal.store.numbers import HeldRow

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 100
"""Numbers in a list."""


class NumberLine(NamedTuple):
    """A number in the list."""

    row: HeldRow
    fate: str
    """What became of it."""


@router.get("/numbers")
def list_numbers(
    visitor: Visiting,
    q: Annotated[str, Query(max_length=500)] = "",
    at: Annotated[float, Query(ge=0, le=1e11, allow_inf_nan=False)] = 0.0,
    before: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Return the series, and the numbers that were given, the latest first."""
    not_a_customer(visitor.caller)
    store, settings = visitor.office.store, visitor.office.settings.numbers
    patterns = {"order": settings.order, "certificate": settings.certificate}
    last = (at, before) if before else None
    rows = store.numbers.held(ON_A_PAGE + 1, before=last, beginning=q.strip())
    now = visitor.office.clock.now()
    return visitor.page(
        "numbers.html",
        series=[(name, pattern, visitor.likely(pattern)) for name, pattern in patterns.items()],
        lines=[NumberLine(row, fate(row, now)) for row in rows[:ON_A_PAGE]],
        further=rows[ON_A_PAGE - 1] if len(rows) > ON_A_PAGE else None,
        q=q,
    )
