"""A nozzle bank's controller: it holds the valves, and keeps the bank safe by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.drivers.capabilities import Valve
from remotecal.drivers.rig.nozzle_bank import BankTrip, NozzleBankController
from remotecal.sim.guard import Guard
from remotecal.sim.simulated import NOT_NOW, Refused
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from remotecal.sim.machine import Machine
    from remotecal.sim.world import World


class BankPlc(Guard[BankTrip]):
    """The PLC of a bank of nozzles.

    Its safe state: permit of the pump off, every nozzle shut, vent open. It goes there at an emergency stop,
    and when the pump fails.

    Args:
        world: where it is.
        count: how many nozzles there are.
        motor: the vacuum pump, which needs its permit.
    """

    def __init__(self, world: World, count: int, motor: Machine) -> None:
        self.opened = 0
        """Which nozzles are told to be open, a bit each."""
        self.vented = True
        """Whether the vent is open."""
        self.stuck = 0
        """Nozzles whose valves do not move, a bit each; they stay shut."""
        self._count = count
        super().__init__(world, motor, BankTrip)

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

    def make_safe(self) -> None:
        """Shut every nozzle, open the vent."""
        self.opened, self.vented = 0, True

    def causes(self) -> int:
        """Return the bits of what trips it and holds now."""
        button = BankTrip.EMERGENCY_STOP if self.pressed else BankTrip(0)
        return int(button | (BankTrip.PUMP_FAULT if self._machine.tripped else BankTrip(0)))

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
                **self.read(),
                "standing": lambda: self.standing,
            },
            writes={
                "vent": lambda state: self.turn_vent(Valve(state)),
                "opened": lambda nozzles: self.open(round(float(nozzles))),
                **self.written(),
            },
        )
