"""Sartorius balances that speak SBI: an escape character and a letter ask, a line of fixed columns answers.

Source: Sartorius, operating instructions of Cubis MSE (commands) and of GC, WZA and Practum (lines).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import Balance
from remotecal.drivers.codecs import TextCodec, phrase
from remotecal.drivers.declarations import Declaration, Obtained
from remotecal.drivers.instrument import Identity, known_serial
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links.wire import Line, Serial
from remotecal.drivers.quantities import Action, Reading
from remotecal.drivers.talks import Talk
from remotecal.drivers.weights import SETTLING, AskedWeight, from_kilograms, in_kilograms
from remotecal.errors import GarbledReply, InstrumentError

LOOK: Final = 0.5
"""Seconds between two looks at a pan that has not come to rest."""

COLUMNS: Final = 8
"""Columns of a line's digits, the decimal point among them."""

MOVING: Final = "   "
"""The unit's columns as long as the balance finds the weight unstable."""

_NUMBER = re.compile(r"\d*\.?\d+")
_WEIGHS = re.compile(rb"(N {5})?[-+ ][][\d. ]{10}.{3}")
_WORD = re.compile(r"[A-Za-z][A-Za-z.]*( *\d+)?")


@dataclass(frozen=True, slots=True)
class Printed:
    """One line the balance prints: 14 characters, or 20 where an identification stands in front."""

    label: str
    """What it is: "N" net, "G" gross; "" in the short form."""
    value: str
    """Signed digits."""
    unit: str
    """Its three columns; blank in motion."""

    @classmethod
    def read(cls, line: str) -> Printed:
        """Read a line.

        Raises:
            InstrumentError: it says in words why there is no weight: High, Low, Cal., Err 54.
            GarbledReply: it has another form.
        """
        label, columns = line[:-14].strip(), line[-14:]
        if len(line) not in {14, 20}:
            raise GarbledReply(f"{line!r} is no line of 14 or 20 characters: is the balance set to SBI?")
        if word := _WORD.search(columns[:11]):
            raise InstrumentError(f"it prints {word[0]!r} in place of a weight: see its display")
        digits = re.sub(r"[\[\]]", "", columns[1:11]).strip()
        if columns[0] not in "+- " or not _NUMBER.fullmatch(digits):
            raise GarbledReply(f"{line!r} holds no weight in columns 1 to 10")
        return cls(label, columns[0].strip() + digits, columns[11:])


@dataclass(frozen=True, slots=True)
class Weight(AskedWeight):
    """The net weight, asked for by `ESC P`, in kilograms.

    A line says its unit only at rest; in motion the weight is in the unit the driver is for.
    """

    unit: str
    at_rest: bool

    def unwrap(self, reply: str) -> str:
        """Return the value in kilograms.

        Raises:
            InstrumentError: there is no weight, none at rest, no net one, or one in another unit.
            GarbledReply: this is no answer to the question.
        """
        line = Printed.read(reply)
        if line.label not in {"", "N"}:
            raise InstrumentError(f"it prints {line.label!r}: have it print the net weight alone")
        if line.unit == MOVING and self.at_rest:
            raise InstrumentError("it has not come to rest: keep draughts and vibration away, ask again")
        if line.unit not in {MOVING, f"{self.unit:3}"}:
            raise InstrumentError(f"it weighs in {line.unit.strip()}, this driver is for one in {self.unit}")
        return in_kilograms(line.value, self.unit)

    def wrap(self, value: str) -> str:
        """Return the short line that carries a value in kilograms at rest."""
        shown = from_kilograms(value, self.unit)
        return f"{'-' if shown.startswith('-') else '+'} {shown.lstrip('-'):>8} {self.unit:3}"

    def number(self, value: float) -> str:
        """Return kilograms with the digits that find room in the line's eight columns."""
        shown = Decimal(from_kilograms(repr(value), self.unit))
        decimals = max(0, COLUMNS - 1 - len(f"{abs(shown):.0f}"))
        return in_kilograms(f"{shown:.{decimals}f}", self.unit)


class Moving(InstrumentError):
    """The balance printed a weight that is not at rest; it is asked again."""


class Sbi(LineInstrument, Balance):
    """What SBI balances have in common, whatever unit they are set to.

    In the balance's menu: SBI at this port, printed on request, without stability, automatic output
    off (with it `ESC P` stops and starts the output). Parity, the commands that ask for model and serial
    number, and that blank unit columns mean a moving pan, are unverified. While a pan comes to rest
    `settled_mass.aread()` keeps its event loop waiting.
    """

    maker = "Sartorius"
    wire: ClassVar[Line] = Line(ending="\r\n", slowest_reply=2.0, serial=Serial(9600, parity="O"))
    forbidden: ClassVar[tuple[str, ...]] = (r"\x1b([ZW]|f1_|s9_)",)

    zero = Action(phrase(None, order="\x1bV"))
    """Set zero; the balance does not answer."""

    tare = Action(phrase(None, order="\x1bU"))
    """Take what stands on the balance as tare; the balance does not answer."""

    def identify(self) -> Identity:
        """Ask for model and serial number; a weight that comes in their place is no answer."""
        return Identity(self.maker, self._told("\x1bx1_"), known_serial(self._told("\x1bx2_")))

    def conversation(self, *declarations: Declaration) -> Talk[tuple[Obtained, ...]]:
        """Ask for weights, and where one must be at rest, until it is; see `SETTLING`."""
        deadline = self.clock.now() + SETTLING
        while True:
            try:
                return (yield from super().conversation(*declarations))
            except Moving:
                if self.clock.now() >= deadline:
                    raise
            self.clock.sleep(LOOK)

    def _understood(self, codec: TextCodec, line: str, reply: bytes) -> str:
        try:
            return super()._understood(codec, line, reply)
        except InstrumentError as refusal:
            if _WEIGHS.fullmatch(reply) and reply.endswith(MOVING.encode()):
                raise Moving(str(refusal)) from None
            raise

    def _told(self, line: str) -> str:
        reply = self.ask(line)
        try:
            value = Printed.read(reply).value
        except (GarbledReply, InstrumentError):
            return reply.strip()
        if value.isdigit():  # a weight has its sign, or a decimal point
            return reply.strip()
        self.link.suspect = True
        raise GarbledReply(f"{self.name}: asked {line!r}, {reply!r} is a weight: is automatic output off?")


def weight(unit: str, largest: float, *, at_rest: bool) -> Reading:
    """Return the net weight of a balance that is set to a unit, up to `largest` in kg."""
    return Reading(Weight("\x1bP", unit, at_rest), "kg", span=(-largest, largest), accuracy=UNSTATED)


class SartoriusSbi(Sbi):
    """A balance set to grams; one that is set to anything else is refused at rest."""

    model = "SBI balance"

    mass = weight("g", 100, at_rest=False)
    """Net mass at once, at rest or not. The span is no model's: the capacity is printed on the balance."""

    settled_mass = weight("g", 100, at_rest=True)
    """Net mass once the balance finds it stable."""


class SartoriusSbiKilogram(Sbi):
    """A scale set to kilograms; one that is set to anything else is refused at rest."""

    model = "SBI scale"

    mass = weight("kg", 10_000, at_rest=False)
    """Net mass at once, at rest or not. The span is no model's: the capacity is printed on the scale."""

    settled_mass = weight("kg", 10_000, at_rest=True)
    """Net mass once the scale finds it stable."""
