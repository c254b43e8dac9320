"""Whole calibrations on the simulated nozzle bench: over real sockets and lines, to the certificate."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted, untold
from short_runs import AtPoint, ShortRuns, evaluated, of_before, record, record_anew, rewrite, told

from remotecal.bench_file import Characteristic
from remotecal.certificates.dcc import read, write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.errors import (
    BenchError,
    CertificateRefused,
    EvidenceError,
    ParameterError,
    RunAborted,
    RunError,
)
from remotecal.journal.events import FILE, read_journal
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import resume
from remotecal.runs.prompts import Scripted
from remotecal.runs.resting import RESTS_ON
from remotecal.sim.assembly import CLOCK
from remotecal.sim.gas.assemblies import NozzleBench

QUICK = {"flows": [26.0, 6.5], "repeats": 2, "duration": 30.0, "fewest_pulses": 1000}
RUNS = ShortRuns(**QUICK)
ordered, planned, calibrate = RUNS.ordered, RUNS.planned, RUNS.calibrate


@pytest.fixture
def bench(tmp_path):
    with NozzleBench.up(tmp_path / "bench", seed=7) as made:
        yield made


def is_safe(bench):
    with bench.world.present():
        rig = bench.rig
        return not rig.pump.started and rig.bank.opened == 0 and rig.bank.vented


@pytest.mark.parametrize("output", ["pulses", "current"])
def test_errors_are_those_of_the_meter_within_their_uncertainty(tmp_path, output):
    with NozzleBench.up(tmp_path / "bench", seed=7, output=output) as bench:
        made = record(calibrate(bench))
        table = made.measurements[0].results[0].tables[0]
        column = table.column("basic_measurementError")
        for error, expanded, at in zip(
            column.floats(),
            column.uncertainty.expanded,
            table.column("basic_referenceValue").floats(),
            strict=True,
        ):
            assert float(expanded) < 0.35
            assert error == pytest.approx(bench.true_error(at), abs=1.5 * float(expanded))
        assert is_safe(bench)
    assert read(write(made)) == made
    assert (table.column("remotecal_kFactor") is None) is (output == "current")


def left_out(made):
    return [one.declaration.get("en") for one in made.statements if "remotecal_leftOut" in one.ref_types]


def test_flows_of_the_document_that_were_left_out_are_told(bench):
    """A weighted mean error of two flows is not the document's."""
    evidence = calibrate(bench)
    (text,) = left_out(record(evidence))
    assert "OIML R 137-1&2:2012 (unverified): 65, 45.5, 16.25, 3.25, 1.3 m³/h" in text
    assert not left_out(record_anew(of_before(evidence, wording=1)))
    every = RUNS.ordered(bench, flows=[]).parameters
    assert not find("gas.meter_by_nozzles").procedure.accepts()(**every).left_out(2)


def test_the_certificate_tells_what_passed_the_nozzles(bench):
    evidence = calibrate(bench)
    made = record(evidence)
    table = made.measurements[0].results[2].tables[0]
    assert table.said("remotecal_nozzles").words == ("4+6", "2+4")
    assert "Critical flow function C*" in {column.name.get("en") for column in table.columns}
    limits = table.column("remotecal_criticalBackPressureRatio").floats()
    assert set(limits) == {evidence.parameters["back_pressure"]}
    (choking,) = (one.declaration for one in made.statements if "remotecal_choking" in one.ref_types)
    assert "背压" in choking.get("zh")
    assert "divided by the smallest read ahead of them" in choking.get("en")
    older = record_anew(of_before(evidence, wording=0))
    before = older.measurements[0].results[2].tables[0]
    assert len(before.columns) == len(table.columns) - 1
    assert "C*" in {column.name.get("en") for column in before.columns}
    rests = {"remotecal_choking", RESTS_ON}
    assert not rests & {kind for one in older.statements for kind in one.ref_types}, "as it was printed"
    assert table.column("remotecal_criticalFlowFunction").floats()[0] == pytest.approx(0.6850, abs=2e-4)
    assert table.column("remotecal_largestReynolds").floats()[0] == pytest.approx(80_000, rel=0.05)
    assert max(table.column("remotecal_backPressureRatio").floats()) < 0.3
    assert "GERG-2008" in write(made).decode()
    software = {one.name.get("en"): one.release for one in made.measurements[0].software}
    assert software["pyaga8"] == f"v{version('pyaga8')}", "which computed the equation"
    lines = {line.symbol: float(line.contribution) for line in made.measurements[0].budgets[0].lines}
    assert {"δ_C1", "C_4", "C_6"} <= lines.keys()
    assert lines["δ_C1"] == pytest.approx(0.075, rel=0.02), "what nozzles share is not averaged"
    assert lines["C_6"] == pytest.approx(0.05 * 20.8 / 26, rel=0.05), "and its own part counts by its flow"
    assert [note["numbers"] for note in told(bench, "note") if note["text"] == "nozzles"] == [[4, 6], [2, 4]]


