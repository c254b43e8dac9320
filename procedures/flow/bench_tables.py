"""What the qualification of a bench states of its volumes: at each flow, and at all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from remotecal.certificates.characterised import ref_type
from remotecal.model import Result, Table, Text
from remotecal.procedures.library.evaluation.digits import decimals, fixed
from remotecal.procedures.library.evaluation.tables import column, repeatability_column, stated_column
from remotecal.procedures.library.flow.bench_range import COLDEST, SMALLEST, UNCERTAINTY, WARMEST
from remotecal.procedures.library.flow.water_bench import QUALIFIED
from remotecal.procedures.library.meters.results import nominal_column

if TYPE_CHECKING:
    from remotecal.procedures.library.meters.results import MeterFinding


def qualified_errors(
    findings: Sequence[MeterFinding], ranges: Sequence[tuple[float, float, float]]
) -> Result:
    """Return what the meter that looks showed, with the bench's expanded uncertainty, and for what it holds.

    Args:
        findings: by flow.
        ranges: for each of them the smallest mass collected in kg, the lowest and the highest temperature of
            the water in °C.
    """
    masses, coldest, warmest = zip(*ranges, strict=True)
    columns = (
        nominal_column(findings),
        column("标准流量", "Reference flow", "basic_referenceValue", "m3/h",
               [finding.with_relative_uncertainty(finding.place) for finding in findings]),
        stated_column("核查表示值误差", "Error of the meter that looks", "basic_measurementError", findings),
        repeatability_column(findings),
        column("最小收集质量", "Smallest mass collected", SMALLEST, "kg", [f"{one:.4g}" for one in masses]),
        column("最低水温", "Lowest water temperature", COLDEST, "°C", [f"{one:.1f}" for one in coldest]),
        column("最高水温", "Highest water temperature", WARMEST, "°C", [f"{one:.1f}" for one in warmest]),
    )  # fmt: skip
    name = Text(zh="装置在各流量点的不确定度", en="Uncertainty of the bench at each flow")
    return Result(name=name, ref_types=(UNCERTAINTY,), tables=(Table(columns=columns),))


def qualified_whole(findings: Sequence[MeterFinding]) -> Result:
    """Return within what the bench's volumes are right at all of the flows, as a bench file names it."""
    worst = max(findings, key=lambda one: one.evaluated.expanded)
    expanded = worst.evaluated.reported().expanded
    told = stated_column(DEVIATION.get("zh"), DEVIATION.get("en"), ref_type(QUALIFIED), [worst])
    told = told.model_copy(update={"values": (fixed(0.0, decimals(expanded)),)})
    return Result(name=DEVIATION, ref_types=("remotecal_characteristics",), tables=(Table(columns=(told,)),))


DEVIATION: Final = Text(zh="装置标准体积的相对偏差", en="Relative deviation of the bench's volumes")
"""What is stated of the whole bench."""
