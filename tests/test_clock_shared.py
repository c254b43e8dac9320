"""Virtual time shared by processes."""

import gc
import os
import subprocess
import sys
import threading

import pytest

from remotecal.clock import AwaitedClock, SharedClock, VirtualClock
from remotecal.errors import BenchError

START = 1_790_000_000.0


@pytest.fixture
def clock(tmp_path):
    return SharedClock.begin(tmp_path / "clock", START)


@pytest.fixture
def other(clock):
    return SharedClock(clock.path)


def test_both_see_the_same_time_to_the_last_bit(clock, other):
    clock.sleep(1.234567)
    assert other.now() == clock.now()
    other.sleep(12.5)
    other.advance(0.25)
    assert other.now() == clock.now() == pytest.approx(START + 1.234567 + 12.75, abs=1e-6)


def test_it_never_goes_back(clock, other):
    clock.reach(START + 10)
    other.reach(START + 5)
    assert clock.now() == START + 10


def test_nobodys_step_is_lost_among_many(clock):
    def walk(offset):
        mine = SharedClock(clock.path)
        for step in range(200):
            mine.reach(START + step + offset)
            assert mine.now() >= START + step + offset

    walkers = [threading.Thread(target=walk, args=(offset,)) for offset in (0.0, 0.25, 0.5, 0.75)]
    for walker in walkers:
        walker.start()
    for walker in walkers:
        walker.join()
    assert clock.now() == START + 199.75


def test_recurring_actions_run_as_with_a_virtual_clock(other):
    def instants(clock):
        seen = []
        start = clock.now()
        recurring = clock.every(2.0, lambda: seen.append(round(clock.now() - start, 6)))
        clock.sleep(3.0)
        clock.advance(4.5)
        clock.sleep(2.0)
        recurring.cancel()
        clock.sleep(10.0)
        return seen

    assert instants(other) == instants(VirtualClock(0.0)) == [2.0, 7.5, 9.5]


def test_the_time_outlives_who_moved_it(clock):
    script = (
        "import os, pathlib, sys; from remotecal.clock import SharedClock;"
        "c = SharedClock(pathlib.Path(sys.argv[1])); c.sleep(100); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, clock.path], check=False, timeout=60)
    assert clock.now() == START + 100


def test_a_new_beginning_leaves_those_who_share_the_old_time_alone(clock, other):
    again = SharedClock.begin(clock.path, 0.0)
    assert again.now() == 0.0
    assert other.now() == START


WALK = """
import pathlib, sys
from remotecal.clock import SharedClock
clock, first = SharedClock(pathlib.Path(sys.argv[1])), float(sys.argv[2])
input()
for step in range(100_000):
    when = first + step
    clock.reach(when)
    assert clock.now() >= when
"""


def test_no_step_is_lost_among_processes_and_none_sees_half_of_one(clock):
    walkers = [
        subprocess.Popen(
            [sys.executable, "-c", WALK, clock.path, str(START + offset)], stdin=subprocess.PIPE, text=True
        )
        for offset in (0.0, 0.5)
    ]
    for walker in walkers:
        walker.stdin.write("go\n")
        walker.stdin.flush()
    while None in [walker.poll() for walker in walkers]:
        assert min(clock.now() for _ in range(1000)) >= START
    for walker in walkers:
        walker.communicate(timeout=60)
    assert [walker.returncode for walker in walkers] == [0, 0]
    assert clock.now() == START + 99_999.5


def test_time_goes_on_without_its_name(clock, other):
    """Nothing is opened to move it, which is done at every step of a run."""
    clock.path.unlink()
    clock.sleep(10.0)
    other.sleep(5.0)
    assert clock.now() == other.now() == START + 15.0


def test_a_clock_nobody_has_any_more_leaves_nothing_open(clock):
    left = SharedClock(clock.path)
    opened = left._turn
    os.fstat(opened)
    del left
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened)


@pytest.mark.parametrize("content", [None, b"", b"1234"])
def test_where_no_time_is_kept_is_said(tmp_path, content):
    if content is not None:
        (tmp_path / "clock").write_bytes(content)
    with pytest.raises(BenchError, match="is the simulated rig up"):
        SharedClock(tmp_path / "clock")


def test_who_acts_beside_a_run_is_waited_for_and_what_recurs_there_is_not_missed(clock, other):
    """Moved on from beside it, the time would be looked back on by nobody."""
    seen, beside = [], AwaitedClock(clock.path)
    clock.every(10.0, lambda: seen.append(clock.now() - START))
    acting = threading.Thread(target=lambda: beside.sleep(45.0))
    acting.start()
    while acting.is_alive():
        clock.idle()
    acting.join()
    assert seen == [10.0, 20.0, 30.0, 40.0]
    assert other.now() == START + 45.0
    clock.idle()
    assert other.now() == START + 45.0, "nobody waits any more"


def test_who_is_not_waited_for_moves_the_time_on(clock, monkeypatch):
    monkeypatch.setattr(AwaitedClock, "PATIENCE", 0.01)
    AwaitedClock(clock.path).sleep(45.0)
    assert clock.now() == START + 45.0
