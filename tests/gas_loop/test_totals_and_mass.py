"""Meters of a loop that tell a total: its step; one that tells mass; the speed of sound at every place."""

from __future__ import annotations

import math

import pytest
from loops import calibrate, is_safe, planned
from short_runs import evaluated, record, rewrite

from remotecal.errors import ConfigurationError, ParameterError, RunError
from remotecal.sim.gas_loop.assemblies import ClosedLoop

KINDS = ("turbine", "ultrasonic", "coriolis")
"""At 400 m³/h the turbine and the Coriolis master are open, at 100 m³/h the ultrasonic one alone."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loop") / "bench"
    with ClosedLoop.up(folder, seed=7, kinds=KINDS, check="ultrasonic", output="total") as made:
        yield made, calibrate(made)


def lines(made, number):
    return {line.symbol: line for line in made.budgets[number].lines}


def contribution(made, number, symbol):
    return abs(float(lines(made, number)[symbol].contribution))


def results_of(made):
    return {result.ref_types[0]: result.tables[0] for result in made.results}


def volume(made, number):
    """Return what passed the meter in a repeat at a point, in m³: 30 s at its flow."""
    return results_of(made)["remotecal_errorCurve"].column("remotecal_referenceFlow").floats()[number] / 120


def test_a_loop_of_every_kind_of_meter_covers_the_truth(measured):
    bench, evidence = measured
    table = results_of(record(evidence).measurements[0])["remotecal_errorCurve"]
    found = table.column("basic_measurementError")
    numbers = table.column("basic_referenceValue").floats()
    for error, expanded, at in zip(found.floats(), found.uncertainty.expanded, numbers, strict=True):
        assert error == pytest.approx(bench.true_error(at), abs=1.5 * float(expanded))
    assert is_safe(bench)


def test_a_master_that_tells_mass_is_read_by_it(measured):
    """A Coriolis meter tells a volume of a gas by the density it feels, which is no measurement of it."""
    _, evidence = measured
    counted = evidence.observations[0].values["masters_after"]
    assert [(one.unit, one.source.rpartition(".")[2]) for one in counted] == [
        ("1", "running_pulses"),
        ("kg", "total_mass"),
    ]
    made = record(evidence).measurements[0]
    assert contribution(made, 0, "ε_ρ") == pytest.approx(0.05, rel=0.03), "the density in full, at its u"
    assert "ε_Z" not in lines(made, 0)
    assert "ε_ρ" not in lines(made, 1), "and the ratio alone, where volume is told"


def test_the_density_of_a_mass_is_what_it_is_in_the_meter(measured):
    """What the gauge at the Coriolis master is off does not count, what that at the meter is all of it."""
    _, evidence = measured
    told = lines(record(evidence).measurements[0], 0)
    share = 65.0 / 465.0
    assert abs(float(told["p_3"].sensitivity)) < 1e-8
    assert float(told["p_1"].sensitivity) == pytest.approx(share * 100 / 600e3, rel=0.05)
    assert float(told["p_d"].sensitivity) == pytest.approx(-100 / 600e3, rel=0.03)


@pytest.mark.parametrize(
    ("name", "symbol", "number"),
    [("master_resolution", "r_2", 1), ("master_mass_resolution", "r_3", 0), ("total_resolution", "V_res", 1)],
)
def test_the_step_of_a_total_is_in_the_budget(measured, name, symbol, number):
    """Two readings rounded to a step q, of two repeats: u = q/√6/√2, of what passed."""
    _, evidence = measured
    step = 0.4 if symbol == "r_3" else 0.01  # far more than the repeats scatter by
    made = evaluated(evidence, **{name: step})
    passed = volume(made, number)
    if symbol == "r_3":  # 7.1 kg/m³ at 600 kPa and 20 °C
        passed *= results_of(made)["remotecal_loopFlow"].column("remotecal_density").floats()[0]
    assert contribution(made, number, symbol) == pytest.approx(100 * step / math.sqrt(12) / passed, rel=0.05)
    fine = evaluated(evidence, **{name: 0.0})
    assert contribution(fine, number, symbol) == 0.0


def test_the_step_of_the_check_meter_is_in_its_closure(measured):
    _, evidence = measured
    coarse = evaluated(evidence, check_resolution=0.05)
    limits = results_of(coarse)["remotecal_closure"].column("remotecal_closureLimit").floats()
    fine = results_of(evaluated(evidence))["remotecal_closure"].column("remotecal_closureLimit").floats()
    step = 2 * 100 * 0.05 / math.sqrt(12) / volume(coarse, 1)
    assert limits[1] == pytest.approx(math.hypot(fine[1], step), rel=0.05)


@pytest.mark.parametrize("name", ["master_resolution", "master_mass_resolution", "check_resolution"])
def test_the_step_of_a_total_has_to_be_told(tmp_path, name):
    with ClosedLoop.up(tmp_path / "bench", seed=7, kinds=KINDS, check="ultrasonic") as bench:
        step = "0.001" if name == "master_mass_resolution" else "1e-06"
        rewrite(bench.order, (f"{name} = {step}\n", ""))
        with pytest.raises(ParameterError, match=f"parameters.{name} is missing: .* state its smallest step"):
            planned(bench)


def test_check_meter_and_meter_under_test_tell_the_speed_of_sound_too(measured):
    _, evidence = measured
    heard = results_of(record(evidence).measurements[0])["remotecal_soundCheck"]
    assert sorted(heard.said("remotecal_meter").words) == sorted(("2", *("被检表·DUT", "核查表·check") * 2))
    assert heard.column("remotecal_soundComputed").floats() == pytest.approx((344.0,) * 5, abs=1.5)
    assert max(map(abs, heard.column("remotecal_soundDifference").floats())) < 0.05


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ({"check": "ultrasonic", "check_sound_off": -0.3}, "the check meter"),
        ({"output": "total", "meter_sound_off": -0.3}, "the meter"),
    ],
)
def test_another_speed_of_sound_there_stops_the_run(tmp_path, off, said):
    with ClosedLoop.up(tmp_path / "bench", seed=7, **off) as bench:
        with pytest.raises(RunError, match=rf"400 m3/h: {said} tells a speed of sound .* -0\.\d+ %; 0\.2 %"):
            calibrate(bench)
        assert is_safe(bench)


def test_a_check_meter_tells_volume():
    with pytest.raises(ConfigurationError, match="take another one than a Coriolis meter"):
        ClosedLoop.up(check="coriolis").__enter__()
