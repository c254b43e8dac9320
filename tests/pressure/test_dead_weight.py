"""Whole calibrations against a piston gauge: a person puts weights on, and a gauge follows over its wire."""

from __future__ import annotations

import re

import pytest

from remotecal.bench import Bench
from remotecal.certificates.dcc import read, write
from remotecal.clock import VirtualClock
from remotecal.drivers.shown import NOT_POSSIBLE
from remotecal.errors import (
    BenchError,
    CertificateRefused,
    ParameterError,
    RunAborted,
    RunError,
    SafeStateNotReached,
)
from remotecal.journal.events import read_journal
from remotecal.model import Column, Result, Table, Text
from remotecal.order import Order
from remotecal.procedures.library.pressure.dead_weight import CANT, DONE
from remotecal.runs import safety
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import execute, plan, resume
from remotecal.runs.prompts import Answer, Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.pressure import piston
from remotecal.sim.pressure.piston_bench import PistonBench

SHORT = {
    "sequence": "DKD-R 6-1 C",
    "pressures": [0.0, 2e5, 4e5, 1e6],
    "loads": [[], [1, 2], [1, 2, 3], [1, 2, 3, 4, 5, 6]],
}
ALL = "P-1, W-1, W-2, W-3, W-4, W-5"

LET_GO = "Let the pressure out, open the line to the air, and see that there is none left. Then confirm."
FROM_BELOW = "come from below and not past it, until it floats and turns."


def put_up(directory, **options):
    return PistonBench.up(directory / "bench", clock=VirtualClock(1_796_000_000.0), **options)


@pytest.fixture
def bench(tmp_path):
    with put_up(tmp_path) as made:
        yield made


class OnSite:
    """Puts on the weights that are named, and lets the piston float."""

    def __init__(self, bench, *, can=True, lets_go=DONE):
        self._bench, self._can, self._lets_go, self.asked = bench, can, lets_go, []

    def answer(self, question, still_wanted):
        still_wanted()
        said = question.text.get("en")
        self.asked.append(said)
        if said == LET_GO:
            if self._lets_go is None:
                raise RunError("the terminal was closed")
            if self._lets_go != DONE:
                return Answer(self._lets_go, "liwei")
        elif not self._can:
            return Answer(CANT, "liwei")
        return Answer(self._bench.person(said, question.options), "liwei")


def ordered(bench, **parameters):
    order = Order.load(bench.order)
    return order.model_copy(update={"parameters": {**order.parameters, **SHORT, **parameters}})


def calibrate(bench, person, control=None, watchers=(), **parameters):
    order = ordered(bench, **parameters)
    run = bench.directory.parent / "run"
    company = Company(person, watchers, control or Control())
    return execute(order, find(order.order.procedure), Bench.load(bench.bench), run, company, bench.clock)


def safe(bench):
    """Return what the journal says of the safe state in the end."""
    journal = read_journal(bench.directory.parent / "run" / "journal.jsonl")
    return next(event.data for event in reversed(journal) if event.kind == "safe")


class StopsAtTheTop:
    """Stops the run once it measures with 1 MPa on the piston."""

    def __init__(self):
        self.control = Control()

    def __call__(self, progress):
        if progress.doing == "measure" and progress.point.name.startswith("1000 kPa"):
            self.control.abort("enough", "liwei")


def test_the_gauges_errors_are_found_by_area_and_weights(bench):
    person = OnSite(bench)
    evidence = calibrate(bench, person)
    made = evaluate(evidence, find(evidence.procedure.name))
    table = made.measurements[0].results[0].tables[0]
    error, reference = table.column("basic_measurementError"), table.column("basic_referenceValue")
    for found, place, load in zip(error.floats(), reference.floats(), SHORT["loads"], strict=True):
        bench.on = tuple(bench.weights[number - 1].serial for number in load)
        assert place == pytest.approx(bench.pressure(), abs=3e-5 * 1000)
        assert found == pytest.approx(bench.device.spec.error(place, 20.0), abs=0.05)
    symbols = [{line.symbol for line in budget.lines} for budget in made.measurements[0].budgets]
    assert {"A_0", "λ", "α", "m_1", "m_6", "t_p", "g"} <= symbols[-1]
    assert not {"A_0", "m_1"} & symbols[0], "the line is open to the air there"
    assert {serial for each in made.standards for serial in each.serials} >= {"A-1", "P-1", "W-3"}
    assert read(write(made)) == made
    assert person.asked[:4] == [
        LET_GO,
        f"1000 kPa: let {ALL} be on the piston; {FROM_BELOW}",
        "0 kPa: open the line to the air.",
        f"200 kPa: let P-1, W-1 be on the piston; {FROM_BELOW}",
    ]
    assert "come from above" in person.asked[-3]
    assert person.asked[-1] == LET_GO