def test_every_deviation_counts_in_its_direction(bench):
    """What read too high was lower: with less ahead of the nozzles less passed, and the meter shows more."""
    made = record(calibrate(bench))
    slopes = {line.symbol: float(line.sensitivity) for line in made.measurements[0].budgets[0].lines}
    assert slopes["p_0"] == pytest.approx(100 / 101_000, rel=0.05)
    assert slopes["p_m"] == pytest.approx(-slopes["p_0"], rel=0.02)
    assert slopes["t_m"] == pytest.approx(100 / 293, rel=0.02)
    assert slopes["t_0"] == pytest.approx(-50 / 293, rel=0.03)
    assert slopes["h_a"] > 0, "drier air is heavier: less volume passes, and less of it than it seemed"
    assert slopes["δ_C1"] == slopes["ε_C"] == pytest.approx(-100, rel=0.01)
    assert slopes["ε_ρ"] == pytest.approx(100, rel=0.01)
    assert slopes["q_l"] == pytest.approx(-100 / 26, rel=0.05)


def test_nozzles_that_are_not_choked_are_refused(tmp_path):
    """The pump draws 0.9 of the meter's highest flow: enough for 6.5 m³/h, far too little for 65."""
    with NozzleBench.up(tmp_path / "bench", seed=7, pump=0.9) as bench:
        with pytest.raises(RunError, match=r"65 m3/h: behind the nozzles .* choked up to 0\.5"):
            calibrate(bench, flows=[6.5, 65.0])
        assert [event["point"] for event in told(bench, "observation")] == ["6.5 m3/h"] * 2
        assert is_safe(bench)


def test_evidence_of_nozzles_that_were_not_choked_is_none(bench):
    evidence = calibrate(bench)
    kind = find(evidence.procedure.name).procedure
    stricter = kind(kind.accepts()(**{**evidence.parameters, "back_pressure": 0.01}))
    with pytest.raises(EvidenceError, match=r"they count as choked up to 0\.01"):
        stricter.evaluate(evidence)


def restate(bench, new, ref_type="remotecal_maximumBackPressureRatio"):
    """Have every nozzle's certificate state another ratio up to which it is choked."""
    for number, nozzle in enumerate(bench.rig.spec.nozzles, 1):
        path = bench.directory / f"nozzle_{number}.xml"
        old = f"{math.floor(100 * nozzle.recovers) / 100:.2f}"
        rewrite(path, (f">{old}<", f">{new}<"), ("remotecal_maximumBackPressureRatio", ref_type))


def test_nozzles_are_not_believed_to_be_choked_beyond_their_certificates(tmp_path):
    """The order lets the pressure behind be 0.98 of that ahead; these nozzles were found choked to 0.76."""
    with NozzleBench.up(tmp_path / "bench", seed=7, pump=0.9) as bench:
        with pytest.raises(RunError, match=r"0\.9\d+ of the \d+ Pa ahead of them; .* choked up to 0\.7\d"):
            calibrate(bench, flows=[65.0], back_pressure=0.98)
        assert is_safe(bench)


def test_an_order_alone_does_not_have_nozzles_choked(bench):
    restate(bench, "0.98", "remotecal_otherRatio")
    planned(bench)
    with pytest.raises(ParameterError, match=r"nozzle 4, 6 states no remotecal_maximumBackPressureRatio"):
        planned(bench, flows=[26.0], back_pressure=0.9)


