"""The link to an instrument that has no interface: a person reads it and sets it.

The link knows nothing of what is asked: its instrument conducts the conversation, and whoever has a
person to ask (a run) lends the link that person.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from remotecal.drivers.guide import UNGUIDED, Guide
from remotecal.errors import BenchError, ExchangeCancelled, LinkLost
from remotecal.model import Text

EXAMPLE = "by-hand:dial-gauge-3                      an instrument that a person reads, by a name of its own"
"""An address for who has to write one."""

_ADDRESS = re.compile(r"by-hand:(?P<name>[^\s].*)")


def name_of(address: str) -> str:
    """Return what an address calls an instrument that is read by hand; "" for any other address.

    >>> name_of("by-hand:dial-gauge-3")
    'dial-gauge-3'
    """
    found = _ADDRESS.fullmatch(address.strip())
    return found["name"] if found and found["name"].isprintable() else ""


@dataclass(frozen=True, slots=True)
class Sought:
    """What a person is asked for, on behalf of an instrument."""

    instrument: str
    """The instrument's name."""
    request: str
    """The line of the dialogue that this is about."""
    question: Text
    """The question, as it is put."""
    kind: Literal["number", "choice", "text", "file"]
    """What sort of answer is wanted."""
    options: tuple[str, ...] = ()
    """What may be answered, for a choice."""
    unit: str = ""
    """What a number without a unit beside it is in."""
    guide: Guide = UNGUIDED
    """What stands beside the field for a number."""


class OnSite(Protocol):
    """Whoever can be asked: the person on site, by way of whoever carries the run out."""

    def put(self, sought: Sought, still_wanted: Callable[[], None]) -> str:
        """Put a question to the person and return the answer, however long it takes.

        Call `still_wanted` several times a second while waiting: it raises once nobody wants it any more.

        Returns:
            One of the options; a number in digits of ASCII, with its unit; a text; the SHA-256 of a file.

        Raises:
            RunError: nobody answers, or the run must stop.
        """
        ...


Put = Callable[[Sought], str]
"""Puts a question to the person there is, and returns the answer as `OnSite.put` does."""

Conversation = Callable[[str, Put], str]
"""Given a line that asks and somebody to put questions to, returns the line that answers."""


class ByHandLink:
    """A link that a person answers; see `Link`. A reply is awaited without an end, until it is called off.

    Args:
        address: `by-hand:NAME`.
        name: how errors call the instrument.

    Raises:
        BenchError: the address is another one.
    """

    def __init__(self, address: str, name: str) -> None:
        if not name_of(address):
            raise BenchError(
                f"{address!r} is no address of an instrument that a person reads; write\n  {EXAMPLE}"
            )
        self.address, self.name = address, name
        self.on_reopen: Callable[[], None] | None = None
        self.suspect = False
        """Never: what a person answers is no other question's answer."""
        self.settled_at = 0.0
        self.person: OnSite | None = None
        """Who is asked; None while nobody is there, such as outside of a run."""
        self.conversation: Conversation | None = None
        """How a line is asked and answered; the instrument's."""
        self._lock = threading.Lock()
        self._occupied, self._cancelled = False, threading.Event()

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        """Have a person asked, and return their reply; `timeout` is for instruments that hurry.

        Raises:
            LinkLost: nobody is there to be asked.
            ExchangeCancelled: `cancel` was called meanwhile.
            InstrumentError: what they read can't be, or what they were to do can't be done.
            RunError: nobody answers, or the run must stop.
        """
        with self._lock:
            self._cancelled.clear()
            self._occupied = True
            try:
                if self.conversation is None:
                    raise LinkLost(f"{self.name}: no driver of this instrument asks a person")
                return self.conversation(request.decode(), self._put).encode()
            finally:
                self._occupied = False

    def tell(self, request: bytes) -> None:
        """Have a person do something; they confirm it."""
        self.ask(request)

    def cancel(self) -> None:
        if self._occupied:
            self._cancelled.set()

    def close(self) -> None:
        self.person = None

    def _put(self, sought: Sought) -> str:
        if self.person is None:
            raise LinkLost(
                f"{self.name} at {self.address} has no interface, and nobody is there to be asked for it: a "
                "person is asked in a run"
            )
        return self.person.put(sought, self._still_wanted)

    def _still_wanted(self) -> None:
        if self._cancelled.is_set():
            raise ExchangeCancelled(f"{self.name}: the question was called off while waiting for an answer")
