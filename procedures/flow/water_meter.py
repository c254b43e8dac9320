"""Water meters by ISO 4064 (OIML R 49): their characteristic flows, test points and permissible errors.

The figures are those of ISO 4064-1 and -2:2014 (OIML R 49-1 and -2:2013) as they are commonly cited, and JJG
162 takes them over; the documents themselves have not been seen here, so all of it is unverified, and what a
laboratory finds otherwise it gives by parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

NORM: Final = "ISO 4064-1:2014"
"""The document the classes are of (unverified)."""

TRANSITION: Final = 1.6
"""Q2/Q1 (unverified)."""
OVERLOAD: Final = 1.25
"""Q4/Q3 (unverified)."""
SMALLEST_RATIO: Final = 40
"""Smallest R = Q3/Q1 (unverified)."""
WARM: Final = 30.0
"""Temperature in °C above which more is permitted (unverified)."""
SAME_SIGN: Final = 50.0
"""Where all errors have the same sign, one of them must be within so many per cent of what is permitted
(unverified)."""

PointName: TypeAlias = Literal["Q1", "Q2", "0.35(Q2+Q3)", "0.7(Q2+Q3)", "Q3", "Q4"]


@dataclass(frozen=True, slots=True)
class WaterMeterClass:
    """Permissible errors of an accuracy class, ±, in % (unverified)."""

    lower: float
    """From Q1 up to Q2, not included."""
    upper: float
    """From Q2 on, up to 30 °C."""
    warm: float
    """From Q2 on, above 30 °C."""


CLASSES: Final[Mapping[int, WaterMeterClass]] = {
    1: WaterMeterClass(3.0, 1.0, 2.0),
    2: WaterMeterClass(5.0, 2.0, 3.0),
}
"""By name."""


@dataclass(frozen=True, slots=True)
class Flows:
    """The characteristic flows of a meter, in m³/h."""

    permanent: float
    """Q3."""
    ratio: float
    """R = Q3/Q1."""

    @property
    def minimum(self) -> float:
        """Q1."""
        return self.permanent / self.ratio

    @property
    def transitional(self) -> float:
        """Q2."""
        return TRANSITION * self.minimum

    @property
    def overload(self) -> float:
        """Q4."""
        return OVERLOAD * self.permanent

    def window(self, point: PointName) -> tuple[float, float]:
        """Return between which flows a test at a point must lie, in m³/h (ISO 4064-2, 7.4; unverified)."""
        both = self.transitional + self.permanent
        windows = {
            "Q1": (self.minimum, 1.1 * self.minimum),
            "Q2": (self.transitional, 1.1 * self.transitional),
            "0.35(Q2+Q3)": (0.33 * both, 0.37 * both),
            "0.7(Q2+Q3)": (0.67 * both, 0.74 * both),
            "Q3": (0.9 * self.permanent, self.permanent),
            "Q4": (0.95 * self.overload, self.overload),
        }
        return windows[point]

    def aim(self, point: PointName) -> float:
        """Return the flow to test at, in m³/h: the middle of the window, to four digits."""
        low, high = self.window(point)
        return float(f"{(low + high) / 2:.4g}")


def of_permissible(errors: Sequence[float], permissible: Sequence[float]) -> float:
    """Return the smallest error in per cent of what is permitted, where all have the same sign; otherwise 0.

    Args:
        errors: mean error at each point, in %.
        permissible: ± what is permitted there, in %.
    """
    if min(errors) < 0 < max(errors):
        return 0.0
    return min(100 * abs(error) / limit for error, limit in zip(errors, permissible, strict=True))
