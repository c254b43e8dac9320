"""Whole calibrations on the benches of density: over real sockets and lines, a person beside them."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from short_runs import ShortRuns, of_before, record, record_anew, rewrite

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, write
from remotecal.errors import (
    BenchError,
    ConfigurationError,
    EvidenceError,
    InstrumentError,
    NotStable,
    ParameterError,
    RunAborted,
    RunError,
)
from remotecal.journal.events import read_journal
from remotecal.procedures.library.density.volumes import see_pair
from remotecal.rehearsal import RealBench, rehearse
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import resume
from remotecal.runs.prompts import Answer, Beside, Scripted
from remotecal.sim.density.assemblies import DensityBench, SolidBench
from remotecal.verify.journal import recomputed

RUNS = ShortRuns()
ordered, planned, calibrate = RUNS.ordered, RUNS.planned, RUNS.calibrate


@pytest.fixture
def bench(tmp_path):
    with DensityBench.up(tmp_path / "bench", seed=7) as made:
        yield made


@pytest.fixture
def solid(tmp_path):
    with SolidBench.up(tmp_path / "bench", seed=7) as made:
        yield made


def journal(bench, kind):
    events = read_journal(bench.directory.parent / "run" / "journal.jsonl")
    return [event.data for event in events if event.kind == kind]


class Says:
    """Answers as the bench's person does, but for what is shown, which passes through `change`."""

    def __init__(self, bench, change):
        self._person, self._change = Beside(bench.person), change

    def answer(self, question, still_wanted):
        said = self._person.answer(question, still_wanted)
        if "density display show" not in question.text.get("en"):
            return said
        number = float(said.text.partition(" ")[0])
        return Answer(self._change(number), said.by)


def test_errors_are_those_of_the_densitometer_within_their_uncertainty(bench):
    made = record(calibrate(bench))
    assert all(any("remotecal_certifiedValue" in each.ref_types for each in one.quantities)
               for one in made.standards if one.name.get("en").startswith(("Weight", "Solid")))  # fmt: skip
    table = made.measurements[0].results[0].tables[0]
    errors = table.column("basic_measurementError")
    for error, expanded, at in zip(
        errors.floats(),
        errors.uncertainty.expanded,
        table.column("basic_referenceValue").floats(),
        strict=True,
    ):
        assert float(expanded) < 0.4
        assert error == pytest.approx(bench.true_error(at), abs=1.5 * float(expanded))
    weights = made.measurements[0].results[1].tables[0]
    assert [abs(one) < 1e-3 for one in weights.column("remotecal_balanceError").floats()] == [True] * 4
    assert read(write(made)) == made


def in_what(made):
    """Return what a certificate says that bodies were weighed in, in both languages."""
    said = [one for one in made.measurements[0].conditions if "remotecal_fluid" in one.ref_types]
    return [note.text.get(tongue) for one in said for note in one.quantities for tongue in ("en", "zh")]


def test_an_old_table_of_water_is_found(tmp_path):
    """0.6 parts in a thousand too low: 4.7 kg/m³ of steel, and the device says which density it used."""
    with DensityBench.up(tmp_path / "bench", seed=7, table="old") as bench:
        evidence = calibrate(bench)
    made = record(evidence)
    *_, whole = made.measurements[0].results
    found = whole.tables[0].column("remotecal_liquidDeviation").floats()
    assert found == pytest.approx([-0.6], abs=0.05)
    errors = made.measurements[0].results[0].tables[0].column("basic_measurementError")
    assert errors.floats()[-1] == pytest.approx(-4.7, abs=0.4)
    (verdict,) = (one for one in made.statements if one.conformity)
    assert verdict.conformity == "fail"
    assert verdict.declaration.get("en").count("(unverified)") == 3
    assert verdict.declaration.get("zh").count("（未核实）") == 3
    assert in_what(made) == ["water", "水"]
    # Of another liquid nobody knows here which density is right.
    liquid = {"weighed_in": "another liquid"}
    order = evidence.order.model_copy(update={"parameters": evidence.order.parameters | liquid})
    other = record(replace(evidence, parameters=evidence.parameters | liquid, order=order))
    assert in_what(other)[0].startswith("another liquid than water")
    assert other.measurements[0].results[-1].tables[0].column("remotecal_liquidDeviation") is None
    before = {name: one for name, one in evidence.parameters.items() if name != "weighed_in"}
    older = record_anew(of_before(evidence, parameters=before))
    said = (*made.statements, older.statements[-1])
    assert (in_what(older), older.statements) == ([], said), "as journals of before were evaluated"


