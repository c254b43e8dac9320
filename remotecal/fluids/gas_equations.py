"""Equations of state of gases, by name: density, compression factor, speed of sound, critical flow function.

Temperatures in °C (ITS-90), pressures absolute in Pa, densities in kg/m³. Two equations differ: use one
throughout a comparison, at the reference and at the meter under test (`carried` refuses two).

The figures of uncertainty are those published for the equation, halved where they stand for 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import metadata
from types import MappingProxyType
from typing import TypeAlias

from remotecal.errors import ParameterError
from remotecal.fluids.aga8 import Aga8Gas
from remotecal.fluids.by_differences import evaluate
from remotecal.fluids.critical_flow import critical_flow_real
from remotecal.fluids.gas import MOLAR_MASSES, Gas
from remotecal.fluids.gas_limits import (
    AIR_ALONE,
    NITROGEN_ALONE,
    PIPELINE_QUALITY,
    FractionLimit,
    require_composition,
)
from remotecal.fluids.helmholtz import HelmholtzGas, Surface
from remotecal.fluids.lemmon2000 import AIR as LEMMON_2000
from remotecal.fluids.moisture import require_vapour
from remotecal.fluids.span import require
from remotecal.fluids.span2000 import NITROGEN as SPAN_2000
from remotecal.uncertainty.number import Number, estimate, extent

SurfaceOf: TypeAlias = Callable[[Mapping[str, float], float], Surface]
"""Makes a surface for mole fractions and a molar mass in kg/mol."""
Told: TypeAlias = Callable[[Surface, float, float], tuple[float, ...]]
"""What a surface tells at a temperature in K and a pressure in Pa."""

_FAR_ABOVE = 0.9
"""Share of a temperature below which a gas's pseudocritical one makes sure that it is no liquid."""
_OF_EXPONENT = 0.345
"""Relative change of C* for one of the isentropic exponent, by the perfect gas at 1.4."""


@dataclass(frozen=True, slots=True)
class GasRange:
    """Where an equation is used, and how good it is there."""

    temperature: tuple[float, float]
    """From, to, °C."""
    pressure: tuple[float, float]
    """From, to, Pa absolute."""
    u_density: float
    """Relative standard uncertainty of density and compression factor by the equation itself."""
    u_sound: float
    """Relative standard uncertainty of the speed of sound by the equation itself."""

    @property
    def u_isentropic_exponent(self) -> float:
        """Relative standard uncertainty of the isentropic exponent, ρ w²/p."""
        return math.hypot(self.u_density, 2.0 * self.u_sound)

    @property
    def u_critical_flow(self) -> float:
        """Relative standard uncertainty of C*, which goes about as Z^(-1/2) and as a perfect gas's with κ."""
        return math.hypot(self.u_density / 2.0, _OF_EXPONENT * self.u_isentropic_exponent)

    def holds(self, t: Number, p: Number) -> bool:
        """Tell whether states lie in it, all of them."""
        return all(
            low <= least and greatest <= high
            for (low, high), (least, greatest) in ((self.temperature, extent(t)), (self.pressure, extent(p)))
        )


@dataclass(frozen=True, slots=True)
class GasState:
    """A gas at one temperature and pressure, by one equation."""

    equation: str
    """Name of the equation of state."""
    gas: Gas
    t: Number
    """Temperature, °C."""
    pressure: Number
    """Absolute pressure, Pa."""
    density: Number
    """Density, kg/m³."""
    z: Number
    """Compression factor."""
    sound: Number
    """Speed of sound, m/s."""
    heat_capacity: Number
    """Isobaric heat capacity, J/(kg K)."""
    gamma: Number
    """Ratio of the heat capacities."""

    @property
    def isentropic_exponent(self) -> Number:
        """Isentropic exponent of the real gas, ρ w²/p."""
        exponent: Number = self.density * self.sound * self.sound / self.pressure
        return exponent


