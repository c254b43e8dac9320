"""Whether the person on site agrees that an order is begun."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.errors import NotConnected

if TYPE_CHECKING:
    from remotecal.transport.messages import RemoteOrder
    from remotecal.transport.waiting import OrderWaiting


@dataclass(frozen=True, slots=True)
class SaidOnSite:
    """What somebody on site says to an order."""

    agreed: bool
    """Whether it may be begun."""
    by: str
    """Who."""
    reason: str = ""
    """Why not."""


class Consent:
    """The question that is open, if there is one."""

    def __init__(self) -> None:
        self.order: RemoteOrder | None = None
        """The order that waits for an answer."""
        self.foreseen: OrderWaiting | None = None
        """What is told of it."""
        self._answer: asyncio.Future[SaidOnSite | None] | None = None

    async def ask(self, order: RemoteOrder, foreseen: OrderWaiting) -> SaidOnSite:
        """Wait for the person on site, and return what they say.

        Raises:
            NotConnected: the agent stops before anybody has answered.
        """
        self.order, self.foreseen = order, foreseen
        self._answer = asyncio.get_running_loop().create_future()
        try:
            answer = await self._answer
            if answer is None:
                raise NotConnected("the agent is being shut down, and nobody on site has answered")
            return answer
        finally:
            self.order = self.foreseen = self._answer = None

    def give(self, said: SaidOnSite, order: str = "") -> str:
        """Answer, for an order or whichever waits; returns why that is not possible, or "" if it was."""
        if self.order is not None and order not in {"", self.order.id}:
            return f"the order {order} does not wait for consent any more, but {self.order.id} does: read it"
        return self._end(said)

    def leave_open(self) -> None:
        """Ask no longer, and leave the question open: the agent stops, and asks again once it is back."""
        self._end(None)

    def _end(self, answer: SaidOnSite | None) -> str:
        if self._answer is None or self._answer.done():
            return "no order waits for consent"
        self._answer.set_result(answer)
        return ""
