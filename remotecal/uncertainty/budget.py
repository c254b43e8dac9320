"""Uncertainty budgets by the GUM: a model and its inputs give a result with its contributions."""

from __future__ import annotations

import inspect
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from remotecal.errors import ParameterError
from remotecal.uncertainty.coverage import coverage_factor, coverage_probability, region_factor
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import is_uncertain
from remotecal.uncertainty.rounding import Reported, report

if TYPE_CHECKING:
    from remotecal.model import Text

Model = Callable[..., object]
"""A function of the inputs, by symbol, in plain arithmetic and the functions of `number`.

It returns one number, or a tuple of several.
"""

# GTC advances the counter that numbers its leaves and reads it back in two steps, which only the
# interpreter's habits keep together between threads.
_leaves = threading.Lock()

# GTC drops an input without uncertainty and its sensitivity with it. This one is too small to be
# seen in any sum, and its square does not quite vanish.
_UNSEEN = 1e-150


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one input contributes to a result."""

    symbol: str
    value: float
    """Estimate of the input."""
    unit: str
    u: float
    """Standard uncertainty of the input."""
    distribution: str
    divisor: float
    dof: float
    sensitivity: float
    """Partial derivative of the result by the input."""
    contribution: float
    """Sensitivity times standard uncertainty, signed, in the result's unit."""
    share: float
    """Square of the contribution in percent of the result's variance; with correlation, not all of it."""
    source: Text | str


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A result with its uncertainty and its budget."""

    value: float
    unit: str
    u: float
    """Combined standard uncertainty."""
    dof: float
    """Effective degrees of freedom, before truncation."""
    k: float
    """Coverage factor."""
    coverage: float
    """Coverage probability."""
    expanded: float
    """Expanded uncertainty U: k times u, or the CMC if that is larger."""
    cmc: float
    """Smallest expanded uncertainty that may be reported; 0 if none was set."""
    lines: tuple[Contribution, ...]
    k_chosen: bool = False
    """Whether k was asked for, and the coverage probability follows from it."""

    @property
    def limited_by_cmc(self) -> bool:
        """Whether the CMC, and not the budget, gives the expanded uncertainty."""
        return self.cmc > self.k * self.u

    def with_k(self, k: float) -> Evaluated:
        """Return the result with U as `k` times u, whatever probability that covers.

        Raises:
            ParameterError: a factor of 0 or less.
        """
        covered = coverage_probability(self.dof, k)
        return replace(self, k=k, coverage=covered, expanded=max(k * self.u, self.cmc), k_chosen=True)

    def reported(self, digits: int = 2) -> Reported:
        """Return value and expanded uncertainty as a certificate prints them.

        Raises:
            ParameterError: the expanded uncertainty is 0.
        """
        return report(self.value, self.expanded, digits)

    def _repr_html_(self) -> str:
        from remotecal import html, units
        from remotecal.model.record import BUDGET_HEADINGS

        lines = (
            (
                line.symbol,
                f"{line.value:.10g}",
                units.symbol(line.unit),
                f"{line.u:.3g}",
                line.distribution,
                _dof(line.dof),
                f"{line.sensitivity:.4g}",
                f"{abs(line.contribution):.3g}",
                f"{line.share:.1f}",
            )
            for line in self.lines
        )
        unit = "" if self.unit == "1" else f" {units.symbol(self.unit)}"
        sum_up = {
            "y": f"{self.value:.10g}{unit}",
            "u": f"{self.u:.3g}{unit}",
            "ν": _dof(self.dof),
            "k": f"{self.k:.3g}",
            "p": f"{self.coverage:.4g}",
            "U": f"{self.expanded:.3g}{unit}",
        }
        return html.table(BUDGET_HEADINGS, lines) + html.facts(sum_up)


def _dof(number: float) -> str:
    return "∞" if math.isinf(number) else f"{number:.3g}"


@dataclass(frozen=True, slots=True)
class Joint:
    """Several results with their covariance: of one model, or of budgets that share inputs."""

    results: tuple[Evaluated, ...]
    covariance: tuple[tuple[float, ...], ...]
    """Covariance matrix of the results, in the order of the results."""

    def correlation(self, i: int, j: int) -> float:
        """Return the correlation coefficient of results `i` and `j`; 0 if either has no uncertainty."""
        u = self.results[i].u * self.results[j].u
        return self.covariance[i][j] / u if u else 0.0

    def coefficients(self, decimals: int = 3) -> tuple[tuple[str, ...], ...]:
        """Return the correlation matrix as a record states it, in decimal strings.

        Coefficients near ±1 get as many decimals more as they need not to be taken for it (GUM 7.2.6, note).
        """
        size = range(len(self.results))
        return tuple(
            tuple("1" if i == j else _stated(self.correlation(i, j), decimals) for j in size) for i in size
        )

    def region_factor(self, coverage: float = 0.95) -> float:
        """Return the factor k of the ellipsoid that covers all results; see `coverage.region_factor`.

        The least of their effective degrees of freedom counts, which is cautious.

        Raises:
            ParameterError: the degrees of freedom are too few for so many results.
        """
        return region_factor(len(self.results), min(each.dof for each in self.results), coverage)


@dataclass(frozen=True, slots=True)
class Budget:
    """A measurement model with its inputs.

    Correlated inputs must either all have infinite degrees of freedom, or have been observed together
    and have the same: the Welch–Satterthwaite formula holds for no others (GUM G.4.1, note).

    Raises:
        ParameterError: inputs that the model does not take or lacks, two of one symbol, a correlation
            that can't be.
    """

    model: Model
    inputs: Sequence[Input]
    unit: str = "1"
    """Unit of the result."""
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Correlation coefficients of pairs of inputs; 0 where not given."""

    def __post_init__(self) -> None:
        symbols = [each.symbol for each in self.inputs]
        if len(set(symbols)) != len(symbols):
            raise ParameterError(f"two inputs have the same symbol: {', '.join(sorted(symbols))}")
        try:
            inspect.signature(self.model).bind(**dict.fromkeys(symbols))
        except TypeError as error:
            raise ParameterError(f"the inputs are not the model's arguments: {error}") from error
        _check_correlations(self.correlations, {each.symbol: each for each in self.inputs})

    def evaluate(self, *, coverage: float = 0.95, cmc: float = 0.0, k: float | None = None) -> Evaluated:
        """Evaluate the result by the law of propagation of uncertainty (GUM 5, annex G).

        Args:
            coverage: coverage probability, 0.95 or 0.9545 by custom.
            cmc: smallest expanded uncertainty that may be reported, in the result's unit.
            k: coverage factor, where U shall be exactly so many u (k = 2); the coverage probability is then
                what the degrees of freedom make of it.

        Raises:
            ParameterError: the model does not return one number that depends on the inputs.
        """
        numbers = uncertain_numbers(self)
        y = self.model(**numbers)
        found = self.result_of(y, numbers, self.unit, coverage, cmc)
        return found if k is None else found.with_k(k)

    def evaluate_jointly(self, units: Sequence[str], *, coverage: float = 0.95) -> Joint:
        """Evaluate a model that returns several numbers (JCGM 102, clause 6).

        Args:
            units: unit of each result, in the order the model returns them.
            coverage: coverage probability of each result by itself.

        Raises:
            ParameterError: the model does not return as many numbers as there are units.
        """
        numbers = uncertain_numbers(self)
        outputs = self.model(**numbers)
        if not isinstance(outputs, tuple) or len(outputs) != len(units):
            raise ParameterError(f"the model must return a tuple of {len(units)} numbers, one for each unit")
        results = tuple(
            self.result_of(y, numbers, unit, coverage, 0.0) for y, unit in zip(outputs, units, strict=True)
        )
        return Joint(results, covariances(outputs))

    def result_of(
        self,
        y: Any,  # noqa: ANN401  # GTC has no types
        numbers: Mapping[str, Any],
        unit: str,
        coverage: float,
        cmc: float,
    ) -> Evaluated:
        """Return what the model gave for uncertain `numbers` as a result with its budget; see `evaluate`."""
        if not is_uncertain(y):
            raise ParameterError(f"the model must return a number that depends on its inputs, not {y!r}")
        u, dof = (y.u, y.df) if any(each.u for each in self.inputs) else (0.0, math.inf)
        if not math.isfinite(y.x) or not math.isfinite(u):
            raise ParameterError(f"the model gives no finite result: {y.x!r} with an uncertainty of {u!r}")
        dof = math.inf if math.isnan(dof) else dof
        k = coverage_factor(dof, coverage)
        lines = tuple(line_of(each, y.sensitivity(numbers[each.symbol]), u) for each in self.inputs)
        return Evaluated(y.x, unit, u, dof, k, coverage, max(k * u, cmc), cmc, lines)


