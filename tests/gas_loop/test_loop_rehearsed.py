"""A rehearsal of a loop says why there is none: the simulated loop takes no other masters than its own."""

import pytest

from remotecal.bench import Bench
from remotecal.errors import ConfigurationError
from remotecal.order import Order
from remotecal.rehearsal import RealBench, rehearse
from remotecal.runs.catalogue import find
from remotecal.sim.gas_loop.assemblies import ClosedLoop


def test_it_is_refused_with_what_the_simulated_loop_lacks(tmp_path):
    with ClosedLoop.up(tmp_path, seed=7) as bench:
        order = Order.load(bench.order)
        found = find(order.order.procedure)
        real = RealBench.of_file(order, found, Bench.load(bench.bench))
    with pytest.raises(ConfigurationError, match=r"can't be given master_1, .* of your own"):
        rehearse(order, found, real)
