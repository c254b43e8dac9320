"""The state of the air, read once in a repeat and stated on the certificate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

from remotecal.drivers.measured import Measured
from remotecal.model import Condition, Text
from remotecal.procedures import Observed, Run
from remotecal.procedures.library.evaluation.conditions import between

if TYPE_CHECKING:
    from remotecal.drivers.capabilities import AmbientMonitor


class InAir(Observed):
    """What a repeat yields of the air around."""

    air_pressure: Annotated[Measured, "Pa"]
    """Absolute pressure of the air."""
    air_temperature: Annotated[Measured, "°C"]
    """Temperature of the air."""
    humidity: Annotated[Measured, "%"]
    """Relative humidity of the air."""


class StateOfAir(NamedTuple):
    """The state of the air, as it was read; `_asdict` gives the parts of an `InAir`."""

    air_pressure: Measured
    air_temperature: Measured
    humidity: Measured


def read_air(run: Run, ambient: AmbientMonitor) -> StateOfAir:
    """Read the state of the air."""
    return StateOfAir(*run.read(ambient.air_pressure, ambient.air_temperature, ambient.humidity))


def conditions(seen: Iterable[InAir]) -> Sequence[Condition]:
    """Return the conditions of the air during a run."""
    repeats = list(seen)
    return (
        between(
            "basic_temperature",
            Text(zh="环境温度", en="Ambient temperature"),
            [one.air_temperature for one in repeats],
            "°C",
            1,
        ),
        between(
            "basic_humidityRelative",
            Text(zh="相对湿度", en="Relative humidity"),
            [one.humidity for one in repeats],
            "%",
            0,
        ),
        between(
            "remotecal_atmosphericPressure",
            Text(zh="大气压力", en="Atmospheric pressure"),
            [one.air_pressure for one in repeats],
            "hPa",
            1,
        ),
    )
