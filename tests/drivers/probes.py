"""Instruments made for one statement, whose side of the wire is played byte by byte."""

import contextlib
import termios
import time
from collections.abc import Callable, Iterator
from enum import Enum, IntFlag
from typing import Any

from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.codecs import Phrase, Register
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.links import modbus
from remotecal.drivers.links.framing import checksum
from remotecal.drivers.links.streams import SerialStream
from remotecal.drivers.links.wire import Line, Modbus, Serial
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Reading, Setting, Trace
from remotecal.drivers.ranges import Ranges
from remotecal.drivers.scans import plan
from remotecal.drivers.waveform import Waveform
from remotecal.testing.transcripts import Exchange, on_serial_port, on_socket

Body = dict[str, Any]
QUICK = 0.1
PATIENT = 5.0


class Mode(Enum):
    SLOW = 1
    FAST = 2


class Alarm(IntFlag):
    EMPTY = 1
    FAULT = 2


def driver(base: type[Instrument], **body: Any) -> Any:
    return type("Probe", (base,), body)


@contextlib.contextmanager
def on_lines(
    wire: Line, *exchanges: Exchange, base: type[Instrument] = LineInstrument, **body: Any
) -> Iterator[Any]:
    """Yield an instrument of a driver made from `body`, whose side of the wire is played on a socket."""
    with (
        on_socket(*exchanges) as port,
        driver(base, wire=wire, **body).open(f"TCPIP::127.0.0.1::{port}::SOCKET") as probe,
    ):
        yield probe


@contextlib.contextmanager
def on_rtu(wire: Modbus, *exchanges: Exchange, **body: Any) -> Iterator[Any]:
    with (
        on_serial_port(*exchanges) as device,
        driver(ModbusInstrument, wire=wire, **body).open(f"modbus+rtu://{device}") as probe,
    ):
        yield probe


def rtu(pdu: bytes) -> bytes:
    return b"\x01" + pdu + checksum(b"\x01" + pdu)


def asked(start: int, *answer: int, function: int = 3) -> Exchange:
    request = modbus.Request(function, start, len(answer))
    return rtu(request.encode()), rtu(modbus.reply(request, answer))


def written(function: int, start: int, *values: int) -> Exchange:
    request = modbus.Request(function, start, len(values), values)
    return rtu(request.encode()), rtu(modbus.reply(request))


def refused(exchange: Exchange, code: int) -> Exchange:
    return exchange[0], rtu(modbus.exception(exchange[0][1], code))


def reading(wire: Any = None, **more: Any) -> Reading:
    given = {"unit": "1", "span": (0, 1000), "accuracy": UNSTATED} | more
    return Reading(wire or Phrase("Q?"), given.pop("unit"), **given)


def took(act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def speed(device: str) -> int:
    return attributes(device)[4]


def attributes(device: str) -> list[Any]:
    import os

    descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY)
    try:
        return termios.tcgetattr(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def port_set_to(settings: Serial) -> Iterator[list[Any]]:
    with on_serial_port() as device, contextlib.closing(SerialStream(device, settings)):
        yield attributes(device)


def framed(number: int, pdu: bytes) -> bytes:
    return number.to_bytes(2, "big") + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + b"\1" + pdu


def spans(wire: Modbus, *registers: Register) -> list[str]:
    return [str(read.request) for read in plan(wire, tuple(reading(each) for each in registers)).reads]


LEVEL = Phrase("L?", order="L={value}", decimals=1)


def setting(wire: Any = LEVEL, **more: Any) -> Setting:
    given = {"unit": "V", "span": (0, 10)} | more
    return Setting(wire, given.pop("unit"), **given)


MODE = Phrase("M?", order="M={value}")


SCPI = (b"*IDN?\n", b"Acme,540,S0042,1.3\n"), (b":SYST:ERR?\n", b'0,"No error"\n')


class Ranged(LineInstrument):
    """Reads on the range it is told."""

    wire = Line()
    chosen: float
    hertz: float


def ranged(ranges: Ranges, *, chosen: float = 1, hertz: float = 50, value: float = 0.5) -> float | None:
    """Return the standard uncertainty of a reading, as the driver is set."""
    with on_lines(Line(), (b"Q?\n", b"%g\n" % value), base=Ranged, q=reading(accuracy=ranges)) as probe:
        probe.chosen, probe.hertz = chosen, hertz
        found: float | None = probe.q.read().u
        return None if found is None else round(found * 3**0.5, 9)


BLOCKS = Line(blocks=True)


def traced(block: bytes, *along: Exchange, ask: str = "T?", line: Line = BLOCKS, **stated: Any) -> Waveform:
    """Return what is read of a trace, whose block and what is asked along are played."""
    own = {name: item for name, item in stated.items() if isinstance(item, Reading) and name not in FACTS}
    given = {
        "wire": Phrase("T?"),
        "unit": "V",
        "sample": "<i1",
        "span": (0, 10),
        "accuracy": UNSTATED,
        "step": 1.0,
    }
    given |= {name: item for name, item in stated.items() if name not in own}
    trace = Trace(given.pop("wire"), given.pop("unit"), **given)
    first = (f"{ask}\n".encode(), block + b"\n" if block else b"")
    with on_lines(line, first, *along, base=Ranged, t=trace, **own) as probe:
        probe.chosen = 3
        found: Waveform = probe.t.read()
        return found


FACTS = ("step", "scale", "offset", "begins")
