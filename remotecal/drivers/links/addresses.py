"""From an address to the way there: the one place that knows which forms of address exist."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from remotecal.drivers.links.channel import Channel
from remotecal.drivers.links.framing import Framing, LineFraming, MessageFraming, RtuFraming, TcpFraming
from remotecal.drivers.links.remote import EXAMPLE
from remotecal.drivers.links.streams import GatewayStream, SerialStream, Stream, TcpStream
from remotecal.drivers.links.wire import Line, Modbus, Serial
from remotecal.errors import BenchError

BACKEND_VARIABLE = "REMOTECAL_VISA"
"""Environment variable that names the PyVISA backend: py (the default), ivi, or a library's path."""

MODBUS_TCP_PORT = 502


@dataclass(frozen=True, slots=True)
class Way:
    """How an address is reached, and how one talks there."""

    key: str
    """Names the place: two ways to one place have the same."""
    manner: str
    """What all who share the place must have in common."""
    open_stream: Callable[[], Stream]
    framing: Callable[[Channel], Framing]
    pause: float


Wire = TypeVar("Wire", Line, Modbus)
Forms = tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Wire, Serial], Way], str], ...]
"""Pattern of an address, what makes the way from it, and an example for who has to write one."""


def find_way(address: str, wire: Line | Modbus, port: Serial | None) -> Way:
    """Return the way to an address.

    Raises:
        BenchError: the address has no known form, or not one for this kind of instrument.
    """
    if isinstance(wire, Line):
        return _match(address, LINE_FORMS, wire, port or wire.serial, "in lines of text")
    return _match(address, MODBUS_FORMS, wire, port or wire.serial, "Modbus")


def _match(address: str, forms: Forms[Wire], wire: Wire, port: Serial, language: str) -> Way:
    for pattern, way, _ in forms:
        found = pattern.fullmatch(address.strip())
        if found:
            return way(found, wire, port)
    examples = "\n  ".join([*(example for *_, example in forms), EXAMPLE])
    raise BenchError(
        f"{address!r} is no address of an instrument that talks {language}; write one of\n  {examples}"
    )


def _line_on_socket(found: re.Match[str], wire: Line, _: Serial) -> Way:
    host, port = found["host"].strip("[]"), int(found["port"])
    return Way(
        key=f"tcp {host} {port}",
        manner="lines",
        open_stream=lambda: TcpStream(host, port),
        framing=lambda _: LineFraming(wire),
        pause=wire.pause,
    )


def _line_on_serial_port(found: re.Match[str], wire: Line, port: Serial) -> Way:
    device = found["device"]
    return Way(
        key=os.path.realpath(device),
        manner=f"lines at {port}",
        open_stream=lambda: open_port(device, port),
        framing=lambda _: LineFraming(wire),
        pause=wire.pause,
    )


def _line_through_visa(found: re.Match[str], wire: Line, _: Serial) -> Way:
    from remotecal.drivers.links.visa import VisaStream

    resource_name = found["resource"]
    backend = found["backend"] or os.environ.get(BACKEND_VARIABLE, "py")
    longest = wire.reply_size + len(wire.ending) + 1
    return Way(
        key=resource_name,
        manner=f"messages through PyVISA's {backend}",
        open_stream=lambda: VisaStream(resource_name, backend, longest),
        framing=lambda _: MessageFraming(wire),
        pause=wire.pause,
    )


def _modbus_tcp(found: re.Match[str], wire: Modbus, _: Serial) -> Way:
    host, port = found["host"].strip("[]"), int(found["port"] or MODBUS_TCP_PORT)
    return Way(
        key=f"tcp {host} {port}",
        manner="Modbus TCP",
        open_stream=lambda: TcpStream(host, port),
        framing=lambda channel: TcpFraming(wire, channel.next_number),
        pause=0.0,
    )


def _modbus_rtu_through_gateway(found: re.Match[str], wire: Modbus, _: Serial) -> Way:
    host, port = found["host"].strip("[]"), int(found["port"])
    return Way(
        key=f"tcp {host} {port}",
        manner="Modbus RTU",
        open_stream=lambda: GatewayStream(host, port),
        framing=lambda _: RtuFraming(wire),
        pause=0.0,
    )


def _modbus_rtu(found: re.Match[str], wire: Modbus, port: Serial) -> Way:
    device = found["device"]
    return Way(
        key=os.path.realpath(device),
        manner=f"Modbus RTU at {port}",
        open_stream=lambda: open_port(device, port),
        framing=lambda _: RtuFraming(wire),
        pause=max(FRAME_GAP * port.character, SHORTEST_GAP),
    )


def open_port(device: str, port: Serial) -> Stream:
    """Open a serial port (`OSError` if that is not possible)."""
    if sys.platform == "win32":
        from remotecal.drivers.links.portable_serial import PortableSerialStream

        return PortableSerialStream(device, port)
    return SerialStream(device, port)


FRAME_GAP, SHORTEST_GAP = 3.5, 0.00175
"""Silence between RTU frames: characters, and seconds at least (MODBUS over Serial Line V1.02, 2.5.1.1)."""

HOST = r"(?P<host>\[[^]]+\]|[^:/\[\]]+)"

LINE_FORMS: Forms[Line] = (
    (
        re.compile(rf"TCPIP\d*::{HOST}::(?P<port>\d+)::SOCKET", re.IGNORECASE),
        _line_on_socket,
        "TCPIP::192.168.1.20::5025::SOCKET         a raw socket",
    ),
    (
        re.compile(r"ASRL(?P<device>(?!\d+(?:::|$)).+?)(?:::INSTR)?", re.IGNORECASE),
        _line_on_serial_port,
        "ASRL/dev/ttyUSB0::INSTR                   a serial port",
    ),
    (
        re.compile(r"(?P<resource>(?:TCPIP|GPIB|USB)\d*::.+::INSTR)(?:@(?P<backend>.+))?", re.IGNORECASE),
        _line_through_visa,
        """\
TCPIP::192.168.1.20::hislip0::INSTR       HiSLIP
  TCPIP::192.168.1.20::inst0::INSTR         VXI-11
  GPIB0::22::INSTR                          GPIB
  USB0::0x2A8D::0x1301::MY53220001::INSTR   USB
  GPIB0::22::INSTR@ivi                      any of these through another VISA library""",
    ),
)

MODBUS_FORMS: Forms[Modbus] = (
    (
        re.compile(rf"modbus\+tcp://{HOST}(?::(?P<port>\d+))?/?"),
        _modbus_tcp,
        "modbus+tcp://192.168.1.30:502             Modbus TCP",
    ),
    (
        re.compile(r"modbus\+rtu://(?P<device>/.+|COM\d+)"),
        _modbus_rtu,
        "modbus+rtu:///dev/ttyUSB0                 Modbus RTU on a serial port",
    ),
    (
        re.compile(rf"modbus\+rtu\+tcp://{HOST}:(?P<port>\d+)/?"),
        _modbus_rtu_through_gateway,
        "modbus+rtu+tcp://192.168.1.40:4001        Modbus RTU through a gateway",
    ),
)
