"""What the speed of readings rests on, in counts: calls of the system, requests encoded, memory kept."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from probes import driver, on_lines, on_rtu, reading

from remotecal.drivers import modbus_instrument, quantity
from remotecal.drivers.codecs import Phrase, holding_f32, holding_u16
from remotecal.drivers.links import modbus
from remotecal.drivers.links.wire import Line, Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.testing.transcripts import on_socket

QUESTION = (b"Q?\n", b"1\n")


@contextlib.contextmanager
def counted(instrument: Any) -> Iterator[Counter[str]]:
    """Count what an instrument's stream is asked, which each time asks the system once."""
    stream, calls = instrument.link._channel.stream, Counter[str]()

    def counting(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted_call(*arguments: Any) -> Any:
            calls[name] += 1
            return call(*arguments)

        return counted_call

    for name in ("disturbed", "send", "_receive"):
        setattr(stream, name, counting(name, getattr(stream, name)))
    yield calls


def test_a_reading_asks_the_system_three_times() -> None:
    """For foreign bytes, to send, to receive."""
    with on_lines(Line(), QUESTION, QUESTION, q=reading()) as probe:
        probe.q.read()  # which tells the socket its timeout
        with counted(probe) as calls:
            probe.q.read()
        assert calls == {"disturbed": 1, "send": 1, "_receive": 1}


@pytest.mark.parametrize(("outstanding", "sent"), [(1, 6), (6, 1), (4, 2)])
def test_requests_that_may_be_under_way_together_are_sent_at_once(outstanding: int, sent: int) -> None:
    starts = range(0, 600, 100)
    requests = [modbus.Request(3, start, 2) for start in starts]
    frames = [
        number.to_bytes(2, "big") + b"\0\0\0\6\1" + request.encode()
        for number, request in enumerate(requests, 1)
    ]
    replies = [
        number.to_bytes(2, "big") + b"\0\0\0\7\1" + modbus.reply(request, modbus.pack(number, "f32"))
        for number, request in enumerate(requests, 1)
    ]
    batches = [slice(begin, begin + outstanding) for begin in range(0, 6, outstanding)]
    exchanges = [(b"".join(frames[each]), b"".join(replies[each])) for each in batches]
    names = [f"q{start}" for start in starts]
    body = {name: reading(holding_f32(start)) for name, start in zip(names, starts, strict=True)}
    probe = driver(ModbusInstrument, wire=Modbus(outstanding=outstanding), **body)
    with on_socket(*exchanges) as port, probe.open(f"modbus+tcp://127.0.0.1:{port}") as plant:
        with counted(plant) as calls:
            found = plant.read(*(getattr(plant, name) for name in names))
        assert [each.value for each in found] == [1, 2, 3, 4, 5, 6]
        assert calls["send"] == calls["disturbed"] == sent


def test_a_request_is_encoded_once() -> None:
    kept: list[bytes] = []
    with on_lines(Line(), QUESTION, QUESTION, q=reading()) as probe:
        probe.keep = lambda _name, request, _reply: kept.append(request) or len(kept)
        probe.q.read()
        probe.q.read()
    assert kept[0] is kept[1]


def test_a_request_is_encoded_again_when_a_setting_in_it_has_changed() -> None:
    body = {"q": reading(Phrase("Q{channel}?")), "__annotations__": {"channel": int}, "channel": 1}
    with on_lines(Line(), (b"Q1?\n", b"1\n"), (b"Q2?\n", b"2\n"), (b"Q1?\n", b"3\n"), **body) as probe:
        assert probe.q.read().value == 1
        probe.channel = 2
        assert probe.q.read().value == 2
        probe.channel = 1
        assert probe.q.read().value == 3


def test_what_is_kept_of_readings_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantity, "MOST_COMBINATIONS", 3)
    monkeypatch.setattr(modbus_instrument, "MOST_SCANS", 3)
    body = {f"q{number}": reading(holding_u16(number)) for number in range(8)}
    with on_rtu(Modbus(), **body) as probe:
        for number in range(8):
            quantity._prepared(probe, (body[f"q{number}"],))
            probe._prepared((body[f"q{number}"],))
            assert len(probe.measured_before) <= 3
            assert len(probe._scans) <= 3
