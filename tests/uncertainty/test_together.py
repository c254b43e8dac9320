"""Budgets evaluated together, and regions that cover several results."""

import math
from dataclasses import replace

import pytest
from GTC.reporting import k2_factor_sq

from remotecal.errors import ParameterError
from remotecal.uncertainty import Budget, Input, evaluate_together
from remotecal.uncertainty.coverage import region_factor
from remotecal.uncertainty.number import cos, sin


def apart(impedance: Budget) -> list[Budget]:
    """Return GUM H.2 as budgets of their own: R, X and, of fewer inputs, Z."""
    v, i, phi = impedance.inputs
    current = {pair: r for pair, r in impedance.correlations.items() if "phi" not in pair}
    return [
        Budget(lambda v, i, phi: v / i * cos(phi), (v, i, phi), "Ohm", impedance.correlations),
        Budget(lambda v, i, phi: v / i * sin(phi), (v, i, phi), "Ohm", impedance.correlations),
        Budget(lambda i, v: v / i, (i, v), "Ohm", current),
    ]


def test_h2_by_budgets_of_their_own(impedance: Budget) -> None:
    joint = evaluate_together(apart(impedance), ("v", "i", "phi"))
    # Table H.3 prints 0.295 for the reactance, of 0.2956.
    printed = [("127.732", "0.071"), ("219.847", "0.296"), ("254.260", "0.236")]
    assert [(f"{each.value:.3f}", f"{each.u:.3f}") for each in joint.results] == printed
    assert joint.coefficients() == (
        ("1", "-0.588", "-0.485"),
        ("-0.588", "1", "0.993"),
        ("-0.485", "0.993", "1"),
    )
    alone = [budget.evaluate() for budget in apart(impedance)]
    for together, each in zip(joint.results, alone, strict=True):
        assert [line.symbol for line in together.lines] == [line.symbol for line in each.lines]
        assert [line.share for line in together.lines] == pytest.approx([line.share for line in each.lines])
        assert (together.k, together.dof) == pytest.approx((each.k, each.dof))


def test_h2_in_magnitude_and_phase(impedance: Budget) -> None:
    """The impedance of H.2 in polar form: |Z| of table H.3, the phase of table H.2, r(Z, φ) by both ways."""
    v, i, phi = impedance.inputs
    current = {pair: r for pair, r in impedance.correlations.items() if "phi" not in pair}
    across = {pair: r for pair, r in impedance.correlations.items() if "phi" in pair}
    whole = Budget(lambda v, i: v / i, (v, i), "Ohm", current)
    phase = Budget(lambda phi: phi, (phi,), "rad")
    joint = evaluate_together([whole, phase], ("v", "i", "phi"), correlations=across)
    magnitude, angle = joint.results
    assert (f"{magnitude.value:.3f}", f"{magnitude.u:.3f}") == ("254.260", "0.236")
    assert (f"{angle.value:.5f}", f"{angle.u:.5f}") == ("1.04446", "0.00075")
    r = {frozenset(pair): value for pair, value in impedance.correlations.items()}
    z = whole.evaluate()
    relative = {"v": v.u / v.value, "i": -i.u / i.value}
    expected = sum(relative[name] * r[frozenset((name, "phi"))] for name in relative) / (z.u / z.value)
    assert joint.correlation(0, 1) == pytest.approx(expected, rel=1e-9)


CERTIFIED = Input.from_certificate("reference", 0.0, "Pa", 10.0)


def point(index: int) -> Budget:
    scatter = Input.normal("scatter", float(index), "Pa", 5.0)
    return Budget(lambda reference, scatter: scatter - reference, (CERTIFIED, scatter), "Pa")


def test_points_that_share_a_standard_are_correlated_by_it_alone() -> None:
    joint = evaluate_together([point(1), point(2), point(3)], ("reference",))
    assert joint.coefficients() == tuple(
        tuple("1" if a == b else "0.500" for b in range(3)) for a in range(3)
    )
    alone = evaluate_together([point(1), point(2)])
    assert alone.coefficients() == (("1", "0.000"), ("0.000", "1"))


def test_what_is_in_common_is_one_quantity() -> None:
    other = replace(point(2), inputs=(replace(CERTIFIED, value=1.0), point(2).inputs[1]))
    with pytest.raises(ParameterError, match="reference is not one quantity"):
        evaluate_together([point(1), other], ("reference",))
    with pytest.raises(ParameterError, match="no budget has the input humidity"):
        evaluate_together([point(1)], ("reference", "humidity"))
    with pytest.raises(ParameterError, match="scatter is not one quantity"):
        evaluate_together([point(1), point(2)], ("reference", "scatter"))


def test_correlations_of_what_is_in_common_must_agree(impedance: Budget) -> None:
    budgets = apart(impedance)
    with pytest.raises(ParameterError, match="some are in common, others not"):
        evaluate_together(budgets, ("v", "i"))
    silent = [replace(budgets[0], correlations={}), budgets[1]]
    with pytest.raises(ParameterError, match="correlation of i and v differs from budget to budget"):
        evaluate_together(silent, ("v", "i", "phi"))


@pytest.mark.parametrize(("values", "printed"), [(1, "1.96"), (2, "2.45"), (3, "2.80")])
def test_the_factor_of_a_region(values: int, printed: str) -> None:
    assert f"{region_factor(values, math.inf, 0.95):.2f}" == printed


@pytest.mark.parametrize("dof", [2, 4, 10, 1000])
def test_the_factor_of_a_region_of_few_degrees_of_freedom_is_gtcs(dof: int) -> None:
    assert region_factor(2, dof, 0.95) == pytest.approx(math.sqrt(k2_factor_sq(dof, 95)), rel=1e-9)


def test_too_few_degrees_of_freedom_give_no_region(impedance: Budget) -> None:
    joint = evaluate_together(apart(impedance), ("v", "i", "phi"))
    assert joint.region_factor() == pytest.approx(region_factor(3, 4, 0.95))
    with pytest.raises(ParameterError, match="2 degrees of freedom are too few for a region of 3 values"):
        region_factor(3, 2, 0.95)
    for wrong in (0.0, 1.0):
        with pytest.raises(ParameterError, match="probability"):
            region_factor(2, 10, wrong)
    with pytest.raises(ParameterError, match="one value or more"):
        region_factor(0, 10, 0.95)


def test_a_coefficient_near_one_is_not_rounded_to_it() -> None:
    share = Input.normal("share", 0.0, "m", 1.0)
    own = Input.normal("own", 0.0, "m", 0.02)
    budgets = [
        Budget(lambda share, own: share + own, (share, own), "m"),
        Budget(lambda share: -share, (share,), "m"),
    ]
    assert evaluate_together(budgets, ("share",)).coefficients()[0] == ("1", "-0.9998")
