"""Propagation of distributions; published figures are those of JCGM 101:2008, clause 9."""

import math
import tracemalloc

import numpy as np
import pytest

from remotecal.errors import ParameterError
from remotecal.fluids.water import water_density_tanaka
from remotecal.uncertainty import Budget, Distribution, Input
from remotecal.uncertainty.monte_carlo import numerical_tolerance, simulate, simulate_jointly, validate
from remotecal.uncertainty.number import atan2, sqrt

TRIALS = 1_000_000


def total(a, b, c, d):
    return a + b + c + d


def rectangular(symbol, u):
    return Input.from_limits(symbol, 0.0, "1", u * math.sqrt(3))


def near(interval, low, high, within):
    return abs(interval.low - low) <= within and abs(interval.high - high) <= within


def test_9_2_2_four_normal_inputs():
    budget = Budget(total, [Input.normal(symbol, 0.0, "1", 1.0) for symbol in "abcd"])
    simulation = simulate(budget, seed=1, trials=TRIALS)
    assert f"{simulation.u:.2f}" == "2.00"
    assert near(simulation.symmetric, -3.92, 3.92, 0.02)
    assert validate(budget.evaluate(), simulate(budget, seed=1, digits=1), digits=1).valid


def test_9_2_3_four_rectangular_inputs_of_one_width():
    budget = Budget(total, [rectangular(symbol, 1.0) for symbol in "abcd"])
    simulation = simulate(budget, seed=2, trials=TRIALS)
    assert f"{simulation.u:.2f}" == "2.00"
    assert near(simulation.symmetric, -3.88, 3.88, 0.015)
    result = budget.evaluate()
    assert f"{result.expanded:.2f}" == "3.92"
    validation = validate(result, simulation)
    assert (validation.low, validation.high) == (
        pytest.approx(0.04, abs=0.015),
        pytest.approx(0.04, abs=0.015),
    )
    assert validation.tolerance == 0.05
    assert validate(result, simulation, digits=1).valid


def test_9_2_4_one_rectangular_input_dominates():
    budget = Budget(total, [*(rectangular(symbol, 1.0) for symbol in "abc"), rectangular("d", 10.0)])
    simulation = simulate(budget, seed=3, trials=TRIALS)
    assert f"{simulation.u:.1f}" == "10.1"
    assert near(simulation.symmetric, -17.0, 17.0, 0.05)
    result = budget.evaluate()
    assert f"{result.expanded:.1f}" == "19.9"
    assert not validate(result, simulation).valid


def test_9_3_mass_calibration():
    budget = Budget(
        lambda m_rc, dm_rc, air, density_w, density_r: (
            (m_rc + dm_rc) * (1 + (air - 1.2) * (1 / density_w - 1 / density_r)) - 100_000
        ),
        [
            Input.normal("m_rc", 100_000.0, "mg", 0.050),
            Input.normal("dm_rc", 1.234, "mg", 0.020),
            Input.from_limits("air", 1.20, "kg/m3", 0.10),
            Input.from_limits("density_w", 8e3, "kg/m3", 1e3),
            Input.from_limits("density_r", 8e3, "kg/m3", 50.0),
        ],
        unit="mg",
    )
    result = budget.evaluate()
    assert (f"{result.value:.4f}", f"{result.u:.4f}") == ("1.2340", "0.0539")
    assert f"{result.value - result.expanded:.3f} {result.value + result.expanded:.3f}" == "1.128 1.340"
    simulation = simulate(budget, seed=4, trials=TRIALS)
    assert f"{simulation.value:.3f}" == "1.234"
    # Table 6 prints 0.0754 from a simulation of its own; the exact standard deviation is 0.07548.
    assert simulation.u == pytest.approx(0.07548, abs=2e-4)
    # Table 6 prints 1.0834 to 1.3825; where the shortest interval lies is less certain than its length.
    assert simulation.shortest.high - simulation.shortest.low == pytest.approx(1.3825 - 1.0834, abs=5e-4)
    assert near(simulation.symmetric, 1.0834, 1.3825, 2e-3)
    assert not validate(result, simulation, digits=1).valid


@pytest.mark.parametrize(
    ("x1", "r", "value", "u", "low", "high", "gum_u"),
    [
        (0.000, 0.0, 50, 50, 0, 150, 0),
        (0.010, 0.0, 150, 112, 0, 367, 100),
        (0.050, 0.0, 2551, 502, 1590, 3543, 500),
        (0.000, 0.9, 50, 67, 0, 185, 0),
        (0.010, 0.9, 150, 121, 13, 398, 100),
        (0.050, 0.9, 2551, 505, 1628, 3555, 500),
    ],
)
def test_9_4_comparison_loss(x1, r, value, u, low, high, gum_u):
    budget = Budget(
        lambda x1, x2: x1 * x1 + x2 * x2,
        [Input.normal("x1", x1, "1", 0.005), Input.normal("x2", 0.0, "1", 0.005)],
        correlations={("x1", "x2"): r},
    )
    simulation = simulate(budget, seed=5, trials=TRIALS)
    assert simulation.value * 1e6 == pytest.approx(value, abs=2)
    assert simulation.u * 1e6 == pytest.approx(u, abs=1)
    assert near(simulation.shortest, low * 1e-6, high * 1e-6, 8e-6)
    assert f"{budget.evaluate().u * 1e6:.0f}" == str(gum_u)


