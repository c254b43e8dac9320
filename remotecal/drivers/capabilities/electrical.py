"""What electrical instruments can do: measure, and simulate."""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Reading, Setting


@runtime_checkable
class Ammeter(Protocol):
    """Measures direct current, such as a transmitter's 4–20 mA."""

    current: ClassVar[Annotated[Reading, "mA"]]


@runtime_checkable
class Voltmeter(Protocol):
    """Measures direct voltage, such as a transmitter's 0–10 V."""

    voltage: ClassVar[Annotated[Reading, "V"]]


@runtime_checkable
class ResistancePair(Protocol):
    """Measures two resistances by turns on the same bridge, such as those of a pair of thermometers."""

    forward_resistance: ClassVar[Annotated[Reading, "Ω"]]
    """Of the one in the pipe whose water is warm."""
    return_resistance: ClassVar[Annotated[Reading, "Ω"]]
    """Of the one in the pipe whose water has given its heat."""


@runtime_checkable
class ResistanceSource(Protocol):
    """Simulates a resistance, as a calibrator or a decade does.

    Its safe state simulates none.
    """

    resistance: ClassVar[Annotated[Setting, "Ω"]]
    """What it simulates."""

    def start(self) -> None:
        """Put the resistance on its terminals; returns when it has settled."""
        ...

    def stop(self) -> None:
        """Leave its terminals open."""
        ...
