"""What a gas meter's certificate says of a loop: errors over Re, masters, closure, leaks, the gas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remotecal.model import Column, Condition, Note, Result, Statement, Table, Text, Words
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.digits import significant
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.gas_loop import disturbance
from remotecal.procedures.library.measuring.surroundings import AirDuring
from remotecal.procedures.library.meters.gas_names import composition
from remotecal.procedures.library.meters.results import MeterFinding, errors_at
from remotecal.uncertainty.number import estimate

if TYPE_CHECKING:
    from remotecal.drivers.measured import Measured
    from remotecal.fluids.gas_equations import GasState
    from remotecal.procedures.library.evaluation.conformity import Specification
    from remotecal.procedures.library.gas_loop.bank import BankFinding
    from remotecal.procedures.library.gas_loop.closure import LoopClosure
    from remotecal.procedures.library.gas_loop.filling import LoopGas
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.seen import LoopSeen


@dataclass(frozen=True, slots=True)
class GoneRound:
    """What went round at one point."""

    pressure: float
    """Asked for, in kPa."""
    meter: GasState
    """The gas in the meter, on the mean of all repeats."""
    reynolds: float
    """Of the meter's pipe."""
    numbers: Sequence[int]
    """Masters that were open."""
    at: Sequence[float]
    """Reynolds number of each of them."""
    load: float
    """Share of its highest flow that each ran at."""
    leak: float
    """What leaked at this pressure when it was tested, in m³/h."""


def model(*, masters_first: bool, disturbed: str = "") -> str:
    """Return the measurement model in one line.

    Args:
        masters_first: whether the gas comes to the masters first.
        disturbed: the factor that disturbances of the flow are in it (`disturbance.term`).
    """
    sign = "−" if masters_first else "+"
    return (
        "E = V_i/V − 1, V = [Σ V_j/(1 + E_j(Re_j))·(p_j/p_d)·(T_d/T_j)·(Z_d/Z_j) "
        f"{sign} V_c·(ρ_end − ρ_start)/ρ_d {sign} q_l·τ]·(1 + Δt/τ){disturbed}"
    )


def error_table(
    findings: Sequence[MeterFinding],
    rounds: Sequence[GoneRound],
    specification: Specification,
    *,
    accredited: bool,
) -> Result:
    """Return the errors, one row a point, against the Reynolds number: all pressures in one picture."""
    columns = [
        _reynolds_column(rounds),
        _level_column([each.pressure for each in rounds]),
        column("压力（绝压）", "Pressure (absolute)", "remotecal_meterPressure", "kPa",
               [f"{estimate(each.meter.pressure) / 1000:.2f}" for each in rounds]),
        column("标准流量", "Reference flow", "remotecal_referenceFlow", "m3/h",
               [finding.with_relative_uncertainty(finding.place) for finding in findings]),
    ]  # fmt: skip
    return errors_at(columns, findings, specification, accredited=accredited)


def numbers(rounds: Sequence[GoneRound]) -> list[str]:
    """Return the Reynolds numbers of the meter's pipe, which rows of all tables begin with."""
    return [f"{float(significant(each.reynolds, 4)):.0f}" for each in rounds]


def _reynolds_column(rounds: Sequence[GoneRound]) -> Column:
    said = numbers(rounds)
    return column("雷诺数 Re", "Reynolds number Re", "basic_referenceValue basic_tableIndex0", "1", said)


def _level_column(levels: Sequence[float]) -> Column:
    """Return the pressures asked for, in kPa: the picture has a line for each of several."""
    refs = "remotecal_pressureLevel remotecal_curveLevel"
    return column(
        "标称压力（绝压）", "Nominal pressure (absolute)", refs, "kPa", [f"{each:g}" for each in levels]
    )


