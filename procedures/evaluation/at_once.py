"""Totals that count as read at once: in a steady flow they are worth what one knows of when each was read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from remotecal import units
from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError

if TYPE_CHECKING:
    from remotecal.journal.evidence import Evidence
    from remotecal.journal.observation import Observation

DELAY: Final = "reading_delay"
"""Fact of a bench: how far apart in time readings may be that count as taken at once."""

FARTHEST: Final = 1.0
"""Seconds beside a bench's delay by which a repeat may have lasted longer by one total than by another at
all; what is less is counted."""

BEFORE: Final = "_before"
AFTER: Final = "_after"
"""How the parts of an observation end that are read at the beginning, and at the end, of a repeat."""

TOTALS: Final = ("m3", "kg", "1", "mm")
"""Units of what goes on while it is read: totals, counted pulses, and how high a bell stands."""


def apart(entry: Observation, delay: float, by_hand: Collection[str] = ()) -> float:
    """Return by how much longer a repeat lasted by one total than by another, in s.

    That is what reading them one after the other costs: the second readings, one against another, less their
    first ones. Totals that are always read in one order, at one pace, last as long as each other.

    Args:
        entry: the repeat.
        delay: how much that may be by the bench, in s.
        by_hand: names of instruments that a person reads: when that was is not when it was typed.

    Raises:
        EvidenceError: it is so much more that they were not read at once.
    """
    lasted = [
        after.at - before.at
        for name, value in entry.values.items()
        if name.endswith(BEFORE) and (end := entry.values.get(name.removesuffix(BEFORE) + AFTER)) is not None
        for before, after in zip(_totals(value), _totals(end), strict=False)
        if before.source.rpartition(".")[0] not in by_hand
    ]
    found = max(lasted) - min(lasted) if lasted else 0.0
    if found > delay + FARTHEST:
        raise EvidenceError(
            f"{entry.point.name}, repeat {entry.repeat}: by one total it lasted {found:.3g} s longer than by "
            f"another, and by the bench's {DELAY} they are read within {delay:.3g} s"
        )
    return found


def read_by_hand(evidence: Evidence) -> list[str]:
    """Return the names of the instruments that a person read."""
    return [one.name for one in evidence.instruments.values() if one.address.startswith("by-hand:")]


def is_total(one: Measured) -> bool:
    """Tell whether a reading goes on while it is read."""
    return any(units.same_dimension(one.unit, unit) for unit in TOTALS)


def _totals(value: object) -> Iterator[Measured]:
    """Yield the readings of totals in a part of an observation."""
    if isinstance(value, Measured):
        if is_total(value):
            yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _totals(one)
