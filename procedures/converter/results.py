"""The tables of a volume converter's certificate: the whole, pressure, temperature, the parts, the factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from remotecal.model import Column, Condition, Note, Result, Table, Text
from remotecal.procedures.library.evaluation.digits import decimals, fixed, with_uncertainty
from remotecal.procedures.library.evaluation.tables import column, error_column
from remotecal.procedures.library.meters.gas_names import composition

if TYPE_CHECKING:
    from remotecal.model import PointBudget
    from remotecal.procedures.library.converter.findings import SensorFinding, WholeFinding
    from remotecal.procedures.library.converter.parameters import ConverterParameters
    from remotecal.procedures.library.evaluation.conformity import Specification

WHOLE, OF_PRESSURE, OF_TEMPERATURE = 0, 1, 2
"""Places of the results that have budgets."""


def _grid(findings: Sequence[WholeFinding]) -> list[Column]:
    return [
        column("温度", "Temperature", "remotecal_temperature basic_tableIndex0", "°C",
               [f"{one.t:.2f}" for one in findings]),
        column("绝压", "Absolute pressure", "remotecal_absolutePressure", "kPa",
               [f"{one.p / 1000:.2f}" for one in findings]),
    ]  # fmt: skip


def _plain(symbol: str, ref_type: str, unit: str, values: Sequence[str]) -> Column:
    """Return a column that is called by a symbol."""
    return Column(name=Text.plain(symbol), ref_types=(ref_type,), unit=unit, values=tuple(values))


def whole(findings: Sequence[WholeFinding], specification: Specification, *, accredited: bool) -> Result:
    """Return the table of errors of the volume at base conditions, one row a place of the grid."""
    columns = [
        *_grid(findings),
        column("标准换算系数 C", "Reference C", "basic_referenceValue", "1",
               [with_uncertainty(one.place, one.place * one.evaluated.expanded / 100) for one in findings]),
        error_column(findings, specification, accredited=accredited),
    ]  # fmt: skip
    name = Text(zh="标况体积（不含流量计）", en="Volume at base conditions (without the meter)")
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=tuple(columns)),))


def pressure(findings: Sequence[SensorFinding], specification: Specification, *, accredited: bool) -> Result:
    """Return the table of errors of the pressure."""
    places = [decimals(one.evaluated.reported().expanded) for one in findings]
    ways = {
        "rising": [fixed(one.rising, n) for one, n in zip(findings, places, strict=True)],
        "falling": [fixed(one.falling, n) for one, n in zip(findings, places, strict=True)],
        "turn": [fixed(abs(one.falling - one.rising), n) for one, n in zip(findings, places, strict=True)],
    }
    columns = (
        column("标准绝压", "Reference pressure (absolute)", "basic_referenceValue basic_tableIndex0", "kPa",
               [with_uncertainty(one.place, one.place * one.evaluated.expanded / 100) for one in findings]),
        column("正行程误差", "Error, rising", "remotecal_errorRising", "%", ways["rising"]),
        column("反行程误差", "Error, falling", "remotecal_errorFalling", "%", ways["falling"]),
        column("回差", "Hysteresis", "remotecal_hysteresis", "%", ways["turn"]),
        error_column(findings, specification, accredited=accredited),
    )  # fmt: skip
    name = Text(zh="压力测量", en="Measurement of pressure")
    return Result(name=name, ref_types=("remotecal_pressureErrors",), tables=(Table(columns=columns),))


def temperature(
    findings: Sequence[SensorFinding], specification: Specification, *, accredited: bool
) -> Result:
    """Return the table of errors of the temperature, in K and in % of kelvins."""
    columns = (
        column("标准温度", "Reference temperature", "basic_referenceValue basic_tableIndex0", "°C",
               [f"{one.place:.3f}" for one in findings]),
        column("误差", "Error", "remotecal_temperatureError", "K",
               [fixed(one.beside, 3) for one in findings]),
        error_column(findings, specification, accredited=accredited),
    )  # fmt: skip
    name = Text(
        zh="温度测量（误差为热力学温度的百分数）", en="Measurement of temperature (errors in % of kelvins)"
    )
    return Result(name=name, ref_types=("remotecal_temperatureErrors",), tables=(Table(columns=columns),))


def parts(findings: Sequence[WholeFinding]) -> Result:
    """Return the table of every error by itself and of the whole, and of what closes them."""
    each = [one.parts for one in findings]
    said = [one.calculator.reported() for one in findings]
    columns = [
        *_grid(findings),
        _plain("e_V", "remotecal_countingError", "%", [fixed(one.counting, 4) for one in each]),
        _plain("e_p", "remotecal_pressureError", "%", [fixed(one.pressure, 4) for one in each]),
        _plain("e_T", "remotecal_temperatureErrorRelative", "%",
               [fixed(one.temperature, 4) for one in each]),
        _plain("e_Z", "remotecal_compressibilityError", "%",
               [fixed(one.compressibility, 4) for one in each]),
        _plain("e_V + e_p − e_T + e_Z", "remotecal_composedError", "%",
               [fixed(one.composed, 4) for one in each]),
        _plain("e_Vb", "remotecal_wholeError", "%",
               [fixed(one.evaluated.value, 4) for one in findings]),
        column("计算器误差 e_f", "Calculator e_f", "remotecal_calculatorError", "%",
               [one.value for one in said]),
        _plain("U(e_f)", "remotecal_calculatorUncertainty", "%", [one.expanded for one in said]),
        _plain("r(e_p, e_Vb)", "remotecal_correlationPressure", "1",
               [fixed(one.with_pressure, 2) for one in each]),
        _plain("r(e_T, e_Vb)", "remotecal_correlationTemperature", "1",
               [fixed(one.with_temperature, 2) for one in each]),
    ]  # fmt: skip
    name = Text(zh="各部分误差与整体误差", en="Errors of the parts and of the whole")
    return Result(name=name, ref_types=("remotecal_partsAndWhole",), tables=(Table(columns=tuple(columns)),))


def factors(findings: Sequence[WholeFinding], compared_with: str | None) -> Result:
    """Return the table of conversion factors, and of what another method differs by."""
    each = [one.parts for one in findings]
    columns = [
        *_grid(findings),
        column("标准 C", "Reference C", "remotecal_referenceFactor", "1",
               [f"{one.place:.6f}" for one in findings]),
        column("示值 C", "C shown", "remotecal_shownFactor", "1", [f"{one.shown:.6f}" for one in each]),
        column("误差 e_C", "Error e_C", "remotecal_factorError", "%", [fixed(one.factor, 4) for one in each]),
    ]  # fmt: skip
    if compared_with is not None:
        others = [fixed(one.other or 0.0, 4) for one in each]
        label = f"{compared_with} − C"
        columns.append(_plain(label, "remotecal_methodDifference", "%", others))
    name = Text(zh="换算系数", en="Conversion factor")
    return Result(
        name=name, ref_types=("remotecal_conversionFactor",), tables=(Table(columns=tuple(columns)),)
    )


def of_result(budgets: Sequence[PointBudget], result: int) -> tuple[PointBudget, ...]:
    """Return budgets as those of another result than the first."""
    return tuple(one.model_copy(update={"result": result}) for one in budgets)


def programmed(parameters: ConverterParameters) -> tuple[Condition, Condition]:
    """Return the conditions of what is programmed (base, method, gas) and of the packets of pulses."""
    base = parameters.base
    gas = _gas(parameters)
    fixed_part = f"p_b = {base.p / 1000:.6g} kPa, T_b = {base.t:g} °C; {parameters.method}"
    note = Note(
        name=Text(zh="参比条件、压缩因子方法、气体组成", en="Base conditions, method for Z, gas"),
        ref_types=("remotecal_programmed",),
        text=Text(zh=f"{fixed_part}；{gas.get('zh')}", en=f"{fixed_part}; {gas.get('en')}")
        if gas is not None
        else Text.plain(fixed_part),
    )
    worth, packet = parameters.pulses_per_volume, parameters.packet
    pulses = Note(
        name=Text(zh="脉冲", en="Pulses"),
        ref_types=("remotecal_pulses",),
        text=Text(
            zh=f"每组 {parameters.pulses} 个脉冲，每立方米 {worth:g} 个脉冲：每组 N/K = {packet:g} m³",
            en=f"packets of {parameters.pulses} pulses, {worth:g} pulses per m³: N/K = {packet:g} m³ each",
        ),
    )
    return (
        Condition(
            name=Text(zh="设置参数", en="What is programmed"),
            ref_types=("remotecal_settings",),
            quantities=(note,),
        ),
        Condition(
            name=Text(zh="脉冲组", en="Packets of pulses"),
            ref_types=("remotecal_packets",),
            quantities=(pulses,),
        ),
    )


def _gas(parameters: ConverterParameters) -> Text | None:
    """Return what is programmed of the gas; None where the method asks for nothing."""
    if parameters.method in {"ideal", "Lemmon 2000"}:
        return None
    if parameters.method != "SGERG-88":
        return composition(parameters.composition)
    shares = f"{100 * parameters.carbon_dioxide:g} %", f"{100 * parameters.hydrogen:g} %"
    known = f"H_s = {parameters.calorific_value:g} MJ/m³, d = {parameters.relative_density:g}"
    return Text(
        zh=f"{known}，二氧化碳 {shares[0]}，氢气 {shares[1]}",
        en=f"{known}, carbon dioxide {shares[0]}, hydrogen {shares[1]}",
    )
