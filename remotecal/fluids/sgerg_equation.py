"""SGERG-88 as the equation of both ends of a comparison: compression factor and density of a natural gas.

It tells no speed of sound and no heat capacity; those of a state are GERG-2008's. Its molar mass is that of
the composition, so only carbon dioxide and hydrogen are told once, there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remotecal.errors import ParameterError
from remotecal.fluids.critical_flow import GAS_CONSTANT
from remotecal.fluids.gas_equations import EQUATIONS, GasEquation, GasRange, GasState
from remotecal.fluids.gas_limits import PIPELINE_QUALITY
from remotecal.fluids.sgerg88 import SGERG_88_U, SimpleAnalysis, sgerg88_z
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.fluids.gas import Gas
    from remotecal.uncertainty.number import Number

_GERG = EQUATIONS["GERG-2008"]
_APART = 0.01
"""How far the compression factor may be from GERG-2008's before the analyses can't be of one gas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleEquation(GasEquation):
    """SGERG-88 for one analysis (ISO 12213-3); `of` makes it.

    That it holds for the compositions of ISO 12213-2 is unverified.
    """

    analysis: SimpleAnalysis

    @classmethod
    def of(cls, gas: Gas, calorific_value: float, relative_density: float) -> SimpleEquation:
        """Return it for a gas whose carbon dioxide and hydrogen are in its composition.

        Args:
            gas: the gas.
            calorific_value: as `SimpleAnalysis`.
            relative_density: as `SimpleAnalysis`.

        Raises:
            ParameterError: a value is outside the method's range, or they contradict each other.
        """
        of_it = gas.fraction("carbon_dioxide"), gas.fraction("hydrogen")
        return cls(
            name="SGERG-88",
            source="ISO 12213-3:2006",
            ranges=(GasRange((-23, 65), (1e3, 12e6), SGERG_88_U, _GERG.ranges[-1].u_sound),),
            limits=PIPELINE_QUALITY,
            surface=_GERG.surface,
            library=_GERG.library,
            analysis=SimpleAnalysis(calorific_value, relative_density, *of_it),
        )

    @property
    def implementation(self) -> str:
        """Return what computes it, for the record."""
        return f"{replace(_GERG, library=None).implementation}, {_GERG.implementation}"

    def state(self, gas: Gas, t: Number, p: Number) -> GasState:
        """Return what it tells of a gas, as `GasEquation.state`.

        Raises:
            ParameterError: it does not hold for the gas or there, or the analyses are of different gases.
        """
        self.range_of(gas, t, p)
        beside, z = _GERG.state(gas, t, p), sgerg88_z(self.analysis, t, p)
        simple, whole = estimate(z), estimate(beside.z)
        if abs(simple / whole - 1.0) > _APART:
            raise ParameterError(
                f"calorific value and relative density give Z = {simple:.4f} by SGERG-88, the composition "
                f"gives {whole:.4f} by GERG-2008: they are of different gases, check both"
            )
        density = p * gas.molar_mass / (z * GAS_CONSTANT * (t + 273.15))
        return replace(beside, equation=self.name, z=z, density=density)

    def critical_flow(self, gas: Gas, t: Number, p: Number) -> Number:
        """Refuse (`ParameterError`): it tells no critical flow."""
        raise ParameterError("SGERG-88 tells no critical flow: use GERG-2008 where nozzles hold the flow")
