"""The link: one question, one answer, never another question's answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Link(Protocol):
    """The channel to one instrument.

    A link is clean or suspect. It becomes suspect when an exchange fails, and is cleaned before
    the next byte is sent, so that a late reply is never taken for the answer to a later request.
    Threads may share a link: an exchange is done as a whole.
    """

    address: str

    @property
    def name(self) -> str:
        """How errors call the instrument, such as "balance (MT-SICS, SN 123)"."""
        ...

    @name.setter
    def name(self, name: str) -> None: ...

    @property
    def on_reopen(self) -> Callable[[], None] | None:
        """Called before the next exchange when the connection is new or was cleaned for this instrument.

        That is, because this instrument failed to answer: here it makes sure who answers and how it is
        set, by `ask` and `tell`. When this raises, the link stays suspect and nothing else is sent.
        """
        ...

    @on_reopen.setter
    def on_reopen(self, make_sure: Callable[[], None] | None) -> None: ...

    @property
    def suspect(self) -> bool:
        """Whether the link must be cleaned before the next exchange; true during one, too."""
        ...

    @suspect.setter
    def suspect(self, doubt: bool) -> None: ...

    @property
    def settled_at(self) -> float:
        """Until when the instrument may still carry out what was called off or not answered.

        By `time.monotonic`; past if nothing was.
        """
        ...

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        """Send a request and return its reply, both without framing.

        Args:
            request: a line without its ending; for Modbus the unit and the PDU.
            timeout: seconds to wait for the whole reply; None for the instrument's slowest reply.

        Raises:
            NoReply: the reply was not complete in time.
            LinkLost: the connection went away or could not be made.
            GarbledReply: what came is no reply to this.
            ExchangeCancelled: `cancel` was called meanwhile.
            ForbiddenCommand: the instrument does not know this Modbus function; nothing was sent.
        """
        ...

    def tell(self, request: bytes) -> None:
        """Send a request that has no reply (LinkLost, ForbiddenCommand as `ask`)."""
        ...

    def cancel(self) -> None:
        """Call off, from another thread, the exchange this link waits in; without one, do nothing."""
        ...

    def close(self) -> None:
        """Give the link up; waits for an exchange under way."""
        ...
