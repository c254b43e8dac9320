"""Whole calibrations on the simulated gas loop: over real sockets and lines, to the certificate."""

from __future__ import annotations

import math
import statistics
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from loops import calibrate, errors_of, is_safe, planned, wired
from short_runs import AtPoint, evaluated, of_before, record, record_anew, rewrite, told

from benchmarks import unwired

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted

from remotecal.certificates.dcc import read, write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.errors import (
    BenchError,
    CertificateRefused,
    EvidenceError,
    NotStable,
    ParameterError,
    RunAborted,
    RunError,
)
from remotecal.fluids.gas import AIR
from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.journal.events import FILE, read_journal
from remotecal.procedures.library.gas_loop import running
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import resume
from remotecal.runs.prompts import Scripted
from remotecal.runs.tempo import Tempo
from remotecal.sim.assembly import CLOCK
from remotecal.sim.gas_loop import assemblies, meter, outfit
from remotecal.sim.gas_loop.assemblies import ClosedLoop
from remotecal.sim.gas_loop.outfit import certified


@pytest.fixture
def bench(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=7) as made:
        yield made


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A short calibration, with the bench it was made on; counters are read one after another."""
    with ClosedLoop.up(tmp_path_factory.mktemp("loop") / "bench", seed=7, gate=False) as made:
        yield made, calibrate(made)


def covers(bench, made):
    table = made.measurements[0].results[0].tables[0]
    column = table.column("basic_measurementError")
    for error, expanded, at in zip(
        column.floats(),
        column.uncertainty.expanded,
        table.column("basic_referenceValue").floats(),
        strict=True,
    ):
        assert float(expanded) < 0.3
        assert error == pytest.approx(bench.true_error(at), abs=1.5 * float(expanded))


@pytest.mark.parametrize(
    "options",
    [
        {"output": "current"},
        {"gas": "nitrogen"},
        {"gas": "natural gas"},
        {"dew_point": -20.0},
        {"dew_point": -20.0, "dew_meter": True},
    ],
    ids=str,
)
def test_errors_are_those_of_the_meter_within_their_uncertainty(tmp_path, options):
    with ClosedLoop.up(tmp_path / "bench", seed=7, **options) as bench:
        covers(bench, record(calibrate(bench)))
        assert is_safe(bench)


def test_instruments_that_take_their_time_are_no_contradiction(bench, monkeypatch):
    """What a loop's repeat lasts by the run's clock begins ahead of its counters, and ends behind them."""
    at_once = unwired.measure

    def slow(instrument, quantities):
        bench.clock.sleep(0.05)
        return at_once(instrument, quantities)

    monkeypatch.setattr(unwired, "measure", slow)
    covers(bench, record(calibrate(bench, flows=[100.0])))


def test_a_meter_by_current_feels_the_time_between_the_readings(tmp_path):
    """What the masters counted, over another time than they are said to have, is another flow."""
    delays = {}
    for delay in (0.01, 0.2):
        with ClosedLoop.up(tmp_path / f"{delay}" / "bench", seed=7, output="current") as bench:
            evidence = calibrate(bench, gate_delay=delay)
        for line in record(evidence).measurements[0].budgets[0].lines:
            if line.symbol == "Δt":
                delays[delay] = float(line.contribution)
        duration = statistics.fmean(one.values["duration"] for one in evidence.observations)
        assert delays[delay] == pytest.approx(100 * delay / math.sqrt(3) / duration, rel=0.06)


def test_the_certificate_holds_all_pressures_in_one_curve_over_reynolds_numbers(bench):
    made = record(calibrate(bench, pressures=[1000.0, 400.0], further_flows=[280.0]))
    covers(bench, made)
    assert read(write(made)) == made
    results = {result.ref_types[0]: result.tables[0] for result in made.measurements[0].results}
    curve = results["remotecal_errorCurve"]
    assert curve.column("remotecal_curveLevel").values == ("1000", "1000", "400"), "told apart in the picture"
    assert curve.column("remotecal_meterPressure").floats() == pytest.approx((1000, 1000, 400), rel=0.01)
    assert curve.column("remotecal_referenceFlow").floats() == pytest.approx((400, 100, 280), rel=0.03)
    assert curve.column("basic_referenceValue").floats() == pytest.approx((9.2e5, 2.3e5, 2.6e5), rel=0.03)
    assert results["remotecal_loopFlow"].said("remotecal_masters").words == ("1+3", "2", "3")
    assert len(results["remotecal_closure"].column("remotecal_closure").values) == 3
    leaks = results["remotecal_leakTest"]
    assert leaks.column("remotecal_nominalPressure").values == ("1000", "400")
    assert max(map(abs, leaks.column("remotecal_leakRate").floats())) < 0.01
    assert "Lemmon 2000" in write(made).decode()
    assert [note["pressure"] for note in told(bench, "note") if note["text"] == "leak"] == [1000.0, 400.0]
    titles = [budget.title.get("en") for budget in made.measurements[0].budgets]
    assert titles == [
        f"Flow point {place} m³/h" for place in ("1000 kPa, 400", "1000 kPa, 100", "400 kPa, 280")
    ]


def test_common_and_own_parts_are_kept_apart(measured):
    bench, evidence = measured
    lines = {
        line.symbol: float(line.contribution) for line in record(evidence).measurements[0].budgets[0].lines
    }
    shares = {n: each.highest / 465 for n, each in enumerate(bench.rig.spec.masters, 1)}
    assert lines["δ_E1"] == pytest.approx(0.08, rel=0.02), "what masters share is not averaged"
    for n in (1, 3):
        assert lines[f"E_{n}"] == pytest.approx(0.0512 * shares[n], rel=0.06), (
            "its own part counts by its flow"
        )
    (choice, *_) = (note for note in told(bench, "note") if note["text"] == "masters")
    assert (choice["numbers"], choice["serials"]) == ([1, 3], ["T-01", "T-03"])
    assert choice["load"] == pytest.approx(400 / 465)
    assert choice["reynolds"] == pytest.approx([1.95e5, 4.77e5], rel=0.02)


def test_every_deviation_counts_in_its_direction(measured):
    """What reads too high was lower: with less pressure at the meter more passed, so it shows less."""
    _, evidence = measured
    slopes = {
        line.symbol: float(line.sensitivity) for line in record(evidence).measurements[0].budgets[1].lines
    }
    assert slopes["p_2"] == pytest.approx(100 / 600e3, rel=0.03)
    assert slopes["p_d"] == pytest.approx(-slopes["p_2"], rel=0.02)
    assert slopes["t_d"] == slopes["w_d"] * -1 == pytest.approx(100 / 293, rel=0.03)
    assert slopes["t_2"] == pytest.approx(-slopes["t_d"], rel=0.02)
    assert slopes["δ_E1"] == slopes["E_2"] == slopes["f_2"] == pytest.approx(100, rel=0.01)
    assert slopes["q_l"] == pytest.approx(100 / 100, rel=0.05)
    assert slopes["V_c"] != 0


def test_a_run_holds_when_it_is_verified(tmp_path):
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with ClosedLoop.up(tmp_path / "bench", seed=5, clock=clock) as bench:
        evidence = calibrate(bench)
        events = read_journal(tmp_path / "run" / FILE)
        key = SealKey(Ed25519PrivateKey.generate())
        library = CertificateLibrary([tmp_path / "bench"])
        run = RealRun(tmp_path / "run", events, record(evidence), key, library)
        assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}


def test_a_loop_that_leaks_is_refused_before_it_is_used(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=7, leak=0.02) as bench:
        with pytest.raises(
            RunError, match=r"at 600 kPa the sealed loop leaks 0\.0[12]\d* m3/h, and 0\.01 m3/h"
        ):
            calibrate(bench)
        assert told(bench, "observation") == []
        assert is_safe(bench)


def test_a_leak_would_have_been_the_meters_error(tmp_path):
    """0.5 m³/h that leak ahead of the meter are 0.5 % at 100 m³/h."""
    with ClosedLoop.up(tmp_path / "bench", seed=7, leak=0.5) as bench:
        loose = {"leak_share": 0.01, "closure": 5.0, "loop_volume": 0.01, "pressure_change": 5.0}
        made = record(calibrate(bench, flows=[100.0], **loose))
        table = made.measurements[0].results[0].tables[0]
        (error,) = table.column("basic_measurementError").floats()
        assert error == pytest.approx(bench.true_error(2.3e5 * 0.6) - 0.5, abs=0.25)


def test_a_branch_valve_that_lets_pass_is_found_by_closure(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=7, branch_leak=1.0) as bench:
        with pytest.raises(RunError, match=r"100 m3/h: the check meter is \+[01]\.\d+ % off its curve"):
            calibrate(bench, flows=[100.0])
        assert is_safe(bench)


def test_a_branch_that_lets_pass_would_have_been_the_meters_error(tmp_path):
    """With the limit let go the certificate says that it does not close, beside an error that is wrong."""
    with ClosedLoop.up(tmp_path / "bench", seed=7, branch_leak=1.0) as bench:
        evidence = calibrate(bench, flows=[100.0], closure=9.0)
        made = record(evidence)
        results = {result.ref_types[0]: result.tables[0] for result in made.measurements[0].results}
        (error,) = results["remotecal_errorCurve"].column("basic_measurementError").floats()
        (number,) = results["remotecal_errorCurve"].column("basic_referenceValue").floats()
        assert error - bench.true_error(number) > 0.5
        assert results["remotecal_closure"].said("remotecal_closes").words == ("✗",)
        closure = results["remotecal_closure"]
        (off,), (limit,) = (
            closure.column(f"remotecal_{part}").values for part in ("closure", "closureLimit")
        )

        def remarks(made):
            return [one.declaration.get("en") for one in made.statements if one.declaration]

        plain = "the check meter is off its certified curve by more than 2u."
        (said,) = (one for one in remarks(made) if plain in one)
        assert f"{plain} c and 2u: {off} % and {limit} %. A run stops beyond 9 % only, and 2u is the" in said
        known = {name: one for name, one in evidence.parameters.items() if name != "fewest_compared"}
        older = of_before(evidence, parameters=known, kept=evidence.kept)
        assert any(one.endswith(plain) for one in remarks(record_anew(older)))


@pytest.mark.parametrize(
    ("lag", "said"),
    [
        (600.0, "the sealed loop gains"),
        (
            2400.0,
            r"the temperature at the meter is [+-]0\.\d+ K from half-way between masters and check meter",
        ),
    ],
)
def test_a_thermometer_that_soaks_is_refused(tmp_path, lag, said):
    """LoopGas warms the gas; a well that takes its time tells of that long after, and is steady."""
    with ClosedLoop.up(tmp_path / "bench", seed=7, meter_lag=lag) as bench:
        with pytest.raises((NotStable, RunError), match=said):
            calibrate(bench)
        assert told(bench, "observation") == []
        assert is_safe(bench)


def test_temperatures_that_come_nearer_are_waited_for(tmp_path, monkeypatch):
    """Fast gas does not tell that the pipes are warmer than it, and slow gas does, until they have cooled."""
    with ClosedLoop.up(tmp_path / "bench", seed=7) as bench:
        order = {"pressures": [600.0], "flows": [20.0], "cooling": 13.0}
        (one, *_) = calibrate(bench, **order, temperature_change=9.0).observations
        at = [one.values[f"{place}_temperature"][0].value for place in ("master", "meter")]
        assert 0.2 < abs(at[0] - at[1]) <= 0.5
    with ClosedLoop.up(tmp_path / "other" / "bench", seed=7) as bench:
        with pytest.raises(NotStable, match=r"masters and meter are 0\.\d+ K apart, and come no nearer"):
            calibrate(bench, pressures=[600.0], temperature_difference=1e-9)
        assert is_safe(bench)
    monkeypatch.setattr(running, "LONGEST", 1200.0)
    with ClosedLoop.up(tmp_path / "third" / "bench", seed=7) as bench:
        with pytest.raises(NotStable, match="come nearer too slowly"):
            calibrate(bench, pressures=[600.0], temperature_difference=1e-9)
        assert is_safe(bench)


def test_temperatures_are_held_against_each_other_by_certificates(tmp_path, monkeypatch):
    """A thermometer at the meter that shows 0.6 K too much, and says so, is no fault of the loop."""

    def off(rng, count):
        known = certified(rng, count)
        one = known["meter_thermometer"]
        one.stated = replace(one.stated, corrections=tuple(c - 0.6 for c in one.stated.corrections))
        one.true = tuple(c - 0.6 for c in one.true)
        return known

    monkeypatch.setattr(assemblies, "certified", off)
    with ClosedLoop.up(tmp_path / "bench", seed=7) as bench:
        evidence = calibrate(bench, pressures=[600.0], flows=[100.0])
        (one, *_) = evidence.observations
        master, meter = (one.values[f"{at}_temperature"][0].value for at in ("master", "meter"))
        assert meter - master > 0.5, "by what they show they are too far apart, and off the middle"
        covers(bench, record(evidence))


def test_a_thermometer_that_soaks_would_have_been_the_meters_error(tmp_path):
    """0.9 K are 0.3 % of the volume; neither closure nor steadiness sees it, and the budget knows of it."""
    with ClosedLoop.up(tmp_path / "bench", seed=7, meter_lag=3600.0) as bench:
        made = record(calibrate(bench, temperature_difference=9.0, temperature_middle=9.0))
        curve = made.measurements[0].results[0].tables[0]
        errors = curve.column("basic_measurementError")
        off = errors.floats()[0] - bench.true_error(curve.column("basic_referenceValue").floats()[0])
        assert abs(off) > 0.2
        assert abs(off) < float(errors.uncertainty.expanded[0])
        (line,) = (one for one in made.measurements[0].budgets[0].lines if one.symbol == "s_d")
        assert float(line.contribution) == pytest.approx(abs(off) / math.sqrt(3), rel=0.3)


def test_a_loop_without_cooling_never_gets_steady(bench):
    def no_cooling():
        bench.rig.heat.spec = replace(bench.rig.heat.spec, cooler=1e-6)

    no_cooling()
    with pytest.raises(RunError, match=r"stable|steady|TEMPERATURE_HIGH"):
        calibrate(bench)
    assert is_safe(bench)


def test_a_branch_that_does_not_open_is_refused(bench):
    bench.rig.plc.stuck = 0b100
    with pytest.raises(
        RunError, match=r"branches 101 are to be open, and 1 stand open|MASTER_OVER_SPEED|SURGE"
    ):
        calibrate(bench)
    assert is_safe(bench)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"leak": 0.5}, r"the repeat tells 0\.5 m3/h as leak, and what was read gives -?0\.000\d+ m3/h"),
        ({"duration": 3e4}, r"30000 s are said to have passed in a repeat of \d+"),
        ({"duration": 0.0}, "0 s are said to have passed"),
    ],
)
def test_what_a_procedure_says_of_itself_is_held_against_what_it_can_be(measured, value, said):
    _, evidence = measured
    first, *others = evidence.observations
    forged = replace(first, values={**first.values, **value})
    with pytest.raises(EvidenceError, match=said):
        record(replace(evidence, observations=(forged, *others)))


def test_what_a_master_counted_was_read_by_its_own_reader(measured):
    """Exchanged, each would be corrected by the other's curve and pulses: 0.33 % became 2.22 %."""
    _, evidence = measured
    first, *others = evidence.observations
    ends = {part: first.values[part] for part in ("masters_before", "masters_after")}
    exchanged = {part: counted[::-1] for part, counted in ends.items()}
    gated = [
        one._replace(source=one.source.replace("running", "gated")) for one in exchanged["masters_after"]
    ]
    other = ends["masters_after"][1].source
    others_total = {
        "masters_passing": tuple(one._replace(source=other) for one in first.values["masters_passing"])
    }
    for values, said in (
        (exchanged, r"\S+ was read where \S+ has the role readers\[1\]"),
        ({"masters_pulses": tuple(gated)}, r"has the role readers\[1\]"),
        (others_total, r"has the role readers\[1\]"),
        ({part: counted[:1] for part, counted in ends.items()}, "1 counters were read, and 2 masters stood"),
        ({"air_temperature": first.values["meter_temperature"][0]}, "must be by ambient.air_temperature"),
    ):
        forged = replace(first, values={**first.values, **values})
        with pytest.raises(EvidenceError, match=said):
            record(replace(evidence, observations=(forged, *others)))


