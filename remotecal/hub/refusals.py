"""Noting in the audit log who was refused, but not each time that they try again."""

from __future__ import annotations

import logging
import time
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remotecal.store import Store

log = logging.getLogger(__name__)

SAME_REFUSAL = 60.0
"""Seconds in which the same client is noted once for the same refusal."""
MOST_REFUSALS = 1000
"""Refusals noted within that time; a flood shall not fill the disk."""


class Refusals:
    """The refusals of late; safe from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._noted: dict[tuple[str, str, str], float] = {}
        self._lock = Lock()

    def note(self, who: str, host: str, reason: str, request: str = "") -> None:
        """Note that somebody was refused, unless the same was noted a moment ago.

        Args:
            who: as far as that is known.
            host: where they are.
            reason: why.
            request: what they asked for; the same request is noted once, whatever the reason.

        Raises:
            StoreError: the database can't be used.
        """
        if self._is_new((who, host, request or reason)):
            asked = {"request": request} if request else {}
            self._store.note(who, "refused", {"host": host, **asked, "reason": reason})
            log.warning("refused %s from %s: %s", who, host or "elsewhere", reason)

    def _is_new(self, refusal: tuple[str, str, str]) -> bool:
        now = time.monotonic()
        with self._lock:
            self._noted = {key: at for key, at in self._noted.items() if now - at < SAME_REFUSAL}
            if refusal in self._noted or len(self._noted) >= MOST_REFUSALS:
                return False
            self._noted[refusal] = now
            return True
