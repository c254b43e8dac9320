"""The makers' instruments, fed by callables: nothing else is on these benches."""

from functools import partial

import pytest

from remotecal.drivers.abb.acs580 import AbbAcs580, Status
from remotecal.drivers.danfoss.vlt import DanfossVlt
from remotecal.drivers.danfoss.vlt import Status as VltStatus
from remotecal.drivers.emerson.micro_motion import MicroMotion2700
from remotecal.drivers.endress_hauser.promass import Promag53, Promass83
from remotecal.drivers.fluke.hart1529 import Hart1529
from remotecal.drivers.isotech.millik import IsotechMilliK
from remotecal.drivers.keysight.counter53230a import Keysight53230A
from remotecal.drivers.keysight.dmm34461a import Keysight34461A
from remotecal.drivers.krohne.mfc import Counting as Counter
from remotecal.drivers.krohne.mfc import KrohneMfc300, KrohneMfc400
from remotecal.drivers.mettler.sics import MettlerSics
from remotecal.drivers.sartorius.sbi import SartoriusSbi, SartoriusSbiKilogram
from remotecal.drivers.siemens.coriolis import SiemensMass6000
from remotecal.drivers.siemens.mag6000 import SiemensMag6000
from remotecal.drivers.siemens.usm2 import Counting
from remotecal.drivers.tuf.tuf2000m import Tuf2000M
from remotecal.drivers.vaisala.ptu300 import VaisalaPtu300
from remotecal.errors import InstrumentError
from remotecal.sim import stands
from remotecal.sim.calibrated import Calibrated, Stated
from remotecal.sim.gate import Gate, Timer
from remotecal.sim.instruments.balance import SicsBalance
from remotecal.sim.instruments.counter import UniversalCounter
from remotecal.sim.instruments.drive import Drive, VltDrive
from remotecal.sim.instruments.flow_meters import mag6000, mass6000, micro_motion, promag, promass, tuf2000m
from remotecal.sim.instruments.krohne import mfc300, mfc400
from remotecal.sim.instruments.meter import Meter, MeterSpec
from remotecal.sim.instruments.multimeter import Multimeter
from remotecal.sim.instruments.sartorius import SbiBalance
from remotecal.sim.instruments.thermometers import HartReadout, MilliK, probe
from remotecal.sim.instruments.weighing import Platform, PlatformSpec
from remotecal.sim.surroundings import Air


def off_by(unit: str, correction: float) -> Calibrated:
    """Return an instrument whose certificate states one correction, which is true."""
    return Calibrated(Stated(unit, (0.0,), (correction,), (0.001,)), 0.0)


class Weights:
    """Weights on a pan, put there at a time with a jolt."""

    def __init__(self, mass, disturbed=-1e9, thrust=0.0):
        self.mass, self.disturbed, self.thrust = mass, disturbed, thrust

    def apparent(self, time):
        return self.mass


@pytest.mark.parametrize(
    ("driver", "kind"),
    [
        (MettlerSics, SicsBalance),
        (SartoriusSbi, SbiBalance),
        (SartoriusSbiKilogram, partial(SbiBalance, unit="kg")),
    ],
)
def test_a_balance_with_weights_on_it(driver, kind, world, clock, open_as):
    weights = Weights(0.0)
    spec = PlatformSpec(60.0, 0.001, off_by("kg", 0.002), repeatability=0.0)
    balance = open_as(driver, kind(world, Platform(spec, weights, world.random("pan"))))
    balance.tare()
    weights.mass, weights.disturbed, weights.thrust = 20.0, world.time, 5.0
    before = clock.now()
    assert balance.settled_mass.read().value == pytest.approx(20.0, abs=0.0011)
    assert clock.now() - before > 5.0, "it came to rest first"
    weights.disturbed = world.time
    assert balance.mass.read().value > 20.1, "at once, still in motion"
    weights.mass = 60.02
    with pytest.raises(InstrumentError, match=r"overload|High"):
        balance.settled_mass.read()


def test_a_counter_gated_by_a_signal(world, clock, open_as):
    gate = Gate()
    timer = Timer(gate, error=1e-3)
    counter = open_as(Keysight53230A, UniversalCounter(world, lambda: 100.5 * world.time, gate))
    counter.count_gated()
    world.at(3.0, lambda time: gate.set(time, opened=True))
    world.at(13.0, lambda time: gate.set(time, opened=False))
    clock.sleep(20.0)
    assert counter.gated_pulses.read().value == int(13 * 100.5) - int(3 * 100.5)
    assert timer.elapsed(world.time) == pytest.approx(10.01, abs=1e-6)
    assert counter.frequency.read().value == pytest.approx(100.5, rel=1e-6)


class Fan:
    """A motor that is at its speed at once."""

    def __init__(self):
        self.setpoint, self.started, self.permitted, self.tripped = 0.0, False, True, False

    @property
    def speed(self):
        return self.setpoint if self.started else 0.0

    def set_speed(self, share):
        self.setpoint = share

    def start(self):
        self.started = self.permitted and not self.tripped
        return self.started

    def stop(self):
        self.started = False


