"""The rig controller: it holds the valves, and keeps the rig safe by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.drivers.rig.controller import Trip

if TYPE_CHECKING:
    from remotecal.sim.water.diverter import Diverter
    from remotecal.sim.water.line import Pipework
    from remotecal.sim.water.pump import Pump
    from remotecal.sim.water.tank import Tank
    from remotecal.sim.world import World

_LEVEL, _PRESSURE, _BUTTON, _PUMP = map(
    int, (Trip.TANK_LEVEL_HIGH, Trip.LINE_PRESSURE_HIGH, Trip.EMERGENCY_STOP, Trip.PUMP_FAULT)
)


class Controller:
    """A small PLC on the rig.

    It trips to its safe state (pump permit off, inlet and outlet shut, regulator shut, diverter to
    bypass, drain open) when an interlock fires, or when the heartbeat has not changed for
    `heartbeat_limit` seconds since it first did. It stays tripped until `reset`.
    """

    MAP_REVISION = 1
    LEVEL_LIMIT = 0.96
    """Share of the weigh tank at which the level switch stands."""
    PRESSURE_LIMIT = 6.0e5
    """Line pressure at which the pressure switch stands, in Pa (gauge)."""
    DIVERTER_DEADLINE = 1.0
    """Longest time in s the diverter may take to the other end."""

    def __init__(
        self,
        world: World,
        pump: Pump,
        line: Pipework,
        diverter: Diverter,
        tank: Tank,
        changed: Callable[[], None],
    ) -> None:
        """`changed` takes up that valves were moved."""
        self.trips = Trip(0)
        """Why it is tripped."""
        self.heartbeat = 0
        self.heartbeat_limit = 5.0
        """Longest silence in s before it trips."""
        self.emergency_stop = False
        """Whether the mushroom button is pressed."""
        self.draining = False
        """Whether the drain is told to be open."""
        self._world = world
        self._pump, self._line, self._diverter, self._tank = pump, line, diverter, tank
        self._changed = changed
        self._deadline: float | None = None
        world.watchers.append(self._watch)
        world.extensions.append(self._put_off)

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

    def beat(self, number: int) -> None:
        """Take a heartbeat number; only a changed one counts."""
        if number != self.heartbeat:
            self.heartbeat = number
            self._expect_heartbeat()

    def limit_heartbeat(self, limit: float) -> None:
        """Set the longest silence in s."""
        self.heartbeat_limit = limit
        if self._deadline is not None:
            self._expect_heartbeat()

    def reset(self) -> None:
        """Leave the tripped state, unless a cause lasts. Counts as a sign of life."""
        if not self._causes():
            self.trips = Trip(0)
            self._pump.permit(given=True)
            if self._deadline is not None:
                self._expect_heartbeat()

    def press_emergency_stop(self, *, pressed: bool = True) -> None:
        """Press the mushroom button, or pull it out again."""
        with self._world.present():
            self.emergency_stop = pressed
            self._watch()

    def trip(self, why: Trip) -> None:
        """Go to the safe state."""
        self.trips |= why
        time = self._world.time
        self._pump.permit(given=False)
        for valve in self._line.valves.values():
            valve.move(0.0, time)
        self._diverter.turn(time, to_tank=False)
        self._tank.drain(opened=True)
        self._changed()

    def _causes(self) -> int:
        causes = 0  # plain integers: this runs at every step
        if self._tank.mass > self.LEVEL_LIMIT * self._tank.capacity:
            causes |= _LEVEL
        if self._line.pressure > self.PRESSURE_LIMIT:
            causes |= _PRESSURE
        if self.emergency_stop:
            causes |= _BUTTON
        if self._pump.tripped:
            causes |= _PUMP
        return causes

    def _watch(self) -> None:
        causes = self._causes()
        if causes and causes & ~self.trips:
            self.trip(Trip(causes))

    def _check_diverter(self, _: float) -> None:
        diverter = self._diverter
        if diverter.gate.opened != diverter.told and not self.trips:
            self.trip(Trip.DIVERTER_FAULT)

    def _expect_heartbeat(self) -> None:
        armed = self._deadline is not None
        self._deadline = self._world.time + self.heartbeat_limit
        if not armed:
            self._world.at(self._deadline, self._check_heartbeat)

    def _check_heartbeat(self, time: float) -> None:
        if self._deadline is not None and time < self._deadline:
            self._world.at(self._deadline, self._check_heartbeat)
        else:
            self._deadline = None
            self.trip(Trip.HEARTBEAT_LOST)

    def _put_off(self, duration: float) -> None:
        if self._deadline is not None:
            self._deadline += duration
