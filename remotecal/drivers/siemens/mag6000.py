"""Siemens SITRANS F M MAG 6000 with the USM II Modbus RTU module.

Source: Siemens, SITRANS F Modbus RTU operating instructions SFIDK.PS.023.D2.02 and A5E00753974.
Register numbers are those the manual prints as 4:03003, one more than the address on the wire.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from remotecal.drivers.accuracy import EXACT, percent_of_reading
from remotecal.drivers.capabilities import FlowMeter, VolumeTotalizer
from remotecal.drivers.codecs import Register, coil, holding_f32, holding_f64, holding_u16
from remotecal.drivers.declarations import Step
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Reading


class Product(Enum):
    """Which signal converter this is."""

    MAG_6000 = 24
    MASS_6000 = 25


class Direction(Enum):
    """Which flow a totalizer adds up."""

    REVERSE = 0
    FORWARD = 1
    NET = 2


class Counting(Enum):
    """Whether a totalizer counts."""

    RUNNING = 0
    HELD = 1


SOURCE = "Siemens, as generally known; unverified in the data sheet"


class SiemensMag6000(ModbusInstrument, FlowMeter, VolumeTotalizer):
    """Electromagnetic meter; its values are in SI units whatever the display shows.

    High word first and the port's settings are unverified.
    """

    maker = "Siemens"
    model = "SITRANS F M MAG 6000"
    wire: ClassVar[Modbus] = Modbus(
        order="ABCD",
        manual_counts_from=1,
        slowest_reply=1.0,
        serial=Serial(19200, parity="E"),
        functions=frozenset({1, 3, 5, 16}),
    )
    forbidden: ClassVar[tuple[Register, ...]] = (coil(9),)
    """Automatic zero adjustment."""

    flow = Reading(holding_f32(3003), "m3/s", span=(0, 0.1), accuracy=percent_of_reading(0.2, SOURCE))
    """Absolute volume flow; the span, that of a DN 100 sensor, is unverified."""

    volume = Reading(holding_f64(3015), "m3", span=(-1e12, 1e12), accuracy=percent_of_reading(0.2, SOURCE))
    """Totalizer 1."""

    volume_2 = Reading(holding_f64(3019), "m3", span=(-1e12, 1e12), accuracy=percent_of_reading(0.2, SOURCE))
    """Totalizer 2 or batch."""

    direction = Choice(holding_u16(2102), Direction)
    """Which flow totalizer 1 adds up."""

    volume_per_pulse = Reading(holding_f32(2291), "m3", span=(1e-9, 1000), accuracy=EXACT)
    """Volume one pulse of the output stands for."""

    sensor_size = Reading(holding_f32(2401), "m", span=(0.001, 3), accuracy=EXACT)
    """Nominal diameter of the sensor."""

    calibration_factor = Reading(holding_f32(2403), "1", span=(-1000, 1000), accuracy=EXACT)
    """Factor of the sensor's calibration; recorded, never written."""

    product = Choice(holding_u16(603), Product)
    """Which signal converter answers."""

    reset_volume = Action(coil(10), 1)
    """Set totalizer 1 to zero."""

    hold_volume = Choice(coil(11), Counting)
    """Whether totalizer 1 counts."""

    expects: ClassVar[tuple[Step, ...]] = (product.to(Product.MAG_6000),)