@pytest.mark.parametrize(
    ("driver", "kind", "turning"),
    [
        (AbbAcs580, Drive, Status.AT_SETPOINT | Status.RDY_REF),
        (DanfossVlt, VltDrive, VltStatus.ON_REFERENCE | VltStatus.RUNNING),
    ],
)
def test_a_drive_turns_any_motor(driver, kind, turning, world, open_as):
    fan = Fan()
    drive = open_as(driver, kind(world, fan, "fan"))
    drive.speed.set(40.0)
    drive.start()
    assert fan.speed == pytest.approx(0.4, abs=1e-4)
    assert turning in drive.status.read()
    assert drive.actual_speed.read().value == pytest.approx(40.0, abs=0.01)
    drive.make_safe()
    assert not fan.started
    fan.tripped = True
    with pytest.raises(InstrumentError, match="is tripped"):
        drive.start()
    assert not fan.started


@pytest.mark.parametrize(
    ("kind", "driver"),
    [
        (promag, Promag53),
        (promass, Promass83),
        (mag6000, SiemensMag6000),
        (mass6000, SiemensMass6000),
        (mfc300, KrohneMfc300),
        (mfc400, KrohneMfc400),
        (micro_motion, MicroMotion2700),
        (tuf2000m, Tuf2000M),
    ],
)
def test_flow_meters_show_what_passed(kind, driver, world, open_as):
    spec = MeterSpec(0.01, 1e5, lambda _: 0.01, noise=0.0, damping=1e-3)
    meter = Meter(spec, world.random("meter"))
    meter.fill(850.0, 31.0)
    simulated = kind(world, meter)
    opened = open_as(driver, simulated, unit=simulated.unit)
    meter.prepare(0.005, 31.0, 100.0)
    meter.take(0.5, 100.0, 850.0)
    assert opened.volume.read().to("m3").value == pytest.approx(0.505, abs=1e-6)
    assert opened.flow.read().to("m3/h").value == pytest.approx(0.00505 * 3600, rel=1e-5)
    assert (meter.cycles, meter.counts) == (pytest.approx(50500.0), 50500)
    if driver in {Promass83, SiemensMass6000, KrohneMfc300, KrohneMfc400, MicroMotion2700}:
        assert opened.density.read().value == pytest.approx(850.0)
        assert opened.temperature.read().to("°C").value == pytest.approx(31.0)
        assert opened.total_mass.read().value == pytest.approx(0.505 * 850.0)


@pytest.mark.parametrize(
    ("kind", "driver", "held"),
    [(mass6000, SiemensMass6000, Counting.HELD), (mfc300, KrohneMfc300, Counter.STOPPED)],
)
def test_totals_are_reset_and_held_apart(kind, driver, held, world, open_as):
    meter = Meter(MeterSpec(0.01, 1e5, lambda _: 0.0, noise=0.0), world.random("meter"))
    opened = open_as(driver, kind(world, meter))
    meter.prepare(0.005, 20.0, 100.0)
    meter.take(0.5, 100.0, 1000.0)
    opened.reset_mass()
    opened.hold_volume.set(held)
    meter.take(0.1, 20.0, 1000.0)
    assert opened.total_mass.read().value == pytest.approx(100.0)
    assert opened.volume.read().value == pytest.approx(0.5)


def test_a_multimeter_reads_a_current(world, clock, open_as):
    meter = open_as(Keysight34461A, Multimeter(world, lambda: 0.012, off_by("mA", 0.001)))
    assert meter.current.read().value == pytest.approx(0.011999, abs=2e-7)
    assert clock.now() > 1_790_000_000.0, "a reading takes its time"


def test_readouts_show_probes(world, open_as):
    shown = probe(world, off_by("°C", 0.5), lambda: 40.0 + world.time, "bath")
    hart = open_as(Hart1529, HartReadout(world, {3: shown}), channel=3)
    millik = open_as(IsotechMilliK, MilliK(world, {2: shown}), channel=2, largest_resistance=460)
    for readout in (hart, millik):
        assert readout.temperature.read().value == pytest.approx(39.5, abs=0.01)


def test_instruments_of_many_benches_tell_what_their_certificates_are_about(world, open_as):
    air = Air(world.random("air"))
    wired = stands.ambient(world, air, off_by("Pa", 100.0), off_by("°C", 0.1), off_by("%", 1.0))
    ambient = open_as(VaisalaPtu300, wired.simulated, serial=wired.serial)
    assert ambient.air_pressure.read().value == pytest.approx(air.pressure(0.0) / 100.0 - 1.0, abs=0.006)
    assert [name.get("en") for name, _ in wired.certified.tables] == [
        "air pressure",
        "air temperature",
        "relative humidity",
    ]
    assert wired.certified.tables[0][1].stated.corrections == (100.0,)
