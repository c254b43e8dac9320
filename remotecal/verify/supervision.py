"""Whether the rig was watched over as long as the run was on: how far apart the looks were.

What a look found is kept where it changed; that there was one is kept each time, as the first, the last and
the longest time between two of them. So a watch that stopped, and a part of a run that was cut out of its
journal, show as a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from remotecal.errors import EvidenceError
from remotecal.journal.events import seconds, timestamp
from remotecal.journal.exchanges import looks_of
from remotecal.runs.watch import MISSES
from remotecal.verify.course import STOPS
from remotecal.verify.report import Unable
from remotecal.verify.times import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.journal.events import Event
    from remotecal.journal.exchanges import Looks
    from remotecal.journal.occurrences import Occurrence

HELD_UP = 10.0
"""Seconds by which a look may come late beside those that are borne to miss: another exchange on the same
link may take that long."""
OVER = STOPS | {"safe", "resume", "torn"}
"""Events behind which nothing is watched any more."""


class Supervision:
    """Checks that what is watched was looked at all along; tells the longest time between two looks.

    Raises:
        EvidenceError: a look is told that can't have been then.
        Unable: there were no looks for longer than misses can explain.
    """

    def __init__(self) -> None:
        self.concerned = False
        self._every: dict[str, float] = {}
        """What is watched → seconds from one look to the next, as was said; empty while nothing is."""
        self._last: dict[str, float] = {}
        """What is watched → when it was looked at last."""
        self._longest: dict[str, float] = {}
        """What is watched → longest time without a look."""
        self._gap = ""

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        event = told.event
        if event.kind == "watch":
            self._begin(event)
        elif event.kind == "replies":
            self._look(event)
        elif event.kind == "observation":
            for what in self._every:
                self._passed(what, self._last[what], seconds(event.at))
        elif event.kind in OVER:
            self._every = {}

    def conclude(self) -> str:
        """Return what was watched, and the longest time from one look to the next."""
        if self._gap:
            raise Unable(self._gap)
        return "; ".join(
            f"{what}: at most {longest:.3g} s from one look to the next"
            for what, longest in self._longest.items()
        )

    def _begin(self, event: Event) -> None:
        looks = cast("Sequence[Mapping[str, str | float]]", event.data["looks"])  # their shape was checked
        self._every = {str(look["what"]): float(look["every"]) for look in looks}
        self._last = dict.fromkeys(self._every, seconds(event.at))
        self.concerned = True

    def _look(self, event: Event) -> None:
        for what, looks in looks_of(event).items():
            if what not in self._every:
                raise EvidenceError(f"line {event.seq}: {what} was looked at, and nobody said it would be")
            if not _thinkable(looks, self._last[what], seconds(event.at)):
                raise EvidenceError(f"line {event.seq}: {what} can't have been looked at as is told")
            self._passed(what, self._last[what], looks.first)
            self._passed(what, looks.last - looks.longest, looks.last)
            self._last[what] = looks.last

    def _passed(self, what: str, begin: float, end: float) -> None:
        """Note a time without a look."""
        self._longest[what] = max(self._longest.get(what, 0.0), end - begin)
        if end - begin > MISSES * self._every[what] + HELD_UP and not self._gap:
            self._gap = (
                f"nobody looked at {what} for {end - begin:.1f} s from {timestamp(begin)} on; it was to be "
                f"every {self._every[what]:g} s"
            )


def _thinkable(looks: Looks, after: float, before: float) -> bool:
    """Tell whether there can have been such looks between two times, in seconds since 1970."""
    in_order = after - ROUNDING <= looks.first <= looks.last <= before + ROUNDING
    return looks.times >= 1 and in_order and 0 <= looks.longest <= looks.last - looks.first + ROUNDING
