import math
from dataclasses import replace

import numpy as np
import pytest

from remotecal.errors import CertificateRefused, ParameterError
from remotecal.model.certified import CertifiedPoint
from remotecal.uncertainty.interpolation import CertifiedCurve
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


def line(curve):
    """Return a, b, u(a), u(b), cov(a, b) and chi-squared, as ISO/TS 28037 prints them."""
    (a, b), covariance = curve.powers()
    return [a, b, covariance[0][0] ** 0.5, covariance[1][1] ** 0.5, covariance[0][1], curve.chi_squared]


COVARIANCE_10_X = np.array(
    [
        [0.50, 0.00, 0.25, 0.00, 0.25, 0.00, 0.25],
        [0.00, 1.25, 1.00, 0.00, 0.00, 1.00, 1.00],
        [0.25, 1.00, 1.50, 0.00, 0.25, 1.00, 1.25],
        [0.00, 0.00, 0.00, 1.25, 1.00, 1.00, 1.00],
        [0.25, 0.00, 0.25, 1.00, 1.50, 1.00, 1.25],
        [0.00, 1.00, 1.00, 1.00, 1.00, 2.25, 2.00],
        [0.25, 1.00, 1.25, 1.00, 1.25, 2.00, 2.50],
    ]
)

ISO_28037 = {
    "6, equal weights": (
        fit(range(1, 7), [3.3, 5.6, 7.1, 9.3, 10.7, 12.1], u_y=[0.5] * 6),
        ["1.867", "1.757", "0.465", "0.120", "-0.050", "1.665"],
    ),
    "6, unequal weights": (
        fit(range(1, 7), [3.2, 4.3, 7.6, 8.6, 11.7, 12.8], u_y=[0.5] * 3 + [1.0] * 3),
        ["0.885", "2.057", "0.530", "0.178", "-0.082", "4.131"],
    ),
    "7, x uncertain too": (
        fit(
            [1.2, 1.9, 2.9, 4.0, 4.7, 5.9],
            [3.4, 4.4, 7.2, 8.5, 10.8, 13.5],
            u_x=[0.2] * 6,
            u_y=[0.2] * 3 + [0.4] * 3,
        ),
        ["0.5788", "2.1597", "0.4764", "0.1355", "-0.0577", "2.743"],
    ),
    "9, y correlated": (
        fit(
            range(1, 11),
            [1.3, 4.1, 6.9, 7.5, 10.2, 12.0, 14.5, 17.1, 19.5, 21.0],
            u_y=np.kron(np.diag([1.0, 4.0]), np.ones((5, 5))) + np.eye(10),
        ),
        ["-0.6456", "2.2014", "1.2726", "0.2015", "-0.1669", "2.074"],
    ),
    "10, x and y correlated": (
        fit(
            [50.4, 99.0, 149.9, 200.4, 248.5, 299.7, 349.1],
            [52.3, 97.8, 149.7, 200.1, 250.4, 300.9, 349.2],
            u_x=COVARIANCE_10_X,
            u_y=np.ones((7, 7)) + 4 * np.eye(7),
        ),
        ["0.3424", "1.0012", "2.0569", "0.0090", "-0.0129", "1.772"],
    ),
}


@pytest.mark.parametrize("clause", ISO_28037)
def test_straight_lines_of_iso_ts_28037(clause):
    curve, printed = ISO_28037[clause]
    assert curve.consistent
    found = line(curve)
    assert [f"{each:.{len(text.partition('.')[2])}f}" for each, text in zip(found, printed, strict=True)] == (
        printed
    )


def test_a_reading_on_the_line_of_iso_ts_28037():
    given = ISO_28037["6, equal weights"][0].invert(10.5, u_y=0.5)
    assert (f"{given.value:.3f}", f"{given.u:.3f}") == ("4.913", "0.322")


def test_a_shared_standard_makes_the_level_no_surer_and_the_slope_no_worse():
    x, y, alone, standard = [1.0, 2.0, 3.0, 4.0], [1.1, 1.9, 3.2, 3.9], 0.1, 0.5
    apart = fit(x, y, u_y=[alone] * 4)
    together = fit(x, y, u_y=alone**2 * np.eye(4) + standard**2)
    assert together.powers()[0] == pytest.approx(apart.powers()[0])
    assert together.powers()[1][1][1] == pytest.approx(apart.powers()[1][1][1])
    assert together.powers()[1][0][0] == pytest.approx(apart.powers()[1][0][0] + standard**2)


@pytest.mark.parametrize(
    ("u_y", "message"),
    [
        ([[1.0, 0.5], [0.5, 1.0]], "covariance matrix of 3 rows"),
        ([[1.0, 0.5, 0.0], [0.4, 1.0, 0.0], [0.0, 0.0, 1.0]], "symmetric"),
        (np.ones((3, 3)), "not positive definite"),
        (np.diag([1.0, 1.0, -1.0]), "uncertainty above 0"),
        ([[1.0, 0.0, 1.5], [0.0, 1.0, 0.0], [1.5, 0.0, 1.0]], "not positive definite"),
    ],
)
def test_what_is_no_covariance_matrix_is_refused(u_y, message):
    with pytest.raises(ParameterError, match=message):
        fit([1, 2, 3], [1, 2, 3.1], u_y=u_y)


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
        CertifiedPoint(10.0, 0.10, 0.02, 2.0, math.inf),
        CertifiedPoint(20.0, 0.30, 0.04, 2.0, 12),
        CertifiedPoint(40.0, 0.20, 0.06, 3.0, math.inf),
    ],
    "%",
    "M-7",
)
CURVATURE = abs((0.20 - 0.30) / 20 - (0.30 - 0.10) / 10) / 30


