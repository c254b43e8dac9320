"""What counts as a number when a person or an instrument writes one."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Final, NamedTuple

NUMBER: Final = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
"""A number in digits of ASCII, as IEEE 488.2 (7.7.2) and every datasheet write it."""


SHORTENED: Final = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]{2,3}")
"""How Excel writes a long number into CSV: most of its digits are lost."""


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


def read_count(text: str, most: int) -> int:
    """Return the whole number that a text is, in digits of ASCII and nothing else.

    >>> read_count("12", 600)
    12

    Raises:
        ValueError: it is none, or more than `most`.
    """
    if not re.fullmatch("[0-9]+", text) or len(text.lstrip("0")) > len(str(most)) or int(text) > most:
        raise ValueError(f"{text[:60]!r} is no whole number from 0 to {most}")
    return int(text)


class Typed(NamedTuple):
    """What a person typed for a quantity."""

    number: str
    """In the digits of ASCII, as many of them as were typed."""
    unit: str
    """The unit beside it, as it was typed but for full-width letters; "" where there is none."""


def read_typed(text: str) -> Typed:
    """Return the number a person typed, and the unit beside it: `１２，５ ｋＰａ` is 12.5 and kPa.

    Digits, points and signs may be full-width ones, as Chinese keyboards write them, and one comma may stand
    for the point.

    >>> read_typed("0,35bar")
    Typed(number='0.35', unit='bar')

    Raises:
        ValueError: it is no number, or one that people read differently: 101,325 is either 101.325 or 101325.
    """
    found = _TYPED.fullmatch(text.strip().translate(_WIDE))
    if found is None:
        raise ValueError(f"{text!r} is no number: write digits, a point, and no blanks or commas in between")
    number = found["number"].replace(",", ".")
    if _THOUSANDS.fullmatch(found["number"]):
        raise ValueError(f"{text!r} may be {number} or {number.replace('.', '')}: write it without the comma")
    read_number(number)
    return Typed(number, unicodedata.normalize("NFKC", found["unit"]))


_WIDE: Final = {0xFF10 + digit: 0x30 + digit for digit in range(10)} | str.maketrans(
    "．。，－−＋ｅＥ", "..,--+eE"
)
"""Characters that people type where a number has those of ASCII."""

_TYPED: Final = re.compile(
    r"(?P<number>[-+]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?0*[0-9]{1,2})?)\s*(?P<unit>(?![0-9.,\s]).*|)"
)
"""An exponent has two digits at most, as in a certificate: one of ten is no number to exact arithmetic."""
_THOUSANDS: Final = re.compile(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}")
"""A comma that may as well part the thousands."""
