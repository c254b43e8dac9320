"""From the errors at flow points to the tables of a flow meter's certificate."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from remotecal.model import Column, Result, Table, Text, Words
from remotecal.procedures.library.evaluation.conformity import Specification
from remotecal.procedures.library.evaluation.digits import decimals, fixed, same_decimals, with_uncertainty
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.tables import column, error_column, repeatability_column
from remotecal.procedures.library.meters.characteristics import ErrorCharacteristics, FactorCharacteristics
from remotecal.procedures.library.meters.measurand import MASS, VOLUME, Measurand

Judged = Literal["error", "k factor"]
"""What a meter is judged by: its error of indication, or the linearity of its K factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFinding(Finding):
    """What was found at one flow: errors in %, reference flows in m³/h, or in kg/h of a meter of mass."""

    factors: Sequence[float]
    """K factor of each repeat, in 1/m³ or 1/kg; empty for a meter without pulses."""
    measurand: Measurand = VOLUME
    """What the meter indicates."""
    fiducial: float | None = None
    """The flow in m³/h whose shares the errors are; None for relative errors."""

    @property
    def judged_at(self) -> float:
        """The flow asked for: a limit that changes at Q_t does not change with where the flow came to lie."""
        return self.point.nominal["flow"]

    def with_relative_uncertainty(self, value: float) -> str:
        """Return a value to the digits that the point's relative uncertainty leaves it; 0 is just 0."""
        share = 1.0 if self.fiducial is None else self.place / self.fiducial
        return with_uncertainty(value, abs(value) * self.evaluated.expanded / 100 / share)


def nominal_column(findings: Sequence[MeterFinding]) -> Column:
    """Return the column of flows asked for, which rows of all tables of a meter begin with."""
    asked = same_decimals([finding.point.nominal["flow"] for finding in findings])
    return column("标称流量", "Nominal flow", "remotecal_nominalValue basic_tableIndex0", "m3/h", asked)


def error_table(
    findings: Sequence[MeterFinding], specification: Specification, *, accredited: bool
) -> Result:
    """Return the table of errors, one row a flow.

    Args:
        findings: what was found, in the order to print.
        specification: what to judge by.
        accredited: whether the results are within the accredited scope, which the CMC belongs to.
    """
    columns = [
        nominal_column(findings),
        column("标准流量", "Reference flow", "basic_referenceValue", findings[0].measurand.flow,
               [finding.with_relative_uncertainty(finding.place) for finding in findings]),
    ]  # fmt: skip
    return errors_at(columns, findings, specification, accredited=accredited)


def errors_at(
    places: Sequence[Column | Words],
    findings: Sequence[MeterFinding],
    specification: Specification,
    *,
    accredited: bool,
) -> Result:
    """Return the table of errors behind columns that tell where each was found; as `error_table`."""
    columns = [*places]
    if all(finding.factors for finding in findings):
        factors = [
            finding.with_relative_uncertainty(statistics.fmean(finding.factors)) for finding in findings
        ]
        columns.append(
            column("仪表系数 K", "K factor", "remotecal_kFactor", findings[0].measurand.per, factors)
        )
    columns.append(error_column(findings, specification, accredited=accredited))
    columns.append(repeatability_column(findings))
    name = _called(findings[0])
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=tuple(columns)),))


def _called(finding: MeterFinding) -> Text:
    """Return what the errors are called."""
    if finding.fiducial is not None:
        span = f"{finding.fiducial:g} m³/h"
        return Text(zh=f"引用误差（引用值 {span}）", en=f"Fiducial error, of {span}")
    if finding.measurand is MASS:
        return Text(zh="质量示值误差", en="Error of indication of mass")
    return Text(zh="示值误差", en="Error of indication")


def characteristics(findings: Sequence[MeterFinding], judged: Judged) -> Result:
    """Return the meter's characteristics over all flows."""
    places = _places(findings)
    # A meter that gave no pulses at some flow has no K factor to be judged by.
    if judged == "k factor" and all(finding.factors and any(finding.factors) for finding in findings):
        by_factor = FactorCharacteristics.of([finding.factors for finding in findings])
        return _characteristics(
            column("仪表系数 K", "K factor", "remotecal_kFactor", findings[0].measurand.per,
                   [findings[0].with_relative_uncertainty(by_factor.factor)]),
            column("线性度 E_L", "Linearity E_L", "remotecal_linearity", "%",
                   [fixed(by_factor.linearity, places)]),
            column("重复性 E_r", "Repeatability E_r", "remotecal_repeatability", "%",
                   [fixed(by_factor.repeatability, places)]),
        )  # fmt: skip
    by_error = ErrorCharacteristics.of([finding.errors for finding in findings])
    return _characteristics(
        column(
            "仪表误差", "Error of the meter", "remotecal_meterError", "%", [fixed(by_error.error, places)]
        ),
        _repeatability(by_error.repeatability, places),
    )


def weighted_characteristics(findings: Sequence[MeterFinding], weighted: float) -> Result:
    """Return what a gas meter is like over all flows: its weighted mean error, its repeatability."""
    places = _places(findings)
    return _characteristics(
        column("加权平均误差 WME", "Weighted mean error WME", "remotecal_weightedMeanError", "%",
               [fixed(weighted, places)]),
        _repeatability(max(finding.repeatability for finding in findings), places),
    )  # fmt: skip


def _places(findings: Sequence[MeterFinding]) -> int:
    return max(decimals(finding.evaluated.reported().expanded) for finding in findings)


def _repeatability(value: float, places: int) -> Column:
    return column("重复性", "Repeatability", "remotecal_repeatability", "%", [fixed(value, places)])


def _characteristics(*columns: Column) -> Result:
    name = Text(zh="计量性能", en="Metrological characteristics")
    return Result(name=name, ref_types=("remotecal_characteristics",), tables=(Table(columns=columns),))
