"""Numbers a measurement model may be given, and the functions that work on all of them.

A model is written once, in plain arithmetic, and is then evaluated four ways: with floats for
the value, with GTC uncertain numbers for the budget, with numpy arrays of draws for Monte
Carlo, and with `Points` for the budgets of many points at once. Operators work on all by
themselves; `exp`, `log`, `sqrt` and the angle functions come from here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Protocol, TypeAlias, TypeVar

from remotecal.uncertainty.points import Points

_Same: TypeAlias = Any
"""What an operator takes and gives: a number of the same kind or a float, which has no type of its own."""


class Number(Protocol):
    """A float, a GTC uncertain real number, a numpy array of draws, or `Points`."""

    def __add__(self, other: _Same, /) -> _Same: ...
    def __radd__(self, other: _Same, /) -> _Same: ...
    def __sub__(self, other: _Same, /) -> _Same: ...
    def __rsub__(self, other: _Same, /) -> _Same: ...
    def __mul__(self, other: _Same, /) -> _Same: ...
    def __rmul__(self, other: _Same, /) -> _Same: ...
    def __truediv__(self, other: _Same, /) -> _Same: ...
    def __rtruediv__(self, other: _Same, /) -> _Same: ...
    def __pow__(self, other: _Same, /) -> _Same: ...
    def __neg__(self) -> _Same: ...
    def __abs__(self) -> _Same: ...


Numbers = Mapping[str, Number]
"""The inputs of a measurement model, by symbol."""

N = TypeVar("N", bound=Number)


def exp(x: N) -> N:
    """Return e to the power `x`."""
    return _apply("exp", x)


def log(x: N) -> N:
    """Return the natural logarithm of `x`."""
    return _apply("log", x)


def sqrt(x: N) -> N:
    """Return the square root of `x`."""
    return _apply("sqrt", x)


def sin(x: N) -> N:
    """Return the sine of `x` in radians."""
    return _apply("sin", x)


def cos(x: N) -> N:
    """Return the cosine of `x` in radians."""
    return _apply("cos", x)


def tan(x: N) -> N:
    """Return the tangent of `x` in radians."""
    return _apply("tan", x)


def atan2(y: N, x: N) -> N:
    """Return the angle of the point (`x`, `y`) in radians, from -π to π."""
    if isinstance(y, (int, float)) and isinstance(x, (int, float)):
        return _call("math", "atan2", y, x)
    if is_uncertain(y) or is_uncertain(x):
        return _call("GTC", "atan2", y, x)
    return _call("numpy", "arctan2", y, x)


def estimate(x: Number) -> float:
    """Return the best estimate `x` stands for.

    That is a float itself, the value of an uncertain number, the mean of an array (an array is
    read as draws of one quantity), and of many points the mean as well; see `extent`.
    """
    if isinstance(x, (int, float)):
        return float(x)
    value = getattr(x, "x", None)
    if value is not None:
        return float(value)
    import numpy as np

    return float(np.asarray(x.values if isinstance(x, Points) else x, dtype=float).mean())


def extent(x: Number) -> tuple[float, float]:
    """Return the least and the greatest best estimate `x` stands for: apart only for many points at once."""
    if not isinstance(x, Points):
        only = estimate(x)
        return only, only
    import numpy as np

    return float(np.min(x.values)), float(np.max(x.values))


def is_uncertain(x: object) -> bool:
    """Tell whether `x` is a GTC uncertain real number."""
    return bool(getattr(x, "is_ureal", False))


def _apply(function: str, x: N) -> N:
    library = "math" if isinstance(x, (int, float)) else "GTC" if is_uncertain(x) else "numpy"
    return _call(library, function, x)


def _call(library: str, function: str, *x: N) -> N:
    y: N = _found(library, function)(*x)
    return y


@cache
def _found(library: str, function: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(importlib.import_module(library), function)
    return found
