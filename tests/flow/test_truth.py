"""The certificates' intervals cover the rig's truth; `benchmarks/truth.py` is the full-sized check."""

from dataclasses import replace
from itertools import count

import pytest

from benchmarks.truth import calibrate, compare, quick
from remotecal.bench import Bench
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.water.assemblies import GravimetricOptions, master_line, water_rig
from remotecal.sim.water.outfit import SIZES, outfit
from remotecal.sim.water.weighed import Losses

CALIBRATIONS = range(1002, 1005)
"""One of each kind of output, on each bench."""


def test_intervals_cover_the_true_errors() -> None:
    benches = ("water-rig", "master-line")
    intervals = [interval for name in benches for seed in CALIBRATIONS for interval in calibrate(name, seed)]
    assert len(intervals) == 36
    missed = [interval for interval in intervals if not interval.covers]
    # 36 intervals at 95 %: more than six missed has a probability below 0.3 %.
    assert len(missed) <= 6, missed
    # And they are not so wide that they would cover anything: true errors are within ±1 %.
    assert max(interval.expanded for interval in intervals) < 0.25


def test_intervals_hold_where_the_master_meter_has_drifted_by_nearly_all_it_may(tmp_path) -> None:
    limit = {"reference_drift": 0.002}
    drawn = (outfit(seed, gravimetric=False, **limit).certificates["reference"] for seed in count(1))
    seed = next(n for n, each in enumerate(drawn, 1) if abs(each.drifted) > 0.95 * limit["reference_drift"])
    with master_line(tmp_path / "bench", seed=seed, output="pulses", **limit) as there:
        order = quick(Order.load(there.order))
        kind = find(order.order.procedure)
        bench = Bench.load(there.bench)
        run = execute(order, kind, bench, tmp_path / "run", Company(Scripted()), there.clock)
        assert all(one.covers for one in compare(kind.procedure, run, there))
        master = run.certificates["reference"].model_copy(update={"drift": None})
        without = replace(run, certificates={**run.certificates, "reference": master})
        assert not any(one.covers for one in compare(kind.procedure, without, there))


@pytest.mark.parametrize(
    ("most", "true", "fact"),
    [
        ({"evaporation": 0.009}, "evaporates", ("tank_evaporation", "r_v")),
        ({"splash": 1.5}, "splashes", ("tank_splash", "δm")),
        ({"eccentricity": 0.01}, "off_centre", ("balance_eccentricity", "δ_e")),
    ],
)
def test_intervals_hold_where_nearly_all_is_lost_that_may_be(tmp_path, most, true, fact) -> None:
    """And no more where the evaluation is not told of it; then the budget says that it was not."""
    (option, limit), (name, symbol) = *most.items(), fact
    enough = 0.9 * (limit / 2 if option == "eccentricity" else limit)
    size, chosen = SIZES[50], ((seed, GravimetricOptions(seed=seed, **most)) for seed in count(1))
    drawn = ((seed, Losses.drawn(seed, size.tank, size.resolution, told)) for seed, told in chosen)
    seed = next(seed for seed, losses in drawn if abs(getattr(losses, true)) > enough)
    with water_rig(tmp_path / "bench", seed=seed, **most) as there:
        order = quick(Order.load(there.order))
        order = order.model_copy(update={"parameters": {**order.parameters, "flows": [30.0, 10.0]}})
        kind, bench = find(order.order.procedure), Bench.load(there.bench)
        run = execute(order, kind, bench, tmp_path / "run", Company(Scripted()), there.clock)
        assert all(one.covers for one in compare(kind.procedure, run, there))
        facts = {other: one for other, one in run.characteristics.items() if other != name}
        without = replace(run, characteristics=facts)
        assert not any(one.covers for one in compare(kind.procedure, without, there))
    methods = (method for one in evaluate(without, kind).measurements for method in one.methods)
    (said,) = (each for method in methods for each in method.inputs if each.symbol == symbol)
    assert said.source is not None
    assert said.source.get("en") == "not stated by the bench: not charged"
