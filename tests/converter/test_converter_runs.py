"""Whole calibrations on the simulated converter bench, to the certificate; the demonstration is wired."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted
from short_runs import AtPoint, UnwiredRuns, evaluated, of_before, record, record_anew, rewrite, told

from remotecal.certificates.dcc import read, write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.pdf.formula import equations
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.errors import (
    BenchError,
    CertificateRefused,
    EvidenceError,
    ParameterError,
    RunAborted,
    RunError,
)
from remotecal.journal.events import FILE, read_journal
from remotecal.model import DriftLimit
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import resume
from remotecal.runs.prompts import Scripted
from remotecal.sim.assembly import CLOCK
from remotecal.sim.converter.assemblies import ConverterBench

QUICK = {"temperatures": [20.0], "pressures": [2e5, 6e5, 1e6], "pulses": 1000, "soak": 900.0}
RUNS = UnwiredRuns(**QUICK)
ordered, planned, calibrate = RUNS.ordered, RUNS.planned, RUNS.calibrate


def up(tmp_path, **options):
    return ConverterBench.up(tmp_path / "bench", **{"seed": 7, "temperatures": (20.0,), **options})


@pytest.fixture
def bench(tmp_path):
    with up(tmp_path) as made:
        yield made


def said(made):
    """Return all statements of a record in English, one text."""
    return "\n".join(one.declaration.get("en") for one in made.statements if one.declaration is not None)


def is_safe(bench):
    """Tell whether the pressure is let out, nothing heats and nothing is sent."""
    with bench.world.present():
        vented = bench.line.doing == "vent" and abs(bench.line.pressure()) < 1.0
        return vented and not bench.block.on and not bench.sender.on


def table(made, result):
    return made.measurements[0].results[result].tables[0]


def column(made, result, name="basic_measurementError"):
    return table(made, result).column(name)


def off(bench, made):
    """Return how far the whole's errors are from the truth, in U."""
    errors, places = column(made, 0), column(made, 0, "basic_referenceValue")
    return [
        (value - bench.true_error(at)) / float(expanded)
        for value, expanded, at in zip(
            errors.floats(), errors.uncertainty.expanded, places.floats(), strict=True
        )
    ]


@pytest.mark.parametrize(
    ("maker", "method"), [("EK280", "AGA8 DETAIL"), ("UNIFLO 1200", "SGERG-88"), ("EK280", "ideal")]
)
def test_errors_are_those_of_the_converter_within_their_uncertainty(tmp_path, maker, method):
    with up(tmp_path, maker=maker, method=method, temperatures=(20.0, 45.0)) as bench:
        made = record(calibrate(bench, temperatures=[20.0, 45.0]))
        assert max(map(abs, off(bench, made))) < 1.5
        for p, error, expanded in zip(
            column(made, 1, "basic_referenceValue").floats(),
            column(made, 1).floats(),
            column(made, 1).uncertainty.expanded,
            strict=True,
        ):
            true = 100 * bench.spec.off(1000 * p) / (1000 * p)
            assert error == pytest.approx(true, abs=1.5 * float(expanded))
        for t, error in zip(
            column(made, 2, "basic_referenceValue").floats(),
            column(made, 2, "remotecal_temperatureError").floats(),
            strict=True,
        ):
            assert error == pytest.approx(bench.spec.warmer(t), abs=0.06)
        assert is_safe(bench)
    assert read(write(made)) == made
    assert "parts, e_V + e_p − e_T + e_Z, agree within" in said(made)
    assert "packets of 1000 pulses was counted to one step" in said(made)


