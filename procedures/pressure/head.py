"""The pressure that a column of the medium takes off between the levels of standard and device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

from remotecal.fluids.air import air_formula
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.inputs import Input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.procedures.library.evaluation.repeats import Repeats
    from remotecal.procedures.library.pressure.parameters import Medium
    from remotecal.uncertainty.number import Number, Numbers

MOLAR_MASS: Final[Mapping[str, float]] = {"nitrogen": 28.0134e-3, "air": 28.9635e-3}
"""Of the gases, in kg/mol."""

GAS_CONSTANT: Final = 8.314462618
"""In J/(mol K)."""

IDEAL: Final = 0.02
"""How far a gas may be from the ideal one, relative: nitrogen and air up to 10 MPa near 20 °C (unverified
beyond)."""


def gas_density(medium: Medium, pressure: float, temperature: float) -> float:
    """Return a gas's density in kg/m³ as that of an ideal one, at an absolute pressure in Pa and °C."""
    return MOLAR_MASS[medium] * pressure / (GAS_CONSTANT * (temperature + 273.15))


def head(density: Number, air: Number, gravity: Number, height: Number) -> Number:
    """Return the pressure in Pa that is lost up to a level `height` m above, surrounded by air."""
    lost: Number = (density - air) * gravity * height
    return lost


A = TypeVar("A", bound=InAir)


class LevelHead(Generic[A]):
    """The head between the levels, with its inputs: height, gravity, density of the medium.

    Args:
        repeats: at the set point.
        medium: what transmits the pressure.
    """

    def __init__(self, repeats: Repeats[A], medium: Medium) -> None:
        self._medium = medium
        repeats.characteristic("l", "reference_height", "m")
        repeats.characteristic("g", "gravity", "m/s2")
        if medium in MOLAR_MASS:
            source = "an ideal gas, nearly"
            repeats.inputs.append(Input.from_limits("ρ_f", 0.0, "1", IDEAL, source=source))
        else:
            repeats.characteristic("ρ_f", "fluid_density", "kg/m3")

    def lost(self, seen: A, x: Numbers, pressure: float) -> Number:
        """Return by how many Pa the device has less than the standard, at an absolute pressure in Pa."""
        state = (seen.air_temperature.value, seen.air_pressure.value, seen.humidity.value / 100)
        density = x["ρ_f"]
        if self._medium in MOLAR_MASS:
            density = gas_density(self._medium, pressure, state[0]) * (1.0 + density)
        return head(density, air_formula([state]).density(*state), x["g"], x["l"])


def characteristics(medium: Medium) -> Mapping[str, str]:
    """Return the facts of the bench that a head needs, each with a unit of its dimension."""
    facts = {"reference_height": "m", "gravity": "m/s2"}
    return facts if medium in MOLAR_MASS else {**facts, "fluid_density": "kg/m3"}