def test_evidence_is_held_against_the_least_ratio_of_the_nozzles_that_were_open(bench):
    """What was written before certificates stated one is evaluated by the order's, whatever that is."""
    evidence = calibrate(bench)

    def by(old, new):
        used = evidence.certificates["nozzles[6]"]
        text = write(used.record).decode().replace(old, new)
        other = used.model_copy(update={"record": read(text.encode())})
        return replace(evidence, certificates={**evidence.certificates, "nozzles[6]": other})

    stated = f">{math.floor(100 * bench.rig.spec.nozzles[5].recovers) / 100:.2f}<"
    with pytest.raises(EvidenceError, match=r"26 m3/h: .* they count as choked up to 0\.01"):
        record(by(stated, ">0.01<"))
    older = by("remotecal_maximumBackPressureRatio", "remotecal_otherRatio")
    assert found_with(older, back_pressure=0.98) == found_with(evidence)


def test_unchoked_nozzles_would_have_been_believed_otherwise(tmp_path):
    """What is refused is no trifle: by certificates that are wrong the meter runs slow by several percent."""
    with NozzleBench.up(tmp_path / "bench", seed=7, pump=0.9) as bench:
        restate(bench, "0.99")
        made = record(calibrate(bench, flows=[65.0], back_pressure=0.98))
        (error,) = made.measurements[0].results[0].tables[0].column("basic_measurementError").floats()
        assert error < bench.true_error(65.0) - 1.0


def test_a_bank_that_leaks_is_refused_before_it_is_used(tmp_path):
    with NozzleBench.up(tmp_path / "bench", seed=7, leak=0.01) as bench:
        with pytest.raises(RunError, match=r"the shut bank leaks 0\.01 m3/h, more than 0\.0013 m3/h"):
            calibrate(bench)
        assert told(bench, "observation") == []
        assert is_safe(bench)


def test_a_leak_would_have_been_the_meters_error(tmp_path):
    with NozzleBench.up(tmp_path / "bench", seed=7, leak=0.1) as bench:
        made = record(calibrate(bench, flows=[6.5], leak_share=0.01, back_volume=0.001))
        (error,) = made.measurements[0].results[0].tables[0].column("basic_measurementError").floats()
        assert error == pytest.approx(bench.true_error(6.5) + 100 * 0.1 / 6.5, abs=0.3)


def test_a_valve_that_does_not_open_is_refused(bench):
    bench.rig.bank.stuck = 0b1000
    with pytest.raises(RunError, match=r"26 m3/h: the nozzles \(6,\) stand open, and \(4, 6\) are to"):
        calibrate(bench)
    assert is_safe(bench)


def test_evidence_of_other_nozzles_is_none(bench):
    evidence = calibrate(bench)
    first, *others = evidence.observations
    opened = first.values["opened"]
    forged = replace(first, values={**first.values, "opened": opened._replace(value=3.0)})
    with pytest.raises(EvidenceError, match=r"the nozzles \(1, 2\) stood open, and \(4, 6\) were to"):
        record(replace(evidence, observations=(forged, *others)))


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"flows": [9.0], "flow_tolerance": 0.5}, r"9 m3/h can't be made: .* together is 9.1 m3/h"),
        ({"flows": [70.0]}, "70 m3/h lies outside what the meter is for, 1.3 to 65 m3/h"),
        ({"flows": [100.0], "highest": 100.0}, "nearest that nozzles make together is 82.55 m3/h"),
        ({"lowest": 70.0}, "the one must be less than the other"),
        ({"nozzle_flows": [65.0] * 17}, "a bank has 1 to 16 nozzles"),
        ({"pulses_per_volume": None}, "parameters.pulses_per_volume is missing"),
    ],
)
def test_orders_that_can_not_be_are_refused(bench, parameters, said):
    with pytest.raises(ParameterError, match=said):
        planned(bench, **parameters)


def test_nozzles_in_another_order_than_the_order_says_are_refused(bench):
    rewrite(bench.bench, ('"nozzle_4",\n    "nozzle_5",', '"nozzle_5",\n    "nozzle_4",'))
    with pytest.raises(
        ParameterError, match=r"nozzle 4 passes 10.* nozzle_flows says 5.2: mend nozzle_flows"
    ):
        planned(bench)


def test_a_bank_of_fewer_nozzles_is_refused(bench):
    rewrite(bench.bench, ('    "nozzle_6",\n    "nozzle_7",\n', ""))
    with pytest.raises(BenchError, match="there is no nozzle 6 on the bench"):
        planned(bench)


