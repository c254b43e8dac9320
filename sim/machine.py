"""A machine that a drive turns, a pump or a blower: what it makes of commands, permits and trips."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.sim.ramp import Ramp
    from remotecal.sim.world import World


class Machine:
    """Turns only when it was started, is permitted to, and has not tripped.

    The permit is a wire from the controller of what it belongs to. A machine that lost it, or tripped, stays
    stopped until it is started again.
    """

    def __init__(self, world: World, shaft: Ramp, changed: Callable[[], None] | None = None) -> None:
        """`shaft` holds its share of full speed; `changed` takes up that it was told something."""
        self.setpoint = 0.0
        """Share of full speed asked for, 0 to 1."""
        self.started = False
        self.permitted = True
        self.tripped = False
        self._world = world
        self._shaft = shaft
        self._changed = changed

    @property
    def speed(self) -> float:
        """Share of full speed at which it turns now."""
        return self._shaft.at(self._world.time)

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

    def permit(self, *, given: bool) -> None:
        """Give or take the permit to run."""
        self.permitted = given
        if not given:
            self.stop()

    def trip(self) -> None:
        """Let the drive trip; its controller hears of it at its next step."""
        self.tripped = True
        self.stop()

    def _apply(self) -> None:
        self._shaft.move(self.setpoint if self.started else 0.0, self._world.time)
        if self._changed is not None:
            self._changed()
