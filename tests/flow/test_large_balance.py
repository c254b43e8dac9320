"""A large balance by substitution loads: the sheet's numbers, whole runs, and what is refused."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted
from short_runs import ShortRuns, evaluated, record, rewrite, told

from benchmarks.truth import calibrate as calibrate_any
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.errors import BenchError, EvidenceError, RunError
from remotecal.journal.events import FILE, read_journal
from remotecal.model import Certificate
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.flow.substituted import of_readings, off_centre
from remotecal.procedures.library.flow.substitution_parameters import SubstitutionParameters
from remotecal.runs.prompts import Beside
from remotecal.sim.assembly import CLOCK
from remotecal.sim.large_balance.assemblies import LargeBalance
from remotecal.uncertainty import Budget
from remotecal.uncertainty.inputs import Input

calibrate = ShortRuns().calibrate


@pytest.fixture
def bench(tmp_path):
    with LargeBalance.up(tmp_path / "bench", seed=7) as made:
        yield made


def test_an_error_s_uncertainty_is_that_of_the_guide():
    """d 0.1 mg, s 0.12 mg, 0.2 mg off centre at 100 g, all at 200 g; weights, buoyancy and drift as there."""
    reading = of_readings("s", 0.12, math.inf, 0.1, unit="mg")
    eccentric = off_centre("ecc", 200e3, 0.2, 100e3, unit="mg")
    of_indication = Budget(lambda s, ecc: s + ecc, (reading, eccentric), "mg").evaluate()
    assert f"{of_indication.u:.3f}" == "0.171"
    others = (
        Input.from_certificate("weights", 200e3, "mg", 0.1),
        Input.from_limits("buoyancy", 0.0, "mg", 0.3 / 4),
        Input.from_limits("drift", 0.0, "mg", 0.1),
    )
    assert [f"{one.u:.3f}" for one in others] == ["0.050", "0.043", "0.058"]

    def error(s, ecc, weights, buoyancy, drift):
        return 200e3 + s + ecc - (weights + buoyancy + drift)

    whole = Budget(error, (reading, eccentric, *others), "mg").evaluate(k=2.0)
    assert f"{whole.u:.3f}" == "0.193"
    assert f"{whole.expanded:.2f}" == "0.39"


def errors(made):
    table = made.tables[0]
    column = table.column("basic_measurementError")
    loads = table.column("basic_referenceValue").floats()
    return loads, column.floats(), [float(u) for u in column.uncertainty.expanded]


def test_errors_are_those_of_the_balance_within_their_uncertainty(bench):
    made = record(calibrate(bench))
    loads, found, expanded = errors(made)
    assert loads == pytest.approx([0, 720, 1440, 2160, 2880], abs=2.0)
    for load, error, u in zip(loads, found, expanded, strict=True):
        assert error == pytest.approx(bench.true_error(load), abs=1.5 * u)
    assert max(map(abs, found)) > max(expanded) / 2, "and the balance is so bent that this says something"


def test_weights_count_as_often_as_they_were_on_and_exchanges_by_the_root(bench):
    made = record(calibrate(bench))
    lines = [{line.symbol: line for line in one.lines} for one in made.measurements[0].budgets]
    whole = [abs(float(one["δ_c"].sensitivity)) for one in lines]
    assert whole[1:] == pytest.approx([n * whole[1] for n in range(1, 5)], rel=0.01)
    exchanged = [float(one["ΔI_s"].u) for one in lines[2:]]
    assert exchanged == pytest.approx([exchanged[0] * math.sqrt(n) for n in range(1, 4)], rel=0.03)


def test_each_exchange_is_asked_for(bench):
    calibrate(bench)
    asked = [event["question"]["en"] for event in told(bench, "prompt")]
    assert sum("put substitution load" in one for one in asked) == 3
    assert sum("Put all weights on" in one for one in asked) == 5 + 4
    assert sum("Take everything off" in one for one in asked) == 2


def test_without_the_exchanges_differences_the_loads_would_be_wrong(tmp_path):
    """What is made of a substitution load is not what the weights are: the difference must be taken off."""
    with LargeBalance.up(tmp_path / "bench", seed=7, careless=0.002) as bench:
        loads, found, expanded = errors(record(calibrate(bench)))
        assert loads[-1] - 2880.0 > 10 * expanded[-1]
        assert found[-1] == pytest.approx(bench.true_error(loads[-1]), abs=1.5 * expanded[-1])


def test_a_zero_that_drifts_straight_is_taken_off(tmp_path):
    with LargeBalance.up(tmp_path / "bench", seed=7, drift=0.3) as bench:
        loads, found, expanded = errors(record(calibrate(bench)))
        for load, error, u in zip(loads, found, expanded, strict=True):
            assert error == pytest.approx(bench.true_error(load), abs=1.5 * u)


def spoiled(evidence, place, **changes):
    """Return evidence with other readings in the observation at a place of the list."""
    observations = list(evidence.observations)
    one = observations[place]
    observations[place] = replace(one, values={**one.values, **changes})
    return replace(evidence, observations=tuple(observations))


def wandered(evidence, bump):
    """Return evidence of a balance whose zero went up by `bump` in the placings, and came back."""
    values = evidence.observations[0].values
    moved = [bump * share for share in (0.0, 0.5, 1.0, 1.0, 0.5, 0.0)]
    return spoiled(
        evidence,
        0,
        zero=tuple(one._replace(value=one.value + by) for one, by in zip(values["zero"], moved, strict=True)),
        loaded=tuple(
            one._replace(value=one.value + (a + b) / 2)
            for one, a, b in zip(values["loaded"], moved, moved[1:], strict=False)
        ),
    )


def test_a_zero_that_wandered_and_came_back_is_no_scatter_but_is_in_the_budget(bench):
    evidence = calibrate(bench)
    found = []
    for one in (evidence, wandered(evidence, 0.2)):
        made = record(one)
        (line,) = [each for each in made.measurements[0].budgets[-1].lines if each.symbol == "δ_z"]
        (s,) = made.tables[1].column("remotecal_repeatability").floats()
        found.append((s, float(line.u)))
    (before, sure), (after, doubted_) = found
    assert after == pytest.approx(before, abs=0.02)
    assert doubted_ > sure
    assert doubted_ == pytest.approx(0.2 / 2 / 3**0.5, rel=0.25)


def test_a_zero_that_wandered_too_far_and_came_back_is_refused(bench):
    evidence = calibrate(bench)
    with pytest.raises(EvidenceError, match=r"zero wandered over .* let it warm up"):
        record(wandered(evidence, 0.5))


def test_a_zero_that_goes_away_stops_the_run(tmp_path):
    with (
        LargeBalance.up(tmp_path / "bench", seed=7, drift=2.0) as bench,
        pytest.raises(RunError, match=r"zero has moved by \+.* let it warm up"),
    ):
        calibrate(bench)
    assert not told(bench, "observation"), "and that at once"


def test_what_is_left_on_the_balance_stops_the_run(bench):
    def idle(asked, options):
        with bench.world.present():
            bench.loaded.put(on=True)
        return options[0]

    with pytest.raises(RunError, match=r"shows 7[12]\d\.\d+ kg with nothing on: take off"):
        calibrate(bench, person=Beside(idle))


def test_a_substitution_load_weighed_on_another_balance_is_no_evidence(bench):
    evidence = calibrate(bench)
    reading = evidence.observations[1].values["substituted"]
    other = spoiled(evidence, 1, substituted=reading._replace(source="another.settled_mass"))
    with pytest.raises(EvidenceError, match=r"read by another\.settled_mass, and must be by dut"):
        record(other)


def test_a_substitution_load_that_is_far_off_stops_the_run(tmp_path):
    with (
        LargeBalance.up(tmp_path / "bench", seed=7, careless=0.02) as bench,
        pytest.raises(RunError, match=r"substitution load 1 differs from the weights by \+14"),
    ):
        calibrate(bench)


def test_weights_that_are_not_those_ordered_are_refused(bench):
    with pytest.raises(BenchError, match=r"the weights are .* together, and the order says 750 kg"):
        calibrate(bench, nominal=750.0)


def test_a_weight_without_its_mass_is_refused(bench):
    rewrite(bench.directory / "w_03.xml", ("remotecal_conventionalMass", "remotecal_someMass"))
    with pytest.raises(Exception, match="remotecal_conventionalMass"):
        calibrate(bench)


GIVEN = {
    "nominal": 600.0,
    "capacity": 3000.0,
    "steps": 5,
    "scale_interval": 0.01,
    "eccentric_load": 1000.0,
    "eccentric_difference": 0.02,
    "zero_change": 0.3,
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"steps": 6}, "6 times 600 kg are more than the balance's 3000 kg"),
        ({"nominal": 100.0}, "less than 20 % of 3000 kg"),
        ({"placings": 4}, "must be at least 5"),
    ],
)
def test_what_can_t_be_done_is_refused(changed, said):
    SubstitutionParameters(**GIVEN)
    with pytest.raises(ValueError, match=said):
        SubstitutionParameters(**{**GIVEN, **changed})


def test_its_certificate_tells_a_weigh_tank_s_balance(bench):
    known = Standard.certified("W", Certificate(record(calibrate(bench))), "kg")
    known.require(0.0, 2870.0, "the balance is to weigh")
    assert known.u(1500.0) > 0.02


def test_weights_that_may_have_drifted_more_are_less_sure(bench):
    evidence = calibrate(bench)
    _, _, expanded = errors(record(evidence))
    twice = evaluated(evidence, weight_drift=5.0).results[0].tables[0].column("basic_measurementError")
    assert float(twice.uncertainty.expanded[-1]) > expanded[-1]


def test_a_run_holds_when_it_is_verified(tmp_path):
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with LargeBalance.up(tmp_path / "bench", seed=5, clock=clock) as bench:
        evidence = calibrate(bench)
        events = read_journal(tmp_path / "run" / FILE)
        key = SealKey(Ed25519PrivateKey.generate())
        library = CertificateLibrary([tmp_path / "bench"])
        run = RealRun(tmp_path / "run", events, record(evidence), key, library)
        assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}


def test_intervals_cover_the_true_errors():
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    intervals = [one for seed in range(1, 41) for one in calibrate_any("large-balance", seed)]
    assert len(intervals) == 40 * 4, "at no load the balance is set to zero, and nothing is found"
    # Those of one calibration miss together: they share the weights.
    assert sum(not one.covers for one in intervals) <= 4
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert ratio == pytest.approx(0.325, abs=0.02)
