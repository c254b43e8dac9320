"""A link that calls a simulated instrument directly: for thousands of virtual calibrations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.errors import NoReply

if TYPE_CHECKING:
    from remotecal.sim.attendance import Servable


class MemoryLink:
    """The `Link` without a wire; only a silent instrument can go wrong on it.

    Faults of the wire (late, cut, garbled) need a wire: serve the instrument to see them.
    """

    def __init__(self, servable: Servable, name: str = "", address: str = "memory") -> None:
        self.address = address
        self.name = name
        self.suspect = False
        self.settled_at = 0.0
        self.on_reopen: Callable[[], None] | None = None
        self._servable = servable

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        """Return the instrument's answer; NoReply if it stays silent."""
        instrument = self._servable.at(request)
        reply = None if instrument is None else instrument.answer(request)
        if reply is None:
            raise NoReply(f"{self.name} does not answer {request!r}")
        return reply

    def tell(self, request: bytes) -> None:
        """Hand over a request that has no reply."""
        instrument = self._servable.at(request)
        if instrument is not None:
            instrument.answer(request)

    def cancel(self) -> None:
        """Do nothing: an answer is immediate."""

    def close(self) -> None:
        """Do nothing: there is no wire."""
