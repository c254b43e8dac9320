"""What a meter is like, from its errors and K factors at all points.

The formulas are those of the Chinese verification regulations (JJG 1037-2008 for turbine meters,
JJG 1033-2007 for electromagnetic ones, JJG 1038-2008 for Coriolis meters), whose clauses have not
been seen here: the numbers are reported, and which of them decides is a parameter.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from remotecal.procedures.library.evaluation.finding import scatter


@dataclass(frozen=True, slots=True)
class ErrorCharacteristics:
    """A meter judged by its relative error of indication (JJG 1033, JJG 1038)."""

    error: float
    """Mean error of largest magnitude among the points, in %."""
    repeatability: float
    """Largest repeatability among the points, in %."""

    @classmethod
    def of(cls, errors: Sequence[Sequence[float]]) -> ErrorCharacteristics:
        """Return the characteristics of errors in %, one row a point, one entry a repeat."""
        means = [statistics.fmean(row) for row in errors]
        return cls(max(means, key=abs), max(scatter(row) for row in errors))


@dataclass(frozen=True, slots=True)
class FactorCharacteristics:
    """A meter judged by its K factor (JJG 1037)."""

    factor: float
    """K: middle between the largest and the smallest mean K factor, in the K factors' unit."""
    linearity: float
    """E_L: half the range of the mean K factors over K, in %."""
    repeatability: float
    """E_r: largest relative standard deviation of the K factor at a point, in %."""

    @classmethod
    def of(cls, factors: Sequence[Sequence[float]]) -> FactorCharacteristics:
        """Return the characteristics of K factors, one row a point, one entry a repeat."""
        means = [statistics.fmean(row) for row in factors]
        high, low = max(means), min(means)
        spread = max(100 * scatter(row) / mean for row, mean in zip(factors, means, strict=True))
        return cls((high + low) / 2, 100 * (high - low) / (high + low), spread)
