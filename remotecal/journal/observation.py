"""Where a run measures, and what one repeat there yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from remotecal.drivers.measured import Measured
from remotecal.drivers.waveform import Waveform
from remotecal.errors import EvidenceError
from remotecal.journal.contents import File

Value = Measured | float | int | str | tuple[Measured, ...] | Waveform | File
"""What an observation may hold."""


AS_FOUND, AS_LEFT = "as found", "as left"
"""Series of the points before a device was adjusted, and of those after it."""


@dataclass(frozen=True, slots=True)
class Point:
    """One setting of the rig to calibrate at."""

    name: str
    """Unlike that of any other point of the run: "50 m3/h"."""
    nominal: Mapping[str, float] = field(default_factory=dict)
    """What to set, in the units that the procedure declares (`Procedure.sets`)."""
    repeats: int = 1
    """How often to measure here."""
    series: tuple[str, ...] = ()
    """Labels of the series it belongs to: "as found", "rising", "cycle 2"."""


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

    @property
    def place(self) -> str:
        """Which one it is, in words."""
        return f"{self.point.name}, repeat {self.repeat}"

    def reading(self, name: str) -> Measured:
        """Return the single reading kept under a name (`EvidenceError` if there is none)."""
        kept = self.values.get(name)
        if not isinstance(kept, Measured):
            raise EvidenceError(f"{self.place}: {name} is no reading but {kept!r}")
        return kept


@dataclass(frozen=True, slots=True)
class KeptBeside:
    """What was read beside the repeats, by which more than one of them stands: `Run.observe`."""

    text: str
    """What it was read for, by which the procedure declares it."""
    about: Mapping[str, float | str]
    """What tells it from others of its kind, such as the pressure it was read at."""
    values: Mapping[str, Value]
    """What was read."""
    at: float
    """When that was over, in seconds since 1970, UTC."""

    @property
    def place(self) -> str:
        """Which one it is, in words."""
        return ", ".join([self.text, *(f"{name} {value}" for name, value in self.about.items())])
