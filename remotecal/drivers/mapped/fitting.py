"""Whether a table gives the capabilities it says it does."""

from __future__ import annotations

import inspect
import math
from enum import Enum, IntFlag
from functools import reduce
from typing import TYPE_CHECKING, Final

from remotecal import units
from remotecal.configuration import nearest
from remotecal.drivers import capabilities
from remotecal.drivers.capabilities.needs import deeds, needs
from remotecal.drivers.capabilities.rig import RigController
from remotecal.drivers.capabilities.safe_states import HIGHEST_AIR, UNDER_PRESSURE, to_name
from remotecal.drivers.line_instrument import LineInstrument
from remotecal.drivers.mapped.rows import KINDS, Indicated, Valued
from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.drivers.quantities import Action, Channels, Choice, Flags, Reading, Setting
from remotecal.errors import BenchError, UnitError
from remotecal.source import docstrings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remotecal.drivers.mapped.rows import Agreement, Relieved, Row, Stated

TABLES: Final = {
    Reading: "readings", Channels: "readings", Setting: "settings", Choice: "choices",
    Flags: "flags", Action: "actions",
}  # fmt: skip
"""In which table of rows each kind of statement stands."""

BEATS: Final = (0.0, 3.0)
"""Lowest and highest number of a heart, which goes round."""


def wanted(table: Stated) -> tuple[type, ...]:
    """Return the capabilities a table is to give (BenchError: one is unknown)."""
    known = {name: getattr(capabilities, name) for name in capabilities.__all__}
    known = {name: one for name, one in known.items() if getattr(one, "_is_protocol", False)}
    for name in table.capabilities:
        if name not in known:
            raise BenchError(f"capabilities: {name!r} is unknown, {nearest(name, list(known))}")
    named = [known[name] for name in dict.fromkeys(table.capabilities)]
    return tuple(one for one in named if not any(one in other.__mro__[1:] for other in named))


def told(table: Stated) -> set[str]:
    """Return the names of the states that a table's capabilities tell what to be."""
    return {
        name
        for capability in wanted(table)
        for name, need in needs(capability).items()
        if need.kind is Choice
    }


def states_of(name: str, wanted_: tuple[type, ...]) -> type[Enum] | None:
    """Return the states that a capability has under a name."""
    for capability in wanted_:
        need = needs(capability).get(name)
        if need is not None and isinstance(need.states, type) and issubclass(need.states, Enum):
            return None if issubclass(need.states, IntFlag) else need.states
    return None


def check(table: Stated) -> None:
    """Raise `BenchError`, naming row and capability, unless a table gives what it says."""
    rows = {name: (kind, row) for kind, name, row in table.rows()}
    for kind, name, row in table.rows():
        _check_row(table, kind, name, row)
    for capability in wanted(table):
        for name in needs(capability):
            _check_need(capability, name, *rows.get(name, ("", None)))
        for name, bare in deeds(capability):
            _check_deed(table, capability, name, bare=bare)
        if RigController in capability.__mro__:
            _check_rig(table, capability)
        if RigController in capability.__mro__ and not table.safe:
            raise BenchError(f"safe is missing: a {capability.__name__} has a safe state, step by step")
    if table.relieved is not None:
        _check_relieved(table.relieved, rows)
    for agreement in table.agree:
        _check_agreement(agreement, rows)
    _check_spoilers(rows)


def _check_spoilers(rows: Mapping[str, tuple[str, Row]]) -> None:
    """Raise `BenchError` unless what readings are not to be had under is said where they say so."""
    for name, (kind, row) in rows.items():
        for told in getattr(row, "unless", ()):
            if not getattr(rows.get(told, ("", None))[1], "spoils", ()):
                raise BenchError(
                    f"{kind}.{name}: unless names {told}, which is no row of flags or choices with spoils: "
                    "say there under what a reading says nothing"
                )


def coherent(unit: str) -> str:
    """Return the unit in which a value can be multiplied: that of a temperature counts from absolute zero."""
    return units.product(unit, "1")


def product_of(factors: Iterable[str]) -> str:
    """Return the unit of a product of values in some units."""
    return reduce(units.product, factors, "1")


def _check_agreement(agreement: Agreement, rows: Mapping[str, tuple[str, Row]]) -> None:
    """Raise `BenchError` unless what is to hang together are readings of the table that can."""
    found: list[str] = []
    for name in (*agreement.product, agreement.gives):
        _, row = rows.get(name, ("", None))
        if not isinstance(row, Indicated) or bool(getattr(row, "channels", False)):
            raise BenchError(f"agree: {name!r} is no reading of the table, on no channels")
        found.append(row.unit)
    *factors, unit = found
    if agreement.unit != "1":
        factors.append(agreement.unit)
    try:
        fits = units.same_dimension(product_of(factors), coherent(unit))
    except UnitError as error:
        raise BenchError(f"agree: {agreement.gives}: {error}") from None
    if not fits:
        product = " × ".join(factors)
        raise BenchError(f"agree: {agreement.gives} is in {unit}, which is no unit of {product}")


def _check_row(table: Stated, kind: str, name: str, row: Row) -> None:
    where = f"{kind}.{name}"
    if not name.isidentifier() or name.startswith("_") or _is_taken(name):
        raise BenchError(f"{where}: a row can't be called {name!r}")
    if sum(name in getattr(table, one, ()) for one in KINDS) > 1:
        raise BenchError(f"{where}: another row has this name")
    if isinstance(row, Valued):
        try:
            spelling = units.normal(row.unit)
        except UnitError as error:
            raise BenchError(f"{where}: {error}") from None
        if spelling != row.unit:
            raise BenchError(f"{where}: {row.unit} is written {spelling}")


