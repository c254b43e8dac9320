"""What thermometers can do, and what makes temperatures."""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Channels, Reading, Setting


@runtime_checkable
class Thermometer(Protocol):
    """Indicates the temperature of its probe."""

    temperature: ClassVar[Annotated[Reading, "°C"]]


@runtime_checkable
class TemperatureScanner(Protocol):
    """Indicates the temperatures of several probes, one on each channel."""

    temperature: ClassVar[Annotated[Channels, "°C"]]


@runtime_checkable
class HeatSource(Protocol):
    """Brings a bath, or the block of a dry well, to a temperature and holds it there.

    Its safe state neither heats nor cools.
    """

    setpoint: ClassVar[Annotated[Setting, "°C"]]
    """Where it is to go."""
    temperature: ClassVar[Annotated[Reading, "°C"]]
    """Temperature by its own sensor."""

    def start(self) -> None:
        """Heat or cool to the set point, and hold it."""
        ...

    def stop(self) -> None:
        """Neither heat nor cool."""
        ...

    def is_stable(self) -> bool:
        """Tell whether it has come to rest, by its own limits."""
        ...
