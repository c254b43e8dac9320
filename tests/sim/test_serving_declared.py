"""What a driver states about the wire, served by its simulated twin and heard by the driver."""

from dataclasses import replace
from typing import ClassVar

import pytest

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.codecs import Phrase, input_u32
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links.wire import Line, Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Reading, Setting
from remotecal.sim.serving import LineServing, PortServer, RtuServing, SocketServer, TcpServing
from remotecal.sim.simulated_lines import LineSimulated
from remotecal.sim.simulated_modbus import ModbusSimulated


class Bath(LineInstrument):
    """Says what it is told, greets, and writes the degree sign its own way."""

    wire: ClassVar[Line] = Line("\r\n", slowest_reply=5.0, echo=True, greeting="ready> ", encoding="latin-1")
    temperature = Reading(Phrase("t", "{value} °C"), "°C", span=(-50, 300), accuracy=UNSTATED)
    target = Setting(Phrase("s", "{value} °C", order="s={value}"), "°C", span=(-50, 300), confirmed=True)


class Counter(ModbusInstrument):
    """Has one register in another order of bytes than its wire."""

    wire: ClassVar[Modbus] = Modbus(order="CDAB", slowest_reply=5.0)
    pulses = Reading(input_u32(0), "1", span=(0, 2**32 - 1), accuracy=UNSTATED)
    turned = Reading(input_u32(2, order="ABCD"), "1", span=(0, 2**32 - 1), accuracy=UNSTATED)


class EchoingCounter(Counter):
    """Behind an adapter that echoes."""

    wire: ClassVar[Modbus] = replace(Counter.wire, echo=True)


class NamedCounter(Counter):
    """Says who it is."""

    maker, model, models = "Acme", "C9", "^C9$"
    serial_object: ClassVar[int | None] = 0x80
    wire: ClassVar[Modbus] = replace(Counter.wire, functions=frozenset({4, 43}))


class NumberedCounter(Counter):
    """Behind a gateway that counts for itself."""

    wire: ClassVar[Modbus] = replace(Counter.wire, own_numbers=True)


def test_a_bath_that_greets_and_echoes(world, serve):
    simulated = LineSimulated(Bath, world, "bath", reads={"temperature": lambda: 23.5})
    server = serve(SocketServer, simulated, LineServing(Bath.wire))
    with Bath.open(f"TCPIP::{server.host}::{server.port}::SOCKET") as bath:
        assert bath.temperature.read().value == 23.5
        bath.target.set(50)
        server.drop()
        assert bath.target.read().value == 50


@pytest.mark.parametrize("port", [SocketServer, PortServer])
def test_a_counter_that_says_who_it_is(port, world, serve):
    simulated = ModbusSimulated(NamedCounter, world, "counter", serial="B512")
    if port is PortServer:
        address = f"modbus+rtu://{serve(port, simulated, RtuServing(NamedCounter.wire)).device}"
    else:
        address = f"modbus+tcp://127.0.0.1:{serve(port, simulated, TcpServing(NamedCounter.wire)).port}"
    with NamedCounter.open(address) as counter:
        assert counter.identify()[:3] == ("Acme", "C9", "B512")


@pytest.mark.parametrize("driver", [Counter, EchoingCounter, NumberedCounter])
def test_counters_behind_adapters_and_gateways(driver, world, serve):
    simulated = ModbusSimulated(
        driver, world, "counter", reads={"pulses": lambda: 65538, "turned": lambda: 65539}
    )
    if driver is EchoingCounter:
        address = f"modbus+rtu://{serve(PortServer, simulated, RtuServing(driver.wire)).device}"
    else:
        address = f"modbus+tcp://127.0.0.1:{serve(SocketServer, simulated, TcpServing(driver.wire)).port}"
    with driver.open(address) as counter:
        both = counter.read(counter.pulses, counter.turned)
        assert [each.value for each in both] == [65538, 65539]
