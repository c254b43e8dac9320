"""What thermometers can do."""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Channels, Reading


@runtime_checkable
class Thermometer(Protocol):
    """Indicates the temperature of its probe."""

    temperature: ClassVar[Annotated[Reading, "°C"]]


@runtime_checkable
class TemperatureScanner(Protocol):
    """Indicates the temperatures of several probes, one on each channel."""

    temperature: ClassVar[Annotated[Channels, "°C"]]
