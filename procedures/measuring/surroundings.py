"""The state of the air, read once in a repeat and stated on the certificate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

from remotecal.drivers.measured import Measured
from remotecal.model import Condition, Text
from remotecal.procedures import By, Observed, Run
from remotecal.procedures.library.evaluation.conditions import Ends, between

if TYPE_CHECKING:
    from remotecal.drivers.capabilities import AmbientMonitor


class InAir(Observed):
    """What a repeat yields of the air around."""

    air_pressure: Annotated[Measured, "Pa", By("ambient", "air_pressure")]
    """Absolute pressure of the air."""
    air_temperature: Annotated[Measured, "°C", By("ambient", "air_temperature")]
    """Temperature of the air."""
    humidity: Annotated[Measured, "%", By("ambient", "humidity")]
    """Relative humidity of the air."""


class StateOfAir(NamedTuple):
    """The state of the air, as it was read; `_asdict` gives the parts of an `InAir`."""

    air_pressure: Measured
    air_temperature: Measured
    humidity: Measured


def read_air(run: Run, ambient: AmbientMonitor) -> StateOfAir:
    """Read the state of the air."""
    return StateOfAir(*run.read(ambient.air_pressure, ambient.air_temperature, ambient.humidity))


class AirDuring:
    """The air during a run, while its repeats go by."""

    def __init__(self) -> None:
        self._temperature, self._humidity, self._pressure = Ends("°C"), Ends("%"), Ends("hPa")

    def take(self, seen: InAir) -> None:
        """Go on to the next repeat."""
        self._temperature.take(seen.air_temperature)
        self._humidity.take(seen.humidity)
        self._pressure.take(seen.air_pressure)

    def conditions(self) -> Sequence[Condition]:
        """Return the conditions of the air."""
        temperature = Text(zh="环境温度", en="Ambient temperature")
        humidity = Text(zh="相对湿度", en="Relative humidity")
        pressure = Text(zh="大气压力", en="Atmospheric pressure")
        return (
            between("basic_temperature", temperature, self._temperature, 1),
            between("basic_humidityRelative", humidity, self._humidity, 0),
            between("remotecal_atmosphericPressure", pressure, self._pressure, 1),
        )
