"""What a caller can see: the laboratory's people everything, a customer what is of their account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.web.problems import NotTheirs, NotThere

if TYPE_CHECKING:
    from remotecal.store.journals import RunRow
    from remotecal.store.orders import OrderRow
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office


def orders(office: Office, caller: Caller, limit: int) -> tuple[OrderRow, ...]:
    """Return the orders a caller can see, the latest first."""
    if caller.account is None:
        return office.store.orders.list(limit=limit)
    found = (office.store.orders.find(order) for order in office.users.orders_of(caller.account, limit))
    return tuple(order for order in found if order is not None)


def order(office: Office, caller: Caller, order_id: str) -> OrderRow:
    """Return an order.

    Raises:
        NotThere: there is none of this id, or it is another customer's.
    """
    missing = f"there is no order {order_id}"
    found = office.store.orders.find(order_id)
    if found is None:
        raise NotThere(missing)
    if not _owns(office, caller, order_id):
        raise NotTheirs(missing, caller.name)
    return found


def runs(office: Office, caller: Caller, limit: int) -> tuple[RunRow, ...]:
    """Return the runs a caller can see, the latest first."""
    if caller.account is None:
        return office.store.journals.list(limit=limit)
    found = (office.store.journals.find(row.station, row.id) for row in orders(office, caller, limit))
    return tuple(sorted((row for row in found if row is not None), key=lambda row: -row.began))


def run(office: Office, caller: Caller, station: str, name: str) -> RunRow:
    """Return a run; a customer's is one of an order of theirs, at the station the order was for.

    Raises:
        NotThere: there is none of this name at the station, or it is another customer's.
    """
    missing = f"there is no run {name} at {station}"
    found = office.store.journals.find(station, name)
    if found is None:
        raise NotThere(missing)
    if caller.account is not None:
        ordered = office.store.orders.find(name)
        if ordered is None or ordered.station != station or not _owns(office, caller, name):
            raise NotTheirs(missing, caller.name)
    return found


def _owns(office: Office, caller: Caller, order_id: str) -> bool:
    return caller.account is None or office.users.accounts_of([order_id]).get(order_id) == caller.account
