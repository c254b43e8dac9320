"""Instruments that can't answer just now, not in one piece, or not as who they were."""

import contextlib
import os
import select
import threading
import tty
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ClassVar

import pytest

from remotecal.drivers.accuracy import EXACT, UNSTATED
from remotecal.drivers.asking_again import PAUSES, Again
from remotecal.drivers.codecs import Phrase, holding_u16, holding_u32
from remotecal.drivers.instrument import known_serial
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import identification, modbus
from remotecal.drivers.links.framing import checksum
from remotecal.drivers.links.wire import Line, Modbus
from remotecal.drivers.mettler.sics import MettlerSics
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Reading, Setting
from remotecal.drivers.talks import Pause
from remotecal.errors import BenchError, ModbusRefusal, WrongInstrument
from remotecal.testing.transcripts import Exchange, on_serial_port, on_socket


class Inverter(ModbusInstrument):
    """Has registers 10, 12 and 13, and no 11."""

    wire: ClassVar[Modbus] = Modbus()
    a = Reading(holding_u16(10), "V", span=(0, 1000), accuracy=UNSTATED)
    b = Reading(holding_u16(12), "V", span=(0, 1000), accuracy=UNSTATED)
    c = Reading(holding_u16(13), "V", span=(0, 1000), accuracy=UNSTATED)
    level = Setting(holding_u16(20), "V", span=(0, 1000))


def rtu(pdu: bytes) -> bytes:
    return b"\x01" + pdu + checksum(b"\x01" + pdu)


def asked(start: int, *answer: int) -> Exchange:
    request = modbus.Request(3, start, len(answer))
    return rtu(request.encode()), rtu(modbus.reply(request, answer))


def refused(start: int, count: int, code: int) -> Exchange:
    return rtu(modbus.Request(3, start, count).encode()), rtu(modbus.exception(3, code))


@contextlib.contextmanager
def inverter(*exchanges: Exchange) -> Iterator[Inverter]:
    with (
        on_serial_port(*exchanges) as device,
        Inverter.open(f"modbus+rtu://{device}", name="inverter") as meter,
    ):
        yield meter


@pytest.mark.parametrize("code", [6, 10, 11])
def test_a_read_refused_for_the_moment_is_asked_again_and_every_attempt_is_kept(code: int) -> None:
    with inverter(refused(10, 1, code), refused(10, 1, code), asked(10, 7)) as meter:
        kept: list[bytes] = []
        meter.keep = lambda _name, _request, reply: kept.append(reply) or len(kept)
        measured = meter.a.read()
    assert (measured.value, measured.exchange) == (7, 3)
    assert [reply[1] for reply in kept] == [0x83, 0x83, 3]


def test_it_is_not_asked_for_ever() -> None:
    with inverter(*[refused(10, 1, 6)] * 6) as meter, pytest.raises(ModbusRefusal, match="busy"):
        meter.a.read()
    again = Again()
    assert [again.pause() for _ in range(6)] == [*map(Pause, PAUSES), None]


@pytest.mark.parametrize("code", [1, 4, 5, 8])
def test_other_refusals_are_final(code: int) -> None:
    with inverter(refused(10, 1, code)) as meter, pytest.raises(ModbusRefusal):
        meter.a.read()


def test_a_write_refused_for_the_moment_is_not_sent_again() -> None:
    request = modbus.Request(6, 20, 1, (5,))
    busy = rtu(request.encode()), rtu(modbus.exception(6, 6))
    with inverter(asked(20, 0), busy) as meter, pytest.raises(ModbusRefusal, match="busy"):
        meter.level.set(5)


def test_a_read_refused_in_one_piece_is_split_and_stays_so() -> None:
    apart = asked(10, 1), asked(12, 2, 3)
    with inverter(refused(10, 4, 2), *apart, *apart) as meter:
        for _ in range(2):
            assert [each.value for each in meter.read(meter.a, meter.b, meter.c)] == [1, 2, 3]


def test_what_is_refused_without_its_gaps_too_is_read_value_by_value() -> None:
    single = asked(10, 1), asked(12, 2), asked(13, 3)
    with inverter(refused(10, 4, 2), asked(10, 1), refused(12, 2, 2), *single, *single) as meter:
        for _ in range(2):
            assert [each.value for each in meter.read(meter.a, meter.b, meter.c)] == [1, 2, 3]


def test_a_register_that_is_not_there_is_refused_in_the_end() -> None:
    with inverter(refused(10, 1, 2)) as meter, pytest.raises(ModbusRefusal, match="illegal data address"):
        meter.a.read()


@pytest.mark.parametrize(("address", "largest"), [("modbus+tcp", 255), ("modbus+rtu", 247)])
def test_units_reach_as_far_as_the_wire_has_them(address: str, largest: int) -> None:
    wire: Callable[[], contextlib.AbstractContextManager[object]] = (
        on_socket if address == "modbus+tcp" else on_serial_port
    )
    with wire() as place:
        where = f"{address}://127.0.0.1:{place}" if address == "modbus+tcp" else f"{address}://{place}"
        with Inverter.open(where, unit=largest) as meter:
            assert meter.unit == largest
        with pytest.raises(BenchError, match=f"0 to {largest}"):
            Inverter.open(where, unit=largest + 1)


class Source(ScpiInstrument):
    """Says who it is."""

    wire: ClassVar[Line] = Line(slowest_reply=5.0)
    level = Reading(Phrase("LEV?"), "V", span=(0, 10), accuracy=UNSTATED)


QUEUE = (b":SYST:ERR?\n", b'0,"No error"\n')


