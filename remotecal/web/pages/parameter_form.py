"""The parameters that a procedure declares, as fields of a form: unit, limits and defaults as it has them."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from types import NoneType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args, get_origin

from remotecal.configuration import faults_of
from remotecal.procedures.described import descriptions
from remotecal.procedures.parameters import In

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pydantic.fields import FieldInfo

    from remotecal.procedures.parameters import Parameters

BEFORE: Final = "parameter."
"""Before the name of a parameter, in the name of its field."""
MISSING, MIXED = "missing", "mixed"
"""Faults that a form tells in words of its own."""
_BETWEEN: Final = re.compile(r"[,;\uff0c\uff1b\u3001\n]")
"""What stands between the values of a list: commas and semicolons, those of Chinese texts too."""


_SHARE: Final = re.compile(r"(-?\d{1,3})/([1-9]\d?)")
"""A fraction, as a share such as a third is told."""
LARGEST_DENOMINATOR: Final = 99
DIGITS_SHOWN: Final = 12
"""Digits of a number that may be shown as a decimal; one with more is looked at for a fraction."""
_NARROW: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2212: 0x2D}
"""Full-width digits, letters and signs, as Chinese keyboards write them, and a minus → those of ASCII."""


class ParameterField(NamedTuple):
    """A field of the form."""

    name: str
    """The parameter's."""
    kind: Literal["one", "several", "choice", "truth"]
    """One value, several with commas between, one of some, or whether."""
    unit: str
    """Short notation; "1" for a plain number, "" for what is none."""
    limits: tuple[tuple[Literal["above", "below", "at_least", "at_most"], float], ...]
    choices: tuple[str, ...]
    """What can be chosen; "" where it may be left open."""
    required: bool
    usual: str
    """Its default, as it is typed; "" where it has none."""
    about: Mapping[str, str]
    """What it is, by language, as the procedure tells it."""


def fields_of(kind: type[Parameters]) -> list[ParameterField]:
    """Return the fields for a procedure's parameters: first those that must be given, then the others."""
    told = descriptions(kind)
    found = [_field(name, declared, told.get(name, {})) for name, declared in kind.model_fields.items()]
    return sorted(found, key=lambda one: not one.required)


def values_of(kind: type[Parameters], typed: Mapping[str, str]) -> dict[str, object]:
    """Return what was typed into the fields of a form, as an order says it.

    Empty fields are left out, and those in which the default still stands: what an order states is its own
    word, and who left a field alone said nothing.

    Args:
        kind: of the parameters.
        typed: name of the field → what stands in it.
    """
    found: dict[str, object] = {}
    for one in fields_of(kind):
        text = typed.get(BEFORE + one.name, "").strip()
        if one.kind == "truth":
            if one.required or bool(text) is not kind.model_fields[one.name].get_default():
                found[one.name] = bool(text)
        elif text == one.usual and not one.required:
            continue
        elif text or "" in _told_choices(kind.model_fields[one.name]):
            found[one.name] = _value(kind.model_fields[one.name], one, text)
    return found


def faults_in(kind: type[Parameters], values: Mapping[str, object]) -> dict[str, str]:
    """Return parameter → what is wrong with its value; under "" what is wrong with several together."""
    return faults_of(kind, dict(values))


def mixed_in(kind: type[Parameters], values: Mapping[str, object]) -> Iterator[str]:
    """Yield the parameters of which some values have a unit beside them and others none.

    `10, 200 L/min` reads as if both were in L/min, and 10 would be taken in the parameter's own unit.
    """
    for one in fields_of(kind):
        value = values.get(one.name)
        if one.kind == "several" and one.unit and isinstance(value, list):
            bare = [isinstance(each, int | float) for each in value]
            if any(bare) and not all(bare):
                yield one.name


