"""What was measured is evaluated, whatever it turns out to be; and what can't be is refused, not guessed."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, write
from remotecal.editions import EDITIONS, withdrawn
from remotecal.errors import BenchError, CertificateRefused, EvidenceError, OrderError
from remotecal.journal.events import FILE, JournalReader
from remotecal.journal.evidence import Evidence
from remotecal.journal.gathering import gather, read_evidence
from remotecal.order import Order
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.water.assemblies import master_line, water_rig


def finished(rig, folder, bench=lambda text: text, **parameters) -> Evidence:
    """Run a rig's order at its first flow, two repeats."""
    rig.bench.write_text(bench(rig.bench.read_text(encoding="utf-8")), encoding="utf-8")
    order = Order.load(rig.order)
    few = {"flows": (order.parameters["flows"][0],), "repeats": 2}
    order = order.model_copy(update={"parameters": {**order.parameters, **few, **parameters}})
    found = find(order.order.procedure)
    return execute(order, found, Bench.load(rig.bench), folder / "run", Company(Scripted()), rig.clock)


@pytest.fixture(scope="module")
def by_total(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A meter with a total, against a master meter."""
    folder = tmp_path_factory.mktemp("by_total")
    with master_line(folder / "line", seed=5) as line:
        return finished(line, folder)


@pytest.fixture(scope="module")
def weighed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run is of a meter with pulses, by weighing."""
    folder = tmp_path_factory.mktemp("by_pulses")
    with water_rig(folder / "rig", seed=5) as rig:
        finished(rig, folder)
    return folder / "run"


@pytest.fixture(scope="module")
def by_pulses(weighed: Path) -> Evidence:
    """A meter with pulses, by weighing."""
    return read_evidence(weighed)


def record(evidence: Evidence, **parameters):
    """Return the record of a run as it would be with other parameters in its order."""
    told = {**evidence.order.parameters, **parameters}
    dut = evidence.order.dut.model_copy(update={"class_name": f"{told['accuracy_class']}"})
    order = evidence.order.model_copy(update={"parameters": told, "dut": dut})
    evidence = replace(evidence, order=order, parameters={**evidence.parameters, **parameters})
    return evaluate(evidence, find(evidence.procedure.name))


def with_values(evidence: Evidence, **values) -> Evidence:
    """Return a run whose first repeat read other values."""
    first, *others = evidence.observations
    changed = {name: first.values[name]._replace(value=value) for name, value in values.items()}
    return replace(evidence, observations=(replace(first, values={**first.values, **changed}), *others))


def verdicts(made) -> tuple[str, ...]:
    return made.tables[0].column("basic_measurementError").conformity.verdicts


def called(evidence: Evidence, old: str, new: str) -> Evidence:
    """Return a run whose readings of an instrument name it otherwise."""

    def renamed(value):
        if isinstance(value, tuple) and not hasattr(value, "unit"):
            return tuple(renamed(one) for one in value)
        instrument, _, quantity = getattr(value, "source", "").partition(".")
        return value._replace(source=f"{new}.{quantity}") if instrument == old else value

    return replace(
        evidence,
        observations=tuple(
            replace(entry, values={name: renamed(value) for name, value in entry.values.items()})
            for entry in evidence.observations
        ),
    )


@pytest.mark.parametrize("rule", ["verification", "guard band U", "simple acceptance"])
@pytest.mark.parametrize("accuracy_class", [0.5, 0.05, 1e-6])
def test_an_uncertainty_above_the_permissible_error_is_stated(by_total, rule, accuracy_class):
    made = record(by_total, rule=rule, accuracy_class=accuracy_class)
    assert read(write(made)) == made
    if rule != "simple acceptance" and accuracy_class < 0.1:
        assert "pass" not in verdicts(made)
        acceptance = made.tables[0].column("basic_measurementError").conformity.acceptance
        assert set(acceptance.lower) == set(acceptance.upper) == {"NaN"}


def test_between_the_limits_nothing_can_be_decided(by_total):
    (error,) = record(by_total).tables[0].column("basic_measurementError").floats()
    judged = record(by_total, rule="verification", accuracy_class=round(abs(error), 2))
    assert set(verdicts(judged)) <= {"noFail", "noPass"}


def test_a_meter_that_gave_no_pulse_has_an_error_of_100_percent(by_pulses):
    dead = replace(
        by_pulses,
        observations=tuple(
            replace(entry, values={**entry.values, "pulses": entry.values["pulses"]._replace(value=0.0)})
            for entry in by_pulses.observations
        ),
    )
    for judged in ("error", "k factor"):
        made = record(dead, judged_by=judged)
        assert float(made.tables[0].column("basic_measurementError").values[0]) == pytest.approx(
            -100, abs=0.01
        )
        assert verdicts(made) == ("fail",)


def test_a_total_that_fell_is_refused(by_total):
    for fallen in (0.0, 0.2, 0.4):
        with pytest.raises(EvidenceError, match=r"repeat 1: dut\.volume: the total is smaller after"):
            record(with_values(by_total, total_after=fallen))


@pytest.fixture(scope="module")
def flying(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A meter read by its current, against a master meter in a steady flow."""
    folder = tmp_path_factory.mktemp("flying")
    with master_line(folder / "line", seed=5, output="current") as line:
        return finished(line, folder, method="flying")


def read_later(evidence: Evidence, **seconds: float) -> Evidence:
    """Return a run whose first repeat read some values later."""
    first, *others = evidence.observations
    moved = {name: first.values[name]._replace(at=first.values[name].at + s) for name, s in seconds.items()}
    return replace(evidence, observations=(replace(first, values={**first.values, **moved}), *others))


LONGER = r"repeat 1: by one total it lasted 4(\.0\d*)? s longer than by another, and by"


def test_totals_that_count_as_read_at_once_were(by_total):
    late = read_later(by_total, total_before=4.0)
    assert record(late)  # from rest to rest it is all the same
    told = {"method": "flying"}
    assert record(by_total, **told)
    for one in (late, read_later(by_total, reference_after=-4.0)):
        with pytest.raises(EvidenceError, match=LONGER):
            record(one, **told)


def test_totals_that_are_always_read_in_one_order_last_as_long(by_total):
    told = record(by_total, method="flying")
    on_one_bus = read_later(by_total, total_before=3.5, total_after=3.5)
    assert record(on_one_bus, method="flying").tables == told.tables
    typed = {
        name: one.model_copy(update={"address": f"by-hand:{name}"}) if name in {"dut", "reference"} else one
        for name, one in by_total.instruments.items()
    }
    assert record(replace(read_later(by_total, total_before=9.0), instruments=typed), method="flying")


def test_what_they_were_read_apart_is_counted_where_it_is_more_than_the_bench_says(by_total):
    def expanded(evidence: Evidence) -> list[float]:
        found = record(evidence, method="flying").tables[0].column("basic_measurementError").uncertainty
        return [float(one) for one in found.expanded]

    told = expanded(by_total)
    for late in ({"total_before": 0.8}, {"total_before": 0.4, "total_after": -0.4}):
        assert expanded(read_later(by_total, **late))[0] > 1.2 * told[0], "0.8 s of the time it took"


def test_in_a_steady_flow_it_flowed_from_one_reading_of_the_master_meter_to_the_other(flying):
    first, *others = flying.observations
    slow = first.values["duration"] - 0.1  # a thermometer took as long as that to be read
    held_up = replace(
        flying, observations=(replace(first, values={**first.values, "duration": slow}), *others)
    )
    shown = [record(run).tables[0] for run in (flying, held_up)]
    assert shown[0] == shown[1]


def wrapping(evidence: Evidence, modulus: float) -> Evidence:
    """Return a run whose meter's driver declared that its total wraps."""
    dut = evidence.instruments["dut"]
    instruments = {**evidence.instruments, "dut": dut.model_copy(update={"wraps": {"volume": modulus}})}
    return replace(evidence, instruments=instruments)


def test_a_total_that_wraps_as_declared_is_counted_on(by_total):
    values = by_total.observations[0].values
    before, after = values["total_before"].value, values["total_after"].value
    wrapped = with_values(wrapping(by_total, 10.0), total_before=before - 0.7 + 10.0, total_after=after - 0.7)
    assert 0 < after - 0.7 < before - 0.7 + 10.0 < 10.0
    shown = [
        made.tables[0].column("basic_measurementError").values for made in (record(by_total), record(wrapped))
    ]
    assert shown[0] == shown[1]


def test_a_total_that_was_set_back_is_no_wrap(by_total):
    with pytest.raises(EvidenceError, match="it wraps only at 4294967296: was it set back"):
        record(with_values(wrapping(by_total, 2.0**32), total_after=0.0))


def elsewhere(evidence: Evidence, **shift: float) -> Evidence:
    """Return a run in which every reading of some quantities was shifted."""

    def moved(name, value):
        by = shift.get(name, 0.0)
        if isinstance(value, tuple) and not hasattr(value, "unit"):
            return tuple(one._replace(value=one.value + by) for one in value)
        return value._replace(value=value.value + by) if by else value

    return replace(
        evidence,
        observations=tuple(
            replace(entry, values={name: moved(name, value) for name, value in entry.values.items()})
            for entry in evidence.observations
        ),
    )


def test_air_outside_the_certificates_is_extended_and_said(by_pulses):
    usual, hot = record(by_pulses), record(elsewhere(by_pulses, air_temperature=20.0, humidity=40.0))
    lines = [
        {line.symbol: float(line.u) for line in made.measurements[0].budgets[0].lines}
        for made in (usual, hot)
    ]
    assert lines[1]["t_a"] > 2 * lines[0]["t_a"]
    said = [one.declaration.get("en") for one in hot.statements if "remotecal_remark" in one.ref_types]
    assert any(
        "holds from 15 to 25 °C, and was used at 4" in text and "uncertainty grown" in text for text in said
    )
    assert not [one for one in usual.statements if "remotecal_remark" in one.ref_types]
    assert read(write(hot)) == hot


@pytest.mark.parametrize(
    ("warmer", "formula"),
    [(0.0, "CIPM-2007"), (7.0, "OIML R 111-1, E.3"), (18.0, "CIPM-2007, beyond its range")],
)
def test_a_warm_hall_has_a_formula_which_is_stated(by_pulses, warmer, formula):
    made = record(elsewhere(by_pulses, air_temperature=warmer))
    (source,) = [
        entry.source
        for method in made.measurements[0].methods
        for entry in method.inputs
        if entry.symbol == "ρ_a"
    ]
    assert source.get("en") == formula


def test_a_flow_the_master_meter_is_not_certified_for_is_refused_before_the_run(tmp_path):
    with master_line(tmp_path, seed=5) as line:
        order = Order.load(line.order)
        order = order.model_copy(update={"parameters": {**order.parameters, "flows": [150.0]}})
        with pytest.raises(CertificateRefused, match="but the master meter is to tell 150 m3/h"):
            plan(order, find(order.order.procedure), Bench.load(line.bench), line.clock, "run")


def test_more_than_the_balance_is_certified_for_is_refused_before_the_run(tmp_path):
    with water_rig(tmp_path, seed=5) as rig:
        order = Order.load(rig.order)
        more = {"smallest_mass": 5000.0, "largest_mass": 9000.0}
        order = order.model_copy(update={"parameters": {**order.parameters, **more}})
        with pytest.raises(CertificateRefused, match="but the balance is to weigh 0 to 5000 kg"):
            plan(order, find(order.order.procedure), Bench.load(rig.bench), rig.clock, "run")


def test_a_thermometer_nobody_answers_for_is_refused_before_the_run(tmp_path):
    with water_rig(tmp_path, seed=5) as rig:
        text = rig.bench.read_text(encoding="utf-8").replace('certificate = "thermometer.xml"\n', "")
        rig.bench.write_text(text, encoding="utf-8")
        order = Order.load(rig.order)
        with pytest.raises(
            BenchError, match="the thermometer has no certificate, and its maker states no limit"
        ):
            plan(order, find(order.order.procedure), Bench.load(rig.bench), rig.clock, "run")


@pytest.fixture(scope="module")
def by_current(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A meter read by its 4–20 mA, through a multimeter that is called dut on the bench."""
    folder = tmp_path_factory.mktemp("by_current")
    with water_rig(folder / "rig", seed=5, output="current") as rig:
        return finished(rig, folder)


def test_a_meter_read_by_its_current_is_evaluated(by_current):
    made = record(by_current)
    assert by_current.instruments["dut"].name == "dut"
    assert [item.id for item in made.items] == ["dut"]
    assert "dut-2" in {standard.id for standard in made.standards}
    assert read(write(made)) == made


@pytest.mark.parametrize("name", ["decisionRule", "2. Waage", "天平", "dut", "m²", "-"])
def test_an_instrument_may_have_any_name(by_current, name):
    balance = by_current.instruments["balance"].model_copy(update={"name": name})
    renamed = called(by_current, "balance", name)
    made = record(replace(renamed, instruments={**by_current.instruments, "balance": balance}))
    ids = [standard.id for standard in made.standards]
    assert len(set(ids)) == len(ids)
    assert read(write(made)) == made


def test_standards_are_listed_by_what_they_weigh_and_as_ever_by_older_journals(weighed):
    """What must be certified, the other roles, the surroundings; by their names before runs told it."""

    def listed(evidence):
        return [standard.id for standard in record(evidence).standards]

    first, *others = JournalReader.at(weighed / FILE)
    assert listed(gather([first, *others])) == ["balance", "thermometer", "ambient"]
    told = {name: said for name, said in first.data.items() if name != "standards"}
    assert listed(gather([first._replace(data=told), *others])) == ["ambient", "balance", "thermometer"]


def test_the_coverage_factor_may_be_exactly_2(by_total):
    made = record(by_total, coverage_factor=2.0)
    usual = made.tables[0].column("basic_measurementError").uncertainty
    assert usual.k == ("2.00",)
    (budget,) = made.measurements[0].budgets
    assert float(budget.expanded) == pytest.approx(2 * float(budget.u), rel=0.06)
    assert 0.7 < float(budget.p) <= 0.9545
    assert usual.p == (budget.p,)
    assert read(write(made)) == made


@pytest.mark.parametrize(
    ("day", "norm"),
    [(datetime(2024, 8, 6, 12, tzinfo=UTC), "2003"), (datetime(2024, 8, 7, 12, tzinfo=UTC), "2024")],
)
def test_a_certificate_names_the_edition_of_its_day(by_total, day, norm):
    at = day.timestamp()
    made = record(replace(by_total, began=at - 3600, finished=at))
    assert made.measurements[0].methods[0].norms == (f"JJG 643-{norm}",)


@pytest.mark.parametrize("change", [{"norm": "JJG 643-2003"}, {"norm": "JJG 225-2001"}])
def test_a_withdrawn_edition_is_refused_before_the_run(tmp_path, change):
    with master_line(tmp_path, seed=5) as line:
        order = Order.load(line.order)
        order = order.model_copy(update={"parameters": {**order.parameters, **change}})
        with pytest.raises(OrderError, match="is no longer in force: JJG"):
            plan(order, find(order.order.procedure), Bench.load(line.bench), line.clock, "run")


def test_a_reference_that_stood_still_is_no_division_by_zero(by_total):
    before = by_total.observations[0].values["reference_before"].value
    with pytest.raises(EvidenceError, match="nothing passed the reference in a repeat"):
        record(with_values(by_total, reference_after=before))


@pytest.mark.parametrize("air", [27.0, 30.0])
def test_a_formula_holds_at_the_very_end_of_its_range(by_pulses, air):
    at = [entry.values["air_temperature"].value for entry in by_pulses.observations]
    known = Standard.certified("t", by_pulses.certificates["ambient"].certificate, "°C", extended=True)
    by = air + known.stated.value(air) - max(at)
    assert record(elsewhere(by_pulses, air_temperature=by)).measurements


@pytest.mark.parametrize("output", ["by_total", "by_pulses", "by_current"])
def test_no_certificate_names_what_was_withdrawn(output, request):
    made = record(request.getfixturevalue(output))
    norms = [norm for method in made.measurements[0].methods for norm in method.norms]
    norms += [norm for said in made.statements for norm in said.norms]
    assert len(norms) > 4
    assert not [norm for norm in norms if withdrawn(norm, made.finished)]
    assert not [norm for norm in norms if norm in EDITIONS]  # each is printed with its year


def test_the_journal_of_two_hours_is_small(tmp_path):
    with water_rig(tmp_path / "rig", seed=5) as rig:
        order = Order.load(rig.order)
        found = find(order.order.procedure)
        run = execute(order, found, Bench.load(rig.bench), tmp_path / "run", Company(Scripted()), rig.clock)
    assert run.finished - run.began > 1.9 * 3600
    assert (tmp_path / "run" / FILE).stat().st_size < 500_000
