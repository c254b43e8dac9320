"""A power guard: a watchdog relay that takes the supply of heaters and pumps when nobody beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.drivers.rig.power_guard import GuardTrip, PowerGuard, Supply
from remotecal.sim.guard import Guard
from remotecal.sim.simulated import NOT_NOW, Refused
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.sim.guard import Permitted
    from remotecal.sim.world import World

PATIENT = 60.0
"""Longest silence in s where what is guarded is slow, as heaters are."""


class GuardPlc(Guard[GuardTrip]):
    """The relay: its contactor is closed while it is beaten, and open once it tripped.

    Args:
        world: where it is.
        guarded: what its contactor supplies, one or more.
    """

    def __init__(self, world: World, guarded: Sequence[Permitted]) -> None:
        first, *others = guarded
        self.closed = False
        """Whether the contactor is."""
        super().__init__(world, first, GuardTrip, others)
        self.heartbeat_limit = PATIENT
        self._permit(given=False)

    def beat(self, number: int) -> None:
        """Take a heartbeat number; one that goes on closes the contactor, unless it is tripped."""
        super().beat(number)
        if not self.trips and not self.closed:
            self._supply(closed=True)

    def reset(self) -> None:
        """Leave the tripped state, the contactor closed, unless a cause lasts."""
        super().reset()
        self._supply(closed=not self.trips)

    def turn(self, state: Supply) -> None:
        """Open or close the contactor; closing is refused while tripped."""
        if self.trips and state is Supply.ON:
            raise Refused(*NOT_NOW)
        self._supply(closed=state is Supply.ON)

    def _supply(self, *, closed: bool) -> None:
        self.closed = closed
        self._permit(given=closed)

    def make_safe(self) -> None:
        """Open the contactor."""
        self.closed = False

    def causes(self) -> int:
        """Return the bits of what trips it and holds now."""
        return int(GuardTrip.EMERGENCY_STOP if self.pressed else GuardTrip(0))

    def on_modbus(self, *, unit: int = 1) -> ModbusSimulated:
        """Return it behind the published register map."""
        return ModbusSimulated(
            PowerGuard,
            self._world,
            "power guard",
            unit=unit,
            reads={"supply": lambda: (Supply.ON if self.closed else Supply.OFF).value, **self.read()},
            writes={"supply": lambda state: self.turn(Supply(state)), **self.written()},
        )
