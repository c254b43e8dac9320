"""A lost SSH session in the middle of a calibration: the rig is safe, nothing is lost, and it goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from remotecal.bench import Bench
from remotecal.drivers.abb.acs580 import Status
from remotecal.drivers.capabilities import Valve
from remotecal.journal.events import FILE, read_journal

sys.path.append(str(Path(__file__).parent.parent / "procedures"))

from terminals import REMOTECAL, at_terminal

FLOWING = 400.0
"""Seconds of the rig's time after which the pump is on and repeats have been measured."""


def find_the_rig_safe(bench_file):
    """Look at the rig as anyone could, over its own protocols; its time stands still meanwhile."""
    bench = Bench.load(bench_file)
    with bench.open(bench.clock()) as opened:
        rig, pump = opened.role("rig"), opened.role("pump")
        assert rig.drain.read() is Valve.OPEN
        assert rig.flow.read().value == 0
        assert Status.RDY_REF not in pump.status.read()


def test_a_lost_session_leaves_the_rig_safe_and_the_run_goes_on(rig, tmp_path):
    out = tmp_path / "run"
    clock = Bench.load(rig / "bench.toml").clock()
    until = clock.now() + FLOWING
    with at_terminal(*REMOTECAL, "run", rig / "order.toml", "--out", out) as there:
        there.show_until(lambda: clock.now() > until)
        there.hang_up()
        assert there.process.wait(60) == 4
    find_the_rig_safe(rig / "bench.toml")
    events = read_journal(out / FILE)
    before = [event for event in events if event.kind == "observation"]
    assert before
    # Replies to what was asked last may follow.
    stop, end, safe = [event for event in events if event.kind != "replies"][-3:]
    assert (stop.kind, end.kind, safe.kind) == ("control", "abort", "safe")
    assert stop.data["reason"] == "SIGHUP"
    assert safe.data["reached"]
    finished = subprocess.run([*REMOTECAL, "resume", out], capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr
    after = [event for event in read_journal(out / FILE) if event.kind == "observation"]
    assert after[: len(before)] == before
    assert len({(event.data["point"], event.data["repeat"]) for event in after}) == len(after) == 18


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"])
def test_a_simulated_rig_ends_in_good_order(name, tmp_path):
    line = [*REMOTECAL, "sim", "up", "dosing-stand", "--out", tmp_path / "rig"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any(text.startswith("Ctrl-C") for text in process.stdout)
        process.send_signal(signal.Signals[name])
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert not said
