"""Lists as CSV (RFC 4180), in UTF-8 and marked so: without the mark Excel reads no Chinese."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import Query
from starlette.responses import StreamingResponse

from remotecal.model.flat import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from starlette.responses import Response

    from remotecal.web.pages.frame import Visitor

Form = Annotated[Literal["html", "csv"], Query(alias="format")]
"""As what a list is wanted."""
NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\Z", re.ASCII)
"""What a spreadsheet takes for a number, and no formula."""


def as_csv(visitor: Visitor, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """Return a list as a file, written while it is sent, with headings in the language of whoever takes it.

    Args:
        visitor: in whose language the headings are.
        name: of the file, without ending.
        columns: names of the headings, in the catalogue's `column`.
        rows: what stands in them; none is taken for a formula.
    """
    return as_file(name, [visitor.words(f"column.{column}") for column in columns], rows)


def as_file(name: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """Return a list as a file, as `as_csv`, with headings that are the same in all languages."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_lines(headings, rows), media_type="text/csv", headers=headers)


def _lines(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    out = io.StringIO()
    out.write("\N{BYTE ORDER MARK}")
    writer = csv.writer(out)
    writer.writerow(headings)
    for row in rows:
        writer.writerow(cell if NUMBER.match(cell) else as_text(cell) for cell in row)
        if out.tell() > 1 << 14:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()
