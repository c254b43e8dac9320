"""Values in a unit that D-SI has no notation for, such as psi: stated in a unit of D-SI beside it."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.model import Column, Interval
from remotecal.model.quantities import PRECISE

if TYPE_CHECKING:
    from fractions import Fraction

STATED = "remotecal_statedBeside"
"""Marks a quantity whose second member is how it was stated, and whose first follows from that."""

MORE_DIGITS = 2
"""Decimal places beyond those of the value stated, so that it can be had back."""

_LARGEST, _MOST_DIGITS = 99, 40
"""Exponent and digits of a number as the model takes it."""


def beside(column: Column) -> Column:
    """Return values, uncertainties and correlation of a column in the unit D-SI has for them, and no more."""
    unit, factor = units.in_dsi(column.unit)
    correlation = column.correlation
    if correlation is not None and correlation.u is not None:
        u = tuple(str(scaled(Decimal(each), factor)) for each in correlation.u)
        correlation = correlation.model_copy(update={"u": u})
    stated = column.uncertainty
    if stated is not None:
        ends = stated.interval
        if ends is not None:
            ends = Interval(low=_all(ends.low, factor), high=_all(ends.high, factor), p=ends.p)
        stated = stated.model_copy(update={"expanded": _all(stated.expanded, factor), "interval": ends})
    found = Column(unit=unit, values=_all(column.values, factor), uncertainty=stated)
    return found.model_copy(update={"correlation": correlation})


def scaled(number: Decimal, factor: Fraction) -> Decimal:
    """Return a number times `factor`, to as many digits as uncertainties are calculated to."""
    with localcontext() as context:
        context.prec = PRECISE
        return number * factor.numerator / factor.denominator


def _all(numbers: tuple[str, ...], factor: Fraction) -> tuple[str, ...]:
    return tuple(converted(number, factor) for number in numbers)


def converted(number: str, factor: Fraction) -> str:
    """Return a number times `factor`, to some decimal places more than it was stated to."""
    if number == "NaN" or factor == 1:
        return number
    with localcontext() as context:
        context.prec = 300
        exact = Decimal(number)
        times = Decimal(factor.numerator) / factor.denominator
        place = (exact.adjusted() - len(exact.as_tuple().digits) + 1) + times.adjusted() - MORE_DIGITS
        product = exact * times
        if product:
            place = max(place, product.adjusted() - _MOST_DIGITS)
        return _text(product.quantize(Decimal(1).scaleb(place), ROUND_HALF_EVEN))


def _text(number: Decimal) -> str:
    """Return a number written out where it is of ordinary size, else with an exponent of two digits."""
    if -15 <= number.adjusted() <= 15:
        return f"{number:f}"
    exponent = max(-_LARGEST, min(_LARGEST, number.adjusted()))
    return f"{number.scaleb(-exponent):f}E{exponent}"
