"""The gas of a loop, by the order or, for its water, by a meter; and one equation of state for both ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from remotecal.errors import ParameterError
from remotecal.fluids.gas import AIR, NITROGEN, Gas
from remotecal.fluids.gas_equations import EQUATIONS, GasEquation, GasState
from remotecal.fluids.gas_viscosity import viscosity
from remotecal.fluids.moisture import WATER_FRACTION_U, water_fraction
from remotecal.fluids.sgerg_equation import SimpleEquation, require_of_gas
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from remotecal.procedures.library.gas_loop.parameters import LoopParameters

    WaterRead: TypeAlias = tuple[Callable[[Numbers], Number], float]

DEW_POINT: Final = "t_dp"
"""Symbol of the dew point."""
CALORIFIC_VALUE, RELATIVE_DENSITY = "H_s", "d_r"
"""Symbols of what SGERG-88 is told."""
WATER_FORMULA: Final = "ε_w"
"""Symbol of what the formula for the water content is off by."""


class LoopGas:
    """The gas, by the parameters of the order and, where it was read, its dew point (`with_dew_point`).

    Args:
        parameters: what the order tells.
        known: composition and equation, where they were made and looked at already.
        read: what was read of its water.

    Raises:
        ParameterError: the composition is none, or the equation does not hold for it.
    """

    def __init__(
        self,
        parameters: LoopParameters,
        known: tuple[Gas, GasEquation] | None = None,
        read: WaterRead | None = None,
    ) -> None:
        self._told = parameters
        self._read = read
        self._dry = self._composition() if known is None else known[0]
        self.equation = self._equation() if known is None else known[1]

    def _composition(self) -> Gas:
        told = self._told
        if told.gas == "air":
            return AIR
        if told.gas == "nitrogen":
            return NITROGEN
        u = dict(zip(told.components, told.fraction_uncertainties, strict=False))
        return Gas.analysed("natural gas", dict(zip(told.components, told.fractions, strict=True)), u)

    def _equation(self) -> GasEquation:
        told = self._told
        if told.equation == "SGERG-88":
            require_of_gas(self._dry, *told.simple)
        if told.equation:
            return self.equation_by(told.equation)
        if told.dew_point is not None or told.gas == "natural gas":
            return EQUATIONS["GERG-2008"]
        return EQUATIONS["Lemmon 2000" if told.gas == "air" else "Span 2000"]

    def equation_by(self, name: str) -> GasEquation:
        """Return an equation of state for the gas by its name."""
        if name == "SGERG-88":
            return SimpleEquation.of(self._dry, *self._told.simple)
        return EQUATIONS[name]

    def with_dew_point(self, dew_point: Callable[[Numbers], Number], pressure: float) -> LoopGas:
        """Return the gas with the water that was read.

        Args:
            dew_point: returns it in °C, by the inputs of a model.
            pressure: absolute, at which it was read, in Pa.
        """
        return LoopGas(self._told, (self._dry, self.equation), (dew_point, pressure))

    @property
    def without_dew(self) -> Gas:
        """The gas as it was analysed, with no water of its dew point."""
        return self._dry

    def inputs(self) -> list[Input]:
        """Return what of the gas is uncertain."""
        found, told = self._dry.inputs(), self._told
        if isinstance(self.equation, SimpleEquation):
            of_heat, of_density = told.calorific_uncertainty / 2, told.relative_density_uncertainty / 2
            heat, relative = told.simple
            found.append(Input.normal(CALORIFIC_VALUE, heat, "MJ/m3", of_heat, source=ORDER))
            found.append(Input.normal(RELATIVE_DENSITY, relative, "1", of_density, source=ORDER))
        if told.dew_point is not None:
            if self._read is None:
                u = told.dew_uncertainty / 2
                found.append(Input.normal(DEW_POINT, told.dew_point, "°C", u, source=ORDER))
            found.append(Input.normal(WATER_FORMULA, 0.0, "1", WATER_FRACTION_U, source="Greenspan (1976)"))
        return found

    def gas(self, x: Numbers | None = None) -> Gas:
        """Return the gas, by the inputs of a model where they are given."""
        known = {} if x is None else x
        dry = self._dry.given(known)
        if self._told.dew_point is None:
            return dry
        dew: Number = known.get(DEW_POINT, self._told.dew_point)
        pressure = 1000.0 * self._told.dew_pressure
        if self._read is not None:
            read, pressure = self._read
            dew = read(known)
        water = water_fraction(self._dry, dew, pressure)
        return dry.moist(water * (1.0 + known.get(WATER_FORMULA, 0.0)))

    def state(self, t: Number, p: Number, x: Numbers | None = None) -> GasState:
        """Return the gas at `t` in °C and an absolute `p` in Pa (ParameterError where that can't be)."""
        equation = self.equation
        if isinstance(equation, SimpleEquation) and x is not None:
            equation = equation.given(x.get(CALORIFIC_VALUE), x.get(RELATIVE_DENSITY))
        return equation.state(self.gas(x), t, p)

    def density(self, t: float, p: float) -> float:
        """Return its density in kg/m³, by the estimates alone."""
        return estimate(self.state(t, p).density)

    def require(self, t: float, p: float) -> None:
        """Raise `ParameterError` unless the gas can be so, and its viscosity be told."""
        try:
            viscosity(self.state(t, p))
        except ParameterError as error:
            raise ParameterError(f"at {p / 1000:g} kPa: {error}; or fill the loop with a drier gas") from None


def reynolds(state: GasState, flow: float, diameter: float) -> float:
    """Return the Reynolds number of a pipe, 4·q·ρ/(π·D·μ): of a volume flow in m³/s, a diameter in m."""
    kinematic = estimate(viscosity(state)) / estimate(state.density)
    return 4.0 * flow / (math.pi * diameter * kinematic)
