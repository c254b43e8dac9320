"""Tables and budgets of a certificate, made from findings, in the units of what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from remotecal.model import (
    IN_CMC,
    BudgetLine,
    Column,
    Conformity,
    InCmc,
    InputQuantity,
    Limits,
    Method,
    PointBudget,
    Text,
    Uncertainty,
)
from remotecal.procedures.library.evaluation.conformity import RULE, Specification
from remotecal.procedures.library.evaluation.digits import (
    MANY,
    degrees,
    probability,
    rounded,
    scattered,
    significant,
    written,
)
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.standards import DRIFT
from remotecal.uncertainty.budget import Contribution
from remotecal.uncertainty.curvature import CURVATURE


def column(zh: str, en: str, ref_types: str, unit: str, values: Iterable[str]) -> Column:
    """Return a column of values that have no uncertainty of their own; refTypes stand side by side."""
    return Column(
        name=Text(zh=zh, en=en), ref_types=tuple(ref_types.split()), unit=unit, values=tuple(values)
    )


def error_column(
    findings: Sequence[Finding], specification: Specification | None = None, *, accredited: bool = False
) -> Column:
    """Return the column of errors, with uncertainty, and conformity where something is specified.

    Args:
        findings: one a row, in the order to print.
        specification: what to judge by.
        accredited: whether the results are within the accredited scope, which the CMC belongs to.
    """
    kind = "basic_measurementError"
    errors = stated_column("示值误差", "Error of indication", kind, findings, accredited=accredited)
    return errors.model_copy(
        update={"conformity": None if specification is None else _conformity(findings, specification)}
    )


def stated_column(
    zh: str, en: str, ref_types: str, findings: Sequence[Finding], *, accredited: bool = False
) -> Column:
    """Return the column of what was found, with its uncertainty, one a row in the order to print."""
    reported = [finding.evaluated.reported() for finding in findings]
    values = column(zh, en, ref_types, findings[0].evaluated.unit, [r.value for r in reported])
    return values.model_copy(
        update={
            "uncertainty": Uncertainty(
                expanded=tuple(r.expanded for r in reported),
                k=tuple(f"{finding.evaluated.k:.2f}" for finding in findings),
                p=_one_or_all([probability(finding.evaluated.coverage) for finding in findings]),
                distribution=tuple("normal" if finding.evaluated.dof > MANY else "t" for finding in findings),
            ),
            "dof": tuple(degrees(finding.evaluated.dof) for finding in findings),
            "in_cmc": InCmc(valid=(True,) * len(findings), statement=IN_CMC.id) if accredited else None,
        }
    )


def _conformity(findings: Sequence[Finding], specification: Specification) -> Conformity:
    decisions = [specification.decide(finding) for finding in findings]
    printed = [finding.evaluated.reported().expanded for finding in findings]
    accepted = [
        ("NaN", "NaN")  # the guard bands leave nothing that would be accepted
        if accepts is None
        else (rounded(accepts.lower, expanded), rounded(accepts.upper, expanded))
        for accepts, expanded in zip((each.acceptance for each in decisions), printed, strict=True)
    ]
    limits = [specification.permissible.at(finding.judged_at) for finding in findings]
    return Conformity(
        verdicts=tuple(decision.conformity.value for decision in decisions),
        rule=RULE,
        declaration=specification.by,
        tolerance=Limits(
            lower=_one_or_all([f"{limit.lower:g}" for limit in limits]),
            upper=_one_or_all([f"{limit.upper:g}" for limit in limits]),
        ),
        acceptance=Limits(
            lower=tuple(lower for lower, _ in accepted), upper=tuple(upper for _, upper in accepted)
        ),
    )


def repeatability_column(findings: Sequence[Finding]) -> Column:
    """Return the column of repeatabilities, each with the decimals of its U (`scattered`)."""
    values = [scattered(finding.repeatability, finding.evaluated.reported().expanded) for finding in findings]
    unit = findings[0].evaluated.unit
    return column("重复性", "Repeatability", "remotecal_repeatability", unit, values)


def budgets(findings: Sequence[Finding]) -> tuple[PointBudget, ...]:
    """Return the budget of each finding, which is a row of the first table."""
    return tuple(_budget(row, finding) for row, finding in enumerate(findings))


def _budget(row: int, finding: Finding) -> PointBudget:
    found = finding.evaluated
    reported = found.reported()
    return PointBudget(
        title=finding.title,
        row=row,
        points=finding.points,
        lines=tuple(_line(line) for line in found.lines),
        value=reported.value,
        unit=found.unit,
        u=significant(found.u),
        dof=degrees(found.dof),
        k=f"{found.k:.2f}",
        p=probability(found.coverage),
        expanded=reported.expanded,
    )


def _line(line: Contribution) -> BudgetLine:
    u = significant(line.u)
    exact = written(float(f"{line.value:.6g}") + 0.0)  # no sign on zero
    return BudgetLine(
        symbol=line.symbol,
        value=rounded(line.value, u) if line.u else exact,
        unit=line.unit,
        u=u,
        distribution=line.distribution.replace(" ", "_"),
        dof=degrees(line.dof),
        sensitivity=significant(line.sensitivity, 3),
        contribution=significant(abs(line.contribution)),
        share=f"{line.share:.1f}",
    )


def inputs_of(findings: Sequence[Finding], names: Mapping[str, Text]) -> tuple[InputQuantity, ...]:
    """Return the legend of the budgets: every symbol with its name and source.

    What the budgets add themselves where a model is curved need not be among the `names`, nor the drift of
    what is.
    """
    drifts = {f"{DRIFT}{symbol}": _drift_of(name) for symbol, name in names.items()}
    known_by = {CURVATURE: _CURVATURE, **drifts, **names}
    sources: dict[str, list[Text | str]] = {}
    for line in (line for finding in findings for line in finding.evaluated.lines):
        known = sources.setdefault(line.symbol, [])
        if line.source:
            known.append(line.source)
    return tuple(
        InputQuantity(symbol=symbol, name=known_by[symbol], source=Text.joined(all_) if all_ else None)
        for symbol, all_ in sources.items()
    )


def by_gum(equation: str, findings: Sequence[Finding], names: Mapping[str, Text]) -> Method:
    """Return how the uncertainty was evaluated: by the GUM, for this measurement model; as `inputs_of`."""
    return Method(
        name=Text(zh="测量不确定度评定", en="Evaluation of measurement uncertainty"),
        ref_types=("basic_uncertainty",),
        norms=("JCGM 100:2008", "JJF 1059.1-2012"),
        description=Text.plain(equation),
        inputs=inputs_of(findings, names),
    )


def _drift_of(name: Text) -> Text:
    """Return what the drift is called that adds to a deviation."""
    return Text(zh=f"{name.get('zh')}：自校准以来的漂移", en=f"{name.get('en')}: drift since its calibration")


_CURVATURE = Text(zh="测量模型的非线性", en="curvature of the measurement model")


def _one_or_all(values: Sequence[str]) -> tuple[str, ...]:
    """Return the one value all have, or all of them."""
    return tuple(values[:1]) if len(set(values)) == 1 else tuple(values)
