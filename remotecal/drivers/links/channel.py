"""A channel: the one stream that leads to an address, shared by all who talk there."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass

from remotecal.drivers.links.streams import Stream
from remotecal.errors import BenchError


@dataclass(frozen=True, slots=True)
class Destination:
    """A place an address leads to, as things are now."""

    key: str
    """Names the place: two addresses of one place have the same."""
    open_stream: Callable[[], Stream]
    """Opens a stream to this very place, whatever the address means later; raises OSError."""


class Channel:
    """A stream, whether it can be trusted, and the lock that covers an exchange.

    Several instruments share a channel when they share an RS-485 line or a gateway. `lock` is held
    for a whole exchange, its cleaning included; everything but `interrupt` and `doubted` needs it. A thread
    that conducts several exchanges at once (an event loop) may take the lock again: who is the `occupant`
    tells it that the channel is not free.
    """

    def __init__(self, location: Destination, manner: str) -> None:
        self.key = location.key
        self.manner = manner
        self.users = 0
        self.lock = threading.RLock()
        self.stream: Stream | None = None
        self.suspect = True
        """Something may be left of an exchange; true from before a request until its reply is complete."""
        self.doubted = False
        """Somebody found that a reply makes no sense; so it stays until the channel is cleaned."""
        self.settled_at = 0.0
        """When the latest reply of a failed exchange may come, by `time.monotonic`."""
        self.free_at = 0.0
        """When the silence after the latest exchange has been long enough, by `time.monotonic`."""
        self.silences = 0
        """Exchanges in a row in which not a byte came from anybody."""
        self.occupant: object = None
        """Whose exchange is under way."""
        self.cancelled = False
        self.waiting: dict[object, Callable[[], object]] = {}
        """Who wants the channel next, of those whose exchanges one thread conducts at once, and what tells
        them that it is their turn."""
        self._open_stream = location.open_stream
        self.guard = threading.Lock()
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        """Return a number no earlier exchange on this channel had."""
        return next(self._numbers)

    def interrupt(self, occupant: object) -> None:
        """Call off the exchange under way if it is `occupant`'s."""
        with self.guard:
            if self.occupant is occupant and self.stream is not None:
                self.cancelled = True
                self.stream.wake()

    def leave(self) -> bool:
        """End the exchange under way; tell whether it was called off."""
        with self.guard:
            self.occupant = None
            cancelled, self.cancelled = self.cancelled, False
            return cancelled

    def pass_on(self) -> None:
        """Give back the lock an exchange was conducted under; whoever waits for it in this thread is next."""
        self.lock.release()
        if self.waiting:
            self.waiting.pop(next(iter(self.waiting)))()

    def forgo(self, who: object) -> None:
        """Give up a turn that is waited for; one that has come already goes to the next."""
        if self.waiting.pop(who, None) is None and self.waiting:
            self.waiting.pop(next(iter(self.waiting)))()

    def clean(self) -> Stream:
        """Return the stream, with nothing left in it of what went wrong; open it if need be.

        Raises:
            OSError: the address can't be reached.
        """
        if self.stream is None or self._is_deaf(self.stream) or not self._settled(self.stream):
            self.drop()
            self.stream = self._open_stream()
            self.silences = 0
            self.stream.settle(self.settled_at)  # what this or a crashed program asked may still be under way
        self.suspect = self.doubted = False
        return self.stream

    def _is_deaf(self, stream: Stream) -> bool:
        return stream.renewable and self.silences >= SILENCES

    def _settled(self, stream: Stream) -> bool:
        try:
            return stream.settle(self.settled_at)
        except OSError:
            return False

    def drop(self) -> None:
        """Close the stream; the next `clean` opens another."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


SILENCES = 3
"""Exchanges without a byte from anybody after which a connection is taken to be dead at its other end."""

_channels: dict[str, Channel] = {}
_registry = threading.Lock()


def share(location: Destination, manner: str) -> Channel:
    """Return the channel to a place, which others may use too; give it back by `release`.

    Args:
        location: the place.
        manner: how it is talked to there, such as the port's settings.

    Raises:
        BenchError: somebody else talks there in another manner.
    """
    with _registry:
        channel = _channels.setdefault(location.key, Channel(location, manner))
        if channel.manner != manner:
            raise BenchError(
                f"{location.key} is in use as {channel.manner} and can't be {manner} too: "
                "instruments on one line need the same settings"
            )
        channel.users += 1
        return channel


def release(channel: Channel) -> None:
    """Give a channel back; the last one closes it."""
    with _registry:
        channel.users -= 1
        unused = channel.users == 0
        if unused:
            del _channels[channel.key]
    if unused:
        with channel.lock:
            channel.drop()
