"""The zero of a meter under test: what it shows while it is filled, and nothing flows through it.

All repeats behind it stand by it; so what was read is kept beside them, and the evaluation computes it from
that.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.model import Result, Table, Text
from remotecal.procedures import By, Observed
from remotecal.procedures.library.evaluation.digits import fixed
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.measuring.sampling import sample
from remotecal.units import same_dimension

if TYPE_CHECKING:
    from remotecal.drivers.quantities import BoundReading
    from remotecal.journal.observation import Observation
    from remotecal.procedures import Evidence, Run

EVERY: Final = 2.0
"""Seconds from one reading of a zero to the next, where the order does not say how long it takes."""

ZERO: Final = "zero"
"""What its readings are kept for."""


@dataclass(frozen=True, slots=True)
class Zero:
    """What a meter showed at rest, in the unit it is asked for in."""

    mean: float
    scatter: float
    """Standard deviation of one reading."""
    drift: float | None = None
    """Mean of the second half of the readings less that of the first; None where a journal does not tell."""

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
        if self.drift is not None and abs(self.drift) > drift:
            return (
                f"the meter's zero drifted by {self.drift:+.3g} {unit} while it was read, and {drift:g} "
                f"{unit} is allowed: wait until its temperature is steady, see that no air is in it, and "
                "resume the run; or allow more (zero_drift)"
            )
        return ""


@dataclass(frozen=True, slots=True)
class ToldIn:
    """How a zero is told: in which unit, and by how many readings."""

    count: int
    unit: str
    density: float | None = None
    """In kg/m³, by which a volume flow that is shown is told as a mass flow; None if it must not be."""


class ZeroSeen(Observed):
    """What a meter shows while nothing flows, by itself or to a person."""

    in_order: ClassVar[tuple[str, ...]] = ("flow+",)

    flow: Annotated[
        tuple[Measured, ...],
        "m3/h",
        "kg/h",
        By("dut", "flow"),
        By("dut", "mass_flow"),
        By("zero_display", "flow"),
        By("zero_display", "mass_flow"),
    ]

    def zero(self, told: ToldIn) -> Zero:
        """Return it (EvidenceError if it was read otherwise than it must be)."""
        sources = {one.source for one in self.flow}
        if len(self.flow) != told.count or len(sources) > 1:
            raise EvidenceError(
                f"flow holds {len(self.flow)} readings of {', '.join(sorted(sources)) or 'nothing'}, and "
                f"{told.count} are due, of one"
            )
        return Zero.of([_in(one, told) for one in self.flow])


def _in(reading: Measured, told: ToldIn) -> float:
    if same_dimension(reading.unit, told.unit):
        return reading.to(told.unit).value
    if told.density is None:
        raise EvidenceError(f"flow was read in {reading.unit}, and the zero is told in {told.unit}")
    return told.density * reading.to("m3/h").value


def read_zero(
    run: Run,
    flow: BoundReading,
    told: ToldIn,
    about: Mapping[str, float | str],
    duration: float | None = None,
) -> Zero:
    """Return what a meter shows while nothing flows, and keep what was read.

    Args:
        run: that is on.
        flow: what the meter shows, or a person reads from it.
        told: how it is told.
        about: what tells it from others, such as the pressure, and what is allowed.
        duration: how long it is read, in s; `EVERY` so often where it is None.
    """
    took = told.count * EVERY if duration is None else duration
    seen = ZeroSeen(flow=sample(run, took, {"flow": flow}, told.count)["flow"])
    zero = seen.zero(told)
    drift = {} if zero.drift is None else {"drift": zero.drift}
    run.observe(
        ZERO,
        seen,
        **about,
        zero=zero.mean,
        scatter=zero.scatter,
        **drift,
        readings=told.count,
        unit=told.unit,
    )
    return zero


def zero_behind(
    entry: Observation,
    said: Mapping[str, float | None],
    evidence: Evidence,
    told: ToldIn,
    about: Mapping[str, float | str],
) -> Zero | None:
    """Return the zero that a repeat stands by: what was read last before it; None where nothing tells it.

    Args:
        entry: the repeat.
        said: field of `Zero` → what the repeat tells itself, by an older journal that keeps no readings.
        evidence: it is in.
        told: how it is told.
        about: what must be told of it, such as the pressure it was read at.

    Raises:
        EvidenceError: it was not read as it must be, or the repeat tells another number than what was read.
    """
    read = ZeroSeen.last_before(entry, evidence, ZERO, about)
    if read is None:
        known = {part: value for part, value in said.items() if value is not None}
        return Zero(**known) if len(known) == len(said) and not evidence.kept else None
    try:
        found = read.zero(told)
    except EvidenceError as error:
        where = ", ".join([ZERO, *(f"{name} {value}" for name, value in about.items())])
        raise EvidenceError(f"{entry.place}: {where}: {error}") from None
    for part, value in said.items():
        if value is not None and value != getattr(found, part):
            raise EvidenceError(
                f"{entry.place}: the repeat tells {value:g} {told.unit} as the {part} of the zero, and what "
                f"was read gives {getattr(found, part):g}"
            )
    return found


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
        column("漂移", "Drift", "remotecal_zeroDrift", unit,
               [fixed(zero.drift or 0.0, places) for zero in zeros]),
        column("允许漂移（±）", "Drift allowed (±)", "remotecal_zeroDriftAllowed", unit,
               [f"{drift:g}"] * count),
    )  # fmt: skip
    name = Text(zh="零点（满管，流体静止）", en="Zero, filled and at rest")
    return Result(name=name, ref_types=("remotecal_zeroAtRest",), tables=(Table(columns=columns),))
