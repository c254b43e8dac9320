"""The gas on its way: at rest ahead of the nozzles, and in the meter, by one equation of state at both ends.

    q_V = q_m/ρ_m = Σ A·C_d · C*·√(R·T_0/M)·Z_0 · (ρ_0/ρ_m)

The first factors are what passes by volume at the nozzles' inlet, the last carries it to the meter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from remotecal.fluids.by_differences import evaluate
from remotecal.fluids.critical_flow import GAS_CONSTANT
from remotecal.fluids.gas import AIR, MOLAR_MASSES, Gas
from remotecal.fluids.gas_equations import EQUATIONS, GasEquation, GasState, carried
from remotecal.fluids.gas_viscosity import viscosity
from remotecal.uncertainty.number import Number, estimate

RECOVERY: Final = 0.75
"""Share of the gas's kinetic energy that a thermometer in the stream feels (unverified)."""


@dataclass(frozen=True, slots=True)
class Inlet:
    """Gas at rest ahead of the nozzles."""

    state: GasState
    c_star: float
    """Critical flow function."""

    @property
    def flux(self) -> float:
        """Mass flow through a throat, by its area and C_d, in kg/(s m²): C*·p_0/√(R·T_0/M) (ISO 9300)."""
        kelvin = estimate(self.state.t) + 273.15
        specific = GAS_CONSTANT / estimate(self.state.gas.molar_mass)
        return self.c_star * estimate(self.state.pressure) / math.sqrt(specific * kelvin)

    @property
    def volume(self) -> float:
        """The same by volume, in m/s: what a throat of 1 m² draws, in m³/s as it is ahead of it."""
        return self.flux / estimate(self.state.density)

    def reynolds(self, diameter: float, discharge: Callable[[float], float]) -> float:
        """Return the throat's Reynolds number: A·C_d in m² is itself a function of it.

        Args:
            diameter: of the throat, in m.
            discharge: A·C_d in m² by the Reynolds number.
        """
        per_area = 4.0 * self.flux / (math.pi * diameter * estimate(viscosity(self.state)))
        found = per_area * math.pi * diameter**2 / 4.0
        for _ in range(4):
            found = per_area * discharge(found)
        return found


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


def at_rest(state: GasState, velocity: float, recovery: float = RECOVERY) -> tuple[float, float]:
    """Return what brings a stream to rest: the factor of its pressure, and what its temperature gains, in K.

    p_0/p = (1 + (γ-1)/2·Ma²)^(γ/(γ-1)), T_0 = T + (1 - r)·w²/(2 c_p)    (ISO 9300)

    Args:
        state: of the gas as it is measured.
        velocity: w in m/s.
        recovery: r, what of the velocity the thermometer feels.
    """
    gamma, mach = estimate(state.gamma), velocity / estimate(state.sound)
    pressure = (1.0 + (gamma - 1.0) / 2.0 * mach**2) ** (gamma / (gamma - 1.0))
    return pressure, (1.0 - recovery) * velocity**2 / (2.0 * estimate(state.heat_capacity))


def see_choked(name: str, back: float, ahead: float, limit: float) -> str:
    """Return why a repeat can't count because nozzles were not choked; "" if they were.

    Args:
        name: of the point.
        back: largest pressure behind them, in Pa.
        ahead: smallest pressure ahead of them.
        limit: what may be of the one to the other at most.
    """
    if back <= limit * ahead:
        return ""
    return (
        f"{name}: behind the nozzles there were {back:.0f} Pa, {back / ahead:.3f} of the {ahead:.0f} Pa "
        f"ahead of them; they count as choked up to {limit:g}: is the pump too weak, or the vent open?"
    )
