"""Rounding a result for a certificate (ILAC-P14:09/2020; EA-4/02, 6.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal, localcontext

from remotecal.errors import ParameterError

_LARGEST_LOSS = Decimal("0.95")
"""Rounding may not lower an uncertainty to less than this share of it (EA-4/02, 6.3)."""

_FIXED_POINT = 15
"""Decimal exponents up to this one are written out, beyond in exponent notation."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A value and its expanded uncertainty as a certificate prints them, ending at the same decimal place."""

    value: str
    expanded: str


def report(value: float, expanded: float, digits: int = 2) -> Reported:
    """Round `expanded` to significant `digits` and `value` to the same decimal place.

    The uncertainty is rounded half up, and up altogether where that would lower it by more than 5 %;
    the value half to even.

    Args:
        value: result of the measurement.
        expanded: its expanded uncertainty, in the same unit, greater than 0.
        digits: significant digits of the uncertainty, 1 or 2.

    Raises:
        ParameterError: a number that is not finite, an uncertainty of 0 or less, more than 2 digits.
    """
    if not (math.isfinite(value) and math.isfinite(expanded) and expanded > 0 and digits in (1, 2)):
        raise ParameterError(f"can't report {value!r} with an uncertainty of {expanded!r} to {digits} digits")
    with localcontext() as context:
        context.prec = 700  # the whole range of a double, exactly
        uncertainty = _round_uncertainty(Decimal(repr(float(expanded))), digits)
        result = Decimal(repr(float(value))).quantize(uncertainty, ROUND_HALF_EVEN)
        if result.is_zero():
            result = abs(result)
        return Reported(_text(result), _text(uncertainty))


def _round_uncertainty(exact: Decimal, digits: int) -> Decimal:
    place = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    rounded = exact.quantize(place, ROUND_HALF_UP)
    if rounded < exact * _LARGEST_LOSS:
        rounded = exact.quantize(place, ROUND_UP)
    if rounded.adjusted() > exact.adjusted():  # 0.0996 became 0.100, which is 0.10
        rounded = rounded.quantize(place.scaleb(1))
    return rounded


def _text(number: Decimal) -> str:
    if abs(number.adjusted()) <= _FIXED_POINT:
        return format(number, "f")
    return format(number, "E")
