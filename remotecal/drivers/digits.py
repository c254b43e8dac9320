"""With how many digits an indication is shown, by what its instrument is able to tell."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from remotecal.drivers.codecs import Register, Sum

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantity import Quantity

WHOLE: Final = frozenset({"bit", "u16", "i16", "u32", "i32", "u64"})
"""Forms of a register that hold whole numbers."""
MOST: Final = 9
"""Digits behind the point beyond which a scale is no decimal one, such as 1/3."""


def digits_of(quantity: Quantity) -> int | None:
    """Return how many digits behind the point a quantity's values have; None where its wire does not say.

    Registers of whole numbers do, by their scale; a text may have any number of them, and so may a float.
    """
    wire = quantity.wire
    if not isinstance(wire, Register | Sum) or not all(part.form in WHOLE for part in wire.parts):
        return None
    numbers = [number for part in wire.parts for number in (part.scale, part.offset)]
    numbers += [value for part in wire.parts for _, value in part.codes]
    digits = max(map(_behind, numbers))
    return digits if digits <= MOST else None


def told(measured: Measured) -> float:
    """Return an indication without digits that say nothing: below a hundredth of its standard uncertainty.

    That is the one by the maker's limit of error. Where the maker states none, or there is none, all digits
    stay.
    """
    if not measured.u or not math.isfinite(measured.value):
        return measured.value
    return round(measured.value, 2 - math.floor(math.log10(measured.u)))


def _behind(number: float) -> int:
    exponent = Decimal(repr(float(number))).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
