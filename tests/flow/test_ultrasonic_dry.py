"""Multipath ultrasonic meters calibrated without flow: what is published, and whole runs on a still tank."""

import math
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted
from short_runs import ShortRuns, evaluated, record, rewrite, told

from benchmarks.truth import calibrate as calibrate_any
from remotecal.certificates.dcc import read, write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.errors import EvidenceError, ParameterError
from remotecal.journal.events import FILE, read_journal, timestamp
from remotecal.procedures.library.flow.body import BodyInUse
from remotecal.procedures.library.flow.chordal import (
    SetUp,
    chord,
    geometry_in,
    inputs_of,
    told_over_true,
    velocity,
)
from remotecal.procedures.library.flow.ultrasonic_dry import DryParameters
from remotecal.sim.assembly import CLOCK
from remotecal.sim.large_water.still_tank import StillTank
from remotecal.uncertainty import Budget

RUNS = ShortRuns()
calibrate = RUNS.calibrate

PUBLISHED = b"""
by = "published case: D 3010 mm, 2 paths"
diameters = [[3.010, 3.010, 3.010, 3.010], [3.010, 3.010, 3.010, 3.010], [3.010, 3.010, 3.010, 3.010]]
diameter_expanded = 0.001
profile_expanded = 0.014
paths = [
  {length = 3.643, length_expanded = 0.001, angle = 44.2184, angle_expanded = 0.1, weight = 0.5, delay_expanded = 5e-9},
  {length = 3.648, length_expanded = 0.001, angle = 44.0746, angle_expanded = 0.1, weight = 0.5, delay_expanded = 5e-9},
]
"""  # noqa: E501
TOLD = SetUp(diameter=3.010, paths=((3.643, 44.2184), (3.648, 44.0746)))


@pytest.fixture
def tank(tmp_path):
    with StillTank.up(tmp_path / "bench", seed=7) as made:
        yield made


def test_transit_times_tell_the_velocity_that_is_stated():
    """t₁ 2455.886 µs, t₂ 2459.451 µs, L 3643 mm, φ 44.2184°: 1.5000 m/s, to what the times' digits leave."""
    assert velocity(3.643, 44.2184, 2455.886e-6, 2459.451e-6) == pytest.approx(1.5000, abs=2e-4)


def test_the_paths_of_the_published_case_lie_half_way_to_the_wall():
    assert 3.643 * math.sin(math.radians(44.2184)) / 3.010 == pytest.approx(0.844, abs=5e-4)
    assert chord(3.643, 44.2184, 3.010) == pytest.approx(0.536, abs=5e-4)


def budget(content=PUBLISHED, at=1.5):
    geometry = geometry_in(content)
    model = Budget(
        lambda **x: told_over_true(geometry, x, TOLD, at, 1482.0) - 1.0, inputs_of(geometry, "survey"), "1"
    )
    found = model.evaluate()
    return {line.symbol: line for line in found.lines}, found


def test_an_angle_and_a_delay_count_as_is_known():
    """0.1° of the angle are 0.170 %, 1 ns of the transit times' difference is 0.028 % at 1.5 m/s."""
    lines, _ = budget()
    both = lines["φ_c"].sensitivity
    assert abs(0.1 * both) == pytest.approx(0.00170, abs=1e-5)
    assert 1e-9 * (lines["τ_1"].sensitivity + lines["τ_2"].sensitivity) == pytest.approx(0.00028, abs=2e-6)
    assert lines["D"].sensitivity == pytest.approx(-2 / 3.010, rel=1e-4)


def test_the_published_case_comes_to_its_uncertainty():
    """U_rel is 1.5 % (k = 2) as published; what the survey contributed is constructed."""
    _, found = budget()
    assert f"{200 * found.u:.1f}" == "1.4" or f"{200 * found.u:.1f}" == "1.5"
    assert found.value == pytest.approx(0.0, abs=1e-9)


