"""Serves simulated instruments on real TCP sockets and pseudo-terminals.

A server accepts several connections, each in a thread of its own, and stops all of them on `close`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import select
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import ClassVar, Protocol

from remotecal.drivers.links import identification
from remotecal.drivers.links.framing import HEADER, MBAP_SIZE, checksum
from remotecal.drivers.links.wire import Line, Modbus
from remotecal.errors import ConfigurationError

PSEUDO_TERMINALS = sys.platform != "win32"
"""Whether this system has them."""

Found = tuple[bytes, bytes]
"""A request without framing, and what its reply's frame needs of it."""


class Answering(Protocol):
    """Somebody who answers requests, such as a simulated instrument."""

    def answer(self, request: bytes) -> bytes | None:
        """Answer a request, both without framing; None for no answer."""
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

    def take(self, received: bytearray) -> Found | None:
        """Remove and return the first request; None while it is incomplete."""
        ...

    def wrap(self, reply: bytes, needs: bytes) -> bytes:
        """Return the frame that carries a reply."""
        ...

    def silent(self, needs: bytes) -> bytes:
        """Return what is sent for a request that has no reply."""
        ...


class LineServing:
    """Lines; whatever mixture of CR and LF ends them, empty ones don't count."""

    _LINE = re.compile(rb"[\r\n]*([^\r\n]+)[\r\n]+")

    def __init__(self, wire: Line) -> None:
        ending = wire.ending if wire.reply_ending is None else wire.reply_ending
        self._ending = ending.encode(wire.encoding)
        self._echo = wire.ending.encode(wire.encoding) if wire.echo else None
        self.greeting = wire.greeting.encode(wire.encoding)

    def take(self, received: bytearray) -> Found | None:
        found = self._LINE.match(received)
        if found is None:
            return None
        line = bytes(found[1])
        del received[: found.end()]
        return line, b"" if self._echo is None else line + self._echo

    def wrap(self, reply: bytes, needs: bytes) -> bytes:
        return needs + reply + self._ending

    def silent(self, needs: bytes) -> bytes:
        return needs


class TcpServing:
    """Modbus TCP: the reply carries the request's transaction identifier, or one of the gateway's own."""

    greeting = b""

    def __init__(self, wire: Modbus | None = None) -> None:
        self._own = itertools.count(OWN_NUMBERS) if wire is not None and wire.own_numbers else None

    def take(self, received: bytearray) -> Found | None:
        if len(received) <= MBAP_SIZE:
            return None
        number, _, length, _ = HEADER.unpack_from(received)
        end = MBAP_SIZE + length
        if len(received) < end:
            return None
        request = bytes(received[MBAP_SIZE:end])
        del received[:end]
        return request, number.to_bytes(2, "big")

    def wrap(self, reply: bytes, needs: bytes) -> bytes:
        number = int.from_bytes(needs, "big") if self._own is None else next(self._own) & 0xFFFF
        return HEADER.pack(number, 0, len(reply), reply[0]) + reply[1:]

    def silent(self, needs: bytes) -> bytes:
        return b""


OWN_NUMBERS = 0x7700
"""Where a gateway begins that counts for itself."""


SHORTEST_REQUEST = 7
"""Bytes of the shortest request on RTU, for a device identification."""


class RtuServing:
    """Modbus RTU; a frame whose checksum is wrong is passed over, as the standard wants it."""

    greeting = b""
    _LONG = frozenset({15, 16})
    _SIZES: ClassVar[dict[int, int]] = {identification.FUNCTION: SHORTEST_REQUEST}

    def __init__(self, wire: Modbus | None = None) -> None:
        self._echoes = wire is not None and wire.echo

    def take(self, received: bytearray) -> Found | None:
        if len(received) < SHORTEST_REQUEST:
            return None
        size = 9 + received[6] if received[1] in self._LONG else self._SIZES.get(received[1], 8)
        if len(received) < size:
            return None
        frame = bytes(received[:size])
        del received[:size]
        if checksum(frame[:-2]) != frame[-2:]:
            received.clear()
            return None
        return frame[:-2], frame if self._echoes else b""

    def wrap(self, reply: bytes, needs: bytes) -> bytes:
        return needs + reply + checksum(reply)

    def silent(self, needs: bytes) -> bytes:
        return needs


class Server:
    """What both kinds of server share: threads, and the conversation each leads."""

    def __init__(self, servable: Servable, framing: Serving) -> None:
        self._servable = servable
        self._framing = framing
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def _start(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _converse(self, received: bytearray, send: Callable[[bytes], object]) -> None:
        """Answer every request that has come in whole."""
        while (found := self._framing.take(received)) is not None:
            request, needs = found
            asked = self._servable.at(request)
            reply = None if asked is None else asked.answer(request)
            if asked is None or reply is None:
                if echo := self._framing.silent(needs):
                    send(echo)
                continue
            frame, late = asked.spoil(self._framing.wrap(reply, needs))
            if late:
                self._stopped.wait(late)
            if frame:
                send(frame)

    def _join(self) -> None:
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()


class SocketServer(Server):
    """Serves on a TCP port."""

    def __init__(self, servable: Servable, framing: Serving, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(servable, framing)
        self._listener = socket.create_server((host, port))
        self.host, self.port = self._listener.getsockname()[:2]
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._start(self._accept, f"port {self.port}")

    def drop(self) -> None:
        """Hang up on everybody, as an instrument does that loses its power."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop serving; when this returns all threads have ended."""
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
        self._join()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._connections.add(connection)
            self._start(partial(self._attend, connection), f"port {self.port}")

    def _attend(self, connection: socket.socket) -> None:
        received = bytearray()
        with contextlib.suppress(OSError), connection:
            if self._framing.greeting:
                connection.sendall(self._framing.greeting)
            while not self._stopped.is_set() and (data := connection.recv(4096)):
                received += data
                self._converse(received, connection.sendall)
        with self._lock:
            self._connections.discard(connection)


class PortServer(Server):
    """Serves on a pseudo-terminal, which a client opens like a serial port, where there are any."""

    device: str
    """Path of the port."""
    _master: int
    _slave: int
    _woken: int
    _waker: int

    def __init__(self, servable: Servable, framing: Serving) -> None:
        super().__init__(servable, framing)
        if sys.platform == "win32":
            raise ConfigurationError("Windows has no pseudo-terminals: let the instrument serve on a socket")
        import pty
        import tty

        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.device = os.ttyname(self._slave)
        self._woken, self._waker = os.pipe()
        self._start(self._attend, self.device)

    def close(self) -> None:
        """Stop serving; the port disappears."""
        self._stopped.set()
        os.write(self._waker, b"\0")
        self._join()
        for descriptor in (self._master, self._slave, self._woken, self._waker):
            os.close(descriptor)

    def _forget_speed(self) -> None:
        """Set the port, which has no speed, to one that nobody uses.

        A pseudo-terminal can't have 7 bits or parity. The C library lets a client ask for them only
        together with something that can be changed: for the next client that is the speed.
        """
        if sys.platform == "win32":
            return
        import termios

        settings = termios.tcgetattr(self._slave)
        if settings[4] != termios.B50:
            settings[4] = settings[5] = termios.B50
            termios.tcsetattr(self._slave, termios.TCSANOW, settings)

    def _attend(self) -> None:
        received = bytearray()
        while not self._stopped.is_set():
            ready, _, _ = select.select([self._master, self._woken], [], [])
            if self._master in ready:
                self._forget_speed()
                received += os.read(self._master, 4096)
                self._converse(received, lambda frame: os.write(self._master, frame))
