r"""Units: the short notation of drivers and people, the D-SI notation of certificates, and pint.

The short notation is what a data sheet prints: `m3/h`, `L/min`, `kg/m3`, `°C`, `%`, `1/m3`, `1`.
Factors are joined by `*` and `/`, read from left to right as in Python, so `W/m/K` and `W/m*K`
differ. A whole exponent follows its unit (`m3`, `m-3`), any other one a circumflex (`V/Hz^1_2` for
the volt per root hertz). Some spellings are read and rewritten: `m³/h`, `m^3/h`, `l/min`, `degC`,
`Ohm`, `rpm`, and `%RH`, which says `%` of a quantity whose name says relative humidity.

D-SI is the notation of digital calibration certificates (`\metre\tothe{3}\hour\tothe{-1}`;
D-SI 2.2.1, PTB and SmartCom). Its deprecated `\per` is read, never written.

This is the only module that knows both (`unit_names` has the names), and the only one that knows
pint, which supplies the dimensions and the conversion factors, as exact fractions.
"""

from __future__ import annotations

import difflib
import re
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import UnitError
from remotecal.unit_names import (
    AMBIGUOUS,
    BINARY,
    LEVELS,
    ONE_WORD,
    OUTSIDE,
    PREFIXED,
    PREFIXES,
    SYMBOLS,
    UNPREFIXED,
    WHOLE_UNITS,
)

if TYPE_CHECKING:
    import pint

_PREFIX_SYMBOLS = {
    name: symbol for symbol, name in (PREFIXES | BINARY).items() if symbol not in ("u", "\u03bc")
}
_UNIT_SYMBOLS = {name: symbol for symbol, (name, _) in (UNPREFIXED | PREFIXED).items()}
_IN_ANY_CASE = {name.lower(): name for name in _UNIT_SYMBOLS}
_PINT_NAMES = dict((UNPREFIXED | PREFIXED).values())
_UNPREFIXED_NAMES = {name for name, _ in UNPREFIXED.values()}

_FACTOR = re.compile(r"(?P<symbol>1|[^\d\s^*/.·-]+)(?:\^?(?P<whole>-?\d+)|\^(?P<ratio>-?\d+_\d+))?")
_DSI_TOKEN = re.compile(r"\\(?P<name>[A-Za-z]+)(?:\{(?P<argument>[^{}]*)\})?")
_EXPONENT = re.compile(r"\s*[-+]?\d{0,3}(?:[._]\d{1,6})?\s*")
LARGEST_EXPONENT = 24
"""Beyond anything measured; powers without bound would take time without bound."""

LONGEST = 500
"""Characters of the longest unit that is read."""

