"""Whole calibrations of heat meters and their parts: over real sockets and lines, to the certificate."""

from __future__ import annotations

import math
import statistics
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted
from heat_tables import errors
from short_runs import AtPoint, ShortRuns, evaluated, of_before, record, record_anew

from remotecal.bench import Bench
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
from remotecal.fluids.water import water_density_tanaka
from remotecal.journal.events import FILE, read_journal
from remotecal.procedures.library.evaluation.sources import NOT_STATED
from remotecal.procedures.library.heat.complete_found import CompleteRepeats, CompleteSeen
from remotecal.procedures.library.heat.complete_results import DEVICE
from remotecal.procedures.library.heat.devices import devices
from remotecal.procedures.library.heat.limits import complete_limit
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import plan, resume
from remotecal.runs.prompts import Scripted
from remotecal.sim.assembly import CLOCK
from remotecal.sim.heat.assemblies import HeatBench
from remotecal.sim.heat.calculator_bench import CalculatorBench
from remotecal.sim.heat.complete_bench import CompleteBench

ONE_DIFFERENCE = {"differences": [15.0], "flows": [0.5], "returns": [40.0], "repeats": 2}

RUNS = ShortRuns()
ordered, planned, calibrate = RUNS.ordered, RUNS.planned, RUNS.calibrate


@pytest.fixture
def baths(tmp_path):
    with HeatBench.up(tmp_path / "bench", seed=7, pairs=2) as made:
        yield made


@pytest.fixture
def calculator(tmp_path):
    with CalculatorBench.up(tmp_path / "bench", seed=7, calculators=1) as made:
        yield made


@pytest.fixture
def complete(tmp_path):
    with CompleteBench.up(tmp_path / "bench", seed=7, meters=1) as made:
        yield made


def statements(made):
    return [one.declaration.get("en") for one in made.statements if one.declaration is not None]


def way_measured(made):
    """Return how the thermometers of its first pair were measured, in both languages; of old ones nothing."""
    said = [one for one in made.measurements[0].conditions if "remotecal_wayMeasured" in one.ref_types]
    return [note.text.get(tongue) for one in said for note in one.quantities for tongue in ("en", "zh")]


def test_every_pair_gets_its_own_errors(baths):
    evidence = calibrate(baths)
    made = record(evidence)
    assert [one.items for one in made.measurements] == [("dut-1",), ("dut-2",)]
    for spec, measurement in zip(baths.pairs, made.measurements, strict=True):
        table, found = errors(measurement)
        for row, (error, expanded) in enumerate(found):
            difference = table.column("basic_referenceValue").floats()[row]
            back = table.column("remotecal_returnTemperature").floats()[row]
            true = spec.error(back + difference, back)
            assert error == pytest.approx(true, abs=1.5 * expanded)
    assert read(write(made)) == made
    assert way_measured(made) == [
        "medium: oil; immersion: 150 mm; current: 1 mA; wires: 4",
        "介质：油；浸没深度：150 mm；测量电流：1 mA；引线数：4",
    ]
    came = ("medium", "immersion", "current", "wires")
    without, before = (
        replace(evidence, parameters=told, order=evidence.order.model_copy(update={"parameters": told}))
        for told in (
            evidence.parameters | dict.fromkeys(came),
            {name: one for name, one in evidence.parameters.items() if name not in came},
        )
    )
    assert way_measured(record(without))[0] == "; ".join(f"{name}: not stated" for name in came)
    assert way_measured(record_anew(of_before(before))) == [], "journals of before are evaluated as they were"
    with baths.world.present():
        assert not baths.tank.on, "the bath is off"
        assert baths.tank.temperature < 50.0, "and cool, so that the pairs can be taken out"


