"""A piston gauge: the pressure that weights make on a piston of known area.

    p = [Σ m·g·(1 - ρ_a/ρ_m) + Γ·C] / [A_0·(1 + λ·p)·(1 + α·(t - 20 °C))]

p is gauge pressure at the piston's own level; α is the sum of the expansions of piston and cylinder. Area
and distortion come from the certificate, a function with coefficients that were fitted together; the weights'
masses from theirs, each a single value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from remotecal.fluids.air import air_formula
from remotecal.model import Text
from remotecal.procedures.library.evaluation.coefficients import Function, Single
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.number import Number, Numbers

if TYPE_CHECKING:
    from remotecal.model import Certificate
    from remotecal.procedures.library.evaluation.repeats import Repeats

AREA, DISTORTION, MASS = (
    "remotecal_effectiveArea",
    "remotecal_distortionCoefficient",
    "basic_mass",
)
"""refTypes of A₀ at 20 °C and no pressure, of λ, and of a weight's true mass."""

PASSES: Final = 2
"""How often the pressure is put into its own formula; each pass gains a factor of λ·p, some 1e-5."""

REFERENCE_TEMPERATURE: Final = 20.0
"""In °C; what A₀ is stated for."""


def effective_area(a_0: Number, distortion: Number, pressure: Number) -> Number:
    """Return the area in m² at 20 °C under a pressure in Pa."""
    area: Number = a_0 * (1.0 + distortion * pressure)
    return area


def force(
    masses: Sequence[tuple[Number, Number]], gravity: Number, air: Number, surface: Number = 0.0
) -> Number:
    """Return the force in N of weights in air.

    Args:
        masses: true mass in kg and density in kg/m³ of each weight, the piston itself among them.
        gravity: in m/s².
        air: density of the air in kg/m³.
        surface: what surface tension adds, Γ·C in N.
    """
    weight: Number = surface
    for mass, density in masses:
        weight = weight + mass * gravity * (1.0 - air / density)
    return weight


def piston_pressure(
    load: Number, area: Callable[[Number], Number], expansion: Number, temperature: Number
) -> Number:
    """Return the pressure in Pa at the piston's reference level.

    Args:
        load: force on the piston in N.
        area: at 20 °C, as a function of the pressure.
        expansion: α of piston and cylinder together, in 1/K.
        temperature: of the piston in °C.
    """
    warm = load / (1.0 + expansion * (temperature - REFERENCE_TEMPERATURE))
    pressure: Number = warm / area(0.0)
    for _ in range(PASSES):
        pressure = warm / area(pressure)
    return pressure


def area_of(certificate: Certificate) -> Function:
    """Return a piston gauge's area at 20 °C in m² as a function of the pressure in Pa, by its certificate."""
    return Function(certificate, {"A_0": (AREA, "m2"), "λ": (DISTORTION, "1/Pa")}, effective_area)


MOST_WEIGHTS: Final = 40
"""How many weights a piston gauge may have."""

INPUTS: Final[Mapping[str, Text]] = {
    "A_0": Text(zh="活塞有效面积", en="effective area of the piston"),
    "λ": Text(zh="形变系数", en="distortion coefficient"),
    "α": Text(zh="活塞与缸体热膨胀系数", en="thermal expansion of piston and cylinder"),
    "t_p": Text(zh="活塞温度示值偏差", en="deviation of the piston's temperature"),
    "ρ_m": Text(zh="砝码密度", en="density of the weights"),
    **{
        f"m_{number}": Text(zh=f"砝码 {number} 质量", en=f"mass of weight {number}")
        for number in range(1, MOST_WEIGHTS + 1)
    },
}
"""The inputs it brings into a model, by symbol."""

A = TypeVar("A", bound=InAir)


class PistonGauge(Generic[A]):
    """A piston gauge in use, with its inputs: area, expansion, weights.

    The bench states `piston_expansion`, and `weight_density`, which all weights share.

    Args:
        repeats: with the artefact in the role `piston`, weights in `weights[1]`, `weights[2]` …, and local
            gravity among its inputs, as `g`.
        on: numbers of the weights that are on the piston, which itself is one of them.
    """

    def __init__(self, repeats: Repeats[A], on: Sequence[int]) -> None:
        self._area = repeats.use(area_of(repeats.certificate("piston")))
        self._masses = [
            repeats.use(Single(f"m_{number}", repeats.certificate(f"weights[{number}]"), MASS, "kg"))
            for number in on
        ]
        repeats.characteristic("α", "piston_expansion", "1/K")
        repeats.characteristic("ρ_m", "weight_density", "kg/m3")

    def pressure(self, seen: A, x: Numbers, temperature: Number) -> Number:
        """Return the gauge pressure in Pa at the piston's level, the piston at a temperature in °C."""
        state = (seen.air_temperature.value, seen.air_pressure.value, seen.humidity.value / 100)
        air = air_formula([state]).density(*state)
        load = force([(mass.value(x), x["ρ_m"]) for mass in self._masses], x["g"], air)
        return piston_pressure(load, lambda p: self._area.value(x, p), x["α"], temperature)
