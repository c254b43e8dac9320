"""Keller digital manometers and transmitters on Modbus: LEO, 33X, 35X.

Source: Keller, description of the X-Line's communication protocol, as programs cite it (version 3.7).
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from remotecal.clock import Clock
from remotecal.drivers.accuracy import UNSTATED, Accuracy
from remotecal.drivers.capabilities import PressureGauge
from remotecal.drivers.codecs import holding_f32
from remotecal.drivers.links import Link
from remotecal.drivers.links.wire import Modbus, Order
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.options import positive, printed_limit
from remotecal.drivers.quantities import Reading
from remotecal.drivers.ranges import Range, Ranges


def pressure_at(number: int) -> Reading:
    """Return the pressure in a register, as good as the bench file states it."""
    limit = Ranges(Range(None, "printed_limit"), by="full_scale")
    return Reading(holding_f32(number), "bar", span=(-1000, 1000), accuracy=limit)


def temperature_at(number: int) -> Reading:
    """Return the sensor's temperature in a register."""
    return Reading(holding_f32(number), "°C", span=(-40, 125), accuracy=UNSTATED)


class KellerDigital(ModbusInstrument, PressureGauge):
    """Reference gauge of firmware 5.20-10.40 and later. Nothing is ever written, not even a zero.

    It can't say on Modbus who it is, nor what its range is: serial number and range stand in the bench file.

    Args:
        link: the channel, which other gauges may share.
        name: how messages and evidence call it.
        serial: its serial number, as the plate has it.
        clock: gives each reading its time.
        unit: its number on the bus.
        order: order of bytes, for an instrument that is set otherwise.
        manual_counts_from: what its manual counts registers from.
        full_scale: upper end of its range, in bar.
        absolute: whether it shows absolute pressure.
        percent_of_range: the limit of error printed for it, in % of full scale; without it only a certificate
            tells how good it is.
    """

    maker = "Keller"
    model = "X-Line"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=0.5, functions=frozenset({3}))
    full_scale: float
    absolute: bool
    printed_limit: Accuracy

    pressure = pressure_at(0x0100)
    """Pressure P1."""

    temperature = temperature_at(0x0102)
    """Temperature of the pressure sensor, TOB1; the span is unverified."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        unit: int = 1,
        order: Order | None = None,
        manual_counts_from: int | None = None,
        full_scale: float = 1000.0,
        absolute: bool = False,
        percent_of_range: float | None = None,
    ) -> None:
        super().__init__(
            link,
            name=name,
            serial=serial,
            clock=clock,
            unit=unit,
            order=order,
            manual_counts_from=manual_counts_from,
        )
        self.full_scale = positive(self.name, "full_scale", full_scale)
        self.absolute = absolute
        self.printed_limit = printed_limit(self.name, percent_of_range)

    def is_absolute(self) -> bool:
        return self.absolute


class KellerDigitalEarly(KellerDigital):
    """One of firmware before 5.20-10.40: other registers, which are asked for one at a time."""

    model = "X-Line before 5.20-10.40"
    wire: ClassVar[Modbus] = replace(KellerDigital.wire, longest_gap=0)

    pressure = pressure_at(0x0002)
    """Pressure P1."""

    temperature = temperature_at(0x0008)
    """Temperature of the pressure sensor, TOB1; the span is unverified."""
