"""The pure half of a pressure calibration: what was found at each set point, and of the device as a whole.

For one reading E = I - I(p_ref): what the device indicates less what it should (`against` tells p_ref).
Zero deviation f₀, repeatability b' and hysteresis h of all cycles count as rectangles of these full widths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.model import Text
from remotecal.procedures.library.evaluation import air, series
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.series import Passage
from remotecal.procedures.library.evaluation.sources import RISING_AND_FALLING
from remotecal.procedures.library.pressure import head
from remotecal.uncertainty.inputs import Input
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.procedures.library.pressure.against import AtPressure, ErrorOf, S

PRESSURE: Final = "pressure"
"""What a point sets, in Pa as the device counts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureFinding(Finding):
    """What was found at one set point: errors in the results' unit, reference pressures in the one chosen."""

    nominal: float
    """Set point, in the unit chosen."""
    middle: float
    """Reference pressure, as the error is weighted: half of it rising and half of it falling."""
    ideal: float
    """What the device should indicate at the reference pressure, in the results' unit."""
    rising: float
    """Mean error of the readings come to from below."""
    falling: float
    """Mean error of those come to from above."""
    largest: float
    """Error of largest magnitude of all readings, whichever way they were come to."""
    hysteresis: float
    """Mean over the cycles of the difference of both; by JJG 882 that of the means of all cycles."""
    within: float
    """Expanded uncertainty of the reference pressure's digits, in the unit chosen."""

    @property
    def place(self) -> float:
        """Where the error lies: the mean of both directions, in the unit chosen."""
        return self.middle

    @property
    def judged(self) -> float:
        """The largest error, for a device conforms by every reading and not by a mean of them."""
        return self.largest

    @property
    def judged_at(self) -> float:
        """The set point: limits that change there do not change with where the pressure came to rest."""
        return self.nominal

    @property
    def band(self) -> float:
        """U' (Fehlerspanne): what holds the error for whoever does not correct it."""
        return series.error_band(self.evaluated.expanded, self.evaluated.value)


@dataclass(frozen=True, slots=True)
class DeviceFound:
    """What the device is like as a whole, in the results' unit."""

    zero: float
    """Zero deviation f₀."""
    repeatability: float | None
    """Largest repeatability b'; None where no set point was come to twice from one side."""
    hysteresis: float
    """Largest hysteresis."""
    basic: float
    """Error of largest magnitude of all readings."""
    nonlinearity: float
    """Largest distance of the mean indication from the straight line of least squares."""
    band: float
    """Largest error band U'."""

    @classmethod
    def of(cls, errors: Sequence[Passage], findings: Sequence[PressureFinding]) -> DeviceFound:
        """Return it, by the errors of all readings and what was found at each set point."""
        shown = {one.place: one.ideal + one.evaluated.value for one in findings}
        left = series.StraightLine.least_squares(shown).residuals(shown)
        repeated = series.repeatability(errors)
        return cls(
            series.zero_deviation(errors),
            max(repeated.values()) if repeated else None,
            max(one.hysteresis for one in findings),
            series.basic_error(errors),
            max(map(abs, left.values())),
            max(one.band for one in findings),
        )


def scatter(
    errors: Sequence[Passage], value: float, unit: str, turned: float, *, single: bool
) -> tuple[Input, ...]:
    """Return what all cycles say of a set point, as inputs: f₀, b' and h.

    Args:
        errors: of all readings.
        value: the set point.
        unit: of the errors.
        turned: hysteresis there.
        single: whether there is one cycle and only some set points were repeated, which then count for all.
    """
    repeated = series.repeatability(errors)
    largest = max(repeated.values(), default=0.0)
    sizes = {
        "δ_0": series.zero_deviation(errors),
        "δ_b": largest if single else repeated.get(value, largest),
        "δ_h": turned,
    }
    return tuple(
        Input.from_limits(symbol, 0.0, unit, size / 2, source=SOURCES[symbol])
        for symbol, size in sizes.items()
    )


SOURCES: Final = {
    "δ_0": Text(zh="各循环的零位偏差", en="zero deviation of all cycles"),
    "δ_b": Text(zh="循环之间的差", en="difference of cycles"),
    "δ_h": RISING_AND_FALLING,
}

INPUTS: Final[Mapping[str, Text]] = {
    "p_std": Text(zh="标准器示值偏差", en="deviation of the standard's indication"),
    "δ_d": Text(zh="标准器漂移", en="drift of the standard"),
    **air.INPUTS,
    **head.INPUTS,
    "δ_0": Text(zh="零位偏差", en="zero deviation"),
    "δ_b": Text(zh="重复性", en="repeatability"),
    "δ_h": Text(zh="回差", en="hysteresis"),
    "δ_t": Text(zh="被检温度影响", en="influence of temperature on the device"),
}
"""The inputs of the measurement model, by symbol."""


def found_at(
    repeats: AtPressure[S],
    error: ErrorOf[S],
    errors: Sequence[Passage],
    ideal: Callable[[float], float],
    unit: str,
    full: float,
) -> PressureFinding:
    """Return what was found at one set point: the mean of both directions, with hysteresis inside U.

    Args:
        repeats: the readings there.
        error: the device's, in `unit`.
        errors: of all readings at all set points.
        ideal: what it should indicate at a pressure in Pa, in `unit`.
        unit: of the errors.
        full: what the device's span is in that unit.
    """
    wanted, value = repeats.parameters, repeats.value
    rises = [series.is_rising(one.entry.point) for one in repeats.seen]
    counts = {True: 0.5 / rises.count(True), False: 0.5 / rises.count(False)}
    turned = (series.hysteresis_of_means if wanted.by_means else series.hysteresis)(errors)[value]
    added = [*scatter(errors, value, unit, turned, single=wanted.single), *_warmth(repeats, full, unit)]
    evaluated = repeats.evaluate(
        error,
        unit,
        coverage=wanted.coverage,
        k=wanted.coverage_factor,
        weights=[counts[up] for up in rises],
        scatter=added,
        smallest=wanted.least * full / 100,
    )
    true = repeats.pressures()
    middle = sum(counts[up] * pressure for up, pressure in zip(rises, true, strict=True))
    called = convert(value, "Pa", wanted.unit)
    return PressureFinding(
        point=repeats.point,
        title=Text(zh=f"压力点 {called:.6g} {wanted.unit}", en=f"Set point {called:.6g} {wanted.unit}"),
        reference=[convert(pressure, "Pa", wanted.unit) for pressure in true],
        errors=repeats.errors(error),
        evaluated=evaluated,
        beyond=repeats.beyond,
        nominal=called,
        middle=convert(middle, "Pa", wanted.unit),
        ideal=ideal(middle),
        rising=series.mean(errors, rising=True)[value],
        falling=series.mean(errors, rising=False)[value],
        largest=series.largest_errors(errors)[value],
        hysteresis=turned,
        within=evaluated.expanded * convert(wanted.width, "Pa", wanted.unit) / full,
    )


def _warmth(repeats: AtPressure[S], full: float, unit: str) -> list[Input]:
    return [repeats.warmth(full, unit)] if repeats.parameters.temperature_coefficient else []
