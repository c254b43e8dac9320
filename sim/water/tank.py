"""The weigh tank, and how it weighs on the balance under it."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from remotecal.sim.instruments.weighing import WEIGHT_DENSITY
from remotecal.sim.surroundings import Air


class Tank:
    """A tank on a balance, filled by the diverter and emptied by its drain valve."""

    DRAIN = 1 / 45.0
    """Share of the capacity that leaves per second while the drain is open."""

    def __init__(self, capacity: float, evaporation: float, rng: Random) -> None:
        """`capacity` in kg; `evaporation`, from the tank while it holds water, in kg/s."""
        self.capacity = capacity
        self._evaporation = evaporation
        self.mass = 0.0
        """True mass of the water in it, in kg."""
        self.drained = 0.0
        """Mass that left by the drain since the rig was switched on, in kg."""
        self.evaporated = 0.0
        """Mass that left as vapour, in kg."""
        self.draining = False
        """Whether the drain valve is open."""
        self.disturbed = -math.inf
        """When water last came or went, in s of world time."""
        self.rate = 0.0
        """How fast it came or went then, in kg/s."""
        self._rng = rng
        self._residual = 0.0
        self._residue()

    @property
    def level(self) -> float:
        """Share of the capacity that is filled."""
        return self.mass / self.capacity

    def drain(self, *, opened: bool) -> None:
        """Open or close the drain valve."""
        if opened and not self.draining:
            self._residue()
        self.draining = opened

    def advance(self, duration: float, inflow: float, time: float) -> None:
        """Let `duration` s pass that end at `time`, with `inflow` kg coming in."""
        mass = self.mass + inflow
        rate = inflow
        if self.draining and mass > self._residual:
            left = min(self.DRAIN * self.capacity * duration, mass - self._residual)
            self.drained += left
            mass -= left
            rate -= left
        elif mass > 0.0:
            vapour = min(self._evaporation * duration, mass)
            self.evaporated += vapour
            mass -= vapour
        self.mass = mass
        if rate != 0.0:
            self.disturbed = time
            self.rate = rate / duration

    def _residue(self) -> None:
        """Draw what will stay on the walls this time."""
        self._residual = self.capacity * 2.0e-4 * self._rng.uniform(0.5, 1.5)


class WeighedTank:
    """The tank as a load: it is buoyed by the air, and the jet thrusts it down while water comes."""

    THRUST = 0.3
    """What the jet adds to the load for each kg/s, in kg."""

    def __init__(self, tank: Tank, air: Air, density: Callable[[], float]) -> None:
        """`density` is that of the water, in kg/m³."""
        self._tank = tank
        self._air = air
        self._density = density

    def apparent(self, time: float) -> float:
        air = self._air.density(time)
        return self._tank.mass * (1.0 - air / self._density()) / (1.0 - air / WEIGHT_DENSITY)

    @property
    def disturbed(self) -> float:
        return self._tank.disturbed

    @property
    def thrust(self) -> float:
        return self.THRUST * self._tank.rate
