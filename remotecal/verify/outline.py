"""A journal in outline: what has to be known of the whole before its events are gone through one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.signing.journal import JournalSeal
from remotecal.drivers.links.by_hand import name_of
from remotecal.errors import JournalBroken
from remotecal.journal.evidence import NOTHING_WRITTEN, start_of
from remotecal.verify.shapes import Shapes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotecal.journal.events import Event
    from remotecal.journal.evidence import Start


class Outline:
    """Goes through a journal for the first time.

    Args:
        events: the journal's, each checked as it comes.

    Raises:
        JournalBroken: it is not what was written, or nothing was.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self.shapes = Shapes()
        """Whether each event is of a known form."""
        self.seal = JournalSeal()
        """The station's signature."""
        self.finished = 0
        """Line in which the run is said to be finished; 0 where it is not."""
        self.resumed = False
        """Whether the run was ever taken up again."""
        self.by_hand: set[str] = set()
        """Names of the instruments that people read, which their addresses tell."""
        first = last = None
        for event in self.seal.along(events):
            first, last = first or event, event
            self._take(event)
        if first is None or last is None:
            raise JournalBroken(NOTHING_WRITTEN)
        self.first: Event = first
        """The first event."""
        self.last: Event = last
        """The last event."""

    def _take(self, event: Event) -> None:
        self.shapes.follow(event)
        if event.kind == "finish" and not self.finished:
            self.finished = event.seq
        self.resumed = self.resumed or event.kind == "resume"
        if event.kind == "instrument" and name_of(str(event.data.get("address"))):
            self.by_hand.add(str(event.data.get("name")))

    @property
    def lines(self) -> int:
        """Number of lines."""
        return self.last.seq

    @property
    def start(self) -> Start:
        """What the journal begins with (`JournalBroken` if that is no start of a run)."""
        return start_of(self.first.data)
