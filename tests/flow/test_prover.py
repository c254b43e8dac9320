"""Calibrations by a pipe prover: the published tables, double chronometry, and whole runs."""

import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted
from short_runs import AtPoint, ShortRuns, record, rewrite

from benchmarks.truth import calibrate as calibrate_any
from remotecal.certificates.dcc import read, write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.errors import CertificateRefused, EvidenceError, ParameterError, RunError
from remotecal.journal.events import FILE, read_journal
from remotecal.procedures.library.flow.proving import (
    RANGES,
    allowed_range,
    cps,
    cts,
    interpolated,
    meter_factor,
)
from remotecal.sim.assembly import CLOCK
from remotecal.sim.surroundings import Wave
from remotecal.sim.volumetric.proving import ProverLine

RUNS = ShortRuns()
calibrate, planned = RUNS.calibrate, RUNS.planned

QUICK = {"flows": [20.0], "repeats": 3}


@pytest.fixture
def bench(tmp_path):
    with ProverLine.up(tmp_path / "bench", seed=7) as made:
        yield made


@pytest.mark.parametrize(("passes", "allowed"), RANGES.items())
def test_the_range_that_goes_with_the_random_uncertainty_is_the_tables(passes, allowed):
    """API MPMS 4.8, table A-1, for a random uncertainty of 0.027 %."""
    assert round(allowed_range(passes, 0.027), 2) == allowed


def test_the_chain_of_corrections_is_that_of_the_standard():
    """A constructed prover of 50 L at 30 °C and 500 kPa; water 30 °C in the prover, 29.9 °C at the meter."""
    swept = 0.05 * cts(51e-6, 30.0, 20.0) * cps(1.2e-10, 5e5)
    assert swept == pytest.approx(0.05 * 1.00051 * 1.00006, rel=1e-9)
    factor = meter_factor(swept, 995.88, 995.91, 1545.5 / 30900)
    assert factor == pytest.approx(swept * 995.88 / 995.91 / (1545.5 / 30900))
    assert factor == pytest.approx(1.00021, abs=1e-5)


def test_pulses_between_the_detectors_are_no_whole_ones():
    """100.4 pulses a second for 5 s: 502 whole ones took exactly 5 s, whichever way they lie."""
    assert interpolated(502, 502 / 100.4, 5.0) == pytest.approx(502.0)
    assert interpolated(503, 503 / 100.4, 5.0) == pytest.approx(502.0)


def test_errors_are_those_of_the_meter_within_their_uncertainty(bench):
    made = record(calibrate(bench, flows=[30.0, 3.0], repeats=5))
    table = made.tables[0]
    column = table.column("basic_measurementError")
    for error, expanded, at in zip(
        column.floats(),
        map(float, column.uncertainty.expanded),
        table.column("basic_referenceValue").floats(),
        strict=True,
    ):
        assert expanded < 0.06
        assert error == pytest.approx(bench.true_error(at), abs=1.5 * expanded)
    assert read(write(made)) == made


def test_counted_pulses_alone_would_not_do(bench):
    """A meter of 1500 pulses in a pass: ±1 of them is 0.07 %, more than U."""
    evidence = calibrate(bench, **QUICK)
    pulses = [one.values["pulses"].value for one in evidence.observations]
    assert max(pulses) < 10_000
    assert 100 / max(pulses) > 0.05


def test_every_deviation_counts_in_its_direction(bench):
    made = record(calibrate(bench, **QUICK))
    slopes = {line.symbol: float(line.sensitivity) for line in made.measurements[0].budgets[0].lines}
    assert slopes["BPV"] == pytest.approx(-100 / bench.prover.stated, rel=0.01)
    assert slopes["κ"] < 0
    assert slopes["t_m"] == pytest.approx(100 * 2.1e-4, rel=0.1)
    assert slopes["t_p"] == pytest.approx(100 * (51e-6 - 2.1e-4), rel=0.1)
    assert slopes["T"] == pytest.approx(100, rel=0.01)


