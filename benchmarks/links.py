"""Price of a link and of a driver over bare sockets, frames and ports, beside other libraries in one run.

    python benchmarks/links.py

The instruments are served by processes of their own. pylibmodbus takes part where libmodbus is installed.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import selectors
import socket
import struct
import sys
import tty
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import ClassVar

from compare import Bound, Cost, show, take_turns, verdict

from remotecal.drivers.accuracy import EXACT
from remotecal.drivers.codecs import holding_f32, scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import Line, Modbus, open_link
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Reading

REPLY = b"+1.23456789E+00\n"
GROUPS = [(100 * group, tags) for group, tags in enumerate((7, 7, 7, 7, 6, 6))]
"""First register and number of float tags of the six groups: 40 tags."""

PYMODBUS, PYLIBMODBUS = "pymodbus, coalesced by hand", "pylibmodbus, coalesced by hand"

Client = Callable[[], object]


class Meter(ScpiInstrument):
    """Answers one query."""

    voltage = Reading(scpi("MEAS:VOLT"), "V", span=(-10, 10), accuracy=EXACT)
    """What is measured."""


class Plant(ModbusInstrument):
    """Forty floats in six groups, one request at a time."""

    wire: ClassVar[Modbus] = Modbus()

    @classmethod
    def tags(cls) -> list[Reading]:
        return [getattr(cls, f"tag_{start + 2 * tag}") for start, tags in GROUPS for tag in range(tags)]


for _start, _tags in GROUPS:
    for _tag in range(_tags):
        _reading = Reading(holding_f32(_start + 2 * _tag), "1", span=(-1e9, 1e9), accuracy=EXACT)
        _reading.__set_name__(Plant, f"tag_{_start + 2 * _tag}")
        setattr(Plant, f"tag_{_start + 2 * _tag}", _reading)


class PipelinedPlant(Plant):
    """The same, of an instrument that takes six requests before it has answered the first."""

    wire: ClassVar[Modbus] = Modbus(outstanding=6)


def serve(answer: Callable[[bytes], list[bytes]], to_parent: Connection) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    to_parent.send(listener.getsockname()[1])
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(connection, selectors.EVENT_READ)
                continue
            connection = key.fileobj  # type: ignore[assignment]  # only sockets are registered
            request = connection.recv(4096)
            if request:
                for reply in answer(request):
                    connection.sendall(reply)
            else:
                selector.unregister(connection)
                connection.close()


def serve_ports(ports: list[int], to_parent: Connection) -> None:
    """Answer on the other ends of pseudo-terminals."""
    selector = selectors.DefaultSelector()
    for port in ports:
        selector.register(port, selectors.EVENT_READ)
    to_parent.send(0)
    while True:
        for key, _ in selector.select():
            if os.read(key.fd, 4096).endswith(b"\n"):
                os.write(key.fd, REPLY)


def answer_query(_: bytes) -> list[bytes]:
    return [REPLY]


def answer_scan(requests: bytes) -> list[bytes]:
    """Answer each of the requests, which may have come at once."""
    return [answer_read(requests[place : place + 12]) for place in range(0, len(requests), 12)]


def answer_read(request: bytes) -> bytes:
    _, _, _, unit, function, start, count = struct.unpack(">HHHBBHH", request)
    values = struct.pack(f">{count // 2}f", *(start + index for index in range(count // 2)))
    return request[:4] + struct.pack(">HBBB", len(values) + 3, unit, function, len(values)) + values


@contextlib.contextmanager
def served(target: Callable[..., None], *arguments: object) -> Iterator[int]:
    """Serve in a process; yield what it says first, such as its port."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=target, args=(*arguments, there), daemon=True
    )
    process.start()
    yield here.recv()
    process.terminate()
    process.join()


