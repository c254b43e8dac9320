"""The link over a channel of bytes: which place its address leads to, and whether it is clean."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

from remotecal.drivers.links.channel import Channel, Destination, release, share
from remotecal.drivers.links.exchanges import Conduct, Exchanges, Reply, carried
from remotecal.drivers.links.framing import Nonsense
from remotecal.drivers.links.streams import Stream
from remotecal.errors import LinkError, LinkLost

if TYPE_CHECKING:
    from remotecal.drivers.links.way import Way


Said = TypeVar("Said")


class Moved(LinkLost):
    """The address leads to another place than when the link was opened."""

    def __init__(self, text: str, location: Destination) -> None:
        super().__init__(text)
        self.location = location


class WiredLink(Exchanges):
    """The link over a channel of bytes; see `Link`.

    An address is who it is, not what its name meant once: whenever the link must be cleaned it
    finds out anew which place its address leads to, and goes there.
    """

    def __init__(self, way: Way, *, address: str, name: str, slowest_reply: float) -> None:
        channel = share(way.locate(), way.manner)
        self.address = address
        self.name = name
        self.on_reopen: Callable[[], None] | None = None
        self._way = way
        self._channel = channel
        self._framing = way.framing(channel)
        self._slowest_reply = slowest_reply
        self._pause = way.pause
        self._making_sure = False
        self._moving = threading.Lock()
        self._closed = False
        self._trusted = None
        try:
            with channel.lock:
                self._trusted = self._cleaned(channel, b"")
        except LinkError:
            self.close()
            raise

    @property
    def suspect(self) -> bool:
        """Whether the link must be cleaned before the next exchange.

        It can be set by who finds that a reply makes no sense; it is unset by the cleaning only.
        """
        channel = self._channel
        return channel.suspect or channel.doubted or self._trusted is not channel.stream

    @suspect.setter
    def suspect(self, doubt: bool) -> None:
        if doubt:
            self._channel.doubted = True
            self._distrust(self._channel)

    @property
    def settled_at(self) -> float:
        return self._channel.settled_at

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        channel = self._channel
        with channel.lock:
            stream = self._at_hand(channel)
            if stream is not None:
                return carried(self.conduct(channel, stream, request, timeout), stream)
        return self._made_ready(self.conduct, request, timeout, request)

    def ask_all(self, requests: Sequence[bytes], timeout: float | None = None) -> tuple[bytes, ...]:
        """Send requests without waiting for the first one's reply, and return all; see `conduct_all`.

        Only where replies can be told apart (`pipelined`).
        """
        channel = self._channel
        with channel.lock:
            stream = self._at_hand(channel)
            if stream is not None:
                return carried(self.conduct_all(channel, stream, requests, timeout), stream)
        return self._made_ready(self.conduct_all, requests, timeout, requests[0])

    def _made_ready(
        self,
        conduct: Callable[[Channel, Stream, Said, float | None], Conduct[Reply]],
        said: Said,
        timeout: float | None,
        first: bytes,
        *,
        follow: bool = True,
    ) -> Reply:
        """Carry an exchange through once the channel is ready, wherever the address leads to now."""
        channel = self._channel
        try:
            with channel.lock:
                stream = self._ready(channel, first)
                return carried(conduct(channel, stream, said, timeout), stream)
        except Moved as moved:
            if not follow:
                raise
            self._follow(moved)
        return self._made_ready(conduct, said, timeout, first, follow=False)

    def tell(self, request: bytes) -> None:
        try:
            self._tell(request)
        except Moved as moved:
            self._follow(moved)
            self._tell(request)

    def _tell(self, request: bytes) -> None:
        channel = self._channel
        with channel.lock:
            stream = self._ready(channel, request)
            frame = self._framing.wrap(request)
            channel.suspect = True
            try:
                stream.send(frame)
                if self._framing.echoes:
                    self._hear_echo(stream, frame)
            except (OSError, Nonsense) as fault:
                self._distrust(channel)
                whom = self._framing.describe(request)
                raise self._failure(channel, whom, 0.0, fault, b"", cancelled=False) from fault
            self._rest(channel)

    def cancel(self) -> None:
        self._channel.interrupt(self)

    def alone(self) -> AbstractContextManager[object]:
        """Keep exchanges of other threads from coming between those of a context."""
        return self._channel.lock

    def close(self) -> None:
        with self._moving:
            with self._channel.lock:
                closed, self._closed = self._closed, True
                self._trusted = None
            if not closed:
                release(self._channel)

    def _follow(self, moved: Moved) -> None:
        """Go to the place the address leads to now.

        Raises:
            Moved: this is asked in the middle of making sure of the instrument, which begins anew.
            BenchError: others talk there in another manner.
        """
        if self._making_sure:
            raise moved
        with self._moving:
            before = self._channel
            if self._closed or before.key == moved.location.key:
                return
            channel = share(moved.location, before.manner)
            with channel.lock:
                channel.settled_at = max(channel.settled_at, before.settled_at)
            self._framing = self._way.framing(channel)
            self._channel = channel
            release(before)

    def _ready(self, channel: Channel, request: bytes) -> Stream:
        """Return a clean stream with this instrument at its other end, after the pause it needs."""
        if channel.occupant is not None:
            raise RuntimeError(
                f"{self.name}: this thread conducts an exchange on {channel.key}, and can't wait for another "
                "there: ask in a thread, or by `aread`"
            )
        stream = channel.stream
        if (
            stream is None
            or channel.suspect
            or channel.doubted
            or stream is not self._trusted
            or (stream.disturbed() and self._is_doubtful(channel, stream))
        ):
            stream = self._restore(channel, request)
        if channel.free_at:
            time.sleep(max(0.0, channel.free_at - time.monotonic()))
        return stream

    def _is_doubtful(self, channel: Channel, stream: Stream) -> bool:
        """Tell whether what lies in the input could be taken for a reply, or is the connection's end."""
        if self._framing.numbered and not stream.ended():
            return False
        channel.suspect = True
        channel.settled_at = time.monotonic() + self._slowest_reply
        return True

    def _restore(self, channel: Channel, request: bytes) -> Stream:
        """Clean the channel, and let the instrument make sure of itself if it can't be taken for granted."""
        if self._closed:
            raise LinkLost(f"{self.name}: the link to {self.address} was closed; open another")
        location = self._way.locate()
        if location.key != channel.key:
            raise Moved(f"{self.name}: {self.address} has moved to {location.key}; ask again", location)
        stream = self._cleaned(channel, request)
        if stream is not self._trusted:
            self._trusted = stream
            self._making_sure = True
            try:
                if self.on_reopen is not None:
                    self.on_reopen()
            except BaseException:
                self._distrust(channel)
                channel.suspect = True
                if channel.users == 1:
                    channel.drop()
                raise
            finally:
                self._making_sure = False
        return stream

    def _cleaned(self, channel: Channel, request: bytes) -> Stream:
        """Return the channel's stream, cleaned or opened if need be."""
        if channel.stream is not None and not (channel.suspect or channel.doubted):
            return channel.stream
        try:
            return channel.clean()
        except (OSError, ValueError) as fault:  # a ValueError: what is no name of a host or a file at all
            before = f" before {self._framing.describe(request)}" if request else ""
            raise LinkLost(
                f"{self.name} can't be reached at {self.address}{before}: {fault}. "
                "Check that it is on and connected, and the address."
            ) from fault

    def _hear_echo(self, stream: Stream, frame: bytes) -> None:
        """Take back what was told (Nonsense where something else comes, or nothing in time)."""
        end, heard = time.monotonic() + self._slowest_reply, b""
        while len(heard) < len(frame) and (left := end - time.monotonic()) > 0:
            heard += stream.receive(left)
        if heard != frame:
            raise Nonsense("what was sent did not come back (is echo stated rightly?)")
