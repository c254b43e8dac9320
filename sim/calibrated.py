"""What an instrument's certificate states, and what is true of the instrument.

A simulated instrument's systematic error is drawn so that its certificate is honest: the true
correction is the stated one plus a deviation with the standard uncertainty U/k. All points of one
certificate share the deviation (in units of U/k), because they share the laboratory's standards; where it
states their correlation, they share so much of it. Between two points it is off their straight line by what
such a certificate leaves open there: anything up to the limits that `CertifiedCurve` allows for.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import inf, sqrt
from random import Random
from typing import Self

from remotecal.errors import ConfigurationError
from remotecal.model.certified import CertifiedPoint
from remotecal.uncertainty.interpolation import CertifiedCurve


@dataclass(frozen=True, slots=True)
class Stated:
    """Correction table of a certificate: corrected value = indication + correction."""

    unit: str
    """Unit of points, corrections and expanded uncertainties; "1" where they are relative."""
    points: tuple[float, ...]
    """Where the corrections hold, ascending, in `of` units."""
    corrections: tuple[float, ...]
    """Stated corrections, one a point."""
    expanded: tuple[float, ...]
    """Expanded uncertainties U, one a point."""
    k: float = 2.0
    """Coverage factor of every U."""
    of: str = ""
    """Unit of the points where it is another one than that of the corrections (a flow, a load)."""
    correlation: float | None = None
    """Correlation coefficient of any two corrections, where it is told beside the certificate."""
    drift: float = 0.0
    """By how much they may all have changed since, where it is told beside the certificate."""

    def __post_init__(self) -> None:
        sizes = {len(self.points), len(self.corrections), len(self.expanded)}
        if len(sizes) != 1 or not self.points or list(self.points) != sorted(set(self.points)):
            raise ConfigurationError(
                "a correction table needs ascending points, and one correction and one U for each"
            )

    def correction(self, value: float) -> float:
        """Return the stated correction at `value`, interpolated; constant beyond the ends."""
        return interpolate(self.points, self.corrections, value)


class Calibrated:
    """An instrument's certificate together with its true corrections."""

    __slots__ = ("bends", "drifted", "stated", "true")

    stated: Stated
    true: tuple[float, ...]
    bends: tuple[float, ...]
    """How far off the straight line the truth is between two points, four times, one an interval."""

    drifted: float
    """By how much all true corrections have changed since the certificate."""

    def __init__(
        self, stated: Stated, deviation: float, own: tuple[float, ...] = (), drifted: float = 0.0
    ) -> None:
        """Let the truth be off what is stated.

        Args:
            stated: what its certificate states.
            deviation: by how many standard uncertainties all true corrections lie off the stated ones.
            own: the same of each point by itself, which counts as far as the stated correlation leaves room.
            drifted: by how much they all have changed since, in the unit of the corrections.
        """
        self.stated, self.bends, self.drifted = stated, (), drifted
        common = 1.0 if stated.correlation is None or not own else stated.correlation
        self.true = tuple(
            correction + drifted + (sqrt(common) * deviation + sqrt(1 - common) * alone) * expanded / stated.k
            for correction, expanded, alone in zip(
                stated.corrections, stated.expanded, own or (0.0,) * len(stated.points), strict=True
            )
        )

    @classmethod
    def drawn(cls, stated: Stated, rng: Random) -> Calibrated:
        """Draw the truth for what is stated."""
        own = () if stated.correlation is None else tuple(rng.gauss(0.0, 1.0) for _ in stated.points)
        deviation = rng.gauss(0.0, 1.0)
        drifted = rng.uniform(-stated.drift, stated.drift) if stated.drift else 0.0
        return cls(stated, deviation, own, drifted).bent()

    def bent(self) -> Self:
        """Let the truth between two points be off their line by what such a certificate leaves open."""
        self.bends = _drawn_bends(self.stated, Random(f"{self.true}"))  # noqa: S311  what else is drawn stays
        return self

    def imitate(self, other: Calibrated) -> None:
        """State what another one states from now on, and be off as it is."""
        self.stated, self.true, self.bends = other.stated, other.true, other.bends
        self.drifted = other.drifted

    def correction(self, value: float) -> float:
        """Return the true correction at `value`; constant beyond the ends."""
        points = self.stated.points
        straight = interpolate(points, self.true, value)
        if not self.bends or not points[0] < value < points[-1]:
            return straight
        right = bisect_right(points, value)
        share = (value - points[right - 1]) / (points[right] - points[right - 1])
        return straight + self.bends[right - 1] * share * (1.0 - share)

    def indicated(self, value: float) -> float:
        """Return what the instrument indicates when `value` is true."""
        return value - self.correction(value)


def draw(
    rng: Random,
    unit: str,
    points: tuple[float, ...],
    *,
    spread: float,
    expanded: tuple[float, ...],
    of: str = "",
    digits: int = 9,
    correlation: float | None = None,
    drift: float = 0.0,
) -> Calibrated:
    """Draw an instrument: stated corrections within ± `spread`, and its true ones.

    `expanded` holds one U (k = 2) a point. Stated corrections are rounded to `digits` decimals, as
    on a certificate.
    """
    corrections = tuple(round(rng.uniform(-spread, spread), digits) for _ in points)
    stated = Stated(unit, points, corrections, expanded, of=of, correlation=correlation, drift=drift)
    return Calibrated.drawn(stated, rng)


def _drawn_bends(stated: Stated, rng: Random) -> tuple[float, ...]:
    """Draw how far off the straight line the truth is, within what such a certificate leaves open."""
    if len(stated.points) < 2:
        return ()
    rows = zip(stated.points, stated.corrections, stated.expanded, strict=True)
    curve = CertifiedCurve(
        [CertifiedPoint(at, value, u, stated.k, inf) for at, value, u in rows], stated.unit
    )
    return tuple(rng.uniform(-1.0, 1.0) * curve.bend(i) for i in range(len(stated.points) - 1))


def interpolate(points: tuple[float, ...], values: tuple[float, ...], at: float) -> float:
    """Return the value at `at` on the broken line through points; constant beyond the ends."""
    if at <= points[0]:
        return values[0]
    if at >= points[-1]:
        return values[-1]
    right = bisect_right(points, at)
    share = (at - points[right - 1]) / (points[right] - points[right - 1])
    return values[right - 1] + share * (values[right] - values[right - 1])
