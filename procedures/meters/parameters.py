"""What every calibration of a flow meter is told of the meter, and of how its errors are judged."""

from __future__ import annotations

from typing import Annotated, Literal

from remotecal.procedures import In, Parameters
from remotecal.procedures.library.meters.measurand import VOLUME, Measurand


class ReadingParameters(Parameters):
    """What is told of reading a flow meter, and of how sure its errors are to be stated."""

    repeats: Annotated[int, In("1", at_least=2, at_most=30)] = 3
    """Repeats at each flow; the verification regulations ask for three, six for class 0.2 and better
    (unverified)."""
    duration: Annotated[float, In("s", at_least=30)] = 60.0
    """Shortest time of one repeat."""
    fewest_pulses: Annotated[int, In("1", at_least=1)] = 10_000
    """Pulses of the meter one repeat must have at least, where it gives pulses."""
    pulses_per_volume: Annotated[float | None, In("1/m3", above=0)] = None
    """K factor set in the meter, for one that gives pulses."""
    full_scale: Annotated[float | None, In("m3/h", above=0)] = None
    """Flow at 20 mA, for a meter read by its current."""
    total_resolution: Annotated[float, In("m3", at_least=0)] = 1e-6
    """Smallest step of the total, for a meter read by it."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor of the expanded uncertainties, where it shall be exactly this, such as 2; the coverage
    probability then follows from it."""

    @property
    def measurand(self) -> Measurand:
        """What the meter indicates."""
        return VOLUME

    @property
    def fiducial(self) -> float | None:
        """The flow in m³/h whose shares errors are; None where they are relative."""
        return None

    def shortest_repeat(self, flow: float, *, counted: bool) -> float:
        """Return how long a repeat must last at a flow in m³/h, in s, if the meter's pulses are counted."""
        per_volume = self.planned_pulses
        if not (per_volume and counted):
            return self.duration
        return max(self.duration, self.fewest_pulses / (per_volume * flow / 3600))

    @property
    def planned_pulses(self) -> float | None:
        """Pulses per m³, near enough to plan by."""
        return self.pulses_per_volume


class MeterParameters(ReadingParameters):
    """What every calibration is told that also judges the meter."""

    rule: Literal["verification", "guard band U", "simple acceptance"] = "verification"
    """Decision rule of the statement of conformity."""
    repeatability_share: Annotated[float, In("1", above=0, at_most=1)] = 1 / 3
    """Repeatability allowed, as a share of the maximum permissible error, of the smaller one where there are
    two (unverified); 1/2 for Coriolis meters."""