def test_weights_that_make_another_pressure_are_refused_before_anything_moves(bench):
    for changes, kind, said in (
        (
            {"loads": [[], [1], [1, 2, 3], [1, 2, 3, 4, 5, 6]]},
            ParameterError,
            "the weights at 200000 Pa make 49999.9",
        ),
        ({"loads": [[], [1, 2], [1, 2, 3], [1, 2, 3, 7]]}, BenchError, "there is no weight 7 on the bench"),
        ({"loads": [[], [1, 2], [1, 2, 3]]}, ParameterError, "there are 3 loads for 4 set points"),
        (
            {"loads": [[], [1, 1], [1, 2], [1, 2, 3]]},
            ParameterError,
            "a weight is on the piston once",
        ),
        ({"absolute": True}, ParameterError, "a piston gauge makes gauge pressure"),
    ):
        order = ordered(bench, **changes)
        with pytest.raises(kind, match=said):
            plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


@pytest.mark.parametrize("poor", ["U_AREA", "U_MASS"])
def test_a_piston_or_weights_that_are_too_poor_are_refused(tmp_path, monkeypatch, poor):
    monkeypatch.setattr(piston, poor, 2e-3)
    with put_up(tmp_path) as bench:
        order = ordered(bench)
        with pytest.raises(CertificateRefused, match=r"piston: U = .* Pa at the top is more than 0\.33"):
            plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def test_a_piston_is_not_used_beyond_the_range_its_certificate_states(bench):
    path = bench.directory / "piston.xml"
    stated = read(path.read_bytes())
    ends = Column(ref_types=("remotecal_measurementRange",), unit="MPa", values=("0.02", "0.6"))
    whole = stated.measurements[0]
    held = (*whole.results, Result(name=Text.plain("range"), tables=(Table(columns=(ends,)),)))
    path.write_bytes(
        write(stated.model_copy(update={"measurements": (whole.model_copy(update={"results": held}),)}))
    )
    order = ordered(bench)
    with pytest.raises(CertificateRefused, match=r"holds up to 600000 Pa, but the piston is to make 1e\+06"):
        plan(order, find(order.order.procedure), Bench.load(bench.bench), bench.clock, "run")


def test_a_load_that_can_not_be_put_on_ends_the_run(bench):
    with pytest.raises(RunError, match="the piston gauge can't be brought to 1e\\+06 Pa"):
        calibrate(bench, OnSite(bench, can=False))


def test_who_stops_a_run_is_asked_to_let_the_pressure_out(bench):
    person, stop = OnSite(bench), StopsAtTheTop()
    with pytest.raises(RunAborted):
        calibrate(bench, person, stop.control, (stop,))
    assert (person.asked[-1], bench.pressure()) == (LET_GO, 0.0)
    assert safe(bench)["reached"] is True


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "it is not known whether the rig is safe: go and look at it, let the pressure out"),
        (NOT_POSSIBLE, "the rig is not safe: go and look at it"),
    ],
)
def test_nobody_calls_a_piston_gauge_safe_that_nobody_has_let_go(bench, answer, said):
    person, stop = OnSite(bench), StopsAtTheTop()

    def leave(progress):
        if progress.doing == "measure":
            person._lets_go = answer
        stop(progress)

    with pytest.raises(SafeStateNotReached, match=f"{said}.*the run had stopped because the run was stopped"):
        calibrate(bench, person, stop.control, (leave,))
    assert bench.pressure() > 900
    assert safe(bench)["reached"] is False
    assert said in safe(bench)["text"]


def test_a_run_that_is_taken_up_asks_first_for_the_pressure_to_be_let_out(bench):
    person, stop = OnSite(bench), StopsAtTheTop()
    with pytest.raises(RunAborted):
        calibrate(bench, person, stop.control, (stop,))
    bench.on, asked = tuple(ALL.split(", ")), len(person.asked)
    again = resume(bench.directory.parent / "run", Company(person), clock=bench.clock)
    assert again.complete
    assert person.asked[asked] == LET_GO


def test_a_script_confirms_nothing_that_it_has_not_seen(bench):
    with pytest.raises(SafeStateNotReached, match="says that it is not possible"):
        calibrate(bench, Scripted(first_option=True))


def test_nobody_is_waited_for_without_end_once_a_run_has_ended(bench, monkeypatch):
    monkeypatch.setattr(safety, "PATIENCE", 0.0)

    class Away(OnSite):
        def answer(self, question, still_wanted):
            if stop.control.has_stopped:
                while True:
                    still_wanted()
            return super().answer(question, still_wanted)

    stop = StopsAtTheTop()
    with pytest.raises(SafeStateNotReached, match="nobody confirmed it: no answer came within 0 s"):
        calibrate(bench, Away(bench), stop.control, (stop,))


def test_a_bench_that_is_not_all_there_is_not_said_to_be_safe(bench):
    text = bench.bench.read_text(encoding="utf-8")
    address = re.search(r'\[instruments\.dut\].*?address = "(.*?)"', text, re.DOTALL)[1]
    bench.bench.write_text(text.replace(address, "ASRL/dev/nowhere::INSTR"), encoding="utf-8")
    with pytest.raises(SafeStateNotReached, match=r"not known whether the rig is safe.*nobody is asked here"):
        calibrate(bench, OnSite(bench))