def test_evidence_of_other_branches_is_none(measured):
    _, evidence = measured
    first, *others = evidence.observations
    standing = first.values["standing"]
    forged = replace(first, values={**first.values, "standing": standing._replace(value=2.0)})
    with pytest.raises(EvidenceError, match=r"the branches \(2,\) stood open, and \(1, 3\) were to"):
        record(replace(evidence, observations=(forged, *others)))


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"pressures": []}, "pressures must be given, each once"),
        (
            {"pressures": [600.0, 400.0], "further_flows": [100.0, 100.0]},
            "further_flows must be given each once",
        ),
        ({"highest": 500.0, "flows": [500.0]}, "500 m3/h is more than the blower sends round, 440 m3/h"),
        ({"flows": [500.0]}, "500 m3/h lies outside what the meter is for, 20 to 400 m3/h"),
        ({"flows": [10.0]}, "10 m3/h lies outside what the meter is for"),
        (
            {"pressures": [600.0, 400.0], "further_flows": [500.0]},
            "500 m3/h lies outside what the meter is for",
        ),
        ({"transition": 600.0}, "transition is Q_t, and can't be more than highest, 400 m3/h"),
        ({"permissible": [2.0, 1.0]}, "from Q_t on and below it: the second is the larger"),
        (
            {
                "gas": "natural gas",
                "components": ["methane", "hexane", "hexane"],
                "fractions": [0.9993, 0.0003, 0.0004],
            },
            "components must be named, each once",
        ),
        (
            {
                "gas": "natural gas",
                "components": ["methane", "water"],
                "fractions": [0.9999, 0.0001],
                "dew_point": -20.0,
            },
            "the water is told twice",
        ),
        ({"lowest": 500.0}, "the one must be less than the other"),
        ({"least_load": 0.9, "most_load": 0.5}, "least_load must be less than most_load"),
        ({"gas": "natural gas"}, "components and fractions are given for natural gas, and for it alone"),
        ({"components": ["methane"], "fractions": [1.0]}, "and for it alone"),
        ({"gas": "natural gas", "components": ["methane"]}, "components and fractions go together"),
        (
            {
                "gas": "natural gas",
                "components": ["methane", "ethane"],
                "fractions": [0.9, 0.1],
                "fraction_uncertainties": [0.001],
            },
            "fraction_uncertainties are given for all fractions, or for none",
        ),
        ({"pulses_per_volume": None}, "parameters.pulses_per_volume is missing"),
        ({"dew_point": 15.0}, "or fill the loop with a drier gas"),
        ({"equation": "Span 2000"}, "Span 2000"),
        ({"filling_rate": "0.1 m/s"}, "filling_rate"),
        ({"base_pressure": 101_325.0}, "base_pressure"),
    ],
)
def test_orders_that_can_not_be_are_refused(bench, parameters, said):
    with pytest.raises(ParameterError, match=said):
        planned(bench, **parameters)


