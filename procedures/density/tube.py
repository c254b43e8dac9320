"""The pure half of an oscillating tube's calibration: its constants, and its errors at certified liquids."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.air import BEYOND_CIPM_U, air_density_beyond
from remotecal.fluids.water import TANAKA_U, water_density_tanaka, water_viscosity
from remotecal.model import Text
from remotecal.procedures import By, Often
from remotecal.procedures.library.density import oscillator
from remotecal.procedures.library.density.results import Constants, LiquidFinding
from remotecal.procedures.library.density.standing import DENSITY, WATER
from remotecal.procedures.library.evaluation import air
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.model import Certificate
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.density.parameters import TubeParameters

AIR, IN_WATER, AIR_AGAIN = "dry air", "pure water", "dry air again"
"""Labels of the points that tell the constants."""

MOIST: Final = Text(
    zh="CIPM-2007，超出其范围；湿度按委托单",
    en="CIPM-2007, beyond its range; moisture as the order states it",
)
"""Where the density of air in a tube is known from."""
FIRST_AND_LAST: Final = Text(zh="首、末次空气中读数", en="air, first and last")
"""Where it is known from what the tube has drifted."""

INPUTS: Final[Mapping[str, Text]] = {
    "p_a": air.INPUTS["p_a"],
    "δ_a": Text(zh="管内空气密度偏差", en="deviation of the density of the air in the tube"),
    "t": Text(zh="振动管温度计示值偏差", en="deviation of the tube's thermometer"),
    "τ_a": Text(zh="空气中周期", en="period in air"),
    "τ_w": Text(zh="水中周期", en="period in water"),
    "δ_τ": Text(zh="周期漂移", en="drift of the period"),
    "ρ_w": Text(zh="水的密度偏差", en="deviation of the water's density"),
    "ρ_r": Text(zh="标准液体密度", en="density of the certified liquid"),
    "c": Text(zh="粘度阻尼系数", en="damping by viscosity"),
    "E_rep": Text(zh="重复性", en="repeatability"),
}
"""The inputs of the measurement model, by symbol."""


class TubeSeen(InAir):
    """What a repeat yields."""

    frequency: Annotated[tuple[Measured, ...], "Hz", By("dut", "frequency"), Often("readings")]
    """The tube's frequency, reading by reading."""
    tube: Annotated[tuple[Measured, ...], "°C", By("thermometer", "temperature"), Often("readings")]
    """Its temperature at the same moments."""


def certified_liquid(certificate: Certificate) -> Standard:
    """Return a liquid's density in kg/m³ against its temperature in °C."""
    return Standard.certified(
        "ρ_r", certificate, "kg/m3", value=DENSITY, at="basic_temperature", at_unit="°C"
    )


def period(seen: TubeSeen) -> float:
    """Return the mean period of a repeat, in µs."""
    return 1e6 / mean(seen.frequency, "Hz")


