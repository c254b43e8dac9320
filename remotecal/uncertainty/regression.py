"""Calibration curves: polynomials fitted by least squares, with uncertainty in either or both variables.

Sources: GUM H.3; ISO/TS 28037:2010, clauses 6 (weighted), 7 (generalised distance regression), 9 and 10
(the same with correlated points).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from remotecal.errors import ParameterError

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

Uncertainty: TypeAlias = "Sequence[float] | Sequence[Sequence[float]] | NDArray[float64]"
"""Standard uncertainties of points, or their covariance matrix where they share something."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A value read from a calibration curve."""

    value: float
    u: float
    dof: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A fitted polynomial in z = (x - centre) / scale, which keeps the arithmetic well conditioned."""

    centre: float
    scale: float
    coefficients: tuple[float, ...]
    """Of the powers 0, 1, … of z."""
    covariance: tuple[tuple[float, ...], ...]
    """Covariance matrix of `coefficients`."""
    span: tuple[float, float]
    """Least and greatest x of the fitted points."""
    chi_squared: float | None
    """Sum of squares of the residuals over the points' uncertainty; None where the residuals gave it."""
    residual: float
    """Standard deviation of the residuals in y."""
    dof: float
    """Points less coefficients where the residuals gave the uncertainty, else infinite."""
    points: int

    @property
    def consistent(self) -> bool:
        """Whether the stated uncertainties explain the scatter: chi-squared is within its 95 % quantile.

        True where the residuals themselves gave the uncertainty.
        """
        from scipy.special import chdtrc

        redundant = self.points - len(self.coefficients)
        return (
            self.chi_squared is None or redundant == 0 or float(chdtrc(redundant, self.chi_squared)) >= 0.05
        )

    def powers(self) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
        """Return the coefficients of the powers 0, 1, … of x itself, and their covariance matrix."""
        import numpy as np

        n = len(self.coefficients)
        shift = np.array(
            [
                [
                    math.comb(j, i) * (-self.centre) ** (j - i) / self.scale**j if i <= j else 0.0
                    for j in range(n)
                ]
                for i in range(n)
            ]
        )
        covariance = shift @ np.array(self.covariance) @ shift.T
        return tuple((shift @ np.array(self.coefficients)).tolist()), tuple(
            tuple(row) for row in covariance.tolist()
        )

    def predict(self, x: float, u_x: float = 0.0, *, extrapolate: bool = False) -> Prediction:
        """Return y at `x`.

        Args:
            x: where to read the curve.
            u_x: standard uncertainty of `x`.
            extrapolate: allow an `x` outside the fitted points.

        Raises:
            ParameterError: `x` is outside the fitted points.
        """
        import numpy as np

        self._require(x, extrapolate=extrapolate)
        basis, slopes = _basis(np.array([(x - self.centre) / self.scale]), len(self.coefficients))
        coefficients, covariance = np.array(self.coefficients), np.array(self.covariance)
        slope = float((slopes @ coefficients)[0]) / self.scale
        variance = float((basis @ covariance @ basis.T)[0, 0]) + (slope * u_x) ** 2
        return Prediction(float((basis @ coefficients)[0]), math.sqrt(variance), self.dof)

    def invert(self, y: float, u_y: float = 0.0, *, extrapolate: bool = False) -> Prediction:
        """Return the x at which the curve gives `y`.

        Args:
            y: value of the curve.
            u_y: standard uncertainty of `y`, independent of the curve.
            extrapolate: allow an x outside the fitted points.

        Raises:
            ParameterError: the curve does not give `y` at one x within the fitted points.
        """
        import numpy as np

        polynomial = np.polynomial.Polynomial(self.coefficients)
        roots = (polynomial - y).roots()
        low, high = self.span
        real = [self.centre + self.scale * float(z.real) for z in roots if abs(z.imag) < 1e-9]
        margin = 1e-9 * (high - low)
        candidates = [x for x in real if extrapolate or low - margin <= x <= high + margin]
        if len(candidates) != 1:
            raise ParameterError(
                f"the curve gives {y:g} at {len(candidates)} places between {low:g} and {high:g}, "
                "so it can't be read backwards there"
            )
        x = candidates[0]
        slope = float(polynomial.deriv()((x - self.centre) / self.scale)) / self.scale
        u = math.hypot(u_y, self.predict(x, extrapolate=True).u) / abs(slope)
        return Prediction(x, u, self.dof)

    def _require(self, x: float, *, extrapolate: bool) -> None:
        low, high = self.span
        if not extrapolate and not low <= x <= high:
            raise ParameterError(
                f"{x:g} is outside {low:g} to {high:g}, where the curve was calibrated; "
                "calibrate there, or say that you extrapolate"
            )


