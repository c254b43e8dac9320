"""The sheet into which somebody types a paper certificate: what stands on the paper, as it stands there."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import file_digest, sha256
from io import StringIO
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from remotecal import units
from remotecal.configuration import Written, checked, nearest, read_toml
from remotecal.errors import ConfigurationError
from remotecal.model import Identification, Item, Text
from remotecal.model.base import Country, CoverageFactor, Line, Probability, Word
from remotecal.numerals import read_typed
from remotecal.order import Party, Signatory, Words

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_TABLE: Final = 2**20
"""Bytes of a file with a table."""
NUMBERED: Final = re.compile(r"[-+±−－＋]?\s*[.,．，]?\d")
"""How a cell begins that is meant for a number, whether it is one or not; no heading does."""
UNCERTAINTY: Final = "U"
"""What the column of expanded uncertainties is: it belongs to the column before it."""
MEANINGS: Final[Mapping[str, tuple[str, Text]]] = {
    "indication": ("basic_measuredValue", Text(zh="示值", en="Indication")),
    "reference": ("basic_referenceValue", Text(zh="标准值", en="Reference value")),
    "error": ("basic_measurementError", Text(zh="示值误差", en="Error of indication")),
}
"""What a column is, in a word → its refType, and what it is called where the sheet says nothing else."""


def _number(text: str) -> str:
    """Return a number as it was typed, in the digits of ASCII (`ValueError`: it is none)."""
    typed = read_typed(text)
    if typed.unit:
        raise ValueError(f"{text!r} has a unit in it: units stand with the column")
    return typed.number


TypedNumber = Annotated[str, AfterValidator(_number)]
"""A number in quotation marks, so that its digits stay."""


class Typist(Written):
    """Who typed the sheet."""

    by: Line
    """Their name."""
    on: date
    """The day they did."""


class TypedHead(Written):
    """What the paper says of itself."""

    number: Line
    """Its number."""
    issued: date
    """Day of issue."""
    method: Words
    """The method or the document it was calibrated by, such as JJG 1036-2022."""
    begun: date | None = None
    """First day of the calibration; that of issue where the paper names none."""
    finished: date | None = None
    """Last day of the calibration; the first where the paper names none."""
    valid_until: date | None = None
    """Last day on which it may be used, where the paper names one."""
    country: Country = "CN"
    """Country of the laboratory that issued it (ISO 3166-1)."""
    traceability: Words | None = None
    """What the paper says of traceability, in its words."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_until is not None and self.valid_until < self.issued:
            raise ValueError(f"valid_until is {self.valid_until}, before it was issued on {self.issued}")
        if (self.finished or self.begun or self.issued) > self.issued:
            raise ValueError(f"it was issued on {self.issued}, before the calibration was finished")
        return self


class TypedItem(Written):
    """What the paper is the certificate of."""

    name: Words
    """What it is."""
    serial: Line
    """The maker's serial number, by which a bench finds its certificate."""
    maker: Words | None = None
    """Who made it."""
    model: Line | None = None
    """Type designation."""
    owner_number: Line | None = None
    """The owner's number for it."""

    def item(self) -> Item:
        """Return it as a certificate names it."""
        numbers = [Identification(value=self.serial, name=Text(zh="出厂编号", en="Serial number"))]
        if self.owner_number:
            called = Text(zh="设备编号", en="Owner's number")
            numbers.append(Identification(value=self.owner_number, issuer="owner", name=called))
        return Item(
            id="item",
            name=self.name,
            manufacturer=self.maker,
            model=self.model,
            identifications=tuple(numbers),
        )


class Within(Written):
    """A condition that lay between two values."""

    name: Words
    """What it is called."""
    kind: Word
    """Its refType, such as `basic_temperature`."""
    low: TypedNumber
    """The least."""
    high: TypedNumber
    """The most."""
    unit: Line
    """Unit of both."""


