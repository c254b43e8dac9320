"""Values between the points of a calibration certificate against two quantities at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remotecal.model.certified import CertifiedPoint
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.interpolation import CertifiedCurve


@dataclass(frozen=True, slots=True)
class CertifiedSurface:
    """A certificate's values over two quantities, such as pressure and temperature, volt and hertz.

    It is a curve for each place on the first quantity. To be read between them it is read on each curve
    first, and along the line through these values then, with the same allowance in both directions
    (`CertifiedCurve`); so the curves need not have their points at the same places.

    Raises:
        CertificateRefused: fewer than two curves, or not in ascending order; see `across`.
    """

    curves: Sequence[tuple[float, CertifiedCurve]]
    """Place on the first quantity → values against the second."""
    unit: str
    """Unit of the values."""
    source: str = ""
    """The certificate."""

    def value(self, first: float, second: float) -> float:
        """Return what the certificate states at a place (CertificateRefused if outside)."""
        return self.at("value", first, second).value

    def u(self, first: float, second: float) -> float:
        """Return its standard uncertainty there (CertificateRefused if outside)."""
        return self.at("value", first, second).u

    def at(self, symbol: str, first: float, second: float) -> Input:
        """Return the value at a place as an input quantity named `symbol`.

        Raises:
            CertificateRefused: the place is outside the certificate's range.
        """
        return self.across(second).at(symbol, first)

    def across(self, second: float) -> CertifiedCurve:
        """Return the curve against the first quantity, where the second has a value.

        Raises:
            CertificateRefused: the value is outside the certificate's range, or there are too few curves.
        """
        there = [(first, curve.at("value", second)) for first, curve in self.curves]
        points = [CertifiedPoint(first, known.value, known.u, 1.0, known.dof) for first, known in there]
        return CertifiedCurve(points, self.unit, self.source)
