"""A large water rig: the pump, a header, master meters in parallel, a wide pipe, the meter under test.

What passes the meter under test is what passed the master meters, what leaked past those whose branches are
shut, and what the pipe between gave or kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from remotecal.sim.instruments.branched_rig import BranchedPlc
from remotecal.sim.instruments.meter import Meter, MeterSpec
from remotecal.sim.large_water.branches import Branches, BranchSpec
from remotecal.sim.machine import Machine
from remotecal.sim.ramp import Ramp
from remotecal.sim.surroundings import Air
from remotecal.sim.water.line import LinePack, Pipework, PipeworkSpec
from remotecal.sim.water.water import Water

if TYPE_CHECKING:
    from remotecal.sim.world import World


@dataclass(frozen=True, slots=True)
class LargeRigSpec:
    """What the rig is made of; `outfit` draws it at random."""

    line: PipeworkSpec
    dut: MeterSpec
    branches: tuple[BranchSpec, ...]
    connecting_volume: float
    """Pipe volume between the master meters and the meter under test, in m³."""
    header_capacity: float
    """How much more water the header holds for each pascal, in m³/Pa."""
    warmer: float = 0.0
    """By how much the water is warmer at the meter under test than at the master meters, in K."""
    water_excess: float = 0.0
    """By how much the rig's water is denser than pure air-free water, relative (1)."""


class WidePack(LinePack):
    """A wide pipe of carbon steel, its wall a hundredth of its diameter."""

    EXPANSION = 12.0e-6
    STRETCH = 5.0e-10
    """D/(E·e) in 1/Pa."""
    STIFFNESS = 4.6e-10 + STRETCH


class LargeRig:
    """The rig. Look at it and act on it only inside `with rig.world.present():`."""

    THERMAL = 10.0
    """Seconds between two looks at the slow temperatures; in between they run straight."""
    DROP = 3.0e4
    """Pressure in Pa that the open branches take at their highest flow."""
    MOST = 2.0
    """Share of that flow from which on, while valves move, the pump's own curve limits what they take."""
    RELAX = 0.5
    """Time constant in s of the pressures."""

    def __init__(self, spec: LargeRigSpec, world: World) -> None:
        self.spec, self.world = spec, world
        self.air = Air(world.random("air"))
        self.water = Water(world.random("water"), spec.water_excess)
        self.line = Pipework(spec.line, world.random("line"))
        self.branches = Branches(spec.branches, world)
        self.single_valves = dict(self.line.valves)
        """Inlet, regulator and outlet, by these names."""
        self.line.valves["branches"] = cast("Ramp", self.branches)
        self.pump = Machine(world, self.line.speed, self.changed)
        self.dut = Meter(spec.dut, world.random("dut"))
        self.pack = WidePack(spec.connecting_volume)
        self.pressure, self.header = 0.0, 0.0
        """Gauge pressures in Pa at the meter under test, and in the header."""
        self._step_end = self._thermal_end = 0.0
        self._warm(first=True)
        self.plc = BranchedPlc(world, self.pump, self)
        world.physics = self.advance

    @property
    def flow(self) -> float:
        """What the master meters show together, in m³/s."""
        return sum(one.master.flow for one in self.branches.each)

    @property
    def at_masters(self) -> float:
        """Temperature of the water at the master meters in °C."""
        return self.temperature - self.spec.warmer

    def changed(self) -> None:
        """Take up what was just done to pump or valves."""
        self.line.ask(self.world.time)
        self._step_end = min(self._step_end, self.world.time + Pipework.QUICK)

    def advance(self, begin: float, until: float) -> float:
        """Integrate from `begin` to `until`, or to the end of the step (`world.Physics`)."""
        if begin >= self._step_end:
            self._begin_step(begin)
        end = min(until, self._step_end)
        self._integrate(end - begin, end)
        return end

    def _begin_step(self, time: float) -> None:
        if time >= self._thermal_end:
            self._warm()
        line = self.line
        line.ask(time)
        line.ripple(time)
        step = Pipework.QUICK if line.moving(time) else Pipework.STEADY
        self._step_end = min(time + step, self._thermal_end)
        self.density = self.water.density(self.temperature, self.pressure)
        self.density_ahead = self.water.density(self.at_masters, self.header)
        self._shares = self.branches.shares(time)
        step = self._step_end - time
        flow = line.expected(step)
        self.dut.prepare(flow, self.temperature, step)
        for one, share in zip(self.branches.each, self._shares, strict=True):
            one.master.prepare(share * flow, self.at_masters, step)

    def _integrate(self, duration: float, end: float) -> None:
        volume = self.line.advance(duration)
        leak = self.branches.leak(end, self.header - self.pressure) * duration
        self._press(duration, end, leak)
        kept = self.pack.advance(duration, (self.pressure + self.header) / 2)
        self.dut.take(volume, duration, self.density)
        passed = max((volume * self.density + kept) / self.density_ahead - leak, 0.0)
        for one, share in zip(self.branches.each, self._shares, strict=True):
            one.master.take(share * passed, duration, self.density_ahead)

    def _press(self, duration: float, time: float, leak: float) -> None:
        """Let the pressures go where pump, valves and leaks take them."""
        fed, through = self.single_valves["inlet"].at(time) > 0.0, self.branches.at(time) > 0.0
        gone = math.exp(-duration / self.RELAX)
        meter = self.line.pressure if fed and through else 0.0
        if fed:
            capacity = self.branches.capacity(time)
            share = min(self.line.mean / capacity, self.MOST) if capacity else 0.0
            header = self.line.pressure + self.DROP * share**2
            self.header = header + (self.header - header) * gone
        elif through:
            self.header = meter + (self.header - meter) * gone
        else:
            self.header = max(self.header - leak / self.spec.header_capacity, 0.0)
        self.pressure = meter + (self.pressure - meter) * gone

    def _warm(self, *, first: bool = False) -> None:
        """Look at the water's temperature, and at where it will be at the next look."""
        self.temperature = self.water.temperature(self.world.time)
        if first:
            self.density = self.density_ahead = self.water.density(self.temperature)
            self._shares = [0.0] * len(self.branches.each)
            self.pack.settle(self.density, self.temperature)
            for meter in (self.dut, *(one.master for one in self.branches.each)):
                meter.fill(self.density, self.temperature)
        self._thermal_end = self.world.time + self.THERMAL
        ahead = self.water.temperature(self._thermal_end) - self.spec.warmer / 2
        self.pack.drift(self.water.density(ahead), ahead, self.THERMAL)
