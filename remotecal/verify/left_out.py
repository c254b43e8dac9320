"""Readings that were taken for a series of an observation and do not stand in it.

A series that goes on until a bell has sunk or a tank is full has no number of readings that an order gives.
But each exchange that gives such a reading has its purpose: it stands in the observation, or somebody waited
by it for a quantity to come to rest, or watched over the rig. What is left over was left out. Of several
devices in a role one may be silent; one that answered at each end of a repeat was not.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, cast

from remotecal.drivers.measured import Measured
from remotecal.journal.events import seconds
from remotecal.journal.exchanges import looks_of
from remotecal.journal.values import readings
from remotecal.procedures.held import SAME_TIME
from remotecal.procedures.library.evaluation.at_once import is_total
from remotecal.procedures.procedure import of_role
from remotecal.runs.setups import NOT_SET_UP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from remotecal.journal.events import Event
    from remotecal.journal.exchanges import Exchange
    from remotecal.journal.occurrences import Occurrence

STRAY = 2
"""Readings of a quantity in a repeat that may go unused: asked for again, or for a look that is not told yet.

Totals are none of these: they are read together until they are near enough in time."""

BEFORE = 1.0
"""Seconds by which a wait may have begun before an event `stable` lets it: as long as that took to write."""


class LeftOut:
    """Counts, repeat by repeat, what instruments were asked for a series beyond what stands in it.

    Args:
        gives: tells whether an exchange gives a reading of an instrument's quantity, as its driver reads it.
    """

    def __init__(self, gives: Callable[[str, int], bool]) -> None:
        self._gives = gives
        self._every: dict[str, float] = {}
        """What is watched → seconds from one look to the next."""
        self._looks = Counter[str]()
        """Quantity → how often the watch looked at it in the repeat."""
        self._rested: list[tuple[str, float, float]] = []
        """Quantities that were waited for in it, from when to when."""
        self._tells_looks = True
        """Whether the journal tells how often somebody looked, as format 1 did not."""
        self._roles: Mapping[str, str] = {}
        """Role → name of what fills it."""
        self._untold = set[str]()
        """Names of those that are said not to have told in the repeat how they are set up."""

    def begin(self) -> None:
        """Begin a repeat."""
        self._looks.clear()
        self._untold.clear()
        self._rested = []

    def follow(self, event: Event) -> None:
        """Go on to the next event."""
        if event.kind == "start":
            self._tells_looks = event.data["format"] != 1
            self._roles = cast("Mapping[str, str]", event.data["roles"])
        if event.kind == "note" and event.data["text"] == NOT_SET_UP:
            self._untold.add(str(event.data.get("instrument")))
        if event.kind == "watch":
            looked = cast("Sequence[Mapping[str, str | float]]", event.data["looks"])  # shapes are checked
            self._every = {str(one["what"]): float(one["every"]) for one in looked}
        for what, looks in looks_of(event).items():
            most = 2 + (looks.last - looks.first) / self._every.get(what, math.inf)
            self._looks.update(dict.fromkeys(what.split(", "), min(looks.times, math.ceil(most))))
        if event.kind == "stable":
            end, waited = seconds(event.at), float(cast("float", event.data["waited"]))
            found = cast("Sequence[Mapping[str, str]]", event.data["found"])
            self._rested += [(one["quantity"], end - waited, end) for one in found]

    def of(self, told: Occurrence, kept: Mapping[int, Exchange]) -> Iterator[str]:
        """Yield what was left out of an observation's series, in words.

        Args:
            told: the observation.
            kept: the exchanges of its repeat.
        """
        yield from self._silent(told, kept)
        if not self._tells_looks:
            return
        for source, requests in _series(told, kept).items():
            used = _used(told, source)
            asked = [one for one in kept.values() if (one.instrument, one.request) in requests]
            taken = [one.at for one in asked if one.number in used]
            rested = [
                (begin, end)
                for quantity, begin, end in self._rested
                if quantity == source and not any(begin + SAME_TIME < at < end - SAME_TIME for at in taken)
            ]
            spare = [
                one
                for one in asked
                if one.number not in used
                and not any(begin - BEFORE < one.at < end + SAME_TIME for begin, end in rested)
            ]
            again = sum(one.again for one in asked if one.number in used)
            due = self._looks[source] + STRAY - again
            if sum(1 + one.again for one in spare) <= due:
                continue
            over = sum(1 + one.again for one in spare if self._gives(source, one.number)) - due
            if over > 0:
                yield f"line {told.event.seq}: {source} was read {over + STRAY} times more than stands there"

    def _silent(self, told: Occurrence, kept: Mapping[int, Exchange]) -> Iterator[str]:
        """Yield which of several devices in a role answered, and stand not where the others do, in words.

        One that answered at one end of a repeat alone tells nothing, and is left out of both.
        """
        lacking: defaultdict[str, list[Sequence[int]]] = defaultdict(list)
        for value in told.values.values():
            if value and isinstance(value, tuple) and not isinstance(value, Measured):
                for source, others in self._missing(value):
                    lacking[source].append(others)
        for source, parts in lacking.items():
            name = source.rpartition(".")[0]
            used = _used(told, source)
            given = (
                one.number
                for one in kept.values()
                if one.instrument == name and one.number not in used and self._gives(source, one.number)
            )
            near = Counter(
                min(range(len(parts)), key=lambda at: _apart(parts[at], number)) for number in given
            )
            if len(near) == len(parts) and near.total() > self._looks[source]:
                yield f"line {told.event.seq}: {source} answered, and what it told does not stand there"

    def _missing(self, value: Sequence[Measured]) -> Iterator[tuple[str, Sequence[int]]]:
        """Yield who stands not in a series where others of its role do, each with the others' exchanges."""
        there, quantities = (set(said) for said in zip(*map(_parted, value), strict=True))
        of = {of_role(role) for role, name in self._roles.items() if name in there}
        absent = {name for role, name in self._roles.items() if of_role(role) in of} - there
        for name in sorted(absent - self._untold):
            for quantity in sorted(quantities):
                yield f"{name}.{quantity}", [one.exchange or 0 for one in value]


def _used(told: Occurrence, source: str) -> set[int | None]:
    """Return the exchanges by which a source stands in an observation, whatever else was read by them.

    What was asked for another source by itself, never for both at once, was asked for that one alone.
    """
    by: defaultdict[str, set[int | None]] = defaultdict(set)
    for _, one in told.observed:
        by[one.source].add(one.exchange)
    own = by.pop(source, set())
    return own.union(*(others for others in by.values() if own and own.isdisjoint(others)))


def _parted(one: Measured) -> tuple[str, str]:
    """Return who gave a reading, and the quantity."""
    name, _, quantity = one.source.rpartition(".")
    return name, quantity


def _apart(numbers: Sequence[int], number: int) -> int:
    """Return how far an exchange is from the nearest of others."""
    return min(abs(one - number) for one in numbers)


def _series(told: Occurrence, kept: Mapping[int, Exchange]) -> dict[str, set[tuple[str, bytes]]]:
    """Return the sources of an observation's series, but for totals, and what was asked for them of whom."""
    found: defaultdict[str, set[tuple[str, bytes]]] = defaultdict(set)
    series = {name for name, value in told.values.items() if not isinstance(value, Measured)}
    for name, one in readings(told.values):
        exchange = kept.get(one.exchange or 0)
        if name in series and exchange is not None and not is_total(one):
            found[one.source].add((exchange.instrument, exchange.request))
    return found