def _is_taken(name: str) -> bool:
    """Tell whether an instrument has something else by this name."""
    kinds = (ModbusInstrument, LineInstrument)
    known = any(name in inspect.get_annotations(cls) for kind in kinds for cls in kind.__mro__)
    return known or any(hasattr(kind, name) for kind in kinds) or name in OWN


OWN: Final = frozenset(
    {
        "is_absolute",
        "stated_table",
        "agreements",
        "made",
        "begin",
        "tells_serial",
        "docs_of_statements",
        "relieved",
        "unsafe",
    }
)
"""Names that instruments by a table have beside those of all."""


def _check_need(capability: type, name: str, kind: str, row: Row | None) -> None:
    need, called = needs(capability)[name], capability.__name__
    right = TABLES[need.kind]
    unit = f", in {need.unit} or the like" if need.unit else ""
    if row is None:
        doc = docstrings(capability).get(name, "").partition("\n")[0].rstrip(".")
        what = f", {doc[:1].lower()}{doc[1:]}" if doc else ""
        raise BenchError(f"{right}.{name} is missing, which a {called} has{unit}{what}")
    if kind != right:
        raise BenchError(f"{kind}.{name}: a {called} has it among the {right}")
    if isinstance(row, Valued) and need.unit and not units.same_dimension(row.unit, need.unit):
        raise BenchError(f"{kind}.{name} is in {row.unit}, a {called} gives it in {need.unit} or the like")
    channels = bool(getattr(row, "channels", ()))
    if kind == "readings" and channels is not (need.kind is Channels):
        raise BenchError(f"{kind}.{name}: a {called} has it on {'no channels' if channels else 'channels'}")
    choices: Mapping[str, object] = getattr(row, "choices", {})
    if choices and need.states is not None and issubclass(need.states, Enum):
        states = list(need.states.__members__)
        if set(states) != set(choices):
            raise BenchError(
                f"{kind}.{name} can be {', '.join(choices)}; of a {called} it is {' or '.join(states)}: "
                "state what stands on the wire for each"
            )


def _check_deed(table: Stated, capability: type, name: str, *, bare: bool) -> None:
    called = capability.__name__
    if name == "is_absolute":
        if table.absolute is None:
            raise BenchError(f"absolute is missing: a {called} tells whether it counts from vacuum")
    elif not bare:
        raise BenchError(f"capabilities: a {called} does {name}, which no table can: it needs a driver")
    elif name not in getattr(table, "actions", ()):
        raise BenchError(f"actions.{name} is missing, which a {called} does when told")


def _check_rig(table: Stated, capability: type) -> None:
    called = capability.__name__
    heart: Valued = table.settings["heartbeat"]  # type: ignore[attr-defined]  # it was found there
    if not (heart.span[0] <= BEATS[0] and BEATS[1] <= heart.span[1]):
        raise BenchError(
            f"settings.heartbeat: a {called}'s heart goes round from 0 to 3, its span must hold them"
        )
    if not math.isclose(getattr(heart, "scale", 1.0), 1.0) or float(getattr(heart, "offset", 0)):
        raise BenchError(
            f"settings.heartbeat: a {called}'s heart beats in whole numbers, its scale must be 1"
        )


def unsafe(table: Stated) -> str:
    """Return why what a table calls safe leaves something open, or goes on; "" if it does not."""
    return next(filter(None, (_unsafe(table, one) for one in wanted(table))), "")


def _unsafe(table: Stated, capability: type) -> str:
    called, safe = capability.__name__, to_name(capability)
    left_out = [name for name in safe if name not in table.safe]
    if left_out:
        return (
            f"safe.{left_out[0]} is missing: the safe state of a {called} says what becomes of "
            f"{' and '.join(left_out)}"
        )
    for name, value in safe.items():
        if value is not None and table.safe[name] != value:
            return (
                f"safe.{name} = {table.safe[name]!r} is not safe: in the safe state of a {called} it is "
                f"{value!r}"
            )
    pressure = UNDER_PRESSURE.get(capability)
    return "" if pressure is None else _kept_in(table, called, pressure)


def _kept_in(table: Stated, called: str, pressure: str) -> str:
    """Return why pressure is left in the safe state; "" if none is."""
    relieved = table.relieved
    if relieved is None or relieved.reading != pressure:
        return (
            f"relieved is missing: a {called} is safe once its pressure has come down, so state "
            f'[relieved] reading = "{pressure}", below what, in which unit, and within how many seconds'
        )
    if units.convert(relieved.below, relieved.unit, "kPa") > HIGHEST_AIR:
        return (
            f"relieved.below: a {called} is not relieved at {relieved.below:g} {relieved.unit}: state at "
            f"most {HIGHEST_AIR:g} kPa, absolute"
        )
    return ""


def _check_relieved(relieved: Relieved, rows: Mapping[str, tuple[str, Row]]) -> None:
    """Raise `BenchError` unless what is waited for is a reading that can come below what is stated."""
    _, row = rows.get(relieved.reading, ("", None))
    if not isinstance(row, Indicated) or bool(getattr(row, "channels", False)):
        raise BenchError(f"relieved: {relieved.reading!r} is no reading of the table, on no channels")
    try:
        fits = units.same_dimension(relieved.unit, row.unit)
        below = units.convert(relieved.below, relieved.unit, row.unit) if fits else 0.0
    except UnitError as error:
        raise BenchError(f"relieved.unit: {error}") from None
    if not fits:
        raise BenchError(f"relieved.unit: {relieved.reading} is in {row.unit}, not in {relieved.unit}")
    if not row.span[0] < below < row.span[1]:
        raise BenchError(
            f"relieved.below: {relieved.reading} tells {row.span[0]:g} to {row.span[1]:g} {row.unit}, and "
            f"would never, or always, be below {relieved.below:g} {relieved.unit}"
        )