def test_masters_are_not_extrapolated(bench):
    """At 5 MPa a DN100 works at Re 4.4e6, and the certificates end at 4.0e6."""
    rewrite(bench.bench, ("above = 1050.0", "above = 6000.0"), ("within = 3600.0", "within = 11100.0"))
    with pytest.raises(
        CertificateRefused, match=r"check meter, .* for Re 5000 to 4e\+06, .* not extrapolated"
    ):
        planned(bench, pressures=[5000.0], flows=[380.0])


def test_a_flow_no_masters_are_for_is_refused(bench):
    with pytest.raises(CertificateRefused, match="600 kPa, 8 m3/h: no masters of 65, 160, 400 m3/h make it"):
        planned(bench, lowest=8.0, flows=[8.0])


@pytest.mark.parametrize(
    ("certified", "order", "said"),
    [
        ((0.05, 1.0), {"flows": [400.0]}, r"400 m3/h: .* check meter, .* of 20 to 400, and 412 is asked for"),
        (
            (0.05, 1.0),
            {"flows": [20.0]},
            r"20 m3/h: .* check meter, .* of 20 to 400, and 19\.42 is asked for",
        ),
        ((0.05, 0.9), {"flows": [400.0]}, r"600 kPa, 400 m3/h: check meter, .* 360, and 400 is asked for"),
    ],
)
def test_a_check_meter_is_certified_wherever_a_run_may_come(tmp_path, monkeypatch, certified, order, said):
    """Of 400 m³/h a run makes 402.8: that was refused by its first repeat, an hour after it was begun."""
    monkeypatch.setattr(meter, "FLOWS", certified)
    with ClosedLoop.up(tmp_path / "bench", seed=7, check="rotary") as bench:
        with pytest.raises(CertificateRefused, match=said):
            planned(bench, **order)
        if certified[1] == 1.0:
            assert planned(bench, flows=[380.0, 21.0])


