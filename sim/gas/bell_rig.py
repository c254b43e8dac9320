"""Dry air under a bell that sinks as it leaves, through a gas meter or a critical nozzle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.sim.gas.dry_air import DryAir
from remotecal.sim.gas.pump import VacuumPump
from remotecal.sim.instruments.bell_prover import BellPlc
from remotecal.sim.instruments.meter import Meter
from remotecal.sim.machine import Machine
from remotecal.sim.ramp import Ramp
from remotecal.sim.surroundings import Air, Wave

if TYPE_CHECKING:
    from remotecal.sim.instruments.meter import MeterSpec
    from remotecal.sim.instruments.nozzle import TrueNozzle
    from remotecal.sim.world import World


@dataclass(frozen=True, slots=True)
class BellSpec:
    """What the bench is made of."""

    meter: MeterSpec | None
    """What is under test: a meter, or a nozzle."""
    nozzle: TrueNozzle | None
    area: float
    """Of the bell at 20 °C, by the film on its wall and all, in m²."""
    dead_volume: float
    """Of the gas where the bell stands at 0, and in the pipe, in m³."""
    unseen: float
    """By how much the gas is warmer than its thermometers' places, in K."""
    flow: float
    """What passes with the regulating valve wide open, in m³/s."""
    warmer: float
    """By how much what the blower brings is warmer than the room, in K."""
    ripple: float
    """Of the excess pressure as the bell goes down, in Pa."""
    expansion: float = 16e-6
    """Linear thermal expansion of the bell, in 1/K."""
    leak: float = 0.0
    """What leaves under the bell's rim, in m³/s."""
    c_star: float = 0.0
    """By how much C* is truly larger than the equation of state has it, relative."""
    denser: float = 0.0
    """The same of the density."""


class BellRig:
    """The bench. Look at it and act on it only inside `with rig.world.present():`."""

    STEP = 0.5
    """Longest step in s."""
    SLOW = 10.0
    """Seconds between two looks at what drifts slowly."""
    EXCESS = 600.0
    """Pressure under the bell above that of the air, in Pa."""
    COOLS = 90.0
    """Time constant in s with which the gas comes to the bell's temperature."""
    BLOWS = 0.012
    """What the blower brings at full speed, in m³/s."""
    PIPE = 60.0
    """What the pipe takes of the pressure at the highest flow, in Pa."""

    def __init__(self, spec: BellSpec, world: World) -> None:
        self.spec, self.world = spec, world
        self.air = Air(world.random("air"))
        self.gas = DryAir(denser=spec.denser, c_star=spec.c_star)
        self.blower = Machine(world, Ramp(0.2))
        self.pump = VacuumPump(world, 0.05)
        self.plc = BellPlc(world, self.blower, lambda: self.height, pumps=(self.pump,))
        rng = world.random("bell")
        self._cooler = Wave(rng, rng.uniform(-0.05, 0.05), 0.02, 3600.0)
        self.wall = self.air.temperature(world.time)
        """Temperature of bell and liquid, in °C."""
        self.temperature = self.wall
        """Of the gas under the bell, in °C."""
        self.height = 100.0
        """Of the bell, in mm."""
        self.meter = Meter(spec.meter, world.random("dut")) if spec.meter else None
        self.held = self._full(self.height)
        """Mass under the bell and in the pipe, in kg."""
        self._looked, self._drawn = -math.inf, 0.0
        self._look(world.time)
        if self.meter is not None:
            self.meter.fill(self.gas.density(self.wall, self.pressure), self.wall)
        world.physics = self.advance

    @property
    def pressure(self) -> float:
        """Under the bell, in Pa."""
        swing = self.spec.ripple * math.sin(2.0 * math.pi * self.height / 90.0)
        return self.air.pressure(self.world.time) + self.EXCESS + swing

    @property
    def item_pressure(self) -> float:
        """At the meter, or ahead of the nozzle, in Pa."""
        share = self._volume_flow() / self.spec.flow
        return self.pressure - self.PIPE * share * share

    @property
    def item_temperature(self) -> float:
        """There, in °C: the pipe brings the gas to the room's temperature."""
        return self.wall + self._cooler.at(self.world.time)

    @property
    def back(self) -> float:
        """Pressure behind the nozzle, in Pa."""
        return 8e3 if self.pump.speed > 0.5 else self.air.pressure(self.world.time)

    def shown(self, place: float) -> float:
        """Return the temperature in °C at a place under the bell, -1 to 1."""
        return self.temperature - self.spec.unseen + 0.02 * place

    def advance(self, begin: float, until: float) -> float:
        """Move on by one step at most (`world.Physics`)."""
        took = min(until - begin, self.STEP)
        if begin - self._looked >= self.SLOW:
            self._look(begin)
        t, p = self.item_temperature, self.item_pressure
        density = self.gas.density(t, p)
        volume = self._volume_flow() * took
        blown = 0.0
        if self.plc.filling and self.blower.speed > 0.0:
            warm = self.wall + self.spec.warmer
            blown = self.BLOWS * self.blower.speed * took * self.gas.density(warm, self.pressure)
            self.temperature += (warm - self.temperature) * blown / (self.held + blown)
        lost = self.spec.leak * took * density if self.height > 0.0 else 0.0
        self.held += blown - volume * density - lost
        self.temperature = self.wall + (self.temperature - self.wall) * math.exp(-took / self.COOLS)
        self._sink()
        if self.meter is not None:
            self.meter.prepare(volume / took, t, took)
            self.meter.take(volume, took, density)
        return begin + took

    def _volume_flow(self) -> float:
        """Return what passes through the item now, in m³/s as it is there."""
        if not self.plc.outlet or self.height <= 0.0:
            return 0.0
        if self.spec.nozzle is None:
            return self.spec.flow * self.plc.regulator
        if self.pump.speed <= 0.0:
            return 0.0
        return self._drawn * self.spec.nozzle.choked(self.back / self.air.pressure(self.world.time))

    def _sink(self) -> None:
        """Let the bell stand as high as its gas needs."""
        volume = self.held / self.gas.density(self.temperature, self.pressure) - self.spec.dead_volume
        self.height = min(max(1000.0 * volume / self._area(), -1.0), 1300.0)

    def _full(self, height: float) -> float:
        volume = self.spec.dead_volume + self._area() * height / 1000.0
        return volume * self.gas.density(self.temperature, self.pressure)

    def _area(self) -> float:
        return self.spec.area * (1.0 + 2.0 * self.spec.expansion * (self.wall - 20.0))

    def _look(self, time: float) -> None:
        """Take what drifts slowly: the room's temperature, and what a nozzle draws by volume."""
        self._looked, self.wall = time, self.air.temperature(time)
        if self.spec.nozzle is not None:
            t, p = self.item_temperature, self.air.pressure(time) + self.EXCESS - 20.0
            self._drawn = self.gas.passes(self.spec.nozzle, t, p) / self.gas.density(t, p)
