"""What a converter's certificate says in words: of calculator, packets, and parts and whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from remotecal.model import Statement, Text
from remotecal.procedures.library.converter.methods import explained

if TYPE_CHECKING:
    from remotecal.procedures.library.converter.findings import ArithmeticFinding, Grid, WholeFinding
    from remotecal.procedures.library.converter.parameters import ConverterParameters

WHOLE: Final = Text(zh="整机（不含流量计）", en="the converter as a whole, without the meter,")
PRESSURE: Final = Text(zh="压力测量部分", en="the measurement of pressure")
TEMPERATURE: Final = Text(zh="温度测量部分", en="the measurement of temperature")
CALCULATOR: Final = Text(zh="计算器", en="the calculator")
"""What each is called in its verdict."""

CONTROLLER: Final = Text(zh="压力控制器示值", en="Pressure by the controller")
WELL: Final = Text(zh="恒温槽温度", en="Temperature in the well")
"""What the conditions are called."""

AGREES: Final = 2e-4
"""How well a wrong method or wrong base conditions must agree with what is shown to be named, as a share."""


NORM, LEVELS, TEMPERATURES = "EN 12405-1", 5, 3
"""A document, and at how many pressures and temperatures it has a converter verified (unverified)."""


def left_out(parameters: ConverterParameters, wording: int) -> tuple[Statement, ...]:
    """Return that it was seen at fewer places than the document asks for; `wording` is evidence's."""
    p, t = len(parameters.pressures), len(parameters.temperatures)
    if wording < 2 or parameters.norm != NORM or (p >= LEVELS and t >= TEMPERATURES):
        return ()
    text = Text(
        zh=f"{parameters.norm} 要求 {LEVELS} 个压力点、{TEMPERATURES} 个温度点（未核实），实测 {p} 个压力点、"
        f"{t} 个温度点；符合性仅针对所测各点。",
        en=f"{parameters.norm} asks for {LEVELS} pressures and {TEMPERATURES} temperatures (unverified); "
        f"measured were {p} and {t}, and the verdicts are of these alone.",
    )
    return (Statement(ref_types=("remotecal_remark", "remotecal_leftOut"), declaration=text),)


def calculator(findings: Sequence[ArithmeticFinding]) -> tuple[Statement, ...]:
    """Return what is said of the calculator's error: the largest that was found."""
    worst = max(findings, key=lambda one: abs(one.evaluated.value)).evaluated.reported()
    value = printed(worst.value)
    text = Text(
        zh=f"计算器误差 e_f 绝对值最大处为 {value} %, U = {worst.expanded} %。",
        en=f"The largest error e_f of the calculator is {value} % (U = {worst.expanded} %).",
    )
    return (Statement(ref_types=("remotecal_calculator",), declaration=text),)


def printed(number: str) -> str:
    """Return a number with a minus sign, as it stands in a sentence."""
    return number.replace("-", "−")


def packets(grid: Grid) -> tuple[Statement, ...]:
    """Return what is said of counting: whether each packet was counted to one step of the total."""
    wanted = grid.parameters
    counted = [at.passed(seen, "measured", "m3") for at in grid.places.values() for seen in at.seen]
    worst = max(counted, key=lambda volume: abs(volume - wanted.packet))
    exact = abs(worst - wanted.packet) <= wanted.step * (1 + 1e-6)
    if exact:
        text = Text(
            zh=f"{len(counted)} 组各 {wanted.pulses} 个脉冲的计数误差均不超过工况体积的一个分辨力。",
            en=f"Each of {len(counted)} packets of {wanted.pulses} pulses was counted to one step of the "
            "total.",
        )
    else:
        text = Text(
            zh=f"{wanted.pulses} 个脉冲（N/K = {wanted.packet:g} m³）计为 {worst:.6g} m³，超过一个分辨力："
            "检查脉冲当量、输入频率和触发电平。",
            en=f"A packet of {wanted.pulses} pulses, N/K = {wanted.packet:g} m³, was counted as {worst:.6g} "
            "m³, which is off by more than one step of the total: look at the pulse value, the input's "
            "highest frequency and its level.",
        )
    return (Statement(ref_types=("remotecal_counting",), declaration=text),)


def closure(grid: Grid, findings: Sequence[WholeFinding]) -> tuple[Statement, ...]:
    """Return what is said of places at which parts and whole differ by more than their uncertainty."""
    apart = [one for one in findings if not one.closes]
    if not apart:
        text = Text(
            zh="闭合检验：各处整体误差与各部分之和（e_V + e_p − e_T + e_Z）之差均不超过其扩展不确定度。",
            en="Closure: everywhere the whole and the sum of the parts, e_V + e_p − e_T + e_Z, agree within "
            "the expanded uncertainty of their difference.",
        )
        return (Statement(ref_types=("remotecal_closure",), declaration=text),)
    wanted = grid.parameters
    why = explained(
        [at.shown() for at in grid.places.values()], wanted.programmed, wanted.method, wanted.base, AGREES
    )
    nothing = Text(zh="原因未知", en="nothing that is known explains it")
    told = nothing if why is None else why
    text = Text(
        zh=f"闭合检验：{len(findings)} 处中有 {len(apart)} 处整体误差与各部分之和之差超出其扩展不确定度"
        f"（{told.get('zh')}）。",
        en=f"Closure: at {len(apart)} of {len(findings)} places the whole and the sum of the parts differ by "
        f"more than the expanded uncertainty of the difference; {told.get('en')}.",
    )
    return (Statement(ref_types=("remotecal_closure",), declaration=text),)


def methods(findings: Sequence[WholeFinding], parameters: ConverterParameters) -> tuple[Statement, ...]:
    """Return what is said of another method: by how much it differs, and that the device is not charged."""
    if parameters.compared_with is None:
        return ()
    most = max((one.parts.other or 0.0 for one in findings), key=abs)
    text = Text(
        zh=f"换算系数的标准值按仪表设置的方法 {parameters.method} 计算；{parameters.compared_with} "
        f"与其相差绝对值最大处为 {printed(f'{most:+.4f}')} %，此差异不计为仪表误差。",
        en=f"The reference's conversion factor is by {parameters.method}, as the device is programmed. "
        f"The largest difference of {parameters.compared_with} from it is {printed(f'{most:+.4f}')} %, which "
        "is no error of the device.",
    )
    return (Statement(ref_types=("remotecal_remark", "remotecal_methodDifference"), declaration=text),)
