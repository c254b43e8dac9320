"""What a heat meter and its parts may be off, by class (EN 1434-1, OIML R 75, 2014/32/EU annex VI).

The formulas of the parts are unverified, and parameters of the procedures where they are used; that a
complete meter may be off by their arithmetic sum is the directive's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from remotecal.procedures.library.meters.heat_meters import Formula, flow_limit
from remotecal.uncertainty.conformity import Tolerance

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