def test_what_the_pipe_to_the_prover_stores_passed_the_meter_only(tmp_path):
    """Water that warms as fast as is allowed, and twenty times the base volume in the pipe: 0.04 %."""
    with ProverLine.up(tmp_path / "bench", seed=7, connection=20.0) as bench:
        bench.rig.water._temperature = Wave(Random(1), 20.0, 0.0, 3600.0, trend=0.0018)
        evidence = calibrate(bench, flows=[3.0], repeats=5)
        stated = evidence.characteristics
        less = {name: fact for name, fact in stated.items() if name != "connecting_volume"}
        errors = [
            record(one).tables[0].column("basic_measurementError").floats()[0]
            for one in (evidence, replace(evidence, characteristics=less))
        ]
        counted, left = (one - bench.true_error(3.0) - 0.02 * bench.prover.off for one in errors)
    assert abs(counted) < 0.006
    took = evidence.observations[0].values["pass_time"].value
    assert left == pytest.approx(-100 * 20 * 2.1e-4 * 0.0018 * took, rel=0.3)
    assert left < -0.03, "of U of 0.04 %"


def test_a_seal_that_leaks_now_and_then_is_told_by_the_range(bench):
    evidence = calibrate(bench, **QUICK)
    first, *others = evidence.observations
    longer = {
        part: first.values[part]._replace(value=first.values[part].value * 1.002)
        for part in ("pass_time", "pulse_time", "pulses")
    }
    values = {**first.values, **longer}
    with pytest.raises(EvidenceError, match=r"3 passes range over 0\.2\d* %, and 0\.01\d* % go with"):
        record(replace(evidence, observations=(replace(first, values=values), *others)))


@pytest.mark.parametrize("part", ["pulse_time", "pass_time"])
def test_times_that_are_of_no_pass_by_double_chronometry_are_refused(bench, part):
    """By 1 % of either the meter would be 1 % better, and nothing else would tell."""
    evidence = calibrate(bench, **QUICK)
    forged = tuple(
        replace(
            one, values={**one.values, part: one.values[part]._replace(value=1.01 * one.values[part].value)}
        )
        for one in evidence.observations
    )
    with pytest.raises(EvidenceError, match="they can differ by the time from one pulse to the next"):
        record(replace(evidence, observations=forged))


def test_a_displacer_that_hangs_ends_the_run(bench):
    def hang():
        with bench.world.present():
            bench.prover.leak = 1.0

    with pytest.raises(RunError, match="not passed the second detector after 60 s: does it hang, or leak"):
        calibrate(bench, (AtPoint("20 m3/h", hang),), **QUICK, longest_pass=60.0)
    with bench.world.present():
        assert not bench.rig.pump.started


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"longest_pass": 2.0}, "mend flows, or take another prover"),
        ({"fewest_pulses": 10_000}, "a pass has 15.. pulses of this meter, and fewest_pulses is 10000"),
        ({"full_scale": 30.0}, "full_scale is of a current"),
        ({"pulses_per_volume": None}, "parameters.pulses_per_volume is missing"),
        ({"repeats": 2}, "repeats"),
    ],
)
def test_orders_that_can_not_be_are_refused(bench, parameters, said):
    with pytest.raises(ParameterError, match=said):
        planned(bench, **{**QUICK, **parameters})


def test_a_prover_whose_certificate_lacks_its_stretch_is_refused(bench):
    rewrite(bench.directory / "prover.xml", ("remotecal_pressureStretch", "remotecal_something"))
    with pytest.raises(CertificateRefused, match="pressureStretch"):
        planned(bench, **QUICK)


def test_a_run_holds_when_it_is_verified(tmp_path):
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with ProverLine.up(tmp_path / "bench", seed=5, clock=clock) as bench:
        evidence = calibrate(bench, **QUICK)
        events = read_journal(tmp_path / "run" / FILE)
        key = SealKey(Ed25519PrivateKey.generate())
        library = CertificateLibrary([tmp_path / "bench"])
        run = RealRun(tmp_path / "run", events, record(evidence), key, library)
        assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}


def test_intervals_cover_the_true_errors():
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    intervals = [one for seed in range(1001, 1006) for one in calibrate_any("prover-line", seed)]
    assert len(intervals) == 20
    assert not [one for one in intervals if not one.covers]
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert ratio == pytest.approx(0.413, abs=0.03)
