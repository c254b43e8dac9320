"""Global risks: how often a measuring process decides wrongly over a whole production (JCGM 106, 9.5)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from remotecal.errors import ParameterError
from remotecal.uncertainty.conformity import Tolerance
from remotecal.uncertainty.inputs import Distribution, Input

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

Density: TypeAlias = "Callable[[NDArray[float64]], NDArray[float64]]"

_TAILS = tuple(10.0 ** (-k / 2) for k in range(1, 29))
"""Shares of a long-tailed production that lie beyond its edges, one after another."""


@dataclass(frozen=True, slots=True)
class Production:
    """Distribution of the true values of many items: what is known before one is measured."""

    density: Density
    """Probability density at each element of an array of values."""
    edges: tuple[float, ...]
    """Ascending: where it begins, where it bends, and where it ends or next to nothing of it is left."""

    @classmethod
    def like(cls, quantity: Input) -> Production:
        """Return items that scatter as an input quantity does, whatever its distribution.

        Raises:
            ParameterError: a quantity without uncertainty.
        """
        if not quantity.u > 0:
            raise ParameterError(f"a production needs a spread above 0, not {quantity.u!r}")
        standard, edges = _standard(quantity)
        scale = quantity.u * quantity.divisor

        def density(x: NDArray[float64]) -> NDArray[float64]:
            return standard((x - quantity.value) / scale) / scale

        return cls(density, tuple(quantity.value + scale * edge for edge in edges))

    @classmethod
    def gamma(cls, mean: float, deviation: float) -> Production:
        """Return items whose property can't be negative and is often near 0, such as a run-out.

        Args:
            mean: of the items, above 0.
            deviation: their standard deviation, above 0.

        Raises:
            ParameterError: one of them is not above 0.
        """
        from scipy.special import gammainccinv, gammaincinv, gammaln, xlogy

        if not (mean > 0 and deviation > 0):
            raise ParameterError(
                f"a gamma distribution needs mean and spread above 0, not {mean!r} and {deviation!r}"
            )
        shape, scale = (mean / deviation) ** 2, deviation**2 / mean

        def density(x: NDArray[float64]) -> NDArray[float64]:
            import numpy as np

            z = x / scale
            found: NDArray[float64] = np.exp(xlogy(shape - 1, z) - z - gammaln(shape)) / scale
            return found

        below = (scale * float(gammaincinv(shape, tail)) for tail in _TAILS)
        above = (scale * float(gammainccinv(shape, tail)) for tail in _TAILS)
        return cls(density, tuple(sorted({0.0, *below, *above})))


@dataclass(frozen=True, slots=True)
class GlobalRisk:
    """What wrong decisions cost over a whole production of items (JCGM 106, 9.5)."""

    false_acceptance: float
    """Probability that an item is outside the tolerance and accepted: the consumer's risk."""
    false_rejection: float
    """Probability that an item is within the tolerance and rejected: the producer's risk."""


def global_risk(produced: Production, u: float, tolerance: Tolerance, acceptance: Tolerance) -> GlobalRisk:
    """Return the global risks of a measuring process with normally distributed errors.

    Args:
        produced: distribution of the items' true values.
        u: standard uncertainty of the measurement, above 0.
        tolerance: limits of permissible values.
        acceptance: limits of accepted measured values.

    Raises:
        ParameterError: an uncertainty of 0 or less.
    """
    import numpy as np
    from scipy.special import ndtr

    if not u > 0:
        raise ParameterError(f"global risks need a measurement with an uncertainty above 0, not {u!r}")
    limits = (tolerance.lower, tolerance.upper, acceptance.lower, acceptance.upper)
    steps = [limit + width * u for limit in limits for width in (-8, -4, -2, 0, 2, 4, 8)]
    first, last = produced.edges[0], produced.edges[-1]
    ends = np.unique(np.clip(np.array([*produced.edges, *steps]), first, last))
    nodes, weights = np.polynomial.legendre.leggauss(40)
    middle, half = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    # The sine draws the nodes to the ends of each panel, where a density may be infinite (U-shaped).
    item = middle[:, None] + half[:, None] * np.sin(nodes * math.pi / 2)
    measure = half[:, None] * weights * np.cos(nodes * math.pi / 2) * (math.pi / 2)
    share = produced.density(item) * measure
    accepted = ndtr((acceptance.upper - item) / u) - ndtr((acceptance.lower - item) / u)
    inside = ((middle > tolerance.lower) & (middle < tolerance.upper))[:, None]
    return GlobalRisk(
        float(np.sum(share * accepted * ~inside)), float(np.sum(share * (1 - accepted) * inside))
    )


def _standard(quantity: Input) -> tuple[Density, tuple[float, ...]]:
    """Return the density of a distribution about 0 with the half-width or u of 1, and its edges."""
    shape = quantity.shape
    match quantity.distribution:
        case Distribution.NORMAL | Distribution.T if math.isinf(quantity.dof):
            return _normal, (-10.0, -6.0, -3.0, 0.0, 3.0, 6.0, 10.0)
        case Distribution.NORMAL | Distribution.T:
            return _student_t(quantity.dof)
        case Distribution.ARCSINE:
            return _arcsine, (-1.0, 0.0, 1.0)
        case Distribution.CURVILINEAR if shape > 0:
            return _curvilinear(shape), (-1.0 - shape, shape - 1.0, 1.0 - shape, 1.0 + shape)
        case Distribution.TRIANGULAR:
            return _trapezoid(0.0), (-1.0, 0.0, 1.0)
        case Distribution.TRAPEZOIDAL:
            return _trapezoid(shape), (-1.0, -shape, shape, 1.0)
        case _:
            return _trapezoid(1.0), (-1.0, 1.0)


def _normal(z: NDArray[float64]) -> NDArray[float64]:
    import numpy as np

    return np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _student_t(dof: float) -> tuple[Density, tuple[float, ...]]:
    from scipy.special import stdtrit

    height = math.exp(math.lgamma((dof + 1) / 2) - math.lgamma(dof / 2)) / math.sqrt(dof * math.pi)
    tails = tuple(float(stdtrit(dof, tail)) for tail in reversed(_TAILS))
    return lambda z: height * (1 + z * z / dof) ** (-(dof + 1) / 2), (
        *tails,
        0.0,
        *(-tail for tail in reversed(tails)),
    )


def _arcsine(z: NDArray[float64]) -> NDArray[float64]:
    import numpy as np

    return 1 / (math.pi * np.sqrt(np.maximum(1 - z * z, 1e-15)))  # rounding may take z to an end


def _trapezoid(top: float) -> Density:
    def density(z: NDArray[float64]) -> NDArray[float64]:
        import numpy as np

        flank = (1 - abs(z)) / (1 - top) if top < 1 else np.ones_like(z)
        return np.minimum(flank, 1.0) / (1 + top)

    return density


def _curvilinear(shape: float) -> Density:
    """Return the density of JCGM 101, 6.4.3.4."""

    def density(z: NDArray[float64]) -> NDArray[float64]:
        import numpy as np

        return np.log((1 + shape) / np.maximum(abs(z), 1 - shape)) / (4 * shape)

    return density
