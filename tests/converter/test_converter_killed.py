"""A calibration of a volume converter that is killed at its highest pressure and taken up again.

No controller guards this bench: the pressure stands until the run is taken up, which lets it out slowly.
"""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from itertools import pairwise

from every_bench import short
from killed import REMOTECAL, has_observed, killed_at, observed
from test_converter_runs import is_safe

from remotecal.clock import AwaitedClock
from remotecal.journal.events import FILE, read_journal
from remotecal.sim.assembly import CLOCK

YESTERDAY = 86_400.0
HIGH, OPEN = 890.0, 0.1
"""In kPa above the air: at 1 MPa absolute it is more, and a line open to the air has less."""
SETTLED = 5.0
"""Seconds that it is there by then."""


def test_pressure_is_let_out_slowly_before_a_killed_run_goes_on(tmp_path):
    paper, out, seen = tmp_path / "bench", tmp_path / "run", []
    clock = AwaitedClock.begin(paper / CLOCK, time.time() - YESTERDAY)
    with short("converter").up(paper, clock=clock, seed=7, temperatures=(20.0,)) as bench:
        fastest = bench.wired["controller"].settings["max_slew"]
        bench.world.watchers.append(lambda: seen.append((bench.world.time, bench.line.pressure())))

        def at_its_highest():
            return bench.line.pressure() > HIGH and bench.line.settled() > SETTLED and has_observed(out)

        killed_at(bench, at_its_highest, ["run", str(bench.order), "--out", str(out)])
        before, when = observed(out), len(seen)
        assert before
        clock.sleep(600.0)
        with bench.world.present():
            assert bench.line.pressure() > HIGH, "nobody has let it out, and nobody was there to"
        finished = subprocess.run([*REMOTECAL, "resume", out], capture_output=True, text=True, timeout=300)
        assert finished.returncode == 0, finished.stderr
        assert is_safe(bench)
    assert max(p for _, p in seen[when:]) > HIGH, "it was gone to again"
    opened = next(place for place, (_, p) in enumerate(seen[when:], when) if p < OPEN)
    assert all(one >= other for (_, one), (_, other) in pairwise(seen[when : opened + 1])), (
        "down, and only down"
    )
    slopes = [(p - q) / (u - t) for (t, p), (u, q) in pairwise(seen) if p > fastest]
    assert max(slopes) < 1.01 * fastest, "no faster than what is connected bears"
    events = read_journal(out / FILE)
    kinds = Counter(event.kind for event in events)
    assert (kinds["resume"], kinds["finish"]) == (1, 1)
    assert [event.data["reached"] for event in events if event.kind == "safe"] == [True] * kinds["safe"]
    assert observed(out)[: len(before)] == before
    assert set(Counter(observed(out)).values()) == {1}
    assert (out / "certificate.pdf").exists()
