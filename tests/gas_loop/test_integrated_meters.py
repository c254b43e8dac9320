"""Meters with pressure and temperature built in, whole on the loop: base volume beside uncorrected volume."""

from __future__ import annotations

import math

import pytest
from loops import calibrate, is_safe, planned
from short_runs import evaluated, record, rewrite

from remotecal.certificates.dcc import read, write
from remotecal.errors import ParameterError
from remotecal.sim.gas_loop.assemblies import ClosedLoop


def up(folder, **options):
    return ClosedLoop.up(folder / "bench", **{"seed": 7, "output": "base", **options})


def found(made):
    return {result.ref_types[0]: result.tables[0] for result in made.measurements[0].results}


def off(bench, made):
    """Return how far the errors of base volume are from the truth, in U."""
    known = list(bench.true_beside(made.measurements[0].results))
    errors = found(made)["remotecal_wholeDevice"].column("remotecal_baseVolumeError").floats()
    assert [(of, error) for of, error, _, _ in known] == [("e_Vb", error) for error in errors]
    return [(error - true) / expanded for _, error, expanded, true in known]


def parts(made):
    results = made.measurements[0].results if hasattr(made, "measurements") else made.results
    table = {result.ref_types[0]: result.tables[0] for result in results}["remotecal_partsAndWhole"]
    return {column.ref_types[0].removeprefix("remotecal_"): column.floats() for column in table.columns}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    with up(tmp_path_factory.mktemp("integrated")) as bench:
        evidence = calibrate(bench)
        assert is_safe(bench)
        yield bench, evidence


def test_base_volume_is_stated_beside_uncorrected_volume_and_both_are_true(measured):
    bench, evidence = measured
    made = record(evidence)
    assert max(map(abs, off(bench, made))) < 1.5
    tables = found(made)
    errors = tables["remotecal_errorCurve"].column("basic_measurementError")
    beside = tables["remotecal_wholeDevice"].column("remotecal_meterError")
    assert beside.floats() == pytest.approx(errors.floats(), abs=0.011)
    factors = tables["remotecal_wholeDevice"].column("remotecal_referenceFactor").floats()
    assert factors == pytest.approx((5.93, 5.93), rel=0.02)
    assert read(write(made)) == made
    assert len(made.measurements[0].budgets) == 4
    assert {budget.result for budget in made.measurements[0].budgets} == {0, 1}


def test_the_parts_make_the_whole(measured):
    bench, evidence = measured
    made = record(evidence)
    each = parts(made)
    v = found(made)["remotecal_wholeDevice"].column("remotecal_meterError").floats()
    for n in range(2):
        total = v[n] + each["pressureError"][n] - each["temperatureErrorRelative"][n]
        assert each["composedError"][n] == pytest.approx(total + each["compressibilityError"][n], abs=0.01)
        assert each["wholeError"][n] == pytest.approx(each["composedError"][n], abs=0.003)
        assert abs(each["calculatorError"][n]) <= each["calculatorUncertainty"][n] < 0.02
        p, t = bench.device_spec.shown(6e5, 20.0)
        assert each["pressureError"][n] == pytest.approx(100 * (p / 6e5 - 1), abs=0.04)
        assert each["temperatureErrorRelative"][n] == pytest.approx(100 * (t - 20.0) / 293.15, abs=0.04)
    said = [one.declaration.get("en") for one in made.statements if one.declaration]
    assert any(one.startswith("Closure: everywhere the whole") for one in said)


def test_whole_and_parts_hang_together(measured):
    """The masters stand behind e_V and e_Vb alike; gauge and thermometer at the meter cancel in the whole."""
    _, evidence = measured
    each = parts(record(evidence))
    for with_v, with_p, with_t in zip(
        each["correlation1"], each["correlation2"], each["correlation3"], strict=True
    ):
        assert with_v > 0.75
        assert abs(with_p) < 0.3
        assert abs(with_t) < 0.3
    made = record(evidence)
    lines = {line.symbol: float(line.contribution) for line in made.measurements[0].budgets[2].lines}
    flow = {line.symbol: float(line.contribution) for line in made.measurements[0].budgets[0].lines}
    assert lines["p_d"] < 0.05 * flow["p_d"], "V ~ 1/p_d and C ~ p_d"
    assert lines["t_d"] < 0.05 * flow["t_d"]
    assert lines["δ_E1"] == pytest.approx(flow["δ_E1"], rel=0.02)


