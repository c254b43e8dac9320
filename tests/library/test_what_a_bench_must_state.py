"""What an evaluation will need is asked of the bench before anything moves."""

import pytest

from remotecal.bench import Bench
from remotecal.errors import BenchError
from remotecal.procedures.catalogue import find
from remotecal.procedures.execute import plan
from remotecal.procedures.order import Order
from remotecal.sim.assemblies import master_line, water_rig


def planned(rig, change=lambda text: text, **parameters):
    rig.bench.write_text(change(rig.bench.read_text(encoding="utf-8")), encoding="utf-8")
    order = Order.load(rig.order)
    order = order.model_copy(update={"parameters": {**order.parameters, **parameters}})
    return plan(order, find(order.order.procedure), Bench.load(rig.bench), rig.clock, "run")


@pytest.fixture
def rig(tmp_path):
    with water_rig(tmp_path) as up:
        yield up


def test_the_simulated_bench_states_everything(rig):
    assert len(planned(rig).points) == 6


@pytest.mark.parametrize(
    "name", ["connecting_volume", "water_density", "diverter_correction", "balance_resolution"]
)
def test_a_missing_characteristic_is_named(rig, name):
    with pytest.raises(BenchError, match=rf"there is no \[characteristics\.{name}\]"):
        planned(rig, lambda text: text.replace(f"[characteristics.{name}]", f"[characteristics.not_{name}]"))


def test_a_characteristic_of_another_dimension_is_refused(rig):
    with pytest.raises(BenchError, match=r"diverter_correction is in kg, it must be in s"):
        planned(rig, lambda text: text.replace('unit = "s"', 'unit = "kg"'))


def test_standing_start_needs_no_diverter_correction(rig):
    planned(rig, lambda text: text.replace("diverter_correction", "unused"), method="standing")


def test_the_balance_needs_a_certificate(rig):
    with pytest.raises(BenchError, match="balance has no certificate"):
        planned(rig, lambda text: text.replace('certificate = "balance.xml"\n', ""))


def test_the_master_meter_needs_a_certificate(tmp_path):
    with (
        master_line(tmp_path) as line,
        pytest.raises(BenchError, match="reference has no certificate, which the role reference needs"),
    ):
        planned(line, lambda text: text.replace('certificate = "reference.xml"\n', ""))
