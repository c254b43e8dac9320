"""What counters of pulses and frequencies can do."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Choice, Reading


@runtime_checkable
class PulseCounter(Protocol):
    """Counts the pulses of a meter while a gate is open."""

    gated_pulses: ClassVar[Annotated[Reading, "1"]]
    """Pulses counted between the gate's opening and its closing."""
    running_pulses: ClassVar[Annotated[Reading, "1"]]
    """Pulses counted so far, while counting freely."""

    def count_gated(self) -> None:
        """Get ready to count while the external gate, such as the diverter's, is open."""
        ...

    def count_freely(self) -> None:
        """Start to count now, until told otherwise."""
        ...


class GateState(Enum):
    """A gate that is open or shut."""

    SHUT = 0
    OPEN = 1


@runtime_checkable
class CounterGate(Protocol):
    """Opens one gate for all the counters it is wired to, and times how long it was open."""

    gate: ClassVar[Choice[GateState]]
    gate_time: ClassVar[Annotated[Reading, "s"]]
    """Time for which the gate was open the last time."""


@runtime_checkable
class FrequencyMeter(Protocol):
    """Measures the frequency of a signal."""

    frequency: ClassVar[Annotated[Reading, "Hz"]]


@runtime_checkable
class PulseGenerator(Protocol):
    """Sends packets of pulses, as a meter would.

    Its safe state sends nothing.
    """

    def send(self, pulses: int, frequency: float) -> None:
        """Send exactly so many pulses from now on, at a frequency in Hz; returns when they have begun."""
        ...
