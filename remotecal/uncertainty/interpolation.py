"""Corrections between the points of a calibration certificate."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from remotecal.errors import ParameterError
from remotecal.uncertainty.inputs import Input


@dataclass(frozen=True, slots=True)
class CertifiedPoint:
    """One row of a certificate's table."""

    at: float
    """Value of the quantity at which the standard was calibrated."""
    correction: float
    """What the certificate states there: a correction, an error, a factor."""
    expanded: float
    """Expanded uncertainty of `correction`."""
    k: float = 2.0
    dof: float = math.inf


@dataclass(frozen=True, slots=True)
class CertifiedCurve:
    """A certificate's table, read between its points by straight lines.

    Points of one certificate share most of their uncertainty, so they are taken as fully correlated: the
    uncertainty is interpolated like the correction, and is never smaller between two points than at both.
    What the straight line may miss is added as rectangular limits.

    Raises:
        ParameterError: fewer than two points, points not in ascending order, or two points alone without
            `nonlinearity`.
    """

    points: Sequence[CertifiedPoint]
    unit: str
    """Unit of the corrections."""
    source: str = ""
    """The certificate."""
    nonlinearity: float | None = None
    """Greatest distance of the curve from the chord between neighbouring points; by default it is
    estimated from how much the slope changes from one interval to the next."""

    def __post_init__(self) -> None:
        places = [point.at for point in self.points]
        if len(places) < 2 or any(b <= a for a, b in pairwise(places)):
            raise ParameterError(
                f"{self.source or 'a certificate'} needs 2 points or more, in ascending order"
            )
        if len(places) == 2 and self.nonlinearity is None:
            raise ParameterError(f"{self.source or 'a certificate'} has 2 points only: say its nonlinearity")

    def at(self, symbol: str, x: float) -> Input:
        """Return the correction at `x` as an input quantity named `symbol`.

        Raises:
            ParameterError: `x` is outside the certificate's points; nothing is extrapolated.
        """
        first, last = self.points[0].at, self.points[-1].at
        if not first <= x <= last:
            raise ParameterError(
                f"{symbol}: {x:g} is outside {first:g} to {last:g}, where {self.source or 'the certificate'} "
                "was calibrated; use a standard calibrated there"
            )
        i = min(bisect_right(self.points, x, key=lambda point: point.at), len(self.points) - 1) - 1
        low, high = self.points[i], self.points[i + 1]
        share = (x - low.at) / (high.at - low.at)
        u = (1 - share) * low.expanded / low.k + share * high.expanded / high.k
        if self.nonlinearity is None:
            limit = self._curvature(i) * (x - low.at) * (high.at - x)
        else:
            limit = self.nonlinearity * 4 * share * (1 - share)
        # The limits join the certificate's uncertainty just as those of a drift do.
        return Input.from_certificate(
            symbol,
            (1 - share) * low.correction + share * high.correction,
            self.unit,
            u,
            1.0,
            dof=min(low.dof, high.dof),
            drift=limit,
            source=self.source,
        )

    def _curvature(self, i: int) -> float:
        """Return the larger second divided difference on either side of interval `i`."""
        return max(
            abs(_second_difference(*self.points[j : j + 3]))
            for j in (i - 1, i)
            if j >= 0 and j + 3 <= len(self.points)
        )


def _second_difference(a: CertifiedPoint, b: CertifiedPoint, c: CertifiedPoint) -> float:
    before = (b.correction - a.correction) / (b.at - a.at)
    after = (c.correction - b.correction) / (c.at - b.at)
    return (after - before) / (c.at - a.at)
