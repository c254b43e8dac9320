"""Numbers that stand for many points at once and remember how they were made.

A model evaluated with them gives its value at all points, and going back over what was done once gives its
slope by every input there, exactly: each step has a derivative, and the steps are multiplied (the chain
rule, backwards). That takes about as long as three evaluations, however many inputs there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from remotecal.errors import ParameterError

if TYPE_CHECKING:
    from numpy import float64, ufunc
    from numpy.typing import NDArray

Values: TypeAlias = "NDArray[float64] | float64 | float"
"""One number for each point, or one for all of them."""
Made: TypeAlias = "tuple[tuple[int, Values | None], ...]"
"""What a number was made of: the places of the others, and its slope by each; None stands for 1."""


class Points:
    """A number of a measurement model at many points; see `Tape.number`.

    Args:
        values: its value at each point.
        tape: of the evaluation it belongs to.
        made: what it was made of.
    """

    __slots__ = ("at", "tape", "values")

    def __init__(self, values: Values, tape: Tape, made: Made = ()) -> None:
        self.values = values
        self.tape = tape
        self.at = len(tape.made)
        """Its place on the tape."""
        tape.made.append(made)

    def slopes(self, inputs: Sequence[Points]) -> list[Values]:
        """Return the derivative of this number by each of the inputs, at each point."""
        found: list[Values | None] = [None] * (self.at + 1)
        found[self.at] = 1.0
        for at in range(self.at, -1, -1):
            slope = found[at]
            if slope is None:
                continue
            for other, by in self.tape.made[at]:
                part = slope if by is None else slope * by
                before = found[other]
                found[other] = part if before is None else before + part
        return [0.0 if (slope := found[each.at]) is None else slope for each in inputs]

    def __add__(self, other: Points | float) -> Points:
        if isinstance(other, Points):
            return Points(self.values + other.values, self.tape, ((self.at, None), (other.at, None)))
        return Points(self.values + _constant(other), self.tape, ((self.at, None),))

    __radd__ = __add__

    def __sub__(self, other: Points | float) -> Points:
        if isinstance(other, Points):
            return Points(self.values - other.values, self.tape, ((self.at, None), (other.at, -1.0)))
        return Points(self.values - _constant(other), self.tape, ((self.at, None),))

    def __rsub__(self, other: float) -> Points:
        return Points(_constant(other) - self.values, self.tape, ((self.at, -1.0),))

    def __mul__(self, other: Points | float) -> Points:
        mine = self.values
        if isinstance(other, Points):
            its = other.values
            return Points(mine * its, self.tape, ((self.at, its), (other.at, mine)))
        factor = _constant(other)
        return Points(mine * factor, self.tape, ((self.at, factor),))

    __rmul__ = __mul__

    def __truediv__(self, other: Points | float) -> Points:
        if isinstance(other, Points):
            quotient = self.values / other.values
            by = 1.0 / other.values
            return Points(quotient, self.tape, ((self.at, by), (other.at, -quotient * by)))
        divisor = _constant(other)
        return Points(self.values / divisor, self.tape, ((self.at, 1.0 / divisor),))

    def __rtruediv__(self, other: float) -> Points:
        quotient = _constant(other) / self.values
        return Points(quotient, self.tape, ((self.at, -quotient / self.values),))

    def __pow__(self, other: Points | float) -> Points:
        base = self.values
        if isinstance(other, Points):
            power, value = other.values, base**other.values
            return Points(
                value,
                self.tape,
                ((self.at, power * base ** (power - 1)), (other.at, _log_of_size(base) * value)),
            )
        exponent = _constant(other)
        by = exponent * base ** (exponent - 1) if exponent else 0.0
        return Points(base**exponent, self.tape, ((self.at, by),))

    def __rpow__(self, other: float) -> Points:
        base = _constant(other)
        value = base**self.values
        return Points(value, self.tape, ((self.at, _log_of_size(base) * value),))

    def __neg__(self) -> Points:
        return Points(-self.values, self.tape, ((self.at, -1.0),))

    def __pos__(self) -> Points:
        return self

    def __abs__(self) -> Points:
        import numpy as np

        return Points(np.abs(self.values), self.tape, ((self.at, np.sign(self.values)),))

    def __array_ufunc__(self, function: ufunc, method: str, *numbers: Any, **how: Any) -> Points:  # noqa: ANN401  numpy's own
        """Apply a function of numpy, as `number` does, or its operator of a scalar and this number."""
        known = _functions().get(function.__name__)
        if known is None or method != "__call__" or how:
            raise ParameterError(
                f"a model for many points at once can't use numpy's {function.__name__}: it is plain "
                "arithmetic and the functions of remotecal.uncertainty.number"
            )
        return known(*numbers)

    def _compare(self, _: object) -> bool:
        raise ParameterError(
            "a model for many points at once can't ask which of two numbers is larger, for that differs "
            "from point to point: evaluate its budget point by point"
        )

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    def apply(self, values: Values, slope: Values) -> Points:
        """Return what a function makes of this number: its values, and its derivative there."""
        return Points(values, self.tape, ((self.at, slope),))

    def join(self, values: Values, made: Sequence[tuple[Points, Values]]) -> Points:
        """Return what a function makes of several numbers: its values, and its derivative by each."""
        return Points(values, self.tape, tuple((each.at, slope) for each, slope in made))


class Tape:
    """What was done in one evaluation of a model, step by step."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        """Each number made so far, by what it was made of."""

    def number(self, values: Values) -> Points:
        """Return an input of the model."""
        import numpy as np

        return Points(np.asarray(values, dtype=float)[()], self)


def _constant(number: object) -> float:
    """Return a number that is the same at all points.

    Raises:
        ParameterError: it is an array, which may say something of each point.
    """
    if isinstance(number, (int, float)):
        return float(number)
    if getattr(number, "shape", None) == ():
        return float(number)  # type: ignore[arg-type]  # a number of numpy's
    raise ParameterError(
        f"a model for many points at once can't use {type(number).__name__} beside its inputs: give what "
        "differs from point to point as an input, with an uncertainty of 0 where it has none"
    )


def _log_of_size(base: Values) -> Values:
    """Return ln |base|, and 0 where the base is 0: no exponent moves that."""
    import numpy as np

    size = np.abs(base)
    return np.log(np.where(size > 0, size, 1.0))


@cache
def _functions() -> Mapping[str, Callable[..., Points]]:
    """Return name of numpy's function → the same for `Points`; operators for a scalar of numpy's first."""
    import numpy as np

    def exp(x: Points) -> Points:
        value = np.exp(x.values)
        return x.apply(value, value)

    def sqrt(x: Points) -> Points:
        value = np.sqrt(x.values)
        return x.apply(value, 0.5 / value)

    def tan(x: Points) -> Points:
        value = np.tan(x.values)
        return x.apply(value, 1.0 + value * value)

    return {
        "add": lambda x, y: y.__radd__(x),
        "subtract": lambda x, y: y.__rsub__(x),
        "multiply": lambda x, y: y.__rmul__(x),
        "divide": lambda x, y: y.__rtruediv__(x),
        "power": lambda x, y: y.__rpow__(x),
        "exp": exp,
        "log": lambda x: x.apply(np.log(x.values), 1.0 / x.values),
        "sqrt": sqrt,
        "sin": lambda x: x.apply(np.sin(x.values), np.cos(x.values)),
        "cos": lambda x: x.apply(np.cos(x.values), -np.sin(x.values)),
        "tan": tan,
        "arctan2": _angle,
    }


def _angle(y: Points | float, x: Points | float) -> Points:
    """Return the angle of points (x, y); 0 has no direction, and no slope."""
    import numpy as np

    up, right = (each.values if isinstance(each, Points) else _constant(each) for each in (y, x))
    square = right**2 + up**2
    square = np.where(square > 0, square, np.inf)
    made = [(each, slope / square) for each, slope in ((y, right), (x, -up)) if isinstance(each, Points)]
    return made[0][0].join(np.arctan2(up, right), made)
