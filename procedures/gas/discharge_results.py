"""A nozzle's certificate: C_d over Re, the throat's diameter, and what it has in common with others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from remotecal.model import Result, Table, Text, Uncertainty
from remotecal.procedures.library.evaluation.digits import fixed, same_decimals, with_uncertainty
from remotecal.procedures.library.evaluation.in_common import COMMON
from remotecal.procedures.library.evaluation.tables import column, repeatability_column, stated_column
from remotecal.procedures.library.gas.results import c_star
from remotecal.procedures.library.meters.nozzle import DISCHARGE, REYNOLDS, THROAT
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.model import Column
    from remotecal.procedures.library.gas.discharge import DischargeFinding

FOUND_AT = "remotecal_foundAtReynoldsNumber"
"""refType of the Reynolds number at which a C_d was found that is stated for others, too."""
SHARE = 1e-6
"""Smallest step of the part that is stated as common; down, for it must not be more than the whole."""


def nozzle_results(
    findings: Sequence[DischargeFinding], throat: float, standard: Result, *, one_value: bool = False
) -> tuple[Result, ...]:
    """Return what a nozzle's certificate states, as those read it who use the nozzle.

    Args:
        findings: what was found, in the order it was measured.
        throat: diameter in mm that C_d goes with.
        standard: what the standard saw.
        one_value: whether C_d is stated for whatever Reynolds number, and not against it.
    """
    at = FOUND_AT if one_value else REYNOLDS
    curve = Table(
        columns=(
            column("喉部雷诺数", "Throat Reynolds number", f"{at} basic_tableIndex0", "1",
                   [f"{finding.place:.0f}" for finding in findings]),
            stated_column("流出系数 C_d", "Discharge coefficient C_d", DISCHARGE, findings),
            repeatability_column(findings),
        )
    )  # fmt: skip
    diameter = column("喉径（20 °C，约定值）", "Throat diameter (20 °C, by convention)", THROAT, "mm",
                      same_decimals([throat]))  # fmt: skip
    return (
        Result(
            name=Text(zh="流出系数", en="Discharge coefficient"),
            ref_types=("remotecal_dischargeCurve",),
            tables=(curve,),
        ),
        Result(name=Text(zh="喉径", en="Throat diameter"), tables=(Table(columns=(diameter,)),)),
        Result(
            name=Text(
                zh="与同法校准的其他喷嘴的公共部分", en="In common with other nozzles that were calibrated so"
            ),
            tables=(Table(columns=(_common(findings),)),),
        ),
        standard,
    )


def _common(findings: Sequence[DischargeFinding]) -> Column:
    """Return what nozzles share of U, relative to C_d: the largest part that is nowhere above the whole."""
    smallest = min(
        2 * float(finding.evaluated.reported().expanded) / finding.evaluated.k / finding.evaluated.value
        for finding in findings
    )
    shared = min(2 * max(finding.common for finding in findings), smallest * (1 - SHARE))
    expanded = fixed(math.floor(shared / SHARE) * SHARE, 6)
    stated = column("公共偏差（相对）", "Common deviation, relative", COMMON, "1", ("0",))
    known = Uncertainty(expanded=(expanded,), k=("2",), p=("0.95",), distribution=("normal",))
    return stated.model_copy(update={"uncertainty": known})


def inlet_columns(findings: Sequence[DischargeFinding], wording: int) -> tuple[Column, ...]:
    """Return the columns of what was ahead of the nozzle, which the standard's own stand behind.

    Args:
        findings: at each point.
        wording: as evidence has it.
    """
    ahead = [finding.ahead.state for finding in findings]
    return (
        column("标称压力", "Nominal pressure", "remotecal_nominalValue basic_tableIndex0", "kPa",
               same_decimals([finding.point.nominal["pressure"] for finding in findings])),
        column("质量流量 q_m", "Mass flow q_m", "remotecal_massFlow", "kg/h",
               [_flow(finding) for finding in findings]),
        column("滞止压力 p_0", "At rest p_0", "remotecal_stagnationPressure", "kPa",
               [f"{estimate(state.pressure) / 1000:.3f}" for state in ahead]),
        column("滞止温度 t_0", "At rest t_0", "remotecal_stagnationTemperature", "°C",
               [f"{estimate(state.t):.2f}" for state in ahead]),
        column("水蒸气 x_w", "Water x_w", "remotecal_waterFraction", "1",
               [f"{finding.water:.5f}" for finding in findings]),
        column("临界流函数 C*", c_star(wording), "remotecal_criticalFlowFunction", "1",
               [f"{finding.ahead.c_star:.5f}" for finding in findings]),
        column("背压比", "Back pressure / p_0", "remotecal_backPressureRatio", "1",
               [f"{finding.back:.3f}" for finding in findings]),
    )  # fmt: skip


def _flow(finding: DischargeFinding) -> str:
    """Return the mass flow to the digits that C_d's relative uncertainty leaves it."""
    relative = finding.evaluated.expanded / finding.evaluated.value
    return with_uncertainty(finding.mass_flow, relative * finding.mass_flow)