def uncertain_numbers(budget: Budget, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the inputs of a budget as GTC's uncertain numbers, by symbol; those `known` as they are."""
    from remotecal.uncertainty.gtc import GTC

    known = known or {}
    inputs = {each.symbol: each for each in budget.inputs}
    with _leaves:
        numbers = {
            symbol: known[symbol] if symbol in known else GTC.ureal(each.value, each.u or _UNSEEN, each.dof)
            for symbol, each in inputs.items()
        }
        for group in correlated_groups(budget.correlations):
            if group[0] in known:
                continue
            members = [inputs[symbol] for symbol in group]
            ensemble = GTC.multiple_ureal(
                [each.value for each in members], [each.u or _UNSEEN for each in members], members[0].dof
            )
            numbers.update(zip(group, ensemble, strict=True))
    for (a, b), r in budget.correlations.items():
        if a not in known:
            GTC.set_correlation(r, numbers[a], numbers[b])
    return numbers


def covariances(numbers: Sequence[Any]) -> tuple[tuple[float, ...], ...]:
    """Return the covariance matrix of GTC's uncertain numbers."""
    from remotecal.uncertainty.gtc import GTC

    between: Any = GTC.get_covariance
    return tuple(tuple(float(between(a, b)) for b in numbers) for a in numbers)


MOST_DECIMALS = 15
"""Of a correlation coefficient."""


def _stated(coefficient: float, decimals: int) -> str:
    short_of_one = 1 - abs(coefficient)
    if 0 < short_of_one < 0.5 * 10.0**-decimals:
        decimals = min(MOST_DECIMALS, math.ceil(-math.log10(short_of_one)))
    text = f"{coefficient:.{decimals}f}"
    return text.removeprefix("-") if not float(text) else text


def line_of(each: Input, sensitivity: float, u: float) -> Contribution:
    """Return an input's line in the budget of a result whose combined uncertainty is `u`."""
    contribution = sensitivity * each.u
    share = 100 * (contribution / u) ** 2 if u else 0.0
    return Contribution(
        each.symbol,
        each.told,
        each.unit,
        each.u,
        each.distribution.value,
        each.divisor,
        each.dof,
        sensitivity,
        contribution,
        share,
        each.source,
    )


def correlated_groups(correlations: Mapping[tuple[str, str], float]) -> list[list[str]]:
    """Return the symbols that hang together by correlation, group by group."""
    groups: list[list[str]] = []
    for pair in correlations:
        touched = [group for group in groups if set(group) & set(pair)]
        groups = [group for group in groups if group not in touched]
        groups.append(list(dict.fromkeys([symbol for group in touched for symbol in group] + list(pair))))
    return groups


def _check_correlations(correlations: Mapping[tuple[str, str], float], inputs: dict[str, Input]) -> None:
    for (a, b), r in correlations.items():
        if a not in inputs or b not in inputs or a == b:
            raise ParameterError(f"a correlation needs two different inputs, not {a} and {b}")
        if not -1 <= r <= 1 or correlations.get((b, a), r) != r:
            raise ParameterError(f"the correlation of {a} and {b} must be one number from -1 to 1, not {r!r}")
    for group in correlated_groups(correlations):
        check_one_dof(group, alike=len({inputs[symbol].dof for symbol in group}) == 1)
        if len(group) > 2:
            _check_definite(group, correlations)


def check_one_dof(group: Sequence[str], *, alike: bool) -> None:
    """Raise `ParameterError` unless the degrees of freedom of correlated inputs are alike."""
    if not alike:
        raise ParameterError(
            f"correlated inputs {', '.join(group)} differ in degrees of freedom, so the "
            "Welch–Satterthwaite formula does not hold; give them the same if they were observed "
            "together, or model what they share as an input of its own"
        )


def _check_definite(group: list[str], correlations: Mapping[tuple[str, str], float]) -> None:
    import numpy as np

    matrix = correlation_matrix(group, correlations)
    if np.linalg.eigvalsh(np.array(matrix))[0] < -1e-9:
        raise ParameterError(f"the correlations of {', '.join(group)} contradict each other")


def correlation_matrix(
    symbols: Sequence[str], correlations: Mapping[tuple[str, str], float]
) -> list[list[float]]:
    """Return the correlation matrix of `symbols`, in their order."""
    return [
        [1.0 if a == b else correlations.get((a, b), correlations.get((b, a), 0.0)) for b in symbols]
        for a in symbols
    ]
