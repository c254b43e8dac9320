"""What stands on the dosing stand: a screw in a hopper of granulate, and the bin it doses into."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remotecal.drivers.capabilities import Valve
from remotecal.drivers.rig.controller import Trip, WaterRigController
from remotecal.sim.instruments.weighing import WEIGHT_DENSITY
from remotecal.sim.simulated import NOT_NOW, Refused
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.surroundings import Air, Wave

if TYPE_CHECKING:
    from remotecal.sim.world import World

FASTEST = 10.0
"""Granulate the screw doses at full speed, in kg/s."""
PULSES = 50.0
"""Pulses the screw gives for a kilogram, by its name plate."""
BIN = 600.0
"""What the bin takes, in kg."""
EMPTYING = 2.0
"""Time constant in s with which the bin runs empty."""


class Screw:
    """The screw with its motor, and the bin: a `Motor` for a drive, and a `Load` for a balance."""

    tripped = False

    def __init__(self, world: World, error: float, expansion: float, density: float) -> None:
        """`error` of its pulses at 20 °C and `expansion` per kelvin, relative; `density` in kg/m³."""
        self.error, self.expansion, self.density = error, expansion, density
        self.setpoint, self.started, self.permitted, self.draining = 0.0, False, True, True
        self.mass, self.pulses, self.disturbed = 0.0, 0.0, -1e9
        self.air = Air(world.random("air"))
        self._temperature = Wave(world.random("granulate"), 24.0, 0.2, 4 * 3600.0)
        self._scatter, self._now = world.random("screw"), 0.0
        self._world = world

    @property
    def speed(self) -> float:
        return self.setpoint if self.started else 0.0

    @property
    def temperature(self) -> float:
        return self._temperature.at(self._world.time)

    @property
    def thrust(self) -> float:
        return 0.05 * FASTEST

    def set_speed(self, share: float) -> None:
        self.setpoint = share

    def start(self) -> bool:
        if self.permitted and not self.started:
            self.started, self._now = True, self._scatter.gauss(0.0, 2e-4)
        return self.started

    def stop(self) -> None:
        self.started = False

    def move(self, duration: float) -> None:
        """Dose, or let the bin run empty, for so many seconds."""
        if self.started:
            dosed = FASTEST * self.setpoint * duration
            self.mass += dosed
            relative = self.error + self._now - self.expansion * (self.temperature - 20.0)
            self.pulses += dosed * PULSES * (1.0 + relative)
        if self.draining:
            self.mass *= math.exp(-duration / EMPTYING)
        if self.speed or self.draining:
            self.disturbed = self._world.time + duration if self.mass > 0.001 else self.disturbed

    def apparent(self, time: float) -> float:
        air = self.air.density(time)
        return self.mass * (1.0 - air / self.density) / (1.0 - air / WEIGHT_DENSITY)


class Guard:
    """A small PLC: stops the screw and empties the bin where nobody is there, or the button is pressed."""

    def __init__(self, world: World, screw: Screw) -> None:
        self.trips, self.pressed, self.heartbeat, self.limit = Trip(0), False, 0, 5.0
        self._world, self._screw, self._due = world, screw, math.inf
        world.physics = self._move
        world.extensions.append(self._put_off)

    def _move(self, begin: float, until: float) -> float:
        end = min(until, self._due)
        self._screw.move(end - begin)
        if end >= self._due:
            self.trip(Trip.HEARTBEAT_LOST)
        return end

    def _put_off(self, duration: float) -> None:
        self._due += duration

    def trip(self, why: Trip) -> None:
        self.trips |= why
        self._due = math.inf
        self._screw.permitted, self._screw.draining = False, True
        self._screw.stop()

    def press(self, *, pressed: bool = True) -> None:
        """Press the emergency stop, or pull it out again."""
        with self._world.present():
            self.pressed = pressed
            if pressed:
                self.trip(Trip.EMERGENCY_STOP)

    def beat(self, number: int) -> None:
        if number != self.heartbeat:
            self.heartbeat, self._due = number, self._world.time + self.limit

    def reset(self) -> None:
        if not self.pressed:
            self.trips, self._screw.permitted = Trip(0), True

    def drain(self, state: Valve) -> None:
        if self.trips and state is Valve.SHUT:
            raise Refused(*NOT_NOW)
        self._screw.draining = state is Valve.OPEN

    def on_modbus(self) -> ModbusSimulated:
        """Return it by the shipped controller's register map; valves it lacks stay as they are told."""
        screw = self._screw
        return ModbusSimulated(
            WaterRigController,
            self._world,
            "guard",
            reads={
                "drain": lambda: (Valve.OPEN if screw.draining else Valve.SHUT).value,
                "heartbeat": lambda: self.heartbeat,
                "heartbeat_limit": lambda: self.limit,
                "map_revision": lambda: 1,
                "trips": lambda: int(self.trips),
                "flow": lambda: 3.6 * FASTEST * screw.speed,
                "pressure": lambda: 20.0 + 5.0 * screw.speed,
                "level": lambda: 100.0 * screw.mass / BIN,
                "collection_time": lambda: 0.0,
            },
            writes={
                "drain": lambda state: self.drain(Valve(state)),
                "heartbeat": lambda number: self.beat(int(number)),
                "heartbeat_limit": lambda limit: setattr(self, "limit", float(limit)),
                "reset": lambda content: self.reset() if content else None,
            },
        )
