"""The register map of a bell prover's controller, revision 1.

A small PLC holds the valves, reads the bell's scale and keeps the prover safe by itself; the station talks
to it over Modbus. Any PLC that serves these registers is one. Addresses are those on the wire (counted from
0), floats stand high word first. It trips to its safe state (permit of the blower off, all valves shut)
when somebody presses the emergency stop, when the blower fails, when the bell comes to its upper or its
lower stop with a valve open that goes on moving it, or when `heartbeat` has not changed for
`heartbeat_limit` seconds; it stays tripped until `reset`.
"""

from __future__ import annotations

from enum import IntFlag
from typing import ClassVar

from remotecal.drivers.accuracy import EXACT, absolute
from remotecal.drivers.capabilities import BellProver, Valve
from remotecal.drivers.codecs import coil, holding_f32, holding_u16, input_f32, input_u16
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting


class BellTrip(IntFlag):
    """Why the controller tripped to its safe state."""

    HEARTBEAT_LOST = 1
    EMERGENCY_STOP = 2
    PUMP_FAULT = 4
    AT_A_STOP = 8


class BellProverController(ModbusInstrument, BellProver):
    """Controller of a bell prover, register map revision 1."""

    maker = "remotecal"
    model = "bell prover controller, map 1"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=0.5)

    filling = Choice(coil(0), Valve)
    """Valve through which the blower lifts the bell."""

    outlet = Choice(coil(1), Valve)
    """Valve to what is under test."""

    reset = Action(coil(8), 1)
    """Leave the tripped state; does nothing while the cause lasts."""

    regulator = Setting(holding_f32(0), "%", span=(0, 100))
    """Opening of the regulating valve behind what is under test."""

    heartbeat = Setting(holding_u16(2), "1", span=(0, 65535))
    """A number that has to change within `heartbeat_limit`."""

    heartbeat_limit = Setting(holding_u16(3), "s", span=(1, 600))
    """Longest silence before the controller trips."""

    map_revision = Reading(input_u16(0), "1", span=(1, 65535), accuracy=EXACT)
    """Revision of this register map."""

    trips = Flags(input_u16(1), BellTrip, resettable=BellTrip.HEARTBEAT_LOST)
    """Why the controller is tripped."""

    height = Reading(input_f32(2), "mm", span=(0, 5000), accuracy=absolute(0.02))
    """Height of the bell on its scale."""

    safe = (filling.to(Valve.SHUT), outlet.to(Valve.SHUT), regulator.to(0))
