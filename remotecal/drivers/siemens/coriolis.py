"""Siemens Coriolis meters: MASS 6000 with the USM II Modbus RTU module; FC410, FC310, MASS 2100 with FCT010.

Source: `usm2`; Siemens, SITRANS FC410 with Modbus A5E33120874-AC, tables A-1, A-14 and A-15 and pages
133, 137 and 151; FC310 A5E44036384-AA, page 192; MASS 2100 & FC300 (FCT010/DSL) A5E39788682-AB, pages 152,
170 and 171. The maps share the registers of what flows. Numbers are those printed as 4:03001, one more
than what the newer manuals call the Modbus address, 3000, and send: 01 03 0B B8 00 02 46 0A is answered
by 01 03 04 40 C3 52 8B 62 C8, which is 6.10383 kg/s.
"""

from __future__ import annotations

from enum import Enum, IntFlag
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
from remotecal.drivers.codecs import coil, holding_f32, holding_f64, holding_u16, holding_u32
from remotecal.drivers.declarations import Step
from remotecal.drivers.links.wire import Modbus, Order, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading
from remotecal.drivers.siemens.usm2 import Counting, Product, Usm2
from remotecal.drivers.told_order import TellsOrder


class Totalled(Enum):
    """What a totalizer adds up."""

    MASS = 1
    FRACTION_A = 2
    FRACTION_B = 3
    VOLUME = 4


class SitransCoriolis(ModbusInstrument, FlowMeter, MassFlowMeter, Densitometer):
    """What Siemens's Coriolis meters give alike, in SI units; every span is unverified."""

    maker = "Siemens"

    mass_flow = Reading(holding_f32(3001), "kg/s", span=(0, 150), accuracy=UNSTATED)
    """Absolute mass flow."""

    flow = Reading(holding_f32(3003), "m3/s", span=(0, 0.15), accuracy=UNSTATED)
    """Absolute volume flow at line conditions."""

    density = Reading(holding_f32(3005), "kg/m3", span=(0, 3000), accuracy=UNSTATED)
    """Density of the fluid."""


class FloatOrder(Enum):
    """Address 527: order of the bytes of a float, 3 being the sign's; the first is how it is delivered."""

    ORDER_3210 = 3
    ORDER_1032 = 0
    ORDER_0123 = 1
    ORDER_2301 = 2


ORDERS: Final[dict[FloatOrder, Order]] = {
    FloatOrder.ORDER_3210: "ABCD",
    FloatOrder.ORDER_1032: "CDAB",
    FloatOrder.ORDER_0123: "DCBA",
    FloatOrder.ORDER_2301: "BADC",
}
"""What a bench calls each."""


class Alarm(IntFlag):
    """What an FC410 says is wrong (address 3014, alarm group 2)."""

    FRAME_TOO_COLD = 1 << 0
    FRAME_TOO_WARM = 1 << 1
    ZERO_SIGMA = 1 << 2
    """The zero scattered too much when it was adjusted."""
    ZERO_OFFSET = 1 << 3
    ZERO_CONDITIONS = 1 << 4
    EMPTY_PIPE = 1 << 5
    PARTIALLY_FILLED = 1 << 6
    STORAGE = 1 << 7
    SYSTEM = 1 << 8
    UNSTABLE = 1 << 14
    """The measuring conditions."""
    AUTO_FILTERING = 1 << 15
    STARTING = 1 << 23


NO_VALUE: Final = (
    Alarm.EMPTY_PIPE | Alarm.PARTIALLY_FILLED | Alarm.STORAGE | Alarm.SYSTEM | Alarm.UNSTABLE | Alarm.STARTING
)
"""By these flow and density say nothing."""


class SiemensFc410(TellsOrder, SitransCoriolis, Thermometer):
    """SITRANS FC410, FC310, or an FCT010 on a MASS 2100 or FC300. Nothing is written: that needs a password.

    It is read in the order of bytes that it tells. That an FC410 and FC310, whose order can be changed as
    well, tell it where an FCT010 does, and that all have the frame's temperature and the alarms where the
    FC410 has them, is unverified: one without alarms needs a driver of its own that restates its readings.
    Who it is stands in letters, which are not read here; of its totalizers no address is known.
    """

    model = "SITRANS FC410"
    wire: ClassVar[Modbus] = Modbus(
        order="ABCD",
        manual_counts_from=1,
        slowest_reply=1.0,
        serial=Serial(19200, parity="E"),
        functions=frozenset({3}),
    )

    temperature = Reading(holding_f32(3011), "°C", span=(-50, 200), accuracy=UNSTATED)
    """Temperature of what flows; the span is that of the frame."""

    frame_temperature = Reading(holding_f32(3024), "°C", span=(-50, 200), accuracy=UNSTATED)
    """Temperature of the sensor's frame, which has these limits."""

    alarms = Flags(holding_u32(3015), Alarm, spoils=NO_VALUE)
    """What is wrong."""

    mass_flow = Reading(holding_f32(3001), "kg/s", span=(0, 150), accuracy=UNSTATED, unless=[alarms])
    """Absolute mass flow."""

    flow = Reading(holding_f32(3003), "m3/s", span=(0, 0.15), accuracy=UNSTATED, unless=[alarms])
    """Absolute volume flow at line conditions."""

    density = Reading(holding_f32(3005), "kg/m3", span=(0, 3000), accuracy=UNSTATED, unless=[alarms])
    """Density of the fluid."""

    byte_order = Choice(holding_u16(528), FloatOrder)
    """How floats are sent."""

    def told_order(self) -> Order:
        return ORDERS[self.byte_order.read()]


class SiemensMass6000(Usm2, SitransCoriolis, MassTotalizer, VolumeTotalizer, Thermometer):
    """SITRANS F C MASS 6000, totalizer 1 set to mass and totalizer 2 to volume, which is checked."""

    model = "SITRANS F C MASS 6000"

    temperature = Reading(holding_f32(3007), "°C", span=(-50, 250), accuracy=UNSTATED)
    """Temperature of the sensor; the span is unverified."""

    total_mass = Reading(holding_f64(3015), "kg", span=(-1e12, 1e12), accuracy=UNSTATED)
    """Totalizer 1."""

    volume = Reading(holding_f64(3019), "m3", span=(-1e12, 1e12), accuracy=UNSTATED)
    """Totalizer 2."""

    totalizer_1 = Choice(holding_u16(2101), Totalled)
    """What totalizer 1 adds up."""

    totalizer_2 = Choice(holding_u16(2103), Totalled)
    """What totalizer 2 adds up."""

    reset_mass = Action(coil(10), 1)
    """Set totalizer 1 to zero."""

    hold_mass = Choice(coil(11), Counting)
    """Whether totalizer 1 counts."""

    reset_volume = Action(coil(12), 1)
    """Set totalizer 2 to zero."""

    hold_volume = Choice(coil(13), Counting)
    """Whether totalizer 2 counts."""

    expects: ClassVar[tuple[Step, ...]] = (
        Usm2.product.to(Product.MASS_6000),
        totalizer_1.to(Totalled.MASS),
        totalizer_2.to(Totalled.VOLUME),
    )
