"""TUF-2000M as it is delivered: lines of text, as its manual prints them."""

import pytest

from remotecal.clock import VirtualClock
from remotecal.drivers.tuf.fuji import Tuf2000MFuji
from remotecal.errors import BenchError, ForbiddenCommand, GarbledReply, InstrumentError, NoReply
from remotecal.testing.transcripts import on_serial_port


def opened(device, **settings):
    return Tuf2000MFuji.open(f"ASRL{device}::INSTR", name="meter", clock=VirtualClock(0.0), **settings)


def test_the_manuals_total_with_its_checksum() -> None:
    with on_serial_port((b"PDI+\r", b"+1234567E+0m3 !F7\r")) as device, opened(device) as meter:
        assert meter.volume.read()[:2] == (1234567.0, "m3")


def test_flow_with_the_address_of_one_of_several() -> None:
    answer = b"+1.234568E+01m3/h!" + b"%02X" % (sum(b"+1.234568E+01m3/h") % 256) + b"\r"
    with on_serial_port((b"W12PDQH\r", answer)) as device, opened(device, prefix="W12") as meter:
        flow = meter.flow.read()
    assert flow.value == 12.34568
    assert flow.u == pytest.approx(0.1234568 / 3**0.5)


def test_the_signal_is_asked_for_once() -> None:
    body = b"UP:72.5,DN:71.9,Q=92"
    answer = body + b"!%02X\r" % (sum(body) % 256)
    with on_serial_port((b"PDL\r", answer)) as device, opened(device) as meter:
        found = meter.read(meter.upstream_strength, meter.downstream_strength, meter.signal_quality)
    assert [one.value for one in found] == [72.5, 71.9, 92.0]


@pytest.mark.parametrize(
    "answer", [b"+1234568E+0m3 !F7\r", b"+1234567E+0m3 \r", b"+1234567E+0m3 !F\r", b"ERROR!BB\r"]
)
def test_a_character_that_changed_on_the_way_is_no_total(answer: bytes) -> None:
    with on_serial_port((b"PDI+\r", answer)) as device, opened(device) as meter:
        with pytest.raises(GarbledReply):
            meter.volume.read()
        assert meter.link.suspect


def test_a_meter_that_is_set_to_litres_is_refused() -> None:
    body = b"+1234567E+0l "
    with (
        on_serial_port((b"PDI+\r", body + b"!%02X\r" % (sum(body) % 256))) as device,
        opened(device) as meter,
        pytest.raises(InstrumentError, match="it sends l, not m3"),
    ):
        meter.volume.read()


def test_one_that_is_set_to_modbus_rtu_stays_silent() -> None:
    with on_serial_port((b"PDQH\r", b"")) as device, opened(device) as meter, pytest.raises(NoReply):
        meter.flow.read()


@pytest.mark.parametrize("line", ["M@", "FO1000", "AO12.5", "W12M@", "DV&FO1000", "PAO4"])
def test_keys_and_outputs_are_never_touched(line: str) -> None:
    with on_serial_port() as device, opened(device) as meter, pytest.raises(ForbiddenCommand):
        meter.ask(line)


def test_a_prefix_is_an_address() -> None:
    with on_serial_port() as device, pytest.raises(BenchError, match='prefix is "W" and an address'):
        opened(device, prefix="12")
