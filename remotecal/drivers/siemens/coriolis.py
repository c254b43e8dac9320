"""Siemens Coriolis meters: MASS 6000 with the USM II Modbus RTU module, and FC310 and FC410.

Source: `usm2`, and Siemens, SITRANS FC310 and FC410 operating instructions with Modbus. The makers'
maps share the registers of what flows; their numbers are those printed as 4:03001.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import (
    Densitometer,
    FlowMeter,
    MassTotalizer,
    Thermometer,
    VolumeTotalizer,
)
from remotecal.drivers.codecs import coil, holding_f32, holding_f64, holding_u16
from remotecal.drivers.declarations import Step
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Reading
from remotecal.drivers.siemens.usm2 import Counting, Product, Usm2


class Totalled(Enum):
    """What a totalizer adds up."""

    MASS = 1
    FRACTION_A = 2
    FRACTION_B = 3
    VOLUME = 4


class SitransCoriolis(ModbusInstrument, FlowMeter, Densitometer):
    """What Siemens's Coriolis meters give alike, in SI units; every span is unverified."""

    maker = "Siemens"

    mass_flow = Reading(holding_f32(3001), "kg/s", span=(0, 150), accuracy=UNSTATED)
    """Absolute mass flow."""

    flow = Reading(holding_f32(3003), "m3/s", span=(0, 0.15), accuracy=UNSTATED)
    """Absolute volume flow at line conditions."""

    density = Reading(holding_f32(3005), "kg/m3", span=(0, 3000), accuracy=UNSTATED)
    """Density of the fluid."""


class SiemensFc410(SitransCoriolis):
    """SITRANS FC410 or FC310. Nothing is written: that needs the meter's password.

    High word first, the port's settings and that addresses on the wire are one less than the
    registers are unverified; the registers of its totalizers and of who it is are not known here.
    """

    model = "SITRANS FC410"
    wire: ClassVar[Modbus] = Modbus(
        order="ABCD",
        manual_counts_from=1,
        slowest_reply=1.0,
        serial=Serial(19200, parity="E"),
        functions=frozenset({3}),
    )


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
