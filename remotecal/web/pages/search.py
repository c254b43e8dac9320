"""One field for any number: of an order, an instrument, a certificate or a run."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from remotecal.web.pages.frame import Visiting

router = APIRouter(include_in_schema=False)

MOST = 50
"""Finds of each kind."""


@router.get("/search")
def search(visitor: Visiting, q: Annotated[str, Query(max_length=500)] = "") -> Response:
    """Return all that has a number, as it is written on the thing or the paper."""
    number, store, account = q.strip(), visitor.office.store, visitor.caller.account
    ours = bool(number) and account is None
    return visitor.page(
        "search.html",
        number=number,
        items=store.about.numbered(number, account=account, limit=MOST) if number else (),
        orders=store.pages.orders(MOST, account=account, number=number) if number else (),
        equipment=store.about.took_part(number, limit=MOST) if ours else (),
        runs=store.pages.named(number, limit=MOST, account=account) if number else (),
    )
