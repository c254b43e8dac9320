"""Mettler-Toledo balances and weighing terminals that speak MT-SICS.

Source: Mettler-Toledo, Reference Manual MT-SICS, levels 0 and 1, and operating instructions of the
AL, AT and JS series.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import Balance
from remotecal.drivers.declarations import Declaration, Obtained
from remotecal.drivers.instrument import Identity, known_serial
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links.wire import Line, Serial
from remotecal.drivers.quantities import Action, Reading
from remotecal.drivers.talks import Talk
from remotecal.drivers.weights import SETTLING, AskedWeight, in_kilograms
from remotecal.errors import GarbledReply, InstrumentError

ATTEMPTS: Final = 3
"""How often a weight is asked for when a line of another origin, as of the print key, comes instead."""

REFUSALS: Final = {
    "I": "it is busy, or did not come to rest in time: wait, keep draughts and vibration away, ask again",
    "L": "it can't do that: a parameter is wrong, or this model lacks it",
    "+": "overload, or beyond the upper limit of the range: take load off",
    "-": "underload, or beyond the lower limit of the range: is the pan in place?",
}
"""What a status letter after the command means."""

ERRORS: Final = {
    "ES": "it does not know the command",
    "ET": "it received the command with transmission errors: check baud rate and parity",
    "EL": "it can't execute the command",
}
"""What a reply of this line alone means."""

_WEIGHT = re.compile(r"S (?P<status>[SD]) +(?P<value>-?\d+(?:\.\d+)?) (?P<unit>\S+)")


def refusal(reply: str) -> str | None:
    """Return why the balance refuses, or None if the reply refuses nothing."""
    words = reply.split()
    if len(words) == 1:
        return ERRORS.get(words[0])
    return REFUSALS.get(words[1]) if len(words) > 1 else None


@dataclass(frozen=True, slots=True)
class Weight(AskedWeight):
    """A weight, asked for by `S` (stable) or `SI` (at once), in kilograms.

    The unit comes with every reply; the value's digits are kept.
    """

    def unwrap(self, reply: str) -> str:
        """Return the value in kilograms.

        Raises:
            InstrumentError: the balance has no weight to give; the text says why.
            GarbledReply: this is no answer to the question.
        """
        if reason := refusal(reply):
            raise InstrumentError(f"{reply.strip()!r} answers {self.ask!r}: {reason}")
        found = _WEIGHT.fullmatch(reply.strip())
        if found is None or (self.ask == "S" and found["status"] != "S"):
            raise GarbledReply(f"{reply!r} is no weight")
        return in_kilograms(found["value"], found["unit"])

    def wrap(self, value: str) -> str:
        """Return the reply that carries a stable value in kilograms, right-aligned in 10 characters."""
        return f"S S {value:>10} kg"


@dataclass(frozen=True, slots=True)
class BareCommand:
    """A bare command, such as `Z`, answered by its name and a status letter."""

    word: str
    ask: None = None

    def unwrap(self, reply: str) -> str:
        return reply

    def wrap(self, value: str) -> str:
        return f"{self.word} A"

    def command(self, value: str) -> str:
        return self.word

    def asked_by(self, line: str) -> bool:
        return False

    def accept(self, line: str) -> str | None:
        return "" if line == self.word else None

    def number(self, value: float) -> str:
        return f"{value:g}"


class MettlerSics(LineInstrument, Balance):
    """Any Mettler-Toledo balance or weighing terminal with MT-SICS level 0 and 1.

    It indicates net mass, uncorrected for buoyancy. The handshake XON/XOFF is unverified.
    """

    maker = "Mettler-Toledo"
    model = "MT-SICS balance"
    wire: ClassVar[Line] = Line(ending="\r\n", slowest_reply=2.0, serial=Serial(baud=9600, flow="xonxoff"))

    mass = Reading(Weight("SI"), "kg", span=(-10_000, 10_000), accuracy=UNSTATED)
    """Net mass at once, at rest or not. The span is no model's: the capacity is printed on the balance."""

    settled_mass = Reading(Weight("S"), "kg", span=(-10_000, 10_000), accuracy=UNSTATED, takes=SETTLING)
    """Net mass once the balance finds it stable; an InstrumentError when it does not in its own time."""

    zero = Action(BareCommand("Z"), takes=SETTLING)
    """Set zero, once stable."""

    tare = Action(BareCommand("T"), takes=SETTLING)
    """Take what stands on the balance as tare, once stable."""

    def identify(self) -> Identity:
        """Cancel whatever goes on, by `@`, which is answered by the serial number; then ask the model.

        Of a balance left sending weights on its own the first answer may be one of those; it is
        quiet when it is asked once more.
        """
        try:
            serial = self._text("@", "I4")
        except GarbledReply:
            serial = self._text("@", "I4")
        return Identity(self.maker, self._text("I2", "I2"), known_serial(serial))

    def conversation(self, *declarations: Declaration) -> Talk[tuple[Obtained, ...]]:
        """Ask for weights, again when a line nobody asked for comes in between; the link skips such lines."""
        for _ in range(ATTEMPTS - 1):
            try:
                return (yield from super().conversation(*declarations))
            except GarbledReply:
                continue
        return (yield from super().conversation(*declarations))

    def command(self, line: str, takes: float | None = None) -> None:
        """Send a command and see that it is executed (InstrumentError where it is not)."""
        reply = self.ask(line, takes)
        if reason := refusal(reply):
            raise InstrumentError(f"{self.name} answers {line!r} by {reply.strip()!r}: {reason}")
        if reply.split()[:1] != [line.split(maxsplit=1)[0]]:
            self.link.suspect = True
            raise GarbledReply(f"{self.name}: {reply!r} does not answer {line!r}")

    def _text(self, line: str, header: str) -> str:
        reply = self.ask(line)
        found = re.fullmatch(rf'{header} A "(?P<text>[^"]*)"', reply.strip())
        if found is None:
            self.link.suspect = True
            raise GarbledReply(
                f'{self.name}: asked {line!r}, {reply!r} does not have the form {header} A "…"'
            )
        return found["text"]
