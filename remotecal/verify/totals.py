"""Totals of devices, from one repeat to the next: what has passed once stays counted.

Nothing in a reply tells of most devices whose it is. But two meters of one kind do not stand at one total:
whoever exchanges what they answered, in the repeats that suit, lets the total of one of them fall.
"""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from remotecal.drivers.capabilities import EnergyTotalizer, MassTotalizer, VolumeTotalizer
from remotecal.drivers.capabilities.needs import needs
from remotecal.drivers.measured import Measured, passed
from remotecal.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remotecal.journal.occurrences import Occurrence

COUNTED: Final = frozenset(
    name for kind in (VolumeTotalizer, MassTotalizer, EnergyTotalizer) for name in needs(kind)
)
"""What devices call totals that nothing but a reset sets back; many counters count pulses anew."""


class Totals:
    """What each device's totals stood at last, since it was opened.

    Args:
        modulus: returns what the counter of a source wraps at; None for one that does not.
    """

    def __init__(self, modulus: Callable[[str], float | None]) -> None:
        self._modulus = modulus
        self._last: dict[str, Measured] = {}

    def opened(self, instrument: str) -> None:
        """Begin anew with what is opened again, for it may have been without power."""
        self._last = {
            source: one for source, one in self._last.items() if source.rpartition(".")[0] != instrument
        }

    def fallen(self, told: Occurrence) -> Iterator[str]:
        """Yield which totals of an observation are less than the same were before, in words."""
        read: defaultdict[str, list[Measured]] = defaultdict(list)
        for _, one in told.observed:
            quantity = one.source.rpartition(".")[2].partition("[")[0]
            if isinstance(one, Measured) and one.exchange is not None and quantity in COUNTED:
                read[one.source].append(one)
        for source, several in read.items():
            for one in sorted(several, key=attrgetter("exchange")):
                last = self._last.get(source, one)
                self._last[source] = one
                try:
                    passed(last, one, self._modulus(source))
                except EvidenceError:
                    yield (
                        f"line {told.event.seq}: {source} stands at {one.value:.15g} {one.unit}, and "
                        f"stood at {last.value:.15g} {last.unit} before"
                    )
