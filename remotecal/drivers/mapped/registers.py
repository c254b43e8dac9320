"""Whether a table of registers can be so on the wire: functions, addresses, spans, overlaps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from remotecal.drivers.links import modbus
from remotecal.drivers.mapped import fitting
from remotecal.drivers.mapped.table import ActionRow, ChoiceRow, Place, ReadingRow, Scaled
from remotecal.drivers.scans import READS
from remotecal.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotecal.drivers.mapped.table import Map

NAMES: Final = {"discrete": "a discrete input", "input": "an input register"}
"""What tables are called that nobody can write."""

WIDE: Final = modbus.WIDE // modbus.REGISTER
"""Registers of a number that stands at one address where these are wide."""

IN_FORM: Final = {
    "u16": (0, 0xFFFF),
    "i16": (-0x8000, 0x7FFF),
    "u32": (0, 2**32 - 1),
    "i32": (-(2**31), 2**31 - 1),
}
"""Lowest and highest number of the forms that hold no more."""


def check(table: Map) -> None:
    """Raise `BenchError`, naming the row, unless all of a table's rows can stand where they say."""
    told = {*table.settings, *table.actions, *table.safe, *fitting.told(table)}
    for kind, name, row in table.rows():
        if isinstance(row, Place):
            _check_row(table, f"{kind}.{name}", row)
            if name in told:
                _check_writing(table, f"{kind}.{name}", row)
    _check_overlaps(table)


def _check_writing(table: Map, where: str, row: Place) -> None:
    """Raise `BenchError` unless what is told something can be written."""
    by = {"coil": {modbus.WRITE_COIL}, "holding": {modbus.WRITE_REGISTERS}}.get(row.table)
    if by is None:
        raise BenchError(f"{where}: it is told what to be, and {NAMES[row.table]} can't be written")
    if row.table == "holding" and row.register().size == 1:
        by.add(modbus.WRITE_REGISTER)
    if not by & set(table.modbus.functions):
        codes = " or ".join(map(str, sorted(by)))
        raise BenchError(f"{where}: it is written by function {codes}, not among functions")


def _check_row(table: Map, where: str, row: Place) -> None:
    _check_way(table, where, row)
    if isinstance(row, Scaled) and row.form in IN_FORM:
        _check_span(where, row)
    low, high = IN_FORM.get(row.form, (-math.inf, math.inf))
    for content in _contents(row):
        if not low <= content <= high:
            raise BenchError(f"{where}: {content} does not fit into a register of type {row.form}")


def _check_way(table: Map, where: str, row: Place) -> None:
    functions = set(table.modbus.functions)
    if READS[row.table] not in functions:
        raise BenchError(f"{where}: it is read by function {READS[row.table]}, which is not among functions")
    for place in _places(row):
        if place.register().size > 1 and not (place.order or table.modbus.order):
            raise BenchError(
                f"{where}: state modbus.order, for there are four orders of more than one register"
            )
        if table.is_wide(place):
            _check_wide(where, place)
        if not 0 <= place.number - table.modbus.counts_from <= 0xFFFF:
            raise BenchError(
                f"{where}: {place.table} {place.number} has no address, as all that is numbered is counted "
                f"from {table.modbus.counts_from}: where the manual counts coils and registers apart, state "
                "addresses on the wire, and counts_from = 0"
            )
    for place in table.never:
        if place.table == row.table and place.number == row.number and not where.startswith("readings"):
            raise BenchError(f"{where}: it lies where never says that nothing may be written")


def _check_wide(where: str, row: Place) -> None:
    """Raise `BenchError` unless a row can stand where one address holds 32 bits."""
    if row.register().size != WIDE:
        raise BenchError(f"{where}: {row.table} {row.number} is among wide, and a {row.form} has no 32 bits")
    if row.table == "holding" and not where.startswith(("readings", "flags")):
        raise BenchError(f"{where}: {row.table} {row.number} is among wide, whose registers are only read")
    if getattr(row, "channels", ()) and not getattr(row, "step", 0):
        raise BenchError(f"{where}: its channels are among wide: state step, 1 where they follow each other")


def _check_span(where: str, row: Scaled) -> None:
    low, high = sorted(end * row.scale + row.offset for end in IN_FORM[row.form])
    slack = abs(row.scale)
    if row.span[0] < low - slack or row.span[1] > high + slack:
        raise BenchError(
            f"{where}: its span is {row.span[0]:g} to {row.span[1]:g} {row.unit}, its register holds "
            f"{low:g} to {high:g}: look at type, scale and offset"
        )


def _places(row: Place) -> Iterator[Place]:
    yield row
    if isinstance(row, ReadingRow) and row.rest is not None:
        yield row.rest


def _contents(row: Place) -> Iterator[int]:
    """Yield what is to stand in the register of a state, or of something to be done."""
    if isinstance(row, ChoiceRow):
        yield from row.choices.values()
    elif isinstance(row, ActionRow):
        yield row.content


def _check_overlaps(table: Map) -> None:
    """Raise `BenchError` if two rows share a register, but for different bits of it."""
    taken: dict[tuple[str, int, int | None], str] = {}
    for kind, name, row in table.rows():
        for spot in _spots(table, row) if isinstance(row, Place) else ():
            whole = (*spot[:2], None)
            rivals = [spot, whole] if spot[2] is not None else [key for key in taken if key[:2] == spot[:2]]
            for rival in rivals:
                if (other := taken.get(rival, f"{kind}.{name}")) != f"{kind}.{name}":
                    raise BenchError(f"{kind}.{name} and {other} share {spot[0]} {spot[1]}")
            taken[spot] = f"{kind}.{name}"


def _spots(table: Map, row: Place) -> Iterator[tuple[str, int, int | None]]:
    bit: int | None = getattr(row, "bit", None)
    for place in _places(row):
        size = 1 if table.is_wide(place) else place.register().size
        count = len(row.channels) if isinstance(row, ReadingRow) and row.channels else 1
        step = getattr(row, "step", 0) or size
        for begin in range(place.number, place.number + count * step, step):
            yield from ((place.table, number, bit) for number in range(begin, begin + size))
