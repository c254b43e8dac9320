"""From an address to the way there: the one place that knows which forms of address exist."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import sys
from collections.abc import Callable
from typing import Final, TypeVar

from remotecal.drivers.links.channel import Destination
from remotecal.drivers.links.framing import RtuFraming, TcpFraming
from remotecal.drivers.links.line_framing import LineFraming, MessageFraming
from remotecal.drivers.links.modbus_ascii import AsciiFraming
from remotecal.drivers.links.remote import EXAMPLE, Place
from remotecal.drivers.links.streams import GatewayStream, SerialStream, Stream, TcpStream, listening
from remotecal.drivers.links.way import Way
from remotecal.drivers.links.wire import Line, Modbus, Serial
from remotecal.errors import BenchError

BACKEND_VARIABLE = "REMOTECAL_VISA"
"""Environment variable that names the PyVISA backend: py (the default), ivi, or a library's path."""

MODBUS_TCP_PORT = "502"


Wire = TypeVar("Wire", Line, Modbus)
Forms = tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Wire, Serial], Way], str], ...]
"""Pattern of an address, what makes the way from it, and an example for who has to write one."""


def find_way(address: str, wire: Line | Modbus, port: Serial | None) -> Way:
    """Return the way to an address.

    Raises:
        BenchError: the address has no known form, or not one for this kind of instrument, or a port
            that does not exist.
    """
    if isinstance(wire, Line):
        return _match(address, LINE_FORMS, wire, port or wire.serial, "in lines of text")
    return _match(address, MODBUS_FORMS, wire, port or wire.serial, "Modbus")


def place_of(address: str) -> str:
    """Return what names the place an address means now, however the address is written.

    Two addresses of one place have the same: host names and `localhost` are resolved, links such as
    /dev/serial/by-id/… followed, defaults filled in, capitals levelled.

    Raises:
        BenchError: the address has no known form, or a port that does not exist.
    """
    remote = Place.named(address)
    if remote is not None:
        return str(remote)
    if any(pattern.fullmatch(address.strip()) for pattern, *_ in MODBUS_FORMS):
        return find_way(address, Modbus(), None).locate().key
    return find_way(address, Line(), None).locate().key


def _match(address: str, forms: Forms[Wire], wire: Wire, port: Serial, language: str) -> Way:
    for pattern, way, _ in forms:
        found = pattern.fullmatch(address.strip())
        if found and address.strip().isprintable():
            return way(found, wire, port)
    examples = "\n  ".join([*(example for *_, example in forms), EXAMPLE])
    raise BenchError(
        f"{address!r} is no address of an instrument that talks {language}; write one of\n  {examples}"
    )


def _port(written: str) -> int:
    """Return a TCP port's number (BenchError for one that does not exist)."""
    port = int(written) if re.fullmatch("[0-9]{1,9}", written) else 0
    if port not in PORTS:
        raise BenchError(f"there is no port {written}: TCP ports are numbered {PORTS[0]} to {PORTS[-1]}")
    return port


PORTS = range(1, 65536)


