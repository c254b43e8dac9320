"""The range a formula is valid in."""

from __future__ import annotations

from remotecal.errors import ParameterError
from remotecal.uncertainty.number import Number, estimate


def require(what: str, value: Number, low: float, high: float, unit: str, formula: str) -> None:
    """Refuse a `value` outside the range a formula was established in.

    An array of draws is judged by its mean: the formulas are smooth, so the tails of a
    distribution may reach a little beyond the range.

    Raises:
        ParameterError: the value is outside `low` to `high`, or not a number.
    """
    x = estimate(value)
    if not low <= x <= high:
        raise ParameterError(
            f"{what} {x:g} {unit} is outside {low:g} to {high:g} {unit}, where {formula} is valid; "
            "check the reading, or use another formula"
        )
