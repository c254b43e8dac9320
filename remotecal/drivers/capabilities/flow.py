"""What flow meters can do, and the rigs that make water flow through them."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.capabilities.rig import RigController
from remotecal.drivers.quantities import Action, Choice, Reading, Setting


@runtime_checkable
class FlowMeter(Protocol):
    """Indicates a volume flow rate."""

    flow: ClassVar[Annotated[Reading, "m3/h"]]


@runtime_checkable
class MassFlowMeter(Protocol):
    """Indicates a mass flow rate."""

    mass_flow: ClassVar[Annotated[Reading, "kg/h"]]


@runtime_checkable
class VelocityMeter(Protocol):
    """Indicates the mean velocity of a fluid along its pipe."""

    velocity: ClassVar[Annotated[Reading, "m/s"]]


@runtime_checkable
class VolumeTotalizer(Protocol):
    """Indicates the volume that has passed."""

    volume: ClassVar[Annotated[Reading, "m3"]]


@runtime_checkable
class SoundMeter(Protocol):
    """Indicates the speed of sound in what flows, as an ultrasonic meter finds it."""

    sound_speed: ClassVar[Annotated[Reading, "m/s"]]


@runtime_checkable
class MassTotalizer(Protocol):
    """Indicates the mass that has passed."""

    total_mass: ClassVar[Annotated[Reading, "kg"]]


@runtime_checkable
class TankScale(Protocol):
    """Indicates on a scale how far a tank is filled."""

    level: ClassVar[Annotated[Reading, "mm"]]


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
    """Where the diverter sends what flows."""

    BYPASS = 0
    TANK = 1


class Valve(Enum):
    """A valve that is open or shut."""

    SHUT = 0
    OPEN = 1


@runtime_checkable
class WaterRig(RigController, Protocol):
    """Holds the valves of a rig through which water flows, and watches over it."""

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


@runtime_checkable
class CollectingRig(WaterRig, Protocol):
    """A rig that collects water in a weigh tank."""

    diverter: ClassVar[Choice[Outlet]]
    drain: ClassVar[Choice[Valve]]
    """Drain of the weigh tank."""
    collection_time: ClassVar[Annotated[Reading, "s"]]
    """Time between the diverter's last two passages: to the tank and back."""
    level: ClassVar[Annotated[Reading, "%"]]
    """Level of the weigh tank."""


@runtime_checkable
class BranchedRig(WaterRig, Protocol):
    """A rig whose water goes through branches in parallel, each with a meter and a valve.

    A branch is a bit: the first one's counts 1, the second one's 2, the third one's 4.
    """

    opened: ClassVar[Annotated[Setting, "1"]]
    """Which branches are told to be open."""
    standing: ClassVar[Annotated[Reading, "1"]]
    """Which branches stand open."""
    header_pressure: ClassVar[Annotated[Reading, "kPa"]]
    """Gauge pressure in the header ahead of the branches, behind the inlet valve."""


@runtime_checkable
class Prover(Protocol):
    """A pipe prover: a displacer that sweeps a known volume, and what counts a meter's pulses meanwhile.

    By double chronometry: the whole pulses from the first after the first detector to the first after the
    second one, the time these took, and the time from detector to detector.
    """

    launch: ClassVar[Action]
    """Send the displacer on its way."""
    passes: ClassVar[Annotated[Reading, "1"]]
    """How often the displacer has passed both detectors."""
    whole_pulses: ClassVar[Annotated[Reading, "1"]]
    """Whole pulses of the last pass."""
    pulse_time: ClassVar[Annotated[Reading, "s"]]
    """Time the whole pulses took."""
    pass_time: ClassVar[Annotated[Reading, "s"]]
    """Time from detector to detector."""
    pressure: ClassVar[Annotated[Reading, "kPa"]]
    """Gauge pressure in the prover."""


