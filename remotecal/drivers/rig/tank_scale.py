"""The register map of a transmitter that reads a tank's scale, revision 1.

A float or a camera follows the water in the gauge glass; the station asks over Modbus where on the scale it
stands. Any transmitter that serves these registers is one. Addresses are those on the wire (counted from 0),
floats stand high word first.
"""

from __future__ import annotations

from typing import ClassVar

from remotecal.drivers.accuracy import EXACT, UNSTATED
from remotecal.drivers.capabilities import TankScale
from remotecal.drivers.codecs import input_f32, input_u16
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Reading


class TankScaleTransmitter(ModbusInstrument, TankScale):
    """Transmitter of a tank's scale, register map revision 1."""

    maker = "remotecal"
    model = "tank scale transmitter, map 1"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=0.5)

    map_revision = Reading(input_u16(0), "1", span=(1, 65535), accuracy=EXACT)
    """Revision of this register map."""

    level = Reading(input_f32(2), "mm", span=(-1000, 20_000), accuracy=UNSTATED)
    """Where on the scale the water stands; how good that is the tank's certificate tells."""
