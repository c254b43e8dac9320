"""The conditions a certificate states: between what and what a quantity was during the run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from remotecal.model import Condition, Text

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured


def between(kind: str, name: Text, readings: Iterable[Measured], unit: str, decimals: int) -> Condition:
    """Return the condition that a quantity lay between its smallest and its largest reading.

    Args:
        kind: refType of the condition.
        name: what it is called.
        readings: all of the run.
        unit: to state it in.
        decimals: to state it with.
    """
    values = [reading.to(unit).value for reading in readings]
    low, high = (f"{value:.{decimals}f}" for value in (min(values), max(values)))
    return Condition.between(kind, name, low, high, unit)
