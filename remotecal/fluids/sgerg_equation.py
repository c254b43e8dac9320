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
from remotecal.fluids.iso6976 import relative_density as relative_density_of
from remotecal.fluids.iso6976 import superior_calorific_value
from remotecal.fluids.sgerg88 import SGERG_88_U, SimpleAnalysis, sgerg88_z
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.fluids.gas import Gas
    from remotecal.uncertainty.number import Number

_GERG = EQUATIONS["GERG-2008"]
WITHIN = 3e-3
"""How far calorific value and relative density may be from the composition's, relative (the house's own).
At 4 MPa so much of either changes the density by 0.03 % to 0.05 %."""
_STEP = 1e-4
"""How far to either side of them slopes are looked for, relative."""
_APART = 0.01
"""How far the compression factor may be from GERG-2008's before the analyses can't be of one gas."""


def require_of_gas(gas: Gas, calorific_value: float, relative_density: float) -> None:
    """Raise `ParameterError` unless an analysis, as `SimpleAnalysis` has it, is that of the composition."""
    of_it = superior_calorific_value(gas), relative_density_of(gas)
    told = {"calorific_value": calorific_value, "relative_density": relative_density}
    for (name, value), right in zip(told.items(), of_it, strict=True):
        if (off := abs(value / right - 1.0)) > WITHIN:
            raise ParameterError(
                f"{name} = {value:g} is {100 * off:.2g} % off what the composition gives, and "
                f"{100 * WITHIN:g} % is allowed: write calorific_value = {of_it[0]:.3f} and "
                f"relative_density = {of_it[1]:.4f}, or mend components and fractions"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleEquation(GasEquation):
    """SGERG-88 for one analysis (ISO 12213-3); `of` makes it.

    That it holds for the compositions of ISO 12213-2 is unverified.
    """

    analysis: SimpleAnalysis
    known: tuple[Number | None, Number | None] = (None, None)
    """Its calorific value and relative density as numbers of a model, where they are inputs there."""

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

    def given(self, calorific_value: Number | None, relative_density: Number | None) -> SimpleEquation:
        """Return it with its analysis by a model's inputs."""
        return replace(self, known=(calorific_value, relative_density))

    def _z(self, t: Number, p: Number) -> Number:
        """Return the compression factor; by the analysis it goes straight, so near are inputs to that."""
        z = sgerg88_z(self.analysis, t, p)
        for name, known in zip(("calorific_value", "relative_density"), self.known, strict=True):
            if known is not None:
                told: float = getattr(self.analysis, name)
                step = told * _STEP
                above, below = (
                    sgerg88_z(replace(self.analysis, **{name: told + way}), t, p) for way in (step, -step)
                )
                z = z + (known - told) * (above - below) / (2.0 * step)
        return z

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
        beside, z = _GERG.state(gas, t, p), self._z(t, p)
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