def test_parts_and_whole_stand_side_by_side_with_their_correlation(bench):
    made = record(calibrate(bench))
    parts = {name: column(made, 3, f"remotecal_{name}").floats() for name in (
        "countingError", "pressureError", "temperatureErrorRelative", "compressibilityError", "composedError",
        "wholeError", "correlationPressure", "correlationTemperature")}  # fmt: skip
    assert list(parts["countingError"]) == [0.0] * 3
    for v, p, t, z, composed, whole, with_p, with_t in zip(*parts.values(), strict=True):
        assert composed == pytest.approx(v + p - t + z, abs=2e-4)
        assert whole == pytest.approx(composed, abs=2e-3)
        assert 0.0 < with_p < 1.0, "one and the same controller stands behind both"
        assert -1.0 < with_t < 0.0
    budget = {line.symbol: float(line.contribution) for line in made.measurements[0].budgets[0].lines}
    assert {"p_std", "t_ref", "δ_w", "δ_s", "δ_h", "E_rep", "V_b_res", "h"} == budget.keys()


def test_at_one_temperature_hysteresis_is_not_charged_beside_the_scatter_that_it_is(bench):
    """Where the device turns round readings differ by chance alone; elsewhere the larger of both counts."""
    made = record(calibrate(bench))
    turned = column(made, 1, "remotecal_hysteresis").floats()
    scatter = math.hypot(turned[0], turned[-1]) / 2 / math.sqrt(2)
    assert scatter < max(map(abs, turned)) / 8, "this one has hysteresis, and hardly scatters"
    for budget in (each for each in made.measurements[0].budgets if each.result == 1):
        found = {line.symbol: float(line.contribution) for line in budget.lines}
        larger = max(scatter, abs(turned[budget.row]) / math.sqrt(12))
        assert math.hypot(found["E_rep"], found["δ_h"]) == pytest.approx(larger, rel=0.06, abs=5e-5)


def test_fewer_places_than_the_document_asks_for_are_told(bench):
    evidence = calibrate(bench)
    assert "EN 12405-1 asks for 5 pressures and 3 temperatures (unverified); measured were 3 and 1" in said(
        record(evidence)
    )
    assert "measured were" not in said(record_anew(of_before(evidence, wording=1)))


def test_a_method_difference_is_stated_and_not_charged_to_the_device(bench):
    made = record(calibrate(bench))
    differ = column(made, 4, "remotecal_methodDifference").floats()
    assert differ[-1] == pytest.approx(-0.0064, abs=5e-4)
    assert (
        "The largest difference of GERG-2008 from it is −0.0064 %, which is no error of the device"
        in said(made)
    )
    assert max(map(abs, off(bench, made))) < 1.5


def test_a_gauge_sensor_with_a_fixed_atmosphere_is_found_out(tmp_path):
    """What it adds is named, the error falls as 1/p."""
    with up(tmp_path, atmosphere=101.325) as bench:
        made = record(calibrate(bench))
        assert max(map(abs, off(bench, made))) < 1.5
        low, _, high = column(made, 1).floats()
        with bench.world.present() as time:
            air = bench.air.pressure(time)
        assert low == pytest.approx(100 * (101_325 - air) / 2e5, abs=0.15)
        assert low / high == pytest.approx(5.0, rel=0.3)
    assert "a gauge sensor to which a fixed atmosphere of 101.33 kPa is added" in said(made)
    assert "fails" in said(made) or "does not conform" in said(made)


def test_an_absolute_sensor_is_not_taken_for_a_gauge(bench):
    assert "fixed atmosphere" not in said(record(calibrate(bench)))


def test_a_gauge_that_the_order_names_is_told_whatever_the_air(bench):
    assert "a gauge sensor to which a fixed atmosphere" in said(record(calibrate(bench, sensor="gauge")))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"computes": "ideal"}, "as if it computed by ideal"),
        ({"computes": "GERG-2008"}, "as if it computed by GERG-2008"),
        ({"digits": 4}, "as if C were rounded to 4 significant digits"),
    ],
)
def test_what_the_calculator_does_wrong_is_found_and_named(tmp_path, options, why):
    with up(tmp_path, **options) as bench:
        made = record(calibrate(bench))
        assert max(map(abs, off(bench, made))) < 1.5
    assert "the whole and the sum of the parts differ by more" in said(made)
    assert why in said(made)


