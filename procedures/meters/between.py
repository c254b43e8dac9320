"""A liquid in the pipe between meter and standard: what that holds more at the end passed only one of them.

m = V·(ρ_end - ρ_begin)                     ISO 4185, of the connecting pipe
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remotecal.uncertainty.number import Number

CONNECTION: Final = "connecting_volume"
"""Fact of a bench: the pipe's volume between standard and meter, in m³."""
SPACING: Final = "meter_spacing"
"""The same between a meter and the next, where several stand in a line."""


def stored(volume: Number, begin: Number, end: Number) -> Number:
    """Return by how many kg more a pipe holds: its volume in m³, the densities in kg/m³ before and after."""
    grown: Number = volume * (end - begin)
    return grown
