"""TUF-2000M as it is delivered: set to Modbus ASCII, where it answers lines of text too.

Source: TUF-2000M User Manual, chapter 7 (the extended Fuji protocol). The order of `W` and `P` in front of a
command, and that nothing follows a reply's CR, are unverified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from remotecal.clock import Clock
from remotecal.drivers.accuracy import EXACT, UNSTATED, percent_of_reading
from remotecal.drivers.capabilities import FlowMeter, VolumeTotalizer
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links import Link
from remotecal.drivers.links.wire import Line, Serial
from remotecal.drivers.quantities import Reading
from remotecal.errors import BenchError, GarbledReply, InstrumentError

_SUMMED: Final = re.compile(r"(?P<said>.*)!(?P<sum>[0-9A-Fa-f]{2})\s*")
_NUMBER: Final = re.compile(r"\s*(?P<value>[-+]\d+(?:\.\d+)?E[-+]\d+)(?P<unit>\S*)\s*")
_SIGNAL: Final = re.compile(r"\s*UP:(?P<UP>[\d.]+),DN:(?P<DN>[\d.]+),Q=(?P<Q>\d+)\s*")


def summed(said: str) -> str:
    """Return a reply with the sum of its characters behind it, as the prefix `P` asks for.

    >>> summed("+1234567E+0m3 ")
    '+1234567E+0m3 !F7'
    """
    return f"{said}!{sum(said.encode('ascii')) % 256:02X}"


def without_sum(reply: str) -> str:
    """Return what a reply says (GarbledReply where its sum is missing, or another)."""
    found = _SUMMED.fullmatch(reply)
    if found is None or summed(found["said"])[-2:] != found["sum"].upper():
        raise GarbledReply(f"{reply!r} does not end in the sum of its characters")
    return found["said"]


@dataclass(frozen=True, slots=True)
class Summed:
    """A command whose answer carries a checksum, in whatever form."""

    order: str

    @property
    def ask(self) -> str:
        """The line that asks for it, behind the meter's address."""
        return f"{{prefix}}P{self.order}"

    def asked_by(self, line: str) -> bool:
        return bool(re.fullmatch(rf"(W\d+)?P{re.escape(self.order)}", line.strip()))

    def command(self, value: str) -> None:
        return None

    def accept(self, line: str) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Numbered(Summed):
    """A number with its unit: `+1.234568E+01m3/h`, or a total of seven digits, `+1234567E+0m3 `."""

    unit: str
    total: bool = False

    def unwrap(self, reply: str) -> str:
        """Return the value's text.

        Raises:
            GarbledReply: it has another form, or a wrong checksum.
            InstrumentError: it is in another unit.
        """
        found = _NUMBER.fullmatch(without_sum(reply))
        if found is None:
            raise GarbledReply(f"{reply!r} is no number with a unit")
        if found["unit"] != self.unit:
            raise InstrumentError(f"it sends {found['unit']}, not {self.unit}: set the meter to it")
        return found["value"]

    def wrap(self, value: str) -> str:
        return summed(f"{value}{self.unit} ")

    def number(self, value: float) -> str:
        if not self.total:
            return f"{value:+.6E}"
        digits, exponent = f"{value:+.6E}".split("E")
        return f"{digits.replace('.', '')}E{int(exponent) - 6:+d}"


@dataclass(frozen=True, slots=True)
class Signal(Summed):
    """One part of the signal: `UP:dd.d,DN:dd.d,Q=dd`."""

    part: str

    def unwrap(self, reply: str) -> str:
        """Return the part's text (GarbledReply: it has another form, or a wrong checksum)."""
        found = _SIGNAL.fullmatch(without_sum(reply))
        if found is None:
            raise GarbledReply(f"{reply!r} tells no signal")
        return found[self.part]

    def wrap(self, value: str) -> str:
        parts = {"UP": "00.0", "DN": "00.0", "Q": "00"} | {self.part: value}
        return summed(f"UP:{parts['UP']},DN:{parts['DN']},Q={parts['Q']}")

    def number(self, value: float) -> str:
        return f"{value:02.0f}" if self.part == "Q" else f"{value:04.1f}"


MANUAL: Final = "TUF-2000M user manual: better than 1 %"


class Tuf2000MFuji(LineInstrument, FlowMeter, VolumeTotalizer):
    """Clamp-on ultrasonic meter as it is delivered (menu M63 at MODBUS-ASCII), asked in lines of text.

    Each answer carries a checksum, and the unit it is in. Nothing is ever set.

    Args:
        link: the channel of bytes.
        name: how messages and evidence call it.
        serial: the serial number on its plate.
        clock: gives each reading its time.
        prefix: `W` and the meter's address, such as "W12", where several share the line.
    """

    maker = "TUF"
    model = "TUF-2000M, Fuji protocol"
    wire: ClassVar[Line] = Line(ending="\r", slowest_reply=1.5, serial=Serial(9600))
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*&)?\s*(W\d+)?P?(M|FO|AO)",)
    prefix: str

    flow = Reading(Numbered("DQH", "m3/h"), "m3/h", span=(-1e5, 1e5), accuracy=percent_of_reading(1, MANUAL))
    """Volume flow; the span is unverified, and depends on the pipe."""

    velocity = Reading(Numbered("DV", "m/s"), "m/s", span=(-32, 32), accuracy=UNSTATED)
    """Velocity in the pipe; the span is unverified."""

    volume = Reading(
        Numbered("DI+", "m3", total=True), "m3", span=(0, 1e13), accuracy=percent_of_reading(1, MANUAL)
    )
    """Positive total, to seven digits: a dose is better taken from pulses, or over Modbus RTU."""

    net_volume = Reading(
        Numbered("DIN", "m3", total=True), "m3", span=(-1e13, 1e13), accuracy=percent_of_reading(1, MANUAL)
    )
    """Net total, to seven digits."""

    upstream_strength = Reading(Signal("DL", "UP"), "1", span=(0, 99.9), accuracy=UNSTATED)
    """Strength of the upstream signal."""

    downstream_strength = Reading(Signal("DL", "DN"), "1", span=(0, 99.9), accuracy=UNSTATED)
    """Strength of the downstream signal."""

    signal_quality = Reading(Signal("DL", "Q"), "1", span=(0, 99), accuracy=EXACT)
    """Quality of the signal; larger is better."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        prefix: str = "",
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        if not re.fullmatch(r"(W\d{1,5})?", str(prefix)):
            raise BenchError(f'{self.name}: prefix is "W" and an address, such as "W12", not {prefix!r}')
        self.prefix = str(prefix)
