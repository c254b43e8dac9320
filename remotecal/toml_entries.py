"""Entries of TOML files that people write into as well: their comments and their order stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from pydantic import BaseModel

from remotecal.configuration import LARGEST
from remotecal.errors import ConfigurationError
from remotecal.opening import read_whole

if TYPE_CHECKING:
    from pathlib import Path

    from tomlkit import TOMLDocument
    from tomlkit.items import AoT, Array, InlineTable, String, Table

    Kept: TypeAlias = "Table | InlineTable | Array | String | object"


def document(path: Path) -> TOMLDocument:
    """Return a file as it is written, to be changed and written again.

    Raises:
        ConfigurationError: it can't be read, or is no TOML.
    """
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        return tomlkit.parse(read_whole(path, LARGEST).decode("utf-8"))
    except (OSError, UnicodeDecodeError, ParseError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}") from error


def add_entry(file: TOMLDocument, name: str, entry: BaseModel) -> None:
    """Add a table at the end of the tables `[[name]]`.

    Raises:
        ConfigurationError: they are written otherwise.
    """
    import tomlkit

    made = tomlkit.table()
    put(made, entry)
    tables(file, name).append(made)


def tables(file: TOMLDocument, name: str) -> AoT:
    """Return the tables `[[name]]`, of which there may be none yet.

    Raises:
        ConfigurationError: they are written otherwise.
    """
    import tomlkit
    from tomlkit.items import AoT

    there = file.setdefault(name, tomlkit.aot())
    if not isinstance(there, AoT):
        raise ConfigurationError(f"{name} must be written as tables [[{name}]]: change the file by hand")
    return there


def put(table: Table | TOMLDocument, entry: BaseModel) -> None:
    """Write what an entry says into a table; what it does not say is left out, and does not stay there.

    Names in several languages stand in one line, further tables behind everything else.
    """
    said = entry.model_dump(exclude_unset=True, exclude_none=True)
    for name in type(entry).model_fields:
        if name in table and name not in said:
            del table[name]
    _fill(table, said)


def _fill(table: Table | TOMLDocument, said: Mapping[str, object]) -> None:
    import tomlkit

    later = {name: value for name, value in said.items() if _are_tables(value)}
    for name, value in said.items():
        if name not in later:
            table[name] = _kept(value)
    for name, tables in later.items():
        inner = tomlkit.aot()
        for each in tables:
            one = tomlkit.table()
            _fill(one, each)
            inner.append(one)
        table[name] = inner


def _are_tables(value: object) -> TypeGuard[Sequence[Mapping[str, object]]]:
    return isinstance(value, tuple | list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _kept(value: object) -> Kept:
    import tomlkit

    if isinstance(value, Mapping):
        names = tomlkit.inline_table()
        for language, said in value.items():
            names[str(language)] = said
        return names
    if isinstance(value, tuple | list):
        array = tomlkit.array()
        for each in value:
            array.append(_kept(each))
        return array.multiline(any("\n" in str(each) for each in value))
    if isinstance(value, str) and "\n" in value and "'''" not in value:  # such as PEM
        return tomlkit.string(value, multiline=True, literal=True)
    return value
