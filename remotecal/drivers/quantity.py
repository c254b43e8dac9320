"""What readings and settings have in common: a unit, a span, a limit of error, by range if need be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from remotecal.drivers.contents import OVERLOAD, number_in
from remotecal.drivers.declarations import Asked, Declaration, Obtained
from remotecal.drivers.measured import Measured
from remotecal.drivers.ranges import RangeLimits, Ranges
from remotecal.drivers.talks import Talk, talked
from remotecal.errors import InstrumentError

if TYPE_CHECKING:
    from remotecal.drivers.accuracy import Accuracy, Span
    from remotecal.drivers.contents import Content
    from remotecal.drivers.states import Spoiling


class Quantity(Declaration):
    """A statement whose value is a number with a unit."""

    unit: str
    """Short notation."""
    span: Span
    """Lowest and highest value, over all ranges, in `unit`."""
    accuracy: Accuracy
    """The maker's limit of error; where it depends on the range in force, that of the worst one."""
    ranges: Ranges | None
    """Span and limit of error by range; None where they are the same wherever."""
    unless: tuple[Spoiling, ...] = ()
    """What is asked along with it, and may spoil it."""
    limits: RangeLimits
    """Span and limit of error where they do not depend on a range; see `in_force`."""

    def _state(self, unit: str, span: Span, accuracy: Accuracy | Ranges) -> None:
        if not span[0] < span[1]:
            raise ValueError(f"span {span} must rise")
        self.unit, self.span = unit, span
        self.ranges = accuracy if isinstance(accuracy, Ranges) else None
        self.accuracy = accuracy.worst if isinstance(accuracy, Ranges) else accuracy
        self.limits = RangeLimits(span, self.accuracy)

    def standard_uncertainty(self, value: float) -> float | None:
        """Return the type-B standard uncertainty by the maker's limit of error, rectangular, in `unit`.

        None where the maker makes no claim: no limit is stated, or the value is outside the span. Where it
        depends on the range in force, it is that of the worst one; see `in_force`.
        """
        return self.limits.standard_uncertainty(value)

    def in_force(self, instrument: Asked, told: Mapping[Declaration, Content]) -> RangeLimits | None:
        """Return span and limit of error as an instrument is set; see `Ranges.in_force`."""
        return self.limits if self.ranges is None else self.ranges.in_force(instrument, told)

    def decode(self, content: Content) -> float:
        """Return the number behind what stood on the wire.

        Raises:
            GarbledReply: it is no number.
            InstrumentError: the instrument says it has none.
        """
        raise NotImplementedError

    @property
    def is_plain(self) -> bool:
        """Whether a number within the span that stands on the wire is always the value."""
        return max(map(abs, self.span)) < OVERLOAD


class Measurable(Asked, Protocol):
    """The instrument as its quantities see it that are measured."""

    measured_before: dict[tuple[Quantity, ...], Measuring]
    """How quantities are measured together that were before, for `measuring`."""
    heeds: bool
    """Whether what it reports beside its readings is asked; in journals from before that it is not."""


class Row(NamedTuple):
    """How one quantity of an instrument is measured."""

    quantity: Quantity
    low: float
    """From here to `high` a number on the wire is the value; nowhere where it may mean something else."""
    high: float
    line: tuple[float, float] | None
    """Within these, the maker's uncertainty: part of the magnitude, and a constant; None for no claim."""
    unit: str
    source: str


class Spoiler(NamedTuple):
    """What an instrument reports beside one of its quantities."""

    source: str
    """Instrument and quantity."""
    reported: Spoiling
    place: int
    """Where it stands among what is asked."""

    def see(self, content: Content) -> None:
        """Raise `InstrumentError` if what is reported spoils the quantity."""
        if spoilt := self.reported.spoilt(content):
            raise InstrumentError(
                f"{self.source} has no valid value: {self.reported.name} says {spoilt}; see to it at the "
                "instrument"
            )


class Measuring(NamedTuple):
    """How quantities of an instrument are measured together."""

    asked: tuple[Declaration, ...]
    """The quantities, and behind them what tells their ranges, and what spoils them."""
    rows: tuple[Row, ...]
    spoilers: tuple[Spoiler, ...]


