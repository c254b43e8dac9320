"""How long reading 16 instruments together takes, against the 10 ms one of them takes.

Run it as `python benchmarks/bench.py`; it prints medians and their ratios. The instruments are
sockets of another process that answer 10 ms after they are asked.
"""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import statistics
import sys
import time
from multiprocessing.connection import Connection
from typing import ClassVar

from remotecal.clock import RealClock
from remotecal.drivers.accuracy import absolute
from remotecal.drivers.codecs import scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Reading
from remotecal.open_bench import OpenBench

INSTRUMENTS = 16
LATENCY = 0.010
ROUNDS = 100


class Meter(ScpiInstrument):
    """An instrument that takes its time."""

    wire: ClassVar[Line] = Line()
    value = Reading(scpi("MEASure:VALue"), "V", span=(0, 10), accuracy=absolute(0.1))
    """Value."""


def serve(ports: Connection) -> None:
    """Answer on as many sockets as there are instruments, each line `LATENCY` after it came."""
    ready = selectors.SelectSelector()  # select() counts microseconds, epoll milliseconds
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(INSTRUMENTS)]
    for listener in listeners:
        ready.register(listener, selectors.EVENT_READ, "listener")
    ports.send([listener.getsockname()[1] for listener in listeners])
    due: list[tuple[float, socket.socket, bytes]] = []
    while True:
        events = ready.select(max(0.0, due[0][0] - time.perf_counter()) if due else None)
        for key, _ in events:
            peer = key.fileobj
            if not isinstance(peer, socket.socket):
                continue
            if key.data == "listener":
                connection, _ = peer.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ready.register(connection, selectors.EVENT_READ, "connection")
            elif asked := peer.recv(4096):
                reply = b"Maker,Tiny,1,1\n" if asked.startswith(b"*IDN?") else b"1.0\n"
                due.append((time.perf_counter() + LATENCY, peer, reply))
            else:
                ready.unregister(peer)
        while due and due[0][0] <= time.perf_counter():
            _, peer, reply = due.pop(0)
            peer.sendall(reply)


def main() -> None:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    process.start()
    clock = RealClock()
    meters = {
        f"meter{n}": Meter.open(f"TCPIP::127.0.0.1::{port}::SOCKET", name=f"meter{n}", clock=clock)
        for n, port in enumerate(here.recv())
    }
    bench = OpenBench(meters, clock)
    together = [bench_round(bench, meters) for _ in range(ROUNDS)]
    first = next(iter(meters.values()))
    alone = [alone_round(first) for _ in range(ROUNDS)]
    median, single = statistics.median(together), statistics.median(alone)
    print(f"one instrument        {single * 1e3:6.2f} ms")
    print(f"{INSTRUMENTS} instruments together {median * 1e3:6.2f} ms, {median / LATENCY:.2f} × the latency")
    bench.close()
    sys.exit(0 if median <= 0.012 else 1)


def bench_round(bench: OpenBench, meters: dict[str, Meter]) -> float:
    quantities = [meter.value for meter in meters.values()]
    begun = time.perf_counter()
    bench.read_together(*quantities)
    return time.perf_counter() - begun


def alone_round(meter: Meter) -> float:
    begun = time.perf_counter()
    meter.value.read()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
