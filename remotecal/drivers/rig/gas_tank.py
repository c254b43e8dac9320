"""The register map of a PVTt tank's controller, revision 1.

A small PLC holds the valves of bypass, tank and vacuum pump and the regulator ahead of the nozzle, and
times how long the gas goes to the tank; the station talks to it over Modbus. Any PLC that serves these
registers is one. Addresses are those on the wire (counted from 0), floats stand high word first. It trips
to its safe state (permit of the vacuum pump off, supply shut, tank shut) when somebody presses the
emergency stop, when the pump fails, when the tank's pressure comes above that of the air, or when
`heartbeat` has not changed for `heartbeat_limit` seconds; it stays tripped until `reset`.
"""

from __future__ import annotations

from enum import IntFlag
from typing import ClassVar

from remotecal.drivers.accuracy import EXACT, absolute
from remotecal.drivers.capabilities import GasCollector, Outlet, Valve
from remotecal.drivers.codecs import coil, holding_f32, holding_u16, input_f32, input_u16, input_u32
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting


class TankTrip(IntFlag):
    """Why the controller tripped to its safe state."""

    HEARTBEAT_LOST = 1
    EMERGENCY_STOP = 2
    PUMP_FAULT = 4
    TANK_PRESSURE_HIGH = 8


class GasTankController(ModbusInstrument, GasCollector):
    """Controller of a tank that collects gas (PVTt), register map revision 1."""

    maker = "remotecal"
    model = "gas tank controller, map 1"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=0.5)

    diverter = Choice(coil(0), Outlet)
    """Where the gas goes; it changes at `trigger`, and the timer starts and stops there."""

    evacuation = Choice(coil(1), Valve)
    """Valve between the tank and the vacuum pump."""

    reset = Action(coil(8), 1)
    """Leave the tripped state; does nothing while the cause lasts."""

    supply = Setting(holding_f32(0), "kPa", span=(0, 1000))
    """Absolute pressure that the regulator ahead of the nozzle holds; 0 shuts it."""

    trigger = Setting(holding_f32(2), "kPa", span=(0, 1000))
    """Absolute pressure in the inventory volume at which the timer starts and stops."""

    heartbeat = Setting(holding_u16(4), "1", span=(0, 65535))
    """A number that has to change within `heartbeat_limit`."""

    heartbeat_limit = Setting(holding_u16(5), "s", span=(1, 600))
    """Longest silence before the controller trips."""

    map_revision = Reading(input_u16(0), "1", span=(1, 65535), accuracy=EXACT)
    """Revision of this register map."""

    trips = Flags(input_u16(1), TankTrip, resettable=TankTrip.HEARTBEAT_LOST)
    """Why the controller is tripped."""

    collection_time = Reading(input_u32(2, scale=1e-6), "s", span=(0, 4294), accuracy=absolute(1e-4))
    """Time between the last start and stop of the timer; 0 while it runs."""

    start_pressure = Reading(input_f32(4), "kPa", span=(0, 1000), accuracy=absolute(0.2))
    """Absolute pressure in the inventory volume when the timer started, by a fast transmitter."""

    stop_pressure = Reading(input_f32(6), "kPa", span=(0, 1000), accuracy=absolute(0.2))
    """The same when it stopped."""

    safe = (supply.to(0), diverter.to(Outlet.BYPASS), evacuation.to(Valve.SHUT))
