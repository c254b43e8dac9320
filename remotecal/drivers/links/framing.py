"""How a request is wrapped for the wire, and how its reply is found in what comes back."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable
from typing import Protocol

from remotecal.drivers.links import identification, modbus
from remotecal.drivers.links.wire import Line, Modbus
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


class LineFraming:
    """Lines of text; anything beyond the one line that answers is foreign."""

    numbered = False

    def __init__(self, wire: Line) -> None:
        self._ending = wire.ending.encode(wire.encoding)
        self._reply_ending = (
            self._ending if wire.reply_ending is None else wire.reply_ending.encode(wire.encoding)
        )
        self._reply_size = wire.reply_size
        self._blocks = wire.blocks
        self.echoes = wire.echo
        self._encoding = wire.encoding
        self._ascii = codecs.lookup(wire.encoding).name == "ascii"

    def wrap(self, request: bytes) -> bytes:
        return request + self._ending

    def unwrap(self, received: bytes, request: bytes) -> bytes | None:
        if self.echoes and not (received := without_echo(received, self.wrap(request))):
            return None
        if self._blocks and received.startswith(b"#"):
            return self._block(received)
        end = received.find(self._reply_ending)
        if (end if end >= 0 else len(received)) > self._reply_size:
            raise Nonsense(f"it is longer than {self._reply_size} bytes; is the line ending right?")
        if end < 0:
            return None
        if end + len(self._reply_ending) != len(received):
            raise Nonsense(f"something follows the line's ending {self._reply_ending!r}")
        line = received[:end]
        if line == request:
            raise Nonsense("it is the request itself, and an echo confirms nothing; does the adapter echo?")
        return line if self._ascii and line.isascii() else readable(line, self._encoding)

    def _block(self, received: bytes) -> bytes | None:
        """Return a block with its length in front, complete with the line's ending; None before it is."""
        if received.startswith(b"#0"):
            raise Nonsense(
                "a block without its length has no end on a stream of bytes: set the instrument to "
                "blocks of definite length, or use a carrier of messages"
            )
        size = block_size(received)
        if size is None:
            return None
        if size > self._reply_size:
            raise Nonsense(f"it announces {size} bytes, more than {self._reply_size}")
        end = size + len(self._reply_ending)
        if len(received) < end:
            return None
        if received[size:] != self._reply_ending:
            raise Nonsense(f"the block is not followed by the line's ending {self._reply_ending!r} alone")
        return received[:size]

    def describe(self, request: bytes) -> str:
        return repr(request.decode(self._encoding, "backslashreplace"))

    def show(self, received: bytes) -> str:
        return repr(received)


class MessageFraming(LineFraming):
    """Lines that the carrier delivers as whole messages, with or without their ending."""

    def __init__(self, wire: Line) -> None:
        super().__init__(wire)
        self.echoes = False  # that is for a stream of bytes: no carrier of messages sends ours back

    def unwrap(self, received: bytes, request: bytes) -> bytes | None:
        if not received:
            return None
        if len(received) > self._reply_size + len(self._reply_ending):
            raise Nonsense(f"it is longer than {self._reply_size} bytes")
        reply = received.removesuffix(self._reply_ending)
        if self._blocks and reply.startswith(b"#"):
            return self._whole_block(received)
        return readable(reply, self._encoding)

    def _whole_block(self, received: bytes) -> bytes | None:
        if received.startswith(b"#0"):
            return received.removesuffix(self._reply_ending)
        size = block_size(received)
        if size is None or len(received) < size:
            return None
        if received[size:] not in {b"", self._reply_ending}:
            raise Nonsense("something follows the block")
        return received[:size]


def block_size(received: bytes) -> int | None:
    """Return the bytes of a block that begins `received`, its head included; None while the head is cut off.

    >>> block_size(b"#15hello")
    8

    Raises:
        Nonsense: no block of definite length begins so.
    """
    digits = received[1:2]
    if not digits:
        return None
    head = received[2 : 2 + int(digits)] if digits.isdigit() else b""
    if not digits.isdigit() or digits == b"0" or (head and not head.isdigit()):
        raise Nonsense("no block begins so")
    return 2 + int(digits) + int(head) if len(head) == int(digits) else None


def without_echo(received: bytes, sent: bytes) -> bytes:
    """Return what was received after the echo of `sent`; b"" while there is no more.

    Raises:
        Nonsense: something else came first.
    """
    if received[: len(sent)] != sent[: len(received)]:
        raise Nonsense("what was sent did not come back first; is echo stated rightly?")
    return received[len(sent) :]


def readable(line: bytes, encoding: str) -> bytes:
    """Return `line` if it is text in its encoding, else raise `Nonsense`."""
    try:
        line.decode(encoding)
    except UnicodeDecodeError as error:
        raise Nonsense(f"it is no {encoding} text; are the port's settings right?") from error
    return line


class ModbusFraming:
    """What the Modbus framings share: which functions may be sent, and whether a reply fits."""

    def __init__(self, wire: Modbus) -> None:
        self._functions = wire.functions
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
        if reply[0] != request[0]:
            raise Nonsense(f"unit {reply[0]} answers for unit {request[0]}")
        fault = modbus.mismatch(request[1:], reply[1:])
        if fault:
            raise Nonsense(fault)
        return reply

    def describe(self, request: bytes) -> str:
        return modbus.describe(request)

    def show(self, received: bytes) -> str:
        return received.hex(" ")


HEADER = struct.Struct(">HHHB")
"""MBAP: transaction identifier, protocol 0, length of what follows, unit."""

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
        return HEADER.pack(self._number, 0, len(request), request[0]) + request[1:]

    def unwrap(self, received: bytes, request: bytes) -> bytes | None:
        while len(received) > MBAP_SIZE:
            number, protocol, length, _ = HEADER.unpack_from(received)
            if protocol != 0 or not SHORTEST <= length <= LONGEST:
                raise Nonsense("it does not begin with a Modbus TCP header")
            end = MBAP_SIZE + length
            if len(received) < end:
                return None
            if number == self._number or not self.numbered:
                if len(received) > end:
                    raise Nonsense("more than one reply carries on after it")
                return self.check(request, received[MBAP_SIZE:end])
            received = received[end:]
        return None


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
            raise Nonsense(f"{len(received) - size} bytes follow a frame of {size}; does the adapter echo?")
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
