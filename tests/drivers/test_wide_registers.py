"""Maps after Enron: registers that hold 32 bits at one address each."""

import contextlib
import struct
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from shipped_tables import rtu, wide

from remotecal.clock import VirtualClock
from remotecal.configuration import as_toml
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.codecs import holding_f32, holding_u16
from remotecal.drivers.declarations import named
from remotecal.drivers.links import modbus
from remotecal.drivers.links.wire import Modbus
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Reading, Setting
from remotecal.errors import BenchError, InstrumentError, LinkError
from remotecal.journal.contents import Files
from remotecal.journal.events import Event
from remotecal.journal.exchanges import Exchange as Kept
from remotecal.sim.serving import SocketServer, TcpServing
from remotecal.sim.simulated_modbus import ModbusSimulated
from remotecal.sim.world import World
from remotecal.testing import check_twin
from remotecal.testing.transcripts import Exchange, on_serial_port
from remotecal.verify.kept import KeptLink, on_kept_link


def float_at(number: int, unit: str, **more: Any) -> dict[str, Any]:
    place = {"holding": number, "type": "f32", "unit": unit, "span": [-1e4, 1e4], "accuracy": "unstated"}
    return {**place, "doc": "It.", **more}


METER: dict[str, Any] = {
    "maker": "Acme",
    "model": "UG-4",
    "source": "Acme UG-4 manual, page 9",
    "capabilities": ["FlowMeter"],
    "modbus": {"counts_from": 0, "functions": [3], "order": "ABCD", "wide": [[5000, 5999], [7000, 7999]]},
    "readings": {
        "flow": float_at(7001, "m3/h"),
        "velocity": float_at(7002, "m/s"),
        "volume": float_at(5001, "m3", type="u32", span=[0, 2**32 - 1]),
        "paths": float_at(7003, "m/s", channels=[1, 2, 3, 4], step=1),
        "status": float_at(3001, "1", type="u16", span=[0, 65535], accuracy="exact"),
    },
}
TABLE = as_toml(METER)


@contextlib.contextmanager
def meter(*exchanges: Exchange) -> Iterator[Any]:
    with (
        on_serial_port(*exchanges) as device,
        RegisterMap.as_stated({"table": TABLE}).open(
            f"modbus+rtu://{device}", name="dut", clock=VirtualClock(0.0), table=TABLE
        ) as instrument,
    ):
        yield instrument


def test_as_many_are_asked_for_as_there_are_numbers_and_each_has_four_bytes() -> None:
    with meter(wide(5001, 1, "I", 70_000), wide(7001, 2, "ff", 98.5, 1.25)) as ug4:
        found = ug4.read(ug4.flow, ug4.velocity, ug4.volume)
    assert [one.value for one in found] == [98.5, 1.25, 70_000]


def test_registers_of_16_bits_are_read_by_themselves() -> None:
    status = (rtu(modbus.Request(3, 3001, 1).encode()), rtu(bytes((3, 2, 0, 7))))
    with meter(status, wide(7001, 1, "f", 98.5)) as ug4:
        assert [one.value for one in ug4.read(ug4.status, ug4.flow)] == [7, 98.5]


def test_channels_follow_each_other_at_the_next_address() -> None:
    with meter(wide(7003, 4, "ffff", 1.0, 2.0, 3.0, 4.0)) as ug4:
        assert [one.value for one in ug4.read(*ug4.paths)] == [1.0, 2.0, 3.0, 4.0]


def test_an_answer_of_16_bits_each_is_none() -> None:
    half = (rtu(modbus.Request(3, 7001, 2).encode()), rtu(bytes((3, 4)) + struct.pack(">f", 98.5)))
    with meter(half) as ug4, pytest.raises((LinkError, InstrumentError), match=r"8 bytes|4 bytes|did not"):
        ug4.read(ug4.flow, ug4.velocity)


def test_its_twin_is_read_over_a_socket() -> None:
    kind = RegisterMap.as_stated({"table": TABLE})
    shows = {"flow": 98.5, "velocity": 1.25, "volume": 70_000.0, "status": 7.0}
    reads = {name: lambda shown=shown: shown for name, shown in shows.items()}
    twin = ModbusSimulated(kind, World(VirtualClock(), 1), "ug4", reads=reads)
    check_twin(twin, table=TABLE)
    server = SocketServer(twin, TcpServing())
    address = f"modbus+tcp://{server.host}:{server.port}"
    try:
        with kind.open(address, clock=VirtualClock(0.0), table=TABLE) as opened:
            ug4: Any = opened
            found = ug4.read(ug4.flow, ug4.velocity, ug4.volume, ug4.status)
    finally:
        server.close()
    assert [one.value for one in found] == list(shows.values())


def test_one_number_is_found_again_in_a_kept_answer_that_has_several() -> None:
    request, reply = wide(7001, 2, "ff", 98.5, 1.25)
    link = KeptLink("ug4", Files())
    link.keep(Kept(1, "ug4", 0.0, request[:-2], reply[:-2]))
    opened = {"name": "ug4", "driver": "RegisterMap", "settings": {"table": TABLE}}
    ug4 = on_kept_link(Event(1, "", "instrument", opened, ""), link)
    link.at(1)
    ((content, _, _),) = ug4.obtain(named(type(ug4))["velocity"])
    assert content == 1.25


def test_what_can_not_stand_at_one_address_can_not_be_declared() -> None:
    with pytest.raises(TypeError, match="has not so many"):

        class Narrow(ModbusInstrument):
            wire: ClassVar[Modbus] = Modbus(wide=((0, 9),))
            a = Reading(holding_u16(3), "1", span=(0, 9), accuracy=UNSTATED)

    with pytest.raises(TypeError, match="which are only read"):

        class Told(ModbusInstrument):
            wire: ClassVar[Modbus] = Modbus(wide=((0, 9),))
            a = Setting(holding_f32(3), "1", span=(0, 9))


READINGS = METER["readings"]
WRITTEN = METER["modbus"] | {"functions": [3, 16]}
K = {key: value for key, value in float_at(5003, "1").items() if key != "accuracy"}


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ({"readings": READINGS | {"paths": float_at(7003, "m/s", channels=[1, 2])}}, "state step, 1"),
        ({"settings": {"k": K}, "modbus": WRITTEN}, "whose registers are only read"),
        ({"readings": READINGS | {"more": float_at(7002, "m/s")}}, "share holding 7002"),
    ],
)
def test_a_table_that_can_not_be_so_is_refused(at: dict[str, Any], said: str) -> None:
    with pytest.raises(BenchError, match=said):
        RegisterMap.as_stated({"table": as_toml(METER | at)})
