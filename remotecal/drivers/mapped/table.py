"""What a table of registers may say: its tables and keys.

Nothing is taken for granted that differs from maker to maker: what registers are counted from, which
functions there are, the order of bytes, the limit of error. A table without them is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from remotecal.configuration import Written
from remotecal.drivers.codecs import Form, Register, RegisterCodec, Sum, Table
from remotecal.drivers.links.wire import Order
from remotecal.drivers.mapped.rows import Indicated, Row, State, Stated, Valued, Words

Number = Annotated[int, Field(ge=0, le=465_536)]


class Place(Written):
    """Where something stands."""

    coil: Number | None = None
    """Number of the coil, as the manual counts."""
    discrete: Number | None = None
    """Number of the discrete input."""
    input: Number | None = None
    """Number of the first input register."""
    holding: Number | None = None
    """Number of the first holding register."""
    type: Literal["u16", "i16", "u32", "i32", "u64", "f32", "f64"] | None = None
    """How a number stands in registers; it must be stated of every register."""
    order: Order | None = None
    """Order of the bytes, where it differs from the others."""

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> Self:
        stated = [table for table in get_args(Table) if getattr(self, table) is not None]
        if len(stated) != 1:
            raise ValueError("state exactly one of coil, discrete, input and holding")
        if stated[0] in BITS and self.type is not None:
            raise ValueError(f"a {stated[0]} has no type")
        if stated[0] not in BITS and self.type is None:
            raise ValueError(f"state the type of the {stated[0]} register, such as u16 or f32")
        return self

    @property
    def table(self) -> Table:
        """Which table of the instrument it stands in."""
        return next(table for table in get_args(Table) if getattr(self, table) is not None)

    @property
    def number(self) -> int:
        """Its number, as the manual counts."""
        found: int = getattr(self, self.table)
        return found

    @property
    def form(self) -> Form:
        """How it stands there."""
        return self.type or "bit"

    def register(self) -> Register:
        """Return the place on the wire."""
        return Register(self.table, self.number, self.form, order=self.order)


BITS = ("coil", "discrete")


class Scaled(Place, Valued):
    """A quantity in registers: their content, scaled and shifted."""

    scale: float = 1.0
    """The value is what the register holds times this …"""
    offset: float = 0.0
    """… and this added."""

    def register(self) -> Register:
        return Register(self.table, self.number, self.form, self.scale, self.order, self.offset)

    @model_validator(mode="after")
    def _has_a_scale(self) -> Self:
        if not self.scale:
            raise ValueError("scale must not be 0")
        return self


class ReadingRow(Scaled, Indicated):
    """A quantity that is indicated."""

    rest: Place | None = None
    """Where the fraction of a total stands whose whole part stands here; both are scaled."""
    no_value: tuple[float, ...] = ()
    """What the register holds where there is no value."""
    channels: tuple[int, ...] = ()
    """The channels' numbers, where it is one of several that follow each other."""
    step: int = Field(default=0, ge=0)
    """Registers from one channel to the next; as many as the type has, where not stated."""

    @model_validator(mode="after")
    def _can_be_read_so(self) -> Self:
        if len(set(self.channels)) != len(self.channels):
            raise ValueError("a channel's number stands there twice")
        if self.rest is not None and (self.channels or self.offset):
            raise ValueError("a total that has a rest has no channels and no offset")
        if self.channels and self.unless:
            raise ValueError("of one of several channels nothing is said by what stands beside all of them")
        return self

    def codec(self) -> RegisterCodec:
        """Return where it lives on the wire."""
        if self.rest is None:
            return self.register()
        return Sum(self.register(), replace(self.rest.register(), scale=self.scale))


class SettingRow(Scaled):
    """A quantity that is held where it is told."""

    confirmed: bool = False
    """It is read back after each setting."""


class Bit(Place, Row):
    """What may be a bit of a register."""

    bit: int | None = Field(default=None, ge=0, le=15)
    """Which bit of the register, 0 the least significant one; the register as a whole where not stated."""

    @model_validator(mode="after")
    def _is_of_a_word(self) -> Self:
        if self.bit is not None and self.type != "u16":
            raise ValueError('bits are counted in registers of type = "u16"')
        return self

    def register(self) -> Register:
        return Register(self.table, self.number, self.form, order=self.order, bit=self.bit)


