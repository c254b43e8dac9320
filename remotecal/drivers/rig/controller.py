"""The rig controller's register map, revision 1.

A small PLC holds the valves and keeps the rig safe by itself; the station talks to it over Modbus.
Any PLC that serves these registers is a rig controller. Addresses are those on the wire (counted
from 0), floats stand high word first. The controller trips to its safe state (pump permit off,
inlet and outlet shut, diverter to bypass, drain open) when an interlock fires or when `heartbeat`
has not changed for `heartbeat_limit` seconds; it stays tripped until `reset`.
"""

from __future__ import annotations

from enum import IntFlag
from typing import ClassVar

from remotecal.drivers.accuracy import EXACT, UNSTATED, absolute, percent_of_span
from remotecal.drivers.capabilities import CollectingRig, Outlet, Valve
from remotecal.drivers.codecs import coil, holding_f32, holding_u16, input_f32, input_u16, input_u32
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting


class Trip(IntFlag):
    """Why the controller tripped to its safe state."""

    HEARTBEAT_LOST = 1
    TANK_LEVEL_HIGH = 2
    LINE_PRESSURE_HIGH = 4
    EMERGENCY_STOP = 8
    DIVERTER_FAULT = 16
    PUMP_FAULT = 32


class WaterRigController(ModbusInstrument, CollectingRig):
    """Controller of a water rig with weigh tank, register map revision 1."""

    maker = "remotecal"
    model = "water rig controller, map 1"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=0.5)

    inlet = Choice(coil(0), Valve)
    """Valve between pump and meter line."""

    outlet = Choice(coil(1), Valve)
    """Valve behind the meter, ahead of the diverter."""

    diverter = Choice(coil(2), Outlet)
    """Where the water goes; its edge opens and closes the timer and the pulse gate."""

    drain = Choice(coil(3), Valve)
    """Drain of the weigh tank."""

    reset = Action(coil(8), 1)
    """Leave the tripped state; does nothing while the cause lasts."""

    regulator = Setting(holding_f32(0), "%", span=(0, 100))
    """Opening of the regulating valve."""

    heartbeat = Setting(holding_u16(2), "1", span=(0, 65535))
    """A number that has to change within `heartbeat_limit`."""

    heartbeat_limit = Setting(holding_u16(3), "s", span=(1, 600))
    """Longest silence before the controller trips."""

    map_revision = Reading(input_u16(0), "1", span=(1, 65535), accuracy=EXACT)
    """Revision of this register map."""

    trips = Flags(input_u16(1), Trip, resettable=Trip.HEARTBEAT_LOST)
    """Why the controller is tripped."""

    flow = Reading(input_f32(2), "m3/h", span=(0, 200), accuracy=percent_of_span(1))
    """Indication of the rig's working meter, to set the flow by."""

    pressure = Reading(input_f32(4), "kPa", span=(-100, 1000), accuracy=percent_of_span(0.25))
    """Gauge pressure at the meter."""

    level = Reading(input_f32(6), "%", span=(0, 100), accuracy=UNSTATED)
    """Level of the weigh tank."""

    collection_time = Reading(input_u32(8, scale=1e-6), "s", span=(0, 4294), accuracy=absolute(1e-4))
    """Time between the diverter's last two edges, to the tank and back."""

    safe = (
        diverter.to(Outlet.BYPASS),
        inlet.to(Valve.SHUT),
        outlet.to(Valve.SHUT),
        drain.to(Valve.OPEN),
        regulator.to(0),
    )
