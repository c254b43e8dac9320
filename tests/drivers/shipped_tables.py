"""The tables in `docs/tables`, and instruments by them on a serial port that plays a conversation."""

import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from remotecal.clock import VirtualClock
from remotecal.drivers.links import modbus
from remotecal.drivers.links.framing import checksum
from remotecal.drivers.mapped.by_table import ByTable
from remotecal.drivers.mapped.line_map import LineMap
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.testing.transcripts import Exchange, on_serial_port

TABLES = Path(__file__).parents[2] / "docs" / "tables"

RIGS = {"rig-s7-1200", "rig-wago-750"}
"""These are tried on the rig itself."""


def text(name: str) -> str:
    return (TABLES / f"{name}.toml").read_text(encoding="utf-8")


def is_of_lines(name: str) -> bool:
    """Tell whether a table is of lines, and not of registers."""
    return "\n[line]\n" in text(name)


def driver(name: str, table: str = "") -> type[ByTable]:
    """Return the driver that a table describes, or another text in its place."""
    return (LineMap if is_of_lines(name) else RegisterMap).as_stated({"table": table or text(name)})


NAMES = sorted({path.stem for path in TABLES.glob("*.toml")} - RIGS)


def rtu(pdu: bytes) -> bytes:
    return b"\x01" + pdu + checksum(b"\x01" + pdu)


def asked(start: int, *answer: int, function: int = 3) -> Exchange:
    """Return an exchange that reads from a wire address as many items as are answered."""
    request = modbus.Request(function, start, len(answer))
    return rtu(request.encode()), rtu(modbus.reply(request, answer))


def words(*values: float) -> tuple[int, ...]:
    """Return floats in registers, the most significant one first."""
    return struct.unpack(f">{2 * len(values)}H", struct.pack(f">{len(values)}f", *values))


def wide(start: int, count: int, form: str, *values: float) -> Exchange:
    """Return an exchange that reads registers of 32 bits, whose content is packed as `form` says."""
    data = struct.pack(f">{form}", *values)
    return rtu(modbus.Request(3, start, count).encode()), rtu(bytes((3, len(data))) + data)


@contextlib.contextmanager
def bus(name: str, *exchanges: Exchange, table: str = "") -> Iterator[Any]:
    """Open an instrument by its table, or by another text in its place."""
    way, end = ("ASRL", "::INSTR") if is_of_lines(name) else ("modbus+rtu://", "")
    with (
        on_serial_port(*exchanges) as device,
        driver(name, table).open(
            f"{way}{device}{end}", name="dut", clock=VirtualClock(0.0), table=table or text(name)
        ) as instrument,
    ):
        yield instrument
