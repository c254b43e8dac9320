"""The register map of a pipe prover's controller, revision 1.

It launches the displacer, and times and counts by double chronometry (ISO 7278-3). Any controller that serves
these registers is one. Addresses are those on the wire (counted from 0), floats stand high word first.
"""

from __future__ import annotations

from typing import ClassVar

from remotecal.drivers.accuracy import EXACT, absolute, percent_of_span
from remotecal.drivers.capabilities import Prover
from remotecal.drivers.codecs import coil, input_f32, input_u16, input_u32
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Reading

TICK = 1e-6
"""Resolution of its clock in s."""


class ProverController(ModbusInstrument, Prover):
    """Controller of a pipe prover, register map revision 1."""

    maker = "remotecal"
    model = "prover controller, map 1"
    wire: ClassVar[Modbus] = Modbus(slowest_reply=0.5)

    launch = Action(coil(0), 1)
    """Send the displacer on its way; does nothing while it is under way."""

    map_revision = Reading(input_u16(0), "1", span=(1, 65535), accuracy=EXACT)
    """Revision of this register map."""

    passes = Reading(input_u32(2), "1", span=(0, 2**32 - 1), accuracy=EXACT, wraps=True)
    """How often the displacer has passed both detectors since power-up."""

    whole_pulses = Reading(input_u32(4), "1", span=(0, 2**32 - 1), accuracy=EXACT)
    """Whole pulses, from the first after the first detector to the first after the second."""

    pulse_time = Reading(input_u32(6, scale=TICK), "s", span=(0, 4294), accuracy=absolute(2 * TICK))
    """Time the whole pulses took."""

    pass_time = Reading(input_u32(8, scale=TICK), "s", span=(0, 4294), accuracy=absolute(2 * TICK))
    """Time from detector to detector."""

    pressure = Reading(input_f32(10), "kPa", span=(-100, 1000), accuracy=percent_of_span(0.25))
    """Gauge pressure in the prover."""
