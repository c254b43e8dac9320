"""Huizhong's frames, byte by byte."""

import pytest

from remotecal.clock import VirtualClock
from remotecal.drivers.huizhong.frames import HuizhongFlowMeter
from remotecal.errors import BenchError, ForbiddenCommand, GarbledReply, InstrumentError, NoReply
from remotecal.sim.instruments.huizhong import huizhong
from remotecal.sim.instruments.meter import Meter, MeterSpec
from remotecal.sim.serving import LineServing, PortServer
from remotecal.sim.world import World
from remotecal.testing.transcripts import on_serial_port

ASKED = bytes.fromhex("2a 01 4a")
DATA = bytes.fromhex("00 01 23 45 00 00 67 89 00 00 01 00 00")


def told(data=DATA, *, head="26 01 4a", off=0):
    return bytes.fromhex(head) + data + bytes(((sum(data) + off) % 256,))


def opened(device, **settings):
    settings = {"order": "high first", **settings}
    return HuizhongFlowMeter.open(f"ASRL{device}::INSTR", name="meter", clock=VirtualClock(0.0), **settings)


def test_one_frame_tells_all() -> None:
    with on_serial_port((ASKED, told())) as device, opened(device) as meter:
        found = meter.read(meter.flow, meter.volume, meter.working_time, meter.fault)
    assert [one.value for one in found] == [12.345, 678.9, 100.0, 0.0]


def test_numbers_with_their_low_bytes_first() -> None:
    data = bytes.fromhex("45 23 01 00 89 67 00 00 00 01 00 00 00")
    with on_serial_port((ASKED, told(data))) as device, opened(device, order="low first") as meter:
        found = meter.read(meter.flow, meter.volume, meter.working_time)
    assert [one.value for one in found] == [12.345, 678.9, 100.0]


def test_any_byte_is_an_address() -> None:
    exchange = (bytes.fromhex("2a ff 4a"), told(head="26 ff 4a"))
    with on_serial_port(exchange) as device, opened(device, unit=255) as meter:
        assert meter.volume.read().value == 678.9


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (told(off=1), "sum of its data"),
        (told(head="26 02 4a"), "another address"),
        (told(head="2a 01 4a"), "does not begin with 26"),
        (told(head="26 01 49"), "does not begin with 26"),
        (told(b"\x0a" + DATA[1:]), "no number in BCD"),
        (told() + b"\x00", "more came"),
    ],
)
def test_what_is_no_such_frame_is_no_reading(reply: bytes, said: str) -> None:
    with on_serial_port((ASKED, reply)) as device, opened(device) as meter:
        with pytest.raises(GarbledReply, match=said):
            meter.flow.read()
        assert meter.link.suspect


@pytest.mark.parametrize(("fault", "said"), [(2, "an empty pipe"), (5, "hardware"), (7, "fault 07")])
def test_a_meter_that_reports_a_fault_tells_no_flow_and_no_total(fault: int, said: str) -> None:
    exchange = (ASKED, told(DATA[:-1] + bytes((fault,))))
    with on_serial_port(*[exchange] * 3) as device, opened(device) as meter:
        for quantity in (meter.flow, meter.volume):
            with pytest.raises(InstrumentError, match=said):
                quantity.read()
        assert [one.value for one in meter.read(meter.working_time, meter.fault)] == [100.0, float(fault)]


@pytest.mark.parametrize("line", ["*\x01I", "*\x01K\x02", "*\x01L", "*\x01M", "*\x01j", "J", "*J"])
def test_addresses_clocks_and_records_are_never_touched(line: str) -> None:
    with on_serial_port() as device, opened(device) as meter, pytest.raises(ForbiddenCommand):
        meter.ask(line)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"order": None}, "state order"), ({"order": "ABCD"}, "unverified"), ({"unit": 256}, "0 to 255")],
)
def test_a_bench_states_what_no_source_does(settings, said) -> None:
    with on_serial_port() as device, pytest.raises(BenchError, match=said):
        opened(device, **settings)


def test_its_twin_on_a_port_answers_for_its_own_address() -> None:
    world = World(VirtualClock(0.0), 1)
    meter = Meter(MeterSpec(0.01, 5e5, lambda _: 0.0), world.random("meter"))
    meter.fill(998.0, 20.0)
    meter.flow = 0.0025
    twin = huizhong(world, meter, address=0x41, order="low first")
    server = PortServer(twin, LineServing(HuizhongFlowMeter.wire))
    try:
        with opened(server.device, unit=0x41, order="low first") as found:
            assert found.flow.read().value == 9.0
        with opened(server.device, unit=0x61, order="low first") as found, pytest.raises(NoReply):
            found.flow.read()
    finally:
        server.close()
