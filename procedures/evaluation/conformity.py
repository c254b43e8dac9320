"""What an item is held against, and the statements of its conformity (ISO/IEC 17025, 7.8.6)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from remotecal.model import Statement, Text, Verdict
from remotecal.procedures import Parameters
from remotecal.procedures.library.evaluation.digits import significant
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.uncertainty.conformity import DECISION_RULES, Decision, Tolerance, decide

RULE = "decisionRule"
"""Id of the statement of the decision rule."""


MOST_DIGITS = 10
"""Significant digits that no limit is told with."""


class Permissible(Protocol):
    """The permissible error, as a function of the place."""

    def at(self, place: float) -> Tolerance:
        """Return the limits at a place, in the unit of the errors."""
        ...

    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same permissible error everywhere, ±."""

    limit: float
    unit: str
    """Unit of the errors."""
    fiducial: bool = False
    """Whether it is of the upper limit of the range, full scale."""

    def at(self, place: float) -> Tolerance:
        return Tolerance.symmetric(self.limit)

    def __str__(self) -> str:
        return f"±{self.limit:g} {self.unit}{' FS' if self.fiducial else ''}"


@dataclass(frozen=True, slots=True)
class Zones:
    """A permissible error that changes from zone to zone, ±: up to each end its limit."""

    zones: tuple[tuple[float, float], ...]
    """End of the zone, not included, and limit there; ends rise, and beyond the last its limit holds."""
    unit: str
    """Unit of the errors."""
    at_unit: str
    """Unit of the places."""
    by_magnitude: bool = False
    """Whether ends are of the places' magnitude, whatever their sign."""

    def at(self, place: float) -> Tolerance:
        far = abs(place) if self.by_magnitude else place
        beyond = (
            limit for end, limit in self.zones if far < end and not math.isclose(far, end, rel_tol=1e-9)
        )
        return Tolerance.symmetric(next(beyond, self.zones[-1][1]))

    def __str__(self) -> str:
        said, begin = [], ""
        place = "|p| " if self.by_magnitude else ""
        for end, limit in self.zones:
            known = [f"≥ {begin}"] if begin else []
            known += [f"< {end:g} {self.at_unit}"] if math.isfinite(end) else []
            said.append(f"±{limit:g} {self.unit} ({', '.join(f'{place}{one}' for one in known)})")
            begin = f"{end:g} {self.at_unit}"
        return ", ".join(said)


@dataclass(frozen=True, slots=True)
class Further:
    """Something else an item is held against, such as its repeatability or hysteresis."""

    name: Text
    """What it is, as it stands in a sentence."""
    found: float
    """The largest that was found."""
    limit: float
    """The largest that is allowed, in the same unit."""
    unit: str
    unverified: bool = False
    """Whether the limit is a figure that comes with the procedure and was not compared with its document."""

    @property
    def most(self) -> str:
        """The limit with its unit, a number alone without.

        A share of another limit, such as a third, has two significant digits; more where these would say
        otherwise than was decided.
        """
        texts = [f"{self.limit:.4g}"]
        if float(texts[0]) != self.limit:
            texts = [significant(self.limit, digits) for digits in range(2, MOST_DIGITS)]
        told = next((text for text in texts if (self.found <= float(text)) == self.kept), texts[-1])
        return told if self.unit == "1" else f"{told} {self.unit}"

    @property
    def kept(self) -> bool:
        """Whether the limit is kept."""
        return self.found <= self.limit


@dataclass(frozen=True, slots=True)
class Specification:
    """What an item is held against."""

    permissible: Permissible
    """The permissible error."""
    norm: str
    """The document that says so."""
    rule: str
    """Name of the decision rule, one of `RULES`."""
    by: Text | None = None
    """What of each finding is judged, where that is not its evaluated value (`Finding.judged`)."""
    unverified: bool = False
    """Whether the permissible error comes with the procedure and was not compared with `norm`."""

    @property
    def declaration(self) -> Text:
        """The decision rule, and what is judged by it, in words."""
        rule = RULES[self.rule]
        if self.by is None:
            return rule
        return Text(zh=f"{rule.get('zh')}{self.by.get('zh')}", en=f"{rule.get('en')} {self.by.get('en')}")

    def decide(self, finding: Finding) -> Decision:
        """Return the decision on one finding."""
        found = finding.evaluated
        return decide(
            finding.judged,
            found.expanded,
            self.permissible.at(finding.judged_at),
            DECISION_RULES[self.rule],
            k=found.k,
            dof=found.dof,
        )


