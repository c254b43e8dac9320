"""Values between the points of a calibration certificate."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused
from remotecal.uncertainty.inputs import Input

if TYPE_CHECKING:
    from remotecal.model.certified import CertifiedPoint

BEYOND = 0.01
"""By how much a reading may scatter beyond a certificate's ends, as a share of the interval beside that end.

Not of the whole range: of a meter that is certified from 0.03 to 3 m³/h that would be all there is below.
"""


@dataclass(frozen=True, slots=True)
class CertifiedCurve:
    """A certificate's table, read between its points by straight lines.

    Between two points the uncertainty is that of the straight line: what the points have in common is
    there in full, what is each point's own is less in the middle, as far as the `correlation` tells. Where
    nobody states it they are taken as fully correlated, as they come from the same standards on the same
    day, and the uncertainty is interpolated like the value: none is larger.
    What the straight line may miss is added as rectangular limits; beyond the ends, where
    the last line goes on for `BEYOND`, they grow with the distance. Where it is `extended` it goes on
    further, and the limits grow by the whole band the certificate's errors lie in, U included, for every
    range's length.

    Raises:
        CertificateRefused: fewer than two points, points not in ascending order, or one that is no number.
    """

    points: Sequence[CertifiedPoint]
    unit: str
    """Unit of the values."""
    source: str = ""
    """The certificate."""
    nonlinearity: float | None = None
    """Greatest distance of the curve from the chord between neighbouring points. By default it is
    estimated: from how much the slope changes from one interval to the next; with two points, as the
    most that a parabola without a peak between them leaves the chord."""
    extended: bool = False
    """Whether it is also read further outside its range than `BEYOND`."""
    correlation: Sequence[Sequence[float]] | None = None
    """Correlation matrix of the points' values; None where nobody states what they have in common."""
    at_unit: str = ""
    """Unit of the places."""
    stated_in: str = ""
    """Unit the certificate itself states places in, where that is another one; they are told in it."""

    def __post_init__(self) -> None:
        places = [point.at for point in self.points]
        numbers = [
            number for point in self.points for number in (point.at, point.value, point.expanded, point.k)
        ]
        if not all(map(math.isfinite, numbers)):
            raise CertificateRefused(
                f"{self._name} has a row that is no number: what was not measured there can't be used"
            )
        if len(places) < 2 or any(b <= a for a, b in pairwise(places)):
            raise CertificateRefused(
                f"{self._name} needs 2 points or more, each at another place; what is certified at one "
                "place only may stand in the bench file as a characteristic, or is a single value"
            )

    def value(self, x: float) -> float:
        """Return what the certificate states, interpolated at `x`.

        Raises:
            CertificateRefused: `x` is outside the certificate's range.
        """
        i, share = self._locate(x)
        return _along(self.points[i].value, self.points[i + 1].value, share)

    def u(self, x: float) -> float:
        """Return the standard uncertainty of `value` at `x` (CertificateRefused if outside)."""
        return self.at("value", x).u

    def at(self, symbol: str, x: float) -> Input:
        """Return the value at `x` as an input quantity named `symbol`.

        Raises:
            CertificateRefused: `x` is outside the certificate's range.
        """
        i, share = self._locate(x)
        low, high = self.points[i], self.points[i + 1]
        u = max(self._of_the_line(i, share), self._of_the_line(i, min(max(share, 0.0), 1.0)))
        # The limits join the certificate's uncertainty just as those of a drift do.
        return Input.from_certificate(
            symbol,
            _along(low.value, high.value, share),
            self.unit,
            u,
            1.0,
            dof=min(low.dof, high.dof),
            drift=self.bend(i) * abs(share * (1 - share)) + self._band() * self.outside(x),
            source=self.source,
        )

    def correlated(self, x: float, y: float) -> float:
        """Return the correlation coefficient of `value` at two places; 0 where nobody states it.

        What a straight line may miss is of each place's own.

        Raises:
            CertificateRefused: a place is outside the certificate's range.
        """
        if self.correlation is None:
            return 0.0
        common = sum(
            one * other * self.correlation[i][j] for i, one in self._parts(x) for j, other in self._parts(y)
        )
        u = self.u(x) * self.u(y)
        return min(1.0, common / u) if u else 0.0

    def _of_the_line(self, i: int, share: float) -> float:
        """Return the standard uncertainty of the straight line through interval `i`, where `share` tells."""
        (_, one), (_, other) = self._shares(i, share)
        if self.correlation is None:
            return abs(one + other)
        return math.sqrt(max(0.0, one**2 + other**2 + 2 * self.correlation[i][i + 1] * one * other))

    def _parts(self, x: float) -> tuple[tuple[int, float], tuple[int, float]]:
        """Return the points beside a place, and what each contributes to the uncertainty there."""
        i, share = self._locate(x)
        return self._shares(i, min(max(share, 0.0), 1.0))

    def _shares(self, i: int, share: float) -> tuple[tuple[int, float], tuple[int, float]]:
        """Return the points beside interval `i`, and what each contributes where `share` of it lies."""
        low, high = self.points[i], self.points[i + 1]
        return (i, (1 - share) * low.expanded / low.k), (i + 1, share * high.expanded / high.k)

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest `x` that was calibrated at."""
        return self.points[0].at, self.points[-1].at

    def outside(self, x: float) -> float:
        """Return how far `x` lies outside, more than `BEYOND`, as a share of the range; 0 if it doesn't."""
        first, last = self.ends
        below = first - x - BEYOND * (self.points[1].at - first)
        above = x - last - BEYOND * (last - self.points[-2].at)
        return max(0.0, below, above) / (last - first)

    def told(self, *places: float) -> str:
        """Return places in words, in the unit the certificate states them in: "0 to 1000 kPa"."""
        from remotecal import units

        unit = self.stated_in or self.at_unit
        numbers = [units.convert(place, self.at_unit, unit) if unit else place for place in places]
        words = " to ".join(f"{Decimal(f'{number:.6g}'):f}" for number in numbers)
        return f"{words} {unit}" if unit not in {"", "1"} else words

    def _band(self) -> float:
        """Return the width of the band that all errors lie in, with their expanded uncertainties."""
        highest = max(point.value + point.expanded for point in self.points)
        return highest - min(point.value - point.expanded for point in self.points)

    def _locate(self, x: float) -> tuple[int, float]:
        """Return the interval of `x` and where it lies there: from 0 to 1, or a little beyond."""
        first, last = self.ends
        if not math.isfinite(x) or (self.outside(x) and not self.extended):
            raise CertificateRefused(
                f"{self._name} holds from {self.told(first, last)}, but {self.told(x)} was read: "
                "have the instrument calibrated over the range it is used in"
            )
        right = bisect_right(self.points, x, key=lambda point: point.at)
        i = min(max(right, 1), len(self.points) - 1) - 1
        low, high = self.points[i].at, self.points[i + 1].at
        return i, (x - low) / (high - low)

    def bend(self, i: int) -> float:
        """Return four times the greatest distance of the curve from the chord of interval `i`.

        Where `share`, from 0 to 1, tells the place in it, it is off by this times share·(1 - share) at most.
        """
        if self.nonlinearity is not None:
            return 4 * self.nonlinearity
        low, high = self.points[i], self.points[i + 1]
        if len(self.points) == 2:
            return abs(high.value - low.value)
        curvature = max(
            abs(_second_difference(*self.points[j : j + 3]))
            for j in (i - 1, i)
            if j >= 0 and j + 3 <= len(self.points)
        )
        return curvature * (high.at - low.at) ** 2

    @property
    def _name(self) -> str:
        return f"certificate {self.source}" if self.source else "a certificate"


def _along(low: float, high: float, share: float) -> float:
    return (1 - share) * low + share * high


def _second_difference(a: CertifiedPoint, b: CertifiedPoint, c: CertifiedPoint) -> float:
    before = (b.value - a.value) / (b.at - a.at)
    after = (c.value - b.value) / (c.at - b.at)
    return (after - before) / (c.at - a.at)
