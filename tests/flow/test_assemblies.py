"""Whole rigs: what they write fits what runs read, and a calibration by hand finds the truth."""

from typing import get_args

import pytest

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, validate
from remotecal.clock import RealClock, SharedClock, SteadyClock
from remotecal.drivers.capabilities import Outlet, Valve
from remotecal.errors import ConfigurationError
from remotecal.model import Certificate
from remotecal.order import Order
from remotecal.sim.water.assemblies import master_line, water_rig
from remotecal.sim.water.wiring import Output


@pytest.mark.parametrize("put_up", [water_rig, master_line])
@pytest.mark.parametrize("output", get_args(Output))
def test_bench_and_order_can_be_read_and_every_instrument_opened(put_up, output, tmp_path):
    with put_up(tmp_path, output=output) as up:
        bench = Bench.load(up.bench)
        order = Order.load(up.order)
        assert order.order.demonstration
        clock = bench.clock()
        assert isinstance(clock, SharedClock)
        assert clock.now() == up.clock.now()
        with bench.open(clock) as opened:
            assert set(opened.instruments) == set(up.wired)
            opened.make_safe()


def test_certificates_are_valid_and_say_what_is_stated(tmp_path):
    with water_rig(tmp_path, seed=3) as up:
        stated = up.outfit.certificates["balance"].stated
        content = (tmp_path / "balance.xml").read_bytes()
        assert not [problem for problem in validate(content) if problem.severity == "error"]
        certificate = Certificate(read(content))
        points = certificate.points("basic_measurementError", "basic_measuredValue")
        assert [point.at for point in points.points] == list(stated.points)
        assert [point.value for point in points.points] == [-c for c in stated.corrections]
        assert [point.expanded for point in points.points] == pytest.approx(stated.expanded)
        assert certificate.serials == (up.wired["balance"].serial,)
        assert certificate.valid_until is not None


def test_a_rig_in_real_time_says_so(tmp_path):
    with water_rig(tmp_path, clock=RealClock()) as up:
        assert isinstance(Bench.load(up.bench).clock(), SteadyClock)


def test_unknown_outputs_are_refused():
    with pytest.raises(ConfigurationError, match="promag53"), water_rig(output="smoke"):
        pass


@pytest.mark.parametrize("seed", range(4))
def test_a_collection_by_hand_finds_the_true_error(seed):
    """By the true corrections the collected water gives the meter's true error."""
    with water_rig(seed=seed) as up:
        bench = up.connect()
        rig, pump, balance, counter = (bench[name] for name in ("rig", "pump", "balance", "dut"))
        rig.inlet.set(Valve.OPEN)
        rig.outlet.set(Valve.OPEN)
        rig.regulator.set(100.0)
        pump.speed.set(50.0)
        pump.start()
        rig.drain.set(Valve.SHUT)
        up.clock.sleep(60.0)
        before = balance.settled_mass.read().value
        counter.count_gated()
        rig.diverter.set(Outlet.TANK)
        up.clock.sleep(100.0)
        rig.diverter.set(Outlet.BYPASS)
        up.clock.sleep(20.0)
        pulses = counter.gated_pulses.read().value
        time = rig.collection_time.read().value
        after = balance.settled_mass.read().value
        sound = up.outfit.certificates["balance"].correction
        mass = (after + sound(after) - before - sound(before)) * (1 - 1.2 / 8000) / (1 - 1.2 / 998.2)
        volume = mass / up.rig.density * time / (time + up.truth.asymmetry)
        error = pulses / up.outfit.spec.dut.pulses / volume - 1
        spread = up.outfit.spec.dut.noise / (100 / 60) ** 0.5
        assert error == pytest.approx(up.truth.error(volume / time * 3600), abs=4 * spread + 1e-4)
