"""What the page needs of a run's journal, from this computer's disk, hub or no hub, agent or no agent."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from copy import copy, deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from remotecal.drivers.shown import READ
from remotecal.errors import JournalBroken
from remotecal.journal.chain import ending
from remotecal.journal.events import FILE, found_in, opened_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

TOLD: Final = frozenset({
    "start", "watch", "point", "repeat", "observation", "prompt", "answer", "file", "safe", "resume",
    "finish", "abort", "suspend", "interlock", "failure",
})  # fmt: skip
"""Kinds of events the page tells of; all others are passed over unread."""
MOST_REPEATS: Final = 1000
"""Repeats of a point that are told to be still to come, at most."""
ENDS: Final = frozenset({"abort", "suspend", "interlock", "failure"})


@dataclass(slots=True)
class ReadByEye:
    """A number somebody read by eye."""

    text: str
    """As it was typed, with its unit."""
    by: str
    """Who read it."""
    at: str
    """When."""
    line: int
    """Line of the journal."""


@dataclass(slots=True)
class GridCell:
    """A place of the grid: what was read there, the first reading first; the last one counts."""

    about: str
    """What was read: `gauge: dial`."""
    entries: list[ReadByEye] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    """SHA-256 of the photos of it."""


@dataclass(slots=True)
class GridRow:
    """A repeat of the grid, or what was asked outside of one."""

    point: str
    """The point; "" outside of one."""
    repeat: int
    """Its repeat; 0 outside of one."""
    cells: dict[str, list[GridCell]] = field(default_factory=dict)
    """What is read → the readings of it, in their order."""
    state: str = "on"
    """`on`, `done`, or `away`, if the repeat was begun anew."""


class JournalTold:
    """What a run's journal tells, as it grows."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.start: Mapping[str, object] = {}
        """The first event."""
        self.limits: list[str] = []
        """What stops the run, in words."""
        self.rows: list[GridRow] = []
        """What was read by eye."""
        self.point, self.repeat = "", 0
        """Where the run is."""
        self.safe: bool | str | None = "unknown"
        """Whether the rig is in its safe state, None where there is nothing to make safe; `"at work"`."""
        self.ended = ""
        """Why it ended early; `"finish"` if it is complete."""
        self.kind = ""
        """Kind of event by which it ended."""
        self.at = ""
        """When the last event was."""
        self.lines = 0
        """Lines so far."""
        self.pictures: set[str] = set()
        """SHA-256 of the files the journal names."""
        self._observed: list[tuple[str, int]] = []
        """Repeats that came to an observation: point and number."""
        self._asked: dict[int, Mapping[str, object]] = {}
        self._photo: dict[str, str] = {}
        self._plain: dict[str, str] = {}
        """What is read → the question that asks for it first."""

    @property
    def points(self) -> list[str]:
        """The points in their order."""
        points = self.start.get("points")
        return [str(one["name"]) for one in points] if isinstance(points, list) else []

    @property
    def next_point(self) -> str:
        """The point that comes after this one; "" behind the last."""
        names = self.points
        if self.point not in names:
            return next((name for name, _ in self.due), "")
        return next(iter(names[names.index(self.point) + 1 :]), "")

    @property
    def due(self) -> list[tuple[str, int]]:
        """The repeats that are still to come, each by its point and number, in the order of the points."""
        begun = {*self._observed, *((row.point, row.repeat) for row in self.rows if row.state != "away")}
        points = self.start.get("points")
        whole = [
            (str(one["name"]), number)
            for one in (points if isinstance(points, list) else ())
            for number in range(1, min(int(one.get("repeats", 1)), MOST_REPEATS) + 1)
        ]
        return [] if self.ended else [one for one in whole if one not in begun]

    def follow(self, lines: Iterable[bytes]) -> None:
        """Go on with further lines, each whole."""
        for line in lines:
            found = ending(line.rstrip(b"\n"))
            if found is None:
                raise JournalBroken(f"line {self.lines + 1} of {self.run} is no event")
            self.lines = found.seq
            if found.kind in TOLD:
                event = json.loads(line)
                self.at = str(event["at"])
                self._take(found.kind, event["data"], event)

    def now(self) -> JournalTold:
        """Return what is told now; what follows changes nothing in it."""
        told = copy(self)
        # Other rows than the one that is on change no more.
        told._observed = [*self._observed]  # noqa: SLF001  its own kind
        told.rows = [deepcopy(row) if row.state == "on" else row for row in self.rows]
        return told

    def _take(self, kind: str, data: Mapping[str, object], event: Mapping[str, object]) -> None:
        if kind == "start":
            self.start = data
        elif kind == "watch":
            looks = data["looks"]
            self.limits = [str(limit) for look in looks for limit in look["limits"]]  # type: ignore[attr-defined]
        elif kind in {"point", "repeat"}:
            self.point, self.repeat = str(data["point"]), int(str(data.get("repeat", 0)))
            self.safe = "at work"
        elif kind == "observation":
            self._close("done")
            self._observed.append((self.point, self.repeat))
            self.repeat = 0
        elif kind == "safe":
            self.safe = data["reached"]  # type: ignore[assignment]  # its shape
        elif kind == "resume":
            self._close("away")
            self.ended, self.kind, self.point, self.repeat = "", "", "", 0
        elif kind in ENDS:
            self.ended, self.kind = str(data["text"]), kind
        elif kind == "finish":
            self.ended, self.kind = "finish", kind
        else:
            self._converse(kind, data, event)

    def _converse(self, kind: str, data: Mapping[str, object], event: Mapping[str, object]) -> None:
        if kind == "file":
            self.pictures.add(str(data["sha256"]))
        elif kind == "prompt":
            self._asked[int(str(event["seq"]))] = data
        elif (asked := self._asked.pop(int(str(data["prompt"])), None)) is not None and "instrument" in asked:
            about = f"{asked['instrument']}: {str(asked['request']).removeprefix(READ)}"
            if asked["kind"] == "file":
                self._photo[about] = str(data["answer"])
            elif asked["kind"] == "number":
                self._enter(about, json.dumps(asked["question"]), data, event)

    def _enter(self, about: str, asked: str, data: Mapping[str, object], event: Mapping[str, object]) -> None:
        row = self.rows[-1] if self.rows else None
        if row is None or row.state != "on" or (row.point, row.repeat) != (self.point, self.repeat):
            row = GridRow(self.point, self.repeat)
            self.rows.append(row)
        cells = row.cells.setdefault(about, [])
        line = int(str(event["seq"]))
        said = ReadByEye(str(data["answer"]), str(data.get("by", "")), str(event["at"]), line)
        if asked == self._plain.setdefault(about, asked) or not cells:
            cells.append(GridCell(about))  # else it is looked at again, and says why before it asks the same
        cell = cells[-1]
        cell.entries.append(said)
        if photo := self._photo.pop(about, ""):
            cell.photos.append(photo)

    def _close(self, state: str) -> None:
        for row in self.rows:
            if row.state == "on":
                row.state = state if row.repeat else "done"


