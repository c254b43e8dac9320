"""How often somebody may ask who is not known."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final

from remotecal.errors import TooOften

MINUTE: Final = 60.0
"""Seconds in which requests are counted."""
MOST: Final = 30
"""Requests of one address in that time."""
MOST_ADDRESSES: Final = 10_000
"""Addresses that are told apart in that time; those that come later are counted as one."""
LATER: Final = "all others"


class Sparing:
    """Counts the requests of each address, minute by minute; safe from any thread."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def admit(self, host: str, now: float) -> None:
        """Count a request (`TooOften`: there were too many of this address in this minute)."""
        where = _network(host)
        with self._lock:
            if (minute := int(now // MINUTE)) != self._minute:
                self._minute, self._counts = minute, Counter()
            if where not in self._counts and len(self._counts) >= MOST_ADDRESSES:
                where = LATER
            self._counts[where] += 1
            if self._counts[where] > MOST:
                raise TooOften(f"{MOST} requests a minute are answered: wait a minute", "anybody")


def _network(host: str) -> str:
    """Return whose an address is: of IPv6 a whole network is one customer's."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(int(address) >> 64) if isinstance(address, IPv6Address) else host
