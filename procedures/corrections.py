"""An instrument's error as its certificate states it, ready for a measurement model.

A certificate gives the error of indication e at a few indications, each with U and k. Its points
come from the same standards on the same day, so they are taken as fully correlated: one input per
certificate, the deviation δ from the stated errors, moves all of them in proportion to their
standard uncertainties. Between points e and u are interpolated linearly; beyond them nothing is
known and the reading is refused.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused
from remotecal.uncertainty.inputs import Distribution, Input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.drivers.measured import Measured
    from remotecal.model import Certificate
    from remotecal.uncertainty.number import Number

BEYOND = 0.01
"""Share of a certificate's range a reading may lie outside it and still be taken as its end."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The error of an instrument against its indication."""

    symbol: str
    """Name of the deviation δ in the measurement model."""
    unit: str
    """Unit of `errors` and `uncertainties`."""
    places: tuple[float, ...]
    """Where they hold, ascending."""
    errors: tuple[float, ...]
    """Errors of indication."""
    uncertainties: tuple[float, ...]
    """Their standard uncertainties."""
    dof: float
    """Degrees of freedom of all of them."""
    source: str
    """The certificate, for the budget."""
    distribution: Distribution = Distribution.NORMAL

    @classmethod
    def certified(
        cls,
        symbol: str,
        certificate: Certificate,
        unit: str,
        *,
        at: str = "basic_measuredValue",
        at_unit: str = "",
    ) -> Correction:
        """Read the errors from a certificate.

        Args:
            symbol: name of the deviation in the model.
            certificate: the instrument's.
            unit: unit to bring errors to.
            at: refType of the column they are stated against.
            at_unit: unit to bring that column to; the same as `unit` if not given.

        Raises:
            CertificateRefused: there is no such table, or its values have no uncertainty.
        """
        from remotecal.units import convert

        table = certificate.points("basic_measurementError", at, unit)
        rows = sorted(table.points, key=lambda point: point.at)
        return cls(
            symbol,
            unit,
            tuple(convert(row.at, table.at_unit, at_unit or unit) for row in rows),
            tuple(_difference(row.value, table.unit, unit) for row in rows),
            tuple(_difference(row.expanded / row.k, table.unit, unit) for row in rows),
            min(row.dof for row in rows),
            certificate.number,
        )

    def around(self, place: float) -> Applied:
        """Return the correction with its deviation scaled to what it is at `place`."""
        return Applied(self, self._at(place, self.uncertainties))

    def _at(self, place: float, values: Sequence[float]) -> float:
        first, last = self.places[0], self.places[-1]
        slack = BEYOND * (last - first) if last > first else math.inf
        if not first - slack <= place <= last + slack:
            raise CertificateRefused(
                f"certificate {self.source} holds from {first:g} to {last:g}, but {place:g} was read: "
                "have the instrument calibrated over the range it is used in"
            )
        if place <= first or len(values) == 1:
            return values[0]
        if place >= last:
            return values[-1]
        right = bisect_right(self.places, place)
        share = (place - self.places[right - 1]) / (self.places[right] - self.places[right - 1])
        return values[right - 1] + share * (values[right] - values[right - 1])


@dataclass(frozen=True, slots=True)
class Applied:
    """A correction in use at a calibration point."""

    correction: Correction
    u: float
    """Standard uncertainty where the input δ is stated, in the correction's unit."""

    @property
    def input(self) -> Input:
        """The deviation from the certificate's errors: value 0."""
        known = self.correction
        if known.distribution is Distribution.RECTANGULAR:
            return Input.from_limits(
                known.symbol, 0.0, known.unit, self.u * math.sqrt(3), source=known.source
            )
        return Input.normal(known.symbol, 0.0, known.unit, self.u, dof=known.dof, source=known.source)

    def error(self, place: float, deviation: Number) -> Number:
        """Return the error of indication at `place`, the deviation δ included."""
        known = self.correction
        weight = known._at(place, known.uncertainties) / self.u if self.u else 0.0  # noqa: SLF001  one unit of two classes
        error: Number = known._at(place, known.errors) + weight * deviation  # noqa: SLF001
        return error

    def corrected(self, indication: float, deviation: Number) -> Number:
        """Return an indication less its error."""
        value: Number = indication - self.error(indication, deviation)
        return value


def from_limit(symbol: str, readings: Sequence[Measured]) -> Correction:
    """Return the correction of an instrument that has no certificate: its maker's limit of error.

    Args:
        symbol: name of the deviation in the model.
        readings: what it indicated, each with the standard uncertainty the driver states.

    Raises:
        CertificateRefused: the maker states no limit either.
    """
    known = [reading.u for reading in readings if reading.u is not None]
    if len(known) < len(readings):
        raise CertificateRefused(
            f"{readings[0].source} has no certificate and no limit of error where it was read: "
            "give it a certificate in the bench file"
        )
    source = f"{readings[0].source}: maker's limit of error"
    return Correction(
        symbol, readings[0].unit, (0.0,), (0.0,), (max(known),), math.inf, source, Distribution.RECTANGULAR
    )


def _difference(value: float, unit: str, to: str) -> float:
    """Convert a difference, which for temperatures is not converted as a temperature is."""
    from remotecal.units import convert

    return convert(value, unit, to) - convert(0.0, unit, to)
