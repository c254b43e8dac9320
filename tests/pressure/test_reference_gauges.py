"""Calibrations in which a gauge on the controller's line tells the pressure, and does not always follow."""

from __future__ import annotations

import os
import re
from dataclasses import replace

import pytest

from remotecal.bench import Bench
from remotecal.errors import ParameterError, RunError
from remotecal.model import Text
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Answer, Scripted
from remotecal.sim.calibrated import Calibrated, Stated
from remotecal.sim.certificates import Certified
from remotecal.sim.instruments.druck import Pace
from remotecal.sim.instruments.keller import keller
from remotecal.sim.pressure.assemblies import PressureBench
from remotecal.sim.wiring import Wired

QUICK = {
    "sequence": "DKD-R 6-1 C",
    "pressures": [0.0, 5e5, 1e6],
    "dwell": 30.0,
    "dwell_at_ends": 30.0,
    "accuracy_class": 0.1,
}


class WithReference(PressureBench):
    """The pressure bench, with a controller up to 7 MPa and a gauge beside it; `share` is what it shows."""

    share = 1.0

    def _wire_up(self):
        wired = super()._wire_up()
        controller = self.certificates["controller"].indicated
        pace = Pace(self.world, self.line, indicated=controller, range_name="70barg", full_scale=7000.0)
        stated = Stated("kPa", (0.0, 1000.0, 2000.0), (0.0, 0.0, 0.0), (0.05,) * 3)
        shown = keller(self.world, lambda: self.line.pressure() * self.share / 100, unit=2, name="reference")
        told = Certified(Text.plain("reference"), ((Text.plain("gauge pressure"), Calibrated(stated, 0.0)),))
        wired["controller"] = replace(wired["controller"], simulated=pace)
        wired["reference"] = Wired(shown, "serial", None, {"unit": 2}, told)
        return wired


@pytest.fixture
def bench(tmp_path):
    with WithReference.up(tmp_path / "bench", seed=11) as made:
        text = made.bench.read_text(encoding="utf-8")
        text, dropped = re.subn(
            r"(?s)interlocks = \[.*?\n\]\n|\[\[interlocks\]\]\n(?:[^\[].*\n|\n)*", "", text
        )
        assert dropped == 1, "nothing but the procedure itself holds the pressure"
        made.bench.write_text(text, encoding="utf-8")
        yield made


def ordered(bench, **parameters):
    order = Order.load(bench.order)
    told = {**order.parameters, **QUICK, **parameters}
    dut = order.dut.model_copy(update={"class_name": f"{told['accuracy_class']}"})
    return order.model_copy(update={"parameters": told, "dut": dut})


def calibrate(bench, answers=None, **parameters):
    order = ordered(bench, **parameters)
    run = bench.directory.parent / "run"
    company = Company(answers or Scripted())
    return execute(order, find(order.order.procedure), Bench.load(bench.bench), run, company, bench.clock)


def highest(bench):
    """Return what tells the highest pressure in kPa that the line has from now on."""
    most, plain = [0.0], bench.line.pressure

    def pressure():
        found = plain()
        most[0] = max(most[0], found)
        return found

    bench.line.pressure = pressure
    return most


def test_a_reference_behind_a_valve_that_is_shut_ends_the_run_within_the_devices_range(bench):
    bench.share = 0.0
    most = highest(bench)
    with pytest.raises(RunError, match=r"reference\.pressure does not follow: 10 bar were set"):
        calibrate(bench)
    assert most[0] < 1001


def test_a_reference_that_differs_leads_nothing_beyond_the_range(bench):
    bench.share = 1 - 0.0015
    most = highest(bench)
    assert calibrate(bench, back=30.0).complete
    assert most[0] < 1000 * 1.01


def test_a_pressure_that_counts_as_reached_and_as_passed_is_refused(bench):
    order = ordered(bench, off=0.2, past=0.1)
    with pytest.raises(ParameterError, match=r"let off be past at most"):
        plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


