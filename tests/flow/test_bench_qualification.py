"""A bench of water meters is qualified by a run of its own, and its calibrations are held against that."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest
from scipy.special import stdtr, stdtrit
from short_runs import After

from remotecal.bench import Bench
from remotecal.certificates.characterised import stated_in
from remotecal.certificates.dcc import read, write
from remotecal.certificates.pdf import print_certificate
from remotecal.errors import CertificateRefused, ParameterError, RunAborted, RunError
from remotecal.order import Order
from remotecal.procedures.library.flow.bench_range import NO_RANGE
from remotecal.procedures.parameters import read_parameters
from remotecal.rehearsal import RealBench, rehearse
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import execute, plan, resume
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.water_bench.assemblies import WaterMeterBench

FOUND = find("flow.bench_qualification")
TOLD = {"at": ["Q3", "0.35(Q2+Q3)"], "repeats": 3, "duration": 40.0, "smallest_mass": 10.0}
STATED = """
[characteristics.bench_deviation]
record = "bench.xml"
serial = "BENCH-20"
valid_until = {until}
"""
FIGURE = 'value = 0.0\nunit = "%"\nexpanded_uncertainty = {}\nsource = "qualified by hand"'


@contextmanager
def put_up(folder, seed=7, **chosen):
    with WaterMeterBench.up(folder / "bench", seed=seed, meters=3, **chosen) as bench:
        yield bench


@pytest.fixture
def bench(tmp_path):
    with put_up(tmp_path) as made:
        yield made


def ordered(bench, **changes):
    order = Order.load(bench.order)
    rig = {"serial": "BENCH-20", "on": None, "class_scheme": None, "class_name": None}
    head = order.order.model_copy(update={"procedure": FOUND.name, "certificate": "Q-1"})
    told = {**order.parameters, **TOLD, **changes}
    dut = order.duts[0].model_copy(update=rig)
    return order.model_copy(update={"order": head, "dut": dut, "duts": (), "parameters": told})


def qualify(bench, control=None, watchers=(), **changes):
    company = Company(Scripted(), watchers, control or Control())
    out = bench.directory.parent / "run"
    return execute(ordered(bench, **changes), FOUND, Bench.load(bench.bench), out, company, bench.clock)


def told_so(evidence, **changes):
    """Return the record of a run as if the order had said otherwise."""
    told = {**evidence.parameters, **changes}
    return FOUND.procedure(read_parameters(FOUND.procedure.accepts(), told, "here")).evaluate(evidence)[0]


def judged(evaluation):
    (said,) = (one for one in evaluation.statements if one.conformity)
    return said


@pytest.mark.parametrize(("seed", "chosen"), [(5, {"output": "pulses"}), (6, {}), (8, {"temperature": 34.0})])
def test_what_the_bench_measures_with_is_within_what_its_record_states(tmp_path, seed, chosen):
    with put_up(tmp_path, seed, **chosen) as bench:
        evidence = qualify(bench, repeats=6)
        made = evaluate(evidence, FOUND)
        errors = made.measurements[0].results[0].tables[0].column("basic_measurementError")
        truths = [bench.true_errors(point.nominal["flow"])[0] for point in evidence.points]
    fact = stated_in(made, "bench_deviation")
    assert (fact.value, fact.unit) == (0.0, "%")
    assert fact.expanded == max(float(one) for one in errors.uncertainty.expanded)
    assert 0.02 < fact.expanded < 0.4, "and not so wide that it would cover anything"
    for error, true in zip(errors.floats(), truths, strict=True):
        assert error == pytest.approx(true, abs=1.25 * fact.expanded)
    followed = {norm for method in made.measurements[0].methods for norm in method.norms}
    assert {"JJG 1113-2015", "OIML R 49-2:2013", "ISO 4064-2:2014"} <= followed
    assert read(write(made)) == made
    assert print_certificate(made, write(made)).startswith(b"%PDF")


def test_its_uncertainty_is_of_as_much_probability_as_it_says(tmp_path):
    """k is by the effective degrees of freedom; one laid down has its true p, and U at 95 % judges."""
    with put_up(tmp_path, 5) as bench:
        evidence = qualify(bench)

    def whole(made):
        (column,) = made.results[-1].tables[0].columns
        return column, column.uncertainty

    made, two = told_so(evidence), told_so(evidence, coverage_factor=2.0)
    (by_freedom, of_many), (laid_down, of_two) = whole(made), whole(two)
    assert by_freedom.dof == laid_down.dof
    ((dof, k, forced),) = zip(by_freedom.dof, of_many.k, of_two.k, strict=True)
    assert int(dof) < 10
    assert float(k) == pytest.approx(stdtrit(int(dof), 0.975), abs=0.005)
    assert (of_many.p, forced) == (("0.95",), "2.00")
    assert float(of_two.p[0]) == pytest.approx(2 * stdtr(int(dof), 2.0) - 1, abs=1e-4)
    assert of_two.distribution == ("t",)
    first = two.results[0].tables[0].column("basic_measurementError").uncertainty
    assert set(of_two.p) <= set(first.p), "as its first table says"
    narrow, wide = float(of_two.expanded[0]), float(of_many.expanded[0])
    share = (narrow / 2 + wide / 2) / 2.0
    assert narrow < 2.0 * share < wide
    for coverage_factor in (None, 2.0):
        said = judged(told_so(evidence, coverage_factor=coverage_factor, uncertainty_share=share))
        assert said.conformity == "fail"


def test_what_is_not_told_of_the_tank_shows_against_the_truth(tmp_path):
    with put_up(tmp_path, 3, splash=0.2) as bench:
        evidence = qualify(bench)
        flows = [point.nominal["flow"] for point in evidence.points]
        truths = [bench.true_errors(flow)[0] for flow in flows]

    def off(evidence):
        table = told_so(evidence).results[0].tables[0]
        errors = table.column("basic_measurementError")
        bounds = map(float, errors.uncertainty.expanded)
        return [abs(e - true) / u for e, true, u in zip(errors.floats(), truths, bounds, strict=True)]

    assert max(off(evidence)) < 1.0
    facts = {name: one for name, one in evidence.characteristics.items() if name != "tank_splash"}
    assert min(off(replace(evidence, characteristics=facts))) > 1.0


def test_each_limit_decides(bench):
    evidence = qualify(bench)
    assert judged(told_so(evidence)).conformity == "pass"
    for tight in (
        {"uncertainty_share": 0.001},
        {"repeatability_share": 1e-6},
        {"start_share": 1e-9},
        {"flow_variation": [20.0, 0.001]},
        {"pressure_variation": 0.05},
    ):
        assert judged(told_so(evidence, **tight)).conformity == "fail", tight
    said = judged(told_so(evidence)).declaration
    assert "the bench suffices. The limits are unverified." in said.get("en")
    assert "合格。所列限值未经核实。" in said.get("zh")


def test_a_start_that_adds_to_what_a_meter_counts_is_found(bench):
    """By so much a start as of the whole repeat: of n starts together n times that."""
    evidence, more = qualify(bench), 0.002

    def counting(seen):
        """Return an observation whose meters count 0.2 % of the repeat too much at each start."""
        values = dict(seen.values)
        before, after = values["counted_before"], values["counted_after"]
        passed = [end.value - begin.value for begin, end in zip(before, after, strict=True)]
        for part, many in (("counted_after", 1), ("starts_after", 5)):
            values[part] = tuple(
                end._replace(value=end.value + many * more * each)
                for end, each in zip(values[part], passed, strict=True)
            )
        return replace(seen, values=values)

    def starting(evidence):
        return told_so(evidence).results[1].tables[0].column("remotecal_startStop").floats()

    added = replace(evidence, observations=tuple(map(counting, evidence.observations)))
    for before, after in zip(starting(evidence), starting(added), strict=True):
        assert after - before == pytest.approx(100 * more, rel=0.05)
    assert judged(told_so(added, start_share=0.05)).conformity == "fail"


def test_calibrations_are_held_against_it_and_name_it(bench):
    made = evaluate(qualify(bench), FOUND)
    (bench.directory / "bench.xml").write_bytes(write(made))
    text = bench.bench.read_text("utf-8")

    def planned(until="2099-01-01", **changes):
        bench.bench.write_text(text + STATED.format(until=until), "utf-8")
        order = Order.load(bench.order)
        told = {**order.parameters, "at": ["Q3"], "repeats": 2, **changes}
        order = order.model_copy(update={"parameters": told})
        return order, plan(order, find("flow.water_bench"), Bench.load(bench.bench), bench.clock, "run")

    order, _ = planned()
    with pytest.raises(ParameterError, match=r"meters of ±2 % need ±0\.002 %, 0\.001 of it: qualify it anew"):
        planned(uncertainty_share=0.001)
    with pytest.raises(ParameterError, match=r"meters of ±0\.1 % need ±0\.02 %"):
        planned(permissible=[0.1, 0.1])
    with pytest.raises(ParameterError, match=r"qualified from [\d.]+ to [\d.]+ m3/h, not at 0\.02\d* m3/h"):
        planned(at=["Q1"], smallest_mass=1.0)
    with pytest.raises(ParameterError, match=r"for \d[\d.]* kg or more: raise smallest_mass or duration"):
        planned(duration=30.0)
    with pytest.raises(CertificateRefused, match="was valid until 2020-01-01: determine it anew"):
        planned("2020-01-01")
    planned()
    out, kind = bench.directory.parent / "meters", find("flow.water_bench")
    evidence = execute(order, kind, Bench.load(bench.bench), out, Company(Scripted()), bench.clock)
    record = evaluate(evidence, kind)
    assert "Q-1" in {one.certificate.number for one in record.standards}

    def evaluated(**columns):
        """Return what is found of the meters had the bench been qualified otherwise; None: not stated."""
        fact, made = evidence.characteristics["bench_deviation"], []
        for column in (table := fact.proof.record.measurements[0].results[0].tables[0]).columns:
            (name, *_) = column.ref_types
            if (change := columns.get(name, column.values)) is not None:
                made.append(column.model_copy(update={"values": change}))
        changed = table.model_copy(update={"columns": tuple(made)})
        measured = fact.proof.record.measurements[0]
        first = measured.results[0].model_copy(update={"tables": (changed,)})
        measured = measured.model_copy(update={"results": (first, *measured.results[1:])})
        proof = fact.proof.model_copy(
            update={"record": fact.proof.record.model_copy(update={"measurements": (measured,)})}
        )
        facts = {**evidence.characteristics, "bench_deviation": fact.model_copy(update={"proof": proof})}
        wanted = read_parameters(kind.procedure.accepts(), evidence.parameters, "here")
        return kind.procedure(wanted).evaluate(replace(evidence, characteristics=facts))[0].statements

    assert NO_RANGE not in evaluated()
    assert NO_RANGE in evaluated(remotecal_smallestMass=None)
    with pytest.raises(ParameterError, match=r"kg are collected, and the bench was qualified"):
        evaluated(remotecal_smallestMass=("900", "900"))
    with pytest.raises(ParameterError, match=r"the water is [\d.]+ °C, and the bench was qualified for 40"):
        evaluated(remotecal_lowestTemperature=("50", "50"), remotecal_highestTemperature=("51", "51"))


def test_at_each_flow_it_is_held_against_what_is_permitted_there(bench):
    """What suffices where much is permitted need not be as good as where little is."""
    kind = find("flow.water_bench")
    made = evaluate(
        qualify(bench, at=["Q3", "Q1"], duration=40.0, smallest_mass=1.0, starts=2, repeats=5), FOUND
    )
    (bench.directory / "bench.xml").write_bytes(write(made))
    text = bench.bench.read_text("utf-8")
    table = made.measurements[0].results[0].tables[0]
    fine, coarse = map(float, table.column("basic_measurementError").uncertainty.expanded)
    assert coarse > 1.2 * fine
    needed = max(fine / 2.0, coarse / 5.0)

    def planned(fact, share, *at):
        bench.bench.write_text(text + fact, "utf-8")
        order = Order.load(bench.order)
        told = {**order.parameters, "at": at, "repeats": 2, "uncertainty_share": share, "duration": 40.0}
        order = order.model_copy(update={"parameters": told})
        plan(order, kind, Bench.load(bench.bench), bench.clock, "run")
        return order

    by_record = STATED.format(until="2099-01-01")
    order = planned(by_record, 1.05 * needed, "Q3", "Q1")
    rehearsed = rehearse(order, kind, RealBench.of_file(order, kind, Bench.load(bench.bench)))
    assert rehearsed.points, "what a record states goes into a rehearsal as a record"
    with pytest.raises(ParameterError, match=r"qualified for volumes within ±0\.\d+ % at "):
        planned(by_record, 0.95 * needed, "Q3", "Q1")
    assert 1.05 * needed < coarse / 2.0
    with pytest.raises(ParameterError, match=r"% at [\d.]+ m3/h, and meters of ±2 % need"):
        planned(by_record, 1.05 * needed, "Q3", "0.35(Q2+Q3)")  # in between as at its ends
    one_figure = STATED.replace('record = "bench.xml"\nserial = "BENCH-20"', FIGURE.format(coarse))
    with pytest.raises(ParameterError, match="and meters of ±2 % need"):
        planned(one_figure.format(until="2099-01-01"), 1.05 * needed, "Q3", "Q1")
    planned(one_figure.format(until="2099-01-01"), 0.51 * coarse, "Q3", "Q1")


def test_killed_in_the_middle_it_goes_on(bench):
    control = Control()

    def stop(progress):
        if progress.observed == 2:
            control.abort("somebody wanted it", "liwei")

    with pytest.raises(RunAborted):
        qualify(bench, control, (stop,))
    with bench.world.present():
        assert not bench.rig.pump.started
    evidence = resume(bench.directory.parent / "run", Company(Scripted()), clock=bench.clock)
    assert len(evidence.observations) == 6
    assert judged(told_so(evidence)).conformity == "pass"


@pytest.mark.parametrize("reading", [1, 3], ids=["in the repeat", "over several starts"])
def test_a_meter_that_looks_and_falls_silent_ends_the_repeat_and_another_one_does_not(bench, reading):
    read = set()

    def dies(progress):
        read.update(told.at for name, told in progress.last.items() if name == "meter_1.volume")
        if len(read) == reading:
            bench.instrument("meter_1").faults.set("dead")

    with pytest.raises(RunError, match=r"meter_1\.volume does not answer, by which the bench is looked at"):
        qualify(bench, watchers=(dies,))
    with bench.world.present():
        assert not bench.rig.pump.started
    bench.instrument("meter_1").faults.clear("dead")
    other = After(1, lambda: bench.instrument("meter_2").faults.set("dead"))
    evidence = resume(bench.directory.parent / "run", Company(Scripted(), (other,)), clock=bench.clock)
    assert other.done
    assert judged(told_so(evidence)).conformity == "pass"


def test_what_can_not_work_is_refused_before_anything_moves(bench):
    def planned(**changes):
        plan(ordered(bench, **changes), FOUND, Bench.load(bench.bench), bench.clock, "run")

    with pytest.raises(ParameterError, match="each of 20 starts would last 2 s, less than 5 s"):
        planned(starts=20)
    with pytest.raises(ParameterError, match="looks is 4, and the line has 3 meters"):
        planned(looks=4)
    with pytest.raises(ParameterError, match="leave `rule` away"):
        planned(rule="simple acceptance")
