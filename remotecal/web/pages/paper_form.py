"""The form into which a certificate on paper is typed: its fields, and the sheet that they say."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from remotecal.errors import ConfigurationError
from remotecal.numerals import read_count
from remotecal.web.papers import TypedForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remotecal.web.pages.frame import SentForm

MOST_TABLES: Final = 3
"""Tables of a certificate that can be typed in the form."""
COLUMNS: Final = 6
"""Columns of a table, at most."""
PERSONS: Final = 3
CONDITIONS: Final = 3
LARGEST_FILE: Final = 200 * 2**10
"""Bytes of a file with a table."""
HEAD: Final = ("number", "method", "issued", "begun", "finished", "valid_until", "country", "traceability")
PARTY: Final = ("name", "address", "code")
ITEM: Final = ("name", "maker", "model", "serial", "owner_number")
CONDITION: Final = ("name", "kind", "low", "high", "unit")
COLUMN: Final = ("is", "name", "unit", "k", "p")
KINDS: Final = {
    "certificate": HEAD,
    "issuer": PARTY,
    "customer": PARTY[:2],
    "item": ITEM,
}
"""Part of the sheet → its fields."""
OWN: Final = frozenset({"csrf", "key", "act"})
"""Fields of the form that are not of the paper."""


async def typed_in(form: SentForm) -> TypedForm:
    """Return what a form says of a paper (`ConfigurationError`: a file is too large)."""
    fields = {
        name: value for name, value in form.fields.multi_items() if name not in OWN and isinstance(value, str)
    }
    for table in range(MOST_TABLES):
        await _take_file(form, fields, table)
    said: dict[str, object] = {part: _filled(fields, part, names) for part, names in KINDS.items()}
    said["persons"] = list(_several(fields, "person", PERSONS, ("name", "duty"), "name"))
    if conditions := list(_several(fields, "condition", CONDITIONS, CONDITION, "name")):
        said["conditions"] = conditions
    files: dict[str, bytes] = {}
    said["results"] = [_table(fields, place, files) for place in range(tables_in(fields))]
    return TypedForm(said, files, fields)


def fields_of(typed: TypedForm) -> Mapping[str, str]:
    """Return the fields of a form that was typed, or that say a sheet; none where it has no room for it."""
    if typed.fields or not typed.said:
        return typed.fields
    fields = {}
    for path, told in _leaves({name: part for name, part in typed.said.items() if name != "typed"}):
        if told is None:
            continue
        if (name := _field(path, told)) is None:
            return {}
        fields[name] = "on" if told is True else str(told)
    tables = len({name.partition(".")[0] for name in fields if name.startswith("table")})
    named = {name: told for name, told in fields.items() if name.endswith(".file") and told in typed.files}
    for name, told in named.items():
        fields[name.replace(".file", ".content")] = base64.b64encode(typed.files[told]).decode()
    return fields | {"tables": str(tables)}


def _leaves(said: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Yield where each text of a sheet stands, and the text."""
    parts = said.items() if isinstance(said, Mapping) else enumerate(said) if isinstance(said, list) else None
    if parts is None:
        yield path, said
        return
    for name, part in parts:
        yield from _leaves(part, (*path, name))


def _field(path: tuple[str | int, ...], told: object) -> str | None:
    """Return the form's field for a text of a sheet; None where it has none."""
    match path:
        case (str(part), str(name)) if name in KINDS.get(part, ()):
            return f"{part}.{name}"
        case ("persons", int(place), ("name" | "duty") as name) if place < PERSONS:
            return f"person{place}.{name}"
        case ("conditions", int(place), str(name)) if place < CONDITIONS and name in CONDITION:
            return f"condition{place}.{name}"
        case ("results", int(table), ("name" | "rows" | "file") as name) if table < MOST_TABLES:
            return f"table{table}.{name}"
        case ("results", int(table), "columns", int(place), str(name)) if (
            table < MOST_TABLES and place < COLUMNS and (name in COLUMN or (name, told) == ("relative", True))
        ):
            return f"table{table}.{place}.{name}"
    return None


def tables_in(fields: Mapping[str, str]) -> int:
    """Return how many tables a form has."""
    with suppress(ValueError):
        return max(1, read_count(fields.get("tables", "1"), MOST_TABLES))
    return 1


def like(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the form for the second person: the columns, and nothing of what the paper says."""
    kept = {"tables": str(tables_in(fields))}
    for table in range(tables_in(fields)):
        names = [f"table{table}.name"]
        names += [f"table{table}.{column}.{part}" for column in range(COLUMNS) for part in ("is", "name")]
        kept |= {name: fields[name] for name in names if name in fields}
    return kept


async def _take_file(form: SentForm, fields: dict[str, str], table: int) -> None:
    """Put a file that was brought for a table into fields, so that the form can be sent again with it."""
    name = f"table{table}.file"
    if fields.pop(f"table{table}.drop", ""):
        fields.pop(name, None)
        fields.pop(f"table{table}.content", None)
    content = await form.file(f"table{table}.upload", LARGEST_FILE)
    if content:
        fields[name] = f"table-{table + 1}.{'xlsx' if content.startswith(b'PK') else 'csv'}"
        fields[f"table{table}.content"] = base64.b64encode(content).decode()


def _filled(fields: Mapping[str, str], part: str, names: Iterable[str]) -> dict[str, object]:
    """Return the fields of a part in which something stands."""
    said = {name: fields.get(f"{part}.{name}", "").strip() for name in names}
    return {name: text for name, text in said.items() if text}


def _several(
    fields: Mapping[str, str], part: str, most: int, names: Iterable[str], needed: str
) -> Iterator[dict[str, object]]:
    """Yield what was told several times; what lacks the field that is needed is none."""
    for place in range(most):
        said = _filled(fields, f"{part}{place}", names)
        if needed in said:
            yield said


def _table(fields: Mapping[str, str], place: int, files: dict[str, bytes]) -> dict[str, object]:
    part = f"table{place}"
    said = _filled(fields, part, ("name", "file"))
    rows = fields.get(f"{part}.rows", "")
    if rows.strip():
        said["rows"] = rows
    if "file" in said:
        files[str(said["file"])] = _content(fields.get(f"{part}.content", ""))
    said["columns"] = [
        {**column, "relative": True} if fields.get(f"{part}.{number}.relative") else column
        for number in range(COLUMNS)
        if (column := _filled(fields, f"{part}.{number}", COLUMN))
    ]
    return said


def _content(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ConfigurationError("the file of a table is not whole: choose it anew") from None
