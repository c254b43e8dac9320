"""Calorific value and relative density of a natural gas, by its composition (ISO 6976:1995).

Burned at 25 °C, metered at 0 °C and 101.325 kPa, as converters are told them. The gas there is GERG-2008's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.fluids.sgerg88 import NORMAL_AIR_DENSITY
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.fluids.gas import Gas

HEATS: Mapping[str, float] = MappingProxyType(
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
NORMAL = (0.0, 101_325.0)
"""Where it is metered, °C and Pa."""


def _density(gas: Gas) -> float:
    return estimate(EQUATIONS["GERG-2008"].state(gas, *NORMAL).density)


def superior_calorific_value(gas: Gas) -> float:
    """Return it in MJ/m³, of the real gas (ParameterError where GERG-2008 does not hold for it)."""
    molar = sum(HEATS.get(each, 0.0) * estimate(fraction) for each, fraction in gas.fractions.items())
    return molar / 1000.0 * _density(gas) / estimate(gas.molar_mass)


def relative_density(gas: Gas) -> float:
    """Return its density over that of air (ParameterError where GERG-2008 does not hold for it)."""
    return _density(gas) / NORMAL_AIR_DENSITY
