"""Whatever can be declared is heeded: one test walks every field of every declaration and proves it.

A field without a proof fails, and so does a proof without a field. A proof shows the behaviour with
the field and without it, on a real wire where the field is about the wire.
"""

import contextlib
import dataclasses
import inspect
import termios
import time
from collections.abc import Callable, Iterator
from enum import Enum, IntFlag
from typing import Any

import pytest
from transcript import Exchange, on_serial_port, on_socket

from remotecal.drivers.accuracy import EXACT, UNSTATED, absolute
from remotecal.drivers.catalogue import describe
from remotecal.drivers.codecs import Phrase, Register, Scpi, Sum, coil, holding_u16, holding_u32
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.line_instrument import LineInstrument, ScpiInstrument
from remotecal.drivers.links import modbus
from remotecal.drivers.links.framing import LineFraming, MessageFraming, Nonsense, checksum
from remotecal.drivers.links.marks import Damaged, Marks
from remotecal.drivers.links.streams import SerialStream
from remotecal.drivers.links.wire import Line, Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument, plan
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting
from remotecal.errors import (
    ForbiddenCommand,
    GarbledReply,
    InstrumentError,
    LinkError,
    LinkLost,
    NoReply,
    OutOfSpan,
    WrongInstrument,
)

Body = dict[str, Any]
QUICK = 0.1
PATIENT = 5.0


class Mode(Enum):
    SLOW = 1
    FAST = 2


class Alarm(IntFlag):
    EMPTY = 1
    FAULT = 2


def driver(base: type[Instrument], **body: Any) -> Any:
    return type("Probe", (base,), body)


@contextlib.contextmanager
def on_lines(
    wire: Line, *exchanges: Exchange, base: type[Instrument] = LineInstrument, **body: Any
) -> Iterator[Any]:
    """Yield an instrument of a driver made from `body`, whose side of the wire is played on a socket."""
    with (
        on_socket(*exchanges) as port,
        driver(base, wire=wire, **body).open(f"TCPIP::127.0.0.1::{port}::SOCKET") as probe,
    ):
        yield probe


@contextlib.contextmanager
def on_rtu(wire: Modbus, *exchanges: Exchange, **body: Any) -> Iterator[Any]:
    with (
        on_serial_port(*exchanges) as device,
        driver(ModbusInstrument, wire=wire, **body).open(f"modbus+rtu://{device}") as probe,
    ):
        yield probe


def rtu(pdu: bytes) -> bytes:
    return b"\x01" + pdu + checksum(b"\x01" + pdu)


def asked(start: int, *answer: int, function: int = 3) -> Exchange:
    request = modbus.Request(function, start, len(answer))
    return rtu(request.encode()), rtu(modbus.reply(request, answer))


def written(function: int, start: int, *values: int) -> Exchange:
    request = modbus.Request(function, start, len(values), values)
    return rtu(request.encode()), rtu(modbus.reply(request))


def refused(exchange: Exchange, code: int) -> Exchange:
    return exchange[0], rtu(modbus.exception(exchange[0][1], code))


def reading(wire: Any = None, **more: Any) -> Reading:
    given = {"unit": "1", "span": (0, 1000), "accuracy": UNSTATED} | more
    return Reading(wire or Phrase("Q?"), given.pop("unit"), **given)


# Line


def line_ending() -> None:
    for ending in ("\n", "\r\n"):
        with on_lines(Line(ending=ending), (b"Q?" + ending.encode(), b"1" + ending.encode())) as probe:
            assert probe.ask("Q?") == "1"


def line_reply_ending() -> None:
    with on_lines(Line(ending="\r", reply_ending=";"), (b"Q?\r", b"1\r;")) as probe:
        assert probe.ask("Q?") == "1\r"


def line_slowest_reply() -> None:
    for slowest in (0.02, 0.03):
        with (
            on_lines(Line(slowest_reply=slowest), (b"Q?\n", b"")) as probe,
            pytest.raises(NoReply, match=f"{slowest} s"),
        ):
            probe.ask("Q?")


