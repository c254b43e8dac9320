"""A volumetric tank by weighed water: whole runs, and what its certificate is good for."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted
from short_runs import ShortRuns, evaluated, record

from benchmarks.truth import calibrate as calibrate_any
from remotecal.bench import Bench
from remotecal.certificates.dcc import read, write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.errors import CertificateRefused, EvidenceError, ParameterError, RunError
from remotecal.journal.events import FILE, Event, read_journal
from remotecal.model import Certificate
from remotecal.procedures.library.flow.vessel_parameters import VesselParameters
from remotecal.procedures.library.flow.vessel_section import Filling, VesselShape
from remotecal.procedures.library.flow.vessel_volume import drain, fill
from remotecal.procedures.library.flow.volumetric import VOLUME, VolumetricTank, held_by
from remotecal.runs.prompts import Beside
from remotecal.sim.assembly import CLOCK
from remotecal.sim.volumetric.weighed import VesselBench

calibrate = ShortRuns().calibrate
QUICK = {"levels": [600.0, 1200.0], "repeats": 2}


@pytest.fixture
def bench(tmp_path):
    with VesselBench.up(tmp_path / "bench", seed=7) as made:
        yield made


def volumes(made):
    column = made.tables[0].column(VOLUME)
    levels = made.tables[0].column("basic_measuredValue").floats()
    return list(zip(levels, column.floats(), map(float, column.uncertainty.expanded), strict=True))


def test_its_certificate_tells_what_the_tank_took(bench):
    """What is stated is read by who uses the tank, and is right at a level that the scale was off from."""
    made = record(calibrate(bench, levels=[1200.0, 600.0], repeats=3))
    assert read(write(made)) == made
    assert [level for level, *_ in volumes(made)] == [600.0, 1200.0]
    for level, found, u in volumes(made):
        assert found == pytest.approx(bench.true_error(level), abs=u)
        assert u < 5e-4 * found
    certificate = Certificate(made)
    assert held_by(certificate) == pytest.approx([found for _, found, _ in volumes(made)])
    tank = VolumetricTank(certificate, 900.0, 0.1, 3, 20.0)
    known = {one.symbol: one.value for one in (*tank.inputs, *tank.resolution)}
    assert tank.took(known, 0.0, 900.0, 20.0) == pytest.approx(bench.true_error(900.0), rel=5e-4)


def slopes(made, row=0):
    return {line.symbol: float(line.sensitivity) for line in made.measurements[0].budgets[row].lines}


def test_every_deviation_counts_in_its_direction(bench):
    found = slopes(record(calibrate(bench, **QUICK)), 1)
    assert found["W_1"] == pytest.approx(-0.001, rel=0.005), "shown too much, a kilogram is a litre too many"
    assert found["W_2"] == pytest.approx(0.001, rel=0.005)
    assert found["δV"] == pytest.approx(1.0, rel=1e-3)
    volume = bench.true_error(1200.0)
    assert found["t_m"] == pytest.approx(-volume * (2.1e-4 - 51e-6), rel=0.1), "it was colder, denser"
    assert found["h_sr"] == pytest.approx(-volume / 1200.0, rel=0.02)
    assert found["h_0r"] == pytest.approx(volume / 1200.0, rel=0.02), "0 was too low, more stayed in it"


def test_without_the_airs_buoyancy_it_would_be_a_thousandth_less(bench):
    """By hand, of one filling: what the can lost, and the sheet's factor of 1.00105."""
    evidence = calibrate(bench, **QUICK)
    first = evidence.observations[0].values
    lost = first["can_before"].value - first["can_after"].value
    (_, found, u), _ = volumes(record(evidence))
    above = first["level"].value - first["level_before"].value - 600.0
    told = lost / 998.2 * 1.00105 - above * found / 600.0
    assert told == pytest.approx(found, abs=2 * u)
    assert lost / 998.2 - above * found / 600.0 < found - u


