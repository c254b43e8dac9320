"""How a request is wrapped for the wire, and how its reply is found in what comes back.

What is common to all, and Modbus; lines of text are in `line_framing`.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Sequence
from typing import Protocol

from remotecal.drivers.links import identification, modbus
from remotecal.drivers.links.wire import Modbus
from remotecal.errors import ForbiddenCommand


class Nonsense(Exception):
    """What came is no reply to the request; the text says why."""


class Framing(Protocol):
    """One way to tell requests and replies apart in a stream of bytes."""

    numbered: bool
    """Each exchange has a number, so that a foreign reply is recognised and skipped."""
    echoes: bool
    """What is sent comes back first."""

    def wrap(self, request: bytes) -> bytes:
        """Return what goes onto the wire for a request.

        Raises:
            ForbiddenCommand: the instrument must not be sent this.
        """
        ...

    def unwrap(self, received: bytes, request: bytes) -> bytes | None:
        """Return the reply in what was received since `request`; None while it is incomplete.

        Raises:
            Nonsense: this can't become the reply any more.
        """
        ...

    def describe(self, request: bytes) -> str:
        """Return the request in words a person reads."""
        ...

    def show(self, received: bytes) -> str:
        """Return what was received as a person reads it best."""
        ...


def without_echo(received: bytes, sent: bytes) -> bytes:
    """Return what was received after the echo of `sent`; b"" while there is no more.

    Raises:
        Nonsense: something else came first.
    """
    if received[: len(sent)] != sent[: len(received)]:
        raise Nonsense("what was sent did not come back first (is echo stated rightly?)")
    return received[len(sent) :]


class ModbusFraming:
    """What the Modbus framings share: which functions may be sent, and whether a reply fits."""

    def __init__(self, wire: Modbus) -> None:
        self._functions = wire.functions
        self._is_wide = wire.is_wide if wire.wide else None
        self.echoes = False

    def permit(self, request: bytes) -> None:
        """Raise ForbiddenCommand for a function the instrument does not know."""
        if request[1] not in self._functions:
            raise ForbiddenCommand(
                f"Modbus function {request[1]} is not among those the instrument knows "
                f"({', '.join(map(str, sorted(self._functions)))}); nothing was sent"
            )

    def check(self, request: bytes, reply: bytes) -> bytes:
        """Return `reply` (unit and PDU) if it answers `request`, else raise `Nonsense`."""
        wide = self._is_wide is not None and self._is_wide(request[2] << 8 | request[3])
        width = modbus.WIDE if wide else modbus.REGISTER
        if (
            reply[1] in modbus.REGISTER_READS
            and reply[:2] == request[:2]
            and len(reply) - 3 == reply[2] == width * (request[4] << 8 | request[5])
        ):
            return reply  # the common case at once: scans consist of it
        if reply[0] != request[0]:
            raise Nonsense(f"unit {reply[0]} answers for unit {request[0]}")
        fault = modbus.mismatch(request[1:], reply[1:], width)
        if fault:
            raise Nonsense(fault)
        return reply

    def describe(self, request: bytes) -> str:
        return modbus.describe(request)

    def show(self, received: bytes) -> str:
        return received.hex(" ")


HEADER = struct.Struct(">HHHB")
"""MBAP: transaction identifier, protocol 0, length of what follows, unit."""

_HEAD = struct.Struct(">HHH")
"""The header's part before what its length counts."""

MBAP_SIZE = 6
SHORTEST, LONGEST = 3, 254
"""Bytes an MBAP header may announce: unit, function and at least one byte; unit and the longest PDU."""


class TcpFraming(ModbusFraming):
    """Modbus TCP; replies to earlier requests are told by their transaction identifier."""

    def __init__(self, wire: Modbus, next_number: Callable[[], int]) -> None:
        super().__init__(wire)
        self.numbered = not wire.own_numbers
        self._next_number = next_number
        self._number = 0

    def wrap(self, request: bytes) -> bytes:
        self.permit(request)
        self._number = self._next_number() & 0xFFFF
        return _HEAD.pack(self._number, 0, len(request)) + request

    def unwrap(self, received: bytes, request: bytes) -> bytes | None:
        while (found := first_frame(received)) is not None:
            number, end = found
            if number == self._number or not self.numbered:
                if len(received) > end:
                    raise Nonsense("more than one reply carries on after it")
                return self.check(request, received[MBAP_SIZE:end])
            received = received[end:]
        return None

    def batch(self, requests: Sequence[bytes]) -> UnderWay:
        """Return requests that are under way at once.

        Raises:
            ForbiddenCommand: the instrument must not be sent one of them.
        """
        numbers: dict[int, bytes] = {}
        frames = b""
        for request in requests:
            frames += self.wrap(request)
            numbers[self._number] = request
        return UnderWay(self, frames, numbers)