def test_a_nozzle_that_is_certified_elsewhere_is_refused(bench):
    path = bench.directory / "nozzle_6.xml"
    text, at = path.read_text(encoding="utf-8"), bench.rig.spec.nozzles[5].reynolds
    said, doubled = (" ".join(f"{share * each:.0f}" for each in at) for share in (1, 2))
    assert said in text
    path.write_text(text.replace(said, doubled), encoding="utf-8")
    with pytest.raises(CertificateRefused, match="but nozzle 6 is to work at Re"):
        planned(bench)


def test_gauges_of_gauge_pressure_are_refused(bench):
    rewrite(bench.bench, ("absolute = true", "absolute = false"))
    with pytest.raises(ParameterError, match="the inlet_gauge must show absolute pressure"):
        calibrate(bench)
    assert is_safe(bench)


def test_a_blocked_filter_trips_the_interlock(bench):
    def block():
        with bench.world.present():
            bench.rig.blocked = 25_000.0

    with pytest.raises(RunError, match=r"inlet_gauge\.pressure"):
        calibrate(bench, (AtPoint("6.5 m3/h", block),))
    assert is_safe(bench)


def test_an_emergency_stop_ends_a_run(bench):
    with pytest.raises(RunError, match="EMERGENCY_STOP"):
        calibrate(bench, (AtPoint("6.5 m3/h", bench.rig.bank.press),))
    assert is_safe(bench)


def test_a_run_that_was_stopped_is_safe_and_goes_on(bench):
    control = Control()
    stop = AtPoint("6.5 m3/h", lambda: control.abort("enough", "liwei"))
    with pytest.raises(RunAborted):
        calibrate(bench, (stop,), control)
    assert is_safe(bench)
    evidence = resume(bench.directory.parent / "run", Company(Scripted()), clock=bench.clock)
    assert evidence.complete
    assert record(evidence).measurements
    assert len([note for note in told(bench, "note") if note["text"] == "leak"]) == 2, "looked at again"


def found_with(evidence, **parameters):
    """Return the errors and budgets that follow from evidence, if other parameters had been told."""
    made = evaluated(evidence, **parameters)
    return made.results[0].tables[0].column("basic_measurementError").floats(), made.budgets


def test_limits_of_the_class_are_called_unverified_and_those_of_the_order_are_not(bench):
    evidence = calibrate(bench)
    told = {"permissible": (0.6, 1.2), "transition": 13.0, "weighted_mean": 0.3, "repeatability_share": 0.3}
    for parameters, times in (({}, 3), (told, 0)):
        made = evaluated(evidence, **parameters)
        (said,) = (one.declaration.get("en") for one in made.statements if one.conformity)
        assert said.count("(unverified)") == times


def unverified_in(made):
    (said,) = (one.declaration.get("en") for one in made.statements if one.conformity)
    return said.count("(unverified)")


def test_a_limit_that_an_order_states_is_its_own_word_though_it_be_the_default(bench):
    """Forms had filled in all defaults: such orders, and older runs, print as they did when issued."""
    evidence = calibrate(bench)

    def unverified(told):
        order = evidence.order.model_copy(update={"parameters": told})
        return unverified_in(record(replace(evidence, order=order)))

    few = evidence.order.parameters
    states = {**few, "repeatability_share": evidence.parameters["repeatability_share"]}
    assert evidence.own_word
    assert (unverified(few), unverified(states), unverified(evidence.parameters)) == (3, 2, 3)
    order = evidence.order.model_copy(update={"parameters": states})
    assert unverified_in(record_anew(of_before(evidence, order=order, own_word=False))) == 3
    assert unverified({**states, "transition": None}) == 2


def test_a_narrow_plenum_counts_by_its_velocity(bench):
    """26 m³/h in a pipe of 20 mm are 23 m/s, Ma 0.067: the gas at rest has 0.31 % more pressure.

    Volume is drawn by √T alone, and a pressure ahead that is higher is more mass: the meter shows less.
    """
    evidence = calibrate(bench)
    narrow = Characteristic(
        value=20.0,
        unit="mm",
        expanded_uncertainty=0.0,
        source="here",
        valid_until=evidence.characteristics["connecting_volume"].valid_until,
    )
    stated = replace(evidence, characteristics={**evidence.characteristics, "plenum_diameter": narrow})
    wide, _ = found_with(evidence)
    thin, _ = found_with(stated)
    assert thin[0] - wide[0] == pytest.approx(-0.32, abs=0.03)
    feels_all, _ = found_with(stated, recovery=1.0)
    assert thin[0] - feels_all[0] == pytest.approx(50 * 0.25 * 23**2 / 2 / 1006 / 294, abs=0.011)


