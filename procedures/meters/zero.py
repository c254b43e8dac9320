"""The zero of a meter under test: what it shows while it is filled, and nothing flows through it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.model import Result, Table, Text
from remotecal.procedures.library.evaluation.digits import fixed
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.measuring.sampling import sample

if TYPE_CHECKING:
    from remotecal.drivers.quantities import BoundReading
    from remotecal.procedures import Run

EVERY: Final = 2.0
"""Seconds from one reading of a zero to the next."""


@dataclass(frozen=True, slots=True)
class Zero:
    """What a meter showed at rest, in the unit of its readings."""

    mean: float
    scatter: float
    """Standard deviation of one reading."""
    drift: float
    """Mean of the second half of the readings less that of the first."""

    @classmethod
    def of(cls, shown: Sequence[float]) -> Zero:
        """Return the zero by at least two readings, in the order they were taken."""
        half = len(shown) // 2
        drift = statistics.fmean(shown[-half:]) - statistics.fmean(shown[:half])
        return cls(statistics.fmean(shown), statistics.stdev(shown), drift)

    def beyond(self, limit: float, drift: float, unit: str) -> str:
        """Return in what it is more than allowed, and what to do; "" if it is not."""
        if abs(self.mean) > limit:
            return (
                f"the meter shows {self.mean:+.3g} {unit} while nothing flows, and {limit:g} {unit} is "
                "allowed: see that it is full and free of air and the valves are tight, set its zero, and "
                "resume the run; or allow more (zero_limit)"
            )
        if abs(self.drift) > drift:
            return (
                f"the meter's zero drifted by {self.drift:+.3g} {unit} while it was read, and {drift:g} "
                f"{unit} is allowed: wait until its temperature is steady, see that no air is in it, and "
                "resume the run; or allow more (zero_drift)"
            )
        return ""


def read_zero(run: Run, flow: BoundReading, count: int, unit: str, scale: float = 1.0) -> Zero:
    """Return what a meter shows while nothing flows, by so many readings of it.

    Args:
        run: that is on; its journal tells the zero and what it was read by.
        flow: what the meter shows, or a person reads from it.
        count: how many readings.
        unit: to convert the readings to.
        scale: what they are then multiplied by.
    """
    read = sample(run, count * EVERY, {"flow": flow}, count)["flow"]
    zero = Zero.of([scale * one.to(unit).value for one in read])
    run.note(
        "zero",
        zero=zero.mean,
        scatter=zero.scatter,
        drift=zero.drift,
        readings=count,
        by=read[0].source,
    )
    return zero


def zero_table(zeros: Sequence[Zero], limit: float, drift: float, unit: str) -> Result:
    """Return the zeros that were read, one a row: a run that was taken up again has several.

    Args:
        zeros: what was read.
        limit: largest mean allowed, ±.
        drift: largest drift allowed, ±.
        unit: of all.
    """
    count, places = len(zeros), max(0, 2 - math.floor(math.log10(limit)))  # to a hundredth of what is allowed
    columns = (
        column("序号", "Number", "remotecal_zeroNumber basic_tableIndex0", "1",
               [f"{n}" for n in range(1, count + 1)]),
        column("零点示值", "Flow shown", "remotecal_zeroFlow", unit,
               [fixed(zero.mean, places) for zero in zeros]),
        column("允许值（±）", "Allowed (±)", "remotecal_zeroAllowed", unit, [f"{limit:g}"] * count),
        column("标准偏差", "Standard deviation", "remotecal_zeroScatter", unit,
               [fixed(zero.scatter, places) for zero in zeros]),
        column("漂移", "Drift", "remotecal_zeroDrift", unit, [fixed(zero.drift, places) for zero in zeros]),
        column("允许漂移（±）", "Drift allowed (±)", "remotecal_zeroDriftAllowed", unit,
               [f"{drift:g}"] * count),
    )  # fmt: skip
    name = Text(zh="零点（满管，流体静止）", en="Zero, filled and at rest")
    return Result(name=name, ref_types=("remotecal_zeroAtRest",), tables=(Table(columns=columns),))
