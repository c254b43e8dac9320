"""The physics: nothing is lost, nothing depends on who looks, and the rig keeps itself safe."""

import math

import pytest

from remotecal.clock import VirtualClock
from remotecal.drivers.rig.controller import Trip
from remotecal.errors import ConfigurationError
from remotecal.sim.chance import chance
from remotecal.sim.instruments.meter import ErrorPoints, MeterSpec
from remotecal.sim.instruments.transmitter import transmitter
from remotecal.sim.water.line import Pipework, PipeworkSpec
from remotecal.sim.water.outfit import CERTIFIED, SIZES, outfit
from remotecal.sim.water.rig import Rig
from remotecal.sim.water.truth import Truth
from remotecal.sim.world import World

START = 1_790_000_000.0


def rig_of(seed=1, dn=50, **options):
    clock = VirtualClock(START)
    return Rig(outfit(seed, dn, **options).spec, World(clock, seed)), clock


def run_up(rig, clock, speed=0.7):
    with rig.world.present():
        for valve in rig.line.valves:
            rig.controller.open_valve(valve, opened=True)
        rig.pump.set_speed(speed)
        rig.pump.start()
    clock.sleep(60.0)


def collect(rig, clock, duration, look_every=None):
    with rig.world.present():
        rig.controller.open_drain(opened=False)
        rig.controller.divert(to_tank=True)
    if look_every is None:
        clock.sleep(duration)
    else:
        for _ in range(round(duration / look_every)):
            clock.sleep(look_every)
            with rig.world.present():
                pass
    with rig.world.present():
        rig.controller.divert(to_tank=False)
    clock.sleep(30.0)
    with rig.world.present() as time:
        return time


@pytest.mark.parametrize("dn", SIZES)
def test_no_water_is_lost(dn):
    rig, clock = rig_of(dn=dn)
    rig.faults.set("leaking", 0.01)
    run_up(rig, clock)
    collect(rig, clock, 30.0)
    with rig.world.present():
        rig.controller.open_drain(opened=True)
    clock.sleep(600.0)
    assert abs(Truth(rig).imbalance()) < 1e-9 * rig.ledger.pumped
    assert rig.ledger.leaked == pytest.approx(0.01 * rig.world.time, rel=0.1)
    tank = rig.tank
    assert tank.mass + tank.drained + tank.evaporated == pytest.approx(rig.ledger.collected, rel=1e-12)


def test_line_pack_is_what_the_meter_sees_more_than_the_tank():
    rig, clock = rig_of(gravimetric=True)
    run_up(rig, clock)
    with rig.world.present():
        packed, passed = rig.connection.mass, rig.dut.mass
        gone = rig.ledger.collected + rig.ledger.bypassed
        factor = rig.dut.passed
    clock.sleep(3000.0)
    with rig.world.present():
        change = rig.connection.mass - packed
        through = rig.ledger.collected + rig.ledger.bypassed - gone
        volume = rig.dut.passed - factor
        density = rig.density
    assert abs(change) > 1e-4, "fifty minutes of drift must be felt in the pipe"
    assert passed > 0
    # Density drifts by some 1e-5 meanwhile; the volume's mean density lies about the last one.
    assert through + change == pytest.approx(volume * density, rel=2e-4)


def test_a_rig_is_determined_by_its_seed_and_not_by_who_looks():
    readings = []
    for look_every in (None, 0.25, 0.0625):
        rig, clock = rig_of(7)
        run_up(rig, clock)
        time = collect(rig, clock, 37.0, look_every)
        readings.append((rig.timer.elapsed(time), rig.tank.mass, rig.dut.indicated, rig.reference.indicated))
    for other in readings[1:]:
        assert other == pytest.approx(readings[0], rel=1e-10)
    different, clock = rig_of(8)
    run_up(different, clock)
    collect(different, clock, 37.0)
    assert different.tank.mass != pytest.approx(readings[0][1], rel=1e-6)


