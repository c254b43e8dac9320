"""Budgets of heat meters' thermometers name the baths that they rest on: all of them."""

from remotecal.testing import BenchOf, RunOn
from remotecal.testing.resting import unnamed


def test_a_pair_rests_on_all_baths(bench_of: BenchOf, run_on: RunOn) -> None:
    ran = run_on(bench_of("heat-bench"))
    assert unnamed(ran) == []
    budgets = [one for measurement in ran.record.measurements for one in measurement.budgets]
    assert {one.points for one in budgets} == {tuple(point.name for point in ran.evidence.points)}
