"""A calibration by nozzles that is killed again and again: the bank makes itself safe, nothing is lost."""

from __future__ import annotations

import random
import re
import subprocess
from collections import Counter

import pytest
from killed import HEARTBEAT_LIMIT, REMOTECAL, killed, observed

from remotecal.bench import Bench
from remotecal.cli import demo_remote
from remotecal.cli.progress import ProgressLine
from remotecal.drivers.abb.acs580 import Status
from remotecal.drivers.capabilities import Valve
from remotecal.drivers.rig.nozzle_bank import BankTrip
from remotecal.journal.events import FILE, read_journal
from remotecal.journal.gathering import read_evidence
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate
from remotecal.sim.gas.assemblies import NozzleBench

KILLS = 6
QUICK = "flows = [26.0, 6.5]\nrepeats = 9\n"


@pytest.fixture
def bench(tmp_path):
    """A nozzle bench in a process of its own, which outlives every run; a short order for it."""
    place = tmp_path / "bench"
    line = [*REMOTECAL, "sim", "up", "nozzles", "--out", place, "--set", "seed=7"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert any(said.startswith("Ctrl-C") for said in process.stdout)
        shorten(place / "order.toml")
        yield place
        process.terminate()
        process.wait(timeout=30)


def shorten(order):
    text = order.read_text(encoding="utf-8")
    text = re.sub(r"^fewest_pulses = .*$", "fewest_pulses = 1000", text, flags=re.MULTILINE)
    order.write_text(text.replace("[parameters]\n", f"[parameters]\n{QUICK}", 1), encoding="utf-8")


def find_the_bank_safe(bench_file):
    """Let the heartbeat be missed, and look at the bank as anyone could, over its own protocols."""
    loaded = Bench.load(bench_file)
    clock = loaded.clock()
    clock.sleep(2 * HEARTBEAT_LIMIT)
    with loaded.open(clock) as opened:
        bank, pump = opened.role("bank"), opened.role("pump")
        assert bank.trips.read() & BankTrip.HEARTBEAT_LOST
        assert bank.standing.read().value == 0, "no nozzle is left open"
        assert bank.vent.read() is Valve.OPEN
        clock.sleep(60)
        assert Status.RDY_REF not in pump.status.read()


def test_kills_cost_nothing(bench, tmp_path):
    chance = random.Random(20261128)
    out = tmp_path / "run"
    begin = ["run", str(bench / "order.toml"), "--out", str(out)]
    clock = Bench.load(bench / "bench.toml").clock()
    for kill in range(KILLS):
        before = observed(out) if kill else []
        killed(begin if kill == 0 else ["resume", str(out)], clock, chance.uniform(150, 450))
        find_the_bank_safe(bench / "bench.toml")
        assert observed(out)[: len(before)] == before
    finished = subprocess.run([*REMOTECAL, "resume", out], capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr
    kinds = [event.kind for event in read_journal(out / FILE)]
    assert kinds.count("resume") == KILLS
    repeats = Counter(observed(out))
    assert len(repeats) == 18
    assert set(repeats.values()) == {1}
    assert (out / "certificate.pdf").exists()


def test_a_nozzle_bench_is_calibrated_on_from_afar(tmp_path):
    """Through hub, broker and station it leaves the same files, and says the same."""
    out = tmp_path / "out"
    with NozzleBench.up(tmp_path / "bench", seed=7) as made:
        shorten(made.order)
        remote = demo_remote.calibrate_remotely(made.order, made.bench, out, ProgressLine())
        is_safe = (made.rig.pump.started, made.rig.bank.opened, made.rig.bank.vented)
    assert {path.name for path in out.iterdir()} == {
        "certificate.pdf",
        "certificate.xml",
        "journal.jsonl",
        "record.json",
    }
    assert is_safe == (False, 0, True)
    evidence = read_evidence(out)
    assert remote.record.measurements == evaluate(evidence, find(evidence.procedure.name)).measurements
    (error, other) = remote.record.tables[0].column("basic_measurementError").floats()
    assert abs(error) < 2
    assert abs(other) < 2