def test_masters_are_certified_wherever_a_run_may_come(tmp_path, monkeypatch):
    """At 600 kPa and 400 m³/h the smallest is at Re 1.92e5, and may be 5.1 % beyond."""
    monkeypatch.setattr(outfit, "REYNOLDS", (5e3, 4.8e5))
    with ClosedLoop.up(tmp_path / "bench", seed=7, check="rotary") as bench:
        with pytest.raises(CertificateRefused, match=r"400 m3/h: .* master 1, .* 2\.015e\+05 is asked for"):
            planned(bench, flows=[400.0])
        assert planned(bench, flows=[400.0], flow_tolerance=0.2, pressure_tolerance=0.2)


def test_a_gas_stays_vapour_wherever_a_run_may_bring_it(bench):
    """At 600 kPa this one has its dew point at 19.75 °C: at 20 °C all is vapour, and 19.5 °C are let pass."""
    told = {"dew_point": -5.207, "pressure_tolerance": 0.01}
    with pytest.raises(ParameterError, match=r"1\.02 times what stays vapour at 19\.5 °C .* a drier gas"):
        planned(bench, **told)
    assert planned(bench, **told, temperature_difference=0.1)
    with pytest.raises(ParameterError, match=r"at 612 kPa: .* 1\.01 times"):
        planned(bench, dew_point=-5.207, temperature_difference=0.1)


