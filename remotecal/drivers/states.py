"""States an instrument is in, conditions it reports, and what it does when told."""

from __future__ import annotations

import math
from collections.abc import Collection
from enum import Enum, IntFlag
from typing import TYPE_CHECKING, Generic, TypeVar, cast, overload

from remotecal.drivers.contents import Content, equivalent, identical
from remotecal.drivers.declarations import Asked, Declaration, Held, Step, settle
from remotecal.errors import GarbledReply, OutOfSpan
from remotecal.numerals import read_number

if TYPE_CHECKING:
    from remotecal.drivers.codecs import Codec

E = TypeVar("E", bound=Enum)
F_co = TypeVar("F_co", bound=IntFlag, covariant=True)


class Spoiling(Declaration):
    """A statement that may tell of readings beside it that they say nothing now."""

    @property
    def spoiling(self) -> str:
        """What spoils them, in words."""
        raise NotImplementedError

    def spoilt(self, content: Content) -> str:
        """Return by what readings are spoilt, in words; "" where they are not."""
        raise NotImplementedError


class Choice(Held, Spoiling, Generic[E]):
    """One of a few named states; the members' values are what stands on the wire.

    Args:
        wire: where it lives.
        options: the states.
        takes, confirmed: as for a `Setting`.
        spoils: the states in which a value says nothing, of readings that are to be had `unless` of it.
    """

    def __init__(
        self,
        wire: Codec,
        options: type[E],
        *,
        takes: float | None = None,
        confirmed: bool = False,
        spoils: Collection[E] = (),
    ) -> None:
        super().__init__(wire, takes, confirmed=confirmed)
        self.options, self.spoils = options, spoils

    def decode(self, content: Content) -> E:
        """Return the member (GarbledReply where there is none for what stood on the wire).

        Quotation marks around a word and the form of a number (1, +1.0E+00) make no difference.
        """
        for same in (identical, equivalent):
            for member in self.options:
                if same(content, member.value):
                    return member
        raise GarbledReply(f"{self!r}: {content!r} is none of {[m.value for m in self.options]}")

    @property
    def spoiling(self) -> str:
        return ", ".join(state.name for state in self.spoils)

    def spoilt(self, content: Content) -> str:
        found = self.decode(content)
        return found.name if found in self.spoils else ""

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

    async def aread(self) -> E:
        """Ask which state it is in, in the running event loop."""
        ((content, _, _),) = await self.instrument.aobtain(self.declaration)
        return self.declaration.decode(content)


class Flags(Spoiling, Generic[F_co]):
    """Conditions the instrument reports, one bit each.

    Args:
        wire: where they live.
        conditions: what each bit means.
        resettable: those that a run may reset before it begins, with nobody looking: they say that no run
            was on, and nothing else. None unless stated.
        spoils: those under which a value says nothing, of readings that are to be had `unless` of them.
    """

    def __init__(
        self,
        wire: Codec,
        conditions: type[F_co],
        *,
        resettable: IntFlag | None = None,
        spoils: IntFlag | None = None,
    ) -> None:
        super().__init__(wire)
        self.conditions = conditions
        self.resettable = conditions(0 if resettable is None else resettable)
        self.spoils = conditions(0 if spoils is None else spoils)

    def decode(self, content: Content) -> F_co:
        """Return the conditions behind a number (GarbledReply: it is none)."""
        try:
            number = read_number(content) if isinstance(content, str) else content
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number % 1:
            raise GarbledReply(f"{self!r}: {content!r} is no set of flags")
        return self.conditions(int(number))

    @property
    def spoiling(self) -> str:
        return names_of(self.spoils)

    def spoilt(self, content: Content) -> str:
        return names_of(self.decode(content) & self.spoils)

    @overload
    def __get__(self, instrument: None, owner: type) -> Flags[F_co]: ...
    @overload
    def __get__(self, instrument: object, owner: type) -> BoundFlags[F_co]: ...
    def __get__(self, instrument: object, owner: type) -> Flags[F_co] | BoundFlags[F_co]:
        return self if instrument is None else BoundFlags(self, cast("Asked", instrument))


class BoundFlags(Generic[F_co]):
    """The flags of one instrument."""

    __slots__ = ("declaration", "instrument")

    def __init__(self, declaration: Flags[F_co], instrument: Asked) -> None:
        self.declaration = declaration
        self.instrument = instrument

    def read(self) -> F_co:
        """Ask which conditions stand."""
        ((content, _, _),) = self.instrument.obtain(self.declaration)
        return self.declaration.decode(content)

    async def aread(self) -> F_co:
        """Ask which conditions stand, in the running event loop."""
        ((content, _, _),) = await self.instrument.aobtain(self.declaration)
        return self.declaration.decode(content)


def names_of(standing: IntFlag) -> str:
    """Return the conditions that stand, in words; bits that mean nothing by their sum."""
    nameless = standing.value - sum(one.value for one in standing)
    return ", ".join([*(str(one.name) for one in standing), *([str(nameless)] if nameless else [])])


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
