"""The register map of a gas loop's controller, revision 1.

A small PLC holds the valves of a sealed loop under pressure: a valve in each branch, one for filling, one
for venting, and those of a bank of nozzles where there is one; it gives the blower its permit, keeps the
cooler at a temperature, and opens one gate for all counters. The station talks to it over Modbus, and any
PLC that serves these registers is one. Addresses are those on the wire (counted from 0), floats stand high
word first, pressures are absolute.

It trips to its safe state (permit of the blower off, every branch shut once that stands, filling shut,
venting no faster than 0.1 MPa a minute whatever `slew` says) when a limit is passed, when somebody presses
the emergency stop, or when `heartbeat` has not changed for `heartbeat_limit` seconds; it stays tripped until
`reset`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntFlag
from typing import ClassVar, Final

from remotecal.drivers.accuracy import EXACT, absolute, percent_of_span
from remotecal.drivers.capabilities import CounterGate, GasLoop, GateState, LoopMode, NozzleValves
from remotecal.drivers.capabilities.safe_states import HIGHEST_AIR, LOWEST_AIR
from remotecal.drivers.codecs import coil, holding_f32, holding_u16, input_f32, input_u16, input_u32
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting
from remotecal.drivers.relief import LOOK, believed, look
from remotecal.errors import RemotecalError, SafeStateNotReached

SLOWEST: Final = 100.0 / 60.0
"""How fast the pressure comes down in the safe state, in kPa/s: 0.1 MPa a minute."""
PATIENCE: Final = 120.0
"""Seconds that relieving may take longer than it should."""


class LoopTrip(IntFlag):
    """Why the controller tripped to its safe state."""

    HEARTBEAT_LOST = 1
    EMERGENCY_STOP = 2
    BLOWER_FAULT = 4
    PRESSURE_HIGH = 8
    TEMPERATURE_HIGH = 16
    SURGE = 32
    GAS_ALARM = 64
    COOLER_FLOW_LOST = 128
    MASTER_OVER_SPEED = 256


class GasLoopController(ModbusInstrument, GasLoop, CounterGate, NozzleValves):
    """Controller of a gas loop with up to 8 branches, register map revision 1.

    Made safe, it has let the gas out, however slowly a run changed the pressure: that takes ten minutes for
    each megapascal, and a bench file's `within` must allow for half as much again, and for two minutes.
    """

    maker = "remotecal"
    model = "gas loop controller, map 1"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=0.5)

    gate = Choice(coil(0), GateState)
    """The one signal to the gate inputs of all counters of pulses."""

    reset = Action(coil(8), 1)
    """Leave the tripped state; does nothing while the cause lasts."""

    opened = Setting(holding_u16(0), "1", span=(0, 255))
    """Which branches are open, a bit each: the first one's counts 1, the second one's 2, the third 4."""

    heartbeat = Setting(holding_u16(1), "1", span=(0, 65535))
    """A number that has to change within `heartbeat_limit`."""

    heartbeat_limit = Setting(holding_u16(2), "s", span=(1, 600))
    """Longest silence before the controller trips."""

    mode = Choice(holding_u16(3), LoopMode)
    """What is done with the pressure."""

    setpoint = Setting(holding_f32(4), "kPa", span=(80, 6500))
    """Absolute pressure to regulate to."""

    slew = Setting(holding_f32(6), "kPa/s", span=(0.05, 5))
    """Fastest change of pressure by filling or venting."""

    highest_pressure = Setting(holding_f32(8), "kPa", span=(100, 6600))
    """Absolute pressure above which it trips."""

    cooling = Setting(holding_f32(10), "°C", span=(5, 40))
    """Temperature the cooler brings the gas to."""

    nozzles = Setting(holding_u16(12), "1", span=(0, 65535))
    """Which nozzles of a bank are open, a bit each as in `opened`; 0 opens the way round them. A loop without
    a bank need not serve it."""

    map_revision = Reading(input_u16(0), "1", span=(1, 65535), accuracy=EXACT)
    """Revision of this register map."""

    trips = Flags(input_u16(1), LoopTrip, resettable=LoopTrip.HEARTBEAT_LOST)
    """Why the controller is tripped."""

    standing = Reading(input_u16(2), "1", span=(0, 255), accuracy=EXACT)
    """Which branches stand open by their limit switches, a bit each as in `opened`."""

    nozzles_standing = Reading(input_u16(3), "1", span=(0, 65535), accuracy=EXACT)
    """Which nozzles stand open by their limit switches; none while every branch is shut."""

    pressure = Reading(input_f32(4), "kPa", span=(0, 7000), accuracy=percent_of_span(0.1))
    """Absolute pressure behind the blower, by the controller's own transmitter."""

    temperature = Reading(input_f32(6), "°C", span=(-20, 150), accuracy=percent_of_span(0.5))
    """Gas behind the blower, ahead of the cooler."""

    gate_time = Reading(input_u32(8, scale=1e-6), "s", span=(0, 4294), accuracy=absolute(1e-4))
    """Time for which the gate was open the last time."""

    safe = (opened.to(0), mode.to(LoopMode.VENT))
    hastened = (slew.to(SLOWEST),)

    @classmethod
    def time_to_be_safe(cls, highest: float, settings: Mapping[str, object]) -> float:  # noqa: ARG003
        return longest_relief(min(highest, cls.pressure.span[1]))

    def make_safe(self) -> None:
        """Shut the branches and vent, and stay until the loop is relieved.

        Nothing is waited for where a step failed: whoever called tries again at once.

        Raises:
            SafeStateNotReached: a step failed, the pressure does not come down, or can't be believed.
        """
        super().make_safe()
        try:
            self._relieve()
        except RemotecalError as failure:
            raise SafeStateNotReached(
                f"{self.name} is not known to be safe: {failure}; there may be pressure in the loop"
            ) from failure

    def _relieve(self) -> None:
        deadline = self.clock.now() + longest_relief(look(self._look, self.clock))
        while (found := look(self._look, self.clock)) > HIGHEST_AIR:
            if self.clock.now() >= deadline:
                raise SafeStateNotReached(
                    f"the pressure is still {found:g} kPa: look at the venting valve and at the filling valve"
                )
            self.clock.sleep(LOOK)

    def _look(self) -> float:
        reading = self.pressure
        _, high = reading.declaration.span
        return believed(reading.read().value, LOWEST_AIR, high, "the pressure", "kPa")


def longest_relief(pressure: float) -> float:
    """Return the seconds after which a loop under an absolute pressure in kPa must be relieved."""
    return PATIENCE + 1.5 * pressure / SLOWEST
