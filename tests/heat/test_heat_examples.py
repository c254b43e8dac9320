"""Published numbers and those of the sheets: heat coefficients, curves, limits, a dry well's budget."""

import math

import GTC
import pytest
from CoolProp.CoolProp import PropsSI

from remotecal.errors import ParameterError
from remotecal.fluids.heat_coefficient import (
    heat_coefficient,
    liquid_density,
    liquid_enthalpy,
    saturation_pressure,
)
from remotecal.procedures.library.heat.limits import calculator_limit, complete_limit, pair_limit
from remotecal.procedures.library.heat.pair_found import correlation, u_of_difference
from remotecal.procedures.library.meters.heat_meters import flow_limit
from remotecal.scales.iec60751 import Fitted, deviation, resistance, slope, temperature
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.inputs import Input


@pytest.mark.parametrize(
    ("forward", "back", "in_return", "in_flow"),
    [
        (70, 50, "1.14849", "1.13657"),
        (43, 40, "1.15172", "1.15035"),
        (80, 30, "1.15716", "1.12946"),
        (60, 40, "1.15233", "1.14186"),
        (130, 20, "1.16504", "1.09113"),
    ],
)
def test_heat_coefficients_by_iapws_95_at_16_bar(forward, back, in_return, in_flow):
    at = float(forward), float(back), 1.6e6
    assert f"{heat_coefficient(*at, 'return'):.5f}" == in_return
    assert f"{heat_coefficient(*at, 'forward'):.5f}" == in_flow


@pytest.mark.parametrize(("places", "costs"), [((70.0, 50.0), 1.04), ((130.0, 20.0), 6.34)])
def test_what_the_wrong_side_costs(places, costs):
    k = [heat_coefficient(*places, 1.6e6, side) for side in ("return", "forward")]
    assert 100 * (1 - k[1] / k[0]) == pytest.approx(costs, abs=0.005)


@pytest.mark.parametrize(
    ("t", "p"), [(1.0, 1e5), (20.0, 1e5), (95.0, 1e5), (50.0, 1.6e6), (150.0, 1.6e6), (200.0, 2e6)]
)
def test_enthalpy_and_density_are_those_of_another_implementation(t, p):
    zero = liquid_enthalpy(20.0, 1e5) - PropsSI("H", "T", 293.15, "P", 1e5, "Water")
    assert liquid_enthalpy(t, p) - zero == pytest.approx(
        PropsSI("H", "T", t + 273.15, "P", p, "Water"), abs=1e-6
    )
    assert abs(zero) < 0.05
    assert liquid_density(t, p) == pytest.approx(PropsSI("D", "T", t + 273.15, "P", p, "Water"), rel=1e-12)


@pytest.mark.parametrize("t", [20.0, 100.0, 180.0])
def test_where_water_boils(t):
    assert saturation_pressure(t) == pytest.approx(PropsSI("P", "T", t + 273.15, "Q", 0, "Water"), rel=1e-4)


def test_an_uncertain_temperature_goes_through_the_coefficient():
    forward = GTC.ureal(70.0, 0.01)
    k = heat_coefficient(forward, GTC.ureal(50.0, 0.01), 1.6e6, "return")
    numerical = (
        heat_coefficient(70.001, 50.0, 1.6e6, "return") - heat_coefficient(69.999, 50.0, 1.6e6, "return")
    ) / 0.002
    assert k.sensitivity(forward) == pytest.approx(numerical, rel=1e-5)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ((120.0, 50.0, 1e5), "boils at"),
        ((50.0, 50.0, 1.6e6), "without a difference"),
        ((201.0, 50.0, 16e5), "outside 0 to 200"),
    ],
)
def test_coefficients_that_can_not_be_are_refused(at, said):
    with pytest.raises(ParameterError, match=said):
        heat_coefficient(*at, "return")


T = (0.012, 50.021, 100.034, 150.018, 200.027, 250.041)
R = (100.0170, 119.4152, 138.5279, 157.3394, 175.8723, 194.1190)


def test_the_curve_of_a_thermometer():
    curve = Fitted(T, R)
    r0, a, b = curve.coefficients
    assert (f"{r0:.5f}", f"{a:.6e}", f"{b:.6e}") == ("100.01221", "3.907443e-03", "-5.769198e-07")
    assert [round(1e3 * one, 2) for one in curve.residuals] == [0.10, -0.45, 0.59, -0.10, -0.28, 0.14]
    assert round(1e3 * curve.s, 3) == 0.469
    assert [round(1e3 * curve.u(at), 2) for at in (75, 225, 300)] == [0.27, 0.31, 0.84]


