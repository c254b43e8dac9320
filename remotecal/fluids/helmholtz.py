"""Gases of one kind of molecule, or taken as such, by an equation for their Helmholtz energy.

Temperatures in K, pressures absolute in Pa, densities in mol/m³, energies in J/mol from a zero of its own.
Floats alone: `by_differences` makes them part of measurement models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from remotecal.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Thermal:
    """What an equation tells of a gas at a temperature and a density."""

    pressure: float
    """Pressure, Pa."""
    dp_dd: float
    """Derivative of the pressure by density at constant temperature, Pa m³/mol."""
    dp_dt: float
    """Derivative of the pressure by temperature at constant density, Pa/K."""
    cv: float
    """Isochoric heat capacity, J/(mol K)."""
    cp: float
    """Isobaric heat capacity, J/(mol K)."""
    enthalpy: float
    """Enthalpy, J/mol."""
    entropy: float
    """Entropy, J/(mol K)."""
    sound: float
    """Speed of sound, m/s."""


class Surface(Protocol):
    """An equation of state for one composition."""

    @property
    def molar_mass(self) -> float:
        """Molar mass, kg/mol."""
        ...

    @property
    def gas_constant(self) -> float:
        """Molar gas constant that the equation was made with, J/(mol K)."""
        ...

    def molar_density(self, kelvin: float, pressure: float) -> float:
        """Return the density of the gas in mol/m³."""
        ...

    def condenses(self, kelvin: float, pressure: float) -> bool:
        """Tell whether the gas would be a liquid there, as a whole."""
        ...

    def at(self, kelvin: float, molar_density: float) -> Thermal:
        """Return what else it tells there."""
        ...


@dataclass(frozen=True, slots=True)
class Helmholtz:
    """The terms of an equation: the residual ones, and those of the ideal gas."""

    name: str
    """Its name, for errors."""
    gas_constant: float
    """Molar gas constant that the equation was made with, J/(mol K)."""
    temperature: float
    """What it is divided by in τ, K."""
    density: float
    """What divides it in δ, mol/m³."""
    residual: tuple[tuple[float, float, int, int], ...]
    """n, t, d, l of each n τ^t δ^d exp(-δ^l); no exponential where l is 0."""
    logarithm: float
    """Factor of ln τ."""
    powers: tuple[tuple[float, float], ...]
    """n, t of each n τ^t."""
    vibrations: tuple[tuple[float, float, float], ...]
    """n, θ, c of each n ln(1 + c exp(-θ τ))."""

    def sums(self, tau: float, delta: float) -> tuple[float, float, float, float, float, float]:
        """Return the residual α, and δα_δ, δ²α_δδ, τα_τ, τ²α_ττ, δτα_δτ."""
        a = d1 = d2 = t1 = t2 = dt = 0.0
        damped = [math.exp(-(delta**power)) for power in range(1, 5)]
        for n, t, d, power in self.residual:
            term = n * tau**t * delta**d
            order = float(d)
            bend = float(d * (d - 1))
            if power:
                grown = power * delta**power
                term = term * damped[power - 1]
                order = d - grown
                bend = order * (order - 1.0) - power * grown
            a, d1, d2 = a + term, d1 + term * order, d2 + term * bend
            t1, t2, dt = t1 + t * term, t2 + t * (t - 1.0) * term, dt + t * term * order
        return a, d1, d2, t1, t2, dt

    def cooled(self, tau: float) -> list[tuple[float, int, int]]:
        """Return n τ^t, d, l of each residual term, for `slopes` at one temperature."""
        return [(n * tau**t, d, power) for n, t, d, power in self.residual]

    def ideal(self, tau: float, delta: float) -> tuple[float, float, float]:
        """Return α of the ideal gas, and τα_τ, τ²α_ττ."""
        a = math.log(delta) + self.logarithm * math.log(tau)
        first = self.logarithm
        second = -self.logarithm
        for n, t in self.powers:
            term = n * tau**t
            a, first, second = a + term, first + t * term, second + t * (t - 1.0) * term
        for n, theta, c in self.vibrations:
            part = c * math.exp(-theta * tau)
            share = part / (1.0 + part)
            angle = theta * tau
            a = a + n * math.log(1.0 + part)
            first = first - n * angle * share
            second = second + n * angle * angle * share / (1.0 + part)
        return a, first, second


def slopes(terms: Sequence[tuple[float, int, int]], delta: float) -> tuple[float, float]:
    """Return δα_δ and δ²α_δδ as `Helmholtz.sums` does, to the last bit: densities are found by them.

    Args:
        terms: what `Helmholtz.cooled` returns.
        delta: δ.
    """
    d1 = d2 = 0.0
    grown = [power * delta**power for power in range(5)]
    damped = [math.exp(-(delta**power)) for power in range(5)]
    for warm, d, power in terms:
        term = warm * delta**d
        if power:
            term = term * damped[power]
            order = d - grown[power]
            d1, d2 = d1 + term * order, d2 + term * (order * (order - 1.0) - power * grown[power])
        else:
            d1, d2 = d1 + term * d, d2 + term * (d * (d - 1))
    return d1, d2


@dataclass(frozen=True, slots=True)
class HelmholtzGas:
    """An equation's surface for a gas whose molar mass is known."""

    equation: Helmholtz
    molar_mass: float

    @property
    def gas_constant(self) -> float:
        return self.equation.gas_constant

    def molar_density(self, kelvin: float, pressure: float) -> float:
        equation = self.equation
        tau, rt = equation.temperature / kelvin, equation.gas_constant * kelvin
        density = pressure / rt
        terms = equation.cooled(tau)
        for _ in range(30):
            d1, d2 = slopes(terms, density / equation.density)
            step = (density * rt * (1.0 + d1) - pressure) / (rt * (1.0 + 2.0 * d1 + d2))
            density = density - step
            if abs(step / density) < 1e-12:
                return density
        raise ParameterError(f"{equation.name} finds no gas there: check temperature and pressure")

    def condenses(self, kelvin: float, pressure: float) -> bool:
        return kelvin < self.equation.temperature  # the critical one; above it there is no liquid

    def at(self, kelvin: float, molar_density: float) -> Thermal:
        equation, r = self.equation, self.equation.gas_constant
        tau, delta = equation.temperature / kelvin, molar_density / equation.density
        a, d1, d2, t1, t2, dt = equation.sums(tau, delta)
        ideal, i1, i2 = equation.ideal(tau, delta)
        by_density = r * kelvin * (1.0 + 2.0 * d1 + d2)
        pushed = 1.0 + d1 - dt
        cv = -r * (i2 + t2)
        cp = cv + r * r * kelvin * pushed * pushed / by_density
        return Thermal(
            pressure=molar_density * r * kelvin * (1.0 + d1),
            dp_dd=by_density,
            dp_dt=molar_density * r * pushed,
            cv=cv,
            cp=cp,
            enthalpy=r * kelvin * (1.0 + i1 + t1 + d1),
            entropy=r * (i1 + t1 - ideal - a),
            sound=(cp / cv * by_density / self.molar_mass) ** 0.5,
        )
