"""Reading what drifts while a repeat lasts, and seeing at once that the repeat is worth something."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.measured import passed
from remotecal.errors import RunError
from remotecal.procedures import Often

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantities import BoundReading
    from remotecal.procedures import Run

SAMPLES = 20
"""Readings of what drifts slowly during one repeat."""

SAMPLED: Final = Often(SAMPLES)
"""What an observation says of what is read so."""

AT_ONCE = 0.2
"""Seconds within which totals that are read together should be read."""

ATTEMPTS = 4
"""How often they are read at most, where it took longer: where instruments are slow it always does."""


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
    """Read totals together; returns name → reading.

    A total that flows on is worth as much as one knows when it was read. Where a reading took long, because
    an instrument did not answer at once or this computer was kept from its work, all are read again, but for
    those that a person reads; what was read quickest counts.
    """
    by_hand = any(isinstance(counter.instrument, HandInstrument) for counter in counters.values())
    tried: list[tuple[float, tuple[Measured, ...]]] = []
    while not tried or (len(tried) < ATTEMPTS and not by_hand and tried[-1][0] > AT_ONCE):
        begun = run.clock.now()
        found = run.read(*counters.values())
        tried.append((run.clock.now() - begun, found))
    _, quickest = min(tried, key=itemgetter(0))
    return dict(zip(counters, quickest, strict=True))


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
