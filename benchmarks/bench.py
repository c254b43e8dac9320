"""Many instruments read at once: against the slowest of them, one after the other, and how it grows.

    python benchmarks/bench.py

The instruments are sockets of another process. Some answer after a time that is theirs, some at once; some
in a line of text, some have ten floats on Modbus.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import multiprocessing
import selectors
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import ClassVar

from compare import Bound, Cost, Task, median_ratio, show, take_turns, verdict

from remotecal.clock import RealClock
from remotecal.drivers.accuracy import absolute
from remotecal.drivers.codecs import holding_f32, scpi
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.wire import Line, Modbus
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import BoundReading, Channels, Reading
from remotecal.open_bench import OpenBench

LATENCY = 0.010
TAGS = 10


class Meter(ScpiInstrument):
    """Answers in a line."""

    wire: ClassVar[Line] = Line()
    queue: ClassVar[bool] = False
    value = Reading(scpi("MEASure:VALue"), "V", span=(0, 10), accuracy=absolute(0.1))
    """Value."""


class Transmitter(ModbusInstrument):
    """Ten floats in one group."""

    wire: ClassVar[Modbus] = Modbus()
    value = Channels(
        range(TAGS),
        lambda number: Reading(holding_f32(2 * number), "V", span=(0, 10), accuracy=absolute(0.1)),
    )
    """Values."""


Answer = Callable[[bytes], bytes]


def answer_line(asked: bytes) -> bytes:
    return b"Maker,Tiny,1,1\n" if asked.startswith(b"*IDN?") else b"1.0\n"


def answer_read(asked: bytes) -> bytes:
    values = struct.pack(f">{TAGS}f", *([1.0] * TAGS))
    return asked[:4] + struct.pack(">HBBB", len(values) + 3, asked[6], asked[7], len(values)) + values


def serve(count: int, latency: float, answer: Answer, ports: Connection) -> None:
    """Answer on so many sockets, each request so many seconds after it came."""
    ready = selectors.DefaultSelector()
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    for listener in listeners:
        ready.register(listener, selectors.EVENT_READ, "listener")
    ports.send([listener.getsockname()[1] for listener in listeners])
    due: list[tuple[float, int, socket.socket, bytes]] = []
    order = itertools.count()
    while True:
        left = max(0.0, due[0][0] - time.perf_counter()) if due else None
        for key, _ in ready.select(left if left is None or left > TICK else 0):
            peer = key.fileobj
            if not isinstance(peer, socket.socket):
                continue
            if key.data == "listener":
                connection, _ = peer.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ready.register(connection, selectors.EVENT_READ, "connection")
            elif not (asked := peer.recv(4096)):
                ready.unregister(peer)
            elif latency:
                heapq.heappush(due, (time.perf_counter() + latency, next(order), peer, answer(asked)))
            else:
                peer.sendall(answer(asked))
        while due and due[0][0] <= time.perf_counter():
            _, _, peer, reply = heapq.heappop(due)
            peer.sendall(reply)


TICK = 0.001
"""Below so many seconds no wait is fine enough: time is looked at until they are over."""


@contextlib.contextmanager
def bench(
    driver: type[Instrument], count: int, latency: float, answer: Answer
) -> Iterator[tuple[OpenBench, list[int]]]:
    """Yield an open bench of so many instruments, and their ports."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=serve, args=(count, latency, answer, there), daemon=True
    )
    process.start()
    clock, ports = RealClock(), here.recv()
    scheme = "modbus+tcp://127.0.0.1:{}" if driver is Transmitter else "TCPIP::127.0.0.1::{}::SOCKET"
    instruments = {
        f"m{place}": driver.open(scheme.format(port), name=f"m{place}", clock=clock)
        for place, port in enumerate(ports)
    }
    opened = OpenBench(instruments, clock)
    yield opened, ports
    opened.close()
    process.terminate()
    process.join()


