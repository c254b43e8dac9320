"""Vaisala DMT340 series of dew-point transmitters over Modbus, from software 5.10 on.

Source: Vaisala, DMT340 Series User's Guide M210704EN-F and -G, chapter 5 and appendix B (registers,
status, identification, and that units are always metric); the same map stands in the HMT330's,
M210566EN-J. Of the Modbus that Vaisala's instruments share: HMDW110 M211726EN-D, page 79, and OPT100
M211858EN-E, page 69 (registers are counted from one, a float's low word comes first, NaN is no value),
DMT143 M211435EN-J, page 80 (test registers), and the HMP60's user's guide, page 35 (the port).
"""

from __future__ import annotations

import math
from enum import Enum
from typing import ClassVar, Final

from remotecal.drivers.accuracy import EXACT, UNSTATED
from remotecal.drivers.capabilities import DewPointMeter, Thermometer
from remotecal.drivers.codecs import holding_f32, holding_u16, holding_u32
from remotecal.drivers.declarations import Step
from remotecal.drivers.instrument import Identity
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Choice, Reading
from remotecal.errors import InstrumentError, WrongInstrument

TEST: Final = -123.45
"""What register 7938 holds in every instrument."""


class Fault(Enum):
    """Register 513."""

    NONE = 1
    ANY = 0


class Online(Enum):
    """Register 514."""

    AVAILABLE = 1
    NOT_AVAILABLE = 0


class VaisalaDmt340(ModbusInstrument, DewPointMeter, Thermometer):
    """DMT340 series. Nothing is ever written.

    One that reports a fault or has no data just now, as while its sensor is purged, is refused when it is
    opened, and so is what it gives meanwhile; a quantity it has not at that moment, or at all, is NaN, and no
    value. It is believed where its test register reads as it must, which no other order of bytes or counting
    of registers gives; that a DMT340 has the test register of later instruments, every span and the port's
    settings, which are those of Vaisala's probes (unit 240 there), are unverified. Dew points are at the
    pressure in the transmitter.
    """

    maker = "Vaisala"
    model = "DMT340"
    models = r"^DMT34\d$"
    serial_object: ClassVar[int | None] = 0x80
    wire: ClassVar[Modbus] = Modbus(
        order="CDAB",
        manual_counts_from=1,
        slowest_reply=1.0,
        serial=Serial(19200, stop=2),
        functions=frozenset({3, 43}),
    )

    fault = Choice(holding_u16(513), Fault, spoils=[Fault.ANY])
    """Whether it reports a fault."""

    online = Choice(holding_u16(514), Online, spoils=[Online.NOT_AVAILABLE])
    """Whether it measures."""

    temperature = Reading(holding_f32(3), "°C", span=(-40, 180), accuracy=UNSTATED, unless=[fault, online])
    """Temperature of the gas."""

    dew_point_over_water = Reading(
        holding_f32(7), "°C", span=(-100, 100), accuracy=UNSTATED, unless=[fault, online]
    )
    """Dew point, over water also below 0 °C."""

    dew_point = Reading(holding_f32(9), "°C", span=(-100, 100), accuracy=UNSTATED, unless=[fault, online])
    """Dew point; below 0 °C the frost point."""

    dew_point_at_1_atm = Reading(
        holding_f32(11), "°C", span=(-100, 100), accuracy=UNSTATED, unless=[fault, online]
    )
    """Dew or frost point of this gas at atmospheric pressure."""

    water_content = Reading(holding_f32(21), "ppm", span=(0, 1e6), accuracy=UNSTATED, unless=[fault, online])
    """Water in the gas, by volume, with the pressure that is set."""

    vapour_pressure = Reading(
        holding_f32(23), "hPa", span=(0, 2000), accuracy=UNSTATED, unless=[fault, online]
    )
    """Pressure of the water vapour."""

    pressure_set = Reading(holding_f32(769), "hPa", span=(0, 9999), accuracy=EXACT)
    """Pressure that it reckons with; a temporary one, where somebody sends it, is not told here."""

    errors = Reading(holding_u32(516), "1", span=(0, 2**32 - 1), accuracy=EXACT)
    """The errors that stand, bit 0 for E0 of its manual's table, and so on."""

    test = Reading(holding_f32(7938), "1", span=(-200, 0), accuracy=EXACT)
    """A number that never changes."""

    expects: ClassVar[tuple[Step, ...]] = (fault.to(Fault.NONE), online.to(Online.AVAILABLE))

    def check(self) -> Identity:
        """Check who answers and that it measures, then that floats come as they are read."""
        identity = super().check()
        try:
            found = self.test.read().value
        except InstrumentError as error:
            raise WrongInstrument(f"{error}: {_OTHERWISE}") from error
        if not math.isclose(found, TEST, rel_tol=1e-6):
            raise WrongInstrument(
                f"{self.name}: its test register is {found:.6g} and not {TEST}: {_OTHERWISE}"
            )
        return identity


_OTHERWISE: Final = (
    "it sends floats in another order, or counts registers otherwise; state that in the bench file"
)