def test_an_interlock_leaves_room_for_the_pressures(bench):
    with pytest.raises(ParameterError, match="1050"):
        planned(bench, pressures=[1200.0])


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ('    "master_3",\n', "", BenchError, "there are 2 masters and 3 readers: give each master one"),
        ('"check_reader"', '"other"', ParameterError, "the check meter needs check_reader too"),
        ('certificate = "gauge_2.xml"\n', "", BenchError, r"the gauges\[2\] has no certificate"),
        ('certificate = "master_2.xml"\n', "", BenchError, "certificate"),
    ],
)
def test_a_bench_that_lacks_something_is_refused(bench, old, new, error, said):
    text = bench.bench.read_text(encoding="utf-8")
    if old.startswith('"check'):
        old, new = "[instruments.check_reader]", "[instruments.other]"
    assert old in text
    bench.bench.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises((error, BenchError), match=said):
        planned(bench)


def test_a_check_meter_whose_pulses_are_worth_nothing_known_is_refused_before_anything_moves(bench):
    path = bench.directory / "check_meter.xml"
    text = path.read_text(encoding="utf-8")
    assert "remotecal_kFactor" in text
    path.write_text(text.replace("remotecal_kFactor", "remotecal_otherFactor"), encoding="utf-8")
    with pytest.raises(CertificateRefused, match="must state one remotecal_kFactor"):
        planned(bench)


