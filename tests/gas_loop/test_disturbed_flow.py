"""Pulsation, swirl and installation: what is stated of them is in the uncertainty, and no loop sees them."""

from __future__ import annotations

import math

import pytest
from loops import calibrate
from short_runs import evaluated, record

from remotecal.sim.gas_loop.assemblies import ClosedLoop

STATED = {"pulsation": 0.1, "installation": 0.5}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A meter that the flow disturbs by 0.3 %, as is stated that it may be."""
    with ClosedLoop.up(tmp_path_factory.mktemp("loop") / "bench", seed=7, **STATED) as bench:
        assert bench.rig.spec.disturbed == pytest.approx(-0.0030, abs=1e-4)
        yield bench, calibrate(bench)


def by_u(bench, made):
    """Return by how much of U each error is off the truth."""
    table = made.results[0].tables[0]
    errors, places = (table.column(f"basic_{kind}") for kind in ("measurementError", "referenceValue"))
    known = zip(errors.floats(), errors.uncertainty.expanded, places.floats(), strict=True)
    return [abs(error - bench.true_error(at)) / float(expanded) for error, expanded, at in known]


def said(made, language):
    (about,) = (one for one in made.conditions if "remotecal_flowDisturbances" in one.ref_types)
    return about.quantities[0].text.get(language)


def test_what_is_stated_of_the_flow_is_covered(measured):
    bench, evidence = measured
    made = record(evidence).measurements[0]
    assert max(by_u(bench, made)) < 0.6
    shares = {line.symbol: abs(float(line.contribution)) for line in made.budgets[0].lines}
    assert shares["δ_pul"] == pytest.approx(0.1 / math.sqrt(3), rel=0.02)
    assert shares["δ_ins"] == pytest.approx(0.5 / math.sqrt(3), rel=0.02)
    closure = next(one.tables[0] for one in made.results if "remotecal_closure" in one.ref_types)
    assert max(closure.column("remotecal_closureLimit").floats()) < 0.2, "the check meter has its own pipe"
    assert made.methods[-1].description.get("en").endswith("·(1 + Δt/τ)·(1 + δ_pul + δ_ins)")
    assert said(made, "en") == (
        "pulsation of the flow: ±0.1 %, in the uncertainty; "
        "swirl and installation: ±0.5 %, in the uncertainty"
    )


def test_what_is_not_stated_is_not_and_the_certificate_says_so(measured):
    bench, evidence = measured
    made = evaluated(evidence, pulsation=0.0, installation=0.0)
    assert min(by_u(bench, made)) > 1.0
    assert not {"δ_pul", "δ_ins"} & {line.symbol for budget in made.budgets for line in budget.lines}
    assert said(made, "zh") == "流量脉动：未给出，未计入不确定度；旋涡流和安装条件：未给出，未计入不确定度"
    assert "δ_pul" not in made.methods[-1].description.get("en")
