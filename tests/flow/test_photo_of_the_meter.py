"""A flow procedure asks for a photo where its order says so, before anything moves."""

import pytest

from remotecal.bench import Bench
from remotecal.errors import RunError
from remotecal.journal.events import read_journal
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.sim.water.assemblies import water_rig


def test_an_unattended_run_that_was_asked_for_a_photo_ends_before_a_valve_opens(tmp_path):
    with water_rig(tmp_path / "rig", seed=7) as rig:
        order = Order.load(rig.order)
        order = order.model_copy(update={"parameters": {**order.parameters, "photo": True}})
        shut = []

        class Nobody(Scripted):
            def answer(self, question, still_wanted):
                shut.append(rig.rig.line.valves["inlet"].target == 0)
                return super().answer(question, still_wanted)

        with pytest.raises(RunError, match="nobody is there to answer: Take a photo of the meter"):
            execute(
                order,
                find(order.order.procedure),
                Bench.load(rig.bench),
                tmp_path / "run",
                Company(Nobody(first_option=True)),
                rig.clock,
            )
    assert shut == [True]
    events = read_journal(tmp_path / "run" / "journal.jsonl")
    kinds = [event.kind for event in events if event.kind not in {"instrument", "replies"}]
    assert kinds == ["start", "safe", "watch", "prompt", "failure", "safe"]