def test_more_masters_than_can_be_told_apart_are_refused(tmp_path):
    with (
        ClosedLoop.up(tmp_path / "bench", seed=7, masters=(65.0,) * 9) as bench,
        pytest.raises(BenchError, match="8 masters at most, and the bench has 9"),
    ):
        planned(bench)


def test_gauges_of_gauge_pressure_are_refused(bench):
    rewrite(bench.bench, ("absolute = true", "absolute = false"))
    with pytest.raises(ParameterError, match=r"the gauges\[1\] must show absolute pressure"):
        wired(bench)
    assert is_safe(bench)


def show_pressure(bench):
    bench.instrument("meter_gauge")._reads["pressure"] = lambda: 11.0


def show_temperature(bench):
    bench.instrument("meter_thermometer")._probes[1] = lambda: 46.0


def press(bench):
    bench.rig.plc.press()


def alarm(bench):
    bench.rig.gas_alarm = True


def too_much(bench):
    with bench.world.present():
        bench.rig.mass *= 1.1


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (show_pressure, r"meter_gauge\.pressure"),
        (show_temperature, r"meter_thermometer\.temperature"),
        (press, "EMERGENCY_STOP"),
        (alarm, "GAS_ALARM"),
        (too_much, "PRESSURE_HIGH"),
    ],
)
def test_interlocks_and_trips_end_a_run_with_the_gas_out(bench, act, said):
    with pytest.raises(RunError, match=said):
        calibrate(bench, (AtPoint("600 kPa, 100 m3/h", lambda: act(bench)),))
    assert is_safe(bench)


