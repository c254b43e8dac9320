"""From the errors at flow points to the tables and conditions of a gas meter's certificate."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.model import Condition, Note, Result, Table, Text, Words
from remotecal.procedures.library.evaluation.conformity import Specification
from remotecal.procedures.library.evaluation.digits import (
    decimals,
    fixed,
    same_decimals,
    significant,
    with_uncertainty,
)
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.tables import column, error_column, repeatability_column
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.fluids.gas_equations import GasEquation
    from remotecal.procedures.library.gas.critical import Inlet


@dataclass(frozen=True, slots=True)
class Through:
    """What passed the nozzles at one flow."""

    numbers: Sequence[int]
    """Which nozzles were open."""
    reynolds: Sequence[float]
    """Reynolds number of each one's throat."""
    ahead: Inlet
    """The air at rest ahead of them, on the mean of all repeats."""
    water: float
    """Mole fraction of water in it."""
    back: float
    """Largest ratio of the pressures behind and ahead."""
    area: float
    """Σ A·C_d in m²."""

    @property
    def mass_flow(self) -> float:
        """Mass flow through all of them, in kg/h."""
        return 3600.0 * self.ahead.flux * self.area


@dataclass(frozen=True, slots=True, kw_only=True)
class GasFinding(Finding):
    """What was found at one flow: relative errors in %, reference flows in m³/h."""

    factors: Sequence[float]
    """K factor of each repeat, in 1/m³; empty for a meter without pulses."""
    through: Through
    """What passed the nozzles."""

    @property
    def judged_at(self) -> float:
        """The flow asked for: a limit that changes at Q_t does not change with where the nozzles bring it."""
        return self.point.nominal["flow"]

    def with_relative_uncertainty(self, value: float) -> str:
        """Return a value to the digits that the point's relative uncertainty leaves it; 0 is just 0."""
        return with_uncertainty(value, abs(value) * self.evaluated.expanded / 100)


def error_table(findings: Sequence[GasFinding], specification: Specification, *, accredited: bool) -> Result:
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


def characteristics(findings: Sequence[GasFinding], weighted: float) -> Result:
    """Return what the meter is like over all flows: its weighted mean error, its repeatability."""
    places = max(decimals(finding.evaluated.reported().expanded) for finding in findings)
    columns = (
        column("加权平均误差 WME", "Weighted mean error WME", "remotecal_weightedMeanError", "%",
               [fixed(weighted, places)]),
        column("重复性", "Repeatability", "remotecal_repeatability", "%",
               [fixed(max(finding.repeatability for finding in findings), places)]),
    )  # fmt: skip
    name = Text(zh="计量性能", en="Metrological characteristics")
    return Result(name=name, ref_types=("remotecal_characteristics",), tables=(Table(columns=columns),))


def nozzles_table(findings: Sequence[GasFinding]) -> Result:
    """Return what passed the nozzles at each flow."""
    through = [finding.through for finding in findings]
    ahead = [one.ahead.state for one in through]
    columns = (
        column("标称流量", "Nominal flow", "remotecal_nominalValue basic_tableIndex0", "m3/h",
               same_decimals([finding.point.nominal["flow"] for finding in findings])),
        Words(
            name=Text(zh="所用喷嘴", en="Nozzles"),
            ref_types=("remotecal_nozzles",),
            words=tuple("+".join(map(str, one.numbers)) for one in through),
        ),
        column("质量流量 q_m", "Mass flow q_m", "remotecal_massFlow", "kg/h",
               [finding.with_relative_uncertainty(finding.through.mass_flow) for finding in findings]),
        column("滞止压力 p_0", "At rest p_0", "remotecal_stagnationPressure", "kPa",
               [f"{estimate(state.pressure) / 1000:.3f}" for state in ahead]),
        column("滞止温度 t_0", "At rest t_0", "remotecal_stagnationTemperature", "°C",
               [f"{estimate(state.t):.2f}" for state in ahead]),
        column("水蒸气 x_w", "Water x_w", "remotecal_waterFraction", "1",
               [f"{one.water:.5f}" for one in through]),
        column("临界流函数 C*", "C*", "remotecal_criticalFlowFunction", "1",
               [f"{one.ahead.c_star:.5f}" for one in through]),
        column("最小 Re", "Smallest Re", "remotecal_smallestReynolds", "1",
               [significant(min(one.reynolds), 3) for one in through]),
        column("最大 Re", "Largest Re", "remotecal_largestReynolds", "1",
               [significant(max(one.reynolds), 3) for one in through]),
        column("背压比", "Back pressure / p_0", "remotecal_backPressureRatio", "1",
               [f"{one.back:.3f}" for one in through]),
    )  # fmt: skip
    name = Text(zh="临界流喷嘴", en="Critical flow nozzles")
    return Result(name=name, ref_types=("remotecal_nozzleFlow",), tables=(Table(columns=columns),))


def gas(air: str, equation: GasEquation) -> Condition:
    """Return the condition that names the gas and its equation of state."""
    zh, en = ("干空气", "dry air") if air == "dry" else ("室内湿空气", "moist air of the room")
    by = f"{equation.name}; {equation.implementation}"
    note = Note(
        name=Text(zh="介质名称", en="Name"),
        ref_types=("remotecal_fluidName",),
        text=Text(zh=f"{zh}(状态方程:{by})", en=f"{en} (equation of state: {by})"),
    )
    return Condition(name=Text(zh="介质", en="Fluid"), ref_types=("remotecal_fluid",), quantities=(note,))
