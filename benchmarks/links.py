"""Price of a link and of a driver over bare sockets, as ratios measured in one run, beside other libraries.

Run `python benchmarks/links.py`; it exits with 1 if a limit is passed. The instruments are served by
processes of their own; the clients take turns, and medians are compared.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import selectors
import socket
import statistics
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

from remotecal.drivers.accuracy import EXACT
from remotecal.drivers.codecs import holding_f32, scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import Line, Modbus, modbus, open_link
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Reading

LIMITS = {
    "SCPI query, link / raw socket": 1.2,
    "SCPI query, driver / raw socket": 1.4,
    "Modbus scan, link / raw frames": 1.6,
    "Modbus scan, driver / raw frames": 1.6,
    "16 instruments of 10 ms read together, ms": 12.0,
}
ROUNDS, REPEATS = 80, 25
REPLY = b"+1.23456789E+00\n"
GROUPS = [(100 * group, tags) for group, tags in enumerate((7, 7, 7, 7, 6, 6))]
"""First register and number of float tags of the six groups: 40 tags."""
INSTRUMENTS, LATENCY = 16, 0.010

Client = Callable[[], object]


class Meter(ScpiInstrument):
    """Answers one query."""

    voltage = Reading(scpi("MEAS:VOLT"), "V", span=(-10, 10), accuracy=EXACT)
    """What is measured."""


class Plant(ModbusInstrument):
    """Forty floats in six groups."""

    wire = Modbus()

    @classmethod
    def tags(cls) -> list[Reading]:
        return [getattr(cls, f"tag_{start + 2 * tag}") for start, tags in GROUPS for tag in range(tags)]


for _start, _tags in GROUPS:
    for _tag in range(_tags):
        _reading = Reading(holding_f32(_start + 2 * _tag), "1", span=(-1e9, 1e9), accuracy=EXACT)
        _reading.__set_name__(Plant, f"tag_{_start + 2 * _tag}")
        setattr(Plant, f"tag_{_start + 2 * _tag}", _reading)


def serve(answer: Callable[[bytes], bytes], to_parent: Connection) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    to_parent.send([listener.getsockname()[1]])
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
                connection.sendall(answer(request))
            else:
                selector.unregister(connection)
                connection.close()


def serve_slowly(to_parent: Connection) -> None:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(INSTRUMENTS)]
    to_parent.send([listener.getsockname()[1] for listener in listeners])

    def attend(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while connection.recv(4096):
            time.sleep(LATENCY)
            connection.sendall(REPLY)

    threads = [threading.Thread(target=attend, args=(listener,)) for listener in listeners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def answer_query(_: bytes) -> bytes:
    return REPLY


def answer_scan(request: bytes) -> bytes:
    _, _, _, unit, function, start, count = struct.unpack(">HHHBBHH", request)
    values = struct.pack(f">{count // 2}f", *(start + index for index in range(count // 2)))
    return request[:4] + struct.pack(">HBBB", len(values) + 3, unit, function, len(values)) + values


@contextlib.contextmanager
def served(target: Callable[..., None], *arguments: object) -> Iterator[list[int]]:
    """Serve in a process; yield the ports."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=target, args=(*arguments, there), daemon=True
    )
    process.start()
    yield here.recv()
    process.terminate()
    process.join()


