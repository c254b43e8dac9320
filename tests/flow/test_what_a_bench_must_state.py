"""What an evaluation will need is asked of the bench before anything moves."""

import pytest

from remotecal.bench import Bench
from remotecal.errors import BenchError, ParameterError, UnitError
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.execute import plan
from remotecal.sim.water.assemblies import master_line, water_rig


def planned(rig, change=lambda text: text, **parameters):
    rig.bench.write_text(change(rig.bench.read_text(encoding="utf-8")), encoding="utf-8")
    order = Order.load(rig.order)
    order = order.model_copy(update={"parameters": {**order.parameters, **parameters}})
    return plan(order, find(order.order.procedure), Bench.load(rig.bench), rig.clock, "run").start


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
        planned(rig, lambda text: text.replace(f"[characteristics.{name}", f"[characteristics.not_{name}"))


def test_a_characteristic_of_another_dimension_is_refused(rig):
    with pytest.raises(BenchError, match=r"diverter_correction is in kg, it must be in s"):
        planned(rig, lambda text: text.replace('unit = "s"', 'unit = "kg"'))


def test_standing_start_needs_no_diverter_correction(rig):
    planned(rig, lambda text: text.replace("diverter_correction", "unused"), method="standing")


def test_the_balance_needs_a_certificate(rig):
    with pytest.raises(BenchError, match="balance has no certificate"):
        planned(rig, lambda text: text.replace('certificate = "balance.xml"\ncorrelation = 0.9\n', ""))


def test_the_master_meter_needs_a_certificate(tmp_path):
    with (
        master_line(tmp_path) as line,
        pytest.raises(BenchError, match="reference has no certificate, which the role reference needs"),
    ):
        planned(line, lambda text: text.replace('certificate = "reference.xml"\n', ""))


@pytest.mark.parametrize(
    ("name", "unit", "message"),
    [
        ("reference", "K", r"reference: its drift is in K, and \S+ \S+ states errors in 1: state it in 1,"),
        ("balance", "%", r"balance: its drift is in %, and certificate \S+ states errors in kg: state it"),
        ("reference", "kPaa", "the unit 'kPaa' is unknown"),
    ],
)  # fmt: skip
def test_a_drift_that_the_standards_errors_can_not_have_is_refused(tmp_path, name, unit, message):
    bench = master_line if name == "reference" else water_rig
    with bench(tmp_path) as up, pytest.raises((BenchError, UnitError), match=message):
        planned(up, lambda text: stated(text, name, (unit,)))


def test_several_drifts_of_one_dimension_are_refused(tmp_path):
    with master_line(tmp_path) as line, pytest.raises(BenchError, match="several drifts of errors in 1"):
        planned(line, lambda text: stated(text, "reference", ("%", "1")))


def stated(text, name, units):
    drifts = ", ".join(f'{{ half_width = 0.1, unit = "{unit}", source = "S" }}' for unit in units)
    beside = f'certificate = "{name}.xml"\n'
    return text.replace(beside, f"{beside}drift = [{drifts}]\n")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"flows": [30, 500]},
            r"point 500 m3/h, flow: 500 m3/h is beyond the rig \(\w+\), whose flow is 0 to 200",
        ),
        ({"flows": ["9000 L/min"]}, "is beyond the rig"),
        (
            {"pulses_per_volume": None},
            r"parameters\.pulses_per_volume is missing: the meter under test is read by",
        ),
        ({"repeats": 1}, r"repeats must be at least 2; it is 1$"),
        ({"flow": [30]}, r"flow is unknown, did you mean flows"),
    ],
)
def test_what_the_instruments_can_not_do_is_refused_before_anything_is_open(rig, parameters, message):
    with pytest.raises(ParameterError, match=message):
        planned(rig, **parameters)


def test_a_flow_beyond_the_master_meter_is_refused(tmp_path):
    with master_line(tmp_path) as line, pytest.raises(ParameterError, match=r"beyond the reference \(\w+\)"):
        planned(line, flows=[199, 360])


@pytest.mark.parametrize(
    ("output", "method", "message"),
    [
        ("current", "standing", "a current can't be totalized"),
        ("mag6000", "flying", "a total read over the bus can't be gated"),
    ],
)
def test_a_way_to_start_that_does_not_suit_the_meter_is_refused(tmp_path, output, method, message):
    with water_rig(tmp_path, output=output) as up, pytest.raises(ParameterError, match=message):
        planned(up, method=method)
