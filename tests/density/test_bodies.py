"""Density by weighing: the sheet's worked numbers, to their digits."""

import pytest

from remotecal.fluids.water import water_density_tanaka, water_viscosity
from remotecal.procedures.library.density import bodies, gas, oscillator
from remotecal.procedures.library.density.bodies import Buoyed
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.inputs import Input

AIR, LIQUID = 1.1990, 998.2067
IN_AIR, IN_LIQUID = 0.1000213, 0.0873150


def test_a_solid_of_two_readings():
    in_air, sunk = Buoyed(IN_AIR, AIR), Buoyed(IN_LIQUID, AIR)
    volume = bodies.volume(in_air, sunk, LIQUID)
    assert f"{1e6 * volume:.6f}" == "12.742525"
    assert f"{bodies.density(in_air, volume):.2f}" == "7849.43"
    assert f"{bodies.by_readings(IN_AIR, IN_LIQUID, LIQUID, AIR):.2f}" == "7849.43"


def test_its_budget():
    inputs = (
        Input.normal("W_a", 1000 * IN_AIR, "g", 0.2e-3),
        Input.normal("W_l", 1000 * IN_LIQUID, "g", 0.4e-3),
        Input.normal("ρ_l", LIQUID, "kg/m3", 0.006),
        Input.normal("ρ_a", AIR, "kg/m3", 0.002),
    )

    def model(**x):
        return bodies.by_readings(x["W_a"], x["W_l"], x["ρ_l"], x["ρ_a"])

    found = Budget(model, inputs, "kg/m3").evaluate()
    slopes = {line.symbol: line.sensitivity for line in found.lines}
    assert f"{slopes['W_a']:.1f}" == "-539.2"
    assert f"{slopes['W_l']:.1f}" == "617.7"
    assert f"{slopes['ρ_l']:.3f}" == "7.872"
    assert f"{slopes['ρ_a']:.2f}" == "-6.87"
    parts = {line.symbol: f"{abs(line.contribution):.3f}" for line in found.lines}
    assert parts == {"W_a": "0.108", "W_l": "0.247", "ρ_l": "0.047", "ρ_a": "0.014"}
    assert f"{found.u:.3f}" == "0.274"
    assert f"{2 * found.u:.2f}" == "0.55"


def test_a_wire_of_a_fifth_of_a_millimetre_in_water():
    pull = bodies.meniscus(0.2e-3, 0.0728)
    assert f"{1e6 * pull:.2f}" == "4.66"
    assert f"{0.2e6 * pull:.2f}" == "0.93"


def test_a_cubic_millimetre_of_air_on_it():
    """1 mm³ is 1 mg, and 8e-5 of 12.7 cm³."""
    in_air = Buoyed(IN_AIR, AIR)
    clean = bodies.density(in_air, bodies.volume(in_air, Buoyed(IN_LIQUID, AIR), LIQUID))
    held = bodies.density(in_air, bodies.volume(in_air, Buoyed(IN_LIQUID - 1e-6, AIR), LIQUID))
    assert f"{1 - held / clean:.0e}" == "8e-05"


@pytest.mark.parametrize(
    ("t", "said"),
    [
        (4, "999.9749"),
        (15, "999.1026"),
        (20, "998.2067"),
        (25, "997.0470"),
        (30, "995.6488"),
        (40, "992.2152"),
    ],
)
def test_water_by_tanaka(t, said):
    assert f"{water_density_tanaka(t):.4f}" == said


def test_a_standard_tells_the_liquid_and_the_liquid_the_solid():
    mass, volume = 0.0466, 20.0e-6
    shown = (mass - volume * LIQUID) / (1 - AIR / 8000)
    assert bodies.by_standard(mass, volume, Buoyed(shown, AIR)) == pytest.approx(LIQUID, rel=1e-12)


def test_what_expands_is_lighter_when_it_is_warm():
    assert bodies.at_temperature(7850.0, 4.8e-5, 25.0) == pytest.approx(7850 * (1 - 2.4e-4), rel=1e-7)
    assert bodies.at_reference(bodies.at_temperature(7850.0, 4.8e-5, 25.0), 4.8e-5, 25.0) == pytest.approx(
        7850
    )


