"""Span and limit of error by the range an instrument is set to, and by frequency.

Which range is in force is never guessed. It is told by a setting of the driver, which stands in the
question and among what the bench states of the instrument, or by the instrument, which is asked for it
along with every reading. Either way it is part of the evidence, and whoever reads the kept replies
again finds the same limit.

>>> from remotecal.drivers.accuracy import percent_of_range, percent_of_reading
>>> volts = Ranges(
...     Range(0.1, percent_of_reading(0.0050) + percent_of_range(0.0035)),
...     Range(10, percent_of_reading(0.0035) + percent_of_range(0.0005), span=(-1.2, 1.2)),
...     by="voltage_range",
... )
>>> for line in volts.lines("V"):
...     print(line)
0.1 V: -0.1 to 0.1 V, 0.005 % of reading + 0.0035 % of range
10 V: -12 to 12 V, 0.0035 % of reading + 0.0005 % of range
>>> print(volts.worst)
0.005 % of reading + 0.0005 % of range (10)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from remotecal.drivers.accuracy import Accuracy, Span
from remotecal.drivers.declarations import Declaration
from remotecal.errors import InstrumentError

if TYPE_CHECKING:
    from remotecal.drivers.contents import Content

Teller = Declaration | str
"""Who tells a number that matters: a declared quantity, or a driver's own setting by its name."""


class Numeric(Protocol):
    """A declaration that holds a number."""

    def decode(self, content: Content) -> float:
        """Return the number behind what stood on the wire."""
        ...


class RangeLimits:
    """A span, and the limit of error within it."""

    __slots__ = ("accuracy", "line", "span")

    def __init__(self, span: Span, accuracy: Accuracy) -> None:
        self.span, self.accuracy = span, accuracy
        self.line = accuracy.uncertainty_line(span)
        """The standard uncertainty within the span: part of the magnitude, a constant; None for no claim."""

    def hold(self, value: float) -> bool:
        """Tell whether a value lies within the span."""
        return self.span[0] <= value <= self.span[1]

    def standard_uncertainty(self, value: float) -> float | None:
        """Return the standard uncertainty by the limit of error, rectangular; None where none is claimed."""
        if self.line is None or not self.span[0] <= value <= self.span[1]:
            return None
        slope, constant = self.line
        return slope * abs(value) + constant


@dataclass(frozen=True, slots=True)
class Range:
    """One range, and how good the instrument is on it."""

    nominal: float | None
    """Nominal value, in the quantity's unit; None for whichever is in force."""
    accuracy: Accuracy | str
    """The maker's limit of error on it, or the name of a setting of the driver that holds it."""
    span: Span = (-1.0, 1.0)
    """Lowest and highest value it holds for, in multiples of the nominal value."""
    frequencies: Span | None = None
    """Lowest and highest frequency it holds for, in Hz; None for all."""

    def holds(self, nominal: float, frequency: float | None) -> bool:
        """Tell whether this is the range in force, and the frequency one it holds for."""
        if self.nominal is not None and not math.isclose(self.nominal, nominal, rel_tol=1e-6):
            return False
        low, high = self.frequencies or (-math.inf, math.inf)
        return frequency is None or low <= frequency <= high

    def line(self, unit: str) -> str:
        """Return what it says, for people."""
        low, high = self.span
        if self.nominal is None:
            where = f"{low:g} to {high:g} of the range"
        else:
            where = f"{self.nominal:g} {unit}: {low * self.nominal:g} to {high * self.nominal:g} {unit}"
        if self.frequencies is not None:
            where += f" at {self.frequencies[0]:g} to {self.frequencies[1]:g} Hz"
        return f"{where}, {f'as {self.accuracy} says' if isinstance(self.accuracy, str) else self.accuracy}"


class Ranges:
    """The ranges of a quantity, and what tells which of them is in force.

    Args:
        rows: the ranges; the first that holds is the one in force.
        by: what tells the nominal value of the range in force.
        frequency: what tells the signal's frequency in Hz, where limits depend on it.
    """

    def __init__(self, *rows: Range, by: Teller, frequency: Teller | None = None) -> None:
        if not rows:
            raise ValueError("ranges need at least one")
        if frequency is None and any(row.frequencies is not None for row in rows):
            raise ValueError("limits by frequency need something that tells the frequency")
        self.rows, self.by, self.frequency = rows, by, frequency

    @property
    def nominals(self) -> tuple[float, ...]:
        """The nominal values there are, in the quantity's unit."""
        return tuple(dict.fromkeys(row.nominal for row in self.rows if row.nominal is not None))

    @property
    def asked(self) -> tuple[Declaration, ...]:
        """What the instrument is asked for along with every reading."""
        return tuple(teller for teller in (self.by, self.frequency) if isinstance(teller, Declaration))

    @property
    def worst(self) -> Accuracy:
        """The limit of error whichever range is in force; not stated where one range has none."""
        fixed = [
            row.accuracy.on_range(row.nominal)
            for row in self.rows
            if isinstance(row.accuracy, Accuracy) and row.nominal is not None
        ]
        if len(fixed) < len(self.rows):
            return Accuracy(stated=False)
        return Accuracy(
            reading=max(one.reading for one in fixed),
            span=max(one.span for one in fixed),
            full_scale=max(one.full_scale for one in fixed),
            ranges=max((one.ranges for one in fixed), key=_total),
            absolute=max(one.absolute for one in fixed),
            stated=all(one.stated for one in fixed),
            source=self.source,
        )

    @property
    def source(self) -> str:
        """Where the limits are printed."""
        said = (row.accuracy.source for row in self.rows if isinstance(row.accuracy, Accuracy))
        return "; ".join(dict.fromkeys(filter(None, said)))

    def in_force(self, instrument: object, told: Mapping[Declaration, Content]) -> RangeLimits | None:
        """Return the limits of the range in force; None where the maker makes no claim for it.

        Args:
            instrument: tells what settings of the driver tell.
            told: what the instrument answered when it was asked for `asked`.

        Raises:
            GarbledReply: what it answered is no number.
        """
        nominal = _number(self.by, instrument, told)
        frequency = None if self.frequency is None else _number(self.frequency, instrument, told)
        if nominal is None or (self.frequency is not None and frequency is None):
            return None
        row = next((row for row in self.rows if row.holds(nominal, frequency)), None)
        if row is None:
            return None
        accuracy = getattr(instrument, row.accuracy) if isinstance(row.accuracy, str) else row.accuracy
        low, high = row.span
        return RangeLimits((low * nominal, high * nominal), accuracy.on_range(nominal))

    def lines(self, unit: str) -> Iterator[str]:
        """Yield what each range says, for people."""
        yield from (row.line(unit) for row in self.rows)

    def __str__(self) -> str:
        tellers = [self.by] if self.frequency is None else [self.by, self.frequency]
        return "by " + " and ".join(one if isinstance(one, str) else one.name for one in tellers)


def _number(teller: Teller, instrument: object, told: Mapping[Declaration, Content]) -> float | None:
    """Return what is told; None where the instrument has no value for it."""
    if isinstance(teller, str):
        return float(getattr(instrument, teller))
    try:
        return cast("Numeric", teller).decode(told[teller])
    except InstrumentError:
        return None


def _total(ranges: tuple[tuple[float, float], ...]) -> float:
    return sum(part * nominal for part, nominal in ranges)
