"""How long the gas in a pycnometer is waited for, and what its gauge is charged for."""

import math

import pytest
from short_runs import ShortRuns, evaluated

from remotecal.drivers.measured import Measured
from remotecal.procedures import Stability
from remotecal.procedures.library.density.parameters import PycnometerParameters
from remotecal.sim.density.assemblies import PycnometerBench
from remotecal.sim.density.pycnometer import Pycnometer


@pytest.fixture
def bench(tmp_path):
    with PycnometerBench.up(tmp_path / "bench", seed=7) as made:
        yield made


def joined(bench, after):
    """Return the pressure at rest of gas that was let in `after` seconds before it was expanded."""
    gas, clock = bench.pycnometer, bench.world.clock
    for act, then in ((lambda: gas.fill(134_500.0), after), (lambda: gas.join(lacking=False), 1000.0)):
        with bench.world.present():
            act()
        clock.sleep(then)
    with bench.world.present():
        return gas.above


def test_gas_that_is_still_warm_is_no_more_gas(bench):
    assert joined(bench, 0.0) == pytest.approx(joined(bench, 1000.0), abs=0.2)


def test_what_has_not_settled_when_a_pressure_is_read_is_below_a_pascal():
    told = PycnometerParameters(density=2230.0, material="glass", sphere=56.56e-6)
    still = Stability(None, duration=told.rest, slope=told.equilibrium / 60.0, every=told.rest / 12)  # type: ignore[arg-type]  # judges, reads nothing
    off = Pycnometer.HEATED / 293.15 * 236e3
    seen = []
    for at in range(0, 600, 5):
        left = off * math.exp(-at / Pycnometer.SETTLING)
        seen.append(Measured(left, "Pa", None, "dut.pressure", float(at)))
        if still.judge(seen).stable:
            break
    assert 0.0 < seen[-1].value < 1.0


def test_the_gauge_is_charged_for_each_expansion_where_it_is_read(bench):
    made = evaluated(ShortRuns().calibrate(bench, repeats=3))
    lines = {line.symbol: line for line in made.budgets[0].lines}
    empty, sphere, sample = (float(lines[symbol].sensitivity) for symbol in ("p_20", "p_2k", "p_2"))
    common = abs(empty + sphere + sample)
    assert min(map(abs, (empty, sphere, sample))) > common
