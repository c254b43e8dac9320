"""Runs as they are now, for everybody who looks on: each station is listened to once, however many look."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from remotecal.errors import RemotecalError
from remotecal.runs.tempo import in_minutes
from remotecal.transport import subjects
from remotecal.transport.messages import Live
from remotecal.web.indications import indications
from remotecal.web.last_minute import LastMinute
from remotecal.web.pace import left

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from remotecal.hub.laboratory import OrderDesk
    from remotecal.web.indications import IndicationShown

ON: Final = frozenset({"running", "asking", "paused"})
"""States of a run that is on."""
WAITING: Final = ON - {"running"}
"""Those of a run that goes on when somebody says so, and tells nothing until then."""
ASK_AFTER: Final = 3.0
"""Seconds without news of a station after which it is asked: what it shows by itself may be lost."""
AT_LEAST: Final = 0.5
"""Seconds from one look at what is new to the next, at least: nobody reads faster."""
LOOKS: Final = 10
"""Looks in a second for all who look on together, at most: commands go on between them."""
AT_MOST: Final = 2.0
"""The same at most: what changes without a station's word, and how old its last word is."""
DRAWN: Final = 6
"""Indications of a run whose trend is drawn where several runs are shown …"""
DRAWN_OF_MANY: Final = 1
"""… and where these are more than `FEW`: of what has a limit, for all of it goes over each line anew."""
OF_ONE: Final = 8
"""Runs of one station that are remembered at once: what it makes up pushes out nothing of another's."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a station said last of a run."""

    live: Live
    """Where the run is."""
    heard: float
    """When that was heard, by a clock that only runs forward, in seconds."""
    past: LastMinute | None = None
    """The last minute of what was heard of the run."""

    @property
    def age(self) -> float:
        """For how many seconds there has been no news."""
        return max(0.0, time.monotonic() - self.heard)

    def indications(self, drawn: int = DRAWN) -> list[IndicationShown]:
        """Return the latest indications as pages show them, with the trend of so many, at most."""
        return indications(self.live, self.past, drawn)

    @property
    def left(self) -> int | None:
        """About how many minutes the run still takes; None where nothing tells."""
        ahead = left(self.live, self.age)
        return None if ahead is None else in_minutes(ahead)


Shows = Callable[[str, Live, Live | None], bool]
"""Tells whether what a station says of a run, and said before, changes what somebody looks at."""


def anything(_station: str, _live: Live, _before: Live | None) -> bool:
    """Tell that it does, whatever it is."""
    return True


FEW: Final = 8
"""Runs whose values are shown each time they change; of more at once, as often as is looked without news."""


def turned(live: Live, before: Live | None) -> bool:
    """Tell whether a run begins, asks, or has come to another state: what lists of runs show."""
    return before is None or (live.state, live.prompt) != (before.state, before.prompt)


@dataclass(eq=False, slots=True)
class _Viewer:
    """Somebody who looks on."""

    shows: Shows
    woken: asyncio.Event


@dataclass(slots=True)
class Watching:
    """What is known of the runs that are on."""

    laboratory: OrderDesk
    """Through whose connection stations are heard."""
    _seen: dict[str, dict[str, Seen]] = field(default_factory=dict)
    """Station → run → what it said last of it, the latest last."""
    _asked: dict[str, float] = field(default_factory=dict)
    _asking: set[asyncio.Task[None]] = field(default_factory=set)
    """Whose answers are on their way."""
    _viewers: set[_Viewer] = field(default_factory=set)
    _listening: asyncio.Task[None] | None = None

    @property
    def apart(self) -> float:
        """Seconds from one look of somebody to the next, at least: the more look on, the rarer each looks."""
        return min(max(AT_LEAST, len(self._viewers) / LOOKS), AT_MOST)

    def of(self, station: str, run: str) -> Seen | None:
        """Return what a station said last of a run; None if it said nothing yet."""
        return self._seen.get(station, {}).get(run)

    async def looks(
        self, shows: Shows = anything, woken: asyncio.Event | None = None
    ) -> AsyncGenerator[None]:
        """Yield whenever there may be something new to look at, now first.

        Args:
            shows: tells what of the stations' news that is.
            woken: set by whoever else knows of something new.
        """
        await self._listen()
        viewer = _Viewer(shows, woken or asyncio.Event())
        self._viewers.add(viewer)
        try:
            while True:
                viewer.woken.clear()
                yield
                apart = self.apart
                await asyncio.sleep(apart)
                with suppress(TimeoutError):
                    await asyncio.wait_for(viewer.woken.wait(), AT_MOST - apart)
        finally:
            self._viewers.discard(viewer)

    async def ask(self, station: str, run: str, by: str) -> None:
        """Ask a station where a run is, unless it said so of late; one that does not answer says nothing."""
        await self._listen()
        seen, now = self.of(station, run), time.monotonic()
        if (seen is not None and seen.age < ASK_AFTER) or now - self._asked.get(station, 0.0) < ASK_AFTER:
            return
        self._asked[station], known = now, dict(self._seen.get(station, {}))
        with suppress(RemotecalError):
            live = (await self.laboratory.state(station, by)).run
            # What was heard while the answer was on its way may be later than the answer.
            if live is not None and self.of(station, live.run) is known.get(live.run):
                self._take(station, live)

    async def ask_waiting(self, waiting: Iterable[tuple[str, str]], by: str) -> None:
        """Ask after runs that say nothing by themselves, for they wait for somebody.

        Answers are waited for a moment only: a station that gives none keeps nobody from the others.

        Args:
            waiting: station and run.
            by: who asks.
        """
        asking = {asyncio.ensure_future(self.ask(station, run, by)) for station, run in waiting}
        for task in asking:
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        if asking:
            await asyncio.wait(asking, timeout=AT_LEAST)

    async def _listen(self) -> None:
        failed = self._listening is not None and self._listening.done() and self._listening.exception()
        if self._listening is None or failed:
            listen = self.laboratory.connection.listen(subjects.every_live(), self._hear)
            self._listening = asyncio.ensure_future(listen)
        await asyncio.shield(self._listening)

    async def _hear(self, subject: str, content: bytes) -> None:
        with suppress(ValidationError):
            self._take(subjects.station_of(subject), Live.model_validate_json(content))

    def _take(self, station: str, live: Live) -> None:
        seen = self._seen.setdefault(station, {})
        before, now = seen.pop(live.run, None), time.monotonic()
        past = (before.past if before is not None else None) or LastMinute()
        past.take(live, now)
        seen[live.run] = Seen(live, now, past)
        if len(seen) > OF_ONE:
            del seen[next(iter(seen))]
        for viewer in self._viewers:
            if viewer.shows(station, live, None if before is None else before.live):
                viewer.woken.set()
