"""Gas on its way round: from the blower through cooler, masters, pipe and meter back to the blower."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remotecal.drivers.rig.gas_loop import LoopTrip
from remotecal.sim.gas_loop.bank import TrueBank
from remotecal.sim.gas_loop.heat import Heat, HeatSpec
from remotecal.sim.gas_loop.meter import WAYS, ByReynolds
from remotecal.sim.instruments.gas_loop import LoopPlc, Sensed
from remotecal.sim.instruments.meter import Meter, MeterSpec
from remotecal.sim.machine import Machine
from remotecal.sim.ramp import Ramp
from remotecal.sim.surroundings import Air

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.sim.gas_loop.bank import BankSpec
    from remotecal.sim.gas_loop.gas import Behaviour, TrueGas
    from remotecal.sim.gas_loop.meter import ReynoldsCurve, TrueMaster
    from remotecal.sim.world import World


@dataclass(frozen=True, slots=True)
class LoopSpec:
    """What a loop is made of."""

    masters: tuple[TrueMaster, ...]
    check: TrueMaster
    dut: MeterSpec
    """The meter under test; its `curve` is set by `dut_curve`."""
    dut_curve: ReynoldsCurve
    dut_diameter: float
    """Of its pipe, in m."""
    capacity: float
    """What the blower sends round at full speed, in m³/s."""
    volume: float
    """Of the whole loop, in m³."""
    connecting_volume: float
    """Between the masters and the meter under test, in m³."""
    filling: TrueGas
    heat: HeatSpec
    leak: float = 0.0
    """What leaks out between masters and meter, in m³/s as it is there."""
    branch_leak: float = 0.0
    """What passes the valves of branches that are shut, in m³/s."""
    unequal: tuple[float, ...] = ()
    """By how much more each branch lets through than its size tells, relative."""
    bank: BankSpec | None = None
    """Nozzles behind the check meter."""
    bank_volume: float = 0.0
    """Between the meter under test and them, in m³."""
    denser: float = 0.0
    """What is true of the density less what the equation tells, relative."""
    disturbed: float = 0.0
    """By how much more the meter under test shows for how the flow comes to it, relative: no error of its."""
    zero: tuple[float, float] = (0.0, 0.0)
    """What it shows while the gas stands: in m³/s at no pressure, and by how much more a pascal."""
    mass_zero: float = 0.0
    """What a Coriolis meter under test shows then, in kg/s: as a volume the more, the thinner the gas."""


@dataclass(slots=True)
class LoopPlaces:
    """The gas at the places where it is measured: pressures in Pa, temperatures in °C, densities in kg/m³."""

    master_pressure: float
    master_temperature: float
    master_density: float
    meter_pressure: float
    meter_temperature: float
    meter_density: float
    check_pressure: float
    check_temperature: float
    check_density: float
    bank_pressure: float
    """Ahead of the nozzles; it is as warm there as at the check meter."""
    bank_density: float


class LoopRig:
    """The loop. Look at it and act on it only inside `with rig.world.present():`."""

    MOVING, STANDING = 0.5, 2.0
    """Longest step in s while gas flows, and while it stands."""
    SLOW = 10.0
    """Seconds between two looks at what the equation of state tells."""
    RESISTANCE = 1.3e5
    """Loss of pressure round the loop, in Pa for each kg/m³ and (m³/s)², of one for 400 m³/h."""
    SHARES = 0.25, 0.2, 0.1
    """What of it is lost from masters to meter, from there to the check meter, and from there to the bank."""
    RIPPLE, REMEMBERED = 0.002, 2.0
    """Standard deviation of the flow, relative, and its correlation time in s."""
    UNREST = 1e-5
    """By how much a flow shown while the gas stands scatters, as a share of the highest."""
    SURGES = 0.3
    """Speed from which a blower that can't deliver surges."""

    def __init__(self, spec: LoopSpec, world: World) -> None:
        self.spec, self.world = spec, world
        self.air = Air(world.random("air"))
        self.blower = Machine(world, Ramp(0.05))
        self.surging = self.gas_alarm = False
        """Faults to give."""
        self.heat = Heat(spec.heat, world, self.air.temperature(world.time))
        self._rng, self._ripple = world.random("ripple"), 0.0
        self.flow = 0.0
        """Through the meter, in m³/s."""
        self._curves = [ByReynolds(each.true) for each in (*spec.masters, spec.check)]
        self._dut_curve = ByReynolds(spec.dut_curve.more_by(spec.disturbed))
        self._restless = world.random("zero")
        self.masters = [
            Meter(_spec(each, curve), world.random(f"master {n}"))
            for n, (each, curve) in enumerate(zip(spec.masters, self._curves[:-1], strict=True))
        ]
        self.check = Meter(_spec(spec.check, self._curves[-1]), world.random("check"))
        self.followers: list[Callable[[float, float, float, float], None]] = []
        """What is told, step by step, how long it took, what the meter has counted, at which pressure and
        temperature."""
        self.meter = Meter(_with(spec.dut, self._dut_curve), world.random("dut"))
        self.bank = None if spec.bank is None else TrueBank(spec.bank, spec.filling)
        self.back = 1.0
        """Pressure behind the nozzles, as a share of that ahead of them."""
        self.pressure = self.air.pressure(world.time)
        """Of the loop, where the masters are, in Pa absolute."""
        self.mass = 0.0
        """Of the gas in it, in kg."""
        self.now: Behaviour
        self._look()
        self.mass = self.spec.volume * self.now.at(self.heat.gas, self.pressure)
        self.places = self._at_places()
        sensed = Sensed(
            pressure=lambda: self.pressure,
            air=lambda: self.air.pressure(self.world.time),
            hot=lambda: self.heat.hot,
            cooled=lambda: self.heat.gas,
            alarms=self._alarms,
        )
        count = 0 if spec.bank is None else len(spec.bank.nozzles)
        self.plc = LoopPlc(world, len(spec.masters), self.blower, sensed, count)
        world.physics = self.advance

    @property
    def branch_flows(self) -> list[float]:
        """What passes each branch now, in m³/s: by its size, and what leaks through those that are shut."""
        sizes = [
            each.highest * (1.0 + more) if self.plc.standing >> n & 1 else 0.0
            for n, (each, more) in enumerate(zip(self.spec.masters, self.spec.unequal, strict=True))
        ]
        whole = sum(sizes)
        if not whole or not self.flow:
            return [0.0] * len(sizes)
        shut = sum(not size for size in sizes)
        leak = min(self.spec.branch_leak, 0.5 * self.flow) if shut else 0.0
        return [(self.flow - leak) * size / whole if size else leak / shut for size in sizes]

    def zero(self, pressure: float) -> float:
        """Return what the meter under test shows while the gas stands at a pressure in Pa, in m³/s."""
        offset, slope = self.spec.zero
        return offset + slope * pressure + self.spec.mass_zero * self.pressure / (self.now.density * pressure)

    def shown(self) -> float:
        """Return the flow that the meter under test shows, in m³/h; with no cut-off."""
        if self.flow:
            return 3600.0 * self.meter.flow
        zero = 3600.0 * (self.meter.flow + self.zero(self.places.meter_pressure))
        return zero + self.UNREST * self._restless.gauss(0.0, 1.0) * 3600.0 * self.spec.dut.highest

    def sound(self, celsius: float) -> float:
        """Return the speed of sound in m/s at a temperature there is in the loop."""
        return self.now.sound * math.sqrt((celsius + 273.15) / (self.heat.gas + 273.15))

    def advance(self, begin: float, until: float) -> float:
        """Move on by one step at most (`world.Physics`)."""
        took = min(until - begin, self.MOVING if self.blower.speed else self.STANDING)
        if begin - self._looked >= self.SLOW or abs(self.pressure / self._looked_at - 1) > 0.02:
            self._look()
        self._blow(took)
        stored, stored_behind = self._change(took)
        here = self.places
        through = self.flow * took * here.meter_density
        onward = max(through + stored_behind, 0.0)
        lost = self.spec.leak * took * here.meter_density if self.pressure > 1.2e5 else 0.0
        arriving = max(onward + stored + lost, 0.0)
        volume = onward / here.meter_density
        self._pass(self.meter, volume, took, here.meter_temperature, here.meter_density)
        for follow in self.followers:
            follow(took, self.meter.indicated, here.meter_pressure, self.heat.felt["meter"])
        share = arriving / through if through else 0.0
        thinner = here.meter_density / here.master_density
        for master, flow in zip(self.masters, self.branch_flows, strict=True):
            volume, density = flow * took * share * thinner, here.master_density * (1.0 + self.spec.denser)
            self._pass(master, volume, took, here.master_temperature, density)
        volume = onward / here.check_density
        self._pass(self.check, volume, took, here.check_temperature, here.check_density)
        return begin + took

    @staticmethod
    def _pass(meter: Meter, volume: float, took: float, temperature: float, density: float) -> None:
        meter.prepare(volume / took, temperature, took)
        meter.take(volume, took, density)

    def _blow(self, took: float) -> None:
        """Take the flow of this step, which wavers."""
        kept = math.exp(-took / self.REMEMBERED)
        self._ripple *= kept
        self._ripple += self.RIPPLE * math.sqrt(1.0 - kept * kept) * self._rng.gauss(0.0, 1.0)
        way = self.blower.speed if self.plc.standing else 0.0
        self.flow = self.spec.capacity * way * (1.0 + self._ripple)
        self.back = 1.0
        if self.bank is not None and self.plc.nozzles_standing:
            here = self.places
            mass, self.back = self.bank.passes(
                self.plc.nozzles_standing, self.now, here.check_temperature, here.bank_pressure, self.flow
            )
            self.flow = mass / here.meter_density / (1.0 + self.spec.denser)

    def _change(self, took: float) -> tuple[float, float]:
        """Let heat, valves and leaks change the gas; return by how many kg more is stored of it.

        That is between masters and meter, and from there to the nozzles where these hold the flow.
        """
        here = self.places
        moved = self.plc.rate() * took
        leaks = self.pressure > 1.2e5 and self.spec.leak * took * here.meter_density
        throttled = (1.0 - self.back) * here.bank_pressure
        work = (self._loss() + throttled) * self.flow / self.spec.heat.efficiency
        self.heat.advance(
            took,
            stored=self.mass * self.now.heat_capacity / self.now.gamma,
            carried=self.flow * here.meter_density * self.now.heat_capacity,
            work=work,
            squeezed=0.5 * (1.0 - 1.0 / self.now.gamma) * moved / self.pressure,
            room=self.air.temperature(self.world.time),
            wanted=self.plc.cooling,
        )
        self.mass += self.mass * moved / self.pressure - leaks
        self.pressure = self.mass / self.spec.volume * self._pressed
        self.places = now = self._at_places()
        ahead = now.master_density + now.meter_density - here.master_density - here.meter_density
        behind = now.meter_density + now.bank_density - here.meter_density - here.bank_density
        held = self.spec.bank_volume if self.plc.nozzles_standing else 0.0
        return self.spec.connecting_volume * ahead / 2, held * behind / 2

    @property
    def _pressed(self) -> float:
        """Pressure for a density, Z·R/M·T."""
        return self.now.z * self.now.specific * (self.heat.gas + 273.15)

    def _loss(self) -> float:
        """Return the loss of pressure round the loop, in Pa."""
        wide = self.spec.dut.highest * 3600.0 / 400.0
        return self.RESISTANCE * self.now.density * (self.flow / wide) ** 2

    def _at_places(self) -> LoopPlaces:
        """Return the gas where it is measured."""
        loss, first = self._loss(), self.heat.gas
        p_m = self.pressure
        p_d = p_m - self.SHARES[0] * loss
        p_c = p_d - self.SHARES[1] * loss
        p_n = p_c - self.SHARES[2] * loss
        t_d, t_c = self.heat.meter, self.heat.check
        return LoopPlaces(
            p_m,
            first,
            self.now.at(first, p_m),
            p_d,
            t_d,
            self.now.at(t_d, p_d) * self._by_z(p_m - p_d),
            p_c,
            t_c,
            self.now.at(t_c, p_c) * self._by_z(p_m - p_c),
            p_n,
            self.now.at(t_c, p_n) * self._by_z(p_m - p_n),
        )

    def _by_z(self, fall: float) -> float:
        """Return what Z being another one at less pressure makes of a density."""
        return 1.0 + self._z_slope * fall / self.now.z

    def _look(self) -> None:
        """Ask the equation of state how the gas behaves about where it is."""
        filling, t, p = self.spec.filling, self.heat.gas, self.pressure
        self.now = filling.about(t, p)
        if self.bank is not None:
            self.bank.look(t, p)
        self._z_slope = (filling.about(t, p * 1.01).z - self.now.z) / (0.01 * p)
        self._looked, self._looked_at = self.world.time, p
        kinematic = self.now.viscosity / self.now.density
        for curve, each in zip(self._curves, (*self.spec.masters, self.spec.check), strict=True):
            by_flow = 3600.0 * 1e6 / each.highest
            reynolds = 4.0 / (math.pi * each.diameter * kinematic)
            curve.per_flow = by_flow if WAYS[each.kind].by_flow else reynolds
        self._dut_curve.zero = self.zero(p)
        self._dut_curve.per_flow = 4.0 / (math.pi * self.spec.dut_diameter * kinematic)

    def _alarms(self) -> int:
        found = LoopTrip(0)
        blocked = self.blower.speed > self.SURGES and not self.plc.standing
        if self.surging or blocked:
            found |= LoopTrip.SURGE
        if self.gas_alarm:
            found |= LoopTrip.GAS_ALARM
        if not self.heat.cooled and self.blower.speed:
            found |= LoopTrip.COOLER_FLOW_LOST
        fast = (
            3600.0 * flow > 1.05 * each.highest
            for flow, each in zip(self.branch_flows, self.spec.masters, strict=True)
        )
        if any(fast):
            found |= LoopTrip.MASTER_OVER_SPEED
        return int(found)


def _spec(master: TrueMaster, curve: ByReynolds) -> MeterSpec:
    noise = WAYS[master.kind].noise
    return MeterSpec(master.highest / 3600.0, master.pulses, curve, noise=noise, low_cutoff=0.02)


def _with(spec: MeterSpec, curve: ByReynolds) -> MeterSpec:
    return replace(spec, curve=curve)
