"""The runs on this computer's disk: gone through once, and then only where something can have changed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.errors import EvidenceError, NotThere
from remotecal.journal.events import found_in
from remotecal.private_files import write_private
from remotecal.station.deliveries import held
from remotecal.transport.subjects import check_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.station.folder import StationFolder
    from remotecal.transport.messages import StationState

TAKEN: Final = "taken"
"""File beside an order that says who took its result away."""
DONE: Final = "done"
"""File beside an order that says that the laboratory has its run."""


class _Length(NamedTuple):
    """How long a journal is, and what it looked like then."""

    name: str
    size: int
    written: int
    lines: int


class RunsHere:
    """The runs of a station. One look at a time: whoever shares it waits for their turn.

    Args:
        folder: the station's directory.
    """

    def __init__(self, folder: StationFolder) -> None:
        self._folder = folder
        self._written: dict[str, int] = {}
        """Run that is over → when its journal was written last."""
        self._taken: set[str] = set()
        self._done: set[str] = set()
        """Runs of which the laboratory had all when no agent was at work: without one that stays so."""
        self._lengths: dict[str, _Length] = {}

    def last(self, on: str = "") -> str:
        """Return the run that was on last and whose result nobody took away yet; "" for none.

        Args:
            on: the run that is on, which has no result yet.
        """
        there = self._names()
        self._written = {run: at for run, at in self._written.items() if run in there and run != on}
        for run in there - self._written.keys() - self._taken - {on}:
            with suppress(FileNotFoundError):
                self._written[run] = found_in(self._folder.runs / run).stat().st_mtime_ns
        while self._written:
            newest = max(self._written, key=self._written.__getitem__)
            if not (self._folder.orders / newest / TAKEN).exists():
                return newest
            self._taken.add(newest)
            del self._written[newest]
        return ""

    def take_away(self, run: str, by: str) -> None:
        """Note that somebody took a result away (`NotThere`: there is no such run)."""
        papers = self._folder.orders / check_run(run)
        if not papers.is_dir():
            raise NotThere(f"there is no run {run} here")
        write_private(papers / TAKEN, by.encode())

    def on_the_way(self, state: StationState | None) -> Mapping[str, tuple[int, int]]:
        """Return run → lines of its journal that the laboratory has, and that there are.

        Args:
            state: what the agent does; None where none is at work, and nobody knows what has arrived.
        """
        found = {}
        for run, lines in (dict(state.arrived) if state is not None else self._not_done()).items():
            with suppress(EvidenceError, OSError):
                found[run] = (lines, self._lines(run))
        self._lengths = {run: length for run, length in self._lengths.items() if run in found}
        if state is not None:
            self._done.clear()  # a laboratory that was restored may ask for a run again
        return found

    def _not_done(self) -> dict[str, int]:
        runs = self._names() - self._done
        self._done |= {run for run in runs if (self._folder.orders / run / DONE).exists()}
        return dict.fromkeys(sorted(runs - self._done), 0)

    def _lines(self, run: str) -> int:
        path = found_in(self._folder.runs / run)
        now = path.stat()
        known = self._lengths.get(run)
        if known is None or known[:3] != (path.name, now.st_size, now.st_mtime_ns):
            lines = held(self._folder.runs / run).lines
            self._lengths[run] = known = _Length(path.name, now.st_size, now.st_mtime_ns, lines)
        return known.lines

    def _names(self) -> set[str]:
        with suppress(FileNotFoundError):
            return {path.name for path in self._folder.runs.iterdir()}
        return set()
