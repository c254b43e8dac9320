"""Fluke 6270A, 8270A and 8370A modular pressure controllers.

Source: programs that drive a 6270A; the maker's manual has not been seen, and what no program does is
said to be unverified.
"""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import ClassVar

from remotecal.clock import Clock
from remotecal.drivers.accuracy import UNSTATED, Accuracy
from remotecal.drivers.codecs import scpi
from remotecal.drivers.declarations import Step
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import Link
from remotecal.drivers.links.wire import Line
from remotecal.drivers.options import positive, printed_limit
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting
from remotecal.drivers.ranges import Range, Ranges
from remotecal.drivers.venting import AIR, MAX_SLEW, VentedByRamp


class Mode(Enum):
    """What it does with the pressure."""

    MEASURE = "MEAS"
    CONTROL = "CONT"
    VENT = "VENT"


class Reference(Enum):
    """What pressures are measured against."""

    ABSOLUTE = "ABS"
    GAUGE = "GAUG"


class Unit(Enum):
    """Unit of all pressures, some of many."""

    PASCAL = "PA"
    KILOPASCAL = "KPA"
    BAR = "BAR"
    PSI = "PSI"


class Condition(IntFlag):
    """Bits of the operation condition register."""

    READY = 16
    """In limits, by the band and time set at the instrument."""


class Fluke6270A(VentedByRamp, ScpiInstrument):
    """Pressure controller 6270A, 8270A or 8370A; it must show kPa.

    It is opened to the air only after it has ramped down; a bench's `[safe] within` must leave the time
    for that. That rates are per second is unverified: were they per minute, it would be slower than stated.

    Args:
        link: the channel of bytes.
        name: how messages and evidence call it.
        serial: its serial number.
        clock: gives each reading its time.
        full_scale: largest pressure of the module in use, in kPa.
        percent_of_range: the limit of error printed for that module, in % of its full scale; without it only
            a certificate tells how good it is.
        max_slew: fastest change of pressure that what is connected bears, in kPa/s.
        air_pressure: pressure of the air in kPa, for one that shows absolute pressure.
    """

    maker = "Fluke"
    model = "6270A"
    models = "^(6270A|8270A|8370A)"
    wire: ClassVar[Line] = Line(ending="\r\n", reply_ending="\n", slowest_reply=3.0)
    compound: ClassVar[bool] = False  # unverified
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*;)?\s*:?CAL",)
    full_scale: float
    printed_limit: Accuracy

    pressure = Reading(
        scpi("MEASure:PRESsure"),
        "kPa",
        span=(-100e3, 100e3),
        accuracy=Ranges(Range(None, "printed_limit"), by="full_scale"),
    )
    """Pressure at the module in use, gauge or absolute by its mode."""

    told_uncertainty = Reading(scpi("MEASure:PRESsure:UNCertainty"), "kPa", span=(0, 1000), accuracy=UNSTATED)
    """What the controller itself says of its uncertainty; with which coverage is unverified."""

    setpoint = Setting(
        scpi("SOURce:PRESsure:LEVel:IMMediate:AMPLitude"),
        "kPa",
        span=(-100e3, 100e3),
        accuracy=Ranges(Range(None, UNSTATED), by="full_scale"),
    )
    """Pressure it is to hold."""

    slew = Setting(
        scpi("SOURce:PRESsure:SLEW"),
        "kPa/s",
        span=(0, 1e6),
        accuracy=Ranges(Range(None, UNSTATED, span=(0, 1)), by="max_slew"),
    )
    """Rate of the ramp to the set point."""

    mode = Choice(scpi("OUTPut:PRESsure:MODE"), Mode)
    """What it does; opened to the air only where there is no pressure, which `vent` brings down first."""

    reference = Choice(scpi("SENSe:PRESsure:MODE"), Reference)
    """Whether it measures absolute or gauge pressure."""

    unit = Choice(scpi("UNIT:PRESsure"), Unit)
    """Unit of all that is sent and understood."""

    condition = Flags(scpi("STATus:OPERation:CONDition"), Condition)
    """What it reports."""

    expects: ClassVar[tuple[Step, ...]] = (unit.to(Unit.KILOPASCAL),)
    safe: ClassVar[tuple[Step | Action, ...]] = (mode.to(Mode.VENT),)

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        full_scale: float = 20e3,
        percent_of_range: float | None = None,
        max_slew: float = MAX_SLEW,
        air_pressure: float = AIR,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        self.full_scale = positive(self.name, "full_scale", full_scale)
        self.max_slew = positive(self.name, "max_slew", max_slew)
        self.air_pressure = positive(self.name, "air_pressure", air_pressure)
        self.printed_limit = printed_limit(self.name, percent_of_range)

    def is_absolute(self) -> bool:
        return self.reference.read() is Reference.ABSOLUTE

    def control(self) -> None:
        """Bring the pressure to the set point by a ramp, and hold it there."""
        self.slow_down()
        self.mode.set(Mode.CONTROL)

    def measure(self) -> None:
        """Stop controlling."""
        self.mode.set(Mode.MEASURE)

    def in_limits(self) -> bool:
        return Condition.READY in self.condition.read()

    def _opened(self) -> bool:
        return self.mode.read() is Mode.VENT and self._near(self._air())
