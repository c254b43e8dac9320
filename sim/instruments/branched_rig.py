"""The controller of a rig with branches in parallel: it holds valves, and keeps the rig safe by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from remotecal.drivers.capabilities import Valve
from remotecal.drivers.rig.branched import BranchedRigController, BranchTrip
from remotecal.sim.chance import chance
from remotecal.sim.guard import Guard
from remotecal.sim.instruments.transmitter import transmitter
from remotecal.sim.simulated import NOT_NOW, Refused
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.drivers.contents import Content
    from remotecal.sim.machine import Machine
    from remotecal.sim.ramp import Ramp
    from remotecal.sim.simulated import Sink
    from remotecal.sim.world import World

_PRESSURE, _BUTTON, _PUMP = map(
    int, (BranchTrip.LINE_PRESSURE_HIGH, BranchTrip.EMERGENCY_STOP, BranchTrip.PUMP_FAULT)
)


class Parallel(Protocol):
    """Branches in parallel, a bit each."""

    def move(self, bits: int, time: float) -> None:
        """Open the branches of these bits, and shut the others."""
        ...

    def told(self) -> int:
        """Return the bits of those that are told to be open."""
        ...

    def standing(self, time: float) -> int:
        """Return the bits of those that stand open."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...


class Pipes(Protocol):
    """What the controller holds and watches."""

    @property
    def single_valves(self) -> Mapping[str, Ramp]:
        """Inlet, regulator and outlet, by these names."""
        ...

    @property
    def branches(self) -> Parallel:
        """The branches."""
        ...

    @property
    def flow(self) -> float:
        """What the working meter shows, in m³/s."""
        ...

    @property
    def pressure(self) -> float:
        """Gauge pressure at the meter under test, in Pa."""
        ...

    @property
    def header(self) -> float:
        """Gauge pressure in the header, in Pa."""
        ...

    def changed(self) -> None:
        """Take up that valves were moved."""
        ...


class BranchedPlc(Guard[BranchTrip]):
    """The PLC; its safe state: pump permit off, every valve shut.

    Args:
        world: where it is.
        pump: needs its permit.
        pipes: what it holds and watches.
    """

    PRESSURE_LIMIT = 8.0e5
    """Header pressure at which the pressure switch stands, in Pa (gauge)."""

    def __init__(self, world: World, pump: Machine, pipes: Pipes) -> None:
        self._rig = pipes
        super().__init__(world, pump, BranchTrip)
        # The pressure transmitters and the working meter err within what the map states.
        rng = chance(world.seed, "controller")
        self._flow = rng.uniform(-0.006, 0.006)
        self._pressure, self._header = rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)

    def make_safe(self) -> None:
        """Shut every valve."""
        time = self._world.time
        for valve in self._rig.single_valves.values():
            valve.move(0.0, time)
        self._rig.branches.move(0, time)
        self._rig.changed()

    def causes(self) -> int:
        """Return the bits of what trips it and holds now."""
        causes = _PRESSURE if self._rig.header > self.PRESSURE_LIMIT else 0
        causes |= _BUTTON if self.pressed else 0
        return causes | (_PUMP if self._machine.tripped else 0)

    def move(self, name: str, opening: float) -> None:
        """Move one of the single valves to an opening, 0 to 1; an opening is refused while tripped."""
        if self.trips and opening > 0.0:
            raise Refused(*NOT_NOW)
        self._rig.single_valves[name].move(opening, self._world.time)
        self._rig.changed()

    def open(self, bits: int) -> None:
        """Open these branches, shut the others; refused while tripped, and where there is none."""
        if bits >> len(self._rig.branches):
            raise Refused
        if self.trips and bits:
            raise Refused(*NOT_NOW)
        self._rig.branches.move(bits, self._world.time)
        self._rig.changed()

    def _turns(self, name: str) -> Sink:
        return lambda state: self.move(name, float(Valve(state) is Valve.OPEN))

    def on_modbus(self, *, unit: int = 1) -> ModbusSimulated:
        """Return it behind the published register map; while tripped it refuses what is not safe."""
        rig, valves = self._rig, self._rig.single_valves
        return ModbusSimulated(
            BranchedRigController,
            self._world,
            "rig controller",
            unit=unit,
            reads={
                "inlet": lambda: _state(valves["inlet"].target),
                "outlet": lambda: _state(valves["outlet"].target),
                "regulator": lambda: 100.0 * valves["regulator"].target,
                "opened": rig.branches.told,
                **self.read(),
                "flow": lambda: rig.flow * 3600.0 * (1.0 + self._flow),
                "pressure": transmitter(
                    self._world, lambda: rig.pressure / 1000.0 + self._pressure, "line pressure"
                ),
                "header_pressure": transmitter(
                    self._world, lambda: rig.header / 1000.0 + self._header, "header"
                ),
                "standing": lambda: rig.branches.standing(self._world.time),
            },
            writes={
                "inlet": self._turns("inlet"),
                "outlet": self._turns("outlet"),
                "regulator": lambda percent: self.move("regulator", float(percent) / 100.0),
                "opened": lambda bits: self.open(round(float(bits))),
                **self.written(),
            },
        )


def _state(opening: float) -> Content:
    return int((Valve.OPEN if opening > 0.0 else Valve.SHUT).value)
