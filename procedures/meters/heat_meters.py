"""What flow sensors of heat meters are held against: permissible errors by class, test flows.

The figures are those of EN 1434-1 and -5, OIML R 75 and 2014/32/EU annex VI as they are commonly cited; the
standards themselves have not been seen here, so all of it is unverified, and parameters where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from remotecal.uncertainty.conformity import Tolerance

NORM: Final = "EN 1434-1:2022"
"""The document the classes are of (unverified)."""

Formula = tuple[float, float]
"""What a part may be off in %: the first, and the second times q_p/q or Δθ_min/Δθ."""

FLOW: Final[Mapping[int, Formula]] = {1: (1.0, 0.01), 2: (2.0, 0.02), 3: (3.0, 0.05)}
"""Class → what its flow sensor may be off in %: the first, and the second times q_p/q (unverified)."""
MOST: Final = 5.0
"""What no flow sensor may be more off, in %."""

PointName: TypeAlias = Literal["q_i", "0.1 q_p", "q_p", "q_s"]


def flow_limit(accuracy_class: int, permanent: float, flow: float, formula: Formula | None = None) -> float:
    """Return what a flow sensor may be off in %, by its class, its permanent flow q_p and the flow.

    Its class's formula counts where none is given.

    >>> flow_limit(2, 2.5, 0.025), flow_limit(3, 2.5, 0.025)
    (4.0, 5.0)
    """
    constant, rising = formula or FLOW[accuracy_class]
    return min(constant + rising * permanent / flow, MOST)


def never_more(limit: float, decimals: int) -> float:
    """Return a limit as it is printed, and judged by: rounded down, for a norm permits no more than it says.

    >>> never_more(2.0109, 2), never_more(1.01, 3)
    (2.01, 1.01)
    """
    steps = 10.0**decimals
    return math.floor(limit * steps + 1e-6) / steps


@dataclass(frozen=True, slots=True)
class FlowLimit:
    """What a flow sensor may be off, in %: more at small flows."""

    accuracy_class: int
    permanent: float
    """Its permanent flow q_p in m³/h."""
    formula: Formula | None = None
    """Its own, where it is not its class's."""

    def at(self, place: float) -> Tolerance:
        """Return the limits at a flow in m³/h, to 0.001 %."""
        limit = flow_limit(self.accuracy_class, self.permanent, place, self.formula)
        return Tolerance.symmetric(never_more(limit, 3))

    def __str__(self) -> str:
        constant, rising = self.formula or FLOW[self.accuracy_class]
        return f"±({constant:g} + {rising:g}·q_p/q) %, at most ±{MOST:g} %, q_p = {self.permanent:g} m3/h"


@dataclass(frozen=True, slots=True)
class SensorFlows:
    """The characteristic flows of a flow sensor, in m³/h."""

    smallest: float
    """q_i."""
    permanent: float
    """q_p."""
    highest: float
    """q_s."""

    def window(self, point: PointName) -> tuple[float, float]:
        """Return between which flows a test at a point must lie, in m³/h (EN 1434-5; unverified)."""
        windows = {
            "q_i": (self.smallest, 1.1 * self.smallest),
            "0.1 q_p": (0.1 * self.permanent, 0.11 * self.permanent),
            "q_p": (0.9 * self.permanent, self.permanent),
            "q_s": (0.9 * self.highest, self.highest),
        }
        return windows[point]

    def aim(self, point: PointName) -> float:
        """Return the flow to test at, in m³/h: the middle of the window, to four digits."""
        low, high = self.window(point)
        return float(f"{(low + high) / 2:.4g}")
