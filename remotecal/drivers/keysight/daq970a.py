"""Keysight DAQ970A, 34970A and 34972A data acquisition units with multiplexers.

Source: Agilent, 34970A/34972A User's Guide, scanning and reading format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from remotecal.clock import Clock
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import TemperatureScanner
from remotecal.drivers.channels import Channels, spelled
from remotecal.drivers.codecs import Phrase
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import Link
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Reading
from remotecal.errors import BenchError, GarbledReply, InstrumentError

CHANNELS: Final = tuple(100 * slot + number for slot in (1, 2, 3) for number in range(1, 21))
"""Channels of 20-channel multiplexers in the three slots."""

QUESTION: Final = (
    "FORM:READ:UNIT ON;:FORM:READ:TIME OFF;:FORM:READ:ALAR OFF;:FORM:READ:CHAN ON;:ROUT:SCAN (@{scan});:READ?"
)
"""Asks for one sweep; each reading comes with its unit and its channel."""

SLOWEST_SWEEP: Final = 120.0
"""Seconds a sweep may take: 60 channels at 20 power-line cycles with autozero, with room (unverified)."""

_READING = re.compile(r"\s*(?P<value>[-+.\dE]+) (?P<unit>\w+)\s*,\s*(?P<channel>\d+)\s*")


@dataclass(frozen=True, slots=True)
class Swept(Phrase):
    """One channel's reading of a sweep, in a unit."""

    channel: int = 0
    unit: str = ""

    def unwrap(self, reply: str) -> str:
        """Return the channel's value.

        Raises:
            GarbledReply: this is no sweep.
            InstrumentError: the channel is not in it, or reads another quantity.
        """
        fields = reply.split(",")
        swept = [_READING.fullmatch(",".join(pair)) for pair in zip(fields[::2], fields[1::2], strict=False)]
        if len(fields) % 2 or not swept or None in swept:
            raise GarbledReply(f"{reply[:60]!r} is no sweep of readings with unit and channel")
        found = [one for one in swept if one is not None and int(one["channel"]) == self.channel]
        if len(found) != 1:
            raise InstrumentError(f"channel {self.channel} is {len(found)} times in the sweep: see `scan`")
        if found[0]["unit"].upper() != self.unit:
            raise InstrumentError(
                f"channel {self.channel} reads in {found[0]['unit']}, not in {self.unit}: configure it"
            )
        return found[0]["value"]

    def wrap(self, value: str) -> str:
        """Return a sweep of this channel alone."""
        return f"{value} {self.unit},{self.channel}"

    def number(self, value: float) -> str:
        return f"{value:+.8E}"


def _swept(channel: int, unit: str) -> Swept:
    return Swept(QUESTION, channel=channel, unit=unit)


def listed(scan: str) -> tuple[int, ...]:
    """Return the channels in a scan list, in the order they are measured.

    >>> listed("101:103,120")
    (101, 102, 103, 120)

    Raises:
        ValueError: it is no such list.
    """
    channels: list[int] = []
    for part in scan.split(","):
        first, _, last = part.partition(":")
        channels += range(int(first), int(last or first) + 1)
    return tuple(channels)


class KeysightDaq970A(ScpiInstrument, TemperatureScanner):
    """Readout of up to 60 probes: one sweep of the scan list reads all of them.

    What each channel measures (a four-wire Pt100, a thermocouple, a voltage) is configured at the
    instrument; a channel that reads in another unit is refused. How units are written is unverified.

    Args:
        link: the channel of bytes.
        name: how messages and evidence call it.
        serial: its serial number.
        clock: gives each reading its time.
        scan: the channels that are measured in a sweep, such as "101:117" or "101:110,201".
    """

    maker = "Keysight"
    model = "DAQ970A"
    models = "^(DAQ970A|34970A|34972A)$"
    wire: ClassVar[Line] = Line(ending="\n", slowest_reply=3.0)
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*;)?\s*:?CAL",)
    scan: str

    temperature = Channels(
        CHANNELS,
        lambda channel: Reading(
            _swept(channel, "C"), "°C", span=(-270, 1820), accuracy=UNSTATED, takes=SLOWEST_SWEEP
        ),
    )
    """Temperature on a channel that is configured for a probe; the span is unverified."""

    resistance = Channels(
        CHANNELS,
        lambda channel: Reading(
            _swept(channel, "OHM"), "Ω", span=(0, 100e6), accuracy=UNSTATED, takes=SLOWEST_SWEEP
        ),
    )
    """Resistance on a channel, such as that of a platinum thermometer; the span is unverified."""

    voltage = Channels(
        CHANNELS,
        lambda channel: Reading(
            _swept(channel, "VDC"), "V", span=(-300, 300), accuracy=UNSTATED, takes=SLOWEST_SWEEP
        ),
    )
    """Direct voltage on a channel."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        scan: str = "101:120",
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        try:
            strangers = set(listed(str(scan))) - set(CHANNELS)
        except ValueError:
            raise BenchError(f'{self.name}: scan = "101:117" lists channels, {scan!r} does not') from None
        if strangers:
            raise BenchError(f"{self.name}: there are channels {spelled(CHANNELS)}, no {spelled(strangers)}")
        self.scan = str(scan)
