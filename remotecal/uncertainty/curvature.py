"""Whether straight lines do for a model: the check that stands behind every budget.

The law of propagation takes the model as straight over its inputs' uncertainties. Where a slope
vanishes, at the top of a parabola, it gives no contribution at all. `confirmed` asks the question of
JCGM 101, clause 8: draws go through the model and through its tangent, and where the interval of the
first is wider by more than half of the last of u's two digits, the difference becomes a line of the budget.

Both are drawn from the same numbers, so what is left between them is the curvature and no scatter of the
draws. For the same reason inputs of few degrees of freedom are drawn as normal ones: what they are short
of is in the coverage factor already.
"""

from __future__ import annotations

import math
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from remotecal.uncertainty.budget import Budget, Evaluated, line_of
from remotecal.uncertainty.coverage import coverage_factor
from remotecal.uncertainty.inputs import Distribution, Input
from remotecal.uncertainty.monte_carlo import Sampler, numerical_tolerance, require_finite

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

TRIALS = 10_000
"""Draws for one check (JCGM 101, 7.9.4 b); some 15 ms for a flow point of 17 inputs and three repeats."""

CURVATURE = "δ_curv"
"""Symbol of the line that a curved model adds to its budget."""

SOURCE = "JCGM 101, clause 8"


def confirmed(budget: Budget, result: Evaluated, *, about: str) -> Evaluated:
    """Return `result`, with a line for the model's curvature where straight lines don't do.

    Args:
        budget: model and inputs.
        result: what the budget evaluates to.
        about: what is evaluated, by name; the random numbers begin with it, so that the same observations
            give the same result, whoever made them and when.

    Raises:
        ParameterError: the model gives no finite number for some draws.
    """
    import numpy as np

    inputs = [_normal(each) for each in budget.inputs]
    sampler = Sampler(replace(budget, inputs=inputs))
    drawn = sampler.draw(np.random.Generator(np.random.PCG64(_seed(about))), TRIALS)
    with np.errstate(all="ignore"):  # what overflows is refused below
        model: Any = budget.model(**drawn)
    slopes = {line.symbol: line.sensitivity for line in result.lines}
    bent = np.broadcast_to(np.asarray(model, dtype=float) - result.value, (TRIALS,))
    straight = np.zeros(TRIALS)
    for each in inputs:
        straight = straight + slopes[each.symbol] * (drawn[each.symbol] - each.value)
    require_finite(bent)
    wider = _half_width(bent, result.coverage) - _half_width(straight, result.coverage)
    if wider <= max(numerical_tolerance(result.u, 2), 1e-9 * abs(result.value)):
        return result
    return _with_curvature(result, result.u + wider / coverage_factor(math.inf, result.coverage))


def _seed(about: str) -> int:
    return int(sha256(about.encode()).hexdigest()[:16], 16)


def _normal(quantity: Input) -> Input:
    finite = math.isfinite(quantity.dof) or quantity.distribution is Distribution.T
    return replace(quantity, distribution=Distribution.NORMAL, dof=math.inf) if finite else quantity


def _half_width(deviations: NDArray[float64], coverage: float) -> float:
    """Return how far about 0 the probabilistically symmetric interval reaches, at its farther end."""
    import numpy as np

    low, high = np.quantile(deviations, [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(max(-low, high))


def _with_curvature(result: Evaluated, u: float) -> Evaluated:
    """Return a result whose combined uncertainty is `u`, the rest of it a line of the budget."""
    rest = math.sqrt(u * u - result.u * result.u)
    line = line_of(Input.normal(CURVATURE, 0.0, result.unit, rest, source=SOURCE), 1.0, u)
    dof = result.dof * (u / result.u) ** 4 if result.u else math.inf
    lines = (*(replace(each, share=100 * (each.contribution / u) ** 2) for each in result.lines), line)
    wider = replace(result, u=u, dof=dof, lines=lines)
    if result.k_chosen:
        return wider.with_k(result.k)
    k = coverage_factor(dof, result.coverage)
    return replace(wider, k=k, expanded=max(k * u, result.cmc))
