"""A body that is weighed in air and in a liquid: its volume, its density, and what the wire adds.

A balance that was adjusted with weights of density ρ_r in air ρ_a shows W of a body of mass m and volume V

    W·(1 - ρ_a/ρ_r) = m - V·ρ

in a medium of density ρ. Masses in kg, volumes in m³, densities in kg/m³, temperatures in °C.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from remotecal.fluids.air import CONVENTIONAL_WEIGHT
from remotecal.uncertainty.number import Number

REFERENCE: Final = 20.0
"""Temperature in °C that densities of solids are stated for."""

GRAVITY: Final = 9.80665
"""About what gravity is, in m/s²: good enough for what a meniscus weighs."""


@dataclass(frozen=True, slots=True)
class Buoyed:
    """What a body weighs, as a balance tells it."""

    reading: Number
    """Its reading in kg, corrected, less that of the empty carrier."""
    air: Number
    """Density of the air around the balance in kg/m³."""

    @property
    def lightened(self) -> Number:
        """What it is lighter than its mass by the buoyancy of its medium leaves, in kg: m - V·ρ."""
        pull: Number = self.reading * (1.0 - self.air / CONVENTIONAL_WEIGHT)
        return pull


def volume(in_air: Buoyed, in_liquid: Buoyed, liquid: Number, pull: Number = 0.0) -> Number:
    """Return a body's volume in m³.

    Args:
        in_air: as it was weighed in air.
        in_liquid: as it was weighed in the liquid.
        liquid: density of the liquid.
        pull: what the liquid pulled down beyond the carrier's own weight, in kg: menisci, less bubbles.
    """
    lifted: Number = in_air.lightened - in_liquid.lightened + pull
    found: Number = lifted / (liquid - in_air.air)
    return found


def density(in_air: Buoyed, occupied: Number) -> Number:
    """Return a body's density, by its weight in air and its volume."""
    found: Number = in_air.lightened / occupied + in_air.air
    return found


def by_readings(in_air: Number, in_liquid: Number, liquid: Number, air: Number) -> Number:
    """Return a body's density by two readings in the same air, as densitometers calculate it."""
    found: Number = (in_air * liquid - in_liquid * air) / (in_air - in_liquid)
    return found


def by_standard(mass: Number, occupied: Number, in_liquid: Buoyed) -> Number:
    """Return a liquid's density by a standard of known mass and volume that is weighed in it."""
    found: Number = (mass - in_liquid.lightened) / occupied
    return found


def warmer(occupied: Number, expansion: Number, t: Number) -> Number:
    """Return the volume at t of what has this volume at 20 °C; `expansion` is cubic, in 1/K."""
    found: Number = occupied * (1.0 + expansion * (t - REFERENCE))
    return found


def at_reference(found: Number, expansion: Number, t: Number) -> Number:
    """Return the density at 20 °C of what has this density at t; `expansion` is cubic, in 1/K."""
    stated: Number = found * (1.0 + expansion * (t - REFERENCE))
    return stated


def at_temperature(stated: Number, expansion: Number, t: Number) -> Number:
    """Return the density at t of what has this density at 20 °C."""
    found: Number = stated / (1.0 + expansion * (t - REFERENCE))
    return found


def meniscus(diameter: Number, tension: Number) -> Number:
    """Return what a liquid of this surface tension in N/m pulls a wire or stem down by, in kg: π·d·σ/g."""
    pull: Number = math.pi * diameter * tension / GRAVITY
    return pull


def at_mark(in_air: Buoyed, in_liquid: Buoyed, liquid: Number, pull: Number, meant: Number) -> Number:
    """Return the density in which a hydrometer floats at the mark it was sunk to (Cuckow).

    Args:
        in_air: as it was weighed in air.
        in_liquid: as it was weighed, sunk to the mark.
        liquid: density of the liquid it was sunk in.
        pull: what that liquid's meniscus pulls its stem down by, in kg.
        meant: the same of the liquid that its scale is meant for.
    """
    displaced: Number = in_air.lightened - in_liquid.lightened + pull
    floats: Number = in_air.air + (liquid - in_air.air) * (in_air.lightened + meant) / displaced
    return floats


EXPANSION: Final = {
    "steel": 4.8e-5,
    "brass": 5.4e-5,
    "aluminium": 6.9e-5,
    "silicon": 7.7e-6,
    "glass": 1.0e-5,
    "polymer": 2.0e-4,
}
"""Cubic expansion of materials in 1/K; the real one of a piece differs by some 10 %."""

MATERIALS: Final = {
    "steel": "钢",
    "brass": "黄铜",
    "aluminium": "铝",
    "silicon": "单晶硅",
    "glass": "玻璃",
    "polymer": "聚合物",
}
"""What materials are called in Chinese."""

EXPANSION_SPREAD: Final = 0.1
"""By which share of it a piece's expansion may differ from that of its material."""
