"""Quantities an instrument indicates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast, overload

from remotecal.drivers.codecs import Register
from remotecal.drivers.contents import Code, Content, is_conventional, number_in, without_value
from remotecal.drivers.declarations import declared
from remotecal.drivers.quantity import Measurable, Quantity, ameasure, measure

if TYPE_CHECKING:
    from remotecal.drivers.accuracy import Accuracy, Span
    from remotecal.drivers.codecs import Codec
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.ranges import Ranges
    from remotecal.drivers.states import Spoiling


class Reading(Quantity):
    """A quantity the instrument indicates.

    Args:
        wire: where it lives.
        unit: short notation, as in "m3/h".
        span: lowest and highest value the accuracy holds for, in `unit`, over all ranges.
        accuracy: the maker's limit of error, `EXACT` or `UNSTATED`; or the `Ranges` it depends on.
        wraps: a counter that starts again at zero: True where it does so one step behind `span[1]` (a step
            is the register's scale, or 1), or the value it never reaches.
        no_value: what the instrument sends where it has no value, beyond NaN, infinity, SCPI's
            overload and the words displays have for it: numbers as they stand on the wire (an
            integer register's content, not scaled), and words.
        takes: longest time the instrument may take to answer, in seconds, where that is longer than
            the wire's `slowest_reply`.
        unless: flags or states the instrument reports beside it; asked along with every reading, which is
            refused under what they are said to spoil it.
    """

    def __init__(
        self,
        wire: Codec,
        unit: str,
        *,
        span: Span,
        accuracy: Accuracy | Ranges,
        wraps: float = False,
        no_value: tuple[Code, ...] = (),
        takes: float | None = None,
        unless: Sequence[Spoiling] = (),
    ) -> None:
        super().__init__(wire)
        self._state(unit, span, accuracy)
        self.unless = tuple(unless)
        self.no_value = no_value
        self._codes = tuple(code for code in no_value if not isinstance(code, str))
        self._words = frozenset(code.upper() for code in no_value if isinstance(code, str))
        self.takes = takes
        self.modulus = _modulus(wire, span, wraps)
        """What a counter that wraps counts up to before it is 0 again, in `unit`; None for all others."""

    def decode(self, content: Content) -> float:
        """Return the number behind what stood on the wire.

        Raises:
            GarbledReply: it is no number.
            InstrumentError: the instrument says it has no valid value: by NaN, infinity or overload,
                by what the driver states in `no_value`, or, outside the span, by what others use for
                it (an integer register full of ones, 9999, 1E+9).
        """
        if self._words and isinstance(content, str) and content.strip().upper() in self._words:
            raise without_value(self, content)
        value = number_in(self, content)
        low, high = self.span
        if not low <= value <= high and self._is_conventional(value):
            raise without_value(self, content)
        if self._codes and self._is_stated(value):
            raise without_value(self, content)
        return value

    @property
    def is_plain(self) -> bool:
        return super().is_plain and not self.no_value

    def _is_stated(self, value: float) -> bool:
        """Tell whether a value is one of the codes the driver states, as it stood on the wire."""
        if isinstance(self.wire, Register):
            return any(self.wire.holds(value, code) for code in self._codes)
        return any(math.isclose(value, code, rel_tol=1e-6) for code in self._codes)

    def _is_conventional(self, value: float) -> bool:
        if isinstance(self.wire, Register) and self.wire.is_sentinel(value):
            return True
        return is_conventional(value)

    @overload
    def __get__(self, instrument: None, owner: type) -> Reading: ...
    @overload
    def __get__(self, instrument: object, owner: type) -> BoundReading: ...
    def __get__(self, instrument: object, owner: type) -> Reading | BoundReading:
        return self if instrument is None else BoundReading(self, cast("Measurable", instrument))


def _modulus(wire: Codec, span: Span, wraps: float) -> float | None:
    if not wraps:
        return None
    modulus = span[1] + float(getattr(wire, "scale", 1.0)) if isinstance(wraps, bool) else wraps
    if not modulus > span[0]:
        raise ValueError(f"a counter over {span} can't wrap at {modulus}")
    return modulus


class BoundReading:
    """A quantity of one instrument; `read` asks for it."""

    __slots__ = ("declaration", "instrument")

    def __init__(self, declaration: Reading, instrument: Measurable) -> None:
        self.declaration = declaration
        self.instrument = instrument

    @property
    def source(self) -> str:
        """Instrument and quantity, as what is read says it: "balance.mass"."""
        return f"{self.instrument.name}.{self.declaration.name}"

    def read(self) -> Measured:
        """Ask the instrument.

        Raises:
            LinkError: no right answer came.
            InstrumentError: the instrument has no valid value.
        """
        return measure(self.instrument, (self.declaration,))[0]

    async def aread(self) -> Measured:
        """Ask the instrument in the running event loop; as `read`."""
        return (await ameasure(self.instrument, (self.declaration,)))[0]


def moduli(driver: type) -> dict[str, float]:
    """Return the counters of a driver that wrap, each with what it wraps at."""
    return {
        item.name: item.modulus
        for item in declared(driver)
        if isinstance(item, Reading) and item.modulus is not None
    }


def spoilers(driver: type) -> dict[str, list[str]]:
    """Return the readings of a driver that something may spoil, each with what is asked along with it."""
    return {
        item.name: [one.name for one in item.unless]
        for item in declared(driver)
        if isinstance(item, Reading) and item.unless
    }
