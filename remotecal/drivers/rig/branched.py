"""The register map of the controller of a rig with branches in parallel, revision 1.

A small PLC holds the valves of a large water rig, those of its branches among them, and keeps the rig safe
by itself; the station talks to it over Modbus. Any PLC that serves these registers is one. Addresses are
those on the wire (counted from 0), floats stand high word first. It trips to its safe state (pump permit
off, inlet, branches, outlet and regulator shut) when an interlock fires or when `heartbeat` has not changed
for `heartbeat_limit` seconds; it stays tripped until `reset`.
"""

from __future__ import annotations

from enum import IntFlag
from typing import ClassVar

from remotecal.drivers.accuracy import EXACT, percent_of_span
from remotecal.drivers.capabilities import BranchedRig, Valve
from remotecal.drivers.codecs import coil, holding_f32, holding_u16, input_f32, input_u16
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting


class BranchTrip(IntFlag):
    """Why the controller tripped to its safe state."""

    HEARTBEAT_LOST = 1
    LINE_PRESSURE_HIGH = 2
    EMERGENCY_STOP = 4
    PUMP_FAULT = 8


class BranchedRigController(ModbusInstrument, BranchedRig):
    """Controller of a water rig with up to 16 branches in parallel, register map revision 1."""

    maker = "remotecal"
    model = "branched water rig controller, map 1"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=0.5)

    inlet = Choice(coil(0), Valve)
    """Valve between pump and header."""

    outlet = Choice(coil(1), Valve)
    """Valve behind the meter under test."""

    reset = Action(coil(8), 1)
    """Leave the tripped state; does nothing while the cause lasts."""

    regulator = Setting(holding_f32(0), "%", span=(0, 100))
    """Opening of the regulating valve."""

    heartbeat = Setting(holding_u16(2), "1", span=(0, 65535))
    """A number that has to change within `heartbeat_limit`."""

    heartbeat_limit = Setting(holding_u16(3), "s", span=(1, 600))
    """Longest silence before the controller trips."""

    opened = Setting(holding_u16(4), "1", span=(0, 65535))
    """Which branches are open, a bit each: the first one's counts 1, the second's 2, the third's 4."""

    map_revision = Reading(input_u16(0), "1", span=(1, 65535), accuracy=EXACT)
    """Revision of this register map."""

    trips = Flags(input_u16(1), BranchTrip, resettable=BranchTrip.HEARTBEAT_LOST)
    """Why the controller is tripped."""

    flow = Reading(input_f32(2), "m3/h", span=(0, 30_000), accuracy=percent_of_span(1))
    """Indication of the rig's working meter, to set the flow by."""

    pressure = Reading(input_f32(4), "kPa", span=(-100, 1000), accuracy=percent_of_span(0.25))
    """Gauge pressure at the meter under test."""

    header_pressure = Reading(input_f32(6), "kPa", span=(-100, 1000), accuracy=percent_of_span(0.25))
    """Gauge pressure in the header ahead of the branches, behind the inlet valve."""

    standing = Reading(input_u16(8), "1", span=(0, 65535), accuracy=EXACT)
    """Which branches stand open by their limit switches, a bit each as in `opened`."""

    safe = (
        inlet.to(Valve.SHUT),
        opened.to(0),
        outlet.to(Valve.SHUT),
        regulator.to(0),
    )
