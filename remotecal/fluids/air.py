"""Moist air, and the buoyancy it causes in weighing.

Temperatures in °C (ITS-90), pressures absolute in Pa, relative humidity as a fraction, densities in kg/m³.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from remotecal.errors import ParameterError
from remotecal.fluids.span import require
from remotecal.model import Text
from remotecal.uncertainty.number import N, Number, exp

CIPM_2007_U = 22e-6
"""Relative standard uncertainty of the CIPM-2007 formula itself, without its inputs (Picard 2008)."""

OIML_R111_U = 2e-4
"""Relative standard uncertainty of the approximation of OIML R 111-1 itself (E.3)."""

BEYOND_CIPM_U = 1e-3
"""Relative standard uncertainty of the CIPM-2007 equation from -20 °C to 60 °C.

It was compared with the real-gas model of ASHRAE RP-1485 over 50 to 120 kPa and 0 to 100 % humidity: the
two differ by up to 5e-5 from 0 °C to 40 °C, 2.3e-4 below, 8e-4 at 60 °C.
"""

CONVENTIONAL_AIR = 1.2
"""Density of air that conventional mass is defined at (OIML D 28)."""

CONVENTIONAL_WEIGHT = 8000.0
"""Density of weights that conventional mass is defined with (OIML D 28)."""

_R = 8.314472
"""Molar gas constant as CIPM-2007 was adjusted with, J/(mol K)."""
_M_V = 18.01528e-3
"""Molar mass of water, kg/mol."""
_A = (1.58123e-6, -2.9331e-8, 1.1043e-10)
_B = (5.707e-6, -2.051e-8)
_C = (1.9898e-4, -2.376e-6)
_D = 1.83e-11
_E = -0.765e-8
_SATURATION = (1.2378847e-5, -1.9121316e-2, 33.93711047, -6.3431645e3)
_ENHANCEMENT = (1.00062, 3.14e-8, 5.6e-7)


def saturation_vapour_pressure(t: N) -> N:
    """Return the saturation vapour pressure of water in Pa at `t` in °C (CIPM-2007, A1.1)."""
    kelvin = t + 273.15
    a, b, c, d = _SATURATION
    pressure: N = exp(a * kelvin * kelvin + b * kelvin + c + d / kelvin)
    return pressure


def air_density(t: N, p: N | float, humidity: N | float, *, x_co2: N | float = 400e-6) -> N:
    """Return the density of moist air by CIPM-2007, in kg/m³.

    Source: Picard et al., Metrologia 45 (2008) 149. The formula's own standard uncertainty is
    `CIPM_2007_U`, relative.

    Args:
        t: temperature in °C, 15 to 27.
        p: absolute pressure in Pa, 60 000 to 110 000.
        humidity: relative humidity as a fraction, 0 to 1.
        x_co2: mole fraction of carbon dioxide, 0 to 0.02.

    Raises:
        ParameterError: an input is outside the formula's range.
    """
    formula = "CIPM-2007"
    require("air temperature", t, 15, 27, "°C", formula)
    require("air pressure", p, 60_000, 110_000, "Pa", formula)
    require("relative humidity", humidity, 0, 1, "(a fraction)", formula)
    require("carbon dioxide", x_co2, 0, 0.02, "mol/mol", f"{formula}, meant for ordinary air,")
    return _moist_air(t, p, humidity, x_co2)


def vapour_fraction(t: N, p: N | float, humidity: N | float) -> N:
    """Return the mole fraction of water vapour in air by CIPM-2007 (A1.1 to A1.3).

    Args:
        t: temperature in °C, -20 to 60; below 0 the humidity is that over water, as hygrometers state it.
        p: absolute pressure in Pa, 50 000 to 120 000.
        humidity: relative humidity as a fraction, 0 to 1.

    Raises:
        ParameterError: an input is outside the range.
    """
    formula = "the vapour fraction of CIPM-2007"
    require("air temperature", t, -20, 60, "°C", formula)
    require("air pressure", p, 50_000, 120_000, "Pa", formula)
    require("relative humidity", humidity, 0, 1, "(a fraction)", formula)
    return _vapour_fraction(t, p, humidity)


def _vapour_fraction(t: N, p: N | float, humidity: N | float) -> N:
    alpha, beta, gamma = _ENHANCEMENT
    fraction: N = humidity * (alpha + beta * p + gamma * t * t) * saturation_vapour_pressure(t) / p
    return fraction


def _moist_air(t: N, p: N | float, humidity: N | float, x_co2: N | float) -> N:
    kelvin = t + 273.15
    x_v = _vapour_fraction(t, p, humidity)
    p_over_t = p / kelvin
    z = (
        1.0
        - p_over_t
        * (_A[0] + _A[1] * t + _A[2] * t * t + (_B[0] + _B[1] * t) * x_v + (_C[0] + _C[1] * t) * x_v * x_v)
        + p_over_t * p_over_t * (_D + _E * x_v * x_v)
    )
    m_a = 28.96546e-3 + 12.011e-3 * (x_co2 - 400e-6)
    density: N = p_over_t * m_a / (z * _R) * (1.0 - x_v * (1.0 - _M_V / m_a))
    return density


def air_density_oiml(t: N, p: N | float, humidity: N | float) -> N:
    """Return the density of moist air by the approximation of OIML R 111-1 (E.3-1), in kg/m³.

    Wider in temperature than CIPM-2007 and less exact: standard uncertainty `OIML_R111_U`, relative.

    Args:
        t: temperature in °C, 10 to 30.
        p: absolute pressure in Pa, 90 000 to 110 000.
        humidity: relative humidity as a fraction, 0 to 0.8.

    Raises:
        ParameterError: an input is outside the formula's range.
    """
    formula = "the approximation of OIML R 111-1"
    require("air temperature", t, 10, 30, "°C", formula)
    require("air pressure", p, 90_000, 110_000, "Pa", formula)
    require("relative humidity", humidity, 0, 0.8, "(a fraction)", formula)
    density: N = (0.34848e-2 * p - 0.9 * humidity * exp(0.061 * t)) / (t + 273.15)
    return density


def air_density_beyond(t: N, p: N | float, humidity: N | float) -> N:
    """Return the density of moist air by the equation of CIPM-2007 where that itself does not go.

    Its standard uncertainty there is `BEYOND_CIPM_U`, relative.

    Args:
        t: temperature in °C, -20 to 60.
        p: absolute pressure in Pa, 50 000 to 120 000.
        humidity: relative humidity as a fraction; 2 % beyond 0 and 1, as a hygrometer may read.

    Raises:
        ParameterError: an input is outside the range.
    """
    formula = "the equation of CIPM-2007, with more uncertainty,"
    require("air temperature", t, -20, 60, "°C", formula)
    require("air pressure", p, 50_000, 120_000, "Pa", formula)
    require("relative humidity", humidity, -0.02, 1.02, "(a fraction)", formula)
    return _moist_air(t, p, humidity, 400e-6)


@dataclass(frozen=True, slots=True)
class AirFormula:
    """A formula for the density of air."""

    density: Callable[[Number, Number, Number], Number]
    """Density in kg/m³ from temperature in °C, absolute pressure in Pa, humidity as a fraction."""
    u: float
    """Relative standard uncertainty of the formula itself."""
    source: Text | str
    """Where it is published."""


AIR_FORMULAS = (
    AirFormula(air_density, CIPM_2007_U, "CIPM-2007"),
    AirFormula(air_density_oiml, OIML_R111_U, "OIML R 111-1, E.3"),
    AirFormula(
        air_density_beyond, BEYOND_CIPM_U, Text(zh="CIPM-2007，超出其范围", en="CIPM-2007, beyond its range")
    ),
)
"""The best one first."""


def air_formula(states: Sequence[tuple[float, float, float]]) -> AirFormula:
    """Return the best formula that covers all of some states of the air.

    Args:
        states: temperature in °C, absolute pressure in Pa, humidity as a fraction, of each.

    Raises:
        ParameterError: none does; a reading is wrong.
    """
    for formula in AIR_FORMULAS[:-1]:
        try:
            for state in states:
                formula.density(*state)
        except ParameterError:
            continue
        return formula
    for state in states:
        AIR_FORMULAS[-1].density(*state)
    return AIR_FORMULAS[-1]


def conventional_mass(mass: N, density: N | float) -> N:
    """Return the conventional mass of a body at 20 °C, in the unit of its mass (OIML D 28).

    It is the mass of weights of 8000 kg/m³ that balance the body in air of 1.2 kg/m³.

    Args:
        mass: of the body.
        density: of the body at 20 °C, kg/m³.
    """
    conventional: N = mass / buoyancy_factor(CONVENTIONAL_AIR, density)
    return conventional


def buoyancy_factor(air: N, body: N | float, weights: N | float = CONVENTIONAL_WEIGHT) -> N:
    """Return mass over balance reading for a body weighed in air, exactly.

    The factor is (1 - air/weights) / (1 - air/body); it holds for a balance adjusted with weights of
    density `weights` in similar air.

    Args:
        air: density of the air at the balance, kg/m³.
        body: density of what is weighed, kg/m³.
        weights: density of the weights the balance was calibrated with, kg/m³.
    """
    factor: N = (1.0 - air / weights) / (1.0 - air / body)
    return factor
