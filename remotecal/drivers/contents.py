"""What stands on the wire for a value: when it is a number, when there is none, when two are the same."""

from __future__ import annotations

import re
from typing import Final

from remotecal.errors import GarbledReply, InstrumentError
from remotecal.numerals import read_number

Content = str | float
"""What stands on the wire for a value: text in a line dialogue, a number in registers."""

OVERLOAD: Final = 9.9e37
"""SCPI's number for "beyond the range", NaN's 9.91E+37 above it (SCPI-99, volume 1, 7.2.1.4 and 7.2.1.5)."""

_NOTHING: Final = re.compile(
    r"[-+]?(?:NAN|INF|INFINITY|O\.?L\.?|OVLD|OVER(?:LOAD|FLOW|RANGE)?|UNDER(?:LOAD|FLOW|RANGE)?|ERR(?:OR)?|N/?A"
    r"|[-_]{2,}|-*\.-+|\*+|\?+)",
    re.IGNORECASE,
)
"""Words by which displays say that there is nothing to show."""

_CODE: Final = re.compile(r"9{3,}(?:\.9+)?|(?:9\.9+|1)e\+(?:09|[1-9][0-9])")
"""Nines, 1E+9, 9.9E+9 and so on, in six digits."""

Code = str | float
"""What an instrument sends where it has no value: a word, a number, or an integer register's content."""


def number_in(item: object, content: Content) -> float:
    """Return the number behind what stood on the wire for a declaration.

    Raises:
        GarbledReply: it is no number.
        InstrumentError: the instrument says it has none: a word for it, NaN, infinity, SCPI's overload.
    """
    if isinstance(content, str):
        try:
            value = read_number(content)
        except ValueError:
            if _NOTHING.fullmatch(content.strip()):
                raise without_value(item, content) from None
            raise GarbledReply(f"{item!r}: {content!r} is not a number") from None
    else:
        value = float(content)
    if not -OVERLOAD < value < OVERLOAD:
        raise without_value(item, content)
    return value


def without_value(item: object, content: Content) -> InstrumentError:
    """Return the error that says an instrument has no value for a declaration."""
    return InstrumentError(f"{item!r} has no valid value ({content}): check range, wiring and alarms")


def is_conventional(value: float) -> bool:
    """Tell whether a number outside its span is one that many instruments send where they have none."""
    return _CODE.fullmatch(f"{abs(value):.6g}") is not None


def identical(content: Content, value: Content) -> bool:
    """Tell whether a state is written in the very same way."""
    return type(content) is type(value) and content == value


def equivalent(content: Content, value: Content) -> bool:
    """Tell whether two ways to write a state mean the same."""
    return _meaning(content) == _meaning(value)


def _meaning(content: Content) -> float | str:
    word = str(content).strip().strip("\"'").upper()
    try:
        return read_number(word)
    except ValueError:
        return word
