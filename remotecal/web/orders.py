"""Work orders."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from remotecal.configuration import nearest
from remotecal.errors import OrderError, ParameterError
from remotecal.transport.envelopes import unseal
from remotecal.transport.laboratory import Terms
from remotecal.transport.messages import ProcedureNamed, RemoteOrder
from remotecal.web import visible
from remotecal.web.bodies import (
    AccountGiven,
    OrderShown,
    OrderWanted,
    Reason,
    RunName,
    WholeOrder,
    order_shown,
    whole_order,
)
from remotecal.web.callers import Ordering, Reader
from remotecal.web.office import Here, Office
from remotecal.web.problems import NotNow

if TYPE_CHECKING:
    from remotecal.procedures.order import Order
    from remotecal.store.orders import OrderRow

router = APIRouter(prefix="/orders")

Limit = Annotated[int, Query(ge=1, le=1000)]
"""How many, at most."""


@router.get("")
def list_orders(caller: Reader, here: Here, limit: Limit = 100) -> list[OrderShown]:
    """List the orders, the latest first."""
    rows = visible.orders(here, caller, limit)
    accounts = here.users.accounts_of(row.id for row in rows)
    return [order_shown(row, accounts.get(row.id)) for row in rows]


@router.post("", status_code=HTTPStatus.CREATED)
async def issue_order(wanted: OrderWanted, caller: Ordering, here: Here) -> WholeOrder:
    """Sign an order and hand it to its station."""
    procedure = await run_in_threadpool(_procedure, wanted.order)
    terms = Terms(
        bench=wanted.bench,
        lasts=wanted.hours * 3600,
        after_crash=wanted.after_crash,
        link_lost=wanted.link_lost,
        link_lost_after=wanted.link_lost_after,
    )
    issued = await here.laboratory.issue(wanted.order, procedure, wanted.station, terms, caller.name)
    if wanted.account is not None:
        await run_in_threadpool(_assign, here, issued.id, wanted.account, caller.name)
    return await run_in_threadpool(_whole, here, visible.order(here, caller, issued.id))


@router.get("/{order}")
def get_order(order: RunName, caller: Reader, here: Here) -> WholeOrder:
    """Return an order."""
    return _whole(here, visible.order(here, caller, order))


@router.post("/{order}/cancel")
def cancel_order(order: RunName, why: Reason, caller: Ordering, here: Here) -> WholeOrder:
    """Take an order back that was not begun yet; to stop a run, abort it."""
    visible.order(here, caller, order)
    here.store.orders.withdraw(order, why.reason)
    here.store.note(caller.name, "cancel", {"order": order, "reason": why.reason})
    return _whole(here, visible.order(here, caller, order))


@router.put("/{order}/account")
def give_order(order: RunName, given: AccountGiven, caller: Ordering, here: Here) -> WholeOrder:
    """Let a customer's account see an order, and no other any more."""
    row = visible.order(here, caller, order)
    _assign(here, order, given.account, caller.name)
    return _whole(here, row)


def _assign(here: Office, order: str, account: str, by: str) -> None:
    here.users.assign(order, account)
    here.store.note(by, "account", {"order": order, "account": account})


def _procedure(order: Order) -> ProcedureNamed:
    """Return an order's procedure by its content.

    Raises:
        ParameterError: there is no such procedure here, or the parameters are not its own. A path of
            a file is refused: what the API runs must be installed.
    """
    from remotecal.procedures.catalogue import find, names
    from remotecal.procedures.parameters import read_parameters

    name = order.order.procedure
    if name not in names():
        raise ParameterError(f"there is no installed procedure {name!r}, {nearest(name, names())}")
    try:
        found = find(name)
    except OrderError as error:
        raise NotNow(str(error)) from error
    read_parameters(found.procedure.accepts(), order.parameters, "parameters")
    return ProcedureNamed(name=name, sha256=found.sha256)


def _whole(here: Office, row: OrderRow) -> WholeOrder:
    order = unseal(row.envelope, "order", RemoteOrder, [here.laboratory.key.public])
    return whole_order(row, order, here.users.accounts_of([row.id]).get(row.id))
