"""A simulated twin of every driver that has one, at rest, and what its driver is told."""

from collections.abc import Iterator, Mapping

from dosing.bench import DosingStand

from remotecal.clock import VirtualClock
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.keller.digital import KellerDigitalEarly
from remotecal.sim import stands
from remotecal.sim.assembly import BenchOptions
from remotecal.sim.calibrated import Calibrated, Stated
from remotecal.sim.instruments.bell_prover import BellPlc
from remotecal.sim.instruments.branched_rig import BranchedPlc
from remotecal.sim.instruments.calibrator5522a import Calibrator5522A
from remotecal.sim.instruments.converters import Converting, ek280, uniflo1200
from remotecal.sim.instruments.daq970a import DataAcquisition
from remotecal.sim.instruments.dew_point import dmt340
from remotecal.sim.instruments.drive import VltDrive
from remotecal.sim.instruments.druck import Pace
from remotecal.sim.instruments.flow_meters import (
    fc410,
    mag6000,
    mass6000,
    micro_motion,
    promag,
    promass,
    tuf2000m,
)
from remotecal.sim.instruments.fluke_pressure import Controller6270A
from remotecal.sim.instruments.fuji_tuf import fuji_tuf
from remotecal.sim.instruments.gas_loop import LoopPlc, Sensed
from remotecal.sim.instruments.gas_tank import TankPlc
from remotecal.sim.instruments.generator import BurstGenerator
from remotecal.sim.instruments.huizhong import huizhong
from remotecal.sim.instruments.keller import keller
from remotecal.sim.instruments.krohne import mfc300, mfc400
from remotecal.sim.instruments.meter import Meter, MeterSpec
from remotecal.sim.instruments.nozzle_bank import BankPlc
from remotecal.sim.instruments.power_guard import GuardPlc
from remotecal.sim.instruments.prover import prover
from remotecal.sim.instruments.regulator import Regulator
from remotecal.sim.instruments.sartorius import SbiBalance
from remotecal.sim.instruments.tank_scale import tank_scale
from remotecal.sim.instruments.thermometers import HartReadout, PairBridge
from remotecal.sim.instruments.weighing import Platform, PlatformSpec
from remotecal.sim.instruments.well import Block, Well
from remotecal.sim.machine import Machine
from remotecal.sim.memory import MemoryLink
from remotecal.sim.ramp import Ramp
from remotecal.sim.simulated import Simulated
from remotecal.sim.world import World

Settings = Mapping[str, int | str]


class Pipes:
    """Pipes at rest, with two branches."""

    flow = pressure = header = 0.0

    def __init__(self) -> None:
        self.single_valves = {name: Ramp(1.0) for name in ("inlet", "outlet", "regulator")}
        self.branches = self
        self._bits = 0

    def move(self, bits: int, time: float) -> None:
        self._bits = bits

    def told(self) -> int:
        return self._bits

    def standing(self, time: float) -> int:
        return self._bits

    def __len__(self) -> int:
        return 16

    def changed(self) -> None:
        pass


class AtRest:
    """What converts at base conditions, and has counted little."""

    pressure, temperature, factor, z, z_base = 101_325.0, 20.0, 1.0, 0.998, 0.998
    measured, converted, disturbed, base = 12.5, 12.25, 0.0, (20.0, 101_325.0)


def twins() -> Iterator[tuple[Simulated, Settings]]:
    """Yield twins, and what their drivers are told."""
    world = World(VirtualClock(), 1)
    yield HartReadout(world, {1: lambda: 20.0}), {"channel": 1}
    yield keller(world, lambda: 1.0), {}
    yield dmt340(world, lambda: -40.0), {}
    yield keller(world, lambda: 1.0, driver=KellerDigitalEarly), {}
    yield Pace(world, Regulator(world.clock.now)), {}
    yield Controller6270A(world, Regulator(world.clock.now)), {}
    yield PairBridge(world, (lambda: 110.0, lambda: 109.0)), {}
    yield Well(world, Block(lambda: 20.0), span=(-95.0, 700.0)), {}
    yield BurstGenerator(world), {}
    yield Calibrator5522A(world), {}
    yield BurstGenerator(world), {}
    yield Well(world, Block(lambda: 20.0)), {}
    at_rest: Converting = AtRest()
    yield ek280(world, at_rest), {"unit": 1}
    yield uniflo1200(world, at_rest), {"unit": 1}
    yield DataAcquisition(world, {101: ("C", lambda: 20.0)}), {}
    for kind in (fc410, mag6000, mass6000, mfc300, mfc400, micro_motion, promag, promass, tuf2000m):
        meter = Meter(MeterSpec(0.01, 5e5, lambda _: 0.0), world.random("meter"))
        meter.fill(998.0, 20.0)
        flows = kind(world, meter)
        yield flows, {"unit": flows.unit}
    yield fuji_tuf(world, meter), {}
    yield huizhong(world, meter), {"order": "high first"}
    yield BankPlc(world, 16, Machine(world, Ramp(0.2))).on_modbus(), {}
    yield GuardPlc(world, [Machine(world, Ramp(0.2))]).on_modbus(), {}
    yield BranchedPlc(world, Machine(world, Ramp(0.1)), Pipes()).on_modbus(), {}
    shown = dict.fromkeys(("map_revision", "passes", "whole_pulses"), lambda: 1)
    timed = dict.fromkeys(("pulse_time", "pass_time", "pressure"), lambda: 10.0)
    yield prover(world, {**shown, **timed}, lambda: None), {}
    yield tank_scale(world, lambda: 1000.0), {}
    at_rest = Sensed(lambda: 1e5, lambda: 1e5, lambda: 20.0, lambda: 20.0, lambda: 0)
    yield LoopPlc(world, 8, Machine(world, Ramp(0.05)), at_rest, bank=16).on_modbus(), {}
    yield BellPlc(world, Machine(world, Ramp(0.2)), lambda: 500.0).on_modbus(), {}
    yield TankPlc(world, Machine(world, Ramp(0.2)), lambda _: None).on_modbus(), {}
    exact = Calibrated(Stated("mA", (4.0, 20.0), (0.0, 0.0), (0.001, 0.001)), 0.0)
    ammeter = stands.multimeter(world, lambda: 0.012, exact)
    spec = PlatformSpec(6.0, 1e-5, Calibrated(Stated("kg", (0.0,), (0.0,), (1e-5,)), 0.0), 0.0)
    stand = DosingStand(World(VirtualClock(), 1), BenchOptions())
    for unit in ("g", "kg"):
        yield SbiBalance(world, Platform(spec, stand.screw, world.random("pan")), unit=unit), {}
    yield VltDrive(stand.world, stand.screw), {}
    yield from ((place.simulated, place.settings) for place in (ammeter, *stand.wired.values()))


def twin(name: str) -> tuple[Simulated, Settings]:
    """Return a twin of a driver that nobody has set anything of, and what the driver is told."""
    return next(pair for pair in twins() if pair[0].driver.__name__ == name)


TWINS = [simulated.driver.__name__ for simulated, _ in twins()]
"""Drivers that have one."""


def opened(name: str) -> Instrument:
    """Open a twin of a driver by its driver, without a wire."""
    simulated, settings = twin(name)
    clock, link = simulated.world.clock, MemoryLink(simulated, name)
    return simulated.driver.over(link, name=name, serial=None, clock=clock, **settings)
