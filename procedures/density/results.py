"""From what was found of solids to the tables of a certificate of density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.model import Column, Result, Table, Text, Words
from remotecal.procedures.library.density.line_constants import LineConstants, told
from remotecal.procedures.library.evaluation.conformity import Specification
from remotecal.procedures.library.evaluation.digits import (
    decimals,
    fixed,
    scattered,
    significant,
    with_uncertainty,
)
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.tables import (
    column,
    error_column,
    repeatability_column,
    stated_column,
)

if TYPE_CHECKING:
    from remotecal.uncertainty.budget import Evaluated


@dataclass(frozen=True, slots=True, kw_only=True)
class SolidFinding(Finding):
    """What was found of a standard: errors and densities in kg/m³."""

    serial: str
    """Of the standard."""
    volume: float
    """Its volume at 20 °C in m³."""
    shown: float
    """Mean of what was shown."""
    temperature: float
    """Mean temperature of the liquid in °C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFinding(Finding):
    """What was found of a weight: errors and masses in kg."""

    serial: str
    """Of the weight."""


def serials(findings: Sequence[SolidFinding] | Sequence[LoadFinding]) -> Words:
    """Return the column of what was put on."""
    return Words(
        name=Text(zh="标准器", en="Standard"),
        ref_types=("remotecal_standard",),
        words=tuple(finding.serial for finding in findings),
    )


def _expanded(finding: Finding) -> float:
    return float(finding.evaluated.reported().expanded)


def density_table(
    findings: Sequence[SolidFinding], specification: Specification, *, accredited: bool
) -> Result:
    """Return the errors of a densitometer, one row a standard."""
    columns: list[Column | Words] = [
        serials(findings),
        column("标准密度 ρ_ref(t)", "Reference density ρ_ref(t)", "basic_referenceValue", "kg/m3",
               [with_uncertainty(finding.place, _expanded(finding)) for finding in findings]),
        column("体积", "Volume", "remotecal_volume", "cm3",
               [f"{1e6 * finding.volume:.3f}" for finding in findings]),
        column("液体温度", "Liquid at", "remotecal_liquidTemperature", "°C",
               [f"{finding.temperature:.2f}" for finding in findings]),
        column("示值", "Indication", "basic_measuredValue", "kg/m3",
               [with_uncertainty(finding.shown, _expanded(finding)) for finding in findings]),
        error_column(findings, specification, accredited=accredited),
        repeatability_column(findings),
    ]  # fmt: skip
    name = Text(zh="密度示值误差", en="Error of indication of density")
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=tuple(columns)),))


def balance_table(findings: Sequence[LoadFinding]) -> Result:
    """Return the errors of a densitometer's balance, one row a weight, in grams."""
    reported = [finding.evaluated.reported() for finding in findings]
    places = [max(decimals(one.expanded) - 3, 0) for one in reported]
    columns = (
        serials(findings),
        column("砝码折算质量", "Conventional mass", "remotecal_conventionalMass", "g",
               [f"{1000 * finding.place:.5f}" for finding in findings]),
        column("天平示值误差", "Error of the balance", "remotecal_balanceError", "g",
               [fixed(1000 * float(one.value), place) for one, place in zip(reported, places, strict=True)]),
        column("扩展不确定度 U", "Expanded uncertainty U", "remotecal_balanceExpandedUncertainty", "g",
               [significant(1000 * float(one.expanded)) for one in reported]),
    )  # fmt: skip
    name = Text(zh="天平示值误差", en="Error of the balance")
    return Result(name=name, ref_types=("remotecal_balanceErrors",), tables=(Table(columns=columns),))


def densitometer_characteristics(
    findings: Sequence[SolidFinding], volume: Finding | float | None, liquid: float | None
) -> Result:
    """Return what a densitometer is like as a whole.

    Args:
        findings: at its standards.
        volume: by how much bodies of one density and different volume differ; with U where it is judged.
        liquid: how far its liquid's density is off.
    """
    places = max(decimals(finding.evaluated.reported().expanded) for finding in findings)
    told = (
        ("最大示值误差", "Largest error", "remotecal_largestError",
         max((finding.evaluated.value for finding in findings), key=abs)),
        ("重复性", "Repeatability", "remotecal_repeatability",
         max(finding.repeatability for finding in findings)),
        ("体积影响", "Influence of volume", "remotecal_volumeDependence", volume),
        ("液体密度取值偏差", "Deviation of its liquid's density", "remotecal_liquidDeviation", liquid),
    )  # fmt: skip
    columns = tuple(
        stated_column(f"{chinese}（小减大）", f"{english}, small less large", ref_type, [value])
        if isinstance(value, Finding)
        else column(chinese, english, ref_type, "kg/m3", [fixed(value, max(places, 2))])
        for chinese, english, ref_type, value in told
        if value is not None
    )
    name = Text(zh="计量性能", en="Metrological characteristics")
    return Result(name=name, ref_types=("remotecal_characteristics",), tables=(Table(columns=columns),))


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFinding(Finding):
    """What was found of a solid: densities in kg/m³ at 20 °C, in place of errors."""

    volume: float
    """Its volume at 20 °C in m³."""
    temperature: float
    """At which temperature it was weighed, in °C."""


