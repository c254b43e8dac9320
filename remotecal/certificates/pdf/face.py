"""A laboratory's own face: logo, accreditation mark, lines of its own, and words that it chooses.

A face adds and orders; nothing in it can take away, cover or reword what the certificate states. It
stands in the certificate's XML byte by byte, so the signatures cover it and `verify` prints with it.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from remotecal.certificates.pdf.own_words import own_words
from remotecal.certificates.pdf.wording import Chosen, Said, check_choice, label
from remotecal.configuration import Written, checked, parse_toml, read_within
from remotecal.errors import ConfigurationError
from remotecal.model import Column, Complex, Face
from remotecal.model.face import LARGEST_FACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotecal.model import Quantity, Record, Table

T = TypeVar("T")

LARGEST_SIDE: Final = 2000
"""Pixels of a picture's side; in 40 mm that is more than any printer has."""

StandardsColumn = Literal["name", "model", "range", "quality", "certificate", "until"]
STANDARDS: Final[tuple[StandardsColumn, ...]] = ("name", "model", "range", "quality", "certificate", "until")
"""Columns of the table of standards, as they stand where no face says otherwise."""

RESULTS: Final[dict[str, tuple[str, ...]]] = {
    "nominal": ("remotecal_nominalValue", "basic_nominalValue"),
    "reference": ("basic_referenceValue",),
    "indication": ("basic_measuredValue",),
    "error": ("basic_measurementError",),
    "repeatability": ("remotecal_repeatability",),
    "temperature": ("remotecal_liquidTemperature", "remotecal_fluidTemperature", "basic_temperature"),
}
"""Columns of tables of results that a face may order → the refTypes by which they are known."""
OPTIONAL: Final = frozenset(("nominal", "indication", "repeatability", "temperature"))
"""Those of them that it may leave out, where nothing is stated of them."""
INDEX: Final = "basic_tableIndex"
"""How the refType begins of what a table's rows are about."""


class OwnText(Written):
    """A line of the laboratory's own, in both languages."""

    zh: Annotated[str, AfterValidator(own_words)]
    """In Chinese."""
    en: Annotated[str, AfterValidator(own_words)]
    """In English."""

    @property
    def said(self) -> Said:
        """As the template takes it."""
        return [["", self.zh]] if self.zh == self.en else [["zh", self.zh], ["en", self.en]]


class PictureFile(Written):
    """A picture beside the face's file."""

    file: Annotated[str, StringConstraints(pattern=r"^[\w-][\w.-]{0,99}\.png$")] = Field(
        examples=["logo.png"]
    )
    """Its name (PNG)."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(
        examples=["the 64 signs sha256sum tells"]
    )
    """Its SHA-256: by the hash of the face's file the pictures are told, too."""
    alt: OwnText
    """What it shows, for those who can't see it."""


class StandardsTable(Written):
    """The table of standards."""

    columns: tuple[StandardsColumn, ...] = STANDARDS
    """The order of its columns; all of them."""

    @field_validator("columns")
    @classmethod
    def _all(cls, columns: tuple[StandardsColumn, ...]) -> tuple[StandardsColumn, ...]:
        if sorted(columns) != sorted(STANDARDS):
            raise ValueError(
                f"a face orders columns and leaves none out: name each of {', '.join(STANDARDS)}"
            )
        return columns


