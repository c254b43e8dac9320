"""Whether the person on site agrees that an order is begun."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remotecal.errors import NotConnected

if TYPE_CHECKING:
    from remotecal.transport.messages import RemoteOrder


class Consent:
    """The question that is open, if there is one."""

    def __init__(self) -> None:
        self.order: RemoteOrder | None = None
        """The order that waits for an answer."""
        self._answer: asyncio.Future[bool | None] | None = None

    async def ask(self, order: RemoteOrder) -> bool:
        """Wait for the person on site, and return whether they agree.

        Raises:
            NotConnected: the agent stops before anybody has answered.
        """
        self.order, self._answer = order, asyncio.get_running_loop().create_future()
        try:
            answer = await self._answer
            if answer is None:
                raise NotConnected("the agent is being shut down, and nobody on site has answered")
            return answer
        finally:
            self.order = self._answer = None

    def give(self, *, agreed: bool) -> str:
        """Answer; returns why that is not possible, or "" if it was."""
        return self._end(agreed)

    def leave_open(self) -> None:
        """Ask no longer, and leave the question open: the agent stops, and asks again once it is back."""
        self._end(None)

    def _end(self, answer: bool | None) -> str:  # noqa: FBT001  None is the third
        if self._answer is None or self._answer.done():
            return "no order waits for consent"
        self._answer.set_result(answer)
        return ""
