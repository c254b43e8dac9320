"""The link: one question, one answer, never another question's answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from remotecal.drivers.links.channel import SILENCES, Channel, Destination, release, share
from remotecal.drivers.links.framing import Nonsense
from remotecal.drivers.links.marks import Damaged
from remotecal.drivers.links.streams import Stream
from remotecal.errors import ExchangeCancelled, GarbledReply, LinkError, LinkLost, NoReply

if TYPE_CHECKING:
    from remotecal.drivers.links.way import Way

SHOWN = 40
"""Bytes of what came last that an error shows."""


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


class Moved(LinkLost):
    """The address leads to another place than when the link was opened."""

    def __init__(self, text: str, location: Destination) -> None:
        super().__init__(text)
        self.location = location


class WiredLink:
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
        self._received = b""
        self._closed = False
        self._trusted: Stream | None = None
        """The stream at whose other end this instrument is known to be."""
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
        return self._channel.suspect or self._trusted is not self._channel.stream

    @suspect.setter
    def suspect(self, doubt: bool) -> None:
        if doubt:
            channel = self._channel
            with channel.lock:
                channel.suspect = True
                self._distrust(channel)

    @property
    def settled_at(self) -> float:
        return self._channel.settled_at

    def ask(self, request: bytes, timeout: float | None = None) -> bytes:
        try:
            return self._ask(request, timeout)
        except Moved as moved:
            self._follow(moved)
            return self._ask(request, timeout)

    def _ask(self, request: bytes, timeout: float | None) -> bytes:
        wait = self._slowest_reply if timeout is None else timeout
        channel = self._channel
        with channel.lock:
            stream = channel.stream
            if (
                stream is None
                or stream is not self._trusted
                or channel.suspect
                or channel.free_at
                or stream.disturbed()
            ):
                stream = self._ready(channel, request)
            frame = self._framing.wrap(request)
            channel.suspect = True
            channel.occupant = self
            self._received = b""
            reply = None
            fault: Exception | None = None
            try:
                stream.send(frame)
                end = time.monotonic() + wait
                self._received = stream.receive(wait)
                reply = self._framing.unwrap(self._received, request)
                if reply is None:
                    reply = self._await_rest(channel, request, end)
            except (OSError, Nonsense) as error:
                fault = error
            finally:
                cancelled = channel.leave()
                if reply is None:
                    self._distrust(channel)
            if reply is None:
                raise self._failure(channel, request, wait, fault, cancelled=cancelled) from fault
            channel.suspect = False
            channel.silences = 0
            if self._pause:
                channel.free_at = time.monotonic() + self._pause
            return reply

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
                self._received = b""
                if self._framing.echoes:
                    self._hear_echo(channel, frame)
            except (OSError, Nonsense) as fault:
                self._distrust(channel)
                raise self._failure(channel, request, 0.0, fault, cancelled=False) from fault
            channel.suspect = False
            if self._pause:
                channel.free_at = time.monotonic() + self._pause

    def cancel(self) -> None:
        self._channel.interrupt(self)

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
        stream = channel.stream
        if (
            stream is None
            or channel.suspect
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
        if channel.stream is not None and not channel.suspect:
            return channel.stream
        try:
            return channel.clean()
        except (OSError, ValueError) as fault:  # a ValueError: what is no name of a host or a file at all
            before = f" before {self._framing.describe(request)}" if request else ""
            raise LinkLost(
                f"{self.name} can't be reached at {self.address}{before}: {fault}. "
                "Check that it is on and connected, and the address."
            ) from fault

    def _await_rest(self, channel: Channel, request: bytes, end: float) -> bytes | None:
        """Return the reply when it is complete; None if it is not by `end`, or was called off."""
        while (left := end - time.monotonic()) > 0 and not channel.cancelled and channel.stream:
            self._received += channel.stream.receive(left)
            reply = self._framing.unwrap(self._received, request)
            if reply is not None:
                return reply
        return None

    def _hear_echo(self, channel: Channel, frame: bytes) -> None:
        """Take back what was told (Nonsense where something else comes, or nothing in time)."""
        end = time.monotonic() + self._slowest_reply
        while len(self._received) < len(frame) and (left := end - time.monotonic()) > 0 and channel.stream:
            self._received += channel.stream.receive(left)
        if self._received != frame:
            raise Nonsense("what was sent did not come back; is echo stated rightly?")

    def _distrust(self, channel: Channel) -> None:
        self._trusted = None
        channel.settled_at = time.monotonic() + self._slowest_reply

    def _failure(
        self, channel: Channel, request: bytes, wait: float, fault: Exception | None, *, cancelled: bool
    ) -> LinkError:
        """Return the error for an exchange that failed, and drop the stream if it is of no more use."""
        advice = channel.stream.advice if channel.stream else ""
        whom = f"{self.name} at {self.address}"
        question = self._framing.describe(request)
        tail = self._framing.show(self._received[-SHOWN:])
        seen = f"the last bytes seen were {tail}" if self._received else "nothing came back"
        if isinstance(fault, OSError) and not isinstance(fault, Damaged):
            channel.drop()
        if cancelled:
            return ExchangeCancelled(f"{whom}: {question} was called off while waiting for the reply; {seen}")
        if isinstance(fault, Nonsense | Damaged):
            return GarbledReply(f"{whom}: the reply to {question} makes no sense: {fault}; {seen}. {advice}")
        if fault is not None:
            return LinkLost(f"{whom}: the connection was lost at {question}: {fault}; {seen}. {advice}")
        channel.silences = 0 if self._received else channel.silences + 1
        deaf = channel.silences >= SILENCES
        channel.suspect = bool(self._received) or not self._framing.numbered or deaf
        return NoReply(f"{whom} did not answer {question} within {wait:g} s; {seen}. {advice}")