class ResultsTables(Written):
    """The tables of results."""

    columns: tuple[str, ...] = ()
    """Their order, by the names in `RESULTS`, and which of the optional ones stand; none for the order of the
    certificate."""

    @field_validator("columns")
    @classmethod
    def _whole(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in columns if name not in RESULTS]:
            raise ValueError(
                f"{unknown[0]!r} is no column that a face orders: these are {', '.join(RESULTS)}. U, k, "
                "limits and verdict stand behind their value and can't be left out, nor can any other column"
            )
        if columns and (missing := [name for name in RESULTS if name not in (*columns, *OPTIONAL)]):
            may = ", ".join(name for name in RESULTS if name in OPTIONAL)
            raise ValueError(f"a certificate must have {', '.join(missing)}: a face may leave out {may}")
        if len(set(columns)) < len(columns):
            raise ValueError("a column is named twice")
        return columns

    def arranged(self, table: Table) -> tuple[Quantity, ...]:
        """Return the columns of a table that stand, in their order.

        A column that is not for the face to order follows the one that it followed. What has an
        uncertainty, a verdict or a mark of the scope stands, and so does what the rows are about.
        """
        if not self.columns:
            return table.columns
        together = {number for joint in table.joint for number in joint.columns}
        groups: dict[int, list[Quantity]] = {-1: []}
        last = -1
        for number, quantity in enumerate(table.columns):
            name = column_name(quantity)
            if name is not None and name not in self.columns:
                if number not in together and not _must_stand(quantity):
                    continue
            elif name is not None:
                last = self.columns.index(name)
            groups.setdefault(last, []).append(quantity)
        return tuple(quantity for place in sorted(groups) for quantity in groups[place])


def column_name(quantity: Quantity) -> str | None:
    """Return what a face calls a column of results; None for what it does not order."""
    types = set(quantity.ref_types)
    return next((name for name, known in RESULTS.items() if not types.isdisjoint(known)), None)


def _must_stand(quantity: Quantity) -> bool:
    """Tell whether something is stated of a column, or its table is about it."""
    if not isinstance(quantity, Column):
        return True
    stated = (quantity.uncertainty, quantity.conformity, quantity.in_cmc, quantity.correlation)
    return any(one is not None for one in stated) or any(one.startswith(INDEX) for one in quantity.ref_types)


class Design(Written):
    """What the file of a face says."""

    edition: Literal[1]
    """Edition of this form."""
    logo: PictureFile | None = None
    """The laboratory's logo, above the title."""
    mark: PictureFile | None = None
    """The mark of its accreditation; printed with the laboratory's code, where results are within the CMC."""
    letterhead: Annotated[tuple[OwnText, ...], Field(max_length=4)] = ()
    """Lines above the title: of whom the laboratory is part, further sites."""
    footer: Annotated[tuple[OwnText, ...], Field(max_length=2)] = ()
    """Lines at the foot of every page, below the laboratory's address."""
    notes: Annotated[tuple[OwnText, ...], Field(max_length=6)] = ()
    """What else the laboratory tells, before the end, under a heading that says whose words they are."""
    standards: StandardsTable = StandardsTable()
    """The table of standards."""
    results: ResultsTables = ResultsTables()
    """The tables of results."""
    words: Chosen = Field(default_factory=dict)
    """Words chosen from `choices.toml`: group → name → language → word."""

    @field_validator("words")
    @classmethod
    def _known(cls, words: Chosen) -> Chosen:
        for group, names in words.items():
            for name, by_language in names.items():
                for language, word in by_language.items():
                    check_choice(group, name, language, word)
        return words

    def label(self, group: str, name: str) -> Said:
        """Return a text of the wording table, as the laboratory words it."""
        chosen = self.words.get(group, {}).get(name, {})
        return [[language, chosen.get(language, text)] for language, text in label(group, name)]

    def ordered(self, columns: list[T]) -> list[T]:
        """Return what is in the usual order of the table of standards in that of the face."""
        return [columns[STANDARDS.index(name)] for name in self.standards.columns]


PLAIN: Final = Design(edition=1)
"""How a certificate looks without a face."""


def read_face(path: Path) -> Face:
    """Return the face in a TOML file, with the pictures beside it.

    Raises:
        ConfigurationError: something in it is missing, unknown, or not allowed in a face.
    """
    content = _bytes(path)
    design = _design(content, path)
    found = {field: _text(_bytes(path.with_name(picture.file))) for field, picture in _pictures(design)}
    face = Face(toml=_text(content), **found)
    pictures_of(face, design)
    return face