@pytest.mark.parametrize(("pull", "said"), [(0.0, "pass"), (2.0, "fail")])
def test_a_small_and_a_large_body_of_one_density_tell_what_depends_on_volume(tmp_path, pull, said):
    """∂ρ/∂W_l = (ρ_l - ρ_a)·W_a/(W_a - W_l)², in the example of hydrostatic weighing 617.7 kg/m³ per g."""

    def per_gram(in_air, in_water, water=998.2067, air=1.1990):
        return (water - air) * in_air / (in_air - in_water) ** 2

    assert per_gram(100.0213, 87.3150) == pytest.approx(617.7, abs=0.05)
    with DensityBench.up(tmp_path / "bench", seed=7, pull=pull) as bench:
        made = record(calibrate(bench, volume_dependence=0.3))
        bodies = [bench.solids["AL-2"], bench.solids["AL-1"]]
    weights = [[1000 * (one.mass - one.volume * medium) for medium in (1.199, 998.2)] for one in bodies]
    small, large = (per_gram(*pair) for pair in weights)
    *_, whole = made.measurements[0].results
    column = whole.tables[0].column("remotecal_volumeDependence")
    (expanded,) = map(float, column.uncertainty.expanded)
    assert expanded < 0.25
    # The balance's own slope and bend leave some hundredths beside what the menisci do.
    assert column.floats() == pytest.approx([1e-3 * pull * (small - large)], abs=1.3 * expanded)
    *_, budget = made.measurements[0].budgets
    assert (budget.result, budget.expanded) == (
        len(made.measurements[0].results) - 1,
        *column.uncertainty.expanded,
    )
    assert [line.symbol for line in budget.lines] == ["E_1", "E_2"]
    assert budget.points == ("standard 4, 2700 kg/m3", "standard 3, 2700 kg/m3")
    own = {each.row: float(each.u) for each in made.measurements[0].budgets[:-1]}
    assert float(budget.u) == pytest.approx(math.hypot(own[2], own[3]), rel=0.03)
    (verdict,) = (one for one in made.statements if one.conformity)
    assert verdict.conformity == said
    assert "influence of volume up to 0.3 kg/m3" in verdict.declaration.get("en")
    assert read(write(made)) == made


def test_an_influence_of_volume_needs_a_small_and_a_large_body_of_one_density():
    see_pair([(7850.0, 12.7), (2700.0, 10.0), (2710.0, 20.0)])
    with pytest.raises(ParameterError, match="two standards of one density"):
        see_pair([(2700.0, 10.0), (2710.0, 19.0), (2740.0, 40.0), (7850.0, 5.0)])


@pytest.mark.parametrize("ratio", [1e-3, 1e3])
def test_grams_per_cubic_centimetre_typed_for_kilograms_are_refused(bench, ratio):
    """The dial asks again, is told the same again, and the run refuses; or it is out of the dial's span."""
    person = Says(bench, lambda number: f"{number * ratio:.4f}")
    with pytest.raises((RunError, InstrumentError), match=r"1 g/cm3 is 1000 kg/m3|outside its span"):
        calibrate(bench, person=person, loads=[])
    assert journal(bench, "observation") == []


def test_a_density_in_another_unit_is_converted(bench):
    person = Says(bench, lambda number: f"{number / 1000:.4f} g/cm3")
    evidence = calibrate(bench, person=person, loads=[])
    assert evidence.complete
    assert evidence.observations[0].reading("shown").to("kg/m3").value == pytest.approx(2330, abs=15)


