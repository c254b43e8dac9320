"""Lines of text on the wire: how they are ended, and where a reply ends."""

from __future__ import annotations

import codecs

from remotecal.drivers.links.framing import Nonsense, without_echo
from remotecal.drivers.links.wire import Line
from remotecal.errors import ForbiddenCommand


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
        self._lengths = wire.lengths
        self._bare = self._ascii and not (wire.echo or wire.blocks or wire.lengths)

    def wrap(self, request: bytes) -> bytes:
        if self._lengths is not None and len(request) != self._lengths[0]:
            raise ForbiddenCommand(f"every request has {self._lengths[0]} bytes, and this one {len(request)}")
        return request + self._ending

    def unwrap(self, received: bytes, request: bytes) -> bytes | None:
        end = received.find(self._reply_ending)
        if self._bare and 0 <= end == len(received) - len(self._reply_ending):
            line = received[:end]
            if end <= self._reply_size and line != request and line.isascii():
                return line  # the common case at once; what is amiss otherwise is found out below
        if self.echoes and not (received := without_echo(received, self.wrap(request))):
            return None
        if self._lengths is not None:
            return self._frame(received, self._lengths[1])
        if self._blocks and received.startswith(b"#"):
            return self._block(received)
        end = received.find(self._reply_ending)
        if (end if end >= 0 else len(received)) > self._reply_size:
            raise Nonsense(f"it is longer than {self._reply_size} bytes (is the line ending right?)")
        if end < 0:
            return None
        if end + len(self._reply_ending) != len(received):
            raise Nonsense(f"something follows the line's ending {self._reply_ending!r}")
        line = received[:end]
        if line == request:
            raise Nonsense("it is the request itself, and an echo confirms nothing (does the adapter echo?)")
        return line if self._ascii and line.isascii() else readable(line, self._encoding)

    def _frame(self, received: bytes, size: int) -> bytes | None:
        """Return a frame of `size` bytes; None before it is complete."""
        if len(received) > size:
            raise Nonsense(f"a reply has {size} bytes, and more came")
        return received if len(received) == size else None

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
        if self._lengths is not None:
            return self._frame(received, self._lengths[1])
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


def readable(line: bytes, encoding: str) -> bytes:
    """Return `line` if it is text in its encoding, else raise `Nonsense`."""
    try:
        line.decode(encoding)
    except UnicodeDecodeError as error:
        raise Nonsense(f"it is no {encoding} text (are the port's settings right?)") from error
    return line
