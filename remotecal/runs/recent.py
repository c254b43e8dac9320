"""What a watch over a rig read in the last minute: told to whoever looks on, and kept when it trips."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Final

from remotecal.drivers.digits import digits_of

if TYPE_CHECKING:
    from remotecal.bench_file import Interlock
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.readings import BoundReading
    from remotecal.journal.events import Json

REACH: Final = 60.0
"""Seconds that it goes back."""
APART: Final = 0.5
"""Seconds from one value that is kept to the next, at least; the latest is kept besides."""
LONGEST: Final = 2**16
"""Letters that a journal's line says of them, at most; of what tripped it says all."""


class Recent:
    """The last minute of what is watched, by source. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[str, Measured] = {}
        self._kept: dict[str, deque[Measured]] = {}
        self.digits: dict[str, int] = {}
        """Source → digits behind the point, see `digits_of`; of those of which that is known."""
        self.limits: Sequence[Interlock] = ()
        """What stops the run."""

    def note(self, readings: Iterable[Measured]) -> None:
        """Take note of what was read."""
        with self._lock:
            for one in readings:
                if not isfinite(one.value):
                    continue
                self._latest[one.source] = one
                kept = self._kept.setdefault(one.source, deque())
                if not kept or one.at - kept[-1].at >= APART:
                    kept.append(one)
                while kept and kept[0].at < one.at - REACH:
                    kept.popleft()

    def shown_with(self, quantities: Iterable[BoundReading]) -> None:
        """Take note of how many digits these have."""
        for one in quantities:
            if (digits := digits_of(one.declaration)) is not None:
                self.digits = {**self.digits, one.source: digits}

    def latest(self) -> Mapping[str, Measured]:
        """Return the latest reading of each."""
        with self._lock:
            return dict(self._latest)

    def told(self, now: float, tripped: str = "") -> dict[str, Json]:
        """Return what a journal's event `interlock` tells of the last minute before a time; {} if nothing.

        What tripped comes first, and of the others those that the line has room for.
        """
        trend = sorted(self.trend(now), key=lambda one: one["what"] != tripped)
        room = LONGEST
        kept: list[Json] = []
        for one in trend:
            room -= len(json.dumps(one))
            if room >= 0 or one["what"] == tripped:
                kept.append(one)
        return {"trend": kept} if kept else {}

    def trend(self, now: float) -> list[dict[str, Json]]:
        """Return the last minute before a time, of each quantity."""
        with self._lock:
            whole = {
                source: [*kept, *(one for one in (self._latest[source],) if one is not kept[-1])]
                for source, kept in self._kept.items()
            }
        return [
            {
                "unit": readings[-1].unit,
                "values": [[round(one.at - now, 3), one.value] for one in readings if one.at >= now - REACH],
                "what": source,
            }
            for source, readings in whole.items()
            if readings[-1].at >= now - REACH
        ]
