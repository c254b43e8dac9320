"""Indicating instruments that are read by hand, for the usual roles.

What is not known of an instrument that nobody has seen is as wide as can be; the bench states its dial.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import new_class
from typing import TYPE_CHECKING, ClassVar, Self, cast

from remotecal.drivers.accuracy import UNSTATED, absolute
from remotecal.drivers.by_hand.stated import ReadByHand
from remotecal.drivers.capabilities import (
    AmbientMonitor,
    Ammeter,
    Balance,
    Densitometer,
    EnergyTotalizer,
    FlowMeter,
    FrequencyMeter,
    MassFlowMeter,
    MassTotalizer,
    PressureGauge,
    TankScale,
    Thermometer,
    Voltmeter,
    VolumeTotalizer,
)
from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.options import positive
from remotecal.drivers.quantities import Reading
from remotecal.drivers.shown import shown
from remotecal.errors import BenchError

if TYPE_CHECKING:
    from remotecal.clock import Clock
    from remotecal.drivers.links import Link


class PressureGaugeByHand(ReadByHand, PressureGauge):
    """Gauge for gauge pressure, with a dial or a display, read by a person."""

    model: ClassVar[str] = "pressure gauge"
    absolute: ClassVar[bool] = False
    """Whether it counts from vacuum."""

    pressure = Reading(shown("压力表示值", "pressure gauge"), "kPa", span=(-101, 1e6), accuracy=UNSTATED)
    """Pressure on the dial."""

    def is_absolute(self) -> bool:
        return self.absolute


class BarometerByHand(PressureGaugeByHand):
    """Barometer, or another gauge for absolute pressure, read by a person."""

    model: ClassVar[str] = "barometer"
    absolute: ClassVar[bool] = True

    pressure = Reading(shown("绝压表示值", "absolute gauge"), "kPa", span=(0, 1e6), accuracy=UNSTATED)
    """Absolute pressure on the dial."""


class ThermometerByHand(ReadByHand, Thermometer):
    """Thermometer with a scale, a dial or a display, read by a person."""

    model: ClassVar[str] = "thermometer"

    temperature = Reading(shown("温度计示值", "thermometer"), "°C", span=(-273.15, 3000), accuracy=UNSTATED)
    """Temperature on the scale."""


class FlowMeterByHand(ReadByHand, FlowMeter):
    """Meter that shows a volume flow rate, read by a person."""

    model: ClassVar[str] = "flow meter"

    flow = Reading(shown("瞬时流量示值", "flow meter"), "m3/h", span=(-1e6, 1e6), accuracy=UNSTATED)
    """Volume flow rate on the display."""


class MassFlowMeterByHand(ReadByHand, MassFlowMeter):
    """Meter that shows a mass flow rate, read by a person."""

    model: ClassVar[str] = "mass flow meter"

    mass_flow = Reading(
        shown("瞬时质量流量示值", "mass flow meter"), "kg/h", span=(-1e9, 1e9), accuracy=UNSTATED
    )
    """Mass flow rate on the display."""


class VolumeTotalizerByHand(ReadByHand, VolumeTotalizer):
    """Meter that shows the volume that has passed, such as a mechanical water meter, read by a person."""

    model: ClassVar[str] = "volume totalizer"

    volume = Reading(shown("累积流量示值", "register of the meter"), "m3", span=(0, 1e12), accuracy=UNSTATED)
    """Volume on the register."""


class MassTotalizerByHand(ReadByHand, MassTotalizer):
    """Meter that shows the mass that has passed, read by a person."""

    model: ClassVar[str] = "mass totalizer"

    total_mass = Reading(
        shown("累积质量示值", "register of the meter"), "kg", span=(0, 1e12), accuracy=UNSTATED
    )
    """Mass on the register."""


class EnergyTotalizerByHand(ReadByHand, EnergyTotalizer):
    """Meter that shows the energy delivered so far, such as a heat meter, read by a person."""

    model: ClassVar[str] = "energy totalizer"

    energy = Reading(
        shown("累积热量示值", "energy on the display"), "kW*h", span=(0, 1e12), accuracy=UNSTATED
    )
    """Energy on the display."""


class DensitometerByHand(ReadByHand, Densitometer):
    """Hydrometer or density meter, read by a person."""

    model: ClassVar[str] = "densitometer"

    density = Reading(shown("密度计示值", "density meter"), "kg/m3", span=(0, 25_000), accuracy=UNSTATED)
    """Density on the scale."""


class TankScaleByHand(ReadByHand, TankScale):
    """Scale beside the gauge glass of a tank, read by a person."""

    model: ClassVar[str] = "tank scale"

    level = Reading(shown("液位标尺示值", "tank scale"), "mm", span=(-1000, 1e5), accuracy=UNSTATED)
    """Level on the scale."""


class BalanceByHand(ReadByHand, Balance):
    """Balance with a display, read by a person, who waits until it is at rest."""

    model: ClassVar[str] = "balance"

    mass = Reading(shown("天平示值", "balance"), "kg", span=(-1e5, 1e6), accuracy=UNSTATED)
    """Mass on the display."""

    settled_mass = Reading(shown("天平示值", "balance"), "kg", span=(-1e5, 1e6), accuracy=UNSTATED)
    """The same: a person reads what is at rest."""


class AmmeterByHand(ReadByHand, Ammeter):
    """Meter of direct current, read by a person."""

    model: ClassVar[str] = "ammeter"

    current = Reading(shown("电流表示值", "ammeter"), "mA", span=(-1e6, 1e6), accuracy=UNSTATED)
    """Direct current on the display."""


class VoltmeterByHand(ReadByHand, Voltmeter):
    """Meter of direct voltage, read by a person."""

    model: ClassVar[str] = "voltmeter"

    voltage = Reading(shown("电压表示值", "voltmeter"), "V", span=(-1e6, 1e6), accuracy=UNSTATED)
    """Direct voltage on the display."""


class FrequencyMeterByHand(ReadByHand, FrequencyMeter):
    """Meter of frequency, read by a person."""

    model: ClassVar[str] = "frequency meter"

    frequency = Reading(shown("频率计示值", "frequency meter"), "Hz", span=(0, 1e12), accuracy=UNSTATED)
    """Frequency on the display."""


class AmbientMonitorByHand(HandInstrument, AmbientMonitor):
    """Barometer, thermometer and hygrometer in the room, read by a person.

    Args:
        link: the link to the person.
        name: how questions, messages and evidence call it.
        serial: the serial number that must stand on it.
        clock: gives each reading its time.
        air_pressure_limit: limit of error of the barometer, in kPa.
        air_temperature_limit: limit of error of the thermometer, in K.
        humidity_limit: limit of error of the hygrometer, in % of relative humidity.
    """

    model: ClassVar[str] = "weather station"

    limits: ClassVar[tuple[tuple[str, float], ...]] = ()
    """Limits of error a bench states, by quantity."""

    def __init__(
        self,
        link: Link,
        *,
        name: str = "",
        serial: str | None = None,
        clock: Clock | None = None,
        air_pressure_limit: float | None = None,
        air_temperature_limit: float | None = None,
        humidity_limit: float | None = None,
    ) -> None:
        super().__init__(link, name=name, serial=serial, clock=clock)
        stated = (air_pressure_limit, air_temperature_limit, humidity_limit)
        if dict(self.limits) != {name: one for name, one in zip(AIR, stated, strict=True) if one is not None}:
            raise BenchError(f"{self.name}: {type(self).__name__}.as_stated gives a driver with such limits")

    @classmethod
    def as_stated(cls, settings: Mapping[str, object]) -> type[Self]:
        """Return the driver with the limits of error a bench states of its readings."""
        given = [(name, settings.get(f"{name}_limit")) for name in AIR]
        limits = tuple(
            (name, positive("AmbientMonitorByHand", f"{name}_limit", cast("float", limit)))
            for name, limit in given
            if limit is not None
        )
        return cast("type[Self]", _with_limits(limits))

    air_pressure = Reading(
        shown("大气压", "air pressure", leap=1.0), "kPa", span=(50, 110), accuracy=UNSTATED
    )
    """Pressure of the air."""

    air_temperature = Reading(
        shown("室温", "air temperature", leap=3.0), "°C", span=(-40, 60), accuracy=UNSTATED
    )
    """Temperature of the air."""

    humidity = Reading(
        shown("相对湿度", "relative humidity", leap=10.0), "%", span=(0, 100), accuracy=UNSTATED
    )
    """Relative humidity of the air."""


AIR = ("air_pressure", "air_temperature", "humidity")
"""What is read of the air."""


@cache
def _with_limits(limits: tuple[tuple[str, float], ...]) -> type[AmbientMonitorByHand]:
    """Return the driver with such limits of error; the same one each time."""
    driver = AmbientMonitorByHand
    if not limits:
        return driver
    body: dict[str, object] = {"limits": limits, "__doc__": driver.__doc__, "__module__": driver.__module__}
    for name, limit in limits:
        usual = cast("Reading", getattr(driver, name))
        accuracy = absolute(limit, source="as the bench file states it")
        body[name] = Reading(usual.wire, usual.unit, span=usual.span, accuracy=accuracy)
    return new_class(driver.__name__, (driver,), {}, lambda namespace: namespace.update(body))
