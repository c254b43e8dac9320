"""Whatever ends a run leads through the safe state: a signal, a second one, a terminal that is closed."""

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from terminals import REMOTECAL, at_terminal

from remotecal.errors import RunAborted
from remotecal.runs.control import Control
from remotecal.signals import on_ending, unwinding

HERE = {"PYTHONPATH": str(Path(__file__).parent)}
BUSY = 15
"""The line at which a level is on: 4 identify, 2 make safe, 1 sets, 6 settle, then it is measured."""


def command(tiny, *more):
    return [*REMOTECAL, "run", str(tiny.order), "--out", str(tiny.out), *more]


def run(tiny, do, line=BUSY, prefix=(), **given):
    """Run, `do` something to the process just before a line is answered, and return how it ended."""
    started, processes = threading.Event(), []

    def act(_name, _line):
        if len(tiny.world.lines) == line:
            started.wait()
            do(processes[0])

    tiny.world.before = act
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | given
    with subprocess.Popen([*prefix, *command(tiny)], env=os.environ | HERE, text=True, **given) as process:
        processes.append(process)
        started.set()
        _, said = process.communicate(timeout=60)
    tiny.world.before = lambda _name, _line: None
    return process.returncode, said


def goes_on(tiny):
    evidence = tiny.resume()
    assert evidence.complete
    assert [entry.repeat for entry in evidence.observations] == [1, 2, 1, 2]


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"])
def test_every_ending_signal_leads_through_the_safe_state(tiny, name):
    code, said = run(tiny, lambda process: process.send_signal(signal.Signals[name]))
    assert code == 4
    assert f"the run was stopped: {name}" in said
    assert tiny.world.level == 0
    assert tiny.kinds()[-3:] == ["control", "abort", "safe"]
    goes_on(tiny)


def test_a_terminal_that_is_closed_leaves_the_rig_safe(tiny):
    tiny.bench.write_text(tiny.bench.read_text().replace("TinyMeter", "PatientMeter"))
    reached, closed = threading.Event(), threading.Event()

    def hold(name, _line):
        if name == "meter" and len(tiny.world.lines) >= BUSY and not reached.is_set():
            reached.set()
            closed.wait()

    tiny.world.before = hold
    with at_terminal(*command(tiny), **HERE) as there:
        there.show_until(reached.is_set)
        assert tiny.world.level > 0
        there.hang_up()
        closed.set()
        there.process.wait(60)
    assert tiny.world.level == 0
    assert tiny.events("abort")[0].data["text"].startswith("the run was stopped: SIGHUP")
    assert tiny.events("safe")[-1].data["reached"]
    goes_on(tiny)


def test_what_is_ignored_from_the_beginning_stays_ignored(tiny):
    """As `nohup` wants it: the run goes on to its end, with nobody to show it to."""
    reader, writer = os.pipe()
    os.close(reader)

    def hang_up(process):
        process.send_signal(signal.SIGHUP)

    code, _ = run(tiny, hang_up, prefix=["nohup"], stdin=subprocess.DEVNULL, stderr=writer)
    os.close(writer)
    assert code == 0
    assert tiny.kinds()[-1] == "finish"


def test_no_signal_interrupts_making_safe(tiny):
    """Not the second, nor the tenth; what interrupts a procedure that does not react comes before."""
    pid = []

    def pester(name, line):
        if len(tiny.world.lines) == BUSY:
            os.kill(pid[0], signal.SIGHUP)
        elif len(tiny.world.lines) > BUSY:
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT) * 3:
                os.kill(pid[0], number)

    with subprocess.Popen(command(tiny), env=os.environ | HERE, stderr=subprocess.PIPE, text=True) as process:
        pid.append(process.pid)
        tiny.world.before = pester
        process.communicate(timeout=60)
    tiny.world.before = lambda _name, _line: None
    assert tiny.world.level == 0
    assert tiny.events("safe")[-1].data["reached"]
    goes_on(tiny)


def test_a_question_at_a_terminal_that_is_gone_ends_the_run_safe(tiny):
    tiny.parameter("ask = true")
    with at_terminal(*command(tiny), **HERE) as there:
        there.show_until(lambda: b"?" in there.shown)
        there.hang_up()
        there.process.wait(60)
    assert tiny.world.level == 0
    assert tiny.events("safe")[-1].data["reached"]


def test_handlers_are_put_back(monkeypatch):
    before = {name: signal.getsignal(signal.Signals[name]) for name in ("SIGHUP", "SIGINT", "SIGTERM")}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        heard = []
        with on_ending(heard.append):
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert heard == ["SIGTERM"]
        assert signal.getsignal(signal.SIGTERM) is before["SIGTERM"]
        assert signal.getsignal(signal.SIGINT) is before["SIGINT"]
    finally:
        signal.signal(signal.SIGHUP, before["SIGHUP"])


def test_a_command_that_is_ended_clears_up_once():
    left = []

    def work():
        with unwinding():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)
                left.append("cleared up")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert left == ["cleared up"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_within_what_can_not_raise_is_not_lost(name: str) -> None:
    """As while a library calls back: Python can only print what is raised there."""

    class Gone:
        def __del__(self) -> None:
            signal.raise_signal(signal.Signals[name])

    def work() -> None:
        with unwinding():
            gone = Gone()
            del gone
            assert not threading.Event().wait(60), "it waited as if nothing had come"

    with pytest.raises(KeyboardInterrupt):
        work()


def test_a_signal_that_the_interpreter_takes_for_a_fault_of_its_own_is_one() -> None:
    """As it says of an import that was interrupted: a function returned a result with an exception set."""

    def work(cause: BaseException | None) -> None:
        with unwinding():
            raise SystemError("returned a result with an exception set") from cause

    with pytest.raises(KeyboardInterrupt):
        work(KeyboardInterrupt("SIGHUP"))
    with pytest.raises(SystemError):
        work(None)


def test_a_run_that_notices_at_once_waits_for_who_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has seen why it must stop before the thread has begun that calls off its exchanges."""
    control, seen, go_on = Control(), threading.Event(), threading.Event()
    begin = threading.Thread.start

    def late(thread: threading.Thread) -> None:
        if thread.name == "call off":
            seen.set()
            go_on.wait(60)
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", late)
    stopping = threading.Thread(target=control.abort, args=("a leak",))
    stopping.start()
    assert seen.wait(60)
    with pytest.raises(RunAborted):
        control.check()
    noticing = threading.Thread(target=control.notice)
    noticing.start()
    go_on.set()
    for thread in (noticing, stopping):
        thread.join(60)
        assert not thread.is_alive()
    assert control.has_stopped
