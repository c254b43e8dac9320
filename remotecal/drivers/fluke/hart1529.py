"""Fluke (Hart Scientific) 1529 Chub-E4 thermometer readout.

Source: Hart Scientific, 1529 Chub-E4 User's Guide, digital communications.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from remotecal.clock import Clock
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import Thermometer
from remotecal.drivers.codecs import scpi
from remotecal.drivers.declarations import Step
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import Link
from remotecal.drivers.links.wire import Line, Serial
from remotecal.drivers.quantities import Choice, Reading, Setting
from remotecal.errors import BenchError


class TemperatureUnit(Enum):
    """Unit of the temperatures sent."""

    CELSIUS = "C"
    FAHRENHEIT = "F"
    KELVIN = "K"


class Stamp(Enum):
    """Whether a reading comes with channel, unit, time and date."""

    OFF = 0
    ON = 1


class Hart1529(ScpiInstrument, Thermometer):
    """One of the four channels of a 1529 readout.

    The readout repeats its latest reading until there is a new one, and takes one command a line.
    Its serial port's settings and the ending of its replies are unverified.

    Args:
        link: the channel of bytes, which the readout's other channels may share.
        name: how messages and evidence call it.
        serial: the readout's serial number.
        clock: gives each reading its time.
        channel: 1 to 4.
    """

    maker = "Fluke Hart Scientific"
    model = "1529"
    models = "1529"
    wire: ClassVar[Line] = Line(ending="\r", reply_ending="\n", slowest_reply=2.0, serial=Serial(baud=9600))
    compound: ClassVar[bool] = False
    forbidden: ClassVar[tuple[str, ...]] = (
        r"\*b[0g]\b",
        r"(r0|al|de|be|a4|b4)\s*=",
        r"\s*:?SOUR(CE)?:CAL",
        r"\s*:?CAL",
    )
    channel: int

    temperature = Reading(scpi("FETCh", "{channel}"), "°C", span=(-200, 1000), accuracy=UNSTATED)
    """Latest temperature of the channel, by the probe constants stored in the readout; span unverified."""

    moving_average = Setting(scpi("SENSe:AVERage:COUNt", decimals=0), "1", span=(1, 10))
    """Readings averaged."""

    unit = Choice(scpi("UNIT:TEMPerature"), TemperatureUnit)
    """Unit of the temperatures the readout sends; that it can be asked for is unverified."""

    stamp = Choice(scpi("FORMat:STAMp"), Stamp)
    """Whether readings come with channel, time and date; that it can be asked for is unverified."""

    expects: ClassVar[tuple[Step, ...]] = (unit.to(TemperatureUnit.CELSIUS), stamp.to(Stamp.OFF))

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        channel: int = 1,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        if channel not in {1, 2, 3, 4}:
            raise BenchError(f"{self.name}: a 1529 has channels 1 to 4, no {channel}")
        self.channel = channel
