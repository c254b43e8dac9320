"""What gauges, and thermometers, of one calibrator share cancels in a ratio; what is their own stays."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from loops import calibrate
from short_runs import record

from remotecal.errors import CertificateRefused
from remotecal.model import Certificate, Text
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.gas_loop.sensors import Sensor, Shared
from remotecal.sim.certificates import Certified, certificate
from remotecal.sim.gas_loop.assemblies import ClosedLoop
from remotecal.sim.gas_loop.outfit import SENSORS_COMMON, certified, sensors_share
from remotecal.sim.paper import LABORATORY
from remotecal.uncertainty import Budget

LOOPS = 300
AT = 1e6


class Made:
    maker, model = "Simulated", "gauge"


def stated(known, number, *, common):
    tables = ((Text.plain("absolute pressure"), known), *((sensors_share(),) if common else ()))
    told = Certified(Text.plain("gauge"), tables)
    return Certificate(certificate(told, Made, f"K-{number}", LABORATORY, f"C-{number}", date(2026, 1, 1)))


def ratio(seed, *, common):
    """Return by how many of the budget's u the ratio of two pressures is truly off, and that u."""
    drawn = certified(Random(seed), 1)
    gauges = {"1": drawn["gauge_1"], "d": drawn["meter_gauge"]}
    sensors, applied = {}, {}
    for place, known in gauges.items():
        paper = stated(known, place, common=common)
        applied[place] = Standard.certified(f"p_{place}", paper, "Pa").around(AT)
        (deviation,) = applied[place].inputs
        sensors[place] = Sensor(paper, AT, deviation)
    shared = Shared.of("p", sensors)
    inputs = [shared.own.get(each.deviation.symbol, each.deviation) for each in sensors.values()]

    def model(**x):
        at = {
            place: shared.applied(place, applied[place].corrected(x, gauges[place].indicated(AT)), x)
            for place in gauges
        }
        return at["1"] / at["d"]

    found = Budget(model, (*inputs, *shared.inputs), "1").evaluate()
    return (1.0 - found.value) / found.u, found.u


@pytest.fixture(scope="module")
def ratios():
    return {common: [ratio(seed, common=common) for seed in range(LOOPS)] for common in (True, False)}


def test_the_common_part_cancels_and_the_truth_is_covered(ratios):
    off, u = zip(*ratios[True], strict=True)
    assert (sum(one**2 for one in off) / LOOPS) ** 0.5 == pytest.approx(1.0, abs=0.09)
    own = (200.0**2 - (SENSORS_COMMON * AT) ** 2) ** 0.5 / 2
    assert u[0] == pytest.approx(2**0.5 * own / AT, rel=0.01)


def test_taken_for_each_ones_own_it_is_more_than_needed(ratios):
    """The careful way, where certificates say nothing: u is half as large again."""
    off, _ = zip(*ratios[False], strict=True)
    assert (sum(one**2 for one in off) / LOOPS) ** 0.5 == pytest.approx(0.66, abs=0.06)


def test_more_in_common_than_there_is_is_refused():
    known = certified(Random(1), 1)["gauge_1"]
    paper = stated(known, 1, common=True)
    (deviation,) = Standard.certified("p_1", paper, "Pa").around(AT).inputs
    from dataclasses import replace

    with pytest.raises(CertificateRefused, match="as the part it has in common"):
        Shared.of("p", {"1": Sensor(paper, AT, replace(deviation, u=50.0))})


def test_a_budget_has_both_parts_and_the_shared_one_cancels(tmp_path):
    with ClosedLoop.up(tmp_path / "bench", seed=7) as bench:
        made = record(calibrate(bench))
    budget = made.measurements[0].budgets[1]
    lines = {line.symbol: line for line in budget.lines}
    assert float(lines["δ_p1"].u) == pytest.approx(SENSORS_COMMON / 2, rel=0.02)
    assert float(lines["δ_p1"].contribution) < 0.05 * float(lines["p_d"].contribution)
    assert float(lines["δ_t1"].contribution) < 0.05 * float(lines["t_d"].contribution)
    assert float(lines["t_d"].u) == pytest.approx(
        (0.03**2 - (SENSORS_COMMON * 293 / 2) ** 2) ** 0.5, rel=0.03
    )
    names = {each.symbol: each.name.get("en") for each in made.measurements[0].methods[-1].inputs}
    assert names["δ_p1"] == "pressure, what laboratory 1's sensors share"
