"""The vacuum pump, and what its drive makes of commands, permits and trips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.sim.ramp import Ramp

if TYPE_CHECKING:
    from remotecal.sim.world import World


class VacuumPump:
    """Draws a volume in proportion to its speed, less near the pressure it can't go below.

    It turns only when it was started, is permitted to, and has not tripped. One that lost its permit stays
    stopped until it is started again; a check valve keeps the air from coming back through it.
    """

    LOWEST = 800.0
    """Pressure in Pa it comes down to with nothing to draw."""

    def __init__(self, world: World, capacity: float) -> None:
        """`capacity` is the volume in m³/s it draws at full speed."""
        self.capacity = capacity
        self.setpoint = 0.0
        """Share of full speed asked for, 0 to 1."""
        self.started = False
        self.permitted = True
        self.tripped = False
        self._world = world
        self._shaft = Ramp(0.2)

    @property
    def speed(self) -> float:
        """Share of full speed at which it turns now."""
        return self._shaft.at(self._world.time)

    @property
    def draws(self) -> float:
        """The volume it draws now, in m³/s, were there no lowest pressure."""
        return self.capacity * self.speed

    def set_speed(self, share: float) -> None:
        """Ask for a share of full speed, 0 to 1."""
        self.setpoint = share
        self._apply()

    def start(self) -> bool:
        """Start, if nothing forbids it; tell whether it turns."""
        self.started = self.permitted and not self.tripped
        self._apply()
        return self.started

    def stop(self) -> None:
        """Stop by the ramp."""
        self.started = False
        self._apply()

    def permit(self, given: bool) -> None:  # noqa: FBT001  a wire that is on or off
        """Give or take the permit to run."""
        self.permitted = given
        if not given:
            self.stop()

    def trip(self) -> None:
        """Let the drive trip."""
        self.tripped = True
        self.stop()

    def _apply(self) -> None:
        self._shaft.move(self.setpoint if self.started else 0.0, self._world.time)
