"""Critical flow: gas at rest ahead of nozzles, what a choked throat draws, which nozzles make a flow."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from remotecal.fluids.critical_flow import GAS_CONSTANT, critical_ratio_ideal
from remotecal.fluids.gas_viscosity import viscosity
from remotecal.uncertainty.number import Number, estimate

if TYPE_CHECKING:
    from remotecal.fluids.gas import Gas
    from remotecal.fluids.gas_equations import GasEquation, GasState

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


def flux(equation: GasEquation, gas: Gas, t: Number, p: Number) -> Number:
    """Return `Inlet.flux` of a gas at rest, with its slopes; its fractions may be numbers of a model.

    Args:
        equation: of the gas.
        gas: at rest ahead of the nozzle.
        t: its temperature in °C.
        p: its absolute pressure in Pa.
    """
    specific = GAS_CONSTANT / gas.molar_mass
    found: Number = equation.critical_flow(gas, t, p) * p / (specific * (t + 273.15)) ** 0.5
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
        limit: what may be of the one to the other at most (`nozzle.choked_to`).
    """
    if back <= limit * ahead:
        return ""
    return (
        f"{name}: behind the nozzles there were {back:.0f} Pa, {back / ahead:.3f} of the {ahead:.0f} Pa "
        f"ahead of them; they count as choked up to {limit:g}: is the pump too weak, or the vent open?"
    )


def beyond_throat(ordered: float, ahead: GasState) -> str:
    """Return that an order takes for choked what a throat alone is not; "" if it does not.

    Args:
        ordered: largest ratio of pressures that the order allows.
        ahead: the gas ahead of the nozzle.
    """
    exponent = estimate(ahead.isentropic_exponent)
    if ordered <= (bare := critical_ratio_ideal(exponent)):
        return ""
    return (
        f"back_pressure is {ordered:g}, and a throat without diffuser is choked up to {bare:.3f} "
        f"(isentropic exponent {exponent:.3f})"
    )


def choose(bank: tuple[float, ...], flow: float) -> tuple[int, ...]:
    """Return which nozzles of a bank come nearest to a flow together, counted from 1.

    Of those that come as near the fewest are taken, and the first ones of these.
    """
    numbers = range(1, len(bank) + 1)
    sets = (some for count in numbers for some in combinations(numbers, count))
    return min(
        sets, key=lambda some: (round(abs(sum(bank[n - 1] for n in some) - flow) / flow, 9), len(some))
    )