def test_a_run_that_was_stopped_is_safe_and_goes_on(bench):
    control = Control()
    stop = AtPoint("600 kPa, 100 m3/h", lambda: control.abort("enough", "liwei"))
    with pytest.raises(RunAborted):
        calibrate(bench, (stop,), control)
    assert is_safe(bench)
    evidence = resume(bench.directory.parent / "run", Company(Scripted()), clock=bench.clock)
    assert evidence.complete
    assert record(evidence).measurements
    assert len([note for note in told(bench, "note") if note["text"] == "leak"]) == 2, "looked at again"


def test_a_loop_without_check_meter_is_calibrated_and_says_nothing_of_closure(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=7) as bench:
        text = bench.bench.read_text(encoding="utf-8")
        for name in ("check_reader", "check_gauge", "check_thermometer"):
            text = text.replace(f"[instruments.{name}", f"[instruments.spare_{name}")
        text = text.replace("[artefacts.check_meter", "[artefacts.spare")
        bench.bench.write_text(text, encoding="utf-8")
        made = record(wired(bench))
        covers(bench, made)
        assert all(result.ref_types[0] != "remotecal_closure" for result in made.measurements[0].results)


def by_mass(evidence, masters):
    """Return evidence in which the masters tell mass: what their pulses are worth, of dry air."""
    dry = EQUATIONS["Lemmon 2000"]
    observations = []
    for one in evidence.observations:
        numbers = [n for n in range(3) if int(one.values["standing"].value) >> n & 1]
        values = dict(one.values)
        at = []
        for n in range(len(numbers)):
            pressures = one.values["master_pressure"][n :: len(numbers)]
            temperatures = one.values["master_temperature"][n :: len(numbers)]
            p = statistics.fmean(each.to("Pa").value for each in pressures)
            t = statistics.fmean(each.to("°C").value for each in temperatures)
            at.append(dry.state(AIR, t, p).density)
        for when in ("masters_before", "masters_after"):
            values[when] = tuple(
                reading._replace(value=reading.value / masters[n].pulses * density, unit="kg")
                for reading, n, density in zip(one.values[when], numbers, at, strict=True)
            )
        observations.append(replace(one, values=values))
    return replace(evidence, observations=tuple(observations))


