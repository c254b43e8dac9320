"""Reverse traceability: which certificates rest on a standard, and which on these in turn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from remotecal.store import Store
    from remotecal.store.index import UseRow


class Resting(NamedTuple):
    """A certificate of a run whose result rests on a standard."""

    depth: int
    """1 for a run in which it took part; 2 for one with a standard calibrated in such a run, and so on."""
    use: UseRow
    """The run, and the standard through which."""


def resting_on(
    store: Store, number: str, *, since: float = -math.inf, until: float = math.inf, depth: int = 1
) -> Iterator[Resting]:
    """Yield what rests on a standard, the nearest first: each run once, with each of its certificates.

    A calibration is a standard's from the moment its certificate was issued, so from there on it counts for
    others; that one certificate's number leads to the next.

    Args:
        store: where the index is.
        number: serial number of the standard, or the number of a certificate of it.
        since: only runs begun from then on, in seconds since 1970, UTC; those beyond the first depth follow.
        until: only runs begun before, likewise.
        depth: how far to go.
    """
    seen: set[tuple[str, str]] = set()
    numbers = {number}
    for far in range(1, depth + 1):
        found = (
            store.about.uses(numbers, since, until)
            if far == 1
            else store.about.uses(numbers, since, math.inf)
        )
        new = [use for use in found if (use.station, use.run) not in seen]
        seen.update((use.station, use.run) for use in new)
        yield from (Resting(far, use) for use in new)
        numbers = {use.certificate for use in new if use.issued is not None}
        if not numbers:
            return