def query_clients(port: int, stack: contextlib.ExitStack) -> dict[str, Client]:
    import pyvisa
    from pymeasure.adapters import VISAAdapter  # type: ignore[import-untyped]  # it has no annotations
    from pymeasure.instruments import Instrument  # type: ignore[import-untyped]

    raw = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def query_raw() -> bytes:
        raw.sendall(b"MEAS:VOLT?\n")
        return raw.recv(4096)

    address = f"TCPIP::127.0.0.1::{port}::SOCKET"
    link = stack.enter_context(contextlib.closing(open_link(address, Line(), name="meter")))
    meter = stack.enter_context(contextlib.closing(Meter(open_link(address, Line(), name="meter"))))
    second_socket = f"TCPIP0::127.0.0.1::{port}::SOCKET"
    ends = {"read_termination": "\n", "write_termination": "\n"}
    resource = pyvisa.ResourceManager("@py").open_resource(second_socket, **ends)  # type: ignore[arg-type]
    stack.callback(resource.close)
    adapter = VISAAdapter(second_socket, visa_library="@py", **ends)
    stack.callback(adapter.close)
    peer = Instrument(adapter, "meter", includeSCPI=False)
    return {
        "raw socket": query_raw,
        "link": lambda: link.ask(b"MEAS:VOLT?"),
        "driver": meter.voltage.read,
        "PyVISA-py": lambda: float(resource.query("MEAS:VOLT?")),  # type: ignore[attr-defined]
        "PyMeasure": lambda: peer.values("MEAS:VOLT?"),
    }


def serial_clients(devices: list[str], stack: contextlib.ExitStack) -> dict[str, Client]:
    """Ports of the same kind: one bare, one for a link, for a driver, for pyserial."""
    import serial

    raw = os.open(devices[0], os.O_RDWR | os.O_NOCTTY)
    stack.callback(os.close, raw)

    def query_raw() -> bytes:
        os.write(raw, b"MEAS:VOLT?\n")
        return os.read(raw, 4096)

    link = open_link(f"ASRL{devices[1]}::INSTR", Line(), name="meter")
    stack.callback(link.close)
    meter = Meter(open_link(f"ASRL{devices[2]}::INSTR", Line(), name="meter"))
    stack.callback(meter.close)
    port = stack.enter_context(serial.Serial(devices[3], timeout=2, write_timeout=2, exclusive=True))

    def query_pyserial() -> float:
        port.write(b"MEAS:VOLT?\n")
        return float(port.read(len(REPLY)))  # by `read_until` it takes each byte by itself

    return {
        "raw port": query_raw,
        "link": lambda: link.ask(b"MEAS:VOLT?"),
        "driver": meter.voltage.read,
        "pyserial": query_pyserial,
    }


def scan_clients(port: int, stack: contextlib.ExitStack) -> dict[str, Client]:
    raw = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    frames = [
        (struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, start, 2 * tags), struct.Struct(f">{tags}f"))
        for start, tags in GROUPS
    ]

    def scan_raw() -> list[float]:
        values: list[float] = []
        for frame, form in frames:
            raw.sendall(frame)
            values.extend(form.unpack_from(raw.recv(4096), 9))
        return values

    clients: dict[str, Client] = {"raw frames": scan_raw}
    for name, kind in (("driver", Plant), ("driver, pipelined", PipelinedPlant)):
        plant = kind(open_link(f"modbus+tcp://127.0.0.1:{port}", kind.wire, name="plant"))
        stack.callback(plant.close)
        readings = [getattr(plant, tag.name) for tag in Plant.tags()]
        clients[name] = lambda plant=plant, readings=readings: plant.read(*readings)  # type: ignore[misc]
    return clients | pymodbus_client(port, stack) | pylibmodbus_client(port, stack)


