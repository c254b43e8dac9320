"""Errors at one Reynolds number, held against each other between two pressures.

A meter whose error follows the Reynolds number has the same one there at every pressure. What two levels
share cancels in the difference: what the masters of a laboratory are off together, what its sensors are, and
the volume between the meters. All else, such as a master's own part, a gauge at another pressure, or swirl,
may be another at the other level and counts for both, which makes U of the difference the larger one. So does
what a certificate does not say is in common: for a sum all of it is, for a difference none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Final

from remotecal.model import Result, Statement, Table, Text, Words
from remotecal.procedures.library.evaluation.digits import significant
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.gas_loop.results import plain_column
from remotecal.uncertainty.budget import Contribution, Evaluated
from remotecal.uncertainty.coverage import coverage_factor

if TYPE_CHECKING:
    from remotecal.procedures.library.gas_loop.parameters import LoopParameters
    from remotecal.procedures.library.gas_loop.results import GoneRound

COMMON: Final = re.compile(r"δ_[Ept]\d+|V_c")
"""Symbols of what is one and the same at all levels, if it has one source."""


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


def compared(
    rounds: Sequence[GoneRound], errors: Sequence[Evaluated], parameters: LoopParameters
) -> list[LevelDifference]:
    """Return the differences between levels, one for each point of a later one that has its like before.

    Args:
        rounds: what went round at each point.
        errors: at each point, in %.
        parameters: what the order tells.
    """
    at: dict[float, list[tuple[GoneRound, Evaluated]]] = {}
    for gone, error in zip(rounds, errors, strict=True):
        at.setdefault(gone.pressure, []).append((gone, error))
    width, found = math.log1p(parameters.reynolds_width / 100.0), []
    for before, level in combinations(at.values(), 2):
        for second, error in level:
            first, other = min(before, key=partial(_apart, second))
            if _apart(second, (first, other)) <= width:
                found.append(LevelDifference(first, second, difference(error, other, parameters)))
    return found


def _apart(second: GoneRound, one: tuple[GoneRound, Evaluated]) -> float:
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
        return line.symbol.rstrip("0123456789"), line.source, -1
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
        return ()
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
    return _said(f"相同雷诺数下的误差因压力而异：{zh}。", f"Errors at equal Re differ {en}.")


def _said(zh: str, en: str) -> tuple[Statement, ...]:
    ref_types = ("remotecal_remark", "remotecal_levelDifference")
    return (Statement(ref_types=ref_types, declaration=Text(zh=zh, en=en)),)
