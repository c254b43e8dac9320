"""Byte streams to instruments: TCP and serial ports.

A stream knows nothing of requests and replies. It reports trouble by `OSError`; whoever uses it
knows which instrument and which request that was.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

from remotecal.drivers.links.marks import Damaged, Marks, mark_errors
from remotecal.drivers.links.wire import Line, Modbus, Serial

if TYPE_CHECKING:
    import serial

PATIENCE = 5.0
"""Seconds to wait for a connection to be made, or for the other side to take bytes."""

CHUNK = 4096
"""Bytes taken from the operating system at once."""


class Stream(Protocol):
    """An open channel that carries bytes both ways."""

    advice: str
    """What to check when nothing comes through."""
    renewable: bool
    """It may go deaf while a new one to the same place would be heard, as a TCP connection whose
    other end was forgotten by a firewall or by the instrument."""
    descriptors: tuple[int, ...]
    """What an event loop waits on, for input and for `wake`; none where only a thread can wait."""

    @property
    def disturbed(self) -> Callable[[], object]:
        """What tells, by anything true, whether something lies in the input or the other side has hung up."""
        ...

    def ended(self) -> bool:
        """Tell whether the other side has hung up."""
        ...

    def send(self, data: bytes, /) -> None:
        """Send all of `data`."""
        ...

    def receive(self, timeout: float) -> bytes:
        """Return what came, at least a byte; b"" when nothing came for `timeout` seconds, or on `wake`."""
        ...

    def take(self) -> bytes:
        """Return what lies in the input, and wait for nothing."""
        ...

    def wake(self) -> None:
        """Make the `receive` that another thread waits in return or fail at once."""
        ...

    def settle(self, until: float) -> bool:
        """Get rid of what a failed exchange may have left behind.

        Args:
            until: when the latest reply to it may come, by `time.monotonic`.

        Returns:
            Whether the stream is clean; if not, only a new one is.
        """
        ...

    def close(self) -> None:
        """Give the channel up."""
        ...


def stay_silent(stream: Stream, until: float) -> bool:
    """Send nothing and discard what comes until `until`, and then what is there."""
    while (left := until - time.monotonic()) > 0 or stream.disturbed():
        with contextlib.suppress(Damaged):
            stream.receive(max(left, 0.0))
    return True


Watch = Callable[[float], list[tuple[int, int]]]
"""Waits so many milliseconds until something can be read, and tells where, by descriptor and event."""


def watch(*sources: int | socket.socket) -> Watch:
    """Return what waits for input; on Windows of sockets only."""
    if sys.platform == "win32":
        return lambda timeout: [(0, 1) for _ in select.select(sources, [], [], timeout / 1000)[0]]
    poll = select.poll()
    for source in sources:
        poll.register(source, select.POLLIN)
    return poll.poll


Opened = TypeVar("Opened", bound=Stream)


def listening(stream: Opened, wire: Line | Modbus) -> Opened:
    """Return a stream just opened once the instrument at its other end listens, as its driver states.

    Raises:
        OSError: it did not greet as stated, in its slowest reply's time; the stream is closed.
    """
    try:
        if wire.warm_up:
            time.sleep(wire.warm_up)
        if isinstance(wire, Line) and wire.greeting:
            _hear(stream, wire.greeting.encode(wire.encoding), wire.slowest_reply)
    except BaseException:
        stream.close()
        raise
    return stream


def _hear(stream: Stream, greeting: bytes, patience: float) -> None:
    end, heard = time.monotonic() + patience, b""
    while not heard.endswith(greeting):
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"it did not greet by {greeting!r} in {patience:g} s, but by {heard[-40:]!r}")
        heard += stream.receive(left)


AT_ONCE = getattr(socket, "MSG_DONTWAIT", 0)
"""Lets `recv` on a blocking socket not wait; where there is no such flag, something is known to be there."""


class TcpStream:
    """A TCP connection; blocking, its timeout kept by the kernel, which saves a call per direction."""

    renewable = True

    def __init__(self, host: str, port: int, numeric: tuple[str, ...] = ()) -> None:
        """Connect to the first of a host's `numeric` addresses that takes the connection."""
        self.advice = f"Check that it is on, that the network reaches {host}, and that port {port} is right."
        self._socket = _connected(numeric or (host,), port)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _keep_alive(self._socket)
        if sys.platform == "win32":
            # What times out in the kernel there leaves the socket in no state to be used.
            self._socket.settimeout(PATIENCE)
        else:
            self._socket.settimeout(None)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(PATIENCE))
        self.send: Callable[[bytes], None] = self._socket.sendall
        self._receive = self._socket.recv
        self._timeout = 0.0
        self._input = watch(self._socket)
        self.disturbed: Callable[[], object] = partial(self._input, 0)
        self.descriptors: tuple[int, ...] = (self._socket.fileno(),)

    def ended(self) -> bool:
        try:
            return bool(self._input(0)) and not self._socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def receive(self, timeout: float) -> bytes:
        if sys.platform == "win32":
            if not self._input(timeout * 1000):
                return b""
        elif timeout != self._timeout:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(timeout))
            self._timeout = timeout
        try:
            data = self._receive(CHUNK)
        except BlockingIOError:
            return b""
        return data or self._hung_up()

    def take(self) -> bytes:
        try:
            data = self._receive(CHUNK, AT_ONCE)
        except BlockingIOError:
            return b""
        return data or self._hung_up()

    def _hung_up(self) -> NoReturn:
        raise ConnectionResetError("the other side closed the connection")

    def wake(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)

    def settle(self, until: float) -> bool:
        return False

    def close(self) -> None:
        self._socket.close()