def masters_table(rounds: Sequence[GoneRound]) -> Result:
    """Return which masters worked at each point, where, and what the gas was."""
    columns = (
        _reynolds_column(rounds),
        Words(
            name=Text(zh="所用标准表", en="Masters"),
            ref_types=("remotecal_masters",),
            words=tuple("+".join(map(str, each.numbers)) for each in rounds),
        ),
        column("标准表负荷", "Load", "remotecal_load", "%", [f"{100 * each.load:.0f}" for each in rounds]),
        column("标准表最小 Re", "Smallest Re of masters", "remotecal_smallestReynolds", "1",
               [f"{float(significant(min(each.at), 3)):.0f}" for each in rounds]),
        column("标准表最大 Re", "Largest Re of masters", "remotecal_largestReynolds", "1",
               [f"{float(significant(max(each.at), 3)):.0f}" for each in rounds]),
        column("温度", "Temperature", "remotecal_meterTemperature", "°C",
               [f"{estimate(each.meter.t):.2f}" for each in rounds]),
        column("密度", "Density", "remotecal_density", "kg/m3",
               [f"{estimate(each.meter.density):.3f}" for each in rounds]),
        column("压缩因子 Z", "Compression factor Z", "remotecal_compressionFactor", "1",
               [f"{estimate(each.meter.z):.5f}" for each in rounds]),
    )  # fmt: skip
    name = Text(zh="标准表与介质状态", en="Masters, and the gas at the meter")
    return Result(name=name, ref_types=("remotecal_loopFlow",), tables=(Table(columns=columns),))


def closure_table(rounds: Sequence[GoneRound], closures: Sequence[LoopClosure]) -> Result:
    """Return how the check meter agreed with the masters at each point."""
    reported = [each.evaluated.reported() for each in closures]
    columns = (
        _reynolds_column(rounds),
        column("核查表 Re", "Re of the check meter", "remotecal_checkReynolds", "1",
               [f"{float(significant(each.reynolds, 3)):.0f}" for each in closures]),
        column("闭合差 c", "Closure c", "remotecal_closure", "%", [each.value for each in reported]),
        plain_column("2u(c)", "closureLimit", "%", [each.expanded for each in reported]),
        _kept_column("|c| ≤ 2u", closures),
    )  # fmt: skip
    name = Text(zh="与核查表闭合", en="Closure against the check meter")
    return Result(name=name, ref_types=("remotecal_closure",), tables=(Table(columns=columns),))


def bank_table(rounds: Sequence[GoneRound], closures: Sequence[BankFinding]) -> Result:
    """Return how the nozzles agreed with the masters at each point."""
    reported = [each.evaluated.reported() for each in closures]
    columns = (
        _reynolds_column(rounds),
        Words(
            name=Text(zh="所用喷嘴", en="Nozzles"),
            ref_types=("remotecal_nozzles",),
            words=tuple("+".join(map(str, each.numbers)) for each in closures),
        ),
        column("喷嘴最小 Re", "Smallest Re of nozzles", "remotecal_smallestReynolds", "1",
               [f"{float(significant(each.smallest, 3)):.0f}" for each in closures]),
        column("最大背压比", "Largest back-pressure ratio", "remotecal_backPressureRatio", "1",
               [f"{each.ratio:.3f}" for each in closures]),
        column("闭合差 c_n", "Closure c_n", "remotecal_nozzleClosure", "%",
               [each.value for each in reported]),
        plain_column("2u(c_n)", "nozzleClosureLimit", "%", [each.expanded for each in reported]),
        _kept_column("|c_n| ≤ 2u", closures),
    )  # fmt: skip
    name = Text(zh="与临界流喷嘴闭合", en="Closure against critical nozzles")
    return Result(name=name, ref_types=("remotecal_nozzleClosure",), tables=(Table(columns=columns),))


def plain_column(symbol: str, ref_type: str, unit: str, values: Iterable[str]) -> Column:
    """Return a column that is called by a symbol, which all languages read alike."""
    name = Text.plain(symbol)
    return Column(name=name, ref_types=(f"remotecal_{ref_type}",), unit=unit, values=tuple(values))