def pymodbus_client(port: int, stack: contextlib.ExitStack) -> dict[str, Client]:
    from pymodbus.client import ModbusTcpClient

    client = ModbusTcpClient("127.0.0.1", port=port)
    client.connect()  # type: ignore[no-untyped-call]  # pymodbus does not annotate it
    stack.callback(client.close)
    float32 = client.DATATYPE.FLOAT32

    def scan() -> list[object]:
        values: list[object] = []
        for start, tags in GROUPS:
            words = client.read_holding_registers(start, count=2 * tags).registers
            values += [
                client.convert_from_registers(words[i : i + 2], float32) for i in range(0, 2 * tags, 2)
            ]
        return values

    return {PYMODBUS: scan}


def pylibmodbus_client(port: int, stack: contextlib.ExitStack) -> dict[str, Client]:
    """Return a client over libmodbus, the library in C; none where it is not installed."""
    try:
        import pylibmodbus  # type: ignore[import-not-found]  # only where libmodbus is
    except (ImportError, OSError):
        return {}
    client = pylibmodbus.ModbusTcp("127.0.0.1", port)
    client.connect()
    stack.callback(client.close)

    def scan() -> list[float]:
        values: list[float] = []
        for start, tags in GROUPS:
            words = client.read_registers(start, 2 * tags)
            values += struct.unpack(f">{tags}f", struct.pack(f">{2 * tags}H", *words))
        return values

    return {PYLIBMODBUS: scan}


def compared(title: str, clients: dict[str, Client]) -> dict[str, Cost]:
    costs = take_turns(clients, rounds=80, repeats=25)
    show(title, costs, next(iter(clients)))
    return costs


def main() -> int:
    with served(serve, answer_query) as port, contextlib.ExitStack() as stack:
        query = compared("One reading over TCP", query_clients(port, stack))
    pairs = [os.openpty() for _ in range(4)]
    for _, ours in pairs:
        tty.setraw(ours)
    with served(serve_ports, [theirs for theirs, _ in pairs]), contextlib.ExitStack() as stack:
        serial = compared(
            "One reading over a serial port (pseudo-terminal)",
            serial_clients([os.ttyname(ours) for _, ours in pairs], stack),
        )
    with served(serve, answer_scan) as port, contextlib.ExitStack() as stack:
        scan = compared("40 floats in 6 groups over Modbus TCP", scan_clients(port, stack))
    reading = {"TCP": query["driver"] / query["raw socket"], "serial": serial["driver"] / serial["raw port"]}
    scanned = {name: cost / scan["raw frames"] for name, cost in scan.items()}
    bounds = [
        Bound("TCP reading, driver / raw socket", reading["TCP"].wall, 1.5),
        Bound("serial reading, driver / raw port", reading["serial"].wall, 1.6),
        Bound("Modbus scan, driver / raw frames", scanned["driver"].wall, 1.6),
        Bound("pipelined scan / raw frames one by one", scanned["driver, pipelined"].wall, 0.9),
        Bound("processor time: TCP reading / raw socket", reading["TCP"].cpu, 1.8),
        Bound("processor time: serial reading / raw port", reading["serial"].cpu, 2.5),
        Bound("processor time: Modbus scan / raw frames", scanned["driver"].cpu, 2),
        Bound("processor time: pipelined scan / raw frames", scanned["driver, pipelined"].cpu, 1.2),
        Bound("TCP reading, driver / PyVISA-py", query["driver"] / query["PyVISA-py"], 1),
        Bound("TCP reading, driver / PyMeasure", query["driver"] / query["PyMeasure"], 1),
        Bound("serial reading, driver / pyserial", serial["driver"] / serial["pyserial"], 1.1),
        Bound("Modbus scan, driver / pymodbus", scan["driver"] / scan[PYMODBUS], 1),
    ]
    if PYLIBMODBUS in scan:
        pipelined = scan["driver, pipelined"] / scan[PYLIBMODBUS]
        bounds.append(Bound("pipelined scan / pylibmodbus", pipelined, 1))
    return verdict(bounds)


if __name__ == "__main__":
    sys.exit(main())
