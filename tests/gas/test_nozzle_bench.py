"""The simulated nozzle bench: what its air does, and how it keeps itself safe."""

import math

import pytest

from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import Valve
from remotecal.drivers.rig.nozzle_bank import BankTrip
from remotecal.errors import InstrumentError, ModbusRefusal
from remotecal.sim.gas.assemblies import NozzleBench


@pytest.fixture
def bench():
    with NozzleBench.up(clock=VirtualClock(), seed=3) as made:
        yield made


def drawn_by(bench, nozzles, rest=60.0):
    """Open nozzles, let the pump run, and return the volume flow through the meter in m³/h."""
    opened = bench.connect()
    bank, pump = opened["bank"], opened["pump"]
    bank.vent.set(Valve.SHUT)
    bank.opened.set(nozzles)
    pump.speed.set(100)
    pump.start()
    bench.clock.sleep(rest)
    with bench.world.present():
        before = bench.rig.meter.passed
    bench.clock.sleep(100.0)
    with bench.world.present():
        return 36.0 * (bench.rig.meter.passed - before)


@pytest.mark.parametrize("number", range(7))
def test_each_nozzle_draws_what_it_is_for(bench, number):
    assert drawn_by(bench, 1 << number) == pytest.approx(bench.flows[number], rel=0.03)


def test_nozzles_together_draw_the_sum(bench):
    assert drawn_by(bench, 0b1100) == pytest.approx(sum(bench.flows[2:4]), rel=0.03)


def test_a_choked_nozzle_draws_the_same_whatever_is_behind_it(bench):
    full = drawn_by(bench, 0b100_0000)
    with bench.world.present():
        ratio = bench.rig.back / bench.rig.stream.pressure
    bench.connect()["pump"].speed.set(60)
    slower = drawn_by(bench, 0b100_0000)
    assert ratio < 0.3
    assert slower == pytest.approx(full, rel=5e-4)


def test_a_pump_that_is_too_weak_leaves_them_unchoked():
    with NozzleBench.up(clock=VirtualClock(), seed=3, pump=0.7) as bench:
        flow = drawn_by(bench, 0b111_0000)
        assert flow < 0.95 * sum(bench.flows[4:])
        with bench.world.present():
            assert bench.rig.back > 0.8 * bench.rig.stream.pressure


def test_what_leaks_passes_the_meter_too():
    with NozzleBench.up(clock=VirtualClock(), seed=3, leak=0.2) as bench:
        assert drawn_by(bench, 0) == pytest.approx(0.2, rel=0.01)
        assert drawn_by(bench, 0b10) == pytest.approx(bench.flows[1] + 0.2, rel=0.03)


def test_the_vent_lets_the_pressure_behind_come_back(bench):
    drawn_by(bench, 0b10)
    opened = bench.connect()
    opened["pump"].stop()
    opened["bank"].vent.set(Valve.OPEN)
    bench.clock.sleep(30.0)
    shown = opened["back_gauge"].pressure.read().to("Pa").value
    with bench.world.present() as time:
        assert shown == pytest.approx(bench.rig.air.pressure(time), abs=300.0)


def test_a_gauge_is_wrong_as_its_certificate_says_and_by_more(bench):
    shown = bench.connect()["inlet_gauge"].pressure.read().to("Pa").value
    known = bench.certificates["inlet_gauge"]
    with bench.world.present():
        true = bench.rig.stream.pressure
    assert true - shown == pytest.approx(known.correction(true), abs=0.5)
    assert known.correction(1e5) != known.stated.correction(1e5)


def test_a_bank_nobody_beats_makes_itself_safe(bench):
    """As after a run was killed: pump off, nozzles shut, vent open, within the controller's limit."""
    bench.connect()["bank"].heartbeat.set(1)
    drawn_by(bench, 0b100, rest=0.0)
    with bench.world.present():
        rig = bench.rig
        assert (rig.pump.started, rig.bank.opened, rig.bank.vented) == (False, 0, True)
        assert rig.pump.speed == 0.0
    bank = bench.connect()["bank"]
    assert bank.trips.read() == BankTrip.HEARTBEAT_LOST
    with pytest.raises((ModbusRefusal, InstrumentError)):
        bank.opened.set(1)
    bank.reset()
    bank.opened.set(1)


def test_a_pump_that_trips_trips_the_bank(bench):
    drawn_by(bench, 0b100)
    with bench.world.present():
        bench.rig.pump.trip()
    bench.clock.sleep(1.0)
    bank = bench.connect()["bank"]
    assert bank.trips.read() == BankTrip.PUMP_FAULT
    bank.reset()
    assert bank.trips.read() == BankTrip.PUMP_FAULT, "the cause lasts"


def test_a_nozzle_that_is_not_there_can_not_be_opened(bench):
    with pytest.raises((ModbusRefusal, InstrumentError)):
        bench.connect()["bank"].opened.set(1 << 7)


def test_the_meter_counts_what_passes_with_its_error(bench):
    flow = drawn_by(bench, 0b10_0000)
    meter = bench.rig.meter
    with bench.world.present():
        passed, indicated = meter.passed, meter.indicated
    bench.clock.sleep(2000.0)
    with bench.world.present():
        found = (meter.indicated - indicated) / (meter.passed - passed) - 1
    assert 100 * found == pytest.approx(bench.true_error(flow), abs=0.02)


def test_the_same_seed_is_the_same_bench_and_another_one_is_not():
    errors = []
    for seed in (3, 3, 4):
        with NozzleBench.up(clock=VirtualClock(), seed=seed) as bench:
            errors.append((bench.true_error(20.0), bench.rig.spec.nozzles[0].off))
    assert errors[0] == errors[1] != errors[2]
    assert all(math.isfinite(one) for pair in errors for one in pair)
