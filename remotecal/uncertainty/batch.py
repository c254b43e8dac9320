"""One budget at many points at once: the same model and inputs, their values as arrays.

>>> from remotecal.uncertainty import Budget, Input, evaluate_points
>>> def error(indicated, reference, resolution):
...     '''Error of a gauge.'''
...     return indicated + resolution - reference
>>> gauge = Budget(
...     error,
...     [
...         Input.normal("indicated", 0.0, "kPa", 0.0),
...         Input.from_certificate("reference", 0.0, "kPa", 0.02),
...         Input.from_limits("resolution", 0.0, "kPa", 0.05),
...     ],
...     "kPa",
... )
>>> found = evaluate_points(
...     gauge,
...     {"indicated": [100.1, 200.3, 300.2], "reference": [100.0, 200.0, 300.0]},
...     u={"reference": [0.01, 0.01, 0.04]},
... )
>>> [f"{error:.2f} ± {expanded:.2f}" for error, expanded in zip(found.value, found.expanded)]
['0.10 ± 0.06', '0.30 ± 0.06', '0.20 ± 0.10']
>>> found.at(2).reported()
Reported(value='0.200', expanded='0.097')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from remotecal.errors import ParameterError
from remotecal.uncertainty.budget import (
    Budget,
    Evaluated,
    check_one_dof,
    correlated_groups,
    correlation_matrix,
    line_of,
)
from remotecal.uncertainty.coverage import coverage_factors, coverage_probabilities
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.points import Points, Tape

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[float64]
    Arrays = Mapping[str, ArrayLike]
    """Symbol of an input → what it is at each point; of any shapes that go together (points × items, say)."""

_BLOCK = 4096
"""Points evaluated together: what is remembered of them stays small, and in the processor's reach."""


@dataclass(frozen=True, slots=True)
class EvaluatedPoints:
    """The results of a budget at many points; each array has the points' shape."""

    value: Array
    unit: str
    u: Array
    """Combined standard uncertainty."""
    dof: Array
    """Effective degrees of freedom, before truncation."""
    k: Array
    """Coverage factor."""
    coverage: Array
    """Coverage probability."""
    expanded: Array
    """Expanded uncertainty U: k times u, or the CMC if that is larger."""
    cmc: float
    """Smallest expanded uncertainty that may be reported; 0 if none was set."""
    inputs: Sequence[Input]
    """The budget's inputs, with the values of no point."""
    values: Mapping[str, Array]
    """Symbol → estimate of the input."""
    uncertainties: Mapping[str, Array]
    """Symbol → its standard uncertainty."""
    freedoms: Mapping[str, Array]
    """Symbol → its degrees of freedom."""
    sensitivities: Mapping[str, Array]
    """Symbol → partial derivative of the result by the input."""
    k_chosen: bool = False
    """Whether k was asked for, and the coverage probability follows from it."""

    def contribution(self, symbol: str) -> Array:
        """Return what an input contributes: sensitivity times standard uncertainty, signed."""
        return self.sensitivities[symbol] * self.uncertainties[symbol]

    def at(self, *point: int) -> Evaluated:
        """Return the result at one point with its budget, as `Budget.evaluate` gives it."""
        lines = (
            line_of(
                replace(
                    each,
                    value=float(self.values[each.symbol][point]),
                    u=float(self.uncertainties[each.symbol][point]),
                    dof=float(self.freedoms[each.symbol][point]),
                    stated=None,
                ),
                float(self.sensitivities[each.symbol][point]),
                float(self.u[point]),
            )
            for each in self.inputs
        )
        return Evaluated(
            float(self.value[point]),
            self.unit,
            float(self.u[point]),
            float(self.dof[point]),
            float(self.k[point]),
            float(self.coverage[point]),
            float(self.expanded[point]),
            self.cmc,
            tuple(lines),
            self.k_chosen,
        )


def evaluate_points(
    budget: Budget,
    values: Arrays,
    *,
    u: Arrays | None = None,
    dof: Arrays | None = None,
    coverage: float = 0.95,
    cmc: float = 0.0,
    k: float | None = None,
) -> EvaluatedPoints:
    """Evaluate a budget at many points; each result is what `Budget.evaluate` gives for the inputs there.

    The model is called with `Points` for its inputs, 4096 points at a time. What differs from point to point
    must be an input, with an uncertainty of 0 where it has none; correlations are the same at all points.

    Args:
        budget: the model, and its inputs where nothing else is given.
        values: estimates of the inputs that differ from point to point.
        u: standard uncertainties of those whose uncertainty does.
        dof: degrees of freedom of those that have others at each point.
        coverage: as in `Budget.evaluate`.
        cmc: the same.
        k: the same.

    Raises:
        ParameterError: arrays of no input, or that don't go together; an estimate, an uncertainty or degrees
            of freedom that can't be; a model that gives no number that depends on its inputs, or at some
            point none that is finite, or that asks which number is larger.
    """
    import numpy as np

    stated = [
        _stated(budget.inputs, field, arrays or {})
        for field, arrays in (("value", values), ("u", u), ("dof", dof))
    ]
    shape = _shape([array for arrays in stated for array in arrays.values()])
    found, slopes = _propagated(budget, stated[0], shape)
    estimates, uncertainties, freedoms = (
        {symbol: np.broadcast_to(array, shape) for symbol, array in arrays.items()} for arrays in stated
    )
    sensitivities = dict(zip(estimates, slopes, strict=True))
    with np.errstate(all="ignore"):  # what is not finite is refused right away
        contributions = {symbol: slope * uncertainties[symbol] for symbol, slope in sensitivities.items()}
        combined, effective = _combined(budget.correlations, contributions, freedoms)
    _require_finite(found, combined)
    factors = coverage_factors(effective, coverage) if k is None else np.full(shape, k)
    return EvaluatedPoints(
        found,
        budget.unit,
        combined,
        effective,
        factors,
        np.full(shape, coverage) if k is None else coverage_probabilities(effective, k),
        np.maximum(factors * combined, cmc),
        cmc,
        budget.inputs,
        estimates,
        uncertainties,
        freedoms,
        sensitivities,
        k_chosen=k is not None,
    )


