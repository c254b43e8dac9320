"""Set points up and down: which points that makes, and how the device comes to each of them.

What a device indicates depends on where it came from, so the way to a point belongs to it. A run that was
cut off has lost that way; taken up again, the device is led there anew.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from remotecal.errors import ParameterError
from remotecal.procedures import Point
from remotecal.procedures.library.evaluation.series import FALLING, RISING, cycle, is_rising
from remotecal.units import convert


@dataclass(frozen=True, slots=True)
class Sweep:
    """A plan of set points: preloads, then cycles that rise and fall.

    Raises:
        ParameterError: the set points are not two or more in ascending order.
    """

    values: tuple[float, ...]
    """Set points, ascending; at the first one the device rests between cycles."""
    _: KW_ONLY
    quantity: str
    """What is set, as the procedure's `sets` calls it."""
    unit: str
    """Unit of the set points."""
    called: str
    """Unit they are called by in the points' names."""
    cycles: int = 1
    """How often it rises through all set points."""
    last_falls: bool = True
    """Whether the last cycle falls again, too."""
    again: tuple[float, ...] = ()
    """Set points that are risen to in further cycles, for the repeatability of a single one."""
    times: int = 2
    """How many further cycles that is, where there are such points."""
    preloads: int = 1
    """How often it goes to the top and back before it is measured."""
    dwell: float = 30.0
    """Seconds to stay at a set point before it is measured."""
    dwell_at_ends: float = 60.0
    """The same at the lowest and at the highest, where it turns."""

    def __post_init__(self) -> None:
        if len(self.values) < 2 or list(self.values) != sorted(set(self.values)):
            raise ParameterError(f"set points are two or more in ascending order, not {self.values}")
        if not set(self.again) <= set(self.values):
            raise ParameterError(f"{self.again} are to be measured again and are no set points")

    def points(self) -> tuple[Point, ...]:
        """Return the points in the order to measure them, each with its direction and its cycle."""
        found = []
        for number in range(1, self.cycles + 1):
            found += [self._point(value, RISING, number) for value in self.values]
            if number < self.cycles or self.last_falls:
                found += [self._point(value, FALLING, number) for value in reversed(self.values)]
        for number in range(self.cycles + 1, self.cycles + 1 + (self.times if self.again else 0)):
            found += [self._point(value, RISING, number) for value in sorted(self.again)]
        return tuple(found)

    def way(self, last: Point | None, point: Point) -> tuple[float, ...]:
        """Return the set points to go through to a point, one after the other; the last one is its own.

        Args:
            last: where the device is; None where it is somewhere else, as when a run begins or is taken up.
            point: where to.
        """
        value, (low, *_, high) = point.nominal[self.quantity], self.values
        if last is not None:
            return (value,)
        begin = (*((high, low) * self.preloads),) or (low,)
        if not is_rising(point):
            return (*begin, high) if value == high else (*begin, high, value)
        return begin if value == low else (*begin, value)

    def rest(self, value: float) -> float:
        """Return how many seconds to stay at a set point."""
        return self.dwell_at_ends if value in {self.values[0], self.values[-1]} else self.dwell

    def _point(self, value: float, direction: str, number: int) -> Point:
        called = f"{convert(value, self.unit, self.called):.9g} {self.called}"
        name = f"{called}, {direction}, {cycle(number)}"
        return Point(name, {self.quantity: value}, series=(direction, cycle(number)))
