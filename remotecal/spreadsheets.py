"""XLSX files that people bring: unpacked within bounds, and nothing in them is computed."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LARGEST_UNPACKED: Final = 20 * 2**20
"""Bytes of an XLSX once it is unpacked; what it says it has is all that is unpacked."""
MOST_MARKS: Final = 500_000
"""Marks of XML in all parts: all columns of 2000 rows have less than half of it. Each takes memory."""
MOST_STYLES: Final = 20_000
"""Marks of XML that tell how cells look; each takes more than a cell does."""
MOST_PARTS: Final = 200
"""Files in an XLSX."""
PACKED_BY: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""How its parts may be packed (ECMA-376, part 2); others can't be unpacked piece by piece."""
NO_ARCHIVE: Final = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError),
    *(OSError, EOFError, ValueError, zlib.error, struct.error),
)
"""What `zipfile` raises where it is given anything else."""


def first_sheet(content: bytes, rows: int, columns: int) -> Iterator[Sequence[object]]:
    """Yield the rows of the first sheet that is not hidden, as openpyxl's cells, at most so many of each.

    Raises:
        ConfigurationError: it is no XLSX, or larger than it may be, or defines entities.
    """
    from openpyxl import load_workbook

    parts = _parts(content)
    try:
        book = load_workbook(_archive(parts), read_only=True, data_only=False, keep_links=False)
        # What nobody sees who opens the file is not what they bring.
        sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
        found: Iterable[Sequence[object]] = sheet.iter_rows(max_row=rows, max_col=columns)
        yield from found
    except ConfigurationError:
        raise
    except Exception as error:
        raise ConfigurationError(f"the XLSX can't be read ({type(error).__name__}): save it anew") from error


def is_formula(cell: object) -> bool:
    """Tell whether a cell is computed."""
    return getattr(cell, "data_type", "") == "f"


def _parts(content: bytes) -> dict[str, bytes]:
    """Return what is in an archive, by its name.

    Raises:
        ConfigurationError: it is no XLSX, larger than it may be, or defines entities.
    """
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise ConfigurationError(
                    f"the XLSX unpacks to more than {LARGEST_UNPACKED // 2**20} MB: bring the table alone"
                )
            marks = 0
            for part in parts:
                if part.compress_type not in PACKED_BY:
                    raise NotImplementedError(part.compress_type)
                with archive.open(part) as opened:
                    # Asked for all, zipfile unpacks all there is, and then cuts it to what the part says.
                    found[part.filename] = opened.read(part.file_size)
                # XML may be in UTF-16, and is told by the archive's own table of types, not by its name.
                text = found[part.filename].replace(b"\0", b"")
                marks += (its := text.count(b"<"))
                if marks > MOST_MARKS or (its > MOST_STYLES and part.filename.endswith("styles.xml")):
                    raise ConfigurationError(
                        "the XLSX has more cells or styles than a table has: copy it into a new workbook"
                    )
                if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                    raise ConfigurationError("the XLSX defines entities, as no spreadsheet does")
    except NO_ARCHIVE as error:
        raise ConfigurationError(f"the file is no XLSX ({type(error).__name__}): save it anew") from None
    return found


def _archive(parts: Mapping[str, bytes]) -> io.BytesIO:
    """Return an archive of what was looked at and nothing else, which unpacks to what it says."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made
