"""A digitizer on a real socket, which gives the level and its ripple sample by sample, in one block."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol

import numpy as np
from tiny_bench import Tiny

from remotecal.drivers.accuracy import percent_of_reading, percent_of_span
from remotecal.drivers.codecs import scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links.wire import Line
from remotecal.drivers.quantities import Reading, Trace

PROCEDURE = Path(__file__).parent / "scope_procedure.py"
DRIVERS = frozenset({"scope:Scope", "tiny:TinySource"})
GAIN, ZERO, STEP = 0.001, 0.5, 1e-6


class Digitizer(Protocol):
    """Samples a voltage."""

    trace: ClassVar[Annotated[Trace, "V"]]


class Scope(ScpiInstrument, Digitizer):
    """Digitizer of 16 bits."""

    models = "Scope"
    wire: ClassVar[Line] = Line(blocks=True, reply_size=20_000_000, slowest_reply=30)

    interval = Reading(scpi("XINCr"), "µs", span=(0.001, 1e6), accuracy=percent_of_reading(0.01))
    """Time from one sample to the next."""
    gain = Reading(scpi("YMULt"), "mV", span=(0.001, 1000), accuracy=percent_of_reading(0.1))
    """Worth of one step."""
    zero = Reading(scpi("YZERo"), "V", span=(-10, 10), accuracy=percent_of_reading(0.1))
    """Value of 0 steps."""
    trace = Trace(
        scpi("CURVe"),
        "V",
        sample=">i2",
        span=(-30, 30),
        accuracy=percent_of_span(0.1),
        step=interval,
        scale=gain,
        offset=zero,
        begins=-0.5,
        takes=30,
    )
    """What was sampled last."""


class World:
    """What the digitizer looks at."""

    def __init__(self, tiny: Tiny, count: int) -> None:
        self._tiny, self.count = tiny, count
        self.asked: list[str] = []
        self.taken: list[Any] = []
        """The steps it gave, series by series."""

    def codes(self) -> Any:
        ripple = 40 * np.sin(np.arange(self.count) * 0.01 + len(self.taken))
        steps = np.round((self._tiny.world.level - ZERO) / GAIN + ripple)
        self.taken.append(steps.astype(">i2"))
        return self.taken[-1]

    def answer(self, line: str) -> bytes:
        self.asked.append(line)
        told = {
            "*IDN?": "Maker,Scope,SC1,1",
            "XINC?": f"{STEP * 1e6}",
            "YMUL?": f"{GAIN * 1e3}",
            "YZER?": f"{ZERO}",
        }
        if line != "CURV?":
            return told.get(line, '0,"No error"').encode() + b"\n"
        content = self.codes().tobytes()
        size = str(len(content)).encode()
        return b"#%d%s%s\n" % (len(size), size, content)


@contextmanager
def scope(tiny: Tiny, count: int) -> Iterator[World]:
    """Put a digitizer in place of the tiny bench's gauge, and the procedure that reads it in the order."""
    world = World(tiny, count)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                self.wfile.write(world.answer(line.decode().strip()))

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"TCPIP::127.0.0.1::{server.server_address[1]}::SOCKET"
        bench = tiny.bench.read_text().replace("tiny:TinyMeter", "scope:Scope").replace('"M1"', '"SC1"')
        tiny.bench.write_text(
            bench.replace(tiny.world.address("meter"), address).replace("meter =", "scope =")
        )
        order = tiny.order.read_text()
        tiny.order.write_text(order.replace("tiny_procedure.py", PROCEDURE.name))
        yield world
        server.shutdown()
        thread.join()