@runtime_checkable
class NozzleBank(RigController, Protocol):
    """Holds the valves of nozzles in parallel, and watches over them.

    A nozzle is a bit: the first one's counts 1, the second one's 2, the third one's 4.
    """

    opened: ClassVar[Annotated[Setting, "1"]]
    """Which nozzles are told to be open."""
    standing: ClassVar[Annotated[Reading, "1"]]
    """Which nozzles stand open."""
    vent: ClassVar[Choice[Valve]]
    """Valve that lets the air of the room in behind the nozzles."""


class LoopMode(Enum):
    """What the controller of a gas loop does with its pressure."""

    HOLD = 0
    """Filling and venting valve shut: the gas is sealed in."""
    REGULATE = 1
    """Fill or vent towards the set point, no faster than `slew`."""
    VENT = 2
    """Vent to the air, no faster than `slew`; the venting valve shuts behind it."""


@runtime_checkable
class GasLoop(RigController, Protocol):
    """Holds the branches and the pressure of a loop in which gas goes round, and watches over it.

    A branch is a bit: the first one's counts 1, the second one's 2, the third one's 4. Pressures are
    absolute.
    """

    opened: ClassVar[Annotated[Setting, "1"]]
    """Which branches are told to be open."""
    standing: ClassVar[Annotated[Reading, "1"]]
    """Which branches stand open."""
    mode: ClassVar[Choice[LoopMode]]
    """What is done with the pressure."""
    setpoint: ClassVar[Annotated[Setting, "kPa"]]
    """Pressure to regulate to."""
    slew: ClassVar[Annotated[Setting, "kPa/s"]]
    """Fastest change of pressure by filling or venting."""
    highest_pressure: ClassVar[Annotated[Setting, "kPa"]]
    """Pressure above which it trips."""
    pressure: ClassVar[Annotated[Reading, "kPa"]]
    """The controller's own indication of the loop's pressure, good enough to set it by."""
    cooling: ClassVar[Annotated[Setting, "°C"]]
    """Temperature the cooler brings the gas to."""


@runtime_checkable
class NozzleValves(Protocol):
    """Holds the valves of critical nozzles in a line, and that of the way round them.

    A nozzle is a bit, as a branch of `GasLoop`. While none is open the way round them is, and so it is when
    all branches are shut.
    """

    nozzles: ClassVar[Annotated[Setting, "1"]]
    """Which nozzles are told to be open."""
    nozzles_standing: ClassVar[Annotated[Reading, "1"]]
    """Which nozzles stand open."""


@runtime_checkable
class GasCollector(RigController, Protocol):
    """Collects gas that passes a nozzle in a tank that was pumped empty (PVTt), and times it.

    Between the nozzle and the valves of bypass and tank lies the inventory volume. Turned from the one to the
    other the diverter shuts the one, waits until the pressure in that volume has come to `trigger`, and opens
    the other: at that moment the timer starts, or stops.
    """

    diverter: ClassVar[Choice[Outlet]]
    evacuation: ClassVar[Choice[Valve]]
    """Valve between the tank and the vacuum pump."""
    supply: ClassVar[Annotated[Setting, "Pa"]]
    """Absolute pressure that the regulator ahead of the nozzle holds."""
    trigger: ClassVar[Annotated[Setting, "Pa"]]
    """Absolute pressure in the inventory volume at which the timer starts and stops."""
    collection_time: ClassVar[Annotated[Reading, "s"]]
    """Time between the last start and stop of the timer; 0 while it runs."""
    start_pressure: ClassVar[Annotated[Reading, "Pa"]]
    """Absolute pressure in the inventory volume when the timer started."""
    stop_pressure: ClassVar[Annotated[Reading, "Pa"]]
    """The same when it stopped."""


@runtime_checkable
class BellProver(RigController, Protocol):
    """Holds the valves of a bell prover, whose bell sinks as gas leaves it, and tells how high it stands."""

    filling: ClassVar[Choice[Valve]]
    """Valve through which a blower lifts the bell."""
    outlet: ClassVar[Choice[Valve]]
    """Valve to what is under test."""
    regulator: ClassVar[Annotated[Setting, "%"]]
    """Opening of the regulating valve behind what is under test."""
    height: ClassVar[Annotated[Reading, "mm"]]
    """Height of the bell on its scale."""
