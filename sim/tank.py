"""The weigh tank, and the balance under it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from remotecal.sim.calibrated import Calibrated
from remotecal.sim.surroundings import Air

WEIGHT_DENSITY = 8000.0
"""Density by which weights are adjusted (conventional mass), in kg/m³."""


class Tank:
    """A tank on a balance, filled by the diverter and emptied by its drain valve."""

    EVAPORATION = 2.0e-7
    """What evaporates from a tank that holds water, in kg/s."""
    DRAIN = 1 / 45.0
    """Share of the capacity that leaves per second while the drain is open."""

    def __init__(self, capacity: float, rng: Random) -> None:
        """`capacity` in kg."""
        self.capacity = capacity
        self.mass = 0.0
        """True mass of the water in it, in kg."""
        self.drained = 0.0
        """Mass that left by the drain since the rig was switched on, in kg."""
        self.evaporated = 0.0
        """Mass that left as vapour, in kg."""
        self.draining = False
        """Whether the drain valve is open."""
        self.disturbed = -math.inf
        """When water last came or went, in s of rig time."""
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
            vapour = min(self.EVAPORATION * duration, mass)
            self.evaporated += vapour
            mass -= vapour
        self.mass = mass
        if rate != 0.0:
            self.disturbed = time
            self.rate = rate / duration

    def _residue(self) -> None:
        """Draw what will stay on the walls this time."""
        self._residual = self.capacity * 2.0e-4 * self._rng.uniform(0.5, 1.5)


@dataclass(frozen=True, slots=True)
class BalanceSpec:
    """What the balance is."""

    capacity: float
    """Highest load in kg."""
    resolution: float
    """Scale interval d in kg."""
    calibration: Calibrated
    """Corrections in kg against the load in kg."""
    repeatability: float
    """Standard deviation of repeated readings, in kg."""
    zero_drift: float = 0.0
    """Drift of the zero in kg per hour."""
    settling: float = 1.2
    """Time constant in s with which it comes to rest."""


class Balance:
    """A platform that weighs the tank's water in air.

    It was adjusted with weights of 8000 kg/m³, so that it shows less than the mass by the water's
    greater buoyancy.
    """

    def __init__(self, spec: BalanceSpec, tank: Tank, air: Air, rng: Random) -> None:
        self.spec = spec
        self.tank = tank
        self.tare = 0.0
        """Weight taken off by taring or zeroing, in kg."""
        self._air = air
        self._rng = rng

    def weight(self, time: float, water_density: float) -> float:
        """Return the settled indication in kg before rounding and taring."""
        air = self._air.density(time)
        apparent = self.tank.mass * (1.0 - air / water_density) / (1.0 - air / WEIGHT_DENSITY)
        return self.spec.calibration.indicated(apparent) + self.spec.zero_drift * time / 3600.0

    def stable(self, time: float) -> bool:
        """Tell whether it has come to rest."""
        return abs(self._swing(time)) < 0.5 * self.spec.resolution

    def gross(self, time: float, water_density: float) -> float:
        """Return what it makes of the load at this moment, in kg, before rounding and taring."""
        noise = self._rng.gauss(0.0, self.spec.repeatability)
        return self.weight(time, water_density) + self._swing(time) + noise

    def net(self, time: float, water_density: float) -> float:
        """Return the reading in kg: net, rounded to the scale interval."""
        steps = round((self.gross(time, water_density) - self.tare) / self.spec.resolution)
        return steps * self.spec.resolution

    def overloaded(self, time: float, water_density: float) -> bool:
        """Tell whether the load lies above the capacity by more than nine scale intervals."""
        return self.weight(time, water_density) > self.spec.capacity + 9.0 * self.spec.resolution

    def seconds_to_rest(self, time: float) -> float:
        """Return how long it needs to come to rest if nothing disturbs it, in s."""
        swing = abs(self._swing(time))
        if swing < 0.5 * self.spec.resolution:
            return 0.0
        return self.spec.settling * math.log(swing / (0.499 * self.spec.resolution))

    def _swing(self, time: float) -> float:
        """The jet's thrust while water comes, and what is left of it afterwards, in kg."""
        rest = (time - self.tank.disturbed) / self.spec.settling
        return 0.3 * self.tank.rate * math.exp(-rest) if rest < 50.0 else 0.0
