import GTC
import pytest
from CoolProp.CoolProp import PropsSI
from test_gas_equations import AMARILLO, GERG, LEMMON, SPAN

from remotecal.errors import ParameterError
from remotecal.fluids import gas_viscosity
from remotecal.fluids.gas import AIR, METHANE, NITROGEN, Gas
from remotecal.fluids.gas_viscosity import viscosity, viscosity_formula


@pytest.mark.parametrize(
    ("coefficients", "kelvin", "density", "printed"),
    [
        (gas_viscosity._NITROGEN, 100.0, 25_000.0, "79.7418"),
        (gas_viscosity._NITROGEN, 200.0, 10_000.0, "21.0810"),
        (gas_viscosity._NITROGEN, 300.0, 5_000.0, "20.7430"),
        (gas_viscosity._NITROGEN, 300.0, 1e-9, "17.8771"),
        (gas_viscosity._AIR, 200.0, 10_000.0, "21.1392"),
        (gas_viscosity._AIR, 300.0, 5_000.0, "21.3241"),
        (gas_viscosity._AIR, 300.0, 1e-9, "18.5230"),
    ],
)
def test_the_table_of_lemmon_and_jacobsen(coefficients, kelvin, density, printed):
    assert f"{coefficients.viscosity(kelvin, density) * 1e6:.4f}" == printed


@pytest.mark.parametrize("t", [-13.0, 20.0, 76.0])
@pytest.mark.parametrize("p", [0.1e6, 1e6, 10e6])
@pytest.mark.parametrize(
    ("equation", "gas", "name", "within"),
    [
        (LEMMON, AIR, "Air", 1e-5),
        (SPAN, NITROGEN, "Nitrogen", 1e-5),
        (GERG, METHANE, "Methane", 1.1 * gas_viscosity.NATURAL_GAS_VISCOSITY.u),
    ],
)
def test_it_agrees_with_coolprop(equation, gas, name, within, t, p):
    theirs = PropsSI("V", "T", t + 273.15, "P", p, name)
    assert viscosity(equation.state(gas, t, p)) == pytest.approx(theirs, rel=within)


@pytest.mark.parametrize(("equation", "gas"), [(LEMMON, AIR), (SPAN, NITROGEN), (GERG, AMARILLO)])
def test_it_gets_slopes(equation, gas):
    t = GTC.ureal(20.0, 0.1)
    by_t = (viscosity(equation.state(gas, 20.1, 1e6)) - viscosity(equation.state(gas, 19.9, 1e6))) / 0.2
    assert viscosity(equation.state(gas, t, 1e6)).sensitivity(t) == pytest.approx(by_t, rel=1e-4)


def test_moist_air_is_taken_as_air_and_other_gases_are_refused():
    assert viscosity_formula(AIR.moist(0.02)) is gas_viscosity.AIR_VISCOSITY
    with pytest.raises(ParameterError, match="no formula for the viscosity of carbon dioxide"):
        viscosity_formula(Gas("carbon dioxide", {"carbon_dioxide": 1.0}))


def test_a_reynolds_number_of_the_sheet():
    # DN100, 400 m³/h of air at 20 °C.
    for p, printed in ((0.6e6, 5.53e5), (1e6, 9.20e5), (2.5e6, 2.28e6)):
        state = LEMMON.state(AIR, 20.0, p)
        found = 4 * (400 / 3600) * state.density / (3.141592653589793 * 0.1 * viscosity(state))
        assert found == pytest.approx(printed, rel=2e-3)
