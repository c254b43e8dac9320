"""From errors of indication at flow points to the tables, budgets and statements of a certificate.

Every flow procedure ends here: it hands over one `FlowPoint` a flow and gets back what the
certificate shows. A value with an uncertainty is rounded to its second digit (ILAC-P14); what has
none of its own gets the digits of what it goes with.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from remotecal.model import (
    IN_CMC,
    BudgetLine,
    Column,
    Condition,
    Conformity,
    InCmc,
    InputQuantity,
    Limits,
    Note,
    PointBudget,
    Result,
    Statement,
    Table,
    Text,
    Uncertainty,
    Verdict,
)
from remotecal.procedures.library.characteristics import (
    ErrorCharacteristics,
    FactorCharacteristics,
    repeatability,
)
from remotecal.procedures.library.flow_remarks import Beyond
from remotecal.uncertainty.conformity import DECISION_RULES, Tolerance, decide
from remotecal.uncertainty.conformity import Statement as Decision
from remotecal.uncertainty.coverage import whole_dof
from remotecal.uncertainty.rounding import report

if TYPE_CHECKING:
    from remotecal.uncertainty.budget import Line
    from remotecal.uncertainty.budget import Result as Evaluated

RULE = "decisionRule"
"""Id of the statement of the decision rule."""

Judged = Literal["error", "k factor"]
"""What a meter is judged by: its error of indication, or the linearity of its K factor."""


@dataclass(frozen=True, slots=True)
class FlowPoint:
    """What was found at one flow."""

    nominal: float
    """Flow asked for, in m³/h."""
    reference: Sequence[float]
    """Reference flow of each repeat, in m³/h."""
    errors: Sequence[float]
    """Relative error of indication of each repeat, in %."""
    factors: Sequence[float]
    """K factor of each repeat, in 1/m³; empty for a meter without pulses."""
    evaluated: Evaluated
    """Error with its uncertainty and budget, in %."""
    beyond: Sequence[Beyond] = ()
    """What was read outside its certificate."""

    def with_relative_uncertainty(self, value: float) -> str:
        """Return a value to the digits that the point's relative uncertainty leaves it; 0 is just 0."""
        return report(value, abs(value) * self.evaluated.expanded / 100).value if value else "0"


@dataclass(frozen=True, slots=True)
class Specification:
    """What the meter is held against."""

    mpe: float
    """Maximum permissible error of the class, ± in %."""
    largest_repeatability: float
    """Repeatability allowed, in %."""
    norm: str
    """The regulation, with its year."""
    rule: str
    """Name of the decision rule, one of `DECISION_RULES`."""

    def decide(self, point: FlowPoint) -> Decision:
        """Return the decision on one flow."""
        found = point.evaluated
        return decide(
            found.value,
            found.expanded,
            Tolerance.symmetric(self.mpe),
            DECISION_RULES[self.rule],
            k=found.k,
            dof=found.dof,
        )


def error_table(points: Sequence[FlowPoint], specification: Specification, *, accredited: bool) -> Result:
    """Return the table of errors, one row a flow.

    Args:
        points: what was found, in the order to print.
        specification: what to judge by.
        accredited: whether the results are within the accredited scope, which the CMC belongs to.
    """
    columns = [
        _column("标称流量", "Nominal flow", "remotecal_nominalValue basic_tableIndex0", "m3/h",
                _nominal(points)),
        _column("标准流量", "Reference flow", "basic_referenceValue", "m3/h",
                [point.with_relative_uncertainty(statistics.fmean(point.reference)) for point in points]),
    ]  # fmt: skip
    if all(point.factors for point in points):
        factors = [point.with_relative_uncertainty(statistics.fmean(point.factors)) for point in points]
        columns.append(_column("仪表系数 K", "K factor", "remotecal_kFactor", "1/m3", factors))
    columns.append(_errors(points, specification, accredited=accredited))
    spreads = [repeatability(point.errors) for point in points]
    digits = [_decimals(point.evaluated.reported().expanded) for point in points]
    columns.append(
        _column("重复性", "Repeatability", "remotecal_repeatability", "%",
                [f"{spread:.{places}f}" for spread, places in zip(spreads, digits, strict=True)])
    )  # fmt: skip
    name = Text(zh="示值误差", en="Error of indication")
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=tuple(columns)),))


