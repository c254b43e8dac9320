"""The tables in `docs/tables`: read over a line as the makers' manuals print it."""

from collections.abc import Mapping
from typing import Any

import pytest
from shipped_tables import NAMES, asked, bus, driver, is_of_lines, text

from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import FlowMeter, PressureGauge, Thermometer, VolumeTotalizer
from remotecal.drivers.declarations import declared, named
from remotecal.drivers.links import modbus
from remotecal.drivers.mapped.line_map import LineMap
from remotecal.drivers.quantities import Choice, Reading
from remotecal.drivers.screening import Screen
from remotecal.errors import ForbiddenCommand, GarbledReply, InstrumentError, WrongInstrument
from remotecal.sim.serving import LineServing, SocketServer, TcpServing
from remotecal.sim.simulated_lines import LineSimulated
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.world import World
from remotecal.testing import check_twin
from remotecal.testing.transcripts import Exchange, frame, on_serial_port

SAID: Mapping[str, Mapping[str, str]] = {
    "anton-paar-dma-4500m": {"getrawdata": "1.102689;19.999;20.000:8"},
}
"""What is answered to lines that several quantities share."""

INPUTS = {"pressure": 1.0, "temperature": 20.0, **{f"current[{channel}]": 4.0 for channel in range(2, 8)}}
SHOWS: Mapping[str, Mapping[str, float]] = {
    "advantech-adam-6017": INPUTS,
    "advantech-adam-6217": INPUTS,
    "aquametro-contoil-vzd2": {"density": 850.0},
    "rig-loop-s7": {"pressure": 101.3},
}
"""What a twin shows where 0 is no value."""


def twin(name: str) -> ModbusSimulated | LineSimulated:
    """Return a twin of an instrument by its table, at rest."""
    kind, world = driver(name), World(VirtualClock(), 1)
    if not is_of_lines(name):
        reads = {item: lambda shown=shown: shown for item, shown in SHOWS.get(name, {}).items()}
        return ModbusSimulated(kind, world, name, reads=reads)  # type: ignore[arg-type]  # it is by registers
    commands = {line: lambda _, said=said: said for line, said in SAID.get(name, {}).items()}
    return LineSimulated(kind, world, name, commands=commands)  # type: ignore[arg-type]  # it is by lines


@pytest.mark.parametrize("name", NAMES)
def test_a_twin_of_each_and_its_driver_understand_each_other(name: str) -> None:
    simulated = twin(name)
    check_twin(simulated, table=text(name))
    if isinstance(simulated, LineSimulated):
        return
    (table, cells), *_ = simulated._cells.items()
    start = min(cell.start for cell in cells)
    function = {"coil": 1, "holding": 3, "input": 4}[table]
    beyond = modbus.Request(function, start - 1 if start else 60000, 1).encode()
    assert simulated.answer(b"\x01" + bytes((7,))) == b"\x01\x87\x01"
    assert simulated.answer(b"\x01" + beyond) == bytes((1, 0x80 | function, 2))


@pytest.mark.parametrize("name", NAMES)
def test_a_twin_of_each_is_read_over_a_socket(name: str) -> None:
    simulated, kind = twin(name), driver(name)
    lines = isinstance(simulated, LineSimulated)
    server = SocketServer(simulated, LineServing(kind.wire) if lines else TcpServing())  # type: ignore[attr-defined]
    where = f"{server.host}:{server.port}"
    address = f"TCPIP::{server.host}::{server.port}::SOCKET" if lines else f"modbus+tcp://{where}"
    try:
        with kind.open(address, name="dut", clock=VirtualClock(0.0), table=text(name)) as instrument:
            readings = [item for item in declared(kind) if isinstance(item, Reading | Choice)]
            assert all(item.decode(instrument.obtain(item)[0][0]) is not None for item in readings)
    finally:
        server.close()


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
    with bus("microsensor-mfe600h", *mfe600h(5), asked(4112, *registers, *[0] * 10)) as meter:
        flow, volume = meter.read(meter.flow, meter.volume)
    assert (flow.value, volume.value) == (12.5, 131073.25)
    empty = asked(4112, *registers, *[0] * 8, 1, 0)
    with (
        bus("microsensor-mfe600h", *mfe600h(5), empty) as meter,
        pytest.raises(InstrumentError, match="flow has no valid value: empty_pipe says ALARM"),
    ):
        meter.read(meter.flow, meter.volume)


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