def test_no_two_repeats_are_alike_digit_for_digit_but_for_a_seed():
    """As on a real rig: a diverter is not as quick each time, and a transmitter hums in the steps it has."""
    told = []
    for _ in range(2):
        rig, clock = rig_of(7)
        pressure = transmitter(rig.world, lambda rig=rig: rig.line.pressure / 1000.0 + 0.3, "line pressure")
        run_up(rig, clock)
        times, shown = [], []
        for _ in range(3):
            times.append(rig.timer.elapsed(collect(rig, clock, 5.0)))
            with rig.world.present():
                shown.append(pressure())
                assert pressure() == shown[-1], "whoever looks at the same time"
        told.append((times, shown))
    assert told[0] == told[1]
    assert (len(set(times)), len(set(shown)) > 1) == (3, True)
    assert max(times) - min(times) < 0.02
    assert max(shown) - min(shown) < 0.3
    assert all(round(each, 2) == each for each in shown)


def test_the_meter_errs_as_its_curve_says():
    flow = 20.0 / 3600.0
    size = SIZES[50]
    curve = ErrorPoints((0.0, 2 * flow), (0.002, 0.004))
    dut = MeterSpec(size.highest / 3600.0, size.pulses, curve, temperature_coefficient=1e-3, noise=0.0)
    rig, clock = rig_of(3, dut=dut)
    run_up(rig, clock)
    collect(rig, clock, 60.0)
    (taken,) = Truth(rig).collections
    error = taken.indicated / taken.volume - 1
    assert error == pytest.approx(Truth(rig).error(taken.flow * 3600.0, taken.temperature), abs=3e-7)
    assert Truth(rig).error(20.0, 25.0) == pytest.approx(0.003 + 5e-3)


def test_the_reference_meter_is_as_its_certificate_says():
    drawn = outfit(5)
    stated = drawn.certificates["reference"].stated
    rig, _ = rig_of(5)
    for flow, correction, expanded in zip(stated.points, stated.corrections, stated.expanded, strict=True):
        assert abs(Truth(rig).reference_error(flow) + correction) < 4 * expanded / stated.k + 1e-5


def test_diverter_asymmetry_is_the_declared_one():
    deviations = []
    for seed in range(12):
        rig, clock = rig_of(seed)
        object.__setattr__(rig.diverter.spec, "jitter", 0.0)
        run_up(rig, clock)
        flow = []
        for duration in (10.0, 30.0):
            with rig.world.present():
                before = rig.tank.mass
            time = collect(rig, clock, duration)
            taken = Truth(rig).collections[-1]
            mean = (taken.volume * rig.density) / (taken.closed - taken.opened)
            deviations.append(
                (rig.tank.mass - before) / mean - rig.timer.elapsed(time) - Truth(rig).asymmetry
            )
            flow.append(mean)
    # What is left is line pack and the flow's fluctuation during the few milliseconds in question.
    assert max(map(abs, deviations)) < 2e-4
    assert max(abs(Truth(rig_of(seed)[0]).asymmetry) for seed in range(12)) > 2e-3


def test_balance_weighs_in_air_and_comes_to_rest():
    rig, clock = rig_of(2)
    run_up(rig, clock)
    with rig.world.present():
        rig.controller.open_drain(opened=False)
        rig.controller.divert(to_tank=True)
    clock.sleep(40.0)
    with rig.world.present() as time:
        assert not rig.balance.stable(time)
        rig.controller.divert(to_tank=False)
    clock.sleep(1.0)
    with rig.world.present() as time:
        wait = rig.balance.seconds_to_rest(time)
        assert wait > 0
    clock.sleep(wait)
    with rig.world.present() as time:
        assert rig.balance.stable(time)
        weight = rig.balance.weight(time)
        spec = rig.balance.spec
        air = rig.air.density(time)
        mass = (weight - spec.zero_drift * time / 3600.0 + spec.calibration.correction(weight)) * (
            (1 - air / 8000.0) / (1 - air / rig.density)
        )
        assert mass == pytest.approx(rig.tank.mass, rel=1e-7)
        assert weight < rig.tank.mass * 0.9992, "without buoyancy it would show more"
        steps = rig.balance.net(time) / spec.resolution
        assert steps == pytest.approx(round(steps), abs=1e-6)


