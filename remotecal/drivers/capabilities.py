"""What an instrument can do, as procedures ask for it.

A procedure's role is typed by a capability; a driver says which it has by inheriting from it. The
unit beside a quantity names the dimension a role needs; any unit of that dimension serves.
"""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting


@runtime_checkable
class Balance(Protocol):
    """Indicates the mass of what stands on it."""

    mass: ClassVar[Annotated[Reading, "kg"]]
    """Indication at once, whether the pan is at rest or not."""
    settled_mass: ClassVar[Annotated[Reading, "kg"]]
    """Indication when the instrument itself finds it stable; may take its time."""


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


@runtime_checkable
class FrequencyMeter(Protocol):
    """Measures the frequency of a signal."""

    frequency: ClassVar[Annotated[Reading, "Hz"]]


@runtime_checkable
class Ammeter(Protocol):
    """Measures direct current, such as a transmitter's 4–20 mA."""

    current: ClassVar[Annotated[Reading, "mA"]]


@runtime_checkable
class Thermometer(Protocol):
    """Indicates the temperature of its probe."""

    temperature: ClassVar[Annotated[Reading, "°C"]]


@runtime_checkable
class AmbientMonitor(Protocol):
    """Indicates the state of the air."""

    air_pressure: ClassVar[Annotated[Reading, "Pa"]]
    air_temperature: ClassVar[Annotated[Reading, "°C"]]
    humidity: ClassVar[Annotated[Reading, "%"]]


@runtime_checkable
class FlowMeter(Protocol):
    """Indicates a volume flow rate."""

    flow: ClassVar[Annotated[Reading, "m3/h"]]


@runtime_checkable
class VolumeTotalizer(Protocol):
    """Indicates the volume that has passed."""

    volume: ClassVar[Annotated[Reading, "m3"]]


@runtime_checkable
class MassTotalizer(Protocol):
    """Indicates the mass that has passed."""

    total_mass: ClassVar[Annotated[Reading, "kg"]]


@runtime_checkable
class Densitometer(Protocol):
    """Indicates the density of what flows through it."""

    density: ClassVar[Annotated[Reading, "kg/m3"]]


@runtime_checkable
class FlowSource(Protocol):
    """Makes a fluid flow."""

    speed: ClassVar[Annotated[Setting, "%"]]
    """Speed of the pump, in per cent of its nominal speed."""

    def start(self) -> None:
        """Start at the speed set."""
        ...

    def stop(self) -> None:
        """Stop by the ramp."""
        ...


class Outlet(Enum):
    """Where the diverter sends the water."""

    BYPASS = 0
    TANK = 1


class Valve(Enum):
    """A valve that is open or shut."""

    SHUT = 0
    OPEN = 1


class Trip(IntFlag):
    """Why a rig controller tripped to its safe state."""

    HEARTBEAT_LOST = 1
    TANK_LEVEL_HIGH = 2
    LINE_PRESSURE_HIGH = 4
    EMERGENCY_STOP = 8
    DIVERTER_FAULT = 16
    PUMP_FAULT = 32


@runtime_checkable
class RigController(Protocol):
    """Holds a rig's valves and watches over it."""

    inlet: ClassVar[Choice[Valve]]
    """Valve between pump and meter line."""
    outlet: ClassVar[Choice[Valve]]
    """Valve behind the meter, ahead of the diverter; starts and stops standing-start tests."""
    regulator: ClassVar[Annotated[Setting, "%"]]
    """Opening of the regulating valve."""
    flow: ClassVar[Annotated[Reading, "m3/h"]]
    """The rig's own indication of flow, good enough to set it by."""
    pressure: ClassVar[Annotated[Reading, "kPa"]]
    """Gauge pressure at the meter."""
    heartbeat: ClassVar[Annotated[Setting, "1"]]
    """A number that has to change in time, or the rig trips."""
    trips: ClassVar[Flags[Trip]]
    """Why the rig is tripped; nothing while it is healthy."""
    reset: ClassVar[Action]
    """Take the rig out of its tripped state; does nothing while the cause lasts."""


@runtime_checkable
class CollectingRig(RigController, Protocol):
    """A rig that collects water in a weigh tank."""

    diverter: ClassVar[Choice[Outlet]]
    drain: ClassVar[Choice[Valve]]
    """Drain of the weigh tank."""
    collection_time: ClassVar[Annotated[Reading, "s"]]
    """Time between the diverter's last two passages: to the tank and back."""
    level: ClassVar[Annotated[Reading, "%"]]
    """Level of the weigh tank."""
