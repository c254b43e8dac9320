"""What was found at one place: the error with its budget, and what it was found by."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remotecal.journal.observation import Point
    from remotecal.model import Text
    from remotecal.uncertainty.budget import Evaluated
    from remotecal.uncertainty.interpolation import CertifiedCurve


@dataclass(frozen=True, slots=True)
class Beyond:
    """Readings outside the range of the certificate that corrects them."""

    instrument: str
    """What it is: maker, model and serial number."""
    errors: CertifiedCurve
    """What its certificate states."""
    read: tuple[float, float]
    """The lowest and the highest reading, in the unit of the curve's places."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at one place."""

    point: Point
    """Where, as it was asked for."""
    title: Text
    """What its budget is called: the place in words."""
    reference: Sequence[float]
    """What the reference says of each repeat, in the unit of the place."""
    errors: Sequence[float]
    """Error of each repeat, in the unit of `evaluated`."""
    evaluated: Evaluated
    """Error with its uncertainty and budget."""
    beyond: Sequence[Beyond] = ()
    """What was read outside its certificate."""
    observed_at: Sequence[str] = ()
    """Names of the run's points whose observations are in it or its budget (`Repeats.points`); only its own
    where none are named."""

    @property
    def points(self) -> tuple[str, ...]:
        """Names of the run's points whose observations are in it or its budget."""
        return tuple(self.observed_at) or (self.point.name,)

    @property
    def place(self) -> float:
        """Where on the reference the error lies: the mean of what it says."""
        return statistics.fmean(self.reference)

    @property
    def judged(self) -> float:
        """What is held against the permissible error, in the unit of `evaluated`: its value."""
        return self.evaluated.value

    @property
    def judged_at(self) -> float:
        """Where the permissible error is taken: the finding's place."""
        return self.place

    @property
    def repeatability(self) -> float:
        """Sample standard deviation of the repeats' errors, in their unit; 0 for a single repeat."""
        return scatter(self.errors)


def scatter(values: Sequence[float]) -> float:
    """Return the sample standard deviation of repeats, in their unit; 0 for a single one."""
    return statistics.stdev(values) if len(values) > 1 else 0.0
