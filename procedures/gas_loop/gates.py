"""What a repeat must be like to count, told while it can still be measured again."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from remotecal.errors import RunError
from remotecal.procedures.library.gas_loop.seen import of_each
from remotecal.procedures.library.measuring.sampling import SAMPLES

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantities import BoundReading
    from remotecal.procedures import Run
    from remotecal.procedures.library.gas_loop.master import Opening
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.seen import LoopSeen


def watch(
    run: Run, duration: float, counter: BoundReading, quantities: Mapping[str, BoundReading]
) -> tuple[tuple[Measured, ...], dict[str, tuple[Measured, ...]]]:
    """Read a counter, and then quantities together, again and again while `duration` seconds pass.

    The counter is read by itself, for it tells the flow by when it was read, and others may be slow.

    Returns:
        The counter's readings, and name → readings of the others.
    """
    passing: list[Measured] = []
    rows = []
    for _ in range(SAMPLES):
        passing += run.read(counter)
        rows.append(run.read(*quantities.values()))
        run.wait(duration / SAMPLES)
    return tuple(passing), dict(zip(quantities, zip(*rows, strict=True), strict=True))


CAUGHT_UP: Final = (7.0, 12.0)
"""Time constants until 1e-5 is left of 1 %, which the pressure at the meter changes by with the flow, and of
one and a half times the pressure."""


def filtered(run: Run, damping: float, *, elsewhere: bool) -> None:
    """Wait until a filter has caught up.

    Args:
        run: the run.
        damping: its time constant in s.
        elsewhere: whether the loop was at another pressure before, and not at another flow alone.
    """
    if damping:
        run.wait(CAUGHT_UP[elsewhere] * damping)


def see_steady(name: str, seen: LoopSeen, choice: Opening, told: LoopParameters) -> None:
    """Raise `RunError` if pressures, temperatures or the flow changed too much in a repeat.

    Args:
        name: of the point.
        seen: what the repeat yielded.
        choice: the masters that were to be open.
        told: what the order allows.
    """
    if round(seen.standing.value) != choice.bits:
        raise RunError(
            f"{name}: other branches stand open than those of {choice.numbers}: look at the valves"
        )
    for place, read in _places(seen, choice, "pressure"):
        moved = 100.0 * _change(read, "Pa") / read[0].to("Pa").value
        if moved > told.pressure_change:
            raise RunError(
                f"{name}: the pressure at {place} changed by {moved:.3f} % in a repeat, and "
                f"{told.pressure_change:g} % is allowed: look for leaks, and at the cooler"
            )
    for place, read in _places(seen, choice, "temperature"):
        moved = _change(read, "°C")
        if moved > told.temperature_change:
            raise RunError(
                f"{name}: the temperature at {place} changed by {moved:.2f} K in a repeat, and "
                f"{told.temperature_change:g} K is allowed: wait longer, and look at the cooler"
            )
    if seen.dew_point and (moved := _change(seen.dew_point, "°C")) > told.dew_change:
        raise RunError(
            f"{name}: the dew point changed by {moved:.2f} K in a repeat, and {told.dew_change:g} K is "
            "allowed: wait until the gas is mixed, and see that the meter is not just cleaning its mirror"
        )
    if (spread := scatter_of_flow(seen.masters_passing)) > told.flow_scatter:
        raise RunError(
            f"{name}: the flow scatters by {spread:.2f} % in a repeat, and {told.flow_scatter:g} % is "
            "allowed: look at the blower, and whether anything pulses"
        )


def scatter_of_flow(passing: Sequence[Measured]) -> float:
    """Return the standard deviation of the flow between readings of a total, in % of its mean."""
    flows = [
        (after.value - before.value) / (after.at - before.at)
        for before, after in pairwise(passing)
        if after.value >= before.value  # a wrap tells nothing
    ]
    middle = statistics.fmean(flows) if flows else 0.0
    return 100.0 * statistics.stdev(flows) / middle if middle else math.inf


def _places(seen: LoopSeen, choice: Opening, quantity: str) -> Iterator[tuple[str, Sequence[Measured]]]:
    """Yield where a quantity was read, and the readings there."""
    yield "the meter", getattr(seen, f"meter_{quantity}")
    of_masters = of_each(getattr(seen, f"master_{quantity}"), len(choice.numbers))
    for number, readings in zip(choice.numbers, of_masters, strict=True):
        yield f"master {number}", readings


def _change(readings: Sequence[Measured], unit: str) -> float:
    """Return how far readings of one quantity lie apart, in a unit."""
    values = [one.to(unit).value for one in readings]
    return max(values) - min(values)
