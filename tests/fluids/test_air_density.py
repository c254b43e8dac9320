import GTC
import numpy as np
import pytest

from remotecal.errors import ParameterError
from remotecal.fluids.air import (
    BEYOND_CIPM_U,
    CIPM_2007_U,
    OIML_R111_U,
    air_density,
    air_density_beyond,
    air_density_oiml,
    air_formula,
    buoyancy_factor,
    conventional_mass,
    saturation_vapour_pressure,
)
from remotecal.fluids.water import water_density_tanaka


def test_cipm_2007_at_20_degrees():
    assert f"{air_density(20.0, 101_325.0, 0.5):.5f}" == "1.19931"


def test_saturation_vapour_pressure_at_20_degrees():
    assert saturation_vapour_pressure(20.0) == pytest.approx(2339.3, abs=0.2)


@pytest.mark.parametrize("t", [16.0, 20.0, 26.0])
@pytest.mark.parametrize("humidity", [0.2, 0.5, 0.7])
def test_the_oiml_approximation_agrees_within_its_uncertainty(t, humidity):
    exact = air_density(t, 100_000.0, humidity)
    assert air_density_oiml(t, 100_000.0, humidity) == pytest.approx(exact, rel=2 * OIML_R111_U)
    assert CIPM_2007_U < OIML_R111_U


def test_carbon_dioxide_makes_air_heavier():
    # Half a percent of the molar mass for one percent more carbon dioxide in the place of oxygen.
    ratio = air_density(20.0, 101_325.0, 0.5, x_co2=0.0104) / air_density(20.0, 101_325.0, 0.5)
    assert ratio == pytest.approx(1 + 12.011 * 0.01 / 28.96546, rel=1e-4)


def test_buoyancy_is_exact_and_not_of_first_order():
    water, air = water_density_tanaka(20.0), 1.2
    assert f"{buoyancy_factor(air, water):.7f}" == "1.0010534"
    assert f"{1 + air * (1 / water - 1 / 8000):.7f}" == "1.0010522"


@pytest.mark.parametrize(
    ("t", "printed"),
    [(15.0, "1.0020"), (20.0, "1.0029"), (22.0, "1.0033"), (25.0, "1.0040"), (30.0, "1.0054")],
)
def test_the_factor_z_of_weighed_water_is_that_of_iso_8655(t, printed):
    """In mL/g at 101.3 kPa: by its volume water is more than by its weight (the table as remembered)."""
    water = water_density_tanaka(t)
    assert f"{1000 * buoyancy_factor(air_density_oiml(t, 101_300.0, 0.5), water) / water:.4f}" == printed


@pytest.mark.parametrize(
    ("density", "printed"), [(8000.0, "1.000000000"), (7950.0, "0.999999056"), (2700.0, "0.999705511")]
)
def test_conventional_mass_is_that_of_oiml_d_28(density, printed):
    assert (
        f"{conventional_mass(1.0, density):.9f}" == f"{(1 - 1.2 / density) / (1 - 1.2 / 8000):.9f}" == printed
    )


def test_weighed_in_other_air_conventional_masses_differ_by_their_buoyancy():
    """A weight of 7950 against one of 2700 kg/m³ that balances it in air of 1.1: m_cT = m_cR·(1 + C)."""
    reference = 1.0
    body = reference * buoyancy_factor(1.1, 2700.0, 7950.0)
    correction = (1.1 - 1.2) * (1 / 2700 - 1 / 7950)
    told = conventional_mass(reference, 7950.0) * (1 + correction)
    assert conventional_mass(body, 2700.0) == pytest.approx(told, rel=2e-8)
    assert abs(correction) > 1e-5


def test_buoyancy_vanishes_for_a_body_of_the_weights_density():
    assert buoyancy_factor(1.15, 8000.0) == 1.0


def test_uncertain_numbers_and_arrays():
    t, p, h = GTC.ureal(21.0, 0.1), GTC.ureal(100_500.0, 30.0), GTC.ureal(0.45, 0.02)
    density = air_density(t, p, h)
    assert density.x == air_density(21.0, 100_500.0, 0.45)
    assert density.sensitivity(p) == pytest.approx(density.x / 100_500.0, rel=0.01)
    assert density.sensitivity(h) == pytest.approx(-0.0106, rel=0.05)
    draws = air_density(np.array([21.0, 22.0]), 100_500.0, 0.45)
    assert draws[0] == pytest.approx(density.x, rel=1e-15)
    assert draws[1] == pytest.approx(air_density(22.0, 100_500.0, 0.45), rel=1e-15)


@pytest.mark.parametrize(
    ("t", "p", "humidity"),
    [(14.0, 1e5, 0.5), (28.0, 1e5, 0.5), (20.0, 1000.0, 0.5), (20.0, 120_000.0, 0.5), (20.0, 1e5, 50.0)],
)
def test_what_the_formula_does_not_cover_is_refused(t, p, humidity):
    with pytest.raises(ParameterError, match="CIPM-2007 is valid"):
        air_density(t, p, humidity)


def test_the_approximation_has_a_range_too():
    with pytest.raises(ParameterError, match="outside 10 to 30 °C"):
        air_density_oiml(31.0, 1e5, 0.5)


@pytest.mark.parametrize(
    ("state", "u"),
    [
        ((20.0, 101_325.0, 0.5), CIPM_2007_U),
        ((28.0, 101_325.0, 0.5), OIML_R111_U),
        ((28.0, 81_000.0, 0.5), BEYOND_CIPM_U),
        ((35.0, 101_325.0, 1.01), BEYOND_CIPM_U),
        ((-5.0, 101_325.0, 0.5), BEYOND_CIPM_U),
    ],
)
def test_the_best_formula_that_covers_all_states_is_taken(state, u):
    formula = air_formula([(20.0, 101_325.0, 0.5), state])
    assert formula.u == u
    assert formula.density(*state) == pytest.approx(
        state[1] * 0.0289 / (8.314 * (state[0] + 273.15)), rel=0.02
    )


def test_a_reading_no_air_has_is_refused():
    with pytest.raises(ParameterError, match="check the reading"):
        air_formula([(20.0, 1013.25, 0.5)])


def test_the_equation_beyond_its_range_agrees_with_the_real_gas():
    # ASHRAE RP-1485, computed by CoolProp 8.0.
    known = {
        (40.0, 101_325.0, 0.5): 1.111989,
        (60.0, 101_325.0, 0.8): 0.997058,
        (-10.0, 70_000.0, 0.5): 0.926546,
    }
    for state, density in known.items():
        assert air_density_beyond(*state) == pytest.approx(density, rel=BEYOND_CIPM_U)


def test_draws_at_the_end_of_a_range_are_judged_as_far_as_their_mean_is_known():
    draws = 27.0 + 0.1 * np.random.default_rng(1).standard_normal(1000)
    draws += 27.004 - draws.mean()
    assert air_density(draws, 1e5, 0.5).shape == (1000,)
    with pytest.raises(ParameterError):
        air_density(draws + 0.1, 1e5, 0.5)
