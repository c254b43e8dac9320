"""Water that was poured from a weighed can into what is to be measured: its volume there.

m = (W_1 - W_2)·(1 - ρa/ρp)/(1 - ρa/ρ)      W: balance indications less their errors, can before and after
V = m/ρ(t, p) + δV                          δV: air that stays, water that spills
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, TypeVar

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.air import buoyancy_factor
from remotecal.fluids.water import WATER_FORMULAS
from remotecal.model import Text
from remotecal.procedures import By
from remotecal.procedures.library.evaluation.air import INPUTS as AIR_INPUTS
from remotecal.procedures.library.evaluation.air import AirAround
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers

if TYPE_CHECKING:
    from remotecal.procedures.library.evaluation.repeats import Repeats

INPUTS: Final[Mapping[str, Text]] = {
    REPEATABILITY: Text(zh="重复性", en="repeatability of the fillings"),
    "W_1": Text(zh="天平示值偏差（注水前）", en="deviation of the balance's indication, can full"),
    "W_2": Text(zh="天平示值偏差（注水后）", en="deviation of the balance's indication, can emptied"),
    "t_m": Text(zh="水温示值偏差", en="deviation of the water's temperature"),
    "ρ": Text(zh="水密度公式与水质", en="formula of the water's density, and the water itself"),
    "δV": Text(zh="残留空气与溅洒", en="air that stays, water that spills"),
    **AIR_INPUTS,
}
"""The inputs it brings into a model, by symbol."""


class Filled(InAir):
    """What a repeat yields: what a filling took from the can."""

    in_order: ClassVar[tuple[str, ...]] = ("can_before can_after",)

    can_before: Annotated[Measured, "kg", By("balance", "settled_mass")]
    """Balance with the can, before the filling."""
    can_after: Annotated[Measured, "kg", By("balance", "settled_mass")]
    """Balance with what is left in it."""
    temperature: Annotated[Measured, "°C", By("thermometer", "temperature")]
    """The water where it was poured."""


F = TypeVar("F", bound=Filled)


def poured(
    repeats: Repeats[F], water: str, residue: float, *, extended: bool
) -> Callable[[F, Numbers], tuple[Number, Number]]:
    """Return what tells the volume in m³ that a filling poured, and its temperature in °C; add the inputs.

    Args:
        repeats: of the fillings.
        water: formula of its density, one of `WATER_FORMULAS`.
        residue: what may stay as air, or spill, ± m³.
        extended: whether the balance's certificate may be used outside its range.

    Raises:
        EvidenceError: nothing was poured.
    """
    seen = repeats.seen
    for one in seen:
        if not one.can_before.value > one.can_after.value:
            raise EvidenceError(
                f"{repeats.point.name}: the can is said to have had {one.can_before.value:g} kg before it "
                f"was poured from, and {one.can_after.value:g} kg after: nothing was poured"
            )
    before, after = (
        repeats.correction(symbol, "balance", [getattr(one, part) for one in seen], "kg", extended=extended)
        for symbol, part in (("W_1", "can_before"), ("W_2", "can_after"))
    )
    thermometer = repeats.correction("t_m", "thermometer", [one.temperature for one in seen], "°C")
    around, formula = AirAround(repeats), WATER_FORMULAS[water]
    repeats.characteristic("ρ", "water_density", "1", beside=formula.u)
    repeats.inputs.append(Input.from_limits("δV", 0.0, "m3", residue, source=ORDER))

    def volume(one: F, x: Numbers) -> tuple[Number, Number]:
        temperature = thermometer.corrected(x, one.temperature.value)
        density = formula.density(temperature, around.pressure(one, x)) * (1.0 + x["ρ"])
        mass = before.corrected(x, one.can_before.value) - after.corrected(x, one.can_after.value)
        mass = mass * buoyancy_factor(around.density(one, x), density)
        return mass / density + x["δV"], temperature

    return volume