def test_readings_that_go_one_way_are_refused(bench):
    grown = iter(range(100))
    person = Says(bench, lambda number: f"{number + 0.6 * next(grown):.1f}")
    with pytest.raises(RunError, match="the readings go one way"):
        calibrate(bench, person=person, loads=[])


def test_a_liquid_that_warms_is_refused(tmp_path):
    with (
        DensityBench.up(tmp_path / "bench", seed=7, warming=3.0) as bench,
        pytest.raises(RunError, match=r"temperature changed by .* mK, and 20 mK are allowed"),
    ):
        calibrate(bench, loads=[])


def test_a_liquid_that_is_too_warm_trips_the_interlock(bench):
    def warm(progress):
        if progress.doing == "measure" and progress.point.name.startswith("standard 2"):
            bench.stand.heated = 12.0

    with pytest.raises(RunError, match=r"thermometer\.temperature"):
        calibrate(bench, watchers=(warm,), loads=[])


def test_standards_in_another_order_than_the_order_says_are_refused(bench):
    rewrite(bench.bench, ('"Si-1",\n    "GL-1",', '"GL-1",\n    "Si-1",'))
    with pytest.raises(ParameterError, match=r"standards\[1\] has 2230\.21 kg/m3 by its certificate"):
        planned(bench)


def test_standards_in_each_others_places_are_no_evidence(bench):
    evidence = calibrate(bench)
    known = evidence.certificates
    exchanged = known | {"standards[1]": known["standards[4]"], "standards[4]": known["standards[1]"]}
    with pytest.raises(EvidenceError, match=r"could not have begun so: standards\[1\] has 2\d+"):
        recomputed(replace(evidence, certificates=exchanged), None, "")


@pytest.mark.parametrize(
    ("parameters", "kind", "said"),
    [
        ({"densities": [2.329, 2.23, 2.7, 2.7, 7.85]}, ParameterError, "at least 100"),
        ({"densities": ["2.329 g/cm3"] * 5}, ParameterError, "nearly of one density"),
        ({"densities": [2329.0, 7850.0]}, ParameterError, "3 standards or more are needed, not 2"),
        ({"materials": ["steel"]}, ParameterError, "1 materials for 5 standards"),
        ({"loads": [0.02, 0.05, 0.1, 0.2, 0.1]}, BenchError, r"there is no weights\[5\] on the bench"),
        ({"resolution": 0.01}, ParameterError, "mend either"),
    ],
)
def test_orders_that_can_not_be_are_refused(bench, parameters, kind, said):
    with pytest.raises(kind, match=said):
        planned(bench, **parameters)


def test_a_run_that_was_stopped_goes_on(bench):
    control = Control()

    def stop(progress):
        if progress.doing == "measure" and progress.point.name.startswith("standard 3"):
            control.abort("enough", "liwei")

    with pytest.raises(RunAborted):
        calibrate(bench, watchers=(stop,), control=control)
    evidence = resume(bench.directory.parent / "run", Company(Beside(bench.person)), clock=bench.clock)
    assert evidence.complete
    assert record(evidence).measurements


def test_a_script_knows_no_readings(bench):
    with pytest.raises(RunError, match="nobody is there to answer"):
        calibrate(bench, person=Scripted(first_option=True))


def test_somebody_beside_a_simulated_bench_is_at_a_loss_with_what_is_new(bench):
    with pytest.raises(RunError, match="nobody at the simulated bench knows what to do: Sing"):
        bench.person("Sing", ())


def test_a_rehearsal_says_that_it_has_not_these_standards(bench):
    order = ordered(bench)
    found = find(order.order.procedure)
    real = RealBench.of_file(order, found, Bench.load(bench.bench))
    with pytest.raises(ConfigurationError, match=r"can't be given Si-1, GL-1"):
        rehearse(order, found, real)


