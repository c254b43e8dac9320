"""An oscillating tube: the density of what is in it, by its period τ.

    ρ = A·τ² + B        A = (ρ_w - ρ_a)/(τ_w² - τ_a²), B = ρ_a - A·τ_a²

of two fluids, water and air. Meters on line count with other constants: ρ_i = K₀ + K₁·τ + K₂·τ², then
temperature and pressure. A viscous liquid damps the wall, and seems denser than it is; water does so too,
so that the constants are those of what water seems to have. Periods are in µs, densities in kg/m³.
"""

from __future__ import annotations

from remotecal.uncertainty.number import Number, sqrt


def constants(
    air: Number, water: Number, period_in_air: Number, period_in_water: Number
) -> tuple[Number, Number]:
    """Return A in kg/(m³·µs²) and B in kg/m³ by the densities of air and water, and the periods in them."""
    a: Number = (water - air) / (period_in_water**2 - period_in_air**2)
    b: Number = air - a * period_in_air**2
    return a, b


def by_period(a: Number, b: Number, period: Number) -> Number:
    """Return the density by a period."""
    density: Number = a * period**2 + b
    return density


def undamped(density: Number, damping: Number, viscosity: Number) -> Number:
    """Return the density without what viscosity in mPa·s feigns: less c·√η of it."""
    found: Number = density * (1.0 - damping * sqrt(viscosity))
    return found


def damped(density: Number, damping: Number, viscosity: Number) -> Number:
    """Return the density that a liquid seems to have, the inverse of `undamped`."""
    found: Number = density / (1.0 - damping * sqrt(viscosity))
    return found


def on_line(k: tuple[Number, Number, Number], period: Number) -> Number:
    """Return the density of a meter on line at 20 °C and the pressure it was calibrated at, by K₀, K₁, K₂."""
    density: Number = k[0] + k[1] * period + k[2] * period**2
    return density


def warmed(density: Number, k_18: Number, k_19: Number, t: Number) -> Number:
    """Return it corrected for the temperature in °C of the tube."""
    found: Number = density * (1.0 + k_18 * (t - 20.0)) + k_19 * (t - 20.0)
    return found


def pressed(density: Number, k_20: tuple[Number, Number], k_21: tuple[Number, Number], p: Number) -> Number:
    """Return it corrected for the pressure, in the unit that the constants are for."""
    found: Number = density * (1.0 + (k_20[0] + k_20[1] * p) * p) + (k_21[0] + k_21[1] * p) * p
    return found