def test_masters_that_tell_mass_need_the_density_in_full(measured):
    """Its uncertainty counts, 0.05 %, and so does water: from a dew point of -5 °C a gas is 0.16 % lighter.

    To whoever takes it for dry the meter would seem 0.16 % fast; masters that tell volume do not.
    """
    bench, evidence = measured
    masses = by_mass(evidence, bench.rig.spec.masters)
    volume, mass = evaluated(evidence), evaluated(masses, master_mass_resolution=0.0)
    assert errors_of(mass) == pytest.approx(errors_of(volume), abs=0.04)
    lines = {line.symbol: float(line.contribution) for line in mass.budgets[0].lines}
    assert lines["ε_ρ"] == pytest.approx(0.05, rel=0.02)
    assert "ε_ρ" not in {line.symbol for line in volume.budgets[0].lines}
    moist = {"dew_point": -5.0}
    told = {"equation": "GERG-2008", "master_mass_resolution": 0.0}
    dry, wet = (errors_of(evaluated(masses, **told, **water)) for water in ({}, moist))
    assert [a - b for a, b in zip(dry, wet, strict=True)] == pytest.approx([0.15, 0.15], abs=0.021)
    dry, wet = (errors_of(evaluated(evidence, equation="GERG-2008", **water)) for water in ({}, moist))
    assert dry == pytest.approx(wet, abs=0.011)


def conditions_of(evidence, **told):
    said = {each.ref_types[0]: each.quantities[0] for each in evaluated(evidence, **told).conditions}
    return {
        kind.removeprefix("remotecal_"): (note.text.get("zh"), note.text.get("en"))
        for kind, note in said.items()
        if kind in {"remotecal_fluid", "remotecal_composition"}
    }


def test_a_certificate_tells_what_the_gas_consists_of_and_at_which_pressure_its_dew_point_is(measured):
    """Z and density are by these; a dew point without its pressure is that of any amount of water."""
    _, evidence = measured
    assert list(conditions_of(evidence)) == ["fluid"]
    moist = conditions_of(evidence, dew_point=-20.0, dew_pressure=400.0)
    assert moist["fluid"][0].startswith("空气，露点 -20 °C（400 kPa 下）（")
    assert moist["fluid"][1].startswith("air, dew point -20 °C at 400 kPa (")
    gas = {"gas": "natural gas", "components": ["methane", "n_butane"], "fractions": [0.9895, 0.01]}
    told = conditions_of(evidence, **gas)
    assert told["composition"] == (
        "甲烷 98.9995 %，正丁烷 1.0005 %（摩尔分数）",
        "methane 98.9995 %, n-butane 1.0005 % (mole fractions)",
    )
    assert ", dry (" in told["fluid"][1]
    simple = {"calorific_value": 40.725, "relative_density": 0.5695, "equation": "SGERG-88"}
    assert conditions_of(evidence, **gas, **simple)["composition"][1].endswith(
        ", H_s = 40.725 MJ/m³, d = 0.5695"
    )
    gas = {"gas": "natural gas", "components": ["methane", "water"], "fractions": [0.9999, 0.0001]}
    told = conditions_of(evidence, **gas)
    assert "，水分见组成（" in told["fluid"][0]
    assert "its water by the composition" in told["fluid"][1]
    assert told["composition"][1] == "methane 99.99 %, water 0.01 % (mole fractions)"


def test_what_is_behind_the_meter_stores_with_the_other_sign(measured):
    _, evidence = measured
    ahead, behind = (evaluated(evidence, masters_first=first) for first in (True, False))
    assert errors_of(ahead) == pytest.approx(errors_of(behind), abs=0.05)
    said = [one.methods[0].description.get("en") for one in (ahead, behind)]
    assert "− V_c" in said[0]
    assert "− q_l" in said[0]
    assert said[1] == said[0].replace("− V_c", "+ V_c").replace("− q_l", "+ q_l")


def test_how_long_a_run_takes_is_told_from_the_first_repeat_on(bench):
    """Filling, the leak test and warming up are most of it; they were told as if each repeat took as long."""
    seen, pace = [], Tempo()

    def watch(progress):
        pace.see(progress.now - progress.began, progress.plan, progress.number, progress.repeat)
        if progress.doing == "done":
            seen.append((progress.now - progress.began, pace.left))

    calibrate(bench, (watch,), flows=[400.0, 250.0, 100.0])
    (spent, left), whole = seen[0], seen[-1][0]
    assert seen[-1][1] == 0.0
    assert spent + left == pytest.approx(whole, rel=0.25)