def identity(serial: str, firmware: str = "1.0") -> Exchange:
    return b"*IDN?\n", f"Acme,540,{serial},{firmware}\n".encode()


@pytest.mark.parametrize("now", ["S2", "0"])
def test_another_instrument_behind_a_line_taken_up_again_is_refused_unasked(now: str) -> None:
    """No serial number was stated: it is the one that answered first."""
    with (
        on_socket(
            identity("S1"), QUEUE, identity("S1", "1.1"), QUEUE, (b"LEV?\n", b"3\n"), identity(now)
        ) as port,
        Source.open(f"TCPIP::127.0.0.1::{port}::SOCKET") as source,
    ):
        source.check()
        assert source.level.read().value == 3
        with pytest.raises(WrongInstrument, match=r"SN S1, firmware 1\.0 answered .* before"):
            source.check()


class Known(ModbusInstrument):
    """Says who it is by device identification, and by a register which one."""

    maker = "Acme"
    models = "^M7$"
    wire: ClassVar[Modbus] = Modbus(functions=frozenset({3, 43}))
    serial_number = Reading(holding_u32(100), "1", span=(0, 2**32 - 1), accuracy=EXACT)


def who(product: str = "M7") -> Exchange:
    objects = {
        identification.MAKER: "Acme Ltd",
        identification.PRODUCT: product,
        identification.REVISION: "2.1",
    }
    return rtu(identification.question()), rtu(identification.answer(objects))


def test_a_modbus_instrument_says_who_it_is_each_time_its_line_is_taken_up_again() -> None:
    with (
        on_serial_port(who(), asked(100, 1, 2), who(), asked(100, 1, 3)) as device,
        Known.open(f"modbus+rtu://{device}", serial="65538") as meter,
        pytest.raises(WrongInstrument, match=r"65538 is expected, but Acme Ltd M7, SN 65539, firmware 2\.1"),
    ):
        meter.check()
    with (
        pytest.raises(WrongInstrument, match="Acme Ltd M8"),
        on_serial_port(who("M8"), asked(100, 1, 2)) as device,
    ):
        Known.open(f"modbus+rtu://{device}")


def test_an_identification_in_parts_is_asked_for_to_its_end() -> None:
    first = identification.answer({0: "Acme", 1: "M7"})
    parts = [
        (rtu(identification.question()), rtu(first[:4] + b"\xff\x02" + first[6:])),
        (rtu(identification.question(2)), rtu(identification.answer({2: "2.1"}))),
    ]
    with on_serial_port(*parts, asked(100, 0, 0)) as device, Known.open(f"modbus+rtu://{device}") as meter:
        assert meter.met == ("Acme", "M7", "", "2.1")


def test_nobody_who_refuses_to_say_who_it_is_is_taken_for_known() -> None:
    refusal = rtu(identification.question()), rtu(modbus.exception(identification.FUNCTION, 1))
    with on_serial_port(refusal) as device, pytest.raises(ModbusRefusal, match="does not say who it is"):
        Known.open(f"modbus+rtu://{device}")


@pytest.mark.parametrize("told", ["0", "0000", "", "  ", "-", "N/A", "unknown", "FFFFFFFF", "XXXX"])
def test_a_serial_number_that_is_none_is_unknown(told: str) -> None:
    assert known_serial(told) == ""
    with (
        on_socket(identity(told), QUEUE, identity(told)) as port,
        Source.open(f"TCPIP::127.0.0.1::{port}::SOCKET", serial="S1") as source,
    ):
        assert source.identify().serial == ""


@pytest.mark.parametrize("told", ["S1", "10", "0001", "1126493049"])
def test_other_serial_numbers_are_known(told: str) -> None:
    assert known_serial(f" {told} ") == told


class QuickSics(MettlerSics):
    """Stays silent for a shorter time after a foreign line than the balance needs."""

    wire = replace(MettlerSics.wire, slowest_reply=0.2)


@contextlib.contextmanager
def balance_sending_weights() -> Iterator[str]:
    """Serve a balance on a pseudo-terminal that was left sending weights, until it is told `@`."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    woken, waker = os.pipe()
    answers = {b"@": b'I4 A "B5128"', b"I2": b'I2 A "KC300"', b"SI": b"S S      1.000 kg"}

    def serve() -> None:
        sending, received = True, b""
        while woken not in (ready := select.select([ours, woken], [], [], 0.02)[0]):
            if ours in ready:
                received += os.read(ours, 100)
            while b"\r\n" in received:
                line, _, received = received.partition(b"\r\n")
                sending = sending and line != b"@"
                os.write(ours, answers[line] + b"\r\n")
            if sending:
                os.write(ours, b"S D     12.304 kg\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        os.write(waker, b"\0")
        thread.join()
        for descriptor in (ours, theirs, woken, waker):
            os.close(descriptor)


def test_a_balance_left_sending_weights_is_opened_at_once() -> None:
    with (
        balance_sending_weights() as device,
        QuickSics.open(f"ASRL{device}::INSTR", serial="B5128") as balance,
    ):
        assert balance.mass.read().value == 1


def test_a_weight_that_was_on_its_way_does_not_keep_a_balance_from_being_opened() -> None:
    serial, model = (b"@\r\n", b'I4 A "B5128"\r\n'), (b"I2\r\n", b'I2 A "KC300"\r\n')
    on_its_way = (b"@\r\n", b"S D     12.304 kg\r\n" + serial[1])
    with (
        on_serial_port(on_its_way, serial, model, serial, model) as device,
        QuickSics.open(f"ASRL{device}::INSTR", serial="B5128") as balance,
    ):
        assert balance.serial == "B5128"
