"""The pure half of calibrating a pair of thermometers: from readings in baths to the error of its difference.

In each bath i the bridge reads both thermometers of a pair, and the reference tells the temperature:

    T = t_i + g - s·(t_i - t_a) + h          what a thermometer has there: by the reference, its place, its
                                             stem, and what the current of the bridge warms it
    R(θ) = Σ w_i(θ)·(R_i - R'·(T_i - t_i)) + c·√(Σ w_i²)   its curve by R₀, A and B, of least squares
    E = (θ'(R_f(θ_f)) - θ'(R_r(θ_r)))/(θ_f - θ_r) - 1   θ': the norm's curve, by which the calculator goes

c is 0, and by how much a curve through more than three baths misses them, which it would not if thermometers
were as the curve has it, and baths all alike.
The reference's deviation in a bath is one and the same for both thermometers, as the bridge's is, and both
move together by chance; so what they have in common cancels, and would not if each were calibrated by itself.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.model import Text
from remotecal.procedures import By, Often
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.repeats import CMC, Repeats
from remotecal.procedures.library.heat.parameters import BEYOND
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.scales.iec60751 import COEFFICIENTS, Fitted, resistance, slope, temperature
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.curvature import confirmed
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.heat.parameters import PairParameters
    from remotecal.uncertainty.budget import Evaluated

SIDES: Final = ("f", "r")
"""Flow and return, as symbols have them."""
UNIFORMITY, STEM, SELF_HEATING = "uniformity", "stem_conduction", "self_heating"
"""Facts of the bench: the difference in K between a thermometer's place and the reference's; what share of
the excess over the room a thermometer's stem takes away; by how many K the bridge's current warms it more
than the calculator's."""
NOMINAL: Final = 100.0
"""The norm's curve is written for 100 Ω."""


