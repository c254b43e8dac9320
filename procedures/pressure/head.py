"""The pressure that a column of the medium takes off between the levels of standard and device.

Up to a device `l` above the standard an absolute pressure falls by ρ_f·g·l. A gauge pressure falls by less,
(ρ_f - ρ_a)·g·l, for the air it is counted from gets thinner, too. Where one of both is counted from the air
and the other is not, the barometer is taken to stand at the standard's level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar

from remotecal.model import Text
from remotecal.procedures.library.evaluation.air import AirAround
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.inputs import Input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.procedures.library.evaluation.repeats import Repeats
    from remotecal.uncertainty.number import Number, Numbers

Medium = Literal["nitrogen", "air", "oil", "water"]
"""What transmits the pressure."""

MOLAR_MASS: Final[Mapping[str, float]] = {"nitrogen": 28.0134e-3, "air": 28.9635e-3}
"""Of the gases, in kg/mol."""

GAS_CONSTANT: Final = 8.314462618
"""In J/(mol K)."""

IDEAL: Final = 0.02
"""How far a gas may be from the ideal one, relative: nitrogen and air near 20 °C, up to `MOST`."""

MOST: Final = 10e6
"""Pressure in Pa up to which gases are taken as nearly ideal."""

INPUTS: Final[Mapping[str, Text]] = {
    "l": Text(zh="被检与标准参考面高度差", en="height of the device above the standard"),
    "g": Text(zh="重力加速度", en="local gravity"),
    "ρ_f": Text(zh="传压介质密度", en="density of the medium"),
    "δ_ρ": Text(
        zh="气体密度与理想气体的相对偏差",
        en="relative deviation of the gas's density from that of an ideal one",
    ),
}
"""The inputs it brings into a model, by symbol."""


def gas_density(medium: str, pressure: float, temperature: Number) -> Number:
    """Return a gas's density in kg/m³ as that of an ideal one, at an absolute pressure in Pa and °C."""
    density: Number = MOLAR_MASS[medium] * pressure / (GAS_CONSTANT * (temperature + 273.15))
    return density


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
        air: the air around, where the device counts from it; None where it counts absolute pressure.
    """

    def __init__(self, repeats: Repeats[A], medium: Medium, air: AirAround[A] | None) -> None:
        self._medium, self._air = medium, air
        repeats.characteristic("l", "reference_height", "m")
        repeats.characteristic("g", "gravity", "m/s2")
        if medium in MOLAR_MASS:
            source = Text(zh="近似为理想气体", en="an ideal gas, nearly")
            repeats.inputs.append(Input.from_limits("δ_ρ", 0.0, "1", IDEAL, source=source))
        else:
            repeats.characteristic("ρ_f", "fluid_density", "kg/m3")

    def lost(self, seen: A, x: Numbers, pressure: float) -> Number:
        """Return by how many Pa the device has less than the standard, at an absolute pressure in Pa."""
        around = 0.0 if self._air is None else self._air.density(seen, x)
        return head(self._density(seen, x, pressure), around, x["g"], x["l"])

    def _density(self, seen: A, x: Numbers, pressure: float) -> Number:
        """Return the medium's density in kg/m³; a gas has the temperature of the air, within `IDEAL`."""
        if self._medium not in MOLAR_MASS:
            return x["ρ_f"]
        temperature = seen.air_temperature.value
        density: Number = gas_density(self._medium, pressure, temperature) * (1.0 + x["δ_ρ"])
        return density


def equation(medium: Medium, *, absolute: bool) -> str:
    """Return in one line what the head takes off a pressure that is `absolute`, or else gauge.

    What the density of the medium is follows, unless the bench states it.
    """
    lost = "ρ_f·g·l" if absolute else "(ρ_f - ρ_a)·g·l"
    return f"{lost}, ρ_f = M·p/(R·T)·(1 + δ_ρ)" if medium in MOLAR_MASS else lost


PLAUSIBLE: Final[Mapping[str, tuple[float, float]]] = {
    "reference_height": (-100.0, 100.0),
    "gravity": (9.76, 9.84),  # from the mountains at the equator to the poles
    "fluid_density": (500.0, 2500.0),
}
"""Between which values the facts of a head are, in the units of `characteristics`."""


def characteristics(medium: Medium) -> Mapping[str, str]:
    """Return the facts of the bench that a head needs, each with a unit of its dimension."""
    facts = {"reference_height": "m", "gravity": "m/s2"}
    return facts if medium in MOLAR_MASS else {**facts, "fluid_density": "kg/m3"}
