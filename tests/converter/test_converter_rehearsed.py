"""A converter's order rehearsed: its standards' certificates are those of the real bench."""

from __future__ import annotations

from dataclasses import replace

import pytest
from short_runs import ShortRuns

from remotecal.bench import Bench
from remotecal.errors import ConfigurationError
from remotecal.rehearsal import RealBench, rehearse
from remotecal.runs.catalogue import find
from remotecal.sim.converter.assemblies import ConverterBench

QUICK = {"temperatures": [20.0], "pressures": [2e5, 6e5, 1e6], "pulses": 1000, "soak": 900.0}
RUNS = ShortRuns(**QUICK)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """An order, and what is known of the bench it is for, which is switched off since."""
    with ConverterBench.up(tmp_path_factory.mktemp("real"), seed=7, maker="UNIFLO 1200") as up:
        order = RUNS.ordered(up)
        found = find(order.order.procedure)
        return order, found, RealBench.of_file(order, found, Bench.load(up.bench))


def test_it_foresees_uncertainty_time_and_risk(real):
    order, found, bench = real
    foreseen = rehearse(order, found, bench)
    assert foreseen.bench == "converter"
    assert foreseen.assumed == ()
    whole = [one for one in foreseen.record.measurements[0].budgets if one.result == 0]
    assert len(whole) == 3
    assert all(0.0 < float(budget.expanded) < 0.1 for budget in whole)
    assert foreseen.duration > 3600.0
    low, high = foreseen.whole
    assert 0.0 <= low <= high < 0.2


def test_another_device_than_the_simulated_ones_is_as_the_bench_says(real):
    """The bench that is put up has the real one's maker, so its registers are those that will be asked."""
    order, found, bench = real
    told = found.procedure.accepts()(**order.parameters)
    chosen = ConverterBench.resembling(told.model_dump(), bench.drivers)
    assert chosen["maker"] == "UNIFLO 1200"
    assert chosen["pressures"] == (200.0, 600.0, 1000.0)


def test_what_the_simulated_bench_has_not_is_refused(real):
    order, found, bench = real
    more = replace(bench, drivers={**bench.drivers, "second_gauge": bench.drivers["controller"]})
    with pytest.raises(ConfigurationError, match="has nothing in the role second_gauge"):
        rehearse(order, found, more)