def test_9_5_gauge_block():
    budget = Budget(
        lambda l_s, d, d_1, d_2, alpha, theta, cycle, d_alpha, d_theta: (
            l_s + d + d_1 + d_2 - l_s * (d_alpha * (theta + cycle) + alpha * d_theta) - 50e6
        ),
        [
            Input.student_t("l_s", 50_000_623, "nm", 25, 18),
            Input.student_t("d", 215, "nm", 6, 24),
            Input.student_t("d_1", 0, "nm", 4, 5),
            Input.student_t("d_2", 0, "nm", 7, 8),
            Input.from_limits("alpha", 11.5e-6, "1/°C", 2e-6),
            Input.normal("theta", -0.1, "°C", 0.2),
            Input.from_limits("cycle", 0, "°C", 0.5, Distribution.ARCSINE),
            Input.from_limits("d_alpha", 0, "1/°C", 1e-6, Distribution.CURVILINEAR, shape=0.1),
            Input.from_limits("d_theta", 0, "°C", 0.05, Distribution.CURVILINEAR, shape=0.5),
        ],
        unit="nm",
    )
    result = budget.evaluate(coverage=0.99)
    assert (f"{result.value:.0f}", f"{result.u:.0f}") == ("838", "32")
    simulation = simulate(budget, seed=6, trials=TRIALS, coverage=0.99)
    assert (f"{simulation.value:.0f}", f"{simulation.u:.0f}") == ("838", "36")
    assert near(simulation.symmetric, 745, 932, 1.5)
    assert near(simulation.shortest, 745, 932, 2.5)


def test_correlated_inputs_are_drawn_together(impedance):
    simulation = simulate_jointly(impedance, 3, seed=7, trials=200_000)
    joint = impedance.evaluate_jointly(("Ohm", "Ohm", "Ohm"))
    covariance = np.array(simulation.covariance)
    # Four degrees of freedom: the t-distribution has twice the variance, and the same correlations.
    assert np.sqrt(np.diag(covariance) / 2) == pytest.approx([each.u for each in joint.results], rel=0.05)
    assert covariance[1, 2] / math.sqrt(covariance[1, 1] * covariance[2, 2]) == pytest.approx(0.993, abs=2e-3)
    assert simulation.values == pytest.approx([127.732, 219.847, 254.260], abs=0.01)


@pytest.mark.parametrize(("common", "variance", "correlation"), [(1.0, 2.0, 0.5), (3.0, 10.0, 0.9)])
def test_jcgm_102_two_sums_that_share_a_term(common, variance, correlation):
    inputs = [Input.normal(symbol, 0.0, "1", u) for symbol, u in [("a", 1.0), ("b", 1.0), ("c", common)]]
    budget = Budget(lambda a, b, c: (a + c, b + c), inputs)
    joint = budget.evaluate_jointly(("1", "1"))
    assert joint.covariance[0] == pytest.approx((variance, common**2))
    assert joint.correlation(0, 1) == pytest.approx(correlation)
    simulation = simulate_jointly(budget, 2, seed=12, trials=200_000)
    assert simulation.covariance[0] == pytest.approx((variance, common**2), rel=0.02)
    assert simulation.factor == pytest.approx(2.45, abs=0.01)


def polar(x1, r):
    """JCGM 102:2011, 9.3: magnitude and phase of a complex quantity about (x1, 0), each part to 0.010."""
    return Budget(
        lambda x1, x2: (sqrt(x1 * x1 + x2 * x2), atan2(x2, x1)),
        [Input.normal("x1", x1, "1", 0.010), Input.normal("x2", 0.0, "1", 0.010)],
        correlations={("x1", "x2"): r},
    )


def polar_exactly(x1, r):
    """Mean magnitude and the standard deviations, integrated over the plane."""
    phi = (np.arange(2000) + 0.5) / 1000 * np.pi - np.pi
    rho, weight = np.polynomial.legendre.leggauss(400)
    rho, weight = (rho + 1) * (x1 + 0.1) / 2, weight * (x1 + 0.1) / 2
    a, b = rho[:, None] * np.cos(phi) - x1, rho[:, None] * np.sin(phi)
    density = np.exp(-(a * a - 2 * r * a * b + b * b) / (2e-4 * (1 - r * r))) * rho[:, None] * weight[:, None]
    density /= density.sum()
    mean = float((density * rho[:, None]).sum())
    spread = math.sqrt(float((density * (rho[:, None] - mean) ** 2).sum()))
    return mean, spread, math.sqrt(float((density * phi**2).sum()))


