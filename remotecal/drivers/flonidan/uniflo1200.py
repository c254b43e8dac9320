"""Flonidan UNIFLO 1200 volume converters, firmware 28.

Source: the table in a public program of a collector of meter data (class UNIFLO1200Registers), where an
address counts bytes, and a register is two of them; the maker's manual has not been seen. So every register
is unverified, and they are held against each other when the converter is opened.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, Final

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.codecs import Sum, holding_f32, holding_u16, holding_u32
from remotecal.drivers.converters import Converter
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.quantities import Choice, Reading


class Formula(Enum):
    """How compressibility is computed."""

    AGA_NX19_MOD_CORR = 0
    AGA_8 = 1
    SGERG_88 = 2
    FIXED = 3
    """Z and Z_b as they are programmed."""
    AGA_NX19_HERNING_WOLOWSKY = 4


CALLED: Final = {
    Formula.AGA_NX19_MOD_CORR: "NX-19",
    Formula.AGA_8: "AGA8 DETAIL",
    Formula.SGERG_88: "SGERG-88",
    Formula.FIXED: "fixed",
    Formula.AGA_NX19_HERNING_WOLOWSKY: "NX-19",
}
"""By what name each is known; that AGA 8 is DETAIL is unverified."""


def counted(address: int) -> Sum:
    """Return a volume at an address in bytes: a whole number, and what is beyond it as a float.

    >>> counted(0x70).coarse.number
    56
    """
    return Sum(holding_u32(address // 2), holding_f32(address // 2 + 2))


class FlonidanUniflo1200(Converter):
    """Volume converter.

    That a register on the wire is the byte's address halved, and the port's settings, are unverified. Its
    tables stand in several units of the bus; what is read here is all in the first.
    """

    maker = "Flonidan"
    model = "UNIFLO 1200"
    wire: ClassVar[Modbus] = Modbus(
        order="DCBA", slowest_reply=2.0, serial=Serial(9600), functions=frozenset({3})
    )

    measured_volume = Reading(counted(0x98), "m3", span=(0, 1e8), accuracy=UNSTATED, wraps=1e8)
    """Volume by the pulses."""

    base_volume = Reading(counted(0x70), "m3", span=(0, 1e8), accuracy=UNSTATED, wraps=1e8)
    """Volume at base conditions."""

    disturbed_volume = Reading(counted(0xA8), "m3", span=(0, 1e8), accuracy=UNSTATED, wraps=1e8)
    """Volume by the pulses that came in while an error stood."""

    pressure = Reading(holding_f32(0x80 // 2), "bar", span=(0, 80), accuracy=UNSTATED)
    """Absolute pressure."""

    temperature = Reading(holding_f32(0x84 // 2), "°C", span=(-40, 70), accuracy=UNSTATED)
    """Temperature of the gas."""

    factor = Reading(holding_f32(0x88 // 2), "1", span=(0, 1000), accuracy=UNSTATED)
    """Conversion factor."""

    z = Reading(holding_f32(0xB0 // 2), "1", span=(0, 3), accuracy=UNSTATED)
    """Compression factor of the gas."""

    z_base = Reading(holding_f32(0xB4 // 2), "1", span=(0, 3), accuracy=UNSTATED)
    """Compression factor at base conditions."""

    volume_per_pulse = Reading(holding_f32(0xF8 // 2), "m3", span=(0, 1e8), accuracy=UNSTATED)
    """What a pulse stands for."""

    base_pressure = Reading(holding_f32(0x128 // 2), "bar", span=(0.5, 80), accuracy=UNSTATED)
    """Base pressure."""

    base_temperature = Reading(holding_f32(0x12C // 2), "°C", span=(-40, 70), accuracy=UNSTATED)
    """Base temperature."""

    formula = Choice(holding_u16(0x16BC // 2), Formula)
    """How compressibility is computed."""

    def ratio(self) -> float:
        z, base = self.read(self.z, self.z_base)
        return z.value / base.value if base.value else 0.0

    def method(self) -> str:
        """Return the method that is programmed."""
        return CALLED[self.formula.read()]
