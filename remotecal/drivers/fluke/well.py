"""Fluke metrology wells and dry wells: 9142, 9143, 9144, 9170 to 9173, 9190A, 6109A and 7109A.

Source: programs that drive a 9142 and a 4180, whose commands are alike; the maker's manuals have not been
seen, and what no program does is said to be unverified. At the instrument echo and periodic printing must be
off, for otherwise replies are mixed with other lines.
"""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import ClassVar

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import HeatSource
from remotecal.drivers.codecs import scpi
from remotecal.drivers.declarations import Step
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.wire import Line, Serial
from remotecal.drivers.quantities import Choice, Flags, Reading, Setting


class Output(Enum):
    """Whether it heats and cools; off after it was switched on."""

    OFF = 0
    ON = 1


class TemperatureUnit(Enum):
    """Unit of all temperatures; its spelling in replies is unverified."""

    CELSIUS = "C"
    FAHRENHEIT = "F"


class Stability(IntFlag):
    """What the test of stability says."""

    STABLE = 1
    """Within the stability limit that is set at the instrument."""


class FlukeWell(ScpiInstrument, HeatSource):
    """Metrology well or dry well.

    The set point's span is that of all models together; each refuses what is beyond its own. How its replies
    end, that it takes one command a line, and the answer to `*IDN?`, are unverified.
    """

    maker = "Fluke"
    model = "91xx well"
    models = "^(914[234]|917[0-3]|9190A?|6109A|7109A)"
    wire: ClassVar[Line] = Line(ending="\r", reply_ending="\n", slowest_reply=2.0, serial=Serial(baud=9600))
    compound: ClassVar[bool] = False
    forbidden: ClassVar[tuple[str, ...]] = (
        r"(.*;)?\s*:?CAL",
        r"(.*;)?\s*:?SOUR(CE)?:LCON[^?]*$",
        r"(.*;)?\s*:?SOUR(CE)?:PROT(ECTION)?:(H|S)CUT[^?]*$",
        r"(.*;)?\s*:?SYST(EM)?:PASS",
    )

    setpoint = Setting(scpi("SOURce:SPOint", decimals=2), "°C", span=(-95, 700))
    """Where the block is to go."""

    temperature = Reading(scpi("SOURce:SENSe:DATA"), "°C", span=(-150, 800), accuracy=UNSTATED)
    """Temperature of the block by its own sensor."""

    rate = Setting(scpi("SOURce:RATE", decimals=2), "K/min", span=(0.1, 500))
    """Fastest change of the set point; that it is per minute, and the span, are unverified."""

    output = Choice(scpi("OUTPut:STATe"), Output)
    """Whether it heats and cools."""

    stability = Flags(scpi("SOURce:STABility:TEST"), Stability)
    """Whether the block is stable."""

    unit = Choice(scpi("UNIT:TEMPerature"), TemperatureUnit)
    """Unit of all that is sent and understood."""

    expects: ClassVar[tuple[Step, ...]] = (unit.to(TemperatureUnit.CELSIUS),)
    safe = (output.to(Output.OFF),)

    def start(self) -> None:
        """Heat or cool to the set point, and hold it."""
        self.output.set(Output.ON)

    def stop(self) -> None:
        """Neither heat nor cool."""
        self.output.set(Output.OFF)

    def is_stable(self) -> bool:
        """Tell whether the block is within the stability limit that is set at the instrument."""
        return Stability.STABLE in self.stability.read()
