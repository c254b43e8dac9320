"""A driver made from a table of registers: the statements its rows stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, IntFlag
from typing import TYPE_CHECKING, cast

from remotecal.drivers.accuracy import (
    EXACT,
    UNSTATED,
    Accuracy,
    absolute,
    percent_of_reading,
    percent_of_span,
)
from remotecal.drivers.links.wire import Modbus, Serial
from remotecal.drivers.mapped.table import ActionRow, ChoiceRow, FlagsRow, ReadingRow, SettingRow
from remotecal.drivers.quantities import Action, Channels, Choice, Flags, Reading, Setting

if TYPE_CHECKING:
    from remotecal.drivers.codecs import Register
    from remotecal.drivers.declarations import Declaration
    from remotecal.drivers.mapped.rows import Indicated, Row
    from remotecal.drivers.mapped.table import Map


def wire(table: Map) -> Modbus:
    """Return how the instrument talks."""
    way = table.modbus
    return Modbus(
        order=way.order or "ABCD",
        manual_counts_from=way.counts_from,
        functions=frozenset(way.functions),
        slowest_reply=way.slowest_reply,
        pause=way.pause,
        longest_read=way.longest_read,
        longest_gap=way.longest_gap,
        wide=tuple((first - way.counts_from, last - way.counts_from) for first, last in way.wide),
        serial=Serial(way.baud, parity=way.parity, stop=way.stop),
    )


def statement(name: str, row: Row, states: type[Enum] | None) -> Declaration:
    """Return what a row states.

    Args:
        name: the row's.
        row: what it says.
        states: the states a capability has for it, which the row's must be called as.
    """
    match row:
        case ReadingRow():
            return _reading(row)
        case SettingRow():
            return Setting(row.register(), row.unit, span=row.span, confirmed=row.confirmed)
        case ChoiceRow():
            return _choice(name, row, states)
        case FlagsRow():
            make = cast("Callable[[str, dict[str, int]], type[IntFlag]]", IntFlag)
            conditions = make(f"{name} of a table", {key: 1 << bit for key, bit in row.bits.items()})
            reset, spoils = (
                conditions(sum(1 << row.bits[key] for key in keys)) for keys in (row.resettable, row.spoils)
            )
            return Flags(row.register(), conditions, resettable=reset, spoils=spoils)
        case ActionRow():
            return Action(row.register(), row.content)
    raise AssertionError(f"{name} is a row of a kind that nobody knows")


def _reading(row: ReadingRow) -> Reading | Channels:
    def make(codec: object) -> Reading:
        return Reading(
            codec,  # type: ignore[arg-type]  # a register or a sum of two
            row.unit,
            span=row.span,
            accuracy=accuracy(row),
            wraps=wrapping(row),
            no_value=row.no_value,
        )

    if not row.channels:
        return make(row.codec())
    first = row.register()
    step = row.step or first.size
    places = {number: first.number + step * place for place, number in enumerate(row.channels)}
    return Channels(row.channels, lambda channel: make(replace(first, number=places[channel])))


def wrapping(row: Indicated) -> float:
    """Return where a counter begins again, as a `Reading` takes it."""
    return row.wraps if isinstance(row.wraps, bool) else float(row.wraps)


def accuracy(row: Indicated) -> Accuracy:
    """Return the limit of error a row states."""
    if row.accuracy is not None:
        return EXACT if row.accuracy == "exact" else UNSTATED
    source = row.source or "as the table states it"
    kinds = (
        (absolute, row.limit),
        (percent_of_reading, row.percent_of_reading),
        (percent_of_span, row.percent_of_span),
    )
    terms = [make(value, source=source) for make, value in kinds if value is not None]
    return sum((replace(term, source="") for term in terms[1:]), terms[0])


def _choice(name: str, row: ChoiceRow, states: type[Enum] | None) -> Choice[Enum]:
    place = row.register()
    if states is None:
        make = cast("Callable[[str, dict[str, int]], type[Enum]]", Enum)
        return _chosen(place, row, make(f"{name} of a table", row.choices))
    codes = tuple((float(code), float(states[key].value)) for key, code in row.choices.items())
    plain = all(code == value for code, value in codes)
    return _chosen(replace(place, codes=() if plain else codes), row, states)


def _chosen(place: Register, row: ChoiceRow, states: type[Enum]) -> Choice[Enum]:
    spoils = [states[key] for key in row.spoils]
    return Choice(place, states, confirmed=row.confirmed, spoils=spoils)
