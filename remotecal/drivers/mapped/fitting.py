"""Whether a table of registers can be so, and gives the capabilities it says it does."""

from __future__ import annotations

import inspect
import math
from enum import Enum, IntFlag
from typing import TYPE_CHECKING, Final

from remotecal import units
from remotecal.configuration import nearest
from remotecal.drivers import capabilities
from remotecal.drivers.capabilities.needs import deeds, needs
from remotecal.drivers.capabilities.rig import RigController
from remotecal.drivers.mapped.table import KINDS, ActionRow, ChoiceRow, ReadingRow, Row, Scaled
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Channels, Choice, Flags, Reading, Setting
from remotecal.drivers.scans import READS
from remotecal.errors import BenchError, UnitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotecal.drivers.mapped.table import Map, Place

TABLES: Final = {
    Reading: "readings", Channels: "readings", Setting: "settings", Choice: "choices",
    Flags: "flags", Action: "actions",
}  # fmt: skip
"""In which table of rows each kind of statement stands."""

WRITES: Final = {"coil": {5, 15}, "holding": {6, 16}}
"""By which functions a table of an instrument is written."""

IN_FORM: Final = {
    "u16": (0, 0xFFFF),
    "i16": (-0x8000, 0x7FFF),
    "u32": (0, 2**32 - 1),
    "i32": (-(2**31), 2**31 - 1),
}
"""Lowest and highest number of the forms that hold no more."""

BEATS: Final = (0.0, 3.0)
"""Lowest and highest number of a heart, which goes round."""


def wanted(table: Map) -> tuple[type, ...]:
    """Return the capabilities a table is to give (BenchError: one is unknown)."""
    known = {name: getattr(capabilities, name) for name in capabilities.__all__}
    known = {name: one for name, one in known.items() if getattr(one, "_is_protocol", False)}
    for name in table.capabilities:
        if name not in known:
            raise BenchError(f"capabilities: {name!r} is unknown, {nearest(name, list(known))}")
    named = [known[name] for name in dict.fromkeys(table.capabilities)]
    return tuple(one for one in named if not any(one in other.__mro__[1:] for other in named))


def states_of(name: str, wanted_: tuple[type, ...]) -> type[Enum] | None:
    """Return the states that a capability has under a name."""
    for capability in wanted_:
        need = needs(capability).get(name)
        if need is not None and isinstance(need.states, type) and issubclass(need.states, Enum):
            return None if issubclass(need.states, IntFlag) else need.states
    return None


def check(table: Map, wanted_: tuple[type, ...]) -> None:
    """Raise `BenchError`, naming row and capability, unless the table can be so and gives what it says."""
    rows = {name: (kind, row) for kind, name, row in table.rows()}
    for kind, name, row in table.rows():
        _check_row(table, kind, name, row)
    _check_overlaps(table)
    for capability in wanted_:
        for name in needs(capability):
            _check_need(capability, name, *rows.get(name, ("", None)))
        for name, bare in deeds(capability):
            _check_deed(table, capability, name, bare=bare)
        if RigController in capability.__mro__:
            _check_rig(table, capability)


def _check_row(table: Map, kind: str, name: str, row: Row) -> None:
    where = f"{kind}.{name}"
    if not name.isidentifier() or name.startswith("_") or _is_taken(name):
        raise BenchError(f"{where}: a row can't be called {name!r}")
    if sum(name in getattr(table, one) for one in KINDS) > 1:
        raise BenchError(f"{where}: another row has this name")
    _check_way(table, where, row)
    if isinstance(row, Scaled):
        try:
            spelling = units.normal(row.unit)
        except UnitError as error:
            raise BenchError(f"{where}: {error}") from None
        if spelling != row.unit:
            raise BenchError(f"{where}: {row.unit} is written {spelling}")
        if row.form in IN_FORM:
            _check_span(where, row)
    low, high = IN_FORM.get(row.form, (-math.inf, math.inf))
    for content in _contents(row):
        if not low <= content <= high:
            raise BenchError(f"{where}: {content} does not fit into a register of type {row.form}")


def _is_taken(name: str) -> bool:
    """Tell whether an instrument has something else by this name."""
    known = any(name in inspect.get_annotations(cls) for cls in ModbusInstrument.__mro__)
    return known or hasattr(ModbusInstrument, name) or name in {"is_absolute", "stated_table"}


def _check_way(table: Map, where: str, row: Row) -> None:
    functions = set(table.modbus.functions)
    if READS[row.table] not in functions:
        raise BenchError(f"{where}: it is read by function {READS[row.table]}, which is not among functions")
    if where.startswith(("settings", "actions")):
        by = WRITES.get(row.table)
        if by is None:
            raise BenchError(f"{where}: a {row.table} register can't be written: make it a reading")
        if not by & functions:
            raise BenchError(
                f"{where}: it is written by function {' or '.join(map(str, sorted(by)))}, not among functions"
            )
    for place in _places(row):
        if place.register().size > 1 and not (place.order or table.modbus.order):
            raise BenchError(
                f"{where}: state modbus.order, for there are four orders of more than one register"
            )
        if not 0 <= place.number - table.modbus.counts_from <= 0xFFFF:
            raise BenchError(
                f"{where}: {place.table} {place.number} has no address, as all that is numbered is counted "
                f"from {table.modbus.counts_from}: where the manual counts coils and registers apart, state "
                "addresses on the wire, and counts_from = 0"
            )
    for place in table.never:
        if place.table == row.table and place.number == row.number and not where.startswith("readings"):
            raise BenchError(f"{where}: it lies where never says that nothing may be written")


