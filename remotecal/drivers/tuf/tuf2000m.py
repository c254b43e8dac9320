"""TUF-2000M clamp-on ultrasonic flow meter over Modbus RTU.

Source: TUF-2000M User Manual, chapters 6 and 7. Register numbers are the manual's REG.
"""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import ClassVar, Final

from remotecal.drivers.accuracy import EXACT, UNSTATED, percent_of_reading
from remotecal.drivers.capabilities import FlowMeter, VelocityMeter, VolumeTotalizer
from remotecal.drivers.codecs import Sum, holding_f32, holding_i32, holding_u16
from remotecal.drivers.contents import Content
from remotecal.drivers.declarations import Step
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Choice, Flags, Reading


class TotalUnit(Enum):
    """REG 1438."""

    CUBIC_METRE = 0
    LITRE = 1
    US_GALLON = 2
    IMPERIAL_GALLON = 3
    MILLION_US_GALLONS = 4
    CUBIC_FOOT = 5
    US_BARREL = 6
    IMPERIAL_BARREL = 7


class Multiplier(Enum):
    """REG 1439: the totals count in steps of this."""

    X0_001 = 0
    X0_01 = 1
    X0_1 = 2
    X1 = 3
    X10 = 4
    X100 = 5
    X1000 = 6
    X10000 = 7


class Fault(IntFlag):
    """REG 72."""

    NO_SIGNAL = 1 << 0
    LOW_SIGNAL = 1 << 1
    POOR_SIGNAL = 1 << 2
    PIPE_EMPTY = 1 << 3
    HARDWARE_FAILURE = 1 << 4
    GAIN_ADJUSTING = 1 << 5
    FREQUENCY_OUTPUT_OVERFLOW = 1 << 6
    CURRENT_OUTPUT_OVERFLOW = 1 << 7
    RAM_CHECKSUM = 1 << 8
    CLOCK = 1 << 9
    PARAMETER_CHECKSUM = 1 << 10
    ROM_CHECKSUM = 1 << 11
    TEMPERATURE_CIRCUIT = 1 << 12
    RESERVED = 1 << 13
    TIMER_OVERFLOW = 1 << 14
    ANALOG_INPUT_OVER_RANGE = 1 << 15


NO_VALUE: Final = (
    Fault.NO_SIGNAL
    | Fault.POOR_SIGNAL
    | Fault.PIPE_EMPTY
    | Fault.HARDWARE_FAILURE
    | Fault.RAM_CHECKSUM
    | Fault.PARAMETER_CHECKSUM
    | Fault.ROM_CHECKSUM
)
"""By these flow and totals say nothing."""


class LowByte(Reading):
    """A quantity in the low byte of a register whose high byte holds something else."""

    def decode(self, content: Content) -> float:
        return super().decode(int(float(content)) & 0xFF)


MANUAL = "TUF-2000M user manual: better than 1 %"


class Tuf2000M(ModbusInstrument, FlowMeter, VelocityMeter, VolumeTotalizer):
    """Clamp-on ultrasonic meter on Modbus: ASCII as it is delivered, RTU where menu M63 says so.

    The address says which: `modbus+ascii://` or `modbus+rtu://`. A wrong baud rate or protocol gives
    silence. A dose must last 60 s to be good to 1 %. The meter takes registers one at a time (function 6)
    too; this driver writes nothing.
    """

    model = "TUF-2000M"
    wire: ClassVar[Modbus] = Modbus(
        order="CDAB",
        manual_counts_from=1,
        slowest_reply=1.0,
        serial=Serial(9600),
        functions=frozenset({3}),
    )

    faults = Flags(holding_u16(72), Fault, spoils=NO_VALUE)
    """What is wrong."""

    flow = Reading(
        holding_f32(1), "m3/h", span=(0, 400), accuracy=percent_of_reading(1, MANUAL), unless=[faults]
    )
    """Volume flow, whatever unit the display shows; the span, 14 m/s in DN 100, is unverified."""

    velocity = Reading(holding_f32(5), "m/s", span=(-12, 12), accuracy=UNSTATED, unless=[faults])
    """Velocity of the fluid; the span is unverified."""

    sound_speed = Reading(holding_f32(7), "m/s", span=(500, 3000), accuracy=UNSTATED, unless=[faults])
    """Speed of sound in the fluid; the span is unverified."""

    volume = Reading(
        Sum(holding_i32(9), holding_f32(11)),
        "m3",
        span=(0, 2**31 - 1),
        accuracy=percent_of_reading(1, MANUAL),
        unless=[faults],
    )
    """Positive accumulator: integer part and decimal fraction."""

    net_volume = Reading(
        Sum(holding_i32(25), holding_f32(27)),
        "m3",
        span=(-(2**31), 2**31 - 1),
        accuracy=percent_of_reading(1, MANUAL),
        unless=[faults],
    )
    """Net accumulator: integer part and decimal fraction."""

    temperature_1 = Reading(holding_f32(33), "°C", span=(-50, 400), accuracy=UNSTATED)
    """Inlet temperature, where a Pt100 is connected; the span is unverified."""

    temperature_2 = Reading(holding_f32(35), "°C", span=(-50, 400), accuracy=UNSTATED)
    """Outlet temperature, where a Pt100 is connected; the span is unverified."""

    signal_quality = LowByte(holding_u16(92), "1", span=(0, 99), accuracy=EXACT)
    """Quality of the received signal, larger is better."""

    upstream_strength = Reading(holding_u16(93), "1", span=(0, 2047), accuracy=EXACT)
    """Strength of the signal received upstream."""

    downstream_strength = Reading(holding_u16(94), "1", span=(0, 2047), accuracy=EXACT)
    """Strength of the signal received downstream."""

    time_ratio = Reading(holding_f32(97), "%", span=(0, 200), accuracy=UNSTATED)
    """Measured to calculated travel time; 97 to 103 is healthy."""

    total_unit = Choice(holding_u16(1438), TotalUnit)
    """Unit of the accumulators."""

    total_multiplier = Choice(holding_u16(1439), Multiplier)
    """What the accumulators count in."""

    expects: ClassVar[tuple[Step, ...]] = (
        total_unit.to(TotalUnit.CUBIC_METRE),
        total_multiplier.to(Multiplier.X1),
    )
