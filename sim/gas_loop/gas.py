"""The gas in a loop: what it is, and by which equation of state it behaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from remotecal.fluids.critical_flow import GAS_CONSTANT
from remotecal.fluids.gas import AIR, NITROGEN, Gas
from remotecal.fluids.gas_equations import EQUATIONS
from remotecal.fluids.gas_viscosity import viscosity
from remotecal.fluids.moisture import water_fraction
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.fluids.gas_equations import GasEquation

GasName = Literal["air", "nitrogen", "natural gas"]

COMPOSITION: Final = {
    "methane": 0.965,
    "ethane": 0.018,
    "propane": 0.003,
    "nitrogen": 0.009,
    "carbon_dioxide": 0.005,
}
"""Mole fractions of the natural gas in the loop."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A gas about one state."""

    density: float
    """In kg/m³, for what `z` is exact."""
    z: float
    specific: float
    """Specific gas constant R/M in J/(kg K)."""
    heat_capacity: float
    """Isobaric, in J/(kg K)."""
    gamma: float
    viscosity: float
    """In Pa s."""
    sound: float
    """Its speed, in m/s."""

    def at(self, celsius: float, pressure: float) -> float:
        """Return the density in kg/m³ at a state nearby."""
        return pressure / (self.z * self.specific * (celsius + 273.15))


class TrueGas:
    """The gas a loop was filled with.

    Args:
        name: what it is.
        dew_point: in °C at the pressure of the air; None for a dry gas.
    """

    def __init__(self, name: GasName, dew_point: float | None) -> None:
        dry = {
            "air": AIR,
            "nitrogen": NITROGEN,
            "natural gas": Gas.analysed("natural gas", COMPOSITION),
        }[name]
        self.gas = dry if dew_point is None else dry.moist(water_fraction(dry, dew_point, 101_325.0))
        self.equation = self._equation(name, dew_point)

    @staticmethod
    def _equation(name: GasName, dew_point: float | None) -> GasEquation:
        if dew_point is not None or name == "natural gas":
            return EQUATIONS["GERG-2008"]
        return EQUATIONS["Lemmon 2000" if name == "air" else "Span 2000"]

    def about(self, celsius: float, pressure: float) -> Behaviour:
        """Return how it behaves about a state, temperature in °C and absolute pressure in Pa."""
        state = self.equation.state(self.gas, celsius, pressure)
        return Behaviour(
            estimate(state.density),
            estimate(state.z),
            GAS_CONSTANT / estimate(self.gas.molar_mass),
            estimate(state.heat_capacity),
            estimate(state.gamma),
            estimate(viscosity(state)),
            estimate(state.sound),
        )