def _errors(points: Sequence[FlowPoint], specification: Specification, *, accredited: bool) -> Column:
    reported = [point.evaluated.reported() for point in points]
    decisions = [specification.decide(point) for point in points]
    accepted = [
        ("NaN", "NaN")  # the guard bands leave nothing that would be accepted
        if accepts is None
        else (_rounded(accepts.lower, r.expanded), _rounded(accepts.upper, r.expanded))
        for accepts, r in zip((decision.acceptance for decision in decisions), reported, strict=True)
    ]
    limits = Limits(
        lower=tuple(lower for lower, _ in accepted),
        upper=tuple(upper for _, upper in accepted),
    )
    column = _column(
        "示值误差", "Error of indication", "basic_measurementError", "%", [r.value for r in reported]
    )
    return column.model_copy(
        update={
            "uncertainty": Uncertainty(
                expanded=tuple(r.expanded for r in reported),
                k=tuple(f"{point.evaluated.k:.2f}" for point in points),
                p=_one_or_all([_probability(point.evaluated.coverage) for point in points]),
                distribution=tuple("normal" if math.isinf(point.evaluated.dof) else "t" for point in points),
            ),
            "dof": tuple(_dof(point.evaluated.dof) for point in points),
            "conformity": Conformity(
                verdicts=tuple(decision.conformity.value for decision in decisions),
                rule=RULE,
                tolerance=Limits(lower=(f"{-specification.mpe:g}",), upper=(f"{specification.mpe:g}",)),
                acceptance=limits,
            ),
            "in_cmc": InCmc(valid=(True,) * len(points), statement=IN_CMC.id) if accredited else None,
        }
    )


def characteristics(points: Sequence[FlowPoint], judged: Judged) -> Result:
    """Return the meter's characteristics over all flows."""
    places = max(_decimals(point.evaluated.reported().expanded) for point in points)
    # A meter that gave no pulses at some flow has no K factor to be judged by.
    if judged == "k factor" and all(point.factors and any(point.factors) for point in points):
        by_factor = FactorCharacteristics.of([point.factors for point in points])
        columns: tuple[Column, ...] = (
            _column("仪表系数 K", "K factor", "remotecal_kFactor", "1/m3",
                    [points[0].with_relative_uncertainty(by_factor.factor)]),
            _column("线性度 E_L", "Linearity E_L", "remotecal_linearity", "%",
                    [f"{by_factor.linearity:.{places}f}"]),
            _column("重复性 E_r", "Repeatability E_r", "remotecal_repeatability", "%",
                    [f"{by_factor.repeatability:.{places}f}"]),
        )  # fmt: skip
    else:
        by_error = ErrorCharacteristics.of([point.errors for point in points])
        columns = (
            _column("仪表误差", "Error of the meter", "remotecal_meterError", "%",
                    [f"{by_error.error:.{places}f}"]),
            _column("重复性", "Repeatability", "remotecal_repeatability", "%",
                    [f"{by_error.repeatability:.{places}f}"]),
        )  # fmt: skip
    name = Text(zh="计量性能", en="Metrological characteristics")
    return Result(name=name, ref_types=("remotecal_characteristics",), tables=(Table(columns=columns),))


def budgets(points: Sequence[FlowPoint]) -> tuple[PointBudget, ...]:
    """Return the budget of each flow."""
    return tuple(_budget(row, point) for row, point in enumerate(points))


def _budget(row: int, point: FlowPoint) -> PointBudget:
    found = point.evaluated
    reported = found.reported()
    return PointBudget(
        title=Text(zh=f"流量点 {point.nominal:g} m³/h", en=f"Flow point {point.nominal:g} m³/h"),
        row=row,
        lines=tuple(_line(line) for line in found.lines),
        value=reported.value,
        unit="%",
        u=_significant(found.u),
        dof=_dof(found.dof),
        k=f"{found.k:.2f}",
        p=_probability(found.coverage),
        expanded=reported.expanded,
    )


def _line(line: Line) -> BudgetLine:
    return BudgetLine(
        symbol=line.symbol,
        value=_rounded(line.value, _significant(line.u)),
        unit=line.unit,
        u=_significant(line.u),
        distribution=line.distribution.replace(" ", "_"),
        dof=_dof(line.dof),
        sensitivity=_significant(line.sensitivity, 3),
        contribution=_significant(abs(line.contribution)),
        share=f"{line.share:.1f}",
    )


def conformity_statements(points: Sequence[FlowPoint], specification: Specification) -> tuple[Statement, ...]:
    """Return the decision rule and the verdict on the whole meter (ISO/IEC 17025, 7.8.6)."""
    rule = DECISION_RULES[specification.rule]
    verdicts = [specification.decide(point).conformity.value for point in points]
    steady = max(repeatability(point.errors) for point in points) <= specification.largest_repeatability
    whole: Verdict = "pass"
    for worse in _WORST_FIRST:
        if worse in verdicts or (worse == "fail" and not steady):
            whole = worse
            break
    limit, spread = f"{specification.mpe:g} %", f"{specification.largest_repeatability:.4g} %"
    chinese, english = _VERDICTS[whole]
    return (
        Statement(
            id=RULE,
            ref_types=("basic_decisionRule",),
            name=Text(zh="判定规则", en="Decision rule"),
            declaration=_RULES[specification.rule],
            norms=(rule.source.split(",")[0],),
        ),
        Statement(
            ref_types=("basic_conformity",),
            name=Text(zh="符合性", en="Conformity"),
            norms=(specification.norm,),
            declaration=Text(
                zh=f"最大允许误差 ±{limit},重复性不超过 {spread}:{chinese}。",
                en=f"Maximum permissible error ±{limit}, repeatability up to {spread}: {english}.",
            ),
            conformity=whole,
        ),
    )


