"""What a library computes of floats, made a part of measurement models: values and slopes for all numbers.

An equation of state is no plain arithmetic: it solves, and what solves it may take floats alone. Here such a
function gets the uncertain numbers, draws and points of a model. Its slopes are central differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from remotecal.uncertainty.number import Number, estimate, is_uncertain
from remotecal.uncertainty.points import Points

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

Function: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""Several outputs of several inputs."""

STEP = 3e-4
"""How far to either side of an input its slope is looked for, as a share of the input."""
LEAST = 1e-5
"""What is added to that, for mole fractions near 0."""
FARTHEST = 16
"""Draws that are computed exactly, to judge the parabola that stands for the rest."""
CLOSE = 1e-3
"""What the parabola may be wrong by there, in standard deviations of an output."""


def evaluate(function: Function, inputs: Sequence[Number]) -> list[Number]:
    """Return what a function makes of numbers of a measurement model; none of these may be negative.

    Args:
        function: of floats.
        inputs: floats, uncertain numbers, arrays of draws, or points; floats may stand among the others.
    """
    if any(isinstance(each, Points) for each in inputs):
        return _of_points(function, inputs)
    if any(is_uncertain(each) for each in inputs):
        return _of_uncertain(function, inputs)
    if all(isinstance(each, int | float) for each in inputs):
        return list(function(inputs))
    return _of_draws(function, inputs)


def _of_uncertain(function: Function, inputs: Sequence[Number]) -> list[Number]:
    at = [estimate(each) for each in inputs]
    found: list[Number] = list(function(at))
    for place, each in enumerate(inputs):
        if is_uncertain(each):
            deviation = each - at[place]
            slopes = _slopes(function, at, place)
            found = [value + slope * deviation for value, slope in zip(found, slopes, strict=True)]
    return found


def _slopes(function: Function, at: Sequence[Any], place: int) -> list[Any]:
    """Return the slope of each output by one input, between two points that are not below 0."""
    step = at[place] * STEP + LEAST
    low = at[place] - step
    low = low * (low > 0)
    high = at[place] + step
    below, above = (function([*at[:place], end, *at[place + 1 :]]) for end in (low, high))
    return [(b - a) / (high - low) for a, b in zip(below, above, strict=True)]


def _of_points(function: Function, inputs: Sequence[Number]) -> list[Number]:
    import numpy as np

    taken = _each(function)
    values = [each.values if isinstance(each, Points) else each for each in inputs]
    shaped = list(np.broadcast_arrays(*(np.asarray(each, dtype=float) for each in values)))
    found = taken(shaped)
    made: list[list[tuple[Points, Any]]] = [[] for _ in found]
    for place, each in enumerate(inputs):
        if isinstance(each, Points):
            for output, slope in zip(made, _slopes(taken, shaped, place), strict=True):
                output.append((each, slope))
    one = next(each for each in inputs if isinstance(each, Points))
    return [one.join(value, by) for value, by in zip(found, made, strict=True)]


def _each(function: Function) -> Function:
    """Return a function of floats for arrays: called for each element."""

    def taken(arrays: Sequence[NDArray[float64]]) -> list[NDArray[float64]]:
        import numpy as np

        rows = [function([float(one) for one in row]) for row in np.stack([a.ravel() for a in arrays], 1)]
        return [column.reshape(arrays[0].shape) for column in np.asarray(rows, dtype=float).T]

    return taken


def _of_draws(function: Function, inputs: Sequence[Number]) -> list[Number]:
    """Return the outputs for draws: by a parabola about their means where it tells what the function does.

    Draws are close together, so it nearly always does; where not, each draw is computed.
    """
    import numpy as np

    drawn = list(np.broadcast_arrays(*(np.asarray(each, dtype=float) for each in inputs)))
    table = np.stack([each.ravel() for each in drawn], 1)
    spread = table.std(axis=0)
    varied = np.flatnonzero(spread)
    if len(table) <= _calls(len(varied)) + FARTHEST:
        return list(_each(function)(drawn))
    mean = table.mean(axis=0)
    scaled = (table[:, varied] - mean[varied]) / spread[varied]
    found = _parabola(function, mean, varied, spread, scaled)
    farthest = np.argpartition((scaled**2).sum(axis=1), -FARTHEST)[-FARTHEST:]
    exact = np.asarray([function([float(one) for one in table[row]]) for row in farthest])
    wrong = np.abs(found[:, farthest].T - exact).max(axis=0)
    if not (wrong <= CLOSE * found.std(axis=1) + 1e-12 * np.abs(found).max(axis=1)).all():
        return list(_each(function)(drawn))
    return [cast("Number", row.reshape(drawn[0].shape)) for row in found]


def _calls(varied: int) -> int:
    """Return how often a parabola asks its function."""
    return 1 + 2 * varied + varied * (varied - 1) // 2


def _parabola(
    function: Function,
    mean: NDArray[float64],
    varied: NDArray[Any],
    spread: NDArray[float64],
    scaled: NDArray[float64],
) -> NDArray[float64]:
    """Return each output (row) for each draw (column) by all derivatives up to the second, from differences.

    The many draws of an output lie side by side: the other way round it takes three times as long. And one
    output is added to after the other, for what is between then stays near the processor: half the time.

    Args:
        function: of floats.
        mean: of each input.
        varied: places of the inputs that are drawn.
        spread: standard deviation of each input's draws, the step of the differences.
        scaled: each varied input's deviation from its mean, in steps.
    """
    import numpy as np

    def at(*places: int, side: int = 1) -> NDArray[float64]:
        moved = mean.copy()
        for place in places:
            moved[varied[place]] = max(mean[varied[place]] + side * spread[varied[place]], 0.0)
        return np.asarray(function([float(one) for one in moved]), dtype=float)

    middle = at()
    above = [at(place) for place in range(len(varied))]
    below = [at(place, side=-1) for place in range(len(varied))]
    found = np.tile(middle[:, np.newaxis], (1, len(scaled)))
    steps = np.ascontiguousarray(scaled.T)
    for i in range(len(varied)):
        slope, bend = (above[i] - below[i]) / 2, (above[i] + below[i] - 2 * middle) / 2
        square = steps[i] ** 2
        for output in range(len(found)):
            found[output] += slope[output] * steps[i] + bend[output] * square
        for j in range(i):
            twist, both = at(i, j) - above[i] - above[j] + middle, steps[i] * steps[j]
            for output in range(len(found)):
                found[output] += twist[output] * both
    return found