WARM = b"temperature = 12.0\ntemperature_expanded = 1.0\nprofile_expanded"
USED = {
    "use_temperature": 32.0,
    "use_temperature_spread": 2.0,
    "expansion": 1.2e-5,
    "use_pressure": 1e6,
    "use_pressure_spread": 1e5,
    "stretch": 5e-10,
}


@pytest.mark.parametrize(
    ("told", "about"),
    [
        (("use_temperature", "expansion"), -3 * 1.2e-5 * 20),
        (("use_pressure", "stretch"), -(1.0 + math.sin(math.radians(44.15)) ** 2) * 5e-4),
        (("use_temperature", "expansion", "use_pressure", "stretch"), None),
    ],
)
def test_a_body_that_is_larger_in_use_is_told_by_transit_times(told, about):
    """Transit times through the body as it then is, and what the meter makes of them by its survey."""
    used = {name: USED[name] for name in told}
    geometry = geometry_in(PUBLISHED.replace(b"profile_expanded", WARM, 1))
    longer = 1.0 + used.get("expansion", 0.0) * (used.get("use_temperature", 12.0) - 12.0)
    wider = 1.0 + used.get("stretch", 0.0) * used.get("use_pressure", 0.0) / 2
    shown = 0.0
    for length, angle in TOLD.paths:
        along = length * math.cos(math.radians(angle)) * longer
        across = length * math.sin(math.radians(angle)) * longer * wider
        run = math.hypot(along, across)
        down, up = (run / (1482.0 + way * 1.5 * along / run) for way in (1, -1))
        shown += 0.5 * velocity(length, angle, down, up)
    error = shown * 3.010**2 / (1.5 * (3.010 * longer * wider) ** 2) - 1.0
    assert about is None or error == pytest.approx(about, rel=2e-3)
    body = BodyInUse(dry(**used), geometry)
    model = Budget(
        lambda **x: told_over_true(geometry, x, TOLD, 1.5, 1482.0, body.grown) - 1.0,
        (*inputs_of(geometry, "survey"), *body.inputs),
        "1",
    )
    found = model.evaluate()
    assert found.value == pytest.approx(error, abs=3e-7)
    lines = {line.symbol: abs(line.contribution) for line in found.lines}
    if "expansion" in used:
        assert lines["α"] == pytest.approx(0.1 * 7.2e-4 / math.sqrt(3), rel=3e-3)
        assert lines["t_s"] == pytest.approx(3.6e-5 * 0.5, rel=3e-3)
        assert lines["t_u"] == pytest.approx(3.6e-5 * 5.0 / math.sqrt(3), rel=3e-3)
    if "stretch" in used:
        assert lines["κ"] == pytest.approx(0.2 * 7.43e-4 / math.sqrt(3), rel=3e-3)
        assert lines["p_u"] == pytest.approx(0.05 * 7.43e-4 / math.sqrt(3), rel=3e-3)


def dry(**told):
    """Return an order of the published meter."""
    return DryParameters(
        geometry="", diameter=3.010, lengths=(3.643, 3.648), angles=(44.2184, 44.0746), velocities=(1.5,),
        accuracy_class=2.0, **told,
    )  # fmt: skip


@pytest.mark.parametrize("told", [("use_temperature",), ("expansion",), ("use_pressure",), ("stretch",)])
def test_a_body_in_use_is_told_whole(told):
    with pytest.raises(ValueError, match="are given together, or neither"):
        dry(**{name: USED[name] for name in told})


def test_a_body_in_use_needs_the_temperature_of_its_survey():
    with pytest.raises(EvidenceError, match="has no temperature and temperature_expanded"):
        BodyInUse(dry(use_temperature=32.0, expansion=1.2e-5), geometry_in(PUBLISHED))
    assert not BodyInUse(dry(), geometry_in(PUBLISHED)).inputs


def spread(content):
    geometry = geometry_in(content)
    inputs = inputs_of(geometry, "survey")
    model = Budget(lambda **x: told_over_true(geometry, x, TOLD, 1.5, 1482.0) - 1.0, inputs, "1")
    return {each.symbol: each for each in inputs}, {
        line.symbol: abs(line.contribution) for line in model.evaluate().lines
    }


