"""Work orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError
from remotecal.hub.ordering import announced, ends_before
from remotecal.hub.out_of_service import calibrated_by
from remotecal.pages.frame import see
from remotecal.store.placed import Stage
from remotecal.web import callers, orders, visible
from remotecal.web.bodies import Reason, RunName
from remotecal.web.orders import AtStage, BeforeOrder, ForStation
from remotecal.web.pages.frame import Sent, Visiting
from remotecal.web.pages.ordering import opened
from remotecal.web.pages.parameter_form import as_shown
from remotecal.web.pages.weighty import once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.hub.out_of_service import OutOn
    from remotecal.store.orders import OrderRow
    from remotecal.transport.messages import HeldUntil
    from remotecal.web.pages.frame import Visitor

router = APIRouter(prefix="/orders", include_in_schema=False)

ON_A_PAGE = 50
"""Orders in a list."""
Searched = Annotated[str, Query(max_length=500)]


@router.get("")
def list_orders(
    visitor: Visiting,
    station: ForStation = None,
    stage: AtStage = None,
    number: Searched = "",
    before: BeforeOrder = None,
) -> Response:
    """Return the list of orders, the latest issued first."""
    account, number, now = visitor.caller.account, number.strip(), visitor.office.clock.now()
    store, most = visitor.office.store, ON_A_PAGE + 1
    if number:
        rows = store.found.orders(number, now, account=account, station=station, stage=stage, limit=most)
    else:
        rows = store.pages.placed(most, now, before=before, account=account, station=station, stage=stage)
    further = rows[ON_A_PAGE - 1].order.id if len(rows) > ON_A_PAGE and not number else None
    return visitor.page(
        "orders.html",
        rows=rows[:ON_A_PAGE],
        further=further,
        station=station,
        stage=stage,
        stages=get_args(Stage),
        number=number,
        outlives=_outlives(visitor, [row.order for row in rows[:ON_A_PAGE]]),
    )


def _outlives(
    visitor: Visitor, rows: Sequence[OrderRow]
) -> Mapping[str, tuple[tuple[HeldUntil, ...], tuple[OutOn, ...]]]:
    """Return id → what of its bench ends before the last day on which an order that waits can be begun.

    And what of it is out of service.
    """
    office = visitor.office
    waiting = [row for row in rows if row.state == "issued" and row.bench and visitor.caller.account is None]
    stations = office.store.stations.some({row.station for row in waiting}) if waiting else {}
    benches = {name: announced(station) for name, station in stations.items()}
    out = office.out()
    found: dict[str, tuple[tuple[HeldUntil, ...], tuple[OutOn, ...]]] = {}
    for row in waiting:
        bench = benches.get(row.station, {}).get(row.bench or "")
        last = civil_day(row.expires - 1, office.laboratory.folder.time_zone)
        if bench is None:
            continue
        ended, on = ends_before(bench, last), out.on(bench)
        if on:
            on = out.on(bench, calibrated_by(opened(visitor, row).order))
        if ended or on:
            found[row.id] = ended, on
    return found


@router.get("/{order}")
def show_order(order: RunName, visitor: Visiting) -> Response:
    """Return an order with all that it says."""
    placed = visible.placed(visitor.office, visitor.caller, order)
    whole = orders.whole(visitor.office, placed)
    return visitor.page("order.html", order=whole, placed=placed, shown=as_shown)


@router.post("/{order}/again")
async def order_again(order: RunName, form: Sent) -> Response:
    """Order the same once more, with the next numbers of the series, and go to the new order."""
    caller, office = callers.require(form.visitor.caller, "order"), form.visitor.office

    async def again() -> str:
        row = await run_in_threadpool(visible.order, office, caller, order)
        return f"/orders/{await orders.order_again(office, row, caller.name)}"

    return await once(form, again)


@router.post("/{order}/cancel")
async def cancel_order(order: RunName, form: Sent) -> Response:
    """Take an order back that was not begun yet."""
    caller = callers.require(form.visitor.caller, "order")
    try:
        why = Reason(reason=form["reason"])
    except ValidationError:
        raise ConfigurationError("say in a line why the order is taken back") from None
    await run_in_threadpool(visible.order, form.visitor.office, caller, order)
    await run_in_threadpool(orders.cancel_order, order, why, caller, form.visitor.office)
    return see(f"/orders/{order}")
