"""What stands on a large balance: weights, and substitution loads made to weigh about as much."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from remotecal.model import Table, Text
from remotecal.sim.certificates import Certified, stated_column
from remotecal.sim.instruments.weighing import WEIGHT_DENSITY

if TYPE_CHECKING:
    from remotecal.sim.surroundings import Air
    from remotecal.sim.world import World

WHOLE, COMMON = 1.5e-5, 0.9e-5
"""Expanded uncertainty (k = 2) of a weight's mass, relative, and of the part all weights share."""
DENSITY, U_DENSITY = 7950.0, 140.0
"""Density of the weights in kg/m³, with its expanded uncertainty."""
LOAD_DENSITY = 7850.0
"""Density of the substitution loads in kg/m³."""
LOAD_VOLUME = 0.2
"""How far their volume may be from what that makes of it, ±, relative."""


@dataclass(frozen=True, slots=True)
class LargeWeight:
    """A weight: what its certificate states, and what is true."""

    serial: str
    stated: float
    """Conventional mass in kg as its certificate has it."""
    mass: float
    """As it is."""

    def certified(self) -> Certified:
        """Return what its certificate states."""
        return Certified(
            Text(zh="大砝码", en="Weight"),
            (
                (Text(zh="折算质量", en="conventional mass"), _single(
                    "remotecal_conventionalMass", "kg", f"{self.stated:.5f}", f"{WHOLE * self.stated:.6f}"
                )),
                (Text(zh="公共部分", en="common part"), _single(
                    "remotecal_commonDeviation", "1", "0", f"{COMMON:.7f}"
                )),
            ),
        )  # fmt: skip


def _single(ref_type: str, unit: str, value: str, expanded: str) -> Table:
    return Table(columns=(stated_column(ref_type, unit, (value,), expanded),))


def draw_weights(rng: Random, count: int, nominal: float) -> tuple[LargeWeight, ...]:
    """Draw weights of so many kg each; they have moved by up to their U since they were calibrated."""
    shared, moved = rng.gauss(0.0, COMMON / 2), rng.uniform(-WHOLE, WHOLE)
    own = math.sqrt(WHOLE**2 - COMMON**2) / 2
    weights = []
    for number in range(1, count + 1):
        stated = round(nominal * (1.0 + rng.uniform(-3e-5, 3e-5)), 5)
        weights.append(
            LargeWeight(f"W-{number:02}", stated, stated * (1.0 + shared + rng.gauss(0.0, own) + moved))
        )
    return tuple(weights)


class Loaded:
    """What the balance has to carry (`weighing.Load`). Act on it only inside `with world.present():`.

    Args:
        world: where it is.
        rng: draws what is true of it.
        air: round it.
        weights: all there are.
        off: by which share of itself a load shows more where somebody usually puts the weights.
        careless: by which share of the weights a substitution load is off.
    """

    THRUST = 2.0
    """What putting a load down presses, in kg."""

    def __init__(
        self,
        world: World,
        rng: Random,
        air: Air,
        weights: tuple[LargeWeight, ...],
        off: float,
        careless: float,
    ) -> None:
        self._world, self._air, self._weights = world, air, weights
        self._density = DENSITY + rng.gauss(0.0, U_DENSITY / 2)
        self._load_density = LOAD_DENSITY / (1.0 + rng.uniform(-LOAD_VOLUME, LOAD_VOLUME))
        self._off, self._careless, self._chance = off, careless, world.random("substitution")
        self._on = False
        self._loads: list[float] = []
        self.disturbed, self.thrust = world.time, 0.0

    def put(self, *, on: bool) -> None:
        """Put all weights on, or take them off."""
        self._on = on
        self._touched()

    def substitute(self) -> None:
        """Put a substitution load in the weights' place."""
        time = self._world.time
        rarer = self._rarer(self._load_density, time)
        wanted = self._of_weights(time) * (1.0 + self._careless + self._chance.gauss(0.0, 2e-4))
        self._loads.append(wanted / rarer)
        self.put(on=False)

    def clear(self) -> None:
        """Take everything off."""
        self._loads = []
        self.put(on=False)

    def apparent(self, time: float) -> float:
        loads = sum(self._loads) * self._rarer(self._load_density, time)
        return loads + (self._of_weights(time) * (1.0 + self._off) if self._on else 0.0)

    def _of_weights(self, time: float) -> float:
        """Return what weights of 8000 kg/m³ balance the weights, in kg."""
        apart = 1.0 / self._density - 1.0 / WEIGHT_DENSITY
        less = 1.0 - (self._air.density(time) - 1.2) * apart
        return sum(weight.mass for weight in self._weights) * less

    def _rarer(self, density: float, time: float) -> float:
        air = self._air.density(time)
        return (1.0 - air / density) / (1.0 - air / WEIGHT_DENSITY)

    def _touched(self) -> None:
        self.disturbed, self.thrust = self._world.time, self.THRUST
