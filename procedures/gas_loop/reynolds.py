"""A curve through certified errors over the Reynolds number, and how far it may be wrong.

    E = Σ a_k·(lg Re/10⁶)^k

The order is the lowest that a higher one does not better by an F-test. Points weigh by the uncertainty that
is stated for them, and how they scatter about the curve tells how sure it is. It is read between the lowest
and the highest certified number and nowhere else: a parabola beyond its points is no error of any meter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remotecal.errors import CertificateRefused

if TYPE_CHECKING:
    from remotecal.uncertainty.regression import Curve

UNIT: Final = 1e6
"""Reynolds number whose logarithm counts as 0."""
HIGHEST_ORDER: Final = 3
"""Highest order that is tried, unless told otherwise."""
SIGNIFICANT: Final = 0.95
"""Probability by which a higher order must help."""
ROUNDING: Final = 1e-6
"""Share by which a Reynolds number may lie outside through computing alone."""


@dataclass(frozen=True, slots=True)
class ReynoldsFit:
    """A polynomial through errors over the Reynolds number; `through` makes one."""

    curve: Curve
    """Over lg Re/10⁶."""
    ends: tuple[float, float]
    """The lowest and the highest Reynolds number it holds for."""
    dof: int
    """Degrees of freedom of the points' scatter."""
    scatter: float
    """How much more they scatter than `curve` was told, as a factor."""
    over: str = "Re"
    """What it is over, as a refusal calls it."""

    @classmethod
    def through(
        cls,
        reynolds: Sequence[float],
        errors: Sequence[float],
        u: Sequence[float] = (),
        *,
        highest: int = HIGHEST_ORDER,
        over: str = "Re",
    ) -> ReynoldsFit:
        """Return the fit of the lowest order that a higher one does not better.

        Args:
            reynolds: where errors are certified.
            errors: in whatever unit; so is what the fit tells.
            u: standard uncertainty of each, by which it weighs; all weigh the same where none are given.
            highest: highest order to try.
            over: what errors are over, as a refusal calls it: "Re", or a flow.

        Raises:
            CertificateRefused: the points are too few for any curve whose uncertainty can be told.
        """
        if len(errors) < 3:
            raise CertificateRefused(
                f"{len(errors)} errors are too few for a curve whose uncertainty can be told: have the meter "
                "calibrated at three Reynolds numbers, or flows, or more"
            )
        known = tuple(u) or (1.0,) * len(errors)
        found = cls._of_order(1, reynolds, errors, known)
        for order in range(2, min(highest, len(errors) - 2) + 1):
            better = cls._of_order(order, reynolds, errors, known)
            if _helps(found, better):
                found = better
        return replace(found, over=over)

    @classmethod
    def _of_order(
        cls, order: int, reynolds: Sequence[float], errors: Sequence[float], u: Sequence[float]
    ) -> ReynoldsFit:
        from remotecal.uncertainty.regression import fit

        curve = fit([math.log10(each / UNIT) for each in reynolds], errors, u_y=u, degree=order)
        dof = len(errors) - order - 1
        scatter = math.sqrt((curve.chi_squared or 0.0) / dof)
        return cls(curve, (min(reynolds), max(reynolds)), dof, scatter)

    @property
    def order(self) -> int:
        """Order of the polynomial."""
        return len(self.curve.coefficients) - 1

    @property
    def coefficients(self) -> tuple[float, ...]:
        """The coefficients from a_0 on."""
        return self.curve.powers()[0]

    @property
    def residual(self) -> float:
        """Standard deviation of the points about the curve."""
        return self.curve.residual

    def value(self, reynolds: float) -> float:
        """Return the error at a Reynolds number (CertificateRefused outside those of the points)."""
        self.require(reynolds)
        return self.curve.predict(math.log10(reynolds / UNIT), extrapolate=True).value

    def u(self, reynolds: float) -> float:
        """Return the standard uncertainty of the curve there, by how the points scatter about it."""
        self.require(reynolds)
        return self.scatter * self.curve.predict(math.log10(reynolds / UNIT), extrapolate=True).u

    def require(self, *reynolds: float) -> None:
        """Raise `CertificateRefused` unless it holds at all of these Reynolds numbers."""
        low, high = self.ends
        for each in reynolds:
            if not low * (1 - ROUNDING) <= each <= high * (1 + ROUNDING):
                raise CertificateRefused(
                    f"errors are certified for {self.over} {low:.4g} to {high:.4g}, and {each:.4g} is asked "
                    "for: they are not extrapolated; take another master, flow or pressure, or have it "
                    "calibrated there"
                )


def _helps(found: ReynoldsFit, better: ReynoldsFit) -> bool:
    """Tell whether a fit of higher order is better than chance would have it (F-test)."""
    from scipy.special import fdtri

    rest, less = (each.scatter**2 * each.dof for each in (found, better))
    if less <= 0.0:
        return rest > 0.0
    gained = (rest - less) / (found.dof - better.dof)
    return bool(gained / (less / better.dof) > fdtri(found.dof - better.dof, better.dof, SIGNIFICANT))
