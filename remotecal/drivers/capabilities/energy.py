"""What meters of energy can do."""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Reading


@runtime_checkable
class EnergyTotalizer(Protocol):
    """Indicates the energy that was delivered so far."""

    energy: ClassVar[Annotated[Reading, "kW*h"]]
