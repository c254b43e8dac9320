"""What people left in a journal: photos and other files, and what they did to the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.journal.files import check_file, read_attached
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remotecal.journal.occurrences import Occurrence
    from remotecal.verify.report import Examination


def people(run: Path) -> Mapping[str, Examination]:
    """Return the checks of the files a journal names, and of who did what; none where there is none of it.

    Args:
        run: the directory in which `files/` should be.
    """
    return {"files": FilesThere(run), "people": Acts()}


class FilesThere:
    """Checks that the files a journal names are there, and are those; tells which.

    Raises:
        EvidenceError: one is another one.
        Unable: one is not there.
    """

    def __init__(self, run: Path) -> None:
        self.concerned = False
        self._run = run
        self._count = 0
        self._missing: list[str] = []
        self._said: list[str] = []
        """What the files are that are no replies of instruments."""
        self._of_instruments: set[str] = set()
        """SHA-256 of the replies that stand in files; those are named behind their exchange."""

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        self._of_instruments.update(exchange.file for exchange in told.exchanges if exchange.file)
        if told.event.kind != "file":
            return
        file = read_attached(told.event.data, told.event.seq)
        self.concerned = True
        self._count += 1
        try:
            check_file(file, self._run)
        except FileNotFoundError:
            self._missing.append(f"{file.place} ({file.name})")
        if file.sha256 not in self._of_instruments:
            self._said.append(f"{file.name} ({file.about or 'no remark'}, by {file.by})")

    def conclude(self) -> str:
        """Return the files, those of people each, the replies of instruments by their number."""
        if self._missing:
            raise Unable(
                f"the journal names {self._count} files; not in {self._run}: {', '.join(self._missing)}"
            )
        replies = self._count - len(self._said)
        return ", ".join([*self._said, *([f"{replies} replies of instruments"] if replies else [])])


class Acts:
    """Tells who did what, in its order."""

    def __init__(self) -> None:
        self._said: list[str] = []

    @property
    def concerned(self) -> bool:
        return bool(self._said)

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        event, data = told.event, told.event.data
        if event.kind == "control":
            reason = data.get("reason")
            self._said.append(f"{data.get('by')}: {data.get('verb')}{f' ({reason})' if reason else ''}")
        elif event.kind == "answer":
            self._said.append(f"{data.get('by', 'somebody')}: answered {str(data.get('answer'))[:40]}")

    def conclude(self) -> str:
        """Return who did what."""
        return "; ".join(self._said)
