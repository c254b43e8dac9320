"""The conditions a certificate states: between what and what a quantity was during the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.model import Condition, Text

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured


class Ends:
    """The smallest and the largest reading of a quantity; a long run has more readings than could be held.

    Args:
        unit: to tell them in.
    """

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.low, self.high = float("inf"), float("-inf")

    def take(self, *readings: Measured) -> None:
        """Go on to further readings."""
        for reading in readings:
            value = reading.to(self.unit).value
            self.low, self.high = min(self.low, value), max(self.high, value)


def between(kind: str, name: Text, ends: Ends, decimals: int) -> Condition:
    """Return the condition that a quantity lay between its smallest and its largest reading.

    Args:
        kind: refType of the condition.
        name: what it is called.
        ends: of all readings of the run.
        decimals: to state it with.
    """
    low, high = (f"{value:.{decimals}f}" for value in (ends.low, ends.high))
    return Condition.between(kind, name, low, high, ends.unit)