class AtTheReference:
    """Waits, confirms, and reads the reference."""

    def __init__(self, bench):
        self._bench, self.asked = bench, []

    def answer(self, question, still_wanted):
        still_wanted()
        self.asked.append(question.text.get("en"))
        if question.kind == "text":
            return Answer("9990001", "liwei")
        if question.options:
            return Answer(question.options[0], "liwei")
        with self._bench.world.present():
            return Answer(f"{self._bench.line.pressure():.2f}", "liwei")


REFERENCE = """[instruments.reference]
driver = "PressureGaugeByHand"
address = "by-hand:reference-{name}"
serial = "9990001"
certificate = "controller.xml"

[instruments.reference.settings]
unit = "kPa"
high = 1200
step = 0.01
percent_of_span = 0.05

"""


def by_hand(bench, text=REFERENCE):
    """Let a person read the reference."""
    told = bench.bench.read_text(encoding="utf-8")
    begin = told.index("[instruments.reference]")
    end = min(at for sign in ("\n[ch", "\n[instruments.d") if (at := told.find(sign, begin)) > 0)
    told = told[:begin] + text.format(name=os.getpid()) + told[end + 1 :]
    bench.bench.write_text(told, encoding="utf-8")


def test_a_person_who_reads_the_reference_waits_and_reads_once_a_step(bench):
    by_hand(bench)
    person = AtTheReference(bench)
    evidence = calibrate(bench, person, accuracy_class=1.0, readings=2)
    waits = [said for said in person.asked if "please wait until" in said]
    reads = [said for said in person.asked if said.startswith("reference: what does")]
    assert not [said for said in person.asked if "expected here" in said], "also in the preloads"
    assert len(waits) == 5, "a question each at the way to the top, and at 4 set points under pressure"
    assert len(reads) == len(waits) + 2 * len(evidence.observations)


BAROMETER = REFERENCE.replace("PressureGaugeByHand", "BarometerByHand").replace("high = 1200", "high = 1000")


def planned(bench, **parameters):
    order = ordered(bench, **parameters)
    return plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def test_gauge_pressure_on_a_reference_for_absolute_pressure_is_reckoned_with_the_air(bench):
    by_hand(bench, BAROMETER)
    kind = {"standard_kind": "absolute", "accuracy_class": 5.0}
    vacuum = {"span": [-9e4, 0.0], "pressures": [-9e4, -5e4, 0.0], **kind}
    with pytest.raises(ParameterError, match="what tells the pressure shows absolute pressure: say so"):
        planned(bench, **vacuum | {"standard_kind": "gauge"})
    assert planned(bench, **vacuum).start.points
    top = {"span": [0.0, 9.8e5], "pressures": [0.0, 5e5, 9.8e5], **kind}
    with pytest.raises(ParameterError, match="980 kPa, there at least 1030 and at most 1090 kPa"):
        planned(bench, **top)


INTERLOCK = """
[[interlocks]]
watch = "controller.pressure"
above = {limit}
unit = "kPa"
"""


@pytest.mark.parametrize("limit", [990, 1005])
def test_a_point_at_which_an_interlock_would_trip_is_refused_beforehand(bench, limit):
    with bench.bench.open("a", encoding="utf-8") as file:
        file.write(INTERLOCK.format(limit=limit))
    said = (
        rf"1000 kPa.*, pressure: the bench's interlock stops a run at controller\.pressure above {limit} kPa"
    )
    with pytest.raises(ParameterError, match=f"{said}, and it may go 10000 Pa beyond"):
        planned(bench)


def test_an_interlock_that_leaves_room_is_no_hindrance(bench):
    with bench.bench.open("a", encoding="utf-8") as file:
        file.write(INTERLOCK.format(limit=1011))
        file.write(INTERLOCK.format(limit=-1).replace("above", "below"))
    assert planned(bench).start.points
