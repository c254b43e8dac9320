"""A line that a controller brings to absolute pressures, as it indicates them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.sim.instruments.regulator import Regulator

if TYPE_CHECKING:
    from remotecal.sim.calibrated import Calibrated
    from remotecal.sim.world import World


class AbsoluteLine(Regulator):
    """A closed line of gas, in kPa above the air's pressure.

    Args:
        world: its time.
        known: corrections of what the controller indicates, in kPa of absolute pressure.
        air: tells the air's pressure in kPa.
    """

    def __init__(self, world: World, known: Calibrated, air: Callable[[], float]) -> None:
        super().__init__(lambda: world.time)
        self._known, self._air = known, air

    def control(self, target: float, rate: float) -> None:
        """Go to where the controller indicates `target`, in kPa above the air."""
        super().control(target + self._known.correction(target + self._air()), rate)

    def indicated(self, pressure: float) -> float:
        """Return what the controller indicates above the air, where a pressure in kPa above it is true."""
        return self._known.indicated(pressure + self._air()) - self._air()

    def absolute(self) -> float:
        """Return the true absolute pressure in Pa."""
        return 1000.0 * (self.pressure() + self._air())