def _kept_column(name: str, closures: Sequence[LoopClosure | BankFinding]) -> Words:
    """Return whether each closure was kept, under a name that both languages read alike."""
    return Words(
        name=Text.plain(name),
        ref_types=("remotecal_closes",),
        words=tuple("✓" if each.kept else "✗" for each in closures),
    )


def leak_table(leaks: Mapping[float, float], allowed: float) -> Result:
    """Return what leaked at each pressure in kPa, in m³/h, beside what was allowed."""
    columns = (
        column("压力", "Pressure", "remotecal_nominalPressure basic_tableIndex0", "kPa",
               [f"{pressure:g}" for pressure in leaks]),
        column("泄漏率", "Leak rate", "remotecal_leakRate", "m3/h",
               [f"{leak:.5f}" for leak in leaks.values()]),
        column("允许泄漏率", "Allowed", "remotecal_leakAllowed", "m3/h", [f"{allowed:.5f}"] * len(leaks)),
    )  # fmt: skip
    name = Text(zh="检漏", en="Leak test")
    return Result(name=name, ref_types=("remotecal_leakTest",), tables=(Table(columns=columns),))


def open_remark(
    rounds: Sequence[GoneRound], closures: Sequence[LoopClosure], stops: float | None
) -> tuple[Statement, ...]:
    """Return what is to be said of points at which the check meter did not agree.

    Args:
        rounds: what went round at each point.
        closures: there.
        stops: beyond how many % a run stops; None for one of which no more is said than where it was.
    """
    return _not_closed(
        rounds,
        closures,
        Text(
            zh="核查表在 {there} 处偏离其证书曲线超过 2u。",
            en="At {there} the check meter is off its certified curve by more than 2u.",
        ),
        stops,
    )


def open_bank_remark(
    rounds: Sequence[GoneRound], closures: Sequence[BankFinding], stops: float | None
) -> tuple[Statement, ...]:
    """Return what is to be said of points at which the nozzles did not agree, as `open_remark`."""
    return _not_closed(
        rounds,
        closures,
        Text(
            zh="临界流喷嘴在 {there} 处与标准表之差超过 2u。",
            en="At {there} the critical nozzles differ from the masters by more than 2u.",
        ),
        stops,
    )


def _not_closed(
    rounds: Sequence[GoneRound],
    closures: Sequence[LoopClosure | BankFinding],
    said: Text,
    stops: float | None,
) -> tuple[Statement, ...]:
    """Return a remark on the points at which a closure was not kept; none if it was everywhere."""
    open_ones = [pair for pair in zip(rounds, closures, strict=False) if not pair[1].kept]
    if not open_ones:
        return ()
    there = [f"Re {float(significant(each.reynolds, 3)):.0f}" for each, _ in open_ones]
    zh, en = said.get("zh").format(there="、".join(there)), said.get("en").format(there=", ".join(there))
    if stops is not None:
        told = [closed.evaluated.reported() for _, closed in open_ones]
        zh += "闭合差 c 与 2u：" + "；".join(f"{each.value} % 与 {each.expanded} %" for each in told)
        zh += (
            f"。运行在 {stops:g} % 以外才停止，2u 为较小的限值：此差不在任何不确定度预算中，"
            "该处误差可能有同样大小的偏差。"
        )
        en += " c and 2u: " + "; ".join(f"{each.value} % and {each.expanded} %" for each in told)
        en += (
            f". A run stops beyond {stops:g} % only, and 2u is the smaller limit: what is off is in no "
            "budget, and the error there may be wrong by as much."
        )
    return (Statement(ref_types=("remotecal_remark",), declaration=Text(zh=zh, en=en)),)


