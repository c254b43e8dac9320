import GTC
import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI
from scipy.optimize import brentq
from test_gas_equations import AMARILLO, DETAIL, GERG, LEMMON, SPAN

from remotecal.fluids import gas_equations
from remotecal.fluids.air import vapour_fraction
from remotecal.fluids.critical_flow import GAS_CONSTANT, critical_flow_ideal, critical_ratio_ideal
from remotecal.fluids.gas import AIR, METHANE, NITROGEN


def test_a_perfect_gas():
    # NACA report 1135: 0.6847 for 1.4.
    assert f"{critical_flow_ideal(1.4):.6f}" == "0.684731"
    assert f"{critical_ratio_ideal(1.4):.6f}" == "0.528282"
    gamma = GTC.ureal(1.4, 0.01)
    found = critical_flow_ideal(gamma)
    assert found.sensitivity(gamma) * 1.4 / found.x == pytest.approx(gas_equations._OF_EXPONENT, rel=2e-3)


@pytest.mark.parametrize(
    ("gas", "equations", "printed"),
    [
        (NITROGEN, (SPAN, GERG), [0.68495, 0.68731, 0.69757]),
        (METHANE, (GERG, DETAIL), [0.67038, 0.67634, 0.70638]),
    ],
)
def test_real_gases_at_20_degrees(gas, equations, printed):
    for equation in equations:
        found = [equation.critical_flow(gas, 20.0, p) for p in (0.1e6, 1e6, 5e6)]
        assert found == pytest.approx(printed, abs=1e-4 if gas is METHANE else 1.5e-5)


def _by_correlation(a, b, n, kelvin, dense):
    """Return C* by N. Glen's form: at 1 bar by the temperature, and what the density makes of it."""
    tr, more = 285.0 / kelvin, dense - 1.0
    ambient = sum(each * tr**power for power, each in enumerate(a))
    pressed = 1.0 + (b[0] + b[1] * tr ** n[0]) * more + (b[2] + b[3] * tr ** n[1]) * more**2
    return ambient * pressed


@pytest.mark.parametrize("kelvin", [250.0, 273.15, 293.15, 325.0])
@pytest.mark.parametrize("bar", [1.0, 5.0, 20.0])
@pytest.mark.parametrize(
    ("gas", "equation", "a", "b", "n", "within"),
    [
        (
            NITROGEN,
            SPAN,
            (0.68378, 0.00122),
            (-0.000397822, 0.000808753, -7.29242e-6, 8.06725e-6),
            (2.0, -0.8),
            1.5e-4,
        ),
        (
            METHANE,
            GERG,
            (0.576677, 0.212012, -0.158872, 0.0410878),
            (6.38663e-6, 0.0010355, 1.86284e-5, -1.74943e-5),
            (3.0, -0.5),
            1e-4,
        ),
    ],
    ids=["nitrogen", "methane"],
)
def test_what_the_tables_of_iso_9300_say_by_a_correlation_of_them(
    kelvin, bar, gas, equation, a, b, n, within
):
    """N. Glen's correlations of November 2020 (NEL), 245 K to 330 K, to 20 bar: of REFPROP 9.0's C*, which
    he found to agree to six digits with what ISO 9300:2005 prints. They fit to 1e-4, at worst to 2e-4."""
    t = kelvin - 273.15
    density, at_1_bar = (equation.state(gas, t, p).density for p in (bar * 1e5, 1e5))
    told = _by_correlation(a, b, n, kelvin, density / at_1_bar)
    assert equation.critical_flow(gas, t, bar * 1e5) == pytest.approx(told, rel=within)


def test_natural_gas_at_5_megapascal():
    assert f"{GERG.critical_flow(AMARILLO, 20.0, 5e6):.4f}" == "0.7084"
    assert f"{DETAIL.critical_flow(AMARILLO, 20.0, 5e6):.4f}" == "0.7085"


@pytest.mark.parametrize(("equation", "gas", "name"), [(LEMMON, AIR, "Air"), (SPAN, NITROGEN, "Nitrogen")])
@pytest.mark.parametrize("p", [0.1e6, 1e6, 5e6])
def test_the_greatest_flux_of_the_isentrope_by_coolprop(equation, gas, name, p):
    """C* is the greatest mass flux that the isentrope from rest has; that needs no speed of sound."""
    rest = {quantity: PropsSI(quantity, "T", 293.15, "P", p, name) for quantity in ("Smass", "Hmass")}
    mass = PropsSI("M", name)

    def flux(q):
        h, d = (PropsSI(each, "P", q, "Smass", rest["Smass"], name) for each in ("Hmass", "Dmass"))
        return d * (2 * (rest["Hmass"] - h)) ** 0.5

    at = brentq(lambda q: flux(q * 1.0001) - flux(q * 0.9999), 0.45 * p, 0.6 * p, xtol=1e-3 * p)
    greatest = flux(at) * (GAS_CONSTANT * 293.15 / mass) ** 0.5 / p
    assert equation.critical_flow(gas, 20.0, p) == pytest.approx(greatest, rel=2e-6)


def test_near_nothing_a_real_gas_is_perfect():
    # But for the heat capacity, which falls a little as the gas cools.
    gamma = SPAN.state(NITROGEN, 20.0, 1e3).gamma
    assert SPAN.critical_flow(NITROGEN, 20.0, 1e3) == pytest.approx(critical_flow_ideal(gamma), rel=5e-5)


def test_humid_air_flows_by_what_the_sheet_says_less():
    def flow(gas):
        return GERG.critical_flow(gas, 20.0, 100e3) * gas.molar_mass**0.5

    moist = AIR.moist(vapour_fraction(20.0, 100e3, 0.5))
    ratio = GERG.critical_flow(moist, 20.0, 100e3) / GERG.critical_flow(AIR, 20.0, 100e3)
    assert ratio - 1 == pytest.approx(-3e-4, abs=1e-4)
    assert flow(moist) / flow(AIR) - 1 == pytest.approx(-0.0025, abs=1e-4)


@pytest.mark.parametrize(("equation", "gas"), [(SPAN, NITROGEN), (GERG, AMARILLO)])
def test_it_has_slopes(equation, gas):
    t, p = GTC.ureal(20.0, 0.1), GTC.ureal(2e6, 500.0)
    found = equation.critical_flow(gas, t, p)
    by_t = (equation.critical_flow(gas, 21.0, 2e6) - equation.critical_flow(gas, 19.0, 2e6)) / 2
    by_p = (equation.critical_flow(gas, 20.0, 2.02e6) - equation.critical_flow(gas, 20.0, 1.98e6)) / 40e3
    assert found.sensitivity(t) == pytest.approx(by_t, rel=1e-3)
    assert found.sensitivity(p) == pytest.approx(by_p, rel=1e-3)
    drawn = np.random.default_rng(1).normal(20.0, 0.1, 1000)
    assert equation.critical_flow(gas, drawn, 2e6).std() == pytest.approx(abs(by_t) * drawn.std(), rel=1e-2)
