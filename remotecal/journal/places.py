"""Where in a journal each repeat stands, so that one can be read without the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import JournalBroken
from remotecal.journal.chain import ending, reading

if TYPE_CHECKING:
    from collections.abc import Iterable


class RepeatAt(NamedTuple):
    """A repeat that came to an observation."""

    point: str
    """Name of its point."""
    number: int
    """Counted from 1."""
    begins: int
    """Number of the line that begins it."""
    ends: int
    """Number of the line that tells what was observed."""


@dataclass(frozen=True, slots=True)
class Places:
    """What stands where in a journal."""

    repeats: tuple[RepeatAt, ...]
    """In the order they were made."""
    files: tuple[int, ...]
    """Numbers of the lines that name files."""


def places(lines: Iterable[bytes]) -> Places:
    """Return what stands where, of the lines of a journal that was checked when it came.

    Raises:
        JournalBroken: a line is no event, or an observation is of no repeat that was begun.
    """
    repeats: list[RepeatAt] = []
    files: list[int] = []
    point, number, begins = "", 0, 0
    for line in lines:
        link = ending(line.rstrip(b"\n"))
        if link is None:
            raise JournalBroken("a line of the journal is no event")
        if link.kind == "repeat":
            with reading(link):
                data = json.loads(line)["data"]
                point, number, begins = str(data["point"]), int(data["repeat"]), link.seq
        elif link.kind == "file":
            files.append(link.seq)
        elif link.kind == "observation":
            if not begins:
                raise JournalBroken(f"line {link.seq} observes a repeat that was not begun")
            repeats.append(RepeatAt(point, number, begins, link.seq))
            begins = 0
    return Places(tuple(repeats), tuple(files))
