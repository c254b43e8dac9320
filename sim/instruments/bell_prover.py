"""A bell prover's controller: it holds the valves, reads the scale, and keeps the bell safe by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.drivers.capabilities import Valve
from remotecal.drivers.rig.bell_prover import BellProverController, BellTrip
from remotecal.sim.guard import Guard
from remotecal.sim.simulated import NOT_NOW, Refused
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remotecal.sim.machine import Machine
    from remotecal.sim.world import World


class BellPlc(Guard[BellTrip]):
    """The PLC of a bell prover.

    Its safe state: permit of blower and vacuum pump off, all valves shut. It goes there at an emergency stop,
    when one of them fails, and when the bell comes to a stop with a valve open that moves it on.

    Args:
        world: where it is.
        motor: the blower, which needs its permit.
        height: tells how high the bell stands, in mm.
        stops: the lowest and the highest it can stand.
        pumps: what draws behind a nozzle, and needs its permit too.
    """

    def __init__(
        self,
        world: World,
        motor: Machine,
        height: Callable[[], float],
        stops: tuple[float, float] = (0.0, 1200.0),
        pumps: Sequence[Machine] = (),
    ) -> None:
        self.filling = self.outlet = False
        """Whether the valves are open."""
        self.regulator = 0.0
        """Opening of the regulating valve, 0 to 1."""
        self._height, self._stops = height, stops
        super().__init__(world, motor, BellTrip, pumps)

    def fill(self, state: Valve) -> None:
        """Open or shut the blower's valve; opening is refused while tripped."""
        self.filling = self._may(state)

    def let_out(self, state: Valve) -> None:
        """Open or shut the valve to what is under test; opening is refused while tripped."""
        self.outlet = self._may(state)

    def _may(self, state: Valve) -> bool:
        if self.trips and state is Valve.OPEN:
            raise Refused(*NOT_NOW)
        return state is Valve.OPEN

    def make_safe(self) -> None:
        """Shut all valves."""
        self.filling = self.outlet = False
        self.regulator = 0.0

    def causes(self) -> int:
        """Return the bits of what trips it and holds now."""
        low, high = self._stops
        height = self._height()
        beyond = (self.outlet and height <= low) or (self.filling and height >= high)
        held = (
            (self.pressed, BellTrip.EMERGENCY_STOP),
            (any(machine.tripped for machine in self.machines), BellTrip.PUMP_FAULT),
            (beyond, BellTrip.AT_A_STOP),
        )
        return sum(int(bit) for holds, bit in held if holds)

    def on_modbus(self, *, unit: int = 1) -> ModbusSimulated:
        """Return it behind the published register map; while tripped it refuses what is not safe."""

        def regulate(share: float) -> None:
            self.regulator = share

        return ModbusSimulated(
            BellProverController,
            self._world,
            "bell prover",
            unit=unit,
            reads={
                "filling": lambda: (Valve.OPEN if self.filling else Valve.SHUT).value,
                "outlet": lambda: (Valve.OPEN if self.outlet else Valve.SHUT).value,
                "regulator": lambda: 100.0 * self.regulator,
                **self.read(),
                "height": self._height,
            },
            writes={
                "filling": lambda state: self.fill(Valve(state)),
                "outlet": lambda state: self.let_out(Valve(state)),
                "regulator": lambda share: regulate(float(share) / 100.0),
                **self.written(),
            },
        )
