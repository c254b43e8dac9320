"""The tables in `docs/tables`: read over a line as the makers' manuals print it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import FlowMeter, PressureGauge, Thermometer, VolumeTotalizer
from remotecal.drivers.declarations import named
from remotecal.drivers.links import modbus
from remotecal.drivers.links.framing import checksum
from remotecal.drivers.mapped.line_map import LineMap
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.drivers.screening import Screen
from remotecal.errors import ForbiddenCommand, GarbledReply, WrongInstrument
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.world import World
from remotecal.testing import check_twin
from remotecal.testing.transcripts import Exchange, frame, on_serial_port

TABLES = Path(__file__).parents[2] / "docs" / "tables"
RIGS = {"rig-s7-1200", "rig-wago-750"}
"""These are tried on the rig itself."""


def text(name: str) -> str:
    return (TABLES / f"{name}.toml").read_text(encoding="utf-8")


def rtu(pdu: bytes) -> bytes:
    return b"\x01" + pdu + checksum(b"\x01" + pdu)


def asked(start: int, *answer: int) -> Exchange:
    request = modbus.Request(3, start, len(answer))
    return rtu(request.encode()), rtu(modbus.reply(request, answer))


@contextlib.contextmanager
def bus(name: str, *exchanges: Exchange) -> Iterator[Any]:
    with (
        on_serial_port(*exchanges) as device,
        RegisterMap.open(
            f"modbus+rtu://{device}", name="dut", clock=VirtualClock(0.0), table=text(name)
        ) as instrument,
    ):
        yield instrument


OF_LINES = {"paroscientific-745"}
"""These are no registers."""


@pytest.mark.parametrize("name", sorted({path.stem for path in TABLES.glob("*.toml")} - RIGS - OF_LINES))
def test_a_twin_of_each_and_its_driver_understand_each_other(name: str) -> None:
    driver = RegisterMap.as_stated({"table": text(name)})
    twin = ModbusSimulated(driver, World(VirtualClock(), 1), name)
    check_twin(twin, table=text(name))
    start = min(cell.start for cells in twin._cells.values() for cell in cells)
    assert twin.answer(b"\x01" + bytes((7,))) == b"\x01\x87\x01"
    assert (
        twin.answer(b"\x01" + modbus.Request(3, start - 1 if start else 60000, 1).encode()) == b"\x01\x83\x02"
    )


def test_lrf_3000s_by_its_manuals_frames() -> None:
    with bus(
        "longrun-lrf-3000s", (frame("01 03 00 04 00 02 85 CA"), frame("01 03 04 06 51 3F 9E 3B 32"))
    ) as meter:
        assert meter.flow.read().value == pytest.approx(1.2345678, rel=1e-7)
        assert isinstance(meter, FlowMeter)


def test_nobody_gives_an_lrf_3000s_another_address() -> None:
    with bus("longrun-lrf-3000s") as meter, pytest.raises(ForbiddenCommand, match="this must never be done"):
        Screen(meter, write=True).check(b"\x01" + bytes.fromhex("061003 0002"), told=False)


def test_suto_sends_the_middle_bytes_first() -> None:
    flow = (0x0A11, 0x42C5)
    with bus("suto-s401", asked(0, 0, 0x41A0), asked(4, 0, 0x40A0, *flow, 0x5678, 0x0001)) as meter:
        found = meter.read(meter.temperature, meter.velocity, meter.flow, meter.volume)
    assert [one.value for one in found] == [20.0, 5.0, pytest.approx(98.5197, abs=1e-4), 0x15678]
    assert isinstance(meter, FlowMeter | Thermometer | VolumeTotalizer)


def test_mf5700_counts_thousandths_in_two_words() -> None:
    with bus("mems-mf5700", asked(0x3A, 0x0001, 0x86A0)) as meter:
        assert meter.flow.read()[:2] == (100.0, "L/min")


def test_magflux_counts_cubic_millimetres_in_four_words() -> None:
    total = 1_234_567_890_123
    words = tuple(total >> 16 * place & 0xFFFF for place in range(4))
    with bus("xylem-magflux", asked(604, *words)) as meter:
        assert meter.volume.read().value == pytest.approx(1234.567890123, rel=1e-15)


def mfe600h(unit: int) -> list[Exchange]:
    """Return what a meter is asked when it is opened: the units of its flow and its total."""
    return [asked(4126, unit), asked(4129, 1)]


def test_mfe600h_reads_whole_and_fraction_in_one_request() -> None:
    registers = (0, 0x4148, 0, 0x3F80, 0, 0, 0, 0, 0x0001, 0x0002, 0, 0x3E80)  # 12.5 m3/h … 131073.25 m3
    with bus("microsensor-mfe600h", *mfe600h(5), asked(4112, *registers)) as meter:
        flow, volume = meter.read(meter.flow, meter.volume)
    assert (flow.value, volume.value) == (12.5, 131073.25)


def test_mfe600h_that_is_set_to_litres_is_refused() -> None:
    refused = r"flow_unit is L_PER_S, this driver needs M3_PER_H"
    with pytest.raises(WrongInstrument, match=refused), bus("microsensor-mfe600h", *mfe600h(0)):
        pass


UNIT = (b"*0100UN\r\n", b"*0001UN=2\r\n")


def digiquartz(device: str) -> LineMap:
    return LineMap.open(f"ASRL{device}::INSTR", name="barometer", table=text("paroscientific-745"))


def test_digiquartz_as_public_drivers_hear_it() -> None:
    said = (UNIT, (b"*0100P3\r\n", b"*0001100.00000\r\n"), (b"*0100P3\r\n", b"*00011013.251\r\n"))
    with on_serial_port(*said) as device, digiquartz(device) as barometer:
        quantity: Any = barometer.quantity("pressure")
        assert [quantity.read()[:2] for _ in range(2)] == [(100.0, "hPa"), (1013.251, "hPa")]
        assert isinstance(barometer, PressureGauge)
        assert barometer.is_absolute()


def test_digiquartz_of_another_number_or_unit_is_no_answer_and_is_refused() -> None:
    said = (UNIT, (b"*0100P3\r\n", b"*0002100.00000\r\n"))
    with on_serial_port(*said) as device, digiquartz(device) as barometer, pytest.raises(GarbledReply):
        barometer.obtain(named(type(barometer))["pressure"])
    in_kpa = (UNIT[0], b"*0001UN=4\r\n")
    with on_serial_port(in_kpa) as device, pytest.raises(WrongInstrument, match="pressure_unit is KPA"):
        digiquartz(device)


def test_nothing_is_set_of_a_digiquartz() -> None:
    with (
        on_serial_port(UNIT) as device,
        digiquartz(device) as barometer,
        pytest.raises(ForbiddenCommand, match="must never be sent"),
    ):
        barometer.ask("*0100EW*0100UN=4")
