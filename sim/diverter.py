"""The diverter, the timer it starts and stops, and the gate it gives to counters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol


class Schedule(Protocol):
    """Something that does things at their time: the rig."""

    def at(self, time: float, action: Callable[[float], None]) -> None:
        """Do `action` at `time` of rig time."""
        ...


@dataclass(frozen=True, slots=True)
class DiverterSpec:
    """What the diverter is.

    Its position sensor switches half-way. The water changes its way `late_to_tank` or
    `late_to_bypass` seconds after that (before, if negative), so a collection lasts
    `late_to_bypass - late_to_tank` longer than the timer says.
    """

    travel: float = 0.08
    """Time from one end to the other, in s."""
    late_to_tank: float = 0.0
    late_to_bypass: float = 0.0
    jitter: float = 0.0004
    """Standard deviation of each change's moment, in s."""

    @property
    def asymmetry(self) -> float:
        """Return what must be added to the timer's reading, in s."""
        return self.late_to_bypass - self.late_to_tank


class Gate:
    """A two-state signal with listeners: `listener(time, opened)`."""

    def __init__(self) -> None:
        self.opened = False
        self.listeners: list[Callable[[float, bool], None]] = []

    def set(self, time: float, *, opened: bool) -> None:
        """Change the state, and tell every listener at once."""
        if opened != self.opened:
            self.opened = opened
            for listener in tuple(self.listeners):
                listener(time, opened)


class Timer:
    """Times how long a gate is open, to 1 µs, by a time base with a small error."""

    RESOLUTION = 1e-6

    def __init__(self, gate: Gate, error: float) -> None:
        """`error` is the relative error of the time base (1)."""
        self.started = 0.0
        self.stopped = 0.0
        self.running = False
        self._error = error
        gate.listeners.append(self._switch)

    def elapsed(self, time: float) -> float:
        """Return the time shown, in s."""
        true = (time if self.running else self.stopped) - self.started
        return round(true * (1.0 + self._error) / self.RESOLUTION) * self.RESOLUTION

    def _switch(self, time: float, opened: bool) -> None:  # noqa: FBT001 - a listener's signature
        self.running = opened
        if opened:
            self.started = time
        self.stopped = time


class Diverter:
    """Sends the jet into the tank or past it."""

    def __init__(self, spec: DiverterSpec, schedule: Schedule, gate: Gate, rng: Random) -> None:
        self.spec = spec
        self.gate = gate
        self.filling = False
        """Whether the water goes into the tank at this moment."""
        self.told = False
        """Whether it was last told to turn to the tank."""
        self.stuck = False
        """A stuck diverter takes commands and does not move."""
        self._schedule = schedule
        self._rng = rng
        self._order = 0

    def turn(self, time: float, *, to_tank: bool) -> None:
        """Start to turn at `time`, if it does not stand there already."""
        if to_tank == self.told:
            return
        self.told = to_tank
        if self.stuck:
            return
        self._order += 1
        order = self._order
        half = time + 0.5 * self.spec.travel
        late = self.spec.late_to_tank if to_tank else self.spec.late_to_bypass
        late += self._rng.gauss(0.0, self.spec.jitter)

        def sense(moment: float) -> None:
            if order == self._order:
                self.gate.set(moment, opened=to_tank)

        def change(_: float) -> None:
            if order == self._order:
                self.filling = to_tank

        self._schedule.at(half, sense)
        self._schedule.at(max(half + late, time), change)
