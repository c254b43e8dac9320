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


Formula = tuple[float, float]
"""What a part may be off in %: the first, and the second times q_p/q or Δθ_min/Δθ."""


def flow_limit(accuracy_class: int, permanent: float, flow: float, formula: Formula | None = None) -> float:
    """Return what a flow sensor may be off in %, by its class, its permanent flow q_p and the flow.

    Its class's formula counts where none is given.

    >>> flow_limit(2, 2.5, 0.025), flow_limit(3, 2.5, 0.025)
    (4.0, 5.0)
    """
    constant, rising = formula or FLOW[accuracy_class]
    return min(constant + rising * permanent / flow, MOST)


def pair_limit(smallest: float, difference: float, formula: Formula = PAIR) -> float:
    """Return what a pair may be off in %, by its smallest difference and the difference in K.

    >>> pair_limit(3.0, 3.0)
    3.5
    """
    return DifferenceLimit(*formula, smallest).at(difference).upper


def calculator_limit(smallest: float, difference: float, formula: Formula = CALCULATOR) -> float:
    """Return the same of a calculator.

    >>> calculator_limit(3.0, 3.0)
    1.5
    """
    return DifferenceLimit(*formula, smallest).at(difference).upper


def complete_limit(
    accuracy_class: int,
    flows: tuple[float, float],
    differences: tuple[float, float],
    *,
    flow: Formula | None = None,
    pair: Formula = PAIR,
    calculator: Formula = CALCULATOR,
) -> float:
    """Return what a complete meter may be off in %: the arithmetic sum of its parts' (2014/32/EU, annex VI).

    >>> complete_limit(2, (2.5, 0.25), (3.0, 30.0))
    3.6

    Args:
        accuracy_class: 1, 2 or 3.
        flows: its permanent flow q_p, and the flow.
        differences: its smallest difference, and the difference.
        flow: formula of its flow sensor, where it is not its class's.
        pair: formula of its pair.
        calculator: formula of its calculator.
    """
    of_parts = (
        flow_limit(accuracy_class, *flows, flow),
        pair_limit(*differences, pair),
        calculator_limit(*differences, calculator),
    )
    return round(sum(of_parts), 12)
