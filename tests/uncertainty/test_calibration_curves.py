import math

import pytest

from remotecal.errors import ParameterError
from remotecal.uncertainty.interpolation import CertifiedCurve, CertifiedPoint
from remotecal.uncertainty.regression import fit

# Pearson (1901) with the weights of York (1966), the usual test of lines with errors in both variables.
X = [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
Y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
U_X = [w**-0.5 for w in (1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1.0)]
U_Y = [w**-0.5 for w in (1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500)]


def test_pearsons_data_with_yorks_weights():
    curve = fit(X, Y, u_x=U_X, u_y=U_Y)
    (intercept, slope), covariance = curve.powers()
    assert (f"{intercept:.8f}", f"{slope:.9f}") == ("5.47991022", "-0.480533407")
    assert f"{curve.chi_squared:.4f}" == "11.8664"
    # Standard errors of York et al., Am. J. Phys. 72 (2004) 367.
    assert (f"{covariance[0][0] ** 0.5:.4f}", f"{covariance[1][1] ** 0.5:.5f}") == ("0.2950", "0.05799")
    assert curve.consistent


def test_points_that_scatter_more_than_they_say_are_found_out():
    assert not fit(X, Y, u_y=[0.05] * 10).consistent
    assert fit(X, Y, u_y=[0.3] * 10).consistent


def test_uncertainty_in_x_of_a_known_slope_acts_like_uncertainty_in_y():
    x, y = [1.0, 2.0, 3.0, 4.0, 5.0], [3.0, 5.1, 6.9, 9.0, 11.1]
    slope = fit(x, y, u_x=[0.1] * 5, u_y=[0.2] * 5).powers()[0][1]
    both = fit(x, y, u_x=[0.1] * 5, u_y=[0.2] * 5)
    alone = fit(x, y, u_y=[math.hypot(0.2, 0.1 * slope)] * 5)
    # Not the same estimate, but the same uncertainty to first order.
    assert both.covariance[1][1] == pytest.approx(alone.covariance[1][1], rel=1e-3)


def test_uncertainty_in_x_alone_is_the_other_regression():
    x, y = [1.0, 2.0, 3.0, 4.0, 5.0], [3.0, 5.1, 6.9, 9.0, 11.1]
    only_x = fit(x, y, u_x=[0.1] * 5, u_y=[0.0] * 5).powers()[0]
    swapped = fit(y, x, u_y=[0.1] * 5).powers()[0]
    assert only_x == pytest.approx((-swapped[0] / swapped[1], 1 / swapped[1]), rel=1e-9)


def test_wampler1_of_nist_strd():
    # A polynomial of degree 5 whose certified coefficients are all 1.
    x = [float(each) for each in range(21)]
    curve = fit(x, [sum(each**j for j in range(6)) for each in x], degree=5)
    assert curve.powers()[0] == pytest.approx([1.0] * 6, rel=1e-9)


def test_a_curve_is_read_in_both_directions():
    x = [10.0, 15.0, 20.0, 25.0, 30.0]
    curve = fit(x, [0.1 + 0.02 * each + 0.001 * each**2 for each in x], u_y=[0.01] * 5, degree=2)
    there = curve.predict(22.0, u_x=0.1)
    assert there.value == pytest.approx(0.1 + 0.44 + 0.484)
    assert there.u == pytest.approx(math.hypot(curve.predict(22.0).u, 0.1 * (0.02 + 0.044)))
    back = curve.invert(there.value, u_y=0.005)
    assert back.value == pytest.approx(22.0)
    assert back.u == pytest.approx(math.hypot(0.005, curve.predict(22.0).u) / 0.064)
    assert back.dof == math.inf


def test_nothing_is_extrapolated_unless_asked():
    curve = fit([1, 2, 3], [2, 4.1, 5.9])
    with pytest.raises(ParameterError, match="outside 1 to 3"):
        curve.predict(3.5)
    assert curve.predict(3.5, extrapolate=True).value == pytest.approx(6.925)
    with pytest.raises(ParameterError, match="read backwards"):
        curve.invert(10.0)
    assert curve.invert(10.0, extrapolate=True).value == pytest.approx(5.076923, rel=1e-6)


def test_a_curve_with_two_answers_is_not_read_backwards():
    curve = fit([-2, -1, 0, 1, 2], [4, 1, 0, 1, 4], u_y=[0.1] * 5, degree=2)
    with pytest.raises(ParameterError, match="at 2 places"):
        curve.invert(1.0)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: fit([1, 2], [1, 2]),
        lambda: fit([1, 1, 1], [1, 2, 3]),
        lambda: fit([1, 2, 3], [1, 2]),
        lambda: fit([1, 2, 3], [1, 2, 3], u_x=[0.1] * 3),
        lambda: fit([1, 2, 3], [1, 2, 3], u_y=[0.1, 0.1, 0.0]),
        lambda: fit([1, 2, 3], [1, 2, 3], u_y=[0.1, 0.1]),
        lambda: fit([1, 2, 3], [1, 2, math.nan], u_y=[0.1] * 3),
    ],
)
def test_what_gives_no_curve_is_refused(bad):
    with pytest.raises(ParameterError):
        bad()


