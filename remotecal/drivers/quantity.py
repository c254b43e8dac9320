"""What readings and settings have in common: a unit, a span, a limit of error, by range if need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remotecal.drivers.declarations import Asked, Declaration
from remotecal.drivers.measured import Measured
from remotecal.drivers.ranges import RangeLimits, Ranges

if TYPE_CHECKING:
    from remotecal.drivers.accuracy import Accuracy, Span
    from remotecal.drivers.contents import Content


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
    _limits: RangeLimits

    def _state(self, unit: str, span: Span, accuracy: Accuracy | Ranges) -> None:
        if not span[0] < span[1]:
            raise ValueError(f"span {span} must rise")
        self.unit, self.span = unit, span
        self.ranges = accuracy if isinstance(accuracy, Ranges) else None
        self.accuracy = accuracy.worst if isinstance(accuracy, Ranges) else accuracy
        self._limits = RangeLimits(span, self.accuracy)

    def standard_uncertainty(self, value: float) -> float | None:
        """Return the type-B standard uncertainty by the maker's limit of error, rectangular, in `unit`.

        None where the maker makes no claim: no limit is stated, or the value is outside the span. Where it
        depends on the range in force, it is that of the worst one; see `in_force`.
        """
        return self._limits.standard_uncertainty(value)

    def in_force(self, instrument: Asked, told: Mapping[Declaration, Content]) -> RangeLimits | None:
        """Return span and limit of error as an instrument is set; see `Ranges.in_force`."""
        return self._limits if self.ranges is None else self.ranges.in_force(instrument, told)

    def decode(self, content: Content) -> float:
        """Return the number behind what stood on the wire.

        Raises:
            GarbledReply: it is no number.
            InstrumentError: the instrument says it has none.
        """
        raise NotImplementedError


def measure(instrument: Asked, quantities: Sequence[Quantity]) -> tuple[Measured, ...]:
    """Ask an instrument for quantities, and along with them for what tells their ranges.

    Returns:
        One `Measured` per quantity, in the order asked, with the maker's uncertainty.

    Raises:
        LinkError: no right answer came.
        InstrumentError: the instrument has no valid value.
    """
    asked: list[Declaration] = list(quantities)
    ranged = [quantity.ranges for quantity in quantities if quantity.ranges is not None]
    asked += dict.fromkeys(one for ranges in ranged for one in ranges.asked if one not in asked)
    obtained = instrument.obtain(*asked)
    told: dict[Declaration, Content] = {}
    if ranged:
        told = {one: content for one, (content, _, _) in zip(asked, obtained, strict=True)}
    found: list[Measured] = []
    for quantity, (content, at, exchange) in zip(quantities, obtained, strict=False):
        value = quantity.decode(content)
        limits = quantity.in_force(instrument, told)
        u = None if limits is None else limits.standard_uncertainty(value)
        source = f"{instrument.name}.{quantity.name}"
        found.append(Measured(value, quantity.unit, u, source, at, exchange))
    return tuple(found)