def took(act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def line_pause() -> None:
    with on_lines(Line(pause=QUICK), (b"Q?\n", b"1\n"), (b"Q?\n", b"2\n")) as probe:
        probe.ask("Q?")
        assert took(lambda: probe.ask("Q?")) >= 0.9 * QUICK


def line_warm_up() -> None:
    with on_socket() as port:
        address = f"TCPIP::127.0.0.1::{port}::SOCKET"
        assert took(lambda: driver(LineInstrument, wire=Line(warm_up=QUICK)).open(address).close()) >= QUICK


def line_greeting() -> None:
    banner = (b"", b"Welcome\r\nready> ")
    with on_lines(Line(greeting="ready> ", slowest_reply=PATIENT), banner, (b"Q?\n", b"1\n")) as probe:
        assert probe.ask("Q?") == "1"
    with (
        pytest.raises(LinkLost, match="did not greet by b'hello'"),
        on_lines(Line(greeting="hello", slowest_reply=QUICK), banner),
    ):
        pass


def line_echo() -> None:
    echoed = ((b"Q?\n", b"Q?\n1\n"), (b"GO\n", b"GO\n"), (b"Q?\n", b"Q?\n2\n"))
    with on_lines(Line(echo=True), *echoed) as probe:
        assert probe.ask("Q?") == "1"
        probe.tell("GO")
        assert probe.ask("Q?") == "2"
    with (
        on_lines(Line(), (b"Q?\n", b"Q?\n")) as probe,
        pytest.raises(GarbledReply, match="an echo confirms nothing"),
    ):
        probe.ask("Q?")
    with (
        on_lines(Line(echo=True), (b"Q?\n", b"1\n")) as probe,
        pytest.raises(GarbledReply, match="did not come back"),
    ):
        probe.ask("Q?")


def line_ask_again() -> None:
    busy = (b"Q?\n", b"\x15\n")
    with on_lines(Line(ask_again=("\x15",)), busy, busy, (b"Q?\n", b"7\n"), q=reading()) as probe:
        kept: list[bytes] = []
        probe.keep = lambda _name, _request, reply: kept.append(reply) or len(kept)
        assert probe.q.read()[::5] == (7.0, 3)
        assert kept == [b"\x15", b"\x15", b"7"]
    with on_lines(Line(), busy, q=reading()) as probe, pytest.raises(GarbledReply):
        probe.q.read()
    with (
        on_lines(Line(ask_again=("\x15",)), *[busy] * 6, q=reading()) as probe,
        pytest.raises(InstrumentError, match="again and again"),
    ):
        probe.q.read()


def line_blocks() -> None:
    data = bytes(range(256))
    block = b"#3256" + data
    with on_lines(Line(blocks=True), (b"CURV?\n", block + b"\n"), (b"Q?\n", b"1\n")) as probe:
        assert probe.ask_block("CURV?") == data
        assert probe.ask("Q?") == "1"
    framing = LineFraming(Line(blocks=True))
    assert [framing.unwrap(block[:n], b"CURV?") for n in range(len(block))] == [None] * len(block)
    for wrong in (b"#0ab\n", b"#2x", block + b"\n1", block + b"x"):
        with pytest.raises(Nonsense):
            framing.unwrap(wrong, b"CURV?")
    messages = MessageFraming(Line(blocks=True))
    assert messages.unwrap(b"#0" + data + b"\n", b"CURV?") == b"#0" + data
    assert messages.unwrap(block + b"\n", b"CURV?") == block
    with pytest.raises(Nonsense):
        LineFraming(Line()).unwrap(block + b"\n", b"CURV?")


def line_serial() -> None:
    speeds = set()
    for baud in (19200, 38400):
        with (
            on_serial_port() as device,
            driver(LineInstrument, wire=Line(serial=Serial(baud))).open(f"ASRL{device}"),
        ):
            speeds.add(speed(device))
    assert speeds == {termios.B19200, termios.B38400}


def line_encoding() -> None:
    for encoding, sign in (("latin-1", "°"), ("gbk", "℃")):
        line = f"温度?{sign}" if encoding == "gbk" else f"T?{sign}"
        exchange = (f"{line}\n".encode(encoding), f"23.1 {sign}\n".encode(encoding))
        with on_lines(
            Line(encoding=encoding), exchange, q=reading(Phrase(line, f"{{value}} {sign}"))
        ) as probe:
            assert probe.q.read().value == 23.1
    with on_lines(Line()) as probe, pytest.raises(ForbiddenCommand, match="nothing was sent"):
        probe.ask("温度?")
    with pytest.raises(ValueError, match="encoding"):
        Line(encoding="klingon")


def line_reply_size() -> None:
    for size in (3, 4):
        with on_lines(Line(reply_size=size), (b"Q?\n", b"1234\n")) as probe:
            if size == 3:
                with pytest.raises(GarbledReply, match="longer than 3"):
                    probe.ask("Q?")
            else:
                assert probe.ask("Q?") == "1234"


# Serial


def speed(device: str) -> int:
    return attributes(device)[4]


def attributes(device: str) -> list[Any]:
    import os

    descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY)
    try:
        return termios.tcgetattr(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def port_set_to(settings: Serial) -> Iterator[list[Any]]:
    with on_serial_port() as device, contextlib.closing(SerialStream(device, settings)):
        yield attributes(device)


def serial_baud() -> None:
    with port_set_to(Serial(baud=19200)) as found:
        assert found[4] == found[5] == termios.B19200
    assert Serial(19200).character == Serial(9600).character / 2


def serial_bits() -> None:
    assert Serial(bits=7).character == pytest.approx(9 / 9600)
    assert str(Serial(bits=7)) == "9600 7N1"


def serial_parity() -> None:
    assert Serial(parity="E").character == pytest.approx(11 / 9600)
    with port_set_to(Serial(parity="E")) as found:
        assert found[0] & termios.INPCK
        assert found[0] & termios.PARMRK
    marks = Marks()
    assert [marks.plain(part) for part in (b"a\xff", b"\xffb", b"c")] == [b"a", b"\xffb", b"c"]
    with pytest.raises(Damaged, match="0x41"):
        marks.plain(b"a\xff\x00A")


def serial_stop() -> None:
    assert Serial(stop=2).character == pytest.approx(11 / 9600)


def serial_flow() -> None:
    with port_set_to(Serial()) as plain, port_set_to(Serial(flow="xonxoff")) as handshaking:
        assert not plain[0] & termios.IXON
        assert handshaking[0] & termios.IXON


# Modbus


def modbus_order() -> None:
    for order, words in (("ABCD", (1, 2)), ("CDAB", (2, 1))):
        with on_rtu(Modbus(order=order), asked(0, *words), q=reading(holding_u32(0), span=(0, 1e9))) as probe:
            assert probe.q.read().value == 65538


def modbus_manual_counts_from() -> None:
    with on_rtu(Modbus(manual_counts_from=40001), asked(6, 5), q=reading(holding_u16(40007))) as probe:
        assert probe.q.read().value == 5


def modbus_slowest_reply() -> None:
    silent = (asked(0, 1)[0], b"")
    for slowest in (0.02, 0.03):
        with (
            on_rtu(Modbus(slowest_reply=slowest), silent, q=reading(holding_u16(0))) as probe,
            pytest.raises(NoReply, match=f"{slowest} s"),
        ):
            probe.q.read()


def modbus_pause() -> None:
    with on_rtu(Modbus(pause=QUICK), asked(0, 1), asked(0, 2), q=reading(holding_u16(0))) as probe:
        probe.q.read()
        assert took(probe.q.read) >= 0.9 * QUICK


def modbus_warm_up() -> None:
    with on_socket() as port:
        probe = driver(ModbusInstrument, wire=Modbus(warm_up=QUICK))
        assert took(lambda: probe.open(f"modbus+tcp://127.0.0.1:{port}").close()) >= QUICK


def modbus_echo() -> None:
    read, write = asked(0, 1), written(6, 0, 5)
    echoed = [(request, request + reply) for request, reply in (read, write)]
    with on_rtu(Modbus(echo=True), *echoed, q=Setting(holding_u16(0), "1", span=(0, 9))) as probe:
        assert probe.q.read().value == 1
        probe.q.set(5)
    only_echo = (read[0], read[0])  # the reply to a write looks as its echo does: a read comes first
    with (
        on_rtu(Modbus(slowest_reply=QUICK), only_echo, q=Setting(holding_u16(0), "1", span=(0, 9))) as probe,
        pytest.raises(LinkError),
    ):
        probe.q.set(5)


def framed(number: int, pdu: bytes) -> bytes:
    return number.to_bytes(2, "big") + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + b"\1" + pdu


def modbus_own_numbers() -> None:
    request = modbus.Request(3, 0, 1)
    exchange = (framed(1, request.encode()), framed(0x77, modbus.reply(request, (5,))))
    for own in (True, False):
        probe = driver(
            ModbusInstrument,
            wire=Modbus(own_numbers=own, slowest_reply=PATIENT if own else QUICK),
            q=reading(holding_u16(0)),
        )
        with on_socket(exchange) as port, probe.open(f"modbus+tcp://127.0.0.1:{port}") as meter:
            if own:
                assert meter.q.read().value == 5
            else:
                with pytest.raises(NoReply):
                    meter.q.read()


def modbus_serial() -> None:
    wire = Modbus(serial=Serial(19200))
    with on_serial_port() as device, driver(ModbusInstrument, wire=wire).open(f"modbus+rtu://{device}"):
        assert speed(device) == termios.B19200


def modbus_functions() -> None:
    body: Body = {"q": Setting(holding_u16(0), "1", span=(0, 9))}
    with on_rtu(Modbus(functions=frozenset({3, 16})), asked(0, 1), written(16, 0, 5), **body) as probe:
        probe.q.read()
        probe.q.set(5)
    with on_rtu(Modbus(functions=frozenset({3})), asked(0, 1), **body) as probe:
        probe.q.read()
        with pytest.raises(ForbiddenCommand):
            probe.q.set(5)


def spans(wire: Modbus, *registers: Register) -> list[str]:
    return [str(read.request) for read in plan(wire, tuple(reading(each) for each in registers)).reads]


def modbus_longest_read() -> None:
    pair = holding_u16(0), holding_u16(1)
    assert [len(spans(Modbus(longest_read=longest), *pair)) for longest in (1, 2)] == [2, 1]


def modbus_longest_gap() -> None:
    pair = holding_u16(0), holding_u16(5)
    assert [len(spans(Modbus(longest_gap=gap), *pair)) for gap in (3, 4)] == [2, 1]


# Quantities


def reading_wire() -> None:
    with on_lines(Line(), (b"A?\n", b"3\n"), q=reading(Phrase("A?"))) as probe:
        assert probe.q.read().value == 3


def reading_unit() -> None:
    with on_lines(Line(), (b"Q?\n", b"3\n"), q=reading(unit="m3/h")) as probe:
        assert probe.q.read().unit == "m3/h"


def reading_span() -> None:
    inside, outside = (
        reading(span=span, accuracy=absolute(1)).standard_uncertainty(5) for span in ((0, 9), (0, 4))
    )
    assert inside is not None
    assert outside is None


def reading_accuracy() -> None:
    assert [reading(accuracy=how).standard_uncertainty(5) for how in (EXACT, UNSTATED)] == [0, None]


def reading_wraps() -> None:
    assert reading(wraps=True, span=(0, 99)).modulus == 100
    assert reading(wraps=False).modulus is None
    assert reading(holding_u32(0, 0.001), wraps=True, span=(0, (2**32 - 1) / 1000)).modulus == pytest.approx(
        2**32 / 1000
    )


def reading_no_value() -> None:
    stated = reading(holding_u16(0, 0.1), span=(0, 10_000), no_value=(0xFFFF, 0xFFFE))
    assert reading(holding_u16(0, 0.1), span=(0, 10_000)).decode(6553.4) == 6553.4
    for raw in (0xFFFF, 0xFFFE):
        with pytest.raises(InstrumentError, match="no valid value"):
            stated.decode(raw * 0.1)
    words = reading(no_value=("cold", 1e9), span=(0, 1e12))
    for text in (" COLD", "+1.00E+09"):
        with pytest.raises(InstrumentError, match="no valid value"):
            words.decode(text)


def reading_takes() -> None:
    with (
        on_lines(Line(slowest_reply=PATIENT), (b"Q?\n", b""), q=reading(takes=0.03)) as probe,
        pytest.raises(NoReply, match=r"0\.03 s"),
    ):
        probe.q.read()


LEVEL = Phrase("L?", order="L={value}", decimals=1)


def setting(wire: Any = LEVEL, **more: Any) -> Setting:
    given = {"unit": "V", "span": (0, 10)} | more
    return Setting(wire, given.pop("unit"), **given)


def setting_wire() -> None:
    with on_lines(Line(), (b"L=5.0\n", b""), q=setting()) as probe:
        probe.q.set(5)


def setting_unit() -> None:
    with on_lines(Line(), (b"L=5.0\n", b""), q=setting()) as probe:
        probe.q.set(5000, "mV")


def setting_span() -> None:
    with pytest.raises(OutOfSpan):
        setting().encode(11)
    assert setting(span=(0, 12)).encode(11) == 11
    with pytest.raises(OutOfSpan):
        setting().encode(True)


def setting_accuracy() -> None:
    pages = [
        describe(driver(LineInstrument, wire=Line(), q=setting(accuracy=how)))
        for how in (UNSTATED, absolute(1))
    ]
    assert len({page.quantities[0].accuracy for page in pages}) == 2


def setting_takes() -> None:
    body: Body = {"q": setting(takes=0.03)}
    silent = (b"L=5.0;:SYST:ERR?\n", b"")
    with (
        on_lines(Line(slowest_reply=PATIENT), *SCPI, silent, base=ScpiInstrument, **body) as probe,
        pytest.raises(NoReply, match=r"0\.03 s"),
    ):
        probe.q.set(5)


def setting_confirmed() -> None:
    other = (b"L=5.0\n", b""), (b"L?\n", b"4.0\n")
    with (
        on_lines(Line(), *other, q=setting(confirmed=True)) as probe,
        pytest.raises(InstrumentError, match="set to 5 V, but it is 4 V"),
    ):
        probe.q.set(5)
    with on_lines(Line(), other[0], (b"L?\n", b"5.00\n"), q=setting(confirmed=True)) as probe:
        probe.q.set(5)


MODE = Phrase("M?", order="M={value}")


def choice_wire() -> None:
    with on_lines(Line(), (b"M=2\n", b""), q=Choice(MODE, Mode)) as probe:
        probe.q.set(Mode.FAST)


def choice_options() -> None:
    class Word(Enum):
        AIR = "AIR"
        QUOTED = '"N2"'

    mode: Choice[Mode] = Choice(MODE, Mode)
    for text in ("2", "+2", "2.0", "+2.00000000E+00", '"2"'):
        assert mode.decode(text) is Mode.FAST
    word: Choice[Word] = Choice(MODE, Word)
    assert [word.decode(text) for text in ('"AIR"', "air", "N2", "'N2'")] == [Word.AIR] * 2 + [
        Word.QUOTED
    ] * 2
    for nothing in ("3", "nan", "1_0", "", "\uff12"):
        with pytest.raises(GarbledReply):
            mode.decode(nothing)


def choice_takes() -> None:
    body: Body = {"q": Choice(MODE, Mode, takes=0.03)}
    with (
        on_lines(Line(slowest_reply=PATIENT), (b"M?\n", b""), **body) as probe,
        pytest.raises(NoReply, match=r"0\.03 s"),
    ):
        probe.q.read()


def choice_confirmed() -> None:
    other = (b"M=2\n", b""), (b"M?\n", b"1\n")
    with (
        on_lines(Line(), *other, q=Choice(MODE, Mode, confirmed=True)) as probe,
        pytest.raises(InstrumentError, match="set to FAST, but it is SLOW"),
    ):
        probe.q.set(Mode.FAST)


def flags_wire() -> None:
    with on_rtu(Modbus(), asked(4, 3), q=Flags(holding_u16(4), Alarm)) as probe:
        assert probe.q.read() == Alarm.EMPTY | Alarm.FAULT


def flags_conditions() -> None:
    flags: Flags[Alarm] = Flags(MODE, Alarm)
    assert flags.decode("+2.0") == Alarm.FAULT
    for nothing in ("nan", "1.5", "inf", "x"):
        with pytest.raises(GarbledReply):
            flags.decode(nothing)


def action_wire() -> None:
    with on_lines(Line(), (b"ZERO\n", b""), q=Action(Phrase(None, order="ZERO"))) as probe:
        probe.q()


def action_content() -> None:
    with on_rtu(Modbus(), asked(8, 0, function=1), written(5, 8, 1), q=Action(coil(8), 1)) as probe:
        probe.q()


def action_takes() -> None:
    body: Body = {"q": Action(Scpi("ZERO"), takes=0.03)}
    silent = (b"ZERO;:SYST:ERR?\n", b"")
    with (
        on_lines(Line(slowest_reply=PATIENT), *SCPI, silent, base=ScpiInstrument, **body) as probe,
        pytest.raises(NoReply, match=r"0\.03 s"),
    ):
        probe.q()


# Codecs


def register_table() -> None:
    with on_rtu(Modbus(), asked(3, 9, function=4), q=reading(Register("input", 3, "u16"))) as probe:
        assert probe.q.read().value == 9


def register_number() -> None:
    assert spans(Modbus(), holding_u16(7)) == ["read holding register 7"]


def register_form() -> None:
    for form, value in (("u16", 65000), ("i16", -536)):
        with on_rtu(
            Modbus(), asked(0, 65000), q=reading(Register("holding", 0, form), span=(-1e5, 1e5))
        ) as probe:  # type: ignore[arg-type]
            assert probe.q.read().value == value


def register_scale() -> None:
    with on_rtu(Modbus(), asked(0, 65), q=reading(holding_u16(0, 0.1))) as probe:
        assert probe.q.read().value == pytest.approx(6.5)


def register_order() -> None:
    """One register set otherwise than the instrument's others, read and written."""
    own = Setting(holding_u32(2, order="ABCD"), "1", span=(0, 1e9))
    both = asked(0, 2, 1), asked(2, 1, 2)
    body: Body = {"plain": reading(holding_u32(0), span=(0, 1e9)), "own": own}
    with on_rtu(Modbus(order="CDAB"), *both, written(16, 2, 1, 3), **body) as probe:
        assert [probe.plain.read().value, probe.own.read().value] == [65538, 65538]
        probe.own.set(65539)


def sum_coarse() -> None:
    with on_rtu(
        Modbus(), asked(0, 3, 0, 250), q=reading(Sum(holding_u16(0), holding_u16(2, 0.001)))
    ) as probe:
        assert probe.q.read().value == 3.25


def sum_rest() -> None:
    assert Sum(holding_u16(0), holding_u16(2)).parts[1] == holding_u16(2)


def sum_step() -> None:
    assert [Sum(holding_u16(0), holding_u16(2), step).split(250)[1] for step in (1, 100)] == [0, 50]


def scpi_header() -> None:
    level = Scpi("SOURce:LEVel")
    assert level.ask == "SOUR:LEV?"
    for echoed in ("5.0", ":SOUR:LEV 5.0", "SOURCE:LEVEL  5.0", "sour:lev 5.0"):
        assert level.unwrap(echoed) == "5.0"
    assert level.unwrap(":SENS:LEV 5.0") == ":SENS:LEV 5.0"  # which is no number, and no answer to this


def scpi_argument() -> None:
    assert Scpi("FETCh", "(@2)").ask == "FETC? (@2)"


def scpi_decimals() -> None:
    assert Scpi("LEV", decimals=2).number(5) == "5.00"


def phrase_ask() -> None:
    with (
        on_lines(Line(), q=setting(Phrase(None, order="L={value}"))) as probe,
        pytest.raises(ForbiddenCommand),
    ):
        probe.q.read()


def phrase_reply() -> None:
    assert Phrase("t", "t: {value} C").unwrap("t:  5 C") == "5"


def phrase_order() -> None:
    assert Phrase("t", order="t={value}").command("5") == "t=5"


def phrase_decimals() -> None:
    assert Phrase("t", decimals=2).number(5) == "5.00"


# What a driver states as a whole

SCPI = (b"*IDN?\n", b"Acme,540,S0042,1.3\n"), (b":SYST:ERR?\n", b'0,"No error"\n')


def instrument_maker() -> None:
    assert describe(driver(LineInstrument, maker="Acme", model="540")).instrument == "Acme 540"


def instrument_models() -> None:
    with pytest.raises(WrongInstrument), on_lines(Line(), SCPI[0], base=ScpiInstrument, models="541"):
        pass


def instrument_safe() -> None:
    level = setting()
    with on_lines(Line(), (b"L=0.0\n", b""), (b"L?\n", b"0\n"), level=level, safe=(level.to(0),)) as probe:
        probe.make_safe()


def instrument_expects() -> None:
    mode: Choice[Mode] = Choice(MODE, Mode)
    body: Body = {"mode": mode, "expects": (mode.to(Mode.FAST),)}
    with on_lines(Line(), (b"M?\n", b'"2"\n'), **body):
        pass
    with pytest.raises(WrongInstrument, match="mode is SLOW"), on_lines(Line(), (b"M?\n", b"1\n"), **body):
        pass


def lines_forbidden() -> None:
    with on_lines(Line(), forbidden=("CAL",)) as probe, pytest.raises(ForbiddenCommand):
        probe.ask("CAL?")


def scpi_compound() -> None:
    with on_lines(Line(), *SCPI, (b"L=5.0;:SYST:ERR?\n", b"0\n"), base=ScpiInstrument, q=setting()) as probe:
        probe.q.set(5)
    apart = (SCPI[0], (b"SYST:ERR?\n", b"0\n"), (b"L=5.0\nSYST:ERR?\n", b"0\n"))
    with on_lines(Line(), *apart, base=ScpiInstrument, compound=False, q=setting()) as probe:
        probe.q.set(5)


def scpi_queue() -> None:
    stale = (b":SYST:ERR?\n", b'-222,"Data out of range"\n'), (b"SYST:ERR?\n", b'0,"No error"\n')
    with on_lines(
        Line(), SCPI[0], *stale, (b"L=5.0;:SYST:ERR?\n", b"0\n"), base=ScpiInstrument, q=setting()
    ) as probe:
        assert "-222" in probe.noted[0]
        probe.q.set(5)
    with on_lines(Line(), SCPI[0], (b"L=5.0\n", b""), base=ScpiInstrument, queue=False, q=setting()) as probe:
        probe.q.set(5)


def registers_forbidden() -> None:
    with pytest.raises(TypeError, match="nothing may be written"):
        driver(ModbusInstrument, forbidden=(coil(8),), zero=Action(coil(8), 1))


PREFIXES: dict[str, type] = {
    "line": Line, "serial": Serial, "modbus": Modbus,
    "reading": Reading, "setting": Setting, "choice": Choice, "flags": Flags, "action": Action,
    "register": Register, "sum": Sum, "scpi": Scpi, "phrase": Phrase,
}  # fmt: skip
STATED = {
    "Instrument.maker": instrument_maker,
    "Instrument.model": instrument_maker,
    "Instrument.models": instrument_models,
    "Instrument.wire": line_ending,
    "Instrument.safe": instrument_safe,
    "Instrument.expects": instrument_expects,
    "LineInstrument.wire": line_ending,
    "LineInstrument.forbidden": lines_forbidden,
    "ScpiInstrument.compound": scpi_compound,
    "ScpiInstrument.queue": scpi_queue,
    "ModbusInstrument.wire": modbus_order,
    "ModbusInstrument.forbidden": registers_forbidden,
}


def stated(cls: type) -> list[str]:
    """Return what can be declared by a class: its fields, or what its constructor takes."""
    if dataclasses.is_dataclass(cls):
        return [item.name for item in dataclasses.fields(cls) if item.init]
    return list(inspect.signature(cls).parameters)


FIELDS = [f"{prefix}_{name}" for prefix, cls in PREFIXES.items() for name in stated(cls)]
STATEMENTS = [
    f"{cls.__name__}.{name}"
    for cls in (Instrument, LineInstrument, ScpiInstrument, ModbusInstrument)
    for name, hint in inspect.get_annotations(cls).items()
    if str(hint).startswith("ClassVar")
]


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_that_can_be_declared_changes_behaviour(field: str) -> None:
    proof = globals().get(field)
    assert callable(proof), f"nothing proves that {field} is heeded"
    proof()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_of_a_driver_changes_behaviour(statement: str) -> None:
    STATED[statement]()
