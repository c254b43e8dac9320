"""Errors at one Reynolds number, held against each other between two pressures.

A meter whose error follows the Reynolds number has the same one there at every pressure. Each point of a
later level is held against the errors of an earlier one at its own Reynolds number: between two points these
follow the straight line over lg Re, and what that may miss is charged as between points of a certificate
(`CertifiedCurve.bend`); a little beyond the last point it is what their slope makes of it. What two levels
share cancels in the difference: what the masters of a laboratory are off together, what its sensors are, and
the volume between the meters. All else, such as a master's own part, a gauge at another pressure, or swirl,
may be another at the other level and counts for both, which makes U of the difference the larger one. So does
what a certificate does not say is in common: for a sum all of it is, for a difference none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from remotecal.model import CertifiedPoint, Result, Statement, Table, Text, Words
from remotecal.procedures.library.evaluation.digits import significant
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.gas_loop.results import plain_column
from remotecal.uncertainty.budget import Contribution, Evaluated
from remotecal.uncertainty.coverage import coverage_factor
from remotecal.uncertainty.interpolation import CertifiedCurve

if TYPE_CHECKING:
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.results import GoneRound

COMMON: Final = re.compile(r"δ_[Ept]\d+|V_c")
"""Symbols of what is one and the same at all levels, if it has one source."""

SHARED: Final = -1
"""What such a line is of; any other is of one error."""


@dataclass(frozen=True, slots=True)
class LevelDifference:
    """How the errors at one Reynolds number differ between two pressures."""

    first: GoneRound
    second: GoneRound
    evaluated: Evaluated
    """Error at the second less that at the first, in %; its budget is those of both errors."""

    @property
    def agrees(self) -> bool:
        """Whether the difference is within its expanded uncertainty."""
        return abs(self.evaluated.value) <= self.evaluated.expanded


Found: TypeAlias = "tuple[GoneRound, Evaluated]"
"""What went round at a point, and the error there in %."""


def compared(
    rounds: Sequence[GoneRound], errors: Sequence[Evaluated], parameters: LoopParameters
) -> list[LevelDifference]:
    """Return the differences between levels, one for each point of a later one that has its like before.

    Args:
        rounds: what went round at each point.
        errors: at each point, in %.
        parameters: what the order tells.
    """
    at: dict[float, list[Found]] = {}
    for gone, error in zip(rounds, errors, strict=True):
        at.setdefault(gone.pressure, []).append((gone, error))
    width, found = math.log1p(parameters.reynolds_width / 100.0), []
    on_curve = parameters.fewest_compared is not None
    for before, level in combinations(at.values(), 2):
        for second, error in level:
            if on_curve and (like := _between(before, second)) is not None:
                first, other = like
            else:
                first, other = min(before, key=partial(_apart, second))
                if _apart(second, (first, other)) > width:
                    continue
                if on_curve:
                    slope = max(_slope(before, first), _slope(level, second))
                    other = _less_sure(other, slope * _apart(second, (first, other)))
            found.append(LevelDifference(first, second, difference(error, other, parameters)))
    return found


def _between(level: Sequence[Found], second: GoneRound) -> Found | None:
    """Return the error of a level at a point's Reynolds number; None where that is beyond its own."""
    points = sorted(level, key=lambda one: one[0].reynolds)
    x = math.log(second.reynolds)
    at = [math.log(gone.reynolds) for gone, _ in points]
    for i, (low, high) in enumerate(pairwise(at)):
        if low <= x <= high and low < high:
            share = (x - low) / (high - low)
            certified = tuple(
                CertifiedPoint(place, each.value, each.expanded, each.k, each.dof)
                for place, (_, each) in zip(at, points, strict=True)
            )
            missed = CertifiedCurve(certified, "%").bend(i) * share * (1.0 - share)
            error = _less_sure(_along(points[i][1], points[i + 1][1], share), missed)
            return replace(points[i][0], reynolds=second.reynolds), error
    return None


def _along(a: Evaluated, b: Evaluated, share: float) -> Evaluated:
    """Return the error on the line between two; what is each one's own counts as wholly correlated."""
    lines: dict[tuple[str, str, int], Contribution] = {}
    for weight, one in ((1.0 - share, a), (share, b)):
        for line in one.lines:
            key = _key(line, 0)
            part = weight * (line.contribution if key[-1] == SHARED else abs(line.contribution))
            if (known := lines.get(key)) is not None:
                line = replace(line, dof=min(line.dof, known.dof))  # noqa: PLW2901
                part += known.contribution
            lines[key] = replace(line, contribution=part)
    value, u = ((1.0 - share) * x + share * y for x, y in ((a.value, b.value), (a.u, b.u)))
    return replace(a, value=value, u=u, lines=tuple(lines.values()))


def _slope(level: Sequence[Found], near: GoneRound) -> float:
    """Return how steep the errors of a level are from a point to its next one, in % a unit of ln Re."""
    there = next(each for each in level if each[0] is near)
    others = [each for each in level if each[0].reynolds != near.reynolds]
    if not others:
        return 0.0
    nearest = min(others, key=partial(_apart, near))
    return abs(nearest[1].value - there[1].value) / _apart(near, nearest)


def _less_sure(error: Evaluated, limit: float) -> Evaluated:
    """Return an error that may be off by as much more, ± in %, for another Reynolds number."""
    u = limit / math.sqrt(3.0)
    line = replace(error.lines[0], symbol="Re", contribution=u, dof=math.inf, source="")
    return replace(error, u=math.hypot(error.u, u), lines=(*error.lines, line))


def _apart(second: GoneRound, one: Found) -> float:
    return abs(math.log(one[0].reynolds / second.reynolds))


