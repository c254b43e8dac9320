"""Values that belong together: how they depend on each other, and which region covers them.

The standard uncertainties are those of the values; here stand the correlation coefficients between them
(GUM 5.2.2; JCGM 102). A covariance is their product.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from remotecal.model.base import CoverageFactor, Frozen, Positive, Probability, Word

DECIMALS = 15
"""Most decimals of a correlation coefficient."""

DIGITS = 17
"""Most significant digits of a standard uncertainty beside it."""

MOST_TOGETHER = 1000
"""Values with one matrix; a certificate has some tens."""


def _shortest(text: str) -> str:
    """Return a decimal number without the zeros that say nothing: one spelling for each."""
    number = Decimal(text)
    if number and (len(number.normalize().as_tuple().digits) > DIGITS or number.is_nan()):
        raise ValueError(f"{text} has more than {DIGITS} significant digits")
    if not number:
        return "0"
    number = number.normalize()
    return f"{number:f}" if -DIGITS < number.adjusted() < DIGITS else f"{number:E}"


Coefficient = Annotated[
    str,
    StringConstraints(pattern=rf"^-?(0(\.[0-9]{{1,{DECIMALS}}})?|1(\.0{{1,{DECIMALS}}})?)$"),
    AfterValidator(_shortest),
]
"""A correlation coefficient from -1 to 1, brought to its one spelling: `-0.588`, `0`, `1`."""

Standard = Annotated[Positive, AfterValidator(_shortest)]
"""A standard uncertainty with the digits to calculate with, in its one spelling."""


class Region(Frozen):
    """A region that covers values together with a stated probability (JCGM 102:2011, 6.5)."""

    shape: Literal["ellipsoid", "rectangle"] = "ellipsoid"
    """The ellipsoid of their covariance, or the rectangle of k standard uncertainties to either side."""
    k: CoverageFactor
    """Coverage factor: 2.45 for the ellipse of two values at 95 %."""
    p: Probability
    """Probability that all of them are inside."""
    distribution: Word | None = None
    """Their joint distribution, as a D-SI word."""


class Correlation(Frozen):
    """The correlation matrix of some values."""

    matrix: Annotated[tuple[tuple[Coefficient, ...], ...], Field(min_length=2, max_length=MOST_TOGETHER)]
    """Row by row, in the order of the values: symmetric, with ones on the diagonal."""
    u: tuple[Standard, ...] | None = None
    """Standard uncertainties of the values to more digits than U / k has; none where that is all there is."""
    region: Region | None = None
    """What covers the values together, where the source says it."""

    @model_validator(mode="after")
    def _is_a_correlation_matrix(self) -> Self:
        size = len(self.matrix)
        if any(len(row) != size for row in self.matrix):
            raise ValueError(f"a correlation matrix of {size} rows has {size} columns")
        if any(self.matrix[i][i] != "1" for i in range(size)):
            raise ValueError("a correlation matrix has ones on its diagonal")
        if any(self.matrix[i][j] != self.matrix[j][i] for i in range(size) for j in range(i)):
            raise ValueError("a correlation matrix is symmetric")
        if self.u is not None and len(self.u) != size:
            raise ValueError(f"there are {len(self.u)} standard uncertainties for {size} values")
        if not self._can_be():
            raise ValueError("the correlation coefficients contradict each other: no values can have them")
        return self

    @property
    def size(self) -> int:
        """The number of values."""
        return len(self.matrix)

    @property
    def is_identity(self) -> bool:
        """Whether no value depends on another."""
        return all(entry == "0" for i, row in enumerate(self.matrix) for entry in row[:i])

    def floats(self) -> tuple[tuple[float, ...], ...]:
        """Return the matrix as it is stated."""
        return tuple(tuple(map(float, row)) for row in self.matrix)

    def possible(self) -> tuple[tuple[float, ...], ...]:
        """Return the matrix to calculate with.

        Coefficients that contradict each other by no more than their rounding are brought to the nearest that
        don't: variances below zero are taken as zero.
        """
        import numpy as np

        stated = np.array(self.floats())
        variances, axes = np.linalg.eigh(stated)
        if variances[0] >= 0:
            return self.floats()
        nearest = (axes * np.maximum(variances, 0.0)) @ axes.T
        scale = np.sqrt(np.diag(nearest))
        nearest = nearest / np.outer(scale, scale)
        np.fill_diagonal(nearest, 1.0)
        return tuple(map(tuple, ((nearest + nearest.T) / 2).tolist()))

    def _can_be(self) -> bool:
        """Say whether the matrix is positive semidefinite, as far as its rounding lets it be known."""
        import numpy as np

        decimals = max(len(entry.partition(".")[2]) for row in self.matrix for entry in row)
        # Each coefficient may be off by half its last digit, a matrix of such errors by size times that.
        slack = self.size * (0.5 * 10.0**-decimals + 1e-14)
        try:
            np.linalg.cholesky(np.array(self.floats()) + slack * np.eye(self.size))
        except np.linalg.LinAlgError:
            return False
        return True
