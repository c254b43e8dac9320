"""KROHNE MFC 300 and MFC 400, converters of Coriolis flow meters, over Modbus.

Source: KROHNE, MFC 300 and MFC 400 Modbus supplementary instructions. Their numbers are the addresses
on the wire. Both share the block of process values, which are in SI units whatever the display shows.
"""

from __future__ import annotations

from enum import Enum, IntFlag
from typing import ClassVar, Final

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import (
    Densitometer,
    FlowMeter,
    MassFlowMeter,
    MassTotalizer,
    Thermometer,
    VolumeTotalizer,
)
from remotecal.drivers.codecs import Register, coil, holding_f32, input_f32, input_f64, input_u16
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Choice, Flags, Reading


class Counting(Enum):
    """Whether a counter counts."""

    STOPPED = 0
    RUNNING = 1


class Mode(Enum):
    """Operation mode of an MFC 400."""

    STOP = 1
    MEASURE = 3
    STANDBY = 5


class Condition(IntFlag):
    """What an MFC 400 says of one quantity (NAMUR NE 107); see `NO_VALUE`."""

    TOO_SMALL = 1 << 0
    """The value is limited."""
    TOO_LARGE = 1 << 1
    """The value is limited."""
    MAINTENANCE_REQUIRED = 1 << 2
    INITIAL_VALUE = 1 << 3
    """Nothing was measured yet."""
    FUNCTION_CHECK = 1 << 4
    OUT_OF_SPECIFICATION = 1 << 5
    RESERVED = 1 << 6
    FAILURE = 1 << 7


NO_VALUE: Final = (
    Condition.TOO_SMALL
    | Condition.TOO_LARGE
    | Condition.INITIAL_VALUE
    | Condition.FUNCTION_CHECK
    | Condition.FAILURE
)
"""By these what stands in the register is limited, simulated, not yet measured or substituted."""


SERIAL = Serial(19200, parity="E")
"""The port as delivered; unverified."""


class Mfc(ModbusInstrument, FlowMeter, MassFlowMeter, Densitometer, Thermometer):
    """What both converters have in common.

    That numbers come high word first, the port's settings and every span are unverified; no register
    is known here that tells who it is.
    """

    maker = "KROHNE"

    velocity = Reading(input_f32(30000), "m/s", span=(-20, 20), accuracy=UNSTATED)
    """Velocity of the fluid in the measuring tube."""

    flow = Reading(input_f32(30002), "m3/s", span=(-0.15, 0.15), accuracy=UNSTATED)
    """Volume flow at line conditions."""

    mass_flow = Reading(input_f32(30004), "kg/s", span=(-150, 150), accuracy=UNSTATED)
    """Mass flow."""

    temperature = Reading(input_f32(30006), "K", span=(173.15, 673.15), accuracy=UNSTATED)
    """Temperature of the measuring tube."""

    density = Reading(input_f32(30008), "kg/m3", span=(0, 3000), accuracy=UNSTATED)
    """Density of the fluid."""


class KrohneMfc300(Mfc, MassTotalizer, VolumeTotalizer):
    """MFC 300, with counter 1 assigned to mass and counter 2 to volume.

    The converter does not say on Modbus what its counters are assigned to: see its menu (unverified
    as delivered). One that counts otherwise needs a driver of its own that restates them.
    """

    model = "MFC 300"
    wire: ClassVar[Modbus] = Modbus(
        order="ABCD", slowest_reply=1.0, serial=SERIAL, functions=frozenset({1, 4, 5})
    )
    forbidden: ClassVar[tuple[Register, ...]] = tuple(coil(number) for number in range(2000, 2004))
    """Calibration of the zero and of the density."""

    operating_time = Reading(input_f32(30026), "s", span=(0, 1e10), accuracy=UNSTATED)
    """Time in operation."""

    total_mass = Reading(input_f64(30050), "kg", span=(-1e12, 1e12), accuracy=UNSTATED)
    """Counter 1."""

    volume = Reading(input_f64(30054), "m3", span=(-1e12, 1e12), accuracy=UNSTATED)
    """Counter 2."""

    hold_mass = Choice(coil(3000), Counting)
    """Whether counter 1 counts."""

    hold_volume = Choice(coil(3001), Counting)
    """Whether counter 2 counts."""

    reset_mass = Action(coil(3003), 1)
    """Set counter 1 to zero."""

    reset_volume = Action(coil(3004), 1)
    """Set counter 2 to zero."""


class KrohneMfc400(Mfc, MassTotalizer, VolumeTotalizer):
    """MFC 400, with totaliser 1 assigned to mass and totaliser 2 to volume (unverified as delivered).

    Nothing is ever written. A float keeps seven digits: a long total is better taken from pulses. One
    that totals otherwise needs a driver of its own that restates the totals.
    """

    model = "MFC 400"
    wire: ClassVar[Modbus] = Modbus(
        order="ABCD", slowest_reply=1.0, serial=SERIAL, functions=frozenset({3, 4})
    )
    forbidden: ClassVar[tuple[Register, ...]] = (coil(1004),)
    """Its settings as they left the factory."""

    velocity_condition = Flags(input_u16(30500), Condition, spoils=NO_VALUE)
    """What is to be said of the velocity."""

    velocity = Reading(
        input_f32(30000), "m/s", span=(-20, 20), accuracy=UNSTATED, unless=[velocity_condition]
    )
    """Velocity of the fluid in the measuring tube."""

    flow_condition = Flags(input_u16(30501), Condition, spoils=NO_VALUE)
    """What is to be said of the volume flow."""

    flow = Reading(input_f32(30002), "m3/s", span=(-0.15, 0.15), accuracy=UNSTATED, unless=[flow_condition])
    """Volume flow at line conditions."""

    mass_flow_condition = Flags(input_u16(30502), Condition, spoils=NO_VALUE)
    """What is to be said of the mass flow."""

    mass_flow = Reading(
        input_f32(30004), "kg/s", span=(-150, 150), accuracy=UNSTATED, unless=[mass_flow_condition]
    )
    """Mass flow."""

    temperature_condition = Flags(input_u16(30503), Condition, spoils=NO_VALUE)
    """What is to be said of the temperature."""

    temperature = Reading(
        input_f32(30006),
        "K",
        span=(173.15, 673.15),
        accuracy=UNSTATED,
        unless=[temperature_condition],
    )
    """Temperature of the measuring tube."""

    density_condition = Flags(input_u16(30504), Condition, spoils=NO_VALUE)
    """What is to be said of the density."""

    density = Reading(
        input_f32(30008), "kg/m3", span=(0, 3000), accuracy=UNSTATED, unless=[density_condition]
    )
    """Density of the fluid."""

    mode = Choice(input_u16(39000), Mode)
    """Whether it measures; that it stands among the input registers is unverified, so it is not asked
    when the converter is opened."""

    total_mass = Reading(holding_f32(40504), "kg", span=(-1e9, 1e9), accuracy=UNSTATED)
    """Totaliser 1."""

    volume = Reading(holding_f32(40512), "m3", span=(-1e9, 1e9), accuracy=UNSTATED)
    """Totaliser 2."""
