"""The simulated pressure bench: what its line does, and what its device remembers."""

import pytest

from remotecal.clock import VirtualClock
from remotecal.sim.pressure.assemblies import PressureBench
from remotecal.sim.pressure.device import DeviceSpec

FULL = 1000.0


@pytest.fixture
def bench():
    with PressureBench.up(clock=VirtualClock(), seed=3) as made:
        yield made


@pytest.fixture
def opened(bench):
    return bench.connect()


def still(bench, **changes):
    """Give the bench a device that does nothing but what is asked for."""
    known = {"full": FULL, "step": 1e-9, "offset": 0.0, "gain": 0.0, "bend": 0.0, "turn": 0.0, "shift": 0.0}
    bench.device.spec = DeviceSpec(**{**known, "creep": 0.0, "noise": 0.0, **changes})
    return bench


def bring(opened, pressure, rest=60.0):
    """Bring the line to a gauge pressure in kPa by a ramp, and wait."""
    controller = opened["controller"]
    now = controller.pressure.read().value
    if pressure == 0:
        controller.vent()
    else:
        controller.setpoint.set(pressure)
        controller.control()
    controller.clock.sleep(abs(pressure - now) / 50 + rest)


def error(bench, opened):
    """Return what the device shows more than the true pressure at it, in kPa."""
    shown = opened["dut"].pressure.read().to("kPa").value
    with bench.world.present():
        return shown - bench._at_device()


def test_the_controller_comes_to_its_set_point_and_hunts_there_a_little(bench, opened):
    opened["controller"].setpoint.set(500)
    opened["controller"].control()
    clock, seen = bench.clock, []
    for _ in range(200):
        clock.sleep(0.2)
        seen.append(opened["controller"].pressure.read().value)
    assert max(seen) < 500.05, "it does not pass it"
    assert abs(seen[49] - 500) > 0.5, "it is behind its ramp of 10 s"
    settled = seen[120:]
    assert 0.005 < max(settled) - min(settled) < 0.04
    assert sum(settled) / len(settled) == pytest.approx(500, abs=0.02)


def test_what_the_controller_shows_is_wrong_as_its_certificate_says_and_by_more(bench, opened):
    bring(opened, 800)
    known = bench.certificates["controller"]
    with bench.world.present():
        true = bench.line.pressure()
    shown = opened["controller"].pressure.read().value
    assert true - shown == pytest.approx(known.correction(shown), abs=0.02)
    assert known.correction(800) != known.stated.correction(800)


def test_a_device_above_the_controller_has_less(bench):
    with bench.world.present():
        bench.line.control(1000.0, 1e6)
    bench.clock.sleep(100)
    with bench.world.present():
        lost = bench.line.pressure() - bench._at_device()
    height = bench.certificates["height"].correction(0.0)
    assert lost * 1000 == pytest.approx(9.80122 * height * (12.66 - 1.2), rel=0.02)


def test_the_gas_of_a_fast_step_is_warm_and_cools(bench, opened):
    still(bench)
    bring(opened, 1000, rest=10.0)
    at_once = error(bench, opened)
    bench.clock.sleep(60)
    assert at_once > 0.2
    assert abs(error(bench, opened)) < 0.1 * at_once


def test_the_device_turns_in_a_loop_that_is_closed_at_both_ends(bench, opened):
    still(bench, turn=1e-3)
    bring(opened, 1000)
    up, down = {}, {}
    for found, pressures in ((up, (0, 250, 500, 750, 1000)), (down, (1000, 750, 500, 250, 0))):
        for pressure in pressures:
            bring(opened, pressure)
            found[pressure] = error(bench, opened)
    apart = {pressure: down[pressure] - up[pressure] for pressure in up}
    assert apart == pytest.approx({0: 0.0, 250: 0.5, 500: 1.0, 750: 0.5, 1000: 0.0}, abs=0.06)
    assert down[500] == pytest.approx(bench.device.spec.apart(500), abs=0.06)


def test_a_device_that_was_never_loaded_shows_another_zero(bench, opened):
    """That is what preloads are for."""
    still(bench, turn=1e-3)
    virgin = error(bench, opened)
    bring(opened, 1000)
    bring(opened, 0)
    assert virgin == pytest.approx(-0.5, abs=0.01)
    assert error(bench, opened) == pytest.approx(0.0, abs=0.02)


def test_the_zero_is_elsewhere_after_each_full_load_and_not_after_a_small_one(bench, opened):
    still(bench, shift=1e-4)
    zeros = []
    for pressure in (1000, 500, 1000):
        bring(opened, pressure)
        bring(opened, 0)
        zeros.append(error(bench, opened))
    assert zeros[0] != 0
    assert zeros[1] == pytest.approx(zeros[0], abs=0.002)
    assert abs(zeros[2] - zeros[1]) > 0.005


def test_a_line_that_is_opened_has_the_airs_pressure(bench, opened):
    bring(opened, 300)
    bring(opened, 0)
    with bench.world.present():
        assert bench.line.pressure() == pytest.approx(0, abs=1e-6)
    assert all(pressure < 55 for pressure in bench.line.opened_at), "after a ramp down"


def test_a_transmitters_current_follows_and_errs_by_its_stage_too():
    with PressureBench.up(clock=VirtualClock(), seed=3, output="current") as bench:
        opened = bench.connect()
        still(bench)
        bring(opened, 500, rest=120)
        current = opened["dut"].current.read().to("mA").value
        assert current == pytest.approx(12 + bench.stage.error(0.5), abs=0.002)
        assert bench.true_error(500.0) == pytest.approx(bench.stage.error(0.5))


def test_the_same_seed_is_the_same_bench_and_another_one_is_not():
    errors = []
    for seed in (3, 3, 4):
        with PressureBench.up(clock=VirtualClock(), seed=seed) as bench:
            errors.append(bench.true_error(500.0))
    assert errors[0] == errors[1] != errors[2]
