"""Micro Motion transmitters 1700, 2700, 3000 and LF-Series of Coriolis meters over Modbus.

Source: the numbers commonly quoted from Micro Motion, Modbus Mapping Assignments for Micro Motion
Transmitters, P/N 20001741. They were not seen in the manual itself: every register, code and unit
below is unverified, so that a driver of this map refuses a transmitter which does not confirm it.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, Final

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import (
    Densitometer,
    FlowMeter,
    MassFlowMeter,
    MassTotalizer,
    Thermometer,
    VolumeTotalizer,
)
from remotecal.drivers.codecs import holding_f32, holding_u16
from remotecal.drivers.declarations import Step
from remotecal.drivers.links.wire import Modbus, Order, Serial
from remotecal.drivers.quantities import Choice, Reading
from remotecal.drivers.told_order import TellsOrder


class ByteOrder(Enum):
    """Register 521: order of the bytes of a float, 0 being the sign's."""

    ORDER_0123 = 0
    ORDER_2301 = 1
    ORDER_1032 = 2
    ORDER_3210 = 3


ORDERS: Final[dict[ByteOrder, Order]] = {
    ByteOrder.ORDER_0123: "ABCD",
    ByteOrder.ORDER_2301: "CDAB",
    ByteOrder.ORDER_1032: "BADC",
    ByteOrder.ORDER_3210: "DCBA",
}
"""What a bench calls each."""


class MassFlowUnit(Enum):
    """Register 39 (codes of the HART Communication Protocol, common table 2)."""

    G_PER_S = 70
    KG_PER_S = 73
    KG_PER_MIN = 74
    KG_PER_H = 75
    T_PER_H = 78


class DensityUnit(Enum):
    """Register 40."""

    G_PER_CM3 = 91
    KG_PER_M3 = 92


class TemperatureUnit(Enum):
    """Register 41."""

    CELSIUS = 32
    FAHRENHEIT = 33
    KELVIN = 35


class VolumeFlowUnit(Enum):
    """Register 42."""

    L_PER_MIN = 17
    M3_PER_H = 19
    L_PER_S = 24
    M3_PER_S = 28
    L_PER_H = 138


class MicroMotion2700(
    TellsOrder, FlowMeter, MassFlowMeter, MassTotalizer, VolumeTotalizer, Densitometer, Thermometer
):
    """Transmitter set to kg/h, kg/m³, °C and m³/h. Nothing is ever written.

    Every register and code is as commonly quoted, and unverified. So the transmitter's own registers of
    units and byte order are read when it is opened, and anything but what this driver (and `order` in
    the bench file) says is refused. That totals count in the unit of their flow, that addresses on the
    wire are one less than the registers, every span and the port's settings are unverified, too.
    """

    maker = "Micro Motion"
    model = "2700"
    wire: ClassVar[Modbus] = Modbus(
        order="ABCD",
        manual_counts_from=1,
        slowest_reply=1.0,
        serial=Serial(9600),
        functions=frozenset({3}),
    )

    mass_flow = Reading(holding_f32(247), "kg/h", span=(-500_000, 500_000), accuracy=UNSTATED)
    """Mass flow."""

    density = Reading(holding_f32(249), "kg/m3", span=(0, 5000), accuracy=UNSTATED)
    """Density of the fluid."""

    temperature = Reading(holding_f32(251), "°C", span=(-240, 350), accuracy=UNSTATED)
    """Temperature of the measuring tube."""

    flow = Reading(holding_f32(253), "m3/h", span=(-500, 500), accuracy=UNSTATED)
    """Volume flow at line conditions."""

    total_mass = Reading(holding_f32(259), "kg", span=(-1e9, 1e9), accuracy=UNSTATED)
    """Mass total; a float keeps seven digits: a long total is better taken from pulses."""

    volume = Reading(holding_f32(261), "m3", span=(-1e9, 1e9), accuracy=UNSTATED)
    """Volume total."""

    mass_inventory = Reading(holding_f32(263), "kg", span=(-1e9, 1e9), accuracy=UNSTATED)
    """Mass inventory, which resetting the totals leaves alone."""

    volume_inventory = Reading(holding_f32(265), "m3", span=(-1e9, 1e9), accuracy=UNSTATED)
    """Volume inventory."""

    mass_flow_unit = Choice(holding_u16(39), MassFlowUnit)
    """Unit of the mass flow."""

    density_unit = Choice(holding_u16(40), DensityUnit)
    """Unit of the density."""

    temperature_unit = Choice(holding_u16(41), TemperatureUnit)
    """Unit of the temperature."""

    flow_unit = Choice(holding_u16(42), VolumeFlowUnit)
    """Unit of the volume flow."""

    byte_order = Choice(holding_u16(521), ByteOrder)
    """How floats are sent."""

    expects: ClassVar[tuple[Step, ...]] = (
        mass_flow_unit.to(MassFlowUnit.KG_PER_H),
        density_unit.to(DensityUnit.KG_PER_M3),
        temperature_unit.to(TemperatureUnit.CELSIUS),
        flow_unit.to(VolumeFlowUnit.M3_PER_H),
    )

    def told_order(self) -> Order:
        return ORDERS[self.byte_order.read()]