_WORST_FIRST: tuple[Verdict, ...] = ("fail", "noPass", "noFail")

_VERDICTS: Mapping[str, tuple[str, str]] = {
    "pass": ("合格", "the meter conforms"),
    "fail": ("不合格", "the meter does not conform"),
    "noPass": ("不能判定", "no decision is possible"),
    "noFail": ("不能判定", "no decision is possible"),
}

_RULES: Mapping[str, Text] = {
    "simple acceptance": Text(
        zh="简单接受:示值误差在最大允许误差之内即合格,不考虑不确定度。",
        en="Simple acceptance: an error within the maximum permissible one passes, whatever its uncertainty.",
    ),
    "guard band U": Text(
        zh="保护带 w = U:|E| 不大于 MPE − U 为合格,否则不合格。",
        en="Guard band w = U: passes where |E| is at most MPE − U, otherwise fails.",
    ),
    "verification": Text(
        zh="U 不大于 MPE/3 时简单接受;否则 |E| 不大于 MPE − U 合格,|E| 不小于 MPE + U 不合格,其余不能判定。",
        en="Simple acceptance where U is at most MPE/3; otherwise passes up to MPE − U, fails from MPE + U, "
        "and is undecided in between.",
    ),
}
"""The decision rules a flow meter may be judged by, in words."""

FLOW_RULES = tuple(_RULES)
"""Their names."""


def water(formula: str) -> Condition:
    """Return the condition that names the fluid and the formula of its density."""
    note = Note(
        name=Text(zh="介质名称", en="Name"),
        ref_types=("remotecal_fluidName",),
        text=Text(zh=f"水(密度公式:{formula})", en=f"water (density by {formula})"),
    )
    return Condition(name=Text(zh="介质", en="Fluid"), ref_types=("remotecal_fluid",), quantities=(note,))


def inputs_of(points: Sequence[FlowPoint], names: Mapping[str, Text]) -> tuple[InputQuantity, ...]:
    """Return the legend of the budgets: every symbol with its name and source."""
    sources: dict[str, list[str]] = {}
    for line in (line for point in points for line in point.evaluated.lines):
        known = sources.setdefault(line.symbol, [])
        if line.source and line.source not in known:
            known.append(line.source)
    return tuple(
        InputQuantity(symbol=symbol, name=names[symbol], source=Text.plain("; ".join(all_)) if all_ else None)
        for symbol, all_ in sources.items()
    )


def _nominal(points: Sequence[FlowPoint]) -> list[str]:
    """Return the nominal flows, all with as many decimals as the finest needs."""
    decimals = max(_decimals(f"{point.nominal:g}") for point in points)
    return [f"{point.nominal:.{decimals}f}" for point in points]


def _column(zh: str, en: str, ref_types: str, unit: str, values: Sequence[str]) -> Column:
    return Column(
        name=Text(zh=zh, en=en), ref_types=tuple(ref_types.split()), unit=unit, values=tuple(values)
    )


def _dof(dof: float) -> str:
    return "∞" if math.isinf(dof) else str(whole_dof(dof))


def _probability(covered: float) -> str:
    return f"{covered:.4g}"


def _one_or_all(values: Sequence[str]) -> tuple[str, ...]:
    """Return the one value all have, or all of them."""
    return tuple(values[:1]) if len(set(values)) == 1 else tuple(values)


def _decimals(printed: str) -> int:
    return len(printed.partition(".")[2])


def _rounded(value: float, like: str) -> str:
    """Return a value with the decimals of `like`, and no sign on zero."""
    if "e" in like and value == 0:
        return "0"
    text = f"{value:.{-_last_place(like)}f}" if _last_place(like) < 0 else f"{value:.0f}"
    return text.lstrip("-") if float(text) == 0 else text


def _significant(value: float, digits: int = 2) -> str:
    """Return a value with so many significant digits, written out."""
    if value == 0:
        return "0"
    rounded = f"{value:.{digits - 1}e}"
    magnitude = int(rounded.partition("e")[2])  # of what is printed: 0.0996 is 0.10
    if not SMALLEST <= magnitude <= LARGEST:
        return rounded
    decimals = digits - 1 - magnitude
    return f"{round(value, decimals):.{max(decimals, 0)}f}"


SMALLEST, LARGEST = -5, 6
"""Powers of ten within which numbers are written out."""


def _last_place(printed: str) -> int:
    """Return the power of ten of a printed number's last digit."""
    return int(Decimal(printed).as_tuple().exponent)
