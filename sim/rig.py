"""A simulated water rig: one flow, seen by a reference meter, a meter under test and a weigh tank.

Water runs from the pump through the reference meter, a stretch of pipe, the meter under test, the
connecting volume and the diverter into the weigh tank or back. Everything is integrated to the
clock's time whenever somebody looks (`present`), so virtual hours cost next to nothing and nobody
has to run the rig. What the meters count and what the tank collects come from the same integral.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from types import TracebackType

from remotecal.clock import Clock
from remotecal.sim.chance import chance
from remotecal.sim.controller import Controller
from remotecal.sim.diverter import Diverter, DiverterSpec, Gate, Timer
from remotecal.sim.faults import RigFaults
from remotecal.sim.ledger import Collection, Ledger
from remotecal.sim.line import Line, LinePack, LineSpec
from remotecal.sim.meter import Meter, MeterSpec
from remotecal.sim.pump import Pump
from remotecal.sim.surroundings import Air, Water
from remotecal.sim.tank import Balance, BalanceSpec, Tank
from remotecal.sim.truth import Truth

_TICK = 5.0e-7
"""A little more than what a float of seconds since the epoch resolves, so that an instant waited for
has come."""


@dataclass(frozen=True, slots=True)
class RigSpec:
    """What a rig is made of; `assemblies` draws them at random."""

    line: LineSpec
    dut: MeterSpec
    reference: MeterSpec
    diverter: DiverterSpec
    balance: BalanceSpec
    tank: float
    """Capacity of the weigh tank in kg."""
    connecting_volume: float
    """Pipe volume between the meter under test and the diverter, in m³."""
    meter_spacing: float
    """Pipe volume between the reference meter and the meter under test, in m³."""
    water_excess: float = 0.0
    """By how much the rig's water is denser than pure air-free water, relative (1)."""
    timer_error: float = 0.0
    """Relative error of the collection timer (1)."""
    leak_before_dut: bool = False
    """Where a leak sits: between the two meters, or between the meter under test and the tank."""


@dataclass(order=True, slots=True)
class Event:
    """Something that happens on the rig at a time."""

    time: float
    order: int
    action: Callable[[float], None] = field(compare=False)


