"""What swings in a thermostat and is counted: the tube of a density meter, on a bench or on line."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from remotecal.sim.world import World


class Swinging(ABC):
    """A tube whose period tells what is in it, and the phase it has come to.

    Args:
        world: where it is.
        rng: of its noise.
        drift: of its period, in ppm an hour.
        noise: standard deviation of its period, as a share.
    """

    FOLLOWING = 60.0
    """Time constant in s with which it follows its thermostat."""

    def __init__(self, world: World, rng: Random, *, drift: float, noise: float) -> None:
        self.world, self._rng, self.drift, self._noise = world, rng, drift, noise
        self.target = self._t = 20.0
        """What its thermostat is set to, and what it has, in °C."""
        self._phase = 0.0

    @property
    def temperature(self) -> float:
        """In °C; it follows its thermostat."""
        return self._t

    @property
    @abstractmethod
    def still(self) -> float:
        """Period in µs that it would have without drift and noise."""

    @property
    def period(self) -> float:
        """In s."""
        swings = self.still
        drifted = 1.0 + self.drift * 1e-6 * self.world.time / 3600.0
        return 1e-6 * swings * drifted * (1.0 + self._rng.gauss(0.0, self._noise))

    def move(self, begin: float, until: float) -> float:
        """Go on by a step at most (`world.Physics`)."""
        took = min(until - begin, 2.0)
        self._t = self.target + (self._t - self.target) * math.exp(-took / self.FOLLOWING)
        self._phase += took / self.period
        return begin + took

    def cycles(self) -> float:
        """Return how many cycles there were."""
        return self._phase
