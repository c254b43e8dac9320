"""Whether a bench can be made safe: in which order, leaving nothing open, in the time it may take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from remotecal import units
from remotecal.drivers.capabilities.safe_states import HIGHEST_AIR
from remotecal.errors import BenchError

if TYPE_CHECKING:
    from remotecal.bench_file import BenchFile
    from remotecal.drivers.instrument import Instrument

    Drivers = Mapping[str, type[Instrument]]
    """Name of the instrument → its driver."""

STEPS: Final = 30.0
"""Seconds for the steps of a safe state, before what they let out is waited for."""


def in_order(file: BenchFile, drivers: Drivers) -> tuple[str, ...]:
    """Return the instruments that have a safe state, in the order in which they are brought there."""
    order = [*file.safe.order, *(name for name in file.instruments if name not in file.safe.order)]
    return tuple(name for name in order if drivers[name].safe)


def check(file: BenchFile, drivers: Drivers) -> None:
    """Raise `BenchError` if a safe state leaves something open, or takes longer than it may."""
    for name, driver in drivers.items():
        try:
            driver.refuse_unsafe()
        except BenchError as error:
            raise BenchError(f"instruments.{name}: {error}") from None
    highest = max(_highest_pressures(file), default=math.inf)
    first, within = in_order(file, drivers), file.safe.within
    for name in first:
        relief = drivers[name].time_to_be_safe(highest)
        needed = relief + STEPS if relief else 0.0
        if needed * len(first) > within:
            raise BenchError(
                f"safe.within = {within:g} s leaves {name} {within / len(first):.4g} s, one of {len(first)} "
                f"instruments that are made safe, and it may need {needed:.4g} s: state at least "
                f"{math.ceil(needed * len(first))}"
            )


def _highest_pressures(file: BenchFile) -> Iterator[float]:
    """Yield what the interlocks allow an absolute pressure at most, in kPa.

    What limits the air's pressure, or a small difference of two, says nothing of what a vessel is under; of
    others nobody says which is the vessel's, and the highest leaves time for each.
    """
    for lock in file.interlocks:
        if lock.above is not None and units.same_dimension(lock.unit, "kPa"):
            above = units.convert(lock.above, lock.unit, "kPa")
            if above > HIGHEST_AIR:
                yield above