def quantities_of(opened: OpenBench) -> list[BoundReading]:
    found: list[BoundReading] = []
    for instrument in opened.instruments.values():
        if isinstance(instrument, Transmitter):
            found += instrument.value
        elif isinstance(instrument, Meter):
            found.append(instrument.value)
    return found


def ways(opened: OpenBench, ports: Sequence[int], stack: contextlib.ExitStack) -> dict[str, Task]:
    """Return the ways to read all instruments, the bare sockets first."""
    wanted = quantities_of(opened)
    sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for port in ports]
    request = b"MEAS:VAL?\n"
    if isinstance(wanted[0].instrument, Transmitter):
        request = struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, 0, 2 * TAGS)
    for one in sockets:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def raw() -> None:
        for one in sockets:
            one.sendall(request)
            one.recv(4096)

    def one_by_one() -> None:
        for instrument, each in itertools.groupby(wanted, lambda quantity: quantity.instrument):
            instrument.read(*each)  # type: ignore[attr-defined]  # an Instrument

    threads = stack.enter_context(ThreadPoolExecutor(len(ports)))
    groups = [list(each) for _, each in itertools.groupby(wanted, lambda quantity: quantity.instrument)]
    loop = asyncio.new_event_loop()
    stack.callback(loop.close)
    return {
        "raw sockets, one by one": raw,
        "one after the other": one_by_one,
        "read_together": lambda: opened.read_together(*wanted),
        "a thread each": lambda: list(
            threads.map(lambda group: group[0].instrument.read(*group), groups)  # type: ignore[attr-defined]
        ),
        "aread_together": lambda: loop.run_until_complete(opened.aread_together(*wanted)),
    }


def measured(
    title: str, driver: type[Instrument], count: int, latency: float, rounds: int
) -> dict[str, Cost]:
    answer = answer_read if driver is Transmitter else answer_line
    with bench(driver, count, latency, answer) as (opened, ports), contextlib.ExitStack() as stack:
        tasks = ways(opened, ports, stack)
        if latency:
            del tasks["raw sockets, one by one"], tasks["one after the other"]
            one = quantities_of(opened)[0]
            tasks = {"one instrument": one.read} | tasks
        before = threading.active_count()
        opened.read_together(*quantities_of(opened))
        assert threading.active_count() == before, "reading together took threads"  # noqa: S101
        costs = take_turns(tasks, rounds=rounds)
    show(title, costs, next(iter(costs)))
    return costs


def main() -> int:
    slow = {
        count: measured(f"{count} meters that take 10 ms each", Meter, count, LATENCY, 20)
        for count in (16, 200)
    }
    fast = {
        count: measured(f"{count} meters that answer at once", Meter, count, 0, 20) for count in (20, 200)
    }
    tags = {
        count: measured(
            f"{count} transmitters of {TAGS} floats that answer at once", Transmitter, count, 0, 20
        )
        for count in (20, 200)
    }
    grown = median_ratio(tags[200]["read_together"].cpu, tags[20]["read_together"].cpu)
    together = "read_together"
    return verdict(
        [
            Bound("16 meters of 10 ms together / one", wall(slow[16], together, "one instrument"), 1.2),
            Bound("200 meters of 10 ms together / one", wall(slow[200], together, "one instrument"), 3),
            Bound(
                "processor time of these / a thread each",
                median_ratio(slow[200][together].cpu, slow[200]["a thread each"].cpu),
                0.7,
            ),
            Bound(
                "200 quick meters together / one after the other",
                fast[200][together] / fast[200]["one after the other"],
                1.6,
            ),
            Bound(
                "2,000 tags together / raw sockets one by one",
                tags[200][together] / tags[200]["raw sockets, one by one"],
                5,
            ),
            Bound("processor time of 2,000 tags / 200 tags", grown, 15),
        ]
    )


def wall(costs: dict[str, Cost], ours: str, peer: str) -> float:
    return median_ratio(costs[ours].wall, costs[peer].wall)


if __name__ == "__main__":
    sys.exit(main())