@dataclass(frozen=True, slots=True)
class GasEquation:
    """An equation of state, as a procedure's parameter selects it."""

    name: str
    """Its name, for the record."""
    source: str
    """Where it is published."""
    ranges: tuple[GasRange, ...]
    """Where it is used, the best first; the last one encloses the others."""
    limits: tuple[FractionLimit, ...]
    """What it holds for."""
    surface: SurfaceOf
    """Its surface for mole fractions and a molar mass in kg/mol."""
    library: str | None = None
    """The package that computes it, where it is not this one."""

    @property
    def libraries(self) -> tuple[str, ...]:
        """The packages beside this one that compute it."""
        return (self.library,) if self.library else ()

    @property
    def implementation(self) -> str:
        """Return what computes it, with its version, for the record."""
        package = self.library or "remotecal"
        return f"{package} {metadata.version(package)}"

    def range_of(self, gas: Gas, t: Number, p: Number) -> GasRange:
        """Return the best range that holds the states of a gas, with its figures of uncertainty.

        Raises:
            ParameterError: the equation does not hold for the gas, or not there, or the gas condenses.
        """
        require_composition(gas, self.limits, self.name)
        known = next((each for each in self.ranges if each.holds(t, p)), self.ranges[-1])
        require("gas temperature", t, *known.temperature, "°C", self.name)
        require("gas pressure", p, *known.pressure, "Pa", self.name)
        require_vapour(gas, t, p)
        self._require_gas(gas, extent(t)[0] + 273.15, extent(p)[1])
        return known

    def _require_gas(self, gas: Gas, kelvin: float, pressure: float) -> None:
        """Refuse a state in which all of it would be liquid, at its coldest and under most pressure."""
        if gas.pseudocritical < _FAR_ABOVE * kelvin:
            return
        fractions = {each: estimate(fraction) for each, fraction in gas.fractions.items()}
        if self.surface(fractions, estimate(gas.molar_mass)).condenses(kelvin, pressure):
            raise ParameterError(
                f"{gas.name} is no gas at {kelvin - 273.15:g} °C and {pressure:g} Pa by {self.name}, it "
                "condenses: check composition, temperature and pressure"
            )

    def state(self, gas: Gas, t: Number, p: Number) -> GasState:
        """Return what the equation tells of a gas, with the slopes by `t`, `p` and the fractions.

        Args:
            gas: the gas; its fractions may be numbers of a model (`Gas.given`).
            t: temperature in °C.
            p: absolute pressure in Pa.

        Raises:
            ParameterError: the equation does not hold for the gas, or not there.
            ConfigurationError: its package is not installed.
        """
        self.range_of(gas, t, p)
        found = self._evaluate(_properties, gas, t, p)
        return GasState(self.name, gas, t, p, *found)

    def critical_flow(self, gas: Gas, t: Number, p: Number) -> Number:
        """Return the critical flow function C* of a gas at rest; see `critical_flow_real`.

        Args:
            gas: the gas; its fractions may be numbers of a model (`Gas.given`).
            t: stagnation temperature in °C.
            p: absolute stagnation pressure in Pa.

        Raises:
            ParameterError: the equation does not hold for the gas, or not there.
            ConfigurationError: its package is not installed.
        """
        self.range_of(gas, t, p)
        return self._evaluate(_critical_flow, gas, t, p)[0]

    def _evaluate(self, of: Told, gas: Gas, t: Number, p: Number) -> list[Number]:
        told = partial(_told, of, self.surface, tuple(gas.fractions))
        return evaluate(lambda inputs: told(*inputs), [t + 273.15, p, *gas.fractions.values()])


@lru_cache(maxsize=16_384)
def _told(
    of: Told,
    surface: SurfaceOf,
    components: tuple[str, ...],
    kelvin: float,
    pressure: float,
    *fractions: float,
) -> tuple[float, ...]:
    """Return what an equation tells of a state; an evaluation comes to the same states several times."""
    present = [max(each, 0.0) for each in fractions]  # a draw may be less
    total = sum(present)
    shares = {each: one / total for each, one in zip(components, present, strict=True)}
    molar_mass = sum(MOLAR_MASSES[each] * share for each, share in shares.items())
    return of(surface(shares, molar_mass), kelvin, pressure)


