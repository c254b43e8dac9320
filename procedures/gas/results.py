"""What a gas meter's certificate says of the nozzles and of the gas that passed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.model import Condition, Note, Result, Statement, Table, Text, Words
from remotecal.procedures.library.evaluation.digits import significant
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.meters.results import MeterFinding, nominal_column
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.fluids.gas_equations import GasEquation
    from remotecal.procedures.library.meters.critical import Inlet


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
    limit: float
    """Up to which ratio they counted as choked."""

    @property
    def mass_flow(self) -> float:
        """Mass flow through all of them, in kg/h."""
        return 3600.0 * self.ahead.flux * self.area


def nozzles_table(findings: Sequence[MeterFinding], through: Sequence[Through], wording: int) -> Result:
    """Return what passed the nozzles at each flow, in the order of the findings; `wording` is evidence's."""
    ahead = [one.ahead.state for one in through]
    columns = (
        nominal_column(findings),
        Words(
            name=Text(zh="所用喷嘴", en="Nozzles"),
            ref_types=("remotecal_nozzles",),
            words=tuple("+".join(map(str, one.numbers)) for one in through),
        ),
        column("质量流量 q_m", "Mass flow q_m", "remotecal_massFlow", "kg/h",
               [finding.with_relative_uncertainty(one.mass_flow)
                for finding, one in zip(findings, through, strict=True)]),
        column("滞止压力 p_0", "At rest p_0", "remotecal_stagnationPressure", "kPa",
               [f"{estimate(state.pressure) / 1000:.3f}" for state in ahead]),
        column("滞止温度 t_0", "At rest t_0", "remotecal_stagnationTemperature", "°C",
               [f"{estimate(state.t):.2f}" for state in ahead]),
        column("水蒸气 x_w", "Water x_w", "remotecal_waterFraction", "1",
               [f"{one.water:.5f}" for one in through]),
        column("临界流函数 C*", c_star(wording), "remotecal_criticalFlowFunction", "1",
               [f"{one.ahead.c_star:.5f}" for one in through]),
        column("最小 Re", "Smallest Re", "remotecal_smallestReynolds", "1",
               [significant(min(one.reynolds), 3) for one in through]),
        column("最大 Re", "Largest Re", "remotecal_largestReynolds", "1",
               [significant(max(one.reynolds), 3) for one in through]),
        column("背压比", "Back pressure / p_0", "remotecal_backPressureRatio", "1",
               [f"{one.back:.3f}" for one in through]),
    )  # fmt: skip
    limits = column("临界流背压比限值", "Largest allowed", "remotecal_criticalBackPressureRatio", "1",
                    [f"{one.limit:.3f}" for one in through])  # fmt: skip
    name = Text(zh="临界流喷嘴", en="Critical flow nozzles")
    table = Table(columns=(*columns, limits) if wording else columns)
    return Result(name=name, ref_types=("remotecal_nozzleFlow",), tables=(table,))


def c_star(wording: int) -> str:
    """Return what C* is called in English; certificates of before had its symbol alone."""
    return "Critical flow function C*" if wording else "C*"


OF_BANK: Final = Text(
    zh="所列限值（由程序和委托单规定；所用喷嘴的证书给出更小的最大背压比时取其最小者）",
    en="the largest allowed: what procedure and order allow, or the smallest that certificates of the open "
    "nozzles state, if that is less",
)
"""Up to where the nozzles of a bank count as choked."""


def choked_by(limit: Text) -> tuple[Statement, ...]:
    """Return what a certificate says of how nozzles were held to be choked, up to a limit in words."""
    said = Text(
        zh=f"各次重复测量中，喷嘴后压力的最大读数与喷嘴前压力的最小读数之比不高于{limit.get('zh')}；不满足者不计入。",
        en="A repeat counts only where the largest pressure read behind the nozzles, divided by the smallest "
        f"read ahead of them, is not above {limit.get('en')}.",
    )
    return (Statement(ref_types=("remotecal_choking",), declaration=said),)


def gas(air: str, equation: GasEquation) -> Condition:
    """Return the condition that names the gas and its equation of state."""
    zh, en = ("干空气", "dry air") if air == "dry" else ("室内湿空气", "moist air of the room")
    by = f"{equation.name}; {equation.implementation}"
    note = Note(
        name=Text(zh="介质名称", en="Name"),
        ref_types=("remotecal_fluidName",),
        text=Text(zh=f"{zh}（状态方程：{by}）", en=f"{en} (equation of state: {by})"),
    )
    return Condition(name=Text(zh="介质", en="Fluid"), ref_types=("remotecal_fluid",), quantities=(note,))
