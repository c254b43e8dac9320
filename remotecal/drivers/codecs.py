"""Where a quantity lives on the wire, in both directions.

A codec serves the driver (ask and understand, format and send) and, from the same statement, the
simulated instrument (recognise and answer). Text codecs deal in lines without their endings;
register codecs in Modbus registers, numbered as the maker's manual prints them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Literal, Protocol

from remotecal.drivers.links.wire import Order
from remotecal.errors import GarbledReply

Table = Literal["coil", "discrete", "input", "holding"]
Form = Literal["bit", "u16", "i16", "u32", "i32", "u64", "f32", "f64"]

REGISTERS_OF_FORM: dict[str, int] = {
    "bit": 1, "u16": 1, "i16": 1, "u32": 2, "i32": 2, "f32": 2, "u64": 4, "f64": 4,
}  # fmt: skip


class TextCodec(Protocol):
    """A quantity in a dialogue of lines."""

    @property
    def ask(self) -> str | None:
        """The line that asks for the value; None where it can't be asked."""
        ...

    def unwrap(self, reply: str) -> str:
        """Return the value's text from a reply.

        Raises:
            GarbledReply: the reply has another form.
        """
        ...

    def wrap(self, value: str) -> str:
        """Return the reply that carries `value`: what a simulated instrument answers."""
        ...

    def command(self, value: str) -> str | None:
        """Return the line that sets `value`; None where it can't be set."""
        ...

    def asked_by(self, line: str) -> bool:
        """Tell whether `line` asks for this value."""
        ...

    def accept(self, line: str) -> str | None:
        """Return the value a command line carries; None where the line is another command."""
        ...

    def number(self, value: float) -> str:
        """Return a number as it is written on this wire."""
        ...


def _fits(template: str, text: str) -> bool:
    """Tell whether `text` is `template` with any values for its `{settings}`."""
    return bool(re.fullmatch(re.sub(r"\\\{\w+\\\}", r"[^\\s;]+", re.escape(template)), text.strip()))


def _number(value: float, decimals: int | None) -> str:
    return f"{value:.12g}" if decimals is None else f"{value:.{decimals}f}"


@dataclass(frozen=True, slots=True)
class Scpi:
    """A SCPI header; see `scpi`."""

    header: str
    argument: str = ""
    decimals: int | None = None
    place: int | None = None
    short: str = field(init=False)
    ask: str = field(init=False)
    spelling: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tokens = _HEADER.findall(self.header)
        sent = (token for token in tokens if token[0] == "{" or not (token.islower() or token[0] == "["))
        short = "".join(sent)
        object.__setattr__(self, "short", short)
        object.__setattr__(self, "ask", f"{short}? {self.argument}" if self.argument else f"{short}?")
        words = "".join(map(_spelling, tokens))
        object.__setattr__(self, "spelling", re.compile(f":?{words}", re.IGNORECASE))

    def unwrap(self, reply: str) -> str:
        """Return the value's text, without the header of an instrument that sends it along.

        Raises:
            GarbledReply: the reply lists fewer values than there should be.
        """
        reply = reply.strip()
        header, blank, value = reply.partition(" ")
        if blank and self.spelling.fullmatch(header):
            reply = value.strip()
        if self.place is None:
            return reply
        try:
            return reply.split(",")[self.place].strip()
        except IndexError:
            raise GarbledReply(f"{reply!r} lists fewer than {self.place + 1} values") from None

    def wrap(self, value: str) -> str:
        return "0, " * (self.place or 0) + value

    def command(self, value: str) -> str:
        return f"{self.short} {value},{self.argument}" if self.argument else f"{self.short} {value}"

    def asked_by(self, line: str) -> bool:
        header, _, argument = line.strip().partition("?")
        return "?" in line and bool(self.spelling.fullmatch(header)) and _fits(self.argument, argument)

    def accept(self, line: str) -> str | None:
        header, _, value = line.strip().partition(" ")
        if "?" in line or not value or not self.spelling.fullmatch(header):
            return None
        if not self.argument:
            return value.strip()
        value, _, argument = value.strip().partition(",")
        return value if _fits(self.argument, argument) else None

    def number(self, value: float) -> str:
        return _number(value, self.decimals)


_HEADER = re.compile(r"\[[^]]*\]|\{\w+\}|[a-z]+|[^][a-z{]+")
"""A header's parts: default nodes in brackets, settings in braces, what may be left out, the rest."""


def _spelling(token: str) -> str:
    """Return the pattern of one part of a header as instruments and people may write it."""
    if token.startswith("["):
        return f"(?:{''.join(map(_spelling, _HEADER.findall(token[1:-1])))})?"
    if token.startswith("{"):
        return r"\w*"
    return f"(?:{token})?" if token.islower() else re.escape(token)


