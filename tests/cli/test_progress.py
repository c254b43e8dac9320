"""Where a run is, as the terminal shows it: what is done, and what is left by the plan."""

from __future__ import annotations

import io
import re

import pytest
from dosing.bench import DosingStand

from remotecal.bench import Bench
from remotecal.cli.progress import ProgressLine
from remotecal.cli.watch import describe
from remotecal.journal.observation import Point
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Scripted
from remotecal.runs.running import Progress
from remotecal.runs.tempo import PlanDone, Stint, Tempo
from remotecal.station.acceptance import foreseen
from remotecal.transport.messages import Live, RemoteOrder

POINT = Point("fast", {"flow": 30.0}, repeats=2)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def at(number, repeat, coming, repeats):
    """Where a run is, with what there is of coming to points and of repeats, and what of that is done."""
    return PlanDone(Stint(*coming), Stint(*repeats)), number, repeat


def test_what_is_left_follows_from_the_plan_and_the_pace():
    """One of two points was come to within 50 s and one of four repeats took 10 s, so that 80 s are left."""
    pace = Tempo()
    pace.see(0.0, *at(0, 0, (2, 0), (4, 0)))
    assert str(pace) == "0:00:00"
    pace.see(900.0, *at(1, 0, (2, 0), (4, 0)))
    pace.see(950.0, *at(1, 1, (2, 1), (4, 0)))
    assert str(pace) == "0:15:50"
    pace.see(960.0, *at(1, 1, (2, 1), (4, 1)))
    assert str(pace) == "0:16:00, 0:01:20 left", "getting ready is done, and sets no pace"
    pace.see(964.0, *at(1, 2, (2, 1), (4, 1)))
    assert str(pace) == "0:16:04, 0:01:16 left"
    pace.see(2000.0, *at(1, 2, (2, 1), (4, 1)))
    assert str(pace) == "0:33:20, 0:00:50 left", "the next point is still to come to"


def test_until_there_is_a_pace_what_the_procedure_says_is_left():
    pace = Tempo()
    pace.see(0.0, *at(0, 0, (100, 0, True), (400, 0, True)))
    pace.see(900.0, *at(1, 0, (100, 0, True), (400, 0, True)))
    assert str(pace) == "0:15:00, 0:08:20 left", "getting ready takes nothing off it"
    pace.see(1000.0, *at(1, 1, (100, 50, True), (400, 0, True)))
    assert str(pace) == "0:16:40, 0:08:20 left", "coming to the first took twice as long as was said"


def test_what_was_done_before_the_run_was_taken_up_again_sets_no_pace():
    pace = Tempo()
    pace.see(0.0, *at(0, 0, (2, 1), (4, 2)))
    pace.see(60.0, *at(2, 0, (2, 1), (4, 2)))
    pace.see(60.0, *at(2, 1, (2, 2), (4, 2)))
    assert str(pace) == "0:01:00"
    pace.see(80.0, *at(2, 1, (2, 2), (4, 3)))
    assert str(pace) == "0:01:20, 0:00:20 left"


