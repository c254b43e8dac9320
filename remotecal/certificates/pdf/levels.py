"""The levels at which errors were found, such as pressures: each is a line of its own in the drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.certificates.pdf.numbers import with_unit

if TYPE_CHECKING:
    from remotecal.model import Column

DASHES: Final = ("none", "1.5 2.5", "10 3", "10 3 1.5 3", "5 5", "10 3 1.5 3 1.5 3", "18 3", "4 1.5")
"""Dashes of the lines, the first level's first; none is that of limits. With the marks, of which there is one
less, 40 levels are told apart, in print without colour, too."""


@dataclass(frozen=True, slots=True)
class Level:
    """The errors at one level."""

    name: str
    """With its unit, as printed."""
    rows: tuple[int, ...]
    """Of the table, from 0."""
    dashes: str
    """Of its line."""


def levels(told: Column | None, errors: Column) -> tuple[Level, ...]:
    """Return the levels that a column (`LEVEL`) tells, in its order; none where there are not several."""
    if told is None or len(told.values) != len(errors.values) or len(set(told.values)) < 2:
        return ()
    rows: dict[str, list[int]] = {}
    for row, value in enumerate(told.values):
        rows.setdefault(value, []).append(row)
    return tuple(
        Level(with_unit((value,), told.unit), tuple(at), DASHES[number % len(DASHES)])
        for number, (value, at) in enumerate(rows.items())
    )
