"""PDUs, numbers in registers and coalescing, against the standard's and makers' worked examples."""

from __future__ import annotations

import math
from typing import get_args

import pytest

from remotecal.drivers.links import modbus
from remotecal.drivers.links.modbus import Request
from remotecal.errors import ConfigurationError, GarbledReply, ModbusRefusal

# MODBUS Application Protocol Specification V1.1b3, the example of each section.
EXAMPLES = {
    "6.1": ("01 00 13 00 13", "01 03 CD 6B 05", Request(1, 0x13, 19),
            (1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1)),
    "6.2": ("02 00 C4 00 16", "02 03 AC DB 35", Request(2, 0xC4, 22),
            (0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1)),
    "6.3": ("03 00 6B 00 03", "03 06 02 2B 00 00 00 64", Request(3, 0x6B, 3), (555, 0, 100)),
    "6.4": ("04 00 08 00 01", "04 02 00 0A", Request(4, 8, 1), (10,)),
    "6.5": ("05 00 AC FF 00", "05 00 AC FF 00", Request(5, 0xAC, 1, (1,)), ()),
    "6.6": ("06 00 01 00 03", "06 00 01 00 03", Request(6, 1, 1, (3,)), ()),
    "6.11": ("0F 00 13 00 0A 02 CD 01", "0F 00 13 00 0A",
             Request(15, 0x13, 10, (1, 0, 1, 1, 0, 0, 1, 1, 1, 0)), ()),
    "6.12": ("10 00 01 00 02 04 00 0A 01 02", "10 00 01 00 02", Request(16, 1, 2, (10, 258)), ()),
}  # fmt: skip


@pytest.mark.parametrize("section", EXAMPLES)
def test_the_standards_examples_in_both_directions(section):
    question, answer, request, values = EXAMPLES[section]
    assert request.encode() == bytes.fromhex(question)
    assert Request.decode(bytes.fromhex(question)) == request
    assert modbus.reply(request, values) == bytes.fromhex(answer)
    assert modbus.understand(request, bytes.fromhex(answer), "meter") == values


def test_the_standards_exception_is_raised_by_name():
    request = Request.decode(bytes.fromhex("01 04 A1 00 01"))
    refusal = modbus.exception(request.function, modbus.ILLEGAL_ADDRESS)
    assert refusal == bytes.fromhex("81 02")
    with pytest.raises(
        ModbusRefusal, match="meter refused to read coil 1185: illegal data address"
    ) as caught:
        modbus.understand(request, refusal, "meter")
    assert caught.value.code == 2


def test_a_refused_write_says_what_was_to_be_written():
    with pytest.raises(ModbusRefusal, match=r"^pump refused to write register 12 with 7: illegal data value"):
        modbus.understand(Request(6, 12, 1, (7,)), bytes((0x86, 3)), "pump")


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 8, 10, 11, 99])
def test_every_exception_has_a_text(code):
    assert f"(exception {code})" in str(modbus.refusal(Request(3, 0, 1), code, "meter"))


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("07", 1),
        ("2B 0E 01 00", 1),
        ("03 00 00 00 00", 3),
        ("03 00 00 00 7E", 3),
        ("01 00 00 07 D1", 3),
        ("03 00 00", 3),
        ("03 00 00 00 01 00", 3),
        ("03 FF FF 00 02", 2),
        ("05 00 00 12 34", 3),
        ("10 00 01 00 02 04 00 0A 01", 3),
        ("10 00 01 00 02 03 00 0A 01 02", 3),
        ("0F 00 13 00 0A 01 CD", 3),
    ],
)
def test_a_server_refuses_what_it_can_not_serve(question, code):
    with pytest.raises(ModbusRefusal) as caught:
        Request.decode(bytes.fromhex(question))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "arguments",
    [
        (3, 0, 126), (3, 0, 0), (3, 65535, 2), (3, -1, 1), (3, 0, 1, (5,)), (7, 0, 1),
        (5, 0, 1, (2,)), (6, 0, 1), (6, 0, 1, (65536,)), (6, 0, 1, (-1,)),
        (15, 0, 1969, (0,) * 1969), (16, 0, 2, (1,)), (16, 0, 124, (0,) * 124),
    ],
)  # fmt: skip
def test_a_request_that_can_not_be_is_refused(arguments):
    with pytest.raises(ConfigurationError):
        Request(*arguments)


