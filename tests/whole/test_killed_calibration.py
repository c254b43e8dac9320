"""A calibration that is killed ten times: the rig makes itself safe, and nothing is done twice or lost."""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from examining import examine_course, examine_instruments, examine_replies, examine_shapes, examine_times
from killed import HEARTBEAT_LIMIT, REMOTECAL, killed, observed

from remotecal.bench import Bench
from remotecal.clock import SharedClock
from remotecal.drivers.abb.acs580 import Status
from remotecal.drivers.capabilities import Valve
from remotecal.drivers.rig.controller import Trip
from remotecal.journal.events import FILE, read_journal

KILLS = 10


def find_the_rig_safe(bench_file):
    """Let the heartbeat be missed, and look at the rig as anyone could, over its own protocols."""
    bench = Bench.load(bench_file)
    clock = bench.clock()
    clock.sleep(2 * HEARTBEAT_LIMIT)
    with bench.open(clock) as opened:
        rig, pump = opened.role("rig"), opened.role("pump")
        assert rig.trips.read() & Trip.HEARTBEAT_LOST
        assert rig.drain.read() is Valve.OPEN
        clock.sleep(60)
        assert rig.flow.read().value == pytest.approx(0, abs=1e-3)
        assert Status.RDY_REF not in pump.status.read()
    assert isinstance(clock, SharedClock)


def test_ten_kills_cost_nothing(rig, tmp_path):
    chance = random.Random(20261123)
    out = tmp_path / "run"
    begin = ["run", str(rig / "order.toml"), "--out", str(out)]
    clock = Bench.load(rig / "bench.toml").clock()
    for kill in range(KILLS):
        before = observed(out) if kill else []
        killed(begin if kill == 0 else ["resume", str(out)], clock, chance.uniform(1, 500))
        find_the_rig_safe(rig / "bench.toml")
        assert observed(out)[: len(before)] == before
    finished = subprocess.run([*REMOTECAL, "resume", out], capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr
    events = read_journal(out / FILE)
    assert [event.kind for event in events].count("resume") == KILLS
    assert [event.kind for event in events].count("finish") == 1
    repeats = Counter(observed(out))
    assert len(repeats) == 18
    assert set(repeats.values()) == {1}
    assert (out / "certificate.pdf").exists()
    examine_shapes(events)
    examine_times(events, datetime.now(UTC) + timedelta(days=1))
    assert examine_course(events).count("taken up again") == KILLS
    assert "balance: Mettler-Toledo" in examine_instruments(events)
    assert "values read again" in examine_replies(events)
