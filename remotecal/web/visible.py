"""What a caller can see: the laboratory's people everything, a customer what is of their account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.errors import NotTheirs, NotThere
from remotecal.store.whole import WholeRun

if TYPE_CHECKING:
    from remotecal.store.certified import IssuedCertificate
    from remotecal.store.items import KeptItem
    from remotecal.store.journals import RunRow
    from remotecal.store.orders import OrderRow
    from remotecal.store.placed import PlacedOrder
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office


def order(office: Office, caller: Caller, order_id: str) -> OrderRow:
    """Return an order.

    Raises:
        NotThere: there is none of this id, or it is another customer's.
    """
    return ordered(caller, office.store.orders.find(order_id), order_id)


def ordered(caller: Caller, found: OrderRow | None, order_id: str) -> OrderRow:
    """Return an order that was looked for by its id; errors as `order`."""
    missing = f"there is no order {order_id}"
    if found is None:
        raise NotThere(missing)
    if not _owns(caller, found.account):
        raise NotTheirs(missing, caller.name)
    return found


def placed(office: Office, caller: Caller, order_id: str) -> PlacedOrder:
    """Return an order with where its work is; errors as `order`."""
    missing = f"there is no order {order_id}"
    found = office.store.pages.place(order_id, office.clock.now())
    if found is None:
        raise NotThere(missing)
    if not _owns(caller, found.order.account):
        raise NotTheirs(missing, caller.name)
    return found


def item(office: Office, caller: Caller, number: int) -> KeptItem:
    """Return an item of the register.

    Raises:
        NotThere: there is none of this number, or it is another customer's.
    """
    missing = f"there is no item {number}"
    found = office.store.items.find(number)
    if found is None:
        raise NotThere(missing)
    if not _owns(caller, found.account):
        raise NotTheirs(missing, caller.name)
    return found


def run(office: Office, caller: Caller, station: str, name: str) -> RunRow:
    """Return a run; a customer's is one of an order of theirs, at the station the order was for.

    Raises:
        NotThere: there is none of this name at the station, or it is another customer's.
    """
    return _theirs(caller, office.store.journals.find(station, name), station, name)


def issued(office: Office, caller: Caller, number: str) -> IssuedCertificate:
    """Return the issued certificate that has a number.

    Raises:
        NotThere: none was issued with it, or it is another customer's.
    """
    missing = f"no certificate was issued with the number {number}"
    found = office.store.by_run.numbered(number)
    if found is None:
        raise NotThere(missing)
    if not _owns(caller, found.row.account):
        raise NotTheirs(missing, caller.name)
    return found


def whole(office: Office, caller: Caller, station: str, name: str) -> WholeRun:
    """Return a run with its record; errors as `run`."""
    found = office.store.whole(station, name)
    row = _theirs(caller, None if found is None else found.row, station, name)
    return WholeRun(row, None) if found is None else found


def _theirs(caller: Caller, found: RunRow | None, station: str, name: str) -> RunRow:
    missing = f"there is no run {name} at {station}"
    if found is None:
        raise NotThere(missing)
    if not _owns(caller, found.account):
        raise NotTheirs(missing, caller.name)
    return found


def _owns(caller: Caller, account: str | None) -> bool:
    return caller.account is None or caller.account == account