def refused_in(kind: type[Parameters], values: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the fields in which something is wrong, and what; under "" what is wrong with several together.

    That some values lack a unit is told where nothing else is wrong with them.
    """
    faults = faults_in(kind, values)
    for name, said in faults.items():
        yield (BEFORE + name if name else ""), MISSING if said == "is missing" else said
    for name in mixed_in(kind, values):
        if name not in faults:
            yield BEFORE + name, MIXED


def filled_in(kind: type[Parameters], values: Mapping[str, object]) -> dict[str, str]:
    """Return field → what stands in it where an order says these; the default of what it leaves out."""
    return {
        BEFORE + one.name: _usual(values[one.name], _writer(kind.model_fields[one.name]))
        if one.name in values
        else one.usual
        for one in fields_of(kind)
    }


def undescribed(names: Iterable[str]) -> list[ParameterField]:
    """Return fields for parameters of which no procedure that is here tells anything."""
    return [ParameterField(name, "one", "", (), (), required=False, usual="", about={}) for name in names]


def as_typed(value: object) -> str:
    """Return a parameter as it is typed: a text as it is, where it is not taken for something else."""
    return _share(value) or _written(value, read_typed)


def as_undeclared(value: object) -> str:
    """Return a parameter of which nothing is declared as it is typed, see `read_undeclared`."""
    return _written(value, read_undeclared)


def _written(value: object, read: Callable[[str], object]) -> str:
    """Return a text as it is, where `read` takes it for nothing else; everything else in JSON."""
    plain = isinstance(value, str) and read(value) == value
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def _share(value: object) -> str:
    """Return a number as a fraction such as `1/3`, where `read_typed` has it from there; "" otherwise.

    As a decimal it would have 16 digits, or be another number.
    """
    if not isinstance(value, float) or len(repr(value)) <= DIGITS_SHOWN:
        return ""
    found = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    text = f"{found.numerator}/{found.denominator}"
    return text if _SHARE.fullmatch(text) and read_typed(text) == value else ""


def as_shown(value: object) -> str:
    """Return a parameter as an order's page shows it: as it is typed, the values of a list with commas."""
    return _usual(value, as_typed) if not isinstance(value, bool) else as_typed(value)


def read_typed(text: str) -> object:
    """Return what somebody typed where a number may stand, as `read_undeclared`.

    A fraction of small numbers is the number it is: `1/3` (`as_typed`).
    """
    if share := _SHARE.fullmatch(text):
        return int(share[1]) / int(share[2])
    return read_undeclared(text)


def read_undeclared(text: str) -> object:
    """Return what somebody typed as a parameter: numbers, lists and truth as in JSON, all else a text."""
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)  # words such as NaN are no numbers
    except (ValueError, RecursionError):
        return text
    return value


def _field(name: str, declared: FieldInfo, about: Mapping[str, str]) -> ParameterField:
    limit = next((one for one in declared.metadata if isinstance(one, In)), None)
    kinds = _kinds(declared.annotation)
    told = _told_choices(declared)
    if bool in kinds:
        kind: Literal["one", "several", "choice", "truth"] = "truth"
    elif told:
        kind = "choice"
    else:
        kind = "several" if any(get_origin(one) is tuple for one in kinds) else "one"
    required = declared.is_required()
    open_ = NoneType in kinds or required
    usual = None if required else declared.get_default(call_default_factory=True)
    return ParameterField(
        name,
        kind,
        "" if limit is None else limit.unit,
        () if limit is None else tuple(_limits(limit)),
        (*(("",) if open_ and "" not in told else ()), *map(str, told)),
        required,
        _usual(usual, _writer(declared)),
        about,
    )


def _kinds(annotation: object) -> tuple[object, ...]:
    """Return the types of which one is meant: of `int | None` both."""
    if get_origin(annotation) in {None, tuple, dict, Literal}:
        return (annotation,)
    return get_args(annotation)


def _told_choices(declared: FieldInfo) -> tuple[object, ...]:
    """Return what a value must be one of; nothing where it may be anything of its type."""
    literals = (one for one in _kinds(declared.annotation) if get_origin(one) is Literal)
    return next(map(get_args, literals), ())


def _limits(limit: In) -> Iterator[tuple[Literal["above", "below", "at_least", "at_most"], float]]:
    each: tuple[tuple[Literal["above", "below", "at_least", "at_most"], float | None], ...] = (
        ("above", limit.above),
        ("at_least", limit.at_least),
        ("below", limit.below),
        ("at_most", limit.at_most),
    )
    for word, value in each:
        if value is not None:
            yield word, value


def _writer(declared: FieldInfo) -> Callable[[object], str]:
    """Return what writes a value of a parameter as `_value` reads it."""
    if _of_words(declared):
        return str
    return as_typed if _of_numbers(declared.annotation) else as_undeclared


def _usual(value: object, write: Callable[[object], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, list | tuple) and not any(isinstance(one, list | tuple | dict) for one in value):
        return ", ".join(map(write, value))
    return value if isinstance(value, str) else write(value)


def _value(declared: FieldInfo, one: ParameterField, text: str) -> object:
    """Return what a field says, by what its parameter is."""
    if one.kind == "choice":
        return next((each for each in _told_choices(declared) if str(each) == text), text)
    read = read_typed if _of_numbers(declared.annotation) else read_undeclared
    if one.kind == "one":
        return text if str in _kinds(declared.annotation) else read(text.translate(_NARROW))
    if text.startswith("["):
        return read(text)
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    return parts if _of_words(declared) else [read(part.translate(_NARROW)) for part in parts]


def _of_numbers(kind: object) -> bool:
    """Tell whether a number is declared anywhere in a type."""
    return kind is int or kind is float or any(map(_of_numbers, get_args(kind)))


def _of_words(declared: FieldInfo) -> bool:
    """Tell whether a list holds texts, such as `0.35(Q2+Q3)`: any, or some of given ones."""
    lists = (kind for kind in _kinds(declared.annotation) if get_origin(kind) is tuple)
    each = [one for kind in lists for one in get_args(kind)]
    return str in each or any(get_origin(one) is Literal for one in each)
