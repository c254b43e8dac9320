"""Several calculators, and several complete meters, in one run: each ends in what is true of it alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from heat_tables import errors
from short_runs import After, AtPoint, OnceRead, ShortRuns, record

from remotecal.certificates.dcc import read, write
from remotecal.drivers.measured import Measured
from remotecal.errors import ParameterError, RunAborted, RunError
from remotecal.procedures.library.heat.calculator import Calculator
from remotecal.runs.apart import certificates
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import resume
from remotecal.runs.prompts import Scripted
from remotecal.sim.heat.calculator_bench import CalculatorBench
from remotecal.sim.heat.complete_bench import CompleteBench

ONE_DIFFERENCE = {"differences": [15.0], "flows": [2.5], "returns": [40.0], "repeats": 2}
TWO = ShortRuns(differences=[3.0, 20.0], returns=[50.0, 50.0], repeats=2)
calibrate = TWO.calibrate
METERS = ShortRuns(**ONE_DIFFERENCE)


@pytest.fixture
def calculators(tmp_path):
    with CalculatorBench.up(tmp_path / "bench", seed=7, calculators=3) as made:
        yield made


@pytest.fixture
def meters(tmp_path):
    with CompleteBench.up(tmp_path / "bench", seed=7, meters=3) as made:
        yield made


def verdicts(made):
    return [one.conformity for one in made.statements if one.conformity]


def is_as_it_truly_is(bench, made):
    for device, measurement in enumerate(made.measurements):
        table, found = errors(measurement)
        for row, (error, expanded) in enumerate(found):
            assert error == pytest.approx(bench.true_in(table, row, device), abs=1.5 * expanded)
    return True


def test_each_calculator_is_off_by_what_it_is_off(calculators):
    with calculators.world.present():
        calculators.devices[1].spec = replace(calculators.specs[1], coefficient=0.05)
        calculators.specs[1] = calculators.devices[1].spec
    evidence = calibrate(calculators)
    made = record(evidence)
    assert [one.items for one in made.measurements] == [(item,) for item in evidence.order.devices]
    assert is_as_it_truly_is(calculators, made)
    assert verdicts(made) == ["pass", "fail", "pass"]
    apart = list(certificates(made, evidence.order).values())
    assert [one.items[0].identifications[0].value for one in apart] == ["SIM-0001", "SIM-0002", "SIM-0003"]
    assert [verdicts(one) for one in apart] == [["pass"], ["fail"], ["pass"]]
    assert all(read(write(one)) == one for one in apart)
    assert [one.name.get("zh") for one in made.measurements] == [
        f"热量表计算器校准，表位 {number}/3" for number in (1, 2, 3)
    ]


@pytest.mark.parametrize("answered", [0, 2])
def test_a_calculator_that_falls_silent_takes_nobody_down(calculators, answered):
    """Dead from the beginning, or after the first difference."""
    at = "20 K, return 50 °C" if answered else "3 K, return 50 °C"
    dead = AtPoint(at, lambda: calculators.instrument("calculator_2").faults.set("dead"))
    made = record(calibrate(calculators, (dead,)))
    assert verdicts(made) == ["pass", "fail", "pass"]
    silent = made.measurements[1]
    (readings,) = [one.tables[0] for one in silent.results if one.ref_types == ("remotecal_readings",)]
    assert readings.column("remotecal_repeatsRead").values == (str(answered), "0")
    assert len(silent.results) == (2 if answered else 1)
    assert [len(one.results) for one in (made.measurements[0], made.measurements[2])] == [1, 1]
    assert read(write(made)) == made


def test_a_calculator_that_falls_silent_within_a_repeat_takes_nobody_down(calculators):
    gone = OnceRead(
        "calculator_2.running_pulses", lambda: calculators.instrument("calculator_2").faults.set("dead")
    )
    made = record(calibrate(calculators, (gone,)))
    assert verdicts(made) == ["pass", "fail", "pass"]
    (readings,) = made.measurements[1].results
    assert readings.tables[0].column("remotecal_repeatsRead").values == ("0", "0")


def test_a_calculator_that_makes_nothing_of_the_pulses_does_not_conform(calculators):
    with calculators.world.present():
        calculators.devices[2]._pulses = lambda: 0.0
    made = record(calibrate(calculators))
    assert [error for error, _ in errors(made.measurements[2])[1]] == pytest.approx([-100.0] * 2, abs=0.01)
    assert verdicts(made) == ["pass", "pass", "fail"]


def test_where_no_calculator_answers_the_run_ends(calculators):
    def all_dead():
        for number in (1, 2, 3):
            calculators.instrument(f"calculator_{number}").faults.set("dead")

    with pytest.raises(RunError, match="none of the meters under test answers"):
        calibrate(calculators, (AtPoint("20 K, return 50 °C", all_dead),))
    with calculators.world.present():
        assert all(source.resistance() == float("inf") for source in calculators.sources), "standing by"


def test_each_complete_meter_is_off_by_what_it_is_off_though_the_run_was_stopped(meters):
    control = Control()
    with pytest.raises(RunAborted):
        METERS.calibrate(meters, (After(1, lambda: control.abort("enough", "liwei")),), control)
    with meters.world.present():
        assert not meters.pump.started
        assert not any(tank.on for tank in meters.tanks)
    evidence = resume(meters.directory.parent / "run", Company(Scripted()), clock=meters.clock)
    assert evidence.complete
    made = record(evidence)
    assert is_as_it_truly_is(meters, made)
    assert len(certificates(made, evidence.order)) == 3
    assert read(write(made)) == made
    lines = [{line.symbol: line for line in one.budgets[0].lines} for one in made.measurements]
    assert "Δp" not in lines[0], "nobody is ahead of the first one"
    # 12.5 kPa each at q_p, 4.6e-10 of the volume for each of them, and a rectangle of that
    lost = [abs(float(one["Δp"].contribution)) for one in lines[1:]]
    assert lost == pytest.approx([3.3e-4, 6.6e-4], rel=0.1)
    assert "n·Δp" in made.measurements[1].methods[-1].description.get("en")


def test_the_parts_of_one_meter_are_not_said_of_several(meters):
    with pytest.raises(ParameterError, match="found_apart are the parts' errors of one meter"):
        METERS.planned(meters, found_apart=[0.1])


@pytest.mark.parametrize("kind", ["pulses", "display"])
def test_a_journal_of_when_a_run_had_one_device_says_what_it_said(tmp_path, kind):
    """There the role was `dut` alone, and a reading no tuple: of pulses, or of energy on a display."""
    with CalculatorBench.up(tmp_path / "bench", seed=7, calculators=1) as bench:
        now = calibrate(bench)
    if kind == "display":
        now = replace(now, observations=tuple(map(displayed, now.observations)))
    names = {"pulses": "counted", "display": "energy"}
    then = replace(
        now,
        instruments={role.removesuffix("[1]"): one for role, one in now.instruments.items()},
        observations=tuple(replace(one, values=before(one.values, names[kind])) for one in now.observations),
    )
    assert "dut" in then.instruments
    assert "told_before" not in then.observations[0].values
    assert record(then).measurements == record(now).measurements
    (only,) = record(then).measurements
    assert only.name == Calculator.title, "and not at which place"


def displayed(entry):
    values = {
        name: tuple(Measured(one.value / 1000.0, "kW*h", one.u, "dut.energy", one.at) for one in value)
        if name.startswith("told_")
        else value
        for name, value in entry.values.items()
    }
    return replace(entry, values=values)


def before(values, name):
    kept = {key: value for key, value in values.items() if not key.startswith("told_")}
    return {**kept, **{f"{name}_{end}": values[f"told_{end}"][0] for end in ("before", "after")}}