class PairSeen(InAir):
    """What a repeat yields in a bath."""

    reference: Annotated[tuple[Measured, ...], "°C", By("reference", "temperature"), Often("samples")]
    """The reference thermometer, reading by reading."""
    forward: Annotated[tuple[Measured, ...], "Ω", By("pairs", "forward_resistance"), Often("samples")]
    """The thermometers of the flow, of all pairs, together with it."""
    back: Annotated[tuple[Measured, ...], "Ω", By("pairs", "return_resistance"), Often("samples")]
    """Those of the return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFinding(Finding):
    """The error at a difference, where it is worst."""

    back: float
    """Temperature of the return there, in °C."""


class InBaths(Repeats[PairSeen]):
    """One pair in all baths.

    Args:
        evidence: of the run.
        role: what read it, such as `pairs[2]`.
        parameters: of the run.
    """

    def __init__(self, evidence: Evidence, role: str, parameters: PairParameters) -> None:
        points = evidence.points
        seen = [one for point in points for one in PairSeen.at(evidence, point)]
        super().__init__(points[0], evidence, seen)
        self.role, self.wanted = role, parameters
        self._name = evidence.instruments[role].name
        self.baths = [_Bath(self, number, point) for number, point in enumerate(points, 1)]
        for side in SIDES:
            self.characteristic(f"s_{side}", STEM, "1")
            self.characteristic(f"h_{side}", SELF_HEATING, "K")
        self.curves = {side: self._curve(side) for side in SIDES}
        """Each thermometer's curve by the estimates."""
        for side, curve in self.curves.items():
            if dof := len(self.baths) - COEFFICIENTS:
                u, source = curve.s, Text(zh="曲线残差", en="residuals of the curve")
                self.inputs.append(Input.student_t(f"c_{side}", 0.0, "Ω", u, float(dof), source=source))

    def own(self, readings: Sequence[Measured]) -> list[Measured]:
        """Return the readings of this pair among those of all."""
        return [one for one in readings if one.source.rpartition(".")[0] == self._name]

    def norm(self, ohms: Number) -> Number:
        """Return the temperature in °C at which a thermometer by the norm has a resistance in ohms."""
        found: Number = temperature(ohms * (NOMINAL / self.wanted.nominal))
        return found

    def _curve(self, side: str) -> Fitted:
        x = self.estimates()
        at = tuple(estimate(bath.bears(side, x)) for bath in self.baths)
        return Fitted(at, tuple(estimate(bath.ohms(side, x)) for bath in self.baths))

    def shown(self, side: str, place: float, x: Numbers) -> Number:
        """Return what the calculator takes a thermometer's temperature for, where it is `place` in °C."""
        curve, scale = self.curves[side], self.wanted.nominal / NOMINAL
        ohms: Number = 0.0
        for weight, at, bath in zip(curve.weights(place), curve.temperatures, self.baths, strict=True):
            moved = bath.ohms(side, x) - scale * slope(at) * (bath.bears(side, x) - at)
            ohms = ohms + weight * moved
        missed = math.sqrt(math.fsum(weight**2 for weight in curve.weights(place)))
        return self.norm(ohms + missed * x.get(f"c_{side}", 0.0))

    def error(self, forward: float, back: float, x: Numbers) -> Number:
        """Return the relative error of the difference between two temperatures in °C, in %."""
        shown = self.shown("f", forward, x) - self.shown("r", back, x)
        relative: Number = 100.0 * (shown / (forward - back) - 1.0)
        return relative

    def found(self, difference: float) -> PairFinding:
        """Return the error at a difference in K, at that temperature of the return where it is worst."""
        known = self.estimates()
        back = max(
            self.wanted.returns(difference),
            key=lambda place: abs(estimate(self.error(place + difference, place, known))),
        )

        def error(**x: Number) -> Number:
            return self.error(back + difference, back, x)

        evaluated = self._evaluated(Budget(error, self.inputs, "%", self.correlations), difference)
        return PairFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(
                zh=f"温差 {difference:g} K，回水 {back:g} °C",
                en=f"Difference {difference:g} K, return {back:g} °C",
            ),
            reference=[difference],
            errors=[evaluated.value],
            evaluated=evaluated,
            beyond=self.beyond,
            back=back,
        )

    def _evaluated(self, budget: Budget, difference: float) -> Evaluated:
        wanted = self.wanted
        cmc = self.constant(CMC, "%") if CMC in self.evidence.characteristics else 0.0
        found = budget.evaluate(coverage=wanted.coverage, cmc=cmc, k=wanted.coverage_factor)
        return confirmed(budget, found, about=f"{self.role} {difference:g} K")

    def names(self) -> Mapping[str, Text]:
        """Return what the inputs of the model are called, by symbol."""
        called: dict[str, Text] = {}
        for number, bath in enumerate(self.baths, 1):
            at_zh, at_en = f"{bath.nominal:g} °C 槽", f"in the bath of {bath.nominal:g} °C"
            called |= {
                f"t_{number}": Text(
                    zh=f"标准温度计示值偏差，{at_zh}", en=f"deviation of the reference {at_en}"
                ),
                f"R_{number}": Text(zh=f"电桥示值偏差，{at_zh}", en=f"deviation of the bridge {at_en}"),
            }
            for side, (chinese, english) in CALLED.items():
                called[f"a_{side}_{number}"] = Text(
                    zh=f"{chinese}重复性，{at_zh}", en=f"repeatability of the {english} {at_en}"
                )
                called[f"g_{side}_{number}"] = Text(
                    zh=f"{chinese}处温场不均匀，{at_zh}", en=f"uniformity at the {english} {at_en}"
                )
        for side, (chinese, english) in CALLED.items():
            called[f"s_{side}"] = Text(zh=f"{chinese}导热误差", en=f"stem conduction of the {english}")
            called[f"c_{side}"] = Text(
                zh=f"{chinese}曲线拟合", en=f"curve of the {english} through the baths"
            )
            called[f"h_{side}"] = Text(zh=f"{chinese}自热", en=f"self-heating of the {english}")
        return called


CALLED: Final = {
    "f": ("供水传感器", "flow thermometer"),
    "r": ("回水传感器", "return thermometer"),
}