def test_a_scale_that_was_filled_too_far_is_carried_back(bench):
    evidence = calibrate(bench, **QUICK)
    raised = tuple(
        replace(one, values={**one.values, "level": one.reading("level")._replace(
            value=one.reading("level").value + 2.0
        )})
        for one in evidence.observations
    )  # fmt: skip
    plain, moved = (volumes(record(each)) for each in (evidence, replace(evidence, observations=raised)))
    for (level, before, _), (_, after, _) in zip(plain, moved, strict=True):
        assert before - after == pytest.approx(2.0 * before / level, rel=0.03)


def necked(folder, levels, *, off=0.0, left=0.0, **order):
    """Return what is stated of a vessel with a neck above 1000 mm, and what is true."""
    with VesselBench.up(folder / "bench", seed=7, shape="necked") as bench:

        def person(asked, options):
            told = re.sub(r"(?<=up to )[\d.]+", lambda at: f"{float(at[0]) + off:g}", asked)
            answer = bench.person(told, options)
            if left and asked.startswith("Drain"):
                with bench.world.present():
                    bench.rig.tank.mass = left + 2e-4 * bench.rig.tank.capacity
                    bench.rig.tank.drain(opened=False)
            return answer

        made = record(calibrate(bench, person=Beside(person), levels=levels, repeats=2, near=8.0, **order))
    return made, bench.true_error


@pytest.mark.parametrize("off", [0.0, 4.0, -4.0])
@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ([1150.0, 1200.0, 1250.0, 1300.0], {}),
        ([1200.0, 1250.0], {}),
        ([900.0, 1200.0], {}),
        ([500.0, 1000.0, 1200.0], {}),
        ([1250.0], {"areas": [0.0384]}),
    ],
)
def test_the_neck_of_a_vessel_is_not_taken_for_its_body(tmp_path, levels, told, off):
    made, true = necked(tmp_path, levels, off=off, **told)
    for level, found, u in volumes(made):
        assert found == pytest.approx(true(level), abs=u)
    if len(levels) != 2 and 1000.0 not in levels:
        assert all(u < 5e-4 * found for _, found, u in volumes(made)), "its neck is known"


@pytest.mark.parametrize("told", [[(600.0, 0.2), (900.0, 0.2)], [(0.1, 0.2)]])
def test_a_vessel_that_took_no_more_up_to_the_next_place_is_refused(told):
    fillings = {place: [Filling(0.1, place, took)] for place, took in told}
    areas = {} if len(told) > 1 else {0.1: 0.3}
    with pytest.raises(EvidenceError, match="took no more up to a place"):
        VesselShape.of(fillings, areas, 0.05)


def test_what_stays_in_a_drained_vessel_is_put_on_as_it_is_taken_off_in_use(tmp_path):
    """Half a litre stays in its body, of which the cross section of its neck says nothing."""
    made, true = necked(tmp_path, [1150.0, 1200.0, 1250.0], left=0.5)
    _, (level, found, u), _ = volumes(made)
    assert found == pytest.approx(true(level), abs=u)
    tank = VolumetricTank(Certificate(made), level, 0.1, 2, 20.0)
    known = {one.symbol: one.value for one in (*tank.inputs, *tank.resolution)}
    drained = 30.0 * 0.5e-3 / true(30.0)
    assert tank.took(known, drained, level, 20.0) == pytest.approx(true(level) - 0.5e-3, abs=5e-5)


def test_a_vessel_that_is_filled_too_far_or_not_drained_stops_the_run(tmp_path):
    for number, (skipped, took, said) in enumerate(
        (
            ("Drain", 45.0, r"0 ± 2 mm are asked"),
            ("Drain", 3.0, r"had dripped after 3 s, and it drips for 30 s"),
            ("Fill", 45.0, r"600 ± 5 mm"),
        )
    ):
        with VesselBench.up(tmp_path / f"{number}" / "bench", seed=7) as bench:
            with bench.world.present():
                bench.rig.tank.mass = 10.0

            def idle(asked, options, skipped=skipped, took=took, bench=bench):
                if not asked.startswith(skipped):
                    return bench.person(asked, options)
                bench.clock.sleep(took)
                return options[0]

            with pytest.raises(RunError, match=rf"{said}.* or order it anew where the laboratory ordered it"):
                ShortRuns().calibrate(bench, person=Beside(idle), **QUICK)