class FollowedJournal:
    """A run's journal on the disk, read on from where it was read to before. Safe from any thread."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._told = JournalTold(directory.name)
        self._read = 0
        self._packed = False
        """Whether it was read as it is compressed: no line comes until it is written out again."""
        self._of: JournalTold = self._told
        self._given: JournalTold | None = None
        """What was told last, and of which telling: an exchanged journal is told from its beginning."""
        self._lock = threading.Lock()

    def look(self) -> JournalTold:
        """Return what the journal tells now, the very same as before where no line has come.

        Raises:
            JournalBroken: what it holds is none.
        """
        with self._lock:
            self._follow()
            if self._given is None or self._of is not self._told or self._given.lines != self._told.lines:
                self._of, self._given = self._told, self._told.now()
            return self._given

    def _follow(self) -> None:
        path = found_in(self.directory)
        if path.name != FILE:
            if not self._packed:
                self._told = JournalTold(self.directory.name)
                with opened_lines(path) as lines:
                    self._told.follow(line for line in lines if line.endswith(b"\n"))
                self._packed = True
            return
        with suppress(FileNotFoundError), path.open("rb") as file:
            if self._packed or file.seek(0, 2) < self._read:
                self._told, self._read, self._packed = JournalTold(self.directory.name), 0, False
            file.seek(self._read)
            content = file.read()
            whole = content[: content.rfind(b"\n") + 1]
            self._told.follow(whole.splitlines(keepends=True))
            self._read += len(whole)
