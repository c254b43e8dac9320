"""Whether an order's run may begin: with no standard that is out of service."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from remotecal.errors import NotOrdered
from remotecal.hub.ordering import announced
from remotecal.hub.out_of_service import Out, calibrated_by
from remotecal.journal.events import seconds
from remotecal.journal.evidence import start_of
from remotecal.model.identifiers import among
from remotecal.transport.envelopes import unseal
from remotecal.transport.messages import RemoteOrder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotecal.certificates.signing.seal import PublicKey
    from remotecal.journal.evidence import Start
    from remotecal.store import Store
    from remotecal.store.orders import OrderRow
    from remotecal.store.stations import StationRow


def refuse_if_out(store: Store, laboratory: PublicKey, station: StationRow, order: OrderRow) -> str:
    """Refuse an order that waits, where its bench has a standard that is out of service; return why.

    It is noted with the order and in the audit log. "" where it may be begun, or is begun.

    Args:
        store: the laboratory's database.
        laboratory: the key that signs orders.
        station: who is to carry it out, as it told of its benches last.
        order: the order.
    """
    if order.state != "issued" or not (out := Out.of(store)).rows:
        return ""
    signed = unseal(order.envelope, "order", RemoteOrder, [laboratory])
    bench = announced(station).get(signed.bench)
    on = () if bench is None else out.on(bench, calibrated_by(signed.order))
    if not on:
        return ""
    reason = "; ".join(one.told() for one in on)
    with store.transaction():
        store.orders.refuse(order.id, station.name, reason)
        store.note("hub", "refusal", {"order": order.id, "reason": reason})
    return reason


def check_begun(store: Store, run: str, first: bytes) -> None:
    """Raise `NotOrdered` if a run was begun with a standard that was out of service then.

    Args:
        store: the laboratory's database.
        run: the run.
        first: its journal's first line, which was checked to be the start of a run.
    """
    event = json.loads(first)
    start, at = start_of(event["data"]), seconds(event["at"])
    if start.clock == "virtual":
        return  # its times are none of the laboratory's
    calibrated = calibrated_by(start.order)
    for row in store.out_of_service.ever(_numbers(start)):
        if among(row.number, calibrated):
            continue
        if row.at <= at < (math.inf if row.back is None else row.back):
            raise NotOrdered(f"the run {run} was begun with {row.number}, which was {row.told()}")


def _numbers(start: Start) -> Iterable[str]:
    """Yield the numbers by which what a run relies on is out of service, if it is."""
    yield from start.artefacts.values()
    for used in start.certificates.values():
        serials = used.certificate.serials
        yield from serials or (used.certificate.number,)
