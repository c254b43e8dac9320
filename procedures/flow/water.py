"""The pure half of a calibration in water: its density, and the meter's error from volume and time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.water import WATER_FORMULAS
from remotecal.model import Text
from remotecal.procedures.library.evaluation.output import Current, Output, Pulses, Total, mean
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.flow.results import FlowFinding
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.flow.parameters import FlowParameters


class FlowSeen(InAir):
    """What a repeat yields, whatever the reference."""

    temperature: Annotated[tuple[Measured, ...], "°C"]
    """Water at the meter, while the repeat lasted."""
    pressure: Annotated[tuple[Measured, ...], "Pa"]
    """Gauge pressure at the meter, while the repeat lasted."""
    current: Annotated[tuple[Measured, ...] | None, "mA"] = None
    """Output of a meter that is read by its current."""
    pulses: Annotated[Measured | None, "1"] = None
    """Pulses within a gate, or from rest to rest."""
    pulses_before: Annotated[Measured | None, "1"] = None
    """Pulses counted so far, where the count goes on."""
    pulses_after: Annotated[Measured | None, "1"] = None
    total_before: Annotated[Measured | None, "m3"] = None
    """Total of a meter that is read by it."""
    total_after: Annotated[Measured | None, "m3"] = None
    duration: Annotated[float | None, "s"] = None
    """How long the water ran, by the run's clock."""


S = TypeVar("S", bound=FlowSeen)

OfRepeat = Callable[[S, Numbers], Number]
"""A quantity of one repeat, from what it yielded and the inputs."""


class WaterRepeats(Repeats[S]):
    """The repeats at one flow: what is known of the water, and how the meter tells what passed."""

    def __init__(
        self, point: Point, evidence: Evidence, seen: Sequence[S], parameters: FlowParameters
    ) -> None:
        super().__init__(point, evidence, seen)
        self.parameters = parameters
        self._thermometer = self.correction(
            "t_m", "thermometer", [one for each in self.seen for one in each.temperature], "°C"
        )
        self._manometer = self.correction(
            "p_m", "rig", [one for each in self.seen for one in each.pressure], "Pa"
        )
        self.barometer = self.correction("p_a", "ambient", [each.air_pressure for each in self.seen], "Pa")
        """The atmospheric pressure's correction."""
        self._formula = WATER_FORMULAS[parameters.water]
        water = self.characteristic("ρ", "water_density", "1")
        self.inputs[-1] = Input.normal(
            "ρ", water.value, "1", math.hypot(water.u, self._formula.u), source=water.source
        )
        self._output = self._meter_output()

    def temperature(self, seen: S, x: Numbers, place: int | None = None) -> Number:
        """Return the water's temperature at the meter in °C: the mean of a repeat, or one reading of it."""
        values = [reading.value for reading in seen.temperature]
        return self._thermometer.corrected(x, statistics.fmean(values) if place is None else values[place])

    def air_pressure(self, seen: S, x: Numbers) -> Number:
        """Return the atmospheric pressure in Pa."""
        return self.barometer.corrected(x, seen.air_pressure.value)

    def density(self, seen: S, x: Numbers, place: int | None = None) -> Number:
        """Return the water's density at the meter in kg/m³, for a repeat or for one reading of it."""
        return self.density_at(seen, x, self.temperature(seen, x, place))

    def density_at(self, seen: S, x: Numbers, temperature: Number) -> Number:
        """Return the water's density in kg/m³ at a temperature in °C and the repeat's pressure."""
        gauge = self._manometer.corrected(x, mean(seen.pressure, "Pa"))
        absolute = gauge + self.air_pressure(seen, x)
        density: Number = self._formula.density(temperature, absolute) * (1.0 + x["ρ"])
        return density

    def solve(self, volume: OfRepeat[S], time: OfRepeat[S]) -> FlowFinding:
        """Return the error at this flow.

        Args:
            volume: what passed through the meter in one repeat, in m³.
            time: how long that took, in s.
        """

        def error(seen: S, x: Numbers) -> Number:
            relative: Number = self._indicated(seen, x, time) / volume(seen, x) - 1.0
            return relative

        known = self.estimates()
        passed = [estimate(volume(seen, known)) for seen in self.seen]
        took = [estimate(time(seen, known)) for seen in self.seen]
        if not (min(passed) > 0 and min(took) > 0):
            raise EvidenceError(
                f"{self.point.name}: nothing passed the reference in a repeat, so there is no error to state"
            )
        wanted, flow = self.parameters, self.point.nominal["flow"]
        counted = [self.pulses(seen) for seen in self.seen] if isinstance(self._output, Pulses) else []
        return FlowFinding(
            point=self.point,
            title=Text(zh=f"流量点 {flow:g} m³/h", en=f"Flow point {flow:g} m³/h"),
            reference=[3600.0 * v / t for v, t in zip(passed, took, strict=True)],
            errors=self.errors(error, 100.0),
            evaluated=self.evaluate(
                error, "%", scale=100.0, coverage=wanted.coverage, k=wanted.coverage_factor
            ),
            beyond=self.beyond,
            factors=[n / v for n, v in zip(counted, passed, strict=True)] if counted else (),
        )

    def pulses(self, seen: S) -> float:
        """Return the pulses of a repeat: counted within a gate, or between two readings."""
        return self.passed(seen, "pulses", "1") if seen.pulses is None else seen.pulses.value

    def _indicated(self, seen: S, x: Numbers, time: OfRepeat[S]) -> Number:
        """Return the volume the meter indicated, in m³."""
        indicated = self._output.indicated(seen, x)
        if isinstance(self._output, Current):
            indicated = indicated / 3600.0 * time(seen, x)
        return indicated

    def _meter_output(self) -> Output[S]:
        """Return how the meter tells what passed: pulses, a current in proportion to the flow, or a total."""
        first = self.seen[0]
        if first.pulses is not None or first.pulses_after is not None:
            return Pulses(self, self.pulses, self._given("pulses_per_volume"))
        if first.current is not None:
            return Current(self, "dut", lambda seen: seen.current or (), (0.0, self._given("full_scale")))
        step = self.parameters.total_resolution
        return Total(self, lambda seen: self.passed(seen, "total", "m3"), step, "m3", "V_res")

    def _given(self, name: str) -> float:
        value: float | None = getattr(self.parameters, name)
        if value is None:
            raise EvidenceError(f"the meter can't be evaluated without the parameter {name}")
        return value
