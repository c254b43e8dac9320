"""Calibrations by a volumetric tank: the published example, and whole runs to the certificate."""

import sys
from dataclasses import replace
from pathlib import Path

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
from remotecal.errors import CertificateRefused, ParameterError
from remotecal.fluids.water import WATER_FORMULAS
from remotecal.journal.events import FILE, read_journal
from remotecal.procedures.library.flow.volumetric import grown
from remotecal.sim.assembly import CLOCK
from remotecal.sim.volumetric.assemblies import VolumetricRig
from remotecal.uncertainty import Budget, Input

RUNS = ShortRuns()
calibrate, planned = RUNS.calibrate, RUNS.planned

QUICK = {"flows": [20.0], "repeats": 2}
TWO = 0.9545


@pytest.fixture
def bench(tmp_path):
    with VolumetricRig.up(tmp_path / "bench", seed=7) as made:
        yield made


def passed(v_s, dv_s, alpha_s, t_s, t_x, p_x, water):
    """What passed the meter in L, by the tank and by the water's own formula for its density."""
    density = WATER_FORMULAS["Tanaka"].density
    held = grown(v_s + dv_s, alpha_s, t_s, 20.0)
    return held * density(t_s, 101_325.0) / density(t_x, 101_325.0 + 1000 * p_x) * (1 + water)


def test_ea_4_02_s12_by_the_tank_of_this_procedure():
    """EA-4/02 S12, whose linear coefficients of the water are here the formula of its density."""
    volume = Budget(
        passed,
        [
            Input.from_certificate("v_s", 200.02, "L", 0.2, 2),
            Input.from_limits("dv_s", 0.0, "L", 0.02),
            Input.from_limits("alpha_s", 51e-6, "1/K", 0.5e-6),
            Input.from_limits("t_s", 15.0, "°C", 2.0),
            Input.from_limits("t_x", 16.0, "°C", 2.0),
            Input.from_limits("p_x", 500.0, "kPa", 50.0),
            Input.from_limits("water", 0.0, "1", 5e-6),
        ],
        "L",
    ).evaluate(coverage=TWO)
    assert f"{volume.value:.2f}" == "199.95"
    assert volume.u == pytest.approx(0.109, abs=0.002)
    one = Budget(
        lambda dv_1, dv_2, v_x: (200.0 + dv_2 - dv_1) / v_x - 1,
        [
            Input.from_limits("dv_1", 0.0, "L", 0.1),
            Input.from_limits("dv_2", 0.0, "L", 0.1),
            Input.normal("v_x", volume.value, "L", volume.u),
        ],
    ).evaluate(coverage=TWO)
    assert one.value == pytest.approx(0.0003, abs=1e-4)
    assert one.u * 1e3 == pytest.approx(0.68, abs=0.01), "0.69 by the slope of the water at 16 °C"
    mean = Budget(
        lambda e_x, d_e: e_x + d_e,
        [Input.from_readings("e_x", [0.0003, 0.0005, 0.0022], "1"), Input.normal("d_e", 0.0, "1", one.u)],
    ).evaluate(coverage=TWO)
    assert f"{mean.u * 1e3:.2f}" == "0.91"
    assert int(mean.dof) == 10
    assert f"{mean.k:.2f}" == "2.28"
    assert f"{mean.expanded:.3f}" == "0.002"


@pytest.mark.parametrize("output", ["pulses", "current", "mag6000"])
def test_errors_are_those_of_the_meter_within_their_uncertainty(tmp_path, output):
    with VolumetricRig.up(tmp_path / "bench", seed=7, output=output) as bench:
        made = record(calibrate(bench, **QUICK))
        column = made.tables[0].column("basic_measurementError")
        (error,), (expanded,) = column.floats(), map(float, column.uncertainty.expanded)
        (at,) = made.tables[0].column("basic_referenceValue").floats()
        assert expanded < 0.2
        assert error == pytest.approx(bench.true_error(at), abs=1.5 * expanded)
    assert read(write(made)) == made


