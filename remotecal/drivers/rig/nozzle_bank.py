"""The register map of a nozzle bank's controller, revision 1.

A small PLC holds the valve behind each nozzle and the vent behind all of them; the station talks to it over
Modbus. Any PLC that serves these registers is one. Addresses are those on the wire (counted from 0). It trips
to its safe state (permit of the vacuum pump off, every nozzle shut, vent open) when somebody presses the
emergency stop, when the pump fails, or when `heartbeat` has not changed for `heartbeat_limit` seconds; it
stays tripped until `reset`.
"""

from __future__ import annotations

from enum import IntFlag
from typing import ClassVar

from remotecal.drivers.accuracy import EXACT
from remotecal.drivers.capabilities import NozzleBank, Valve
from remotecal.drivers.codecs import coil, holding_u16, input_u16
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting


class BankTrip(IntFlag):
    """Why the controller tripped to its safe state."""

    HEARTBEAT_LOST = 1
    EMERGENCY_STOP = 2
    PUMP_FAULT = 4


class NozzleBankController(ModbusInstrument, NozzleBank):
    """Controller of a bank of up to 16 nozzles in parallel, register map revision 1."""

    maker = "remotecal"
    model = "nozzle bank controller, map 1"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=0.5)

    vent = Choice(coil(0), Valve)
    """Valve that lets the air of the room in behind the nozzles."""

    reset = Action(coil(8), 1)
    """Leave the tripped state; does nothing while the cause lasts."""

    opened = Setting(holding_u16(0), "1", span=(0, 65535))
    """Which nozzles are open, a bit each: the first one's counts 1, the second one's 2, the third one's 4."""

    heartbeat = Setting(holding_u16(1), "1", span=(0, 65535))
    """A number that has to change within `heartbeat_limit`."""

    heartbeat_limit = Setting(holding_u16(2), "s", span=(1, 600))
    """Longest silence before the controller trips."""

    map_revision = Reading(input_u16(0), "1", span=(1, 65535), accuracy=EXACT)
    """Revision of this register map."""

    trips = Flags(input_u16(1), BankTrip, resettable=BankTrip.HEARTBEAT_LOST)
    """Why the controller is tripped."""

    standing = Reading(input_u16(2), "1", span=(0, 65535), accuracy=EXACT)
    """Which nozzles stand open by their limit switches, a bit each as in `opened`."""

    safe = (opened.to(0), vent.to(Valve.OPEN))
