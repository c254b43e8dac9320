"""What was found of a converter: its pressure and its temperature, the whole on the grid, and what closes it.

Every error is of rising and of falling readings alike. What both differ by at a pressure, on the mean of the
temperatures, is hysteresis, a rectangle of that full width; what is left of the differences is repeatability.
At one temperature only the ends tell them apart, where the device turns round: what differs there is
repeatability, and elsewhere the larger of both counts.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from remotecal.errors import EvidenceError
from remotecal.model import Text
from remotecal.procedures.library.converter.methods import Conversion
from remotecal.procedures.library.converter.places import (
    OF_CALCULATOR,
    OF_PRESSURE,
    OF_TEMPERATURE,
    OF_WHOLE,
    PRESSURE,
    TEMPERATURE,
    AtPlace,
    ConverterSeen,
    ErrorOf,
    see_alive,
    see_undisturbed,
)
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY
from remotecal.procedures.library.evaluation.series import is_rising
from remotecal.procedures.library.evaluation.sources import IN_SCATTER, RISING_AND_FALLING
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate
from remotecal.uncertainty.together import evaluate_together

if TYPE_CHECKING:
    from remotecal.procedures import Evidence
    from remotecal.procedures.library.converter.parameters import ConverterParameters
    from remotecal.uncertainty.budget import Evaluated

Unbound = Callable[[AtPlace, ConverterSeen, Numbers], Number]
"""An error, as a method of `AtPlace`."""

HYSTERESIS: Final = "δ_h"


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorFinding(Finding):
    """What was found of a sensor at one of its places, in %."""

    rising: float
    """Mean error of the readings come to from below."""
    falling: float
    """Mean error of those from above."""
    beside: float
    """The mean error in the sensor's own unit, kPa or K."""


