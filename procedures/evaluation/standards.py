"""An instrument's error as its certificate states it, ready for a measurement model.

A certificate gives the error of indication e at a few indications, each with U and k; between them
`CertifiedCurve` tells e and u. Where an instrument is used, its deviation δ from the stated errors is
one input: readings near each other share it, in proportion to u. Readings far apart, such as those of
a balance with the tank empty and full, get a deviation each: a certificate does not say how much its
points have in common, and to take it as all would make the difference surer than either reading.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused
from remotecal.model.certificate import CertifiedPoint
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.interpolation import CertifiedCurve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.drivers.measured import Measured
    from remotecal.model import Certificate
    from remotecal.uncertainty.number import Number


@dataclass(frozen=True, slots=True)
class Limit:
    """A maker's limit of error: the error is taken as 0, with one uncertainty wherever it is read."""

    unit: str
    standard: float
    """Standard uncertainty."""
    source: str

    def value(self, x: float) -> float:
        """Return the error: none is known."""
        return 0.0

    def u(self, x: float) -> float:
        """Return the standard uncertainty of the error."""
        return self.standard

    def at(self, symbol: str, x: float) -> Input:
        """Return the error as an input quantity."""
        return Input.from_limits(symbol, 0.0, self.unit, self.standard * math.sqrt(3), source=self.source)


@dataclass(frozen=True, slots=True)
class Standard:
    """The error of an instrument against its indication."""

    symbol: str
    """Name of the deviation δ in the measurement model."""
    errors: CertifiedCurve | Limit

    @classmethod
    def certified(
        cls,
        symbol: str,
        certificate: Certificate,
        unit: str,
        *,
        at: str = "basic_measuredValue",
        at_unit: str = "",
        extended: bool = False,
    ) -> Standard:
        """Read the errors from a certificate.

        Args:
            symbol: name of the deviation in the model.
            certificate: the instrument's.
            unit: unit to bring errors to.
            at: refType of the column they are stated against.
            at_unit: unit to bring that column to; the same as `unit` if not given.
            extended: whether readings outside its range are corrected too, with more uncertainty.

        Raises:
            CertificateRefused: there is no such table, its values have no uncertainty, or it has one
                point only.
        """
        from remotecal.units import convert

        table = certificate.points("basic_measurementError", at, unit)
        points = [
            CertifiedPoint(
                convert(row.at, table.at_unit, at_unit or unit),
                _difference(row.value, table.unit, unit),
                _difference(row.expanded, table.unit, unit),
                row.k,
                row.dof,
            )
            for row in sorted(table.points, key=lambda point: point.at)
        ]
        return cls(symbol, CertifiedCurve(points, unit, certificate.number, extended=extended))

    def require(self, low: float, high: float, need: str) -> None:
        """Raise `CertificateRefused` if the certificate does not hold from `low` to `high`.

        Args:
            low: lowest place the instrument will be used at.
            high: highest place.
            need: why, in words.
        """
        errors = self.errors
        if isinstance(errors, CertifiedCurve) and (errors.outside(low) or errors.outside(high)):
            first, last = errors.ends
            raise CertificateRefused(
                f"certificate {errors.source} holds from {first:g} to {last:g}, but {need}: use an "
                "instrument that is calibrated there"
            )

    def around(self, place: float) -> Applied:
        """Return the correction for readings around `place`, which share one deviation.

        Raises:
            CertificateRefused: `place` is outside the certificate's range.
        """
        return Applied(self, self.errors.at(self.symbol, place))


@dataclass(frozen=True, slots=True)
class Applied:
    """A correction in use at a calibration point."""

    standard: Standard
    known: Input
    """The error where the deviation is stated."""

    @property
    def input(self) -> Input:
        """The deviation from the certificate's errors: value 0."""
        return replace(self.known, value=0.0)

    def error(self, place: float, deviation: Number) -> Number:
        """Return the error of indication at `place`, the deviation δ included.

        Raises:
            CertificateRefused: `place` is outside the certificate's range.
        """
        errors = self.standard.errors
        weight = errors.u(place) / self.known.u if self.known.u else 0.0
        error: Number = errors.value(place) + weight * deviation
        return error

    def corrected(self, indication: float, deviation: Number) -> Number:
        """Return an indication less its error (CertificateRefused outside the certificate's range)."""
        value: Number = indication - self.error(indication, deviation)
        return value


def from_limit(symbol: str, readings: Sequence[Measured]) -> Standard:
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
    return Standard(symbol, Limit(readings[0].unit, max(known), source))


def _difference(value: float, unit: str, to: str) -> float:
    """Convert a difference, which for temperatures is not converted as a temperature is."""
    from remotecal.units import convert

    return convert(value, unit, to) - convert(0.0, unit, to)