def _stated(inputs: Sequence[Input], field: str, arrays: Arrays) -> dict[str, Array]:
    """Return symbol → what is stated of an input: the array that is given, or what the budget says."""
    import numpy as np

    known = {each.symbol: float(getattr(each, field)) for each in inputs}
    if unknown := sorted(set(arrays) - set(known)):
        raise ParameterError(f"{unknown[0]} is no input of the budget, which has {', '.join(known)}")
    stated = {symbol: np.asarray(arrays.get(symbol, known[symbol]), dtype=float) for symbol in known}
    for symbol in arrays:
        array = stated[symbol]
        possible = array >= 1 if field == "dof" else np.isfinite(array) & ((field == "value") | (array >= 0))
        if not np.all(possible):
            raise ParameterError(f"{field} of {symbol} can't be {array[~possible].flat[0]!r}")
    return stated


def _shape(arrays: Sequence[Array]) -> tuple[int, ...]:
    import numpy as np

    try:
        return np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError as error:
        shapes = sorted({array.shape for array in arrays if array.shape})
        raise ParameterError(
            f"arrays of the shapes {', '.join(map(str, shapes))} are not of the same points"
        ) from error


def _propagated(budget: Budget, values: Mapping[str, Array], shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Return the model's value at each point, and its slopes by the inputs, in their order."""
    import numpy as np

    size = int(np.prod(shape))
    flat = {
        symbol: array if array.size == 1 else np.broadcast_to(array, shape).reshape(-1)
        for symbol, array in values.items()
    }
    found, slopes = np.empty(size), np.empty((len(flat), size))
    for start in range(0, size, _BLOCK):
        part, tape = slice(start, start + _BLOCK), Tape()
        numbers = {
            symbol: tape.number(array.item() if array.size == 1 else array[part])
            for symbol, array in flat.items()
        }
        with np.errstate(all="ignore"):  # what overflows is refused afterwards
            y = budget.model(**numbers)
            if not isinstance(y, Points):
                raise ParameterError(f"the model must return a number that depends on its inputs, not {y!r}")
            found[part] = y.values
            for row, slope in zip(slopes, y.slopes(list(numbers.values())), strict=True):
                row[part] = slope
    return found.reshape(shape), slopes.reshape(len(flat), *shape)


def _combined(
    correlations: Mapping[tuple[str, str], float],
    contributions: Mapping[str, Array],
    freedoms: Mapping[str, Array],
) -> tuple[Array, Array]:
    """Return combined standard uncertainty and effective degrees of freedom (GUM 5.2.2, G.4.1).

    Inputs that hang together by correlation were observed together, and count as one.
    """
    import numpy as np

    groups = correlated_groups(correlations)
    alone = set(contributions).difference(*groups)
    parts = [(contributions[symbol] ** 2, freedoms[symbol]) for symbol in contributions if symbol in alone]
    for group in groups:
        check_one_dof(group, alike=all(np.array_equal(freedoms[group[0]], freedoms[each]) for each in group))
        matrix = correlation_matrix(group, correlations)
        variance: Array = np.sum([contributions[symbol] ** 2 for symbol in group], axis=0)
        for (i, a), (j, b) in combinations(enumerate(group), 2):
            variance = variance + 2 * matrix[i][j] * contributions[a] * contributions[b]
        parts.append((variance, freedoms[group[0]]))
    total: Array = np.maximum(sum(variance for variance, _ in parts), 0.0)
    known = np.where(total > 0, total, 1.0)
    scarce = np.asarray(sum((variance / known) ** 2 / dof for variance, dof in parts))
    return np.sqrt(total), np.asarray(1.0 / scarce)


def _require_finite(value: Array, u: Array) -> None:
    import numpy as np

    wrong = np.argwhere(~(np.isfinite(value) & np.isfinite(u)))
    if len(wrong):
        point = tuple(wrong[0].tolist())
        raise ParameterError(
            f"the model gives no finite result at point {', '.join(map(str, point)) or 'given'}: "
            f"{value[point]!r} with an uncertainty of {u[point]!r}"
        )
