"""A gas loop's controller: it holds valves and pressure, and keeps the loop safe by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.drivers.capabilities import LoopMode
from remotecal.drivers.rig.gas_loop import SLOWEST, GasLoopController, LoopTrip
from remotecal.sim.gate import Gate, Timer
from remotecal.sim.guard import Guard
from remotecal.sim.simulated import NOT_NOW, Refused
from remotecal.sim.simulated_modbus import ModbusSimulated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remotecal.drivers.contents import Content
    from remotecal.sim.machine import Machine
    from remotecal.sim.world import World

HOTTEST: Final = 45.0
"""Temperature in °C behind the cooler above which it trips."""
NEAR: Final = 5.0
"""Seconds of ramp before a set point in which the valve begins to close."""


@dataclass(frozen=True, slots=True)
class Sensed:
    """What the controller's own sensors tell."""

    pressure: Callable[[], float]
    """Absolute pressure of the loop, in Pa."""
    air: Callable[[], float]
    """The same of the air around, in Pa."""
    hot: Callable[[], float]
    """Temperature behind the blower, in °C."""
    cooled: Callable[[], float]
    """Temperature behind the cooler, in °C."""
    alarms: Callable[[], int]
    """Bits of what else holds now: surge, gas alarm, cooler flow lost, a master over its speed."""


class LoopPlc(Guard[LoopTrip]):
    """The PLC of a gas loop.

    Its safe state: permit of the blower off, every branch shut, no filling, venting slowly.

    Args:
        world: where it is.
        count: how many branches there are.
        bank: how many nozzles there are.
        blower: the machine that needs its permit.
        sensed: what its sensors tell.
    """

    def __init__(self, world: World, count: int, blower: Machine, sensed: Sensed, bank: int = 0) -> None:
        self.opened = 0
        """Which branches are told to be open, a bit each."""
        self.mode = LoopMode.VENT
        self.setpoint, self.slew, self.highest, self.cooling = 101.325, SLOWEST, 7000.0, 20.0
        """In kPa, kPa/s, kPa and °C."""
        self.stuck = 0
        """Branches whose valves do not move, a bit each; they stay shut."""
        self.vent_stuck = False
        """Whether the venting valve does not open."""
        self.nozzles = 0
        """Which nozzles of a bank are told to be open, a bit each."""
        self.gate = Gate()
        """What all counters' gates are wired to."""
        self._timer = Timer(self.gate, 0.0)
        self._held = 0
        self._count, self._bank, self._sensed = count, bank, sensed
        super().__init__(world, blower, LoopTrip)

    @property
    def standing(self) -> int:
        """Which branches stand open, a bit each: those told to, and the last ones while the blower turns."""
        held = self._held if self._machine.speed else 0
        return (self.opened | held) & ~self.stuck

    @property
    def nozzles_standing(self) -> int:
        """Which nozzles stand open, a bit each: with every branch shut the way round them opens by itself."""
        return self.nozzles if self.standing else 0

    def choke(self, nozzles: int) -> None:
        """Open these nozzles and shut the way round them; refused while tripped, and where there is none."""
        if nozzles >> self._bank:
            raise Refused
        if self.trips and nozzles:
            raise Refused(*NOT_NOW)
        self.nozzles = nozzles

    def rate(self) -> float:
        """Return how fast filling or venting changes the pressure now, in Pa/s."""
        if self.mode is LoopMode.HOLD:
            return 0.0
        pressure, most = self._sensed.pressure(), 1000.0 * self.slew
        if self.mode is LoopMode.VENT:
            fastest = min(most, 1000.0 * SLOWEST)
            rate = -min(fastest, max(pressure - self._sensed.air(), 0.0) / NEAR)
        else:
            rate = max(-most, min(most, (1000.0 * self.setpoint - pressure) / NEAR))
        return 0.0 if rate < 0 and self.vent_stuck else rate

    def open(self, branches: int) -> None:
        """Open these branches and shut the others; refused while tripped, and where there is none."""
        if branches >> self._count:
            raise Refused
        if self.trips and branches:
            raise Refused(*NOT_NOW)
        # A blower that turns against shut valves surges: the last branches shut once it stands.
        self._held = 0 if branches else self.standing
        self.opened = branches

    def turn(self, mode: LoopMode) -> None:
        """Change what is done with the pressure; anything but venting is refused while tripped."""
        if self.trips and mode is not LoopMode.VENT:
            raise Refused(*NOT_NOW)
        self.mode = mode

    def make_safe(self) -> None:
        """Shut every branch once the blower stands, vent."""
        self.open(0)
        self.choke(0)
        self.mode = LoopMode.VENT

    def causes(self) -> int:
        """Return the bits of what trips it and holds now."""
        causes = self._sensed.alarms()
        if self.pressed:
            causes |= LoopTrip.EMERGENCY_STOP
        if self._machine.tripped:
            causes |= LoopTrip.BLOWER_FAULT
        if self._sensed.pressure() > 1000.0 * self.highest:
            causes |= LoopTrip.PRESSURE_HIGH
        if self._sensed.cooled() > HOTTEST:
            causes |= LoopTrip.TEMPERATURE_HIGH
        return int(causes)

    def on_modbus(self, *, unit: int = 1) -> ModbusSimulated:
        """Return it behind the published register map; while tripped it refuses what is not safe."""
        return ModbusSimulated(
            GasLoopController,
            self._world,
            "gas loop",
            unit=unit,
            reads={**self.read(), **self._told(), **self._indicated()},
            writes={
                **self.written(),
                "opened": lambda branches: self.open(round(float(branches))),
                "nozzles": lambda nozzles: self.choke(round(float(nozzles))),
                "gate": lambda state: self.gate.set(self._world.time, opened=bool(state)),
                "mode": lambda mode: self.turn(LoopMode(int(mode))),
                **{name: self._set(name) for name in ("setpoint", "slew", "cooling")},
                "highest_pressure": self._set("highest"),
            },
        )

    def _set(self, name: str) -> Callable[[Content], None]:
        return lambda value: setattr(self, name, float(value))

    def _told(self) -> Mapping[str, Callable[[], float]]:
        return {
            "gate": lambda: int(self.gate.opened),
            "opened": lambda: self.opened,
            "nozzles": lambda: self.nozzles,
            "mode": lambda: int(self.mode.value),
            "setpoint": lambda: self.setpoint,
            "slew": lambda: self.slew,
            "highest_pressure": lambda: self.highest,
            "cooling": lambda: self.cooling,
        }

    def _indicated(self) -> Mapping[str, Callable[[], float]]:
        return {
            "standing": lambda: self.standing,
            "nozzles_standing": lambda: self.nozzles_standing,
            "pressure": lambda: self._sensed.pressure() / 1000.0,
            "temperature": self._sensed.hot,
            "gate_time": lambda: self._timer.elapsed(self._world.time),
        }
