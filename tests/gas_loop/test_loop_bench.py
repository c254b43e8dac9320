"""The simulated gas loop: what its gas does, and how it keeps itself safe."""

import math

import pytest

from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import LoopMode
from remotecal.drivers.rig.gas_loop import SLOWEST, LoopTrip
from remotecal.errors import InstrumentError, ModbusRefusal, SafeStateNotReached
from remotecal.sim.gas_loop.assemblies import ClosedLoop


@pytest.fixture
def bench():
    with ClosedLoop.up(clock=VirtualClock(), seed=3) as made:
        yield made


def filled(bench, pressure=600.0):
    """Fill the loop, seal it, and return its controller and its blower."""
    opened = bench.connect()
    loop = opened["loop"]
    loop.slew.set(1.6)
    loop.setpoint.set(pressure)
    loop.mode.set(LoopMode.REGULATE)
    bench.clock.sleep(1200.0)
    loop.mode.set(LoopMode.HOLD)
    return loop, opened["blower"]


def circulating(bench, branches=0b111, speed=50.0, pressure=600.0, rest=900.0):
    loop, blower = filled(bench, pressure)
    loop.opened.set(branches)
    blower.speed.set(speed)
    blower.start()
    bench.clock.sleep(rest)
    return loop, blower


def passed(bench, duration=300.0):
    """Return what passes each master, the meter and the check meter, in kg, while nothing is changed."""
    rig = bench.rig
    meters = (*rig.masters, rig.meter, rig.check)
    with bench.world.present():
        before = [meter.passed for meter in meters]
    bench.clock.sleep(duration)
    with bench.world.present():
        volumes = [meter.passed - one for meter, one in zip(meters, before, strict=True)]
        here = rig.places
    densities = [*([here.master_density] * len(rig.masters)), here.meter_density, here.check_density]
    return [volume * density for volume, density in zip(volumes, densities, strict=True)]


def test_the_same_gas_passes_all_meters(bench):
    circulating(bench)
    *masters, meter, check = passed(bench)
    assert sum(masters) == pytest.approx(meter, rel=2e-5)
    assert check == pytest.approx(meter, rel=2e-5)
    sizes = [each.highest for each in bench.rig.spec.masters]
    assert [one / masters[-1] for one in masters] == pytest.approx([s / sizes[-1] for s in sizes], rel=0.05)


def test_what_a_shut_branch_lets_pass_is_missing_in_the_others():
    with ClosedLoop.up(clock=VirtualClock(), seed=3, branch_leak=2.0) as bench:
        circulating(bench, 0b100)
        first, second, third, meter, _ = passed(bench)
        assert first == second == pytest.approx(300 / 3600 * 7.1, rel=0.05)
        assert first + second + third == pytest.approx(meter, rel=2e-5)


def test_a_sealed_loop_keeps_its_gas(bench):
    filled(bench)
    with bench.world.present():
        before = bench.rig.mass
    bench.clock.sleep(3600.0)
    with bench.world.present():
        assert bench.rig.mass == pytest.approx(before, rel=1e-12)


def test_one_that_leaks_does_not():
    with ClosedLoop.up(clock=VirtualClock(), seed=3, leak=0.1) as bench:
        filled(bench)
        with bench.world.present():
            before, density = bench.rig.mass, bench.rig.places.meter_density
        bench.clock.sleep(3600.0)
        with bench.world.present():
            assert before - bench.rig.mass == pytest.approx(0.1 * density, rel=0.02)


def test_density_follows_the_equation_of_state(bench):
    circulating(bench)
    with bench.world.present():
        here, filling = bench.rig.places, bench.rig.spec.filling
    for t, p, density in (
        (here.master_temperature, here.master_pressure, here.master_density),
        (here.meter_temperature, here.meter_pressure, here.meter_density),
        (here.check_temperature, here.check_pressure, here.check_density),
    ):
        assert filling.about(t, p).density == pytest.approx(density, rel=3e-5)


def test_the_blower_warms_the_gas_and_the_cooler_takes_it_away(bench):
    loop, _ = circulating(bench, speed=90.0, pressure=1000.0)
    with bench.world.present():
        heat = bench.rig.heat
        assert heat.gas == pytest.approx(20.0, abs=0.1)
        assert heat.hot - heat.gas > 2.0
    assert loop.temperature.read().value == pytest.approx(heat.hot, abs=0.3)


def test_a_gauge_is_wrong_as_its_certificate_says_and_by_more(bench):
    filled(bench)
    shown = bench.connect()["meter_gauge"].pressure.read().to("Pa").value
    known = bench.certificates["meter_gauge"]
    with bench.world.present():
        true = bench.rig.places.meter_pressure
    assert true - shown == pytest.approx(known.correction(true), abs=0.5)
    assert known.correction(6e5) != known.stated.correction(6e5)


def test_the_meter_counts_what_passes_with_its_error(bench):
    circulating(bench, speed=80.0)
    rig = bench.rig
    with bench.world.present():
        before, indicated = rig.meter.passed, rig.meter.indicated
    bench.clock.sleep(3000.0)
    with bench.world.present():
        found = (rig.meter.indicated - indicated) / (rig.meter.passed - before) - 1
        number = rig._dut_curve.per_flow * rig.flow
    assert 100 * found == pytest.approx(bench.true_error(number), abs=0.02)


