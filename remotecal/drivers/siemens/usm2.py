"""What the USM II Modbus RTU module gives of every Siemens signal converter it stands in.

Source: Siemens, SITRANS F Modbus RTU operating instructions SFIDK.PS.023.D2.02 and A5E00753974.
Register numbers are those the manual prints as 4:03003, one more than the address on the wire; its
appendix H (page 35) sends the most significant byte first: 100.0 is 42 C8 00 00, 55.32 is 42 5D 47 AE.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from remotecal.drivers.accuracy import EXACT
from remotecal.drivers.codecs import Register, coil, holding_f32, holding_u16
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Choice, Reading


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


class Usm2(ModbusInstrument):
    """A signal converter with the module; its values are in SI units whatever the display shows.

    The port's settings are unverified.
    """

    maker = "Siemens"
    wire: ClassVar[Modbus] = Modbus(
        order="ABCD",
        manual_counts_from=1,
        slowest_reply=1.0,
        serial=Serial(19200, parity="E"),
        functions=frozenset({1, 3, 5, 16}),
    )
    forbidden: ClassVar[tuple[Register, ...]] = (coil(9),)
    """Automatic zero adjustment."""

    direction = Choice(holding_u16(2102), Direction)
    """Which flow totalizer 1 adds up."""

    sensor_size = Reading(holding_f32(2401), "m", span=(0.001, 3), accuracy=EXACT)
    """Nominal diameter of the sensor."""

    calibration_factor = Reading(holding_f32(2403), "1", span=(-1e9, 1e9), accuracy=EXACT)
    """Factor of the sensor's calibration (of a Coriolis sensor in µs²/kg); recorded, never written."""

    product = Choice(holding_u16(603), Product)
    """Which signal converter answers."""
