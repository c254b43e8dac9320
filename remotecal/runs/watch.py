"""What watches over a rig while a run is on: interlocks and the heartbeat."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from remotecal.clock import SteppedClock
from remotecal.drivers.capabilities import RigController
from remotecal.drivers.states import names_of
from remotecal.errors import InterlockTripped, RemotecalError

if TYPE_CHECKING:
    from enum import IntFlag

    from remotecal.bench import Bench
    from remotecal.bench_file import Interlock
    from remotecal.clock import Recurring
    from remotecal.drivers.quantities import BoundFlags, BoundSetting
    from remotecal.journal.events import Json
    from remotecal.journal.writing import Journal
    from remotecal.open_bench import OpenBench
    from remotecal.runs.control import Control

PAUSE = 1.0
"""Seconds from one look to the next, at most, where all is looked at once more before a repeat counts."""

MISSES = 3
"""How often in a row a limit or the heartbeat may fail for want of a reply before that is a trip."""

HELD_UP = 10.0
"""Seconds by which a look may come late beside those that are borne to miss: another exchange on the same
link may take that long."""

BEATS = MISSES + 1
"""Numbers in which a heart goes round: however many misses are borne, the next beat is another number than
the last one the rig heard, and what it answers need not be kept for each of thousands."""


class Watch:
    """Looks at a bench's interlocks and beats its heartbeat, by the run's clock.

    Whatever passes a limit, trips at the rig or can't be watched any more stops the run.
    """

    def __init__(self, bench: Bench, opened: OpenBench, control: Control, journal: Journal) -> None:
        self._opened, self._control, self._journal = opened, control, journal
        interlocks = sorted(bench.file.interlocks, key=attrgetter("every"))
        control.watched.limits = bench.file.interlocks
        self._groups = {every: list(group) for every, group in groupby(interlocks, attrgetter("every"))}
        self._heartbeat = bench.file.heartbeat
        self._rig: RigController | None = None
        self._beats = 0
        self._looking: list[Recurring] = []
        self._beating: list[Recurring] = []
        self._looks: list[Callable[[], None]] = []
        """Look at each thing that is watched once more, and beat."""
        self._last: dict[str, tuple[float, float]] = {}
        """What is watched → how often, in seconds, and when it was looked at last."""
        self._stepped = isinstance(opened.clock, SteppedClock)
        """Whether time passes only where somebody lets it, so that nobody can have been asleep."""

    @property
    def declared(self) -> Mapping[str, Json]:
        """What is watched over, as a journal's event `watch` says it; empty where nothing is."""
        heart = self._heartbeat
        looks: list[Json] = [
            {"every": every, "limits": list(map(str, group)), "what": _watched(group)}
            for every, group in self._groups.items()
        ]
        if heart is not None:
            looks.append({"every": heart.every, "limits": [], "what": heart.quantity})
        return {"looks": looks} if looks else {}

    def begin(self) -> None:
        """See that nothing stands against a run, and watch from now on.

        Raises:
            InterlockTripped: a limit is passed, or the rig is tripped.
            LinkError: the rig does not answer.
        """
        clock = self._opened.clock
        if self._heartbeat is not None:
            heart = self._opened.setting(self._heartbeat.quantity)
            self._rig = heart.instrument if isinstance(heart.instrument, RigController) else None
            with self._journal.watching(self._heartbeat.quantity):
                for _ in range(2):  # one may be the very number the rig heard last
                    self._beat(heart)
                self._take_up()
            what, every = self._heartbeat.quantity, self._heartbeat.every
            beat = self._guarded(what, every, partial(self._beat_and_look, heart))
            self._beating.append(clock.every(every, beat))
        for group in self._groups.values():
            with self._journal.watching(_watched(group)):
                self._look(group, beginning=True)
        for every, group in self._groups.items():
            look = self._guarded(_watched(group), every, partial(self._look, group))
            self._looking.append(clock.every(every, look))

    def stop_looking(self) -> None:
        """Watch no limits any more; the heart goes on beating while the rig is made safe."""
        for recurring in self._looking:
            recurring.cancel()

    def end(self) -> None:
        """Let the heart stop too."""
        for recurring in self._looking + self._beating:
            recurring.cancel()

    def see_that_nobody_slept(self) -> None:
        """Raise `InterlockTripped` if something was looked at so long ago that nobody watched meanwhile."""
        if slept := next(filter(None, map(self._slept, self._last)), None):
            raise slept

    def look_again(self) -> None:
        """Look at everything once more, or stop the run: what happened since the last look happened, too.

        A rig that tripped just before the end of a repeat was not measured as it was meant.
        """
        for look in self._looks:
            look()

    def _slept(self, what: str) -> InterlockTripped | None:
        every, last = self._last[what]
        since = self._opened.clock.now() - last
        if self._stepped or since <= MISSES * every + HELD_UP:
            return None
        return InterlockTripped(
            f"nobody looked at {what} for {since:.0f} s, and it was to be every {every:g} s: was the "
            "computer asleep, or kept from its work? The repeat that was on counts for nothing"
        )

    def _guarded(self, what: str, every: float, look: Callable[[], None]) -> Callable[[], None]:
        """Return `look` as a recurring action, which has nobody to raise to but the run."""
        misses, one_at_a_time = 0, threading.RLock()
        self._last[what] = every, self._opened.clock.now()

        def act() -> None:
            with one_at_a_time:
                look_or_miss()

        def look_or_miss() -> None:
            nonlocal misses
            try:
                if slept := self._slept(what):
                    self._control.stop(slept)  # and go on: a heart beats until the rig is safe
                with self._journal.watching(what):
                    look()
                self._last[what] = every, self._opened.clock.now()
                misses = 0
            except InterlockTripped as trip:
                self._control.stop(trip)
            except RemotecalError as failure:
                misses += 1
                if misses >= MISSES:
                    self._control.stop(InterlockTripped(f"{what} can't be watched any more: {failure}"))
            except Exception as failure:  # noqa: BLE001  a watch that breaks must stop the run too
                self._control.stop(InterlockTripped(f"watching {what} broke: {failure!r}"))

        def again() -> None:
            act()
            while misses and self._control.error is None:  # a hiccup is borne here as elsewhere
                self._opened.clock.sleep(min(every, PAUSE))
                act()

        self._looks.append(again)
        return act

    def _look(self, interlocks: list[Interlock], *, beginning: bool = False) -> None:
        watched = [self._opened.reading(lock.watch) for lock in interlocks]
        readings = self._opened.read_together(*watched)
        self._control.watched.note(readings)
        if beginning:
            self._control.watched.shown_with(watched)
        for interlock, reading in zip(interlocks, readings, strict=True):
            value = reading.to(interlock.unit).value
            limit = interlock.limit
            if beginning and interlock.release is not None:
                limit = interlock.release
            if interlock.passed(value, limit):
                side = "above" if interlock.above is not None else "below"
                found, beyond = (
                    f"{interlock.watch} is {value:g} {interlock.unit}",
                    f"{limit:g} {interlock.unit}",
                )
                raise InterlockTripped(
                    f"{found}, {side} what a run may begin at, {beyond}"
                    if beginning
                    else f"{found}, {side} its limit, {beyond}",
                    interlock.watch,
                )

    def _beat(self, heart: BoundSetting) -> None:
        low, high = heart.declaration.span
        heart.set(low + self._beats % min(BEATS, high - low + 1))
        self._beats += 1

    def _beat_and_look(self, heart: BoundSetting) -> None:
        self._beat(heart)
        if self._rig is not None and (trips := self._rig.trips.read()):
            raise InterlockTripped(f"the rig tripped by itself: {names_of(trips)}")

    def _take_up(self) -> None:
        """Reset a rig that tripped only because no run was on; leave all other trips to a person."""
        if self._rig is None:
            return
        if may_be_reset(self._rig.trips):
            self._rig.reset()
        if trips := self._rig.trips.read():
            raise InterlockTripped(
                f"the rig is tripped: {names_of(trips)}; remove the cause and reset it at the rig first"
            )


def may_be_reset(trips: BoundFlags[IntFlag]) -> bool:
    """Ask why a rig is tripped, and tell whether that may be reset with nobody looking."""
    found = trips.read()
    return bool(found) and found in trips.declaration.resettable


def _watched(interlocks: Sequence[Interlock]) -> str:
    """Return what is looked at together, by name."""
    return ", ".join(interlock.watch for interlock in interlocks)
