"""Work orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.errors import ConfigurationError
from remotecal.pages.frame import see
from remotecal.web import callers, orders, visible
from remotecal.web.bodies import Reason, RunName
from remotecal.web.orders import BeforeOrder, ForStation, InState
from remotecal.web.pages.frame import Sent, Visiting

router = APIRouter(prefix="/orders", include_in_schema=False)

ON_A_PAGE = 50
"""Orders in a list."""
Searched = Annotated[str, Query(max_length=500)]


@router.get("")
def list_orders(
    visitor: Visiting,
    station: ForStation = None,
    state: InState = None,
    number: Searched = "",
    before: BeforeOrder = None,
) -> Response:
    """Return the list of orders, the latest issued first."""
    account = visitor.caller.account
    rows = visitor.office.store.pages.orders(
        ON_A_PAGE + 1, before=before, account=account, station=station, state=state, number=number or None
    )
    further = rows[ON_A_PAGE - 1].id if len(rows) > ON_A_PAGE else None
    return visitor.page(
        "orders.html", rows=rows[:ON_A_PAGE], further=further, station=station, state=state, number=number
    )


@router.get("/{order}")
def show_order(order: RunName, visitor: Visiting) -> Response:
    """Return an order with all that it says."""
    whole = orders.get_order(order, visitor.caller, visitor.office)
    run = visitor.office.store.journals.find(whole.station, order)
    return visitor.page("order.html", order=whole, run=run)


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
