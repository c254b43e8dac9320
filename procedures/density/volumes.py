"""Whether a densitometer shows the same of a small and of a large body of one density.

A force F that comes or goes with a body, such as that of the menisci, changes ρ by about ρ·F/(g·V·ρ_l): four
times as much for a quarter of the volume. Bodies of one density and different volume tell that from what
depends on density.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final

from remotecal.errors import EvidenceError, ParameterError
from remotecal.model import Text
from remotecal.procedures.library.density.results import SolidFinding
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.inputs import Input

if TYPE_CHECKING:
    from remotecal.procedures.library.density.parameters import DensitometerParameters

ALIKE: Final = 0.01
"""By which share densities may differ that a comparison of volumes calls one density."""
APART: Final = 2.0
"""How many times as large as the small body the large one is at least, where their difference is judged."""

EQUATION: Final = "ΔE_V = E_1 - E_2"
INPUTS: Final[Mapping[str, Text]] = {
    "E_1": Text(zh="小体积标准固体处的示值误差", en="error at the small standard"),
    "E_2": Text(zh="大体积标准固体处的示值误差", en="error at the large standard of that density"),
}
"""The inputs of the comparison, by symbol."""


def volume_dependence(findings: Sequence[SolidFinding]) -> float | None:
    """Return by how much errors of bodies of one density differ most, in kg/m³."""
    differences = (
        abs(a.evaluated.value - b.evaluated.value)
        for a, b in combinations(findings, 2)
        if _alike(a.place, b.place)
    )
    return max(differences, default=None)


def compared(findings: Sequence[SolidFinding], wanted: DensitometerParameters) -> Finding:
    """Return by how much the error at a small standard exceeds that at a large one, where it is most.

    Both errors have their own budgets. What these share, such as the liquid's thermometer, is counted in
    each: it is little, and to count it less the standards' certificates would have to say what they share.

    Raises:
        EvidenceError: no two standards are of one density, and one of them twice as large as the other.
    """
    pairs = [
        (small, large)
        for one, other in combinations(findings, 2)
        for small, large in (sorted((one, other), key=lambda each: each.volume),)
        if _are_pair((one.place, one.volume), (other.place, other.volume))
    ]
    if not pairs:
        raise EvidenceError(NO_PAIR)
    return max(
        (_difference(small, large, wanted) for small, large in pairs),
        key=lambda one: abs(one.evaluated.value),
    )


def see_pair(standards: Sequence[tuple[float, float]]) -> None:
    """Raise `ParameterError` where no two standards are a small and a large one of one density.

    Args:
        standards: of each the density and the volume.
    """
    if not any(_are_pair(*both) for both in combinations(standards, 2)):
        raise ParameterError(NO_PAIR)


def _are_pair(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Tell whether bodies of these densities and volumes are a small and a large one of one density."""
    small, large = sorted((one[1], other[1]))
    return _alike(one[0], other[0]) and large >= APART * small


def _alike(density: float, other: float) -> bool:
    return abs(density / other - 1) < ALIKE


def _difference(small: SolidFinding, large: SolidFinding, wanted: DensitometerParameters) -> Finding:
    inputs = [
        Input.student_t(
            symbol, each.evaluated.value, "kg/m3", each.evaluated.u, each.evaluated.dof, source=each.title
        )
        for symbol, each in zip(INPUTS, (small, large), strict=True)
    ]
    budget = Budget(lambda **x: x["E_1"] - x["E_2"], inputs, "kg/m3")
    return Finding(
        point=small.point,
        observed_at=(*small.points, *large.points),
        title=Text(
            zh=f"体积影响：{small.serial} 与 {large.serial}",
            en=f"Influence of volume: {small.serial} and {large.serial}",
        ),
        reference=[small.place],
        errors=[small.evaluated.value - large.evaluated.value],
        evaluated=budget.evaluate(coverage=wanted.coverage, k=wanted.coverage_factor),
    )


NO_PAIR: Final = (
    f"volume_dependence is judged by two standards of one density (to {ALIKE:.0%}), of which one has "
    f"{APART:g} times the other's volume or more: put such a pair on the bench, or leave it out"
)
