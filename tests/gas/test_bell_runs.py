"""Whole calibrations on the simulated bell prover, of a nozzle and of a meter."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted, untold
from short_runs import of_before, record_anew

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.drivers.rig.bell_prover import BellTrip
from remotecal.errors import BenchError, EvidenceError, ParameterError, RunError
from remotecal.journal.events import read_journal
from remotecal.model import Certificate
from remotecal.order import Order
from remotecal.procedures.library.gas.bell import TightBell
from remotecal.procedures.library.meters.nozzle import Nozzle
from remotecal.rehearsal import RealBench, rehearse
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.assembly import CLOCK
from remotecal.sim.gas.bell_bench import BellBench

METER = {"flows": [4.0], "repeats": 2, "fewest_pulses": 1000}
NOZZLE = {"repeats": 2}


def put_up(folder, item, **chosen):
    return BellBench.up(folder / "bench", seed=7, item=item, **chosen)


def ordered(bench, **parameters):
    order = Order.load(bench.order)
    quick = NOZZLE if bench.nozzle else METER
    return order.model_copy(update={"parameters": {**order.parameters, **quick, **parameters}})


def planned(bench, **parameters):
    order = ordered(bench, **parameters)
    return plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def calibrate(bench, watchers=(), **parameters):
    order = ordered(bench, **parameters)
    run = bench.directory.parent / "run"
    company = Company(Scripted(), watchers)
    return execute(order, find(order.order.procedure), Bench.load(bench.bench), run, company, bench.clock)


def record(evidence):
    return evaluate(evidence, find(evidence.procedure.name))


def told(bench, kind):
    path = bench.directory.parent / "run" / "journal.jsonl"
    return [event.data for event in read_journal(path) if event.kind == kind]


def is_safe(bench):
    with bench.world.present():
        plc = bench.rig.plc
        machines = bench.rig.blower.started or bench.rig.pump.started
        return not (machines or plc.filling or plc.outlet or plc.regulator)


def found(bench, made):
    """Return what the certificate states, its U, and what is true there; of the first row."""
    table = made.measurements[0].results[0].tables[0]
    column, places = map(table.column, bench.states)
    return (
        column.floats()[0],
        float(column.uncertainty.expanded[0]),
        bench.true_error(places.floats()[0]),
    )


@pytest.mark.parametrize(
    ("item", "output"), [("nozzle", "pulses"), ("meter", "pulses"), ("meter", "current")]
)
def test_what_is_stated_is_true_within_its_uncertainty(tmp_path, item, output):
    with put_up(tmp_path, item, output=output) as bench:
        made = record(calibrate(bench))
        value, expanded, true = found(bench, made)
        assert value == pytest.approx(true, abs=1.5 * expanded)
        assert is_safe(bench)
    assert read(write(made)) == made
    assert expanded < (0.003 if item == "nozzle" else 0.15)


def test_a_nozzle_gets_one_value_for_the_pressures_of_rooms(tmp_path):
    with put_up(tmp_path, "nozzle") as bench:
        made = record(calibrate(bench))
        nozzle = Nozzle(1, Certificate(made))
        nozzle.require(1e3, 1e6)
        value, _, _ = found(bench, made)
        assert nozzle.at(30_000.0).value == nozzle.at(45_000.0).value == value
        lines = {line.symbol: line for line in made.measurements[0].budgets[0].lines}
        u, table = float(lines["δ_Re"].u), made.measurements[0].results[0].tables[0]
        (reynolds,) = table.column("remotecal_foundAtReynoldsNumber").floats()
        with bench.world.present():
            pressure = bench.rig.item_pressure
    # b/√Re·(√(p/85 kPa) - 1)/√3, for a rectangular distribution
    assert u == pytest.approx(3.412 / reynolds**0.5 * ((pressure / 85e3) ** 0.5 - 1) / 3**0.5, rel=0.03)


def test_every_deviation_counts_in_its_direction(tmp_path):
    with put_up(tmp_path, "meter") as bench:
        made = record(calibrate(bench))
    slopes = {line.symbol: float(line.sensitivity) for line in made.measurements[0].budgets[0].lines}
    assert slopes["A_b"] == pytest.approx(-100 / 0.8, rel=0.02), (
        "a larger bell: more passed, the meter shows less"
    )
    assert slopes["ε_f"] == pytest.approx(-100, rel=0.02)
    assert slopes["t_s"] == pytest.approx(100 / 294, rel=0.03), "warmer gas is less of it"
    assert slopes["t_m"] == pytest.approx(100 / 294, rel=0.03)
    assert slopes["p_b"] == pytest.approx(100 / 103e3, rel=0.03)
    assert slopes["p_m"] == pytest.approx(-slopes["p_b"], rel=0.03)
    assert slopes["h_1"] == pytest.approx(-slopes["h_2"], rel=0.02)
    assert abs(slopes["V_d"]) < 1, "what does not change in the pipe does not count"


def test_a_bell_that_leaks_is_refused_before_it_is_used(tmp_path):
    with put_up(tmp_path, "meter", leak=0.01) as bench:
        with pytest.raises(RunError, match=r"the shut bell sinks by 0\.003.* mm/s, more than 0\.0002 mm/s"):
            calibrate(bench)
        assert told(bench, "observation") == []
        assert is_safe(bench)


@pytest.mark.parametrize("told_of", [True, False])
def test_what_the_gas_in_the_pipe_does_by_itself_is_no_leak(tmp_path, told_of):
    with put_up(tmp_path, "meter") as bench:
        calibrate(bench, **({} if told_of else {"dead_height": 0.0}))
        (tight,) = told(bench, "note")
        missed = tight["leak"] - 1000.0 * bench.rig.spec.leak / bench.rig.spec.area
    assert (abs(missed) < 2e-5) is told_of, "in mm/s; the room's weather makes ten times as much of it"


def test_a_leak_would_have_been_the_meters_error(tmp_path):
    with put_up(tmp_path, "meter", leak=0.02) as bench:
        value, _, true = found(bench, record(calibrate(bench, leak=0.01)))
        assert value == pytest.approx(true - 100 * 0.02 / 4.0, abs=0.1)


def test_a_film_that_is_not_known_would_have_been_the_meters_error(tmp_path):
    with put_up(tmp_path, "meter", film=-0.01) as bench:
        value, expanded, true = found(bench, record(calibrate(bench)))
        assert value == pytest.approx(true - 1.0, abs=0.15)
        assert abs(value - true) > 5 * expanded


def test_gas_that_is_still_warm_is_refused(tmp_path):
    with put_up(tmp_path, "meter", warmer=15.0) as bench:
        with pytest.raises(RunError, match=r"the gas under the bell is \+\d\.\d+ K beside that at the item"):
            calibrate(bench, settled_temperature=1.0, leak=10.0)
        assert is_safe(bench)


def test_evidence_of_unequal_temperatures_is_none(tmp_path):
    for item in ("meter", "nozzle"):
        with put_up(tmp_path / item, item) as bench:
            evidence = calibrate(bench)
        kind = find(evidence.procedure.name).procedure
        for limit, said in (
            ({"equality": 1e-5}, "the gas under the bell is"),
            ({"spread": 1e-5}, "thermometer"),
        ):
            stricter = kind(kind.accepts()(**{**evidence.parameters, **limit}))
            with pytest.raises(EvidenceError, match=said):
                stricter.evaluate(evidence)


def test_what_was_read_before_the_bell_sank_or_stands_in_another_order_is_no_evidence(tmp_path):
    for item in ("meter", "nozzle"):
        with put_up(tmp_path / item, item) as bench:
            evidence = calibrate(bench)
        first, *others = evidence.observations
        under, warm = first.values["bell_pressure"], first.values["bell_temperatures"]
        at_rest = tuple(one._replace(at=one.at - 40.0, exchange=one.exchange - 100) for one in warm)
        for values, said in (
            ({"bell_pressure": under[::-1]}, "was read for bell_pressure later and earlier than stands"),
            (
                {"bell_temperatures": at_rest + warm},
                r"was read -\d+ s after the last reading of height_before",
            ),
            ({"height_after": first.values["height_after"]._replace(at=warm[0].at)}, "height_after was read"),
        ):
            forged = replace(first, values={**first.values, **values})
            with pytest.raises(EvidenceError, match=said):
                record(replace(evidence, observations=(forged, *others)))


def test_a_bell_that_leaked_by_what_was_read_or_of_which_nothing_was_is_no_evidence(tmp_path):
    clock = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp())
    with put_up(tmp_path, "meter", clock=clock) as bench:
        evidence = calibrate(bench)
        key, library = SealKey(Ed25519PrivateKey.generate()), CertificateLibrary([bench.directory])
    events = read_journal(tmp_path / "run" / "journal.jsonl")
    run = RealRun(tmp_path / "run", events, record(evidence), key, library)
    assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}
    assert "tells of a leak" in doubted(run.forged(untold, tmp_path / "forged"))["results"].said
    (tight,) = evidence.kept
    by_thermometer = tuple(sorted(tight.values["temperatures"], key=lambda one: one.source))
    turned = replace(tight, values={**tight.values, "temperatures": by_thermometer})
    told_of = find(evidence.procedure.name).procedure.accepts()(**evidence.order.parameters)
    assert turned != tight
    assert TightBell.of(turned).rate(told_of) == TightBell.of(tight).rate(told_of), "by when they were taken"
    first, last = tight.values["height"]
    for height, said in (
        (last._replace(value=last.value - 1.0), r"the shut bell sinks by 0\.001\d+ mm/s, more than 0\.0002"),
        (last._replace(value=last.value + 1.0), r"the shut bell rises by 0\.001\d+ mm/s, .* would hide one"),
        (last._replace(at=first.at + 60.0), "the shut bell was watched for 60 s, and leak_time is 600 s"),
    ):
        leaky = replace(tight, values={**tight.values, "height": (first, height)})
        with pytest.raises(EvidenceError, match=said):
            record(replace(evidence, kept=(leaky,)))
    with pytest.raises(EvidenceError, match="nothing was read before it that tells of a leak"):
        record(replace(evidence, kept=()))
    assert record_anew(of_before(evidence)), "as texts of before had it"


def test_a_nozzle_that_is_not_choked_is_refused(tmp_path):
    with put_up(tmp_path, "nozzle") as bench:
        evidence = calibrate(bench)
        kind = find(evidence.procedure.name).procedure
        stricter = kind(kind.accepts()(**{**evidence.parameters, "back_pressure": 0.05}))
        with pytest.raises(EvidenceError, match=r"they count as choked up to 0\.05"):
            stricter.evaluate(evidence)


@pytest.mark.parametrize(
    ("item", "parameters", "said"),
    [
        ("nozzle", {"back_pressure": 0.6}, r"a throat .* is choked up to 0\.528 .*\(choked_to\); have it"),
        ("meter", {"flows": [12.0], "highest": 12.0}, r"12 m3/h can't be made: open_flow is 1[01]"),
        ("meter", {"stroke": 950.0}, "can't sink by stroke between upper and lower"),
        ("nozzle", {"room": [106.0, 85.0]}, "from a lower to a higher pressure"),
    ],
)
def test_orders_that_can_not_be_are_refused(tmp_path, item, parameters, said):
    with put_up(tmp_path, item) as bench, pytest.raises(ParameterError, match=said):
        planned(bench, **parameters)


def test_a_repeat_that_the_bell_is_too_small_for_is_refused(tmp_path):
    with put_up(tmp_path, "meter") as bench:
        with pytest.raises(RunError, match="it is too small for so long a repeat, or for so many pulses"):
            calibrate(bench, duration=1200.0)
        assert is_safe(bench)


def test_a_flow_that_the_valve_does_not_make_is_refused(tmp_path):
    with put_up(tmp_path, "meter") as bench:
        evidence = calibrate(bench, open_flow=20.0)
        with pytest.raises(EvidenceError, match="mend open_flow"):
            record(evidence)


def test_a_bell_without_a_certificate_is_refused(tmp_path):
    with put_up(tmp_path, "meter") as bench:
        text = bench.bench.read_text(encoding="utf-8")
        bench.bench.write_text(text.replace('certificate = "bell.xml"\n', ""), encoding="utf-8")
        with pytest.raises(BenchError, match=r"artefacts\.bell\.certificate is missing"):
            planned(bench)


class AtPoint:
    """Does something when a run is to measure, once."""

    def __init__(self, act):
        self._act = act

    def __call__(self, progress):
        if self._act and progress.point and progress.doing == "measure":
            act, self._act = self._act, None
            act()


def test_an_emergency_stop_ends_a_run(tmp_path):
    with put_up(tmp_path, "meter") as bench:
        with pytest.raises(RunError, match="EMERGENCY_STOP"):
            calibrate(bench, (AtPoint(bench.rig.plc.press),))
        assert is_safe(bench)


def test_a_bell_at_its_stop_trips_the_prover(tmp_path):
    def overfill():
        with bench.world.present():
            bench.rig.held *= 2
            bench.rig.plc.filling = True

    with put_up(tmp_path, "nozzle") as bench:
        with pytest.raises(RunError, match="AT_A_STOP"):
            calibrate(bench, (AtPoint(overfill),))
        assert is_safe(bench)


def test_a_bell_nobody_beats_makes_itself_safe(tmp_path):
    with put_up(tmp_path, "nozzle") as bench:
        opened = bench.connect()
        opened["rig"].heartbeat.set(1)
        opened["rig"].regulator.set(50)
        bench.clock.sleep(10.0)
        assert is_safe(bench)
        assert opened["rig"].trips.read() is BellTrip.HEARTBEAT_LOST


def test_an_order_is_rehearsed(tmp_path):
    with put_up(tmp_path, "meter") as bench:
        order = ordered(bench)
        found_ = find(order.order.procedure)
        foreseen = rehearse(order, found_, RealBench.of_file(order, found_, Bench.load(bench.bench)))
    assert (foreseen.bench, foreseen.assumed) == ("bell", ())
    (point,) = foreseen.points
    assert float(point.expanded) < 0.15
    assert point.conforming_refused < 0.1
