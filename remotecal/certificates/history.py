"""What an item's certificates said of its errors, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from remotecal import units
from remotecal.model.certificate import LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from remotecal.model import Column, Record, Table

AGAINST = ("remotecal_nominalValue", "basic_nominalValue", "basic_referenceValue")
"""What errors are told over: the value wanted, where a table has it, for that is the same each time."""

State = Literal["", "found", "left"]
"""Of the item, where it was adjusted between."""


class ErrorsThen(NamedTuple):
    """The errors of one table of a certificate."""

    number: str
    """Of the certificate."""
    day: date
    """Last day of the calibration."""
    state: State
    """"" where it was not adjusted."""
    at: Column
    """What they are told over."""
    errors: Column
    """The errors, with their uncertainties."""
    levels: Column | None
    """At which level each was found, where there are several."""
    quantity: str
    """refTypes of the result and of its errors, by blanks; "" where it tells none."""

    @property
    def kind(self) -> tuple[str, str]:
        """Units of both; what is not in the same ones does not belong into one drawing."""
        return self.at.unit, self.errors.unit

    def rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield place, level, error and expanded uncertainty, as they are printed; "" for none."""
        stated = self.errors.uncertainty
        spread = () if stated is None else stated.expanded
        levels = ("",) * len(self.at.values) if self.levels is None else self.levels.values
        for row, (place, level, error) in enumerate(
            zip(self.at.values, levels, self.errors.values, strict=True)
        ):
            yield place, level, error, (spread[row if len(spread) > 1 else 0] if spread else "")


def errors_of(record: Record, place: int, number: str) -> Iterator[ErrorsThen]:
    """Yield what a certificate says of the errors of one of its items.

    Args:
        record: what it says.
        place: of the item in it, from 0.
        number: the number it was issued by.
    """
    item = record.items[place if place < len(record.items) else 0].id
    for measurement in record.measurements:
        states = {condition.status for condition in measurement.conditions} - {None}
        state: State = ""
        if states:
            state = "found" if measurement.is_past else "left"
        for result in measurement.results:
            of = measurement.items_of(result)
            if of and item not in of:
                continue
            for table in result.tables:
                if (pair := _pair(table)) is not None:
                    quantity = " ".join(dict.fromkeys((*result.ref_types, *pair[1].ref_types)))
                    yield ErrorsThen(number, record.finished, state, *pair, _levels(table, pair[1]), quantity)


def by_kind(found: Sequence[ErrorsThen]) -> list[tuple[ErrorsThen, ...]]:
    """Return what was found, apart by the units it is in; the first found first."""
    groups: dict[tuple[str, str], list[ErrorsThen]] = {}
    for one in found:
        groups.setdefault(one.kind, []).append(one)
    return [tuple(group) for group in groups.values()]


def _pair(table: Table) -> tuple[Column, Column] | None:
    errors = table.column("basic_measurementError")
    at = next((column for name in AGAINST if (column := table.column(name)) is not None), None)
    if errors is None or at is None or len(at.values) != len(errors.values) or "NaN" in errors.values:
        return None
    return at, errors


def _levels(table: Table, errors: Column) -> Column | None:
    told = table.column(LEVEL)
    return told if told is not None and len(told.values) == len(errors.values) else None


def unit_of(column: Column) -> str:
    """Return the unit of a column as it is printed; "" for that of a plain number."""
    symbol = units.symbol(column.unit)
    return "" if symbol == "1" else symbol