def test_a_wrong_method_breaks_the_permissible_error_of_the_calculator(tmp_path):
    with up(tmp_path, computes="ideal") as bench:
        assert "error ±0.2 % (unverified): the calculator does not conform." in said(record(calibrate(bench)))


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("simple acceptance", "pass"),
        ("verification", "noFail"),
        ("guard band U", "fail"),
    ],
)
def test_the_calculator_is_judged_by_the_decision_rule_as_the_rest_is(bench, rule, verdict):
    """Its error keeps the limit, but by less than its uncertainty."""
    evidence = calibrate(bench)
    column_of = column(record(evidence), 3, "remotecal_calculatorError").floats()
    limit = max(map(abs, column_of)) + 5e-5
    made = evaluated(evidence, permissible_calculator=limit, rule=rule)
    judged = [one.conformity for one in made.statements if one.conformity is not None]
    assert judged[-1] == verdict
    assert judged[0] == "pass", "the whole is judged by its own limit"
    said = [one.declaration.get("en") for one in made.statements if one.conformity is not None]
    assert ["(unverified)" in one for one in said] == [True, True, True, False], "the last is of the order"


def test_steps_in_which_pressure_and_temperature_are_shown_count(bench):
    """A converter that shows 1 kPa and 0.1 K, come to rest, shows the very same: no scatter tells it."""
    evidence = calibrate(bench)
    made = evaluated(evidence, pressure_resolution=1000.0, temperature_resolution=0.1)

    def of(result, symbol):
        budget = next(one for one in made.budgets if one.result == result)
        (line,) = [one for one in budget.lines if one.symbol == symbol]
        return float(line.contribution)

    p = 1000.0 * made.results[1].tables[0].column("basic_referenceValue").floats()[0]
    t = 273.15 + made.results[2].tables[0].column("basic_referenceValue").floats()[0]
    assert of(1, "p_res") == pytest.approx(100 * 1000 / math.sqrt(12) / p, rel=0.05)
    assert of(2, "T_res") == pytest.approx(100 * 0.1 / math.sqrt(12) / t, rel=0.05)
    assert not {"p_res", "T_res"} & {line.symbol for line in made.budgets[0].lines}, "no part of the whole"
    closing = made.results[3].tables[0].column("remotecal_calculatorUncertainty").floats()[0]
    assert closing > 2 * 0.9 * 100 * 1000 / math.sqrt(12) / p


def test_what_the_controller_may_have_drifted_counts_wherever_its_deviation_does(bench):
    evidence = calibrate(bench)
    limit = DriftLimit(half_width=100.0, unit="Pa", source="three certificates")
    used = evidence.certificates["controller"].model_copy(update={"drift": (limit,)})
    made = evaluated(replace(evidence, certificates={**evidence.certificates, "controller": used}))
    parts = [{line.symbol: line.sensitivity for line in budget.lines} for budget in made.budgets]
    counted = [part for part in parts if "p_std" in part]
    assert len(counted) >= 2, "in the whole, and in the pressure"
    assert all(part["δ_d_p_std"] == part["p_std"] for part in counted)


def test_a_certificate_names_the_gas_the_packets_and_minus_signs_as_they_are_read(bench):
    made = record(calibrate(bench))
    gas, pulses = (
        note.text
        for one in made.measurements[0].conditions
        if {"remotecal_settings", "remotecal_packets"} & set(one.ref_types)
        for note in one.quantities
    )
    assert "甲烷 90.6724 %，乙烷 4.5279 %" in gas.get("zh")
    assert "methane 90.6724 %" in gas.get("en")
    assert "_" not in gas.get("en").partition("; ")[2]
    assert pulses.get("en") == "packets of 1000 pulses, 10 pulses per m³: N/K = 100 m³ each"
    assert pulses.get("zh") == "每组 1000 个脉冲，每立方米 10 个脉冲：每组 N/K = 100 m³"
    assert "% at most" not in said(made)
    assert " -0" not in said(made)
    equation = made.measurements[0].methods[-1].description.get("en")
    assert equations(equation), "it is set as a formula"
    assert "p_a" not in equation


