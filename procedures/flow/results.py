"""From the errors at flow points to the tables of a flow meter's certificate."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from remotecal.model import Column, Condition, Note, Result, Table, Text
from remotecal.procedures.library.evaluation.conformity import Specification
from remotecal.procedures.library.evaluation.digits import decimals, same_decimals, with_uncertainty
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.tables import column, error_column, repeatability_column
from remotecal.procedures.library.flow.characteristics import ErrorCharacteristics, FactorCharacteristics

Judged = Literal["error", "k factor"]
"""What a meter is judged by: its error of indication, or the linearity of its K factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFinding(Finding):
    """What was found at one flow: relative errors in %, reference flows in m³/h."""

    factors: Sequence[float]
    """K factor of each repeat, in 1/m³; empty for a meter without pulses."""

    def with_relative_uncertainty(self, value: float) -> str:
        """Return a value to the digits that the point's relative uncertainty leaves it; 0 is just 0."""
        return with_uncertainty(value, abs(value) * self.evaluated.expanded / 100)


def error_table(findings: Sequence[FlowFinding], specification: Specification, *, accredited: bool) -> Result:
    """Return the table of errors, one row a flow.

    Args:
        findings: what was found, in the order to print.
        specification: what to judge by.
        accredited: whether the results are within the accredited scope, which the CMC belongs to.
    """
    columns = [
        column("标称流量", "Nominal flow", "remotecal_nominalValue basic_tableIndex0", "m3/h",
               same_decimals([finding.point.nominal["flow"] for finding in findings])),
        column("标准流量", "Reference flow", "basic_referenceValue", "m3/h",
               [finding.with_relative_uncertainty(finding.place) for finding in findings]),
    ]  # fmt: skip
    if all(finding.factors for finding in findings):
        factors = [
            finding.with_relative_uncertainty(statistics.fmean(finding.factors)) for finding in findings
        ]
        columns.append(column("仪表系数 K", "K factor", "remotecal_kFactor", "1/m3", factors))
    columns.append(error_column(findings, specification, accredited=accredited))
    columns.append(repeatability_column(findings))
    name = Text(zh="示值误差", en="Error of indication")
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=tuple(columns)),))


def characteristics(findings: Sequence[FlowFinding], judged: Judged) -> Result:
    """Return the meter's characteristics over all flows."""
    places = max(decimals(finding.evaluated.reported().expanded) for finding in findings)
    # A meter that gave no pulses at some flow has no K factor to be judged by.
    if judged == "k factor" and all(finding.factors and any(finding.factors) for finding in findings):
        by_factor = FactorCharacteristics.of([finding.factors for finding in findings])
        columns: tuple[Column, ...] = (
            column("仪表系数 K", "K factor", "remotecal_kFactor", "1/m3",
                   [findings[0].with_relative_uncertainty(by_factor.factor)]),
            column("线性度 E_L", "Linearity E_L", "remotecal_linearity", "%",
                   [f"{by_factor.linearity:.{places}f}"]),
            column("重复性 E_r", "Repeatability E_r", "remotecal_repeatability", "%",
                   [f"{by_factor.repeatability:.{places}f}"]),
        )  # fmt: skip
    else:
        by_error = ErrorCharacteristics.of([finding.errors for finding in findings])
        columns = (
            column("仪表误差", "Error of the meter", "remotecal_meterError", "%",
                   [f"{by_error.error:.{places}f}"]),
            column("重复性", "Repeatability", "remotecal_repeatability", "%",
                   [f"{by_error.repeatability:.{places}f}"]),
        )  # fmt: skip
    name = Text(zh="计量性能", en="Metrological characteristics")
    return Result(name=name, ref_types=("remotecal_characteristics",), tables=(Table(columns=columns),))


def water(formula: str) -> Condition:
    """Return the condition that names the fluid and the formula of its density."""
    note = Note(
        name=Text(zh="介质名称", en="Name"),
        ref_types=("remotecal_fluidName",),
        text=Text(zh=f"水(密度公式:{formula})", en=f"water (density by {formula})"),
    )
    return Condition(name=Text(zh="介质", en="Fluid"), ref_types=("remotecal_fluid",), quantities=(note,))
