"""Air on its way from the room through a meter and nozzles to a vacuum pump."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.fluids.air import vapour_fraction
from remotecal.fluids.critical_flow import GAS_CONSTANT
from remotecal.fluids.gas import AIR
from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.fluids.gas_viscosity import viscosity
from remotecal.sim.gas.pump import VacuumPump
from remotecal.sim.instruments.meter import Meter, MeterSpec
from remotecal.sim.instruments.nozzle_bank import BankPlc
from remotecal.sim.surroundings import Air, Wave
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.sim.instruments.nozzle import TrueNozzle
    from remotecal.sim.world import World


@dataclass(frozen=True, slots=True)
class NozzleRigSpec:
    """What the bench is made of."""

    nozzles: tuple[TrueNozzle, ...]
    meter: MeterSpec
    capacity: float
    """Volume the pump draws at full speed, in m³/s."""
    connecting_volume: float
    """Of the pipe between meter and nozzles, in m³."""
    back_volume: float
    """Between the nozzles and the pump, in m³."""
    leak: float = 0.0
    """What leaks through the valves of nozzles that are shut, in m³/s of the room's air."""
    c_star: float = 0.0
    """By how much C* is truly larger than the equation of state has it, relative."""
    denser: float = 0.0
    """The same of the density."""


@dataclass(slots=True)
class AirStream:
    """The air as it is for some seconds."""

    pressure: float
    """Ahead of the nozzles, in Pa."""
    temperature: float
    """Ahead of the nozzles, in °C."""
    meter_pressure: float
    meter_temperature: float
    density: float
    """Ahead of the nozzles, in kg/m³."""
    meter_density: float
    mass_flow: float
    """Through the open nozzles when choked, in kg/s."""


class NozzleRig:
    """The bench. Look at it and act on it only inside `with rig.world.present():`."""

    STEP = 0.5
    """Longest step in s."""
    SLOW = 10.0
    """Seconds between two looks at what drifts slowly."""
    FILTER, ROTOR = 40.0, 250.0
    """Loss of pressure in Pa at the meter's highest flow: ahead of the meter, and in it."""
    VENT = 0.1
    """What the open vent lets in, in m³/s for each Pa of difference and Pa of pressure behind."""

    def __init__(self, spec: NozzleRigSpec, world: World) -> None:
        self.spec, self.world = spec, world
        self.air = Air(world.random("air"))
        self.pump = VacuumPump(world, spec.capacity)
        self.bank = BankPlc(world, len(spec.nozzles), self.pump)
        self.meter = Meter(spec.meter, world.random("dut"))
        self.blocked = 0.0
        """What a dirty filter takes of the pressure, in Pa."""
        self.back = self.air.pressure(world.time)
        """Pressure behind the nozzles, in Pa."""
        rng = world.random("temperatures")
        self._cooler = (
            Wave(rng, rng.uniform(-0.1, 0.1), 0.05, 3600.0),
            Wave(rng, rng.uniform(-0.1, 0.1), 0.05, 3600.0),
        )
        self._looked, self._open = -math.inf, -1
        self.stream = self._look(world.time)
        self.meter.fill(self.stream.meter_density, self.stream.meter_temperature)
        world.physics = self.advance

    def advance(self, begin: float, until: float) -> float:
        """Move on by one step at most (`world.Physics`)."""
        took = min(until - begin, self.STEP)
        stored = 0.0
        if begin - self._looked >= self.SLOW or self.bank.standing != self._open:
            before = self.stream.density
            self.stream = self._look(begin)
            stored = self.spec.connecting_volume * (self.stream.density - before)
        mass = self._through() * took
        self._draw(mass, took)
        now = self.stream
        volume = max(mass + stored, 0.0) / now.meter_density
        self.meter.prepare(volume / took, now.meter_temperature, took)
        self.meter.take(volume, took, now.meter_density)
        return begin + took

    def _through(self) -> float:
        """Return the mass flow through nozzles and leaks, in kg/s."""
        now, ratio = self.stream, self.back / self.stream.pressure
        open_ones = self._standing()
        shares = [each.choked(ratio) for each in open_ones]
        share = sum(shares) / len(shares) if shares else 0.0
        leak = self.spec.leak * now.meter_density * math.sqrt(max(1.0 - ratio**2, 0.0))
        return now.mass_flow * share + leak

    def _draw(self, mass: float, took: float) -> None:
        """Let the pressure behind the nozzles go where inflow, vent and pump take it."""
        now, volume = self.stream, self.spec.back_volume
        room, vent = self.air.pressure(self.world.time), self.VENT if self.bank.vented else 0.0
        inflow = mass / took * now.pressure / now.density + vent * room + self.pump.draws * VacuumPump.LOWEST
        out = vent + self.pump.draws
        if out:
            rest = inflow / out
            self.back = rest + (self.back - rest) * math.exp(-out * took / volume)
        else:
            self.back += inflow * took / volume

    def _standing(self) -> list[TrueNozzle]:
        return [each for n, each in enumerate(self.spec.nozzles) if self.bank.standing >> n & 1]

    def _look(self, time: float) -> AirStream:
        """Return the air as it is now, by the equation of state, as far as that is right."""
        self._looked, self._open = time, self.bank.standing
        equation, air = EQUATIONS["GERG-2008"], self.air
        room = air.temperature(time), air.pressure(time)
        gas = AIR.moist(vapour_fraction(*room, air.humidity(time)))
        t_m, t = room[0] + self._cooler[0].at(time), room[0] + self._cooler[1].at(time)
        wide = sum(each.area for each in self._standing()) * 195.0 / self.spec.meter.highest
        p_m = room[1] - self.blocked - self.FILTER * wide**2
        p = p_m - self.ROTOR * wide**2
        ahead, meter = equation.state(gas, t, p), equation.state(gas, t_m, p_m)
        c_star = estimate(equation.critical_flow(gas, t, p)) * (1.0 + self.spec.c_star)
        flux = c_star * p / math.sqrt(GAS_CONSTANT / estimate(gas.molar_mass) * (t + 273.15))
        viscous = estimate(viscosity(ahead))
        mass_flow = 0.0
        for each in self._standing():
            reynolds = 4.0 * flux * each.area * 0.985 / (math.pi * each.diameter * viscous)
            mass_flow += flux * each.area * each.discharge(reynolds)
        heavier = 1.0 + self.spec.denser
        return AirStream(
            p, t, p_m, t_m, estimate(ahead.density) * heavier, estimate(meter.density) * heavier, mass_flow
        )
