"""Serves simulated instruments on real TCP sockets and pseudo-terminals.

Servers that are given a `Loop` share its thread, however many they are and clients they have; any other
has a thread of its own.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import socket
import sys
from typing import ClassVar

from remotecal.drivers.links import identification, modbus_ascii
from remotecal.drivers.links.framing import HEADER, MBAP_SIZE, Nonsense, checksum
from remotecal.drivers.links.wire import Line, Modbus
from remotecal.errors import ConfigurationError
from remotecal.sim.attendance import Attendance, ClientLine, Found, Servable, Serving
from remotecal.sim.loop import READY, Loop

PSEUDO_TERMINALS = sys.platform != "win32"
"""Whether this system has them."""


class LineServing:
    """Lines; whatever mixture of CR and LF ends them, empty ones don't count. Or frames of one length."""

    _LINE = re.compile(rb"[\r\n]*([^\r\n]+)[\r\n]+")

    def __init__(self, wire: Line) -> None:
        ending = wire.ending if wire.reply_ending is None else wire.reply_ending
        self._ending = ending.encode(wire.encoding)
        self._size = None if wire.lengths is None else wire.lengths[0]
        self._echo = wire.ending.encode(wire.encoding) if wire.echo else None
        self.greeting = wire.greeting.encode(wire.encoding)

    def take(self, received: bytes) -> Found | None:
        if self._size is not None:
            line, end = received[: self._size], self._size
            if len(line) < end:
                return None
        else:
            found = self._LINE.match(received)
            if found is None:
                return None
            line, end = found[1], found.end()
        return line, b"" if self._echo is None else line + self._echo, received[end:]

    def wrap(self, reply: bytes, needs: bytes) -> bytes:
        return needs + reply + self._ending

    def silent(self, needs: bytes) -> bytes:
        return needs


class TcpServing:
    """Modbus TCP: the reply carries the request's transaction identifier, or one of the gateway's own."""

    greeting = b""

    def __init__(self, wire: Modbus | None = None) -> None:
        self._own = itertools.count(OWN_NUMBERS) if wire is not None and wire.own_numbers else None

    def take(self, received: bytes) -> Found | None:
        if len(received) <= MBAP_SIZE:
            return None
        number, _, length, _ = HEADER.unpack_from(received)
        end = MBAP_SIZE + length
        if len(received) < end:
            return None
        return received[MBAP_SIZE:end], number.to_bytes(2, "big"), received[end:]

    def wrap(self, reply: bytes, needs: bytes) -> bytes:
        number = int.from_bytes(needs, "big") if self._own is None else next(self._own) & 0xFFFF
        return HEADER.pack(number, 0, len(reply), reply[0]) + reply[1:]

    def silent(self, needs: bytes) -> bytes:
        return b""


OWN_NUMBERS = 0x7700
"""Where a gateway begins that counts for itself."""


SHORTEST_REQUEST = 7
"""Bytes of the shortest request on RTU, for a device identification."""

NOBODYS: Found = (b"", b"", b"")
"""What is found where nothing can be made of what was received: a request to nobody."""


class RtuServing:
    """Modbus RTU; a frame whose checksum is wrong is passed over, as the standard wants it."""

    greeting = b""
    _LONG = frozenset({15, 16})
    _SIZES: ClassVar[dict[int, int]] = {identification.FUNCTION: SHORTEST_REQUEST}

    def __init__(self, wire: Modbus | None = None) -> None:
        self._echoes = wire is not None and wire.echo

    def take(self, received: bytes) -> Found | None:
        if len(received) < SHORTEST_REQUEST:
            return None
        size = 9 + received[6] if received[1] in self._LONG else self._SIZES.get(received[1], 8)
        if len(received) < size:
            return None
        frame = received[:size]
        if checksum(frame[:-2]) != frame[-2:]:
            return NOBODYS
        return frame[:-2], frame if self._echoes else b"", received[size:]

    def wrap(self, reply: bytes, needs: bytes) -> bytes:
        return needs + reply + checksum(reply)

    def silent(self, needs: bytes) -> bytes:
        return needs