def test_a_curve_through_more_than_three_baths_covers_the_truth_and_says_what_it_misses(tmp_path):
    """One of five baths is taken 50 mΩ off, 0.13 K: by the other four the curve misses it, and U grows."""
    baths = {"temperatures": [10.0, 40.0, 65.0, 95.0, 125.0], "repeats": 4}
    with HeatBench.up(tmp_path / "bench", seed=7, pairs=1) as made:
        evidence = calibrate(made, **baths)
        spec = made.pairs[0]
    measurement = record(evidence).measurements[0]
    table, found = errors(measurement)
    backs = table.column("remotecal_returnTemperature").floats()
    differences = table.column("basic_referenceValue").floats()
    for (error, expanded), difference, back in zip(found, differences, backs, strict=True):
        assert error == pytest.approx(spec.error(back + difference, back), abs=1.5 * expanded)
    of_curves = measurement.results[2].tables[0].column("remotecal_curveResidual").floats()
    assert max(of_curves) < 0.003
    wrong = [
        replace(one, values={**one.values, "forward": tuple(
            each._replace(value=each.value + 0.05) for each in one.values["forward"]
        )})
        if one.point.nominal["temperature"] == 65.0 else one
        for one in evidence.observations
    ]  # fmt: skip
    disturbed = record(replace(evidence, observations=tuple(wrong))).measurements[0]
    missed, _ = disturbed.results[2].tables[0].column("remotecal_curveResidual").floats()
    assert missed > 0.02
    _, now = errors(disturbed)
    for (error, expanded), (was, before) in zip(now, found, strict=True):
        assert expanded > 2 * before
        assert abs(error - was) < expanded


def test_what_both_thermometers_have_in_common_cancels(baths):
    """Were the same readings those of two thermometers calibrated apart, the difference would be poorer."""
    evidence = calibrate(baths)
    procedure = find("heat.pair").procedure
    made = procedure(procedure.accepts()(**evidence.parameters)).evaluate(evidence)[0]
    (smallest, *_) = made.budgets
    lines = {line.symbol: line for line in smallest.lines}
    of_reference = [float(line.contribution) for name, line in lines.items() if name.startswith("t_")]
    of_bridge = [float(line.contribution) for name, line in lines.items() if name.startswith("R_")]
    # U of the reference is 12 mK: of 3 K 0.2 % for each thermometer, if they were read against two of them.
    assert max(of_reference + of_bridge) < 0.05
    assert 0.1 < float(smallest.expanded) < 0.6


def test_a_pair_with_leads_of_its_own_does_not_conform(tmp_path):
    """Half an ohm in two wires is 1.3 K: more than any class allows."""
    with HeatBench.up(tmp_path / "bench", seed=7, pairs=1, leads=0.5) as bench:
        made = record(calibrate(bench))
    _, found = errors(made.measurements[0])
    assert found[0][0] == pytest.approx(-100 * 1.3 / 3, abs=3.0)
    assert any("the pair does not conform" in text for text in statements(made))


def test_a_thermometer_that_is_none_of_that_kind_is_refused(tmp_path):
    with HeatBench.up(tmp_path / "bench", seed=7, pairs=1, leads=5.0) as bench:
        with pytest.raises(RunError, match=r"pair 1: its return thermometer has .* K off for one of 100 Ω"):
            calibrate(bench)
        with bench.world.present():
            assert not bench.tank.on


def test_readings_of_another_thermometer_or_bath_are_no_evidence(baths):
    evidence = calibrate(baths)

    def forged(part, by):
        first, *others = evidence.observations
        moved = tuple(by(one) for one in first.values[part])
        return replace(evidence, observations=(replace(first, values={**first.values, part: moved}), *others))

    for part, by, said in (
        ("back", lambda one: one._replace(value=1.2 * one.value), r"has .* Ω at .* °C, .* K off for one of"),
        ("reference", lambda one: one._replace(value=one.value + 15.0), "the bath was at .* and was told"),
    ):
        with pytest.raises(EvidenceError, match=said):
            record(forged(part, by))


def test_a_bath_that_does_not_come_to_rest_is_refused(tmp_path):
    with HeatBench.up(tmp_path / "bench", seed=7, pairs=1, wandering=0.05) as bench:
        with pytest.raises(NotStable, match="slope"):
            calibrate(bench, patience=7200.0)
        with bench.world.present():
            assert not bench.tank.on


def test_a_bath_that_becomes_too_hot_trips_the_interlock(baths):
    def heat():
        with baths.world.present():
            baths.tank.temperature = baths.tank._heater = 148.0

    with pytest.raises(RunError, match=r"reference\.temperature"):
        calibrate(baths, (AtPoint("125 °C", heat),))
    with baths.world.present():
        assert not baths.tank.on