def scpi(header: str, argument: str = "", *, decimals: int | None = None, place: int | None = None) -> Scpi:
    """Place a quantity behind a SCPI header, spelled as manuals do: `MEASure:FLOW`.

    The short form is sent; a simulated instrument takes both. `argument` stands behind every query
    and setting, such as a channel list; `decimals` is how many the instrument wants in a setting.
    A `{setting}` in it, or in the header, is filled in by the driver, such as `{channel}`. What manuals
    put in brackets is not sent, and understood where the instrument sends it along with its answer.
    `place` says which value it is, from 0, where the answer lists several.

    >>> scpi("SOURce:FLOW", decimals=2).command("5.00")
    'SOUR:FLOW 5.00'
    >>> scpi("FETCh", "(@2)").ask
    'FETC? (@2)'
    >>> scpi("SOURce{module}:PRESsure[:LEVel]").unwrap(":SOUR2:PRES:LEV 5.0")
    '5.0'
    """
    return Scpi(header, argument, decimals, place)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A question and its answer in an older dialect; see `phrase`."""

    ask: str | None
    reply: str = "{value}"
    order: str | None = None
    decimals: int | None = None
    pattern: re.Pattern[str] = field(init=False, repr=False)
    orders: re.Pattern[str] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", _pattern(self.reply))
        object.__setattr__(self, "orders", _pattern(self.order) if self.order else None)

    def unwrap(self, reply: str) -> str:
        found = self.pattern.fullmatch(reply.strip())
        if found is None:
            raise GarbledReply(f"{reply!r} does not have the form {self.reply!r}")
        return found["value"]

    def wrap(self, value: str) -> str:
        return self.reply.format(value=value)

    def command(self, value: str) -> str | None:
        return None if self.order is None else self.order.format(value=value)

    def asked_by(self, line: str) -> bool:
        return self.ask is not None and _fits(self.ask, line)

    def accept(self, line: str) -> str | None:
        found = self.orders.fullmatch(line.strip()) if self.orders else None
        return found["value"] if found else None

    def number(self, value: float) -> str:
        return _number(value, self.decimals)


def _pattern(template: str) -> re.Pattern[str]:
    """Turn "T= {value:>6} 'C" into a pattern that takes any run of blanks for each blank."""
    before, _, after = re.sub(r"\{value[^}]*\}", "\0", template).partition("\0")
    around = [r"\s*".join(map(re.escape, part.split())) for part in (before, after)]
    return re.compile(rf"\s*{around[0]}\s*(?P<value>[^\s,;]+?)\s*{around[1]}\s*")


def phrase(
    ask: str | None, reply: str = "{value}", *, order: str | None = None, decimals: int | None = None
) -> Phrase:
    """Place a quantity in a line dialogue: what asks, how the answer looks, what sets.

    >>> phrase("t", "t: {value} C").unwrap("t:   23.105 C")
    '23.105'
    """
    return Phrase(ask, reply, order, decimals)


@dataclass(frozen=True, slots=True)
class Register:
    """One value in Modbus registers (or one coil), as the maker's manual numbers them."""

    table: Table
    number: int
    form: Form
    scale: float = 1.0
    """The quantity is the register's content times this."""
    order: Order | None = None
    """Order of the bytes, where it differs from the instrument's other numbers."""
    offset: float = 0.0
    """What is added to that."""
    bit: int | None = None
    """The value is this bit alone, 0 the least significant one; other statements may have the others."""
    codes: tuple[tuple[float, float], ...] = ()
    """The value each content stands for, where that is another number."""

    @property
    def size(self) -> int:
        """Registers (or coils) the value takes."""
        return REGISTERS_OF_FORM[self.form]

    @property
    def parts(self) -> tuple[Register, ...]:
        return (self,)

    @property
    def is_plain(self) -> bool:
        """Whether the quantity's value is the one part's content."""
        return self.scale == 1 and not self.offset and self.bit is None and not self.codes

    def join(self, contents: tuple[float, ...]) -> float:
        """Return the quantity's value from the parts' contents (GarbledReply: it has no meaning)."""
        content = contents[0] if self.bit is None else int(contents[0]) >> self.bit & 1
        for code, value in self.codes:
            if code == content:
                return value
        if self.codes:
            raise GarbledReply(f"{self.table} {self.number} holds {content:g}, which stands for nothing")
        return content if self.is_plain else content * self.scale + self.offset

    def is_sentinel(self, value: float) -> bool:
        """Tell whether a value is one of the bit patterns by which integer registers say "none".

        All ones of an unsigned number; the largest and the most negative signed one, whichever way
        the instrument's maker counts them (SunSpec's "not implemented", overflow and wire break of
        analog modules).
        """
        if self.form[0] not in "ui" or self.bit is not None:
            return False
        (raw,), half = self.split(value), 1 << (16 * self.size - 1)
        return int(raw) in ({2 * half - 1, half - 1, half} if self.form[0] == "u" else {half - 1, -half})

    def holds(self, value: float, code: float) -> bool:
        """Tell whether a value is what a code on the wire reads as.

        Of an integer it is these very bits, whether the code is written with a sign or without: 0x8000 is
        -32768 in a signed register. Numbers beside it, of 32 bits say, are values.
        """
        (raw,) = self.split(value)
        if self.form[0] in "ui":
            return (raw - code) % (1 << 16 * self.size) == 0
        return math.isclose(raw, code, rel_tol=1e-6)

    def split(self, value: float) -> tuple[float, ...]:
        """Return the parts' contents for a value; the inverse of `join`."""
        content = next((code for code, meant in self.codes if meant == value), None)
        if content is None:
            content = (value - self.offset) / self.scale
        if self.bit is not None:
            return (round(content) << self.bit,)
        return (content if self.form in {"f32", "f64"} else round(content),)


