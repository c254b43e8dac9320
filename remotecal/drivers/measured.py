"""What an instrument's reply becomes: a value with its unit, its quality and where it came from."""

from __future__ import annotations

import math
from typing import NamedTuple


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
