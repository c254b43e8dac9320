"""Propagation of distributions by Monte Carlo (JCGM 101, JCGM 102) on the model of a budget.

The draws come from numpy's PCG64 in blocks of one size, so a seed gives the same result on every run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remotecal.errors import ParameterError
from remotecal.uncertainty.budget import Budget, Evaluated, correlated_groups, correlation_matrix
from remotecal.uncertainty.inputs import Distribution, Input

if TYPE_CHECKING:
    import numpy as np
    from numpy import float64
    from numpy.typing import NDArray

_BLOCK = 10_000
"""Smallest number of trials in a block (JCGM 101, 7.9.4 b)."""


@dataclass(frozen=True, slots=True)
class CoverageInterval:
    """A coverage interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the propagation of distributions gives for one result."""

    value: float
    """Mean of the draws."""
    u: float
    """Standard deviation of the draws."""
    unit: str
    coverage: float
    symmetric: CoverageInterval
    """Probabilistically symmetric coverage interval (JCGM 101, 7.7)."""
    shortest: CoverageInterval
    """Shortest coverage interval; the one for asymmetric distributions (JCGM 101, 5.3.4)."""
    trials: int
    converged: bool
    """Whether value, u and interval are stable to the digits asked for; true where trials were given."""


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether the GUM's interval may stand in for the simulated one (JCGM 101, clause 8)."""

    low: float
    """Distance of the lower ends."""
    high: float
    """Distance of the upper ends."""
    tolerance: float
    """Numerical tolerance of the standard uncertainty."""

    @property
    def valid(self) -> bool:
        """Whether both distances are within the tolerance."""
        return max(self.low, self.high) <= self.tolerance


@dataclass(frozen=True, slots=True)
class JointSimulation:
    """What the propagation of distributions gives for several results together (JCGM 102, clause 7)."""

    values: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    coverage: float
    factor: float
    """Factor k_p of the ellipsoid around `values` that holds `coverage` of the draws (JCGM 102, 7.7.2)."""
    trials: int


def simulate(
    budget: Budget,
    *,
    seed: int,
    trials: int | None = None,
    digits: int = 2,
    coverage: float = 0.95,
    at_most: int = 10_000_000,
) -> Simulation:
    """Propagate the distributions of a budget's inputs through its model.

    Memory is 16 bytes a trial and a few blocks. An input of 2 or fewer degrees of freedom has no finite
    variance (JCGM 101, 6.4.9.4): its u does not settle, and only the intervals mean something.

    Args:
        budget: model and inputs; correlated inputs must be normal or t.
        seed: start of the random numbers.
        trials: how many; by default as many as the adaptive procedure needs (JCGM 101, 7.9).
        digits: significant digits of u that are to be stable, 1 or 2.
        coverage: coverage probability.
        at_most: trials after which the adaptive procedure gives up.

    Raises:
        ParameterError: inputs that can't be drawn together, or a model that gives no finite numbers.
    """
    import numpy as np

    if not 0 < coverage < 1:
        raise ParameterError(f"a coverage probability lies between 0 and 1, not {coverage!r}")
    size = max(math.ceil(100 / (1 - coverage)), _BLOCK)
    if trials is not None and trials * (1 - coverage) < 2:
        raise ParameterError(f"{trials} trials are too few for an interval of {coverage:.4g}")
    outputs = (y for (y,) in _blocks(budget, 1, seed, trials or at_most, size))
    blocks: list[NDArray[float64]]
    if trials is None:
        blocks, converged = _until_stable(outputs, digits, coverage)
    else:
        blocks, converged = list(outputs), True
    draws = np.concatenate(blocks)
    value, u = float(draws.mean()), float(draws.std(ddof=1))
    draws.sort()
    return Simulation(
        value,
        u,
        budget.unit,
        coverage,
        _symmetric(draws, coverage),
        _shortest(draws, coverage),
        len(draws),
        converged,
    )


def simulate_jointly(
    budget: Budget, outputs: int, *, seed: int, trials: int, coverage: float = 0.95
) -> JointSimulation:
    """Propagate the inputs' distributions through a model that returns `outputs` numbers.

    Memory is 16 bytes a trial and output, and a few blocks.

    Raises:
        ParameterError: inputs that can't be drawn together, or a model that gives no finite numbers.
    """
    import numpy as np

    draws = np.concatenate([np.stack(y) for y in _blocks(budget, outputs, seed, trials, _BLOCK)], axis=1)
    values = draws.mean(axis=1)
    covariance = np.atleast_2d(np.cov(draws))
    draws -= values[:, None]
    distance = np.einsum("im,im->m", draws, np.linalg.solve(covariance, draws))
    return JointSimulation(
        tuple(values.tolist()),
        tuple(tuple(row) for row in covariance.tolist()),
        coverage,
        float(np.sqrt(np.quantile(distance, coverage))),
        trials,
    )


def validate(result: Evaluated, simulation: Simulation, digits: int = 2) -> Validation:
    """Compare the interval of the GUM with the symmetric simulated one (JCGM 101, 8.1).

    Args:
        result: of the budget; its own k times u is compared, whatever the CMC.
        simulation: of the same budget at the same coverage.
        digits: significant digits of u that matter, 1 or 2.

    Raises:
        ParameterError: the two have different coverage probabilities.
    """
    if result.coverage != simulation.coverage:
        raise ParameterError(
            f"the budget covers {result.coverage:.4g} and the simulation {simulation.coverage:.4g}; "
            "evaluate both with one coverage probability"
        )
    half = result.k * result.u
    return Validation(
        abs(result.value - half - simulation.symmetric.low),
        abs(result.value + half - simulation.symmetric.high),
        numerical_tolerance(result.u, digits),
    )


