"""Whether the person on site agrees that an order is begun."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remotecal.transport.messages import RemoteOrder


class Consent:
    """The question that is open, if there is one."""

    def __init__(self) -> None:
        self.order: RemoteOrder | None = None
        """The order that waits for an answer."""
        self._answer: asyncio.Future[bool] | None = None

    async def ask(self, order: RemoteOrder) -> bool:
        """Wait for the person on site, and return whether they agree."""
        self.order, self._answer = order, asyncio.get_running_loop().create_future()
        try:
            return await self._answer
        finally:
            self.order = self._answer = None

    def give(self, *, agreed: bool) -> str:
        """Answer; returns why that is not possible, or "" if it was."""
        if self._answer is None or self._answer.done():
            return "no order waits for consent"
        self._answer.set_result(agreed)
        return ""
