"""Lets processes share a virtual clock: it lives beside the rig and outlives a run.

Lines over TCP: `now` answers the time; `reach T` moves the clock to T, never back, and answers the
time. Times are seconds since the Unix epoch, written so that not a bit is lost. The rig's process
has the `VirtualClock`; a run elsewhere has a `RemoteClock`.
"""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

from remotecal.clock import SteppedClock, VirtualClock
from remotecal.drivers.links.wire import Line
from remotecal.errors import BenchError, GarbledReply, LinkLost
from remotecal.sim.serving import LineServing, SocketServer

SCHEME = "virtual+tcp"
"""Addresses are `virtual+tcp://host:port`."""


class ClockServer(SocketServer):
    """Serves a virtual clock on a TCP port until closed."""

    def __init__(self, clock: VirtualClock, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(_ClockService(clock), LineServing(Line()), host, port)
        self.address = f"{SCHEME}://{self.host}:{self.port}"


class _ClockService:
    """What the lines to a clock do."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    def at(self, request: bytes) -> _ClockService:
        return self

    def answer(self, request: bytes) -> bytes:
        word, _, argument = request.decode("ascii", "replace").strip().partition(" ")
        try:
            if word == "reach":
                self._clock.reach(float(argument))
            elif word != "now":
                return b"?"
        except ValueError:
            return b"?"
        return repr(self._clock.now()).encode("ascii")

    def spoil(self, frame: bytes) -> tuple[bytes | None, float]:
        return frame, 0.0


class RemoteClock(SteppedClock):
    """A virtual clock that lives in another process."""

    def __init__(self, address: str) -> None:
        """Connect to `virtual+tcp://host:port`.

        Raises:
            BenchError: the address has another form.
            LinkLost: nobody serves a clock there.
        """
        super().__init__()
        url = urlsplit(address)
        if url.scheme != SCHEME or url.hostname is None or url.port is None:
            raise BenchError(f"{address!r} is no clock: write {SCHEME}://host:port")
        self.address = address
        self._asking = threading.Lock()
        try:
            self._connection = socket.create_connection((url.hostname, url.port), 5.0)
        except OSError as error:
            raise LinkLost(f"no virtual clock at {address} ({error}): is the simulated rig up?") from error
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._connection.makefile("rb")

    def now(self) -> float:
        return self._ask("now")

    def reach(self, when: float) -> None:
        self._ask(f"reach {when!r}")

    def close(self) -> None:
        """Give up the connection; the clock itself goes on to exist."""
        self._lines.close()
        self._connection.close()

    def _ask(self, line: str) -> float:
        with self._asking:
            try:
                self._connection.sendall(line.encode("ascii") + b"\n")
                reply = self._lines.readline()
            except OSError as error:
                raise LinkLost(f"the virtual clock at {self.address} is gone ({error})") from error
        if not reply:
            raise LinkLost(f"the virtual clock at {self.address} has hung up: is the simulated rig still up?")
        try:
            return float(reply)
        except ValueError:
            raise GarbledReply(
                f"the virtual clock at {self.address} answered {reply!r} to {line!r}"
            ) from None
