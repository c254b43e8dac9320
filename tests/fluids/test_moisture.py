import GTC
import pytest
from CoolProp.HumidAirProp import HAPropsSI
from test_gas_equations import AMARILLO

from remotecal.errors import ParameterError
from remotecal.fluids.air import saturation_vapour_pressure, vapour_fraction
from remotecal.fluids.gas import AIR, NITROGEN
from remotecal.fluids.moisture import (
    WATER_FRACTION_U,
    require_vapour,
    sublimation_pressure,
    water_fraction,
)


def test_ice_gives_the_value_of_iapws_r14():
    assert f"{sublimation_pressure(230 - 273.15):.5f}" == "8.94735"


def test_water_and_ice_meet_at_the_triple_point():
    assert sublimation_pressure(0.01) == pytest.approx(saturation_vapour_pressure(0.01), rel=1e-4)


@pytest.mark.parametrize("dew_point", [-40.0, -20.0, -5.0, 0.0, 10.0, 20.0, 40.0])
@pytest.mark.parametrize("p", [0.1e6, 0.5e6, 1e6, 2e6])
def test_air_holds_what_ashrae_rp_1485_says(dew_point, p):
    theirs = HAPropsSI("psi_w", "D", dew_point + 273.15, "P", p, "T", 323.15)
    assert water_fraction(AIR, dew_point, p) == pytest.approx(theirs, rel=2 * WATER_FRACTION_U)


@pytest.mark.parametrize("t", [5.0, 20.0, 27.0])
def test_saturated_air_has_its_temperature_as_dew_point(t):
    assert water_fraction(AIR, t, 101_325.0) == pytest.approx(vapour_fraction(t, 101_325.0, 1.0), rel=2e-4)


@pytest.mark.parametrize("dew_point", [-30.0, 10.0])
def test_it_gets_slopes(dew_point):
    t, p = GTC.ureal(dew_point, 0.2), GTC.ureal(0.6e6, 500.0)
    found = water_fraction(AIR, t, p)
    by_t = (
        water_fraction(AIR, dew_point + 0.01, 0.6e6) - water_fraction(AIR, dew_point - 0.01, 0.6e6)
    ) / 0.02
    assert found.sensitivity(t) == pytest.approx(by_t, rel=1e-5)
    assert found.sensitivity(p) == pytest.approx(
        (water_fraction(AIR, dew_point, 0.601e6) - water_fraction(AIR, dew_point, 0.599e6)) / 2e3, rel=1e-4
    )


@pytest.mark.parametrize(
    ("gas", "dew_point", "p", "said"),
    [
        (AIR, -51.0, 1e5, "outside -50 to 40 °C"),
        (AIR, 41.0, 1e5, "outside -50 to 40 °C"),
        (NITROGEN, 10.0, 2.1e6, "outside 50000 to 2e.06 Pa"),
        (AMARILLO, -10.0, 5e6, "outside 50000 to 200000 Pa, where the water content of Amarillo gas"),
    ],
)
def test_what_no_equation_holds_for_is_refused(gas, dew_point, p, said):
    with pytest.raises(ParameterError, match=said):
        water_fraction(gas, dew_point, p)
    assert water_fraction(gas, 10.0, 1e5) == pytest.approx(0.01233, rel=1e-3)


def test_the_edges_of_its_range_are_in_it():
    for dew_point in (-50.0, 40.0):
        for p in (50e3, 2e6):
            assert 0 < water_fraction(AIR, dew_point, p) < 0.2
        assert 0 < water_fraction(AMARILLO, dew_point, 200e3) < 0.1
    for gas, dew_point, p in (
        (AIR, -50.0001, 1e5),
        (AIR, 40.0001, 1e5),
        (AIR, 10.0, 49.999e3),
        (AIR, 10.0, 2.0001e6),
        (AMARILLO, 10.0, 200.001e3),
    ):
        with pytest.raises(ParameterError, match="outside"):
            water_fraction(gas, dew_point, p)


@pytest.mark.parametrize("gas", [AIR, NITROGEN])
@pytest.mark.parametrize("t", [-20.0, 5.0, 20.0])
@pytest.mark.parametrize("p", [0.1e6, 1e6, 2e6])
def test_air_is_refused_from_where_it_condenses_on(gas, t, p):
    """Its dew point is known under pressure: at 2 MPa air with 1.1 times what it holds was let pass."""
    held = water_fraction(gas, t, p)
    require_vapour(gas.moist(held), t, p)
    with pytest.raises(ParameterError, match=r"1\.02 times what stays vapour"):
        require_vapour(gas.moist(1.02 * held), t, p)


def test_of_another_gas_under_pressure_what_certainly_condenses_is_refused():
    held = sublimation_pressure(-5.0) * 1.5 / 5e6
    require_vapour(AMARILLO.moist(held), -5.0, 5e6)
    with pytest.raises(ParameterError, match=r"1\.02 times what stays vapour"):
        require_vapour(AMARILLO.moist(1.02 * held), -5.0, 5e6)


def test_humidity_beyond_its_range_is_refused():
    for t, p, humidity in ((61.0, 1e5, 0.5), (20.0, 130e3, 0.5), (20.0, 1e5, 1.01)):
        with pytest.raises(ParameterError, match="outside"):
            vapour_fraction(t, p, humidity)
