"""Flow sensors of heat meters in series: hot water, EN 1434's limits, a certificate each, the truth."""

from __future__ import annotations

import pytest
from kept_keys import demonstrate
from proof import verifying

from benchmarks.truth import calibrate
from remotecal.bench import Bench
from remotecal.certificates.dcc import read
from remotecal.cli import main
from remotecal.errors import ParameterError
from remotecal.order import Order
from remotecal.procedures.library.meters.heat_meters import FlowLimit, SensorFlows
from remotecal.procedures.parameters import read_parameters
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.water_bench.assemblies import FlowSensorBench


def carried_out(bench, **told):
    order = Order.load(bench.order)
    order = order.model_copy(update={"parameters": {**order.parameters, **told}})
    procedure = find(order.order.procedure)
    run = bench.directory.parent / "run"
    company = Company(Scripted(()), ())
    return evaluate(execute(order, procedure, Bench.load(bench.bench), run, company, bench.clock), procedure)


def test_limits_rise_towards_small_flows_and_end_at_five_per_cent():
    limit = FlowLimit(2, 2.5)
    assert [limit.at(flow).upper for flow in (2.5, 0.25, 0.025, 0.0125)] == pytest.approx([2.02, 2.2, 4, 5])
    # 2.070854 as it is printed and judged by, which is never more.
    assert limit.at(2.5 / 3.5427).upper == pytest.approx(2.070, abs=1e-9)
    assert str(limit) == "±(2 + 0.02·q_p/q) %, at most ±5 %, q_p = 2.5 m3/h"


def test_flows_lie_in_the_windows_of_the_norm():
    flows = SensorFlows(0.025, 2.5, 5.0)
    assert [flows.aim(name) for name in ("q_i", "0.1 q_p", "q_p", "q_s")] == [0.02625, 0.2625, 2.375, 4.75]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"smallest_flow": 0.5}, "permanent must be ten times smallest_flow"),
        ({"at": []}, "at must name points, each once"),
        ({"between": [55.0, 45.0]}, "the lower one first"),
        ({"smallest_flow": 0.25, "at": ["q_i", "0.1 q_p"]}, "two points of at are one flow"),
    ],
)
def test_what_no_sensor_can_be_is_refused(told, said):
    kind = find("flow.heat_flow_sensors").procedure.accepts()
    known = {"permanent": 2.5, "smallest_flow": 0.025, "accuracy_class": 2}
    tank = {"smallest_mass": 10.0, "largest_mass": 500.0, "empty": 0.5}
    read_parameters(kind, {**known, **tank}, "here")
    with pytest.raises(ParameterError, match=said):
        read_parameters(kind, {**known, **tank, **told}, "here")


def test_water_that_is_not_as_warm_as_it_must_be_is_refused(tmp_path):
    with (
        FlowSensorBench.up(tmp_path / "bench", seed=3, meters=2, temperature=42.0) as bench,
        pytest.raises(ParameterError, match="must be between 45 and 55 °C: heat or cool it"),
    ):
        carried_out(bench, at=["q_p"], repeats=2)


def test_a_sensor_may_be_off_what_its_class_or_the_order_says(tmp_path):
    with FlowSensorBench.up(tmp_path / "bench", seed=3, meters=2, output="pulses") as bench:
        made = carried_out(bench, at=["q_p", "q_s"], repeats=2, limit=[0.001, 0.0], rule="simple acceptance")
    assert len(made.measurements) == 2
    said = [one for one in made.statements if one.conformity]
    assert [one.conformity for one in said] == ["fail", "fail"]
    told = said[0].declaration.get("en")
    assert "±(0.001 + 0·q_p/q) %" in told
    assert "q_p = 2.5 m3/h, " in told, "of the order, and so not called unverified"


def test_the_demonstration_ends_in_certificates_that_hold(tmp_path, capsys):
    out = tmp_path / "demo"
    assert demonstrate("heat-flow-sensors", "--set", "meters=2", "--out", str(out)) == 0
    folders = sorted((out / "certificates").iterdir())
    assert len(folders) == 2
    for folder in folders:
        capsys.readouterr()
        assert main(verifying(out, folder)) == 0
        assert "holds" in capsys.readouterr().out
        made = read((folder / "certificate.xml").read_bytes())
        assert len(made.items) == 1
        assert "IAPWS-95" in str(made.measurements[0].conditions)


def test_intervals_cover_the_true_errors():
    """`benchmarks/truth.py` is the full-sized check; of these seeds it is known what they give."""
    intervals = [one for seed in (1001, 1002, 1004) for one in calibrate("heat-flow-sensors", seed)]
    assert len(intervals) >= 27
    missed = [one for one in intervals if not one.covers]
    assert len(missed) <= 6, missed  # what all of a bench share is drawn three times
    ratio = sum(abs(one.error - one.true) / one.expanded for one in intervals) / len(intervals)
    assert ratio == pytest.approx(0.328, abs=0.03), "and they are not so wide that they would cover anything"
