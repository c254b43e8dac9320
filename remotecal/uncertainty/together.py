"""Budgets evaluated together: what they share correlates their results."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from remotecal.errors import ParameterError
from remotecal.uncertainty.budget import (
    Budget,
    Joint,
    correlated_groups,
    covariances,
    uncertain_numbers,
)
from remotecal.uncertainty.inputs import Input


def evaluate_together(
    budgets: Sequence[Budget],
    common: Collection[str] = (),
    *,
    correlations: Mapping[tuple[str, str], float] | None = None,
    coverage: float = 0.95,
) -> Joint:
    """Evaluate budgets that share inputs, such as the points of a calibration that share a standard.

    Each result is what its budget alone gives; beside them stands their covariance.

    Args:
        budgets: as many as there are results.
        common: symbols of the inputs that are one and the same quantity in each budget that has them.
            All others are independent from budget to budget, whatever they are called.
        correlations: coefficients of inputs in common that no budget has together.
        coverage: coverage probability of each result by itself.

    Raises:
        ParameterError: an input in common that differs from budget to budget, or is in none; correlations
            that do, or that join an input in common with one that is not.
    """
    shared = _shared(budgets, common, correlations or {})
    known = uncertain_numbers(shared)
    outputs, results = [], []
    for budget in budgets:
        own = {each.symbol for each in budget.inputs}
        numbers = uncertain_numbers(budget, {symbol: known[symbol] for symbol in own & known.keys()})
        y = budget.model(**numbers)
        results.append(budget.result_of(y, numbers, budget.unit, coverage, 0.0))
        outputs.append(y)
    return Joint(tuple(results), covariances(outputs))


def _shared(
    budgets: Sequence[Budget], common: Collection[str], further: Mapping[tuple[str, str], float]
) -> Budget:
    """Return the inputs in common, with their correlations, as a budget of their own."""
    inputs: dict[str, Input] = {}
    correlations = {_pair(*pair): r for pair, r in further.items()}
    for budget in budgets:
        own = {each.symbol: each for each in budget.inputs if each.symbol in common}
        for symbol, each in own.items():
            if inputs.setdefault(symbol, each) != each:
                raise ParameterError(f"{symbol} is not one quantity: it differs from budget to budget")
        for group in correlated_groups(budget.correlations):
            if 0 < len(set(group) & set(common)) < len(group):
                raise ParameterError(
                    f"of the correlated inputs {', '.join(group)} some are in common, others not"
                )
    absent = sorted(set(common) - set(inputs))
    if absent:
        raise ParameterError(f"no budget has the input {absent[0]}")
    for budget in budgets:
        for pair, r in _between(budget, inputs).items():
            if correlations.setdefault(pair, r) != r:
                raise ParameterError(
                    f"the correlation of {pair[0]} and {pair[1]} differs from budget to budget"
                )
    given = {pair: r for pair, r in correlations.items() if r}
    return Budget(lambda **_: 0.0, tuple(inputs.values()), correlations=given)


def _between(budget: Budget, inputs: Mapping[str, Input]) -> dict[tuple[str, str], float]:
    """Return the correlation of every two inputs in common that a budget has."""
    given = {_pair(*pair): r for pair, r in budget.correlations.items()}
    symbols = [each.symbol for each in budget.inputs if each.symbol in inputs]
    return {_pair(a, b): given.get(_pair(a, b), 0.0) for a, b in combinations(symbols, 2)}


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)
