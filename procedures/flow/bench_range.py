"""What a bench of water meters was qualified for, flow by flow, as its record states it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.errors import ParameterError
from remotecal.model import Statement, Text
from remotecal.model.certified import Selected
from remotecal.uncertainty.coverage import coverage_factor
from remotecal.units import convert, scale

if TYPE_CHECKING:
    from remotecal.bench_file import Characteristic
    from remotecal.model import Record, Table

UNCERTAINTY: Final = "remotecal_benchUncertainty"
"""Result of a qualification's record that tells its uncertainty at each flow."""
SMALLEST: Final = "remotecal_smallestMass"
"""Column of it: the smallest mass that was collected there."""
COLDEST: Final = "remotecal_lowestTemperature"
WARMEST: Final = "remotecal_highestTemperature"
"""Columns of it: between which temperatures the water was."""

SAME: Final = 0.001
"""How near flows are the same, as a share: records print them rounded."""
REACH: Final = 10.0
"""How far, in K, water may be from what it was at the qualification (ISO 4064-2: ± 10 °C; unverified)."""

NO_RANGE: Final = Statement(
    ref_types=("remotecal_remark",),
    declaration=Text(
        zh="装置考核记录未说明其适用范围（流量、最小收集质量、水温），未据此核对。",
        en="The qualification of the bench does not state its range (flows, smallest mass collected, water "
        "temperature); none was held against it.",
    ),
)
"""What a certificate says where a bench states within what it is right, and not where."""


class QualifiedFlow(NamedTuple):
    """What a qualification found at one flow."""

    flow: float
    """In m³/h."""
    bound: float
    """Expanded uncertainty of the bench's volumes at about 95 %, in %."""
    mass: float | None
    """Smallest mass that was collected, in kg; None where an older record does not state its range."""
    coldest: float
    warmest: float
    """Between which temperatures the water was, in °C; all there are where it does not state them."""


def by_flow(fact: Characteristic) -> tuple[QualifiedFlow, ...]:
    """Return what a bench's qualification states flow by flow; nothing where a figure alone is stated."""
    return () if fact.proof is None else tuple(_read(fact.proof.record))


def _read(record: Record) -> Iterator[QualifiedFlow]:
    results = (result for measured in record.measurements for result in measured.results)
    for table in (table for result in results if UNCERTAINTY in result.ref_types for table in result.tables):
        flows, errors = table.column("remotecal_nominalValue"), table.column("basic_measurementError")
        if flows is None or errors is None or errors.uncertainty is None:
            continue
        ranges = _ranges(table)
        for row, one in enumerate(Selected(table, errors, tuple(range(table.rows))).points(flows)):
            bound = at_95(one.expanded, one.k, one.dof) * scale(errors.unit, "%")
            yield QualifiedFlow(one.at * scale(flows.unit, "m3/h"), bound, *ranges[row])


def _ranges(table: Table) -> Sequence[tuple[float | None, float, float]]:
    """Return the smallest mass in kg and the ends of the temperature in °C of each row."""
    columns = [table.column(name) for name in (SMALLEST, COLDEST, WARMEST)]
    masses, coldest, warmest = columns
    if masses is None or coldest is None or warmest is None:
        return [(None, float("-inf"), float("inf"))] * table.rows
    return [
        (mass * scale(masses.unit, "kg"), convert(low, coldest.unit, "°C"), convert(high, warmest.unit, "°C"))
        for mass, low, high in zip(masses.floats(), coldest.floats(), warmest.floats(), strict=True)
    ]


def at_95(expanded: float, k: float, dof: float) -> float:
    """Return an expanded uncertainty as it is at about 95 %, where a k was laid down that holds less."""
    return expanded * max(1.0, coverage_factor(dof, 0.95) / k)


def neighbours(told: Sequence[QualifiedFlow], flow: float) -> tuple[QualifiedFlow, QualifiedFlow] | None:
    """Return the flows of a record at, or on both sides of, a flow in m³/h; None where it is beyond them."""
    below = max((one for one in told if one.flow <= flow * (1 + SAME)), default=None)
    above = min((one for one in told if one.flow >= flow * (1 - SAME)), default=None)
    return None if below is None or above is None else (below, above)


def states_range(told: Sequence[QualifiedFlow]) -> bool:
    """Return whether a record states for what the bench was qualified."""
    return bool(told) and all(one.mass is not None for one in told)


def see_within(
    told: Sequence[QualifiedFlow],
    flow: float,
    mass: float,
    off: float,
    temperatures: Sequence[float] = (),
) -> None:
    """See that what a calibration does at a flow is within what the bench was qualified for.

    Between two flows as much water is needed as at the one where less was, and for as long as at the one
    where it ran more briefly: then neither the balance nor a start and a stop count for more than there.

    Args:
        told: by flow; nothing is held against what states no range.
        flow: in m³/h.
        mass: that it collects, in kg.
        off: how far flows may be from what they are aimed at, as a share; so much may be missing.
        temperatures: of the water, in °C.

    Raises:
        ParameterError: it is not.
    """
    if not states_range(told):
        return
    if (both := neighbours(told, flow)) is None:
        raise ParameterError(
            f"the bench was qualified from {min(told).flow:g} to {max(told).flow:g} m3/h, not at {flow:g} "
            "m3/h: qualify it there as well, or leave that point away"
        )
    masses = [(one.mass or 0.0, one.flow) for one in both]
    needed = max(min(each for each, _ in masses), flow * min(each / at for each, at in masses))
    if mass < needed * (1.0 - off - SAME):
        raise ParameterError(
            f"at {flow:g} m3/h {mass:.4g} kg are collected, and the bench was qualified there for "
            f"{needed:.4g} kg or more: raise smallest_mass or duration, or qualify it with less"
        )
    low, high = min(one.coldest for one in both) - REACH, max(one.warmest for one in both) + REACH
    for one in temperatures:
        if not low <= one <= high:
            raise ParameterError(
                f"at {flow:g} m3/h the water is {one:.1f} °C, and the bench was qualified for {low:.1f} °C "
                f"to {high:.1f} °C: qualify it with water as warm, or heat or cool the water"
            )