@pytest.mark.parametrize(
    ("request_pdu", "answer"),
    [
        (Request(3, 0, 2), "03 02 00 01"),
        (Request(3, 0, 2), "03 04 00 01 00"),
        (Request(3, 0, 2), "04 04 00 01 00 02"),
        (Request(3, 0, 2), "84 02"),
        (Request(6, 1, 1, (3,)), "06 00 01 00 04"),
        (Request(16, 1, 2, (1, 2)), "10 00 02 00 02"),
        (Request(1, 0, 9), "01 01 00"),
        (Request(3, 0, 2), "83 02 00"),
    ],
)
def test_a_reply_to_another_request_is_none(request_pdu, answer):
    with pytest.raises(GarbledReply, match="meter"):
        modbus.understand(request_pdu, bytes.fromhex(answer), "meter")


@pytest.mark.parametrize(
    ("words", "form", "order", "number"),
    [
        ((0x3F75, 0xE3D2), "f32", "ABCD", 0.96051),
        ((0x41B6, 0x1C20), "f32", "ABCD", 22.7637),
        ((0x0651, 0x3F9E), "f32", "CDAB", 1.2345678),
        ((0x0A11, 0x42C5), "f32", "CDAB", 98.5197),
        ((0x753F, 0xD2E3), "f32", "BADC", 0.96051),
        ((0xD2E3, 0x753F), "f32", "DCBA", 0.96051),
        ((0xFFFF, 0xFFFE), "i32", "ABCD", -2),
        ((0xFFFE, 0xFFFF), "i32", "CDAB", -2),
        ((0x0001, 0x0000), "u32", "ABCD", 65536),
        ((0xFFFF,), "i16", "ABCD", -1),
        ((0x0100,), "u16", "BADC", 1),
        ((0, 0, 0, 5), "u64", "ABCD", 5),
        ((5, 0, 0, 0), "u64", "CDAB", 5),
    ],
)
def test_numbers_in_registers(words, form, order, number):
    assert modbus.unpack(words, form, order) == pytest.approx(number, rel=1e-5)
    assert modbus.pack(modbus.unpack(words, form, order), form, order) == words


@pytest.mark.parametrize("form", get_args(modbus.Form))
@pytest.mark.parametrize("order", ["ABCD", "CDAB", "BADC", "DCBA"])
def test_every_form_survives_every_order(form, order):
    assert modbus.unpack(modbus.pack(1234, form, order), form, order) == 1234


def test_a_fault_value_comes_through():
    assert math.isnan(modbus.unpack((0x7FC0, 0), "f32"))


@pytest.mark.parametrize(("number", "form"), [(65536, "u16"), (-1, "u32"), (1e39, "f32"), (1.5, "i16")])
def test_a_number_that_does_not_fit_is_refused(number, form):
    with pytest.raises(ConfigurationError, match="does not fit"):
        modbus.pack(number, form)


@pytest.mark.parametrize(
    ("spans", "reads"),
    [
        ([], []),
        ([(0, 2), (2, 2)], [(0, 4)]),
        ([(10, 2), (0, 2)], [(0, 12)]),
        ([(11, 2), (0, 2)], [(0, 2), (11, 2)]),
        ([(0, 4), (1, 2)], [(0, 4)]),
        ([(0, 20), (20, 20), (40, 11)], [(0, 40), (40, 11)]),
        ([(0, 50)], [(0, 50)]),
    ],
)
def test_reads_are_joined_over_small_gaps(spans, reads):
    assert modbus.coalesce(spans, longest_gap=8, longest_read=50) == reads


def test_a_value_is_never_torn_in_two_reads():
    with pytest.raises(ConfigurationError):
        modbus.coalesce([(0, 4)], longest_gap=8, longest_read=3)