def test_a_pycnometer():
    volume = gas.displaced(153.20, 72.45, gas.drop(134.520, 68.913))
    assert f"{volume:.4f}" == "77.0992"
    assert f"{1e3 * 210.456 / volume:.1f}" == "2729.7"
    assert f"{134.520 / (1 + 72.45 / (153.20 - 56.5592)):.4f}" == "76.8825"
    off = gas.displaced(153.20, 72.45, gas.drop(134.520 * (1 + 1e-4), 68.913))
    assert f"{off - volume:.4f}" == "0.0156"


def test_its_chambers_come_back_from_a_sphere():
    empty, held = (72.45 / (153.20 - inside) for inside in (0.0, 56.5592))
    assert gas.chambers(56.5592, empty, held) == pytest.approx((153.20, 72.45), rel=1e-12)


def test_helium_is_no_ideal_gas():
    assert 1e5 / gas.ideal(1e5, gas.VIRIAL["helium"], 20.0) - 1 == pytest.approx(5e-4, rel=0.05)


def test_an_oscillating_tube():
    a, b = oscillator.constants(1.1992, 998.2067, 2556.400, 3821.700)
    assert f"{a:.8e}" == "1.23541706e-04"
    assert f"{b:.4f}" == "-806.1682"
    found = oscillator.by_period(a, b, 3745.120)
    assert f"{found:.3f}" == "926.618"
    assert f"{oscillator.by_period(a, b, 3745.121) - found:.5f}" == "0.00093"


def test_a_meter_on_line_by_its_constants():
    cold = oscillator.on_line((-1000.0, 0.1, 1e-4), 4000.0)
    assert cold == pytest.approx(1000.0)
    warm = oscillator.warmed(cold, 1e-5, 1e-3, 30.0)
    assert warm == pytest.approx(1000.0 * (1 + 1e-4) + 0.01)
    assert oscillator.pressed(warm, (1e-6, 0.0), (1e-3, 0.0), 10.0) == pytest.approx(warm * (1 + 1e-5) + 0.01)


def test_a_viscous_liquid_seems_denser_by_half_a_kilogram_or_one():
    assert 0.5 <= 1000 - oscillator.undamped(1000.0, 7.5e-5, 100.0) <= 1.0


def test_water_seems_denser_as_well_and_the_constants_are_those_of_what_it_seems():
    """A tube of known A, B and c: with its constants through damped water any liquid comes out as it is."""
    a, b, damping = 1.2354e-4, -806.0, 7.5e-5
    eta = water_viscosity(20.0)

    def swings(density, viscosity):
        return ((oscillator.damped(density, damping, viscosity) - b) / a) ** 0.5

    in_air, in_water, in_oil = swings(1.2, 0.0), swings(LIQUID, eta), swings(868.0, 120.0)
    seems = oscillator.damped(LIQUID, damping, eta)
    for period, density, viscosity in ((in_water, LIQUID, eta), (in_oil, 868.0, 120.0)):
        found = oscillator.by_period(*oscillator.constants(1.2, seems, in_air, in_water), period)
        assert oscillator.undamped(found, damping, viscosity) == pytest.approx(density, rel=1e-12)
    naive = oscillator.by_period(*oscillator.constants(1.2, LIQUID, in_air, in_water), in_oil)
    assert oscillator.undamped(naive, damping, 120.0) == pytest.approx(868.0 - 0.065, abs=0.002)


def test_a_hydrometer_floats_where_it_was_drawn_to():
    """Made from a body that floats at 1040 kg/m³: what it weighs at the mark in water gives that back."""
    mass, pull, meant, total = 0.080, 1.16e-4, 8.8e-5, 112e-6
    below = (mass + meant - AIR * total) / (1040.0 - AIR)
    factor = 1 - AIR / 8000
    in_air = Buoyed((mass - AIR * total) / factor, AIR)
    sunk = Buoyed((mass - AIR * total - below * (LIQUID - AIR) + pull) / factor, AIR)
    assert bodies.at_mark(in_air, sunk, LIQUID, pull, meant) == pytest.approx(1040.0, rel=1e-12)
