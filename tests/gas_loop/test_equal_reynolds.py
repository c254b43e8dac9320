"""Errors at one Reynolds number are held against each other between pressures, with what both share."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from loops import calibrate
from short_runs import evaluated, of_before, record, record_anew

from remotecal.model import Text
from remotecal.procedures.library.gas_loop.levels import compared as held_together
from remotecal.procedures.library.gas_loop.levels import difference, remark
from remotecal.procedures.library.gas_loop.parameters import LoopParameters
from remotecal.procedures.library.gas_loop.results import GoneRound
from remotecal.sim.gas_loop.assemblies import ClosedLoop
from remotecal.uncertainty import Budget
from remotecal.uncertainty.inputs import Input

PARAMETERS = LoopParameters(
    pressures=(1000.0, 400.0),
    diameter=0.1,
    highest=400.0,
    lowest=20.0,
    capacity=440.0,
    loop_volume=4.0,
    accuracy_class="1",
    pulses_per_volume=6000.0,
)
LABORATORY = "Institute"


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """160 m³/h at 1000 kPa and 400 m³/h at 400 kPa, which have one Reynolds number."""
    with ClosedLoop.up(tmp_path_factory.mktemp("loop") / "bench", seed=7) as bench:
        told = {"pressures": [1000.0, 400.0], "flows": [160.0], "further_flows": [400.0]}
        return calibrate(bench, **told, fewest_compared=1)


def error(value, source, **u):
    """Return an error that adds up from inputs, in %; `E_rep` has two degrees of freedom."""
    inputs = [
        Input.normal(symbol, 0.0, "%", each, dof=2 if symbol == "E_rep" else math.inf, source=source)
        for symbol, each in u.items()
    ]
    return Budget(lambda **x: value + sum(x.values()), inputs, "%").evaluate()


@pytest.mark.parametrize(
    ("source", "u"),
    [
        (LABORATORY, 0.08124),  # √(0.05² + 0.02² + 0.06² + 0.01²): what is common is not there
        (Text(zh=LABORATORY, en=f"{LABORATORY}; no common part stated"), 0.13928),
    ],
)
def test_what_levels_share_cancels_if_it_is_said_that_they_share_it(source, u):
    first = error(0.10, source, δ_E1=0.08, E_2=0.05, E_rep=0.02)
    second = error(0.25, source, δ_E1=0.08, E_1=0.06, E_rep=0.01)
    found = difference(second, first, PARAMETERS)
    assert found.value == pytest.approx(0.15)
    assert found.u == pytest.approx(u, abs=1e-5)
    assert found.dof == pytest.approx(u**4 / (0.02**4 / 2 + 0.01**4 / 2), rel=1e-3)
    assert found.expanded == pytest.approx(found.k * u, abs=1e-4)
    assert difference(second, first, PARAMETERS.model_copy(update={"coverage_factor": 2.0})).k == 2.0


SHARES = (1.0, 0.7, 0.4, 0.25, 0.1, 0.05)


def levels(curve, further, fewest, shares=(1.0, 0.4, 0.1)):
    """Return differences between 1000 kPa and a further pressure; the meter's error is a curve over ln Re.

    Its Reynolds number is 2e6 at the highest flow and 1000 kPa, and goes with the pressure; u is 0.03 %.
    """
    parameters = PARAMETERS.model_copy(
        update={"pressures": (1000.0, further), "fewest_compared": fewest, "coverage_factor": 2.0}
    )
    rounds, errors = [], []
    for pressure, at in ((1000.0, SHARES), (further, shares)):
        for share in at:
            number = 2e6 * share * pressure / 1000.0
            rounds.append(GoneRound(pressure, None, number, (1,), (number,), 0.5, 0.0))
            errors.append(error(curve(math.log(number / 2e6)), LABORATORY, δ_E1=0.04, E_1=0.03))
    found = held_together(rounds, errors, parameters)
    return found, [one.declaration.get("en") for one in remark(found, parameters)]


def test_points_are_held_against_the_curve_wherever_ranges_overlap():
    """By points alone the flows of 600 kPa have one like at 1000 kPa, and those of 300 kPa none."""
    along = levels(lambda x: 0.5 * x, 600.0, 3)[0]
    assert [round(one.second.reynolds / 2e6, 9) for one in along] == [0.6, 0.24, 0.06]
    for one in along:
        assert one.first.reynolds == one.second.reynolds
        assert one.evaluated.value == pytest.approx(0.0, abs=1e-9), "a straight line misses nothing"
        assert one.evaluated.u == pytest.approx(0.03 * math.sqrt(2), abs=2e-4), "what is shared cancels"
    bent, said = levels(lambda x: 0.3 * x * x, 600.0, 3)
    assert all(one.agrees and one.evaluated.u > along[n].evaluated.u for n, one in enumerate(bent))
    assert bent[2].evaluated.value == pytest.approx(-0.3 * math.log(0.1 / 0.06) * math.log(0.06 / 0.05))
    assert said == []
    far, said = levels(lambda x: 0.5 * x, 300.0, 3)
    assert [round(one.second.reynolds / 2e6, 9) for one in far] == [0.3, 0.12]
    (remarked,) = said
    assert remarked.endswith("at fewer than 3 equal Reynolds numbers: 2 between 1000 kPa and 300 kPa.")
    assert [len(levels(lambda x: 0.5 * x, pressure, None)[0]) for pressure in (600.0, 300.0)] == [1, 0]


def test_beyond_the_last_point_the_slope_is_in_u():
    """4 % more Re at 4 % a unit of ln Re are 0.157 %, which U of 0.085 % had called a difference."""
    (before,) = levels(lambda x: 4.0 * x, 1040.0, None, shares=(1.0,))[0]
    assert not before.agrees
    (now,) = levels(lambda x: 4.0 * x, 1040.0, 1, shares=(1.0,))[0]
    assert now.evaluated.value == before.evaluated.value == pytest.approx(4 * math.log(1.04))
    more = math.hypot(before.evaluated.u, 4 * math.log(1.04) / math.sqrt(3))
    assert now.evaluated.u == pytest.approx(more)
    assert now.agrees


def test_a_journal_that_does_not_know_how_many_are_wanted_is_evaluated_by_points_alone(evidence):
    known = {name: one for name, one in evidence.parameters.items() if name != "fewest_compared"}
    order = evidence.order.model_copy(
        update={"parameters": {n: one for n, one in evidence.order.parameters.items() if n in known}}
    )
    older = record_anew(of_before(evidence, parameters=known, order=order, kept=evidence.kept))
    assert said(older) == []
    assert older.measurements == record(evidence).measurements


def compared(made):
    return next(one.tables[0] for one in made.results if "remotecal_levelDifference" in one.ref_types)


def said(made, language="en"):
    remarks = [one for one in made.statements if "remotecal_levelDifference" in one.ref_types]
    return [one.declaration.get(language) for one in remarks]


def test_the_certificate_tells_how_levels_differ(evidence):
    made = record(evidence).measurements[0]
    table = compared(made)
    (d,) = table.column("remotecal_levelDifference").floats()
    (expanded,) = table.column("remotecal_levelDifferenceUncertainty").floats()
    (k,) = table.column("remotecal_coverageFactor").floats()
    assert 1.96 <= k < 2.0
    one, other = made.results[0].tables[0].column("basic_measurementError").floats()
    assert d == pytest.approx(other - one, abs=0.006)
    lines = [{line.symbol: float(line.contribution) for line in each.lines} for each in made.budgets]
    shared = [lines[0][symbol] * lines[1][symbol] for symbol in ("δ_E1", "δ_p1", "δ_t1", "V_c")]
    u = math.sqrt(sum(c**2 for each in lines for c in each.values()) - 2 * sum(shared))
    assert expanded == pytest.approx(k * u, rel=0.06), "two digits are told"
    assert expanded < 0.75 * math.hypot(*(2 * c for each in lines for c in each.values()))
    assert table.said("remotecal_levelsAgree").words == ("✓",)
    assert said(record(evidence)) == []


def test_levels_that_differ_are_told(evidence):
    """One per cent more pulses at the second level: no refusal, for it may be the meter's own way."""

    def more(one):
        counted = one.values["pulses"]
        more = counted._replace(value=round(1.01 * counted.value))
        return replace(one, values={**one.values, "pulses": more})

    forged = (more(one) if one.point.nominal["pressure"] == 400.0 else one for one in evidence.observations)
    made = record(replace(evidence, observations=tuple(forged)))
    assert compared(made.measurements[0]).said("remotecal_levelsAgree").words == ("✗",)
    (en,), (zh,) = said(made), said(made, "zh")
    differ = r"Errors at equal Re differ between 1000 kPa and 400 kPa by [01]\.\d+ % \(U = 0\.1\d %\) at Re"
    assert re.match(differ, en)
    assert zh.startswith("相同雷诺数下的误差因压力而异：Re 36")


def test_points_with_no_like_at_another_pressure_are_told_of(evidence):
    made = evaluated(evidence, reynolds_width=0.001)
    (remark,) = said(made)
    assert remark.startswith("No points at different pressures have Reynolds numbers within 0.001 % of each")
    assert not any("remotecal_levelDifference" in one.ref_types for one in made.results)