class AsciiServing:
    """Modbus ASCII; a frame whose checksum is wrong is passed over."""

    greeting = b""
    _FRAME = re.compile(rb"[^:]*(:[0-9A-F]+)\r\n", re.IGNORECASE)

    def __init__(self, wire: Modbus | None = None) -> None:
        self._echoes = wire is not None and wire.echo

    def take(self, received: bytes) -> Found | None:
        found = self._FRAME.match(received)
        if found is None:
            return None
        try:
            payload = modbus_ascii.content(found[1])
        except Nonsense:
            return NOBODYS
        return payload, found[0] if self._echoes else b"", received[found.end() :]

    def wrap(self, reply: bytes, needs: bytes) -> bytes:
        return needs + modbus_ascii.frame(reply)

    def silent(self, needs: bytes) -> bytes:
        return needs


class Server:
    """What both kinds of server share: whom they serve, and by which loop."""

    def __init__(self, servable: Servable, framing: Serving, loop: Loop | None) -> None:
        self._servable, self._framing = servable, framing
        self._loop = loop or Loop()
        self._is_alone = loop is None
        self._attended: list[Attendance] = []

    def close(self) -> None:
        """Stop serving; when this returns nobody is heard any more."""
        self._loop.call(self._end)
        if self._is_alone:
            self._loop.close()

    def _attend(self, client: ClientLine) -> None:
        self._attended = [each for each in self._attended if not each.over]
        self._attended.append(Attendance(self._loop, client, self._servable, self._framing))

    def _end(self) -> None:
        """Hang up on everybody."""
        for attendance in self._attended:
            attendance.end()


class SocketServer(Server):
    """Serves on a TCP port, as many clients as come.

    Args:
        servable: who is asked.
        framing: how requests and replies are told apart.
        host: the interface to listen on.
        port: the TCP port; 0 for any free one.
        loop: serves others, too; without it the server has one of its own.
    """

    def __init__(
        self,
        servable: Servable,
        framing: Serving,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        loop: Loop | None = None,
    ) -> None:
        self._listener = socket.create_server((host, port))
        self._listener.settimeout(0.0)
        self.host, self.port = self._listener.getsockname()[:2]
        super().__init__(servable, framing, loop)
        self._loop.call(lambda: self._loop.listen(self._listener, READY, self._accept))

    def drop(self) -> None:
        """Hang up on everybody, as an instrument does that loses its power."""
        self._loop.call(super()._end)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):  # who has gone again meanwhile
            connection, _ = self._listener.accept()
            connection.settimeout(0.0)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._attend(connection)

    def _end(self) -> None:
        self._loop.forget(self._listener)
        self._listener.close()
        super()._end()


class PortServer(Server):
    """Serves on a pseudo-terminal, which a client opens like a serial port, where there are any."""

    device: str
    """Path of the port."""

    def __init__(self, servable: Servable, framing: Serving, *, loop: Loop | None = None) -> None:
        port = PortClient()
        self.device = port.device
        super().__init__(servable, framing, loop)
        self._loop.call(lambda: self._attend(port))


class PortClient:
    """The way to whoever opens a pseudo-terminal."""

    _master: int
    _slave: int
    device: str
    """Path of the port."""

    def __init__(self) -> None:
        if sys.platform == "win32":
            raise ConfigurationError("Windows has no pseudo-terminals: let the instrument serve on a socket")
        import pty
        import tty

        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.device = os.ttyname(self._slave)

    def fileno(self) -> int:
        return self._master

    def recv(self, most: int) -> bytes:
        self._forget_speed()
        return os.read(self._master, most)

    def send(self, data: bytes) -> int:
        return os.write(self._master, data)

    def close(self) -> None:
        """Let the port disappear."""
        os.close(self._master)
        os.close(self._slave)

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
