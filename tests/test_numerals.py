"""What no number is never becomes one, whoever wrote it."""

import math

import pytest

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.codecs import Phrase, input_i16, input_u16, input_u32
from remotecal.drivers.quantities import Reading, Setting
from remotecal.errors import GarbledReply, InstrumentError
from remotecal.model import Text
from remotecal.numerals import read_number
from remotecal.procedures.parameters import In
from remotecal.runs.prompts import Question

NOT_NUMBERS = (
    "", " ", "nan", "NaN", "inf", "-Infinity", "1_000", "1,000", "1 000", "1.2.3", "0x1F", "#H1F", "--1",
    "1e", "e5", "\uff11\uff12", "\u0661", "\u00b2", "1\u00a0", "\u22121", "True", "1e999", "-1e999", ".", "+",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), (" +1.50E+3\r\n", 1500.0), ("-.5", -0.5), ("5.", 5.0), ("007", 7.0), ("1e-999", 0.0)],
)
def test_a_number_is_read(text: str, value: float) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_what_is_none_is_refused_wherever_it_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        read_number(text)
    assert Question(Text.plain("How much?"), kind="number").refuses(text)
    with pytest.raises(ValueError, match=r"number|unit"):
        In("m3/h").read(text)
    for item in (
        Reading(Phrase("Q?"), "V", span=(0, 10), accuracy=UNSTATED),
        Setting(Phrase("Q?"), "V", span=(0, 10)),
    ):
        with pytest.raises((GarbledReply, InstrumentError)):
            item.decode(text)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True])
def test_parameters_take_no_value_that_is_none(value: float) -> None:
    with pytest.raises(ValueError, match="number"):
        In("m3/h").read(value)


@pytest.mark.parametrize(
    "text",
    ["NAN", "inf", "OL", "-OL", "O.L", "OVLD", "----", "****", "9.9E37", "-9.90000000E+37", "9.91E+37"],
)
def test_the_words_of_displays_and_scpi_say_that_there_is_no_value(text: str) -> None:
    with pytest.raises(InstrumentError, match="no valid value"):
        Reading(Phrase("Q?"), "V", span=(0, 10), accuracy=UNSTATED).decode(text)


@pytest.mark.parametrize(
    ("wire", "none", "beside"),
    [
        (input_u16(0, 0.1), 6553.5, 6553.4),
        (input_u16(0, 0.1), 3276.8, 3276.6),
        (input_i16(0, 0.1), -3276.8, -3276.6),
        (input_i16(0), 32767, -1),
        (input_u32(0), 2**32 - 1, 2**32 - 2),
        (Phrase("Q?"), "1E+9", "1.1E+9"),
        (Phrase("Q?"), "9.9E+9", "990"),
        (Phrase("Q?"), "-9999", "-9998"),
        (Phrase("Q?"), "999.9", "999.8"),
        (Phrase("Q?"), "-999", "-9.99"),
    ],
)
def test_what_others_use_for_none_is_none_outside_the_span_only(wire, none, beside) -> None:  # type: ignore[no-untyped-def]
    item = Reading(wire, "V", span=(0, 500), accuracy=UNSTATED)
    with pytest.raises(InstrumentError, match="no valid value"):
        item.decode(none)
    assert item.decode(beside) == float(beside)
    wide = Reading(wire, "V", span=(-(2**32), 2**40), accuracy=UNSTATED)
    assert wide.decode(none) == float(none)
