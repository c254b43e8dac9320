"""Reverse traceability: what rests on a standard, whose it is, how much of its variance is the standard's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query, Response

from remotecal.errors import NotThere
from remotecal.hub.reverse import resting_on, shares
from remotecal.web.about import Depth
from remotecal.web.days import Day, begin_of, end_of
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.spreadsheet import Form, as_csv
from remotecal.web.register import not_a_customer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from remotecal.hub.reverse import Portion, Resting
    from remotecal.web.pages.frame import Visitor

router = APIRouter(include_in_schema=False)

SHOWN: Final = 500
"""Certificates on the page, at most; the file has all."""
Asked = Annotated[str, Query(max_length=500)]
COLUMNS: Final = (
    "customer", "certificate", "certificate_issued", "item", "serial", "run", "station", "began", "state",
    "depth", "through", "share_least", "share_most",
)  # fmt: skip
"""Of the file."""


@router.get("/resting")
def list_resting(
    visitor: Visiting,
    number: Asked = "",
    since: Day = None,
    until: Day = None,
    depth: Depth = 1,
    form: Form = "html",
) -> Response:
    """Return what rests on a standard, by customer; or the same as CSV (RFC 4180), with headings."""
    not_a_customer(visitor.caller)
    number = number.strip()
    found = _found(visitor, number, since, until, depth) if number else []
    if form == "csv":
        return _file(visitor, found)
    shown = found[:SHOWN]
    asked = {"number": number, "since": since or "", "until": until or "", "depth": depth}
    return visitor.page(
        "resting.html",
        asked=asked,
        found=len(found),
        issued=sum(one.use.issued is not None for one in found),
        runs=len({(one.use.station, one.use.run) for one in found}),
        shown=len(shown),
        customers=_by_customer(visitor, shown),
        shares=shares(visitor.office.store, [one.use for one in shown]),
        said=lambda text: said(visitor, text),
    )


def _found(
    visitor: Visitor, number: str, since: date | None, until: date | None, depth: int
) -> list[Resting]:
    office, store = visitor.office, visitor.office.store
    found = list(
        resting_on(
            store,
            number,
            since=begin_of(office, since),
            until=end_of(office, until),
            depth=depth,
        )
    )
    if not found and not store.about.took_part(number, limit=1):
        raise NotThere(f"nothing here has taken part in a run by the number {number!r}")
    return found


def _by_customer(visitor: Visitor, found: Sequence[Resting]) -> list[tuple[str, list[Resting]]]:
    """Return what was found by customer, in the order of their names."""
    groups: dict[str, list[Resting]] = {}
    for one in found:
        groups.setdefault(said(visitor, one.use.customer), []).append(one)
    return sorted(groups.items())


def said(visitor: Visitor, text: str) -> str:
    """Return a text by language, that was kept as JSON, in the visitor's."""
    return visitor.words.choose(json.loads(text))


def _file(visitor: Visitor, found: Sequence[Resting]) -> Response:
    told = shares(visitor.office.store, [one.use for one in found])
    rows = (_row(visitor, one, told.get((one.use.station, one.use.run))) for one in found)
    return as_csv(visitor, "resting", COLUMNS, rows)


def _row(visitor: Visitor, one: Resting, share: Portion | None) -> list[str]:
    use = one.use
    texts = (
        said(visitor, use.customer),
        use.certificate,
        "" if use.issued is None else visitor.when(use.issued),
        said(visitor, use.item),
        use.item_serial,
        use.run,
        use.station,
        visitor.when(use.at),
        visitor.words.of("state", use.state),
        str(one.depth),
        use.by or use.serial,
    )
    return [*texts, *(("", "") if share is None else map(str, share))]