def test_what_was_not_done_as_it_should_be_is_asked_for_again(tmp_path):
    """Nobody far away can resume a run: the person beside the vessel is told what is wrong, and mends it."""
    with VesselBench.up(tmp_path / "bench", seed=7) as bench:
        asked = []

        def careless(question, options):
            """Drain too short, then not at all, then fill too far: each the first time."""
            asked.append(question)
            if len(asked) == 1:
                return options[0]
            if len(asked) == 3:
                bench.person(re.sub(r"(?<=up to )600", "640", question), options)
                return options[0]
            return bench.person(question, options)

        made = record(ShortRuns().calibrate(bench, person=Beside(careless), **QUICK))
        for level, found, u in volumes(made):
            assert found == pytest.approx(bench.true_error(level), abs=u)
    drained, filled = asked[1], asked[3]
    assert "It had dripped after 0 s, and it drips for 30 s." in drained
    assert re.search(r"shows 6[34]\d(\.\d)? mm, 600 ± 5 mm are asked for: see that its drain works", filled)


def test_a_balance_that_was_not_calibrated_so_high_is_refused(bench):
    evidence = calibrate(bench, **QUICK)
    heavier = tuple(
        replace(
            one,
            values={
                **one.values,
                **{
                    name: one.reading(name)._replace(value=one.reading(name).value + 300.0)
                    for name in ("can_before", "can_after")
                },
            },
        )
        for one in evidence.observations
    )
    with pytest.raises(CertificateRefused):
        evaluated(replace(evidence, observations=heavier))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"levels": []}, "levels names each place"),
        ({"levels": [600.0, 600.0]}, "levels names each place"),
        ({"levels": [1250.0]}, r"give it in areas \(m2\), or add levels"),
        ({"levels": [1250.0, 1260.0]}, "more than twice that apart"),
        ({"levels": [1250.0, 1300.0], "areas": [0.04]}, "at each of the levels"),
    ],
)
def test_places_are_named_once_and_tell_the_cross_section_there(told, said):
    with pytest.raises((ValueError, ParameterError), match=said):
        VesselParameters(expansion=51e-6, expansion_expanded=1e-6, **told)


def test_a_run_holds_when_it_is_verified(tmp_path):
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with VesselBench.up(tmp_path / "bench", seed=5, clock=clock) as bench:
        evidence = calibrate(bench, **QUICK)
        events = read_journal(tmp_path / "run" / FILE)
        key = SealKey(Ed25519PrivateKey.generate())
        library = CertificateLibrary([tmp_path / "bench"])
        run = RealRun(tmp_path / "run", events, record(evidence), key, library)
        assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}
        for one, other in (("can_before", "can_after"), ("level_before", "level")):

            def exchanged(events: list[Event], one: str = one, other: str = other) -> None:
                for event in events:
                    if event.kind == "observation":
                        values = event.data["values"]
                        values[one], values[other] = values[other], values[one]

            assert doubted(run.forged(exchanged, tmp_path / one)), one


def test_intervals_cover_the_true_volumes():
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    intervals = [one for seed in range(1, 11) for one in calibrate_any("vessel-bench", seed)]
    assert len(intervals) == 10 * 4
    # Those of one calibration miss together: they share the balance.
    assert sum(not one.covers for one in intervals) <= 4


def test_a_bench_that_is_up_does_what_a_person_on_site_is_asked_for(tmp_path):
    """As somebody calibrates it by hand: a run asks here, and what it asks is pasted there."""
    line = [sys.executable, "-m", "remotecal", "sim", "up", "vessel-bench", "--out", str(tmp_path / "rig")]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def told(words):
            return next(line.strip() for line in process.stdout if re.search(words, line))

        def have(what):
            print(what, file=process.stdin, flush=True)
            return told("^  (done|nobody)")

        try:
            told("Ctrl-C ends it")
            assert "knows what to do" in have("Whistle.")
            assert have(drain(30.0).get("en")) == have(fill(600.0).get("en")) == "done"
            with Bench.load(tmp_path / "rig" / "bench.toml").open() as opened:
                assert opened.instruments["dut"].level.read().value == pytest.approx(600.0, abs=5.0)
        finally:
            process.terminate()
