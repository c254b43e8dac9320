"""The register map of a power guard, revision 1: a watchdog relay ahead of heaters and pumps.

A small PLC, or a relay with a bus, holds the contactor of what must not run with nobody there; the station
talks to it over Modbus. Any that serves these registers is one. Addresses are those on the wire (counted from
0). It closes the contactor while it hears `heartbeat`, and opens it when somebody presses the emergency stop,
or when `heartbeat` has not changed for `heartbeat_limit` seconds; it stays open until `reset`.
"""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import ClassVar

from remotecal.drivers.accuracy import EXACT
from remotecal.drivers.capabilities import RigController
from remotecal.drivers.codecs import coil, holding_u16, input_u16
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting


class Supply(Enum):
    """The contactor of what is guarded."""

    OFF = 0
    ON = 1


class GuardTrip(IntFlag):
    """Why the contactor was opened."""

    HEARTBEAT_LOST = 1
    EMERGENCY_STOP = 2


class PowerGuard(ModbusInstrument, RigController):
    """Power guard, register map revision 1."""

    maker = "remotecal"
    model = "power guard, map 1"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=0.5)

    supply = Choice(coil(0), Supply)
    """The contactor; a heartbeat that goes on closes it again, unless it is tripped."""

    reset = Action(coil(8), 1)
    """Leave the tripped state; does nothing while the cause lasts."""

    heartbeat = Setting(holding_u16(0), "1", span=(0, 65535))
    """A number that has to change within `heartbeat_limit`."""

    heartbeat_limit = Setting(holding_u16(1), "s", span=(1, 600))
    """Longest silence before it trips."""

    map_revision = Reading(input_u16(0), "1", span=(1, 65535), accuracy=EXACT)
    """Revision of this register map."""

    trips = Flags(input_u16(1), GuardTrip, resettable=GuardTrip.HEARTBEAT_LOST)
    """Why it is tripped."""

    safe = (supply.to(Supply.OFF),)