def _critical_flow(surface: Surface, kelvin: float, pressure: float) -> tuple[float, ...]:
    return (critical_flow_real(surface, kelvin, pressure),)


def _properties(surface: Surface, kelvin: float, pressure: float) -> tuple[float, ...]:
    """Return density, compression factor, speed of sound, heat capacity, ratio of the heat capacities."""
    density = surface.molar_density(kelvin, pressure)
    found = surface.at(kelvin, density)
    mass = surface.molar_mass
    return (
        density * mass,
        pressure / (density * surface.gas_constant * kelvin),
        found.sound,
        found.cp / mass,
        found.cp / found.cv,
    )


def carried(volume: Number, here: GasState, there: GasState) -> Number:
    """Return the volume that a volume of gas has somewhere else: its mass stays.

    Raises:
        ParameterError: the two states are by different equations, or of different gases.
    """
    if here.equation != there.equation:
        raise ParameterError(
            f"a volume can't be carried from {here.equation} to {there.equation}: use one equation of state "
            "at both ends, or their difference counts as the meter's error"
        )
    if here.gas.name != there.gas.name:
        raise ParameterError(f"{here.gas.name} does not become {there.gas.name}: it is one gas that flows")
    moved: Number = volume * (here.density / there.density)
    return moved


def u_of_ratio(known: GasRange, here: GasState, there: GasState) -> float:
    """Return the relative standard uncertainty by the equation of a ratio of two densities, or of two Z.

    No publication gives it. What an equation of a real gas gets wrong is taken to grow in proportion to the
    density, from nothing for the ideal gas: near states share it, and far ones do not.
    """
    densities = estimate(here.density), estimate(there.density)
    return known.u_density * (max(densities) - min(densities)) / max(densities)


EQUATIONS: Mapping[str, GasEquation] = MappingProxyType(
    {
        each.name: each
        for each in (
            GasEquation(
                "GERG-2008",
                "ISO 20765-2; Kunz and Wagner, J. Chem. Eng. Data 57 (2012) 3032",
                (GasRange((-23.15, 76.85), (1e3, 30e6), 5e-4, 5e-4),),
                (),
                lambda fractions, mass: Aga8Gas("Gerg2008", fractions, mass),
                library="pyaga8",
            ),
            GasEquation(
                "AGA8 DETAIL",
                "AGA Report 8, part 1; ISO 12213-2 (AGA8-92DC)",
                (GasRange((-10.15, 64.85), (1e3, 12e6), 5e-4, 1e-3),),
                PIPELINE_QUALITY,
                lambda fractions, mass: Aga8Gas("Detail", fractions, mass),
                library="pyaga8",
            ),
            GasEquation(
                "Lemmon 2000",
                "Lemmon et al., J. Phys. Chem. Ref. Data 29 (2000) 331",
                (
                    GasRange((15, 27), (60e3, 110e3), 3e-5, 1e-3),
                    GasRange((-50, 120), (1e3, 20e6), 5e-4, 1e-3),
                ),
                AIR_ALONE,
                lambda _, mass: HelmholtzGas(LEMMON_2000, mass),
            ),
            GasEquation(
                "Span 2000",
                "Span et al., J. Phys. Chem. Ref. Data 29 (2000) 1361",
                (
                    GasRange((-3.15, 76.85), (1e3, 12e6), 5e-5, 5e-4),
                    GasRange((-33.15, 120), (1e3, 20e6), 1e-4, 5e-4),
                ),
                NITROGEN_ALONE,
                lambda _, mass: HelmholtzGas(SPAN_2000, mass),
            ),
        )
    }
)
"""By name.

Of GERG-2008 the figures for gas are used, 0.1 % for density from 250 K to 350 K up to 30 MPa; that range,
its 0.1 % for the speed of sound, DETAIL's range and its 0.1 % and 0.2 %, and the limits of pipeline quality
are unverified.
Air's 0.1 % and 0.2 %, nitrogen's 0.01 % (0.02 % beyond) and the upper end of its 0.005 % to 0.1 % are from
the publications. Around the laboratory's air the equation for air was compared with CIPM-2007: they agree
within 2e-5, and CIPM-2007's own uncertainty is added.
"""
