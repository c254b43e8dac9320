"""What thermometers can do."""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Reading


@runtime_checkable
class Thermometer(Protocol):
    """Indicates the temperature of its probe."""

    temperature: ClassVar[Annotated[Reading, "°C"]]
