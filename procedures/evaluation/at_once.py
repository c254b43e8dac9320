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

ON_THE_WIRE: Final = 1.0
"""Seconds by which replies to questions asked at once may come one after the other, beside that."""

ENDS: Final = ("_before", "_after")
"""How the parts of an observation end that are read at the beginning, and at the end, of a repeat."""

TOTALS: Final = ("m3", "kg", "1", "mm")
"""Units of what goes on while it is read: totals, counted pulses, and how high a bell stands."""


def see_at_once(entry: Observation, delay: float) -> None:
    """Raise `EvidenceError` where totals of a repeat were read farther apart than a bench's delay, in s."""
    for end in ENDS:
        read = [value for name, value in entry.values.items() if name.endswith(end)]
        times = [one.at for value in read for one in _totals(value)]
        if times and (apart := max(times) - min(times)) > delay + ON_THE_WIRE:
            raise EvidenceError(
                f"{entry.point.name}, repeat {entry.repeat}: totals that count as read at once were read "
                f"{apart:.3g} s apart, and by the bench's {DELAY} they are {delay:.3g} s apart at most"
            )


def _totals(value: object) -> Iterator[Measured]:
    """Yield the readings of totals in a part of an observation."""
    if isinstance(value, Measured):
        if any(units.same_dimension(value.unit, unit) for unit in TOTALS):
            yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _totals(one)
