"""Worked examples of EA-4/02 (supplements) and of two laboratories' budgets, to the digits printed."""

import pytest

from remotecal.uncertainty import Budget, Distribution, Input
from remotecal.uncertainty.coverage import coverage_factor
from remotecal.uncertainty.monte_carlo import simulate

TWO = 0.9545


def contributions(result, factor, digits):
    return [f"{abs(line.contribution) * factor:.{digits}f}" for line in result.lines]


def test_s2_weight_of_10_kg():
    budget = Budget(
        lambda m_s, d_d, d, d_c, d_b: m_s + d_d + d + d_c + d_b,
        [
            Input.from_certificate("m_s", 10_000.005, "g", 0.045, 2),
            Input.from_limits("d_d", 0.0, "g", 0.015),
            Input.normal("d", 0.020, "g", 0.025 / 3**0.5),
            Input.from_limits("d_c", 0.0, "g", 0.010),
            Input.from_limits("d_b", 0.0, "g", 0.010),
        ],
        unit="g",
    )
    result = budget.evaluate(coverage=TWO)
    assert f"{result.value:.3f}" == "10000.025"
    assert [f"{abs(line.contribution) * 1e3:.3g}" for line in result.lines] == [
        "22.5", "8.66", "14.4", "5.77", "5.77",
    ]  # fmt: skip
    assert f"{result.u * 1e3:.1f}" == "29.3"
    assert (result.reported().value, result.reported().expanded) == ("10000.025", "0.059")


def test_s3_resistor_of_10_kilohm():
    budget = Budget(
        lambda r_s, d_d, d_ts, r_c, r, d_tx: (r_s + d_d + d_ts) * r_c * r - d_tx,
        [
            Input.from_certificate("r_s", 10_000.053, "Ohm", 5e-3, 2),
            Input.from_limits("d_d", 0.020, "Ohm", 10e-3),
            Input.from_limits("d_ts", 0.0, "Ohm", 2.75e-3),
            Input.from_limits("r_c", 1.0, "1", 1e-6, Distribution.TRIANGULAR),
            Input.normal("r", 1.0000105, "1", 0.158e-6 / 5**0.5),
            Input.from_limits("d_tx", 0.0, "Ohm", 5.5e-3),
        ],
        unit="Ohm",
    )
    result = budget.evaluate(coverage=TWO)
    assert f"{result.value:.3f}" == "10000.178"
    assert contributions(result, 1e3, 1) == ["2.5", "5.8", "1.6", "4.1", "0.7", "3.2"]
    assert f"{result.u * 1e3:.2f}" == "8.33"
    assert result.reported().expanded == "0.017"


def test_s4_gauge_block_of_50_mm():
    budget = Budget(
        lambda l_s, d_d, d, d_c, d_t, product, d_v: (
            l_s + d_d + d + d_c - 50e6 * (11.5e-6 * d_t + product) - d_v
        ),
        [
            Input.from_certificate("l_s", 50_000_020.0, "nm", 30.0, 2),
            Input.from_limits("d_d", 0.0, "nm", 30.0),
            Input.normal("d", -94.0, "nm", 12 / 5**0.5),
            Input.from_limits("d_c", 0.0, "nm", 32.0),
            Input.from_limits("d_t", 0.0, "°C", 0.05),
            # The product of two quantities that are zero has no uncertainty of first order.
            Input.normal("product", 0.0, "1", 2e-6 / 6**0.5 * 0.5 / 3**0.5),
            Input.from_limits("d_v", 0.0, "nm", 6.7),
        ],
        unit="nm",
    )
    result = budget.evaluate(coverage=TWO)
    assert f"{result.value * 1e-6:.6f}" == "49.999926"
    assert contributions(result, 1, 1) == ["15.0", "17.3", "5.4", "18.5", "16.6", "11.8", "3.9"]
    assert f"{result.u:.1f}" == "36.4"
    assert result.reported().expanded == "73"


def test_s9_multimeter_at_100_v():
    budget = Budget(
        lambda v_i, v_s, d_i, d_s: v_i - v_s + d_i - d_s,
        [
            Input.normal("v_i", 100.1, "V", 0.0),
            Input.from_certificate("v_s", 100.0, "V", 0.002, 2),
            Input.from_limits("d_i", 0.0, "V", 0.05),
            Input.from_limits("d_s", 0.0, "V", 0.011),
        ],
        unit="V",
    )
    result = budget.evaluate()
    assert contributions(result, 1, 4) == ["0.0000", "0.0010", "0.0289", "0.0064"]
    assert f"{result.u:.3f}" == "0.030"
    # One rectangular distribution dominates, so 95 % are covered by 1.65 u and not by 2 u.
    assert f"{1.65 * result.u:.2f}" == "0.05"
    interval = simulate(budget, seed=9, trials=200_000).shortest
    assert f"{(interval.high - interval.low) / 2:.2f}" == "0.05"


def test_one_rectangular_distribution_is_covered_by_1_65_u():
    budget = Budget(lambda x: 1.0 * x, [Input.from_limits("x", 0.0, "V", 0.05)])
    interval = simulate(budget, seed=9, trials=200_000).symmetric
    assert (interval.high - interval.low) / 2 / budget.evaluate().u == pytest.approx(1.65, abs=0.01)


def test_s10_vernier_caliper_is_covered_by_1_83_u():
    budget = Budget(
        lambda l_i, l_s, d_t, d_i, d_m: l_i - l_s + 150 * 11.5e-6 * d_t + d_i + d_m,
        [
            Input.normal("l_i", 150.10, "mm", 0.0),
            Input.from_limits("l_s", 150.0, "mm", 0.8e-3),
            Input.from_limits("d_t", 0.0, "K", 2.0),
            Input.from_limits("d_i", 0.0, "mm", 0.025),
            Input.from_limits("d_m", 0.0, "mm", 0.050),
        ],
        unit="mm",
    )
    result = budget.evaluate()
    assert f"{result.value:.2f}" == "0.10"
    assert result.u == pytest.approx(0.0324, abs=1e-4)
    # Two rectangular distributions make a trapezoid: k = 1.83.
    interval = simulate(budget, seed=10, trials=200_000).shortest
    assert (interval.high - interval.low) / 2 / result.u == pytest.approx(1.83, abs=0.02)
    assert f"{(interval.high - interval.low) / 2:.2f}" == "0.06"


def test_s12_coverage_of_the_water_meters_mean_error():
    # The last step of S12: u = 0.91e-3 with 10 degrees of freedom.
    k = coverage_factor(10, TWO)
    assert f"{k:.2f}" == "2.28"
    assert f"{k * 0.91e-3:.3f}" == "0.002"


def test_a_gravimetric_laboratorys_expanded_uncertainty():
    # Nine contributions in L, combined by the laboratory to u = 0.53519 with 82.68 degrees of freedom.
    inputs = [Input.student_t("error", 0.0, "L", 0.53519, 82.68)]
    result = Budget(lambda error: 1.0 * error, inputs, unit="L").evaluate()
    assert f"{result.k:.5f}" == "1.98932"
    assert f"{result.expanded:.4f}" == "1.0647"
    floored = Budget(lambda error: 1.0 * error, inputs, unit="L").evaluate(cmc=1.68)
    assert floored.expanded == 1.68
