"""A simulated water rig: one flow, seen by a reference meter, a meter under test and a weigh tank.

Water runs from the pump through the reference meter, a stretch of pipe, the meter under test, the
connecting volume and the diverter into the weigh tank or back. What the meters count and what the tank
collects come from the same integral.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remotecal.sim.gate import Gate, Timer
from remotecal.sim.instruments.meter import Meter, MeterSpec
from remotecal.sim.instruments.weighing import Platform, PlatformSpec
from remotecal.sim.machine import Machine
from remotecal.sim.surroundings import Air
from remotecal.sim.water.controller import Controller
from remotecal.sim.water.diverter import Diverter, DiverterSpec
from remotecal.sim.water.faults import RigFaults
from remotecal.sim.water.ledger import Collection, Ledger
from remotecal.sim.water.line import LinePack, Pipework, PipeworkSpec
from remotecal.sim.water.tank import Tank, WeighedTank
from remotecal.sim.water.water import Water
from remotecal.sim.water.weighed import Losses

if TYPE_CHECKING:
    from remotecal.sim.world import World


@dataclass(frozen=True, slots=True)
class RigSpec:
    """What a rig is made of; `outfit` draws them at random."""

    line: PipeworkSpec
    dut: MeterSpec
    reference: MeterSpec
    diverter: DiverterSpec
    balance: PlatformSpec
    tank: float
    """Capacity of the weigh tank in kg."""
    connecting_volume: float
    """Pipe volume between the meter under test and the diverter, in m³."""
    meter_spacing: float
    """Pipe volume between the reference meter and the meter under test, in m³."""
    water_excess: float = 0.0
    """By how much the rig's water is denser than pure air-free water, relative (1)."""
    water_temperature: float = 20.0
    """About which the water's temperature swings, in °C."""
    losses: Losses = field(default_factory=Losses)
    """Of the weigh tank."""
    timer_error: float = 0.0
    """Relative error of the collection timer (1)."""
    leak_before_dut: bool = False
    """Where a leak sits: between the two meters, or between the meter under test and the tank."""


