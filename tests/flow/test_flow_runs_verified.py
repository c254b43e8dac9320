"""What a run of a flow procedure leaves is believed, as that of any other."""

import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted
from killed import HEARTBEAT_LIMIT, REMOTECAL, has_observed, killed_at, observed
from test_bench_qualification import ordered
from test_diverter import TOLD
from test_rig_facts import determined
from tripping import guarded, out_of_place

from benchmarks.rig_facts import Filler
from remotecal.bench import Bench
from remotecal.certificates.characterised import stated_in
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import AwaitedClock, SharedClock
from remotecal.configuration import as_toml
from remotecal.journal.events import FILE, read_journal
from remotecal.journal.gathering import read_evidence
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.assembly import CLOCK
from remotecal.sim.water.assemblies import CoriolisRig, master_line, water_rig
from remotecal.sim.water_bench.assemblies import WaterMeterBench


def doubts(rig, out, record, place, forgery=lambda events: events):
    """Return what whoever verifies a run, forged and sealed in its place, doubts of it."""
    events, key = read_journal(out / FILE), SealKey(Ed25519PrivateKey.generate())
    run = RealRun(out, events, record, key, CertificateLibrary([rig.directory]))
    return doubted(run.forged(forgery, place))


@pytest.mark.parametrize(
    ("put_up", "procedure"),
    [
        (water_rig, "water_gravimetric"),
        (CoriolisRig.up, "water_gravimetric"),
        (master_line, "water_master_meter"),
    ],
)
def test_a_run_holds(tmp_path, put_up, procedure) -> None:
    clock = SharedClock.begin(tmp_path / "rig" / CLOCK, BEGAN.timestamp())
    with put_up(tmp_path / "rig", seed=5, clock=clock) as rig:
        order = Order.load(rig.order)
        terms = {**order.parameters, "flows": [20.0], "repeats": 2}
        order = order.model_copy(update={"parameters": terms})
        found = find(procedure)
        execute(order, found, Bench.load(rig.bench), tmp_path / "run", Company(Scripted()), clock)
    record = evaluate(read_evidence(tmp_path / "run"), found)
    assert doubts(rig, tmp_path / "run", record, tmp_path / "sealed") == {}


@pytest.mark.parametrize(
    ("procedure", "parameters", "roles"),
    [
        ("flow.pipe_volume", {"fillings": 2}, {"balance": "can_scale"}),
        ("flow.water_density", {"samples": 2}, {}),
    ],
)
def test_what_a_rig_is_determined_to_be_by_hand_holds(tmp_path, procedure, parameters, roles) -> None:
    clock = SharedClock.begin(tmp_path / "rig" / CLOCK, BEGAN.timestamp())
    with water_rig(tmp_path / "rig", seed=5, clock=clock) as rig:
        record = determined(rig, procedure, Filler(rig), parameters, roles)
    assert doubts(rig, tmp_path / "run", record, tmp_path / "sealed") == {}


def silent(events):
    """Say that the meter which was read first did not answer in the last repeat."""
    (*_, last) = (event.data["values"] for event in events if event.kind == "observation")
    first = last["counted_before"][0]["source"]
    for name, value in last.items():
        if name in {"counted_before", "counted_after", "starts_before", "starts_after"}:
            last[name] = [one for one in value if one["source"] != first]


def test_a_bench_of_meters_that_is_qualified_holds(tmp_path) -> None:
    """And not where a meter is said to have been silent in a repeat, and its replies are there."""
    clock, out = SharedClock.begin(tmp_path / "bench" / CLOCK, BEGAN.timestamp()), tmp_path / "run"
    with WaterMeterBench.up(tmp_path / "bench", seed=5, meters=2, clock=clock) as bench:
        order, found = ordered(bench, at=["Q3"]), find("flow.bench_qualification")
        execute(order, found, Bench.load(bench.bench), out, Company(Scripted()), clock)
    record = evaluate(read_evidence(out), found)
    assert doubts(bench, out, record, tmp_path / "sealed") == {}
    doubt = doubts(bench, out, record, tmp_path / "forged", silent)["replies"]
    assert "answered, and what it told does not stand there" in doubt.said


def test_a_diverter_is_determined_though_the_run_is_killed_and_its_record_holds(tmp_path) -> None:
    out = tmp_path / "run"
    clock = AwaitedClock.begin(tmp_path / "rig" / CLOCK, BEGAN.timestamp())
    with water_rig(tmp_path / "rig", seed=5, clock=clock) as rig:
        said = tomllib.loads(rig.order.read_text("utf-8"))
        said["order"]["procedure"] = "flow.diverter"
        device = {key: value for key, value in said["dut"].items() if not key.startswith("class_")}
        said |= {"parameters": {**TOLD, "flows": [30.0]}, "dut": {**device, "serial": "RIG-50"}}
        rig.order.write_text(as_toml(said), "utf-8")
        rig.bench.write_text(rig.bench.read_text("utf-8") + '\n[roles]\nmonitor = "dut"\n', "utf-8")
        killed_at(rig, lambda: has_observed(out), ["run", str(rig.order), "--out", str(out)])
        before = observed(out)
        assert len(before) < TOLD["repeats"]
        (controller,) = guarded(rig)
        assert out_of_place(rig.connect()[controller]) != []
        clock.sleep(2 * HEARTBEAT_LIMIT)
        assert out_of_place(rig.connect()[controller]) == [], "what was open is shut without the run"
        finished = subprocess.run([*REMOTECAL, "resume", out], capture_output=True, text=True, timeout=300)
        assert finished.returncode == 0, finished.stderr
    assert observed(out)[: len(before)] == before
    assert set(Counter(observed(out)).values()) == {1}
    record = evaluate(read_evidence(out), find("flow.diverter"))
    correction = stated_in(record, "diverter_correction")
    assert correction.value == pytest.approx(rig.truth.asymmetry, abs=1.5 * correction.expanded)
    assert doubts(rig, out, record, tmp_path / "sealed") == {}
