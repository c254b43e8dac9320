"""Whether a bench can be made safe: in which order, leaving nothing open, in the time it may take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from remotecal import units
from remotecal.drivers.capabilities.safe_states import HIGHEST_AIR
from remotecal.errors import BenchError

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.bench_file import BenchFile
    from remotecal.drivers.instrument import Instrument

    Drivers = Mapping[str, type[Instrument]]
    """Name of the instrument → its driver."""

STEPS: Final = 30.0
"""Seconds for the steps of a safe state, before what they let out is waited for."""

OF_THE_AIR: Final = ".air_pressure"
"""How the air's pressure is called by all who tell it (`AmbientMonitor`)."""


def times(file: BenchFile, drivers: Drivers, asked: float = math.inf) -> dict[str, float]:
    """Return the instruments that have a safe state, as they are brought there → seconds each may need.

    Args:
        file: what the bench's file says.
        drivers: of its instruments.
        asked: the highest pressure in kPa that an order has a controller make; infinity for no order.
    """
    highest = min(max(_highest_pressures(file), default=math.inf), asked)
    order = [*file.safe.order, *(name for name in file.instruments if name not in file.safe.order)]
    return {
        name: STEPS + drivers[name].time_to_be_safe(highest, file.instruments[name].settings)
        for name in order
        if drivers[name].safe
    }


def shares(needed: Mapping[str, float], within: float) -> dict[str, float]:
    """Return name → seconds an instrument has to be made safe: what it needs, and as much more as any other.

    Where there is less time than they need, each has that much less.
    """
    whole = sum(needed.values())
    if whole > within:
        return {name: within * one / whole for name, one in needed.items()}
    return {name: one + (within - whole) / len(needed) for name, one in needed.items()}


def check(path: Path, file: BenchFile, drivers: Drivers, asked: float = math.inf) -> None:
    """Raise `BenchError` if a bench's safe state leaves something open, or takes longer than it may.

    Whoever only looks at a bench need not ask.

    Args:
        path: where its file is.
        file: what that says.
        drivers: of its instruments.
        asked: as `times`.
    """
    for name, driver in drivers.items():
        try:
            driver.refuse_unsafe()
        except BenchError as error:
            raise BenchError(f"{path}: instruments.{name}: {error}") from None
    needed, within = times(file, drivers, asked), file.safe.within
    whole = sum(needed.values())
    if whole > within and any(one > STEPS for one in needed.values()):
        each = ", ".join(f"{name} {one:.4g} s" for name, one in needed.items())
        raise BenchError(
            f"{path}: safe.within = {within:g} s, and to be made safe the instruments may need "
            f"{whole:.4g} s, one after the other ({each}): state at least {math.ceil(whole)}"
        )


def _highest_pressures(file: BenchFile) -> Iterator[float]:
    """Yield what the interlocks allow an absolute pressure at most, in kPa.

    What limits the air's pressure, or a small difference of two, says nothing of what a vessel is under; of
    others nobody says which is the vessel's, and the highest leaves time for each.
    """
    for lock in file.interlocks:
        if lock.watch.endswith(OF_THE_AIR) or lock.above is None:
            continue
        if units.same_dimension(lock.unit, "kPa"):
            above = units.convert(lock.above, lock.unit, "kPa")
            if above > HIGHEST_AIR:
                yield above
