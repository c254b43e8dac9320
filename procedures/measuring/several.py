"""Reading several devices under test: one that does not answer keeps nobody from going on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from remotecal.drivers.capabilities import PulseCounter
from remotecal.errors import GarbledReply, InstrumentError, LinkLost, NoReply, RunError

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.drivers.quantities import BoundReading
    from remotecal.procedures import Run

SILENT: Final = NoReply, LinkLost, GarbledReply, InstrumentError
"""How a device fails that is passed over; another one in its place is not."""
NOBODY: Final = "none of the meters under test answers: look at their wiring"
"""What is said where there is nobody left to calibrate."""


def read_each(run: Run, counters: Sequence[BoundReading]) -> tuple[Measured, ...]:
    """Return what devices tell at rest; who of several does not answer is passed over, and that is noted.

    Raises:
        RunError: none of several answers.
        NoReply: the only one does not, nor is it a failure of another kind that is passed over.
    """
    if len(counters) == 1:
        return run.read(*counters)
    found: list[Measured] = []
    for counter in counters:
        try:
            found += run.read(counter)
        except SILENT as failure:
            run.note("a meter under test does not answer", reading=counter.source, failure=str(failure))
    if not found:
        raise RunError(NOBODY)
    return tuple(found)


def both_times(
    before: Sequence[Measured], after: Sequence[Measured]
) -> tuple[tuple[Measured, ...], tuple[Measured, ...]]:
    """Return the readings of those devices that told both times: a single end of a repeat tells nothing.

    Raises:
        RunError: none of them did.
    """
    there = {one.source for one in before} & {one.source for one in after}
    if not there:
        raise RunError(NOBODY)
    first, last = (tuple(one for one in told if one.source in there) for told in (before, after))
    return first, last


def count_freely(run: Run, devices: Iterable[object]) -> None:
    """Let the counters of devices that are read by pulses count freely; a silent one is noted."""
    for device in devices:
        if isinstance(device, PulseCounter):
            try:
                device.count_freely()
            except SILENT as failure:
                run.note("a counter does not answer", counter=repr(device), failure=str(failure))