def test_hours_are_cheap_and_pulses_are_whole():
    rig, clock = rig_of(4)
    run_up(rig, clock)
    with rig.world.present():
        before = rig.dut.counts
    clock.sleep(600.0)
    with rig.world.present():
        assert rig.dut.counts - before == pytest.approx(
            rig.dut.indicated * rig.dut.spec.pulses - before, abs=1
        )


def test_lost_heartbeat_trips_the_rig():
    rig, clock = rig_of()
    run_up(rig, clock)
    with rig.world.present() as time:
        rig.controller.beat(1)
        rig.controller.divert(to_tank=True)
        beaten = time
    clock.sleep(4.9)
    with rig.world.present():
        assert not rig.controller.trips
        rig.controller.beat(1)
    clock.sleep(0.2)
    with rig.world.present() as time:
        assert rig.controller.trips == Trip.HEARTBEAT_LOST
        assert time - beaten < 5.2
        assert not rig.pump.started
        assert not rig.diverter.told
        assert rig.tank.draining
        assert not rig.controller.open_valve("inlet", opened=True)
        assert not rig.pump.start()
    clock.sleep(60.0)
    with rig.world.present():
        assert rig.line.flow == pytest.approx(0.0, abs=1e-9)
        rig.controller.beat(2)
        rig.controller.reset()
        assert not rig.controller.trips
        assert rig.pump.start()


def test_a_refreshed_heartbeat_keeps_the_rig_going():
    rig, clock = rig_of()
    run_up(rig, clock)
    for number in range(40):
        with rig.world.present():
            rig.controller.beat(number % 2 + 1)
        clock.sleep(4.0)
    with rig.world.present():
        rig.world.take(30.0)
    with rig.world.present():
        assert not rig.controller.trips, "nobody could have refreshed it while an instrument took its time"


@pytest.mark.parametrize("step", [0.1, 0.5])
def test_the_flow_fluctuates_alike_whatever_the_step(step):
    """An Ornstein–Uhlenbeck process: its spread is the declared one, its memory fades as e^(-t/T)."""
    spec = PipeworkSpec(0.01, fluctuation=0.003, correlation=2.0)
    line = Pipework(spec, chance(1, "test"))
    line.mean = 1.0
    ripples = []
    for number in range(40_000):
        line.ripple(number * step)
        ripples.append(line.flow - 1.0)
    later = round(2.0 / step)
    variance = sum(ripple * ripple for ripple in ripples) / len(ripples)
    covariance = sum(a * b for a, b in zip(ripples, ripples[later:], strict=False)) / len(ripples)
    assert math.sqrt(variance) == pytest.approx(0.003, rel=0.1)
    assert covariance / variance == pytest.approx(math.exp(-1.0), abs=0.08)


class PatientClock:
    """A clock that can't be moved on, only waited for; it notes the waiting."""

    def __init__(self):
        self.time, self.waited = START, []

    def now(self):
        return self.time

    def sleep(self, duration):
        self.waited.append(duration)
        self.time += duration

    def every(self, period, action):
        raise NotImplementedError


def test_in_real_time_an_instrument_that_takes_its_time_puts_no_heartbeat_off():
    clock = PatientClock()
    rig = Rig(outfit(1).spec, World(clock, 1))
    with rig.world.present():
        rig.controller.beat(1)
    assert not rig.world.take(7.0)
    clock.sleep(7.0)
    with rig.world.present():
        assert rig.controller.trips == Trip.HEARTBEAT_LOST, "somebody could have refreshed it meanwhile"


def test_an_overfull_tank_trips_the_rig_before_it_spills():
    rig, clock = rig_of()
    run_up(rig, clock, speed=1.0)
    with rig.world.present():
        rig.controller.divert(to_tank=True)
    clock.sleep(600.0)
    with rig.world.present():
        assert rig.controller.trips & Trip.TANK_LEVEL_HIGH
        assert rig.ledger.collected < rig.tank.capacity


