"""The sheet into which somebody types a paper certificate: what stands on the paper, as it stands there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from remotecal import units
from remotecal.certificates.typed_signs import called_correction, has_zero_of_its_own
from remotecal.configuration import Written, nearest
from remotecal.model import Identification, Item, Text
from remotecal.model.base import Country, CoverageFactor, Line, Probability, Word
from remotecal.model.identifiers import disguise
from remotecal.numerals import read_typed
from remotecal.order import Party, Signatory, Words

UNCERTAINTY: Final = "U"
"""What the column of expanded uncertainties is: it belongs to the column before it."""
MEANINGS: Final[Mapping[str, tuple[str, Text]]] = {
    "indication": ("basic_measuredValue", Text(zh="示值", en="Indication")),
    "reference": ("basic_referenceValue", Text(zh="标准值", en="Reference value")),
    "error": ("basic_measurementError", Text(zh="示值误差", en="Error of indication")),
}
"""What a column is, in a word → its refType, and what it is called where the sheet says nothing else."""
ERROR: Final = MEANINGS["error"][0]
"""refType of errors: indication less reference."""


def number(text: str) -> str:
    """Return a number as it was typed, in the digits of ASCII (`ValueError`: it is none)."""
    typed = read_typed(text)
    if typed.unit:
        raise ValueError(f"{text!r} has a unit in it: units stand with the column")
    return typed.number


TypedNumber = Annotated[str, AfterValidator(number)]
"""A number in quotation marks, so that its digits stay."""


def _as_it_looks(text: str) -> str:
    if why := disguise(text):
        raise ValueError(why)
    return text


Marked = Annotated[Line, AfterValidator(_as_it_looks)]
"""A number that something is marked with, which shows what it is: no letters that nobody sees."""


class Typist(Written):
    """Who typed the sheet."""

    by: Line
    """Their name."""
    on: date
    """The day they did."""


class TypedHead(Written):
    """What the paper says of itself."""

    number: Marked
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
    serial: Marked
    """The maker's serial number, by which a bench finds its certificate."""
    maker: Words | None = None
    """Who made it."""
    model: Line | None = None
    """Type designation."""
    owner_number: Marked | None = None
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
    """Coverage probability of a column `U`; none for k = 1, and where the paper states none."""
    relative: bool = False
    """Whether a column `U` is relative to the value before it: in % of it, or in 1. No error has such a one:
    a paper that states it relative means the indication or the reference, not the error itself."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.unit is not None:
            units.check(self.unit)
        if self.is_ == UNCERTAINTY:
            if self.unit is None or self.k is None:
                raise ValueError("a column U needs its unit and its k")
        elif self.k is not None or self.p is not None or self.relative:
            raise ValueError("k, p and relative are for a column U")
        elif self.is_ not in MEANINGS and "_" not in self.is_:
            known = nearest(self.is_, [*MEANINGS, UNCERTAINTY])
            raise ValueError(f"is: {self.is_!r} is neither a known word, {known}, nor a refType")
        elif self.is_ not in MEANINGS and self.name is None:
            raise ValueError(f"say by name what the paper calls the column {self.is_}")
        elif self.ref_type == ERROR and called_correction(self.name):
            raise ValueError("a correction is less its error: turn the signs round, and call it the error")
        return self

    @property
    def ref_type(self) -> str:
        """What it is, as a refType."""
        return MEANINGS[self.is_][0] if self.is_ in MEANINGS else self.is_


class TypedResult(Written):
    """A table of the paper."""

    name: Words
    """Its heading."""
    columns: tuple[TypedColumn, ...] = Field(min_length=1)
    """Its columns, from the left."""
    rows: str = ""
    """Its rows, a line each, cells apart by blanks, or by tabs where they are pasted; a line that begins with
    # and has no number is none."""
    file: str | None = None
    """A CSV or XLSX file instead, from where the sheet lies; its first row may be headings.

    None of them begins with a digit: such a row is one of numbers, and is never left out."""

    @model_validator(mode="after")
    def _has_its_parts(self) -> Self:
        if bool(self.rows.strip()) is (self.file is not None):
            raise ValueError("give either rows, or the file that has them")
        before: TypedColumn | None = None
        for column in self.columns:
            if column.is_ == UNCERTAINTY:
                _check_uncertainty(column, before)
            before = column
        return self


def _check_uncertainty(column: TypedColumn, of: TypedColumn | None) -> None:
    """Raise `ValueError` unless a column U can be that of the column before it."""
    if of is None or of.unit is None or of.is_ == UNCERTAINTY:
        raise ValueError("a column U stands behind the column whose uncertainty it is")
    if column.relative and of.ref_type == ERROR:
        raise ValueError(
            "an error has its U in a unit of its own: where the paper states it in % of the indication or "
            "the reference, put the column U behind that one"
        )
    if column.relative and has_zero_of_its_own(of.unit):
        raise ValueError(f"an uncertainty relative to a value in {of.unit} is none: state it in the unit")


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

    @model_validator(mode="after")
    def _was_there(self) -> Self:
        if self.certificate.issued > self.typed.on:
            raise ValueError(
                f"it was issued on {self.certificate.issued}, after it was typed on {self.typed.on}"
            )
        return self
