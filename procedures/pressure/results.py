"""From what was found of a pressure device to the tables, conditions and statements of its certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remotecal.model import Column, Condition, Note, Result, Statement, Table, Text
from remotecal.procedures.library.evaluation.digits import decimals, fixed, rounded, same_decimals
from remotecal.procedures.library.evaluation.tables import column, error_column
from remotecal.procedures.library.measuring.surroundings import AirDuring
from remotecal.procedures.library.pressure.followed import sequence
from remotecal.uncertainty.rounding import report

if TYPE_CHECKING:
    from remotecal.bench_file import Characteristic
    from remotecal.procedures import Evidence
    from remotecal.procedures.library.evaluation.conformity import Specification
    from remotecal.procedures.library.measuring.surroundings import InAir
    from remotecal.procedures.library.pressure.parameters import PressureParameters
    from remotecal.procedures.library.pressure.places import DeviceFound, PressureFinding


def error_table(
    findings: Sequence[PressureFinding],
    specification: Specification,
    parameters: PressureParameters,
    *,
    accredited: bool,
) -> Result:
    """Return the table of errors, one row a set point.

    Indications are brought to the mean reference pressure, so that their differences from it are the errors.

    Args:
        findings: what was found, in the order to print.
        specification: what to judge by.
        parameters: of the run.
        accredited: whether the results are within the accredited scope, which the CMC belongs to.
    """
    unit, chosen = findings[0].evaluated.unit, parameters.unit
    like = [finding.evaluated.reported().expanded for finding in findings]

    def shown(values: Sequence[float]) -> list[str]:
        return [rounded(value, digits) for value, digits in zip(values, like, strict=True)]

    columns = [
        column("标称压力", "Nominal pressure", "remotecal_nominalValue basic_tableIndex0", chosen,
               same_decimals([finding.nominal for finding in findings])),
        column("标准压力", "Reference pressure", "basic_referenceValue", chosen,
               [report(finding.place, finding.within).value for finding in findings]),
    ]  # fmt: skip
    if unit != chosen:
        columns.append(
            column("理论输出", "Ideal output", "remotecal_idealIndication", unit,
                   shown([finding.ideal for finding in findings]))
        )  # fmt: skip
    columns += [
        column("正行程示值", "Indication, rising", "basic_measuredValue remotecal_rising", unit,
               shown([finding.ideal + finding.rising for finding in findings])),
        column("反行程示值", "Indication, falling", "remotecal_falling", unit,
               shown([finding.ideal + finding.falling for finding in findings])),
        error_column(findings, specification, accredited=accredited),
        column("最大示值误差", "Largest error", "remotecal_largestError", unit,
               shown([finding.largest for finding in findings])),
        column("回差", "Hysteresis", "remotecal_hysteresis", unit,
               shown([finding.hysteresis for finding in findings])),
    ]  # fmt: skip
    name = Text(zh="示值误差", en="Error of indication")
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=tuple(columns)),))


def characteristics(findings: Sequence[PressureFinding], whole: DeviceFound) -> Result:
    """Return what the device is like as a whole."""
    unit = findings[0].evaluated.unit
    places = max(decimals(finding.evaluated.reported().expanded) for finding in findings)
    told = (
        ("零位偏差", "Zero deviation", "remotecal_zeroDeviation", whole.zero),
        ("重复性", "Repeatability", "remotecal_repeatability", whole.repeatability),
        ("回差", "Hysteresis", "remotecal_hysteresis", whole.hysteresis),
        ("基本误差", "Basic error", "remotecal_basicError", whole.basic),
        ("线性度", "Nonlinearity", "remotecal_linearity", whole.nonlinearity),
        ("误差带 U'", "Error band U'", "remotecal_errorBand", whole.band),
    )
    columns = tuple(
        column(chinese, english, ref_type, unit, [fixed(value, places)])
        for chinese, english, ref_type, value in told
        if value is not None
    )
    name = Text(zh="计量性能", en="Metrological characteristics")
    return Result(name=name, ref_types=("remotecal_characteristics",), tables=(Table(columns=columns),))


MEDIA: Mapping[str, Text] = {
    "nitrogen": Text(zh="氮气", en="nitrogen"),
    "air": Text(zh="空气", en="air"),
    "oil": Text(zh="油", en="oil"),
    "water": Text(zh="水", en="water"),
}
MOUNTINGS: Mapping[str, Text] = {
    "upright": Text(zh="垂直", en="upright"),
    "lying": Text(zh="水平", en="lying"),
}
LEVELS: Mapping[str, Text] = {
    "connection": Text(zh="压力接口", en="pressure connection"),
    "centre": Text(zh="表盘中心", en="centre of the dial"),
    "mark": Text(zh="参考面标记", en="mark on the device"),
}
KINDS = {False: Text(zh="表压", en="gauge pressure"), True: Text(zh="绝压", en="absolute pressure")}


def conditions(
    seen: Sequence[InAir], parameters: PressureParameters, evidence: Evidence
) -> tuple[Condition, ...]:
    """Return the conditions of the measurement: the air, the medium, how the device stood, the gravity."""
    facts = evidence.characteristics
    air = AirDuring()
    for one in seen:
        air.take(one)
    return (
        _noted("remotecal_pressureKind", Text(zh="压力类型", en="Pressure"), KINDS[parameters.absolute]),
        _noted("remotecal_fluid", Text(zh="传压介质", en="Medium"), MEDIA[parameters.medium]),
        _noted("remotecal_mounting", Text(zh="安装方式", en="Mounting"), MOUNTINGS[parameters.mounting]),
        _noted("remotecal_referenceLevel", Text(zh="参考面", en="Reference level"), LEVELS[parameters.level]),
        _stated(
            "remotecal_referenceHeight",
            Text(zh="被检参考面高于标准", en="Reference level above that of the standard"),
            facts["reference_height"],
        ),
        _stated("basic_localGravity", Text(zh="当地重力加速度", en="Local gravity"), facts["gravity"]),
        *air.conditions(),
    )


def _noted(ref_type: str, name: Text, text: Text) -> Condition:
    note = Note(name=name, ref_types=(ref_type,), text=text)
    return Condition(name=name, ref_types=(ref_type,), quantities=(note,))


def _stated(ref_type: str, name: Text, fact: Characteristic) -> Condition:
    value = Column(name=name, ref_types=(ref_type,), unit=fact.unit, values=(f"{fact.value:.9g}",))
    return Condition(name=name, ref_types=(ref_type,), quantities=(value,))


def said(whole: DeviceFound, parameters: PressureParameters) -> tuple[Statement, ...]:
    """Return what is to be said of how the device was led, and of what that does not tell."""
    brought = Text(
        zh="示值已换算到平均标准压力。", en="Indications are brought to the mean reference pressure."
    )
    texts = [sequence(parameters), brought]
    if parameters.standard_absolute != parameters.absolute:
        texts.append(
            Text(
                zh="标准器与被检表的压力类型不同：认为气压计位于标准器参考面高度。",
                en="Standard and device count from different pressures: the barometer is taken to stand at "
                "the reference level of the standard.",
            )
        )
    if whole.repeatability is None:
        texts.append(
            Text(
                zh="仅测量一个循环，重复性未评定，不包含在 U 中。",
                en="One cycle was measured: the repeatability is unknown, and not part of U.",
            )
        )
    return tuple(Statement(ref_types=("remotecal_remark",), declaration=text) for text in texts)