class GatewayStream(TcpStream):
    """A TCP connection to a serial line, whose late replies outlive the connection."""

    def settle(self, until: float) -> bool:
        return stay_silent(self, until)


def _connected(addresses: tuple[str, ...], port: int) -> socket.socket:
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, port), PATIENCE)
    return socket.create_connection((addresses[-1], port), PATIENCE)


KEEP_ALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""A connection idle so many seconds is asked every so many seconds, and given up after so many silences."""


def _keep_alive(connection: socket.socket) -> None:
    """Let the system find out that nobody is at the other end, and firewalls see that somebody is."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEP_ALIVE.items():
        if hasattr(socket, option):  # some systems have one period for all
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _timeval(seconds: float) -> bytes:
    microseconds = max(1, round(seconds * 1e6))  # 0 would mean for ever
    return struct.pack("@ll", *divmod(microseconds, 1_000_000))


def advice_for(device: str, settings: Serial) -> str:
    """Return what to check where nobody answers on a serial port."""
    return f"Check that it is on, the cable at {device}, and that it is set to {settings} too."


def opened_port(device: str, settings: Serial) -> serial.Serial:
    """Return a serial port opened for this process alone (`OSError` if that is not possible)."""
    import serial

    return serial.Serial(
        device,
        settings.baud,
        settings.bits,
        settings.parity,
        settings.stop,
        timeout=0,
        write_timeout=PATIENCE,
        xonxoff=settings.flow == "xonxoff",
        rtscts=settings.flow == "rtscts",
        exclusive=True,
    )


class SerialStream:
    """A serial port, for this process alone; where ports are files (see `PortableSerialStream`)."""

    renewable = False

    def __init__(self, device: str, settings: Serial) -> None:
        self.advice = advice_for(device, settings)
        self._port = opened_port(device, settings)
        self._descriptor = self._port.fileno()
        try:
            mark_errors(self._descriptor, settings)
        except BaseException:
            self._port.close()
            raise
        self._marks = Marks()
        self._woken, self._waker = os.pipe()
        self._input, self._wait = watch(self._descriptor), watch(self._descriptor, self._woken)
        self.disturbed: Callable[[], object] = partial(self._input, 0)
        self.descriptors: tuple[int, ...] = (self._descriptor, self._woken)

    def ended(self) -> bool:
        return False

    def send(self, data: bytes) -> None:
        try:
            sent = os.write(self._descriptor, data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._port.write(data[sent:])  # pyserial waits until the port takes the rest

    def receive(self, timeout: float) -> bytes:
        ready = self._wait(timeout * 1000)
        if not ready:
            return b""
        if ready[0][0] == self._woken or len(ready) > 1:
            os.read(self._woken, CHUNK)
            return b""
        data = os.read(self._descriptor, CHUNK)
        if not data:
            raise ConnectionResetError("the port is gone")
        return self._marks.plain(data)

    def take(self) -> bytes:
        return self.receive(0.0)

    def wake(self) -> None:
        os.write(self._waker, b"\0")

    def settle(self, until: float) -> bool:
        return stay_silent(self, until)

    def close(self) -> None:
        self._port.close()
        os.close(self._woken)
        os.close(self._waker)