def numerical_tolerance(u: float, digits: int) -> float:
    """Return half a unit of the last of `digits` significant digits of `u` (JCGM 101, 7.9.2)."""
    if u == 0:
        return 0.0
    exponent = int(f"{u:.{digits - 1}e}".partition("e")[2])
    return float(f"0.5e{exponent - digits + 1}")


def _until_stable(
    outputs: Iterator[NDArray[float64]], digits: int, coverage: float
) -> tuple[list[NDArray[float64]], bool]:
    """Take blocks until two standard deviations of every averaged figure are within tolerance (7.9.4)."""
    import numpy as np

    blocks: list[NDArray[float64]] = []
    figures: list[tuple[float, float, float, float]] = []
    for y in outputs:
        blocks.append(y)
        interval = _symmetric(np.sort(y), coverage)
        figures.append((float(y.mean()), float(y.std(ddof=1)), interval.low, interval.high))
        if len(blocks) < 2:
            continue
        table = np.array(figures)
        u = math.sqrt(float(np.mean(table[:, 1] ** 2) + np.var(table[:, 0])))
        spread = table.std(axis=0, ddof=1) / math.sqrt(len(blocks))
        if 2 * spread.max() <= numerical_tolerance(u, digits):
            return blocks, True
    return blocks, False


def _blocks(
    budget: Budget, outputs: int, seed: int, trials: int, size: int
) -> Iterator[tuple[NDArray[float64], ...]]:
    """Yield the model's outputs block by block, `trials` in all."""
    import numpy as np

    sampler = Sampler(budget)
    generator = np.random.Generator(np.random.PCG64(seed))
    for start in range(0, trials, size):
        count = min(size, trials - start)
        with np.errstate(all="ignore"):  # what overflows is refused below
            y: Any = budget.model(**sampler.draw(generator, count))
        arrays = y if isinstance(y, tuple) else (y,)
        if len(arrays) != outputs or any(np.shape(each) != (count,) for each in arrays):
            raise ParameterError(f"the model must return {outputs} number(s) that depend on its inputs")
        require_finite(*arrays)
        yield arrays


def require_finite(*drawn: NDArray[float64]) -> None:
    """Raise `ParameterError` unless a model gave finite numbers for all draws."""
    import numpy as np

    if not all(np.isfinite(each).all() for each in drawn):
        raise ParameterError(
            "the model gives no finite number for some draws; an input's distribution reaches values it is "
            "not made for"
        )


class Sampler:
    """Draws all inputs of a budget, the correlated ones together."""

    def __init__(self, budget: Budget) -> None:
        inputs = {each.symbol: each for each in budget.inputs}
        groups = correlated_groups(budget.correlations)
        together = {symbol for group in groups for symbol in group}
        self._constants = {each.symbol: each.value for each in budget.inputs if not each.u}
        self._alone = [each for each in budget.inputs if each.u and each.symbol not in together]
        self._groups = [
            ([inputs[symbol] for symbol in group], _root(group, inputs, budget)) for group in groups
        ]

    def draw(self, generator: np.random.Generator, count: int) -> dict[str, float | NDArray[float64]]:
        """Return `count` draws of each input by symbol; the value itself for a constant."""
        values: dict[str, float | NDArray[float64]] = dict(self._constants)
        for each in self._alone:
            values[each.symbol] = each.draw(generator, count)
        for members, root in self._groups:
            normal = root @ generator.standard_normal((len(members), count))
            if math.isfinite(members[0].dof):  # JCGM 102, 5.3.3: a multivariate t-distribution
                normal /= (generator.chisquare(members[0].dof, count) / members[0].dof) ** 0.5
            for each, standard in zip(members, normal, strict=True):
                values[each.symbol] = each.value + each.u * standard
        return values


def _root(group: Sequence[str], inputs: dict[str, Input], budget: Budget) -> NDArray[float64]:
    """Return a root of the group's correlation matrix, which may be singular."""
    import numpy as np

    for symbol in group:
        if inputs[symbol].distribution not in (Distribution.NORMAL, Distribution.T):
            raise ParameterError(
                f"{symbol} is {inputs[symbol].distribution} and correlated, which can't be drawn; "
                "model what it shares with others as an input of its own"
            )
    values, vectors = np.linalg.eigh(np.array(correlation_matrix(group, budget.correlations)))
    root: NDArray[float64] = vectors * np.sqrt(np.clip(values, 0.0, None))
    return root


def _symmetric(draws: NDArray[float64], coverage: float) -> CoverageInterval:
    """Return the probabilistically symmetric interval of sorted `draws` (JCGM 101, 7.7.2)."""
    inside = round(coverage * len(draws))
    first = (len(draws) - inside + 1) // 2 - 1
    return CoverageInterval(float(draws[first]), float(draws[first + inside]))


def _shortest(draws: NDArray[float64], coverage: float) -> CoverageInterval:
    """Return the shortest interval of sorted `draws` (JCGM 101, 7.7.4)."""
    inside = round(coverage * len(draws))
    first = int((draws[inside:] - draws[:-inside]).argmin())
    return CoverageInterval(float(draws[first]), float(draws[first + inside]))
