"""A weighing platform: what a balance makes of the load on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Protocol

from remotecal.sim.calibrated import Calibrated

WEIGHT_DENSITY = 8000.0
"""Density by which weights are adjusted (conventional mass), in kg/m³."""


class Load(Protocol):
    """What stands on a platform."""

    def apparent(self, time: float) -> float:
        """Return the mass in kg of the weights of 8000 kg/m³ that balance it in the air of `time`."""
        ...

    @property
    def disturbed(self) -> float:
        """When something was last done to it, in s of world time."""
        ...

    @property
    def thrust(self) -> float:
        """What that pressed down beyond the load's weight, in kg."""
        ...


@dataclass(frozen=True, slots=True)
class PlatformSpec:
    """What a platform is."""

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
    off_centre: float = 0.0
    """What it shows too much for the load's standing off its centre, relative (1)."""
    settling: float = 1.2
    """Time constant in s with which it comes to rest."""


class Platform:
    """A platform that weighs in air.

    It was adjusted with weights of 8000 kg/m³, so that it shows less than the mass of what is lighter,
    by its greater buoyancy.
    """

    def __init__(self, spec: PlatformSpec, load: Load, rng: Random) -> None:
        self.spec = spec
        self.tare = 0.0
        """Weight taken off by taring or zeroing, in kg."""
        self._load = load
        self._rng = rng

    def weight(self, time: float) -> float:
        """Return the settled indication in kg before rounding and taring."""
        felt = self._load.apparent(time) * (1.0 + self.spec.off_centre)
        indicated = self.spec.calibration.indicated(felt)
        return indicated + self.spec.zero_drift * time / 3600.0

    def stable(self, time: float) -> bool:
        """Tell whether it has come to rest."""
        return abs(self._swing(time)) < 0.5 * self.spec.resolution

    def gross(self, time: float) -> float:
        """Return what it makes of the load at this moment, in kg, before rounding and taring."""
        noise = self._rng.gauss(0.0, self.spec.repeatability)
        return self.weight(time) + self._swing(time) + noise

    def net(self, time: float) -> float:
        """Return the reading in kg: net, rounded to the scale interval."""
        steps = round((self.gross(time) - self.tare) / self.spec.resolution)
        return steps * self.spec.resolution

    def overloaded(self, time: float) -> bool:
        """Tell whether the load lies above the capacity by more than nine scale intervals."""
        return self.weight(time) > self.spec.capacity + 9.0 * self.spec.resolution

    def seconds_to_rest(self, time: float) -> float:
        """Return how long it needs to come to rest if nothing disturbs it, in s."""
        swing = abs(self._swing(time))
        if swing < 0.5 * self.spec.resolution:
            return 0.0
        return self.spec.settling * math.log(swing / (0.499 * self.spec.resolution))

    def _swing(self, time: float) -> float:
        """Return what is left of the last thrust, in kg."""
        rest = (time - self._load.disturbed) / self.spec.settling
        return self._load.thrust * math.exp(-rest) if rest < 50.0 else 0.0