def test_every_deviation_counts_in_its_direction(bench):
    made = record(calibrate(bench, **QUICK))
    slopes = {line.symbol: float(line.sensitivity) for line in made.measurements[0].budgets[0].lines}
    volume = 0.48
    assert slopes["V_s"] == pytest.approx(-100 / volume, rel=0.02), (
        "a tank that holds more: the meter shows less"
    )
    assert slopes["h_res"] == pytest.approx(-100 / 1500 / 0.8, rel=0.03)
    assert slopes["t_s"] == pytest.approx(100 * (51e-6 - 2.1e-4), rel=0.1), (
        "colder water is more, a tank less"
    )
    assert slopes["t_m"] == pytest.approx(100 * 2.1e-4, rel=0.1)


def test_what_the_scale_showed_of_the_drained_tank_is_taken_off(bench):
    """1 mm more at the beginning is 1 mm less that came, as the certificate has the scale about its zero."""
    evidence = calibrate(bench, **QUICK, empty=5.0)
    (before,) = record(evidence).tables[0].column("basic_measurementError").floats()
    observations = tuple(
        replace(one, values={**one.values, "level_before": raised(one.reading("level_before"), 1.0)})
        for one in evidence.observations
    )
    (after,) = (
        record(replace(evidence, observations=observations))
        .tables[0]
        .column("basic_measurementError")
        .floats()
    )
    tank = bench.rig.spec.tank / 1000.0
    collected = bench.vessel.volume.stated.correction(bench.vessel.level or 1200.0)
    assert after - before == pytest.approx(100 * tank / 1500 / collected, rel=0.25)


def test_both_readings_of_the_scale_have_their_resolution(bench):
    made = record(calibrate(bench, **QUICK))
    lines = {line.symbol: line for line in made.measurements[0].budgets[0].lines}
    assert float(lines["h_0"].sensitivity) == pytest.approx(-float(lines["h_res"].sensitivity), rel=0.02)
    assert lines["h_0"].u == lines["h_res"].u


def raised(reading, by):
    return reading._replace(value=reading.value + by)


def test_a_tank_that_does_not_drain_is_refused(bench):
    def block():
        with bench.world.present():
            bench.rig.tank.mass, bench.rig.tank.DRAIN = 50.0, 0.0

    with pytest.raises(ParameterError, match=r"the scale of the drained tank stands at 1\d\d\.?\d* mm"):
        calibrate(bench, (AtPoint("20 m3/h", block),), **QUICK)


def test_a_tank_is_not_read_beyond_its_certificate(bench):
    with pytest.raises(ParameterError, match=r"the tank's certificate holds from 0\.01\d* to 0\.[56]\d* m3"):
        planned(bench, **{**QUICK, "smallest_volume": 0.7, "largest_volume": 0.8})


def test_a_tank_without_an_expansion_is_refused(bench):
    rewrite(bench.directory / "tank.xml", ("remotecal_cubicExpansion", "remotecal_something"))
    with pytest.raises(CertificateRefused, match="cubicExpansion"):
        planned(bench, **QUICK)


def test_a_tank_of_another_quantity_is_refused(bench):
    rewrite(bench.directory / "tank.xml", ("remotecal_tankVolume", "remotecal_something"))
    with pytest.raises(CertificateRefused, match="tankVolume"):
        planned(bench, **QUICK)


def test_a_run_holds_when_it_is_verified(tmp_path):
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with VolumetricRig.up(tmp_path / "bench", seed=5, clock=clock) as bench:
        evidence = calibrate(bench, **QUICK)
        events = read_journal(tmp_path / "run" / FILE)
        key = SealKey(Ed25519PrivateKey.generate())
        library = CertificateLibrary([tmp_path / "bench"])
        run = RealRun(tmp_path / "run", events, record(evidence), key, library)
        assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}


def test_intervals_cover_the_true_errors():
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    intervals = [one for seed in range(1001, 1004) for one in calibrate_any("volumetric-tank", seed)]
    assert len(intervals) == 18
    assert not [one for one in intervals if not one.covers]
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert ratio == pytest.approx(0.573, abs=0.03)
