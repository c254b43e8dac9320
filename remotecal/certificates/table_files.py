"""The cells of a table in a CSV or XLSX file, with the digits that its reader sees."""

from __future__ import annotations

import csv
import math
import re
from decimal import Context, Decimal
from io import StringIO
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.configuration import is_garbled
from remotecal.errors import ConfigurationError
from remotecal.spreadsheets import first_sheet, is_formula

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NUMBERED: Final = re.compile(r"[-+±−－＋]?\s*[.,．，]?\d")
"""How a cell begins that is meant for a number, whether it is one or not; no heading does."""
MOST_HEADINGS: Final = 3
"""Rows of headings: names, and below them symbols and units."""
MOST_ROWS: Final = 5000
MOST_COLUMNS: Final = 40
GENERAL: Final = "General"
MOST_DIGITS: Final = 11
"""Digits that a spreadsheet shows where it was not told how many."""
_GENERAL: Final = Context(prec=MOST_DIGITS)
_WIDE: Final = Context(prec=400)
"""Enough for whatever a spreadsheet holds."""
_PLAIN: Final = r"(?:#,##)?0(?:\.(?P<decimals>0{1,30}))?(?P<percent>%?)"
_BLANKS: Final = r"(?:_.|\\?\s)*"
_SAME: Final = r"(?:#,##)?0(?(decimals)\.(?P=decimals))(?P=percent)"
FIXED: Final = re.compile(rf"{_PLAIN}{_BLANKS}(?:;(?:\[\w+\])?\\?[-(]{_SAME}(?:\\?\))?{_BLANKS})?")
"""How a spreadsheet is told to show a number with so many decimals, below 0 by a sign or in brackets."""
POWERS: Final = re.compile(r"0(?:\.(?P<decimals>0+))?E\+0+")
"""How it is told to show one with a power of ten."""


def rows_in(content: bytes, name: str, numbers: Sequence[bool]) -> list[list[str]]:
    """Return the rows of a table below its headings, without those that are empty.

    Cells beyond the columns are left out where they are empty, as spreadsheets write them.

    Args:
        content: the file's.
        name: what it is called where something is wrong.
        numbers: of each column, whether numbers stand in it.

    Raises:
        ConfigurationError: it can't be read, is computed, or shows something else than it holds.
    """
    rows = _of_spreadsheet(content, name) if content.startswith(b"PK") else _of_csv(content, name)
    cells = [[cell.strip() for cell in row] for row in rows]
    filled = [_as_wide(row, len(numbers)) for row in cells if any(row)]
    return filled[_headings(filled, MOST_HEADINGS if any(numbers) else 1) :]


def _headings(rows: Sequence[Sequence[str]], most: int) -> int:
    """Return how many of the first rows are headings: words, and no number, nor a dash for one, in them."""
    for place, row in enumerate(rows[:most]):
        words = any(letter.isalpha() or letter in "%％" for cell in row for letter in cell)
        if not words or any(NUMBERED.match(cell) for cell in row):
            return place
    return min(most, len(rows))


def _as_wide(row: list[str], columns: int) -> list[str]:
    while len(row) > columns and not row[-1]:
        row.pop()
    return row + [""] * (columns - len(row))


def _of_csv(content: bytes, name: str) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if is_garbled(text) or (content and not text):
        raise ConfigurationError(f"{name} is not in UTF-8, perhaps in GBK: save it as CSV UTF-8")
    first = text.partition("\n")[0]
    delimiter = next((mark for mark in "\t;" if mark in first), ",")
    try:
        yield from csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise ConfigurationError(f"{name} is no CSV: {error}") from None


def _of_spreadsheet(content: bytes, name: str) -> Iterator[list[str]]:
    """Yield the rows of the first sheet of an XLSX."""
    for place, row in enumerate(first_sheet(content, MOST_ROWS + 1, MOST_COLUMNS + 1), 1):
        if place > MOST_ROWS:
            raise ConfigurationError(
                f"{name} has more than {MOST_ROWS} rows, and is no table of a certificate"
            )
        yield [_shown(cell, f"{name}, row {place}") for cell in row]


def _shown(cell: object, where: str) -> str:
    """Return a cell with the digits the spreadsheet shows.

    Raises:
        ConfigurationError: it is computed, or holds something else than it shows, such as more digits, so
            that nobody can have compared it with the paper.
    """
    value = getattr(cell, "value", None)
    if is_formula(cell):
        raise ConfigurationError(f"{where}: {value} is a formula: bring the value alone")
    if value is None or isinstance(value, str):
        return value or ""
    told = str(getattr(cell, "number_format", GENERAL))
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    shown = _as_told(Decimal(repr(value)), told) if number else None
    if shown is None:
        raise ConfigurationError(
            f"{where}: a cell holds {value} and is shown by the format {told}: type what stands on the paper"
        )
    if shown.number * shown.unit != Decimal(repr(value)):
        raise ConfigurationError(
            f"{where}: the cell shows {shown} and holds {value}: type what stands on the paper"
        )
    return str(shown)


class _Shown(NamedTuple):
    """A number as a spreadsheet shows it."""

    number: Decimal
    unit: Decimal = Decimal(1)
    """What 1 of it is worth: 0.01 where it is shown as a percentage."""

    def __str__(self) -> str:
        return f"{self.number:f}{'' if self.unit == 1 else '%'}"


def _as_told(exact: Decimal, told: str) -> _Shown | None:
    """Return a number as a format shows it; None for formats of dates, fractions, thousands, words."""
    if told == GENERAL:
        whole = exact == exact.to_integral_value()
        plain = exact.quantize(Decimal(1), context=_WIDE) if whole else exact
        return _Shown(plain if whole else _GENERAL.plus(exact))
    if power := POWERS.fullmatch(told):
        return _Shown(Decimal(f"{exact:.{len(power['decimals'] or '')}E}"))
    if fixed := FIXED.fullmatch(told):
        unit = Decimal("0.01") if fixed["percent"] else Decimal(1)
        last = Decimal(1).scaleb(-len(fixed["decimals"] or ""))
        return _Shown(_WIDE.divide(exact, unit).quantize(last, context=_WIDE), unit)
    return None
