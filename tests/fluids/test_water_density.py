import GTC
import numpy as np
import pytest

from remotecal.errors import ParameterError
from remotecal.fluids import iapws95
from remotecal.fluids.heat_coefficient import liquid_sound
from remotecal.fluids.iapws95 import water_density_iapws95
from remotecal.fluids.water import (
    TANAKA_A5,
    WATER_FORMULAS,
    tanaka_a5,
    water_density_tanaka,
    water_viscosity,
    water_viscosity_at,
)


@pytest.mark.parametrize(
    ("t", "printed"),
    [
        (4, "999.9749"),
        (15, "999.1026"),
        (20, "998.2067"),
        (25, "997.0470"),
        (30, "995.6488"),
        (40, "992.2152"),
    ],
)
def test_tanaka_gives_its_table(t, printed):
    assert f"{water_density_tanaka(t):.4f}" == printed


@pytest.mark.parametrize(
    ("kelvin", "density", "pressure"),
    [
        (300, 996.5560, "9.92418352e+04"),
        (300, 1005.308, "2.00022515e+07"),
        (300, 1188.202, "7.00004704e+08"),
        (500, 838.0250, "1.00003858e+07"),
        (500, 1084.564, "7.00000405e+08"),
    ],
)
def test_iapws_95_gives_the_pressures_of_r6_95_table_7(kelvin, density, pressure):
    assert f"{iapws95._pressure(density, kelvin):.8e}" == pressure


def test_iapws_95_agrees_with_sr6_08_at_atmospheric_pressure():
    # The supplementary release is a fit to the formulation, good to 1e-6 of the density.
    assert water_density_iapws95(25.0, 1e5) == pytest.approx(997.047013, rel=1e-7)


def test_the_two_formulas_differ_by_what_the_sheet_says():
    assert water_density_iapws95(20.0) / water_density_tanaka(20.0) - 1 == pytest.approx(0.4e-6, abs=0.05e-6)
    assert water_density_iapws95(40.0) / water_density_tanaka(40.0) - 1 == pytest.approx(1.15e-6, abs=0.05e-6)


@pytest.mark.parametrize("t", [0.0, 10.0, 20.0, 30.0, 40.0])
def test_tanakas_compressibility_holds_to_2e_6_over_its_range(t):
    def ratio(p):
        return water_density_tanaka(t, p) / water_density_iapws95(t, p)

    assert ratio(1.1e6) == pytest.approx(ratio(101_325.0), rel=2e-6)


def test_dissolved_air_lowers_the_density():
    aerated = water_density_tanaka(20.0, air_saturation=1.0) - water_density_tanaka(20.0)
    assert aerated == pytest.approx(-4.612e-3 + 0.106e-3 * 20, abs=1e-9)
    half = water_density_tanaka(20.0, air_saturation=0.5) - water_density_tanaka(20.0)
    assert half == pytest.approx(aerated / 2, rel=1e-6)


def test_a_measured_water_keeps_the_formulas_shape():
    a5 = tanaka_a5(998.1900, 20.0)
    assert water_density_tanaka(20.0, a5=a5) == pytest.approx(998.1900, rel=1e-15)
    assert water_density_tanaka(30.0, a5=a5) / water_density_tanaka(30.0) == pytest.approx(a5 / TANAKA_A5)


@pytest.mark.parametrize("name", WATER_FORMULAS)
@pytest.mark.parametrize(("t", "p"), [(-0.1, 1e5), (100.1, 1e5), (20, 1e3), (20, 2e8), (float("nan"), 1e5)])
def test_what_a_formula_does_not_cover_is_refused(name, t, p):
    with pytest.raises(ParameterError, match="is outside"):
        WATER_FORMULAS[name].density(t, p)


def test_tanaka_refuses_hot_water_and_warm_aerated_water():
    with pytest.raises(ParameterError, match="outside 0 to 40 °C"):
        water_density_tanaka(40.5)
    with pytest.raises(ParameterError, match="dissolved air"):
        water_density_tanaka(26.0, air_saturation=1.0)


@pytest.mark.parametrize("name", WATER_FORMULAS)
def test_uncertain_numbers_get_the_derivatives(name):
    density = WATER_FORMULAS[name].density
    t, p = GTC.ureal(21.3, 0.05), GTC.ureal(3e5, 500.0)
    result = density(t, p)
    assert result.x == pytest.approx(density(21.3, 3e5), rel=1e-14)
    slope_t = (density(21.301, 3e5) - density(21.299, 3e5)) / 0.002
    slope_p = (density(21.3, 3.01e5) - density(21.3, 2.99e5)) / 2e3
    assert result.sensitivity(t) == pytest.approx(slope_t, rel=1e-5)
    assert result.sensitivity(p) == pytest.approx(slope_p, rel=1e-5)


@pytest.mark.parametrize("name", WATER_FORMULAS)
def test_arrays_are_taken_element_by_element(name):
    density = WATER_FORMULAS[name].density
    t = np.array([19.0, 20.0, 21.0, 22.5])
    result = density(t, np.full(4, 2e5))
    assert result == pytest.approx([density(float(each), 2e5) for each in t], rel=1e-13)


def test_draws_may_reach_beyond_the_range_that_their_mean_is_in():
    draws = np.random.default_rng(1).normal(39.95, 0.1, 1000)
    assert draws.max() > 40
    assert np.isfinite(water_density_tanaka(draws)).all()


def test_viscosity_is_that_of_the_supplementary_release():
    """IAPWS SR6-08, table 2: 889.996 773 679 µPa·s at 298.15 K."""
    assert f"{1000 * water_viscosity(25.0):.9f}" == "889.996773679"
    with pytest.raises(ParameterError, match="IAPWS SR6-08"):
        water_viscosity(120.0)


@pytest.mark.parametrize(
    ("t", "density", "printed"),
    [(25, 998, "889.735100"), (25, 1200, "1437.649467"), (100, 1000, "307.883622")],
)
def test_viscosity_by_density_is_that_of_r12_08_table_4(t, density, printed):
    assert f"{1000 * water_viscosity_at(t, density):.6f}" == printed
    with pytest.raises(ParameterError, match="IAPWS R12-08"):
        water_viscosity_at(t, 1.0)


def test_both_viscosities_agree_at_atmospheric_pressure():
    assert water_viscosity_at(40.0, water_density_iapws95(40.0, 1e5)) == pytest.approx(
        water_viscosity(40.0), rel=1e-5
    )


@pytest.mark.parametrize(
    ("pressure", "printed"), [(9.92418352e4, "1501.51914"), (2.00022515e7, "1534.92501")]
)
def test_the_speed_of_sound_is_that_of_r6_95_table_7(pressure, printed):
    assert f"{liquid_sound(26.85, pressure):.5f}" == printed


def test_the_speed_of_sound_agrees_with_sr6_08_and_has_slopes():
    assert liquid_sound(25.0, 0.1e6) == pytest.approx(1496.69922, rel=1e-7)
    t, p = GTC.ureal(21.3, 0.05), GTC.ureal(3e5, 500.0)
    found = liquid_sound(t, p)
    by_t = (liquid_sound(21.31, 3e5) - liquid_sound(21.29, 3e5)) / 0.02
    assert found.sensitivity(t) == pytest.approx(by_t, rel=1e-4)
    by_p = (liquid_sound(21.3, 3.1e5) - liquid_sound(21.3, 2.9e5)) / 20e3
    assert found.sensitivity(p) == pytest.approx(by_p, rel=1e-4)
