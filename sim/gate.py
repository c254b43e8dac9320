"""A gate signal that starts and stops counters, and the timer that tells how long it was open."""

from __future__ import annotations

from collections.abc import Callable


class Gate:
    """A two-state signal with listeners: `listener(time, opened)`."""

    def __init__(self) -> None:
        self.opened = False
        self.listeners: list[Callable[[float, bool], None]] = []

    def set(self, time: float, *, opened: bool) -> None:
        """Change the state, and tell every listener at once."""
        if opened != self.opened:
            self.opened = opened
            for listener in tuple(self.listeners):
                listener(time, opened)


class Timer:
    """Times how long a gate is open, to 1 µs, by a time base with a small error."""

    RESOLUTION = 1e-6

    def __init__(self, gate: Gate, error: float) -> None:
        """`error` is the relative error of the time base (1)."""
        self.started = 0.0
        self.stopped = 0.0
        self.running = False
        self._error = error
        gate.listeners.append(self._switch)

    def elapsed(self, time: float) -> float:
        """Return the time shown, in s."""
        true = (time if self.running else self.stopped) - self.started
        return round(true * (1.0 + self._error) / self.RESOLUTION) * self.RESOLUTION

    def _switch(self, time: float, opened: bool) -> None:  # noqa: FBT001 - a listener's signature
        self.running = opened
        if opened:
            self.started = time
        self.stopped = time
