"""What instruments can do that watch the surroundings of a measurement."""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Reading


@runtime_checkable
class AmbientMonitor(Protocol):
    """Indicates the state of the air."""

    air_pressure: ClassVar[Annotated[Reading, "Pa"]]
    air_temperature: ClassVar[Annotated[Reading, "°C"]]
    humidity: ClassVar[Annotated[Reading, "%"]]


@runtime_checkable
class DewPointMeter(Protocol):
    """Indicates the dew point of the gas that passes it."""

    dew_point: ClassVar[Annotated[Reading, "°C"]]