@pytest.mark.parametrize("method", ["hydrostatic", "substitution"])
def test_a_solids_density_is_the_true_one_within_its_uncertainty(tmp_path, method):
    with SolidBench.up(tmp_path / "bench", seed=7, method=method) as bench:
        made = record(calibrate(bench))
        table = made.measurements[0].results[0].tables[0]
        column = table.column("remotecal_density")
        (expanded,) = map(float, column.uncertainty.expanded)
        assert expanded < 0.8
        assert column.floats() == pytest.approx([bench.solid.density], abs=1.5 * expanded)
        volume = table.column("remotecal_volume").floats()
        assert volume == pytest.approx([1e6 * bench.solid.volume], rel=2 * expanded / bench.solid.density)
    assert read(write(made)) == made
    assert (method == "substitution") is (
        "m_s" in {line.symbol for line in made.measurements[0].budgets[0].lines}
    )


def test_water_ahead_of_a_standard_is_judged_by_menisci(solid):
    made = record(calibrate(solid))
    lines = {line.symbol: line for line in made.measurements[0].budgets[0].lines}
    assert float(lines["δ_w"].u) == pytest.approx(0.2 * 2.332e-6 / 3**0.5, rel=0.02)
    assert float(lines["δ_w"].share) > 20, "the wire dominates, as the sheet says"
    assert float(lines["W_l"].sensitivity) == pytest.approx(float(lines["δ_w"].sensitivity), rel=0.02)


def test_a_balance_that_follows_its_zero_is_refused(tmp_path):
    with (
        SolidBench.up(tmp_path / "bench", seed=7, auto_zero=True) as bench,
        pytest.raises(RunError, match="a balance that follows its zero hides what evaporates"),
    ):
        calibrate(bench)


def test_what_evaporates_is_seen_while_it_rests(tmp_path):
    with (
        SolidBench.up(tmp_path / "bench", seed=7, evaporation=2000.0) as bench,
        pytest.raises(NotStable),
    ):
        calibrate(bench)


def test_large_bubbles_are_seen_as_they_dissolve_or_would_be_the_density(tmp_path):
    """Ten cubic millimetres are 10 mg, which dissolve by 16 µg a second: nobody could read that."""
    with (
        SolidBench.up(tmp_path / "bench", seed=7, bubbles=50.0) as bench,
        pytest.raises(NotStable),
    ):
        calibrate(bench)


def test_a_budget_that_forgets_the_wire_does_not_hold(tmp_path):
    """With the meniscus as 0 the truth is left out on some bench; with it, on none of them."""
    missed = {0.0: 0, 0.2: 0}
    for seed in range(1, 7):
        with SolidBench.up(tmp_path / f"{seed}" / "bench", seed=seed) as bench:
            evidence = calibrate(bench)
            for share in missed:
                kind = find("density.solid").procedure
                told = {**evidence.parameters, "meniscus": share}
                made = kind(kind.accepts()(**told)).evaluate(evidence)
                column = made.results[0].tables[0].column("remotecal_density")
                off = abs(column.floats()[0] - bench.solid.density)
                missed[share] += off > float(column.uncertainty.expanded[0])
    assert missed[0.0] > missed[0.2] <= 1


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"method": "substitution"}, "substitution needs standard_density"),
        (
            {"method": "substitution", "standard_density": 2700.0, "standard_material": "aluminium"},
            r"standard has 23\d\d\.\d+ kg/m3 by its certificate",
        ),
        ({"density": 7.85}, "at least 100"),
    ],
)
def test_solids_that_can_not_be_are_refused(solid, parameters, said):
    with pytest.raises(ParameterError, match=said):
        planned(solid, **parameters)


def test_a_carrier_that_hangs_at_another_depth_is_seen(solid):
    def deeper(question, still_wanted, times=[0]):  # noqa: B006  one list for all calls
        said = Beside(solid.person).answer(question, still_wanted)
        if re.search("empty carrier", question.text.get("en")):
            times[0] += 1
            solid.stand.sunk = 5e-9 * (times[0] % 2)
        return said

    class Careless:
        answer = staticmethod(deeper)

    with pytest.raises(RunError, match="the empty carrier changed by"):
        calibrate(solid, person=Careless())
