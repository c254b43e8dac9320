"""Density of water, by the formula a procedure chooses, and its viscosity.

Temperatures in °C (ITS-90), pressures absolute in Pa, densities in kg/m³.

Tanaka and IAPWS-95 differ by 0.4e-6 at 20 °C and 1.2e-6 at 40 °C, relative: use one throughout a
calibration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from remotecal.fluids.iapws95 import IAPWS_95_U, water_density_iapws95
from remotecal.fluids.span import require
from remotecal.uncertainty.number import N, Number, exp

TANAKA_A5 = 999.974950
"""Greatest density of air-free standard mean ocean water at 101 325 Pa, kg/m³ (Tanaka 2001, equation 1)."""

TANAKA_U = 0.9e-6
"""Relative standard uncertainty of the formula; the upper end of the figures in use, unverified."""

_A = (-3.983035, 301.797, 522_528.9, 69.34881)
_COMPRESSIBILITY = (50.74e-11, -0.326e-11, 0.00416e-11)
_AIR = (-4.612e-3, 0.106e-3)
_STANDARD_PRESSURE = 101_325.0


def water_density_tanaka(
    t: N, p: N | float = _STANDARD_PRESSURE, *, a5: N | float = TANAKA_A5, air_saturation: N | float = 0.0
) -> N:
    """Return the density of water by Tanaka's formula, in kg/m³.

    Source: Tanaka et al., Metrologia 38 (2001) 301; the correction for dissolved air there after Bignell.
    The formula's own standard uncertainty is `TANAKA_U`, relative.

    Args:
        t: temperature in °C, 0 to 40.
        p: absolute pressure in Pa, 50 000 to 1.1e6: the linear compressibility holds to 2e-6 there.
        a5: greatest density of the water in use, kg/m³; `tanaka_a5` gives it for a measured water.
        air_saturation: share of saturation with air, 0 (air-free) to 1; above 0 only up to 25 °C.

    Raises:
        ParameterError: an input is outside the formula's range.
    """
    formula = "Tanaka's formula"
    require("water temperature", t, 0, 40, "°C", formula)
    require("water pressure", p, 50e3, 1.1e6, "Pa", formula)
    require("air saturation", air_saturation, 0, 1, "(a fraction)", formula)
    density: N = a5 * _shape(t, p)
    if isinstance(air_saturation, (int, float)) and air_saturation == 0:
        return density
    require("water temperature", t, 0, 25, "°C", "the correction for dissolved air")
    aerated: N = density + air_saturation * (_AIR[0] + _AIR[1] * t)
    return aerated


def tanaka_a5(density: N, t: N | float, p: N | float = _STANDARD_PRESSURE) -> N:
    """Return the `a5` that makes Tanaka's formula agree with a `density` measured at `t` and `p`.

    So the water of a rig, with what is dissolved in it, keeps the shape of the formula and its own level.

    Args:
        density: measured density of the rig's water, kg/m³.
        t: temperature of that measurement in °C, 0 to 40.
        p: its absolute pressure in Pa.

    Raises:
        ParameterError: an input is outside the formula's range.
    """
    require("water temperature", t, 0, 40, "°C", "Tanaka's formula")
    require("water pressure", p, 50e3, 1.1e6, "Pa", "Tanaka's formula")
    a5: N = density / _shape(t, p)
    return a5


def _shape(t: Number, p: Number | float) -> Number:
    a1, a2, a3, a4 = _A
    k0, k1, k2 = _COMPRESSIBILITY
    at_standard_pressure = 1.0 - (t + a1) * (t + a1) * (t + a2) / (a3 * (t + a4))
    shape: Number = at_standard_pressure * (1.0 + (k0 + t * (k1 + t * k2)) * (p - _STANDARD_PRESSURE))
    return shape


def water_viscosity(t: N) -> N:
    """Return the dynamic viscosity of water at 0.1 MPa, in mPa·s (IAPWS SR6-08, equation 7).

    Its own uncertainty is 1 % (k = 2).

    Args:
        t: temperature in °C, 0 to 100.

    Raises:
        ParameterError: it is outside the formula's range.
    """
    require("water temperature", t, 0, 100, "°C", "IAPWS SR6-08")
    reduced = (t + 273.15) / 300.0
    first, second, third, fourth = (a * reduced**b for a, b in _VISCOSITY)
    viscosity: N = 1e-3 * (first + second + third + fourth)
    return viscosity


_VISCOSITY = ((280.68, -1.9), (511.45, -7.7), (61.131, -19.6), (0.45903, -40.0))


def water_viscosity_at(t: N, density: N | float) -> N:
    """Return the dynamic viscosity of water of a known density, in mPa·s (IAPWS R12-08, equation 10).

    So that under pressure is told; the enhancement round the critical point is left out. Its own uncertainty
    is 1 % (k = 2).

    Args:
        t: temperature in °C, 0 to 100.
        density: in kg/m³, 900 to 1200: of the liquid.

    Raises:
        ParameterError: an input is outside the range.
    """
    require("water temperature", t, 0, 100, "°C", "IAPWS R12-08 here")
    require("water density", density, 900, 1200, "kg/m3", "IAPWS R12-08 here")
    reduced, dense = (t + 273.15) / 647.096, density / 322.0
    dilute: Number = 0.0
    for h in reversed(_DILUTE):
        dilute = dilute / reduced + h
    exponent: Number = 0.0
    for i, j, h in _DENSE:
        exponent = exponent + h * (1.0 / reduced - 1.0) ** i * (dense - 1.0) ** j
    viscosity: N = 0.1 * reduced**0.5 / dilute * exp(dense * exponent)
    return viscosity


_DILUTE = (1.67752, 2.20462, 0.6366564, -0.241605)
# i, j and H of each term (R12-08, table 2).
_DENSE = (
    (0, 0, 0.520094),
    (1, 0, 0.0850895),
    (2, 0, -1.08374),
    (3, 0, -0.289555),
    (0, 1, 0.222531),
    (1, 1, 0.999115),
    (2, 1, 1.88797),
    (3, 1, 1.26613),
    (5, 1, 0.120573),
    (0, 2, -0.281378),
    (1, 2, -0.906851),
    (2, 2, -0.772479),
    (3, 2, -0.489837),
    (4, 2, -0.257040),
    (0, 3, 0.161913),
    (1, 3, 0.257399),
    (0, 4, -0.0325372),
    (3, 4, 0.0698452),
    (4, 5, 0.00872102),
    (3, 6, -0.00435673),
    (5, 6, -0.000593264),
)


@dataclass(frozen=True, slots=True)
class WaterFormula:
    """A formula for the density of water, as a procedure's parameter selects it."""

    density: Callable[[Number, Number], Number]
    """Density in kg/m³ from temperature in °C and absolute pressure in Pa."""
    u: float
    """Relative standard uncertainty of the formula itself."""
    source: str
    """Where the formula is published."""


WATER_FORMULAS: Mapping[str, WaterFormula] = MappingProxyType(
    {
        "Tanaka": WaterFormula(water_density_tanaka, TANAKA_U, "Tanaka et al., Metrologia 38 (2001) 301"),
        "IAPWS-95": WaterFormula(water_density_iapws95, IAPWS_95_U, "IAPWS R6-95(2018)"),
    }
)