@dataclass(frozen=True, slots=True)
class PartErrors:
    """The errors at one place of the grid, each by itself, in %."""

    counting: float
    """e_V."""
    pressure: float
    """e_p."""
    temperature: float
    """e_T."""
    compressibility: float
    """e_Z."""
    factor: float
    """e_C, by the factor that is shown."""
    shown: float
    """The factor that is shown."""
    other: float | None
    """By how much another method's factor is more than the reference's, in %; None if none is asked for."""
    with_pressure: float
    """Correlation coefficient of e_p and e_Vb."""
    with_temperature: float
    """Correlation coefficient of e_T and e_Vb."""

    @property
    def composed(self) -> float:
        """What the parts make together: e_V + e_p - e_T + e_Z, as a product."""
        product = (1 + self.counting / 100) * (1 + self.pressure / 100) * (1 + self.compressibility / 100)
        return 100 * (product / (1 + self.temperature / 100) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeFinding(Finding):
    """What was found of the whole at one place of the grid; references are conversion factors."""

    t: float
    """Temperature in °C, by the standard."""
    p: float
    """Absolute pressure in Pa, by the standard."""
    parts: PartErrors
    calculator: Evaluated
    """e_f, which closes parts and whole."""

    @property
    def closes(self) -> bool:
        """Whether parts and whole agree within the uncertainty of their difference."""
        return abs(self.calculator.value) <= self.calculator.expanded


@dataclass(frozen=True, slots=True)
class ArithmeticFinding(Finding):
    """The calculator's own error e_f at one place of the grid; references are conversion factors."""

    @classmethod
    def of(cls, whole: WholeFinding) -> Self:
        """Return it as it was found with the whole."""
        return cls(
            whole.point,
            whole.title,
            whole.reference,
            whole.errors,
            whole.calculator,
            whole.beyond,
            whole.observed_at,
        )


class Grid:
    """All that was seen of a converter, by temperature and pressure.

    Args:
        evidence: of the run.
        parameters: of the procedure.

    Raises:
        EvidenceError: a repeat was counted with an alarm, or a sensor stood still.
    """

    def __init__(self, evidence: Evidence, parameters: ConverterParameters) -> None:
        self.evidence, self.parameters = evidence, parameters
        self.conversion = Conversion(parameters.base, parameters.programmed.compression(parameters.method))
        self.seen = [ConverterSeen.of(entry) for entry in evidence.observations]
        self._see_undisturbed()
        self.places = {
            (t, p): self._at(self._there(t, p)) for t in parameters.temperatures for p in parameters.pressures
        }
        see_alive(
            {
                p: self.places[t, p].shown().p
                for t in parameters.temperatures[:1]
                for p in parameters.pressures
            },
            "pressure",
        )

    def _see_undisturbed(self) -> None:
        for seen in self.seen:
            entry = seen.entry
            converted, disturbed = (
                self.evidence.passed(entry.reading(f"{name}_before"), entry.reading(f"{name}_after")).value
                for name in ("converted", "disturbed")
            )
            if refusal := see_undisturbed(entry.point.name, converted, disturbed):
                raise EvidenceError(refusal)

    def _there(self, t: float | None = None, p: float | None = None) -> list[ConverterSeen]:
        found = [
            one
            for one in self.seen
            if t in {None, one.entry.point.nominal[TEMPERATURE]}
            and p in {None, one.entry.point.nominal[PRESSURE]}
        ]
        if not found:
            raise EvidenceError(f"nothing was measured at {t} °C and {p} Pa")
        return found

    def _at(self, seen: Sequence[ConverterSeen]) -> AtPlace:
        return AtPlace(self.evidence, seen, self.parameters, self.conversion)

    def whole(self) -> list[WholeFinding]:
        """Return what was found of the whole, at every place of the grid."""
        scatter = Scatter(self, AtPlace.of_whole)
        return [self._whole(t, p, at, scatter) for (t, p), at in self.places.items()]

    def _whole(self, t: float, p: float, at: AtPlace, scatter: Scatter) -> WholeFinding:
        added = scatter.at(p, 1)
        true_t, true_p, _ = at.true()
        known = at.estimates()
        called = f"{t:g} °C, {p / 1000:g} kPa"
        closing = Scatter(self, AtPlace.of_calculator).at(p, 1)[:1]
        return WholeFinding(
            point=at.point,
            observed_at=self._all(at),
            title=Text(zh=f"标况体积 {called}", en=f"Volume at base conditions, {called}"),
            reference=[estimate(at.factor(one, known)) for one in at.seen],
            errors=at.errors(at.of_whole, 100.0),
            evaluated=self._evaluated(at.limited(OF_WHOLE), at.of_whole, added),
            beyond=at.beyond,
            t=true_t,
            p=true_p,
            parts=self._parts(at, added, Scatter(self, AtPlace.of_pressure).at(p, 1)),
            calculator=self._evaluated(at.limited(OF_CALCULATOR), at.of_calculator, closing),
        )

    def _all(self, at: AtPlace) -> tuple[str, ...]:
        """Return the names of all points, those of a place first: what scatters is that of the whole grid."""
        return tuple(dict.fromkeys((*at.points, *(point.name for point in self.evidence.points))))

    def _evaluated(self, at: AtPlace, error: ErrorOf, added: Sequence[Input]) -> Evaluated:
        wanted = self.parameters
        return at.evaluate(
            error, "%", scale=100.0, coverage=wanted.coverage, k=wanted.coverage_factor, scatter=added
        )

    def _parts(self, at: AtPlace, whole: Sequence[Input], pressure: Sequence[Input]) -> PartErrors:
        wanted, shown = self.parameters, at.shown()
        with_p, with_t = self._correlations(at, whole, pressure)
        other = None
        if wanted.compared_with is not None:
            t, p, c = at.true()
            compression = wanted.programmed.compression(wanted.compared_with)
            other = 100 * (estimate(Conversion(wanted.base, compression).factor(t, p)) / c - 1)
        return PartErrors(
            at.mean_error(at.of_counting),
            at.mean_error(at.of_pressure),
            at.mean_error(at.of_temperature),
            at.mean_error(at.of_z),
            at.mean_error(at.of_factor),
            shown.factor,
            other,
            with_p,
            with_t,
        )

    def _correlations(
        self, at: AtPlace, whole: Sequence[Input], pressure: Sequence[Input]
    ) -> tuple[float, float]:
        """Return how e_p and e_T are correlated with e_Vb: by what they share, and by nothing guessed."""
        (seen, *_) = at.seen
        of_pressure, of_temperature, of_whole = (
            at.limited(symbols) for symbols in (OF_PRESSURE, OF_TEMPERATURE, OF_WHOLE)
        )

        def budget(error: ErrorOf, own: Sequence[Input], added: Sequence[Input] = ()) -> Budget:
            def model(**x: Number) -> Number:
                total: Number = 100.0 * error(seen, x)
                for each in added:
                    total = total + x[each.symbol]
                return total

            return Budget(model, (*own, *added), "%", at.correlations)

        turned = pressure[1:]
        budgets = (
            budget(
                at.of_pressure,
                of_pressure.beside(pressure[0], at.of_pressure, 100.0),
                (*pressure[:1], *turned),
            ),
            budget(at.of_temperature, of_temperature.inputs),
            budget(at.of_whole, of_whole.beside(whole[0], at.of_whole, 100.0), (*whole[:1], *turned)),
        )
        common = {each.symbol for each in (*of_whole.inputs, *turned)}
        found = evaluate_together(budgets, common, coverage=self.parameters.coverage)
        return found.correlation(0, 2), found.correlation(1, 2)

    def pressure(self) -> list[SensorFinding]:
        """Return what was found of its pressure, at each level, of all temperatures together."""
        scatter = Scatter(self, AtPlace.of_pressure)
        found = []
        for p in self.parameters.pressures:
            at = self._at(self._there(p=p))
            true = [estimate(at.pressure(one, at.estimates())) / 1000 for one in at.seen]
            title = Text(zh=f"压力 {p / 1000:g} kPa", en=f"Pressure {p / 1000:g} kPa")
            added = scatter.at(p, len(self.parameters.temperatures))
            sensor = self._sensor(at.limited(OF_PRESSURE), at.of_pressure, added, title, true)
            found.append(replace(sensor, observed_at=self._all(at)))
        return found

    def temperature(self) -> list[SensorFinding]:
        """Return what was found of its temperature, at each of the well's."""
        found = []
        for t in self.parameters.temperatures:
            at = self._at(self._there(t=t))
            true = [estimate(at.temperature(one, at.estimates())) for one in at.seen]
            title = Text(zh=f"温度 {t:g} °C", en=f"Temperature {t:g} °C")
            spread = Input.from_readings(REPEATABILITY, at.errors(at.of_temperature, 100.0), "%")
            added = (Input.student_t(REPEATABILITY, 0.0, "%", spread.u, spread.dof, source=spread.source),)
            found.append(
                self._sensor(at.limited(OF_TEMPERATURE), at.of_temperature, added, title, true, 273.15)
            )
        return found

    def _sensor(
        self,
        at: AtPlace,
        error: ErrorOf,
        added: Sequence[Input],
        title: Text,
        true: Sequence[float],
        above: float = 0.0,
    ) -> SensorFinding:
        """Return what was found of a sensor; its errors are shares of the true values and so much above."""
        errors = at.errors(error, 100.0)
        ways = {up: [e for e, one in zip(errors, at.seen, strict=True) if is_rising(one.entry.point) is up]
                for up in (True, False)}  # fmt: skip
        evaluated = self._evaluated(at, error, added)
        size = statistics.fmean(true) + above
        return SensorFinding(
            point=at.point,
            observed_at=at.points,
            title=title,
            reference=true,
            errors=errors,
            evaluated=evaluated,
            beyond=at.beyond,
            rising=statistics.fmean(ways[True]),
            falling=statistics.fmean(ways[False]),
            beside=evaluated.value / 100 * size,
        )


class Scatter:
    """What rising and falling readings differ by, at all places of a grid, in one kind of error.

    Args:
        grid: the places.
        error: which error, as a method of `AtPlace`.
    """

    def __init__(self, grid: Grid, error: Unbound) -> None:
        halves = {place: _half(at, error) for place, at in grid.places.items()}
        levels, temperatures = grid.parameters.pressures, grid.parameters.temperatures
        self._turned = {p: statistics.fmean(halves[t, p] for t in temperatures) for p in levels}
        self._single = len(temperatures) == 1
        if self._single:  # where the device turns round there is no other way to come from
            left = [self._turned[p] for p in {min(levels), max(levels)}]
        else:
            left = [halves[t, p] - self._turned[p] for t in temperatures for p in levels]
        self._dof = len(left) if self._single else len(levels) * (len(temperatures) - 1)
        self._s = math.sqrt(sum(one * one for one in left) / self._dof)

    def at(self, p: float, of: int) -> tuple[Input, Input]:
        """Return repeatability and hysteresis at a pressure, as inputs in %.

        Args:
            p: which pressure, in Pa.
            of: how many pairs of rising and falling readings the mean is of.
        """
        source = Text(
            zh=f"正、反行程读数之差，自由度 {self._dof}",
            en=f"differences of rising and falling readings, {self._dof} degrees of freedom",
        )
        # At one temperature a difference may be either: what it is more than scatter is left, and both make
        # the larger one. The variance of a rectangle is a third of its half width's square.
        seen = 3 * self._s**2 if self._single else 0.0
        width = math.sqrt(max(0.0, self._turned[p] ** 2 - seen))
        of_width = RISING_AND_FALLING if width else IN_SCATTER
        return (
            Input.student_t(REPEATABILITY, 0.0, "%", self._s / math.sqrt(of), self._dof, source=source),
            Input.from_limits(HYSTERESIS, 0.0, "%", width, source=of_width),
        )


def _half(at: AtPlace, error: Unbound) -> float:
    """Return half of what falling readings are more than rising ones, in %."""
    known = at.estimates()
    ways: dict[bool, list[float]] = {True: [], False: []}
    for one in at.seen:
        ways[is_rising(one.entry.point)].append(100.0 * estimate(error(at, one, known)))
    if not (ways[True] and ways[False]):
        raise EvidenceError(f"{at.point.name}: it was come to from one side only")
    return (statistics.fmean(ways[False]) - statistics.fmean(ways[True])) / 2
