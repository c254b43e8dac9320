"""The vacuum pump."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.sim.machine import Machine
from remotecal.sim.ramp import Ramp

if TYPE_CHECKING:
    from remotecal.sim.world import World


class VacuumPump(Machine):
    """Draws a volume in proportion to its speed, less near the pressure it can't go below.

    A check valve keeps the air from coming back through it while it stands.
    """

    LOWEST = 800.0
    """Pressure in Pa it comes down to with nothing to draw."""

    def __init__(self, world: World, capacity: float) -> None:
        """`capacity` is the volume in m³/s it draws at full speed."""
        self.capacity = capacity
        super().__init__(world, Ramp(0.2))

    @property
    def draws(self) -> float:
        """The volume it draws now, in m³/s, were there no lowest pressure."""
        return self.capacity * self.speed