def solid_table(finding: VolumeFinding, *, accredited: bool) -> Result:
    """Return what a solid is: density and volume at 20 °C."""
    values = stated_column(
        "密度（20 °C）", "Density at 20 °C", "remotecal_density", [finding], accredited=accredited
    )
    relative = _expanded(finding) / finding.evaluated.value
    columns = (
        values,
        column("体积（20 °C）", "Volume at 20 °C", "remotecal_volume", "cm3",
               [with_uncertainty(1e6 * finding.volume, 1e6 * finding.volume * relative)]),
        column("测量温度", "Measured at", "remotecal_liquidTemperature", "°C",
               [f"{finding.temperature:.2f}"]),
        column("重复性", "Repeatability", "remotecal_repeatability", "kg/m3",
               [scattered(finding.repeatability, finding.evaluated.reported().expanded)]),
    )  # fmt: skip
    name = Text(zh="固体密度", en="Density of the solid")
    return Result(name=name, ref_types=("remotecal_solidDensity",), tables=(Table(columns=columns),))


def chambers_table(cell: float, reference: float, relative: float) -> Result:
    """Return the volumes in m³ of a pycnometer's cell and of its reference chamber.

    `relative` is U of the sphere that told them, as a share: what it leaves of their digits is printed.
    """
    columns = (
        column("样品室容积 V_c", "Cell V_c", "remotecal_cellVolume", "cm3",
               [with_uncertainty(1e6 * cell, 1e6 * cell * relative)]),
        column("参考室容积 V_r", "Reference chamber V_r", "remotecal_referenceVolume", "cm3",
               [with_uncertainty(1e6 * reference, 1e6 * reference * relative)]),
    )  # fmt: skip
    name = Text(zh="腔室容积", en="Chambers")
    return Result(name=name, ref_types=("remotecal_chambers",), tables=(Table(columns=columns),))


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidFinding(Finding):
    """What was found at a certified liquid: errors and densities in kg/m³."""

    serial: str
    """Of the liquid."""
    temperature: float
    """In °C."""
    period: float
    """In µs."""


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants of an oscillating tube at a temperature."""

    there: str
    """Which temperature."""
    a: float
    """In kg/(m³·µs²)."""
    b: float
    """In kg/m³."""
    in_air: float
    """Period in air, in µs."""
    in_water: float
    """Period in water, in µs."""


def liquid_table(
    findings: Sequence[LiquidFinding], specification: Specification, *, accredited: bool
) -> Result:
    """Return the errors of an oscillating tube, one row a liquid and temperature."""
    return _error_curve(
        findings,
        specification,
        names=(
            Text(zh="标准液体", en="Liquid"),
            Text(zh="密度示值误差", en="Error of indication of density"),
        ),
        accredited=accredited,
    )


def _error_curve(
    findings: Sequence[LiquidFinding],
    specification: Specification,
    *,
    names: tuple[Text, Text],
    accredited: bool,
    further: Sequence[Column] = (),
) -> Result:
    """Return the errors of a meter whose period tells the density, one row a finding.

    Args:
        findings: in the order to print.
        specification: what to judge by.
        names: what the fluids are called, and the result.
        accredited: whether the results are within the accredited scope.
        further: what else tells where a row was found, behind its temperature.
    """
    fluids, name = names
    columns: list[Column | Words] = [
        Words(name=fluids, ref_types=("remotecal_standard",),
              words=tuple(finding.serial for finding in findings)),
        column("温度", "Temperature", "basic_temperature", "°C",
               [f"{finding.temperature:.2f}" for finding in findings]),
        *further,
        column("标准密度", "Reference density", "basic_referenceValue", "kg/m3",
               [with_uncertainty(finding.place, _expanded(finding)) for finding in findings]),
        column("周期 τ", "Period τ", "remotecal_period", "us",
               [f"{finding.period:.4f}" for finding in findings]),
        error_column(findings, specification, accredited=accredited),
        repeatability_column(findings),
    ]  # fmt: skip
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=tuple(columns)),))


def constants_table(constants: Sequence[Constants]) -> Result:
    """Return the constants of an oscillating tube, one row a temperature."""
    each = list({one.there: one for one in constants}.values())
    columns = (
        column("温度", "Temperature", "basic_temperature", "°C", [one.there.split()[0] for one in each]),
        column("空气中周期", "Period in air", "remotecal_periodInAir", "us",
               [f"{one.in_air:.4f}" for one in each]),
        column("水中周期", "Period in water", "remotecal_periodInWater", "us",
               [f"{one.in_water:.4f}" for one in each]),
        column("系数 A", "A", "remotecal_constantA", "kg/m3/us2", [f"{one.a:.8e}" for one in each]),
        column("系数 B", "B", "remotecal_constantB", "kg/m3", [f"{one.b:.4f}" for one in each]),
    )  # fmt: skip
    name = Text(zh="振动管系数", en="Constants of the tube")
    return Result(name=name, ref_types=("remotecal_tubeConstants",), tables=(Table(columns=columns),))


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkFinding(Finding):
    """What was found at a mark of a hydrometer: errors and densities in kg/m³."""

    mark: float
    temperature: float
    """Of the liquid, in °C."""


def marks_table(findings: Sequence[MarkFinding], specification: Specification, *, accredited: bool) -> Result:
    """Return the errors of a hydrometer, one row a mark."""
    columns = (
        column("刻线", "Mark", "basic_measuredValue basic_tableIndex0", "kg/m3",
               [f"{finding.mark:g}" for finding in findings]),
        column("浮于该刻线的密度（20 °C）", "Floats at 20 °C in", "basic_referenceValue", "kg/m3",
               [with_uncertainty(finding.place, _expanded(finding)) for finding in findings]),
        column("液体温度", "Liquid at", "remotecal_liquidTemperature", "°C",
               [f"{finding.temperature:.2f}" for finding in findings]),
        error_column(findings, specification, accredited=accredited),
        repeatability_column(findings),
    )  # fmt: skip
    name = Text(zh="示值误差", en="Error of indication")
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=columns),))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFinding(LiquidFinding):
    """What was found of a fluid at a temperature and a pressure."""

    pressure: float
    """From that of the air, in Pa."""


def line_table(findings: Sequence[LineFinding], specification: Specification, *, accredited: bool) -> Result:
    """Return the errors that a meter's constants leave, one row a fluid, temperature and pressure."""
    pressures = [f"{1e-5 * finding.pressure:.3f}" for finding in findings]
    return _error_curve(
        findings,
        specification,
        names=(
            Text(zh="流体", en="Fluid"),
            Text(zh="使用所列系数的密度示值误差", en="Error of density with the constants stated"),
        ),
        accredited=accredited,
        further=(column("压力（表压）", "Gauge pressure", "remotecal_linePressure", "bar", pressures),),
    )


