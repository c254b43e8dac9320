"""What is printed when items arrive: work sheets of orders, and a label for each item."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from remotecal.certificates.pdf.label import arrival_label, print_labels
from remotecal.certificates.pdf.qr import qr_code
from remotecal.errors import ConfigurationError, OrderError, ParameterError
from remotecal.hub.ordering import announced
from remotecal.procedures.parameters import read_parameters
from remotecal.runs.suitability import points_of
from remotecal.web import callers, visible
from remotecal.web.answers import file
from remotecal.web.bodies import NAME
from remotecal.web.pages.frame import Visiting
from remotecal.web.pages.ordering import MOST, opened
from remotecal.web.pages.orders import ON_A_PAGE, Asked
from remotecal.web.pages.pattern import procedure_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.certificates.pdf.label import ItemLabel
    from remotecal.journal.observation import Point
    from remotecal.store.orders import OrderRow
    from remotecal.transport.messages import BenchAnnounced, RemoteOrder
    from remotecal.web.pages.frame import Visitor
    from remotecal.web.pages.orders import OrdersAsked

router = APIRouter(prefix="/orders", include_in_schema=False)

Orders = Annotated[list[Annotated[str, Query(pattern=NAME)]], Query(max_length=MOST)]
LINES: Final = 4
"""Empty ones for remarks."""


class WorkSheet(NamedTuple):
    """What goes to the bench with an item."""

    row: OrderRow
    told: RemoteOrder
    procedure: str
    """What its procedure is called."""
    points: Sequence[Point] | None
    """In their order; None where the procedure is gone, which alone can tell."""
    bench: BenchAnnounced | None
    """As its station told of it last; None if it did not."""
    address: str
    """Of the order's page."""
    code: Markup
    """That as a QR code in SVG."""


@router.get("/sheets")
def work_sheets(visitor: Visiting, asked: Asked, order: Orders = []) -> Response:  # noqa: B006  FastAPI's way
    """Return the work sheets of some orders, each on a page of its own."""
    callers.require(visitor.caller, "order")
    rows = _rows(visitor, asked, order)
    stations = visitor.office.store.stations.some({row.station for row in rows})
    benches = {name: announced(station) for name, station in stations.items()}
    sheets = [_sheet(visitor, row, benches.get(row.station, {})) for row in rows]
    return visitor.page("sheets.html", sheets=sheets, blank=range(LINES))


@router.get("/labels")
def show_labels(visitor: Visiting, asked: Asked, order: Orders = []) -> Response:  # noqa: B006
    """Return the labels of what came with some orders, to be looked at and printed."""
    labels = _labels(visitor, asked, order)
    here = [("order", one) for one in order] or list(asked.query.items())
    if asked.before and not order:
        here.append(("before", asked.before))
    return visitor.page("label.html", labels=labels, number="", pdf=f"/orders/labels.pdf?{urlencode(here)}")


@router.get("/labels.pdf")
async def print_arrivals(visitor: Visiting, asked: Asked, order: Orders = []) -> Response:  # noqa: B006
    """Return them as a PDF, each on a page of 50 mm × 30 mm."""
    labels = await run_in_threadpool(_labels, visitor, asked, order)
    async with visitor.office.one_print:
        printed = await run_in_threadpool(print_labels, labels)
    return file(visitor.request, printed, "application/pdf", "labels.pdf")


def _rows(visitor: Visitor, asked: OrdersAsked, ids: Sequence[str]) -> list[OrderRow]:
    """Return the orders that are named, or else those of the list that is asked for, the first one first.

    Raises:
        NotThere: one of them is not there.
        ConfigurationError: there are none.
    """
    if ids:
        known = {one.id: one for one in visitor.office.store.orders.named(ids)}
        return [known.get(one) or visible.order(visitor.office, visitor.caller, one) for one in ids]
    rows = asked.rows(visitor)
    shown = rows if asked.number else rows[:ON_A_PAGE]
    if not shown:
        raise ConfigurationError("there is no such order: choose some in the list of orders")
    return sorted((one.order for one in shown), key=lambda row: (row.issued, row.number))


def _sheet(visitor: Visitor, row: OrderRow, benches: Mapping[str, BenchAnnounced]) -> WorkSheet:
    told = opened(visitor, row)
    address = f"{visitor.base}/orders/{row.id}"
    return WorkSheet(
        row,
        told,
        visitor.procedure(told.procedure.name),
        _points(visitor, told),
        benches.get(told.bench),
        address,
        Markup(qr_code(address)),  # noqa: S704  squares alone
    )


def _points(visitor: Visitor, told: RemoteOrder) -> Sequence[Point] | None:
    """Return what is measured, by the procedure itself; None where that is gone, or another by now."""
    kind = procedure_of(visitor, told)
    with suppress(ParameterError, OrderError):
        if kind is not None:
            parameters = read_parameters(kind.accepts(), told.order.parameters, f"order {told.id}")
            return points_of(kind(parameters), adjust=told.order.order.adjust)
    return None


def _labels(visitor: Visitor, asked: OrdersAsked, ids: Sequence[str]) -> list[ItemLabel]:
    """Return a label for each device of some orders."""
    callers.require(visitor.caller, "order")
    made = []
    for row in _rows(visitor, asked, ids):
        order = opened(visitor, row).order
        address = f"{visitor.base}/orders/{row.id}"
        for dut in order.devices.values():
            number = dut.serial or dut.owner_number or ""
            whose = order.customer.name, order.laboratory.name
            made.append(arrival_label(dut.name, dut.model or "", row.number, number, *whose, address))
    return made