def test_a_body_that_still_soaks_would_have_been_an_error(tmp_path):
    """The well is steady and the sensor is not: an order that does not wait finds an error nobody has."""
    with up(tmp_path, soak=3600.0, temperatures=(60.0,)) as bench:
        hasty = {"soak": 1800.0, "temperature_drift": 0.05, "steady_temperature": 20.0, "soak_time": 0.0}
        made = record(calibrate(bench, temperatures=[60.0], **hasty))
        (error,) = column(made, 2, "remotecal_temperatureError").floats()
        assert error < bench.spec.warmer(60.0) - 1.0
    with up(tmp_path / "waited", soak=1500.0, temperatures=(60.0,)) as bench:
        made = record(calibrate(bench, temperatures=[60.0], soak_time=1500.0))
        assert max(map(abs, off(bench, made))) < 1.5
        lacking = 1e-4 * 1500.0  # as fast as it may still warm, times its time constant
        (error,) = column(made, 2, "remotecal_temperatureError").floats()
        assert error == pytest.approx(bench.spec.warmer(60.0), abs=lacking)
        (line,) = (one for one in made.measurements[0].budgets[0].lines if one.symbol == "δ_s")
        assert float(line.u) == pytest.approx(lacking / math.sqrt(3), rel=0.01)


def test_a_filter_that_is_not_waited_for_would_have_been_an_error(tmp_path):
    with up(tmp_path) as bench:
        made = record(calibrate(bench, filter_time=0.0, dwell=0.0))
        assert max(column(made, 1, "remotecal_hysteresis").floats()) > 1.0


def test_what_is_counted_with_an_alarm_is_refused(tmp_path):
    with up(tmp_path, alarm_above=800.0) as bench:
        with pytest.raises(RunError, match=r"1000 kPa, rising: .* an alarm stood, .* a substitute value"):
            calibrate(bench)
        assert len(told(bench, "observation")) == 2
        assert is_safe(bench)


def forged(evidence, **values):
    """Return evidence in which readings show something else."""
    observations = [
        replace(
            one, values={**one.values, **{name: change(one.values[name]) for name, change in values.items()}}
        )
        for one in evidence.observations
    ]
    return replace(evidence, observations=tuple(observations))


def test_evidence_with_an_alarm_is_none(bench):
    evidence = calibrate(bench)
    with pytest.raises(EvidenceError, match="an alarm stood"):
        record(forged(evidence, disturbed_after=lambda total: total._replace(value=total.value + 1.0)))


def test_a_fact_in_degrees_celsius_is_a_difference_as_in_kelvins(bench):
    """0.02 °C is no 273.17 K."""
    evidence = calibrate(bench)
    found = evidence.characteristics["well_uniformity"]
    warmer = {"value": 0.01, "expanded_uncertainty": 0.02}
    in_kelvins, in_degrees = (found.model_copy(update={**warmer, "unit": unit}) for unit in ("K", "°C"))
    by = [
        record(replace(evidence, characteristics={**evidence.characteristics, "well_uniformity": fact}))
        for fact in (in_kelvins, in_degrees)
    ]
    assert by[0] == by[1]


def test_a_sensor_that_shows_the_same_everywhere_is_refused(bench):
    evidence = calibrate(bench)
    for kind in ("gauge", "", "vacuum"):
        with pytest.raises(EvidenceError, match=f"the controller counted {kind or 'no'} pressure, and the"):
            record(forged(evidence, reference_kind=lambda _, kind=kind: kind))
    stuck = lambda readings: tuple(one._replace(value=5.0) for one in readings)  # noqa: E731
    with pytest.raises(EvidenceError, match="the same pressure at 3 places: that is a substitute value"):
        record(forged(evidence, pressure=stuck))


