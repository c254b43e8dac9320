"""The last minute of what was heard of a run: its indications, and how well its station's words came."""

from __future__ import annotations

import threading
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from remotecal.transport.messages import Live

REACH: Final = 60.0
"""Seconds that it goes back."""
STEP: Final = 1.0
"""Seconds for which one value of a source is kept, the latest: so a trend takes a kilobyte."""
SOURCES: Final = 24
"""Sources of a run of which a trend is kept, at most."""
WORDS: Final = 400
"""Messages of a run of which it is kept when they came, at most: a station sends five in a second."""


class LineQuality(NamedTuple):
    """How well a station's words came in the last minute."""

    longest: float
    """The longest time without one, in seconds, until the last that came."""
    lost: int
    """Messages that the station sent and that did not come."""
    sent: int
    """Messages that it sent; 0 where it does not number them."""


class LastMinute:
    """What was heard of one run in the last minute. Safe from any thread."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[array[float], array[float]]] = {}
        self._at, self._numbers = array("d"), array("d")
        self._last, self._sent = 0.0, 0
        self._lock = threading.Lock()

    def take(self, live: Live, now: float) -> None:
        """Add what a station says of the run."""
        with self._lock:
            self._take(live, now)

    def _take(self, live: Live, now: float) -> None:
        self._last = now
        for source, (value, _) in live.last.items():
            if source in self._values or len(self._values) < SOURCES:
                self._add(*self._values.setdefault(source, (array("d"), array("d"))), now, value)
        for gone in self._values.keys() - live.last.keys():
            del self._values[gone]
        if 0 < live.sent < self._sent:
            del self._at[:], self._numbers[:]  # the station was started anew, and counts anew
        self._sent = live.sent or self._sent
        number = float(live.sent)  # first, so that both grow, or neither
        self._at.append(now)
        self._numbers.append(number)
        while len(self._at) > WORDS or self._at[0] < now - REACH:
            del self._at[0], self._numbers[0]

    def trend(self, source: str) -> list[tuple[float, float]]:
        """Return the values of a source, each with how many seconds before the last word it was told."""
        with self._lock:
            times, values = self._values.get(source, ((), ()))
            return [(at - self._last, value) for at, value in zip(times, values, strict=True)]

    @property
    def line(self) -> LineQuality:
        """How well the station's words came."""
        with self._lock:
            at, numbered = list(self._at), {number for number in self._numbers if number}
        longest = max((after - before for before, after in pairwise(at)), default=0.0)
        if not numbered:
            return LineQuality(longest, 0, 0)
        sent = round(max(numbered) - min(numbered)) + 1
        return LineQuality(longest, sent - len(numbered), sent)

    @staticmethod
    def _add(times: array[float], values: array[float], now: float, value: float) -> None:
        if len(times) > 1 and now - times[-2] < STEP:
            times[-1], values[-1] = now, value
        else:
            times.append(now)
            values.append(value)
        while times[0] < now - REACH:
            del times[0], values[0]
