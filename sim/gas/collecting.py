"""Air from a regulator through a nozzle into a tank that was pumped empty (PVTt)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.drivers.capabilities import Outlet
from remotecal.sim.gas.dry_air import DryAir
from remotecal.sim.gas.pump import VacuumPump
from remotecal.sim.instruments.gas_tank import TankPlc
from remotecal.sim.surroundings import Air, Wave

if TYPE_CHECKING:
    from remotecal.sim.instruments.nozzle import TrueNozzle
    from remotecal.sim.world import World

PLACES = (-1.0, -1 / 3, 1 / 3, 1.0)
"""Where the tank's thermometers are, from its bottom to its top."""


@dataclass(frozen=True, slots=True)
class TankSpec:
    """What the bench is made of."""

    nozzle: TrueNozzle
    """What is under test."""
    volume: float
    """Of the tank at 20 °C, in m³."""
    inventory: float
    """Volume between the nozzle and the valves, in m³."""
    warmer: tuple[float, float]
    """By how much the gas in it is warmer than ahead of the nozzle when the timer starts and stops, in K."""
    late: float
    """By how much the timer runs longer than the collection, in s."""
    cooling: float
    """What the tank's wall takes from the gas, in W/K."""
    layers: float
    """By how much the gas at the top is warmer than at the middle, in K."""
    unseen: float
    """By how much the gas as a whole is warmer than its thermometers' places, in K."""
    leak: float = 0.0
    """How fast the pressure of the shut, empty tank rises, in Pa/s."""
    expansion: float = 16e-6
    """Linear thermal expansion of the tank, in 1/K."""
    c_star: float = 0.0
    """By how much C* is truly larger than the equation of state has it, relative."""
    denser: float = 0.0
    """The same of the density."""


