"""A solid's volume by the gas it displaces: two chambers, and the pressure before and after they are joined.

The cell, of volume V_c with the body V inside, is filled to p₁, and then opened to the reference chamber V_r,
in which the gas has the pressure of the air, p₀. With n = p/Z, which is in proportion to the gas's density,

    V = V_c - V_r/X,   X = (n₁ - n₀)/(n₂ - n₀) - 1

V_c and V_r follow from the same with the cell empty, and with a sphere of known volume. Pressures are
absolute, in Pa, volumes in m³.
"""

from __future__ import annotations

from typing import Final

from remotecal.fluids.critical_flow import GAS_CONSTANT
from remotecal.model import Text
from remotecal.uncertainty.number import Number

VIRIAL: Final = {"helium": 11.8e-6, "nitrogen": -6.0e-6}
"""Second virial coefficient near 20 °C in m³/mol (unverified; the sheet has 5e-4 per 0.1 MPa for helium)."""

CALLED: Final = {"helium": Text(zh="氦", en="helium"), "nitrogen": Text(zh="氮", en="nitrogen")}

VIRIAL_SPREAD: Final = 0.05
"""By which share it may be wrong."""


def ideal(pressure: Number, virial: Number, t: Number) -> Number:
    """Return p/Z in Pa of a gas at t in °C, by its second virial coefficient in m³/mol."""
    z = 1.0 + virial * pressure / (GAS_CONSTANT * (t + 273.15))
    n: Number = pressure / z
    return n


def drop(first: Number, second: Number) -> Number:
    """Return X of two pressures, both from that of the air."""
    x: Number = first / second - 1.0
    return x


def displaced(cell: Number, reference: Number, x: Number) -> Number:
    """Return the volume of what is in the cell."""
    volume: Number = cell - reference / x
    return volume


def chambers(sphere: Number, empty: Number, with_sphere: Number) -> tuple[Number, Number]:
    """Return V_c and V_r by a sphere's volume and the X of both runs."""
    reference: Number = sphere / (1.0 / empty - 1.0 / with_sphere)
    return reference / empty, reference
