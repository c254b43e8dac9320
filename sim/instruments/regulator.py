"""What a pressure controller does to the line it is on: bring it to a pressure, hold it, open it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

Doing = Literal["hold", "control", "vent"]


class Regulator:
    """A closed line with a controller: gauge pressure in kPa against time in s.

    Under control the pressure goes to the target in a straight line; held it leaks away; opened it falls
    as air rushes out, which is what `opened_at` is kept for.
    """

    VENTING = 0.5
    """Time constant of an open line in s."""

    def __init__(self, now: Callable[[], float], *, leak: float = 0.0) -> None:
        """`leak` is the share of the gauge pressure that a held line loses in a second."""
        self.doing: Doing = "hold"
        self.stuck = False
        """Whether the controller is told, and does nothing, as without a supply."""
        self.opened_at: list[float] = []
        """Gauge pressures at which the line was opened to the air, in kPa."""
        self.fastest = 0.0
        """Fastest ramp that was asked for, in kPa/s."""
        self._now, self._leak = now, leak
        self._since, self._from = now(), 0.0
        self._target = self._rate = 0.0

    def pressure(self) -> float:
        """Return the gauge pressure in kPa."""
        passed = self._now() - self._since
        if self.doing == "vent":
            return self._from * math.exp(-passed / self.VENTING)
        if self.doing == "hold" or self.stuck:
            return self._from * math.exp(-self._leak * passed)
        way = self._target - self._from
        done = min(1.0, passed * self._rate / abs(way)) if way else 1.0
        return self._from + done * way

    def settled(self) -> float:
        """Return for how many seconds the pressure has been at the target; 0 where it is not."""
        if self.doing != "control" or self.stuck or not self._rate:
            return 0.0
        return max(0.0, self._now() - self._since - abs(self._target - self._from) / self._rate)

    def control(self, target: float, rate: float) -> None:
        """Go to a gauge pressure in kPa at a rate in kPa/s, and stay there."""
        self.fastest = max(self.fastest, rate)
        self._begin("control")
        self._target, self._rate = target, rate

    def hold(self) -> None:
        """Shut the valves."""
        self._begin("hold")

    def vent(self) -> None:
        """Open the line to the air."""
        self.opened_at.append(self.pressure())
        self._begin("vent")

    def _begin(self, doing: Doing) -> None:
        self._from, self._since = self.pressure(), self._now()
        self.doing = doing
