"""When a quantity has settled: declared criteria, judged from readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Stability:
    """A quantity, and when it counts as stable.

    ```python
    Stability(self.rig.flow, duration=30, spread=0.2, slope=0.005, timeout=300)
    ```
    """

    quantity: BoundReading
    _: KW_ONLY
    duration: float
    """How long the criteria must hold without a break, in seconds."""
    spread: float | None = None
    """Largest difference between two readings, in the quantity's unit."""
    slope: float | None = None
    """Steepest trend, as the straight line through the readings, in the quantity's unit per second."""
    timeout: float = 600.0
    """Seconds after which the wait is given up."""
    every: float = 1.0
    """Seconds from one reading to the next."""

    def __post_init__(self) -> None:
        if self.spread is None and self.slope is None:
            raise ParameterError("stability needs a spread or a slope")
        if not 0 < self.every <= self.duration < self.timeout:
            raise ParameterError(
                f"stability read every {self.every:g} s over {self.duration:g} s until {self.timeout:g} s: "
                "each must be shorter than the next"
            )

    def judge(self, readings: Sequence[Measured]) -> Judgement:
        """Return what the readings of the last `duration` seconds amount to.

        Args:
            readings: in the order they were taken, at least one.
        """
        # The window begins with the last reading that is old enough; the wire's jitter is forgiven.
        edge = readings[-1].at - self.duration + self.every / 2
        begin = sum(reading.at <= edge for reading in readings) - 1
        window = readings[max(begin, 0) :]
        values = [reading.value for reading in window]
        spread, slope = max(values) - min(values), _slope(window)
        holds = (self.spread is None or spread <= self.spread) and (
            self.slope is None or abs(slope) <= self.slope
        )
        return Judgement(begin >= 0 and holds, spread, slope, sum(values) / len(values), len(values))

    def allowed(self) -> str:
        """Return how much may change within `duration`, as people read it."""
        limits = [self.spread, None if self.slope is None else self.slope * self.duration]
        return f"{min(limit for limit in limits if limit is not None):g} {self.quantity.declaration.unit}"

    def compare(self, judgement: Judgement) -> str:
        """Return found and allowed values side by side, as people read them."""
        unit = self.quantity.declaration.unit
        parts = []
        if self.spread is not None:
            parts.append(f"spread {judgement.spread:.3g} {unit} (allowed {self.spread:g})")
        if self.slope is not None:
            parts.append(f"slope {judgement.slope:.2g} {unit}/s (allowed {self.slope:g})")
        return f"{', '.join(parts)} over {self.duration:g} s"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the readings within a window amount to."""

    stable: bool
    """Whether all criteria held over the whole duration."""
    spread: float
    """Largest less smallest value."""
    slope: float
    """Slope of the straight line through the values, per second."""
    mean: float
    """Mean value."""
    readings: int
    """How many readings that was."""


def _slope(window: Sequence[Measured]) -> float:
    """Return the least-squares slope of values over time, per second; 0 for a single reading."""
    count = len(window)
    start = window[0].at  # epoch seconds squared would cost the digits that matter
    times = [reading.at - start for reading in window]
    middle, mean = sum(times) / count, sum(reading.value for reading in window) / count
    width = sum((time - middle) ** 2 for time in times)
    if width == 0:
        return 0.0
    return sum((t - middle) * (r.value - mean) for t, r in zip(times, window, strict=True)) / width