def test_a_run_that_was_stopped_is_safe_and_goes_on(baths):
    control = Control()
    stop = AtPoint("67.5 °C", lambda: control.abort("enough", "liwei"))
    with pytest.raises(RunAborted):
        calibrate(baths, (stop,), control)
    with baths.world.present():
        assert not baths.tank.on
    evidence = resume(baths.directory.parent / "run", Company(Scripted()), clock=baths.clock)
    assert evidence.complete
    assert len(record(evidence).measurements) == 2


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"temperatures": [10.0, 80.0]}, "three temperatures or more"),
        ({"temperatures": [10.0, 60.0, 100.0]}, "more than 10 K outside the baths"),
        ({"differences": [1.0]}, "outside what the meter measures"),
        ({"largest_difference": 150.0}, "no more than lies between lowest and highest"),
        ({"lowest": "5 bar"}, "5 bar"),
    ],
)
def test_orders_of_pairs_that_can_not_be_are_refused(baths, parameters, said):
    with pytest.raises(ParameterError, match=said):
        planned(baths, **parameters)


def test_a_reference_that_is_not_certified_so_far_is_refused(baths):
    path = baths.directory / "reference.xml"
    made = path.read_text(encoding="utf-8")
    assert "100 150 200" in made
    path.write_text(made.replace("0 50 100 150 200", "0 50 100 110 120"), encoding="utf-8")
    with pytest.raises(CertificateRefused, match="the reference is to tell"):
        planned(baths)


def test_bridges_without_a_certificate_are_refused(baths):
    text = baths.bench.read_text(encoding="utf-8")
    baths.bench.write_text(
        text.replace('certificate = "pair_1.xml"\n', "").replace("correlation = 0.9\n", "", 1),
        encoding="utf-8",
    )
    with pytest.raises(BenchError, match="pairs"):
        planned(baths)


@pytest.mark.parametrize("side", ["return", "forward"])
def test_a_calculator_is_off_by_what_it_is_off(tmp_path, side):
    with CalculatorBench.up(tmp_path / "bench", seed=5, side=side, declared=side, calculators=1) as bench:
        evidence = calibrate(bench, repeats=3)
        made = record(evidence)
        table, found = errors(made.measurements[0])
        for row, (error, expanded) in enumerate(found):
            assert error == pytest.approx(bench.true_in(table, row), abs=1.5 * expanded)
        with bench.world.present():
            assert all(source.resistance() == float("inf") for source in bench.sources), "standing by"
    assert not any("set for a flow sensor" in text for text in statements(made))
    assert read(write(made)) == made
    first, *others = evidence.observations
    more = replace(first, values={**first.values, "sent": first.values["sent"] + 10})
    with pytest.raises(EvidenceError, match="5010 pulses is said to have been sent, and the order's packets"):
        record(replace(evidence, observations=(more, *others)))


def test_a_calculator_that_is_set_for_the_other_side_is_told(tmp_path):
    """At 70 °C and 50 °C it is 1.04 % off, of which the limit of 0.65 % has nothing left."""
    with CalculatorBench.up(tmp_path / "bench", seed=5, side="forward", calculators=1) as bench:
        made = record(calibrate(bench, repeats=2, differences=[3.0, 20.0], returns=[50.0, 50.0]))
    _, found = errors(made.measurements[0])
    assert found[1][0] == pytest.approx(-1.04, abs=0.12)
    said = statements(made)
    assert any("set for a flow sensor in the flow pipe" in text for text in said)
    assert any("does not conform" in text for text in said)


def test_pulses_that_do_not_arrive_are_refused(calculator):
    with calculator.world.present():
        calculator.devices[0]._pulses = lambda: 0.0
    with pytest.raises(RunError, match="what the calculator made of the pulses is 0"):
        calibrate(calculator)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"pulses_per_energy": None}, "pulses_per_energy is missing"),
        ({"returns": [50.0]}, "returns has one temperature for each of differences"),
        ({"differences": [100.0], "returns": [50.0]}, "outside what the meter measures"),
        ({"side": "left"}, "side"),
    ],
)
def test_orders_of_calculators_that_can_not_be_are_refused(calculator, parameters, said):
    told = ordered(calculator, **parameters)
    kept = {name: one for name, one in told.parameters.items() if one is not None}
    order, bench = told.model_copy(update={"parameters": kept}), Bench.load(calculator.bench)
    with pytest.raises(ParameterError, match=said):
        plan(order, find(order.order.procedure), bench, calculator.clock, "run")