class Rig:
    """The rig. Look at it and act on it only inside `with rig.present():`."""

    THERMAL = 10.0
    """Seconds between two looks at the slow temperatures; in between they run straight."""

    def __init__(self, spec: RigSpec, clock: Clock, seed: int) -> None:
        self.spec = spec
        self.clock = clock
        self.seed = seed
        self.time = 0.0
        """Seconds since the rig was switched on, up to which everything is integrated."""
        self.air = Air(self.random("air"))
        self.water = Water(self.random("water"), spec.water_excess)
        self.line = Line(spec.line, self.random("line"))
        self.pump = Pump(self)
        self.dut = Meter(spec.dut, self.random("dut"))
        self.reference = Meter(spec.reference, self.random("reference"))
        self.spacing = LinePack(spec.meter_spacing)
        self.connection = LinePack(spec.connecting_volume)
        self.tank = Tank(spec.tank, self.random("tank"))
        self.balance = Balance(spec.balance, self.tank, self.air, self.random("balance"))
        self.gate = Gate()
        self.timer = Timer(self.gate, spec.timer_error)
        self.diverter = Diverter(spec.diverter, self, self.gate, self.random("diverter"))
        self.ledger = Ledger()
        self.faults = RigFaults(self)
        self.watchers: list[Callable[[], None]] = []
        """Called after every step: the rig controller's protections."""
        self.extensions: list[Callable[[float], None]] = []
        """Told when time passes that nobody could use: see `take`."""
        self.lock = threading.RLock()
        self._start = clock.now()
        self._step_end = 0.0
        self._thermal_end = 0.0
        self._events: list[Event] = []
        self._order = itertools.count()
        self._present = _Present(self)
        self._collection: Collection | None = None
        self.gate.listeners.append(self._note_collection)
        self._warm(first=True)
        self.controller = Controller(self)
        self.truth = Truth(self)

    def random(self, name: str) -> Random:
        """Return a source of random numbers that belongs to one part of the rig."""
        return chance(self.seed, name)

    def present(self) -> _Present:
        """Hold the rig at the clock's time: `with rig.present() as time:`."""
        return self._present

    def at(self, time: float, action: Callable[[float], None]) -> None:
        """Do `action(time)` when the rig comes to `time`."""
        heapq.heappush(self._events, Event(max(time, self.time), next(self._order), action))

    def take(self, duration: float) -> None:
        """Let an instrument take `duration` s before it answers.

        Under a real clock it waits. A virtual clock is moved on; as nobody can act meanwhile, the
        controller's watchdog is put off by as much.
        """
        if duration <= 0.0:
            return
        advance: Callable[[float], None] | None = getattr(self.clock, "advance", None)
        if advance is None:
            self.clock.sleep(duration)
            return
        with self.lock:
            for put_off in self.extensions:
                put_off(duration)
            advance(duration + _TICK)

    def changed(self) -> None:
        """Take up what was just done to pump or valves."""
        self.line.ask(self.time)
        self._step_end = min(self._step_end, self.time + Line.QUICK)
        flow = self.line.expected(Line.QUICK)
        self.dut.respond(flow, self.temperature)
        self.reference.respond(flow, self.temperature)

    def advance_to(self, time: float) -> None:
        """Integrate up to `time` of rig time, doing what falls due on the way."""
        while self._events and self._events[0].time <= time:
            event = heapq.heappop(self._events)
            self._run(event.time)
            event.action(event.time)
        self._run(time)

    def advance_to_now(self) -> float:
        """Integrate up to the clock's time, and return it in s of rig time."""
        self.advance_to(self.clock.now() - self._start)
        return self.time

    def _run(self, until: float) -> None:
        while self.time < until:
            if self.time >= self._step_end:
                self._begin_step()
            end = min(until, self._step_end)
            self._advance(end - self.time, end)
            self.time = end
            for watch in self.watchers:
                watch()

    def _begin_step(self) -> None:
        if self.time >= self._thermal_end:
            self._warm()
        line = self.line
        line.ask(self.time)
        line.ripple(self.time)
        step = Line.QUICK if line.moving(self.time) else Line.STEADY
        self._step_end = min(self.time + step, self._thermal_end)
        self.density = self._unpressed + self._per_pascal * line.pressure
        step = self._step_end - self.time
        flow = line.expected(step)
        self.dut.prepare(flow, self.temperature, step)
        self.reference.prepare(flow, self.temperature, step)

    def _advance(self, duration: float, end: float) -> None:
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
        # The reference meter sees the same water: what went on, and what stayed in between.
        upstream = mass + between
        ledger.pumped += upstream
        self.dut.take(volume, duration, self.density)
        self.reference.take(upstream / self.density, duration, self.density)
        filling = self.diverter.filling
        if filling:
            ledger.collected += onward
        else:
            ledger.bypassed += onward
        self.tank.advance(duration, onward if filling else 0.0, end)

    def _warm(self, *, first: bool = False) -> None:
        """Look at the water's temperature, and at where it will be at the next look."""
        self.temperature = self.water.temperature(self.time)
        self._unpressed = self.water.density(self.temperature)
        self._per_pascal = (self.water.density(self.temperature, 1e5) - self._unpressed) / 1e5
        if first:
            self.density = self._unpressed
            self.spacing.settle(self._unpressed, self.temperature)
            self.connection.settle(self._unpressed, self.temperature)
            self.ledger.settle(self.packed)
        self._thermal_end = self.time + self.THERMAL
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


class _Present:
    """Holds the lock and integrates; one for all uses, as it has no state of its own."""

    __slots__ = ("_rig",)

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def __enter__(self) -> float:
        self._rig.lock.acquire()
        try:
            return self._rig.advance_to_now()
        except BaseException:
            self._rig.lock.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rig.lock.release()
