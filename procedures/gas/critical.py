"""The gas on its way: at rest ahead of the nozzles, and in the meter, by one equation of state at both ends.

    q_V = q_m/ρ_m = Σ A·C_d · C*·√(R·T_0/M)·Z_0 · (ρ_0/ρ_m)

The first factors are what passes by volume at the nozzles' inlet, the last carries it to the meter.
"""

from __future__ import annotations

from collections.abc import Sequence

from remotecal.fluids.by_differences import evaluate
from remotecal.fluids.critical_flow import GAS_CONSTANT
from remotecal.fluids.gas import AIR, MOLAR_MASSES, Gas
from remotecal.fluids.gas_equations import EQUATIONS, GasEquation, carried
from remotecal.procedures.library.meters.critical import Inlet
from remotecal.uncertainty.number import Number, estimate


def air_equation(air: str) -> GasEquation:
    """Return the equation of state for the air of the room, or for dry air."""
    return EQUATIONS["Lemmon 2000" if air == "dry" else "GERG-2008"]


def _air(water: float) -> Gas:
    return AIR.moist(water) if water else AIR


def inlet(equation: GasEquation, t: float, p: float, water: float) -> Inlet:
    """Return air at rest at `t` in °C and `p` in Pa, with a mole fraction of water.

    Raises:
        ParameterError: the equation does not hold there.
    """
    gas = _air(water)
    return Inlet(equation.state(gas, t, p), estimate(equation.critical_flow(gas, t, p)))


def drawn(
    equation: GasEquation, ahead: tuple[Number, Number], meter: tuple[Number, Number], water: Number
) -> Number:
    """Return the volume in m³/s, as it is in the meter, that a throat of A·C_d = 1 m² draws.

    Args:
        equation: of both ends.
        ahead: temperature in °C and pressure in Pa at rest ahead of the nozzle.
        meter: the same in the meter.
        water: mole fraction of water in the air.
    """

    def computed(at: Sequence[float]) -> list[float]:
        kelvin, p, kelvin_m, p_m, x = at
        here = inlet(equation, kelvin - 273.15, p, x)
        there = equation.state(_air(x), kelvin_m - 273.15, p_m)
        return [estimate(carried(here.volume, here.state, there))]

    inputs = [ahead[0] + 273.15, ahead[1], meter[0] + 273.15, meter[1], water]
    return evaluate(computed, inputs)[0]


def flux(equation: GasEquation, ahead: tuple[Number, Number], water: Number) -> Number:
    """Return the mass flow through a choked throat by its area and C_d, in kg/(s m²) (`Inlet.flux`).

    Args:
        equation: of the gas.
        ahead: temperature in °C and pressure in Pa at rest ahead of the nozzle.
        water: mole fraction of water in the air.
    """

    def computed(at: Sequence[float]) -> list[float]:
        kelvin, p, x = at
        return [inlet(equation, kelvin - 273.15, p, x).flux]

    return evaluate(computed, [ahead[0] + 273.15, ahead[1], water])[0]


def density(equation: GasEquation, at: tuple[Number, Number], water: Number) -> Number:
    """Return the density of air in kg/m³ at a temperature in °C and a pressure in Pa; `water` as `flux`."""

    def computed(at: Sequence[float]) -> list[float]:
        kelvin, p, x = at
        return [estimate(equation.state(_air(x), kelvin - 273.15, p).density)]

    return evaluate(computed, [at[0] + 273.15, at[1], water])[0]


def thin(at: tuple[Number, Number], water: Number) -> Number:
    """Return the density of thin air as an ideal gas, in kg/m³: where hardly any is, or a difference counts.

    Args:
        at: temperature in °C and pressure in Pa.
        water: mole fraction of water in it.
    """
    dry, vapour = estimate(AIR.molar_mass), MOLAR_MASSES["water"]
    found: Number = at[1] * (dry + (vapour - dry) * water) / (GAS_CONSTANT * (at[0] + 273.15))
    return found
