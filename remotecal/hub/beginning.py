"""Whether an order's run may begin: with no standard that is out of service."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from remotecal.hub.ordering import announced
from remotecal.hub.out_of_service import calibrated_by
from remotecal.journal.events import seconds
from remotecal.journal.evidence import start_of
from remotecal.model.identifiers import among
from remotecal.order import STANDARD_OUT
from remotecal.transport.envelopes import unseal
from remotecal.transport.messages import RemoteOrder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotecal.certificates.signing.seal import PublicKey
    from remotecal.hub.out_of_service import Out
    from remotecal.journal.evidence import Start
    from remotecal.store import Store
    from remotecal.store.orders import OrderRow
    from remotecal.store.stations import StationRow


def refuse_if_out(store: Store, laboratory: PublicKey, station: StationRow, order: OrderRow, out: Out) -> str:
    """Refuse an order that waits, where its bench has a standard that is out of service; return why.

    That is noted with the order, which its customer reads; which standard it is, and what somebody said of
    it, in the audit log alone. "" where it may be begun, or is begun.

    Args:
        store: the laboratory's database.
        laboratory: the key that signs orders.
        station: who is to carry it out, as it told of its benches last.
        order: the order.
        out: what is out of service.
    """
    if order.state != "issued" or not out.rows:
        return ""
    signed = unseal(order.envelope, "order", RemoteOrder, [laboratory])
    bench = announced(station).get(signed.bench)
    on = () if bench is None else out.on(bench, calibrated_by(signed.order))
    if not on:
        return ""
    with store.transaction():
        store.orders.refuse(order.id, station.name, STANDARD_OUT)
        told = "; ".join(one.told() for one in on)
        store.note("hub", "refusal", {"order": order.id, "reason": f"{STANDARD_OUT}: {told}"})
    return STANDARD_OUT


def begun_with(store: Store, first: bytes) -> str:
    """Return which standard a run was begun with that was out of service then, and why; "" if none was.

    Args:
        store: the laboratory's database.
        first: its journal's first line, which was checked to be the start of a run.
    """
    event = json.loads(first)
    start, at = start_of(event["data"]), seconds(event["at"])
    if start.clock == "virtual":
        return ""  # its times are none of the laboratory's
    calibrated = calibrated_by(start.order)
    for row in store.out_of_service.ever(_numbers(start)):
        if among(row.number, calibrated):
            continue
        if row.at <= at < (math.inf if row.back is None else row.back):
            return f"{row.number} was {row.told()}"
    return ""


def _numbers(start: Start) -> Iterable[str]:
    """Yield the numbers by which what a run relies on is out of service, if it is.

    They are those that its station tells of a bench, as `BenchAnnounced.relies` has it: an order that is
    granted is not set apart for a number that nobody looked at then.
    """
    yield from start.artefacts.values()
    for name, used in start.certificates.items():
        if name not in start.artefacts:
            yield from used.certificate.serials or (used.certificate.number,)