CERTIFICATE = CertifiedCurve(
    [
        CertifiedPoint(10.0, 0.10, 0.02),
        CertifiedPoint(20.0, 0.30, 0.04, dof=12),
        CertifiedPoint(40.0, 0.20, 0.06, k=3),
    ],
    "%",
    "certificate M-7",
)


def test_certified_points_are_given_as_certified():
    for point in CERTIFICATE.points:
        given = CERTIFICATE.at("c", point.at)
        assert (given.value, given.u) == (
            pytest.approx(point.correction),
            pytest.approx(point.expanded / point.k),
        )
    assert CERTIFICATE.at("c", 20.0).source == "certificate M-7"


def test_between_points_the_correction_is_interpolated_and_less_certain():
    given = CERTIFICATE.at("c", 15.0)
    assert given.value == pytest.approx(0.20)
    curvature = abs((0.20 - 0.30) / 20 - (0.30 - 0.10) / 10) / 30
    assert given.u == pytest.approx(math.hypot(0.015, curvature * 25 / math.sqrt(3)))
    assert given.dof == pytest.approx(12 * (given.u / 0.015) ** 4)


def test_the_curve_of_a_parabola_is_covered_exactly():
    points = [CertifiedPoint(x, 0.01 * x**2, 0.001) for x in (0.0, 1.0, 3.0, 4.0)]
    given = CertifiedCurve(points, "1").at("c", 2.2)
    limit = math.sqrt(given.u**2 - 0.0005**2) * math.sqrt(3)
    assert abs(given.value - 0.01 * 2.2**2) == pytest.approx(limit)


def test_a_stated_nonlinearity_is_greatest_in_the_middle():
    curve = CertifiedCurve(CERTIFICATE.points, "%", nonlinearity=0.03)
    assert curve.at("c", 15.0).u == pytest.approx(math.hypot(0.015, 0.03 / math.sqrt(3)))
    assert curve.at("c", 12.0).u == pytest.approx(math.hypot(0.012, 0.03 * 0.64 / math.sqrt(3)))


@pytest.mark.parametrize("x", [9.99, 40.01, math.nan])
def test_nothing_is_extrapolated_from_a_certificate(x):
    with pytest.raises(ParameterError, match="outside 10 to 40"):
        CERTIFICATE.at("c", x)


def test_a_certificate_that_says_too_little_is_refused():
    with pytest.raises(ParameterError, match="say its nonlinearity"):
        CertifiedCurve(CERTIFICATE.points[:2], "%")
    with pytest.raises(ParameterError, match="ascending"):
        CertifiedCurve(CERTIFICATE.points[::-1], "%")
    with pytest.raises(ParameterError, match="2 points or more"):
        CertifiedCurve(CERTIFICATE.points[:1], "%")
