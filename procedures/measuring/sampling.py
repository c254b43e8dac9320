"""Reading what drifts while a repeat lasts, and seeing at once that the repeat is worth something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.measured import passed
from remotecal.errors import GarbledReply, LinkLost, NoReply, RunError
from remotecal.procedures import Often
from remotecal.procedures.library.evaluation.at_once import is_total

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantities import BoundReading
    from remotecal.procedures import Run

SAMPLES = 20
"""Readings of what drifts slowly during one repeat."""

SAMPLED: Final = Often(SAMPLES, evenly=True)
"""What an observation says of what is read so."""

AT_ONCE: Final = 0.2
"""Seconds within which totals that flow on should be read together."""

ATTEMPTS: Final = 3
"""How often they are read at most, where they were not."""

WORTH: Final = 0.8
"""To what share of it another attempt must bring how far apart they were, or it was the instruments' pace."""


def sample(
    run: Run, duration: float, quantities: Mapping[str, BoundReading], samples: int = SAMPLES
) -> dict[str, tuple[Measured, ...]]:
    """Read quantities together, again and again, while `duration` seconds pass; returns name → readings."""
    rows = []
    for _ in range(samples):
        rows.append(run.read(*quantities.values()))
        run.wait(duration / samples)
    return dict(zip(quantities, zip(*rows, strict=True), strict=True))


def read_totals(
    run: Run, counters: Mapping[str, BoundReading], *, flowing: bool = False
) -> dict[str, Measured]:
    """Read totals together; returns name → reading.

    A total that is `flowing` on is worth as much as one knows when it was read. Where one was read late, for
    its instrument had to be asked again or this computer was kept from its work, all are read once more, but
    for those that a person reads; those that were read nearest together count.
    """
    again = flowing and not any(isinstance(one.instrument, HandInstrument) for one in counters.values())
    best = run.read(*counters.values())
    for _ in range(ATTEMPTS - 1):
        if not again or _apart(best) <= AT_ONCE:
            break
        try:
            found = run.read(*counters.values())
        except (NoReply, LinkLost, GarbledReply):  # what was read is no worse for it
            break
        again = _apart(found) < WORTH * _apart(best)
        best = min(found, best, key=_apart)
    return dict(zip(counters, best, strict=True))


def _apart(readings: Sequence[Measured]) -> float:
    """Return how far apart in time totals among readings were taken, in s."""
    times = [one.at for one in readings if is_total(one)]
    return max(times) - min(times) if times else 0.0


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
