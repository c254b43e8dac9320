"""A rig's water and a stretch of its pipe, determined with a journal, against a simulated rig's truth."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.rig_facts import BY_HAND, Filler, Off
from remotecal.bench import Bench
from remotecal.certificates.characterised import stated_in
from remotecal.certificates.dcc import read, write
from remotecal.configuration import as_toml
from remotecal.drivers.mapped.by_table import ByTable
from remotecal.drivers.mapped.line_map import LineMap
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.errors import BenchError, EvidenceError, ParameterError, RunError
from remotecal.journal.gathering import read_evidence
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute, plan
from remotecal.runs.prompts import Answer
from remotecal.runs.record import evaluate
from remotecal.sim.simulated_lines import LineSimulated
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.water.assemblies import GravimetricRig, water_rig
from remotecal.sim.wiring import Wired


def determined(rig, procedure, person, parameters, roles, by_hand=BY_HAND):
    text = rig.bench.read_text("utf-8")
    rig.bench.write_text(
        text + by_hand + "".join(f'{role} = "{name}"\n' for role, name in roles.items()), "utf-8"
    )
    order = Order.load(rig.order)
    item = order.dut.model_copy(update={"serial": "RIG-50", "class_scheme": None, "class_name": None})
    head = order.order.model_copy(update={"procedure": procedure, "certificate": "FACT-1"})
    order = order.model_copy(update={"order": head, "parameters": parameters, "dut": item})
    found = find(procedure)
    out = rig.directory.parent / "run"
    return evaluate(execute(order, found, Bench.load(rig.bench), out, Company(person), rig.clock), found)


@pytest.fixture
def rig(tmp_path):
    with water_rig(tmp_path / "rig", seed=5) as made:
        yield made


def test_the_volume_is_that_of_the_pipe(rig):
    made = determined(rig, "flow.pipe_volume", Filler(rig), {}, {"balance": "can_scale"})
    found = stated_in(read(write(made)), "connecting_volume")
    assert found.unit == "m3"
    assert found.value == pytest.approx(rig.rig.spec.connecting_volume, abs=found.expanded)
    assert 1e-5 < found.expanded < 5e-5
    stated = rig.outfit.certificates["connecting_volume"].stated
    assert found.expanded < stated.expanded[0] / 10, "ten times better than from the drawings"


def test_weighings_of_a_can_from_which_nothing_was_poured_are_no_evidence(rig, tmp_path):
    """In each other's place, with their replies, they gave a pipe of less than nothing."""
    determined(rig, "flow.pipe_volume", Filler(rig), {}, {"balance": "can_scale"})
    evidence = read_evidence(tmp_path / "run")
    first, *others = evidence.observations
    before, after = first.values["can_before"], first.values["can_after"]
    forged = replace(
        first,
        values={
            **first.values,
            "can_before": before._replace(value=after.value),
            "can_after": after._replace(value=before.value),
        },
    )
    with pytest.raises(EvidenceError, match="nothing was poured"):
        evaluate(replace(evidence, observations=(forged, *others)), find("flow.pipe_volume"))


def test_what_stays_full_of_air_is_within_what_is_allowed_for(rig):
    made = determined(rig, "flow.pipe_volume", Filler(rig, Off(left=0.01)), {}, {"balance": "can_scale"})
    found = stated_in(made, "connecting_volume")
    assert found.value == pytest.approx(rig.rig.spec.connecting_volume - 1e-5, abs=0.6e-5)
    assert abs(found.value - rig.rig.spec.connecting_volume) < found.expanded


def test_a_filling_that_takes_nothing_is_refused(rig):
    person = Filler(rig, Off(left=20.0))
    with pytest.raises(RunError, match="what the filling took"):
        determined(rig, "flow.pipe_volume", person, {}, {"balance": "can_scale"})


def test_the_water_is_as_dense_as_it_is(rig):
    made = determined(rig, "flow.water_density", Filler(rig), {"samples": 4}, {})
    found = stated_in(read(write(made)), "water_density")
    assert found.unit == "1"
    assert found.value == pytest.approx(rig.rig.spec.water_excess, abs=found.expanded)
    assert found.expanded < 3e-5