class UnderWay:
    """Requests that are under way at once on Modbus TCP, and what was answered of them so far.

    Replies come in any order; each is told by its number, and checked against the request of that number.
    """

    def __init__(self, framing: TcpFraming, frames: bytes, numbers: dict[int, bytes]) -> None:
        self.frames = frames
        """All of them, as they go onto the wire."""
        self.received = b""
        """What came that is no whole reply yet."""
        self._framing, self._numbers = framing, numbers
        self._replies: dict[int, bytes] = {}

    def take(self, received: bytes) -> bool:
        """Take what came; tell whether a reply is complete that was not before.

        Raises:
            Nonsense: this can't become the replies any more.
        """
        before = len(self._replies)
        self.received += received
        while (found := first_frame(self.received)) is not None:
            number, end = found
            reply, self.received = self.received[MBAP_SIZE:end], self.received[end:]
            if number in self._replies:
                raise Nonsense(f"transaction {number} is answered twice")
            if number in self._numbers:  # else it answers an earlier exchange
                self._replies[number] = self._framing.check(self._numbers[number], reply)
        if self.complete and self.received:
            raise Nonsense("more than the replies came")
        return len(self._replies) > before

    @property
    def complete(self) -> bool:
        """Whether all are answered."""
        return len(self._replies) == len(self._numbers)

    @property
    def awaited(self) -> bytes:
        """The first request that is not answered; the last one where all are."""
        left = (request for number, request in self._numbers.items() if number not in self._replies)
        return next(left, next(reversed(self._numbers.values())))

    @property
    def replies(self) -> tuple[bytes, ...]:
        """The replies in the order of the requests, up to the first that is not answered."""
        found = itertools.takewhile(lambda number: number in self._replies, self._numbers)
        return tuple(self._replies[number] for number in found)


def first_frame(received: bytes) -> tuple[int, int] | None:
    """Return the number of the first Modbus TCP frame, and where it ends; None while it is incomplete.

    Raises:
        Nonsense: no frame begins so.
    """
    if len(received) <= MBAP_SIZE:
        return None
    number, protocol, length = _HEAD.unpack_from(received)
    if protocol != 0 or not SHORTEST <= length <= LONGEST:
        raise Nonsense("it does not begin with a Modbus TCP header")
    end = MBAP_SIZE + length
    return (number, end) if len(received) >= end else None


class RtuFraming(ModbusFraming):
    """Modbus RTU, on a serial port or through a TCP gateway that passes its frames on."""

    numbered = False

    def __init__(self, wire: Modbus) -> None:
        super().__init__(wire)
        self.echoes = wire.echo

    def wrap(self, request: bytes) -> bytes:
        self.permit(request)
        return request + checksum(request)

    def unwrap(self, received: bytes, request: bytes) -> bytes | None:
        if self.echoes:
            received = without_echo(received, self.wrap(request))
        size = frame_size(received)
        if size is None or len(received) < size:
            return None
        if len(received) > size:
            raise Nonsense(f"{len(received) - size} bytes follow a frame of {size} (does the adapter echo?)")
        if checksum(received[:-2]) != received[-2:]:
            raise Nonsense("its checksum is wrong")
        return self.check(request, received[:-2])


def frame_size(received: bytes) -> int | None:
    """Return how long the RTU reply that begins with `received` is; None while too little came.

    Raises:
        Nonsense: no known reply begins so.
    """
    if len(received) < 3:
        return None
    function = received[1]
    if function & 0x80:
        return 5
    if function in {1, 2, 3, 4}:
        return 5 + received[2]
    if function in {5, 6, 15, 16}:
        return 8
    if function == identification.FUNCTION:
        size = identification.size(received[1:])
        return None if size is None else 1 + size + 2
    raise Nonsense(f"it has function code {function}")


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        table.append(crc)
    return table


_CRC = _crc_table()


def checksum(data: bytes) -> bytes:
    """Return the CRC-16 of an RTU frame, low byte first (MODBUS over Serial Line V1.02, 6.2.2).

    >>> checksum(bytes.fromhex("01 03 00 00 00 0A")).hex(" ")
    'c5 cd'
    """
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")
