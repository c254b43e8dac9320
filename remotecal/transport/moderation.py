"""A log that nobody outside can fill: the same complaint is told so often a minute, then counted."""

from __future__ import annotations

import logging
import time
from threading import Lock

MOST = 20
"""How often the same thing is said a minute."""
MINUTE = 60.0


class Moderation(logging.Filter):
    """Lets so many records of the same form pass each minute, and says how many it held back.

    Records are of the same form if the same place of the program makes them, whatever they are about.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._said: dict[tuple[str, int], tuple[float, int]] = {}
        """Place → when its minute began, and how often it has spoken since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is written; the first of a minute says what the one before held back."""
        place, now = (record.pathname, record.lineno), time.monotonic()
        with self._lock:
            began, times = self._said.get(place, (now, 0))
            if now - began >= MINUTE:
                held_back, began, times = max(0, times - MOST), now, 0
                if held_back:
                    record.msg = f"{record.getMessage()} (and {held_back} more like it before)"
                    record.args = ()
            self._said[place] = (began, times + 1)
        return times < MOST
