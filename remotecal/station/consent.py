"""Whether the person on site agrees that an order is begun."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from remotecal.errors import ConfigurationError, NotConnected
from remotecal.private_files import write_private
from remotecal.transport.consent import ConsentAwaited

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.transport.consent import OrderWaiting
    from remotecal.transport.messages import RemoteOrder

log = logging.getLogger(__name__)


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
    """The question that is open, if there is one.

    Args:
        file: keeps which order waits and since when, so that a restart of the agent does not begin anew.
    """

    def __init__(self, file: Path) -> None:
        self.order: RemoteOrder | None = None
        """The order that waits for an answer."""
        self.foreseen: OrderWaiting | None = None
        """What is told of it."""
        self._answer: asyncio.Future[SaidOnSite | None] | None = None
        self._file = file
        self.waits = _kept(file)
        """Which order waits and since when; the one that did where the agent went down, until it is asked."""

    async def ask(self, order: RemoteOrder, foreseen: OrderWaiting, now: float) -> SaidOnSite:
        """Wait for the person on site, and return what they say.

        Args:
            order: what they are asked about.
            foreseen: what they are told of it.
            now: the laboratory's time.

        Raises:
            NotConnected: the agent stops before anybody has answered.
        """
        since = self.waits.since if self.waits is not None and self.waits.order == order.id else now
        waits = ConsentAwaited(order=order.id, since=since, expires=order.expires)
        if waits != self.waits:
            self._keep(waits)
        self.order, self.foreseen = order, foreseen
        self._answer = asyncio.get_running_loop().create_future()
        try:
            answer = await self._answer
            if answer is None:
                raise NotConnected("the agent is being shut down, and nobody on site has answered")
            self.settle(order.id)
            return answer
        finally:
            self.order = self.foreseen = self._answer = None

    def waiting(self, now: float) -> ConsentAwaited | None:
        """Return which order waits at a time by the laboratory's clock: one that has expired does no more.

        The laboratory hands that one out no more, so an agent that was down till then is told of no end.
        """
        waits = self.waits
        return None if waits is None or (waits.expires is not None and now > waits.expires) else waits

    def settle(self, order: str) -> None:
        """Note that an order does not wait any more: it was answered, or is refused."""
        if self.waits is not None and self.waits.order == order:
            self._keep(None)

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

    def _keep(self, waits: ConsentAwaited | None) -> None:
        self.waits = waits
        try:
            write_private(self._file, b"" if waits is None else waits.model_dump_json().encode())
        except (ConfigurationError, OSError):  # a full disk keeps nobody from being asked
            log.exception("since when an order waits for consent can't be kept")


def _kept(file: Path) -> ConsentAwaited | None:
    try:
        return ConsentAwaited.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
