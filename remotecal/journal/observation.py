"""Where a run measures, and what one repeat there yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from remotecal.drivers.measured import Measured

Value = Measured | float | int | str | tuple[Measured, ...]
"""What an observation may hold."""


@dataclass(frozen=True, slots=True)
class Point:
    """One setting of the rig to calibrate at."""

    name: str
    """Unlike that of any other point of the run: "50 m3/h"."""
    nominal: Mapping[str, float] = field(default_factory=dict)
    """What to set, in the units of the procedure's parameters."""
    repeats: int = 1
    """How often to measure here."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one repeat at one point yielded."""

    point: Point
    """The point."""
    repeat: int
    """Counted from 1."""
    values: Mapping[str, Value]
    """What `measure` returned."""
    began: float
    """When the repeat began, in seconds since 1970, UTC."""
    at: float
    """When it was over."""
