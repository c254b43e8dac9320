"""Totals that count as read at once: in a steady flow they are worth what one knows of when each was read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from remotecal import units
from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError

if TYPE_CHECKING:
    from remotecal.journal.observation import Observation

DELAY: Final = "reading_delay"
"""Fact of a bench: how far apart in time readings may be that count as taken at once."""

FARTHEST: Final = 1.0
"""Seconds beside a bench's delay by which totals may have been read apart at all: what is less is counted."""

ENDS: Final = ("_before", "_after")
"""How the parts of an observation end that are read at the beginning, and at the end, of a repeat."""

TOTALS: Final = ("m3", "kg", "1", "mm")
"""Units of what goes on while it is read: totals, counted pulses, and how high a bell stands."""


def apart(entry: Observation, delay: float) -> float:
    """Return how far apart in time totals of a repeat were read that count as read at once, in s.

    Args:
        entry: the repeat.
        delay: how far apart they may be by the bench, in s.

    Raises:
        EvidenceError: it is so much more that they were not read at once.
    """
    found = 0.0
    for end in ENDS:
        read = [value for name, value in entry.values.items() if name.endswith(end)]
        times = [one.at for value in read for one in _totals(value)]
        found = max(found, max(times) - min(times) if times else 0.0)
    if found > delay + FARTHEST:
        raise EvidenceError(
            f"{entry.point.name}, repeat {entry.repeat}: totals that count as read at once were read "
            f"{found:.3g} s apart, and by the bench's {DELAY} they are {delay:.3g} s apart at most"
        )
    return found


def _totals(value: object) -> Iterator[Measured]:
    """Yield the readings of totals in a part of an observation."""
    if isinstance(value, Measured):
        if any(units.same_dimension(value.unit, unit) for unit in TOTALS):
            yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _totals(one)
