r"""Units: the short notation of drivers and people, the D-SI notation of certificates, what units are worth.

The short notation is what a data sheet prints: `m3/h`, `L/min`, `kg/m3`, `°C`, `%`, `1/m3`, `1`.
Factors are joined by `*` and `/`, read from left to right as in Python, so `W/m/K` and `W/m*K`
differ. A whole exponent follows its unit (`m3`, `m-3`), any other one a circumflex (`V/Hz^1_2` for
the volt per root hertz). Some spellings are read and rewritten: `m³/h`, `m^3/h`, `l/min`, `degC`,
`Ohm`, `rpm`, `kVA`, and `%RH`, which says `%` of a quantity whose name says relative humidity.

D-SI is the notation of digital calibration certificates (`\metre\tothe{3}\hour\tothe{-1}`;
D-SI 2.2.1, PTB and SmartCom). Its deprecated `\per` is read, never written.

Some units D-SI has no notation for (`psi`, `inHg`, `kgf/cm2`, `var`, `dBm`): `to_dsi` refuses them, and
`in_dsi` tells the unit and the exact factor by which a certificate states them for machines as well.

A level with a reference, `dBm` or `dB(20µPa)`, is a kind of its own: it is converted to no other kind by a
factor, only by `level` and `from_level`. What is relative (`dB`) stays that.

This is the only module that knows the notations (`unit_factors` takes them apart, `unit_names` has the
names and what each unit is worth). Dimensions and factors follow from there as exact fractions, rounded
once; roots of them to far more digits than a number has.
"""

from __future__ import annotations

import math
from decimal import Context
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from remotecal.errors import UnitError
from remotecal.unit_factors import (
    BAR,
    LONGEST,
    Reference,
    dsi,
    dsi_factors,
    factors,
    multiplied,
    printed,
    reference,
    short,
)
from remotecal.unit_names import (
    ANGLES,
    CUSTOMARY,
    MULTIPLES,
    OF_POWER,
    OF_ROOT_POWER,
    ONE_UNIT,
    PREFIXED,
    UNCERTAIN_COLUMNS,
    UNPREFIXED,
)

_UNITS = {one.name: (symbol, one) for symbol, one in (UNPREFIXED | PREFIXED).items()}

_ZERO_CELSIUS = Fraction("273.15")
"""In kelvins."""

_ROOTS = Context(prec=60)
"""Digits to which roots are taken."""

Dimension: TypeAlias = frozenset[tuple[str, Fraction]]
"""The units that nothing simpler is worth, each with its power."""


def check(unit: str) -> None:
    """Raise `UnitError`, with a hint, unless `unit` is one in the short notation."""
    factors(unit)


@lru_cache(maxsize=1024)
def normal(unit: str) -> str:
    """Return the one short spelling of `unit`: `m³/h` becomes `m3/h`, `%RH` becomes `%`."""
    return short(factors(unit))


@lru_cache(maxsize=1024)
def to_dsi(unit: str) -> str:
    """Return `unit` in the D-SI notation (`UnitError` if D-SI has none for it; see `in_dsi`)."""
    if outside_dsi(unit):
        raise UnitError(
            f"D-SI has no notation for {unit}: state the value in {in_dsi(unit)[0]}, and in {unit} beside it"
        )
    return dsi(factors(unit))


def marked(unit: str) -> str:
    """Return `unit` as a certificate states it: in the D-SI notation, or by its name as `|psi`."""
    return BAR + normal(unit) if outside_dsi(unit) else to_dsi(unit)


def outside_dsi(unit: str) -> bool:
    """Say whether D-SI has no notation for `unit`."""
    return any(factor.outside for factor in factors(unit))


@lru_cache(maxsize=256)
def in_dsi(unit: str) -> tuple[str, Fraction]:
    """Return the unit D-SI has in place of `unit`, and how many of it one `unit` is, exactly.

    `psi` is kPa and 6.894757…; `kgf/cm2` is kPa and 98.0665. A level keeps its number, and its
    reference is said apart: `dBm` is dB and 1. A unit that D-SI has is itself.
    """
    if reference(normal(unit)) is not None:
        return "dB", Fraction(1)
    found, factor = factors("1"), Fraction(1)
    for one in factors(unit):
        if not one.outside:
            found = multiplied(found, (one,))
            continue
        name, worth, meant = CUSTOMARY[one.name[1:]]
        first, *others = factors(meant)
        inner = (first._replace(prefix=one.prefix or first.prefix), *others)
        if one.power.denominator != 1:
            raise UnitError(f"the unit {unit!r} takes a root of the {name}, which has no D-SI notation")
        found = multiplied(found, tuple(part._replace(power=part.power * one.power) for part in inner))
        factor *= worth ** int(one.power)
    if not outside_dsi(unit):
        return normal(unit), Fraction(1)
    meant, more = ONE_UNIT.get(short(found), (short(found), 1))
    return meant, factor * more


