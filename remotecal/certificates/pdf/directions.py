"""The directions a device was led in, beside its mean errors in the error curve: rising and falling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal import units

if TYPE_CHECKING:
    from remotecal.model import Column, Table

RISING, FALLING = "remotecal_rising", "remotecal_falling"
"""refTypes of the columns that tell what a device indicates, as it was come to from below or from above."""

IDEAL: Final = ("remotecal_idealIndication", "basic_referenceValue")
"""refTypes of what it should indicate, the first that a table has."""


@dataclass(frozen=True, slots=True)
class Led:
    """The errors in one direction."""

    name: str
    """`rising` or `falling`."""
    errors: tuple[float, ...]
    """One a row, in the unit of the table's errors."""


def directions(table: Table, errors: Column) -> tuple[Led, ...]:
    """Return both directions, if a table tells them as indications whose errors are those of the table."""
    ideal = next((column for name in IDEAL if (column := table.column(name))), None)
    up, down = table.column(RISING), table.column(FALLING)
    if ideal is None or up is None or down is None:
        return ()
    columns = (ideal, up, down)
    if not all(
        len(column.values) == len(errors.values) and units.same_dimension(column.unit, errors.unit)
        for column in columns
    ):
        return ()
    should, rising, falling = (
        [_in(column, row, errors.unit) for row in range(len(errors.values))] for column in columns
    )
    return tuple(
        Led(name, tuple(is_ - meant for is_, meant in zip(indicated, should, strict=True)))
        for name, indicated in (("rising", rising), ("falling", falling))
    )


def widest(led: tuple[Led, ...]) -> tuple[int, float]:
    """Return the row where both directions differ most, and by how much."""
    rising, falling = (each.errors for each in led)
    apart = [abs(down - up) for up, down in zip(rising, falling, strict=True)]
    return apart.index(max(apart)), max(apart)


def _in(column: Column, row: int, unit: str) -> float:
    return units.convert(float(column.values[row]), column.unit, unit)
