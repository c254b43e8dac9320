import math

import numpy as np
import pytest
from scipy import stats

from remotecal.errors import ParameterError
from remotecal.model import Text
from remotecal.uncertainty import Budget, Distribution, Input
from remotecal.uncertainty.monte_carlo import simulate

LIMITED = [
    (Distribution.RECTANGULAR, 0.0, math.sqrt(3)),
    (Distribution.TRIANGULAR, 0.0, math.sqrt(6)),
    (Distribution.ARCSINE, 0.0, math.sqrt(2)),
    (Distribution.TRAPEZOIDAL, 0.5, math.sqrt(6 / 1.25)),
    (Distribution.CURVILINEAR, 0.5, 1 / math.sqrt(1 / 3 + 0.25 / 9)),
]


@pytest.mark.parametrize(("distribution", "shape", "divisor"), LIMITED)
def test_limits_are_divided_by_the_distributions_divisor(distribution, shape, divisor):
    given = Input.from_limits("x", 5.0, "kg", 0.6, distribution, shape=shape)
    assert given.divisor == pytest.approx(divisor, rel=1e-15)
    assert given.u == pytest.approx(0.6 / divisor, rel=1e-15)


@pytest.mark.parametrize(("distribution", "shape"), [each[:2] for each in LIMITED])
def test_draws_have_the_mean_spread_and_limits_of_the_distribution(distribution, shape):
    given = Input.from_limits("x", 5.0, "kg", 0.6, distribution, shape=shape)
    draws = given.draw(np.random.default_rng(7), 200_000)
    assert draws.mean() == pytest.approx(5.0, abs=5 * given.u / math.sqrt(200_000))
    assert draws.std() == pytest.approx(given.u, rel=0.01)
    reach = 0.6 * (1.5 if distribution is Distribution.CURVILINEAR else 1.0)
    assert 0.98 * reach < np.abs(draws - 5.0).max() <= reach * (1 + 1e-12)


class CurvilinearTrapezoid(stats.rv_continuous):
    """JCGM 101:2008, 6.4.3.4, with the half-width 1 and its inexactness d."""

    def _pdf(self, x, d):
        return np.log((1 + d) / np.maximum(np.abs(x), 1 - d)) / (4 * d)

    def _cdf(self, x, d):
        def primitive(v):
            return v * np.log((1 + d) / v) + v

        flat, flank = np.minimum(np.abs(x), 1 - d), np.maximum(np.abs(x), 1 - d)
        area = flat * np.log((1 + d) / (1 - d)) + primitive(flank) - primitive(1 - d)
        return 0.5 + np.sign(x) * area / (4 * d)


KNOWN = {
    "normal": (Input.normal("x", 5.0, "kg", 0.6), stats.norm(5.0, 0.6), 0.6),
    "t": (Input.student_t("x", 5.0, "kg", 0.6, 6), stats.t(6, 5.0, 0.6), 0.6),
    "rectangular": (Input.from_limits("x", 5.0, "kg", 0.6), stats.uniform(4.4, 1.2), None),
    "triangular": (
        Input.from_limits("x", 5.0, "kg", 0.6, Distribution.TRIANGULAR),
        stats.triang(0.5, 4.4, 1.2),
        None,
    ),
    "U-shaped": (
        Input.from_limits("x", 5.0, "kg", 0.6, Distribution.ARCSINE),
        stats.arcsine(4.4, 1.2),
        None,
    ),
    "trapezoidal": (
        Input.from_limits("x", 5.0, "kg", 0.6, Distribution.TRAPEZOIDAL, shape=0.4),
        stats.trapezoid(0.3, 0.7, 4.4, 1.2),
        None,
    ),
    "curvilinear trapezoidal": (
        Input.from_limits("x", 5.0, "kg", 0.6, Distribution.CURVILINEAR, shape=0.4),
        CurvilinearTrapezoid(a=-1.4, b=1.4)(0.4, 5.0, 0.6),
        math.sqrt(0.6**2 / 3 + 0.24**2 / 9),
    ),
}
"""Each distribution beside an independent one; its u where that is not the standard deviation."""