def _check_span(where: str, row: Scaled) -> None:
    low, high = sorted(end * row.scale + row.offset for end in IN_FORM[row.form])
    slack = abs(row.scale)
    if row.span[0] < low - slack or row.span[1] > high + slack:
        raise BenchError(
            f"{where}: its span is {row.span[0]:g} to {row.span[1]:g} {row.unit}, its register holds "
            f"{low:g} to {high:g}: look at type, scale and offset"
        )


def _places(row: Row) -> Iterator[Place]:
    yield row
    if isinstance(row, ReadingRow) and row.rest is not None:
        yield row.rest


def _contents(row: Row) -> Iterator[int]:
    """Yield what is to stand in the register of a state, or of something to be done."""
    if isinstance(row, ChoiceRow):
        yield from row.choices.values()
    elif isinstance(row, ActionRow):
        yield row.content


def _check_overlaps(table: Map) -> None:
    """Raise `BenchError` if two rows share a register, but for different bits of it."""
    taken: dict[tuple[str, int, int | None], str] = {}
    for kind, name, row in table.rows():
        for spot in _spots(row):
            whole = (*spot[:2], None)
            rivals = [spot, whole] if spot[2] is not None else [key for key in taken if key[:2] == spot[:2]]
            for rival in rivals:
                if (other := taken.get(rival, f"{kind}.{name}")) != f"{kind}.{name}":
                    raise BenchError(f"{kind}.{name} and {other} share {spot[0]} {spot[1]}")
            taken[spot] = f"{kind}.{name}"


def _spots(row: Row) -> Iterator[tuple[str, int, int | None]]:
    bit: int | None = getattr(row, "bit", None)
    for place in _places(row):
        size = place.register().size
        count = len(row.channels) if isinstance(row, ReadingRow) and row.channels else 1
        step = getattr(row, "step", 0) or size
        for begin in range(place.number, place.number + count * step, step):
            yield from ((place.table, number, bit) for number in range(begin, begin + size))


def _check_need(capability: type, name: str, kind: str, row: Row | None) -> None:
    need, called = needs(capability)[name], capability.__name__
    right = TABLES[need.kind]
    inherited = f", {need.doc[:1].lower()}{need.doc[1:].split(chr(10))[0].rstrip('.')}" if need.doc else ""
    unit = f", in {need.unit} or the like" if need.unit else ""
    if row is None:
        raise BenchError(f"{right}.{name} is missing, which a {called} has{unit}{inherited}")
    if kind != right:
        raise BenchError(f"{kind}.{name}: a {called} has it among the {right}")
    if isinstance(row, Scaled) and need.unit and not units.same_dimension(row.unit, need.unit):
        raise BenchError(f"{kind}.{name} is in {row.unit}, a {called} gives it in {need.unit} or the like")
    if isinstance(row, ReadingRow) and bool(row.channels) is not (need.kind is Channels):
        raise BenchError(
            f"{kind}.{name}: a {called} has it on {'channels' if not row.channels else 'no channels'}"
        )
    if isinstance(row, ChoiceRow) and need.states is not None:
        states = list(need.states.__members__)  # type: ignore[attr-defined]  # of an Enum
        if set(states) != set(row.choices):
            raise BenchError(
                f"{kind}.{name} can be {', '.join(row.choices)}; of a {called} it is {' or '.join(states)}: "
                "state what stands on the wire for each"
            )


def _check_deed(table: Map, capability: type, name: str, *, bare: bool) -> None:
    called = capability.__name__
    if name == "is_absolute":
        if table.absolute is None:
            raise BenchError(f"absolute is missing: a {called} tells whether it counts from vacuum")
    elif not bare:
        raise BenchError(f"capabilities: a {called} does {name}, which no table can: it needs a driver")
    elif name not in table.actions:
        raise BenchError(f"actions.{name} is missing, which a {called} does when told")


def _check_rig(table: Map, capability: type) -> None:
    called = capability.__name__
    if not table.safe:
        raise BenchError(f"safe is missing: a {called} has a safe state, step by step")
    beats = table.settings["heartbeat"].span
    if not (beats[0] <= BEATS[0] and BEATS[1] <= beats[1]):
        raise BenchError(
            f"settings.heartbeat: a {called}'s heart goes round from 0 to 3, its span must hold them"
        )
    if not math.isclose(table.settings["heartbeat"].scale, 1.0):
        raise BenchError(
            f"settings.heartbeat: a {called}'s heart beats in whole numbers, its scale must be 1"
        )
