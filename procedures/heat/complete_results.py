"""From what was found of a complete heat meter to the tables and conditions of its certificate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from remotecal.model import Condition, Result, Statement, Table, Text
from remotecal.procedures.library.evaluation.conformity import Specification
from remotecal.procedures.library.evaluation.digits import rounded
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.heat import calculator_results, energy
from remotecal.procedures.library.heat.complete_found import CompleteFinding
from remotecal.procedures.library.heat.complete_parameters import PARTS, CompleteParameters
from remotecal.procedures.library.heat.limits import calculator_limit, pair_limit
from remotecal.procedures.library.meters.heat_meters import flow_limit

METER: Final = Text(en="the heat meter")
"""What the item is called in its verdict."""
DEVICE: Final = Text(zh="被检热量表", en="The heat meter")
"""What it is called where it is said that it did not answer."""


def error_table(
    findings: Sequence[CompleteFinding], specification: Specification, *, accredited: bool
) -> Result:
    """Return the table of errors, one row a combination of difference and flow."""
    flow = column("流量", "Flow", "remotecal_flow", "m3/h", [f"{finding.flow:.4g}" for finding in findings])
    return energy.error_table(findings, specification, accredited=accredited, further=(flow,))


def parts_table(findings: Sequence[CompleteFinding], wanted: CompleteParameters) -> Result:
    """Return what the parts may be off at each combination, and what they were found to be apart."""
    smallest = wanted.smallest_difference
    counting = [wanted.counting(one.judged_at, one.flow) for one in findings]
    of_flow = [
        flow_limit(wanted.accuracy_class, wanted.permanent, flow, wanted.flow_permitted)
        for _, flow in counting
    ]
    of_pair = [pair_limit(smallest, at, wanted.pair_permitted) for at, _ in counting]
    of_calculator = [calculator_limit(smallest, at, wanted.calculator_permitted) for at, _ in counting]
    columns = [
        column("温差", "Difference", "basic_referenceValue basic_tableIndex0", "K",
               [f"{one.judged_at:.3f}" for one in findings]),
        column("流量传感器 E_f", "Flow sensor E_f", "remotecal_limitOfFlowSensor", "%", _short(of_flow)),
        column("配对传感器 E_t", "Pair E_t", "remotecal_limitOfPair", "%", _short(of_pair)),
        column("计算器 E_c", "Calculator E_c", "remotecal_limitOfCalculator", "%", _short(of_calculator)),
    ]  # fmt: skip
    if wanted.found_apart:
        like = [finding.evaluated.reported().expanded for finding in findings]
        apart = [
            finding.evaluated.value - parts
            for finding, parts in zip(findings, wanted.found_apart, strict=True)
        ]
        columns += [
            column("分量误差之和", "Sum of the parts' errors", "remotecal_sumOfParts", "%",
                   [rounded(one, digits) for one, digits in zip(wanted.found_apart, like, strict=True)]),
            column("整体与分量之差", "Whole less parts", "remotecal_wholeLessParts", "%",
                   [rounded(one, digits) for one, digits in zip(apart, like, strict=True)]),
        ]  # fmt: skip
    name = Text(zh="各部件最大允许误差", en="What the parts may be off")
    return Result(name=name, ref_types=("remotecal_parts",), tables=(Table(columns=tuple(columns)),))


def apart(wanted: CompleteParameters) -> tuple[Statement, ...]:
    """Return by which certificates the parts' errors were found, where the order says so."""
    if not wanted.found_by:
        return ()
    by = list(zip(PARTS, wanted.found_by, strict=True))
    zh = "、".join(f"{part.get('zh')} {number}" for part, number in by)
    en = ", ".join(f"{part.get('en')} {number}" for part, number in by)
    said = Text(
        zh=f"分量误差之和依据下列证书，由委托方给出：{zh}。",
        en=f"The sum of the parts' errors is as the order gives it, by these certificates: {en}.",
    )
    return (Statement(ref_types=("remotecal_remark",), declaration=said),)


def below(findings: Sequence[CompleteFinding], wanted: CompleteParameters) -> tuple[Statement, ...]:
    """Return that a meter was measured below its smallest difference or flow, where it was."""
    least, lowest = wanted.smallest_difference, wanted.smallest_flow
    there = [
        (f"{one.judged_at:.3f} K, {one.flow:.4g} m³/h")
        for one in findings
        if wanted.counting(one.judged_at, one.flow) != (one.judged_at, one.flow)
    ]
    if not there:
        return ()
    said = Text(
        zh=f"{'；'.join(there)} 处低于 Δθ_min = {least:g} K 或 q_i = {lowest:g} m³/h，"
        "按最小值处的最大允许误差判定。",
        en=f"{'; '.join(there)}: below Δθ_min = {least:g} K or q_i = {lowest:g} m³/h; held against what the "
        "meter may be off at the smallest ones.",
    )
    return (Statement(ref_types=("remotecal_remark",), declaration=said),)


def conditions(wanted: CompleteParameters) -> tuple[Condition, ...]:
    """Return what the meter is meant for: the side of its flow sensor, the water's pressure."""
    return calculator_results.meant_for(wanted.side, wanted.pressure)


def _short(values: Sequence[float]) -> list[str]:
    return [f"{value:.3g}" for value in values]
