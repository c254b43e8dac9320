"""What a driver states wrongly is found by the walk, each by the check that is for it, in words."""

from contextlib import suppress
from typing import ClassVar
from unittest import SkipTest

import pytest

from remotecal.drivers.accuracy import UNSTATED, absolute, percent_of_range
from remotecal.drivers.capabilities import Thermometer
from remotecal.drivers.codecs import Phrase, input_f32, input_u16, phrase, scpi
from remotecal.drivers.line_instrument import LineInstrument, ScpiInstrument
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Reading, Setting
from remotecal.drivers.ranges import Range, Ranges
from remotecal.testing import DRIVER_CHECKS
from remotecal.testing.drivers import (
    every_quantity_has_unit_span_accuracy_and_words,
    every_range_can_be_in_force,
    it_says_what_it_serves,
    lines_go_both_ways,
    registers_do_not_overlap_and_lie_on_the_wire,
    registers_go_both_ways,
    safe_state_and_expectations_are_its_own,
    what_a_role_needs_is_of_the_right_dimension,
    what_is_forbidden_is_nowhere_declared,
)


class Sound(ScpiInstrument, Thermometer):
    """A thermometer with nothing wrong."""

    model = "T1"
    temperature = Reading(scpi("MEAS:TEMP"), "°C", span=(-50, 300), accuracy=absolute(0.1))
    """Temperature of the probe."""


class Nameless(ScpiInstrument):
    """Names no model."""


class Roleless(ScpiInstrument):
    """Can fill no role."""

    model = "T1"
    flow = Reading(scpi("FLOW"), "m3/h", span=(0, 1), accuracy=UNSTATED)
    """Flow."""


class Empty(ScpiInstrument):
    """States nothing."""


class Unknown(ScpiInstrument):
    """Has a unit nobody knows."""

    level = Reading(scpi("LEV"), "furlong", span=(0, 1), accuracy=UNSTATED)
    """Level."""


class Misspelt(ScpiInstrument):
    """Spells a unit otherwise than everybody."""

    flow = Reading(scpi("FLOW"), "m³/h", span=(0, 1), accuracy=UNSTATED)
    """Flow."""


class Endless(ScpiInstrument):
    """Has a span without end."""

    flow = Reading(scpi("FLOW"), "m3/h", span=(0, float("inf")), accuracy=UNSTATED)
    """Flow."""


class Wordless(ScpiInstrument):
    """Says nothing of what it states."""

    flow = Reading(scpi("FLOW"), "m3/h", span=(0, 1), accuracy=UNSTATED)


class Ranged(LineInstrument):
    """Has a range that nobody tells."""

    voltage = Reading(
        phrase("V?"), "V", span=(0, 1), accuracy=Ranges(Range(1, percent_of_range(1)), by="chosen")
    )
    """Voltage."""


class Beyond(LineInstrument):
    """Has a range that reaches beyond the span."""

    full = Reading(phrase("F?"), "V", span=(0, 1), accuracy=UNSTATED)
    """Full scale."""
    voltage = Reading(
        phrase("V?"), "V", span=(0, 1), accuracy=Ranges(Range(10, percent_of_range(1)), by=full)
    )
    """Voltage."""


class Colder(Sound):
    """Says temperature and means a mass."""

    temperature = Reading(scpi("MEAS:TEMP"), "g", span=(0, 300), accuracy=absolute(0.1))
    """Mass."""


class Missing(ScpiInstrument, Thermometer):
    """Says it is a thermometer, and has no temperature."""


FOREIGN = Setting(scpi("LEV"), "V", span=(0, 1))


class Unsafe(ScpiInstrument):
    """Has a safe state of somebody else's."""

    safe = (FOREIGN.to(0),)


class Warned(ScpiInstrument):
    """States what must never be sent."""

    forbidden: ClassVar[tuple[str, ...]] = ("CAL",)
    gain = Setting(scpi("CAL:GAIN"), "1", span=(0, 2))
    """Gain."""


class Coarse(ModbusInstrument):
    """Has numbers its registers can't hold."""

    level = Reading(input_u16(0), "mm", span=(0, 100_000), accuracy=UNSTATED)
    """Level."""


