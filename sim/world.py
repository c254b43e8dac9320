"""The world of a simulated bench: its time, its chance, and what happens in it when.

A world knows nothing of what is in it. The physics of a bench is moved on to the clock's time whenever
somebody looks (`present`), so virtual hours cost next to nothing and nobody has to run the bench.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING

from remotecal.sim.chance import chance

if TYPE_CHECKING:
    from remotecal.clock import Clock

_TICK = 5.0e-7
"""A little more than what a float of seconds since the epoch resolves, so that an instant waited for
has come."""

Physics = Callable[[float, float], float]
"""Moves a physical thing on from one time towards another, in s of world time, and returns how far it
came: all the way, or to the end of a step of its own, after which it is asked again."""


@dataclass(order=True, slots=True)
class Due:
    """Something that happens at a time."""

    time: float
    order: int
    action: Callable[[float], None] = field(compare=False)


class World:
    """One world for all that is on a bench. Look at it and act on it only inside `with world.present():`."""

    def __init__(self, clock: Clock, seed: int, occasion: int = 0) -> None:
        self.clock = clock
        self.seed = seed
        self._occasion = f", occasion {occasion}" if occasion else ""
        self.time = 0.0
        """Seconds since the bench was switched on, up to which everything has moved on."""
        self.physics: Physics = _nothing_moves
        """How the physical thing on the bench moves on; set by whoever is it."""
        self.watchers: list[Callable[[], None]] = []
        """Called after every step: protections, which act by themselves."""
        self.extensions: list[Callable[[float], None]] = []
        """Told when time passes that nobody could use: see `take`."""
        self.lock = threading.RLock()
        self._start = clock.now()
        self._events: list[Due] = []
        self._order = itertools.count()
        self._present = _Present(self)

    def random(self, name: str) -> Random:
        """Return a source of what changes from day to day in one part of the bench: noise, weather, handling.

        What a part is, and stays, is drawn by `chance` of the seed alone.
        """
        return chance(self.seed, f"{name}{self._occasion}")

    def present(self) -> _Present:
        """Hold the world at the clock's time: `with world.present() as time:`."""
        return self._present

    def at(self, time: float, action: Callable[[float], None]) -> None:
        """Do `action(time)` when the world comes to `time`."""
        heapq.heappush(self._events, Due(max(time, self.time), next(self._order), action))

    def take(self, duration: float) -> bool:
        """Let an instrument take `duration` s before it answers, and tell whether they have passed.

        A virtual clock is moved on; as nobody can act meanwhile, watchdogs are put off by as much. A real
        one can't be: then who asked has to wait.
        """
        if duration <= 0.0:
            return True
        advance: Callable[[float], None] | None = getattr(self.clock, "advance", None)
        if advance is None:
            return False
        with self.lock:
            for put_off in self.extensions:
                put_off(duration)
            advance(duration + _TICK)
        return True

    def advance_to(self, time: float) -> None:
        """Move on to `time` of world time, doing what falls due on the way."""
        while self._events and self._events[0].time <= time:
            event = heapq.heappop(self._events)
            self._run(event.time)
            event.action(event.time)
        self._run(time)

    def advance_to_now(self) -> float:
        """Move on to the clock's time, and return it in s of world time."""
        self.advance_to(self.clock.now() - self._start)
        return self.time

    def _run(self, until: float) -> None:
        while self.time < until:
            self.time = self.physics(self.time, until)
            for watch in self.watchers:
                watch()


def _nothing_moves(_: float, until: float) -> float:
    return until


class _Present:
    """Holds the lock and moves on; one for all uses, as it has no state of its own."""

    __slots__ = ("_world",)

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> float:
        self._world.lock.acquire()
        try:
            return self._world.advance_to_now()
        except BaseException:
            self._world.lock.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._world.lock.release()
