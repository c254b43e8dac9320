"""What a run of a flow procedure leaves is believed, as that of any other."""

import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import BEGAN, RealRun, doubted

from remotecal.bench import Bench
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import SharedClock
from remotecal.journal.events import FILE, read_journal
from remotecal.journal.gathering import read_evidence
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.assembly import CLOCK
from remotecal.sim.water.assemblies import master_line, water_rig


@pytest.mark.parametrize(
    ("put_up", "procedure"), [(water_rig, "water_gravimetric"), (master_line, "water_master_meter")]
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
    events = read_journal(tmp_path / "run" / FILE)
    key = SealKey(Ed25519PrivateKey.generate())
    run = RealRun(tmp_path / "run", events, record, key, CertificateLibrary([tmp_path / "rig"]))
    assert doubted(run.forged(lambda events: events, tmp_path / "sealed")) == {}
