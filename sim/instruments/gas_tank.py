"""The controller of a tank that collects gas: it holds the valves, times, and keeps the tank safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.drivers.capabilities import Outlet, Valve
from remotecal.drivers.rig.gas_tank import GasTankController, TankTrip
from remotecal.sim.guard import Guard
from remotecal.sim.simulated import NOT_NOW, Refused
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.sim.machine import Machine
    from remotecal.sim.world import World


class TankPlc(Guard[TankTrip]):
    """The PLC of a tank that collects gas.

    Its safe state: permit of the pump off, supply and tank shut. It goes there at an emergency stop, when the
    pump fails, and when the tank's pressure is above that of the air.

    Args:
        world: where it is.
        motor: the vacuum pump, which needs its permit.
        diverted: is told that the diverter was turned.
        full: tells whether the tank's pressure is too high.
    """

    def __init__(
        self,
        world: World,
        motor: Machine,
        diverted: Callable[[Outlet], None],
        full: Callable[[], bool] = lambda: False,
    ) -> None:
        self.outlet = Outlet.BYPASS
        self.evacuating = False
        """Whether the tank is open to the vacuum pump."""
        self.supply = 0.0
        """Pressure ahead of the nozzle asked for, in Pa."""
        self.trigger = 0.0
        """Pressure in Pa at which the timer starts and stops."""
        self.collected = 0.0
        """What the timer shows, in s."""
        self.start_pressure = 0.0
        """What the transmitter showed when the timer started, in Pa."""
        self.stop_pressure = 0.0
        self._diverted, self._full = diverted, full
        super().__init__(world, motor, TankTrip)

    def divert(self, outlet: Outlet) -> None:
        """Turn the diverter; to the tank is refused while tripped."""
        if self.trips and outlet is Outlet.TANK:
            raise Refused(*NOT_NOW)
        if outlet is not self.outlet:
            self.outlet = outlet
            self._diverted(outlet)

    def evacuate(self, state: Valve) -> None:
        """Open or shut the tank to the pump; opening is refused while tripped."""
        if self.trips and state is Valve.OPEN:
            raise Refused(*NOT_NOW)
        self.evacuating = state is Valve.OPEN

    def feed(self, pressure: float) -> None:
        """Hold a pressure in Pa ahead of the nozzle; refused while tripped, unless it is 0."""
        if self.trips and pressure:
            raise Refused(*NOT_NOW)
        self.supply = pressure

    def make_safe(self) -> None:
        """Shut supply and tank, turn to the bypass."""
        self.supply, self.evacuating = 0.0, False
        self.divert(Outlet.BYPASS)

    def causes(self) -> int:
        """Return the bits of what trips it and holds now."""
        held = (
            (self.pressed, TankTrip.EMERGENCY_STOP),
            (self._machine.tripped, TankTrip.PUMP_FAULT),
            (self._full(), TankTrip.TANK_PRESSURE_HIGH),
        )
        return sum(int(bit) for holds, bit in held if holds)

    def on_modbus(self, *, unit: int = 1) -> ModbusSimulated:
        """Return it behind the published register map; while tripped it refuses what is not safe."""

        def aim(pressure: float) -> None:
            self.trigger = 1000.0 * pressure

        return ModbusSimulated(
            GasTankController,
            self._world,
            "gas tank",
            unit=unit,
            reads={
                "diverter": lambda: self.outlet.value,
                "evacuation": lambda: (Valve.OPEN if self.evacuating else Valve.SHUT).value,
                "supply": lambda: self.supply / 1000.0,
                "trigger": lambda: self.trigger / 1000.0,
                **self.read(),
                "collection_time": lambda: self.collected,
                "start_pressure": lambda: self.start_pressure / 1000.0,
                "stop_pressure": lambda: self.stop_pressure / 1000.0,
            },
            writes={
                "diverter": lambda outlet: self.divert(Outlet(outlet)),
                "evacuation": lambda state: self.evacuate(Valve(state)),
                "supply": lambda pressure: self.feed(1000.0 * float(pressure)),
                "trigger": lambda pressure: aim(float(pressure)),
                **self.written(),
            },
        )