@lru_cache(maxsize=256)
def definition(unit: str) -> str:
    """Return what a unit outside D-SI is, for people: `1 psi = 6.894757 kPa`."""
    of = relative_to(unit)
    if of is not None:
        return f"{symbol(unit)}: level in decibels, with the reference {of}"
    meant, factor = in_dsi(unit)
    return f"1 {symbol(unit)} = {float(factor):.7g} {symbol(meant)}"


def relative_to(unit: str) -> str | None:
    """Return what a level is relative to, as it is printed: `1 mW`; None for a unit that is none."""
    of = reference(normal(unit))
    return None if of is None else f"{of.number} {symbol(of.unit)}"


@lru_cache(maxsize=1024)
def from_dsi(text: str, *, alone: bool = True) -> str:
    r"""Return the short notation of a unit found in a certificate.

    Read with tolerance where the meaning is certain: any case (`\degreeCelsius`), one `\per` (first, too),
    exponents as `1_2` or `0.5`, short notation where D-SI was due (`%`, `kN`), and units outside D-SI that
    mean the same to everybody (`|psi`).

    Args:
        text: the unit.
        alone: nothing beside it says the same in the SI. Units that mean different things to different
            people, such as an inch of water of no temperature, are then refused.

    Raises:
        UnitError: for anything else.
    """
    stripped = text.strip()
    if len(stripped) > LONGEST:
        raise UnitError(f"{stripped:.40}… is no unit: it has {len(stripped)} characters")
    if not stripped:
        raise UnitError("a unit is missing; a number without a unit has the unit \\one")
    if stripped == "pH":
        raise UnitError("the unit 'pH' may be the picohenry or the acidity, which has the unit \\one")
    if stripped.startswith("\\"):
        return short(dsi_factors(stripped))
    found = normal(stripped.removeprefix(BAR))
    if stripped.startswith(BAR) and not outside_dsi(found):
        raise UnitError(f"the unit {stripped!r} is marked as one outside D-SI, and is none")
    columns = [one.name[1:] for one in factors(found) if one.name[1:] in UNCERTAIN_COLUMNS]
    if alone and columns:
        raise UnitError(
            f"the unit {stripped!r} may be of any temperature: state it, as {columns[0]}(4°C), or give Pa"
        )
    return found


@lru_cache(maxsize=1024)
def symbol(unit: str) -> str:
    """Return `unit` as it is printed: `m³/h`, `m⁻³`, `°C`, `inH₂O (4 °C)`."""
    return printed(factors(unit))


@lru_cache(maxsize=1024)
def product(unit: str, other: str) -> str:
    """Return the unit of a product of differences, such as a covariance: `kg` and `m/s` give `kg*m/s`.

    The difference of two temperatures in °C is in K.
    """
    one, two = (
        tuple(
            each._replace(name="kelvin") if each.name == "degreecelsius" else each
            for each in factors(difference(of))
        )
        for of in (unit, other)
    )
    return short(multiplied(one, two))


def is_angle(unit: str) -> bool:
    """Say whether `unit` is one of plane angle: rad, °, ′, ″, or a prefix's."""
    found = factors(unit)
    return len(found) == 1 and found[0].power == 1 and found[0].name in ANGLES


def difference(unit: str) -> str:
    """Return the unit of a difference of two values, as of an uncertainty: that of levels is the decibel."""
    return unit if reference(normal(unit)) is None else "dB"


def same_dimension(unit: str, other: str) -> bool:
    """Say whether a value in `unit` can be converted to `other`; raises `UnitError` if unknown.

    A level with a reference can be converted to another of the same kind only.
    """
    if unit == other:
        check(unit)
        return True
    one, two = reference(normal(unit)), reference(normal(other))
    if one is not None or two is not None:
        return one is not None and two is not None and same_dimension(one.unit, two.unit)
    return _worth(unit)[1] == _worth(other)[1]


