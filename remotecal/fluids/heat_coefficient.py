"""Enthalpy and speed of sound of liquid water by IAPWS-95, and the heat coefficient of heat meters.

Source: IAPWS R6-95(2018), whose residual part is that of `iapws95`; the terms round the critical point are
left out here too, for up to 200 °C they change nothing that could be seen.
"""

from __future__ import annotations

import math
from typing import Final, Literal

from remotecal.errors import ParameterError
from remotecal.fluids.iapws95 import second_derivatives, slope, solve, term_derivatives
from remotecal.fluids.span import require
from remotecal.uncertainty.number import N, Number, estimate, exp, sqrt

Side = Literal["forward", "return"]
"""Where the flow sensor stands: in the pipe whose water is warm, or in the one that leads back."""

_T_CRITICAL = 647.096
_RHO_CRITICAL = 322.0
_R = 461.51805

# Coefficients n and γ of the ideal part's derivative by τ (R6-95, table 1).
_IDEAL = (
    (0.012436, 1.28728967),
    (0.97315, 3.53734222),
    (1.27950, 7.74073708),
    (0.96956, 9.24437796),
    (0.24873, 27.5075105),
)
_LINEAR, _LOGARITHM = 6.6832104275932, 3.00632
"""n₂ and n₃; the first only moves the zero of all enthalpies."""

JOULES: Final = 3.6e6
"""In a kilowatt hour."""

LIQUID: Final = (0.0, 200.0)
"""Temperatures in °C for which these functions are."""


def liquid_density(t: N, p: N | float) -> N:
    """Return the density of liquid water in kg/m³ at 0 to 200 °C and an absolute pressure in Pa."""
    _require(t, p)
    # One step from the solution for the estimates gives an uncertain number its exact derivatives.
    start = solve(_near(estimate(t)), estimate(t) + 273.15, estimate(p))
    kelvin: N = t + 273.15
    return solve(start, kelvin, p)


def liquid_enthalpy(t: N, p: N | float) -> N:
    """Return the specific enthalpy of liquid water in J/kg, from 0 where R6-95 has it.

    Args:
        t: temperature in °C, 0 to 200.
        p: absolute pressure in Pa, 50 000 to 100e6, at which the water must be liquid.

    Raises:
        ParameterError: an input is outside the range, or the water would boil.
    """
    return _enthalpy(t, liquid_density(t, p))


def _enthalpy(t: N, density: N) -> N:
    """Return the specific enthalpy of water of a temperature in °C whose density is known."""
    kelvin: N = t + 273.15
    tau, delta = _T_CRITICAL / kelvin, density / _RHO_CRITICAL
    by_delta, by_tau = term_derivatives(delta, tau)
    ideal: Number = _LINEAR + _LOGARITHM / tau
    for n, gamma in _IDEAL:
        ideal = ideal + n * gamma * (1.0 / (1.0 - exp(-gamma * tau)) - 1.0)
    enthalpy: N = _R * kelvin * (1.0 + tau * (ideal + by_tau) + by_delta)
    return enthalpy


def liquid_sound(t: N, p: N | float) -> N:
    """Return the speed of sound in liquid water in m/s (R6-95, table 3); arguments as `liquid_enthalpy`.

    >>> f"{liquid_sound(25.0, 0.1e6):.3f}"
    '1496.699'
    """
    density = liquid_density(t, p)
    kelvin: N = t + 273.15
    tau, delta = _T_CRITICAL / kelvin, density / _RHO_CRITICAL
    by_delta, _ = term_derivatives(delta, tau)
    mixed, by_tau = second_derivatives(delta, tau)
    heat: Number = _LOGARITHM - by_tau
    for n, gamma in _IDEAL:
        damped = exp(-gamma * tau)
        heat = heat + n * (gamma * tau) ** 2 * damped / ((1.0 - damped) * (1.0 - damped))
    by_warmth = 1.0 + by_delta - mixed
    sound: N = sqrt(slope(density, kelvin) + _R * kelvin * by_warmth * by_warmth / heat)
    return sound


def heat_coefficient(forward: N, back: N, p: N | float, side: Side) -> N:
    """Return the heat coefficient k in kWh/(m³·K): what a cubic metre gives off for each kelvin it cools.

    >>> f"{heat_coefficient(70.0, 50.0, 1.6e6, 'return'):.5f}"
    '1.14849'

    Args:
        forward: temperature of the water that comes, in °C.
        back: temperature of the water that returns, in °C.
        p: absolute pressure in Pa; norms take 1.6 MPa.
        side: where the flow sensor stands, whose water's density counts.

    Raises:
        ParameterError: as `liquid_enthalpy`, or there is no difference of temperature.
    """
    if estimate(forward) == estimate(back):
        raise ParameterError("without a difference of temperatures there is no heat coefficient")
    warm, cooled = liquid_density(forward, p), liquid_density(back, p)
    released = _enthalpy(forward, warm) - _enthalpy(back, cooled)
    k: N = (warm if side == "forward" else cooled) * released / ((forward - back) * JOULES)
    return k


def _require(t: Number, p: Number | float) -> None:
    require("water temperature", t, *LIQUID, "°C", "IAPWS-95 here")
    require("water pressure", p, 50e3, 100e6, "Pa", "IAPWS-95 here")
    boils = saturation_pressure(estimate(t))
    if estimate(p) < boils:
        raise ParameterError(
            f"water of {estimate(t):g} °C boils at {boils:.3g} Pa, and {estimate(p):g} Pa is less: check "
            "temperature and pressure"
        )


def saturation_pressure(t: float) -> float:
    """Return the pressure in Pa at which water of a temperature in °C boils (IAPWS SR1-86).

    >>> round(saturation_pressure(100.0))
    101418
    """
    kelvin = t + 273.15
    v = 1.0 - kelvin / _T_CRITICAL
    told = sum(a * math.pow(v, power) for a, power in _SATURATION)
    return 22.064e6 * math.exp(_T_CRITICAL / kelvin * told)


_SATURATION = (
    (-7.85951783, 1.0),
    (1.84408259, 1.5),
    (-11.7866497, 3.0),
    (22.6807411, 3.5),
    (-15.9618719, 4.0),
    (1.80122502, 7.5),
)


def _near(t: float) -> float:
    """Return about the density of liquid water, in kg/m³."""
    return 1001.0 - 0.0035 * math.pow(t, 1.95)
