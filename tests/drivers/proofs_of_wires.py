"""What each field of a wire changes, with the field and without it; see `test_declared_fields`."""

import struct
import termios

import pytest
from probes import (
    PATIENT,
    QUICK,
    Body,
    asked,
    driver,
    framed,
    on_lines,
    on_rtu,
    port_set_to,
    reading,
    rtu,
    spans,
    speed,
    took,
    written,
)

from remotecal.drivers.codecs import Phrase, holding_f32, holding_u16, holding_u32
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links import modbus
from remotecal.drivers.links.framing import Nonsense
from remotecal.drivers.links.line_framing import LineFraming, MessageFraming
from remotecal.drivers.links.marks import Damaged, Marks
from remotecal.drivers.links.wire import Line, Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Setting
from remotecal.errors import (
    ForbiddenCommand,
    GarbledReply,
    InstrumentError,
    LinkError,
    LinkLost,
    NoReply,
)
from remotecal.testing.transcripts import on_serial_port, on_socket

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


def line_lengths() -> None:
    wire = Line(ending="", lengths=(2, 3))
    with on_lines(wire, (b"Q?", b"12")) as probe, pytest.raises(NoReply):
        probe.ask("Q?", timeout=QUICK)
    with on_lines(wire, (b"Q?", b"123")) as probe:
        assert probe.ask("Q?") == "123"
        with pytest.raises(ForbiddenCommand, match="2 bytes, and this one 3"):
            probe.ask("Q??")
    messages = MessageFraming(wire)
    assert [messages.unwrap(reply, b"Q?") for reply in (b"12", b"123")] == [None, b"123"]
    for framing in (messages, LineFraming(wire)):
        with pytest.raises(Nonsense, match="more came"):
            framing.unwrap(b"1234", b"Q?")


# Serial


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


def modbus_outstanding() -> None:
    """Both requests are sent before the first is answered, and the replies told by their numbers."""
    requests = [modbus.Request(3, start, 1) for start in (0, 100)]
    asked_ = [framed(number, request.encode()) for number, request in enumerate(requests, 1)]
    told = [framed(number, modbus.reply(requests[number - 1], (40 + number,))) for number in (1, 2)]
    quantities: Body = {"a": reading(holding_u16(0)), "b": reading(holding_u16(100))}
    for outstanding, exchanges in (
        (2, [(b"".join(asked_), b"".join(reversed(told)))]),
        (1, list(zip(asked_, told, strict=True))),
    ):
        probe = driver(ModbusInstrument, wire=Modbus(outstanding=outstanding), **quantities)
        with on_socket(*exchanges) as port, probe.open(f"modbus+tcp://127.0.0.1:{port}") as meter:
            assert [each.value for each in meter.read(meter.a, meter.b)] == [41, 42]


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


def modbus_longest_read() -> None:
    pair = holding_u16(0), holding_u16(1)
    assert [len(spans(Modbus(longest_read=longest), *pair)) for longest in (1, 2)] == [2, 1]


def modbus_wide() -> None:
    request = modbus.Request(3, 7001, 2)
    answer = bytes((3, 8)) + struct.pack(">ff", 1.5, 2.5)
    body: Body = {"a": reading(holding_f32(7001)), "b": reading(holding_f32(7002))}
    exchange = (rtu(request.encode()), rtu(answer))
    with on_rtu(Modbus(wide=((7000, 7999),)), exchange, **body) as probe:
        assert [each.value for each in probe.read(probe.a, probe.b)] == [1.5, 2.5]


def modbus_longest_gap() -> None:
    pair = holding_u16(0), holding_u16(5)
    assert [len(spans(Modbus(longest_gap=gap), *pair)) for gap in (3, 4)] == [2, 1]