class TankRig:
    """The bench. Look at it and act on it only inside `with rig.world.present():`."""

    STEP = 0.5
    """Longest step in s."""
    SLOW = 10.0
    """Seconds between two looks at what drifts slowly."""
    CV, CP = 718.0, 1006.0
    """Heat capacities of air, in J/(kg K)."""
    VACUUM = 40.0
    """Pressure in Pa the pump comes down to in the tank."""
    REGULATING = 3.0
    """Time constant of the regulator, in s."""
    JITTER = 20.0
    """Standard deviation of the pressure at which the controller lets the timer start and stop, in Pa."""

    def __init__(self, spec: TankSpec, world: World, capacity: float = 0.03) -> None:
        """`capacity` is what the vacuum pump draws, in m³/s."""
        self.spec, self.world = spec, world
        self.air = Air(world.random("air"))
        self.gas = DryAir(denser=spec.denser, c_star=spec.c_star)
        self.pump = VacuumPump(world, capacity)
        self.plc = TankPlc(world, self.pump, self._divert, lambda: self.pressure > 1.15e5)
        rng = world.random("collecting")
        self._rng = rng
        self._cooler = Wave(rng, rng.uniform(-0.1, 0.1), 0.03, 3600.0)
        self._ripple = Wave(rng, 0.0, 4.0, 100.0)
        self._offset = rng.gauss(0.0, 100.0)
        self._wall = self.air.temperature(world.time)
        self.temperature = self._wall
        """Of the gas in the tank, in °C."""
        self.collecting = False
        """Whether the timer runs."""
        self.held = self.gas.density(self._wall, 101_325.0) * self._volume()
        """Mass in the tank, in kg; while gas is collected with what is in the inventory volume."""
        self.ahead = self.air.pressure(world.time)
        """Pressure ahead of the nozzle, in Pa."""
        self._began = 0.0
        self._looked = -math.inf
        self._factor = 0.0
        self._look(world.time)
        world.physics = self.advance

    @property
    def inlet_temperature(self) -> float:
        """Of the gas ahead of the nozzle, in °C."""
        return self._wall + self._cooler.at(self.world.time)

    @property
    def pressure(self) -> float:
        """In the tank, in Pa."""
        volume = self._volume() + (self.spec.inventory if self.collecting else 0.0)
        return self.gas.pressure(self.temperature, self.held / volume)

    @property
    def back(self) -> float:
        """Pressure behind the nozzle, in Pa."""
        if self.plc.outlet is Outlet.TANK:
            return self.pressure
        return 3e3 if self.pump.speed > 0.5 else self.air.pressure(self.world.time)

    def shown(self, place: float) -> float:
        """Return the temperature in °C at a place in the tank (`PLACES`)."""
        return self.temperature - self.spec.unseen + self.spec.layers * place

    def flow(self) -> float:
        """Return the mass flow through the nozzle now, in kg/s."""
        if self.plc.supply <= 0.0:
            return 0.0
        return self._factor * self.ahead * self.spec.nozzle.choked(self.back / self.ahead)

    def advance(self, begin: float, until: float) -> float:
        """Move on by one step at most (`world.Physics`)."""
        took = min(until - begin, self.STEP)
        if begin - self._looked >= self.SLOW:
            self._look(begin)
        wanted = self.plc.supply + self._ripple.at(begin) if self.plc.supply else self.air.pressure(begin)
        self.ahead = wanted + (self.ahead - wanted) * math.exp(-took / self.REGULATING)
        spec, before, inflow = self.spec, self.held, self.flow() if self.collecting else 0.0
        leak = spec.leak * self._volume() / (287.05 * (self._wall + 273.15))
        self.held += (inflow + leak) * took
        if self.plc.evacuating and self.pump.speed > 0.0:
            lowest = self.VACUUM / 101_325.0 * 1.2 * spec.volume
            self.held = lowest + (self.held - lowest) * math.exp(-self.pump.draws * took / spec.volume)
        heat = before * self.CV * self.temperature + spec.cooling * took * self._wall
        heat += inflow * took * (self.CP * (self.inlet_temperature + 273.15) - self.CV * 273.15)
        carried = max(before, self.held)
        self.temperature = heat / (carried * self.CV + spec.cooling * took)
        return begin + took

    def _divert(self, outlet: Outlet) -> None:
        """Let the pressure between the valves come to the trigger, then start or stop the timer."""
        now, index = self.world.time, 0 if outlet is Outlet.TANK else 1
        before = self.back if outlet is Outlet.BYPASS else 3e3
        there = self.pressure if outlet is Outlet.BYPASS else before
        due = max(self.plc.trigger + self._rng.gauss(0.0, self.JITTER), there)
        flow = self.flow()
        missing = self._inventory(due, index) - self._inventory(there, None)
        rest = max(missing / flow, 0.0) if flow > 0.0 else 0.0
        if outlet is Outlet.TANK:
            self.world.at(now + rest, lambda time: self._start(time, due))
        elif self.collecting:
            self.held -= self._inventory(there, None)
            self.collecting = False
            self.world.at(now + rest, lambda time: self._stop(time, due))

    def _start(self, time: float, pressure: float) -> None:
        if self.plc.outlet is not Outlet.TANK:
            return
        self.held += self._inventory(pressure, 0)
        self.collecting, self._began, self.plc.collected = True, time, 0.0
        self.plc.start_pressure = pressure + self._offset

    def _stop(self, time: float, pressure: float) -> None:
        self.plc.collected = time - self._began + self.spec.late
        self.plc.stop_pressure = pressure + self._offset

    def _inventory(self, pressure: float, trigger: int | None) -> float:
        """Return the mass in the inventory volume at a pressure: at the start, at the stop, or between."""
        warmer = 0.0 if trigger is None else self.spec.warmer[trigger]
        return self.spec.inventory * self.gas.density(self.inlet_temperature + warmer, pressure)

    def _volume(self) -> float:
        return self.spec.volume * (1.0 + 3.0 * self.spec.expansion * (self._wall - 20.0))

    def _look(self, time: float) -> None:
        """Take what drifts slowly: the wall's temperature, and what passes the nozzle for each Pa ahead."""
        self._looked, self._wall = time, self.air.temperature(time)
        ahead = max(self.ahead, 2e4)
        self._factor = self.gas.passes(self.spec.nozzle, self.inlet_temperature, ahead) / ahead
