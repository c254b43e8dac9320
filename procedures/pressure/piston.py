"""A piston gauge: the pressure that weights make on a piston of known area.

    p = [Σ m·g·(1 - ρ_a/ρ_m) + Γ·C] / [A_0·(1 + λ·p)·(1 + α·(t - t_0))]

p is gauge pressure at the piston's own level; α is the sum of the expansions of piston and cylinder, t_0 the
temperature that A_0 is stated for; Γ·C is there in a liquid, whose surface pulls at the piston. Area
and distortion come from the certificate, a function with coefficients that were fitted together; the weights'
masses from theirs, each a single value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from remotecal.model import Text
from remotecal.procedures.library.evaluation.coefficients import Function, Single
from remotecal.procedures.library.evaluation.repeats import said_of
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.number import Number, Numbers

if TYPE_CHECKING:
    from remotecal.model import Certificate
    from remotecal.procedures.library.evaluation.air import AirAround
    from remotecal.procedures.library.evaluation.repeats import Repeats

AREA, DISTORTION, MASS = (
    "remotecal_effectiveArea",
    "remotecal_distortionCoefficient",
    "basic_mass",
)
"""refTypes of A₀ without pressure, of λ, and of a weight's true mass."""

PASSES: Final = 2
"""How often the pressure is put into its own formula; each pass gains a factor of λ·p, some 1e-5."""

REFERENCE_TEMPERATURE: Final = 20.0
"""In °C; what A₀ is stated for, unless the bench says otherwise."""


def effective_area(a_0: Number, distortion: Number, pressure: Number) -> Number:
    """Return the area in m² at its reference temperature under a pressure in Pa."""
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
    load: Number, area: Callable[[Number], Number], expansion: Number, warmer: Number
) -> Number:
    """Return the pressure in Pa at the piston's reference level.

    Args:
        load: force on the piston in N.
        area: at its reference temperature, as a function of the pressure.
        expansion: α of piston and cylinder together, in 1/K.
        warmer: by how many kelvin the piston is warmer than that.
    """
    warm = load / (1.0 + expansion * warmer)
    pressure: Number = warm / area(0.0)
    for _ in range(PASSES):
        pressure = warm / area(pressure)
    return pressure


def area_of(certificate: Certificate) -> Function:
    """Return a piston gauge's area in m² as a function of the pressure in Pa, by its certificate."""
    return Function(certificate, {"A_0": (AREA, "m2"), "λ": (DISTORTION, "1/Pa")}, effective_area)


MOST_WEIGHTS: Final = 40
"""How many weights a piston gauge may have."""

INPUTS: Final[Mapping[str, Text]] = {
    **{
        f"m_{number}": Text(zh=f"砝码 {number} 质量", en=f"mass of weight {number}")
        for number in range(1, MOST_WEIGHTS + 1)
    },
    "ρ_m": Text(zh="砝码密度", en="density of the weights"),
    "ρ_p": Text(zh="活塞密度", en="density of the piston"),
    "Γ": Text(zh="液体表面张力", en="surface tension of the liquid"),
    "C": Text(zh="活塞周长", en="circumference of the piston"),
    "A_0": Text(zh="活塞有效面积", en="effective area of the piston"),
    "λ": Text(zh="形变系数", en="distortion coefficient"),
    "α": Text(zh="活塞与缸体热膨胀系数", en="thermal expansion of piston and cylinder"),
    "t_p": Text(zh="活塞温度示值偏差", en="deviation of the piston's temperature"),
}
"""The inputs it brings into a model, by symbol."""

A = TypeVar("A", bound=InAir)


LIQUID: Final[Mapping[str, str]] = {"surface_tension": "N/m", "piston_circumference": "m"}
"""Further facts of a bench on which a piston turns in a liquid, each with a unit of its dimension."""

DENSITY, BASE = "piston_density", "piston_reference_temperature"

MAY_BE_STATED: Final[Mapping[str, str]] = {DENSITY: "kg/m3", BASE: "°C"}
"""Facts that a bench may state: the density of the piston, which else is that of the weights; and the
temperature its area is stated for, else 20 °C."""

PLAUSIBLE: Final[Mapping[str, tuple[float, float]]] = {
    "piston_expansion": (0.0, 5e-5),
    "weight_density": (1000.0, 22_000.0),
    DENSITY: (1000.0, 22_000.0),
    BASE: (10.0, 30.0),
}
"""Between which values the facts of a piston gauge are, in these units."""

PISTON: Final = 1
"""The number of the weight that is the piston itself, where its density is stated."""


class PistonGauge(Generic[A]):
    """A piston gauge in use, with its inputs: area, expansion, weights.

    The bench states `piston_expansion`, and `weight_density`, which all weights share; those of one
    certificate are correlated as the bench file states beside it, else not.

    Args:
        repeats: with the artefact in the role `piston`, weights in `weights[1]`, `weights[2]` …, and local
            gravity among its inputs, as `g`.
        on: numbers of the weights that are on the piston, which itself is one of them.
        air: the air around.
        liquid: whether it turns in a liquid.
    """

    def __init__(
        self, repeats: Repeats[A], on: Sequence[int], air: AirAround[A], *, liquid: bool = False
    ) -> None:
        self._air, self._liquid = air, liquid
        facts = repeats.evidence.characteristics
        self._masses = weights_on(repeats, on)
        repeats.characteristic("ρ_m", "weight_density", "kg/m3")
        self._densities = ["ρ_m"] * len(self._masses)
        if DENSITY in facts and PISTON in on:
            repeats.characteristic("ρ_p", DENSITY, "kg/m3")
            self._densities = ["ρ_p" if number == PISTON else "ρ_m" for number in sorted(on)]
        if liquid:
            repeats.characteristic("Γ", "surface_tension", "N/m")
            repeats.characteristic("C", "piston_circumference", "m")
        self._area = repeats.use(area_of(repeats.certificate("piston")))
        repeats.characteristic("α", "piston_expansion", "1/K")
        self._base = facts[BASE].place("°C") if BASE in facts else REFERENCE_TEMPERATURE

    def pressure(self, seen: A, x: Numbers, temperature: Number) -> Number:
        """Return the gauge pressure in Pa at the piston's level, the piston at a temperature in °C."""
        masses = [
            (mass.value(x), x[density]) for mass, density in zip(self._masses, self._densities, strict=True)
        ]
        surface = x["Γ"] * x["C"] if self._liquid else 0.0
        load = force(masses, x["g"], self._air.density(seen, x), surface)
        return piston_pressure(load, lambda p: self._area.value(x, p), x["α"], temperature - self._base)


def weights_on(repeats: Repeats[A], on: Sequence[int]) -> list[Single]:
    """Return the masses of weights as inputs, in the order of their numbers."""
    roles = {f"m_{number}": f"weights[{number}]" for number in sorted(on)}
    masses = [
        repeats.use(Single(symbol, repeats.certificate(role), MASS, "kg")) for symbol, role in roles.items()
    ]
    for (one, first), (other, second) in combinations(roles.items(), 2):
        stated, also = (repeats.evidence.certificates[role] for role in (first, second))
        if stated.sha256 == also.sha256:
            r = stated.correlation
            repeats.relate((one, other), r or 0.0, said_of(None) if r is None else f"r = {r:.2g}")
    return masses
