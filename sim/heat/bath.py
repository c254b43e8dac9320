"""A stirred bath: its heater, its fluid, how it is controlled, and where in it how warm it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remotecal.sim.instruments.well import Block

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.sim.world import World


class Bath(Block):
    """A bath whose fluid follows its heater, both by time constants of their own; in °C.

    Args:
        world: its time.
        room: tells the temperature round it.
        uneven: standard deviation of the difference in K between a place in it and that of the reference.
        name: what its places draw their numbers by.
    """

    HEATER, FLUID = 60.0, 600.0
    """Time constants in s."""
    RIPPLE, PERIOD = 0.0015, 90.0
    """How far control makes it swing in K, and in how many seconds."""

    def __init__(self, world: World, room: Callable[[], float], uneven: float, name: str) -> None:
        super().__init__(room)
        self._world, self._uneven, self._name = world, uneven, name
        self._heater = self.temperature
        self._places: dict[tuple[str, float], float] = {}
        self.wandering = 0.0
        """By how many K a minute its temperature runs away, as one without enough oil in it does."""

    def move(self, took: float) -> None:
        """Let `took` seconds pass."""
        if not self.on:
            super().move(took)
            self._heater = self.temperature
            return
        self.target += self.wandering * took / 60.0
        # A controller drives the heater beyond the target, so that the fluid comes there in time.
        wanted = self.target + 2.0 * (self.target - self.temperature)
        self._heater = wanted + (self._heater - wanted) * math.exp(-took / self.HEATER)
        self.temperature = self._heater + (self.temperature - self._heater) * math.exp(-took / self.FLUID)

    @property
    def fluid(self) -> float:
        """Temperature where the reference hangs, now."""
        swing = self.RIPPLE * math.sin(2 * math.pi * self._world.time / self.PERIOD) if self.on else 0.0
        return self.temperature + swing

    def at(self, place: str) -> float:
        """Return the temperature at another place in it, now."""
        around = round(self.target, 0)
        if (place, around) not in self._places:
            rng = self._world.random(f"{self._name} {place} {around:g}")
            self._places[place, around] = rng.gauss(0.0, self._uneven)
        return self.fluid + self._places[place, around]