def files_of(path: Path) -> tuple[Path, ...]:
    """Return the file of a face and those of its pictures; errors as `read_face`."""
    pictures = _pictures(_design(_bytes(path), path))
    return path, *(path.with_name(picture.file) for _, picture in pictures)


def design_of(record: Record) -> Design:
    """Return how a record is to be printed (`ConfigurationError`: by a face that may not be)."""
    face = record.face
    return PLAIN if face is None else _design(_plain(face.toml), Path(f"the face of {record.number}"))


def digest(face: Face) -> str:
    """Return the SHA-256 of a face's file, which names its pictures by theirs."""
    return sha256(_plain(face.toml)).hexdigest()


def pictures_of(face: Face, design: Design) -> dict[str, bytes]:
    """Return the pictures of a face by their field, checked (`ConfigurationError`)."""
    kept = {"logo": face.logo, "mark": face.mark}
    wanted = dict(_pictures(design))
    if more := [field for field, picture in kept.items() if picture is not None and field not in wanted]:
        raise ConfigurationError(f"there is a picture as {more[0]}, of which the face says nothing")
    found = {}
    for field, told in wanted.items():
        held = kept[field]
        if held is None:
            raise ConfigurationError(f"{field}: {told.file} is missing")
        found[field] = _plain(held)
        if (actual := sha256(found[field]).hexdigest()) != told.sha256:
            raise ConfigurationError(
                f"{told.file} has another SHA-256 than {field} says; if it is the right file: "
                f'sha256 = "{actual}"'
            )
        check_png(told.file, found[field])
    return found


def is_marked(record: Record) -> bool:
    """Tell whether the mark of the accreditation may stand on a certificate (ILAC-P8).

    The laboratory has a code, it is no demonstration, and a result is stated to be within the CMC.
    """
    columns = (column for table in record.tables for column in table.columns)
    within = (
        column.in_cmc.valid
        for column in columns
        if isinstance(column, Column | Complex) and column.in_cmc is not None
    )
    return record.laboratory.code is not None and any(any(valid) for valid in within)


def check_png(name: str, data: bytes) -> None:
    """Raise `ConfigurationError` unless this is a whole PNG of a size that is printed with ease."""
    if len(data) > LARGEST_FACE:
        raise ConfigurationError(f"{name} has {len(data)} bytes, more than {LARGEST_FACE}: make it smaller")
    try:
        first, *_, last = _chunks(data)
    except ValueError as error:
        raise ConfigurationError(f"{name} is no PNG: {error}") from None
    width, height = (int.from_bytes(first[1][at : at + 4]) for at in (0, 4))
    if first[0] != b"IHDR" or last[0] != b"IEND":
        raise ConfigurationError(f"{name} is no PNG: it does not begin and end as one")
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise ConfigurationError(
            f"{name} has {width} × {height} pixels; there may be {LARGEST_SIDE} on a side: make it smaller"
        )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("its first bytes are another format's")
    place = 8
    while place < len(data):
        length = int.from_bytes(data[place : place + 4])
        kind, held = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        if zlib.crc32(kind + held) != int.from_bytes(data[place + 8 + length : place + 12 + length]):
            raise ValueError("it is damaged, or something is appended")
        yield kind, held
        place += length + 12


def _pictures(design: Design) -> list[tuple[str, PictureFile]]:
    told = (("logo", design.logo), ("mark", design.mark))
    return [(field, picture) for field, picture in told if picture is not None]


def _design(content: bytes, path: Path) -> Design:
    return checked(Design, parse_toml(content, path, ConfigurationError), str(path), ConfigurationError)


def _bytes(path: Path) -> bytes:
    data = read_within(path, LARGEST_FACE)
    if len(data) > LARGEST_FACE:
        raise ConfigurationError(f"{path} has more than {LARGEST_FACE} bytes: make it smaller")
    return data


def _text(data: bytes) -> str:
    if not data:
        raise ConfigurationError("a file of the face is empty")
    return base64.b64encode(data).decode()


def _plain(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ConfigurationError(f"the face is not kept as it was: {error}") from None
