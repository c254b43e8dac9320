"""What is told of live parts as they change: events, made and compressed once for all who are told them."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Parts = Mapping[str, "str | Divided"]
    """Id of an element → what stands in it."""

AGAIN_AFTER: Final = 1000
"""Milliseconds after which a browser asks again where its stream broke off, as when the hub restarts."""
OVER: Final = "event: over\ndata: {}\n\n"
"""Tells that nothing comes any more: whoever looks on is not logged in any more."""
BEGIN: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""How gzip begins (RFC 1952): deflate, no name, no time, of any system."""
NOTHING_MORE: Final = b"\x03\0"
"""An empty block of deflate that is the last (RFC 1951)."""


class Divided(NamedTuple):
    """A part that is sent whole where other pieces stand in it than before, else by those that changed."""

    whole: str
    """All that stands in it."""
    pieces: Mapping[str, str]
    """Id of an element in it → what stands in that, in their order."""


class News:
    """Something that is told, to be sent as it is or compressed."""

    def __init__(self, text: str) -> None:
        self.plain = text.encode()

    @cached_property
    def compressed(self) -> bytes:
        """The same by deflate, in blocks that follow from nothing before them: they fit into any stream."""
        compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return compressor.compress(self.plain) + compressor.flush(zlib.Z_SYNC_FLUSH)


class Compressing:
    """A stream of events by gzip, of which nothing is kept but its sum and its length."""

    def __init__(self) -> None:
        self._sum, self._length = 0, 0

    def add(self, event: News) -> bytes:
        """Return what goes over the line for an event."""
        begin = b"" if self._length else BEGIN
        self._sum = zlib.crc32(event.plain, self._sum)
        self._length += len(event.plain)
        return begin + event.compressed

    def end(self) -> bytes:
        """Return what goes over the line at the end, after some events."""
        length = self._length % 2**32
        return NOTHING_MORE + self._sum.to_bytes(4, "little") + length.to_bytes(4, "little")


@dataclass(frozen=True)
class Look:
    """What was made at one time."""

    number: int
    """Counts what was made; 0 for what follows nothing."""
    parts: Parts
    """All of it."""
    changed: News | None = None
    """What is other than in what was made before; None where nothing was."""

    @cached_property
    def whole(self) -> News:
        """All of it, as an event."""
        return as_event(changed(self.parts, {}))

    def since(self, number: int) -> News:
        """Return what is told to somebody who was told what was made under a number last; 0 for nothing."""
        return self.changed if self.changed is not None and number == self.number - 1 else self.whole


@dataclass
class Telling:
    """Makes parts, and what is told of them, once for all who look; call it, from one thread at a time."""

    make: Callable[[], Parts]
    """Makes the parts as they are now."""
    _number: int = 0
    _sent: dict[str, bytes] = field(default_factory=dict)

    def __call__(self) -> Look:
        """Return the parts as they are now, and what is told of them."""
        parts, first = self.make(), not self._number
        self._number += 1
        new = as_event(changed(parts, self._sent))
        look = Look(self._number, parts, None if first else new)
        _ = new.compressed  # here, and not where all who look on wait for it
        return look


def as_event(new: Mapping[str, str]) -> News:
    """Return parts that changed, id of an element → what stands in it, as an event."""
    return News(f"event: parts\nretry: {AGAIN_AFTER}\ndata: {json.dumps(new, ensure_ascii=False)}\n\n")


NOTHING: Final = as_event({})
"""That nothing is other than it was."""


def changed(parts: Parts, sent: dict[str, bytes]) -> dict[str, str]:
    """Return what is to be sent of parts, and note it under `sent`.

    What was sent is known by its hash: many look on, and each is to take little.
    """
    new: dict[str, str] = {}
    known: dict[str, bytes] = {}
    for name, part in parts.items():
        whole, pieces = (part, {}) if isinstance(part, str) else part
        known[name] = _hash(" ".join(pieces) or whole)
        known |= {of: _hash(html) for of, html in pieces.items()}
        if sent.get(name) != known[name]:
            new[name] = whole
        else:
            new |= {of: html for of, html in pieces.items() if sent.get(of) != known[of]}
    sent.clear()
    sent.update(known)
    return new


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
