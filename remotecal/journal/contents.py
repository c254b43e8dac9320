"""What the files of a run hold, by the SHA-256 the journal names: the same bytes wherever it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from remotecal.errors import EvidenceError, FileMissing
from remotecal.journal.events import Event, Json, bytes_of
from remotecal.journal.files import Attached, named_files, read_file

Contents: TypeAlias = "Callable[[Attached], bytes]"
"""Reads a file that a journal names (FileMissing: it is not there)."""


def nowhere(file: Attached) -> bytes:
    """Read no file, where no files are at hand (FileMissing)."""
    raise FileMissing(f"{file.name} ({file.sha256}), which the journal names, is not at hand: give it along")


def beside(run: Path) -> Contents:
    """Return what reads the files that stand in a run's directory."""
    return lambda file: read_file(file, run)


@dataclass(frozen=True, slots=True)
class File:
    """A file that is part of an observation."""

    sha256: str
    """SHA-256 of its content, in hexadecimal."""
    name: str = field(default="", compare=False)
    """What it was called."""
    content: Callable[[], bytes] = field(default=lambda: b"", compare=False, repr=False)
    """Reads its content, which is that, or refused (EvidenceError)."""


class Files:
    """What a journal names by its SHA-256: files beside it, and replies that stand in itself.

    Args:
        events: the journal's.
        contents: what reads the files.
    """

    def __init__(self, events: Sequence[Event] = (), contents: Contents = nowhere) -> None:
        self._named: Mapping[str, Attached] = {file.sha256: file for file in named_files(events)}
        self._events, self._contents = events, contents
        self._replies: Mapping[str, bytes] | None = None

    def content(self, digest: str) -> bytes:
        """Return the bytes that have a SHA-256.

        Raises:
            FileMissing: they are not at hand.
            EvidenceError: the journal names no such bytes, or they were changed.
        """
        if (file := self._named.get(digest)) is None:
            return self._reply(digest)
        content = self._contents(file)
        if sha256(content).hexdigest() != digest:
            raise EvidenceError(f"what is at hand as {digest} is another file: it was changed")
        return content

    def file(self, digest: str) -> File:
        """Return a file as part of an observation (EvidenceError where the journal names none such)."""
        if (file := self._named.get(digest)) is None:
            raise EvidenceError(f"the journal names no file {digest}")
        return File(digest, file.name, lambda: self.content(digest))

    def check(self, digest: str) -> None:
        """Raise `EvidenceError` where the journal names no bytes with a SHA-256."""
        if digest not in self._named:
            self._reply(digest)

    def _reply(self, digest: str) -> bytes:
        """Return a reply that stands in the journal itself."""
        if self._replies is None:
            replies = map(bytes_of, _replies(self._events))
            self._replies = {sha256(reply).hexdigest(): reply for reply in replies}
        if (reply := self._replies.get(digest)) is None:
            raise EvidenceError(f"the journal names no file {digest}, and no reply is so")
        return reply


def _replies(events: Sequence[Event]) -> Iterator[Json]:
    """Yield the replies that stand in a journal."""
    for event in events:
        kept = event.data.get("exchanges", ()) if event.kind == "replies" else ()
        for exchange in kept if isinstance(kept, Sequence) else ():
            reply = exchange.get("reply") if isinstance(exchange, Mapping) else None
            if isinstance(reply, str) or (isinstance(reply, Mapping) and "hex" in reply):
                yield reply
