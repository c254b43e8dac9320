"""How much water a gas has, from the dew point or frost point that an instrument tells.

Temperatures in °C (ITS-90), pressures absolute in Pa; the dew point is the one at that pressure, which is the
pressure at the mirror and rarely that in the pipe.
"""

from __future__ import annotations

from remotecal.errors import ParameterError
from remotecal.fluids.air import saturation_vapour_pressure
from remotecal.fluids.gas import Gas
from remotecal.fluids.span import require
from remotecal.uncertainty.number import N, Number, exp, extent

WATER_FRACTION_U = 5e-3
"""Relative standard uncertainty of the fraction by the equations themselves.

They were compared with the virial equation of ASHRAE RP-1485 from -40 °C to 40 °C: they differ by up to 0.1 %
at 0.1 MPa, 0.4 % at 1 MPa and 0.8 % at 2 MPa.
"""

CARRIERS = ("nitrogen", "oxygen", "argon")
"""What a gas consists of that takes up water as air does."""
_AIR_LIKE = 0.95
"""Share of these from which on a gas is taken for such a one."""
DEW_POINTS = (-50.0, 40.0)
"""Dew points the formula is used for, °C."""
PRESSURES = (50e3, 2e6)
"""Pressures it is used for in such a gas, Pa."""
_LOW = 200e3
"""Pressure up to which other gases take up as much water, within the uncertainty, Pa."""

_TRIPLE = (273.16, 611.657)
_ICE = ((-21.2144006, 0.333333333e-2), (27.3203819, 1.20666667), (-6.10598130, 1.70333333))
_OVER_WATER = (
    (3.53624e-4, 2.93228e-5, 2.61474e-7, 8.57538e-9),
    (-10.7588, 6.32529e-2, -2.53591e-4, 6.33784e-7),
)
_OVER_ICE = (
    (3.64449e-4, 2.93631e-5, 4.88635e-7, 4.36543e-9),
    (-10.7271, 7.61989e-2, -1.74771e-4, 2.46721e-6),
)


def sublimation_pressure(t: N) -> N:
    """Return the vapour pressure over ice in Pa at `t` in °C (IAPWS R14-08(2011), equation 6).

    Raises:
        ParameterError: `t` is outside -100 to 0.01.
    """
    require("temperature of the ice", t, -100, 0.01, "°C", "IAPWS R14-08 here")
    kelvin, pascal = _TRIPLE
    theta = (t + 273.15) / kelvin
    total: Number = 0.0
    for a, b in _ICE:
        total = total + a * theta**b
    pressure: N = pascal * exp(total / theta)
    return pressure


def water_fraction(gas: Gas, dew_point: N, p: N | float) -> N:
    """Return the mole fraction of water in a gas with a dew point, or a frost point where that is below 0 °C.

    Source: the vapour pressure by CIPM-2007 over water and IAPWS R14-08 over ice; what pressure adds to it
    in air by Greenspan, J. Res. NBS 80A (1976) 41. Their own standard uncertainty is `WATER_FRACTION_U`,
    relative. For natural gas at line pressure ISO 18453 holds, which is not here: state the fraction.

    Args:
        gas: the gas, dry or moist.
        dew_point: in °C, -50 to 40.
        p: absolute pressure in Pa at which it was found, 50 000 to 2e6; to 200 000 if the gas is not air,
            nitrogen, oxygen or argon.

    Raises:
        ParameterError: an input is outside the range.
    """
    formula = f"the water content of {gas.name} by its dew point"
    low, high = PRESSURES
    require("dew point", dew_point, *DEW_POINTS, "°C", formula)
    require("pressure at the dew point", p, low, high if _is_air_like(gas) else _LOW, "Pa", formula)
    frost = extent(dew_point)[1] < 0
    saturated = sublimation_pressure(dew_point) if frost else saturation_vapour_pressure(dew_point)
    alpha, beta = (_polynomial(each, dew_point) for each in (_OVER_ICE if frost else _OVER_WATER))
    enhanced = exp(alpha * (1.0 - saturated / p) + exp(beta) * (p / saturated - 1.0))
    fraction: N = enhanced * saturated / p
    return fraction


def require_vapour(gas: Gas, t: Number, p: Number) -> None:
    """Refuse a state in which some of a gas's water would not be vapour.

    Pressure makes a gas take up more of it. In air and its parts that is known (`water_fraction`), within
    twice its uncertainty. Elsewhere it is up to twice as much at 10 MPa in methane: so what is refused there
    is 10 % for each MPa above the vapour pressure, which certainly condenses; what is less may condense.

    Raises:
        ParameterError: it would condense.
    """
    if not gas.fraction("water"):
        return
    _, share = extent(gas.fractions["water"] / _held(gas, t, p))
    if not share <= 1.0 + 2.0 * WATER_FRACTION_U:
        raise ParameterError(
            f"{gas.name} has {gas.fraction('water'):.3g} mol/mol of water, {share:.3g} times what stays "
            f"vapour at {extent(t)[0]:g} °C and {extent(p)[1]:g} Pa: check water, temperature and pressure"
        )


def _held(gas: Gas, t: Number, p: Number) -> Number:
    """Return the mole fraction of water that a gas holds as vapour, or more than that where none is known."""
    (coldest, warmest), (least, greatest) = extent(t), extent(p)
    (cold, warm), (low, high) = DEW_POINTS, PRESSURES
    if _is_air_like(gas) and cold <= coldest and warmest <= warm and low <= least and greatest <= high:
        return water_fraction(gas, t, p)
    saturated = sublimation_pressure(t) if warmest < 0 else saturation_vapour_pressure(t)
    held: Number = saturated * (1.0 + 0.1e-6 * p) / p
    return held


def _is_air_like(gas: Gas) -> bool:
    return gas.fraction(*CARRIERS) >= _AIR_LIKE * (1 - gas.fraction("water"))


def _polynomial(coefficients: tuple[float, ...], t: N) -> N:
    total: Number = 0.0
    for each in reversed(coefficients):
        total = total * t + each
    found: N = total  # type: ignore[assignment]  # N, once `t` is in it
    return found