def fit(
    x: Sequence[float],
    y: Sequence[float],
    *,
    u_x: Uncertainty | None = None,
    u_y: Uncertainty | None = None,
    degree: int = 1,
) -> Curve:
    """Fit a polynomial to points by least squares.

    Without uncertainties all points weigh the same and the residuals give the uncertainty of the
    coefficients. With them, the coefficients get what the points bring, and `Curve.consistent` says
    whether the residuals agree.

    Points that were measured with one standard are correlated: give the covariance matrix instead of
    the standard uncertainties, with the square of the standard's u added to every element.

    Args:
        x: where the points lie; two of one value count as repeats.
        y: what was observed there.
        u_x: standard uncertainties of `x`, or its covariance matrix; none if omitted.
        u_y: standard uncertainties of `y`, or its covariance matrix; needed with `u_x`.
        degree: of the polynomial; 1 is a straight line.

    Raises:
        ParameterError: too few points, lengths that differ, a point without any uncertainty among
            points that have one, a matrix that is no covariance matrix, or points no curve is found for.
    """
    import numpy as np

    xs, ys = np.array(x, dtype=float), np.array(y, dtype=float)
    places, count = len(np.unique(xs)), len(xs)
    if count != len(ys) or places < degree + 1 or (u_y is None and count < degree + 2):
        raise ParameterError(f"{places} places in {count} points are too few for a curve of degree {degree}")
    if u_x is not None and u_y is None:
        raise ParameterError("a fit with uncertainty in x needs the uncertainty in y too")
    of_x = _covariance(np.zeros(count) if u_x is None else u_x, count)
    of_y = _covariance(np.ones(count) if u_y is None else u_y, count)
    if not np.all(np.diag(of_x) + np.diag(of_y) > 0):
        raise ParameterError("every point of a fit needs an uncertainty above 0, in x or in y")
    centre, scale = float(xs.mean()), float(np.ptp(xs)) / 2
    found = _solve((xs - centre) / scale, ys, of_x / scale**2, of_y, degree)
    redundant = count - degree - 1
    residual = math.sqrt(float(np.sum(found.misfit**2)) / redundant) if redundant else 0.0
    covariance, dof = found.covariance, math.inf
    if u_y is None:
        covariance, dof = covariance * found.chi_squared / redundant, float(redundant)
    return Curve(
        centre,
        scale,
        tuple(found.coefficients.tolist()),
        tuple(tuple(row) for row in covariance.tolist()),
        (float(xs.min()), float(xs.max())),
        None if u_y is None else found.chi_squared,
        residual,
        dof,
        count,
    )


def _covariance(given: Uncertainty, count: int) -> NDArray[float64]:
    """Return the covariance matrix of `count` points, from itself or from standard uncertainties."""
    import numpy as np

    known = np.array(given, dtype=float)
    if known.shape == (count,) and np.all(known >= 0):
        return np.diag(known**2)
    if known.shape == (count, count) and np.array_equal(known, known.T):
        return known
    raise ParameterError(
        f"{count} points need {count} standard uncertainties of at least 0, or a symmetric covariance "
        f"matrix of {count} rows"
    )


def _basis(z: NDArray[float64], size: int) -> tuple[NDArray[float64], NDArray[float64]]:
    """Return the powers of `z` and their derivatives, one row a point."""
    import numpy as np

    powers = np.vander(z, size, increasing=True)
    slopes = np.zeros_like(powers)
    slopes[:, 1:] = powers[:, :-1] * np.arange(1, size)
    return powers, slopes


class _Found(NamedTuple):
    coefficients: NDArray[float64]
    covariance: NDArray[float64]
    misfit: NDArray[float64]
    chi_squared: float


def _solve(
    x: NDArray[float64], y: NDArray[float64], of_x: NDArray[float64], of_y: NDArray[float64], degree: int
) -> _Found:
    """Return the generalised Gauss–Markov regression for the covariance matrices of x and y.

    Gauss–Newton over the coefficients and the true abscissae, which are eliminated: at a given slope,
    what x is uncertain by adds to the covariance of y. It starts from the unweighted fit; with no
    uncertainty in x the first step is generalised least squares.
    """
    import numpy as np

    q, r = np.linalg.qr(_basis(x, degree + 1)[0])
    coefficients, true_x = np.linalg.solve(r, q.T @ y), x.copy()
    for _ in range(100):
        basis, slopes = _basis(true_x, degree + 1)
        slope = slopes @ coefficients
        misfit = y - basis @ coefficients - slope * (x - true_x)
        root = _root(of_y + slope[:, None] * of_x * slope)
        # Householder QR, not the normal equations: they would square the condition number.
        whitened = np.linalg.solve(root, misfit)
        q, r = np.linalg.qr(np.linalg.solve(root, basis))
        step = np.linalg.solve(r, q.T @ whitened)
        weighted = np.linalg.solve(root.T, whitened - q @ (r @ step))
        moved = x + of_x @ (slope * weighted)
        shift = np.abs(moved - true_x).max()
        coefficients, true_x = coefficients + step, moved
        if np.abs(step).max() <= 1e-13 * np.abs(coefficients).max() and shift <= 1e-13:
            inverse = np.linalg.inv(r)
            return _Found(coefficients, inverse @ inverse.T, misfit, float(whitened @ whitened))
    raise ParameterError("no calibration curve fits these points; look for a wrong one, or a lower degree")


def _root(covariance: NDArray[float64]) -> NDArray[float64]:
    """Return the Cholesky factor of the points' covariance."""
    import numpy as np

    try:
        root = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise ParameterError(
            "the points' covariance matrix is not positive definite: no variance may be negative, and no "
            "point may follow from the others"
        ) from error
    return root