LINE_UNITS = (
    "kg/m3",
    "kg/m3/us",
    "kg/m3/us2",
    "1/K",
    "kg/m3/K",
    "1/bar",
    "1/bar2",
    "kg/m3/bar",
    "kg/m3/bar2",
)
"""Units of a meter's constants, in their order."""


def called(constant: str) -> str:
    """Return a constant's name with its subscript: K_20A of K20A."""
    return f"{constant[0]}_{constant[1:]}"


def line_constants_table(constants: LineConstants, scatter: float, between: Evaluated) -> Result:
    """Return the constants of a meter on line, and how well a density is known by them.

    Args:
        constants: those for pressure stand apart; what no point tells is left out.
        scatter: how far K₀ to K₂ miss the fluids, in kg/m³.
        between: what a density between the fluids is known to.
    """
    columns = [
        column(
            f"系数 {called(name)}",
            f"Constant {called(name)}",
            f"remotecal_constant{name}",
            unit,
            [told(value)],
        )
        for (name, value), unit in zip(constants.all().items(), LINE_UNITS, strict=True)
        if value
    ]
    apart = ([one for one in columns if (one.unit.find("bar") >= 0) is pressed] for pressed in (False, True))
    name = Text(zh="密度计系数（τ 以 µs、p 以 bar 计）", en="Constants of the meter (τ in µs, p in bar)")
    expanded = between.reported().expanded
    known = (
        column("拟合标准差 s", "Scatter of the fit s", "remotecal_fitScatter", "kg/m3",
               [significant(scatter)]),
        column("标准液体之间的扩展不确定度 U", "Expanded uncertainty U between the fluids",
               "remotecal_fitExpandedUncertainty", "kg/m3", [expanded]),
        column("包含因子 k", "Coverage factor k", "remotecal_fitCoverageFactor", "1", [f"{between.k:.2f}"]),
    )  # fmt: skip
    tables = tuple(Table(columns=tuple(each)) for each in (*apart, known) if each)
    return Result(name=name, ref_types=("remotecal_tubeConstants",), tables=tables)
