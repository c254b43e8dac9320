"""The pure half of a hydrometer's calibration: its errors at its marks, with their budget."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.water import TANAKA_U, water_density_tanaka
from remotecal.model import Text
from remotecal.procedures import By, Often
from remotecal.procedures.library.density import bodies
from remotecal.procedures.library.density.bodies import Buoyed
from remotecal.procedures.library.density.results import MarkFinding
from remotecal.procedures.library.density.standing import (
    SUNK,
    WATER,
    WEIGHED,
    use_eccentricity,
    use_gradient,
    use_steps,
)
from remotecal.procedures.library.evaluation import air
from remotecal.procedures.library.evaluation.air import AirAround
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.inputs import Distribution, Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.density.parameters import HydrometerParameters

INPUTS: Final[Mapping[str, Text]] = {
    **air.INPUTS,
    "W_0": Text(zh="天平空载示值偏差", en="deviation of the empty balance"),
    "W_a": Text(zh="空气中称量示值偏差", en="deviation of the balance, in air"),
    "W_l": Text(zh="液体中称量示值偏差", en="deviation of the balance, in the liquid"),
    **WEIGHED,
    **SUNK,
    "t_l": Text(zh="液体温度计示值偏差", en="deviation of the liquid's thermometer"),
    "δ_t": Text(zh="液体温度梯度", en="gradient of temperature in the liquid"),
    "δ_m": Text(zh="刻线对准", en="alignment of mark and surface"),
    "σ_l": Text(zh="液体表面张力", en="surface tension of the liquid"),
    "D": Text(zh="干管直径", en="diameter of the stem"),
    "γ": Text(zh="浮计体膨胀系数", en="cubic thermal expansion of the hydrometer"),
    "ρ_w": Text(zh="水的密度偏差", en="deviation of the water's density"),
    "E_rep": Text(zh="重复性", en="repeatability"),
}
"""The inputs of the measurement model, by symbol."""


class HydrometerSeen(InAir):
    """What a repeat yields."""

    in_order: ClassVar[tuple[str, ...]] = ("hanger in_air sunk",)

    hanger: Annotated[Measured, "kg", By("dut", "settled_mass")]
    """The balance with the empty hanger."""
    in_air: Annotated[Measured, "kg", By("dut", "settled_mass")]
    """The hydrometer in air."""
    sunk: Annotated[Measured, "kg", By("dut", "settled_mass")]
    """The hydrometer, sunk to the mark."""
    liquid: Annotated[tuple[Measured, ...], "°C", By("thermometer", "temperature"), Often(2)]
    """The liquid, before and after."""


FAR: Final = 0.05
"""By which share of its mark a hydrometer may float elsewhere, at most, to have hung in water."""


def see_pull(hanger: Measured, in_air: Measured, sunk: Measured, mark: float) -> str:
    """Return why a hydrometer that hangs at a balance can't pull at it so; "" if it can.

    Args:
        hanger: the balance with nothing but the hanger.
        in_air: with the hydrometer on it.
        sunk: with that sunk in water, to the mark.
        mark: what stands at the mark, in kg/m³.
    """
    empty, above, below = (one.to("kg").value for one in (hanger, in_air, sunk))
    told = f"hanger {empty:.7g} kg, hydrometer in air {above:.7g} kg, sunk to the mark {below:.7g} kg"
    if below <= empty:
        return (
            f"{told}: it floats above this mark in water, and pulls at nothing. Marks for liquids lighter "
            "than water can't be weighed in it, and nothing else is reckoned with: leave them out"
        )
    if below >= above:
        return (
            f"{told}: a liquid makes it lighter than it is in air. Let it hang free, down to the mark, take "
            "off what stuck to the hanger, and weigh in the order that is asked for"
        )
    about = WATER_ABOUT * (above - empty) / (above - below)
    if abs(about / mark - 1.0) > FAR:
        return (
            f"{told}: in water it would float so in a liquid of {about:.4g} kg/m3, and at the mark stands "
            f"{mark:g}: look whether it hangs in water, to this mark, and in which unit the balance shows"
        )
    return ""


WATER_ABOUT: Final = 998.0
"""In kg/m³."""


class MarkRepeats(Repeats[HydrometerSeen]):
    """The repeats at a mark; arguments as `dipped.DippedRepeats`."""

    def __init__(
        self,
        point: Point,
        evidence: Evidence,
        seen: Sequence[HydrometerSeen],
        parameters: HydrometerParameters,
    ) -> None:
        super().__init__(point, evidence, seen)
        for one in seen:
            if refusal := see_pull(one.hanger, one.in_air, one.sunk, point.nominal["density"]):
                raise EvidenceError(f"{point.name}, repeat {one.entry.repeat}: {refusal}")
        self._parameters, self._mark = parameters, point.nominal["density"]
        self._air = AirAround(self)
        self._empty = self.correction("W_0", "dut", [s.hanger for s in seen], "kg")
        self._in_air = self.correction("W_a", "dut", [s.in_air for s in seen], "kg")
        self._sunk = self.correction("W_l", "dut", [s.sunk for s in seen], "kg")
        self._thermometer = self.correction(
            "t_l", "thermometer", [one for s in seen for one in s.liquid], "°C"
        )
        for symbol in ("W_ra", "W_rl"):
            use_steps(self, symbol, parameters)
        for symbol in ("W_ea", "W_el"):
            use_eccentricity(self, symbol, parameters)
        use_gradient(self, "δ_t", parameters.gradient)
        self.characteristic("ρ_w", WATER, "1", beside=TANAKA_U)
        for symbol, value, unit, half in (
            (
                "σ_l",
                parameters.surface_tension,
                "N/m",
                parameters.tension_spread * parameters.surface_tension,
            ),
            ("D", parameters.stem, "m", parameters.stem_spread),
            ("γ", parameters.expansion, "1/K", parameters.expansion_spread),
        ):
            self.inputs.append(Input.from_limits(symbol, value, unit, half, source=ORDER))
        aligned = Input.from_limits(
            "δ_m", 0.0, "kg/m3", parameters.alignment, Distribution.TRIANGULAR, source=ORDER
        )
        self.inputs.append(aligned)

    def temperature(self, seen: HydrometerSeen, x: Numbers) -> Number:
        """Return the hydrometer's temperature in the liquid, in °C."""
        t: Number = self._thermometer.corrected(x, mean(seen.liquid, "°C")) + x["δ_t"]
        return t

    def floats_in(self, seen: HydrometerSeen, x: Numbers) -> Number:
        """Return the density at 20 °C in which it floats at the mark, in kg/m³."""
        around, t = self._air.density(seen, x), self.temperature(seen, x)
        hanger = self._empty.corrected(x, mean((seen.hanger,), "kg"))
        hung = self._in_air.corrected(x, mean((seen.in_air,), "kg")) - hanger
        deep = self._sunk.corrected(x, mean((seen.sunk,), "kg")) - hanger
        in_air = Buoyed(hung + x["W_ra"] + x["W_ea"], around)
        sunk = Buoyed(deep + x["W_rl"] + x["W_el"], around)
        water = water_density_tanaka(t, self._air.pressure(seen, x)) * (1.0 + x["ρ_w"])
        pull = bodies.meniscus(x["D"], x["σ_l"])
        meant = bodies.meniscus(x["D"], self._parameters.meant_tension)
        found = bodies.at_mark(in_air, sunk, water, pull, meant)
        return bodies.at_reference(found, x["γ"], t)

    def error(self, seen: HydrometerSeen, x: Numbers) -> Number:
        """Return the error of the mark in a repeat, in kg/m³."""
        found: Number = self._mark + x["δ_m"] - self.floats_in(seen, x)
        return found

    def found(self) -> MarkFinding:
        """Return what was found."""
        wanted, known = self._parameters, self.estimates()
        return MarkFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(zh=f"刻线 {self._mark:g} kg/m³", en=f"Mark {self._mark:g} kg/m³"),
            reference=[estimate(self.floats_in(seen, known)) for seen in self.seen],
            errors=self.errors(self.error),
            evaluated=self.evaluate(self.error, "kg/m3", coverage=wanted.coverage, k=wanted.coverage_factor),
            beyond=self.beyond,
            mark=self._mark,
            temperature=statistics.fmean(estimate(self.temperature(seen, known)) for seen in self.seen),
        )
