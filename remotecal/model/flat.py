"""Tables as plain columns: a heading and a cell for each row, with the digits that are printed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from remotecal import html, units
from remotecal.errors import ConfigurationError
from remotecal.model.base import Text
from remotecal.model.complex import Complex
from remotecal.model.quantities import Column, Note, Words

if TYPE_CHECKING:
    from pandas import DataFrame

Part = Literal["value", "U", "u", "k", "lower", "upper", "verdict", "r", "text"]

CALLED: Final[dict[str, Text]] = {
    "U": Text.plain("U"),
    "u": Text.plain("u"),
    "k": Text.plain("k"),
    "r": Text.plain("r"),
    "lower": Text(zh="下限", en="lower limit"),
    "upper": Text(zh="上限", en="upper limit"),
    "verdict": Text(zh="符合性", en="conformity"),
    "real": Text(zh="实部", en="Re"),
    "imaginary": Text(zh="虚部", en="Im"),
    "magnitude": Text(zh="模", en="magnitude"),
    "phase": Text(zh="相位", en="phase"),
}
"""What the columns are called that a record has no name for."""


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """One plain column."""

    names: tuple[Text, ...]
    """What it is of, and which part of that: the error, its U."""
    unit: str
    """Unit of the cells; "1" where they have none."""
    cells: tuple[str | Text, ...]
    """One for each row, or one for all."""
    part: Part = "value"
    """What it tells of the quantity."""

    def name(self, language: str) -> str:
        """Return what it is called, without its unit."""
        return " ".join(name.get(language) for name in self.names)

    def short(self, language: str) -> str:
        """Return what it is called behind the values it tells of: "U" and not "error U"."""
        own = self.names if self.part in {"value", "text"} else self.names[-1:]
        return " ".join(name.get(language) for name in own)

    def heading(self, language: str) -> str:
        """Return what it is called, with its unit in short notation: "error U (m3/h)"."""
        unit = "" if self.unit == "1" else f"({self.unit})"
        return " ".join(filter(None, (self.name(language), unit)))

    def bilingual(self) -> str:
        """Return what it is called in each language it is named in, and its unit, line by line."""
        languages = {language for name in self.names for language in name.languages}
        names = dict.fromkeys(map(self.name, sorted(languages, reverse=True) or ("",)))
        return "\n".join(filter(None, (*names, "" if self.unit == "1" else units.symbol(self.unit))))

    def at(self, row: int, language: str | None = None) -> str:
        """Return the cell of a row; where it is a text, in a language, or in all it has."""
        cell = self.cells[row if len(self.cells) > 1 else 0]
        if isinstance(cell, str):
            return cell
        return cell.in_all() if language is None else cell.get(language)

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers."""
        return self.part not in {"verdict", "text"}


def flatten(quantities: Iterable[Column | Complex | Words | Note]) -> tuple[FlatColumn, ...]:
    """Return the columns of a table as plain ones: values, and behind them what is told of them."""
    return tuple(flat for quantity in quantities for flat in _flat(quantity))


def _flat(quantity: Column | Complex | Words | Note) -> Iterator[FlatColumn]:
    names = (quantity.name,) if quantity.name else ()
    match quantity:
        case Column():
            for stated in (quantity, *quantity.in_other_units):
                yield from _numbers(names, stated)
            yield from _judged(names, quantity)
        case Complex():
            yield from _complex(names, quantity)
        case Words():
            yield FlatColumn(names, "1", quantity.words, "text")
        case Note():
            yield FlatColumn(names, "1", (quantity.text,), "text")


def _numbers(names: tuple[Text, ...], column: Column) -> Iterator[FlatColumn]:
    yield FlatColumn(names, column.unit, column.values)
    stated = column.uncertainty
    if stated is not None:
        part: Part = "u" if stated.p is None else "U"
        yield FlatColumn((*names, CALLED[part]), units.difference(column.unit), stated.expanded, part)
        yield FlatColumn((*names, CALLED["k"]), "1", stated.k, "k")


def _judged(names: tuple[Text, ...], column: Column) -> Iterator[FlatColumn]:
    judged = column.conformity
    if judged is None:
        return
    if judged.tolerance is not None:
        limits: tuple[tuple[Part, tuple[str, ...] | None], ...] = (
            ("lower", judged.tolerance.lower),
            ("upper", judged.tolerance.upper),
        )
        for part, each in limits:
            if each:
                yield FlatColumn((*names, CALLED[part]), column.unit, each, part)
    yield FlatColumn((*names, CALLED["verdict"]), "1", judged.verdicts, "verdict")


def _complex(names: tuple[Text, ...], entry: Complex) -> Iterator[FlatColumn]:
    called = ("real", "imaginary") if entry.form == "cartesian" else ("magnitude", "phase")
    for name, half in zip(called, entry.parts(), strict=True):
        yield from _numbers((*names, CALLED[name]), half)
    if entry.uncertainty is not None and any(r != "0" for r in entry.uncertainty.r):
        yield FlatColumn((*names, CALLED["r"]), "1", entry.uncertainty.r, "r")


def as_html(columns: Sequence[FlatColumn], rows: int, caption: str = "") -> str:
    """Return plain columns as a table for a notebook, with headings in every language they have."""
    cells = ([column.at(row) for column in columns] for row in range(rows))
    return html.table([column.bilingual() for column in columns], cells, caption)


def as_csv(columns: Sequence[FlatColumn], rows: int, language: str) -> str:
    """Return plain columns as CSV (RFC 4180, lines ended by a line feed) with one row of headings."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(as_text, headings(columns, language)))
    for row in range(rows):
        cells = ((column.at(row, language), column.is_number) for column in columns)
        writer.writerow(cell if is_number else as_text(cell) for cell, is_number in cells)
    return out.getvalue()


def as_dataframe(columns: Sequence[FlatColumn], rows: int, language: str) -> DataFrame:
    """Return plain columns as a pandas DataFrame; numbers are decimals, which keep their digits.

    Raises:
        ConfigurationError: pandas is not installed.
    """
    try:
        from pandas import DataFrame
    except ImportError:
        raise ConfigurationError(
            "a dataframe needs pandas: `pip install 'remotecal[dataframe]'`; `to_csv` does without it"
        ) from None
    cells = [
        [Decimal(column.at(row)) if column.is_number else column.at(row, language) for row in range(rows)]
        for column in columns
    ]
    return DataFrame(dict(zip(headings(columns, language), cells, strict=True)))


def headings(columns: Sequence[FlatColumn], language: str) -> list[str]:
    """Return a heading for each column, no two alike."""
    found: list[str] = []
    for column in columns:
        heading = column.heading(language) or "value"
        alike = sum(other == heading or other.startswith(f"{heading} #") for other in found)
        found.append(f"{heading} #{alike + 1}" if alike else heading)
    return found


FORMULA: Final = re.compile(r"(?:\A|(?<=[;\t\n\r]))(?=[=+\-@\t\r\n＝＋－＠])")
"""Where a spreadsheet would begin to compute: a cell, or what is one where semicolons or tabs part them."""


def as_text(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, whoever wrote it."""
    return FORMULA.sub("'", cell)
