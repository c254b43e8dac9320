"""What somebody typed of a paper certificate, its tables included: in the sheet, pasted, or from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, Final

from remotecal.certificates.sheet import UNCERTAINTY, Sheet, number
from remotecal.certificates.table_files import NUMBERED, rows_in
from remotecal.certificates.typed_signs import check_signs
from remotecal.configuration import checked, read_toml, read_within
from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.certificates.sheet import TypedColumn, TypedResult

SCANS: Final[Mapping[bytes, str]] = {
    b"%PDF-": "pdf",
    b"\x89PNG\r\n": "png",
    b"\xff\xd8\xff": "jpg",
    b"II*\0": "tif",
    b"MM\0*": "tif",
}
"""How a scan begins → how its file's name ends."""
LARGEST_TABLE: Final = 2**20
"""Bytes of a file with a table."""


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
        lines = (_parted(line, result.columns) for line in result.rows.splitlines())
        rows = [cells for cells in lines if cells and not _is_remark(cells)]
        return TypedTable(_cells(result.columns, rows, called))
    content = brought(result.file)
    if len(content) > LARGEST_TABLE:
        raise ConfigurationError(
            f"{result.file} is larger than {LARGEST_TABLE} bytes, and no table of a certificate"
        )
    rows = rows_in(content, result.file, [column.unit is not None for column in result.columns])
    return TypedTable(_cells(result.columns, rows, called), sha256(content).hexdigest())


def _is_remark(cells: Sequence[str]) -> bool:
    """Tell whether a line is none of the table: none with a number is left out, such as one of weight #3."""
    return cells[0].startswith("#") and not any(NUMBERED.match(cell.lstrip("#")) for cell in cells)


def _parted(line: str, columns: Sequence[TypedColumn]) -> list[str]:
    """Return the cells of a line: apart by tabs where that gives one for each column, else by blanks.

    Where words may have blanks in them a cell that is empty stays empty: what stands behind it would come
    under other headings.
    """
    pasted = [cell.strip() for cell in line.strip("\r\n").split("\t")]
    words = any(column.unit is None for column in columns)
    whole = len(pasted) == len(columns) and (all(pasted) or (words and any(pasted)))
    return pasted if whole else line.split()


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
        typed = number(text.rstrip("%％") if column.unit == "%" else text)
    except ValueError as error:
        raise ConfigurationError(f"{where}, {column.is_}: {error}") from None
    if column.is_ == UNCERTAINTY and Decimal(typed) <= 0:
        raise ConfigurationError(f"{where}, U: {typed} is no expanded uncertainty, which is more than 0")
    return typed


def ending_of(scan: bytes) -> str:
    """Return how the name of a scan's file ends, by its first bytes.

    Raises:
        ConfigurationError: it is no PDF and no picture.
    """
    for begin, ending in SCANS.items():
        if scan.startswith(begin):
            return ending
    raise ConfigurationError("bring the scan as PDF, JPEG, PNG or TIFF")


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a scan, in hexadecimal.

    Raises:
        ConfigurationError: it can't be read, is empty, or no PDF and no picture.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(max(map(len, SCANS)))
            file.seek(0)
            digest = file_digest(file, "sha256").hexdigest()
            empty = file.tell() == 0
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    if empty:
        raise ConfigurationError(f"{path} is empty: it must show the paper")
    ending_of(begin)
    return digest