def difference(a: Evaluated, b: Evaluated, parameters: LoopParameters) -> Evaluated:
    """Return a - b with its uncertainty: what both share counts by how differently it does (GUM F.1.2.3)."""
    of_a, of_b = ({_key(line, n): line for line in one.lines} for n, one in enumerate((a, b)))
    both = of_a.keys() & of_b.keys()
    shared = sum(of_a[key].contribution * of_b[key].contribution for key in both)
    u = math.sqrt(max(a.u**2 + b.u**2 - 2.0 * shared, 0.0))
    parts = [(of_a[key].contribution - of_b[key].contribution, of_a[key].dof) for key in both]
    for every in (of_a, of_b):
        parts += [(line.contribution, line.dof) for key, line in every.items() if key not in both]
    by_dof = sum(part**4 / dof for part, dof in parts)
    dof = max(u**4 / by_dof, 1.0) if by_dof else math.inf
    k = coverage_factor(dof, parameters.coverage)
    found = Evaluated(a.value - b.value, a.unit, u, dof, k, parameters.coverage, k * u, 0.0, ())
    return found if parameters.coverage_factor is None else found.with_k(parameters.coverage_factor)


def _key(line: Contribution, of: int) -> tuple[str, str, int]:
    """Return what a line is known by: of what is in common alike in both budgets, of all else its own."""
    if COMMON.fullmatch(line.symbol) and isinstance(line.source, str):
        return line.symbol.rstrip("0123456789"), line.source, SHARED
    return line.symbol, "", of


def tables(found: Sequence[LevelDifference]) -> tuple[Result, ...]:
    """Return how errors differ between levels, one row a difference; nothing if none were held together."""
    if not found:
        return ()
    reported = [one.evaluated.reported() for one in found]
    kind = "remotecal_levelDifference"
    columns = (
        column("雷诺数 Re", "Reynolds number Re", "basic_referenceValue basic_tableIndex0", "1",
               [_number(one.first) for one in found]),
        column("压力（绝压）", "Pressure (absolute)", "remotecal_pressureLevel", "kPa",
               [f"{one.first.pressure:g}" for one in found]),
        column("另一压力下的 Re", "Re at the other pressure", "remotecal_otherReynolds", "1",
               [_number(one.second) for one in found]),
        column("另一压力（绝压）", "Other pressure (absolute)", "remotecal_otherLevel", "kPa",
               [f"{one.second.pressure:g}" for one in found]),
        column("误差之差 d（另一压力减此压力）", "Difference d of the errors (other pressure less this one)",
               kind, "%", [each.value for each in reported]),
        plain_column("U(d)", "levelDifferenceUncertainty", "%", [each.expanded for each in reported]),
        plain_column("k", "coverageFactor", "1", [f"{one.evaluated.k:.2f}" for one in found]),
        Words(
            name=Text.plain("|d| ≤ U(d)"),
            ref_types=("remotecal_levelsAgree",),
            words=tuple("✓" if one.agrees else "✗" for one in found),
        ),
    )  # fmt: skip
    name = Text(zh="相同雷诺数下不同压力的误差", en="Errors at equal Reynolds numbers at different pressures")
    return (Result(name=name, ref_types=(kind,), tables=(Table(columns=columns),)),)


def _number(one: GoneRound) -> str:
    return f"{float(significant(one.reynolds, 4)):.0f}"


def remark(found: Sequence[LevelDifference], parameters: LoopParameters) -> tuple[Statement, ...]:
    """Return what is to be said of levels that differ, or that could not be held against each other."""
    if len(parameters.pressures) < 2:
        return ()
    if not found:
        width = f"{parameters.reynolds_width:g} %"
        return _said(
            f"不同压力下没有雷诺数相差在 {width} 以内的点，未比较其误差。",
            f"No points at different pressures have Reynolds numbers within {width} of each other: their "
            "errors were not compared.",
        )
    apart = [one for one in found if not one.agrees]
    if not apart:
        return _too_few(found, parameters)
    told = [(one, one.evaluated.reported()) for one in apart]
    zh = "；".join(
        f"Re {_number(one.first)}，{one.first.pressure:g} kPa 与 {one.second.pressure:g} kPa 之间相差 "
        f"{shown.value} %（U = {shown.expanded} %）"
        for one, shown in told
    )
    en = "; ".join(
        f"between {one.first.pressure:g} kPa and {one.second.pressure:g} kPa by {shown.value} % "
        f"(U = {shown.expanded} %) at Re {_number(one.first)}"
        for one, shown in told
    )
    differ = _said(f"相同雷诺数下的误差因压力而异：{zh}。", f"Errors at equal Re differ {en}.")
    return *differ, *_too_few(found, parameters)


def _too_few(found: Sequence[LevelDifference], parameters: LoopParameters) -> tuple[Statement, ...]:
    """Return between which pressures errors were held against each other at fewer points than wanted."""
    fewest = parameters.fewest_compared or 0
    counts = [
        (a, b, sum((one.first.pressure, one.second.pressure) == (a, b) for one in found))
        for a, b in combinations(parameters.pressures, 2)
    ]
    few = [(f"{a:g} kPa", f"{b:g} kPa", count) for a, b, count in counts if count < fewest]
    if not few:
        return ()
    zh = "；".join(f"{a} 与 {b} 之间 {count} 个" for a, b, count in few)
    en = "; ".join(f"{count} between {a} and {b}" for a, b, count in few)
    return _said(
        f"比较误差的相同雷诺数少于 {fewest} 个：{zh}。",
        f"Errors were held against each other at fewer than {fewest} equal Reynolds numbers: {en}.",
    )


def _said(zh: str, en: str) -> tuple[Statement, ...]:
    ref_types = ("remotecal_remark", "remotecal_levelDifference")
    return (Statement(ref_types=ref_types, declaration=Text(zh=zh, en=en)),)
