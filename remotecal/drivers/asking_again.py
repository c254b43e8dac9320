"""How often an instrument is asked again that can't answer just now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from remotecal.drivers.talks import Pause

PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each new attempt to ask an instrument that can't answer just now."""

PATIENCE: Final = 10.0
"""Seconds after the first refusal during which it is asked again."""


class Again:
    """Whether a question that was refused for the moment is asked again; every attempt is an exchange."""

    def __init__(self, pauses: Sequence[float] = PAUSES) -> None:
        self._pauses = pauses
        self._tried = 0
        self._until = time.monotonic() + PATIENCE

    def pause(self) -> Pause | None:
        """Return the pause before the next attempt; None where there were enough."""
        if self._tried >= len(self._pauses) or time.monotonic() > self._until:
            return None
        self._tried += 1
        return Pause(self._pauses[self._tried - 1])
