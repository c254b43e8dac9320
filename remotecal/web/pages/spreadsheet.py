"""Lists as CSV (RFC 4180), with headings in the language of whoever takes them."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import Query
from starlette.responses import StreamingResponse

from remotecal.certificates.summary import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from starlette.responses import Response

    from remotecal.web.pages.frame import Visitor

Form = Annotated[Literal["html", "csv"], Query(alias="format")]
"""As what a list is wanted."""
NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\Z", re.ASCII)
"""What a spreadsheet takes for a number, and no formula."""


def as_csv(visitor: Visitor, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """Return a list as a file, written while it is sent.

    Args:
        visitor: in whose language the headings are.
        name: of the file, without ending.
        columns: names of the headings, in the catalogue's `column`.
        rows: what stands in them; none is taken for a formula.
    """
    headings = [visitor.words(f"column.{column}") for column in columns]
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_lines(headings, rows), media_type="text/csv", headers=headers)


def _lines(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    for row in rows:
        writer.writerow(cell if NUMBER.match(cell) else as_text(cell) for cell in row)
        if out.tell() > 1 << 14:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()
