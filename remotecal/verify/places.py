"""Where in a certificate something stands, as people call it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.model.flat import flatten

if TYPE_CHECKING:
    from remotecal.model import Record, Table

_CELL = re.compile(
    r"measurements\[(\d+)\]\.results\[(\d+)\]\.tables\[(\d+)\]\.columns\[(\d+)\](.*?)(?:\[(\d+)\](?:\[\d+\])?)?"
)
_PARTS = {
    ".values": "",
    ".words": "",
    ".uncertainty.expanded": "U of ",
    ".uncertainty.k": "k of ",
    ".dof": "degrees of freedom of ",
    ".conformity.verdicts": "conformity of ",
}
"""What a list of numbers or words in a column is called, before the column's name."""


def place_called(record: Record, place: str) -> str:
    """Return what people call a place in a record: `Errors: Error of indication, 8 m³/h`.

    Args:
        record: the one that the place is in.
        place: as it is in the record's fields; it is returned as it is where it is no part of a column.
    """
    found = _CELL.fullmatch(place)
    if found is None or (part := _PARTS.get(found[5])) is None:
        return place
    measurement, result, table, column = map(int, found.groups()[:4])
    try:
        results = record.measurements[measurement].results[result]
        of, quantity = results.tables[table], results.tables[table].columns[column]
    except IndexError:
        return place
    name = quantity.name.get("en") if quantity.name else f"column {column + 1}"
    row = "" if found[6] is None or of.rows < 2 else f", {_row(of, int(found[6]))}"
    return f"{(of.name or results.name).get('en')}: {part}{name}{row}"


def _row(table: Table, row: int) -> str:
    """Return what a row is called, by its first column."""
    first = flatten(table.columns[:1])[0]
    if row >= table.rows or len(first.cells) == 1:
        return f"row {row + 1}"
    return " ".join(
        filter(None, (first.at(row, "en"), "" if first.unit == "1" else units.symbol(first.unit)))
    )
