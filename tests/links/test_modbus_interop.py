"""Our Modbus links against an independent server: pymodbus, over TCP, RTU and ASCII on a pty and over TCP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import threading
import tty

import pytest
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from remotecal.drivers.links import Modbus, modbus, open_link
from remotecal.drivers.links.modbus import Request
from remotecal.errors import ModbusRefusal

UNIT = 3
PATIENT = 10.0


def device():
    bits = [SimData(0, values=[False] * 64, datatype=DataType.BITS)]
    inputs = [SimData(0, values=[True, False, True, True] * 16, datatype=DataType.BITS)]
    holding = [SimData(0, count=200, values=0, datatype=DataType.REGISTERS)]
    measured = [SimData(0, values=[96.051, -2.5], datatype=DataType.FLOAT32)]
    return SimDevice(UNIT, simdata=(bits, inputs, holding, measured))


class Served:
    """A pymodbus server in a thread with its event loop."""

    def __init__(self, make_server):
        self._make_server = make_server
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENT)

    def _run(self):
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self):
        self.server = self._make_server()
        await self.server.serve_forever(background=True)
        self._ready.set()
        await self.server.serving

    def close(self):
        asyncio.run_coroutine_threadsafe(self.server.shutdown(), self._loop)
        self._thread.join(PATIENT)


@contextlib.contextmanager
def over_tcp(framer, scheme):
    served = Served(lambda: ModbusTcpServer(device(), framer=framer, address=("127.0.0.1", 0)))
    with contextlib.closing(served):
        port = served.server.transport.sockets[0].getsockname()[1]
        yield f"{scheme}://127.0.0.1:{port}"


@contextlib.contextmanager
def over_serial(framer=FramerType.RTU, scheme="modbus+rtu"):
    """Two ptys joined by a thread: pymodbus opens one, the link the other."""
    pairs = [os.openpty(), os.openpty()]
    stop, stopper = os.pipe()
    for _, slave in pairs:
        tty.setraw(slave)
    other = {pairs[0][0]: pairs[1][0], pairs[1][0]: pairs[0][0]}

    def join():
        while stop not in (ready := select.select([*other, stop], [], [])[0]):
            for master in ready:
                os.write(other[master], os.read(master, 4096))

    joining = threading.Thread(target=join, daemon=True)
    joining.start()
    with contextlib.closing(
        Served(lambda: ModbusSerialServer(device(), framer=framer, port=os.ttyname(pairs[0][1])))
    ):
        yield f"{scheme}://{os.ttyname(pairs[1][1])}"
    os.write(stopper, b"\0")
    joining.join()
    for descriptor in (*pairs[0], *pairs[1], stop, stopper):
        os.close(descriptor)


@pytest.fixture(params=["tcp", "rtu", "rtu over tcp", "ascii", "ascii over tcp"])
def ask(request):
    carriers = {
        "tcp": lambda: over_tcp(FramerType.SOCKET, "modbus+tcp"),
        "rtu": over_serial,
        "rtu over tcp": lambda: over_tcp(FramerType.RTU, "modbus+rtu+tcp"),
        "ascii": lambda: over_serial(FramerType.ASCII, "modbus+ascii"),
        "ascii over tcp": lambda: over_tcp(FramerType.ASCII, "modbus+ascii+tcp"),
    }
    with (
        carriers[request.param]() as address,
        contextlib.closing(open_link(address, Modbus(), name="meter")) as link,
    ):

        def ask(*arguments):
            question = Request(*arguments)
            reply = link.ask(bytes((UNIT,)) + question.encode(), PATIENT)
            return modbus.understand(question, reply[1:], link.name)

        yield ask


def test_every_function_against_pymodbus(ask):
    assert ask(modbus.WRITE_COIL, 5, 1, (1,)) == ()
    assert ask(modbus.WRITE_COILS, 8, 10, (1, 0, 1, 1, 0, 0, 1, 0, 1, 1)) == ()
    assert ask(modbus.READ_COILS, 4, 14) == (0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1)
    assert ask(modbus.READ_DISCRETE_INPUTS, 1, 3) == (0, 1, 1)
    assert ask(modbus.WRITE_REGISTER, 7, 1, (40000,)) == ()
    assert ask(modbus.WRITE_REGISTERS, 20, 4, modbus.pack(1e-9, "f64")) == ()
    assert ask(modbus.READ_HOLDING_REGISTERS, 7, 1) == (40000,)
    assert modbus.unpack(ask(modbus.READ_HOLDING_REGISTERS, 20, 4), "f64") == 1e-9
    words = ask(modbus.READ_INPUT_REGISTERS, 0, 4)
    assert modbus.unpack(words[:2], "f32") == pytest.approx(96.051, rel=1e-7)
    assert modbus.unpack(words[2:], "f32") == -2.5
    assert len(ask(modbus.READ_HOLDING_REGISTERS, 0, 125)) == 125
    assert ask(modbus.WRITE_REGISTERS, 50, 123, tuple(range(123))) == ()
    assert ask(modbus.READ_HOLDING_REGISTERS, 50, 123) == tuple(range(123))


def test_pymodbus_refuses_by_name(ask):
    with pytest.raises(
        ModbusRefusal, match="meter refused to read holding register 5000: illegal data address"
    ):
        ask(modbus.READ_HOLDING_REGISTERS, 5000, 1)
    assert ask(modbus.READ_HOLDING_REGISTERS, 0, 1) == (0,)