def measure(instrument: Measurable, quantities: tuple[Quantity, ...]) -> tuple[Measured, ...]:
    """Ask an instrument for quantities, and along with them for what tells their ranges and spoils them.

    Returns:
        One `Measured` per quantity, in the order asked, with the maker's uncertainty.

    Raises:
        LinkError: no right answer came.
        InstrumentError: the instrument has no valid value, or reports what spoils it.
    """
    prepared = instrument.measured_before.get(quantities) or _prepared(instrument, quantities)
    obtained = talked(instrument.link, instrument.conversation(*prepared.asked))
    return _measured(instrument, prepared, obtained)


async def ameasure(instrument: Measurable, quantities: tuple[Quantity, ...]) -> tuple[Measured, ...]:
    """Ask an instrument for quantities in the running event loop; as `measure`."""
    prepared = instrument.measured_before.get(quantities) or _prepared(instrument, quantities)
    return _measured(instrument, prepared, await instrument.aobtain(*prepared.asked))


def measuring(instrument: Measurable, quantities: tuple[Quantity, ...]) -> Talk[tuple[Measured, ...]]:
    """Say what `measure` asks, and understand the replies, for whoever carries it."""
    prepared = instrument.measured_before.get(quantities) or _prepared(instrument, quantities)
    obtained = yield from instrument.conversation(*prepared.asked)
    return _measured(instrument, prepared, obtained)


def _measured(
    instrument: Measurable, prepared: Measuring, obtained: tuple[Obtained, ...]
) -> tuple[Measured, ...]:
    """Return what was measured, from what stood on the wire."""
    asked, rows, spoilers = prepared
    found: list[Measured] = []
    for (quantity, low, high, line, unit, source), (content, at, exchange) in zip(rows, obtained):  # noqa: B905  what tells the ranges stands behind
        value = content if low > high or type(content) is float else number_in(quantity, content)
        if type(value) is float and low <= value <= high:
            u = line and line[0] * abs(value) + line[1]
        else:
            value = quantity.decode(content)
            u = _uncertainty(instrument, quantity, value, asked, obtained)
        found.append(_made(Measured, (value, unit, u, source, at, exchange)))
    for spoiler in spoilers:
        spoiler.see(obtained[spoiler.place][0])
    return tuple(found)


def _uncertainty(
    instrument: Measurable,
    quantity: Quantity,
    value: float,
    asked: tuple[Declaration, ...],
    obtained: tuple[Obtained, ...],
) -> float | None:
    """Return the maker's uncertainty of a value as the instrument is set; None where none is claimed."""
    told: Mapping[Declaration, Content] = {}
    if quantity.ranges is not None:
        told = {one: content for one, (content, _, _) in zip(asked, obtained, strict=True)}
    limits = quantity.in_force(instrument, told)
    return None if limits is None else limits.standard_uncertainty(value)


_made = tuple.__new__
"""Makes a `Measured` in a third of the time its constructor takes, which a scan takes once a value."""


def _prepared(instrument: Measurable, quantities: tuple[Quantity, ...]) -> Measuring:
    """Return how quantities are measured, found out once for each combination."""
    asked: dict[Declaration, None] = dict.fromkeys(quantities)
    rows, reported = [], []
    for item in quantities:
        low, high = item.span if item.is_plain and item.ranges is None else (math.inf, -math.inf)
        source = f"{instrument.name}.{item.name}"
        rows.append(Row(item, low, high, item.limits.line, item.unit, source))
        asked |= dict.fromkeys(item.ranges.asked if item.ranges else ())
        if instrument.heeds:
            asked |= dict.fromkeys(item.unless)
            reported += [(source, one) for one in item.unless]
    if len(instrument.measured_before) >= MOST_COMBINATIONS:
        instrument.measured_before.clear()
    whole = (*quantities, *(one for one in asked if one not in quantities))
    spoilers = tuple(Spoiler(source, one, whole.index(one)) for source, one in reported)
    prepared = instrument.measured_before[quantities] = Measuring(whole, tuple(rows), spoilers)
    return prepared


MOST_COMBINATIONS = 256
"""Combinations of quantities of an instrument of which is kept how they are measured."""
