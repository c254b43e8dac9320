import math

import numpy as np
import pytest

from remotecal.errors import ParameterError
from remotecal.uncertainty import Distribution, Input

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
    assert (given.dof, given.distribution, given.source) == (3, Distribution.T, "4 readings")


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