def test_what_the_pipe_stores_is_known_as_well_as_its_pressure_and_temperature(bench):
    """±50 Pa and ±0.2 K in 0.05 m³ are 0.013 % and 0.018 % of 26 m³/h for 30 s; a run that was not told of
    them is evaluated without."""
    evidence = calibrate(bench)
    errors, (budget, *_) = found_with(evidence, pack_pressure=50.0, pack_temperature=0.2)
    parts = {line.symbol: abs(float(line.contribution)) for line in budget.lines}
    share = 100.0 * 0.05 / (26.0 * 30.0 / 3600.0) / math.sqrt(3)
    assert parts["Δp_c"] == pytest.approx(share * 50 / 101e3, rel=0.15)
    assert parts["Δt_c"] == pytest.approx(share * 0.2 / 293, rel=0.15)
    known = {name: one for name, one in evidence.parameters.items() if not name.startswith("pack_")}
    older, (before, *_) = found_with(replace(evidence, parameters=known))
    assert older == errors
    assert not {"Δp_c", "Δt_c"} & {line.symbol for line in before.lines}


def test_a_meter_is_read_by_its_total(bench):
    """What the counter counted stands for the total that a meter would tell over a bus."""
    evidence = calibrate(bench)
    pulses = bench.rig.spec.meter.pulses
    observations = []
    for one in evidence.observations:
        values = {name: value for name, value in one.values.items() if not name.startswith("pulses")}
        for when in ("before", "after"):
            reading = one.values[f"pulses_{when}"]
            values[f"total_{when}"] = reading._replace(value=reading.value / pulses, unit="m3")
        observations.append(replace(one, values=values))
    totals = replace(evidence, observations=tuple(observations))
    by_pulses, _ = found_with(evidence)
    by_total, fine = found_with(totals, total_resolution=1e-6)
    assert by_total == pytest.approx(by_pulses, abs=0.011)
    _, coarse = found_with(totals, total_resolution=0.01)
    shares = [{line.symbol: float(line.share) for line in made[1].lines}["V_res"] for made in (coarse, fine)]
    assert shares[0] > 90.0 > 1.0 > shares[1]


def test_a_run_holds_when_it_is_verified(tmp_path):
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with NozzleBench.up(tmp_path / "bench", seed=5, clock=clock) as bench:
        evidence = calibrate(bench)
        events = read_journal(tmp_path / "run" / FILE)
        key = SealKey(Ed25519PrivateKey.generate())
        library = CertificateLibrary([tmp_path / "bench"])
        run = RealRun(tmp_path / "run", events, record(evidence), key, library)
        assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}
        assert "tells of a leak" in doubted(run.forged(untold, tmp_path / "forged"))["results"].said
    (tight,) = evidence.kept
    before, after = (tight.values[end] for end in ("back_before", "back_after"))
    room = tight.values["room"].value
    for end, value, said in (
        (
            "back_after",
            after._replace(value=after.value + 100.0),
            r"the shut bank leaks [\d.]+ m3/h, more than 0.0013 m3/h",
        ),
        (
            "back_after",
            after._replace(value=after.value - 100.0),
            r"the pressure in the shut bank fell from .*, and so would hide one",
        ),
        ("back_before", before._replace(value=0.6 * room), r"watched for a leak from .* kPa, and the room"),
        (
            "back_after",
            after._replace(at=before.at + 60.0),
            r"back_after was read 60 s after .*, and 120 s are due",
        ),
    ):
        leaky = replace(tight, values={**tight.values, end: value})
        with pytest.raises(EvidenceError, match=said):
            record(replace(evidence, kept=(leaky,)))
    airless = {**tight.values, "room": tight.values["room"]._replace(value=0.0)}
    with pytest.raises(EvidenceError, match="ZeroDivisionError"):
        record(replace(evidence, kept=(replace(tight, values=airless),)))
