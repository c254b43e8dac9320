"""Quantities an instrument holds where it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, overload

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.contents import Content, number_in
from remotecal.drivers.declarations import Held, Step, settle
from remotecal.drivers.quantity import Measurable, Quantity, ameasure, measure
from remotecal.errors import GarbledReply, InstrumentError, OutOfSpan

if TYPE_CHECKING:
    from remotecal.drivers.accuracy import Accuracy, Span
    from remotecal.drivers.codecs import Codec
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.ranges import Ranges


class Setting(Held, Quantity):
    """A quantity the instrument holds at a value it is told.

    Args:
        wire: where it lives.
        unit: short notation.
        span: lowest and highest value that may be set, in `unit`, over all ranges.
        accuracy: how well the instrument holds it, where the maker says so; or the `Ranges` it depends on.
        takes: longest time until the instrument answers, in seconds, where longer than usual.
        confirmed: after each setting the instrument is asked for the value, and must tell it; for
            instruments and lines whose acknowledgement says nothing, such as an echo.
    """

    def __init__(
        self,
        wire: Codec,
        unit: str,
        *,
        span: Span,
        accuracy: Accuracy | Ranges = UNSTATED,
        takes: float | None = None,
        confirmed: bool = False,
    ) -> None:
        super().__init__(wire, takes, confirmed=confirmed)
        self._state(unit, span, accuracy)

    def encode(self, value: float) -> float:
        """Return the value if it may be set.

        Raises:
            OutOfSpan: it lies outside the span, or is no number.
        """
        low, high = self.span
        if isinstance(value, bool) or not low <= value <= high:
            raise OutOfSpan(f"{self!r} can be set from {low:g} to {high:g} {self.unit}, not to {value:g}")
        return value

    def decode(self, content: Content) -> float:
        """Return the number behind what stood on the wire.

        Raises:
            GarbledReply: it is no number.
            InstrumentError: the instrument says it has none.
        """
        return number_in(self, content)

    def agrees(self, found: Content, wanted: Content) -> bool:
        """Tell whether what was found is the value wanted, but for its rounding."""
        try:
            is_, should = self.decode(found), self.decode(wanted)
        except (GarbledReply, InstrumentError):
            return False
        return abs(is_ - should) <= 1e-6 * max(1.0, abs(should))

    def to(self, value: float) -> Step:
        """Return the step that sets `value`, for a safe state."""
        return Step(self, self.encode(value))

    def show(self, content: Content) -> str:
        """Return a value as people read it; what stands on the wire where it is none."""
        try:
            value = self.decode(content)
        except (GarbledReply, InstrumentError):
            return repr(content)
        return f"{value:g}" + ("" if self.unit == "1" else f" {self.unit}")

    @overload
    def __get__(self, instrument: None, owner: type) -> Setting: ...
    @overload
    def __get__(self, instrument: object, owner: type) -> BoundSetting: ...
    def __get__(self, instrument: object, owner: type) -> Setting | BoundSetting:
        return self if instrument is None else BoundSetting(self, cast("Measurable", instrument))


class BoundSetting:
    """A setting of one instrument."""

    __slots__ = ("declaration", "instrument")

    def __init__(self, declaration: Setting, instrument: Measurable) -> None:
        self.declaration = declaration
        self.instrument = instrument

    def set(self, value: float, unit: str | None = None) -> None:
        """Tell the instrument, and see that it took the value.

        Raises:
            OutOfSpan: before the value is sent; the instrument may have been asked for its range.
            UnitError: `unit` is of another dimension; nothing was sent.
            InstrumentError: the instrument refused.
        """
        if unit is not None and unit != self.declaration.unit:
            from remotecal.units import convert

            value = convert(value, unit, self.declaration.unit)
        content = self.declaration.encode(value)
        self._refuse_beyond_range(value)
        settle(self.instrument, self.declaration, content)

    def read(self) -> Measured:
        """Ask which value is set."""
        (measured,) = measure(self.instrument, (self.declaration,))
        return measured

    async def aread(self) -> Measured:
        """Ask which value is set, in the running event loop."""
        return (await ameasure(self.instrument, (self.declaration,)))[0]

    def _refuse_beyond_range(self, value: float) -> None:
        ranges = self.declaration.ranges
        if ranges is None:
            return
        asked = ranges.asked
        obtained = self.instrument.obtain(*asked) if asked else ()
        told = {one: content for one, (content, _, _) in zip(asked, obtained, strict=True)}
        limits = ranges.in_force(self.instrument, told)
        if limits is not None and not limits.hold(value):
            (low, high), unit = limits.span, self.declaration.unit
            raise OutOfSpan(
                f"{self.declaration!r} can be set from {low:g} to {high:g} {unit} on the range in force, not "
                f"to {value:g}"
            )