def test_sources_that_are_not_certified_so_far_are_refused(calculator):
    with pytest.raises(CertificateRefused, match="forward is to simulate"):
        planned(calculator, highest=180.0, largest_difference=170.0)


def test_a_complete_meter_is_off_by_what_it_is_off(complete):
    parts = {"found_apart": [0.1], "found_by": ["F-1", "P-2", "C-3"], "flow_permitted": [2.5, 0.05]}
    made = record(calibrate(complete, **ONE_DIFFERENCE, **parts))
    table, found = errors(made.measurements[0])
    ((error, expanded),) = found
    assert expanded < 0.5
    assert error == pytest.approx(complete.true_in(table, 0), abs=1.5 * expanded)
    parts = made.measurements[0].results[1].tables[0]
    limits = [
        parts.column(f"remotecal_limitOf{name}").floats()[0] for name in ("FlowSensor", "Pair", "Calculator")
    ]
    assert limits == pytest.approx([2.75, 1.1, 0.7], abs=0.01), "by the order's formula, not the class's"
    said = [one.declaration.get("en") for one in made.statements if one.declaration]
    assert any("flow sensor F-1, pair P-2, calculator C-3" in one for one in said)
    (upper,) = table.column("basic_measurementError").conformity.tolerance.upper
    assert float(upper) == pytest.approx(sum(limits), abs=0.011), "the arithmetic sum"
    less = parts.column("remotecal_wholeLessParts").floats()[0]
    assert less == pytest.approx(error - 0.1, abs=0.02)
    with complete.world.present():
        assert not complete.pump.started
        assert not any(tank.on for tank in complete.tanks)
    assert read(write(made)) == made


def test_a_complete_meter_is_held_against_what_it_may_be_off_where_it_was(complete):
    """Baths half a kelvin farther apart than ordered: 3.5 K, where the pair may be off by less than at 3."""
    at = {"differences": [3.0], "flows": [0.5], "returns": [40.0], "repeats": 2}
    with complete.world.present():
        complete.wired["forward_bath"].simulated._off = complete._off[1] - 0.5
    made = record(calibrate(complete, **at))
    table, _ = errors(made.measurements[0])
    difference = table.column("basic_referenceValue").floats()[0]
    flow = table.column("remotecal_flow").floats()[0]
    assert difference == pytest.approx(3.5, abs=0.1)
    (upper,) = table.column("basic_measurementError").conformity.tolerance.upper
    permitted = complete_limit(2, (2.5, flow), (3.0, difference))
    assert permitted - 0.0101 <= float(upper) <= permitted + 1e-4, "never more than the norm permits"
    parts = made.measurements[0].results[1].tables[0]
    assert parts.column("remotecal_limitOfPair").floats()[0] == pytest.approx(0.5 + 9 / difference, abs=0.006)


def test_the_master_is_certified_as_far_as_the_flow_may_be_beside(complete):
    with pytest.raises(CertificateRefused, match="the master meter is to tell, with flow_tolerance"):
        planned(complete, **{**ONE_DIFFERENCE, "flows": [0.031], "smallest_flow": 0.025})


def test_below_its_smallest_difference_a_meter_may_be_off_no_more_than_there(complete):
    """2.5 K where 3 K is the smallest: by the formula it might have been off by 0.8 % more."""
    at = {"differences": [3.0], "flows": [0.5], "returns": [40.0], "repeats": 2}
    with complete.world.present():
        complete.wired["forward_bath"].simulated._off = complete._off[1] + 0.5
    made = record(calibrate(complete, **at))
    table, _ = errors(made.measurements[0])
    flow = table.column("remotecal_flow").floats()[0]
    assert table.column("basic_referenceValue").floats()[0] == pytest.approx(2.5, abs=0.1)
    (upper,) = table.column("basic_measurementError").conformity.tolerance.upper
    assert float(upper) == pytest.approx(complete_limit(2, (2.5, flow), (3.0, 3.0)), abs=0.011)
    parts = made.measurements[0].results[1].tables[0]
    assert parts.column("remotecal_limitOfPair").floats() == pytest.approx((3.5,))
    assert any("below Δθ_min = 3 K" in one for one in statements(made))