def test_what_the_survey_of_all_paths_shares_does_not_average_out():
    """Two angles to 0.05° each: apart they are 0.05°/√2 of the flow, together 0.05°."""
    shared = PUBLISHED.replace(b"profile_expanded", b"angle_common_expanded = 0.0\nprofile_expanded", 1)
    assert shared != PUBLISHED
    inputs, apart = spread(shared)
    whole = inputs["φ_1"].u
    alone = math.hypot(apart["φ_1"], apart["φ_2"])
    untold, together = spread(PUBLISHED)
    assert "no common part stated" in untold["φ_c"].source.get("en"), "what is not told counts as common"
    assert untold["φ_c"].u == pytest.approx(whole)
    assert untold["φ_1"].u == 0
    assert together["φ_c"] == pytest.approx(alone * math.sqrt(2), rel=0.01)
    half = PUBLISHED.replace(
        b"profile_expanded", b"angle_common_expanded = %.6f\nprofile_expanded" % (whole * 2 * 0.6), 1
    )
    parts, found = spread(half)
    assert parts["φ_1"].u == pytest.approx(0.8 * whole)
    assert found["φ_c"] == pytest.approx(0.6 * together["φ_c"], rel=0.01)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b", [3.010, 3.010, 3.010, 3.010]]", b"]", "diameters of 2 cross sections, and 3 of 4 directions"),
        (b"[[3.010, ", b"[[", "3 of 4 directions each are the least"),
        (b"weight = 0.5", b"weight = 0.4", "add up to 0.9"),
        (b"angle = 44.2184", b"angle = 144.2184", "angle"),
        (b"diameter_expanded = 0.001", b"", "diameter_expanded"),
        (b"profile_exp", b"length_common_expanded = 1.0\nprofile_exp", "as length_common_expanded, and"),
        (b"profile_exp", b"angle_common_expanded = 9.0\nprofile_exp", "as angle_common_expanded, and"),
        (b"by =", b"by", "is no TOML"),
        (b"length = 3.643", b"length = inf", "finite"),
        (b"length = 3.643", b"length = true", "length"),
        (b"length = 3.643", b"length = '3.643'", "length"),
        (b"profile_expanded = 0.014", b"profile_expanded = inf", "finite"),
        (b"length = 3.643", b"length = " + b"9" * 6000, "is no TOML"),
        (b"by =", b"a = " + b"[" * 50_000 + b"\nby =", "nested too deeply"),
    ],
)  # fmt: skip
def test_a_survey_that_is_not_enough_is_refused(old, new, said):
    assert old in PUBLISHED
    with pytest.raises(EvidenceError, match=said):
        geometry_in(PUBLISHED.replace(old, new, 1))


def test_errors_are_those_of_the_meter_within_their_uncertainty(tank):
    made = record(calibrate(tank, repeats=3))
    table = made.tables[0]
    column = table.column("basic_measurementError")
    flows = table.column("basic_referenceValue").floats()
    for error, expanded, at in zip(
        column.floats(), map(float, column.uncertainty.expanded), flows, strict=True
    ):
        assert expanded == pytest.approx(1.4, abs=0.2)
        assert error == pytest.approx(tank.true_error(at), abs=1.5 * expanded)
    assert read(write(made)) == made


def test_a_meter_that_is_used_warm_and_under_pressure_is_off_by_its_larger_body(tmp_path):
    with StillTank.up(tmp_path / "bench", seed=7, paths=4, warmer=25.0, pressure=1e6) as tank:
        evidence = calibrate(tank, repeats=3, velocities=[3.0])
        made = record(evidence)
        (at, *_) = made.tables[0].column("basic_referenceValue").floats()
        true = tank.true_error(at)
    with StillTank.up(tmp_path / "other", seed=7, paths=4) as alike:
        grown = true - alike.true_error(at)
    assert grown == pytest.approx(-0.165, abs=0.03), "in %: 3·1.2e-5·25, and 1.5·5e-10·1e6"
    nothing = dict.fromkeys(("use_temperature", "expansion", "use_pressure", "stretch"))
    plain = evaluated(evidence, **nothing).budgets[0]
    told = made.measurements[0].budgets[0]
    assert float(told.value) - float(plain.value) == pytest.approx(grown, abs=0.03)
    assert "g_i = " in made.measurements[0].methods[-1].description.get("en")
    assert "g_i" not in evaluated(evidence, **nothing).methods[-1].description.get("en")
    assert read(write(made)) == made