class Rig:
    """The rig. Look at it and act on it only inside `with rig.world.present():`."""

    THERMAL = 10.0
    """Seconds between two looks at the slow temperatures; in between they run straight."""

    def __init__(self, spec: RigSpec, world: World) -> None:
        self.spec = spec
        self.world = world
        self.air = Air(world.random("air"))
        self.water = Water(world.random("water"), spec.water_excess, spec.water_temperature)
        self.line = Pipework(spec.line, world.random("line"))
        self.pump = Machine(world, self.line.speed, self.changed)
        self.dut = Meter(spec.dut, world.random("dut"))
        self.reference = Meter(spec.reference, world.random("reference"))
        self.spacing = LinePack(spec.meter_spacing)
        self.connection = LinePack(spec.connecting_volume)
        self.tank = Tank(spec.tank, spec.losses.evaporates, world.random("tank"))
        weighed = WeighedTank(self.tank, self.air, lambda: self.density)
        self.balance = Platform(spec.balance, weighed, world.random("balance"))
        self.gate = Gate()
        self.timer = Timer(self.gate, spec.timer_error)
        self.diverter = Diverter(spec.diverter, world, self.gate, world.random("diverter"))
        self.ledger = Ledger()
        self.faults = RigFaults(world, self.pump, self.line, self.diverter, self.changed)
        self._to_splash = 0.0
        self._filled = False
        self._step_end = 0.0
        self._thermal_end = 0.0
        self._collection: Collection | None = None
        self.gate.listeners.append(self._note_collection)
        self.warm(first=True)
        self.controller = Controller(world, self.pump, self.line, self.diverter, self.tank, self.changed)
        world.physics = self.advance

    def changed(self) -> None:
        """Take up what was just done to pump or valves."""
        time = self.world.time
        self.line.ask(time)
        self._step_end = min(self._step_end, time + Pipework.QUICK)
        self.respond(self.line.expected(Pipework.QUICK))

    def respond(self, flow: float) -> None:
        """Let every meter take up a flow in m³/s that has just been changed."""
        self.dut.respond(flow, self.temperature)
        self.reference.respond(flow, self.temperature)

    def advance(self, begin: float, until: float) -> float:
        """Integrate from `begin` to `until`, or to the end of the step; return how far it came."""
        if begin >= self._step_end:
            self._begin_step(begin)
        end = min(until, self._step_end)
        self._integrate(end - begin, end)
        return end

    def _begin_step(self, time: float) -> None:
        if time >= self._thermal_end:
            self.warm()
        line = self.line
        line.ask(time)
        line.ripple(time)
        step = Pipework.QUICK if line.moving(time) else Pipework.STEADY
        self._step_end = min(time + step, self._thermal_end)
        self.density = self._unpressed + self._per_pascal * line.pressure
        step = self._step_end - time
        self.begin_step(line.expected(step), step)

    def begin_step(self, flow: float, step: float) -> None:
        """Let every meter begin a step of `step` s about a flow in m³/s."""
        self.dut.prepare(flow, self.temperature, step)
        self.reference.prepare(flow, self.temperature, step)

    def pass_meters(self, volume: float, mass: float, between: float, duration: float) -> float:
        """Let water pass every meter; return the mass in kg that passed the first one.

        Args:
            volume: through the meter under test, in m³ as it is there.
            mass: of that volume, in kg.
            between: what stayed between the reference meter and it, in kg.
            duration: in which it did, in s.
        """
        upstream = mass + between  # the reference meter sees what went on, and what stayed in between
        self.dut.take(volume, duration, self.density)
        self.reference.take(upstream / self.density, duration, self.density)
        return upstream

    def _integrate(self, duration: float, end: float) -> None:
        volume = self.line.advance(duration)
        pressure = self.line.pressure
        mass = volume * self.density
        leak = min(self.faults.leak * duration, mass)
        between = self.spacing.advance(duration, pressure)
        onward = mass - self.connection.advance(duration, pressure)
        ledger = self.ledger
        ledger.leaked += leak
        if self.spec.leak_before_dut:
            between += leak
        else:
            onward -= leak
        ledger.pumped += self.pass_meters(volume, mass, between, duration)
        filling = self.diverter.filling
        if filling:
            onward -= self._splash(onward, first=not self._filled)
            ledger.collected += onward
        else:
            ledger.bypassed += onward
        self._filled = filling
        self.tank.advance(duration, onward if filling else 0.0, end)

    def _splash(self, mass: float, *, first: bool) -> float:
        """Return what of water that comes splashes out, in kg; each time it is the first of it."""
        if first:
            self._to_splash = self.spec.losses.splashes
        gone = min(self._to_splash, max(mass, 0.0))
        self._to_splash -= gone
        self.ledger.splashed += gone
        return gone

    def warm(self, *, first: bool = False) -> None:
        """Look at the water's temperature, and at where it will be at the next look."""
        self.temperature = self.water.temperature(self.world.time)
        self._unpressed = self.water.density(self.temperature)
        self._per_pascal = (self.water.density(self.temperature, 1e5) - self._unpressed) / 1e5
        if first:
            self.density = self._unpressed
            self.spacing.settle(self._unpressed, self.temperature)
            self.connection.settle(self._unpressed, self.temperature)
            self.ledger.settle(self.packed)
            for meter in (self.dut, self.reference):
                meter.fill(self._unpressed, self.temperature)
        self._thermal_end = self.world.time + self.THERMAL
        ahead = self.water.temperature(self._thermal_end)
        dense = self.water.density(ahead)
        self.spacing.drift(dense, ahead, self.THERMAL)
        self.connection.drift(dense, ahead, self.THERMAL)

    @property
    def packed(self) -> float:
        """Mass of the water between the reference meter and the diverter, in kg."""
        return self.spacing.mass + self.connection.mass

    def _note_collection(self, time: float, opened: bool) -> None:  # noqa: FBT001 - a listener
        reading = (self.dut.passed, self.dut.indicated, self.reference.passed, self.reference.indicated)
        if opened:
            self._collection = Collection(time, reading, self.temperature, self.line.mean)
            self.ledger.collections.append(self._collection)
        elif self._collection is not None:
            self._collection.close(time, reading)
            self._collection = None