def test_what_the_calculator_is_known_to_follows_from_readings_and_not_from_what_was_let_pass(measured):
    _, evidence = measured
    tight, loose = (parts(evaluated(evidence, pressure_change=change)) for change in (0.05, 5.0))
    assert tight["calculatorUncertainty"] == loose["calculatorUncertainty"]
    assert max(tight["calculatorUncertainty"]) < 0.0045


SLOW = {"damping": 300.0, "pressure_step": 500.0, "temperature_step": 0.1, "volume_step": 0.01}


def wrong(bench, made):
    """Return how far e_p is from the truth, in %."""
    (e_p,) = parts(made)["pressureError"]
    return e_p - 100 * (bench.device_spec.shown(6e5, 20.0)[0] / 6e5 - 1)


def test_its_filter_is_waited_for_and_its_steps_count(tmp_path):
    with up(tmp_path, **SLOW) as bench:
        evidence = calibrate(bench, flows=[100.0])
        every = [one for seen in evidence.observations for one in seen.values["device_pressure"]]
        steps = [one.to("Pa").value / 500.0 for one in every]
        assert all(abs(one - round(one)) < 1e-3 for one in steps)
        made = record(evidence)
        assert abs(wrong(bench, made)) < 0.06, "half a step is 0.04 %"
        assert max(map(abs, off(bench, made))) < 1.5
    slow, quick = (parts(evaluated(evidence, damping=damping)) for damping in (300.0, 0.0))
    assert slow["pressureErrorUncertainty"] > quick["pressureErrorUncertainty"]
    assert slow["calculatorUncertainty"] == quick["calculatorUncertainty"], "whole and parts lag together"


def test_who_does_not_know_of_its_filter_measures_that(tmp_path):
    """Filling to 600 kPa is a step of 500 kPa, of which some percent are not yet shown."""
    with up(tmp_path, **SLOW) as bench:
        made = record(calibrate(bench, flows=[100.0], damping=0.0))
        assert abs(wrong(bench, made)) > 0.3


def test_a_sensor_that_is_off_is_the_wholes_error_and_not_the_meters(tmp_path):
    """1 kPa is 0.17 % at 600 kPa: in e_p and in e_Vb, and nowhere in e_V."""
    with up(tmp_path, device_off=1.0) as bench:
        made = record(calibrate(bench, flows=[100.0]))
        assert max(map(abs, off(bench, made))) < 1.5
        (e_p,) = parts(made)["pressureError"]
        (whole,) = parts(made)["wholeError"]
        (e_v,) = found(made)["remotecal_wholeDevice"].column("remotecal_meterError").floats()
        shown, _ = bench.device_spec.shown(6e5, 20.0)
    assert bench.device_spec.offset == pytest.approx(1000.0, abs=200.0)
    assert e_p == pytest.approx(100 * (shown / 6e5 - 1), abs=0.04)
    assert whole - e_v == pytest.approx(e_p - parts(made)["temperatureErrorRelative"][0], abs=0.02)


def test_one_that_knows_no_compressibility_is_found_out(tmp_path):
    with up(tmp_path, computes="ideal", pressures=(1000.0,)) as bench:
        made = record(calibrate(bench, flows=[100.0], pressures=[1000.0]))
        assert max(map(abs, off(bench, made))) < 1.5
    (e_f,) = parts(made)["calculatorError"]
    assert e_f == pytest.approx(-0.29, abs=0.03), "Z/Z_b of air is 0.9969 at 1 MPa"
    said = [one.declaration.get("en") for one in made.statements if one.declaration]
    assert any("the whole and the sum of the parts differ by more" in one for one in said)
    assert any("look at its base conditions, method for Z" in one for one in said)


