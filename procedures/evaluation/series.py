"""What a device is like that is brought up and down again: zero, repeatability, hysteresis, linearity.

A *passage* is one way through the places in one direction: M1 rises, M2 falls, M3 rises … Its values are
readings, or better errors: then it does not matter that the reference was not quite the same each time.

The formulas are those of DKD-R 6-1 and EURAMET cg-17, whose texts have not been seen here: what of them
decides is a parameter of the procedure that uses them. A rectangular quantity of such a size has half of it
as half-width.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from remotecal.errors import EvidenceError

if TYPE_CHECKING:
    from remotecal.journal.observation import Point

RISING, FALLING = "rising", "falling"
"""Labels of the points that are come to from below, and of those from above."""


def cycle(number: int) -> str:
    """Return the label of the points of a cycle, counted from 1."""
    return f"cycle {number}"


@dataclass(frozen=True, slots=True)
class Passage:
    """One way through the places, in one direction."""

    cycle: int
    """Counted from 1; a cycle rises, and most of them fall again."""
    rising: bool
    values: Mapping[float, float]
    """Place → value."""


def passages(values: Iterable[tuple[Point, float]], quantity: str) -> tuple[Passage, ...]:
    """Sort values by the labels of their points, several at one point by their mean.

    Args:
        values: each with its point, whose nominal value of `quantity` is the place.
        quantity: what is set.

    Raises:
        EvidenceError: a point says not which way it was come to, or in which cycle.
    """
    found: dict[tuple[int, bool], dict[float, list[float]]] = {}
    for point, value in values:
        places = found.setdefault((_cycle_of(point), is_rising(point)), {})
        places.setdefault(point.nominal[quantity], []).append(value)
    return tuple(
        Passage(number, rising, {place: statistics.fmean(several) for place, several in places.items()})
        for (number, rising), places in found.items()
    )


def is_rising(point: Point) -> bool:
    """Tell whether a point was come to from below (EvidenceError if it does not say)."""
    if (RISING in point.series) == (FALLING in point.series):
        raise EvidenceError(f"{point.name} is neither of the rising nor of the falling points")
    return RISING in point.series


def _cycle_of(point: Point) -> int:
    numbers = [label.removeprefix("cycle ") for label in point.series if label.startswith("cycle ")]
    if len(numbers) != 1 or not numbers[0].isdecimal():
        raise EvidenceError(f"{point.name} does not say in which cycle it was measured")
    return int(numbers[0])


def zero_deviation(all_: Sequence[Passage]) -> float:
    """Return f₀: how far a device is from its first zero after a cycle, at most (DKD-R 6-1).

    Zero is the lowest place, where a cycle begins and ends.
    """
    both = _both_ways(all_)
    return max((abs(down - up) for up, down in _at(both, _zero(all_))), default=0.0)


def repeatability(all_: Sequence[Passage]) -> dict[float, float]:
    """Return b' at each place passed more than once: how far two cycles differ, at most (DKD-R 6-1).

    Each passage counts from the zero at the beginning of its own cycle.
    """
    zero = _zero(all_)
    zeros = {each.cycle: each.values[zero] for each in all_ if each.rising and zero in each.values}
    found: dict[float, float] = {}
    for one, other in combinations(all_, 2):
        if one.rising == other.rising and {one.cycle, other.cycle} <= zeros.keys():
            for place in one.values.keys() & other.values.keys():
                differ = (other.values[place] - zeros[other.cycle]) - (one.values[place] - zeros[one.cycle])
                found[place] = max(found.get(place, 0.0), abs(differ))
    return dict(sorted(found.items()))


def hysteresis(all_: Sequence[Passage]) -> dict[float, float]:
    """Return h at each place passed both ways: the mean over cycles of |down − up|, whose zeros cancel."""
    both = _both_ways(all_)
    places = sorted({place for up, down in both for place in up.keys() & down.keys()})
    return {place: statistics.fmean(abs(down - up) for up, down in _at(both, place)) for place in places}


def hysteresis_of_means(all_: Sequence[Passage]) -> dict[float, float]:
    """Return |mean down − mean up| at each place passed both ways (JJG 882)."""
    up, down = mean(all_, rising=True), mean(all_, rising=False)
    return {place: abs(down[place] - up[place]) for place in up if place in down}


def mean(all_: Sequence[Passage], *, rising: bool) -> dict[float, float]:
    """Return the mean over the cycles at each place, of one direction."""
    found: dict[float, list[float]] = {}
    for passage in all_:
        if passage.rising == rising:
            for place, value in passage.values.items():
                found.setdefault(place, []).append(value)
    return {place: statistics.fmean(values) for place, values in sorted(found.items())}


def largest_errors(errors: Sequence[Passage]) -> dict[float, float]:
    """Return the error of largest magnitude at each place, with its sign: not that of a mean."""
    found: dict[float, float] = {}
    for passage in errors:
        for place, value in passage.values.items():
            found[place] = max(found.get(place, value), value, key=abs)
    return dict(sorted(found.items()))


def basic_error(errors: Sequence[Passage]) -> float:
    """Return the error of largest magnitude of all readings, with its sign: not that of a mean (JJG 882)."""
    return max(largest_errors(errors).values(), key=abs)


def error_band(expanded: float, deviation: float) -> float:
    """Return U' (Fehlerspanne): what holds an error for whoever does not correct it (DKD-R 6-1)."""
    return expanded + abs(deviation)


@dataclass(frozen=True, slots=True)
class StraightLine:
    """A line against which a device's values are held."""

    intercept: float
    """Value at place 0."""
    slope: float

    @classmethod
    def least_squares(cls, values: Mapping[float, float]) -> StraightLine:
        """Return the line that leaves the smallest sum of squares."""
        slope, intercept = statistics.linear_regression(list(values), list(values.values()))
        return cls(intercept, slope)

    def residuals(self, values: Mapping[float, float]) -> dict[float, float]:
        """Return how far each value lies above the line; the largest of them is the linearity."""
        return {place: value - (self.intercept + self.slope * place) for place, value in values.items()}


def _zero(all_: Sequence[Passage]) -> float:
    return min(place for passage in all_ for place in passage.values)


def _both_ways(all_: Sequence[Passage]) -> list[tuple[Mapping[float, float], Mapping[float, float]]]:
    """Return the cycles that rose and fell: values of both passages."""
    up = {each.cycle: each.values for each in all_ if each.rising}
    down = {each.cycle: each.values for each in all_ if not each.rising}
    return [(up[number], down[number]) for number in sorted(up.keys() & down.keys())]


def _at(
    both: Iterable[tuple[Mapping[float, float], Mapping[float, float]]], place: float
) -> list[tuple[float, float]]:
    """Return the values at a place of each cycle that passed it both ways."""
    return [(up[place], down[place]) for up, down in both if place in up and place in down]