class Torn(ModbusInstrument):
    """Has two numbers in one register, and one below the first."""

    wire: ClassVar[Modbus] = Modbus(manual_counts_from=1)
    flow = Reading(input_f32(1), "m3/h", span=(0, 1), accuracy=UNSTATED)
    """Flow."""
    speed = Reading(input_f32(2), "m/s", span=(0, 1), accuracy=UNSTATED)
    """Speed."""


class Wide(ModbusInstrument):
    """Has a number of 32 bits at each address."""

    wire: ClassVar[Modbus] = Modbus(wide=((1, 2),))
    flow = Reading(input_f32(1), "m3/h", span=(0, 1), accuracy=UNSTATED)
    """Flow."""
    speed = Reading(input_f32(2), "m/s", span=(0, 1), accuracy=UNSTATED)
    """Speed."""


class TornWide(Wide):
    """Has two at one."""

    level = Reading(input_f32(2), "m", span=(0, 1), accuracy=UNSTATED)
    """Level."""


class Below(ModbusInstrument):
    """Has a register below the first."""

    wire: ClassVar[Modbus] = Modbus(manual_counts_from=1)
    flow = Reading(input_f32(0), "m3/h", span=(0, 1), accuracy=UNSTATED)
    """Flow."""


class Kilo(Phrase):
    """Says volts and hears millivolts."""

    def unwrap(self, reply: str) -> str:
        return str(float(super().unwrap(reply)) / 1000)


class OneWay(LineInstrument):
    """Does not read what it writes."""

    level = Setting(Kilo("L?", order="L={value}", decimals=3), "V", span=(0, 1))
    """Level."""


WRONG = [
    (Nameless, it_says_what_it_serves, "names no model"),
    (Roleless, it_says_what_it_serves, "can fill no role"),
    (Empty, every_quantity_has_unit_span_accuracy_and_words, "states no quantity"),
    (Unknown, every_quantity_has_unit_span_accuracy_and_words, "Unknown.level: .*furlong"),
    (Misspelt, every_quantity_has_unit_span_accuracy_and_words, "m³/h is written m3/h"),
    (Endless, every_quantity_has_unit_span_accuracy_and_words, "Endless.flow has the span"),
    (Wordless, every_quantity_has_unit_span_accuracy_and_words, "flow has no sentence under it"),
    (Ranged, every_range_can_be_in_force, "asks for 'chosen'"),
    (Beyond, every_range_can_be_in_force, "the range 10 reaches beyond"),
    (Colder, what_a_role_needs_is_of_the_right_dimension, "is in g, Thermometer needs °C"),
    (Missing, what_a_role_needs_is_of_the_right_dimension, "Thermometer needs temperature"),
    (Unsafe, safe_state_and_expectations_are_its_own, "Unsafe does not state"),
    (Warned, what_is_forbidden_is_nowhere_declared, "Warned.gain sends 'CAL:GAIN"),
    (Coarse, registers_go_both_ways, "Coarse.level: .*100000"),
    (Torn, registers_do_not_overlap_and_lie_on_the_wire, "speed and flow share input 2"),
    (TornWide, registers_do_not_overlap_and_lie_on_the_wire, "level and speed share input 2|speed and level"),
    (Below, registers_do_not_overlap_and_lie_on_the_wire, "input 0 is no address"),
    (OneWay, lines_go_both_ways, "OneWay.level: '1.000' in an answer is read as"),
]


@pytest.mark.parametrize(("cls", "check", "said"), WRONG)
def test_what_is_wrong_is_found(cls, check, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check(cls)


def test_numbers_of_32_bits_at_one_address_each_do_not_overlap() -> None:
    registers_do_not_overlap_and_lie_on_the_wire(Wide)


def test_every_check_can_fail() -> None:
    assert {check for _, check, _ in WRONG} == set(DRIVER_CHECKS)


@pytest.mark.parametrize("check", DRIVER_CHECKS)
def test_nothing_is_found_where_nothing_is_wrong(check) -> None:
    with suppress(SkipTest):
        check(Sound)
