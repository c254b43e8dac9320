"""Huizhong ultrasonic water meters, and others that took over their frames.

Source: TUF-2000M User Manual, 7.3, which describes the Huizhong protocols: `2A address 4A` asks, and
`26 address 4A` answers, with 4 bytes of BCD each for the flow, the positive total and the hours of work, one
byte that tells faults, and the sum of these. Unverified: which byte of a number comes first, so the bench
states it; that the address is a plain byte; that the sum leaves the head out; the settings of the port.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from remotecal.drivers.accuracy import EXACT, UNSTATED
from remotecal.drivers.capabilities import FlowMeter, VolumeTotalizer
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Reading
from remotecal.errors import BenchError, GarbledReply, InstrumentError

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.drivers.codecs import TextCodec
    from remotecal.drivers.links import Link

Order = Literal["high first", "low first"]
"""Which byte of a number comes first."""

ENCODING: Final = "latin-1"
"""Each byte of a frame is one character."""
HEAD, SUM_AT = 3, 16
"""Bytes of the head, and where the sum of what lies between stands."""
NUMBERS: Final = (3, 7, 11, 15)
"""Where the three numbers begin, and the fault behind them."""
FAULTS: Final = {2: "an empty pipe", 5: "a fault of its hardware"}
"""What the byte for faults tells, unless it is 0."""


def answer(address: int, order: Order, flow: float, volume: float, hours: float, fault: int = 0) -> str:
    """Return the frame in which a meter tells flow in m³/h, volume in m³, hours and fault.

    >>> answer(1, "high first", 12.345, 678.9, 100.0).encode(ENCODING).hex(" ")
    '26 01 4a 00 01 23 45 00 00 67 89 00 00 01 00 00 5a'
    """
    numbers = (round(flow * 1000.0), round(volume * 10.0), round(hours))
    data = b"".join(bytes.fromhex(f"{number % 10**8:08d}") for number in numbers) + bytes((fault,))
    frame = bytes((0x26, address, 0x4A)) + data + bytes((sum(data) % 256,))
    return (frame if order == "high first" else high_first(frame)).decode(ENCODING)


def high_first(frame: bytes) -> bytes:
    """Return a frame whose numbers have their low bytes first with the high ones first, or the other way."""
    numbers = [frame[at : at + 4][::-1] for at in NUMBERS[:-1]]
    return b"".join((frame[:HEAD], *numbers, frame[NUMBERS[-1] :]))


@dataclass(frozen=True, slots=True)
class InFrame:
    """A number in the frame that tells all, with the high byte first."""

    at: int
    decimals: int = 0
    whatever: bool = False
    """Whether it is told while the meter reports a fault."""

    @property
    def ask(self) -> str:
        """What asks for all."""
        return "*{unit}J"

    def unwrap(self, reply: str) -> str:
        """Return the number's text.

        Raises:
            GarbledReply: this is no frame of such a meter, or its sum is wrong.
            InstrumentError: the meter reports a fault.
        """
        frame = reply.encode(ENCODING)
        if frame[:1] != b"\x26" or frame[2:HEAD] != b"\x4a":
            raise GarbledReply(f"{frame.hex(' ')} does not begin with 26, its address and 4a")
        if sum(frame[HEAD:SUM_AT]) % 256 != frame[SUM_AT]:
            raise GarbledReply(f"{frame.hex(' ')} does not end in the sum of its data")
        fault = frame[NUMBERS[-1]]
        if self.at == NUMBERS[-1]:
            return str(fault)
        if fault and not self.whatever:
            raise InstrumentError(f"it reports {FAULTS.get(fault, f'fault {fault:02x}')}")
        digits = frame[self.at : self.at + 4].hex()
        if not digits.isdecimal():
            raise GarbledReply(f"{digits} is no number in BCD")
        whole = len(digits) - self.decimals
        return f"{digits[:whole]}.{digits[whole:]}" if self.decimals else digits

    def wrap(self, value: str) -> str:
        flow, volume, hours, fault = (float(value) if at == self.at else 0.0 for at in NUMBERS)
        return answer(1, "high first", flow, volume, hours, int(fault))

    def command(self, value: str) -> None:
        return None

    def asked_by(self, line: str) -> bool:
        return bool(re.fullmatch(r"\*[\x00-\xff]J", line))

    def accept(self, line: str) -> None:
        return None

    def number(self, value: float) -> str:
        return f"{value:.{self.decimals}f}"


class HuizhongFlowMeter(LineInstrument, FlowMeter, VolumeTotalizer):
    """Ultrasonic water meter that answers Huizhong's frame `2A address 4A`. Nothing is ever set.

    While it reports an empty pipe or a fault, neither flow nor total is taken from it.

    Args:
        link: the channel of bytes, which other meters may share.
        name: how messages and evidence call it.
        serial: the serial number on its plate.
        clock: gives each reading its time.
        unit: its address on the line, 0 to 255.
        order: "high first" or "low first": which byte of a number comes first, which no source at hand says.
            Hold what is read against the meter's display.
    """

    maker = "Huizhong"
    model = "ultrasonic water meter, frame 4A"
    wire: ClassVar[Line] = Line(ending="", encoding=ENCODING, lengths=(3, SUM_AT + 1), slowest_reply=1.5)
    forbidden: ClassVar[tuple[str, ...]] = (r"(?!\*([\x00-\xff]|\{unit\})(?-i:J)\Z)",)
    unit: int
    """Its address."""
    low_first: bool
    """Whether the low byte of a number comes first."""

    flow = Reading(InFrame(NUMBERS[0], 3), "m3/h", span=(0, 99999.999), accuracy=UNSTATED)
    """Volume flow; one that runs backwards can't be told."""

    volume = Reading(InFrame(NUMBERS[1], 1), "m3", span=(0, 9999999.9), accuracy=UNSTATED)
    """Positive total, in steps of 0.1 m³."""

    working_time = Reading(InFrame(NUMBERS[2], whatever=True), "h", span=(0, 99999999), accuracy=UNSTATED)
    """Hours of work."""

    fault = Reading(InFrame(NUMBERS[3]), "1", span=(0, 255), accuracy=EXACT)
    """0 where all is well, 2 for an empty pipe, 5 for a fault of the hardware."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        unit: int = 1,
        order: Order | None = None,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        if isinstance(unit, bool) or not isinstance(unit, int) or not 0 <= unit <= 255:
            raise BenchError(f"{self.name}: unit is a whole number from 0 to 255, not {unit!r}")
        if order not in {"high first", "low first"}:
            raise BenchError(
                f'{self.name}: state order = "high first" or "low first", for it is unverified which byte of '
                "a number comes first; the meter's display tells which is right"
            )
        self.unit = unit
        self.low_first = order == "low first"

    def filled(self, line: str) -> str:
        """Return a line with the address in it as the byte it is."""
        return line.replace("{unit}", chr(self.unit))

    def _understood(self, codec: TextCodec, line: str, reply: bytes) -> str:
        if reply[1] != self.unit:
            self.link.suspect = True
            raise GarbledReply(f"{self.name}: {reply.hex(' ')} is of another address")
        return super()._understood(codec, line, high_first(reply) if self.low_first else reply)
