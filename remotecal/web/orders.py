"""Work orders."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from remotecal.certificates.signing.seal import PublicKey
from remotecal.clock import civil_day
from remotecal.errors import NotNow, OrderError, ParameterError
from remotecal.hub.laboratory import ToIssue
from remotecal.hub.ordering import check_order
from remotecal.hub.out_of_service import Out
from remotecal.store.indexed import as_json
from remotecal.store.items import Entered
from remotecal.store.orders import Repeat
from remotecal.store.placed import PlacedOrder, Stage
from remotecal.transport.envelopes import unseal
from remotecal.transport.messages import ProcedureNamed, RemoteOrder, Terms
from remotecal.web import visible
from remotecal.web.answers import NEXT, Limit, page
from remotecal.web.bodies import NAME, STATION, OrderWanted, Reason, RunName
from remotecal.web.callers import Ordering, Reader
from remotecal.web.customer_bodies import AccountGiven
from remotecal.web.office import Here, Office
from remotecal.web.shown_orders import OrderShown, WholeOrder, order_shown, whole_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.runs.catalogue import Found
    from remotecal.store.orders import OrderRow
    from remotecal.store.stations import StationRow

router = APIRouter(prefix="/orders", tags=["orders"])

ForStation = Annotated[str | None, Query(pattern=STATION, description="Only those for this station.")]
InState = Annotated[
    Literal["issued", "claimed", "refused", "withdrawn"] | None,
    Query(description="Only those in this state."),
]
AtStage = Annotated[Stage | None, Query(description="Only those whose work is there.")]
Number = Annotated[
    str | None,
    Query(pattern=r"^[^\x00-\x1f\x7f]{1,500}$", description="Only those with this number."),
]
RepeatKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Made up for this one request, so that it may be sent again.",
    ),
]
BeforeOrder = Annotated[
    str | None, Query(pattern=NAME, description="Id of the last order of the page before.")
]


@router.get("", responses={200: {"headers": NEXT}})
def list_orders(
    caller: Reader,
    here: Here,
    request: Request,
    response: Response,
    station: ForStation = None,
    state: InState = None,
    number: Number = None,
    stage: AtStage = None,
    before: BeforeOrder = None,
    limit: Limit = 100,
) -> list[OrderShown]:
    """List the orders, the latest issued first."""
    found = here.store.pages.placed(
        limit + 1,
        here.clock.now(),
        before=before,
        account=caller.account,
        station=station,
        state=state,
        number=number,
        stage=stage,
    )
    rows: Sequence[PlacedOrder] = page(request, response, found, limit, lambda row: row.order.id)
    return [order_shown(row).named(here.names()) for row in rows]


@router.post("", status_code=HTTPStatus.CREATED)
async def issue_order(
    wanted: OrderWanted,
    caller: Ordering,
    here: Here,
    request: Request,
    response: Response,
    key: RepeatKey = None,
) -> WholeOrder:
    """Sign an order and hand it to its station.

    A request that was not answered may be sent again with the same `Idempotency-Key`: it is answered
    by the order it brought the first time. 409 if the key was that of another order.
    """
    repeat = None if key is None else Repeat(key, sha256(wanted.model_dump_json().encode()).hexdigest())
    row = await run_in_threadpool(here.store.orders.repeated, caller.name, repeat) if repeat else None
    order = row.id if row else await issue(here, wanted, caller.name, repeat)
    response.headers["Location"] = str(request.url_for("get_order", order=order).path)
    return await run_in_threadpool(get_order, order, caller, here)


async def order_again(here: Office, row: OrderRow, by: str) -> str:
    """Order once more what an order says, for the same item, with the next numbers of the series; its id.

    Raises:
        OrderError, ParameterError: as for a new order; or there is no series of numbers.
    """
    before = unseal(row.envelope, "order", RemoteOrder, [here.laboratory.key.public])
    order = before.order
    duts = tuple(dut.model_copy(update={"certificate": None}) for dut in order.duts)
    changed = {"number": "", "certificate": None, "procedure": before.procedure.name}
    head = order.order.model_copy(update=changed)
    wanted = OrderWanted(
        **before.model_dump(include=set(Terms.model_fields)),
        station=before.station,
        order=order.model_copy(update={"order": head, "duts": duts}),
        account=row.account,
    )
    return await issue(here, wanted, by, None)


async def issue(here: Office, wanted: OrderWanted, by: str, repeat: Repeat | None) -> str:
    """Issue an order, and return its id; for a repeated request that of the order it brought.

    Raises:
        ParameterError, OrderError, NotNow, ConfigurationError: as `check_wanted`.
    """
    (order,) = await issue_all(here, [wanted], by, [repeat])
    return order


async def issue_all(
    here: Office, wanted: Sequence[OrderWanted], by: str, repeats: Sequence[Repeat | None]
) -> list[str]:
    """Issue orders, all or none of them, and return their ids; errors as `issue`."""

    def checked() -> list[ToIssue]:
        stations, out = here.store.stations.list(), Out.of(here.store)
        procedures = [check_wanted(here, one, stations, out) for one in wanted]
        return [
            ToIssue(
                one.order,
                procedure,
                one.station,
                Terms(**one.model_dump(include=set(Terms.model_fields))),
                one.hours * 3600,
                one.account,
                repeat,
                _item(here, one, by),
                None if one.planned is None else one.planned.isoformat(),
            )
            for one, procedure, repeat in zip(wanted, procedures, repeats, strict=True)
        ]

    issued = await here.laboratory.issue_all(await run_in_threadpool(checked), by)
    return [one.id for one in issued]


@router.get("/{order}")
def get_order(order: RunName, caller: Reader, here: Here) -> WholeOrder:
    """Return an order."""
    return whole(here, visible.placed(here, caller, order))


@router.post("/{order}/cancel")
def cancel_order(order: RunName, why: Reason, caller: Ordering, here: Here) -> WholeOrder:
    """Take an order back that was not begun yet, or was refused; to stop a run, abort it."""
    visible.order(here, caller, order)
    with here.store.transaction():
        here.store.orders.withdraw(order, why.reason)
        here.store.note(caller.name, "cancel", {"order": order, "reason": why.reason})
    return whole(here, visible.placed(here, caller, order))


@router.put("/{order}/account")
def give_order(order: RunName, given: AccountGiven, caller: Ordering, here: Here) -> WholeOrder:
    """Let a customer's account see an order, and no other any more."""
    row = visible.order(here, caller, order)
    item = None if row.item is None else here.store.items.find(row.item)
    number = None
    with here.store.transaction():
        if item is not None:
            theirs = replace(item.entered_as, account=given.account)
            number = here.store.items.ensure(theirs, caller.name, here.clock.now())
        here.store.orders.assign(order, given.account, number)
        here.store.note(caller.name, "account", {"order": order, "account": given.account})
    return whole(here, visible.placed(here, caller, order))