def test_the_survey_is_evidence_by_its_hash(tank):
    made = record(calibrate(tank, repeats=3))
    (named,) = made.tables[2].said("remotecal_geometryFile").words
    assert {event["sha256"] for event in told(tank, "file")} == {named}


def test_a_survey_that_was_changed_afterwards_is_none(tank):
    evidence = calibrate(tank, repeats=3)
    (kept,) = (tank.directory.parent / "run" / "files").iterdir()
    kept.chmod(0o644)
    kept.write_bytes(kept.read_bytes() + b"# mended\n")
    with pytest.raises(EvidenceError):
        record(evidence)


class AtRepeat:
    """Does something when a repeat begins, once."""

    def __init__(self, repeat, act):
        self._repeat, self._act = repeat, act

    def __call__(self, progress):
        if self._act and progress.doing == "measure" and progress.repeat == self._repeat:
            act, self._act = self._act, None
            act()


def test_a_survey_that_is_another_one_in_the_middle_of_a_run_is_none(tank):
    path = tank.directory / "geometry.toml"
    longer = AtRepeat(2, lambda: rewrite(path, ("profile_expanded = ", "profile_expanded = 1")))
    evidence = calibrate(tank, watchers=(longer,), repeats=3)
    assert len({event["sha256"] for event in told(tank, "file")}) == 2
    with pytest.raises(EvidenceError, match="was changed while the run was on"):
        record(evidence)


def test_what_is_larger_than_any_survey_is_not_read(tank):
    with (tank.directory / "geometry.toml").open("ab") as file:
        file.write(b"# more\n" * 20_000)
    with pytest.raises(ParameterError, match="no survey has"):
        calibrate(tank)


def test_a_survey_of_another_meter_is_refused_before_anybody_waits(tank):
    with pytest.raises(ParameterError, match="the geometry file has 2 paths, and 4 lengths are set"):
        calibrate(tank, lengths=[3.6] * 4, angles=[45.0] * 4)


def test_a_survey_whose_weights_are_wrong_is_refused_before_anybody_waits(tank):
    rewrite(tank.directory / "geometry.toml", ("weight = 0.5", "weight = 0.6"))
    with pytest.raises(EvidenceError, match=r"add up to 1\.2"):
        calibrate(tank)


def begun_late(events):
    """Let the first repeat begin a second before its zero was read, as if nobody had waited."""
    begun, seen = (next(one for one in events if one.kind == kind) for kind in ("repeat", "observation"))
    late = timestamp(seen.data["values"]["zero"]["at"] - 1.0)
    seen.data["began"] = late
    return [one._replace(at=late) if one is begun else one for one in events]


def test_a_run_holds_when_it_is_verified(tmp_path):
    """And not where its repeats follow one another sooner than is ordered."""
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with StillTank.up(tmp_path / "bench", seed=5, clock=clock) as tank:
        evidence = calibrate(tank, repeats=3)
        events = read_journal(tmp_path / "run" / FILE)
        key = SealKey(Ed25519PrivateKey.generate())
        library = CertificateLibrary([tmp_path / "bench"])
        run = RealRun(tmp_path / "run", events, record(evidence), key, library)
        assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}
        doubt = doubted(run.forged(begun_late, tmp_path / "forged"))
        assert "zero was read 1 s after the repeat began" in doubt["results"].said


def test_intervals_cover_the_true_errors():
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    intervals = [one for seed in range(1001, 1013) for one in calibrate_any("still-tank", seed)]
    # Those of one calibration miss together: they share the survey.
    assert not [one for one in intervals if not one.covers]
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert ratio == pytest.approx(0.312, abs=0.03)