def test_masters_err_together_and_each_by_itself():
    """Over many loops: what two masters are off is correlated by the share of the common part."""
    offs = []
    for seed in range(200):
        spec = ClosedLoop.choose({"seed": seed})
        rig = ClosedLoop(_world(seed), spec).rig
        offs.append([each.off for each in rig.spec.masters])
    first, second = zip(*((a, b) for a, b, _ in offs), strict=True)
    spread = math.sqrt(sum(one * one for one in first) / len(first))
    together = sum(a * b for a, b in zip(first, second, strict=True)) / len(first) / spread**2
    assert spread == pytest.approx(0.00095, rel=0.15)
    assert together == pytest.approx((0.0016 / 0.0019) ** 2, abs=0.15)


def _world(seed):
    from remotecal.sim.world import World

    return World(VirtualClock(), seed)


def test_the_same_seed_is_the_same_loop_and_another_one_is_not():
    errors = []
    for seed in (3, 3, 4):
        with ClosedLoop.up(clock=VirtualClock(), seed=seed) as bench:
            errors.append((bench.true_error(5e5), bench.rig.spec.masters[0].off))
    assert errors[0] == errors[1] != errors[2]


def over_pressure(bench, loop, blower):
    loop.highest_pressure.set(500.0)


def over_temperature(bench, loop, blower):
    with bench.world.present():
        bench.rig.heat.gas = 46.0


def surge(bench, loop, blower):
    bench.rig.plc.stuck = 0b111


def gas_alarm(bench, loop, blower):
    bench.rig.gas_alarm = True


def cooler(bench, loop, blower):
    bench.rig.heat.cooled = False


def over_speed(bench, loop, blower):
    loop.opened.set(0b1)


def blower_fault(bench, loop, blower):
    with bench.world.present():
        bench.rig.blower.trip()


def button(bench, loop, blower):
    bench.rig.plc.press()


def silence(bench, loop, blower):
    loop.heartbeat.set(1)
    bench.clock.sleep(6.0)


TRIPS = {
    LoopTrip.PRESSURE_HIGH: over_pressure,
    LoopTrip.TEMPERATURE_HIGH: over_temperature,
    LoopTrip.SURGE: surge,
    LoopTrip.GAS_ALARM: gas_alarm,
    LoopTrip.COOLER_FLOW_LOST: cooler,
    LoopTrip.MASTER_OVER_SPEED: over_speed,
    LoopTrip.BLOWER_FAULT: blower_fault,
    LoopTrip.EMERGENCY_STOP: button,
    LoopTrip.HEARTBEAT_LOST: silence,
}


def test_every_trip_is_tripped_below():
    assert set(TRIPS) == set(LoopTrip)


@pytest.mark.parametrize("why", TRIPS, ids=lambda why: why.name)
def test_what_trips_it_stops_the_blower_and_lets_the_gas_out_slowly(bench, why):
    loop, _ = circulating(bench, rest=120.0)
    assert loop.trips.read() == LoopTrip(0)
    TRIPS[why](bench, loop, _)
    bench.clock.sleep(1.0)
    assert loop.trips.read() & why
    with bench.world.present():
        rig = bench.rig
        assert (rig.blower.started, rig.plc.opened, rig.plc.mode) == (False, 0, LoopMode.VENT)
    for refused in (lambda: loop.opened.set(1), lambda: loop.mode.set(LoopMode.REGULATE)):
        with pytest.raises((ModbusRefusal, InstrumentError)):
            refused()
    bench.clock.sleep(20.0)
    before = loop.pressure.read().value
    bench.clock.sleep(60.0)
    slope = (before - loop.pressure.read().value) / 60.0
    assert 0.8 * SLOWEST < slope < 1.3 * SLOWEST, "0.1 MPa a minute whatever slew says, and what cooling does"
    bench.clock.sleep(600.0)
    assert loop.pressure.read().value < 110.0


def test_branches_stay_open_for_a_blower_that_still_turns(bench):
    """Shut at once they would make it surge, which nobody but a person at the loop may reset."""
    loop, _ = circulating(bench, rest=120.0)
    bench.rig.plc.press()
    bench.clock.sleep(2.0)
    assert (loop.opened.read().value, loop.standing.read().value) == (0, 0b111)
    bench.clock.sleep(30.0)
    assert loop.standing.read().value == 0
    assert loop.trips.read() == LoopTrip.EMERGENCY_STOP


def test_it_stays_tripped_while_the_cause_lasts(bench):
    loop, blower = circulating(bench, rest=60.0)
    bench.rig.gas_alarm = True
    bench.clock.sleep(1.0)
    loop.reset()
    assert loop.trips.read() == LoopTrip.GAS_ALARM
    bench.rig.gas_alarm = False
    loop.reset()
    assert loop.trips.read() == LoopTrip(0)
    loop.opened.set(0b111)
    blower.start()


def test_made_safe_it_has_let_the_gas_out(bench):
    loop, blower = circulating(bench, rest=60.0)
    blower.make_safe()
    loop.slew.set(0.1)
    began = bench.clock.now()
    loop.make_safe()
    assert loop.pressure.read().value < 110.0
    assert 250.0 < bench.clock.now() - began < 900.0, "600 kPa at 0.1 MPa a minute, not at the run's slew"
    assert loop.mode.read() is LoopMode.VENT
    assert loop.opened.read().value == 0


def test_gas_that_does_not_come_out_is_not_safe(bench):
    loop, _ = circulating(bench, rest=60.0)
    bench.rig.plc.vent_stuck = True
    with pytest.raises(SafeStateNotReached, match=r"the pressure is still \d+.* look at the venting valve"):
        loop.make_safe()
    assert loop.opened.read().value == 0, "everything else was done"


def test_a_branch_that_is_not_there_can_not_be_opened(bench):
    with pytest.raises((ModbusRefusal, InstrumentError)):
        bench.connect()["loop"].opened.set(1 << 3)
