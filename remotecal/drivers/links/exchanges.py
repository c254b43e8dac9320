"""How an exchange is conducted: what is sent, what is a reply, what an exchange leaves behind.

All of it stands here once, and waits for nothing: an exchange is a generator that yields for how many
seconds bytes are awaited, and is sent what came. Who carries it waits in a thread (`carried`), for many
links at once, or in an event loop; see `remotecal.drivers.talks`.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from remotecal.drivers.links.channel import SILENCES, Channel
from remotecal.drivers.links.framing import Nonsense, TcpFraming
from remotecal.drivers.links.marks import Damaged
from remotecal.drivers.links.streams import Stream
from remotecal.errors import ExchangeCancelled, GarbledReply, LinkError, LinkLost, NoReply

if TYPE_CHECKING:
    from remotecal.drivers.links.framing import Framing

Reply = TypeVar("Reply")

Conduct = Generator[float, bytes, Reply]
"""An exchange under way: yields the seconds to wait for bytes at most, and is sent those that came, b"" for
none; what goes wrong with waiting is thrown into it. Whoever carries it holds the channel's lock."""

SHOWN = 40
"""Bytes of what came last that an error shows."""


def carried(conduct: Conduct[Reply], stream: Stream) -> Reply:
    """Carry an exchange over a stream through, and wait in this thread."""
    try:
        wait = next(conduct)
        while True:
            try:
                came = stream.receive(wait)
            except BaseException as fault:  # noqa: BLE001  it is the exchange that knows what follows from it
                wait = conduct.throw(fault)
            else:
                wait = conduct.send(came)
    except StopIteration as done:
        reply: Reply = done.value
        return reply


class Free(NamedTuple):
    """A channel whose lock was taken, for an exchange."""

    channel: Channel
    stream: Stream


class NotYet(NamedTuple):
    """A channel that is not free yet."""

    channel: Channel
    seconds: float | None
    """For how long it is left in silence; None where this thread conducts an exchange there."""


