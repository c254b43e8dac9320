"""One field for any number: of an order, an item, an instrument, a certificate or a run."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple
from unicodedata import normalize

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from remotecal.web.pace import left
from remotecal.web.pages.frame import Visiting
from remotecal.web.remarks import returned
from remotecal.web.watching import ON

if TYPE_CHECKING:
    from remotecal.store.items import KeptItem
    from remotecal.store.journals import RunRow
    from remotecal.store.orders import OrderRow
    from remotecal.web.pages.frame import Visitor

router = APIRouter(include_in_schema=False)

MOST: Final = 50
"""Finds of each kind."""
NEAR: Final = 20
"""Numbers like the one that nothing has."""


class Whereabouts(NamedTuple):
    """Where an item's work is."""

    item: KeptItem
    order: OrderRow | None
    """The last order for it."""
    run: RunRow | None
    """The run of that, once it has begun."""
    end: float | date | None
    """When it is expected to be done: the day it is planned for, or by the pace of the run that is on."""


@router.get("/search")
async def search(visitor: Visiting, q: Annotated[str, Query(max_length=500)] = "") -> Response:
    """Return all that has a number, as it is written on the thing or the paper; else numbers like it.

    What an input method wrote in full width is what it stands for.
    """
    number, store, account = normalize("NFKC", q).strip(), visitor.office.store, visitor.caller.account
    found = await run_in_threadpool(_items, visitor, number)
    for one in found:
        if one.run is not None and one.run.state in ON:
            await visitor.office.watching.ask(one.run.station, one.run.run, visitor.caller.name)

    def page() -> Response:
        all_ = store.found.everything(number, visitor.office.clock.now(), account, MOST)
        told = {row.certificate for row in all_.items} | {row.certificate for row in all_.equipment}
        near = () if found or any(all_) else store.found.near(number, account, NEAR)
        return visitor.page(
            "search.html",
            near=near,
            number=number,
            whereabouts=[one._replace(end=_end(visitor, one)) for one in found],
            replaced=store.amendments.replaced(told),
            returned=returned(visitor.office, visitor.caller),
            **all_._asdict(),
        )

    return await run_in_threadpool(page)


def _items(visitor: Visitor, number: str) -> list[Whereabouts]:
    """Return the items of the register that have a number, each with its last order and that one's run."""
    store = visitor.office.store
    items = store.items.numbered(number, account=visitor.caller.account, limit=MOST)
    last: dict[int, OrderRow] = {}
    for row in store.orders.of_items([one.id for one in items]) if items else ():
        if row.item is not None:
            last.setdefault(row.item, row)
    begun = store.journals.some({(one.station, one.id) for one in last.values()}) if last else {}
    runs = {item: begun.get((order.station, order.id)) for item, order in last.items()}
    return [Whereabouts(item, last.get(item.id), runs.get(item.id), None) for item in items]


def _end(visitor: Visitor, one: Whereabouts) -> float | date | None:
    if one.order is None or one.order.state in {"refused", "withdrawn"}:
        return None
    if one.run is None:
        return None if one.order.planned is None else date.fromisoformat(one.order.planned)
    if one.run.state not in ON:
        return None
    seen = visitor.office.watching.of(one.run.station, one.run.run)
    ahead = None if seen is None else left(seen.live, seen.age)
    return None if ahead is None else visitor.office.clock.now() + ahead
