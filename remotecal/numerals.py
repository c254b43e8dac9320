"""What counts as a number when a person or an instrument writes one."""

from __future__ import annotations

import math
from typing import Final

NUMBER: Final = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
"""A number in digits of ASCII, as IEEE 488.2 (7.7.2) and every datasheet write it."""


def read_number(text: str) -> float:
    """Return the number a text is, blanks around it left aside.

    >>> read_number(" -1.50E+3 ")
    -1500.0

    Raises:
        ValueError: it is none: a word (`nan`, `inf`), empty, in other digits than 0 to 9, with
            underscores, blanks or commas inside, in hexadecimal, or larger than any number that
            can be kept.
    """
    try:
        # float() takes all that is meant here, and beyond it only other digits, underscores and words.
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no number: write digits 0 to 9, a point, an exponent, no more")
    return value