class _Bath:
    """A pair in one bath: adds the inputs that are known of it there."""

    def __init__(self, pair: InBaths, number: int, point: Point) -> None:
        self._pair, self._number = pair, number
        self.nominal = point.nominal["temperature"]
        seen = [one for one in pair.seen if one.entry.point == point]
        told = [one for each in seen for one in each.reference]
        read = {
            "f": [one for each in seen for one in pair.own(each.forward)],
            "r": [one for each in seen for one in pair.own(each.back)],
        }
        self._reference = statistics.fmean(one.value for one in told)
        self._read = {side: statistics.fmean(one.value for one in read[side]) for side in SIDES}
        self._see_possible(seen)
        self._room = statistics.fmean(one.air_temperature.value for one in seen)
        self._known = pair.correction(f"t_{number}", "reference", told, "°C", extended=False)
        self._bridge = pair.correction(f"R_{number}", pair.role, read["f"] + read["r"], "Ω")
        for side in SIDES:
            pair.characteristic(f"g_{side}_{number}", UNIFORMITY, "K")
        self._add_scatter(seen)

    def _see_possible(self, seen: Sequence[PairSeen]) -> None:
        """Raise `EvidenceError` if a run would have been refused for what was read in its repeats."""
        pair, nominal = self._pair, self._pair.wanted.nominal
        for one in seen:
            told, name = statistics.fmean(each.value for each in one.reference), one.entry.place
            if abs(told - self.nominal) > BEYOND:
                raise EvidenceError(
                    f"{name}: the bath was at {told:.2f} °C by the reference, and was told "
                    f"{self.nominal:g} °C"
                )
            for side, read in (("flow", one.forward), ("return", one.back)):
                for ohms in (each.value for each in pair.own(read)):
                    if implausible(ohms, told, nominal, pair.wanted.plausible):
                        raise EvidenceError(f"{name}: its {side} thermometer has {off(ohms, told, nominal)}")

    def _add_scatter(self, seen: Sequence[PairSeen]) -> None:
        """Add by how much the means of both may be off by chance, and how far they go together."""
        pair = self._pair
        against = {
            "f": [self._against(one, pair.own(one.forward)) for one in seen],
            "r": [self._against(one, pair.own(one.back)) for one in seen],
        }
        symbols = [f"a_{side}_{self._number}" for side in SIDES]
        for side, symbol in zip(SIDES, symbols, strict=True):
            spread = Input.from_readings(symbol, against[side], "K")
            pair.inputs.append(Input.student_t(symbol, 0.0, "K", spread.u, spread.dof, source=spread.source))
        together = correlation(against["f"], against["r"])
        if together:
            pair.correlations[symbols[0], symbols[1]] = together

    def _against(self, seen: PairSeen, read: Sequence[Measured]) -> float:
        """Return how much more a thermometer shows than the reference in a repeat, in K."""
        told = statistics.fmean(one.value for one in seen.reference)
        return estimate(self._pair.norm(statistics.fmean(one.value for one in read))) - told

    def ohms(self, side: str, x: Numbers) -> Number:
        """Return the true resistance of a thermometer in the bath, in ohms."""
        return self._bridge.corrected(x, self._read[side])

    def bears(self, side: str, x: Numbers) -> Number:
        """Return the true temperature of a thermometer in the bath, in °C."""
        bath = self._known.corrected(x, self._reference)
        place = bath + x[f"g_{side}_{self._number}"]
        lost = x[f"s_{side}"] * (self._reference - self._room)
        warm: Number = place - lost + x[f"h_{side}"] + x[f"a_{side}_{self._number}"]
        return warm

    def off(self, side: str, x: Numbers) -> float:
        """Return how much more a thermometer shows there than it has, by the estimates, in K."""
        return estimate(self._pair.norm(self.ohms(side, x))) - estimate(self.bears(side, x))

    def true(self, x: Numbers) -> float:
        """Return the temperature of the bath by the estimates, in °C."""
        return estimate(self._known.corrected(x, self._reference))


MOST_TOGETHER: Final = 0.999
"""Largest coefficient that few readings can tell; a sum of variances must not vanish by rounding."""


def correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the correlation coefficient of two series; 0 where one of them does not scatter."""
    if len(set(first)) < 2 or len(set(second)) < 2:
        return 0.0
    return max(-MOST_TOGETHER, min(MOST_TOGETHER, statistics.correlation(first, second)))


def u_of_difference(u_f: float, u_r: float, r: float) -> float:
    """Return the standard uncertainty of a difference of two temperatures: √(u_f² + u_r² - 2·r·u_f·u_r).

    >>> round(u_of_difference(0.02, 0.02, 0.0), 4), round(u_of_difference(0.02, 0.02, 0.95), 4)
    (0.0283, 0.0063)
    """
    return math.sqrt(max(u_f**2 + u_r**2 - 2 * r * u_f * u_r, 0.0))


def off(ohms: float, told: float, nominal: float) -> str:
    """Return in words how far a thermometer of so many ohms at 0 °C is off at a temperature in °C."""
    kelvin = (ohms * NOMINAL / nominal - resistance(told)) / slope(told)
    return f"{ohms:.4g} Ω at {told:.2f} °C, {kelvin:+.1f} K off for one of {nominal:g} Ω"


def implausible(reading: float, told: float, nominal: float, most: float) -> bool:
    """Tell whether a thermometer of so many ohms at 0 °C can't have a resistance at a temperature in °C."""
    expected = resistance(told) * nominal / NOMINAL
    return abs(reading - expected) > most * slope(told) * nominal / NOMINAL
