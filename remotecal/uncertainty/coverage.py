"""Degrees of freedom and coverage factors (GUM, annex G)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remotecal.errors import ParameterError

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray


def coverage_factor(dof: float, coverage: float) -> float:
    """Return t_p for `dof` degrees of freedom, truncated to an integer (GUM G.4.1, G.6.4).

    Args:
        dof: effective degrees of freedom, at least 1; may be infinite.
        coverage: coverage probability of the two-sided interval, such as 0.95 or 0.9545.

    Raises:
        ParameterError: a probability outside 0 to 1, or fewer than 1 degree of freedom.
    """
    from scipy.special import ndtri, stdtrit

    if not 0 < coverage < 1:
        raise ParameterError(f"a coverage probability lies between 0 and 1, not {coverage!r}")
    quantile = (1 + coverage) / 2
    if math.isinf(dof):
        return float(ndtri(quantile))
    return float(stdtrit(whole_dof(dof), quantile))


def coverage_factors(dof: NDArray[float64], coverage: float) -> NDArray[float64]:
    """Return t_p for the degrees of freedom of each of many results; see `coverage_factor`."""
    import numpy as np
    from scipy.special import ndtri, stdtrit

    if not 0 < coverage < 1:
        raise ParameterError(f"a coverage probability lies between 0 and 1, not {coverage!r}")
    quantile = (1 + coverage) / 2
    factors: NDArray[float64] = np.where(np.isinf(dof), ndtri(quantile), stdtrit(_whole_dofs(dof), quantile))
    return factors


def coverage_probability(dof: float, k: float) -> float:
    """Return the probability that ± `k` standard uncertainties hold, the inverse of `coverage_factor`.

    Raises:
        ParameterError: a factor of 0 or less, or fewer than 1 degree of freedom.
    """
    from scipy.special import ndtr, stdtr

    if not k > 0:
        raise ParameterError(f"a coverage factor is above 0, not {k!r}")
    return 2 * float(ndtr(k) if math.isinf(dof) else stdtr(whole_dof(dof), k)) - 1


def coverage_probabilities(dof: NDArray[float64], k: float) -> NDArray[float64]:
    """Return the probability that ± `k` hold for each of many results; see `coverage_probability`."""
    import numpy as np
    from scipy.special import ndtr, stdtr

    if not k > 0:
        raise ParameterError(f"a coverage factor is above 0, not {k!r}")
    below: NDArray[float64] = np.where(np.isinf(dof), ndtr(k), stdtr(_whole_dofs(dof), k))
    return 2 * below - 1


def region_factor(values: int, dof: float, coverage: float) -> float:
    """Return the factor k of the ellipsoid that covers several values together: 2.45 for two, at 95 %.

    The ellipsoid holds all that is no farther than k from the estimates, in the metric of their covariance
    matrix; its shadow on each value is ± k standard uncertainties (JCGM 102:2011, 6.5; with finite degrees
    of freedom Hotelling's T²: Willink and Hall, Metrologia 39 (2002) 361).

    Args:
        values: how many.
        dof: degrees of freedom of their covariance matrix, at least as many as values; may be infinite.
        coverage: probability that all are within, such as 0.95.

    Raises:
        ParameterError: a probability outside 0 to 1, no values, or too few degrees of freedom for them.
    """
    from scipy.special import chdtri, fdtri

    if not 0 < coverage < 1:
        raise ParameterError(f"a coverage probability lies between 0 and 1, not {coverage!r}")
    if values < 1:
        raise ParameterError("a region covers one value or more")
    if math.isinf(dof):
        return math.sqrt(float(chdtri(values, 1 - coverage)))
    whole = whole_dof(dof)
    left = whole - values + 1
    if left < 1:
        raise ParameterError(f"{whole} degrees of freedom are too few for a region of {values} values")
    return math.sqrt(values * whole / left * float(fdtri(values, left, coverage)))


_HAIR = 5e-3
"""What two decimals of degrees of freedom don't show."""

_HAIR_OF_FEW = 1e-3
"""The same relative, where there are few: 1.996 is not 2, as k would be a third of what it is."""


def whole_dof(dof: float) -> int:
    """Return finite degrees of freedom truncated to the next lower integer (GUM G.4.1).

    What lies a hair below an integer is that integer, 18.9987 is 19; but 141.87 is 141.

    Raises:
        ParameterError: fewer than 1 degree of freedom.
    """
    whole = math.floor(dof + min(_HAIR, _HAIR_OF_FEW * dof))
    if whole < 1:
        raise ParameterError(f"{dof!r} degrees of freedom give no coverage factor; at least 1 is needed")
    return whole


def _whole_dofs(dof: NDArray[float64]) -> NDArray[float64]:
    """Return what `whole_dof` returns of each, and 1 for those that are infinite."""
    import numpy as np

    finite = np.where(np.isinf(dof), 1.0, dof)
    whole: NDArray[float64] = np.floor(finite + np.minimum(_HAIR, _HAIR_OF_FEW * finite))
    if not np.all(whole >= 1):
        whole_dof(float(np.min(finite)))
    return whole
