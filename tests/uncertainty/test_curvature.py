"""A model that is not straight over its inputs' uncertainties."""

import math

import pytest

from remotecal.uncertainty import Budget, Distribution, Input
from remotecal.uncertainty.curvature import CURVATURE, confirmed
from remotecal.uncertainty.monte_carlo import simulate


def both(budget: Budget):
    result = budget.evaluate()
    return result, confirmed(budget, result, about="a point")


def test_the_top_of_a_parabola_is_not_certain() -> None:
    # Y = X² at 0 (JCGM 101, 9.2 in kind): chi-squared of one degree of freedom, 97.5 % quantile 5.024.
    first, checked = both(Budget(lambda x: x * x, [Input.normal("x", 0.0, "1", 0.1)]))
    assert first.u == 0
    assert checked.expanded == pytest.approx(0.05024, rel=0.05)
    assert checked.lines[-1].symbol == CURVATURE
    assert checked.lines[-1].share == pytest.approx(100)


def test_so_is_a_product_of_two_that_are_0() -> None:
    _, checked = both(
        Budget(lambda a, b: a * b, [Input.normal("a", 0, "1", 1.0), Input.normal("b", 0, "1", 1.0)])
    )
    assert checked.expanded > 1.8


def test_one_slope_that_vanishes_among_others_is_found() -> None:
    # JCGM 101, 9.4.2.2: comparison loss with x₁ = 0, u = 0.005; the GUM's first order gives u = 0.
    budget = Budget(
        lambda x, y, z: x * x + y * y + z,
        [
            Input.normal("x", 0.0, "1", 0.005),
            Input.normal("y", 0.0, "1", 0.005),
            Input.normal("z", 0, "1", 1e-6),
        ],
    )
    first, checked = both(budget)
    drawn = simulate(budget, seed=3, trials=200_000)
    assert first.expanded < 3e-6
    assert checked.expanded == pytest.approx(drawn.symmetric.high, rel=0.05)


@pytest.mark.parametrize("distribution", [Distribution.RECTANGULAR, Distribution.ARCSINE])
def test_a_straight_model_stays_as_it_is(distribution) -> None:
    budget = Budget(
        lambda a, b: 3 * a - b,
        [
            Input.from_limits("a", 10.0, "V", 0.1, distribution),
            Input.from_readings("b", [1.0, 1.2, 0.9], "V"),
        ],
    )
    first, checked = both(budget)
    assert checked is first


def test_slight_curvature_below_the_last_digit_stays_out() -> None:
    first, checked = both(Budget(lambda a: a**2, [Input.normal("a", 10.0, "1", 0.01)]))
    assert checked is first


def test_degrees_of_freedom_and_cmc_are_kept() -> None:
    budget = Budget(
        lambda a, b: a + b * b,
        [Input.student_t("a", 1.0, "1", 0.1, 4), Input.normal("b", 0.0, "1", 0.5)],
    )
    result = budget.evaluate(cmc=0.9)
    checked = confirmed(budget, result, about="a point")
    assert checked.dof == pytest.approx(4 * (checked.u / result.u) ** 4)
    assert checked.expanded == max(checked.k * checked.u, 0.9)
    assert math.fsum(line.share for line in checked.lines) == pytest.approx(100)


def test_the_same_name_gives_the_same_result() -> None:
    budget = Budget(lambda x: x * x, [Input.normal("x", 0.0, "1", 0.1)])
    first = budget.evaluate()
    assert confirmed(budget, first, about="a point") == confirmed(budget, first, about="a point")
