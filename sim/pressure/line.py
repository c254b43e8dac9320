"""A line that a controller brings to pressures by its own indication, smoothly and not quite evenly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remotecal.sim.instruments.regulator import Regulator
from remotecal.sim.surroundings import Wave

if TYPE_CHECKING:
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.world import World


class GasLine(Regulator):
    """A closed line of gas: gauge pressure in kPa."""

    BEHIND = 1.0
    """Time constant of the controller in s: its ramp lags, and comes to the target without passing it."""
    HUNTING = 15e-6
    """How far it hunts to either side, as a share of the full scale."""

    def __init__(self, world: World, full: float, controller: Calibrated) -> None:
        """`full` is the full scale in kPa; `controller` holds the corrections of what it indicates."""
        super().__init__(lambda: world.time)
        self._controller = controller
        self._hunting = Wave(world.random("hunting"), 0.0, self.HUNTING * full, 9.0)

    def control(self, target: float, rate: float) -> None:
        """Go to where the controller indicates `target`, in kPa."""
        super().control(target + self._controller.correction(target), rate)

    def pressure(self) -> float:
        if self.doing != "control" or self.stuck or not self._rate:
            return super().pressure()
        passed, way = self._now() - self._since, self._target - self._from
        ramp = abs(way) / self._rate
        lag = self._rate * self.BEHIND * (1 - math.exp(-min(passed, ramp) / self.BEHIND))
        behind = math.copysign(lag * math.exp(-self.settled() / self.BEHIND), way)
        return super().pressure() - behind + self._hunting.at(self._now())
