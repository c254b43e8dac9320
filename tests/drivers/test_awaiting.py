"""Instruments read in an event loop say what they say to a thread."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from probes import MODE, Alarm, Mode, asked, on_lines, on_rtu, reading, setting

from remotecal.drivers.codecs import Phrase, holding_u16
from remotecal.drivers.links import modbus
from remotecal.drivers.links.framing import checksum
from remotecal.drivers.links.wire import Line, Modbus
from remotecal.drivers.quantities import Choice, Flags
from remotecal.errors import GarbledReply, ModbusRefusal


def test_every_kind_of_statement_that_can_be_read() -> None:
    body: dict[str, Any] = {
        "q": reading(),
        "level": setting(),
        "mode": Choice(MODE, Mode),
        "alarms": Flags(Phrase("A?"), Alarm),
    }
    lines = ((b"Q?\n", b"1.5\n"), (b"L?\n", b"5\n"), (b"M?\n", b"2\n"), (b"A?\n", b"3\n"), (b"Q?\n", b"2\n"))
    with on_lines(Line(), *lines, **body) as probe:

        async def read() -> list[object]:
            return [
                (await probe.q.aread()).value,
                (await probe.level.aread()).value,
                await probe.mode.aread(),
                await probe.alarms.aread(),
                (await probe.aread(probe.q))[0].value,
            ]

        found = asyncio.run(read())
    assert found == [1.5, 5, Mode.FAST, Alarm.EMPTY | Alarm.FAULT, 2]


def test_a_busy_instrument_is_asked_again_and_keeps_nobody_waiting() -> None:
    busy = (b"Q?\n", b"\x15\n")
    with on_lines(Line(ask_again=("\x15",)), busy, busy, (b"Q?\n", b"7\n"), q=reading()) as probe:
        kept: list[bytes] = []
        probe.keep = lambda _name, _request, reply: kept.append(reply) or len(kept)

        async def read() -> int:
            asking = asyncio.create_task(probe.q.aread())
            turns = 0
            while not asking.done():
                await asyncio.sleep(0)
                turns += 1
            assert (await asking)[::5] == (7.0, 3)
            return turns

        assert asyncio.run(read()) > 10
    assert kept == [b"\x15", b"\x15", b"7"]


def test_a_reply_that_is_no_number_makes_the_link_suspect() -> None:
    with on_lines(Line(), (b"Q?\n", b"word\n"), q=reading(Phrase("Q?", "{value} V"))) as probe:
        with pytest.raises(GarbledReply, match="does not have the form"):
            asyncio.run(probe.q.aread())
        assert probe.link.suspect


def test_what_is_refused_in_one_piece_is_read_in_smaller_ones() -> None:
    refusal = b"\x01" + modbus.exception(3, 2)
    whole = asked(10, 0, 0)[0], refusal + checksum(refusal)
    apart = asked(10, 1), asked(11, 2)
    body = {"a": reading(holding_u16(10)), "b": reading(holding_u16(11))}
    with on_rtu(Modbus(), whole, *apart, *apart, **body) as meter:
        for _ in range(2):
            assert [each.value for each in asyncio.run(meter.aread(meter.a, meter.b))] == [1, 2]


def test_a_refusal_is_raised() -> None:
    refusal = b"\x01" + modbus.exception(3, 1)
    with on_rtu(
        Modbus(), (asked(10, 0)[0], refusal + checksum(refusal)), q=reading(holding_u16(10))
    ) as meter:
        with pytest.raises(ModbusRefusal, match="illegal function"):
            asyncio.run(meter.q.aread())
        assert not meter.link.suspect