def _numeric(host: str) -> tuple[str, ...]:
    """Return the numeric addresses of a host now, the likeliest first; none where nobody can tell."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):  # what is no host name at all is none in IDNA either
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _host(host: str, numeric: tuple[str, ...]) -> str:
    """Return the one name of a host: a numeric address, the same for this computer's by IPv4 and IPv6.

    A name nobody can resolve now stays as it is, in small letters.
    """
    if not numeric:
        return host.lower()
    known = [_as_ipv4(ipaddress.ip_address(each.partition("%")[0])) for each in numeric]
    return str(min(known, key=lambda each: (each.version, int(each))))


def _as_ipv4(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if isinstance(address, ipaddress.IPv6Address):
        return LOOPBACK if address.is_loopback else address.ipv4_mapped or address
    return address


LOOPBACK = ipaddress.IPv4Address("127.0.0.1")


Connect = Callable[[str, int, tuple[str, ...]], Stream]


def _on_network(
    found: re.Match[str], port: int, connect: Connect, wire: Line | Modbus
) -> Callable[[], Destination]:
    host = found["host"].strip("[]")

    def locate() -> Destination:
        numeric = _numeric(host)
        return Destination(
            f"tcp {_host(host, numeric)} {port}",
            lambda: listening(connect(host, port, numeric), wire),
        )

    return locate


def _on_serial_port(device: str, port: Serial, wire: Line | Modbus) -> Callable[[], Destination]:
    def locate() -> Destination:
        now = os.path.realpath(device)
        return Destination(now, lambda: listening(open_port(now, port), wire))

    return locate


def _manner(words: str, wire: Line) -> str:
    return f"{words} after {wire.greeting!r}" if wire.greeting else words


def _line_on_socket(found: re.Match[str], wire: Line, _: Serial) -> Way:
    return Way(
        locate=_on_network(found, _port(found["port"]), TcpStream, wire),
        manner=_manner("lines", wire),
        framing=lambda _: LineFraming(wire),
        pause=wire.pause,
    )


def _line_on_serial_port(found: re.Match[str], wire: Line, port: Serial) -> Way:
    return Way(
        locate=_on_serial_port(found["device"], port, wire),
        manner=_manner(f"lines at {port}", wire),
        framing=lambda _: LineFraming(wire),
        pause=wire.pause,
    )


def _line_through_visa(found: re.Match[str], wire: Line, _: Serial) -> Way:
    from remotecal.drivers.links.visa import VisaStream

    resource_name = found["resource"]
    backend = found["backend"] or os.environ.get(BACKEND_VARIABLE, "py")
    longest = wire.reply_size + len(wire.ending) + 1
    key = _canonical(resource_name)
    return Way(
        locate=lambda: Destination(
            key(),
            lambda: listening(VisaStream(resource_name, backend, longest), wire),
        ),
        manner=f"messages through PyVISA's {backend}",
        framing=lambda _: MessageFraming(wire),
        pause=wire.pause,
    )


def _canonical(resource_name: str) -> Callable[[], str]:
    """Return what gives a VISA resource name as every spelling of it comes out now (VPP-4.3, 4.3.1.1).

    Raises:
        BenchError: a port in it does not exist.
    """
    board, *rest = resource_name.upper().removesuffix("::INSTR").split("::")
    kind, number = re.fullmatch(r"([A-Z]+)([0-9]*)", board).groups()  # type: ignore[union-attr]  # the form saw to it
    begin = f"{kind}{int(number or 0)}"
    if kind == "TCPIP":
        host, device = ("::".join(rest[:-1]), rest[-1]) if len(rest) > 1 else (rest[0], "INST0")
        (host, at), (device, port) = _with_port(host), _with_port(device)
        return lambda: f"{begin}::{_host(host, _numeric(host))}{at}::{device}{port}::INSTR"
    if kind == "USB":
        rest = [
            str(int(part, 0)) if re.fullmatch(r"0X[0-9A-F]+|[1-9][0-9]*", part) else part for part in rest
        ]
    else:
        rest = [str(int(part)) if part.isdecimal() else part for part in rest]
    name = "::".join([begin, *rest, "INSTR"])
    return lambda: name


def _with_port(written: str) -> tuple[str, str]:
    """Split what PyVISA takes as `name,port`."""
    name, _, port = written.partition(",")
    return name.strip("[]"), f",{_port(port)}" if port else ""


def _modbus_tcp(found: re.Match[str], wire: Modbus, _: Serial) -> Way:
    return Way(
        locate=_on_network(found, _port(found["port"] or MODBUS_TCP_PORT), TcpStream, wire),
        manner="Modbus TCP",
        framing=lambda channel: TcpFraming(wire, channel.next_number),
        pause=wire.pause,
    )


def _modbus_through_gateway(found: re.Match[str], wire: Modbus, _: Serial) -> Way:
    framing, name = FRAMINGS[found["framing"].lower()]
    return Way(
        locate=_on_network(found, _port(found["port"]), GatewayStream, wire),
        manner=name,
        framing=lambda _: framing(wire),
        pause=wire.pause,
    )


FRAMINGS: Final[dict[str, tuple[type[RtuFraming | AsciiFraming], str]]] = {
    "rtu": (RtuFraming, "Modbus RTU"),
    "ascii": (AsciiFraming, "Modbus ASCII"),
}
"""What goes over serial lines, by its name in an address."""


def _modbus_ascii(found: re.Match[str], wire: Modbus, port: Serial) -> Way:
    return Way(
        locate=_on_serial_port(found["device"], port, wire),
        manner=f"Modbus ASCII at {port}",
        framing=lambda _: AsciiFraming(wire),
        pause=wire.pause,
    )


def _modbus_rtu(found: re.Match[str], wire: Modbus, port: Serial) -> Way:
    return Way(
        locate=_on_serial_port(found["device"], port, wire),
        manner=f"Modbus RTU at {port}",
        framing=lambda _: RtuFraming(wire),
        pause=max(wire.pause, FRAME_GAP * port.character, SHORTEST_GAP),
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
        re.compile(rf"TCPIP[0-9]*::{HOST}::(?P<port>[0-9]+)::SOCKET", re.IGNORECASE),
        _line_on_socket,
        "TCPIP::192.168.1.20::5025::SOCKET         a raw socket",
    ),
    (
        re.compile(r"ASRL(?P<device>(?![0-9]+(?:::|$)).+?)(?:::INSTR)?", re.IGNORECASE),
        _line_on_serial_port,
        "ASRL/dev/ttyUSB0::INSTR                   a serial port",
    ),
    (
        re.compile(r"(?P<resource>(?:TCPIP|GPIB|USB)[0-9]*::.+::INSTR)(?:@(?P<backend>.+))?", re.IGNORECASE),
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
        re.compile(rf"modbus\+tcp://{HOST}(?::(?P<port>[0-9]+))?/?", re.IGNORECASE),
        _modbus_tcp,
        "modbus+tcp://192.168.1.30:502             Modbus TCP",
    ),
    (
        re.compile(r"modbus\+rtu://(?P<device>/.+|COM[0-9]+)", re.IGNORECASE),
        _modbus_rtu,
        "modbus+rtu:///dev/ttyUSB0                 Modbus RTU on a serial port",
    ),
    (
        re.compile(r"modbus\+ascii://(?P<device>/.+|COM[0-9]+)", re.IGNORECASE),
        _modbus_ascii,
        "modbus+ascii:///dev/ttyUSB0               Modbus ASCII on a serial port",
    ),
    (
        re.compile(rf"modbus\+(?P<framing>rtu|ascii)\+tcp://{HOST}:(?P<port>[0-9]+)/?", re.IGNORECASE),
        _modbus_through_gateway,
        """\
modbus+rtu+tcp://192.168.1.40:4001        Modbus RTU through a gateway
  modbus+ascii+tcp://192.168.1.40:4001      Modbus ASCII through a gateway""",
    ),
)
