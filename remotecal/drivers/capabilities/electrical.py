"""What electrical instruments can do."""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Reading


@runtime_checkable
class Ammeter(Protocol):
    """Measures direct current, such as a transmitter's 4–20 mA."""

    current: ClassVar[Annotated[Reading, "mA"]]


@runtime_checkable
class Voltmeter(Protocol):
    """Measures direct voltage, such as a transmitter's 0–10 V."""

    voltage: ClassVar[Annotated[Reading, "V"]]
