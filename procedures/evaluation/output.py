"""How a device tells its quantity: by pulses, by a total, by a current, by its indication.

An output is declared once for a point: it adds the inputs that reading the device that way takes, and gives
for each repeat what the device indicates.
"""

from __future__ import annotations

import statistics
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic

from remotecal import units
from remotecal.drivers.readings import Reading
from remotecal.drivers.shown import Shown
from remotecal.errors import ParameterError
from remotecal.procedures.library.evaluation.repeats import Repeats, Seen
from remotecal.procedures.library.evaluation.sources import COUNTED, ORDER
from remotecal.uncertainty.inputs import Input

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.procedures import Drivers
    from remotecal.uncertainty.number import Number, Numbers


def see_resolution(drivers: Drivers, quantity: str, resolution: float, unit: str) -> None:
    """Raise `ParameterError` if a device is said to be read more finely than its bench file states.

    Args:
        drivers: role → driver.
        quantity: what is read, as `role.quantity`.
        resolution: what the order says it is read to.
        unit: of that.
    """
    role, _, name = quantity.partition(".")
    read = getattr(drivers.get(role), name, None)
    if not isinstance(read, Reading) or not isinstance(read.wire, Shown) or read.wire.step is None:
        return
    step = read.wire.step
    finest = step * units.scale(read.unit, unit)
    if resolution < finest * (1 - 1e-9):
        raise ParameterError(
            f"the {role} is said to be read to {resolution:g} {unit}, and its step in the bench file is "
            f"{step:g} {read.unit}, which is {finest:g} {unit}: mend either"
        )


ZERO_CURRENT, SPAN_CURRENT = 4.0, 16.0
"""A 4–20 mA output: mA at the lower end of its range, and from there to the upper one."""


class Output(ABC, Generic[Seen]):
    """What a device indicates in a repeat."""

    @abstractmethod
    def indicated(self, seen: Seen, x: Numbers) -> Number:
        """Return it, from what the repeat yielded and the inputs of the model."""


class Pulses(Output[Seen]):
    """Counted pulses: ±1 of them.

    Args:
        repeats: at the point.
        counted: the pulses of a repeat.
        per_unit: pulses per unit of the quantity, as the device is set.
        symbol: of the count's deviation.
    """

    def __init__(
        self, repeats: Repeats[Seen], counted: Callable[[Seen], float], per_unit: float, symbol: str = "N"
    ) -> None:
        self._counted, self._per_unit, self._symbol = counted, per_unit, symbol
        repeats.rounded(symbol, "1", 1.0, COUNTED)

    def indicated(self, seen: Seen, x: Numbers) -> Number:
        amount: Number = (self._counted(seen) + x[self._symbol]) / self._per_unit
        return amount


class Total(Output[Seen]):
    """A total read before and after: a step of its resolution, in both.

    Args:
        repeats: at the point.
        passed: what passed in a repeat by the device.
        step: its smallest step.
        unit: of both.
        symbol: of the resolution.
    """

    def __init__(
        self, repeats: Repeats[Seen], passed: Callable[[Seen], float], step: float, unit: str, symbol: str
    ) -> None:
        self._passed, self._symbol = passed, symbol
        repeats.rounded(symbol, unit, step, ORDER)

    def indicated(self, seen: Seen, x: Numbers) -> Number:
        amount: Number = self._passed(seen) + x[self._symbol]
        return amount


class Current(Output[Seen]):
    """A current of 4 to 20 mA, measured by an ammeter with its certificate.

    Args:
        repeats: at the point.
        role: the ammeter's.
        currents: readings of a repeat.
        ends: the quantity at 4 mA and at 20 mA.
        symbol: of the ammeter's deviation.
    """

    def __init__(
        self,
        repeats: Repeats[Seen],
        role: str,
        currents: Callable[[Seen], Sequence[Measured]],
        ends: tuple[float, float],
        symbol: str = "I",
    ) -> None:
        self._currents, self._ends = currents, ends
        read = [one for seen in repeats.seen for one in currents(seen)]
        self._ammeter = repeats.correction(symbol, role, read, "mA")

    def indicated(self, seen: Seen, x: Numbers) -> Number:
        low, high = self._ends
        current = self._ammeter.corrected(x, mean(self._currents(seen), "mA"))
        quantity: Number = (current - ZERO_CURRENT) / SPAN_CURRENT * (high - low) + low
        return quantity


class Indication(Output[Seen]):
    """The device's own indication, on its display or over its interface: its resolution.

    Args:
        repeats: at the point.
        readings: of a repeat.
        step: smallest step of the indication.
        unit: of both.
        symbol: of the resolution.
    """

    def __init__(
        self,
        repeats: Repeats[Seen],
        readings: Callable[[Seen], Sequence[Measured]],
        step: float,
        unit: str,
        symbol: str = "res",
    ) -> None:
        self._readings, self._unit, self._symbol = readings, unit, symbol
        # It may show the same each time, so the mean of readings is as coarse as one of them.
        repeats.by_chance(Input.from_limits(symbol, 0.0, unit, step / 2, source=ORDER))

    def indicated(self, seen: Seen, x: Numbers) -> Number:
        shown: Number = mean(self._readings(seen), self._unit) + x[self._symbol]
        return shown


def mean(readings: Sequence[Measured], unit: str) -> float:
    """Return the mean of readings in a unit."""
    return statistics.fmean(reading.to(unit).value for reading in readings)