def test_what_a_complete_meter_is_measured_at_is_where_the_norm_wants_it(complete):
    wanted = planned(complete).procedure.parameters
    differences, _, flows = zip(*wanted.places, strict=True)
    assert differences == pytest.approx((3.3, 15.0, 97.5))
    assert flows == pytest.approx((2.375, 0.525, 0.0525))


def test_the_master_is_off_by_what_it_is_off_at_the_flow_there_was(complete):
    """Whatever flow was ordered, by its certificate it is off as at the one that flowed."""
    evidence = calibrate(complete, **ONE_DIFFERENCE)
    (point,) = evidence.points

    def ordered_as(flow):
        other = replace(point, nominal={**point.nominal, "flow": flow})
        entries = tuple(replace(one, point=other) for one in evidence.observations)
        return evaluated(replace(evidence, points=(other,), observations=entries), found_by=())

    found = [errors(ordered_as(flow))[1] for flow in (0.5, 2.5)]
    assert found[0] == found[1]


def test_what_the_pipe_stores_while_the_water_turns_warmer_is_not_the_meters(tmp_path):
    """By Tanaka's density in place of IAPWS-95's."""
    with CompleteBench.up(tmp_path / "bench", seed=7, meters=2, swing=4.0, connection=150.0) as bench:
        evidence = calibrate(bench, **ONE_DIFFERENCE)
    kind = find(evidence.procedure.name).procedure

    def found(evidence):
        parameters = kind.accepts()(**evidence.order.parameters)
        for device in devices(evidence, CompleteSeen, DEVICE):
            ((point, seen),) = device.found
            yield CompleteRepeats(point, evidence, seen, parameters, device.place).found()

    facts = evidence.characteristics
    untold = {
        name: fact for name, fact in facts.items() if name not in {"connecting_volume", "meter_spacing"}
    }
    first, behind = (facts[name].size("m3") for name in ("connecting_volume", "meter_spacing"))
    assert (first, behind) == (pytest.approx(0.15, rel=0.1), pytest.approx(0.015, rel=0.1))
    seen = [CompleteSeen.of(one) for one in evidence.observations]
    for pipe, known, plain in zip(
        (first, first + behind),
        found(evidence),
        found(replace(evidence, characteristics=untold)),
        strict=True,
    ):
        stored = []
        for one in seen:
            begin, end = (water_density_tanaka(reading.value) for reading in (one.water[0], one.water[-1]))
            passed = one.master_after.to("m3").value - one.master_before.to("m3").value
            stored.append(100 * pipe * (end - begin) / (998.0 * passed))
        assert max(map(abs, stored)) > 0.04, "in %"
        # What stays in the pipe is less through the meter, so that it tells the more of that.
        corrected = [a - b for a, b in zip(known.errors, plain.errors, strict=True)]
        assert corrected == pytest.approx(stored, rel=0.02)
        (line,) = (one for one in known.evaluated.lines if one.symbol == "V_c")
        assert abs(line.contribution) == pytest.approx(
            abs(statistics.fmean(stored)) / pipe * line.u, rel=0.05
        )
        assert line.u == pytest.approx(0.025 * first, rel=0.1)
        (line,) = (one for one in plain.evaluated.lines if one.symbol == "V_c")
        assert (line.u, line.source) == (0, NOT_STATED)
    about = {name: facts[name].model_copy(update={"value": 0.0}) for name in facts.keys() - untold.keys()}
    for none in found(replace(evidence, characteristics={**untold, **about})):
        (line,) = (one for one in none.evaluated.lines if one.symbol == "V_c")
        assert abs(line.contribution) > 0, "0 ± U is stated, and U counts"


def test_a_simulated_pipe_keeps_what_the_water_shrinks_by(tmp_path):
    def through(connection):
        folder = tmp_path / f"{connection:g}"
        with CompleteBench.up(folder, seed=7, meters=1, swing=4.0, connection=connection) as bench:
            opened = bench.connect()
            for beat in (1, 2):
                opened["guard"].heartbeat.set(beat)
            opened["pump"].speed.set(10)
            opened["pump"].start()
            for beat in range(3, 48):
                bench.clock.sleep(40.0)
                opened["guard"].heartbeat.set(beat)
            with bench.world.present() as time:
                ends = [water_density_tanaka(bench._water.at(at)) for at in (time - 1800.0, time)]
            return bench.meters[0].sensor.passed, ends

    (none, _), (some, (begin, end)) = through(1e-9), through(200.0)
    assert abs(end - begin) > 0.1
    assert 998.0 * (none - some) == pytest.approx(0.2 * (end - begin), rel=0.05)


