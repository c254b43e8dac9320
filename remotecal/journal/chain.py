"""Checking a journal's lines as they arrive: each follows from the one before.

This is the check that `remotecal.journal.events` describes for use with `sed` and `sha256sum`;
a line is hashed as it came, so nothing is read into it. Whether lines are in canonical form is
looked at when the journal is complete.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from remotecal.errors import JournalBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

_END = re.compile(
    rb'"hash":"(?P<hash>[0-9a-f]{64})",'
    rb'(?="kind":"(?P<kind>[a-z_]+)","prev":"(?P<prev>[0-9a-f]{64})","seq":(?P<seq>[0-9]+)\}\Z)'
)
_LONGEST_END = 300
_NO_EVENT = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


class ChainLink(NamedTuple):
    """What the end of a line says."""

    seq: int
    kind: str
    hash: str


@contextmanager
def reading(link: ChainLink) -> Iterator[None]:
    """Read into a line of which nothing but its end was looked at (`JournalBroken`: it is no event)."""
    try:
        yield
    except _NO_EVENT as error:
        raise JournalBroken(f"line {link.seq} is no event: {error}") from None


def ending(line: bytes) -> ChainLink | None:
    """Return what the end of a line says of the line, which is believed; None if it is no event's."""
    found = _END.search(line, max(0, len(line) - _LONGEST_END))
    return (
        None
        if found is None
        else ChainLink(int(found["seq"]), found["kind"].decode(), found["hash"].decode())
    )


def told_by(line: bytes) -> dict[str, Any]:
    """Return the members of a line of which no more is known than that it stands in a chain.

    Whoever wrote it may have written anything: what is no object, or has no object as its `data`, or is
    nested deeper than can be read, has no members.
    """
    try:
        members = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) and isinstance(members.get("data"), dict) else {}


def previous(line: bytes) -> str:
    """Return the hash that a line says it follows from; "" if it is no event's."""
    found = _END.search(line, max(0, len(line) - _LONGEST_END))
    return "" if found is None else found["prev"].decode()


def follow(line: bytes, seq: int, prev: str) -> ChainLink | str:
    """Return what a line says of itself, or why it can't be line `seq` after the hash `prev`."""
    found = _END.search(line, max(0, len(line) - _LONGEST_END))
    if found is None:
        return f"line {seq} is no event of a journal"
    if int(found["seq"]) != seq:
        return f"line {int(found['seq'])} stands where {seq} is due"
    if found["prev"].decode() != prev:
        return f"line {seq} does not follow from the line before"
    own = found["hash"].decode()
    if sha256(line[: found.start()] + line[found.end() :]).hexdigest() != own:
        return f"line {seq} was changed after it was written"
    return ChainLink(seq, found["kind"].decode(), own)
