"""Carrying an order out on a simulated rig, and looking at what that left."""

from remotecal.bench import Bench
from remotecal.journal.events import read_journal
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate


def ordered(bench, parameters):
    order = Order.load(bench.order)
    return order.model_copy(update={"parameters": {**order.parameters, **parameters}})


def planned(bench, **parameters):
    order = ordered(bench, parameters)
    return plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def calibrate(bench, watchers=(), control=None, **parameters):
    order = ordered(bench, parameters)
    company = Company(Scripted(), watchers, control or Control())
    run = bench.directory.parent / "run"
    return execute(order, find(order.order.procedure), Bench.load(bench.bench), run, company, bench.clock)


def record(evidence):
    return evaluate(evidence, find(evidence.procedure.name))


def evaluated(evidence, **parameters):
    """Return what follows from evidence, if other parameters had been told."""
    kind = find(evidence.procedure.name).procedure
    return kind(kind.accepts()(**{**evidence.parameters, **parameters})).evaluate(evidence)


def told(bench, kind):
    journal = bench.directory.parent / "run" / "journal.jsonl"
    return [event.data for event in read_journal(journal) if event.kind == kind]


def rewrite(path, *changes):
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


class AtPoint:
    """Does something when a run is to measure at a point, once."""

    def __init__(self, name, act):
        self._name, self._act = name, act

    def __call__(self, progress):
        if self._act and progress.point and progress.point.name == self._name and progress.doing == "measure":
            act, self._act = self._act, None
            act()
