"""Worked examples of EA-4/02 (supplements) and of two laboratories' budgets, to the digits printed."""

import pytest

from remotecal.uncertainty import Budget, Distribution, Input
from remotecal.uncertainty.coverage import whole_dof
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


def furnace():
    """S5, first half: the temperature at the thermocouple under test, from two of type R."""
    c_s, c_s0 = 0.077, 0.189  # °C/µV at 1000 °C and at 0 °C
    return Budget(
        lambda t_s, dt_s, dv_1, dv_2, dv_r, dt_0, dt_d, dt_f: (
            t_s + dt_s + c_s * (dv_1 + dv_2 + dv_r) - c_s / c_s0 * dt_0 + dt_d + dt_f
        ),
        [
            Input.student_t("t_s", 1000.5, "°C", 0.10, 9),
            Input.from_certificate("dt_s", 0.0, "°C", 0.3, 2),
            Input.from_certificate("dv_1", 0.0, "µV", 2.0, 2),
            Input.from_limits("dv_2", 0.0, "µV", 0.5),
            Input.from_limits("dv_r", 0.0, "µV", 2.0),
            Input.from_limits("dt_0", 0.0, "°C", 0.1),
            Input.from_limits("dt_d", 0.0, "°C", 0.3),
            Input.from_limits("dt_f", 0.0, "°C", 1.0),
        ],
        unit="°C",
    )


def test_s5_furnace_temperature():
    result = furnace().evaluate(coverage=TWO)
    assert f"{result.value:.1f}" == "1000.5"
    assert contributions(result, 1, 3) == [
        "0.100", "0.150", "0.077", "0.022", "0.089", "0.024", "0.173", "0.577",
    ]  # fmt: skip
    assert f"{result.u:.3f}" == "0.641"
    assert result.u == pytest.approx(0.640870516811861, rel=1e-12)  # GUM Workbench, of the same example
    assert f"{result.expanded:.1f}" == "1.3"


def test_s5_type_n_thermocouple_at_1000_degrees():
    t_x = furnace().evaluate(coverage=TWO)
    c_x, c_x0 = 0.026, 0.039  # °C/µV at 1000 °C and at 0 °C
    budget = Budget(
        lambda v_i, dv_1, dv_2, dv_r, dv_l, t_x, dt_0: (
            v_i + dv_1 + dv_2 + dv_r + dv_l + (1000.0 - t_x) / c_x - dt_0 / c_x0
        ),
        [
            Input.student_t("v_i", 36_248.0, "µV", 1.6, 9),
            Input.from_certificate("dv_1", 0.0, "µV", 2.0, 2),
            Input.from_limits("dv_2", 0.0, "µV", 0.5),
            Input.from_limits("dv_r", 0.0, "µV", 2.0),
            Input.from_limits("dv_l", 0.0, "µV", 5.0),
            Input.normal("t_x", t_x.value, "°C", t_x.u),
            Input.from_limits("dt_0", 0.0, "°C", 0.1),
        ],
        unit="µV",
    )
    result = budget.evaluate(coverage=TWO)
    assert f"{result.value:.0f}" == "36229"
    own = contributions(result, 1, 2)
    assert own[:4] + own[6:] == ["1.60", "1.00", "0.29", "1.15", "1.48"]
    assert own[4] == "2.89"  # printed as 2.9
    assert f"{result.u:.1f}" == "25.0"
    # The result is given as 36 230 µV ± 50 µV.
    assert (result.reported().value, result.reported().expanded) == ("36229", "50")


def test_s7_attenuator_at_30_db():
    u_shaped, rectangular = Distribution.ARCSINE, Distribution.RECTANGULAR
    limits = [
        ("l_s_correction", 0.003, 2.5e-3, rectangular),
        ("drift", 0.0, 1.1e-3, u_shaped),
        ("mismatch", 0.0, 20.0e-3, u_shaped),
        ("leakage", 0.0, 1.7e-3, u_shaped),
        ("i_b", 0.0, 0.3e-3, u_shaped),
        ("i_a", 0.0, 0.3e-3, rectangular),
        ("zero_b", 0.0, 2.0e-3, rectangular),
    ]
    known = [
        Input.from_limits(symbol, value, "dB", u * (2 if kind is u_shaped else 3) ** 0.5, kind)
        for symbol, value, u, kind in limits
    ]
    inputs = [Input.normal("l_s", 30.040, "dB", 9.0e-3), *known, Input.normal("zero_a", 0.0, "dB", 2.0e-3)]
    budget = Budget(lambda **x: sum(x.values()), inputs, unit="dB")
    result = budget.evaluate(coverage=TWO)
    assert f"{result.value:.3f}" == "30.043"
    assert f"{result.u:.4f}" == "0.0224"
    assert (result.reported().value, result.reported().expanded) == ("30.043", "0.045")


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


