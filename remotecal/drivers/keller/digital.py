"""Keller digital manometers and transmitters on Modbus: LEO, 33X, 35X.

Source: Keller, description of the X-Line's communication protocol, as programs cite it (version 3.7).
"""

from __future__ import annotations

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

    pressure = Reading(
        holding_f32(0x0100),
        "bar",
        span=(-1000, 1000),
        accuracy=Ranges(Range(None, "printed_limit"), by="full_scale"),
    )
    """Pressure P1."""

    temperature = Reading(holding_f32(0x0102), "°C", span=(-40, 125), accuracy=UNSTATED)
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
