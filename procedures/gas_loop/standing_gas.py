"""What is read of a loop at rest, at each pressure before its flows: for a leak, and for the meter's zero.

All repeats at a pressure stand by it; so it is kept beside them, and the evaluation computes both from it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.procedures import By, Observed
from remotecal.procedures.library.gas_loop.seen import of_each
from remotecal.procedures.library.measuring.sampling import SAMPLED
from remotecal.procedures.library.meters.zero import ZERO, ToldIn, Zero, ZeroSeen, zero_behind

if TYPE_CHECKING:
    from remotecal.procedures import Evidence
    from remotecal.procedures.library.gas_loop.filling import LoopGas
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.seen import LoopSeen

IN_GAS: Final = ToldIn(20, "m3/h")
"""How often a zero is read, and what it is told in."""


class TightSeen(Observed):
    """What is read while a sealed loop is watched for a leak."""

    pressure: Annotated[tuple[Measured, ...], "Pa", By("meter_gauge", "pressure"), SAMPLED]
    """Absolute pressure at the meter."""
    temperature: Annotated[
        tuple[Measured, ...],
        "°C",
        By("thermometers", "temperature"),
        By("meter_thermometer", "temperature"),
        SAMPLED,
    ]
    """Temperatures at the masters and, last, at the meter, in turn."""

    def leak(self, told: LoopParameters, gas: LoopGas) -> float:
        """Return what leaked, in m³/h as it is there."""
        if len(self.temperature) % len(self.pressure):
            raise EvidenceError("watched for a leak not all temperatures were read as often as the pressure")
        rows = of_rows(self.temperature, len(self.pressure))
        logs = [
            math.log(gas.density(statistics.fmean(t.to("°C").value for t in at), p.to("Pa").value))
            for p, at in zip(self.pressure, rows, strict=True)
        ]
        slope = statistics.linear_regression([one.at for one in self.pressure], logs).slope
        return -3600.0 * told.loop_volume * slope


LEAK: Final = "leak"
KEPT: Final = {LEAK: TightSeen, ZERO: ZeroSeen}
"""What is kept beside the repeats, by what for."""


def of_rows(readings: Sequence[Measured], count: int) -> Iterator[tuple[Measured, ...]]:
    """Yield readings that were taken in turn, so many times, each time's."""
    width = len(readings) // count
    yield from zip(*of_each(readings, width), strict=True)


class AtRest(NamedTuple):
    """What was found at a pressure while the loop was at rest, in m³/h."""

    leak: float
    zero: Zero | None

    @classmethod
    def of(cls, seen: LoopSeen, evidence: Evidence, told: LoopParameters, gas: LoopGas) -> AtRest:
        """Return what a repeat stands by: what was read last before it, at its pressure.

        Older journals keep no readings: their repeats tell the numbers.

        Raises:
            EvidenceError: nothing tells it, or a repeat tells another number than what was read.
        """
        entry = seen.entry
        about = {"pressure": entry.point.nominal["pressure"]}
        said = {"mean": seen.zero, "scatter": seen.zero_scatter}
        zero = zero_behind(entry, said, evidence, IN_GAS, about)
        if not evidence.kept and seen.leak is not None:
            return cls(seen.leak, zero)
        if (tight := TightSeen.last_before(entry, evidence, LEAK, about)) is None:
            raise EvidenceError(f"{entry.place}: nothing tells whether the loop leaked at its pressure")
        found = cls(tight.leak(told, gas), zero)
        if seen.leak is not None and seen.leak != found.leak:
            raise EvidenceError(
                f"{entry.place}: the repeat tells {seen.leak:g} m3/h as leak, and what was read gives "
                f"{found.leak:g} m3/h"
            )
        return found
