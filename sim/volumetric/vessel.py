"""A tank with a scale: what it truly holds, what its certificate states, and what its scale shows."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING, Final

from remotecal.model import Table, Text
from remotecal.sim.calibrated import Calibrated, Stated, draw, interpolate
from remotecal.sim.certificates import Certified, stated_column

if TYPE_CHECKING:
    from remotecal.sim.water.rig import Rig

WHOLE = 6.0e-4
"""Expanded uncertainty (k = 2) of the volumes, relative to the largest."""
EXPANSION, U_EXPANSION = 51.0e-6, 1.0e-6
"""Cubic expansion of stainless steel in 1/K, with its expanded uncertainty."""
Profile = Mapping[float, float]
"""What a tank holds as a share of its capacity, by its scale in mm: where it was calibrated."""
STRAIGHT: Final[Profile] = {30.0: 0.02, 300.0: 0.2, 600.0: 0.4, 900.0: 0.6, 1200.0: 0.8, 1500.0: 1.0}
NECKED: Final[Profile] = {30.0: 0.0228, 500.0: 0.38, 1000.0: 0.76, 1100.0: 0.768, 1300.0: 0.784, 1500.0: 0.8}
"""A body up to 1000 mm, and a neck of about a tenth of its cross section."""


class Vessel:
    """The tank of a water rig, read by its scale."""

    STEP = 0.1
    """Smallest step of the scale in mm."""
    NOISE = 0.05
    """Standard deviation of a reading in mm: the water is never quite at rest."""

    def __init__(self, rig: Rig, rng: Random, profile: Profile = STRAIGHT) -> None:
        self._rig, self._chance = rig, rig.world.random("scale")
        capacity = rig.spec.tank / 1000.0
        levels = tuple(profile)
        volumes = tuple(
            round(capacity * share * rng.uniform(0.9998, 1.0002), 6) for share in profile.values()
        )
        stated = Stated("m3", levels, volumes, (WHOLE * capacity,) * len(levels), of="mm")
        self.volume = Calibrated(stated, rng.gauss(0.0, 1.0))
        """What it holds at 20 °C at each level above zero: as stated, and truly."""
        self._expansion = EXPANSION + rng.gauss(0.0, U_EXPANSION / 2)
        self._cooler = rng.uniform(-0.3, 0.3)
        # What stays on the walls after dripping, on the average, was there when it was calibrated as well.
        self._left = 2.0e-4 * rig.spec.tank

    @property
    def temperature(self) -> float:
        """Temperature of the water in it, in °C."""
        return self._rig.temperature + self._cooler

    @property
    def level(self) -> float:
        """What the scale shows, in mm."""
        mass = self._rig.tank.mass - self._left
        held = mass / self._rig.water.density(self.temperature)
        held /= 1.0 + self._expansion * (self.temperature - 20.0)
        levels, volumes = (0.0, *self.volume.stated.points), (0.0, *self.volume.true)
        below = held < 0.0
        shown = held * levels[1] / volumes[1] if below else interpolate(volumes, levels, held)
        return round((shown + self._chance.gauss(0.0, self.NOISE)) / self.STEP) * self.STEP

    def mass_at(self, level: float) -> float:
        """Return what is in it when its scale shows a level in mm, above its lowest certified one, in kg."""
        levels, volumes = (0.0, *self.volume.stated.points), (0.0, *self.volume.true)
        held = interpolate(levels, volumes, level) * (1.0 + self._expansion * (self.temperature - 20.0))
        return held * self._rig.water.density(self.temperature) + self._left

    def certified(self) -> Certified:
        """Return what its certificate states."""
        stated = self.volume.stated
        volumes = Table(
            columns=(
                stated_column("basic_measuredValue", "mm", tuple(f"{each:g}" for each in stated.points)),
                stated_column(
                    "remotecal_tankVolume",
                    "m3",
                    tuple(f"{each:.6f}" for each in stated.corrections),
                    f"{stated.expanded[0]:.7f}",
                ),
            )
        )
        expansion = stated_column(
            "remotecal_cubicExpansion", "1/K", (f"{EXPANSION:.6f}",), f"{U_EXPANSION:.6f}"
        )
        return Certified(
            Text(zh="工作量器", en="Volumetric tank"),
            (
                (Text(zh="20 °C 时容积", en="volume at 20 °C"), volumes),
                (Text(zh="体膨胀系数", en="cubic expansion"), Table(columns=(expansion,))),
            ),
        )


def tank_thermometer(rng: Random) -> Calibrated:
    """Draw the thermometer in its water."""
    return draw(rng, "°C", (10.0, 20.0, 30.0), spread=0.05, expanded=(0.02,) * 3, digits=3)