def check_wanted(
    here: Office, wanted: OrderWanted, stations: Sequence[StationRow], out: Out
) -> ProcedureNamed:
    """Return an order's procedure by its content, once it is sure that parameters, points and bench suit it.

    Args:
        here: where it is ordered.
        wanted: the order.
        stations: all there are.
        out: what is out of service.

    Raises:
        ParameterError: it is not installed here, or parameters or points are none of its own, or beyond the
            bench. A path of a file is refused: what the API runs is installed, or comes in a bundle.
        OrderError: the bundle is signed by nobody this laboratory trusts, or is another procedure; or
            the station has no such bench, or a standard there does not hold until the day; or the item is
            not the device, or another account's.
    """
    if wanted.item is not None:
        _check_item(here, wanted, wanted.item)
    named, found = (_bundled if wanted.bundle else _installed)(here, wanted)
    now, zone = here.clock.now(), here.laboratory.folder.time_zone
    today = civil_day(now, zone)
    day = wanted.planned or today
    if not today <= day <= civil_day(now + wanted.hours * 3600, zone):
        raise OrderError(
            f"it is planned for {day}, and may be begun from {today} for {wanted.hours:g} h only: plan "
            "another day, or give it more hours"
        )
    there = {one.name: one for one in stations}
    station = there.get(wanted.station) or here.store.stations.get(wanted.station)
    check_order(wanted.order, found, station, wanted.bench, day, stations, out)
    return named


def _item(here: Office, wanted: OrderWanted, by: str) -> int | None:
    """Return the number of the item that an order is for, entered where it is new; None of several."""
    dut = wanted.order.dut
    if wanted.item is not None or dut is None:
        return wanted.item
    entered = Entered(
        name=as_json(dut.name),
        maker="" if dut.maker is None else dut.maker.get("en"),
        model=dut.model or "",
        serial=dut.serial or "",
        owner_number=dut.owner_number or "",
        account=wanted.account or "",
    )
    return here.store.items.ensure(entered, by, here.clock.now())


def _check_item(here: Office, wanted: OrderWanted, number: int) -> None:
    """Raise `OrderError` unless an order is for the item that it says, and for that item's account."""
    item = here.store.items.find(number)
    if item is None:
        raise OrderError(f"item: there is no item {number}")
    if (wanted.account or "") != item.account:
        whose = f"of the account {item.account!r}" if item.account else "the laboratory's own"
        raise OrderError(f"item {number} is {whose}: say so under account")
    if not any(
        (dut.serial or "", dut.owner_number or "") == (item.serial, item.owner_number)
        for dut in wanted.order.devices.values()
    ):
        raise OrderError(f"item {number} has other numbers than the device under test")


def _bundled(here: Office, wanted: OrderWanted) -> tuple[ProcedureNamed, Found]:
    keys = [PublicKey.from_text(key) for key in here.settings.trusted]
    named = here.procedures.install(wanted.bundle, keys)
    if wanted.order.order.procedure != named.name:
        raise OrderError(f"the order is for {wanted.order.order.procedure!r}, the bundle is {named.name}")
    return named, here.procedures.find(named)


def _installed(here: Office, wanted: OrderWanted) -> tuple[ProcedureNamed, Found]:
    from remotecal.runs.catalogue import find, full_name, is_installed, nearest_name

    name = wanted.order.order.procedure
    if not is_installed(name):
        raise ParameterError(f"there is no installed procedure {name!r}, {nearest_name(name)}")
    try:
        found = find(name)
    except OrderError as error:
        raise NotNow(str(error)) from error
    return ProcedureNamed(name=full_name(name), sha256=found.sha256), found


def whole(here: Office, placed: PlacedOrder) -> WholeOrder:
    """Return an order and where it is, with what it says."""
    order = unseal(placed.order.envelope, "order", RemoteOrder, [here.laboratory.key.public])
    return whole_order(placed, order).named(here.names())
