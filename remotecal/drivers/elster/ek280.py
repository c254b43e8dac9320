"""Elster EK280 volume converters (Honeywell).

Source: the list of contents of Modbus Communication with EK2x0, V2.0d. What it says is that registers are
set for each device, in its Modbus tables; the tables themselves have not been seen.
"""

from __future__ import annotations

from typing import ClassVar

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.codecs import holding_f32, holding_f64
from remotecal.drivers.converters import MappedConverter
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.quantities import Reading


class ElsterEk280(MappedConverter):
    """Volume converter. Its registers are what the bench states, or those to which its table is set.

    The registers here are nobody's but this driver's: set the converter's Modbus table to them, or state
    where the quantities are. Whichever it is, they are held against each other when the converter is opened.
    Units, the order of bytes and the port's settings are unverified.
    """

    maker = "Elster"
    model = "EK280"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=2.0, serial=Serial(19200), functions=frozenset({3, 4}))

    pressure = Reading(holding_f32(0), "bar", span=(0, 100), accuracy=UNSTATED)
    """Absolute pressure."""

    temperature = Reading(holding_f32(2), "°C", span=(-60, 100), accuracy=UNSTATED)
    """Temperature of the gas."""

    factor = Reading(holding_f32(4), "1", span=(0, 1000), accuracy=UNSTATED)
    """Conversion factor."""

    k = Reading(holding_f32(6), "1", span=(0, 10), accuracy=UNSTATED)
    """Z/Z_b."""

    measured_volume = Reading(holding_f64(8), "m3", span=(0, 1e9), accuracy=UNSTATED)
    """Volume by the pulses."""

    base_volume = Reading(holding_f64(12), "m3", span=(0, 1e9), accuracy=UNSTATED)
    """Volume at base conditions."""

    disturbed_volume = Reading(holding_f64(16), "m3", span=(0, 1e9), accuracy=UNSTATED)
    """Volume at base conditions that came in while an alarm stood."""

    base_pressure = Reading(holding_f32(20), "bar", span=(0.5, 2), accuracy=UNSTATED)
    """Base pressure."""

    base_temperature = Reading(holding_f32(22), "°C", span=(-10, 40), accuracy=UNSTATED)
    """Base temperature."""

    def ratio(self) -> float:
        return self.k.read().value
