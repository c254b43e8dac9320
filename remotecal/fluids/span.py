"""The range a formula is valid in."""

from __future__ import annotations

import math

from remotecal.errors import ParameterError
from remotecal.uncertainty.number import Number, extent, is_uncertain
from remotecal.uncertainty.points import Points


def require(what: str, value: Number, low: float, high: float, unit: str, formula: str) -> None:
    """Refuse a `value` outside the range a formula was established in.

    An array of draws is judged by its mean, as far as that is known: the formulas are smooth, so the
    tails of a distribution may reach a little beyond the range. Of many points each is judged.

    Raises:
        ParameterError: the value is outside `low` to `high`, or not a number.
    """
    if isinstance(value, float) and low <= value <= high:  # as nearly all are; a simulated bench asks often
        return
    least, greatest = extent(value)
    slack = _scatter_of_mean(value)
    if not (low - slack <= least and greatest <= high + slack):
        outside = greatest if greatest > high + slack else least
        raise ParameterError(
            f"{what} {outside:g} {unit} is outside {low:g} to {high:g} {unit}, where {formula} is valid; "
            "check the reading, or use another formula"
        )


def _scatter_of_mean(value: Number) -> float:
    """Return five standard deviations of the mean of draws; 0 for what is no array of draws."""
    if isinstance(value, int | float) or is_uncertain(value) or isinstance(value, Points):
        return 0.0
    import numpy as np

    draws = np.asarray(value, dtype=float)
    return 5 * float(draws.std()) / math.sqrt(draws.size)
