"""Framings, byte by byte and without a wire."""

from __future__ import annotations

import itertools

import pytest

from remotecal.drivers.links.framing import Nonsense, RtuFraming, TcpFraming, checksum
from remotecal.drivers.links.line_framing import LineFraming, MessageFraming
from remotecal.drivers.links.modbus_ascii import AsciiFraming, frame
from remotecal.drivers.links.wire import Line, Modbus
from remotecal.errors import ForbiddenCommand

READ = bytes.fromhex("01 03 00 04 00 02")
ANSWER = bytes.fromhex("01 03 04 06 51 3F 9E")


def tcp_framing(first=7):
    return TcpFraming(Modbus(), itertools.count(first).__next__)


def test_published_rtu_frames():
    framing = RtuFraming(Modbus())
    assert framing.wrap(READ) == bytes.fromhex("01 03 00 04 00 02 85 CA")
    assert framing.unwrap(bytes.fromhex("01 03 04 06 51 3F 9E 3B 32"), READ) == ANSWER
    assert checksum(bytes.fromhex("01 06 10 03 00 02")) == bytes.fromhex("FC CB")


def test_published_ascii_frames():
    framing, read = AsciiFraming(Modbus()), bytes.fromhex("01 03 00 00 00 0A")
    assert framing.wrap(read) == b":01030000000AF2\r\n"
    with pytest.raises(Nonsense, match="set to Modbus RTU"):
        framing.unwrap(bytes.fromhex("01 03 04 06 51 3F 9E 3B 32"), read)
    assert framing.show(b":01\r\n") == r"b':01\r\n'"


@pytest.mark.parametrize(
    ("framing", "request_payload", "received", "reply"),
    [
        (LineFraming(Line(ending="\r\n")), b"S", b"S S     100.00 g\r\n", b"S S     100.00 g"),
        (LineFraming(Line(ending="\r", reply_ending="\r\n")), b"S", b"1\r\n", b"1"),
        (RtuFraming(Modbus()), READ, ANSWER + checksum(ANSWER), ANSWER),
        (RtuFraming(Modbus()), READ, b"\x01\x83\x02" + checksum(b"\x01\x83\x02"), b"\x01\x83\x02"),
        (AsciiFraming(Modbus()), READ, frame(ANSWER), ANSWER),
        (AsciiFraming(Modbus()), READ, frame(ANSWER).lower(), ANSWER),
        (AsciiFraming(Modbus()), READ, frame(b"\x01\x83\x02"), b"\x01\x83\x02"),
    ],
)
def test_a_reply_is_found_when_its_last_byte_is_there(framing, request_payload, received, reply):
    for size in range(len(received)):
        assert framing.unwrap(received[:size], request_payload) is None
    assert framing.unwrap(received, request_payload) == reply


def test_a_modbus_tcp_reply_is_found_behind_foreign_ones():
    framing = tcp_framing()
    assert framing.wrap(READ) == bytes.fromhex("00 07 00 00 00 06") + READ
    late = bytes.fromhex("00 06 00 00 00 07") + ANSWER
    own = bytes.fromhex("00 07 00 00 00 07") + ANSWER
    received = late + own
    for size in range(len(received)):
        assert framing.unwrap(received[:size], READ) is None
    assert framing.unwrap(received, READ) == ANSWER


def test_transaction_numbers_wrap_around():
    framing = tcp_framing(0xFFFF)
    assert framing.wrap(READ)[:2] == b"\xff\xff"
    assert framing.wrap(READ)[:2] == b"\x00\x00"


@pytest.mark.parametrize(
    ("framing", "received"),
    [
        (LineFraming(Line()), b"1\n2\n"),
        (LineFraming(Line()), b"1\n2"),
        (LineFraming(Line()), b"\xb0C\n"),
        (LineFraming(Line(reply_size=4)), b"12345\n"),
        (LineFraming(Line(reply_size=4)), b"12345"),
        (MessageFraming(Line(reply_size=4)), b"12345\n"),
        (MessageFraming(Line()), b"\xb0C\n"),
        (RtuFraming(Modbus()), ANSWER + b"\0\0"),
        (RtuFraming(Modbus()), ANSWER + checksum(ANSWER) + b"\0"),
        (RtuFraming(Modbus()), b"\x02" + ANSWER[1:] + checksum(b"\x02" + ANSWER[1:])),
        (RtuFraming(Modbus()), b"\x01\x04" + ANSWER[2:] + checksum(b"\x01\x04" + ANSWER[2:])),
        (RtuFraming(Modbus()), READ + checksum(READ)),
        (RtuFraming(Modbus()), b"\x01\x2c\x0e\x01"),
        (AsciiFraming(Modbus()), frame(ANSWER) + b":"),
        (AsciiFraming(Modbus()), b"0" + frame(ANSWER)),
        (AsciiFraming(Modbus()), frame(ANSWER).replace(b"51", b"52")),
        (AsciiFraming(Modbus()), frame(ANSWER).replace(b"51", b"5X")),
        (AsciiFraming(Modbus()), frame(ANSWER).replace(b"51", b"5 1 ")),
        (AsciiFraming(Modbus()), frame(b"\x02" + ANSWER[1:])),
        (AsciiFraming(Modbus()), frame(READ)),
        (AsciiFraming(Modbus()), b":FF01\r\n"),
        (AsciiFraming(Modbus()), b":" + b"0" * 514),
        (tcp_framing(0), bytes.fromhex("00 00 00 01 00 07") + ANSWER),
        (tcp_framing(0), bytes.fromhex("00 00 00 00 01 07") + ANSWER),
        (tcp_framing(0), bytes.fromhex("00 00 00 00 00 07") + ANSWER + b"\0"),
        (tcp_framing(0), bytes.fromhex("00 00 00 00 00 07 02") + ANSWER[1:]),
    ],
)
def test_what_can_not_be_the_reply_is_said_to_be_none(framing, received):
    framing.wrap(READ)
    with pytest.raises(Nonsense):
        framing.unwrap(received, READ)


def test_a_declared_encoding_is_read():
    degrees = "21.5 °C".encode("latin-1")
    assert LineFraming(Line(encoding="latin-1")).unwrap(degrees + b"\n", b"T?") == degrees


def test_a_message_needs_no_ending():
    framing = MessageFraming(Line())
    assert framing.unwrap(b"1", b"A?") == framing.unwrap(b"1\n", b"A?") == b"1"


@pytest.mark.parametrize("framing", [AsciiFraming, RtuFraming, lambda wire: TcpFraming(wire, lambda: 1)])
def test_functions_the_instrument_lacks_are_not_sent(framing):
    few = framing(Modbus(functions=frozenset({3, 6})))
    with pytest.raises(ForbiddenCommand, match="nothing was sent"):
        few.wrap(b"\x01\x10\x00\x00\x00\x01\x02\x00\x01")


def test_requests_are_described_in_words():
    assert LineFraming(Line()).describe(b"MEAS?") == "'MEAS?'"
    assert RtuFraming(Modbus()).describe(READ) == "unit 1: read holding registers 4 to 5"
    assert RtuFraming(Modbus()).describe(b"\x01\x06\x00\x0c\x00\x07") == "unit 1: write register 12"


def test_no_echo_is_waited_for_on_a_carrier_of_messages() -> None:
    """A driver for a line that echoes is used over such a carrier, too."""
    framing = MessageFraming(Line(echo=True))
    assert not framing.echoes
    assert framing.unwrap(b"1\n", b"Q?") == b"1"
