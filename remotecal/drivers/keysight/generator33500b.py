"""Keysight 33500B and 33600A waveform generators, as senders of pulses.

Source: the command strings of a public driver of the 33500 series; that together they make an exact packet of
pulses, the spans, and how two-channel models are asked, are unverified.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from remotecal.clock import Clock
from remotecal.drivers.capabilities import PulseGenerator
from remotecal.drivers.codecs import phrase, scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import Link
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Action, Choice, Setting
from remotecal.errors import BenchError, OutOfSpan


class Waveform(Enum):
    """Shape of the signal, those that are of use here."""

    SINE = "SIN"
    SQUARE = "SQU"
    PULSE = "PULS"
    DIRECT = "DC"


class Switch(Enum):
    """Off or on."""

    OFF = 0
    ON = 1


class BurstMode(Enum):
    """What a burst is counted by."""

    TRIGGERED = "TRIG"
    GATED = "GAT"


class TriggerSource(Enum):
    """What begins a burst."""

    IMMEDIATE = "IMM"
    EXTERNAL = "EXT"
    TIMER = "TIM"
    BUS = "BUS"


class Keysight33500B(ScpiInstrument, PulseGenerator):
    """Waveform generator whose first channel sends packets of square pulses into an open input.

    Args:
        link: the channel of bytes.
        name: how messages and evidence call it.
        serial: its serial number.
        clock: gives each reading its time.
        high: level of a pulse in V, into an open input.
        low: level between pulses in V.
    """

    maker = "Keysight"
    model = "33500B"
    models = "33[56]\\d\\d[AB]"
    wire: ClassVar[Line] = Line(ending="\n", slowest_reply=2.0)
    compound: ClassVar[bool] = False
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*;)?\s*:?CAL",)
    levels: tuple[float, float]

    function = Choice(scpi("FUNCtion"), Waveform)
    """Shape of the signal."""

    frequency = Setting(scpi("FREQuency"), "Hz", span=(1e-6, 30e6))
    """Pulses in a second."""

    high = Setting(scpi("VOLTage:HIGH", decimals=3), "V", span=(-10, 10))
    """Level of a pulse."""

    low = Setting(scpi("VOLTage:LOW", decimals=3), "V", span=(-10, 10))
    """Level between pulses."""

    into_open_input = Action(scpi("OUTPut:LOAD"), "INF")
    """State levels as they are at an input of high impedance; otherwise they are twice what was told."""

    output = Choice(scpi("OUTPut"), Switch)
    """Whether anything is sent."""

    burst = Choice(scpi("BURSt:STATe"), Switch)
    """Whether a trigger begins a packet."""

    burst_mode = Choice(scpi("BURSt:MODE"), BurstMode)
    """What a packet is counted by."""

    cycles = Setting(scpi("BURSt:NCYCles", decimals=0), "1", span=(1, 1e8))
    """Pulses in a packet."""

    trigger_source = Choice(scpi("TRIGger:SOURce"), TriggerSource)
    """What begins a packet."""

    trigger = Action(phrase(None, order="*TRG"))
    """Begin a packet now."""

    safe = (output.to(Switch.OFF),)

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        high: float = 5.0,
        low: float = 0.0,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        if not -10 <= low < high <= 10:
            raise BenchError(
                f"{self.name}: levels lie between -10 and 10 V, low below high: {low!r}, {high!r}"
            )
        self.levels = (low, high)

    def send(self, pulses: int, frequency: float) -> None:
        """Send exactly so many pulses from now on, at a frequency in Hz; returns when they have begun.

        Raises:
            OutOfSpan: no such packet can be sent; nothing was.
        """
        if not 1 <= pulses <= self.cycles.declaration.span[1]:
            raise OutOfSpan(f"{self.name} sends packets of 1 to 1e8 pulses, not of {pulses}")
        self.output.set(Switch.OFF)
        self.function.set(Waveform.SQUARE)
        self.into_open_input()
        low, high = self.levels
        self.high.set(high)
        self.low.set(low)
        self.frequency.set(frequency)
        self.burst_mode.set(BurstMode.TRIGGERED)
        self.cycles.set(pulses)
        self.trigger_source.set(TriggerSource.BUS)
        self.burst.set(Switch.ON)
        self.output.set(Switch.ON)
        self.trigger()
