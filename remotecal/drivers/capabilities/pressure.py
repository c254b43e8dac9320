"""What instruments can do that measure pressure, or make it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Reading, Setting


@runtime_checkable
class PressureGauge(Protocol):
    """Indicates a pressure."""

    pressure: ClassVar[Annotated[Reading, "Pa"]]

    def is_absolute(self) -> bool:
        """Tell whether it indicates absolute pressure; it is gauge pressure otherwise."""
        ...


@runtime_checkable
class PressureController(PressureGauge, Protocol):
    """Makes a pressure, holds it and measures it.

    Its safe state is vented, slowly, and no longer controlling.
    """

    setpoint: ClassVar[Annotated[Setting, "Pa"]]
    """The pressure it is to hold, absolute or gauge as it indicates it; kept while it does not control."""
    slew: ClassVar[Annotated[Setting, "Pa/s"]]
    """Fastest change of pressure on the way to the set point."""

    def control(self) -> None:
        """Bring the pressure to the set point, no faster than `slew`, and hold it there."""
        ...

    def measure(self) -> None:
        """Stop controlling: the valves shut, and the pressure stays as well as the line is tight."""
        ...

    def vent(self) -> None:
        """Bring the pressure down to the air's by a ramp, then open to the air; done when this returns.

        Raises:
            InstrumentError: the pressure does not come down; the line is not opened.
        """
        ...

    def in_limits(self) -> bool:
        """Tell whether the pressure stays at the set point, by the instrument's own band and time."""
        ...
