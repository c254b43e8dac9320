"""Druck PACE1000 indicators, PACE5000 and PACE6000 pressure controllers.

Source: GE, PACE Series SCPI Remote Communications Manual K0472; what is unverified has not been seen
there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, IntFlag
from typing import ClassVar, Final

from remotecal.clock import Clock
from remotecal.drivers.accuracy import UNSTATED, Accuracy
from remotecal.drivers.capabilities import PressureGauge
from remotecal.drivers.codecs import Scpi, scpi
from remotecal.drivers.declarations import Declaration, Obtained, Step
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import Link
from remotecal.drivers.links.wire import Line
from remotecal.drivers.options import positive, printed_limit
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting
from remotecal.drivers.ranges import Range, Ranges
from remotecal.drivers.talks import Talk
from remotecal.drivers.venting import AIR, MAX_SLEW, VentedByRamp
from remotecal.errors import BenchError, GarbledReply, InstrumentError

KILOPASCALS: Final = {"MBAR": 0.1, "HPA": 0.1, "KPA": 1.0, "BAR": 100.0, "MPA": 1e3, "PSI": 6.894757}
"""How many kPa the units in the names of ranges are."""

_RANGE = re.compile(
    rf'"?(?P<nominal>\d+\.?\d*) ?(?P<unit>{"|".join(KILOPASCALS)})(?P<reference>[GAD])?"?', re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Echoed(Scpi):
    """A SCPI header of an instrument that answers what it does not know by an empty line."""

    def unwrap(self, reply: str) -> str:
        if not reply.strip():
            raise InstrumentError(f"{self.ask} is answered by an empty line: this model does not know it")
        return Scpi.unwrap(self, reply)


@dataclass(frozen=True, slots=True)
class RangeName(Echoed):
    """The full scale in kPa of the range that is called, say, "3.50barg"."""

    def unwrap(self, reply: str) -> str:
        found = named_range(Echoed.unwrap(self, reply))
        return f"{float(found['nominal']) * KILOPASCALS[found['unit'].upper()]:.9g}"

    def wrap(self, value: str) -> str:
        return f'"{float(value) / KILOPASCALS["BAR"]:.9g}barg"'


def named_range(name: str) -> re.Match[str]:
    """Return nominal value, unit and reference (g, a) of a range by its name.

    Raises:
        GarbledReply: it is the name of no range in a known unit.
    """
    found = _RANGE.fullmatch(name.strip())
    if found is None:
        raise GarbledReply(f"{name!r} is no range of pressure, such as 3.50barg")
    return found


def pace(header: str, *, decimals: int | None = None, place: int | None = None) -> Echoed:
    """Place a quantity behind a header of a PACE; arguments as `scpi`."""
    return Echoed(header, "", decimals, place)


class Unit(Enum):
    """Unit of all pressures and rates, some of many; their spelling is unverified."""

    PASCAL = "PA"
    KILOPASCAL = "KPA"
    MEGAPASCAL = "MPA"
    HECTOPASCAL = "HPA"
    MILLIBAR = "MBAR"
    BAR = "BAR"
    PSI = "PSI"


class Switch(Enum):
    """Off or on."""

    OFF = 0
    ON = 1


class Slewing(Enum):
    """How the set point is approached."""

    FASTEST = "MAX"
    LINEAR = "LIN"


class Vent(IntFlag):
    """What becomes of a vent; completed says that the last one ended, not that the line is open now."""

    IN_PROGRESS = 1
    COMPLETED = 2


class Limits(IntFlag):
    """Whether the pressure has been close to the set point for long enough."""

    WITHIN = 1


class DruckPace1000(ScpiInstrument, PressureGauge):
    """Reference pressure indicator; it must show kPa.

    Every reply begins with the header it answers. How lines end is set at the instrument; here it is by a
    line feed. That ranges are named in this form, and the port's settings, are unverified.

    Args:
        link: the channel of bytes.
        name: how messages and evidence call it.
        serial: its serial number.
        clock: gives each reading its time.
        module: which module or internal sensor it is, 1 or 2.
        percent_of_range: the limit of error printed for this module, in % of its full scale; without it only
            a certificate tells how good it is.
    """

    maker = "Druck"
    model = "PACE1000"
    models = "(?i)pace1000"
    wire: ClassVar[Line] = Line(ending="\n", slowest_reply=2.0)
    compound: ClassVar[bool] = False  # unverified
    forbidden: ClassVar[tuple[str, ...]] = (r"(.*;)?\s*:?CAL",)
    module: str
    """As it stands in headers: nothing for the first."""
    printed_limit: Accuracy

    full_scale = Reading(
        RangeName("SENSe{module}:PRESsure:RANGe"), "kPa", span=(0.1, 100e3), accuracy=UNSTATED
    )
    """Full scale of the range it reads on, by the range's name."""

    pressure = Reading(
        pace("SENSe{module}:PRESsure"),
        "kPa",
        span=(-100e3, 100e3),
        accuracy=Ranges(Range(None, "printed_limit"), by=full_scale),
    )
    """Pressure at the module, gauge or absolute as its range is."""

    rate = Reading(pace("SENSe{module}:PRESsure:SLEW"), "kPa/s", span=(-1e5, 1e5), accuracy=UNSTATED)
    """Rate at which the pressure changes."""

    unit = Choice(pace("UNIT{module}:PRESsure"), Unit)
    """Unit of all that is sent and understood."""

    expects: ClassVar[tuple[Step, ...]] = (unit.to(Unit.KILOPASCAL),)

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        module: int = 1,
        percent_of_range: float | None = None,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        if module not in {1, 2}:
            raise BenchError(f"{self.name}: modules are 1 and 2, not {module!r}")
        self.module = "" if module == 1 else str(module)
        self.printed_limit = printed_limit(self.name, percent_of_range)

    def is_absolute(self) -> bool:
        """Tell whether it reads on an absolute range, by the range's name.

        Raises:
            InstrumentError: the name says neither.
        """
        name = Echoed("SENSe{module}:PRESsure:RANGe").unwrap(self.ask(f"SENS{self.module}:PRES:RANG?"))
        reference = (named_range(name)["reference"] or "").upper()
        if reference not in {"G", "A"}:
            raise InstrumentError(f"{self.name}: range {name} is neither gauge nor absolute: choose another")
        return reference == "A"

    def conversation(self, *declarations: Declaration) -> Talk[tuple[Obtained, ...]]:
        """Ask for contents; the error that an unknown question leaves in the queue is taken out of it."""
        try:
            return (yield from super().conversation(*declarations))
        except InstrumentError:
            answer = yield from self.asking("SYST:ERR?")
            yield from self.errors(answer)
            raise


