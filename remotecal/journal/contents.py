"""What the files of a run hold, by the SHA-256 the journal names: the same bytes wherever it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from remotecal.errors import EvidenceError, FileMissing, JournalBroken
from remotecal.journal.events import Event
from remotecal.journal.exchanges import Exchange
from remotecal.journal.files import Attached, read_attached, read_file

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

    Follows a journal: a file is named before an observation holds it, and a reply that one holds was given
    within its repeat.

    Args:
        contents: what reads the files.
    """

    def __init__(self, contents: Contents = nowhere) -> None:
        self._contents = contents
        self._named: dict[str, Attached] = {}
        self._latest: list[Callable[[], Sequence[Exchange]]] = []
        """Exchanges of the repeat that is on, of which nobody has asked yet."""
        self._digests: dict[str, bytes] = {}
        """SHA-256 → reply of that repeat."""
        self._held: dict[str, bytes] = {}
        """SHA-256 → reply that an observation holds."""

    def follow(self, event: Event, exchanges: Callable[[], Sequence[Exchange]]) -> None:
        """Go on to the next event, and to the exchanges it keeps, which are read when somebody asks."""
        if event.kind == "repeat":
            self._latest, self._digests = [], {}
        elif event.kind == "file":
            with suppress(JournalBroken):  # what tells no file names none
                file = read_attached(event.data, event.seq)
                self._named[file.sha256] = file
        elif event.kind == "replies":
            self._latest.append(exchanges)

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
        if digest not in self._held:
            replies = (exchange.reply for exchanges in self._latest for exchange in exchanges())
            self._digests.update((sha256(reply).hexdigest(), reply) for reply in replies if reply)
            self._latest = []
            if digest not in self._digests:
                raise EvidenceError(f"the journal names no file {digest}, and no reply is so")
            self._held[digest] = self._digests[digest]
        return self._held[digest]