def test_certified_points_are_given_as_certified():
    for point in CERTIFICATE.points:
        given = CERTIFICATE.at("c", point.at)
        assert (given.value, given.u) == (pytest.approx(point.value), pytest.approx(point.expanded / point.k))
    assert CERTIFICATE.at("c", 20.0).source == "M-7"


def test_between_points_the_value_is_interpolated_and_less_certain():
    given = CERTIFICATE.at("c", 15.0)
    assert given.value == CERTIFICATE.value(15.0) == pytest.approx(0.20)
    assert given.u == CERTIFICATE.u(15.0)
    assert given.u == pytest.approx(math.hypot(0.015, CURVATURE * 25 / math.sqrt(3)))
    assert given.dof == pytest.approx(12 * (given.u / 0.015) ** 4)


def test_what_is_each_points_own_is_less_between_them_where_the_correlation_is_told():
    """The line through two points that share half their variance: Monte Carlo says the same."""
    points = [CertifiedPoint(x, 0.0, 0.2, 2.0, math.inf) for x in (0.0, 10.0, 20.0)]
    half = [[1.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]]
    told = CertifiedCurve(points, "%", correlation=half)
    assert told.u(5.0) == pytest.approx(0.1 * math.sqrt(0.75))
    assert told.u(7.5) == pytest.approx(0.1 * math.sqrt(0.0625 + 0.5625 + 0.1875))
    assert told.u(10.0) == pytest.approx(0.1)
    beyond = 0.1 * math.sqrt(1.005**2 + 0.005**2 - 1.005 * 0.005)
    assert told.u(20.05) == pytest.approx(beyond), "the line goes on, and is no less certain than at its end"
    assert CertifiedCurve(points, "%").u(5.0) == 0.1, "nobody tells: the largest it can be"
    # Two places beside each other have the same deviation, but for what the line may miss.
    assert told.correlated(5.0, 5.01) == pytest.approx(1.0, abs=1e-5)
    draws = np.random.default_rng(5).multivariate_normal([0.0] * 3, 0.01 * np.array(half), 200_000)
    assert told.u(7.5) == pytest.approx(float(np.std(0.25 * draws[:, 0] + 0.75 * draws[:, 1])), rel=0.01)


def test_the_curve_of_a_parabola_is_covered_exactly():
    def point(x, value):
        return CertifiedPoint(x, value, 0.001, 2.0, math.inf)

    curve = CertifiedCurve([point(x, 0.01 * x**2) for x in (0.0, 1.0, 3.0, 4.0)], "1")
    for x in (2.2, 4.009):  # between two points, and a little beyond the last
        given = curve.at("c", x)
        limit = math.sqrt(given.u**2 - 0.0005**2) * math.sqrt(3)
        assert abs(given.value - 0.01 * x**2) == pytest.approx(limit)
    # Of two points only, the parabola with its peak at one of them.
    assert CertifiedCurve([point(0.0, 0.0), point(4.0, 0.16)], "1").u(1.0) == pytest.approx(
        math.hypot(0.0005, (0.04 - 0.01) / math.sqrt(3))
    )


def test_a_stated_nonlinearity_is_greatest_in_the_middle():
    curve = CertifiedCurve(CERTIFICATE.points, "%", nonlinearity=0.03)
    assert curve.u(15.0) == pytest.approx(math.hypot(0.015, 0.03 / math.sqrt(3)))
    assert curve.u(12.0) == pytest.approx(math.hypot(0.012, 0.03 * 0.64 / math.sqrt(3)))


def test_a_little_beyond_an_end_is_less_certain_than_the_end():
    given = CERTIFICATE.at("c", 9.92)
    assert given.value == pytest.approx(0.10 - 0.02 * 0.08)
    assert given.u == pytest.approx(math.hypot(0.010, CURVATURE * 0.08 * 10.08 / math.sqrt(3)))
    assert CERTIFICATE.u(40.19) > CERTIFICATE.u(40.1) > CERTIFICATE.u(40.0)


def test_a_little_beyond_the_lowest_flow_is_no_share_of_the_highest():
    """A meter's certificate over two decades: 1 % of the highest flow is the whole of the lowest."""
    points = [CertifiedPoint(flow, 0.0, 0.1, 2.0, math.inf) for flow in (0.03, 0.1, 0.3, 1.0, 3.0)]
    meter = CertifiedCurve(points, "%", "M-8")
    assert not meter.outside(0.0295)
    assert not meter.outside(3.01)
    for flow in (0.028, 0.01, 0.0, 3.03):
        with pytest.raises(CertificateRefused, match=r"certificate M-8 holds from 0\.03 to 3,"):
            meter.value(flow)


@pytest.mark.parametrize("x", [9.89, 40.21, math.nan])
def test_nothing_is_extrapolated_from_a_certificate(x):
    with pytest.raises(CertificateRefused, match="certificate M-7 holds from 10 to 40"):
        CERTIFICATE.at("c", x)


@pytest.mark.parametrize(
    "points", [CERTIFICATE.points[:1], CERTIFICATE.points[::-1], [CERTIFICATE.points[0]] * 2]
)
def test_a_certificate_that_says_too_little_is_refused(points):
    with pytest.raises(CertificateRefused, match="a certificate needs 2 points or more"):
        CertifiedCurve(points, "%")


@pytest.mark.parametrize("field", ["at", "value", "expanded"])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_row_that_is_no_number_is_refused_at_once(field, row):
    points = list(CERTIFICATE.points[:3])
    points[row] = replace(points[row], **{field: math.nan})
    with pytest.raises(CertificateRefused, match="a row that is no number"):
        CertifiedCurve(points, "%")
