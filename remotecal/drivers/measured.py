"""What an instrument's reply becomes: a value with its unit, its quality and where it came from."""

from __future__ import annotations

import math
from typing import NamedTuple

from remotecal.errors import EvidenceError


class Measured(NamedTuple):
    """One indication of one instrument."""

    value: float
    """The indication, in `unit`."""
    unit: str
    """Short notation, as declared by the driver: "m3/h", "°C", "1"."""
    u: float | None
    """Standard uncertainty from the maker's limit of error (type B), in `unit`.

    None where the maker states no limit or the value lies outside the declared span. A calibration
    certificate supersedes it.
    """
    source: str
    """Instrument and quantity: "balance.mass"."""
    at: float
    """Time of the reply, seconds since the Unix epoch, UTC."""
    exchange: int | None = None
    """Number of the kept exchange this was read from; None where nobody keeps them."""

    def to(self, unit: str) -> Measured:
        """Return the same indication in another unit.

        Raises:
            UnitError: the unit is unknown or of another dimension.
        """
        if unit == self.unit:
            return self
        from remotecal.units import convert

        value = convert(self.value, self.unit, unit)
        if self.u is None:
            return self._replace(value=value, unit=unit)
        step = self.u or math.ulp(self.value)
        slope = (convert(self.value + step, self.unit, unit) - value) / step
        return self._replace(value=value, unit=unit, u=abs(slope) * self.u)


def passed(before: Measured, after: Measured, modulus: float | None = None) -> Measured:
    """Return what passed between two readings of a total or a counter, in their unit, without u.

    A counter that wraps counts on from 0. It is taken to have done so once at most, and to have come
    less than half its way: more looks like one that was set back, or lost power.

    Args:
        before: the first reading.
        after: the second.
        modulus: what the counter wraps at, in the readings' unit; None for one that does not.

    Raises:
        EvidenceError: the second is smaller, and no wrap explains it; or they are of two totals.
    """
    if after.source != before.source:
        raise EvidenceError(
            f"{before.source} was read before and {after.source} after: one total alone tells what passed"
        )
    difference = after.to(before.unit).value - before.value
    if difference < 0 and modulus is not None and difference + modulus < modulus / 2:
        difference += modulus
    if difference < 0:
        behind = "" if modulus is None else f", and it wraps only at {modulus:.15g}"
        raise EvidenceError(
            f"{before.source}: the total is smaller after the repeat ({after.value:.15g} {after.unit}) than "
            f"before ({before.value:.15g}){behind}: was it set back, or without power? Measure again"
        )
    return before._replace(value=difference, u=None, at=after.at, exchange=None)
