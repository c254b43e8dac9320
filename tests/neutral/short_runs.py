"""Carrying the order of a simulated bench out in little time, and looking at what that left."""

from dataclasses import replace

from benchmarks import unwired
from remotecal.bench import Bench
from remotecal.journal.events import read_journal
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Beside, Scripted
from remotecal.runs.record import evaluate


class ShortRuns:
    """Runs of a bench's own order, which is told something else by all of them, and by each one."""

    def __init__(self, **quick):
        self._quick = quick

    def ordered(self, bench, **parameters):
        order = Order.load(bench.order)
        return order.model_copy(update={"parameters": {**order.parameters, **self._quick, **parameters}})

    def planned(self, bench, **parameters):
        order = self.ordered(bench, **parameters)
        return plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")

    def calibrate(self, bench, watchers=(), control=None, person=None, **parameters):
        """Carry it out beside the bench, with its person if it has one and nobody else is there."""
        order = self.ordered(bench, **parameters)
        person = person or (Beside(bench.person) if bench.person else Scripted())
        company = Company(person, watchers, control or Control())
        return self._carry_out(order, bench, bench.directory.parent / "run", company)

    def _carry_out(self, order, bench, run, company):
        return execute(order, find(order.order.procedure), Bench.load(bench.bench), run, company, bench.clock)


class UnwiredRuns(ShortRuns):
    """Runs whose instruments are called: for what is not about wires, in little more than half the time."""

    def _carry_out(self, order, bench, run, company):
        return unwired.carry_out(order, find(order.order.procedure), bench, run, company)


def record(evidence):
    return evaluate(evidence, find(evidence.procedure.name))


def of_before(evidence, **changes):
    """Return evidence of a run by an older text, that kept nothing beside its repeats, or as changed."""
    older = evidence.procedure.model_copy(update={"sha256": "0" * 64})
    return replace(evidence, **{"kept": (), "procedure": older, **changes})


def record_anew(evidence):
    """Return the record by the text of today, whichever the run followed."""
    return evaluate(evidence, find(evidence.procedure.name), new_evaluation=True)


def evaluated(evidence, **parameters):
    """Return what follows from evidence, if its order had told other parameters."""
    kind = find(evidence.procedure.name).procedure
    return kind(kind.accepts()(**{**evidence.order.parameters, **parameters})).evaluate(evidence)


def told(bench, kind):
    """Return what the run's events of a kind say."""
    journal = bench.directory.parent / "run" / "journal.jsonl"
    return [event.data for event in read_journal(journal) if event.kind == kind]


def rewrite(path, *changes):
    """Change texts that stand in a file, each old one for a new one."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


class After:
    """Does something to the bench once so many observations are there."""

    def __init__(self, count, deed):
        self.count, self.deed, self.done = count, deed, False

    def __call__(self, progress):
        if progress.observed >= self.count and not self.done:
            self.done = True
            self.deed()


class AtPoint:
    """Does something when a run is to measure at a point, once."""

    def __init__(self, name, act):
        self._name, self._act = name, act

    def __call__(self, progress):
        if self._act and progress.point and progress.point.name == self._name and progress.doing == "measure":
            act, self._act = self._act, None
            act()


class OnceRead:
    """Does something as soon as a source has been read, once."""

    def __init__(self, source, act):
        self._source, self._act = source, act

    def __call__(self, progress):
        if self._act and self._source in progress.last:
            act, self._act = self._act, None
            act()
