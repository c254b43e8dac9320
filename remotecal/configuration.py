"""What people write, read strictly: TOML files, parameters; and TOML written for them.

Nothing unknown is passed over and nothing is converted silently; a refusal names the file, the
key, what was found there and the nearest key that is known.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
import unicodedata
from bisect import bisect
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from remotecal.errors import ConfigurationError
from remotecal.opening import is_pipe, open_plain

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class Written(BaseModel):
    """A table somebody writes: frozen, strict, without unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
    )


M = TypeVar("M", bound=BaseModel)


LARGEST = 8 << 20
"""Bytes of a TOML file that are read: years of a register are a tenth of that."""

PARTS = 32
"""How many parts a dotted key may have: `tomllib` takes hours, and gigabytes, for one of 100,000."""

MOST_TOLD = 100
"""How many faults of a file are told at once."""

MOST_PARTS = 50_000
"""How many all keys of three parts and more may have together: a kilobyte is kept for each."""

_PART = r"""(?:"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'|[\w-]++)[ \t]*+"""
_LONG_KEY = re.compile(rf"(?<![\w\\-])(?:{_PART}\.[ \t]*+){{{PARTS}}}")
_DOTTED = re.compile(rf"(?<![\w\\-])(?:{_PART}\.[ \t]*+){{2,}}")


def read_toml(path: Path, refusal: type[ConfigurationError], absent: str = "") -> dict[str, object]:
    """Return what stands in a TOML file; raises `refusal`, with what to do (`absent`) if there is none."""
    try:
        content = _begin(path, LARGEST + 1, refusal)
    except FileNotFoundError:
        raise refusal(f"{path} does not exist{absent and f': {absent}'}") from None
    except OSError as error:
        raise refusal(f"{path} can't be read: {error.strerror or error}") from error
    except UnicodeEncodeError as error:
        raise refusal(f"{path} can't be a file's name here, in {error.encoding}: set LANG=C.UTF-8") from None
    except ValueError as error:
        raise refusal(f"{str(path)!r} is no file's name: {error}") from None
    return parse_toml(content, path, refusal)


def parse_toml(content: bytes, path: Path, refusal: type[ConfigurationError]) -> dict[str, object]:
    """Return what these bytes of a TOML file say, for who has checked them; raises `refusal`."""
    if len(content) > LARGEST:
        raise refusal(f"{path} is larger than {LARGEST >> 20} MiB: nobody writes such a TOML file")
    try:
        text = content.decode("utf-8-sig")
        if is_garbled(text):
            raise refusal(f"{path} is not in UTF-8, perhaps in GBK: save it as UTF-8")
        if _LONG_KEY.search(text):
            raise refusal(f"{path} has a key of more than {PARTS} parts")
        if sum(found[0].count(".") for found in _DOTTED.finditer(text)) > MOST_PARTS:
            raise refusal(
                f"{path} has keys of more than {MOST_PARTS} parts in all: nobody writes such a TOML file"
            )
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise refusal(f"{path} is not in UTF-8 (byte {error.start + 1}): save it as UTF-8") from None
    except RecursionError:
        raise refusal(f"{path} is nested too deeply") from None
    except ValueError as error:
        # A TOMLDecodeError, or Python's own for a whole number of thousands of digits.
        raise refusal(f"{path} is no TOML: {error}") from None


def _begin(path: Path, size: int, refusal: type[ConfigurationError]) -> bytes:
    if is_pipe(path):
        raise refusal(f"{path} is a pipe, which would be waited for without end: name a file")
    with path.open("rb") as file:
        return file.read(size)


def read_within(path: Path, most: int) -> bytes:
    """Return what is in a file, and one byte more than `most` of a larger one.

    Raises:
        ConfigurationError: it can't be read, or is a pipe that lies in a folder. A shell's own pipe,
            `<(…)`, has no place in one, and is read.
    """
    try:
        return _begin(path, most + 1, ConfigurationError)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error