class LiquidRepeats(Repeats[TubeSeen]):
    """The repeats of a liquid at a temperature, with those of air and water there.

    Args:
        point: of the liquid.
        evidence: of the run.
        parameters: of the run.
    """

    def __init__(self, point: Point, evidence: Evidence, parameters: TubeParameters) -> None:
        super().__init__(point, evidence, TubeSeen.at(evidence, point))
        self._parameters = parameters
        label, there = point.series[-2:]
        self._number = int(label.split()[-1])
        self.serial = evidence.artefacts[f"liquids[{self._number}]"].serial
        first, self._water, last = (self._at(name, there) for name in (AIR, IN_WATER, AIR_AGAIN))
        around = [one.air_pressure for one in (*first, *self._water, *last)]
        self._barometer = self.correction("p_a", "ambient", around, "Pa")
        dry = Input.from_limits("δ_a", 0.0, "1", parameters.dryness).u
        self.inputs.append(Input.normal("δ_a", 0.0, "1", math.hypot(dry, BEYOND_CIPM_U), source=MOIST))
        self._in_air = (*first, *last)
        read = [one for each in (*self.seen, *self._water, *self._in_air) for one in each.tube]
        self._thermometer = self.correction("t", "thermometer", read, "°C")
        before, after = ([period(each) for each in each_] for each_ in (first, last))
        self.inputs.append(Input.from_readings("τ_a", [*before, *after], "us"))
        self.inputs.append(Input.from_readings("τ_w", [period(each) for each in self._water], "us"))
        moved = abs(statistics.fmean(after) - statistics.fmean(before))
        self.inputs.append(Input.from_limits("δ_τ", 0.0, "us", moved, source=FIRST_AND_LAST))
        self.characteristic("ρ_w", WATER, "1", beside=TANAKA_U)
        t = statistics.fmean(mean(each.tube, "°C") for each in self.seen)
        self._liquid = self.use(certified_liquid(self.certificate(f"liquids[{self._number}]")).around(t))
        half = parameters.damping * DAMPING_SPREAD
        self.inputs.append(Input.from_limits("c", parameters.damping, "1", half, source=ORDER))

    @property
    def points(self) -> tuple[str, ...]:
        """Names of its points, then of those in air and water that tell the constants."""
        beside = (one.entry.point.name for one in (*self._in_air, *self._water))
        return tuple(dict.fromkeys((*super().points, *beside)))

    def _at(self, label: str, there: str) -> tuple[TubeSeen, ...]:
        for point in self.evidence.points:
            if point.series[-2:] == (label, there):
                return TubeSeen.at(self.evidence, point)
        raise EvidenceError(f"{self.point.name}: there is no {label} at {there}")

    def _constants(self, x: Numbers) -> tuple[Number, Number]:
        """Return A and B, by dry air and by what water seems to have."""
        t_w, p_w = self._state(self._water, x)
        t_a, p_a = self._state(self._in_air, x)
        water = water_density_tanaka(t_w, p_w) * (1.0 + x["ρ_w"])
        seems = oscillator.damped(water, x["c"], water_viscosity(t_w))
        dry = air_density_beyond(t_a, p_a, 0.0) * (1.0 + x["δ_a"])
        return oscillator.constants(dry, seems, x["τ_a"], x["τ_w"])

    def _state(self, seen: Sequence[TubeSeen], x: Numbers) -> tuple[Number, Number]:
        """Return the mean temperature of the tube in °C, and pressure of the air in Pa."""
        t = self._thermometer.corrected(x, statistics.fmean(mean(each.tube, "°C") for each in seen))
        p = self._barometer.corrected(x, statistics.fmean(each.air_pressure.value for each in seen))
        return t, p

    def reference(self, seen: TubeSeen, x: Numbers) -> Number:
        """Return the liquid's density in a repeat, in kg/m³."""
        t = self._thermometer.corrected(x, mean(seen.tube, "°C"))
        place = estimate(t)
        slope = self._slope(place)
        at: Number = self._liquid.value(x, place) + slope * (t - place)
        return at

    def _slope(self, t: float) -> float:
        """Return how the liquid's density changes with temperature, in kg/(m³·K)."""
        zero = {"ρ_r": 0.0}
        low, high = (estimate(self._liquid.value(zero, t + step)) for step in (-0.05, 0.05))
        return (high - low) / 0.1

    def error(self, seen: TubeSeen, x: Numbers) -> Number:
        """Return the error in a repeat, in kg/m³."""
        a, b = self._constants(x)
        told = oscillator.by_period(a, b, period(seen) + x["δ_τ"])
        viscosity = self._parameters.viscosity(self._number)
        found: Number = oscillator.undamped(told, x["c"], viscosity) - self.reference(seen, x)
        return found

    def constants(self) -> Constants:
        """Return A and B at this temperature, and what they rest on."""
        known = self.estimates()
        a, b = (estimate(one) for one in self._constants(known))
        return Constants(self.point.series[-1], a, b, estimate(known["τ_a"]), estimate(known["τ_w"]))

    def found(self) -> LiquidFinding:
        """Return what was found."""
        wanted, known = self._parameters, self.estimates()
        return LiquidFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(
                zh=f"{self.serial}, {self.point.series[-1]}", en=f"{self.serial}, {self.point.series[-1]}"
            ),
            reference=[estimate(self.reference(seen, known)) for seen in self.seen],
            errors=self.errors(self.error),
            evaluated=self.evaluate(self.error, "kg/m3", coverage=wanted.coverage, k=wanted.coverage_factor),
            beyond=self.beyond,
            serial=self.serial,
            temperature=statistics.fmean(mean(seen.tube, "°C") for seen in self.seen),
            period=statistics.fmean(period(seen) for seen in self.seen),
        )


DAMPING_SPREAD: Final = 0.5
"""By which share the damping coefficient may be wrong."""
