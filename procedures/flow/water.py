"""The pure half of a calibration in water: its density."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.water import WATER_FORMULAS
from remotecal.procedures import By
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.measuring.sampling import SAMPLED
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.procedures.library.meters.measurand import MASS, set_otherwise
from remotecal.procedures.library.meters.passing import MeterRepeats, MeterSeen, OfRepeat
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.flow.parameters import FlowParameters


ABSURD: Final = 100.0
"""By which factor a meter can't be wrong: its K factor is of another unit than the order says."""

ZERO_STABILITY: Final = "z"
"""Symbol of what the meter's zero may be otherwise."""


class InWater(InAir):
    """What a repeat yields of the water, and of the air around."""

    temperature: Annotated[tuple[Measured, ...], "°C", By("thermometer", "temperature"), SAMPLED]
    """Water at the meter, while the repeat lasted."""
    pressure: Annotated[tuple[Measured, ...], "Pa", By("rig", "pressure"), SAMPLED]
    """Gauge pressure at the meter, while the repeat lasted."""


class FlowSeen(InWater, MeterSeen):
    """What a repeat yields, whatever the reference."""

    total_before: Annotated[Measured | None, "m3", "kg", By("dut", "volume"), By("dut", "total_mass")] = None
    """Total of a meter that is read by it."""
    total_after: Annotated[Measured | None, "m3", "kg", By("dut", "volume"), By("dut", "total_mass")] = None
    zero: Annotated[float | None, "kg/h"] = None
    """What the meter showed while the water stood, on the mean, by a journal that does not keep what was read
    for it (`meters.zero.ZeroSeen`)."""
    zero_scatter: Annotated[float | None, "kg/h"] = None
    """Standard deviation of what it showed then."""
    zero_drift: Annotated[float | None, "kg/h"] = None
    """Mean of the second half of those readings less that of the first."""

    def zero_said(self) -> dict[str, float | None]:
        """Return field of a `Zero` → what the repeat tells of it."""
        return {"mean": self.zero, "scatter": self.zero_scatter, "drift": self.zero_drift}


W = TypeVar("W", bound=InWater)
S = TypeVar("S", bound=FlowSeen)


class OfWater(Repeats[W]):
    """Repeats in water, and what is known of the water."""

    def know_water(self, formula: str) -> None:
        """Add the inputs that temperature, pressure and density of the water take.

        Args:
            formula: of its density, one of `WATER_FORMULAS`.
        """
        self._thermometer = self.correction(
            "t_m", "thermometer", [one for each in self.seen for one in each.temperature], "°C"
        )
        self._manometer = self.correction(
            "p_m", "rig", [one for each in self.seen for one in each.pressure], "Pa"
        )
        self.barometer = self.correction("p_a", "ambient", [each.air_pressure for each in self.seen], "Pa")
        """The atmospheric pressure's correction."""
        self._formula = WATER_FORMULAS[formula]
        self.characteristic("ρ", "water_density", "1", beside=self._formula.u)

    def temperature(self, seen: W, x: Numbers, place: int | None = None) -> Number:
        """Return the water's temperature at the meter in °C: the mean of a repeat, or one reading of it."""
        values = [reading.value for reading in seen.temperature]
        return self._thermometer.corrected(x, statistics.fmean(values) if place is None else values[place])

    def air_pressure(self, seen: W, x: Numbers) -> Number:
        """Return the atmospheric pressure in Pa."""
        return self.barometer.corrected(x, seen.air_pressure.value)

    def density(self, seen: W, x: Numbers, place: int | None = None) -> Number:
        """Return the water's density at the meter in kg/m³, for a repeat or for one reading of it."""
        return self.density_at(seen, x, self.temperature(seen, x, place))

    def gauge(self, seen: W, x: Numbers, place: int | None = None) -> Number:
        """Return the gauge pressure at the meter in Pa: the mean of a repeat, or one reading of it."""
        shown = mean(seen.pressure, "Pa") if place is None else seen.pressure[place].value
        return self._manometer.corrected(x, shown)

    def density_at(self, seen: W, x: Numbers, temperature: Number, gauge: Number | None = None) -> Number:
        """Return the water's density in kg/m³ at a temperature in °C, and a gauge pressure in Pa.

        Without a pressure it is that at the meter, the mean of the repeat.
        """
        absolute = (self.gauge(seen, x) if gauge is None else gauge) + self.air_pressure(seen, x)
        density: Number = self._formula.density(temperature, absolute) * (1.0 + x["ρ"])
        return density


class WaterRepeats(OfWater[S], MeterRepeats[S]):
    """The repeats of a meter at one flow, and what is known of the water."""

    def __init__(
        self, point: Point, evidence: Evidence, seen: Sequence[S], parameters: FlowParameters
    ) -> None:
        super().__init__(point, evidence, seen, parameters)
        if contradiction := set_otherwise(parameters, evidence.characteristics):
            raise EvidenceError(f"{point.name}: {contradiction}")
        self._stable, self._cut_off = parameters.zero_stability, parameters.low_flow_cutoff
        self.know_water(parameters.water)
        self.read_meter()
        if self._stable is not None:
            self.inputs.append(Input.from_limits(ZERO_STABILITY, 0.0, MASS.flow, self._stable, source=ORDER))

    def at_meter(self, mass: Number, seen: S, x: Numbers) -> Number:
        """Return what so many kg are for the meter: their volume there in m³; of a meter of mass, they."""
        if self._told.measurand is MASS:
            return mass
        volume: Number = mass / self.density(seen, x)
        return volume

    def solve(self, amount: OfRepeat[S], time: OfRepeat[S]) -> MeterFinding:
        known = self.estimates()
        for seen in self.seen:
            passed, shown = (
                estimate(one) for one in (amount(seen, known), self._indicated(seen, known, time))
            )
            share = shown / passed if passed > 0 else 0.0
            slow = 0 < share <= 1 / ABSURD and self._told.measurand is MASS  # one of volume may stand still
            if slow or share >= ABSURD:
                raise EvidenceError(
                    f"{self.point.name}: by the order the meter indicated {shown:.4g} "
                    f"{self._told.measurand.unit}, and {passed:.4g} passed it: see the unit of its K factor "
                    "or of its flow at 20 mA, and whether it indicates volume or mass"
                )
        return super().solve(amount, time)

    def _indicated(self, seen: S, x: Numbers, time: OfRepeat[S]) -> Number:
        """Return what the meter indicated, in m³ or kg; its zero may be otherwise at any time."""
        shown = super()._indicated(seen, x, time)
        if self._stable is not None:
            counted = self._counted_for(seen, estimate(time(seen, x)))
            shown = shown + self.at_meter(x[ZERO_STABILITY] * counted / 3600.0, seen, x)
        return shown

    def _counted_for(self, seen: S, flowed: float) -> float:
        """Return how long a meter counted in a repeat, in s: from rest to rest longer than the water flowed.

        One without a cut-off counts its zero while nothing flows as well; what nobody states is not there.
        """
        if self._cut_off is not None:
            return flowed
        if seen.pulses is None:
            told = (seen.pulses_before, seen.pulses_after), (seen.total_before, seen.total_after)
            between = [end.at - begin.at for begin, end in told if begin is not None and end is not None]
            return max([flowed, *between])
        if seen.duration is None:
            return flowed  # a gate opened and shut while it flowed
        return max(flowed, seen.pulses.at - seen.temperature[0].at)
