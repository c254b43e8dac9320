"""Keysight 53220A and 53230A universal counters.

Source: Keysight, 53220A/53230A User's Guide and Programmer's Reference.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from remotecal.drivers.accuracy import EXACT, UNSTATED, absolute
from remotecal.drivers.capabilities import FrequencyMeter, PulseCounter
from remotecal.drivers.codecs import scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Action, Choice, Reading, Setting


class GateSource(Enum):
    """What opens and closes the gate of a count."""

    TIME = "TIME"
    EXTERNAL = "EXT"
    INPUT_1 = "INP1"
    INPUT_2 = "INP2"
    ADVANCED = "ADV"


class Edge(Enum):
    """The edge of a signal that counts."""

    RISING = "POS"
    FALLING = "NEG"


class Coupling(Enum):
    """How a signal reaches the input."""

    AC = "AC"
    DC = "DC"


class Impedance(Enum):
    """Input impedance in ohms."""

    LOW = 50.0
    HIGH = 1e6


class Switch(Enum):
    """Off or on."""

    OFF = 0
    ON = 1


class Keysight53230A(ScpiInstrument, PulseCounter, FrequencyMeter):
    """Counter that totalizes the pulses of a meter on input 1, gated by the rear Gate In/Out connector.

    The level of a pulse output is best set explicitly: automatic levels need a running signal.
    """

    maker = "Keysight"
    model = "53230A"
    models = "532[23]0A"
    wire: ClassVar[Line] = Line(ending="\n", slowest_reply=3.0)
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*;)?\s*:?CAL",)

    gated_pulses = Reading(
        scpi("FETCh"), "1", span=(0, 1e15), accuracy=absolute(1, "one pulse at the gate's edges; unverified")
    )
    """Pulses on input 1 while the external gate was open; ask when it has closed."""

    running_pulses = Reading(scpi("SENSe:TOTalize:DATA"), "1", span=(0, 1e15), accuracy=EXACT)
    """Pulses on input 1 since `count_freely`."""

    frequency = Reading(
        scpi("MEASure:FREQuency", "(@1)"), "Hz", span=(0.001, 350e6), accuracy=UNSTATED, takes=5.0
    )
    """Frequency on input 1, over 0.1 s; ends a count. The span is unverified."""

    input_level = Setting(scpi("INPut1:LEVel", decimals=3), "V", span=(-50, 50))
    """Threshold of input 1; the span is unverified."""

    input_slope = Choice(scpi("INPut1:SLOPe"), Edge)
    """Edge that counts on input 1."""

    input_coupling = Choice(scpi("INPut1:COUPling"), Coupling)
    """Coupling of input 1."""

    input_impedance = Choice(scpi("INPut1:IMPedance"), Impedance)
    """Impedance of input 1."""

    input_filter = Choice(scpi("INPut1:FILTer"), Switch)
    """Low-pass filter of input 1; its limit of 100 kHz is unverified."""

    gate_source = Choice(scpi("SENSe:TOTalize:GATE:SOURce"), GateSource)
    """What opens and closes the gate."""

    gate_edge = Choice(scpi("SENSe:TOTalize:GATE:POLarity"), Edge)
    """Edge at Gate In that opens the gate; the opposite one closes it."""

    gate_output = Choice(scpi("OUTPut:STATe"), Switch)
    """Whether the Gate In/Out connector is an output; off for an external gate."""

    choose_gated = Action(scpi("CONFigure:TOTalize:TIMed"), "INF,(@1)")
    """Prepare to count on input 1 while a gate is open."""

    choose_free = Action(scpi("CONFigure:TOTalize:CONTinuous"), "(@1)")
    """Prepare to count on input 1 without a gate."""

    initiate = Action(scpi("INITiate"))
    """Wait for the gate, or start counting."""

    abort = Action(scpi("ABORt"))
    """Stop counting."""

    def count_gated(self) -> None:
        """Get ready to count from the next rising to the next falling edge at Gate In."""
        self.abort()
        self.choose_gated()
        self.gate_output.set(Switch.OFF)
        self.gate_source.set(GateSource.EXTERNAL)
        self.gate_edge.set(Edge.RISING)
        self.initiate()

    def count_freely(self) -> None:
        """Start to count from 0 until told otherwise."""
        self.abort()
        self.choose_free()
        self.initiate()
