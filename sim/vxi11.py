"""A VXI-11 server in front of anything that answers lines.

Sources: VXI-11 (TCP/IP Instrument Protocol), appendix B; RFC 5531 (ONC RPC); RFC 4506 (XDR). Only
the core channel is served, and no port mapper: a client has to be given the port, as PyVISA-py is
by `TCPIP::host,port::inst0::INSTR`.
"""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from remotecal.sim.line_server import Handle, LineServer, read_exactly

CORE_PROGRAM: Final = 0x0607AF
CREATE_LINK, DEVICE_WRITE, DEVICE_READ, DEVICE_READSTB = 10, 11, 12, 13
DEVICE_TRIGGER, DEVICE_CLEAR, DEVICE_REMOTE, DEVICE_LOCAL, DEVICE_LOCK, DEVICE_UNLOCK = 14, 15, 16, 17, 18, 19
DESTROY_LINK = 23
SERVED: Final = frozenset(
    {DEVICE_TRIGGER, DEVICE_CLEAR, DEVICE_REMOTE, DEVICE_LOCAL, DEVICE_LOCK, DEVICE_UNLOCK, DESTROY_LINK}
)
"""Procedures that answer nothing but an error code."""

NO_ERROR, INVALID_LINK, NOT_SUPPORTED, IO_TIMEOUT = 0, 4, 8, 15
END_FLAG: Final = 8
REASON_COUNT, REASON_END = 1, 4
MESSAGE_AVAILABLE: Final = 0x10
LARGEST_WRITE: Final = 1 << 20

LAST_FRAGMENT: Final = 0x80000000
CALL, REPLY = 0, 1
SUCCESS, PROGRAM_UNAVAILABLE, GARBAGE_ARGUMENTS = 0, 1, 4


@dataclass(eq=False, slots=True)
class DeviceLink:
    """What one client has written, and what waits for it to be read."""

    line: bytes = b""
    output: bytes = b""
    complete: bool = False
    """Nothing will be added to `output`."""
    epoch: int = 0
    """Counts questions and clears: what an earlier epoch asked is not answered any more."""
    changed: threading.Condition = field(default_factory=threading.Condition)

    def forget(self) -> int:
        """Drop unread output, as IEEE 488.2 demands of a new question; return the new epoch."""
        with self.changed:
            self.output, self.complete = b"", False
            self.epoch += 1
            return self.epoch

    def add(self, data: bytes, epoch: int) -> None:
        """Append output that answers a question of `epoch`."""
        with self.changed:
            if epoch == self.epoch:
                self.output += data
                self.changed.notify_all()

    def finish(self, epoch: int) -> None:
        """Mark the answer to a question of `epoch` as complete."""
        with self.changed:
            if epoch == self.epoch:
                self.complete = True
                self.changed.notify_all()

    def take(self, size: int, timeout: float) -> tuple[int, int, bytes]:
        """Return the error, the reason and up to `size` bytes of output, after at most `timeout` seconds."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.output or self.complete, timeout):
                return IO_TIMEOUT, 0, b""
            data, self.output = self.output[:size], self.output[size:]
            ended = self.complete and not self.output
            self.complete = self.complete and not ended
            return NO_ERROR, (REASON_END if ended else 0) | (REASON_COUNT if len(data) == size else 0), data


class Vxi11Server(LineServer):
    """Serves one instrument at `resource_name`, the core channel's port in it; see `LineServer`."""

    def __init__(self, handle: Handle, host: str = "127.0.0.1", port: int = 0) -> None:
        self.links: dict[int, DeviceLink] = {}
        self._numbers = itertools.count(1)
        super().__init__(handle, host, port)
        self.resource_name = f"TCPIP::{host},{self.port}::inst0::INSTR"

    def serve(self, connection: socket.socket) -> None:
        while True:
            call, fragment = b"", 0
            while not fragment & LAST_FRAGMENT:
                (fragment,) = struct.unpack(">I", read_exactly(connection, 4))
                call += read_exactly(connection, fragment & ~LAST_FRAGMENT)
            reply = self._reply(call)
            connection.sendall(struct.pack(">I", LAST_FRAGMENT | len(reply)) + reply)

    def _reply(self, call: bytes) -> bytes:
        """Return the reply to a remote procedure call (RFC 5531, section 9)."""
        identifier, kind, _, program, _, procedure = struct.unpack_from(">6I", call)
        if kind != CALL:
            raise ValueError("not a call")
        place = 24
        for _ in ("credentials", "verifier"):
            (length,) = struct.unpack_from(">I", call, place + 4)
            place += 8 + _padded(length)
        status, result = PROGRAM_UNAVAILABLE, b""
        if program == CORE_PROGRAM:
            try:
                status, result = SUCCESS, self._call(procedure, call[place:])
            except struct.error:
                status = GARBAGE_ARGUMENTS
        return struct.pack(">6I", identifier, REPLY, 0, 0, 0, status) + result

    def _call(self, procedure: int, arguments: bytes) -> bytes:
        (number,) = struct.unpack_from(">I", arguments)
        if procedure == CREATE_LINK:
            number = next(self._numbers)
            self.links[number] = DeviceLink()
            return struct.pack(">4I", NO_ERROR, number, 0, LARGEST_WRITE)
        link = self.links.get(number)
        if link is None:
            return struct.pack(">3I", INVALID_LINK, 0, 0)
        if procedure == DEVICE_WRITE:
            return self._write(link, arguments)
        if procedure == DEVICE_READ:
            _, size, timeout = struct.unpack_from(">3I", arguments)
            error, reason, data = link.take(size, timeout / 1000)
            return struct.pack(">3I", error, reason, len(data)) + data.ljust(_padded(len(data)), b"\0")
        if procedure == DEVICE_READSTB:
            return struct.pack(">2I", NO_ERROR, MESSAGE_AVAILABLE if link.output else 0)
        if procedure == DEVICE_CLEAR:
            link.line = b""
            link.forget()
        elif procedure == DESTROY_LINK:
            del self.links[number]
        return struct.pack(">I", NO_ERROR if procedure in SERVED else NOT_SUPPORTED)

    def _write(self, link: DeviceLink, arguments: bytes) -> bytes:
        _, _, _, flags, length = struct.unpack_from(">5I", arguments)
        link.line += arguments[20 : 20 + length]
        if flags & END_FLAG:
            line, link.line = link.line.rstrip(b"\r\n"), b""
            self.take(line, partial(self._answer_link, link, link.forget()))
        return struct.pack(">2I", NO_ERROR, length)

    def _answer_link(self, link: DeviceLink, epoch: int, answer: bytes) -> None:
        self.deliver(answer + b"\n", partial(link.add, epoch=epoch), self.drop)
        link.finish(epoch)


def _padded(length: int) -> int:
    """Return the bytes that `length` bytes take in XDR."""
    return (length + 3) // 4 * 4
