"""A run as it was when a line of its journal was written: by a slider, or by links where no scripts run.

All that is told of a moment stands in the journal up to that line: what the run was doing, what its last
repeat yielded, what instruments replied last, what was asked and by whom it was answered. Nothing between two
lines is made up; what came next is told apart.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from remotecal.journal.course import timeline
from remotecal.journal.events import seconds
from remotecal.journal.exchanges import kept_exchanges
from remotecal.store.journals import STATES
from remotecal.web import runs, visible
from remotecal.web.bodies import RunName, StationName
from remotecal.web.pages.evidence import events_of, observed, stands
from remotecal.web.pages.frame import Visiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.journal.course import CourseStep, Timeline
    from remotecal.journal.exchanges import Exchange
    from remotecal.store.journals import RunRow
    from remotecal.web.pages.evidence import RepeatShown
    from remotecal.web.pages.frame import Visitor

router = APIRouter(include_in_schema=False)

AROUND: Final = 8
"""Steps that are told before a moment, and half as many after it."""
MOST_READ: Final = 40
"""Indications of a repeat that are told, and what else was observed."""
MOST_REPLIES: Final = 12
"""Exchanges with instruments that are told."""
WIDE: Final = 500
"""Of the drawing: so many places along the journal are told apart."""
DRAWN: Final = {
    "point": "points", "repeat": "repeats", "prompt": "people", "answer": "people", "control": "people",
    "pause": "people", "go_on": "people", "adjust": "people", "abort": "faults", "interlock": "faults",
    "failure": "faults", "torn": "faults", "suspend": "faults",
}  # fmt: skip
"""Kind of a step → the row of the drawing it stands in."""
ROWS: Final = ("points", "repeats", "people", "faults")

Line = Annotated[int, Query(ge=0, le=2**31 - 1, description="Number of the journal's line; 0 for the last.")]
Part = Annotated[Literal["", "1"], Query(description="1 for what changes alone.")]


class Moment(NamedTuple):
    """A run as it was."""

    line: int
    state: str
    """See `journals.STATES`."""
    point: str
    """To which it had turned; "" for none yet."""
    repeat: str
    """Which had begun; "" for none at this point yet."""
    observed: int
    """Repeats that had come to an observation."""
    of: int
    """How many there are in the whole journal."""
    question: str
    """That waited for an answer; "" for none."""
    safe: bool | None
    """Whether the safe state was reached, where that was the last thing tried; None otherwise."""
    before: tuple[CourseStep, ...]
    """What had happened, the last at the end."""
    after: tuple[CourseStep, ...]
    """What happened next."""


@router.get("/runs/{station}/{run}/moment")
def show_moment(
    station: StationName, run: RunName, visitor: Visiting, line: Line = 0, part: Part = ""
) -> Response:
    """Return a run as it was when a line of its journal was written; the last one where none is named."""
    whole = visible.whole(visitor.office, visitor.caller, station, run)
    runs.see_evidence_of(visitor.office, visitor.caller, whole)
    row = whole.row
    known = _timeline(visitor, row)
    at = min(line or row.committed, row.committed)
    written, replies = _kept(visitor, row, known, at)
    content = {
        "row": row,
        "at": written,
        "moment": moment(known, at, len(stands(visitor.office, row).repeats)),
        "last": _last_repeat(visitor, row, at),
        "replies": replies,
        "most": MOST_READ,
        "links": _links(known, at),
    }
    if part:
        return HTMLResponse(visitor.part("moment_part.html", **content))
    return visitor.page("moment.html", **content, drawn=drawn(known, row.committed), wide=WIDE)


def moment(known: Timeline, line: int, of: int) -> Moment:
    """Return a run as it was when a line of its journal was written.

    Args:
        known: what the journal tells.
        line: number of the line.
        of: how many repeats came to an observation, in all of it.
    """
    happened = bisect_right(known.steps, line, key=lambda one: one.line)
    state = next((state for seq, state in reversed(known.states) if seq <= line), "new")
    point, repeat, question, seen = "", "", "", 0
    safe: bool | None = None
    for one in known.steps[:happened]:
        safe = one.done if one.kind == "safe" else None
        question = one.what if one.kind == "prompt" else question
        if one.kind == "point":
            point, repeat = one.what, ""
        elif one.kind == "repeat":
            repeat = one.what.rpartition(" · ")[2]
            seen += one.as_of(line).done
    first = max(0, happened - AROUND)
    before = tuple(one.as_of(line) for one in known.steps[first:happened])
    after = known.steps[happened : happened + AROUND // 2]
    return Moment(line, state, point, repeat, seen, of, question * (state == "asking"), safe, before, after)


def drawn(known: Timeline, lines: int) -> dict[str, str]:
    """Return row of the drawing → its marks, as the path of an SVG; as many as are told apart, at most."""
    places: dict[str, dict[int, None]] = {name: {} for name in ROWS}
    for one in known.steps:
        if row := DRAWN.get(one.kind):
            places[row][round(WIDE * (one.line - 1) / max(lines - 1, 1))] = None
    return {name: "".join(f"M{at} 0v8" for at in found) for name, found in places.items()}


def _timeline(visitor: Visitor, row: RunRow) -> Timeline:
    """Return what a run's journal tells; it is gone through once, until it grows."""

    def find() -> Timeline:
        with visitor.office.store.journals.opened(row.station, row.run) as lines:
            return timeline(lines, visitor.words.choose, STATES)

    return visitor.office.timelines.get((row.station, row.run, row.head, visitor.words.language), find)


def _last_repeat(visitor: Visitor, row: RunRow, line: int) -> RepeatShown | None:
    """Return what the last repeat that was over by then yielded; None before the first was."""
    over = [one for one in stands(visitor.office, row).repeats if one.ends <= line]
    if not over:
        return None
    found = observed(visitor.office, row, [max(over, key=lambda one: one.ends)]).repeats
    return found[0] if found else None


def _kept(visitor: Visitor, row: RunRow, known: Timeline, line: int) -> tuple[float, list[Exchange]]:
    """Return when a line was written, and the exchanges kept last by then, the latest at the end."""
    before = bisect_right(known.replies, line)
    lines = {line, *known.replies[max(0, before - 1) : before]}
    within = [(one, one) for one in sorted(lines)]
    at = 0.0
    found: list[Exchange] = []
    for event in events_of(visitor.office.store, row, within):
        if event.kind == "replies":
            found += kept_exchanges(event)
        if event.seq == line:
            at = seconds(event.at)
    return at, sorted(found, key=lambda one: (one.at, one.number))[-MOST_REPLIES:]


def _links(known: Timeline, line: int) -> Sequence[tuple[str, int]]:
    """Return where it goes on to without a script: name in the catalogue → line."""
    places = [one.line for one in known.steps]
    before = [one for one in places if one < line]
    after = [one for one in places if one > line]
    faults = [one.line for one in known.steps if DRAWN.get(one.kind) == "faults" and one.line != line]
    found = [("first", places[:1]), ("earlier", before[-1:]), ("later", after[:1]), ("fault", faults[:1])]
    return [(name, lines[0]) for name, lines in found if lines]
