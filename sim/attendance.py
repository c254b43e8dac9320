"""What one client asks and is answered, whatever carries the bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from remotecal.sim.loop import READY, ROOM, Loop
from remotecal.sim.simulated import Later, Response

Found = tuple[bytes, bytes, bytes]
"""A request without framing, what its reply's frame needs of it, and what came behind it."""


class Answering(Protocol):
    """Somebody who answers requests, such as a simulated instrument."""

    def answer(self, request: bytes) -> bytes | None:
        """Answer a request, both without framing, however long that takes; None for no answer."""
        ...

    def at_once(self, request: bytes) -> Response:
        """Answer it, or say in how many real seconds that can be done."""
        ...

    def spoil(self, frame: bytes) -> tuple[bytes | None, float]:
        """Return what becomes of a reply on the wire, and how many real seconds late it is."""
        ...


class Servable(Protocol):
    """Somebody who answers, or a bus with several."""

    def at(self, request: bytes) -> Answering | None:
        """Return who is asked; None if nobody is."""
        ...


class Serving(Protocol):
    """How requests are found in a stream of bytes, and replies wrapped."""

    greeting: bytes
    """What is said when a connection is made."""

    def take(self, received: bytes) -> Found | None:
        """Return the first request that was received; None while it is incomplete."""
        ...

    def wrap(self, reply: bytes, needs: bytes) -> bytes:
        """Return the frame that carries a reply."""
        ...

    def silent(self, needs: bytes) -> bytes:
        """Return what is sent for a request that has no reply."""
        ...


class ClientLine(Protocol):
    """The way to a client: a socket, or what can be used like one; nothing on it waits."""

    def fileno(self) -> int:
        """Return the descriptor that tells whether there is something to receive, or room to send."""
        ...

    def recv(self, most: int, /) -> bytes:
        """Take what has come, up to so many bytes; b"" when the client has gone (or OSError)."""
        ...

    def send(self, data: bytes, /) -> int:
        """Send what there is room for, and return how many bytes that was (BlockingIOError: none)."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


LARGEST_PIECE = 448
"""Bytes taken from a client at once: what Python has a place for without asking the system, with all of a
Modbus frame and most lines in it."""


class Attendance:
    """Requests of one client, each answered before the next is looked at.

    While an answer takes its time, or the client does not take it, the client is not heard.

    Args:
        loop: listens to the client; everything here is done by its thread.
        client: the way to the client.
        servable: who is asked.
        framing: how requests and replies are told apart.
    """

    def __init__(self, loop: Loop, client: ClientLine, servable: Servable, framing: Serving) -> None:
        self._loop, self._client = loop, client
        self._servable, self._framing = servable, framing
        self._received = self._unsent = b""
        self._paused = self._blocked = False
        self.over = False
        """Whether somebody has hung up."""
        self._listen()
        self._say(framing.greeting)

    def end(self) -> None:
        """Hang up."""
        if not self.over:
            self.over = True
            self._loop.forget(self._client)
            self._client.close()

    def _listen(self) -> None:
        """Listen for what comes next: room for what is left to say, a request, or nothing in a pause."""
        if self._blocked:
            self._loop.listen(self._client, ROOM, self._send)
        elif self._paused:
            self._loop.forget(self._client)
        else:
            self._loop.listen(self._client, READY, self._hear)

    def _hear(self) -> None:
        if self.over:
            return
        try:
            data = self._client.recv(LARGEST_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._received += data
            self._go_on()
        else:
            self.end()

    def _go_on(self, first: Callable[[], None] | None = None) -> None:
        """Answer every request that has come in whole, until an answer takes its time."""
        try:
            if first is not None:
                first()
            while self._received and not self._paused:
                found = self._framing.take(self._received)
                if found is None:
                    return
                request, needs, self._received = found
                asked = self._servable.at(request)
                if asked is None:
                    self._say(self._framing.silent(needs))
                else:
                    self._answer(asked, needs, asked.at_once(request))
        except BaseException:
            self.end()
            raise

    def _answer(self, asked: Answering, needs: bytes, reply: Response) -> None:
        if reply is None:
            self._say(self._framing.silent(needs))
        elif isinstance(reply, Later):
            then = reply.then
            self._pause(reply.duration, lambda: self._answer(asked, needs, then()))
        else:
            frame, late = asked.spoil(self._framing.wrap(reply, needs))
            if late:
                self._pause(late, lambda: self._say(frame))
            else:
                self._say(frame)

    def _pause(self, duration: float, then: Callable[[], None]) -> None:
        """Let so many real seconds pass, and go on with what is to be done `then`."""

        def resume() -> None:
            if not self.over:
                self._paused = False
                self._listen()
                self._go_on(then)

        self._paused = True
        self._listen()
        self._loop.after(duration, resume)

    def _say(self, frame: bytes | None) -> None:
        """Have a frame sent when all who are ready have been heard."""
        if frame:
            if not self._unsent:
                self._loop.lastly(self._send)
            self._unsent += frame

    def _send(self) -> None:
        """Send what there is room for; what is left goes before anything more is heard."""
        if self.over:
            return
        try:
            sent = self._client.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.end()
            return
        self._unsent = self._unsent[sent:]
        if self._unsent or self._blocked:
            self._blocked = bool(self._unsent)
            self._listen()
