"""What a heat meter and its parts may be off, by class (EN 1434-1, OIML R 75, 2014/32/EU annex VI).

The formulas of the parts are unverified, and parameters of the procedures where they are used; that a
complete meter may be off by their arithmetic sum is the directive's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from remotecal.uncertainty.conformity import Tolerance

FLOW: Final[Mapping[int, tuple[float, float]]] = {1: (1.0, 0.01), 2: (2.0, 0.02), 3: (3.0, 0.05)}
"""Class → what its flow sensor may be off in %: the first, and the second times q_p/q."""
MOST: Final = 5.0
"""What no flow sensor may be more off, in %."""
PAIR: Final = (0.5, 3.0)
"""What a pair of thermometers may be off in %: the first, and the second times Δθ_min/Δθ."""
CALCULATOR: Final = (0.5, 1.0)
"""The same of the calculator."""


@dataclass(frozen=True, slots=True)
class DifferenceLimit:
    """What a pair may be off, in %: more at small differences."""

    constant: float
    rising: float
    smallest: float
    """The smallest difference of the meter, in K."""

    def at(self, place: float) -> Tolerance:
        """Return the limits at a difference in K."""
        return Tolerance.symmetric(self.constant + self.rising * self.smallest / place)

    def __str__(self) -> str:
        return f"±({self.constant:g} + {self.rising:g}·Δθ_min/Δθ) %, Δθ_min = {self.smallest:g} K"


def flow_limit(accuracy_class: int, permanent: float, flow: float) -> float:
    """Return what a flow sensor may be off in %, by its class, its permanent flow q_p and the flow.

    >>> flow_limit(2, 2.5, 0.025), flow_limit(3, 2.5, 0.025)
    (4.0, 5.0)
    """
    constant, rising = FLOW[accuracy_class]
    return min(constant + rising * permanent / flow, MOST)


def pair_limit(smallest: float, difference: float) -> float:
    """Return what a pair may be off in %, by its smallest difference and the difference in K.

    >>> pair_limit(3.0, 3.0)
    3.5
    """
    return DifferenceLimit(*PAIR, smallest).at(difference).upper


def calculator_limit(smallest: float, difference: float) -> float:
    """Return the same of a calculator.

    >>> calculator_limit(3.0, 3.0)
    1.5
    """
    return DifferenceLimit(*CALCULATOR, smallest).at(difference).upper


def complete_limit(
    accuracy_class: int, flows: tuple[float, float], differences: tuple[float, float]
) -> float:
    """Return what a complete meter may be off in %: the arithmetic sum of its parts' (2014/32/EU, annex VI).

    >>> complete_limit(2, (2.5, 0.25), (3.0, 30.0))
    3.6

    Args:
        accuracy_class: 1, 2 or 3.
        flows: its permanent flow q_p, and the flow.
        differences: its smallest difference, and the difference.
    """
    found = flow_limit(accuracy_class, *flows) + pair_limit(*differences) + calculator_limit(*differences)
    return round(found, 12)
