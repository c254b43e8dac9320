"""Scatter within and between groups of readings, such as days (GUM H.5)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from remotecal.errors import ParameterError


@dataclass(frozen=True, slots=True)
class BetweenGroups:
    """One-way analysis of variance of groups of equal size."""

    mean: float
    within: float
    """Pooled standard deviation of a reading within its group."""
    of_means: float
    """Standard deviation of the groups' means."""
    between: float
    """Standard deviation of the effect that differs from group to group; 0 if none shows."""
    f: float
    """Ratio of the two estimates of a reading's variance, from the means and from within (GUM H.27)."""
    dof: tuple[int, int]
    """Degrees of freedom of the two estimates."""
    u: float
    """Standard uncertainty of `mean` if the effect between groups is real; J - 1 degrees of freedom."""

    def significant(self, level: float = 0.05) -> bool:
        """Tell whether so large an F would come about by chance in less than `level` of cases."""
        from scipy.special import fdtrc

        return float(fdtrc(*self.dof, self.f)) < level


def between_groups(means: Sequence[float], deviations: Sequence[float], size: int) -> BetweenGroups:
    """Return the scatter within and between groups from their means and standard deviations.

    Args:
        means: mean of each group.
        deviations: standard deviation of the readings within each group.
        size: readings in each group.

    Raises:
        ParameterError: fewer than two groups or two readings, lengths that differ, or no scatter at all.
    """
    if len(means) < 2 or len(deviations) != len(means) or size < 2 or not any(deviations):
        raise ParameterError("an analysis of variance needs 2 groups of 2 readings or more that scatter")
    within = math.sqrt(statistics.fmean(s * s for s in deviations))
    of_means = statistics.stdev(means)
    between = math.sqrt(max(0.0, of_means**2 - within**2 / size))
    return BetweenGroups(
        statistics.fmean(means),
        within,
        of_means,
        between,
        size * of_means**2 / within**2,
        (len(means) - 1, len(means) * (size - 1)),
        of_means / math.sqrt(len(means)),
    )
