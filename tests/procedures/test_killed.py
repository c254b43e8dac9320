"""A run that is killed, at many moments, goes on as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tiny import PROCEDURE

from remotecal.journal.events import FILE, read_journal
from remotecal.journal.gathering import gather

RUN = """
import sys
import threading
from pathlib import Path
from remotecal.bench import Bench
from remotecal.runs.catalogue import find
from remotecal.runs.execute import Company, execute
from remotecal.order import Order
from remotecal.runs.prompts import Scripted

order, bench, out = map(Path, sys.argv[1:])
asked = Order.load(order)
execute(asked, find(asked.order.procedure), Bench.load(bench), out, Company(Scripted()))
"""


def start(tiny):
    here = str(Path(__file__).parent)
    return subprocess.Popen(
        [sys.executable, "-c", RUN, tiny.order, tiny.bench, tiny.out],
        env=os.environ | {"PYTHONPATH": here},
        stderr=subprocess.PIPE,
        text=True,
    )


def signal_at(tiny, line, number):
    """Run in a process that gets a signal just before the instruments answer their `line`-th line."""
    processes = []

    def send(name, asked):
        if len(tiny.world.lines) == line:
            processes[0].send_signal(number)
            if number == signal.SIGKILL:
                processes[0].wait()

    tiny.world.before = send
    processes.append(start(tiny))
    _, said = processes[0].communicate(timeout=60)
    tiny.world.before = lambda _name, _line: None
    return processes[0].returncode, said


# 4 lines identify, 2 make safe, 1 sets, 6 settle, 3 measure, 3 measure, 1 sets, 6 settle …
@pytest.mark.parametrize("line", [7, 11, 15, 18, 22, 30])
def test_a_killed_run_goes_on(tiny, line):
    code, _ = signal_at(tiny, line, signal.SIGKILL)
    assert code == -signal.SIGKILL
    before = gather(read_journal(tiny.out / FILE, torn=True)).observations
    if line > 8:
        assert tiny.world.level > 0
    evidence = tiny.resume()
    seen = [(entry.point.name, entry.repeat) for entry in evidence.observations]
    assert seen == [("1 V", 1), ("1 V", 2), ("2 V", 1), ("2 V", 2)]
    assert evidence.observations[: len(before)] == before
    assert evidence.complete
    assert tiny.world.level == 0


def test_a_terminated_run_leaves_the_rig_safe(tiny):
    code, said = signal_at(tiny, 15, signal.SIGTERM)
    assert code == 1
    assert "RunAborted: the run was stopped: SIGTERM" in said
    assert tiny.world.level == 0
    assert tiny.kinds()[-2:] == ["abort", "safe"]


def test_a_second_process_is_refused(tiny):
    stopped = threading.Event()
    processes = []

    def stop(name, line):
        if len(tiny.world.lines) == 15:
            processes[0].send_signal(signal.SIGSTOP)
            stopped.set()

    tiny.world.before = stop
    processes.append(start(tiny))
    try:
        assert stopped.wait(60)
        result = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; from remotecal.cli import main; sys.exit(main())",
                "resume",
                tiny.out,
                "--procedure",
                PROCEDURE,
                "--bench",
                tiny.bench,
            ],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        processes[0].kill()
        processes[0].communicate()
    assert result.returncode == 4
    assert "another process is at work" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(tiny.world.lines) == 16
