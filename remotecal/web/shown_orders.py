"""What the API tells of orders."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Literal

from pydantic import Field

from remotecal.order import Order
from remotecal.store.placed import Held, PlacedOrder, Stage
from remotecal.transport.messages import RemoteOrder
from remotecal.web.shown import NamesBeside


class OrderShown(NamesBeside):
    """A work order."""

    id: str
    """Unlike that of any other order; also the name of its run."""
    number: str
    """The laboratory's number."""
    station: str
    """Who is to carry it out."""
    account: str | None
    """The customer's account that may see it."""
    account_name: dict[str, str] = Field(default_factory=dict)
    """What the customer is called, by language; empty where no order says it."""
    issued: datetime
    """When it was signed."""
    expires: datetime
    """Until when it may be begun."""
    by: str
    """Who issued it."""
    by_name: dict[str, str] = Field(default_factory=dict)
    """What they are called, by language; empty where no certificate says it."""
    state: Literal["issued", "claimed", "refused", "withdrawn"]
    """Whether it waits, was begun, or won't be carried out."""
    reason: str
    """Why it was refused or withdrawn, or its run ended early."""
    item: int | None
    """Number of the item it is for, where the register has that."""
    planned: date | None
    """Day it is planned for."""
    stage: Stage
    """Where it is: `waits` to be begun, was not begun in time (`expired`), was `refused` or `withdrawn`, is
    `on`, `ended` early, is `measured` and waits for a record or for signatures, or is `certified`."""
    held: Held
    """What one that waits to be begun waits for: `consent` on site, or a `station` that was shut out; else
    empty."""
    run: str
    """State of its run; empty while nothing of that has arrived."""
    awaiting: str
    """Which signature its certificates wait for; empty without a record, or once all are issued."""
    certificates: int
    """How many of its certificates are issued."""
    certificate: str
    """Number of the one that was issued last; empty while there is none."""
    revoked: bool
    """Whether that one counts no longer."""


class WholeOrder(OrderShown):
    """A work order with all that it says."""

    bench: str
    """Name of the bench."""
    procedure_sha256: str
    """SHA-256 of the procedure."""
    order: Order
    """The work order, as its TOML file would say it."""


def order_shown(placed: PlacedOrder) -> OrderShown:
    """Return an order and where it is."""
    run = placed.run
    return OrderShown.model_validate(
        {
            **asdict(placed.order),
            "stage": placed.stage,
            "held": placed.held,
            "run": "" if run is None else run.state,
            "awaiting": "" if run is None else run.awaiting,
            "certificates": placed.certificates,
            "certificate": placed.certificate,
            "revoked": placed.revoked,
        }
    )


def whole_order(placed: PlacedOrder, order: RemoteOrder) -> WholeOrder:
    """Return an order and where it is, with what its signed envelope says."""
    return WholeOrder(
        **order_shown(placed).model_dump(),
        bench=order.bench,
        procedure_sha256=order.procedure.sha256,
        order=order.order,
    )
