"""How long a run takes, at the pace of what was done."""

from __future__ import annotations

from datetime import timedelta


class Tempo:
    """How long a run has taken, and how long what its plan still asks for will, at the pace of what was done.

    As text `0:20:00, 0:40:00 left`, or only the first until there is a pace. What was done before the run was
    taken up again sets none.
    """

    def __init__(self) -> None:
        self._first: float | None = None
        self._share = self._until = self._seconds = 0.0

    def see(self, seconds: float, share: float) -> None:
        """Take note of how much of the plan is done so many seconds after the run began or was taken up."""
        if self._first is None:
            self._first = self._share = share
        if share > self._share:
            self._share, self._until = share, seconds
        self._seconds = seconds

    @property
    def left(self) -> float | None:
        """Seconds left; None until there is a pace."""
        made = self._share - (self._first or 0.0)
        if not made:
            return None
        left = self._until / made * (1 - self._share) - (self._seconds - self._until)
        return max(left, 0.0)

    def __str__(self) -> str:
        spent = str(timedelta(seconds=round(self._seconds)))
        return spent if self.left is None else f"{spent}, {timedelta(seconds=round(self.left))} left"