def test_a_packet_of_which_pulses_are_lost_is_told(bench):
    evidence = calibrate(bench)
    lost = forged(evidence, measured_after=lambda total: total._replace(value=total.value - 0.3))
    made = record(lost)
    assert "N/K = 100 m³, was counted as 99.7 m³" in said(made)
    assert column(made, 3, "remotecal_countingError").floats() == pytest.approx([-0.3] * 3)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"pressures": [2e5, 6e5]}, "3 or more in ascending order"),
        ({"pressures": [6e5, 2e5, 1e6]}, "3 or more in ascending order"),
        ({"temperatures": [20.0, 20.0]}, "each once"),
        ({"pressures": [2.0, 6.0, 1e6]}, None),
        ({"method": "NX-19"}, "method"),
        ({"base_pressure": 101.325}, "base_pressure"),
        ({"method": "SGERG-88"}, "SGERG-88 takes calorific_value"),
        ({"composition": {"methane": 96.5}}, "mole fractions sum up to 96.5"),
        ({"pressures": ["2 bar", "6 m3", "10 bar"]}, "6 m3"),
    ],
)
def test_orders_that_can_not_be_are_refused(bench, parameters, said):
    with pytest.raises((ParameterError, CertificateRefused), match=said):
        planned(bench, **parameters)


def test_standards_are_not_used_outside_their_certificates(bench):
    with pytest.raises(CertificateRefused, match=r"holds from -30 to 70 °C, but the thermometer is to tell"):
        planned(bench, temperatures=[20.0, 75.0], method="ideal", compared_with=None)
    with pytest.raises((CertificateRefused, ParameterError), match=r"controller"):
        planned(bench, pressures=[5e4, 6e5, 1e6])


def test_standards_without_a_certificate_are_refused(bench):
    rewrite(bench.bench, ('certificate = "thermometer.xml"\n', ""))
    with pytest.raises(BenchError, match="the thermometer is a standard and has no certificate"):
        planned(bench)


def test_other_base_conditions_than_the_orders_are_refused(bench):
    with pytest.raises(
        ParameterError, match=r"base conditions are 101\.325 kPa and 20 °C, the order says .* 15"
    ):
        calibrate(bench, base_temperature=15.0)
    assert is_safe(bench)


def test_another_method_than_the_orders_is_refused_where_the_converter_tells_it(tmp_path):
    with up(tmp_path, maker="UNIFLO 1200") as bench:
        with pytest.raises(ParameterError, match="computes by AGA8 DETAIL, the order says GERG-2008"):
            calibrate(bench, method="GERG-2008")
        assert is_safe(bench)


def test_a_controller_that_counts_otherwise_is_refused(bench):
    with pytest.raises((ParameterError, CertificateRefused), match=r"counts absolute pressure|is to tell"):
        calibrate(bench, standard_kind="gauge", pressures=[3e5, 6e5, 1e6])


def test_a_controller_that_runs_away_trips_the_interlock(bench):
    def run_away():
        with bench.world.present():
            bench.line.control(1150.0, 1000.0)

    with pytest.raises(RunError, match=r"controller\.pressure"):
        calibrate(bench, (AtPoint("20 °C, 600 kPa, rising", run_away),))
    assert is_safe(bench)


def test_a_well_that_runs_away_trips_the_interlock(bench):
    def run_away():
        with bench.world.present():
            bench.block.temperature = 95.0

    with pytest.raises(RunError, match=r"thermometer\.temperature"):
        calibrate(bench, (AtPoint("20 °C, 600 kPa, rising", run_away),))
    assert is_safe(bench)


def test_a_run_that_was_stopped_is_safe_and_goes_on(bench):
    control = Control()
    stop = AtPoint("20 °C, 1000 kPa, falling", lambda: control.abort("enough", "liwei"))
    with pytest.raises(RunAborted):
        calibrate(bench, (stop,), control)
    assert is_safe(bench)
    evidence = resume(bench.directory.parent / "run", Company(Scripted()), clock=bench.clock)
    assert evidence.complete
    assert max(map(abs, off(bench, record(evidence)))) < 1.5
    assert is_safe(bench)


def test_a_run_holds_when_it_is_verified(tmp_path):
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with up(tmp_path, seed=5, clock=clock) as bench:
        evidence = calibrate(bench)
        events = read_journal(tmp_path / "run" / FILE)
        key = SealKey(Ed25519PrivateKey.generate())
        library = CertificateLibrary([tmp_path / "bench"])
        run = RealRun(tmp_path / "run", events, record(evidence), key, library)
        assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}
