"""A quantity that moves to where it was sent at a constant rate: a valve, a drive's speed."""

from __future__ import annotations


class Ramp:
    """A position between 0 and 1 that travels at `rate` per second.

    `move` sends it, `at` tells where it is. A stuck ramp takes commands and stays where it is.
    """

    __slots__ = ("_start", "_target", "_value", "rate", "stuck")

    def __init__(self, rate: float, value: float = 0.0) -> None:
        self.rate = rate
        self.stuck = False
        self._value = value
        self._target = value
        self._start = 0.0

    @property
    def target(self) -> float:
        """Where it was sent."""
        return self._target

    def at(self, time: float) -> float:
        """Return the position at `time` in seconds of world time."""
        gap = self._target - self._value
        if gap == 0.0 or self.stuck:
            return self._value
        travelled = (time - self._start) * self.rate
        if travelled >= abs(gap):
            return self._target
        return self._value + (travelled if gap > 0 else -travelled)

    def moving(self, time: float) -> bool:
        """Tell whether it is still on its way."""
        return not self.stuck and self.at(time) != self._target

    def move(self, target: float, time: float) -> None:
        """Send it to `target`, from where it is at `time`."""
        self._value = self.at(time)
        self._start = time
        self._target = target

    def stick(self, time: float) -> None:
        """Hold it where it is until `release`, whatever it is told."""
        self._value = self.at(time)
        self.stuck = True

    def release(self, time: float) -> None:
        """Let it go on to where it was last sent."""
        self._start = time
        self.stuck = False
