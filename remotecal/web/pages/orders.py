"""Work orders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, get_args

from fastapi import APIRouter, Depends, Query, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError
from remotecal.hub.ordering import announced, ends_before
from remotecal.hub.out_of_service import calibrated_by
from remotecal.pages.frame import see
from remotecal.runs.catalogue import full_name, names
from remotecal.store.placed import PlacedOrder, Stage
from remotecal.web import callers, orders, visible
from remotecal.web.bodies import STATION, Reason, RunName
from remotecal.web.orders import BeforeOrder
from remotecal.web.pages.frame import Sent, Visiting
from remotecal.web.pages.ordering import MOST as MOST_ORDERED
from remotecal.web.pages.ordering import opened
from remotecal.web.pages.parameter_form import as_shown, fields_of
from remotecal.web.pages.pattern import procedure_of
from remotecal.web.pages.weighty import once
from remotecal.web.remarks import returned

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
Words = Annotated[str, Query(max_length=200)]


class OrderLine(NamedTuple):
    """An order in the list."""

    placed: PlacedOrder
    device: str
    """What it is for, in the reader's language; "" where that is not known."""
    customer: str
    """Likewise."""
    procedure: str
    """What its procedure is called; its name where it is not installed here."""


class OrdersAsked(NamedTuple):
    """Which orders a list is of."""

    station: str | None
    stage: Stage | None
    number: str
    """Any number they are found by; "" for all."""
    words: str
    """In a name of the customer or of what they are for."""
    procedure: str
    before: str | None
    """Id of the last order of the page before."""

    def rows(self, visitor: Visitor) -> tuple[PlacedOrder, ...]:
        """Return the orders, and one more where there are more; a number's as many as one form makes."""
        store, now = visitor.office.store, visitor.office.clock.now()
        procedure = full_name(self.procedure) if self.procedure else None
        only = _Only(visitor.caller.account, self.station, self.stage, procedure, self.words)._asdict()
        if self.number:
            return store.found.orders(self.number, now, limit=MOST_ORDERED, **only)
        return store.pages.placed(ON_A_PAGE + 1, now, before=self.before, **only)

    @property
    def query(self) -> dict[str, str]:
        """Name → what stands in an address."""
        return {name: said or "" for name, said in self._asdict().items() if name != "before"}


class _Only(NamedTuple):
    """Which orders are listed; None, and "", for any."""

    account: str | None
    station: str | None
    stage: Stage | None
    procedure: str | None
    words: str


def orders_asked(
    station: Annotated[str, Query(pattern=f"{STATION}|^$")] = "",
    stage: Literal[Stage, ""] = "",
    number: Searched = "",
    words: Words = "",
    procedure: Words = "",
    before: BeforeOrder = None,
) -> OrdersAsked:
    """Return which orders an address asks for; a field that is left empty asks for nothing."""
    return OrdersAsked(
        station or None, stage or None, number.strip(), words.strip(), procedure.strip(), before
    )


Asked = Annotated[OrdersAsked, Depends(orders_asked)]


@router.get("")
def list_orders(visitor: Visiting, asked: Asked) -> Response:
    """Return the list of orders, the latest issued first."""
    rows = asked.rows(visitor)
    shown = rows if asked.number else rows[:ON_A_PAGE]
    return visitor.page(
        "orders.html",
        rows=[_line(visitor, row) for row in shown],
        further=shown[-1].order.id if len(rows) > len(shown) else None,
        asked=asked.query,
        here=asked.query | ({"before": asked.before} if asked.before else {}),
        stages=get_args(Stage),
        procedures=names(),
        outlives=_outlives(visitor, [row.order for row in shown]),
        returned=returned(visitor.office, visitor.caller),
    )


def _line(visitor: Visitor, row: PlacedOrder) -> OrderLine:
    def chosen(said: str | None) -> str:
        return visitor.words.choose(json.loads(said)) if said else ""

    order = row.order
    called = visitor.procedure(order.procedure or "")
    return OrderLine(row, chosen(order.device), chosen(order.customer), called)


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
    said = whole.order
    numbers = {*said.numbers.values(), said.order.certificate or said.order.number}
    replaced = visitor.office.store.amendments.replaced(numbers)
    kind = procedure_of(visitor, opened(visitor, placed.order))
    units = {} if kind is None else {one.name: one.unit for one in fields_of(kind.accepts())}
    return visitor.page(
        "order.html",
        order=whole,
        placed=placed,
        shown=as_shown,
        replaced=replaced,
        units=units,
        returned=returned(visitor.office, visitor.caller),
    )


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