class DruckPace(VentedByRamp, DruckPace1000):
    """Pressure controller PACE5000 or PACE6000 with its modules; it must show kPa.

    It approaches set points by a linear ramp without overshoot, no faster than `max_slew`. It is opened
    to the air only after it has ramped down; a bench's `[safe] within` must leave the time for that.

    Args:
        link: the channel of bytes.
        name: how messages and evidence call it.
        serial: its serial number.
        clock: gives each reading its time.
        module: which module it is, 1 or 2.
        percent_of_range: the limit of error printed for this module, in % of its full scale; without it only
            a certificate tells how good it is.
        max_slew: fastest change of pressure that what is connected bears, in kPa/s.
        air_pressure: pressure of the air in kPa, where an absolute range has no barometer beside it.
    """

    model = "PACE5000"
    models = "(?i)pace[56]000"

    control_range = Reading(
        RangeName("SOURce{module}:PRESsure:RANGe"), "kPa", span=(0.1, 100e3), accuracy=UNSTATED
    )
    """Full scale of the range it controls on, by the range's name."""

    setpoint = Setting(
        pace("SOURce{module}:PRESsure[:LEVel][:IMMediate][:AMPLitude]"),
        "kPa",
        span=(-100e3, 100e3),
        accuracy=Ranges(Range(None, UNSTATED), by=control_range),
    )
    """Pressure it is to hold."""

    slew = Setting(
        pace("SOURce{module}:PRESsure:SLEW"),
        "kPa/s",
        span=(0, 1e6),
        accuracy=Ranges(Range(None, UNSTATED, span=(0, 1)), by="max_slew"),
    )
    """Rate of the ramp to the set point."""

    slew_mode = Choice(pace("SOURce{module}:PRESsure:SLEW:MODE"), Slewing)
    """Whether there is a ramp."""

    overshoot = Choice(pace("SOURce{module}:PRESsure:SLEW:OVERshoot[:STATe]"), Switch)
    """Whether it may pass the set point on its way."""

    output = Choice(pace("OUTPut{module}:STATe"), Switch)
    """Whether it controls."""

    limits = Flags(pace("SENSe{module}:PRESsure:INLimits", place=1), Limits)
    """Whether the pressure is in limits, by band and dwell."""

    band = Setting(pace("SOURce{module}:PRESsure:INLimits"), "%", span=(0, 100))
    """Distance from the set point that is still in limits, in per cent of full scale."""

    dwell = Setting(pace("SOURce{module}:PRESsure:INLimits:TIME", decimals=0), "s", span=(2, 999))
    """How long the pressure must be within the band."""

    effort = Reading(pace("SOURce{module}:PRESsure:EFFort"), "%", span=(-100, 100), accuracy=UNSTATED)
    """What the valves do; close to either end the supply or the vacuum is too weak."""

    supply = Reading(
        pace("SOURce{module}:PRESsure:COMPensate1"), "kPa", span=(-100e3, 100e3), accuracy=UNSTATED
    )
    """Pressure of the supply."""

    vacuum = Reading(
        pace("SOURce{module}:PRESsure:COMPensate2"), "kPa", span=(-100e3, 100e3), accuracy=UNSTATED
    )
    """Pressure of the negative supply."""

    barometer = Reading(pace("SENSe{module}:PRESsure:BARometer"), "kPa", span=(50, 120), accuracy=UNSTATED)
    """Pressure of the air, where there is a barometer; 0 where there is none."""

    venting = Flags(pace("SOURce{module}:PRESsure:LEVel:IMMediate:AMPLitude:VENT"), Vent)
    """What becomes of the last vent."""

    open_to_air = Action(scpi("SOURce{module}:PRESsure:LEVel:IMMediate:AMPLitude:VENT"), 1)
    """Open the line to the air; refused while there is pressure, which `vent` brings down first."""

    safe: ClassVar[tuple[Step | Action, ...]] = (open_to_air, output.to(Switch.OFF))

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        module: int = 1,
        percent_of_range: float | None = None,
        max_slew: float = MAX_SLEW,
        air_pressure: float = AIR,
    ) -> None:
        super().__init__(
            link, name=name, serial=serial, clock=clock, module=module, percent_of_range=percent_of_range
        )
        self.max_slew = positive(self.name, "max_slew", max_slew)
        self.air_pressure = positive(self.name, "air_pressure", air_pressure)

    def control(self) -> None:
        """Bring the pressure to the set point by a ramp without overshoot, and hold it there."""
        self.slow_down()
        self.overshoot.set(Switch.OFF)
        self.output.set(Switch.ON)

    def measure(self) -> None:
        """Stop controlling."""
        self.output.set(Switch.OFF)

    def in_limits(self) -> bool:
        return Limits.WITHIN in self.limits.read()

    def slow_down(self, *, hurry: bool = False) -> None:
        """See that it goes by ramps, and none is faster than this bench allows."""
        self.slew_mode.set(Slewing.LINEAR)
        super().slow_down(hurry=hurry)

    def _air(self) -> float:
        if not self.is_absolute():
            return 0.0
        try:
            told = self.barometer.read().value
        except InstrumentError:
            return self.air_pressure
        low, high = type(self).barometer.span
        return told if low <= told <= high else self.air_pressure

    def _opened(self) -> bool:
        return Vent.IN_PROGRESS not in self.venting.read()