_SUPERSCRIPTS = str.maketrans("0123456789-_", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁄")
_FROM_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


class Factor(NamedTuple):
    """One factor of a unit: a named unit with its prefix, raised to a power."""

    prefix: str
    """D-SI name of the prefix, or empty."""
    name: str
    """D-SI name of the unit."""
    power: Fraction


def check(unit: str) -> None:
    """Raise `UnitError`, with a hint, unless `unit` is one in the short notation."""
    _factors(unit)


@lru_cache(maxsize=1024)
def normal(unit: str) -> str:
    """Return the one short spelling of `unit`: `m³/h` becomes `m3/h`, `%RH` becomes `%`."""
    return _write(_factors(unit))


@lru_cache(maxsize=1024)
def to_dsi(unit: str) -> str:
    """Return `unit` in the D-SI notation."""
    parts = []
    for factor in _factors(unit):
        prefix = f"\\{factor.prefix}" if factor.prefix else ""
        exponent = "" if factor.power == 1 else f"\\tothe{{{_exponent(factor.power)}}}"
        parts.append(f"{prefix}\\{factor.name}{exponent}")
    return "".join(parts)


@lru_cache(maxsize=1024)
def from_dsi(text: str) -> str:
    r"""Return the short notation of a unit found in a certificate.

    Read with tolerance where the meaning is certain: any case (`\degreeCelsius`), one `\per` (first, too),
    exponents as `1_2` or `0.5`, and short notation where D-SI was due (`%`, `kN`). Raises `UnitError`
    for anything else, such as a unit outside the SI (`|psi`).
    """
    stripped = text.strip()
    if len(stripped) > LONGEST:
        raise UnitError(f"{stripped:.40}… is no unit: it has {len(stripped)} characters")
    if not stripped:
        raise UnitError("a unit is missing; a number without a unit has the unit \\one")
    if stripped == "pH":
        raise UnitError("the unit 'pH' may be the picohenry or the acidity, which has the unit \\one")
    if not stripped.startswith("\\"):
        return normal(stripped)
    return _write(_dsi_factors(stripped))


@lru_cache(maxsize=1024)
def symbol(unit: str) -> str:
    """Return `unit` as it is printed: `m³/h`, `m⁻³`, `°C`."""
    text = normal(unit)
    if text.startswith("1/") and text.count("/") == 1:
        (factor,) = _factors(text)
        return _symbol(factor) + _exponent(factor.power).translate(_SUPERSCRIPTS)
    return "·".join(
        re.sub(r"(?<=[^\d^*/])\^?(-?\d[\d_]*)", lambda found: found[1].translate(_SUPERSCRIPTS), part)
        for part in text.split("*")
    )


def same_dimension(unit: str, other: str) -> bool:
    """Say whether a value in `unit` can be converted to `other`; raises `UnitError` if unknown."""
    if unit == other:
        check(unit)
        return True
    return bool(_pint_unit(unit).dimensionality == _pint_unit(other).dimensionality)


def convert(value: float, unit: str, to: str) -> float:
    """Return `value`, given in `unit`, in the unit `to`; 20 °C is 293.15 K.

    For a difference, a standard deviation or an uncertainty use `scale`: 0.1 °C is 0.1 K there.
    Raises `UnitError` if a unit is unknown or the dimensions differ.
    """
    if unit == to:
        return value
    slope, offset = _line(unit, to)
    return value * slope + offset


def scale(unit: str, to: str) -> float:
    """Return the factor from a difference or an uncertainty in `unit` to one in `to`."""
    return 1.0 if unit == to else _line(unit, to)[0]


@lru_cache(maxsize=1024)
def _line(unit: str, to: str) -> tuple[float, float]:
    """Return slope and offset of the conversion, each rounded once."""
    source, target = _pint_unit(unit), _pint_unit(to)
    if source.dimensionality != target.dimensionality:
        raise UnitError(f"{unit} can't be converted to {to}: they measure different quantities")
    quantity = _registry().Quantity
    try:
        at_zero = Fraction(quantity(Fraction(0), source).to(target).magnitude)
        at_one = Fraction(quantity(Fraction(1), source).to(target).magnitude)
        return float(at_one - at_zero), float(at_zero)
    except (ArithmeticError, ValueError):
        raise UnitError(f"{unit} can't be converted to {to}: the factor is beyond all numbers") from None


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[Fraction]:
    import pint

    make: type[pint.UnitRegistry[Fraction]] = pint.UnitRegistry
    registry = make(non_int_type=Fraction)  # pyright: ignore[reportArgumentType]  # pint's stubs know floats only
    for definition in LEVELS:
        registry.define(definition)
    return registry


@lru_cache(maxsize=1024)
def _pint_unit(unit: str) -> pint.Unit:
    registry = _registry()
    factors = _factors(unit)
    if len(factors) == 1 and factors[0].power == 1:
        return registry.Unit(factors[0].prefix + _PINT_NAMES[factors[0].name])
    result = registry.Unit("dimensionless")
    for factor in factors:
        # Within a compound unit the degree Celsius is an interval: 1/°C is 1/K.
        name = "kelvin" if factor.name == "degreecelsius" else _PINT_NAMES[factor.name]
        result *= registry.Unit(factor.prefix + name) ** factor.power
    return result


@lru_cache(maxsize=1024)
def _factors(unit: str) -> tuple[Factor, ...]:
    """Take a unit in the short notation apart; `1` stays only where it stands alone."""
    text = unit.strip()
    if len(text) > LONGEST:
        raise UnitError(f"{text:.40}… is no unit: it has {len(text)} characters")
    text = WHOLE_UNITS.get(text, text).translate(_FROM_SUPERSCRIPTS).replace("·", "*")
    found = []
    for sign, part in re.findall(r"(^|[*/])([^*/]*)", text):
        match = _FACTOR.fullmatch(part)
        named = _named(match["symbol"]) if match else None
        if match is None or named is None:
            raise UnitError(_unknown(unit))
        power = _power(match["whole"] or match["ratio"] or "1", unit)
        found.append(Factor(*named, -power if sign == "/" else power))
    return _checked(found, unit)


def _named(symbol: str) -> tuple[str, str] | None:
    """Return the D-SI names of prefix and unit that `symbol` stands for."""
    symbol = SYMBOLS.get(symbol, symbol)
    if symbol in UNPREFIXED or symbol in PREFIXED:
        return "", (UNPREFIXED | PREFIXED)[symbol][0]
    for length in (1, 2):
        prefix = (PREFIXES | BINARY).get(symbol[:length], "")
        rest = SYMBOLS.get(symbol[length:], symbol[length:])
        if prefix and rest in PREFIXED and symbol not in AMBIGUOUS and _takes(prefix, PREFIXED[rest][0]):
            return prefix, PREFIXED[rest][0]
    return None


def _dsi_factors(text: str) -> tuple[Factor, ...]:
    """Take a unit in the D-SI notation apart."""
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
        elif name in _UNIT_SYMBOLS and (not prefix or _takes(prefix, name)):
            found.append(Factor(prefix, name, Fraction(sign)))
            prefix, seen, due = "", False, False
        else:
            raise UnitError(f"the D-SI unit {text!r} has \\{name} where it means nothing known here")
    if prefix or due:
        raise UnitError(f"the D-SI unit {text!r} ends too early")
    return _checked(found, text)


def _takes(prefix: str, name: str) -> bool:
    """Say whether a unit takes a prefix, both by their names in D-SI."""
    if prefix in BINARY.values():
        return name in ("bit", "byte")
    return name not in _UNPREFIXED_NAMES or (prefix, name) in ONE_WORD


def _checked(found: list[Factor], unit: str) -> tuple[Factor, ...]:
    r"""Write `\kilo\gram` as the kilogram, and drop the 1 of `1/m3`."""
    factors = tuple(
        Factor("", ONE_WORD[factor[:2]], factor.power) if factor[:2] in ONE_WORD else factor
        for factor in found
        if factor.name != "one"
    )
    if any(factor.power == 0 for factor in factors):
        raise UnitError(f"the unit {unit!r} has an exponent of 0")
    return factors or (Factor("", "one", Fraction(1)),)


def _power(text: str, unit: str) -> Fraction:
    try:
        power = Fraction(text.replace("_", "/")) if _EXPONENT.fullmatch(text) else None
    except (ValueError, ZeroDivisionError):
        power = None
    if power is None or abs(power) > LARGEST_EXPONENT:
        raise UnitError(f"the unit {unit!r:.80} has the exponent {text!r:.40}, which no unit has")
    return power


def _write(factors: tuple[Factor, ...]) -> str:
    """Return the short notation, with what is divided by written after a slash."""
    text = ""
    for factor in factors:
        part = _symbol(factor)
        power = abs(factor.power)
        if power != 1:
            part += _exponent(power) if power.denominator == 1 else f"^{_exponent(power)}"
        divided = factor.power < 0
        text = (text or ("1" if divided else "")) + ("/" if divided else "*" if text else "") + part
    return text


def _symbol(factor: Factor) -> str:
    return (_PREFIX_SYMBOLS[factor.prefix] if factor.prefix else "") + _UNIT_SYMBOLS[factor.name]


def _exponent(power: Fraction) -> str:
    return str(power).replace("/", "_")


def _unknown(unit: str) -> str:
    for symbol in (unit, *re.split(r"[-\d\s^*/.·]+", unit)):
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
    close = difflib.get_close_matches(unit, [*common, *UNPREFIXED, *PREFIXED], n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"the unit {unit!r} is unknown; {hint}units are written like m3/h, L/min, kg/m3, °C, % or 1"