def read_plain(path: Path, most: int) -> bytes:
    """Return what is in a file that lies in a folder of anybody's.

    Raises:
        ConfigurationError: it can't be read, is no plain file, or has more than `most` bytes.
    """
    try:
        if (number := open_plain(path)) is None:
            raise ConfigurationError(f"{path} is no file")
        with os.fdopen(number, "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    if len(content) > most:
        raise ConfigurationError(f"{path} has more than {most >> 20} MiB, which are not read")
    return content


def as_toml(content: BaseModel | Mapping[str, object]) -> str:
    """Return a table as a TOML file says it; models may stand in it, and say what they were told.

    What is None is left out: TOML has no word for it.

    Raises:
        TypeError: something in it has no form in TOML.
    """
    import tomli_w

    told = _tables(content)
    below = {key: rows for key, rows in told.items() if _BARE.fullmatch(key) and _are_rows(rows)}
    said = [tomli_w.dumps({key: value for key, value in told.items() if key not in below})]
    said += [f"[[{key}]]\n{''.join(map(_entry, row.items()))}" for key, rows in below.items() for row in rows]
    return "\n".join(filter(None, said))


_BARE = re.compile("[A-Za-z0-9_-]+")


def _are_rows(rows: object) -> TypeGuard[list[dict[str, object]]]:
    """Tell whether a value is a list of tables to be written as `[[name]]`, each entry in a line."""
    return (
        isinstance(rows, list)
        and bool(rows)
        and all(isinstance(row, dict) and all(map(_is_entry, row.values())) for row in rows)
    )


def _is_entry(value: object) -> bool:
    """Tell whether a value stands in a line: plain, or a table of plain ones such as a text's languages."""
    within = value.values() if isinstance(value, dict) else [value]
    return not any(_holds_tables(each) for each in within)


def _holds_tables(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_tables, value)))


def _entry(entry: tuple[str, object]) -> str:
    """Return a line of a table; a table within it stands in braces."""
    import tomli_w

    key, value = entry
    if not isinstance(value, dict):
        return tomli_w.dumps({key: value})
    braces = ", ".join(_entry(each).strip() for each in value.items())
    return f"{tomli_w.dumps({key: 0}).rpartition('=')[0]}= {{ {braces} }}\n"


def _tables(content: BaseModel | Mapping[str, object]) -> dict[str, object]:
    told = content.model_dump(exclude_unset=True) if isinstance(content, BaseModel) else content
    return {key: _value(value) for key, value in told.items() if value is not None}


def _value(value: object) -> object:
    if isinstance(value, BaseModel | Mapping):
        return _tables(value)
    return [_value(each) for each in value] if isinstance(value, list | tuple) else value


_TWO_BYTES = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u07ff]{2,}")
_SCRIPTS = (0x0250, 0x0370, 0x0400, 0x0530, 0x0590, 0x0600, 0x0700)
"""Where scripts end and others begin: Latin, phonetic, Greek, Cyrillic, Armenian, Hebrew, Arabic, others."""


def is_garbled(text: str) -> bool:
    """Tell whether a text is GBK that is UTF-8 by accident: 校准 is D0 A3 D7 BC, У and U+05FC.

    Nobody writes letters of two scripts side by side, nor characters that do not exist.
    """
    return any(
        len({bisect(_SCRIPTS, ord(letter)) for letter in word}) > 1
        or any(unicodedata.category(letter) == "Cn" for letter in word)
        for word in _TWO_BYTES.findall(text)
    )


def checked(model: type[M], content: object, where: str, refusal: type[ConfigurationError]) -> M:
    """Return `content` as a `model`; raises `refusal`, which names `where` and every fault.

    The content is checked in its JSON form, which is the form the journal keeps.
    """
    try:
        return model.model_validate_json(json.dumps(content, default=_plain))
    except RecursionError:
        raise refusal(f"{where} is nested too deeply") from None
    except ValidationError as error:
        found = error.errors(include_url=False)
        faults = [_fault(model, fault) for fault in found[:MOST_TOLD] if not _follows(fault, found)]
        more = ["…"] if len(found) > MOST_TOLD else []
        raise refusal(f"{where}: {'; '.join([*faults, *more])}") from None


