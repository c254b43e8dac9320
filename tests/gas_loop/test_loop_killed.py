"""A calibration in a loop under pressure that is killed at random moments: the gas is let out slowly, nothing
is left open, and nothing is done twice or lost."""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from itertools import pairwise

import pytest
from killed import HEARTBEAT_LIMIT, REMOTECAL, killed, observed

from remotecal.bench import Bench
from remotecal.drivers.abb.acs580 import Status
from remotecal.drivers.capabilities import LoopMode
from remotecal.drivers.rig.gas_loop import SLOWEST, LoopTrip
from remotecal.journal.events import FILE, read_journal

KILLS = 4
PLAIN = ()
BANK = ("bank=true", 'kinds=["rotary", "ultrasonic", "turbine"]', 'output="total"', "zero=true")
"""Of a loop with nozzles, and masters of several kinds; the zero of the meter is read for an hour."""
QUICK = {"pressures": "[ 400.0 ]", "flows": "[ 400.0, 100.0 ]", "repeats": "4", "duration": "30.0"}


@pytest.fixture
def loop(tmp_path, request):
    """A simulated loop in a process of its own, which outlives every run, and a short order for it."""
    place = tmp_path / "loop"
    up = [
        *REMOTECAL,
        "sim",
        "up",
        "gas-loop",
        "--out",
        place,
        "--set",
        "seed=7",
        "--set",
        "pressures=[400.0]",
        *(part for chosen in request.param for part in ("--set", chosen)),
    ]
    process = subprocess.Popen(up, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("Ctrl-C"):
            break
    order = place / "order.toml"
    told = "\n".join(f"{name} = {value}" for name, value in QUICK.items() if name != "pressures")
    text = order.read_text(encoding="utf-8").replace("[parameters]\n", f"[parameters]\n{told}\n")
    text = text.replace("zero_time = 60.0", "zero_time = 3600.0")
    order.write_text(text, encoding="utf-8")
    yield place
    process.terminate()
    process.wait(timeout=30)
    process.stdout.close()


def find_the_loop_safe(bench_file):
    """Let the heartbeat be missed, and look at the loop as anyone could, over its own protocols."""
    bench = Bench.load(bench_file)
    clock = bench.clock()
    clock.sleep(2 * HEARTBEAT_LIMIT)
    with bench.open(clock) as opened:
        loop, blower = opened.role("loop"), opened.role("blower")
        assert loop.trips.read() & LoopTrip.HEARTBEAT_LOST
        assert (loop.opened.read().value, loop.mode.read()) == (0, LoopMode.VENT)
        assert loop.nozzles_standing.read().value == 0, "the way round the nozzles is open"
        pressures = []
        for _ in range(20):
            pressures.append(loop.pressure.read().value)
            clock.sleep(20.0)
        slopes = [(a - b) / 20.0 for a, b in pairwise(pressures)]
        assert max(slopes) < 1.3 * SLOWEST, "slowly"
        assert pressures[-1] < 110.0, "and all of it"
        assert Status.RDY_REF not in blower.status.read()


def at_zero(out):
    """Tell whether the last thing that a run did was to begin to read the meter's zero."""
    texts = [one.data["text"] for one in read_journal(out / FILE, torn=True) if one.kind == "note"]
    return bool(texts) and texts[-1] == "leak"


@pytest.mark.parametrize(
    ("loop", "kills", "later"),
    [(PLAIN, KILLS, (700, 1900)), (BANK, 2, (2400, 4800))],
    indirect=["loop"],
)
def test_kills_leave_the_loop_relieved_and_cost_nothing(loop, kills, later, tmp_path):
    chance = random.Random(20261128)
    out = tmp_path / "run"
    begin = ["run", str(loop / "order.toml"), "--out", str(out)]
    clock = Bench.load(loop / "bench.toml").clock()
    moments = [chance.uniform(50, 400), *(chance.uniform(*later) for _ in range(kills - 1))]
    for kill, moment in enumerate(moments):
        before = observed(out) if kill else []
        killed(begin if kill == 0 else ["resume", str(out)], clock, moment)
        find_the_loop_safe(loop / "bench.toml")
        assert observed(out)[: len(before)] == before
    assert later[0] < 2400 or at_zero(out), "killed with the gas shut in"
    finished = subprocess.run([*REMOTECAL, "resume", out], capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr
    events = read_journal(out / FILE)
    assert [event.kind for event in events].count("resume") == kills
    assert [event.kind for event in events].count("finish") == 1
    repeats = Counter(observed(out))
    assert len(repeats) == 8
    assert set(repeats.values()) == {1}
    assert (out / "certificate.pdf").exists()