def test_what_it_converts_by_is_the_orders(measured):
    _, evidence = measured
    right, other = (evaluated(evidence, method=method) for method in ("Lemmon 2000", "ideal"))
    errors = [
        one.results[1].tables[0].column("remotecal_baseVolumeError").floats()[0] for one in (right, other)
    ]
    assert errors[1] - errors[0] == pytest.approx(100 * (1 / 0.997858 * 0.999624 - 1), abs=0.02)
    for base, worth in (
        ({"base_temperature": 15.0}, 293.15 / 288.15),
        ({"base_pressure": 101.0}, 101.0 / 101.325),
    ):
        made = evaluated(evidence, **base)
        value = made.results[1].tables[0].column("remotecal_baseVolumeError").floats()[0]
        assert value - errors[0] == pytest.approx(100 * (worth - 1), abs=0.05)


def test_natural_gas_goes_by_the_equation_that_is_ordered(tmp_path):
    simple = {"calorific_value": 39.995, "relative_density": 0.5752}
    with up(tmp_path, gas="natural gas") as bench:
        evidence = calibrate(bench, flows=[100.0], equation="SGERG-88", **simple)
        made = record(evidence)
        assert max(map(abs, off(bench, made))) < 1.5
    known = {line.symbol: line for line in made.measurements[0].budgets[0].lines}
    assert float(known["H_s"].contribution) > 0 < float(known["d_r"].contribution)
    for name in ("高位发热量（SGERG-88）", "relative density (SGERG-88)"):
        assert name in write(made).decode()
    assert "equation of state: SGERG-88; remotecal" in write(made).decode()
    assert "ISO 12213-3:2006" in write(made).decode(), "what its uncertainty is by"
    by_method = [parts(evaluated(evidence, method=each)) for each in ("GERG-2008", "SGERG-88")]
    (gerg,), (sgerg,) = (each["calculatorError"] for each in by_method)
    assert gerg == pytest.approx(0.0, abs=0.004)
    assert gerg != sgerg, "a difference of methods"
    assert sgerg == pytest.approx(0.0, abs=0.03), "it computes by GERG-2008"


def test_how_finely_its_base_volume_is_read_counts(measured):
    _, evidence = measured
    coarse = evaluated(evidence, base_resolution=0.1)
    (line,) = (one for one in coarse.budgets[3].lines if one.symbol == "V_b_res")
    passed = 5.93 * 100.0 / 3600 * 30
    assert float(line.contribution) == pytest.approx(100 * 0.1 / 6**0.5 / passed / 2**0.5, rel=0.06)
    fine = evaluated(evidence, base_resolution=1e-6)
    (line,) = (one for one in fine.budgets[3].lines if one.symbol == "V_b_res")
    assert float(line.u) == 0.0, "the two repeats scatter by more"


@pytest.mark.parametrize(
    ("step", "name", "worth"),
    [
        ({"pressure_resolution": 3000.0}, "pressureError", 3000.0 / 600e3),
        ({"temperature_resolution": 1.0}, "temperatureErrorRelative", 1.0 / 293.15),
    ],
)
def test_how_finely_it_shows_pressure_and_temperature_counts(measured, step, name, worth):
    """In the error of the one and in what closes parts and whole, and not in the whole."""
    _, evidence = measured
    fine, coarse = evaluated(evidence), evaluated(evidence, **step)

    def u(made, told):
        return made.results[2].tables[0].column(f"remotecal_{told}").floats()[0] / 2

    for told in (f"{name}Uncertainty", "calculatorUncertainty"):
        added = math.sqrt(u(coarse, told) ** 2 - u(fine, told) ** 2)
        assert added == pytest.approx(100 * worth / math.sqrt(12), rel=0.15)
    whole = [made.budgets[3].expanded for made in (fine, coarse)]
    assert whole[0] == whole[1]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"method": None}, "parameters.method is missing: state by which method the meter converts"),
        ({"base_temperature": 15.0}, r"base conditions are 101\.325 kPa and 20 °C, the order says .* 15 °C"),
    ],
)
def test_orders_that_do_not_suit_it_are_refused(tmp_path, told, said):
    with up(tmp_path) as bench:
        with pytest.raises(ParameterError, match=said):
            calibrate(bench, **told)
        assert is_safe(bench)


def test_no_gate_opens_a_bus(tmp_path):
    with up(tmp_path) as bench:
        rewrite(bench.bench, ("[roles]\n", '[roles]\ngate = "loop"\n'))
        with pytest.raises(ParameterError, match=r"dut is ElsterEk280: take the role gate out"):
            planned(bench)
