"""Gas that leaves a nozzle at its own speed of sound: the critical flow function.

Temperatures in K, pressures absolute in Pa, both of the gas at rest (stagnation).
"""

from __future__ import annotations

import math

from remotecal.errors import ParameterError
from remotecal.fluids.helmholtz import Surface, Thermal
from remotecal.uncertainty.number import N

GAS_CONSTANT = 8.31446261815324
"""Molar gas constant, J/(mol K) (CODATA 2018, exact); a mass flow by C* is to be computed with it."""


def critical_flow_ideal(gamma: N) -> N:
    """Return C* of a perfect gas by its ratio of heat capacities: √γ (2/(γ+1))^((γ+1)/(2(γ-1))), ISO 9300."""
    c: N = gamma**0.5 * (2.0 / (gamma + 1.0)) ** ((gamma + 1.0) / (2.0 * (gamma - 1.0)))
    return c


def critical_ratio_ideal(gamma: N) -> N:
    """Return p*/p₀, throat over rest, of a perfect gas by its ratio of heat capacities: (2/(γ+1))^(γ/(γ-1)).

    A nozzle without diffuser is choked up to this ratio of the pressures behind and ahead.
    """
    ratio: N = (2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0))
    return ratio


def critical_flow_real(surface: Surface, kelvin: float, pressure: float) -> float:
    """Return C* of a real gas: ρ* w* √(R T₀ / M) / p₀, where * is the throat (ISO 9300).

    The gas comes from rest to the throat at constant entropy, and its enthalpy becomes speed until that is
    the speed of sound there.

    Raises:
        ParameterError: the gas reaches no throat in the equation's range.
    """
    density = surface.molar_density(kelvin, pressure)
    rest = surface.at(kelvin, density)
    gamma = rest.cp / rest.cv
    ratio = 2.0 / (gamma + 1.0)
    here, density = kelvin * ratio, density * ratio ** (1.0 / (gamma - 1.0))
    slope = rest.cp + gamma * surface.gas_constant / 2.0
    for _ in range(100):
        density, throat = _along(surface, here, density, rest.entropy)
        kinetic = surface.molar_mass * throat.sound * throat.sound / 2.0
        step = (rest.enthalpy - throat.enthalpy - kinetic) / slope
        here = here + step
        if abs(step) < 1e-9:
            flux = density * surface.molar_mass * throat.sound
            return flux * math.sqrt(GAS_CONSTANT * kelvin / surface.molar_mass) / pressure
    raise ParameterError("the gas reaches no throat where its equation holds: check temperature and pressure")


def _along(surface: Surface, kelvin: float, density: float, entropy: float) -> tuple[float, Thermal]:
    """Return the density in mol/m³ at which the gas has an entropy, and its state there."""
    for _ in range(100):
        state = surface.at(kelvin, density)
        step = (state.entropy - entropy) * density * density / state.dp_dt
        density = density + step
        if abs(step / density) < 1e-12:
            return density, state
    raise ParameterError("the gas keeps its entropy nowhere near: check temperature and pressure")