def test_a_master_total_that_is_read_coarsely_counts(complete):
    """1 L in two readings of some 50 L: a triangle of 2 %, less by the root of two repeats."""
    evidence = calibrate(complete, **ONE_DIFFERENCE, duration=300.0, smallest_volume=0.0)
    coarse = evaluated(evidence, found_by=(), master_resolution=1e-3).budgets[0].lines
    volume = 0.5 / 3600 * 300.0
    (line,) = [one for one in coarse if one.symbol == "V_r"]
    expected = 100 * 1e-3 / volume / math.sqrt(6 * 2)
    assert float(line.contribution) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("bench", ["calculator", "complete"])
def test_water_that_would_boil_is_refused_before_anything_is_measured(request, bench):
    """At 130 °C water boils at 0.27 MPa; the heat coefficient would have been refused when all was done."""
    with pytest.raises(ParameterError, match="boils at"):
        planned(request.getfixturevalue(bench), pressure=1e5)


def test_a_bath_in_which_an_interlock_would_trip_is_refused_before_anything_is_measured(complete):
    """The return would be at 131 °C, and the flow, the last point of three, at 146 °C: it trips at 145 °C."""
    at = {"differences": [3.0, 10.0, 15.0], "returns": [40.0, 40.0, 131.0], "flows": [2.3, 1.0, 0.5]}
    with pytest.raises(ParameterError, match=r"flow_temperature: the bench's interlock stops a run at"):
        planned(complete, highest=150.0, largest_difference=100.0, **at)


def test_references_in_each_others_baths_are_found(tmp_path):
    bench = CompleteBench.up(tmp_path / "bench", seed=7, swapped=True, meters=1)
    with bench as made, pytest.raises(RunError, match="look which reference hangs in which bath"):
        calibrate(made, **ONE_DIFFERENCE)


def test_another_flow_than_ordered_is_refused(complete):
    with pytest.raises(RunError, match="mend full_flow"):
        calibrate(complete, **ONE_DIFFERENCE, full_flow=2.6)
    with complete.world.present():
        assert not complete.pump.started


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"flows": [1.0]}, "flows has 1 values, and there are 3 differences"),
        ({"differences": [15.0, 15.0], "flows": [1.0, 0.5]}, "each of differences must be another one"),
        ({"full_flow": 2.0}, "below smallest_flow, or above full_flow"),
        ({"accuracy_class": 4}, "accuracy_class"),
        (
            {"smallest_flow": 0.3, "flows": [2.3, 1.0, 0.5]},
            "permanent must be ten times smallest_flow or more",
        ),
        ({"smallest_difference": 12.0}, "largest_difference must be ten times smallest_difference or more"),
    ],
)
def test_orders_of_complete_meters_that_can_not_be_are_refused(complete, parameters, said):
    with pytest.raises(ParameterError, match=said):
        planned(complete, **parameters)


def test_a_run_holds_when_it_is_verified(tmp_path):
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with HeatBench.up(tmp_path / "bench", seed=5, clock=clock, pairs=1) as bench:
        evidence = calibrate(bench)
        events = read_journal(tmp_path / "run" / FILE)
        key = SealKey(Ed25519PrivateKey.generate())
        library = CertificateLibrary([tmp_path / "bench"])
        run = RealRun(tmp_path / "run", events, record(evidence), key, library)
        assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}


def test_a_budget_without_the_places_in_the_bath_would_be_too_small(tmp_path):
    with HeatBench.up(tmp_path / "bench", seed=7, pairs=1) as bench:
        evidence = calibrate(bench)
    fact = evidence.characteristics["uniformity"].model_copy(update={"expanded_uncertainty": 0.0})
    careless = replace(evidence, characteristics={**evidence.characteristics, "uniformity": fact})
    honest, bold = (errors(record(one).measurements[0])[1][0][1] for one in (evidence, careless))
    assert bold < 0.85 * honest