class ChoiceRow(Bit):
    """One of a few states."""

    choices: dict[State, int] = Field(min_length=2)
    """State → what stands on the wire for it."""
    confirmed: bool = False
    """It is read back after each setting."""
    spoils: tuple[str, ...] = ()
    """Those in which a reading that names this row in `unless` says nothing."""

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        if len(set(self.choices.values())) != len(self.choices):
            raise ValueError("two states are the same on the wire")
        if unknown := [name for name in self.spoils if name not in self.choices]:
            raise ValueError(f"spoils names {unknown[0]}, which is no state")
        if self.bit is not None and not set(self.choices.values()) <= {0, 1}:
            raise ValueError("a bit is 0 or 1")
        return self


class FlagsRow(Place, Row):
    """Conditions, one bit each."""

    bits: dict[State, Annotated[int, Field(ge=0, le=31)]] = Field(min_length=1)
    """Condition → its bit, 0 the least significant one."""
    resettable: tuple[str, ...] = ()
    """Those that a run may reset with nobody looking: they say that no run was on, and nothing else."""
    spoils: tuple[str, ...] = ()
    """Those under which a reading that names this row in `unless` says nothing."""

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        if len(set(self.bits.values())) != len(self.bits):
            raise ValueError("two conditions have the same bit")
        if self.form in {"f32", "f64"}:
            raise ValueError("conditions are bits of whole numbers")
        size = 1 if self.form == "bit" else 16 * self.register().size
        if (highest := max(self.bits.values())) >= size:
            raise ValueError(f'bit {highest} is none of a register of type = "{self.form}"')
        if unknown := [name for name in self.resettable if name not in self.bits]:
            raise ValueError(f"resettable names {unknown[0]}, which is no condition")
        if unknown := [name for name in self.spoils if name not in self.bits]:
            raise ValueError(f"spoils names {unknown[0]}, which is no condition")
        return self


class ActionRow(Bit):
    """Something that is done when told."""

    content: int = 1
    """What is written to make it happen. The controller clears a bit by itself."""


class Way(Written):
    """How the instrument talks Modbus."""

    counts_from: Number
    """The number the table gives to the register whose address on the wire is 0: 0, 1, 40001, …"""
    functions: tuple[int, ...] = Field(min_length=1)
    """The functions it knows; others are never sent."""
    order: Order | None = None
    """Order of bytes in numbers of more than one register; it must be stated where there are any."""
    slowest_reply: float = Field(default=1.0, gt=0, le=60)
    """Seconds after which a reply is no longer expected."""
    pause: float = Field(default=0.0, ge=0, le=10)
    """Seconds of silence it needs between a reply and the next request."""
    longest_read: int = Field(default=125, ge=1, le=125)
    """Registers it gives in one reply."""
    longest_gap: int = Field(default=0, ge=0, le=125)
    """Registers between two rows that may be read along; none, for what is in between may not be there."""
    wide: tuple[tuple[Number, Number], ...] = ()
    """First and last number of registers that hold 32 bits at one address each, as in maps after Enron."""
    baud: int = Field(default=9600, gt=0)
    """Of its serial port: bits per second."""
    parity: Literal["N", "E", "O"] = "N"
    """Of its serial port: none, even or odd."""
    stop: float = 1
    """Of its serial port: stop bits."""


class Map(Stated):
    """A table of registers."""

    modbus: Way
    """How it talks."""
    readings: dict[Words, ReadingRow] = Field(default_factory=dict)
    """Name → quantity that is indicated."""
    settings: dict[Words, SettingRow] = Field(default_factory=dict)
    """Name → quantity that is held."""
    choices: dict[Words, ChoiceRow] = Field(default_factory=dict)
    """Name → state."""
    flags: dict[Words, FlagsRow] = Field(default_factory=dict)
    """Name → conditions."""
    actions: dict[Words, ActionRow] = Field(default_factory=dict)
    """Name → what is done."""
    never: tuple[Place, ...] = ()
    """Registers and coils that must never be written."""

    def is_wide(self, place: Place) -> bool:
        """Tell whether one address holds 32 bits where something stands."""
        return place.form != "bit" and any(first <= place.number <= last for first, last in self.modbus.wide)
