"""`remotecal demo` for heat meters: from the wire to the signed certificate; and the truth."""

import pytest
from kept_keys import demonstrate
from proof import verifying
from short_runs import UnwiredRuns

from benchmarks.truth import calibrate, compare
from remotecal.certificates.dcc import read
from remotecal.cli import main
from remotecal.runs.catalogue import find
from remotecal.sim.heat.complete_bench import CompleteBench

SHORT = UnwiredRuns(differences=[15.0], flows=[0.5], returns=[40.0], repeats=2)


@pytest.mark.parametrize(
    ("bench", "procedure"),
    [
        ("heat-bench", "heat.pair"),
        ("heat-calculator", "heat.calculator"),
        ("heat-meter", "heat.complete"),
    ],
)
def test_the_demonstration_ends_in_certificates_that_hold(tmp_path, capsys, bench, procedure):
    out = tmp_path / "demo"
    assert demonstrate(bench, "--out", str(out)) == 0
    folders = sorted((out / "certificates").iterdir())
    assert len(folders) == 3
    for folder in folders:
        made = read((folder / "certificate.xml").read_bytes())
        assert made.evidence.procedure == procedure
        assert len(made.measurements) == 1
        capsys.readouterr()
        assert main(verifying(out, folder)) == 0
        assert "holds" in capsys.readouterr().out


def truth(bench, seeds):
    intervals = [one for seed in seeds for one in calibrate(bench, seed)]
    missed = sum(not one.covers for one in intervals)
    return (
        intervals,
        missed,
        sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals),
    )


def test_intervals_of_pairs_cover_the_true_errors():
    """`benchmarks/truth.py` is the full-sized check; intervals of one calibration miss together."""
    intervals, missed, ratio = truth("heat-bench", range(1001, 1004))
    assert len(intervals) == 18
    assert missed <= 6
    assert 0.1 < ratio < 0.9, "and they are not so wide that they would cover anything"


def test_intervals_of_calculators_cover_the_true_errors():
    intervals, missed, ratio = truth("heat-calculator", range(1001, 1005))
    assert len(intervals) == 36
    assert missed <= 8
    assert 0.1 < ratio < 0.8


def test_three_seeds_of_complete_meters_give_what_they_are_known_to_give(tmp_path):
    """A lock on these seeds, at one difference; `benchmarks/truth.py` tells how often intervals cover."""
    intervals = []
    for seed in (1001, 1002, 1006):
        with CompleteBench.up(tmp_path / f"{seed}" / "bench", seed=seed, meters=1) as bench:
            evidence = SHORT.calibrate(bench)
            intervals += compare(find(evidence.procedure.name).procedure, evidence, bench)
    assert [one.covers for one in intervals] == [True] * 3
    assert 0.1 < sum(abs(one.error - one.true) / one.expanded for one in intervals) / 3 < 0.8
    assert max(one.expanded for one in intervals) < 0.5


def test_a_calculator_whose_sources_lie_is_not_covered(monkeypatch):
    """A source that is five standard uncertainties off is not calibrated: the intervals must miss."""
    from remotecal.sim.heat import calculator_bench

    honest = calculator_bench.CalculatorBench._true
    monkeypatch.setattr(
        calculator_bench.CalculatorBench,
        "_true",
        lambda self, name: lambda told: honest(self, name)(told) + (0.005 if name == "forward" else 0.0),
    )
    _, missed, _ = truth("heat-calculator", range(1001, 1003))
    assert missed >= 12
