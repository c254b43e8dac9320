"""The methods by which converters find compressibility, and what a wrong conversion factor looks like.

The reference's conversion factor is by the method that is programmed, so what it differs from another method
is no error of the device, and is stated apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from remotecal.errors import ParameterError
from remotecal.fluids.base_conditions import (
    BASES,
    BaseConditions,
    CompressionFactor,
    by_equation,
    by_sgerg88,
    conversion_factor,
    ideal,
)
from remotecal.fluids.gas import Gas
from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.fluids.sgerg88 import SimpleAnalysis
from remotecal.model import Text
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.uncertainty.number import Number

MethodName = Literal["AGA8 DETAIL", "GERG-2008", "Lemmon 2000", "SGERG-88", "ideal"]
"""By what name each is known; "ideal" is a converter of pressure and temperature alone, Z/Z_b = 1."""

DIGITS: Final = (3, 4, 5)
"""Significant digits to which devices round their conversion factor."""


@dataclass(frozen=True, slots=True)
class Programmed:
    """What of the gas is programmed into a converter."""

    composition: Mapping[str, float]
    """Mole fractions; empty where none are."""
    calorific_value: float | None = None
    relative_density: float | None = None
    carbon_dioxide: float = 0.0
    hydrogen: float = 0.0

    def compression(self, method: MethodName) -> CompressionFactor:
        """Return the compression factor by a method.

        Raises:
            ParameterError: what the method takes is not given, or is impossible.
        """
        if method == "ideal":
            return ideal
        if method == "SGERG-88":
            if self.calorific_value is None or self.relative_density is None:
                raise ParameterError(
                    "SGERG-88 takes calorific_value, relative_density, carbon_dioxide and hydrogen: state "
                    "what is programmed"
                )
            known = (self.calorific_value, self.relative_density, self.carbon_dioxide, self.hydrogen)
            return by_sgerg88(SimpleAnalysis(*known))
        if method == "Lemmon 2000":
            from remotecal.fluids.gas import AIR

            return by_equation(EQUATIONS[method], AIR)
        if not self.composition:
            raise ParameterError(f"{method} takes the gas's composition: state what is programmed")
        return by_equation(EQUATIONS[method], Gas.analysed("the gas programmed", self.composition))

    def known(self) -> Iterator[MethodName]:
        """Yield the methods for which enough is programmed."""
        yield "ideal"
        if self.composition:
            yield "AGA8 DETAIL"
            yield "GERG-2008"
        if self.calorific_value is not None and self.relative_density is not None:
            yield "SGERG-88"


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion factor: base conditions, and a compression factor."""

    base: BaseConditions
    compression: CompressionFactor

    def factor(self, t: Number, p: Number) -> Number:
        """Return C at a temperature in °C and an absolute pressure in Pa."""
        return conversion_factor(t, p, self.base, self.compression)

    def ratio(self, t: Number, p: Number) -> Number:
        """Return Z_b/Z."""
        found: Number = self.factor(t, p) * self.base.p / p * ((t + 273.15) / (self.base.t + 273.15))
        return found


@dataclass(frozen=True, slots=True)
class ShownTogether:
    """What a converter showed together, at one place."""

    t: float
    """In °C."""
    p: float
    """In Pa."""
    factor: float


def explained(
    shown: list[ShownTogether],
    programmed: Programmed,
    method: MethodName,
    base: BaseConditions,
    within: float,
) -> Text | None:
    """Return what would explain the conversion factors that a converter shows; None if nothing does.

    Args:
        shown: at all places.
        programmed: what it should know of the gas.
        method: by which it should compute.
        base: its base conditions.
        within: how well an explanation must agree, as a share of C.
    """
    right = Conversion(base, programmed.compression(method))
    for digits in DIGITS:
        if all(_rounded(estimate(right.factor(one.t, one.p)), digits, one.factor) for one in shown):
            return Text(
                zh=f"与将 C 舍入到 {digits} 位有效数字一致",
                en=f"as if C were rounded to {digits} significant digits",
            )
    others = ((name, by) for name, by in _other(programmed, method, base))
    return next((told for told, by in others if _agrees(shown, by, within)), None)


def _rounded(c: float, digits: int, found: float) -> bool:
    """Tell whether `found` is C rounded, or one step beside it where filters let C wander over an edge."""
    step = 10.0 ** (len(f"{int(c)}") - digits) if c >= 1 else 10.0**-digits
    return abs(found / step - round(found / step)) < 1e-3 and abs(found - c) <= 0.6 * step


def _other(
    programmed: Programmed, method: MethodName, base: BaseConditions
) -> Iterator[tuple[Text, Conversion]]:
    names = tuple(programmed.known())
    for name in names:
        if name != method:
            told = Text(zh=f"与按 {name} 计算一致", en=f"as if it computed by {name}")
            yield told, Conversion(base, programmed.compression(name))
    for called, other in BASES.items():
        if (other.t, other.p) != (base.t, base.p):
            told = Text(zh=f"与按参比条件 {called} 换算一致", en=f"as if its base conditions were {called}")
            yield told, Conversion(other, programmed.compression(method))


def _agrees(shown: list[ShownTogether], by: Conversion, within: float) -> bool:
    try:
        return all(abs(one.factor / estimate(by.factor(one.t, one.p)) - 1) <= within for one in shown)
    except ParameterError:
        return False