def medians(clients: dict[str, Client]) -> dict[str, float]:
    """Return the median time of one call of each client in seconds; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(ROUNDS):
        for name, client in clients.items():
            begin = time.perf_counter()
            for _ in range(REPEATS):
                client()
            times[name].append((time.perf_counter() - begin) / REPEATS)
    return {name: statistics.median(measured) for name, measured in times.items()}


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
    second_socket = f"TCPIP0::127.0.0.1::{port}::SOCKET"
    meter = stack.enter_context(contextlib.closing(Meter(open_link(address, Line(), name="meter"))))
    resource = pyvisa.ResourceManager("@py").open_resource(
        second_socket, read_termination="\n", write_termination="\n"
    )
    stack.callback(resource.close)
    adapter = VISAAdapter(second_socket, visa_library="@py", read_termination="\n", write_termination="\n")
    stack.callback(adapter.close)
    peer = Instrument(adapter, "meter", includeSCPI=False)
    return {
        "raw socket": query_raw,
        "link": lambda: link.ask(b"MEAS:VOLT?"),
        "driver": meter.voltage.read,
        "PyVISA-py socket": lambda: resource.query("MEAS:VOLT?"),  # type: ignore[attr-defined]
        "PyMeasure": lambda: peer.values("MEAS:VOLT?"),
    }


def scan_clients(port: int, stack: contextlib.ExitStack) -> dict[str, Client]:
    from pymodbus.client import ModbusTcpClient

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

    link = stack.enter_context(
        contextlib.closing(open_link(f"modbus+tcp://127.0.0.1:{port}", Modbus(), name="plant"))
    )

    requests = [modbus.Request(modbus.READ_HOLDING_REGISTERS, start, 2 * tags) for start, tags in GROUPS]

    def scan_link() -> list[float]:
        values = []
        for request in requests:
            words = modbus.understand(request, link.ask(b"\1" + request.encode())[1:], "plant")
            values += [modbus.unpack(words[at : at + 2], "f32") for at in range(0, len(words), 2)]
        return values

    plant = Plant(open_link(f"modbus+tcp://127.0.0.1:{port}", Plant.wire, name="plant"))
    stack.callback(plant.close)
    readings = [getattr(plant, tag.name) for tag in Plant.tags()]

    client = ModbusTcpClient("127.0.0.1", port=port)
    client.connect()  # type: ignore[no-untyped-call]  # pymodbus does not annotate it
    stack.callback(client.close)
    float32 = client.DATATYPE.FLOAT32

    def scan_pymodbus() -> list[object]:
        values: list[object] = []
        for start, tags in GROUPS:
            words = client.read_holding_registers(start, count=2 * tags).registers
            values += [
                client.convert_from_registers(words[i : i + 2], float32) for i in range(0, 2 * tags, 2)
            ]
        return values

    return {
        "raw frames": scan_raw,
        "link": scan_link,
        "driver": lambda: plant.read(*readings),
        "pymodbus, coalesced by hand": scan_pymodbus,
    }


def read_together(ports: list[int], stack: contextlib.ExitStack) -> float:
    """Return the median time to read all slow instruments at once, in milliseconds."""
    links = [open_link(f"TCPIP::127.0.0.1::{port}::SOCKET", Line(), name=f"meter {port}") for port in ports]
    for link in links:
        stack.callback(link.close)
    pool = stack.enter_context(ThreadPoolExecutor(INSTRUMENTS))
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        list(pool.map(lambda link: link.ask(b"MEAS:VOLT?"), links))
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1000


def main() -> int:
    results: dict[str, float] = {}
    for task, make_clients, answer in (
        ("SCPI query", query_clients, answer_query),
        ("Modbus scan", scan_clients, answer_scan),
    ):
        with served(serve, answer) as (port,), contextlib.ExitStack() as stack:
            times = medians(make_clients(port, stack))
        (floor, least), *_ = times.items()
        for name, seconds in times.items():
            results[f"{task}, {name} / {floor}"] = seconds / least
            print(f"{task:12} {name:28} {seconds * 1e6:8.1f} µs {seconds / least:6.2f} ×")
    with served(serve_slowly) as ports, contextlib.ExitStack() as stack:
        together = read_together(ports, stack)
    results["16 instruments of 10 ms read together, ms"] = together
    print(f"16 instruments of 10 ms read together: {together:.1f} ms")
    late = [
        f"{name}: {results[name]:.2f}, limit {limit}"
        for name, limit in LIMITS.items()
        if results[name] > limit
    ]
    print("\n".join(late) or "all within limits")
    return bool(late)


if __name__ == "__main__":
    sys.exit(main())