def faults_of(model: type[BaseModel], content: object) -> dict[str, str]:
    """Return key → what is wrong with what stands there, as `checked` reads it; nothing if all is right.

    A fault is said without its key, and of what is missing "is missing"; under "" stand faults of several
    keys together.
    """
    try:
        model.model_validate_json(json.dumps(content, default=_plain))
    except RecursionError:
        return {"": "it is nested too deeply"}
    except ValidationError as error:
        found: dict[str, list[str]] = {}
        every = error.errors(include_url=False)
        for fault in (one for one in every if not _follows(one, every)):
            key = str(fault["loc"][0]) if fault["loc"] else ""
            said = _fault(model, fault).removeprefix(_place(fault))
            found.setdefault(key, []).append(said.removeprefix(":").strip())
        return {key: "; ".join(each) for key, each in found.items()}
    return {}


def nearest(word: str, known: Sequence[str]) -> str:
    """Return a hint for a word that isn't known: the nearest ones, or all."""
    close = difflib.get_close_matches(word, known, n=2)
    if close:
        return f"did you mean {' or '.join(map(_quoted, close))}?"
    return f"known are {', '.join(map(_quoted, sorted(known)))}" if known else "there are none"


def _quoted(name: str) -> str:
    """Return a name, in quotes where a blank or a comma would leave open where it ends."""
    return repr(name) if " " in name or "," in name else name


def _plain(value: object) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(f"{value!r} has no JSON form")


def _follows(fault: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """Tell whether a fault is told by another: a list is too short for what is wrong in it.

    What may be a text or one certain word is refused for both; the word is not what was meant.
    """
    place = fault["loc"]
    if fault["type"] == "literal_error" and place and _TAG.fullmatch(str(place[-1])):
        return any(one is not fault and one["loc"][:-1] == place[:-1] for one in found)
    return fault["type"] == "too_short" and any(
        len(one["loc"]) > len(place) and one["loc"][: len(place)] == place for one in found
    )


def _path(fault: ErrorDetails) -> list[str | int]:
    """Return the keys that lead to what is wrong."""
    return [step for step in fault["loc"] if str(step).strip() and not _TAG.fullmatch(str(step))]


def _place(fault: ErrorDetails) -> str:
    return ".".join(map(str, _path(fault)))


_TAG = re.compile(r"(?:function-\w+|literal)\[.*\]", re.DOTALL)
"""What pydantic calls one way of several in which something may be written: nobody's word, as a blank tag."""


def _fault(model: type[BaseModel], fault: ErrorDetails) -> str:
    path, place = _path(fault), _place(fault)
    if fault["type"] == "missing":
        return f"{place} is missing"
    if fault["type"] == "extra_forbidden":
        if not str(fault["loc"][-1]).strip():
            return f"{place or 'at the top'}: a key has no name"
        inner = _model_at(model, path[:-1])
        return f"{place} is unknown, {nearest(str(path[-1]), list(inner.model_fields) if inner else [])}"
    if fault["type"] == "string_pattern_mismatch" and (example := _example(model, path)):
        return f"{place}: write it like {example}, not {fault['input']!r}"
    said = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "value_error":
        return f"{place}{' ' if said.startswith('must ') else ': '}{said}" if place else said
    return f"{place}: {said[:1].lower()}{said[1:]}, not {fault['input']!r}"


def _example(model: type[BaseModel], path: Sequence[int | str]) -> str:
    """Return how a text at `path` is written, by the examples of its type; "" if it has none."""
    inner = _model_at(model, path[:-1])
    field = inner.model_fields.get(str(path[-1])) if inner else None
    if field is None:
        return ""
    parts = [part for choice in get_args(field.annotation) for part in get_args(choice)]
    told = (part.examples for part in (field, *parts) if isinstance(part, FieldInfo) and part.examples)
    return " or ".join(map(str, next(told, [])))


def _model_at(kind: object, path: Sequence[int | str]) -> type[BaseModel] | None:
    """Return the model whose table stands at `path`, as far as types tell."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if not path:
            return kind
        field = kind.model_fields.get(str(path[0]))
        return _model_at(field.annotation, path[1:]) if field else None
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {dict, tuple, list} and path:
        return _model_at(inner[-1 if origin is dict else 0], path[1:])
    return next(filter(None, (_model_at(choice, path) for choice in inner)), None)
