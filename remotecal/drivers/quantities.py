"""What an instrument can be asked and told: the statements of a driver's class body.

Read from the class a statement gives the declaration itself, with no instrument; read from an
instrument it gives something to call:

```python
Orrin7.flow.accuracy      # the declaration
meter.flow.read()         # Measured
```
"""

from __future__ import annotations

import math
from enum import Enum, IntFlag
from typing import TYPE_CHECKING, Generic, TypeVar, cast, overload

from remotecal.drivers.accuracy import UNSTATED, Accuracy, Span
from remotecal.drivers.codecs import Register
from remotecal.drivers.contents import (
    Code,
    Content,
    equivalent,
    identical,
    is_conventional,
    number_in,
    without_value,
)
from remotecal.drivers.declarations import Asked, Declaration, Held, Step, settle
from remotecal.drivers.measured import Measured
from remotecal.errors import GarbledReply, InstrumentError, OutOfSpan
from remotecal.numerals import read_number

if TYPE_CHECKING:
    from remotecal.drivers.codecs import Codec

E = TypeVar("E", bound=Enum)
F = TypeVar("F", bound=IntFlag)


class Reading(Declaration):
    """A quantity the instrument indicates.

    Args:
        wire: where it lives.
        unit: short notation, as in "m3/h".
        span: lowest and highest value the accuracy holds for, in `unit`.
        accuracy: the maker's limit of error, `EXACT` or `UNSTATED`.
        wraps: a counter that starts again at zero: True where it does so one step behind `span[1]` (a step
            is the register's scale, or 1), or the value it never reaches.
        no_value: what the instrument sends where it has no value, beyond NaN, infinity, SCPI's
            overload and the words displays have for it: numbers as they stand on the wire (an
            integer register's content, not scaled), and words.
        takes: longest time the instrument may take to answer, in seconds, where that is longer than
            the wire's `slowest_reply`.
    """

    def __init__(
        self,
        wire: Codec,
        unit: str,
        *,
        span: Span,
        accuracy: Accuracy,
        wraps: float = False,
        no_value: tuple[Code, ...] = (),
        takes: float | None = None,
    ) -> None:
        super().__init__(wire)
        if not span[0] < span[1]:
            raise ValueError(f"span {span} must rise")
        self.no_value = no_value
        self._codes = tuple(code for code in no_value if not isinstance(code, str))
        self._words = frozenset(code.upper() for code in no_value if isinstance(code, str))
        self.unit, self.span, self.accuracy, self.takes = unit, span, accuracy, takes
        self.modulus = _modulus(wire, span, wraps)
        """What a counter that wraps counts up to before it is 0 again, in `unit`; None for all others."""
        self._uncertainty = accuracy.uncertainty_line(span)

    def standard_uncertainty(self, value: float) -> float | None:
        """Return the type-B standard uncertainty by the maker's limit of error, rectangular, in `unit`.

        None where the maker makes no claim: no limit is stated, or the value is outside the span.
        """
        if self._uncertainty is None or not self.span[0] <= value <= self.span[1]:
            return None
        slope, constant = self._uncertainty
        return slope * abs(value) + constant

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
        if not self.span[0] <= value <= self.span[1] and self._is_conventional(value):
            raise without_value(self, content)
        if self._codes and self._is_stated(value):
            raise without_value(self, content)
        return value

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
        return self if instrument is None else BoundReading(self, cast("Asked", instrument))


def _modulus(wire: Codec, span: Span, wraps: float) -> float | None:
    if not wraps:
        return None
    modulus = span[1] + float(getattr(wire, "scale", 1.0)) if isinstance(wraps, bool) else wraps
    if not modulus > span[0]:
        raise ValueError(f"a counter over {span} can't wrap at {modulus}")
    return modulus


class BoundReading:
    """A quantity of one instrument; `read` asks for it."""

    __slots__ = ("declaration", "instrument", "source")

    def __init__(self, declaration: Reading, instrument: Asked) -> None:
        self.declaration = declaration
        self.instrument = instrument
        self.source = f"{instrument.name}.{declaration.name}"

    def read(self) -> Measured:
        """Ask the instrument.

        Raises:
            LinkError: no right answer came.
            InstrumentError: the instrument has no valid value.
        """
        ((content, at, exchange),) = self.instrument.obtain(self.declaration)
        return self.measured(content, at, exchange)

    def measured(self, content: Content, at: float, exchange: int | None) -> Measured:
        """Return what a reply's content means, with the maker's uncertainty."""
        quantity = self.declaration
        value = quantity.decode(content)
        return Measured(value, quantity.unit, quantity.standard_uncertainty(value), self.source, at, exchange)


