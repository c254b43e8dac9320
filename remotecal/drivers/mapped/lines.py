"""What a table of lines may say: how an instrument is asked in text, and how its answers look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from remotecal.configuration import Written
from remotecal.drivers.codecs import Phrase
from remotecal.drivers.mapped.rows import Indicated, Row, State, Stated, Valued, Words
from remotecal.errors import GarbledReply

VALUE = "{value}"
"""What stands for the value in an answer and in an order."""


@dataclass(frozen=True, slots=True)
class FieldOfLine(Phrase):
    """A value in one of several fields of a line."""

    separator: str = ""
    place: int = 0

    def unwrap(self, reply: str) -> str:
        """Return the value's text (GarbledReply: the line has another form, or fewer fields)."""
        fields = reply.split() if self.separator == " " else reply.split(self.separator)
        if self.place >= len(fields):
            raise GarbledReply(f"{reply!r} has {len(fields)} fields, none at place {self.place}")
        return Phrase.unwrap(self, fields[self.place])

    def wrap(self, value: str) -> str:
        return self.separator.join(["0"] * self.place + [Phrase.wrap(self, value)])


class Answer(Written):
    """How an answer looks, and where the value is in it."""

    reply: Words = VALUE
    """How the answer looks, `{value}` in it; blanks stand for any run of blanks."""
    separator: str = Field(default="", max_length=1)
    """What parts the fields of an answer, where it has several."""
    place: int = Field(default=0, ge=0)
    """Which of the fields it is, counted from 0."""

    @model_validator(mode="after")
    def _is_said_so(self) -> Self:
        for key, values in (("ask", 0), ("reply", 1), ("order", 1)):
            line = str(getattr(self, key, None) or VALUE * values)
            if line.count(VALUE) != values or set("{}") & set(line.replace(VALUE, "")):
                raise ValueError(f"{key} has {'one' if values else 'no'} {VALUE}, and no other braces")
        if self.place and not self.separator:
            raise ValueError("place counts fields: state the separator")
        return self

    def codec(self, ask: str | None, order: str | None = None, decimals: int | None = None) -> Phrase:
        """Return where it lives on the wire: what asks for it, and what sets it."""
        if not self.separator:
            return Phrase(ask, self.reply, order, decimals)
        return FieldOfLine(ask, self.reply, order, decimals, self.separator, self.place)


class SaidSerial(Answer):
    """How an instrument is asked for its serial number."""

    ask: Words
    """The line that asks for it."""


class SaidReading(Answer, Indicated):
    """A quantity that is indicated in a line."""

    ask: Words
    """The line that asks for it."""
    no_value: tuple[str | float, ...] = ()
    """What is answered where there is no value."""
    takes: float | None = Field(default=None, gt=0, le=3600)
    """Longest time the answer may take, in s, where longer than usual."""


class SaidSetting(Answer, Valued):
    """A quantity that is set by a line."""

    ask: Words | None = None
    """The line that asks for it, where it can be asked."""
    order: Words
    """The line that sets it, `{value}` in it."""
    decimals: int | None = Field(default=None, ge=0, le=12)
    """Decimals of a number in an order; as many as it has, where not stated."""
    confirmed: bool = False
    """It is read back after each setting."""


class SaidChoice(Answer, Row):
    """One of a few states, in words."""

    ask: Words | None = None
    """The line that asks for it, where it can be asked."""
    order: Words | None = None
    """The line that sets it, `{value}` in it, where it can be set."""
    choices: dict[State, Words] = Field(min_length=2)
    """State → what stands in the line for it."""
    confirmed: bool = False
    """It is read back after each setting."""
    spoils: tuple[State, ...] = ()
    """Those in which a reading that names this row in `unless` says nothing."""

    @model_validator(mode="after")
    def _spoils_by_its_states(self) -> Self:
        if unknown := [name for name in self.spoils if name not in self.choices]:
            raise ValueError(f"spoils names {unknown[0]}, which is no state")
        return self


class SaidAction(Row):
    """Something that is done by a line."""

    order: Words
    """The line; nothing answers it."""
    takes: float = Field(default=0.0, ge=0, le=3600)
    """Longest time it may take, in s."""


class LineWay(Written):
    """How the instrument wraps its lines."""

    ending: Words
    """What ends a line that is sent."""
    reply_ending: Words | None = None
    """What ends a reply; the same where not stated."""
    slowest_reply: float = Field(default=2.0, gt=0, le=60)
    """Seconds after which a reply is no longer expected."""
    pause: float = Field(default=0.0, ge=0, le=10)
    """Seconds of silence it needs between a reply and the next request."""
    warm_up: float = Field(default=0.0, ge=0, le=60)
    """Seconds after connecting before it listens."""
    echo: bool = False
    """It sends every line back before it answers."""
    ask_again: tuple[Words, ...] = ()
    """Replies by which it says that it can't answer just now."""
    encoding: str = "ascii"
    """How text stands on the wire."""
    baud: int = Field(default=9600, gt=0)
    """Of its serial port: bits per second."""
    bits: Literal[5, 6, 7, 8] = 8
    """Of its serial port: data bits."""
    parity: Literal["N", "E", "O"] = "N"
    """Of its serial port: none, even or odd."""
    stop: float = 1
    """Of its serial port: stop bits."""


class LineTable(Stated):
    """A table of lines."""

    line: LineWay
    """How it talks."""
    begin: tuple[Words, ...] = ()
    """Lines that are sent each time it is opened, and that nothing answers, such as what stops an output."""
    serial: SaidSerial | None = None
    """How it is asked for its serial number."""
    readings: dict[Words, SaidReading] = Field(default_factory=dict)
    """Name → quantity that is indicated."""
    settings: dict[Words, SaidSetting] = Field(default_factory=dict)
    """Name → quantity that is held."""
    choices: dict[Words, SaidChoice] = Field(default_factory=dict)
    """Name → state."""
    actions: dict[Words, SaidAction] = Field(default_factory=dict)
    """Name → what is done."""
    never: tuple[Words, ...] = ()
    """What no line that is sent may contain."""