@pytest.mark.parametrize(
    ("fault", "trip"), [("pump trip", Trip.PUMP_FAULT), ("diverter stuck", Trip.DIVERTER_FAULT)]
)
def test_rig_faults_trip_the_controller_until_repaired(fault, trip):
    rig, clock = rig_of()
    run_up(rig, clock)
    rig.faults.set(fault)
    with rig.world.present():
        rig.controller.divert(to_tank=True)
    clock.sleep(5.0)
    with rig.world.present():
        assert rig.controller.trips == trip
    rig.faults.clear(fault)
    with rig.world.present():
        rig.controller.reset()
        assert not rig.controller.trips


def test_emergency_stop_holds_until_pulled_out():
    rig, _ = rig_of()
    rig.controller.press()
    with rig.world.present():
        rig.controller.reset()
        assert rig.controller.trips == Trip.EMERGENCY_STOP
    rig.controller.press(pressed=False)
    with rig.world.present():
        rig.controller.reset()
        assert not rig.controller.trips


def test_a_stuck_valve_stays_where_it_stands():
    rig, clock = rig_of()
    run_up(rig, clock)
    rig.faults.set("valve stuck", where="outlet")
    with rig.world.present():
        rig.controller.open_valve("outlet", opened=False)
    clock.sleep(10.0)
    with rig.world.present():
        assert rig.line.flow > 1e-3
    rig.faults.clear("valve stuck", where="outlet")
    clock.sleep(10.0)
    with rig.world.present():
        assert rig.line.flow < 1e-6


def test_a_leak_shows_between_meter_and_tank():
    rig, clock = rig_of()
    run_up(rig, clock)
    rig.faults.set("leaking", 0.02)
    collect(rig, clock, 60.0)
    taken = Truth(rig).collections[-1]
    missing = taken.volume * rig.density - rig.tank.mass
    assert missing == pytest.approx(0.02 * 60.0, rel=0.1)


def test_on_a_master_line_the_leak_sits_between_the_meters():
    rig, clock = rig_of(gravimetric=False)
    run_up(rig, clock)
    rig.faults.set("leaking", 0.02)
    with rig.world.present():
        before = rig.reference.passed - rig.dut.passed
    clock.sleep(100.0)
    with rig.world.present():
        lost = (rig.reference.passed - rig.dut.passed - before) * rig.density
    assert lost == pytest.approx(2.0, rel=0.01)


def test_unknown_faults_and_lines_are_refused():
    rig, _ = rig_of()
    with pytest.raises(ConfigurationError, match="leaking"):
        rig.faults.set("on fire")
    with pytest.raises(ConfigurationError, match="outlet"):
        rig.faults.set("valve stuck", where="back door")
    with pytest.raises(ConfigurationError, match="DN26"):
        outfit(1, 26)


def test_certificates_are_honest():
    """Over many rigs the true corrections scatter about the stated ones by U/k."""
    for name in CERTIFIED:
        scaled = []
        for seed in range(300):
            calibrated = outfit(seed).certificates[name]
            stated = calibrated.stated
            scaled.append((calibrated.true[0] - stated.corrections[0]) * stated.k / stated.expanded[0])
        assert abs(sum(scaled) / 300) < 4 / math.sqrt(300)
        assert sum(value * value for value in scaled) / 300 == pytest.approx(1.0, abs=0.35)


def test_another_meter_is_another_one_on_the_same_rig():
    first, second, again = outfit(5), outfit(5, meter=2), outfit(5, meter=2)
    assert second.spec.dut != first.spec.dut
    assert again.spec.dut == second.spec.dut
    assert second.spec.reference.density_error == first.spec.reference.density_error
    assert second.spec.balance.zero_drift == first.spec.balance.zero_drift
    assert {name: each.true for name, each in second.certificates.items()} == {
        name: each.true for name, each in first.certificates.items()
    }
