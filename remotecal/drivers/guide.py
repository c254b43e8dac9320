"""What guides whoever answers by a number: limits, digits, and where it will most likely lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, isclose, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Guide:
    """What stands beside the field for a number; all in the question's unit."""

    low: float | None = None
    """A number below is refused."""
    high: float | None = None
    """A number above is refused."""
    digits: int | None = None
    """Digits behind the point that can be read, no more and no fewer."""
    likely: tuple[float, float] | None = None
    """Outside of it a number is looked at again, which nothing forbids."""
    blind: bool = False
    """It is read a second time, and whoever reads is not shown what was read before."""

    def refuses(self, value: float) -> bool:
        """Tell whether a number lies beyond the limits."""
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)

    @property
    def limits(self) -> str:
        """The limits in figures: `0 – 20`; "" where there are none."""
        if self.low is None and self.high is None:
            return ""
        if self.low is not None and self.high is not None:
            return f"{self.low:.10g} – {self.high:.10g}"
        return f"≥ {self.low:.10g}" if self.low is not None else f"≤ {self.high:.10g}"

    def written(self) -> dict[str, float | int | bool | Sequence[float]]:
        """Return what there is of it as a journal keeps it."""
        said = {
            "low": self.low, "high": self.high, "digits": self.digits, "likely": self.likely,
            "blind": self.blind or None,
        }  # fmt: skip
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in said.items()
            if value is not None
        }

    @classmethod
    def read(cls, said: Mapping[str, object]) -> Guide:
        """Return what `written` wrote; older journals say nothing of it."""
        low, high, digits, likely = (said.get(name) for name in ("low", "high", "digits", "likely"))
        pair = likely if isinstance(likely, list | tuple) and len(likely) == 2 else None
        return cls(
            low=_number(low),
            high=_number(high),
            digits=digits if isinstance(digits, int) else None,
            likely=None if pair is None else (float(pair[0]), float(pair[1])),
            blind=said.get("blind") is True,
        )


UNGUIDED = Guide()
"""Nothing is known beforehand of what will be answered."""


def decimals(step: float | None) -> int | None:
    """Return how many digits behind the point a step has: 2 for 0.05; None where there is no step.

    >>> decimals(0.05), decimals(2), decimals(0.125)
    (2, 0, 3)
    """
    if step is None or step <= 0:
        return None
    first = max(0, -floor(log10(step)))
    near = (n for n in range(first, first + MOST) if isclose(step, round(step, n), rel_tol=1e-9))
    return next(near, first)


MOST = 6
"""Digits a step may have."""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