def gas(told: LoopParameters, filling: LoopGas, *, read: bool = False) -> tuple[Condition, ...]:
    """Return the conditions that name the gas, its water and its equation of state, and what it consists of.

    Args:
        told: what the order tells.
        filling: the gas.
        read: whether a meter told its dew point.
    """
    zh = {"air": "空气", "nitrogen": "氮气", "natural gas": "天然气"}[told.gas]
    zh_water, en_water = ("露点实测", "its dew point measured") if read else _water(told)
    by = f"{filling.equation.name}; {filling.equation.implementation}"
    note = Note(
        name=Text(zh="介质名称", en="Name"),
        ref_types=("remotecal_fluidName",),
        text=Text(
            zh=f"{zh}，{zh_water}（状态方程：{by}）", en=f"{told.gas}, {en_water} (equation of state: {by})"
        ),
    )
    named = Condition(name=Text(zh="介质", en="Fluid"), ref_types=("remotecal_fluid",), quantities=(note,))
    return (named, *_consists(told, filling)) if told.components else (named,)


def _water(told: LoopParameters) -> tuple[str, str]:
    """Return what the order tells of the water in the gas, in Chinese and in English."""
    if told.dew_point is not None:
        dew, at = f"{told.dew_point:g} °C", f"{told.dew_pressure:g} kPa"
        return f"露点 {dew}（{at} 下）", f"dew point {dew} at {at}"
    return ("水分见组成", "its water by the composition") if "water" in told.components else ("干燥", "dry")


def _consists(told: LoopParameters, filling: LoopGas) -> tuple[Condition]:
    """Return the condition of what the gas consists of, with what SGERG-88 goes by where that is used."""
    fractions = {name: estimate(share) for name, share in filling.without_dew.fractions.items()}
    parts, kind = composition(fractions), "remotecal_composition"
    if told.equation == "SGERG-88":
        heat, relative = told.simple
        by = f"H_s = {heat:g} MJ/m³, d = {relative:g}"
        parts = Text(zh=f"{parts.get('zh')}，{by}", en=f"{parts.get('en')}, {by}")
    name = Text(zh="气体组成", en="Composition of the gas")
    note = Note(name=name, ref_types=(kind,), text=parts)
    return (Condition(name=name, ref_types=(kind,), quantities=(note,)),)


CALLED: Final[Mapping[str, tuple[str, Text]]] = {
    "meter_pressure": (
        "meterPressure",
        Text(zh="被检表处压力示值（绝压）", en="Indicated pressure at the meter (absolute)"),
    ),
    "meter_temperature": (
        "meterTemperature",
        Text(zh="被检表处温度示值", en="Indicated temperature at the meter"),
    ),
    "master_temperature": (
        "masterTemperature",
        Text(zh="标准表处温度示值", en="Indicated temperature at the masters"),
    ),
}
"""Part of an observation → refType and name of the condition."""


def conditions(observed: Iterable[LoopSeen], told: LoopParameters, filling: LoopGas) -> tuple[Condition, ...]:
    """Return the gas, the air around, and between what pressures and temperatures lay in all repeats."""
    air = AirDuring()
    ends = {name: Ends("kPa" if name.endswith("pressure") else "°C") for name in CALLED}
    dew = Ends("°C")
    for seen in observed:
        air.take(seen)
        dew.take(*(seen.dew_point or ()))
        for name, each in ends.items():
            readings: tuple[Measured, ...] = getattr(seen, name)
            each.take(*readings)
    read = dew.low <= dew.high
    return (
        *gas(told, filling, read=read),
        *air.conditions(),
        *(between(f"remotecal_{kind}", said, ends[name], 2) for name, (kind, said) in CALLED.items()),
        *((between("remotecal_dewPoint", _dew_point(told), dew, 2),) if read else ()),
        disturbance.condition(told),
    )


def _dew_point(told: LoopParameters) -> Text:
    """Return what the dew point that a meter told is called, with the pressure it is at."""
    if told.dew_cell == "loop":
        return Text(
            zh="气体露点示值（环道压力下）", en="Dew point of the gas, as told (at the loop's pressure)"
        )
    at = f"{told.dew_pressure:g} kPa"
    return Text(zh=f"气体露点示值（{at} 下）", en=f"Dew point of the gas, as told (at {at})")