def test_the_line_tells_rig_and_computer_apart(monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("remotecal.cli.progress.REFRESH", 0.0)
    monkeypatch.setenv("COLUMNS", "200")
    at_point = Progress("measure", POINT, number=1, points=1, repeat=1, due=2, began=100.0, now=100.0)
    with ProgressLine() as line:
        line.step("putting up the bench")
        line(at_point)
        line(at_point._replace(observed=1, plan=PlanDone(repeats=Stint(2, 1)), now=160.0))
        line.say("said")
    shown = re.sub(r"here [\d:]+", "here T", terminal.getvalue().replace("\x1b[K", "")).split("\r")
    shown[3] = re.sub(r"[\d:]+ left$", "T left", shown[3])
    place = "point 1/1 fast · repeat 1/2 · measure"
    assert shown[1] == "putting up the bench …"
    assert shown[2] == f"0/2 observed · {place} · rig 0:00:00 · here T"
    assert shown[3] == f"1/2 observed · {place} · rig 0:01:00, 0:01:00 left · here T, T left"
    assert shown[4:] == ["", ""], "the line is left to what is printed"
    assert capsys.readouterr().out == "said\n"


def test_a_log_in_a_chinese_terminal(capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    point = Point("24.5 m3/h, rising, cycle 3", {"flow": 24.5}, repeats=2)
    with ProgressLine() as line:
        line(Progress("prepare", points=1, due=2))
        line(Progress("approach", point, 1, 1, due=2, plan=PlanDone(repeats=Stint(2, 0))))
        line(Progress("measure", point, 1, 1, 1, due=2, plan=PlanDone(repeats=Stint(2, 0))))
        plan = PlanDone(repeats=Stint(2, 1))
        line(Progress("done", point, 1, 1, 1, observed=1, due=2, now=60.0, plan=plan))
    assert capsys.readouterr().err.splitlines() == [
        "已观测 0/2 · 准备",
        "已观测 0/2 · 校准点 1/1 24.5 m³/h，升，循环 3 · 调到该点",
        "已观测 1/2 · 校准点 1/1 24.5 m³/h，升，循环 3 · 第 1/2 次 · 完成 · 装置时间 0:01:00，剩余 0:01:00",
    ]


def test_a_log_has_steps_and_observations_with_what_is_left(capsys):
    with ProgressLine() as line:
        line.step("putting up the bench")
        line.passing("1 line has arrived")
        line(Progress("prepare", points=1, due=2))
        line(Progress("approach", POINT, 1, 1, due=2, plan=PlanDone(repeats=Stint(2, 0))))
        line(Progress("measure", POINT, 1, 1, 1, due=2, plan=PlanDone(repeats=Stint(2, 0))))
        done = PlanDone(repeats=Stint(2, 1))
        line(Progress("done", POINT, 1, 1, 1, observed=1, due=2, now=60.0, plan=done))
    assert capsys.readouterr().err.splitlines() == [
        "putting up the bench",
        "0/2 observed · prepare",
        "0/2 observed · point 1/1 fast · approach",
        "1/2 observed · point 1/1 fast · repeat 1/2 · done · rig 0:01:00, 0:01:00 left",
    ]


def test_a_run_tells_how_much_of_its_plan_is_behind_it(tmp_path):
    """A repeat at a tenth of the speed takes more than half of the time, and the plan knows beforehand."""
    seen, pace = [], Tempo()

    def watch(progress):
        pace.see(progress.now - progress.began, progress.plan, progress.number, progress.repeat)
        if progress.doing in ("prepare", "done"):
            seen.append((progress.observed, progress.plan.repeats.done, progress.plan.seconds, pace.left))

    with DosingStand.up(tmp_path / "bench", seed=7) as rig:
        order = Order.load(rig.order)
        order = order.model_copy(
            update={"parameters": order.parameters | {"speeds": [60.0, 6.0], "repeats": 2}}
        )
        found, bench = find(order.order.procedure), Bench.load(rig.bench)
        named = {"name": found.name, "sha256": found.sha256}
        remote = RemoteOrder(
            id="o-1",
            by="Li Wei",
            station="here",
            bench=bench.name,
            order=order,
            procedure=named,
            issued=1e9,
            expires=2e9,
        )
        told = foreseen(remote, plan(order, found, bench, rig.clock, "o-1")).seconds
        began = rig.clock.now()
        company = Company(Scripted(), (watch,))
        evidence = execute(order, found, bench, tmp_path / "run", company, rig.clock)
    observed, behind, by_plan, by_pace = zip(*seen, strict=True)
    assert observed == (0, 1, 2, 3, 4)
    assert (behind[0], by_plan[0], by_pace[0]) == (0.0, told, told)
    assert (by_plan[-1], by_pace[-1]) == (None, 0.0)
    assert evidence.finished is not None
    whole = evidence.finished - began
    assert told == pytest.approx(whole, rel=0.2)
    first = evidence.observations[2].began - began
    assert behind[2] / behind[-1] == pytest.approx(first / whole, abs=0.1)
    assert by_pace[2] == pytest.approx(whole - first, rel=0.2)


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
    assert describe(live) == "running · 0/4 observed · point 1/2 5 m³/h · repeat 2 · measure · rig 0:01:02"
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert describe(live) == "运行中 · 已观测 0/4 · 校准点 1/2 5 m³/h · 第 2 次 · 测量 · 装置时间 0:01:02"
    watched = {f"meter_{n}.volume": (0.21704401, "m3") for n in range(1, 31)}
    many = live.model_copy(
        update={
            "doing": "settle meter_1.volume: spread 0.3 m3 (allowed 0.1) over 5 s",
            "last": watched,
            "digits": {"meter_1.volume": 4},
        }
    )
    told = describe(many)
    assert "等待 meter_1.volume 稳定：5 s 内变化 0.3 m3（允许 0.1） · " in told
    assert " · meter_1.volume 0.2170 m³ · meter_2.volume 0.217044 m³ · " in told
    assert told.endswith(" · meter_12.volume 0.217044 m³ · 另有 18 个示值")
    asking = live.model_copy(
        update={
            "state": "asking",
            "prompt": 9,
            "question": {"zh": "请关阀。", "en": "Shut it."},
            "options": ("done", "later"),
            "doing": "ask: Shut it.",
        }
    )
    assert describe(asking) == (
        "提问 · 请关阀。 [done（完成）/later] · 已观测 0/4 · 校准点 1/2 5 m³/h · 第 2 次 · 装置时间 0:01:02"
    )
