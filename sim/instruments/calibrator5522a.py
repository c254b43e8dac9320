"""A 5522A that simulates a resistance."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from remotecal.drivers.fluke.calibrator5522a import Fluke5522A, Status
from remotecal.sim.simulated_lines import Reply, ScpiSimulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from remotecal.sim.simulated import Refused
    from remotecal.sim.world import World

SETTLES = 2.0
"""Seconds from when it operates until its output has settled."""
REFUSED = "531"
"""A fault number for what it does not do; which one it truly gives is unverified."""


class Calibrator5522A(ScpiSimulated):
    """A 5522A in front of whatever is connected to its terminals. It stands by after it was switched on."""

    def __init__(
        self,
        world: World,
        *,
        true: Callable[[float], float] = lambda told: told,
        serial: str = "9992001",
        name: str = "5522A",
    ) -> None:
        """`true` gives the resistance in ohms that it truly simulates, by what it was told."""
        self._true, self._since = true, math.inf
        self._faults: deque[str] = deque()
        super().__init__(
            Fluke5522A,
            world,
            name,
            f"FLUKE,5522A,{serial},5.2+1.3+2.0+*",
            reads={"status": self._status},
            writes={"operate": lambda _: self._operate(), "stand_by": lambda _: self._stand_by()},
            commands={r"FAULT\?": lambda _: self._faults.popleft() if self._faults else "0"},
        )

    def resistance(self) -> float:
        """Return what is between its terminals, in ohms; infinite while it stands by."""
        if not math.isfinite(self._since):
            return math.inf
        return self._true(float(self._held["resistance"]))

    def _status(self) -> int:
        if not math.isfinite(self._since):
            return 0
        settled = self.world.time - self._since >= SETTLES
        return int(Status.OPERATING) | (int(Status.SETTLED) if settled else 0)

    def _operate(self) -> None:
        self._since = self.world.time

    def _stand_by(self) -> None:
        self._since = math.inf

    def _reset(self) -> None:
        self._stand_by()

    def _unknown(self, line: str) -> Reply:
        self._faults.append(REFUSED)
        return None

    def _refused(self, refusal: Refused) -> Reply:
        self._faults.append(REFUSED)
        return None
