"""A nozzle bank's controller: it holds the valves, and keeps the bank safe by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remotecal.drivers.capabilities import Valve
from remotecal.drivers.rig.nozzle_bank import BankTrip, NozzleBankController
from remotecal.sim.simulated import NOT_NOW, Refused
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.sim.world import World


class BankPlc:
    """The PLC of a bank of nozzles.

    It trips to its safe state (permit of the pump off, every nozzle shut, vent open) at an emergency stop,
    when the pump fails, and when the heartbeat has not changed for `limit` seconds since it first did.

    Args:
        world: where it is.
        count: how many nozzles there are.
        permit: gives the pump its permit to run, or takes it.
        failed: tells whether the pump has failed.
    """

    MAP_REVISION = 1

    def __init__(
        self, world: World, count: int, permit: Callable[[bool], None], failed: Callable[[], bool]
    ) -> None:
        self.opened = 0
        """Which nozzles are told to be open, a bit each."""
        self.vented = True
        """Whether the vent is open."""
        self.stuck = 0
        """Nozzles whose valves do not move, a bit each; they stay shut."""
        self.trips = BankTrip(0)
        """Why it is tripped."""
        self.pressed = False
        """Whether the mushroom button is pressed."""
        self.heartbeat = 0
        self.limit = 5.0
        """Longest silence in s."""
        self._world, self._count = world, count
        self._permit, self._failed = permit, failed
        self._due: float | None = None
        world.watchers.append(self._watch)
        world.extensions.append(self._put_off)

    @property
    def standing(self) -> int:
        """Which nozzles stand open, a bit each."""
        return self.opened & ~self.stuck

    def open(self, nozzles: int) -> None:
        """Open these nozzles and shut the others; refused while tripped, and where there is none."""
        if nozzles >> self._count:
            raise Refused
        if self.trips and nozzles:
            raise Refused(*NOT_NOW)
        self.opened = nozzles

    def turn_vent(self, state: Valve) -> None:
        """Open or shut the vent; shutting is refused while tripped."""
        if self.trips and state is Valve.SHUT:
            raise Refused(*NOT_NOW)
        self.vented = state is Valve.OPEN

    def press(self, *, pressed: bool = True) -> None:
        """Press the mushroom button, or pull it out again."""
        with self._world.present():
            self.pressed = pressed
            self._watch()

    def beat(self, number: int) -> None:
        """Take a heartbeat number; only a changed one counts."""
        if number != self.heartbeat:
            self.heartbeat, self._due = number, self._world.time + self.limit

    def reset(self) -> None:
        """Leave the tripped state, unless a cause lasts. Counts as a sign of life."""
        if not self._causes():
            self.trips = BankTrip(0)
            self._permit(True)  # noqa: FBT003  a wire that is on or off
            if self._due is not None:
                self._due = self._world.time + self.limit

    def trip(self, why: BankTrip) -> None:
        """Go to the safe state."""
        self.trips |= why
        self.opened, self.vented = 0, True
        self._permit(False)  # noqa: FBT003

    def _causes(self) -> BankTrip:
        pressed = BankTrip.EMERGENCY_STOP if self.pressed else BankTrip(0)
        return pressed | (BankTrip.PUMP_FAULT if self._failed() else BankTrip(0))

    def _watch(self) -> None:
        causes = self._causes()
        if self._due is not None and self._world.time >= self._due:
            self._due = None
            causes |= BankTrip.HEARTBEAT_LOST
        if causes & ~self.trips:
            self.trip(causes)

    def _put_off(self, duration: float) -> None:
        if self._due is not None:
            self._due += duration

    def _take_limit(self, limit: float) -> None:
        self.limit = limit
        if self._due is not None:
            self._due = self._world.time + limit

    def on_modbus(self, *, unit: int = 1) -> ModbusSimulated:
        """Return it behind the published register map; while tripped it refuses what is not safe."""
        return ModbusSimulated(
            NozzleBankController,
            self._world,
            "nozzle bank",
            unit=unit,
            reads={
                "vent": lambda: (Valve.OPEN if self.vented else Valve.SHUT).value,
                "opened": lambda: self.opened,
                "heartbeat": lambda: self.heartbeat,
                "heartbeat_limit": lambda: self.limit,
                "map_revision": lambda: self.MAP_REVISION,
                "trips": lambda: int(self.trips),
                "standing": lambda: self.standing,
            },
            writes={
                "vent": lambda state: self.turn_vent(Valve(state)),
                "opened": lambda nozzles: self.open(round(float(nozzles))),
                "heartbeat": lambda number: self.beat(int(number)),
                "heartbeat_limit": lambda limit: self._take_limit(float(limit)),
                "reset": lambda content: self.reset() if content else None,
            },
        )
