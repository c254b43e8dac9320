"""Reading what drifts while a repeat lasts, and seeing at once that the repeat is worth something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from remotecal.drivers.measured import passed
from remotecal.errors import RunError

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantities import BoundReading
    from remotecal.procedures import Run

SAMPLES = 20
"""Readings of what drifts slowly during one repeat."""


def sample(
    run: Run, duration: float, quantities: Mapping[str, BoundReading], samples: int = SAMPLES
) -> dict[str, tuple[Measured, ...]]:
    """Read quantities together, again and again, while `duration` seconds pass; returns name → readings."""
    rows = []
    for _ in range(samples):
        rows.append(run.read(*quantities.values()))
        run.wait(duration / samples)
    return dict(zip(quantities, zip(*rows, strict=True), strict=True))


def read_totals(run: Run, counters: Mapping[str, BoundReading]) -> dict[str, Measured]:
    """Read totals together; returns name → reading."""
    return dict(zip(counters, run.read(*counters.values()), strict=True))


def amount(counter: BoundReading, before: Measured, after: Measured) -> float:
    """Return what passed by a counter, in its own unit, while the repeat can still be measured again.

    Raises:
        EvidenceError: the total fell, and no wrap explains it.
    """
    return passed(before, after, counter.declaration.modulus).value


def see_amount(what: str, found: float) -> None:
    """Raise `RunError` if a repeat gave nothing to compare with."""
    if not found > 0:
        raise RunError(f"{what} is {found:g}: look at the valves and the reference")