@pytest.mark.parametrize("name", KNOWN)
def test_budget_and_simulation_agree_with_the_distribution(name):
    given, known, u = KNOWN[name]
    budget = Budget(lambda x: 1.0 * x, [given], "kg")
    assert budget.evaluate().u == pytest.approx(known.std() if u is None else u, rel=1e-12)
    trials = 200_000
    found = simulate(budget, seed=21, trials=trials).symmetric
    for quantile, probability in [(found.low, 0.025), (found.high, 0.975)]:
        scatter = math.sqrt(0.025 * 0.975 / trials) / known.pdf(known.ppf(probability))
        assert quantile == pytest.approx(known.ppf(probability), abs=4 * scatter)
    draws = given.draw(np.random.default_rng(22), 20_000)
    assert stats.kstest(draws, known.cdf).pvalue > 1e-3
    assert draws.var() == pytest.approx(known.var(), rel=0.05)


def test_a_trapezoid_without_a_top_is_a_triangle_and_with_the_widest_a_rectangle():
    def u(distribution, shape=0.0):
        return Input.from_limits("x", 0.0, "1", 1.0, distribution, shape=shape).u

    assert u(Distribution.TRAPEZOIDAL, 0.0) == pytest.approx(u(Distribution.TRIANGULAR))
    assert u(Distribution.TRAPEZOIDAL, 1.0) == pytest.approx(u(Distribution.RECTANGULAR))
    assert u(Distribution.CURVILINEAR, 0.0) == pytest.approx(u(Distribution.RECTANGULAR))


def test_readings_give_a_type_a_evaluation():
    given = Input.from_readings("x", [10.1, 10.3, 10.2, 10.4], "°C")
    assert given.value == pytest.approx(10.25)
    assert given.u == pytest.approx(math.sqrt(0.05 / 3) / 2)
    assert (given.dof, given.distribution, given.source) == (
        3,
        Distribution.T,
        Text(zh="4 次读数", en="4 readings"),
    )


def test_draws_of_few_readings_have_the_tails_of_t():
    draws = Input.student_t("x", 1.0, "1", 0.5, 5).draw(np.random.default_rng(3), 400_000)
    assert draws.std() == pytest.approx(0.5 * math.sqrt(5 / 3), rel=0.02)
    assert np.quantile(draws, 0.975) == pytest.approx(1.0 + 0.5 * 2.571, rel=0.01)


def test_a_certificate_is_divided_by_its_coverage_factor():
    given = Input.from_certificate("m", 1.0, "kg", 0.003, 2.28, dof=10, source="M-1")
    assert (given.u, given.divisor, given.dof) == (0.003 / 2.28, 2.28, 10)


def test_drift_since_the_certificate_is_added():
    given = Input.from_certificate("m", 1.0, "kg", 0.006, 2, dof=8, drift=0.004 * math.sqrt(3))
    assert given.u == pytest.approx(0.005)
    assert given.dof == pytest.approx(8 * (5 / 3) ** 4)


def test_a_certificate_of_no_uncertainty_leaves_the_drift():
    given = Input.from_certificate("m", 1.0, "kg", 0.0, 2, drift=0.3)
    assert (given.u, given.dof) == (pytest.approx(0.3 / math.sqrt(3)), math.inf)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Input.from_readings("x", [1.0], "kg"),
        lambda: Input.from_limits("x", 0.0, "kg", -0.1),
        lambda: Input.from_limits("x", 0.0, "kg", 0.1, Distribution.NORMAL),
        lambda: Input.from_limits("x", 0.0, "kg", 0.1, Distribution.TRAPEZOIDAL, shape=1.1),
        lambda: Input.from_certificate("x", 0.0, "kg", 0.1, 0.0),
        lambda: Input.normal("x", math.nan, "kg", 0.1),
        lambda: Input.normal("x", 1.0, "kg", math.inf),
        lambda: Input.normal("x", 1.0, "kg", 0.1, dof=0.5),
        lambda: Input.normal("not a name", 1.0, "kg", 0.1),
    ],
)
def test_what_is_no_quantity_is_refused(make):
    with pytest.raises(ParameterError):
        make()