@pytest.mark.parametrize(
    ("x1", "r", "gum_phase", "gum_covariance"),
    [(0.001, 0.0, 10.0, 0.0), (0.010, 0.0, 1.0, 0.0), (0.100, 0.0, 0.1, 0.0), (0.100, 0.9, 0.1, 9e-4)],
)
def test_jcgm_102_magnitude_and_phase(x1, r, gum_phase, gum_covariance):
    budget = polar(x1, r)
    joint = budget.evaluate_jointly(("1", "rad"))
    magnitude, phase = joint.results
    assert (magnitude.value, phase.value) == (x1, 0.0)
    assert (magnitude.u, phase.u) == (pytest.approx(0.010), pytest.approx(gum_phase))
    assert joint.covariance[0][1] == pytest.approx(gum_covariance, abs=1e-12)
    mean, spread, angle = polar_exactly(x1, r)
    simulation = simulate_jointly(budget, 2, seed=13, trials=200_000)
    assert simulation.values[0] == pytest.approx(mean, abs=4 * spread / math.sqrt(200_000))
    assert math.sqrt(simulation.covariance[0][0]) == pytest.approx(spread, rel=0.01)
    assert math.sqrt(simulation.covariance[1][1]) == pytest.approx(angle, rel=0.01)


def test_jcgm_102_a_phase_that_is_hardly_known():
    # Where the GUM gives u = 10 rad, it is 1.744 rad; the mean magnitude is 0.013 and not 0.001.
    mean, spread, angle = polar_exactly(0.001, 0.0)
    assert (f"{mean:.3f}", f"{spread:.3f}", f"{angle:.3f}") == ("0.013", "0.007", "1.744")


def test_the_region_of_two_independent_normal_results():
    budget = Budget(lambda a, b: (a + 0 * b, b + 0 * a), [Input.normal(s, 1.0, "1", 0.1) for s in "ab"])
    simulation = simulate_jointly(budget, 2, seed=8, trials=400_000)
    assert simulation.factor == pytest.approx(2.45, abs=0.01)  # JCGM 102, table 1


SQUARE = Budget(lambda x: x * x, [Input.normal("x", 3.0, "1", 0.1)])


def test_a_seed_gives_the_same_result():
    assert simulate(SQUARE, seed=1) == simulate(SQUARE, seed=1)
    assert simulate(SQUARE, seed=1).value != simulate(SQUARE, seed=2).value


def test_the_adaptive_procedure_stops_when_stable():
    coarse, fine = simulate(SQUARE, seed=1, digits=1), simulate(SQUARE, seed=1, digits=2)
    assert coarse.converged
    assert fine.converged
    assert coarse.trials < fine.trials
    assert fine.u == pytest.approx(math.sqrt(0.36 + 2e-4), abs=2 * numerical_tolerance(0.6, 2))
    assert fine.shortest.high - fine.shortest.low <= fine.symmetric.high - fine.symmetric.low


def test_the_adaptive_procedure_gives_up():
    given_up = simulate(SQUARE, seed=1, at_most=30_000)
    assert (given_up.converged, given_up.trials) == (False, 30_000)


@pytest.mark.parametrize(
    ("u", "digits", "tolerance"),
    [
        (0.035, 2, 0.0005),
        (0.035, 1, 0.005),
        (0.0996, 2, 0.005),
        (0.0994, 2, 0.0005),
        (12.0, 2, 0.5),
        (0, 2, 0),
    ],
)
def test_numerical_tolerance(u, digits, tolerance):
    assert numerical_tolerance(u, digits) == pytest.approx(tolerance, rel=1e-15)


def test_trials_are_as_many_as_asked_for():
    assert simulate(SQUARE, seed=1, trials=12_345).trials == 12_345


def test_fluids_are_part_of_a_model():
    budget = Budget(water_density_tanaka, [Input.normal("t", 21.0, "°C", 0.5)], "kg/m3")
    simulation = simulate(budget, seed=1, trials=50_000)
    assert validate(budget.evaluate(), simulation, digits=1).valid


def test_memory_stays_bounded():
    budget = Budget(total, [rectangular(symbol, 1.0) for symbol in "abcd"])
    tracemalloc.start()
    simulate(budget, seed=1, trials=500_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500_000 * 8 * 3.5


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (Budget(lambda x: 1 / (x - x), [Input.normal("x", 1.0, "1", 0.1)]), "no finite number"),
        (Budget(lambda x: 3.0, [Input.normal("x", 1.0, "1", 0.1)]), "depend on its inputs"),  # noqa: ARG005
        (Budget(lambda x: (x, x), [Input.normal("x", 1.0, "1", 0.1)]), "1 number"),
        (
            Budget(
                lambda a, b: a + b,
                [rectangular("a", 1.0), rectangular("b", 1.0)],
                correlations={("a", "b"): 0.5},
            ),
            "can't be drawn",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(budget, message):
    with pytest.raises(ParameterError, match=message):
        simulate(budget, seed=1, trials=1000)


def test_too_few_trials_and_unlike_intervals_are_refused():
    with pytest.raises(ParameterError, match="too few"):
        simulate(SQUARE, seed=1, trials=10)
    with pytest.raises(ParameterError, match="between 0 and 1"):
        simulate(SQUARE, seed=1, coverage=95)
    with pytest.raises(ParameterError, match="one coverage probability"):
        validate(SQUARE.evaluate(coverage=0.99), simulate(SQUARE, seed=1, trials=1000))
