"""Isothermal Technology milliK precision thermometer.

Source: how the Measurement Standards Laboratory of New Zealand talks to it (msl-equipment); the
maker's manual has not been seen.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import ClassVar, Final

from remotecal.clock import Clock
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import Thermometer
from remotecal.drivers.codecs import Phrase, phrase
from remotecal.drivers.instrument import Identity
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import Link
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Reading
from remotecal.errors import BenchError, ForbiddenCommand, GarbledReply, LinkError
from remotecal.numerals import read_number
from remotecal.scales.iec60751 import resistance, temperature

RANGES: Final = (115, 460)
"""Upper ends of the ranges for platinum thermometers, in ohms."""


@dataclass(frozen=True, slots=True)
class Pt100(Phrase):
    """A temperature sent as the resistance of a Pt100."""

    def unwrap(self, reply: str) -> str:
        text = Phrase.unwrap(self, reply)
        try:
            return repr(temperature(read_number(text)))
        except ValueError:
            raise GarbledReply(f"{reply!r} is no resistance of a Pt100") from None

    def wrap(self, value: str) -> str:
        return f"{resistance(float(value)):.5f}"


QUESTION: Final = (
    "SENSE:CHANNEL {channel};SENSE:FUNCTION RESISTANCE;SENSE:RESISTANCE:RANGE {largest_resistance};"
    "SENSE:RESISTANCE:WIRES 4;SENSE:CURRENT NORMAL;READ?"
)


class IsotechMilliK(ScpiInstrument, Thermometer):
    """One channel of a milliK with a four-wire Pt100 at 1 mA.

    Args:
        link: the channel of bytes, which the milliK's other channels may share.
        name: how messages and evidence call it.
        serial: the milliK's serial number.
        clock: gives each reading its time.
        channel: 1, 2, or 10 to 47 with millisKanner expanders.
        largest_resistance: upper end of the range in ohms, 115 (Pt100 to 38 °C) or 460.
    """

    maker = "Isothermal Technology"
    model = "milliK"
    models = "milliK"
    wire: ClassVar[Line] = Line(ending="\r", slowest_reply=5.0)
    queue: ClassVar[bool] = False  # unverified
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*;)?\s*:?CAL",)
    channel: int
    largest_resistance: int

    temperature = Reading(Pt100(QUESTION), "°C", span=(-200, 850), accuracy=UNSTATED)
    """Temperature at which a Pt100 by IEC 60751 has the resistance; the probe's certificate corrects it."""

    resistance = Reading(phrase(QUESTION), "Ω", span=(0, 460), accuracy=UNSTATED)
    """Resistance of the probe."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        channel: int = 1,
        largest_resistance: int = 460,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        if not (channel in {1, 2} or (10 <= channel < 50 and channel % 10 < 8)):
            raise BenchError(f"{self.name}: channels are 1, 2 and 10–17 to 40–47, not {channel}")
        if largest_resistance not in RANGES:
            raise BenchError(f"{self.name}: the ranges are 115 and 460 Ω, not {largest_resistance}")
        self.channel, self.largest_resistance = channel, largest_resistance

    def check(self) -> Identity:
        """Take remote control, which makes the milliK quicker, then check who answers."""
        self.tell("MILLIK:REMOTE")
        return super().check()

    def close(self) -> None:
        """Give the front panel back, where the instrument is there and may be told, and the link up."""
        with contextlib.suppress(LinkError, ForbiddenCommand):
            self.tell("MILLIK:LOCAL")
        super().close()
