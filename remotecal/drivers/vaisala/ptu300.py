"""Vaisala PTU300 transmitter of pressure, temperature and humidity.

Source: Vaisala, PTU300 User's Guide M210796EN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import AmbientMonitor
from remotecal.drivers.instrument import Identity, known_serial
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links.wire import Line, Serial
from remotecal.drivers.quantities import Reading
from remotecal.errors import GarbledReply, InstrumentError

ESCAPE: Final = "\x1b"
"""Stops a continuous output."""

FORMAT: Final = '6.2 "P=" P " " U6 4.2 "T=" T " " U3 4.2 "RH=" RH " " U4 " " ERR " " SN " " CS4 #r #n'
"""What a message holds: three values with their units, error flags, serial number and checksum."""

UNITS: Final = {"P": "hPa", "T": "'C", "RH": "%RH"}
"""The unit each value must be sent in."""

FLAG: Final = {"P": 0, "T": 1, "RH": 3}
"""Place of a quantity among the error flags P, T, Ta, RH."""

_MESSAGE = re.compile(
    r"\s*P=\s*(?P<P>\S+) +(?P<uP>\S+) +T=\s*(?P<T>\S+) +(?P<uT>\S+) +RH=\s*(?P<RH>\S+) +(?P<uRH>\S+)"
    r" +(?P<flags>[01]{4}) +(?P<serial>\S+) (?P<checksum>[0-9A-Fa-f]{4})\s*"
)


@dataclass(frozen=True, slots=True)
class Message:
    """The answer to `SEND` in `FORMAT`."""

    values: dict[str, str]
    """Text of P, T and RH; asterisks where the transmitter has no value."""
    flags: str = "0000"
    """Errors of P, T, Ta, RH: 0 is none."""
    serial: str = "X0000000"

    @classmethod
    def read(cls, line: str) -> Message:
        """Read a message.

        Raises:
            GarbledReply: it has another form, or its checksum is wrong.
            InstrumentError: it is sent in another unit.
        """
        found = _MESSAGE.fullmatch(line)
        if found is None:
            raise GarbledReply(f"{line!r} is no message in the form {FORMAT}")
        if int(found["checksum"], 16) != checksum(line[: found.start("checksum")].lstrip()):
            raise GarbledReply(f"{line!r} has a wrong checksum")
        for quantity, unit in UNITS.items():
            if found["u" + quantity] != unit:
                raise InstrumentError(
                    f"it sends {quantity} in {found['u' + quantity]}: send UNIT P hPa and UNIT M"
                )
        return cls({quantity: found[quantity] for quantity in UNITS}, found["flags"], found["serial"])

    def __str__(self) -> str:
        text = (
            f"P={self.values['P']:>9} hPa    T={self.values['T']:>7} 'C RH={self.values['RH']:>7} %RH "
            f"{self.flags} {self.serial} "
        )
        return f"{text}{checksum(text):04X}"


def checksum(text: str) -> int:
    """Return the sum of the characters sent so far, modulo 65 536 (`CS4`; its extent is unverified)."""
    return sum(text.encode("ascii")) % 65536


@dataclass(frozen=True, slots=True)
class Part:
    """One value of the message that answers `SEND`: P, T or RH."""

    quantity: str
    ask: str = "SEND"

    def unwrap(self, reply: str) -> str:
        """Return the value's text (GarbledReply, InstrumentError as `Message.read`)."""
        message = Message.read(reply)
        text = message.values[self.quantity]
        if "*" in text or message.flags[FLAG[self.quantity]] != "0":
            raise InstrumentError(
                f"{self.quantity} has no valid value ({text}, flags {message.flags}): ask ERRS"
            )
        return text

    def wrap(self, value: str) -> str:
        """Return a message with this value and no other."""
        return str(Message(dict.fromkeys(UNITS, "******") | {self.quantity: value}))

    def command(self, value: str) -> None:
        return None

    def asked_by(self, line: str) -> bool:
        return line.strip().upper() == self.ask

    def accept(self, line: str) -> None:
        return None

    def number(self, value: float) -> str:
        return f"{value:.2f}"


class VaisalaPtu300(LineInstrument, AmbientMonitor):
    """PTU300, PTU301 or PTU303 in STOP or SEND mode, with ECHO OFF."""

    maker = "Vaisala"
    model = "PTU300"
    wire: ClassVar[Line] = Line(
        ending="\r", reply_ending="\r\n", slowest_reply=2.0, serial=Serial(4800, bits=7, parity="E")
    )
    forbidden: ClassVar[tuple[str, ...]] = (r"\s*(PASS|F?CRH|F?CT|F?CP|MPCI|LCI)\b",)

    air_pressure = Reading(Part("P"), "hPa", span=(500, 1100), accuracy=UNSTATED)
    """Barometric pressure; the span is unverified."""

    air_temperature = Reading(Part("T"), "°C", span=(-40, 60), accuracy=UNSTATED)
    """Air temperature; the span is unverified."""

    humidity = Reading(Part("RH"), "%", span=(0, 100), accuracy=UNSTATED)
    """Relative humidity."""

    def check(self) -> Identity:
        """Stop a continuous output, state the form of messages, then check who answers."""
        self.tell(ESCAPE)
        reply = self.ask(f"FORM {FORMAT}")
        if reply.strip().upper() != "OK" and not reply.strip().startswith("Output format"):
            self.link.suspect = True
            raise GarbledReply(
                f"{self.name}: {reply!r} does not answer FORM: is it in STOP mode, with ECHO OFF?"
            )
        return super().check()

    def identify(self) -> Identity:
        return Identity(self.maker, self.model, known_serial(Message.read(self.ask("SEND")).serial))
