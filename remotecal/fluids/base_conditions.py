"""Volumes of gas at base conditions, and the methods by which converters find them.

Temperatures in °C (ITS-90), pressures absolute in Pa.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from remotecal.fluids.gas import Gas
from remotecal.fluids.gas_equations import GasEquation
from remotecal.fluids.sgerg88 import SimpleAnalysis, sgerg88_z
from remotecal.uncertainty.number import Number

CompressionFactor: TypeAlias = Callable[[Number, Number], Number]
"""The compression factor of one gas from temperature in °C and absolute pressure in Pa."""


@dataclass(frozen=True, slots=True)
class BaseConditions:
    """The state a volume of gas is stated for."""

    t: float
    """Temperature, °C."""
    p: float = 101_325.0
    """Absolute pressure, Pa."""


BASES: Mapping[str, BaseConditions] = MappingProxyType(
    {
        "0 °C, 101.325 kPa": BaseConditions(0.0),
        "15 °C, 101.325 kPa": BaseConditions(15.0),
        "20 °C, 101.325 kPa": BaseConditions(20.0),
    }
)
"""Base conditions by what a certificate says: 0 °C and 15 °C in Europe (the latter ISO 13443's), 20 °C in
China."""


def by_equation(equation: GasEquation, gas: Gas) -> CompressionFactor:
    """Return the compression factor of a gas by an equation of state, as a converter that has it computes it.

    Raises:
        ParameterError: when it is asked for a state, or of a gas, that the equation does not hold for.
    """
    return lambda t, p: equation.state(gas, t, p).z


def by_sgerg88(gas: SimpleAnalysis) -> CompressionFactor:
    """Return the compression factor by SGERG-88, as a converter that has it computes it.

    Raises:
        ParameterError: when it is asked for a state that the method does not hold for.
    """
    return lambda t, p: sgerg88_z(gas, t, p)


def ideal(t: Number, p: Number) -> Number:
    """Return the compression factor of a converter that knows none: 1."""
    return 1.0


def conversion_factor(t: Number, p: Number, base: BaseConditions, z: CompressionFactor) -> Number:
    """Return C, the volume at base conditions over the volume at `t` and `p`: (p/p_b) (T_b/T) (Z_b/Z).

    A converter is judged by the method that is programmed into it: what its method differs from another is
    no error of the device.

    Args:
        t: temperature of the gas in °C.
        p: its absolute pressure in Pa.
        base: the base conditions.
        z: the gas's compression factor by the converter's own method.

    Raises:
        ParameterError: the method does not hold there.
    """
    factor: Number = p / base.p * ((base.t + 273.15) / (t + 273.15)) * (z(base.t, base.p) / z(t, p))
    return factor
