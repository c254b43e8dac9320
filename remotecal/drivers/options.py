"""What a bench states of its own instrument, as drivers check it."""

from __future__ import annotations

from remotecal.drivers.accuracy import UNSTATED, Accuracy, percent_of_range
from remotecal.errors import BenchError


def printed_limit(name: str, percent: float | None) -> Accuracy:
    """Return the limit of error a bench states of its instrument, in per cent of the range in force.

    Raises:
        BenchError: it is no limit.
    """
    if percent is None:
        return UNSTATED
    if not (isinstance(percent, int | float) and 0 < percent <= 10):
        raise BenchError(f"{name}: percent_of_range is a limit of error above 0 up to 10 %, not {percent!r}")
    return percent_of_range(percent, source="as the bench file states it")


def positive(name: str, setting: str, value: float) -> float:
    """Return a setting of a driver that must be a positive number (BenchError if it is none)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise BenchError(f"{name}: {setting} must be a number above 0, not {value!r}")
    return float(value)