@pytest.mark.parametrize("told", [0.0, 0.1])
def test_a_display_that_shows_the_same_each_time_is_known_to_its_step_only(rig, told):
    """Steps of 0.1 kg/m³: rounding alone may be 5e-5 of the water, and no repeat shows it (JJF 1059.1)."""
    with rig.world.present():
        shown = rig.rig.water.density(rig.rig.temperature)
    beside = round(shown, 1) + 0.043 - shown
    made = determined(
        rig,
        "flow.water_density",
        Filler(rig, Off(density=beside, step=0.1)),
        {"samples": 3, "density_resolution": told, "temperature_resolution": told / 2},
        {},
        by_hand=BY_HAND.replace("step = 0.001, limit = 0.01", "step = 0.1, limit = 0.01"),
    )
    found = stated_in(made, "water_density")
    true = rig.rig.spec.water_excess + beside / 998.2
    assert abs(found.value - true) == pytest.approx(0.043 / 998.2, rel=0.03)
    assert found.expanded == pytest.approx(8.9e-5 if told else 6.8e-5, rel=0.02)
    (budget,) = made.measurements[0].budgets
    lines = {line.symbol: float(line.contribution) for line in budget.lines}
    if not told:
        assert not {"ρ_res", "t_res"} & lines.keys()
        return
    scatter = lines["E_rep"]
    assert scatter < 1e-6, "of water at rest"
    steps = math.hypot(lines["ρ_res"], lines["t_res"])
    # 2.1e-4 of water for a kelvin at 20 °C
    alone = math.hypot(0.1 / 998.2, 0.05 * 2.1e-4) / math.sqrt(12)
    assert math.hypot(steps, scatter) == pytest.approx(alone, rel=0.02)


def test_an_order_that_reads_a_display_more_finely_than_it_shows_is_refused(rig):
    with pytest.raises(ParameterError, match="mend either"):
        determined(rig, "flow.water_density", Filler(rig), {"density_resolution": 1e-4}, {})


SHOWN: dict[str, Any] = {
    "source": "the meter's manual; numbers here are the test's own",
    "model": "vibrating tube",
}
LINES = SHOWN | {
    "capabilities": ["Densitometer"],
    "line": {"ending": "\r"},
    "readings": {
        "density": {
            "ask": "D?", "separator": ";", "place": 0, "unit": "g/cm3", "span": [0, 3], "limit": 1e-5,
            "doc": "Density in the cell.",
        }
    },
}  # fmt: skip
"""A meter that answers a line, in g/cm³."""
REGISTERS = SHOWN | {
    "capabilities": ["Densitometer", "Thermometer"],
    "modbus": {"counts_from": 40001, "functions": [3], "order": "ABCD"},
    "readings": {
        "density": {
            "holding": 40011, "type": "f32", "unit": "kg/m3", "span": [0, 3000], "limit": 0.01,
            "doc": "Density in the tube.",
        },
        "temperature": {
            "holding": 40013, "type": "f32", "unit": "°C", "span": [0, 100], "limit": 0.05,
            "doc": "Temperature of the tube.",
        },
    },
}  # fmt: skip
"""A meter with registers, which tells the temperature of its tube as well."""


def with_density_meter(kind: type[ByTable], table: dict[str, Any], off: float) -> type[GravimetricRig]:
    text = as_toml(table)

    class ByItsTable(GravimetricRig):
        """Gravimetric water rig whose water is sampled into a density meter that a table describes."""

        def __init__(self, world, options):
            super().__init__(world, options)
            rig, driver = self.rig, kind.as_stated({"table": text})
            scale = 1.0 if kind is RegisterMap else 1e-3
            reads = {"density": lambda: scale * (rig.water.density(rig.temperature) + off)}
            if kind is RegisterMap:
                simulated = ModbusSimulated(
                    driver, world, "densitometer", reads=reads | {"temperature": lambda: rig.temperature}
                )
            else:
                simulated = LineSimulated(driver, world, "densitometer", reads=reads)
            self.wired = {
                **self.wired,
                "densitometer": Wired(simulated, "serial", settings={"table": text}),
            }

    return ByItsTable


class Sampler:
    """Fills the cell, and reads nothing: the meter does."""

    def answer(self, question, still_wanted):
        still_wanted()
        assert question.options
        return Answer(question.options[0], "liwei")


@pytest.mark.parametrize("off", [0.0, 0.2])
@pytest.mark.parametrize(
    ("kind", "table", "thermometer"),
    [(LineMap, LINES, "thermometer"), (RegisterMap, REGISTERS, "densitometer")],
    ids=["lines", "registers"],
)
def test_a_density_meter_by_a_table_tells_how_dense_the_water_is(tmp_path, kind, table, thermometer, off):
    with with_density_meter(kind, table, off).up(tmp_path / "rig", seed=5) as rig:
        made = determined(
            rig,
            "flow.water_density",
            Sampler(),
            {"samples": 2},
            {"thermometer": thermometer},
            by_hand="\n[roles]\n",
        )
        found = stated_in(read(write(made)), "water_density")
        true = rig.rig.spec.water_excess
    assert found.value == pytest.approx(true + off / 998.0, abs=found.expanded)
    assert found.expanded < 5e-5


def test_a_density_meter_nobody_vouches_for_is_refused(rig):
    text = rig.bench.read_text("utf-8")
    by_hand = BY_HAND.replace(", step = 0.001, limit = 0.01 }", ", step = 0.001 }")
    rig.bench.write_text(text + by_hand, "utf-8")
    order = Order.load(rig.order).model_copy(update={"parameters": {}})
    with pytest.raises(BenchError, match="the densitometer has no certificate"):
        plan(order, find("flow.water_density"), Bench.load(rig.bench), rig.clock, "run")
