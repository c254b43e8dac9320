"""What the laboratory has of a station's runs, said and signed; and orders it lost with its database.

A database may be restored from a copy of yesterday. The stations still have what happened since:
the journals, the orders as the laboratory signed them, and its signed word that they may begin
them. At its first hello to a hub that was started anew a station says what it has, and sends again
what is not there.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from remotecal.certificates.signing.seal import PublicKey
from remotecal.errors import EvidenceError
from remotecal.hub.order_index import says
from remotecal.hub.ordered import judge, tell_conflict
from remotecal.transport.envelopes import spoken_by, unseal, unseal_reply
from remotecal.transport.inventory import Inventory, Kept, Papers, RunHeld, RunKept
from remotecal.transport.messages import Acknowledgement, Claim, RemoteOrder

if TYPE_CHECKING:
    from remotecal.store import Store
    from remotecal.store.journals import RunRow
    from remotecal.store.stations import StationRow

log = logging.getLogger(__name__)


class Keeping:
    """Answers what is kept.

    Args:
        store: where it is kept.
        laboratory: with which the laboratory signs orders and answers.
    """

    def __init__(self, store: Store, laboratory: PublicKey) -> None:
        self._store, self._laboratory = store, laboratory

    async def compare(self, station: StationRow, content: bytes) -> Kept:
        """Say of each of a station's runs whether all of it is here."""
        key = PublicKey.from_text(station.key)
        inventory = spoken_by(station, unseal(content, "inventory", Inventory, [key]))
        return Kept(
            runs=await asyncio.to_thread(
                lambda: tuple(self._kept(station.name, run) for run in inventory.runs)
            )
        )

    async def take_papers(self, station: StationRow, content: bytes) -> Acknowledgement:
        """Enter an order again that was claimed, and that this database knows nothing of any more."""
        papers = spoken_by(station, unseal(content, "papers", Papers, [PublicKey.from_text(station.key)]))
        try:
            reason = await asyncio.to_thread(self._enter, station, papers)
        except EvidenceError as error:
            reason = str(error)
            self._store.note(station.name, "papers refused", {"reason": reason})
        return Acknowledgement(done=not reason, reason=reason)

    def _kept(self, station: str, held: RunHeld) -> RunKept:
        order = self._store.orders.find(held.run)
        claimed = order is not None and order.station == station and order.state == "claimed"
        row = self._store.journals.find(station, held.run)
        lines = row.committed if row else 0
        fault = "" if row is None else _difference(row, held)
        if fault:
            tell_conflict(self._store, station, held.run, fault)
        whole = lines >= held.lines and not self._store.files.missing(station, held.run)
        return RunKept(run=held.run, lines=lines, whole=whole and not fault, claimed=claimed, differs=fault)

    def _enter(self, station: StationRow, papers: Papers) -> str:
        """Return why an order can't be entered again, "" if it was (`EvidenceError`: these are no papers)."""
        order = unseal(papers.order.encode(), "order", RemoteOrder, [self._laboratory])
        asked = papers.claim.encode()
        claim = unseal(asked, "claim", Claim, [PublicKey.from_text(station.key)])
        granted = unseal_reply(papers.granted.encode(), asked, Acknowledgement, [self._laboratory])
        if (order.station, claim.station) != (station.name, station.name) or claim.order != order.id:
            raise EvidenceError(f"the claim is not that of {station.name} on the order {order.id}")
        if not granted.done:
            raise EvidenceError(f"the order {order.id} was not given to {station.name}: {granted.reason}")
        with self._store.numbers.giving() as giving:
            if not self._store.orders.enter_claimed(
                order.id,
                order.order.order.number,
                station.name,
                papers.order.encode(),
                order.issued,
                order.expires,
                order.by,
                claim.claim,
                says(order),
            ):
                return f"the order {order.id} was claimed by another start"
            numbers = order.order.numbers.values()
            giving.hold(numbers, order.id, order.issued, pretended=True)  # whoever has them keeps them
            self._store.note(station.name, "order entered again", {"order": order.id})
        if first := self._store.journals.first_line(station.name, order.id):
            judge(self._store, self._laboratory, station.name, order.id, first)
        return ""


def _difference(row: RunRow, held: RunHeld) -> str:
    """Return how a journal differs from the one here, which is as long or longer; "" if it doesn't.

    Whether a shorter one here is the beginning of the station's shows when the rest comes.
    """
    if row.committed > held.lines:
        return (
            f"run {row.run} of {row.station}: the laboratory has {row.committed} lines, the station "
            f"{held.lines}: its journal was cut, or is another one"
        )
    if row.committed < held.lines or row.committed == 0 or row.head == held.head:
        return ""
    return (
        f"run {row.run} of {row.station}: line {row.committed} is another one here than at the station: two "
        "stations write the same run, or a journal was changed; nothing is written over"
    )
