"""The rig controller: it holds the valves, and keeps the rig safe by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.drivers.rig.controller import Trip
from remotecal.sim.guard import Guard

if TYPE_CHECKING:
    from remotecal.sim.machine import Machine
    from remotecal.sim.water.diverter import Diverter
    from remotecal.sim.water.line import Pipework
    from remotecal.sim.water.tank import Tank
    from remotecal.sim.world import World

_LEVEL, _PRESSURE, _BUTTON, _PUMP = map(
    int, (Trip.TANK_LEVEL_HIGH, Trip.LINE_PRESSURE_HIGH, Trip.EMERGENCY_STOP, Trip.PUMP_FAULT)
)


class Controller(Guard[Trip]):
    """A small PLC on the rig.

    Its safe state: pump permit off, inlet and outlet shut, regulator shut, diverter to bypass, drain open.
    """

    LEVEL_LIMIT = 0.96
    """Share of the weigh tank at which the level switch stands."""
    PRESSURE_LIMIT = 6.0e5
    """Line pressure at which the pressure switch stands, in Pa (gauge)."""
    DIVERTER_DEADLINE = 1.0
    """Longest time in s the diverter may take to the other end."""

    def __init__(
        self,
        world: World,
        pump: Machine,
        line: Pipework,
        diverter: Diverter,
        tank: Tank,
        changed: Callable[[], None],
    ) -> None:
        """`changed` takes up that valves were moved."""
        self._line, self._diverter, self._tank = line, diverter, tank
        self._changed = changed
        super().__init__(world, pump, Trip)

    def open_valve(self, name: str, *, opened: bool) -> bool:
        """Open or shut the line valve `name`; an opening is refused (False) while tripped."""
        return self.move_valve(name, 1.0 if opened else 0.0)

    def move_valve(self, name: str, opening: float) -> bool:
        """Move the line valve `name` to an opening, 0 to 1; refused (False) while tripped."""
        if self.trips and opening > 0.0:
            return False
        self._line.valves[name].move(opening, self._world.time)
        self._changed()
        return True

    def open_drain(self, *, opened: bool) -> bool:
        """Open or shut the tank's drain; shutting is refused (False) while tripped."""
        if self.trips and not opened:
            return False
        self._tank.drain(opened=opened)
        return True

    def divert(self, *, to_tank: bool) -> bool:
        """Turn the diverter; towards the tank is refused (False) while tripped."""
        if self.trips and to_tank:
            return False
        time = self._world.time
        self._diverter.turn(time, to_tank=to_tank)
        self._world.at(time + self.DIVERTER_DEADLINE, self._check_diverter)
        return True

    def make_safe(self) -> None:
        """Shut the line, bypass and drain the tank."""
        time = self._world.time
        for valve in self._line.valves.values():
            valve.move(0.0, time)
        self._diverter.turn(time, to_tank=False)
        self._tank.drain(opened=True)
        self._changed()

    def causes(self) -> int:
        """Return the bits of the interlocks that hold now."""
        causes = 0
        if self._tank.mass > self.LEVEL_LIMIT * self._tank.capacity:
            causes |= _LEVEL
        if self._line.pressure > self.PRESSURE_LIMIT:
            causes |= _PRESSURE
        if self.pressed:
            causes |= _BUTTON
        if self._machine.tripped:
            causes |= _PUMP
        return causes

    def _check_diverter(self, _: float) -> None:
        diverter = self._diverter
        if diverter.gate.opened != diverter.told and not self.trips:
            self.trip(Trip.DIVERTER_FAULT)