@dataclass(frozen=True, slots=True)
class Sum:
    """One value kept as a coarse part and a rest, so that 32 bits don't lose resolution."""

    coarse: Register
    rest: Register
    step: float = 1.0
    """The coarse part counts in multiples of this."""

    @property
    def parts(self) -> tuple[Register, ...]:
        return (self.coarse, self.rest)

    @property
    def is_plain(self) -> bool:
        return False

    def join(self, contents: tuple[float, ...]) -> float:
        return self.coarse.join(contents[:1]) + self.rest.join(contents[1:])

    def split(self, value: float) -> tuple[float, ...]:
        whole = value // self.step * self.step
        return (*self.coarse.split(whole), *self.rest.split(value - whole))


RegisterCodec = Register | Sum
Codec = TextCodec | RegisterCodec


def input_f32(number: int, *, order: Order | None = None) -> Register:
    """Float in two input registers (function 4)."""
    return Register("input", number, "f32", order=order)


def input_u16(number: int, scale: float = 1.0, *, order: Order | None = None) -> Register:
    """Unsigned integer in one input register (function 4)."""
    return Register("input", number, "u16", scale, order)


def input_i16(number: int, scale: float = 1.0, *, order: Order | None = None) -> Register:
    """Signed integer in one input register (function 4)."""
    return Register("input", number, "i16", scale, order)


def input_i32(number: int, scale: float = 1.0, *, order: Order | None = None) -> Register:
    """Signed integer in two input registers (function 4)."""
    return Register("input", number, "i32", scale, order)


def input_u32(number: int, scale: float = 1.0, *, order: Order | None = None) -> Register:
    """Unsigned integer in two input registers (function 4)."""
    return Register("input", number, "u32", scale, order)


def input_f64(number: int, *, order: Order | None = None) -> Register:
    """Double in four input registers (function 4)."""
    return Register("input", number, "f64", order=order)


def holding_f32(number: int, *, order: Order | None = None) -> Register:
    """Float in two holding registers (functions 3 and 16)."""
    return Register("holding", number, "f32", order=order)


def holding_f64(number: int, *, order: Order | None = None) -> Register:
    """Double in four holding registers (functions 3 and 16)."""
    return Register("holding", number, "f64", order=order)


def holding_u16(number: int, scale: float = 1.0, *, order: Order | None = None) -> Register:
    """Unsigned integer in one holding register (functions 3, 6 and 16)."""
    return Register("holding", number, "u16", scale, order)


def holding_i16(number: int, scale: float = 1.0, *, order: Order | None = None) -> Register:
    """Signed integer in one holding register (functions 3, 6 and 16)."""
    return Register("holding", number, "i16", scale, order)


def holding_u32(number: int, scale: float = 1.0, *, order: Order | None = None) -> Register:
    """Unsigned integer in two holding registers (functions 3 and 16)."""
    return Register("holding", number, "u32", scale, order)


def holding_i32(number: int, scale: float = 1.0, *, order: Order | None = None) -> Register:
    """Signed integer in two holding registers (functions 3 and 16)."""
    return Register("holding", number, "i32", scale, order)


def coil(number: int) -> Register:
    """One coil (functions 1, 5 and 15)."""
    return Register("coil", number, "bit")


def discrete(number: int) -> Register:
    """One discrete input (function 2)."""
    return Register("discrete", number, "bit")
