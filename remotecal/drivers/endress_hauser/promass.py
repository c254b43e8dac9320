"""Endress+Hauser Proline 83 and 53 flow meters over Modbus RS485.

Source: Endress+Hauser, Device Functions Proline Promass 83 and Promag 53 Modbus RS485, and the
Promass 84 operating instructions.

The meters send values in the units configured at them; no register that tells them is known here.
A meter that is set otherwise needs a driver of its own that restates the quantity:
`class Ours(Promass83): mass_flow = Reading(input_f32(2007), "kg/s", …)`.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, Final

from remotecal.drivers.accuracy import EXACT, UNSTATED, percent_of_reading
from remotecal.drivers.capabilities import (
    Densitometer,
    FlowMeter,
    MassFlowMeter,
    MassTotalizer,
    Thermometer,
    VolumeTotalizer,
)
from remotecal.drivers.codecs import Sum, input_f32, input_u16
from remotecal.drivers.declarations import Step
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Choice, Reading

STEP: Final = 1e7
"""What a totalizer's SUM carries into its OVERFLOW, so that a float keeps its digits."""


class ByteOrder(Enum):
    """Register 4915: order of the bytes of a float, 3 being the sign's."""

    ORDER_0123 = 0
    ORDER_3210 = 1
    ORDER_2301 = 2
    ORDER_1032 = 3


class Protection(Enum):
    """Register 4918: the hardware's write protection."""

    OFF = 0
    ON = 1


def totalizer(number: int) -> Sum:
    """Return where totalizer 1, 2 or 3 lives: OVERFLOW plus SUM."""
    base = 2410 + 200 * number
    return Sum(input_f32(base + 2), input_f32(base), STEP)


class Proline(ModbusInstrument):
    """What Promass 83 and Promag 53 have in common.

    Nothing is ever written: parameters live in a memory of about a million writes. On a fault the
    meters send NaN, which is refused as an InstrumentError. That addresses on the wire are one
    less than the manual's registers, and the port's settings, are unverified.
    """

    maker = "Endress+Hauser"
    wire: ClassVar[Modbus] = Modbus(
        order="CDAB",
        manual_counts_from=1,
        slowest_reply=1.0,
        serial=Serial(19200, parity="E"),
        functions=frozenset({3, 4}),
    )

    condition = Reading(input_u16(6859), "1", span=(0, 65535), accuracy=EXACT)
    """Actual system condition; 1 is "system OK"."""

    byte_order = Choice(input_u16(4915), ByteOrder)
    """How floats are sent."""

    write_protection = Choice(input_u16(4918), Protection)
    """Whether the jumper protects the meter's parameters."""

    expects: ClassVar[tuple[Step, ...]] = (byte_order.to(ByteOrder.ORDER_1032),)


class Promass83(Proline, FlowMeter, MassFlowMeter, MassTotalizer, VolumeTotalizer, Densitometer, Thermometer):
    """Coriolis meter; totalizer 1 assigned to mass, 2 to volume (unverified as delivered)."""

    model = "Promass 83"

    mass_flow = Reading(
        input_f32(2007),
        "kg/h",
        span=(-350_000, 350_000),
        accuracy=percent_of_reading(0.1, "Promass 83F as a test rig quotes it; unverified in the data sheet"),
    )
    """Mass flow, either way; the span is the DN 100 sensor's, unverified."""

    flow = Reading(input_f32(2009), "m3/h", span=(0, 350), accuracy=UNSTATED)
    """Volume flow at line conditions; register and span are unverified."""

    density = Reading(input_f32(2013), "kg/m3", span=(0, 5000), accuracy=UNSTATED)
    """Density of the fluid; register and span are unverified."""

    temperature = Reading(input_f32(2017), "°C", span=(-50, 200), accuracy=UNSTATED)
    """Temperature of the measuring tube; the span is unverified."""

    total_mass = Reading(totalizer(1), "kg", span=(0, 1e11), accuracy=UNSTATED)
    """Totalizer 1."""

    volume = Reading(totalizer(2), "m3", span=(0, 1e11), accuracy=UNSTATED)
    """Totalizer 2."""


class Promag53(Proline, FlowMeter, VolumeTotalizer):
    """Electromagnetic meter; totalizer 1 assigned to volume (unverified as delivered)."""

    model = "Promag 53"

    flow = Reading(input_f32(2009), "m3/h", span=(0, 350), accuracy=UNSTATED)
    """Volume flow, forward; the register, and the span of a DN 100 sensor, are unverified."""

    volume = Reading(totalizer(1), "m3", span=(0, 1e11), accuracy=UNSTATED)
    """Totalizer 1."""