def convert(value: float, unit: str, to: str) -> float:
    """Return `value`, given in `unit`, in the unit `to`; 20 °C is 293.15 K, 0 dBm is −30 dBW.

    For a difference, a standard deviation or an uncertainty use `scale`: 0.1 °C is 0.1 K there.
    Raises `UnitError` if a unit is unknown or the dimensions differ.
    """
    if unit == to:
        return value
    slope, offset = _line(unit, to)
    return value * slope + offset


def scale(unit: str, to: str) -> float:
    """Return the factor from a difference or an uncertainty in `unit` to one in `to`."""
    return 1.0 if unit == to else _line(difference(unit), difference(to))[0]


def level(value: float, unit: str, to: str) -> float:
    """Return the level of a quantity: 1 Pa is 93.98 dB(20µPa), 2 mW are 3.01 dBm.

    Args:
        value: of the quantity, above 0.
        unit: its unit.
        to: the level's unit, with its reference.

    Raises:
        UnitError: `to` has no reference, or one of another dimension or of which is not known whether it
            is a power; or the value has no logarithm.
    """
    of = _reference(to)
    ratio = convert(value, unit, of.unit) / float(of.number)
    if not ratio > 0:
        raise UnitError(f"{value:g} {unit} has no level: its logarithm is none")
    return _per_decade(of.unit) * math.log10(ratio)


def from_level(value: float, unit: str, to: str) -> float:
    """Return the quantity of a level: 94 dB(20µPa) is 1.0024 Pa; the other way round of `level`."""
    of = _reference(unit)
    try:
        return convert(float(of.number) * 10.0 ** (value / _per_decade(of.unit)), of.unit, to)
    except OverflowError:
        raise UnitError(f"{value:g} {unit} is beyond all numbers") from None


def _reference(unit: str) -> Reference:
    found = reference(normal(unit))
    if found is None:
        raise UnitError(f"{unit} is no level with a reference, such as dBm or dB(20µPa)")
    return found


@lru_cache(maxsize=256)
def _per_decade(unit: str) -> float:
    """Return how many decibels a ratio of ten is: 10 for a power, 20 for what is a power's root."""
    for kinds, decibels in ((OF_POWER, 10.0), (OF_ROOT_POWER, 20.0)):
        if any(same_dimension(unit, kind) for kind in kinds):
            return decibels
    raise UnitError(f"whether {unit} is the unit of a power or of its root is not known here")


@lru_cache(maxsize=1024)
def _line(unit: str, to: str) -> tuple[float, float]:
    """Return slope and offset of the conversion, each rounded once."""
    if not same_dimension(unit, to):
        raise UnitError(f"{unit} can't be converted to {to}: they measure different quantities")
    if reference(normal(unit)) is not None:
        of = _reference(unit)
        return 1.0, level(float(of.number), of.unit, to)
    (source, _), (target, _) = _worth(unit), _worth(to)
    try:
        return float(source / target), float((_zero(unit) - _zero(to)) / target)
    except ArithmeticError:
        raise UnitError(f"{unit} can't be converted to {to}: the factor is beyond all numbers") from None


def _zero(unit: str) -> Fraction:
    """Return where a scale begins: that of a temperature in °C at 273.15 K. Others begin at nothing."""
    return _ZERO_CELSIUS if normal(unit) == "°C" else Fraction(0)


@lru_cache(maxsize=1024)
def _worth(unit: str) -> tuple[Fraction, Dimension]:
    """Return what a unit, or a difference in it, is worth: a number and a dimension."""
    meant, number = in_dsi(unit)
    dimension: dict[str, Fraction] = {}
    for one in factors(meant):
        symbol, of = _UNITS[one.name]
        itself = Fraction(1), frozenset({(symbol, Fraction(1))})
        worth, inner = itself if of.unit == symbol else _worth(of.unit)
        number *= _to_the(one.power, MULTIPLES[one.prefix] * of.factor * worth)
        for name, power in inner:
            dimension[name] = dimension.get(name, Fraction(0)) + power * one.power
    return number, frozenset((name, power) for name, power in dimension.items() if power and name != "1")


def _to_the(power: Fraction, number: Fraction) -> Fraction:
    if power.denominator == 1:
        return number ** int(power)
    root = _ROOTS.divide(power.numerator, power.denominator)
    return Fraction(_ROOTS.power(_ROOTS.divide(number.numerator, number.denominator), root))