class Setting(Held):
    """A quantity the instrument holds at a value it is told.

    Args:
        wire: where it lives.
        unit: short notation.
        span: lowest and highest value that may be set, in `unit`.
        accuracy: how well the instrument holds it, where the maker says so.
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
        accuracy: Accuracy = UNSTATED,
        takes: float | None = None,
        confirmed: bool = False,
    ) -> None:
        super().__init__(wire, takes, confirmed=confirmed)
        self.unit, self.span, self.accuracy = unit, span, accuracy

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
        return self if instrument is None else BoundSetting(self, cast("Asked", instrument))


class BoundSetting:
    """A setting of one instrument."""

    __slots__ = ("declaration", "instrument")

    def __init__(self, declaration: Setting, instrument: Asked) -> None:
        self.declaration = declaration
        self.instrument = instrument

    def set(self, value: float, unit: str | None = None) -> None:
        """Tell the instrument, and see that it took the value.

        Raises:
            OutOfSpan: before anything is sent.
            UnitError: `unit` is of another dimension; nothing was sent.
            InstrumentError: the instrument refused.
        """
        if unit is not None and unit != self.declaration.unit:
            from remotecal.units import convert

            value = convert(value, unit, self.declaration.unit)
        settle(self.instrument, self.declaration, self.declaration.encode(value))

    def read(self) -> Measured:
        """Ask which value is set."""
        ((content, at, exchange),) = self.instrument.obtain(self.declaration)
        quantity = self.declaration
        source = f"{self.instrument.name}.{quantity.name}"
        return Measured(quantity.decode(content), quantity.unit, None, source, at, exchange)


class Choice(Held, Generic[E]):
    """One of a few named states; the members' values are what stands on the wire.

    Args:
        wire: where it lives.
        options: the states.
        takes, confirmed: as for a `Setting`.
    """

    def __init__(
        self, wire: Codec, options: type[E], *, takes: float | None = None, confirmed: bool = False
    ) -> None:
        super().__init__(wire, takes, confirmed=confirmed)
        self.options = options

    def decode(self, content: Content) -> E:
        """Return the member (GarbledReply where there is none for what stood on the wire).

        Quotation marks around a word and the form of a number (1, +1.0E+00) make no difference.
        """
        for same in (identical, equivalent):
            for member in self.options:
                if same(content, member.value):
                    return member
        raise GarbledReply(f"{self!r}: {content!r} is none of {[m.value for m in self.options]}")

    def encode(self, value: E) -> Content:
        """Return what stands on the wire for a member (OutOfSpan for anything else)."""
        if not isinstance(value, self.options):
            raise OutOfSpan(f"{self!r} can be one of {[m.name for m in self.options]}, not {value!r}")
        content: Content = value.value
        return content

    def agrees(self, found: Content, wanted: Content) -> bool:
        """Tell whether what was found is the state wanted."""
        try:
            return self.decode(found) is self.decode(wanted)
        except GarbledReply:
            return False

    def to(self, value: E) -> Step:
        """Return the step that chooses `value`, for a safe state or an expectation."""
        return Step(self, self.encode(value))

    def show(self, content: Content) -> str:
        """Return a state as people read it; what stands on the wire where it is none."""
        try:
            return self.decode(content).name
        except GarbledReply:
            return repr(content)

    @overload
    def __get__(self, instrument: None, owner: type) -> Choice[E]: ...
    @overload
    def __get__(self, instrument: object, owner: type) -> BoundChoice[E]: ...
    def __get__(self, instrument: object, owner: type) -> Choice[E] | BoundChoice[E]:
        return self if instrument is None else BoundChoice(self, cast("Asked", instrument))


class BoundChoice(Generic[E]):
    """A choice of one instrument."""

    __slots__ = ("declaration", "instrument")

    def __init__(self, declaration: Choice[E], instrument: Asked) -> None:
        self.declaration = declaration
        self.instrument = instrument

    def set(self, value: E) -> None:
        """Tell the instrument which, and see that it took it."""
        settle(self.instrument, self.declaration, self.declaration.encode(value))

    def read(self) -> E:
        """Ask which state it is in."""
        ((content, _, _),) = self.instrument.obtain(self.declaration)
        return self.declaration.decode(content)


class Flags(Declaration, Generic[F]):
    """Conditions the instrument reports, one bit each."""

    def __init__(self, wire: Codec, conditions: type[F]) -> None:
        super().__init__(wire)
        self.conditions = conditions

    def decode(self, content: Content) -> F:
        """Return the conditions behind a number."""
        try:
            number = read_number(content) if isinstance(content, str) else content
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number % 1:
            raise GarbledReply(f"{self!r}: {content!r} is no set of flags")
        return self.conditions(int(number))

    @overload
    def __get__(self, instrument: None, owner: type) -> Flags[F]: ...
    @overload
    def __get__(self, instrument: object, owner: type) -> BoundFlags[F]: ...
    def __get__(self, instrument: object, owner: type) -> Flags[F] | BoundFlags[F]:
        return self if instrument is None else BoundFlags(self, cast("Asked", instrument))


class BoundFlags(Generic[F]):
    """The flags of one instrument."""

    __slots__ = ("declaration", "instrument")

    def __init__(self, declaration: Flags[F], instrument: Asked) -> None:
        self.declaration = declaration
        self.instrument = instrument

    def read(self) -> F:
        """Ask which conditions stand."""
        ((content, _, _),) = self.instrument.obtain(self.declaration)
        return self.declaration.decode(content)


class Action(Declaration):
    """Something the instrument does when told: zero, start, reset.

    Args:
        wire: where it lives.
        content: what is written there to make it happen; "" for a bare command.
        takes: longest time it may take, in seconds; the instrument answers nothing else meanwhile.
    """

    def __init__(self, wire: Codec, content: Content = "", *, takes: float = 0.0) -> None:
        super().__init__(wire)
        self.content, self.takes = content, takes

    @overload
    def __get__(self, instrument: None, owner: type) -> Action: ...
    @overload
    def __get__(self, instrument: object, owner: type) -> BoundAction: ...
    def __get__(self, instrument: object, owner: type) -> Action | BoundAction:
        return self if instrument is None else BoundAction(self, cast("Asked", instrument))


class BoundAction:
    """An action of one instrument; call it."""

    __slots__ = ("declaration", "instrument")

    def __init__(self, declaration: Action, instrument: Asked) -> None:
        self.declaration = declaration
        self.instrument = instrument

    def __call__(self) -> None:
        """Make it happen, and see that the instrument took the command."""
        self.instrument.place(self.declaration, self.declaration.content)