def test_s11_block_calibrator_at_180_degrees():
    widths = {"d_d": 0.040, "d_i": 0.05, "d_r": 0.10, "d_a": 0.25, "d_h": 0.05, "d_v": 0.03}
    budget = Budget(
        lambda **x: sum(x.values()),
        [
            Input.from_certificate("t_s", 180.10, "°C", 0.030, 2),
            Input.normal("d_s", 0.0, "°C", 0.010),
            *(Input.from_limits(symbol, 0.0, "°C", width) for symbol, width in widths.items()),
        ],
        unit="°C",
    )
    result = budget.evaluate()
    assert contributions(result, 1e3, 0) == ["15", "10", "23", "29", "58", "144", "29", "17"]
    assert f"{result.u * 1e3:.0f}" == "164"
    # The two largest make a trapezoid, for which k = 1.81.
    largest = [each for each in budget.inputs if each.symbol in ("d_a", "d_r")]
    two = Budget(lambda d_a, d_r: d_a + d_r, largest)
    interval = simulate(two, seed=11, trials=200_000).shortest
    k = (interval.high - interval.low) / 2 / two.evaluate().u
    assert k == pytest.approx(1.81, abs=0.02)
    assert f"{k * result.u:.1f}" == "0.3"


def collected_volume():
    """S12, table of V_X: the water that passed the meter, from the scale of the collecting tank."""
    return Budget(
        lambda v_s, dv_s, alpha_s, t_s, alpha_w, t_x, kappa_w, p_x: (
            (v_s + dv_s)
            * (1 + alpha_s * (t_s - 20.0))
            * (1 + alpha_w * (t_x - t_s))
            * (1 - kappa_w * (p_x - 0.0))
        ),
        [
            Input.from_certificate("v_s", 200.02, "L", 0.2, 2),
            Input.from_limits("dv_s", 0.0, "L", 0.02),
            Input.from_limits("alpha_s", 51e-6, "1/°C", 0.5e-6),
            Input.from_limits("t_s", 15.0, "°C", 2.0),
            Input.from_limits("alpha_w", 0.15e-3, "1/°C", 0.005e-3),
            Input.from_limits("t_x", 16.0, "°C", 2.0),
            Input.from_limits("kappa_w", 0.46e-6, "1/kPa", 0.005e-6),
            Input.from_limits("p_x", 500.0, "kPa", 50.0),
        ],
        unit="L",
    )


def single_run():
    """S12, table of e_X: the relative error of indication in one run."""
    v_x = collected_volume().evaluate(coverage=TWO)
    return Budget(
        lambda dv_1, dv_2, v_x: (200.0 + dv_2 - dv_1) / v_x - 1,
        [
            Input.from_limits("dv_1", 0.0, "L", 0.1),
            Input.from_limits("dv_2", 0.0, "L", 0.1),
            Input.normal("v_x", v_x.value, "L", v_x.u),
        ],
    )


def test_s12_volume_that_passed_the_water_meter():
    result = collected_volume().evaluate(coverage=TWO)
    assert f"{result.value:.2f}" == "199.95"
    assert contributions(result, 1, 4) == [
        "0.1000", "0.0115", "0.0003", "0.0228", "0.0006", "0.0346", "0.0003", "0.0027",
    ]  # fmt: skip
    assert f"{result.u:.3f}" == "0.109"


def test_s12_relative_error_of_the_water_meter_in_one_run():
    result = single_run().evaluate(coverage=TWO)
    assert contributions(result, 1e3, 2) == ["0.29", "0.29", "0.54"]
    assert result.value == pytest.approx(0.0003, abs=1e-4)
    # Printed as 0.68; the table takes 0.11 L for V_X where 0.109 L was found.
    assert f"{result.u * 1e3:.2f}" == "0.68"


def test_s12_mean_error_of_the_water_meter():
    systematic = single_run().evaluate(coverage=TWO)
    budget = Budget(
        lambda e_x, d_e: e_x + d_e,
        [
            Input.from_readings("e_x", [0.0003, 0.0005, 0.0022], "1"),
            Input.normal("d_e", 0.0, "1", systematic.u),
        ],
    )
    result = budget.evaluate(coverage=TWO)
    assert f"{result.value:.4f}" == "0.0010"
    assert contributions(result, 1e3, 2) == ["0.60", "0.68"]
    assert f"{result.u * 1e3:.2f}" == "0.91"
    assert whole_dof(result.dof) == 10
    assert f"{result.k:.2f}" == "2.28"
    assert (result.reported(1).value, result.reported(1).expanded) == ("0.001", "0.002")


def test_a_gravimetric_laboratorys_expanded_uncertainty():
    # Nine contributions in L, combined by the laboratory to u = 0.53519 with 82.68 degrees of freedom.
    inputs = [Input.student_t("error", 0.0, "L", 0.53519, 82.68)]
    result = Budget(lambda error: 1.0 * error, inputs, unit="L").evaluate()
    assert f"{result.k:.5f}" == "1.98932"
    assert f"{result.expanded:.4f}" == "1.0647"
    floored = Budget(lambda error: 1.0 * error, inputs, unit="L").evaluate(cmc=1.68)
    assert floored.expanded == 1.68