def verdict(findings: Sequence[Finding], specification: Specification, further: Sequence[Further]) -> Verdict:
    """Return the verdict on the whole item: the worst at any place, or a fail by anything else."""
    verdicts = [specification.decide(finding).conformity.value for finding in findings]
    kept = all(each.kept for each in further)
    for worse in _WORST_FIRST:
        if worse in verdicts or (worse == "fail" and not kept):
            return worse
    return "pass"


def statements(
    findings: Sequence[Finding],
    specification: Specification,
    item: Text,
    further: Sequence[Further] = (),
) -> tuple[Statement, ...]:
    """Return the decision rule, and the verdict on the whole item.

    Args:
        findings: what was found of it.
        specification: what it is held against.
        item: what it is called in the verdict, such as "the meter"; Chinese may leave it out.
        further: what else it is held against.
    """
    whole = verdict(findings, specification, further)
    chinese, english = _VERDICTS[whole]
    also_zh = "".join(f"，{one.name.get('zh')}不超过 {one.most}{_mark(one, 'zh')}" for one in further)
    also_en = "".join(f", {one.name.get('en')} up to {one.most}{_mark(one, 'en')}" for one in further)
    limit = specification.permissible
    doubted = specification.unverified or any(one.unverified for one in further)
    why_zh, why_en = (WHY_UNVERIFIED[language] if doubted else "" for language in ("zh", "en"))
    limit_zh, limit_en = (f"{limit}{_mark(specification, language)}" for language in ("zh", "en"))
    return (
        Statement(
            id=RULE,
            ref_types=("basic_decisionRule",),
            name=Text(zh="判定规则", en="Decision rule"),
            declaration=specification.declaration,
            norms=(DECISION_RULES[specification.rule].source.split(",")[0],),
        ),
        Statement(
            ref_types=("basic_conformity",),
            name=Text(zh="符合性", en="Conformity"),
            norms=(specification.norm,),
            declaration=Text(
                zh=f"最大允许误差 {limit_zh}{also_zh}：{item.root.get('zh', '')}{chinese}。{why_zh}",
                en=f"Maximum permissible error {limit_en}{also_en}: {english.format(item=item.get('en'))}."
                f"{why_en}",
            ),
            conformity=whole,
        ),
    )


UNVERIFIED: Mapping[str, str] = {"zh": "（未核实）", "en": " (unverified)"}
"""Stands behind a limit that was not compared with its document."""
WHY_UNVERIFIED: Mapping[str, str] = {
    "zh": "未核实：程序自带的数值，编写时未见该文件原文。",
    "en": " Unverified: a figure that comes with the procedure, written without the document's text.",
}


NOTHING: Final = (None, (), "")
"""Values by which nothing is stated."""


def as_it_comes(told: Parameters, *names: str) -> bool:
    """Tell whether an order leaves one of these parameters as it comes; what it states is its own word.

    To state nothing, as by `None`, is to leave it: the procedure's figures decide then, too.
    """
    return any(name not in told.model_fields_set or getattr(told, name) in NOTHING for name in names)


def _mark(judged: Specification | Further, language: str) -> str:
    return UNVERIFIED[language] if judged.unverified else ""


_WORST_FIRST: tuple[Verdict, ...] = ("fail", "noPass", "noFail")

_VERDICTS: Mapping[str, tuple[str, str]] = {
    "pass": ("合格", "{item} conforms"),
    "fail": ("不合格", "{item} does not conform"),
    "noPass": ("不能判定", "no decision is possible"),
    "noFail": ("不能判定", "no decision is possible"),
}

RULES: Mapping[str, Text] = {
    "simple acceptance": Text(
        zh="简单接受：示值误差在最大允许误差之内即合格，不考虑不确定度。",
        en="Simple acceptance: an error within the maximum permissible one passes, whatever its uncertainty.",
    ),
    "guard band U": Text(
        zh="保护带 w = U：|E| 不大于 MPE − U 为合格，否则不合格。",
        en="Guard band w = U: passes where |E| is at most MPE − U, otherwise fails.",
    ),
    "verification": Text(
        zh="U 不大于 MPE/3 时简单接受；否则 |E| 不大于 MPE − U 合格，|E| 不小于 MPE + U 不合格，"
        "其余不能判定。",
        en="Simple acceptance where U is at most MPE/3; otherwise passes up to MPE − U, fails from MPE + U, "
        "and is undecided in between.",
    ),
}
"""The decision rules an item may be judged by, in words."""
