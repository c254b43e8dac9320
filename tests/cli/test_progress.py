"""Where a run is, as the terminal shows it: what is done, and what is left by the plan."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from dosing.bench import DosingStand

from remotecal.bench import Bench
from remotecal.cli.progress import ProgressLine
from remotecal.cli.watch import describe
from remotecal.journal.observation import Point
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.running import Progress
from remotecal.runs.tempo import Tempo
from remotecal.transport.messages import Live

POINT = Point("fast", {"flow": 30.0}, repeats=2)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_what_is_left_follows_from_the_plan_and_the_pace():
    """A quarter of the plan took 10 s, so 30 s are left; 4 s later 26 s, and never less than none."""
    pace = Tempo()
    pace.see(0.0, 0.0)
    pace.see(9.0, 0.0)
    assert str(pace) == "0:00:09"
    pace.see(10.0, 0.25)
    assert str(pace) == "0:00:10, 0:00:30 left"
    pace.see(14.0, 0.25)
    assert str(pace) == "0:00:14, 0:00:26 left"
    pace.see(80.0, 0.25)
    assert str(pace) == "0:01:20, 0:00:00 left"


def test_what_was_done_before_the_run_was_taken_up_again_sets_no_pace():
    pace = Tempo()
    pace.see(0.0, 0.5)
    assert str(pace) == "0:00:00"
    pace.see(20.0, 0.75)
    assert str(pace) == "0:00:20, 0:00:20 left"


def test_the_line_tells_rig_and_computer_apart(monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("remotecal.cli.progress.REFRESH", 0.0)
    monkeypatch.setenv("COLUMNS", "200")
    at_point = Progress("measure", POINT, number=1, points=1, repeat=1, due=2, began=100.0, now=100.0)
    with ProgressLine() as line:
        line.step("putting up the bench")
        line(at_point)
        line(replace(at_point, observed=1, share=0.5, now=160.0))
        line.say("said")
    shown = re.sub(r"here [\d:]+", "here T", terminal.getvalue().replace("\x1b[K", "")).split("\r")
    shown[3] = re.sub(r"[\d:]+ left$", "T left", shown[3])
    place = "point 1/1 fast · repeat 1/2 · measure"
    assert shown[1] == "putting up the bench …"
    assert shown[2] == f"0/2 observed · {place} · rig 0:00:00 · here T"
    assert shown[3] == f"1/2 observed · {place} · rig 0:01:00, 0:01:00 left · here T, T left"
    assert shown[4:] == ["", ""], "the line is left to what is printed"
    assert capsys.readouterr().out == "said\n"


def test_a_log_has_steps_and_observations_with_what_is_left(capsys):
    with ProgressLine() as line:
        line.step("putting up the bench")
        line.passing("1 line has arrived")
        line(Progress("prepare", points=1, due=2))
        line(Progress("done", POINT, 1, 1, 1, observed=1, due=2, now=60.0, share=0.5))
    assert capsys.readouterr().err.splitlines() == [
        "putting up the bench",
        "0/2 observed · prepare",
        "1/2 observed · point 1/1 fast · repeat 1/2 · done · rig 0:01:00, 0:01:00 left",
    ]


def test_a_run_tells_how_much_of_its_plan_is_behind_it(tmp_path):
    """A repeat at a tenth of the speed takes more than half of the time, and the plan knows."""
    shares = []

    def watch(progress):
        if progress.doing in ("prepare", "done"):
            shares.append((progress.observed, progress.share))

    with DosingStand.up(tmp_path / "bench", seed=7) as rig:
        order = Order.load(rig.order)
        order = order.model_copy(
            update={"parameters": order.parameters | {"speeds": [60.0, 6.0], "repeats": 2}}
        )
        found = find(order.order.procedure)
        began = rig.clock.now()
        company = Company(Scripted(), (watch,))
        evidence = execute(order, found, Bench.load(rig.bench), tmp_path / "run", company, rig.clock)
    assert [observed for observed, _ in shares] == [0, 1, 2, 3, 4]
    assert [share for _, share in shares] == sorted(share for _, share in shares)
    assert (shares[0][1], shares[-1][1]) == (0.0, pytest.approx(1.0))
    assert evidence.finished is not None
    first = evidence.observations[2].began - began
    assert shares[2][1] == pytest.approx(first / (evidence.finished - began), abs=0.1)


def test_a_run_is_described_in_the_language_of_whoever_looks(monkeypatch):
    live = Live(
        run="O-1",
        state="running",
        doing="measure",
        point="5 m3/h",
        number=1,
        points=2,
        repeat=2,
        due=4,
        now=62,
    )
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert describe(live) == "running · 0/4 observed · point 1/2 5 m3/h · repeat 2 · measure · rig 0:01:02"
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert describe(live) == "运行中 · 已观测 0/4 · 校准点 1/2 5 m3/h · 第 2 次 · 测量 · 装置时间 0:01:02"