def test_deviations_from_the_norm():
    found = [round(deviation(r, t), 4) for t, r in zip(T, R, strict=True)]
    assert found == [0.0315, 0.0259, 0.0251, 0.0202, 0.0173, 0.0167]


def test_the_norms_curve_and_its_slope():
    assert (resistance(100.0) - 100) / 1e4 == pytest.approx(0.00385055, abs=5e-9)
    for t in (-150.0, -20.0, 0.0, 130.0):
        assert temperature(resistance(t)) == pytest.approx(t, abs=1e-6)
        assert slope(t) == pytest.approx((resistance(t + 1e-4) - resistance(t - 1e-4)) / 2e-4, rel=1e-6)


@pytest.mark.parametrize("at", [(10.0, 50.0), (10.0, 10.0, 50.0), (-20.0, 0.0, 50.0)])
def test_a_curve_through_too_little_is_refused(at):
    with pytest.raises(ParameterError, match="coefficient"):
        Fitted(at, tuple(map(resistance, at)))


def test_limits_of_parts_and_whole():
    assert flow_limit(1, 2.5, 2.5) == pytest.approx(1.01)
    assert flow_limit(2, 2.5, 0.25) == pytest.approx(2.2)
    assert flow_limit(3, 2.5, 0.05) == 5.0, "never more than 5 %"
    assert (pair_limit(3.0, 3.0), calculator_limit(3.0, 3.0)) == (3.5, 1.5)
    assert (pair_limit(3.0, 100.0), calculator_limit(3.0, 100.0)) == (0.59, 0.53)
    assert complete_limit(2, (2.5, 2.5), (3.0, 3.0)) == pytest.approx(2.02 + 3.5 + 1.5)


@pytest.mark.parametrize("r", [-0.5, 0.0, 0.9, 1.0])
def test_what_two_thermometers_have_in_common_cancels(r):
    """u(Δθ)² = u_f² + u_r² - 2·r·u_f·u_r, as the law of propagation has it."""
    inputs = [Input.normal(name, 50.0, "°C", u) for name, u in (("f", 0.02), ("r", 0.015))]
    known = {("f", "r"): r} if r else {}
    found = Budget(lambda f, r: f - r, inputs, "K", known).evaluate()
    assert u_of_difference(0.02, 0.015, r) == pytest.approx(found.u)


def test_two_hundredths_of_a_kelvin_at_three():
    assert pytest.approx(0.67, abs=0.005) == 100 * 0.02 / 3


def test_series_that_do_not_scatter_tell_no_correlation():
    assert correlation([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) == 0.0
    assert 0.99 < correlation([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]) < 1.0


def test_the_budget_of_a_dry_well():
    normal = {"certificate": 0.015 / 2, "readout": 0.010 / 2, "repeatability": 0.0040}
    limits = {
        "drift": 0.010, "axial": 0.030, "radial": 0.010, "loading": 0.020, "stability": 0.010, "stem": 0.015,
        "resolution": 0.005, "resolution_of_reference": 0.0005, "hysteresis": 0.005,
    }  # fmt: skip
    inputs = [Input.normal(name, 0.0, "K", u) for name, u in normal.items()]
    inputs += [Input.from_limits(name, 0.0, "K", limit) for name, limit in limits.items()]
    printed = [0.0075, 0.0050, 0.0040, 0.0058, 0.0173, 0.0058, 0.0115, 0.0058, 0.0087, 0.0029, 0.0003, 0.0029]
    assert [round(each.u, 4) for each in inputs] == printed
    found = Budget(lambda **x: sum(x.values()), inputs, "K").evaluate(k=2.0)
    assert (f"{found.u:.4f}", f"{found.expanded:.3f}") == ("0.0269", "0.054")
    assert math.isinf(found.dof)


def test_a_complete_meter_may_be_off_what_its_parts_may_by_other_formulas():
    at = (2, (2.5, 0.25), (3.0, 30.0))
    assert complete_limit(*at) == pytest.approx(2.2 + 0.8 + 0.6)
    assert complete_limit(*at, flow=(1.0, 0.01)) == pytest.approx(1.1 + 0.8 + 0.6)
    assert complete_limit(*at, pair=(0.1, 0.2)) == pytest.approx(2.2 + 0.12 + 0.6)
    assert complete_limit(*at, calculator=(0.2, 0.5)) == pytest.approx(2.2 + 0.8 + 0.25)
