"""What volume converters can do: tell the volume of a gas at base conditions."""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Reading


@runtime_checkable
class VolumeConverter(Protocol):
    """Counts a gas meter's pulses, measures pressure and temperature, and converts to base conditions."""

    pressure: ClassVar[Annotated[Reading, "Pa"]]
    """Absolute pressure, as it counts for the conversion."""
    temperature: ClassVar[Annotated[Reading, "°C"]]
    """Temperature, as it counts for the conversion."""
    factor: ClassVar[Annotated[Reading, "1"]]
    """Conversion factor C."""
    measured_volume: ClassVar[Annotated[Reading, "m3"]]
    """Volume by the pulses, as it passed the meter."""
    base_volume: ClassVar[Annotated[Reading, "m3"]]
    """Volume at base conditions."""
    disturbed_volume: ClassVar[Annotated[Reading, "m3"]]
    """Volume that came in while an alarm stood; where it grows, the conversion was with substitute values."""
    base_pressure: ClassVar[Annotated[Reading, "Pa"]]
    """Pressure of the base conditions that are programmed."""
    base_temperature: ClassVar[Annotated[Reading, "°C"]]
    """Temperature of them."""

    def method(self) -> str:
        """Return the method for compressibility that is programmed, by its usual name; "" if untold."""
        ...