class Exchanges:
    """The exchanges of one instrument over its channel.

    Attributes are the link's; see `WiredLink`.
    """

    address: str
    name: str
    _channel: Channel
    _framing: Framing
    _slowest_reply: float
    _pause: float
    _trusted: Stream | None
    """The stream at whose other end this instrument is known to be."""

    def conduct(
        self, channel: Channel, stream: Stream, request: bytes, timeout: float | None
    ) -> Conduct[bytes]:
        """Conduct an exchange over a channel's clean stream; arguments and errors as `Link.ask`.

        Every reading comes this way, so `Channel.leave` and `_rest` are written out here.
        """
        framing = self._framing
        wait = self._slowest_reply if timeout is None else timeout
        frame = framing.wrap(request)
        channel.suspect = True
        channel.occupant = self
        received = b""
        reply = None
        fault: Exception | None = None
        try:
            stream.send(frame)
            end = time.monotonic() + wait
            received = yield wait
            reply = framing.unwrap(received, request)
            while reply is None and not channel.cancelled and (left := end - time.monotonic()) > 0:
                received += yield left
                reply = framing.unwrap(received, request)
        except (OSError, Nonsense) as error:
            fault = error
        finally:
            with channel.guard:
                channel.occupant = None
                cancelled, channel.cancelled = channel.cancelled, False
            if reply is None:
                self._distrust(channel)
        if reply is None:
            whom = framing.describe(request)
            raise self._failure(channel, whom, wait, fault, received, cancelled=cancelled) from fault
        channel.suspect = False
        channel.silences = 0
        if self._pause:
            channel.free_at = time.monotonic() + self._pause
        return reply

    def conduct_all(
        self, channel: Channel, stream: Stream, requests: Sequence[bytes], timeout: float | None
    ) -> Conduct[tuple[bytes, ...]]:
        """Send requests without waiting for the first one's reply, and await all; as `conduct`.

        The timeout is each reply's, from the latest one before it. Only where each exchange has a number;
        a LinkError has the replies that came before it.
        """
        framing = self._framing
        assert isinstance(framing, TcpFraming)  # noqa: S101  `pipelined` saw to it
        wait = self._slowest_reply if timeout is None else timeout
        batch = framing.batch(requests)
        channel.suspect = True
        channel.occupant = self
        fault: Exception | None = None
        try:
            stream.send(batch.frames)
            end = time.monotonic() + wait
            while not batch.complete and not channel.cancelled and (left := end - time.monotonic()) > 0:
                if batch.take((yield left)):
                    end = time.monotonic() + wait
        except (OSError, Nonsense) as error:
            fault = error
        finally:
            cancelled = channel.leave()
            done = batch.complete and fault is None
            if not done:
                self._distrust(channel)
        if not done:
            whom = framing.describe(batch.awaited)
            failure = self._failure(channel, whom, wait, fault, batch.received, cancelled=cancelled)
            failure.replies = batch.replies
            raise failure from fault
        channel.silences = 0
        self._rest(channel)
        return batch.replies

    @property
    def pipelined(self) -> bool:
        """Whether replies of several requests under way can be told apart."""
        return self._framing.numbered

    def free(self) -> Free | NotYet | None:
        """Take the channel's lock for an exchange that can begin at once; whoever gets it calls `pass_on`.

        None where another thread has it, or it must be cleaned or opened first, or an event loop can't wait
        on it: that blocks, and is a thread's work.
        """
        channel = self._channel
        if not channel.lock.acquire(blocking=False):
            return None
        free: Free | NotYet | None = None
        if channel.occupant is not None:
            free = NotYet(channel, None)
        elif (left := channel.free_at - time.monotonic()) > 0:
            free = NotYet(channel, left)
        elif (stream := self._at_hand(channel)) is not None and stream.descriptors:
            return Free(channel, stream)
        channel.lock.release()
        return free

    def _at_hand(self, channel: Channel) -> Stream | None:
        """Return the stream if it is clean and silent, and this instrument known to be at its other end."""
        stream = channel.stream
        if (
            stream is None
            or stream is not self._trusted
            or channel.suspect
            or channel.doubted
            or (channel.free_at and channel.free_at > time.monotonic())
            or stream.disturbed()
        ):
            return None
        return stream

    def _rest(self, channel: Channel) -> None:
        """Leave the channel clean, and in silence for as long as the instrument needs."""
        channel.suspect = False
        if self._pause:
            channel.free_at = time.monotonic() + self._pause

    def _distrust(self, channel: Channel) -> None:
        self._trusted = None
        channel.settled_at = time.monotonic() + self._slowest_reply

    def _failure(
        self,
        channel: Channel,
        question: str,
        wait: float,
        fault: Exception | None,
        received: bytes,
        *,
        cancelled: bool,
    ) -> LinkError:
        """Return the error for an exchange that failed, and drop the stream if it is of no more use."""
        advice = channel.stream.advice if channel.stream else ""
        whom = f"{self.name} at {self.address}"
        tail = self._framing.show(received[-SHOWN:])
        seen = f"the last bytes seen were {tail}" if received else "nothing came back"
        if isinstance(fault, OSError) and not isinstance(fault, Damaged):
            channel.drop()
        if cancelled:
            return ExchangeCancelled(f"{whom}: {question} was called off while waiting for the reply; {seen}")
        if isinstance(fault, Nonsense | Damaged):
            return GarbledReply(f"{whom}: the reply to {question} makes no sense: {fault}; {seen}. {advice}")
        if fault is not None:
            return LinkLost(f"{whom}: the connection was lost at {question}: {fault}; {seen}. {advice}")
        channel.silences = 0 if received else channel.silences + 1
        deaf = channel.silences >= SILENCES
        channel.suspect = bool(received) or not self._framing.numbered or deaf
        return NoReply(f"{whom} did not answer {question} within {wait:g} s; {seen}. {advice}")
