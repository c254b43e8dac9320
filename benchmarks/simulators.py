"""What a query to a simulated instrument costs, beside the least that anybody could serve it with.

One client asks an instrument, beside the same client of a minimal server in C; 16 clients ask one instrument,
and one client each asks 256 instruments of one process, beside plain asyncio. Servers are processes of their
own, with which one that asks takes turns; where there is no C compiler its row is left out, and that is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import selectors
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from compare import Bound, Cost, show, take_turns, verdict

from remotecal.clock import RealClock
from remotecal.drivers.accuracy import EXACT
from remotecal.drivers.codecs import scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.quantities import Reading
from remotecal.sim.loop import Loop
from remotecal.sim.serving import LineServing, SocketServer
from remotecal.sim.simulated_lines import ScpiSimulated
from remotecal.sim.world import World

QUESTION, REPLY = b"MEAS:VOLT?\n", b"+1.23456789E+00\n"
CLIENTS, INSTRUMENTS = 16, 256
ROUNDS, QUERIES = 25, 4096

MOST_BESIDE_C = 1.6
LEAST_OF_ASYNCIO = 0.7

C_SERVER = r"""
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    bind(listener, (struct sockaddr *)&address, size);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    int connection = accept(listener, 0, 0);
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    char question[4096];
    while (recv(connection, question, sizeof question, 0) > 0)
        send(connection, "+1.23456789E+00\n", 16, 0);
    return 0;
}
"""


class Meter(ScpiInstrument):
    """Answers one query."""

    voltage = Reading(scpi("MEAS:VOLT"), "V", span=(-10, 10), accuracy=EXACT)
    """What is measured."""


def simulated(instruments: int, to_parent: Connection) -> None:
    """Serve simulated instruments."""
    world = World(RealClock(), seed=1)
    with Loop() as loop:
        servers = [
            SocketServer(
                ScpiSimulated(
                    Meter, world, f"meter {number}", "Sable,7,S-1,1.0", reads={"voltage": lambda: 1.23456789}
                ),
                LineServing(Meter.wire),
                loop=loop,
            )
            for number in range(instruments)
        ]
        account([server.port for server in servers], to_parent)


class Answer(asyncio.Protocol):
    """Answers every question alike."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(REPLY)


def by_asyncio(instruments: int, to_parent: Connection) -> None:
    """Serve the same by plain asyncio."""

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Answer, "127.0.0.1", 0) for _ in range(instruments)]
        await loop.run_in_executor(
            None, account, [server.sockets[0].getsockname()[1] for server in servers], to_parent
        )

    asyncio.run(serve())


def account(ports: Sequence[int], to_parent: Connection) -> None:
    """Tell the ports, and whenever it is asked for, how much processor time was used."""
    to_parent.send(ports)
    with contextlib.suppress(EOFError):
        while to_parent.recv():
            to_parent.send(time.process_time())


class Served:
    """A process that serves, with so many clients; its processor time in each turn is added up in `used`."""

    def __init__(self, serve: Callable[[int, Connection], None], instruments: int, clients: int) -> None:
        self._pipe, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=serve, args=(instruments, there), daemon=True)
        self._process.start()
        self.ports: list[int] = self._pipe.recv()
        self._clients = [connect(self.ports[number % instruments]) for number in range(clients)]
        self._selector = selectors.DefaultSelector()
        for client in self._clients:
            self._selector.register(client, selectors.EVENT_READ, client)
        self.used: list[float] = []

    def ask(self) -> None:
        """Let every client ask, and again as soon as it has its answer, until all questions are answered."""
        before = self._cpu()
        for client in self._clients:
            client.send(QUESTION)
        asked, answered = len(self._clients), 0
        while answered < QUERIES:
            for key, _ in self._selector.select():
                client: socket.socket = key.data
                client.recv(4096)
                answered += 1
                if asked < QUERIES:
                    client.send(QUESTION)
                    asked += 1
        self.used.append(self._cpu() - before)

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._process.terminate()
        self._process.join()

    def _cpu(self) -> float:
        self._pipe.send(True)
        return float(self._pipe.recv())


@contextlib.contextmanager
def on_processor(place: int) -> Iterator[None]:
    """Let this process, and those that it starts meanwhile, have one processor, where it can be chosen.

    Otherwise it is chance whether a query wakes another processor up, which may cost more than all else.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[place % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def connect(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def compared(instruments: int, clients: int) -> Mapping[str, Cost]:
    """Return what a query costs, by the clock and in the server's processor time."""
    with contextlib.ExitStack() as stack:
        with on_processor(0):
            served = {
                name: stack.enter_context(contextlib.closing(Served(serve, instruments, clients)))
                for name, serve in (("asyncio", by_asyncio), ("simulated", simulated))
            }
        with on_processor(1):
            turns = take_turns({name: each.ask for name, each in served.items()}, rounds=ROUNDS)
    return {
        name: Cost(
            tuple(wall / QUERIES for wall in turns[name].wall),
            tuple(used / QUERIES for used in each.used[1:]),  # but for the one that warmed up
        )
        for name, each in served.items()
    }


@contextlib.contextmanager
def in_c(compiler: str) -> Iterator[int]:
    """Serve one client by a minimal server in C; yield its port."""
    with TemporaryDirectory() as folder:
        source, program = Path(folder) / "server.c", Path(folder) / "server"
        source.write_text(C_SERVER)
        subprocess.run([compiler, "-O2", "-o", program, source], check=True)
        with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as process:
            yield int(cast("IO[str]", process.stdout).readline())
            process.kill()


def one_client(compiler: str) -> Mapping[str, Cost]:
    """Return what a query costs its only client."""
    with on_processor(0), in_c(compiler) as port, contextlib.closing(Served(simulated, 1, 0)) as served:
        clients = {"minimal server in C": connect(port), "simulated": connect(served.ports[0])}

        def query(client: socket.socket) -> Callable[[], object]:
            return lambda: (client.sendall(QUESTION), client.recv(4096))

        tasks = {name: query(client) for name, client in clients.items()}
        costs = take_turns(tasks, rounds=8 * ROUNDS, repeats=QUERIES // 64)
        for client in clients.values():
            client.close()
    return costs


def main() -> int:
    bounds = []
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        print("One client: left out, there is no C compiler (cc or gcc)")
    else:
        costs = one_client(compiler)
        show("One client, a query", costs, "minimal server in C")
        ratio = costs["simulated"] / costs["minimal server in C"]
        bounds.append(Bound("one client, simulated / minimal server in C", ratio, MOST_BESIDE_C))
    for title, instruments, clients in (
        (f"{CLIENTS} clients of one instrument", 1, CLIENTS),
        (f"{INSTRUMENTS} instruments in one process", INSTRUMENTS, INSTRUMENTS),
    ):
        costs = compared(instruments, clients)
        show(f"{title}, a query (cpu: the server's)", costs, "asyncio")
        ratio = costs["simulated"] / costs["asyncio"]
        bounds.append(Bound(f"{title}, simulated / asyncio", ratio, 1 / LEAST_OF_ASYNCIO))
    return verdict(bounds)


if __name__ == "__main__":
    sys.exit(main())
