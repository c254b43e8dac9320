"""A unit taken apart into factors, from the short notation or from D-SI, and written in either.

What D-SI has no notation for is named here by its symbol behind a bar, as D-SI marks such units: `|psi`.
"""

from __future__ import annotations

import difflib
import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import UnitError
from remotecal.unit_names import (
    AMBIGUOUS,
    BINARY,
    CUSTOMARY,
    CUSTOMARY_PREFIXED,
    IN_THE_NAME,
    LEVEL_REFERENCES,
    ONE_WORD,
    OUTSIDE,
    PREFIXED,
    PREFIXES,
    SYMBOLS,
    UNPREFIXED,
    WHOLE_UNITS,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BAR = "|"
"""What stands before a unit outside D-SI (D-SI 2.2; PTB's schematron for DCC)."""

_PREFIX_SYMBOLS = {
    name: symbol for symbol, name in (PREFIXES | BINARY).items() if symbol not in ("u", "\u03bc")
}
_PREFIXABLE = {symbol: one.name for symbol, one in PREFIXED.items()} | {
    symbol: BAR + symbol for symbol in CUSTOMARY_PREFIXED
}
_NAMES = {symbol: one.name for symbol, one in (UNPREFIXED | PREFIXED).items()} | {
    symbol: BAR + symbol for symbol in CUSTOMARY
}
_UNIT_SYMBOLS = {name: symbol for symbol, name in _NAMES.items()}
_DSI_NAMES = frozenset(name for name in _UNIT_SYMBOLS if not name.startswith(BAR))
_IN_ANY_CASE = {name.lower(): name for name in _DSI_NAMES}
_UNPREFIXED_NAMES = frozenset(_UNIT_SYMBOLS) - frozenset(_PREFIXABLE.values())
_ALONE = frozenset({"one", "percent", "ppm"})
"""Units that D-SI gives no exponent."""

_FACTOR = re.compile(
    r"(?P<symbol>1|[a-zµ]+H2O(?:\(\d+°[CF]\))?|[^\d\s^*/.·()-]+(?:\(\d+°[CF]\))?)"
    r"(?:\^?(?P<whole>-?\d+)|\^(?P<ratio>-?\d+_\d+))?"
)
_LEVEL = re.compile(r"dB ?(?:re ?|\((?=.*\)$))(?P<number>\d{1,12}(?:\.\d{1,12})?)? ?(?P<unit>[^()]+?)\)?")
_DSI_TOKEN = re.compile(r"\\(?P<name>[A-Za-z]+)(?:\{(?P<argument>[^{}]*)\})?")
_EXPONENT = re.compile(r"\s*[-+]?\d{0,3}(?:[._]\d{1,6})?\s*")
LARGEST_EXPONENT = 24
"""Beyond anything measured; powers without bound would take time without bound."""

LONGEST = 500
"""Characters of the longest unit that is read."""

_SUPERSCRIPTS = str.maketrans("0123456789-_", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁄")
_FROM_SCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻₂", "0123456789-2")


class Factor(NamedTuple):
    """One factor of a unit: a named unit with its prefix, raised to a power."""

    prefix: str
    """D-SI name of the prefix, or empty."""
    name: str
    """D-SI name of the unit; for one outside D-SI its symbol behind a bar."""
    power: Fraction

    @property
    def outside(self) -> bool:
        """Whether D-SI has no notation for it."""
        return self.name.startswith(BAR)


Factors = tuple[Factor, ...]


class Reference(NamedTuple):
    """What a level is relative to."""

    number: Decimal
    """How many `unit`."""
    unit: str
    """In the short notation."""


@lru_cache(maxsize=1024)
def factors(unit: str) -> Factors:
    """Take a unit in the short notation apart; `1` stays only where it stands alone.

    Raises `UnitError`, with a hint, for what is none.
    """
    text = unit.strip()
    if len(text) > LONGEST:
        raise UnitError(f"{text:.40}… is no unit: it has {len(text)} characters")
    text = WHOLE_UNITS.get(text, text).translate(_FROM_SCRIPTS).replace("·", "*")
    if text.startswith("dB") and (level := _level(text)) is not None:
        return (Factor("", BAR + level, Fraction(1)),)
    found = []
    for sign, part in re.findall(r"(^|[*/])([^*/]*)", text):
        match = _FACTOR.fullmatch(part)
        named = _named(match["symbol"]) if match else None
        if match is None or named is None:
            raise UnitError(_unknown(unit))
        power = _power(match["whole"] or match["ratio"] or "1", unit)
        found.append(Factor(*named, -power if sign == "/" else power))
    return _checked(found, unit)


@lru_cache(maxsize=256)
def reference(level: str) -> Reference | None:
    """Return what a level, by its one short name, is relative to; None for any other unit."""
    match = _LEVEL.fullmatch(LEVEL_REFERENCES.get(level, level))
    return Reference(Decimal(match["number"]), match["unit"]) if match else None


def dsi_factors(text: str) -> Factors:
    """Take a unit in the D-SI notation apart (`UnitError` where it means nothing certain)."""
    found: list[Factor] = []
    prefix, sign, seen, due, position = "", 1, False, True, 0
    while position < len(text):
        match = _DSI_TOKEN.match(text, position)
        name = match["name"].lower() if match else ""
        name = _IN_ANY_CASE.get(name, name)
        if match is None or (match["argument"] is not None and name != "tothe"):
            raise UnitError(f"the D-SI unit {text!r} can't be read at {text[position:]!r}")
        position = match.end()
        if name == "per" and not prefix and sign == 1:
            sign, seen, due = -1, True, True
        elif name == "tothe" and found and not prefix and not seen and match["argument"]:
            found[-1] = found[-1]._replace(power=sign * _power(match["argument"], text))
            seen = True
        elif name in _PREFIX_SYMBOLS and not prefix:
            prefix = name
        elif name in _DSI_NAMES and (not prefix or _takes(prefix, name)):
            found.append(Factor(prefix, name, Fraction(sign)))
            prefix, seen, due = "", False, False
        else:
            raise UnitError(f"the D-SI unit {text!r} has \\{name} where it means nothing known here")
    if prefix or due:
        raise UnitError(f"the D-SI unit {text!r} ends too early")
    return _checked(found, text)


def multiplied(one: Factors, other: Factors) -> Factors:
    """Return the factors of a product, each unit once."""
    powers: dict[tuple[str, str], Fraction] = {}
    for factor in (*one, *other):
        powers[factor[:2]] = powers.get(factor[:2], Fraction(0)) + factor.power
    left = [Factor(*named, power) for named, power in powers.items() if power and named[1] != "one"]
    return tuple(left) or (Factor("", "one", Fraction(1)),)


def short(found: Factors) -> str:
    """Return the short notation, with what is divided by written after a slash."""
    return _joined(found, "*", lambda power: ("" if power.denominator == 1 else "^") + _exponent(power))


def dsi(found: Factors) -> str:
    """Return the D-SI notation of factors of which none is outside D-SI."""
    parts = []
    for factor in found:
        prefix = f"\\{factor.prefix}" if factor.prefix else ""
        if factor.name in _ALONE and factor.power.denominator == 1 and factor.power > 0:
            parts.append(f"\\{factor.name}" * int(factor.power))
            continue
        exponent = "" if factor.power == 1 else f"\\tothe{{{_exponent(factor.power)}}}"
        parts.append(f"{prefix}\\{factor.name}{exponent}")
    return "".join(parts)


def printed(found: Factors) -> str:
    """Return a unit as it is printed: `m³/h`, `m⁻³`, `°C`, `inH₂O (4 °C)`, `dB (20 µPa)`."""
    if len(found) == 1 and found[0].power < 0:
        return _shown(found[0]) + _raised(found[0].power)
    return _joined(found, "·", _raised, shown=True)


def _joined(found: Factors, times: str, raised: Callable[[Fraction], str], *, shown: bool = False) -> str:
    text = ""
    for factor in found:
        power = abs(factor.power)
        part = (_shown(factor) if shown else _symbol(factor)) + (raised(power) if power != 1 else "")
        divided = factor.power < 0
        text = (text or ("1" if divided else "")) + ("/" if divided else times if text else "") + part
    return text


def _shown(factor: Factor) -> str:
    text = _symbol(factor).replace("H2O", "H₂O")
    level = reference(text)
    if level is not None and text not in LEVEL_REFERENCES:
        return f"dB ({level.number} {printed(factors(level.unit))})"
    return re.sub(r"\((\d+)(°[CF])\)", r" (\1 \2)", text)


def _symbol(factor: Factor) -> str:
    named = factor.name[1:] if factor.outside else _UNIT_SYMBOLS[factor.name]
    return (_PREFIX_SYMBOLS[factor.prefix] if factor.prefix else "") + named


def _raised(power: Fraction) -> str:
    return _exponent(power).translate(_SUPERSCRIPTS)


def _exponent(power: Fraction) -> str:
    return str(power).replace("/", "_")


def _level(text: str) -> str | None:
    """Return the one short name of a level with a reference; None for what is none."""
    text = text.replace("dBu", "dBµ")
    match = _LEVEL.fullmatch(LEVEL_REFERENCES.get(text, text))
    if match is None or text in IN_THE_NAME:
        return None
    inner = factors(match["unit"])
    number = Decimal(match["number"] or 1)
    if any(factor.outside for factor in inner) or not number:
        raise UnitError(f"the level {text!r} is relative to {match['unit']}: give its reference in SI units")
    found = f"dB({number.normalize():f}{short(inner)})"
    return next((name for name, meant in LEVEL_REFERENCES.items() if meant == found), found)


def _named(symbol: str) -> tuple[str, str] | None:
    """Return the D-SI names of prefix and unit that `symbol` stands for."""
    symbol = SYMBOLS.get(symbol, symbol)
    if symbol in _NAMES:
        return "", _NAMES[symbol]
    for length in (1, 2):
        prefix = (PREFIXES | BINARY).get(symbol[:length], "")
        rest = SYMBOLS.get(symbol[length:], symbol[length:])
        if prefix and rest in _PREFIXABLE and symbol not in AMBIGUOUS and _takes(prefix, _PREFIXABLE[rest]):
            return prefix, _PREFIXABLE[rest]
    return None


def _takes(prefix: str, name: str) -> bool:
    """Say whether a unit takes a prefix, both by their names in D-SI."""
    if prefix in BINARY.values():
        return name in ("bit", "byte")
    return name not in _UNPREFIXED_NAMES or (prefix, name) in ONE_WORD


def _checked(found: list[Factor], unit: str) -> Factors:
    r"""Write `\kilo\gram` as the kilogram and `%*%` as `%2`, and drop the 1 of `1/m3`."""
    taken: list[Factor] = []
    for factor in found:
        if factor.power == 0:
            raise UnitError(f"the unit {unit!r} has an exponent of 0")
        again = bool(taken) and factor.name in _ALONE and factor.name == taken[-1].name
        if again and factor.power * taken[-1].power > 0:
            taken[-1] = factor._replace(power=taken[-1].power + factor.power)
        elif factor.name != "one":
            one_word = ONE_WORD.get(factor[:2])
            taken.append(Factor("", one_word, factor.power) if one_word else factor)
    if any(abs(factor.power) > LARGEST_EXPONENT for factor in taken):
        raise UnitError(f"the unit {unit!r:.80} has an exponent that no unit has")
    return tuple(taken) or (Factor("", "one", Fraction(1)),)


def _power(text: str, unit: str) -> Fraction:
    try:
        power = Fraction(text.replace("_", "/")) if _EXPONENT.fullmatch(text) else None
    except (ValueError, ZeroDivisionError):
        power = None
    if power is None or abs(power) > LARGEST_EXPONENT:
        raise UnitError(f"the unit {unit!r:.80} has the exponent {text!r:.40}, which no unit has")
    return power


def _unknown(unit: str) -> str:
    symbols = (unit.strip(), *re.split(r"[-\d\s^*/.·]+", unit))
    for symbol in symbols:
        if symbol in IN_THE_NAME:
            return f"{symbol!r} is no unit: {IN_THE_NAME[symbol]} belongs into the quantity's name"
        if symbol in LEVEL_REFERENCES:
            return (
                f"the unit {unit!r} holds the level {symbol}, which stands alone: "
                "its changes and differences are in dB"
            )
        if symbol in OUTSIDE:
            name, worth = OUTSIDE[symbol]
            meant = "may be meant as" if symbol in AMBIGUOUS else "holds"
            return (
                f"the unit {unit!r} {meant} the {name}, which is outside the SI: "
                f"convert it, by 1 {symbol} = {worth}"
            )
    if unit in ("°F", "degF"):
        return f"the unit {unit!r} is outside the SI: convert it to °C, by (t - 32)/1.8"
    common = ["m3/h", "L/min", "L/s", "kg/h", "kg/m3", "1/m3", "1/L", "kPa", "hPa", "mA", "Hz", "°C", "%"]
    close = difflib.get_close_matches(unit, [*common, *_NAMES], n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"the unit {unit!r} is unknown; {hint}units are written like m3/h, L/min, kg/m3, °C, % or 1"