class TypedColumn(Written):
    """A column of a table."""

    is_: str = Field(alias="is")
    """`indication`, `reference`, `error`; `U` of the column before it; or a refType of its own."""
    name: Words | None = None
    """What the paper calls it; of a refType it must be said."""
    unit: Line | None = None
    """Unit; a column without one is of words."""
    k: CoverageFactor | None = None
    """Coverage factor of a column `U`."""
    p: Probability | None = None
    """Coverage probability of a column `U`; none for k = 1."""
    relative: bool = False
    """Whether a column `U` is relative to the value before it: in % of it, or in 1."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.unit is not None:
            units.check(self.unit)
        if self.is_ == UNCERTAINTY:
            if self.unit is None or self.k is None or (self.p is None and self.k != "1"):
                raise ValueError("a column U needs its unit, its k, and its p where k is not 1")
        elif self.k is not None or self.p is not None or self.relative:
            raise ValueError("k, p and relative are for a column U")
        elif self.is_ not in MEANINGS and "_" not in self.is_:
            known = nearest(self.is_, [*MEANINGS, UNCERTAINTY])
            raise ValueError(f"is: {self.is_!r} is neither a known word, {known}, nor a refType")
        elif self.is_ not in MEANINGS and self.name is None:
            raise ValueError(f"say by name what the paper calls the column {self.is_}")
        return self


class TypedResult(Written):
    """A table of the paper."""

    name: Words
    """Its heading."""
    columns: tuple[TypedColumn, ...] = Field(min_length=1)
    """Its columns, from the left."""
    rows: str = ""
    """Its rows, a line each, cells apart by blanks; a line that begins with # is none."""
    file: str | None = None
    """A CSV file instead, from where the sheet lies; its first row may be headings.

    None of them begins with a digit: such a row is one of numbers, and is never left out."""

    @model_validator(mode="after")
    def _has_its_parts(self) -> Self:
        if bool(self.rows.strip()) is (self.file is not None):
            raise ValueError("give either rows, or the file that has them")
        before = ""
        for column in self.columns:
            if column.is_ == UNCERTAINTY and before in {"", UNCERTAINTY}:
                raise ValueError("a column U stands behind the column whose uncertainty it is")
            before = column.is_ if column.unit is not None else ""
        return self


class Sheet(Written):
    """A paper certificate as one person typed it."""

    typed: Typist
    """Who typed it."""
    certificate: TypedHead
    """What it says of itself."""
    issuer: Party
    """Who issued it."""
    customer: Party
    """Whom it is for."""
    persons: tuple[Signatory, ...] = Field(min_length=1)
    """Who signed it."""
    item: TypedItem
    """What was calibrated."""
    conditions: tuple[Within, ...] = ()
    """The conditions."""
    results: tuple[TypedResult, ...] = Field(min_length=1)
    """Its tables."""


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
    sheet = checked(Sheet, content, str(path), ConfigurationError)
    return Transcript(sheet, tuple(_table(result, path) for result in sheet.results))


def _table(result: TypedResult, path: Path) -> TypedTable:
    called = f"{path}: table {result.name.get('en')}"
    if result.file is None:
        lines = (line.split() for line in result.rows.splitlines())
        rows = [cells for cells in lines if cells and not cells[0].startswith("#")]
        return TypedTable(_cells(result.columns, rows, called))
    content = _content(path.parent / result.file)
    rows = list(_rows_in(content, path.parent / result.file))
    if rows and not any(NUMBERED.match(cell) for cell in rows[0]):
        del rows[0]  # the headings
    return TypedTable(_cells(result.columns, rows, called), sha256(content).hexdigest())


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_TABLE + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    if len(content) > LARGEST_TABLE:
        raise ConfigurationError(
            f"{path} is larger than {LARGEST_TABLE} bytes, and no table of a certificate"
        )
    return content


def _rows_in(content: bytes, path: Path) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not in UTF-8, perhaps in GBK: save it as CSV UTF-8") from None
    first = text.partition("\n")[0]
    delimiter = next((mark for mark in "\t;" if mark in first), ",")
    try:
        for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True):
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield cells
    except csv.Error as error:
        raise ConfigurationError(f"{path} is no CSV: {error}") from None


def _cells(
    columns: Sequence[TypedColumn], rows: Sequence[Sequence[str]], called: str
) -> tuple[tuple[str, ...], ...]:
    """Return the cells of a table, numbers in digits of ASCII; raises `ConfigurationError`."""
    if not rows:
        raise ConfigurationError(f"{called} has no row")
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            raise ConfigurationError(
                f"{called}, row {number}, has {len(row)} cells for {len(columns)} columns: {' '.join(row)}"
            )
    return tuple(
        tuple(
            _cell(column, text, f"{called}, row {number}") for column, text in zip(columns, row, strict=True)
        )
        for number, row in enumerate(rows, 1)
    )


def _cell(column: TypedColumn, text: str, where: str) -> str:
    if column.unit is None:
        return text
    try:
        number = _number(text)
    except ValueError as error:
        raise ConfigurationError(f"{where}, {column.is_}: {error}") from None
    if column.is_ == UNCERTAINTY and Decimal(number) <= 0:
        raise ConfigurationError(f"{where}, U: {number} is no expanded uncertainty, which is more than 0")
    return number


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
