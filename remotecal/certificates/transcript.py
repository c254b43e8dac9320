"""What somebody typed of a paper certificate, its tables included: in the sheet, pasted, or from a file."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from hashlib import file_digest, sha256
from io import StringIO
from typing import TYPE_CHECKING, Final

from remotecal.certificates.sheet import UNCERTAINTY, Sheet, number
from remotecal.certificates.typed_signs import check_signs
from remotecal.configuration import checked, read_toml, read_within
from remotecal.errors import ConfigurationError
from remotecal.spreadsheets import first_sheet, is_formula

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.certificates.sheet import TypedColumn, TypedResult

NUMBERED: Final = re.compile(r"[-+±−－＋]?\s*[.,．，]?\d")
"""How a cell begins that is meant for a number, whether it is one or not; no heading does."""
LARGEST_TABLE: Final = 2**20
"""Bytes of a file with a table."""
MOST_ROWS: Final = 5000
MOST_COLUMNS: Final = 40
_WIDE: Final = Context(prec=400)
"""Enough for whatever a spreadsheet holds."""
FIXED: Final = re.compile(r"0(?:\.(0+))?(?:_.)?\s*\Z")
"""How a spreadsheet is told to show a number with so many decimals."""


@dataclass(frozen=True, slots=True)
class TypedTable:
    """The cells of a table."""

    rows: tuple[tuple[str, ...], ...]
    """As typed, numbers in digits of ASCII, a cell for each column."""
    sha256: str | None = None
    """SHA-256 of the file they come from, if there is one."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A sheet with the tables it names."""

    sheet: Sheet
    """The sheet."""
    tables: tuple[TypedTable, ...]
    """The cells of its results' tables, in their order."""


def read_sheet(path: Path) -> Transcript:
    """Return a sheet that somebody typed, and what stands in its tables.

    Raises:
        ConfigurationError: it or a file it names can't be read, or something in it is missing, unknown, no
            number, or no number for each column.
    """
    content = read_toml(path, ConfigurationError, "`remotecal certificate new` writes one to begin with")
    return transcript(content, str(path), lambda name: read_within(path.parent / name, LARGEST_TABLE))


def transcript(said: Mapping[str, object], called: str, brought: Callable[[str], bytes]) -> Transcript:
    """Return what was typed, checked, and what stands in its tables.

    Args:
        said: the sheet's content, as its TOML file has it.
        called: what it is called where something is wrong.
        brought: gives the content of a file that it names.

    Raises:
        ConfigurationError: as `read_sheet`.
    """
    sheet = checked(Sheet, said, called, ConfigurationError)
    return Transcript(sheet, tuple(_table(result, called, brought) for result in sheet.results))


def _table(result: TypedResult, where: str, brought: Callable[[str], bytes]) -> TypedTable:
    called = f"{where}: table {result.name.get('en')}"
    if result.file is None:
        lines = (_parted(line, len(result.columns)) for line in result.rows.splitlines())
        rows = [cells for cells in lines if cells and not _is_remark(cells)]
        return TypedTable(_cells(result.columns, rows, called))
    content = brought(result.file)
    if len(content) > LARGEST_TABLE:
        raise ConfigurationError(
            f"{result.file} is larger than {LARGEST_TABLE} bytes, and no table of a certificate"
        )
    rows = list(_rows_in(content, result.file))
    if rows and not any(NUMBERED.match(cell) for cell in rows[0]):
        del rows[0]  # the headings
    return TypedTable(_cells(result.columns, rows, called), sha256(content).hexdigest())


def _is_remark(cells: Sequence[str]) -> bool:
    """Tell whether a line is none of the table: none with a number is left out, such as one of weight #3."""
    return cells[0].startswith("#") and not any(NUMBERED.match(cell.lstrip("#")) for cell in cells)


def _parted(line: str, columns: int) -> list[str]:
    """Return the cells of a line: apart by tabs where that gives one for each column, else by blanks."""
    pasted = [cell.strip() for cell in line.strip("\r\n").split("\t")]
    return pasted if len(pasted) == columns and all(pasted) else line.split()


def _rows_in(content: bytes, name: str) -> Iterator[list[str]]:
    rows = _of_spreadsheet(content, name) if content.startswith(b"PK") else _of_csv(content, name)
    for row in rows:
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield cells


def _of_csv(content: bytes, name: str) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{name} is not in UTF-8, perhaps in GBK: save it as CSV UTF-8") from None
    first = text.partition("\n")[0]
    delimiter = next((mark for mark in "\t;" if mark in first), ",")
    try:
        yield from csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise ConfigurationError(f"{name} is no CSV: {error}") from None


def _of_spreadsheet(content: bytes, name: str) -> Iterator[list[str]]:
    """Yield the rows of the first sheet of an XLSX, without the empty cells behind the last one."""
    for place, row in enumerate(first_sheet(content, MOST_ROWS + 1, MOST_COLUMNS + 1), 1):
        if place > MOST_ROWS:
            raise ConfigurationError(
                f"{name} has more than {MOST_ROWS} rows, and is no table of a certificate"
            )
        cells = [_shown(cell, f"{name}, row {place}") for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def _shown(cell: object, where: str) -> str:
    """Return a cell with the digits the spreadsheet shows.

    Raises:
        ConfigurationError: it is computed, or holds more digits than it shows, so that nobody can have
            compared it with the paper.
    """
    value = getattr(cell, "value", None)
    if is_formula(cell):
        raise ConfigurationError(f"{where}: {value} is a formula: bring the value alone")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    exact = Decimal(repr(value))
    fixed = FIXED.match(getattr(cell, "number_format", ""))
    if fixed is None:
        return str(int(exact)) if exact == exact.to_integral_value() else f"{exact:f}"
    shown = exact.quantize(Decimal(1).scaleb(-len(fixed[1] or "")), context=_WIDE)
    if shown != exact:
        raise ConfigurationError(
            f"{where}: the cell shows {shown} and holds {exact}: type what stands on the paper"
        )
    return f"{shown:f}"


def _cells(
    columns: Sequence[TypedColumn], rows: Sequence[Sequence[str]], called: str
) -> tuple[tuple[str, ...], ...]:
    """Return the cells of a table, numbers in digits of ASCII; raises `ConfigurationError`."""
    if not rows:
        raise ConfigurationError(f"{called} has no row")
    for place, row in enumerate(rows, 1):
        if len(row) != len(columns):
            raise ConfigurationError(
                f"{called}, row {place}, has {len(row)} cells for {len(columns)} columns: {' '.join(row)}"
            )
    cells = tuple(
        tuple(
            _cell(column, text, f"{called}, row {place}") for column, text in zip(columns, row, strict=True)
        )
        for place, row in enumerate(rows, 1)
    )
    check_signs([(column.is_, column.unit) for column in columns], cells, called)
    return cells


def _cell(column: TypedColumn, text: str, where: str) -> str:
    if column.unit is None:
        return text
    try:
        typed = number(text)
    except ValueError as error:
        raise ConfigurationError(f"{where}, {column.is_}: {error}") from None
    if column.is_ == UNCERTAINTY and Decimal(typed) <= 0:
        raise ConfigurationError(f"{where}, U: {typed} is no expanded uncertainty, which is more than 0")
    return typed


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal (`ConfigurationError`: it can't be read, or is empty)."""
    try:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            empty = file.tell() == 0
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    if empty:
        raise ConfigurationError(f"{path} is empty: it must show the paper")
    return digest
