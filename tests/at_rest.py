"""The journal of a run as a station keeps it, compressed or not."""

from __future__ import annotations

from pathlib import Path

from remotecal.errors import JournalBroken
from remotecal.journal.events import found_in, opened_lines


def journal_in(run: Path) -> bytes:
    """Return the bytes of the lines of a run's journal, which may just be compressed."""
    for _ in range(2):
        try:
            with opened_lines(found_in(run)) as lines:
                return b"".join(lines)
        except JournalBroken:
            continue
    raise AssertionError(f"there is no journal in {run}")
