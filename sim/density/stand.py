"""A balance with a pan in air and a carrier that hangs in a liquid, and what a person puts there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from remotecal.fluids.water import water_density_tanaka
from remotecal.sim.density.solids import Weight
from remotecal.sim.surroundings import Air, Wave

if TYPE_CHECKING:
    from random import Random

    from remotecal.sim.density.solids import Solid
    from remotecal.sim.world import World

Place = Literal["pan", "carrier"]
"""In air, or in the liquid."""


@dataclass(frozen=True, slots=True)
class StandSpec:
    """What is true of a stand and its water."""

    denser: float
    """By which share its water is denser than Tanaka's formula has it."""
    warmer: float
    """By how much the water is warmer at a body than at the thermometer, in K."""
    warming: float
    """How fast it warms, in K/h."""
    offset: float
    """What the menisci pull more with a body on the carrier than without one, in kg."""
    meniscus: float
    """Standard deviation of what they pull from dip to dip, in kg."""
    bubbles: float
    """Mean volume of air that stays on a body, in m³."""
    evaporation: float = 0.0
    """What the carrier gains while the water falls, in kg/s."""
    beside: tuple[float, float] = (0.0, 0.0)
    """What a body weighs more for where it stands on the pan, and where it hangs in the liquid, in kg."""


class Stand:
    """What a balance has to carry (`weighing.Load`). Act on it only inside `with world.present():`."""

    SHRINKING = 600.0
    """Time constant in s with which a bubble dissolves."""
    THRUST = 2e-4
    """What putting something on presses down, in kg."""

    def __init__(self, world: World, spec: StandSpec, air: Air, rng: Random) -> None:
        self.world, self.spec, self.air = world, spec, air
        self._rng = rng
        self._water = Wave(rng, 20.0 + rng.uniform(-0.8, 0.8), 0.02, 4 * 3600.0, spec.warming / 3600.0)
        self._body: Solid | Weight | None = None
        self._place: Place = "pan"
        self._pull = self._bubble = 0.0
        self.sunk = 0.0
        """How much deeper the carrier hangs than when it was empty, as a volume of its wire in m³."""
        self.heated = 0.0
        """By how much somebody has warmed the water, in K."""
        self.disturbed = world.time
        self.thrust = 0.0

    def temperature(self, time: float) -> float:
        """Return what a thermometer in the water has, in °C."""
        return self._water.at(time) + self.heated

    def water(self, time: float) -> float:
        """Return the density of the water at a body, in kg/m³."""
        t = self.temperature(time) + self.spec.warmer
        return water_density_tanaka(t, self.air.pressure(time)) * (1.0 + self.spec.denser)

    def put(self, body: Solid | Weight | None, place: Place = "pan") -> None:
        """Put a body there, alone; None takes off what is there."""
        self._body, self._place = body, place
        self.disturbed, self.thrust = self.world.time, self.THRUST
        self._pull = self._rng.gauss(0.0, self.spec.meniscus)
        if body is None or place == "pan":
            self._bubble = 0.0
            return
        self._pull += self.spec.offset
        self._bubble = self._rng.expovariate(1.0 / self.spec.bubbles) if self.spec.bubbles else 0.0

    def apparent(self, time: float) -> float:
        since = time - self.disturbed
        bubble = self._bubble * math.exp(-since / self.SHRINKING)
        gained = self.spec.evaporation * since
        sunk = self.sunk * self.water(time) if self._place == "carrier" else 0.0
        beside = 0.0 if self._body is None else self.spec.beside[self._place == "carrier"]
        return self.weight(self._body, self._place, time, bubble) + beside + self._pull + gained - sunk

    def weight(self, body: Solid | Weight | None, place: Place, time: float, bubble: float = 0.0) -> float:
        """Return what weights of 8000 kg/m³ balance a body there, menisci apart, in kg."""
        air = self.air.density(time)
        if body is None:
            return 0.0
        if isinstance(body, Weight):
            return body.mass
        if place == "pan":
            left = body.mass - body.volume_at(self.air.temperature(time)) * air
        else:
            occupied = body.volume_at(self.temperature(time) + self.spec.warmer)
            left = body.mass - (occupied + bubble) * self.water(time)
        return left / (1.0 - air / 8000.0)
