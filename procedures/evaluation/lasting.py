"""How long a repeat is said to have lasted, by the run's clock, held against when it was read."""

from __future__ import annotations

import statistics
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from remotecal import units
from remotecal.errors import EvidenceError
from remotecal.journal.values import indicated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.procedures import Observed

ROUNDED: Final = 1e-3
"""Seconds by which times that were rounded may seem to contradict each other."""
SURELY: Final = 0.9
"""What of the shortest time from one row to the next surely passed behind the last one, too: that time is the
wait and the first reading of a row, and that of the first row may have come quicker than any other's."""


def see_duration(seen: Observed, rest: float = 0.0, *, around: bool = False) -> None:
    """Raise `EvidenceError` if a repeat can't have lasted as long as its part `duration` says.

    Args:
        seen: what it yielded.
        rest: seconds that were waited behind it, before anything else was read.
        around: whether what is read at both ends took its time within it.
    """
    if (took := _said_to_last(seen)) is None:
        return
    began, over = (seen.entry.began, seen.entry.at) if around else _within(seen)
    whole, read = over - began - rest, _least(seen, over - rest)
    if not max(read - ROUNDED, 0.0) < took <= whole + ROUNDED:
        short = 0 < took < read
        where = f"where readings go on for {read:g} s" if short else f"in a repeat of {whole:g} s"
        raise EvidenceError(f"{seen.entry.point.name}: {took:g} s are said to have passed {where}")


def _said_to_last(seen: Observed) -> float | None:
    """Return how long it lasted in s, by its part `duration`; None where that is no number, or no time."""
    part, told = seen.parts().get("duration"), getattr(seen, "duration", None)
    if part is None or part.kind is not float or told is None or not units.same_dimension(part.units[0], "s"):
        return None
    return float(units.convert(float(told), part.units[0], "s"))


def _series(seen: Observed, *, evenly: bool) -> list[list[float]]:
    """Return when each series of a known number was read, by each source; all, or those taken evenly."""
    often = {name: part.often for name, part in seen.parts().items() if part.often is not None}
    times = defaultdict[tuple[str, str], list[float]](list)
    for name, one in indicated(seen.entry.values):
        if name in often and often[name].evenly >= evenly:
            times[name, one.source].append(one.at)
    return list(times.values())


def _least(seen: Observed, over: float) -> float:
    """Return how long it lasted at least: until the last row was read, and waited for, up to `over`."""
    read = max((max(times) - min(times) for times in _series(seen, evenly=False)), default=0.0)
    return max([read, *(_until_waited(each, over) for each in _together(_series(seen, evenly=True)))])


def _together(series: Sequence[list[float]]) -> list[list[list[float]]]:
    """Return series in groups that were read together: a repeat may collect twice."""
    groups: list[list[list[float]]] = []
    for one in sorted(series):
        if groups and min(one) <= max(map(max, groups[-1])):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _until_waited(series: Sequence[list[float]], over: float) -> float:
    """Return how long it took at least from the first row of series to the wait behind the last.

    An instrument that tells but now and then makes rows wait longer; it was over then all the same. From one
    row to the next its first reading takes its time, too; what others of the row took tells how long.
    """
    most = max(map(len, series))
    rows: list[tuple[float, ...]] = list(zip(*(each for each in series if len(each) == most), strict=True))
    waited = min((min(later) - max(earlier) for earlier, later in pairwise(rows)), default=0.0)
    pace = statistics.median(max((b - a for a, b in pairwise(sorted(row))), default=0.0) for row in rows)
    waited = min(waited - pace, over - max(rows[-1]))
    return max(rows[-1]) - min(rows[0]) + SURELY * max(waited, 0.0)


def _within(seen: Observed) -> tuple[float, float]:
    """Return within which times it lasted: between what was read ahead of what is taken evenly and behind."""
    began, over, series = seen.entry.began, seen.entry.at, _series(seen, evenly=True)
    if series:
        parts, first, last = seen.parts(), min(map(min, series)), max(map(max, series))
        read = [(one.at, parts[name].often) for name, one in indicated(seen.entry.values)]
        others = [at for at, often in read if often is None or not often.evenly]
        began = max([began, *(at for at in others if at <= first)])
        over = min([over, *(at for at in others if at >= last)])
    return began, over
