"""Calorific values, density and Wobbe indices of a natural gas by its composition (ISO 6976:2016).

Metered at 101.325 kPa. The figures of the standard's annex A are as two public programs carry them (the R
package ISO6976.2016 and one in Python after it, both GPL-3.0); NeqSim (Apache-2.0) has the same of the
hydrocarbons, nitrogen and carbon dioxide. By them the examples of annex D come out to the last printed digit.
Below them stand the calorific values of 1995, by which SGERG-88 is told its gas, and converters in service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from remotecal.errors import ParameterError
from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.fluids.sgerg88 import NORMAL_AIR_DENSITY
from remotecal.uncertainty.number import Number, estimate, sqrt

if TYPE_CHECKING:
    from remotecal.fluids.gas import Gas

PRESSURE: Final = 101_325.0
"""Where it is metered, Pa."""
BURNED_AT: Final = (0.0, 15.0, 15.55, 20.0, 25.0)
"""Temperatures at which it may burn, °C."""
METERED_AT: Final = (0.0, 15.0, 15.55, 20.0)
"""Temperatures at which it may be metered, °C; 15.55 stands for 60 °F."""
_KELVIN = (273.15, 288.15, 273.15 + 28.0 / 1.8, 293.15)
"""The same in K: the volume of example D.3 is printed for 60 °F and not for 15.55 °C, 2e-5 beside."""
SUM_WITHIN: Final = 1e-6
"""How far the mole fractions may sum up beside 1: what rounding leaves of an analysis that was scaled."""

_GAS_CONSTANT = (8.3144621, 7.5e-6)
_AIR = (28.96546, 0.00017)
"""Molar mass of dry air, g/mol."""
_AIR_FACTORS = ((0.999419, 0.999595, 0.999601, 0.999645), 1.5e-5)
"""Compression factor of dry air by the temperature at which it is metered."""
_VAPORIZATION = ((45.064, 44.431, 44.408, 44.222, 44.013), 0.004)
"""Enthalpy of vaporization of water by the temperature at which it burns, kJ/mol."""
_ATOMS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "C": (12.0107, 4e-4),
        "H": (1.00794, 3.5e-5),
        "N": (14.0067, 1e-4),
        "O": (15.9994, 1.5e-4),
        "S": (32.065, 2.5e-3),
        "He": (4.002602, 1e-6),
        "Ar": (39.948, 5e-4),
    }
)
"""Molar masses, g/mol."""

_PRINTED = """
methane           C1H4    0.04886 0.04452 0.04437 0.04317 0.0005   892.92  891.51  891.46  891.05  890.58 0.19
ethane            C2H6    0.0997  0.0919  0.0916  0.0895  0.0011  1564.35 1562.14 1562.06 1561.42 1560.69 0.51
propane           C3H8    0.1465  0.1344  0.1340  0.1308  0.0016  2224.03 2221.10 2220.99 2220.13 2219.17 0.51
n_butane          C4H10   0.2022  0.1840  0.1834  0.1785  0.0039  2883.35 2879.76 2879.63 2878.58 2877.40 0.72
isobutane         C4H10   0.1885  0.1722  0.1717  0.1673  0.0031  2874.21 2870.58 2870.45 2869.39 2868.20 0.72
n_pentane         C5H12   0.2586  0.2361  0.2354  0.2295  0.0107  3542.91 3538.60 3538.45 3537.19 3535.77 0.23
isopentane        C5H12   0.2458  0.2251  0.2244  0.2189  0.0088  3536.01 3531.68 3531.52 3530.25 3528.83 0.23
neopentane        C5H12   0.2245  0.2040  0.2033  0.1979  0.0060  3521.75 3517.44 3517.28 3516.02 3514.61 0.25
hexane            C6H14   0.3319  0.3001  0.2990  0.2907  0.0271  4203.24 4198.24 4198.06 4196.60 4194.95 0.32
heptane           C7H16   0.4076  0.3668  0.3654  0.3547  0.1001  4862.88 4857.18 4856.98 4855.31 4853.43 0.67
octane            C8H18   0.4845  0.4346  0.4329  0.4198  0.1002  5522.41 5516.01 5515.78 5513.90 5511.80 0.76
nonane            C9H20   0.5617  0.5030  0.5010  0.4856  0.1006  6182.92 6175.82 6175.56 6173.48 6171.15 0.81
decane            C10H22  0.6713  0.5991  0.5967  0.5778  0.1006  6842.69 6834.90 6834.62 6832.33 6829.77 0.87
hydrogen          H2     -0.01   -0.01   -0.01   -0.01    0.0250   286.64  286.15  286.13  285.99  285.83 0.02
water             H2O1    0.3093  0.2562  0.2546  0.2419  0.0150  45.064  44.431  44.408  44.222  44.013 0.004
hydrogen_sulfide  H2S1    0.1006  0.0923  0.0920  0.0898  0.0023   562.93  562.38  562.36  562.19  562.01 0.23
carbon_monoxide   C1O1    0.0258  0.0217  0.0215  0.0203  0.0010   282.80  282.91  282.91  282.95  282.98 0.06
helium            He1    -0.01   -0.01   -0.01   -0.01    0.0250     0       0       0       0       0    0
argon             Ar1     0.0307  0.0273  0.0272  0.0262  0.0010     0       0       0       0       0    0
nitrogen          N2      0.0214  0.0170  0.0169  0.0156  0.0010     0       0       0       0       0    0
oxygen            O2      0.0311  0.0276  0.0275  0.0265  0.0010     0       0       0       0       0    0
carbon_dioxide    C1O2    0.0821  0.0752  0.0749  0.0730  0.0020     0       0       0       0       0    0
"""
"""Of each component: atoms; summation factors at `METERED_AT` and their standard uncertainty; molar superior
calorific values at `BURNED_AT` in kJ/mol and theirs (tables A.2 to A.4)."""


@dataclass(frozen=True, slots=True)
class _Component:
    atoms: Mapping[str, int]
    factors: tuple[float, ...]
    u_factor: float
    heats: tuple[float, ...]
    u_heat: float


def _component(words: Sequence[str]) -> _Component:
    atoms: dict[str, int] = {}
    name = ""
    for letter in words[0]:
        name = letter if letter.isupper() else name + letter if letter.isalpha() else name
        if letter.isdigit():
            atoms[name] = 10 * atoms.get(name, 0) + int(letter)
    numbers = [float(word) for word in words[1:]]
    return _Component(atoms, tuple(numbers[:4]), numbers[4], tuple(numbers[5:10]), numbers[10])


_COMPONENTS: Final = MappingProxyType(
    {name: _component(words) for name, *words in (line.split() for line in _PRINTED.strip().splitlines())}
)

Known = Callable[[float, float], Number]
"""Makes a number of a value and its standard uncertainty."""


def _value(value: float, _u: float) -> float:
    return value


@dataclass(frozen=True, slots=True)
class Heating:
    """What a gas of a composition gives when it burns; numbers are of the kind the fractions are of."""

    molar_mass: Number
    """kg/mol."""
    compression_factor: Number
    """Where it is metered."""
    molar_superior: Number
    """Molar superior calorific value, J/mol."""
    molar_inferior: Number
    """The same where the water stays vapour."""
    molar_volume: Number
    """Of the real gas where it is metered, m³/mol."""
    air_density: Number
    """Of dry air there, kg/m³."""

    @property
    def density(self) -> Number:
        """kg/m³, of the real gas."""
        density: Number = self.molar_mass / self.molar_volume
        return density

    @property
    def relative_density(self) -> Number:
        """Its density over that of dry air."""
        ratio: Number = self.density / self.air_density
        return ratio

    @property
    def superior_by_mass(self) -> Number:
        """J/kg."""
        by_mass: Number = self.molar_superior / self.molar_mass
        return by_mass

    @property
    def superior_by_volume(self) -> Number:
        """J/m³, of the real gas."""
        by_volume: Number = self.molar_superior / self.molar_volume
        return by_volume

    @property
    def inferior_by_volume(self) -> Number:
        """J/m³, of the real gas."""
        by_volume: Number = self.molar_inferior / self.molar_volume
        return by_volume

    @property
    def superior_wobbe_index(self) -> Number:
        """J/m³."""
        index: Number = self.superior_by_volume / sqrt(self.relative_density)
        return index

    @property
    def inferior_wobbe_index(self) -> Number:
        """J/m³."""
        index: Number = self.inferior_by_volume / sqrt(self.relative_density)
        return index


def heating(
    fractions: Mapping[str, Number], burned_at: float, metered_at: float, *, known: Known = _value
) -> Heating:
    """Return what a gas gives when it burns.

    Args:
        fractions: mole fraction of each component, together 1 (`Gas.fractions`, and neopentane).
        burned_at: temperature of combustion in °C, one of `BURNED_AT`.
        metered_at: temperature of metering in °C, one of `METERED_AT`.
        known: what makes a number of each figure of the standard and its standard uncertainty, such as
            `GTC.ureal`; without it the figures count as exact.

    Raises:
        ParameterError: a component or a temperature is not in the standard's tables, or the sum is not 1.
    """
    burned, metered = _place("burned", burned_at, BURNED_AT), _place("metered", metered_at, METERED_AT)
    _require_components(fractions)
    atoms = {name: known(*figure) for name, figure in _ATOMS.items()}
    vaporization = known(_VAPORIZATION[0][burned], _VAPORIZATION[1])
    mass: Number = 0.0
    superior: Number = 0.0
    hydrogen: Number = 0.0
    factor: Number = 0.0
    for name, x in fractions.items():
        each = _COMPONENTS[name]
        for atom, count in each.atoms.items():
            mass = mass + x * count * atoms[atom]
        superior = superior + x * known(each.heats[burned], each.u_heat)
        hydrogen = hydrogen + x * each.atoms.get("H", 0)
        factor = factor + x * known(each.factors[metered], each.u_factor)
    z: Number = 1.0 - factor * factor
    ideal: Number = known(*_GAS_CONSTANT) * (_KELVIN[metered] / PRESSURE)
    air: Number = known(*_AIR) * 1e-3 / (ideal * known(_AIR_FACTORS[0][metered], _AIR_FACTORS[1]))
    return Heating(
        molar_mass=mass * 1e-3,
        compression_factor=z,
        molar_superior=superior * 1e3,
        molar_inferior=(superior - hydrogen * 0.5 * vaporization) * 1e3,
        molar_volume=ideal * z,
        air_density=air,
    )


def _place(what: str, at: float, table: tuple[float, ...]) -> int:
    if at not in table:
        degrees = ", ".join(f"{each:g}" for each in table)
        raise ParameterError(f"ISO 6976 has no gas {what} at {at:g} °C: it has {degrees} °C")
    return table.index(at)


def _require_components(fractions: Mapping[str, Number]) -> None:
    for name in fractions:
        if name not in _COMPONENTS:
            raise ParameterError(
                f"{name!r} is no component whose figures of ISO 6976 are known; these are: "
                + ", ".join(_COMPONENTS)
            )
    total = sum(estimate(each) for each in fractions.values())
    if not abs(total - 1.0) <= SUM_WITHIN:
        raise ParameterError(f"mole fractions sum up to 1, not {total:.7g}: scale the analysis")


HEATS_1995: Mapping[str, float] = MappingProxyType(
    {
        "methane": 890.63,
        "ethane": 1560.69,
        "propane": 2219.17,
        "n_butane": 2877.40,
        "isobutane": 2868.20,
        "n_pentane": 3535.77,
        "isopentane": 3528.83,
        "hexane": 4194.95,
        "heptane": 4853.43,
        "octane": 5511.80,
        "nonane": 6171.15,
        "decane": 6829.77,
        "hydrogen": 285.83,
        "carbon_monoxide": 282.98,
        "hydrogen_sulfide": 562.01,
        "water": 44.016,
    }
)
"""Molar superior calorific values at 25 °C, kJ/mol (ISO 6976:1995, table 3); others do not burn."""


def _density(gas: Gas) -> float:
    return estimate(EQUATIONS["GERG-2008"].state(gas, METERED_AT[0], PRESSURE).density)


def superior_calorific_value(gas: Gas) -> float:
    """Return it in MJ/m³ as SGERG-88 is told it: by the figures of 1995, burned at 25 °C and metered at 0 °C.

    The gas there is GERG-2008's (ParameterError where that does not hold for it).
    """
    molar = sum(HEATS_1995.get(each, 0.0) * estimate(fraction) for each, fraction in gas.fractions.items())
    return molar / 1000.0 * _density(gas) / estimate(gas.molar_mass)


def relative_density(gas: Gas) -> float:
    """Return its density over that of air, as `superior_calorific_value`."""
    return _density(gas) / NORMAL_AIR_DENSITY
