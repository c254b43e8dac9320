"""What tests of the gas loop share: short orders, and looking at a bench."""

from __future__ import annotations

from remotecal.bench import Bench
from remotecal.drivers.capabilities import LoopMode
from remotecal.journal.events import read_journal
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate

QUICK = {
    "pressures": [600.0],
    "flows": [400.0, 100.0],
    "repeats": 2,
    "duration": 30.0,
    "fewest_pulses": 1000,
}
"""What is told of a short calibration: 65 and 400 m³/h masters at the first flow, 160 at the second."""


def ordered(bench, **parameters):
    order = Order.load(bench.order)
    return order.model_copy(update={"parameters": {**order.parameters, **QUICK, **parameters}})


def planned(bench, **parameters):
    order = ordered(bench, **parameters)
    return plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def calibrate(bench, watchers=(), control=None, **parameters):
    order = ordered(bench, **parameters)
    company = Company(Scripted(), watchers, control or Control())
    run = bench.directory.parent / "run"
    return execute(order, find(order.order.procedure), Bench.load(bench.bench), run, company, bench.clock)


def record(evidence):
    return evaluate(evidence, find(evidence.procedure.name))


def evaluated(evidence, **parameters):
    """Return what follows from evidence, if other parameters had been told."""
    kind = find(evidence.procedure.name).procedure
    return kind(kind.accepts()(**{**evidence.parameters, **parameters})).evaluate(evidence)


def errors_of(evaluation):
    return evaluation.results[0].tables[0].column("basic_measurementError").floats()


def told(bench, kind):
    return [
        event.data
        for event in read_journal(bench.directory.parent / "run" / "journal.jsonl")
        if event.kind == kind
    ]


def rewrite(bench, *changes):
    text = bench.bench.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    bench.bench.write_text(text, encoding="utf-8")


def is_safe(bench):
    """Tell whether the blower stands, every branch and the filling are shut, and the gas is out."""
    with bench.world.present() as time:
        rig = bench.rig
        relieved = rig.pressure < rig.air.pressure(time) + 10e3
        shut = rig.plc.opened == 0 and rig.plc.mode is LoopMode.VENT
        return not rig.blower.started and shut and relieved


class AtPoint:
    """Does something when a run is to measure at a point, once."""

    def __init__(self, name, act):
        self._name, self._act = name, act

    def __call__(self, progress):
        if self._act and progress.point and progress.point.name == self._name and progress.doing == "measure":
            act, self._act = self._act, None
            act()
