"""The pure half of calibrating a density meter on line: its constants, and what they leave at each point."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.air import BEYOND_CIPM_U, air_density_beyond
from remotecal.model import Text
from remotecal.procedures import By, Often
from remotecal.procedures.library.density import line_constants
from remotecal.procedures.library.density.line_constants import FluidState, LineConstants
from remotecal.procedures.library.density.results import LineFinding
from remotecal.procedures.library.density.tube import (
    AIR,
    AIR_AGAIN,
    FIRST_AND_LAST,
    MOIST,
    TubeSeen,
    certified_liquid,
    period,
)
from remotecal.procedures.library.evaluation import air
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.density.parameters import OnLineParameters
    from remotecal.uncertainty.budget import Evaluated

INPUTS: Final[Mapping[str, Text]] = {
    "p_a": air.INPUTS["p_a"],
    "δ_a": Text(zh="管内空气密度偏差", en="deviation of the density of the air in the meter"),
    "t": Text(zh="管路温度计示值偏差", en="deviation of the line's thermometer"),
    "p": Text(zh="管路压力示值偏差", en="deviation of the line's pressure"),
    "β": Text(zh="标准液体压缩系数", en="compressibility of the certified liquid"),
    "ρ_r": Text(zh="标准液体密度", en="density of the certified liquid"),
    "δ_τ": Text(zh="周期漂移", en="drift of the period"),
    "E_rep": Text(zh="重复性", en="repeatability"),
}
"""The inputs of the measurement model, by symbol."""

BAR: Final = 1e5


class LineSeen(TubeSeen):
    """What a repeat yields: of a tube under pressure."""

    pressure: Annotated[
        tuple[Measured, ...] | None, "Pa", By("controller", "pressure"), Often("readings")
    ] = None
    """The line's pressure from that of the air, where it is under pressure."""


def fluid_of(point: Point) -> str:
    """Return which fluid a point is about: its label."""
    return point.series[0]


class FluidRepeats(Repeats[LineSeen]):
    """The repeats of a fluid at a temperature and a pressure.

    Args:
        point: of the fluid.
        evidence: of the run.
        parameters: of the run.
    """

    def __init__(self, point: Point, evidence: Evidence, parameters: OnLineParameters) -> None:
        super().__init__(point, evidence, LineSeen.at(evidence, point))
        self._parameters, self._fluid = parameters, fluid_of(point)
        self._thermometer = self.correction(
            "t", "thermometer", [t for one in self.seen for t in one.tube], "°C"
        )
        under = [p for one in self.seen for p in one.pressure or ()]
        self._gauge = self.correction("p", "controller", under, "Pa") if under else None
        if self._fluid.startswith("liquid"):
            self._use_liquid(int(self._fluid.split()[-1]))
        else:
            self._use_air()
        moved = self._drift()
        self.inputs.append(Input.from_limits("δ_τ", 0.0, "us", moved, source=FIRST_AND_LAST))

    def _use_liquid(self, number: int) -> None:
        self.serial = self.evidence.artefacts[f"liquids[{number}]"].serial
        t = statistics.fmean(mean(each.tube, "°C") for each in self.seen)
        self._liquid = self.use(certified_liquid(self.certificate(f"liquids[{number}]")).around(t))
        if self._gauge is not None:
            value = self._parameters.compressibilities[number - 1]
            half = self._parameters.compressibility_spread * value
            self.inputs.append(Input.from_limits("β", value, "1/Pa", half, source=ORDER))

    def _use_air(self) -> None:
        self.serial = "air"
        self._barometer = self.correction("p_a", "ambient", [one.air_pressure for one in self.seen], "Pa")
        moist = Input.from_limits("δ_a", 0.0, "1", self._parameters.dryness).u
        self.inputs.append(Input.normal("δ_a", 0.0, "1", math.hypot(moist, BEYOND_CIPM_U), source=MOIST))

    def _drift(self) -> float:
        """Return by how much the period in air changed from the first point to the last, in µs."""
        first, last = (self._in_air(name) for name in (AIR, AIR_AGAIN))
        return abs(last - first)

    @property
    def points(self) -> tuple[str, ...]:
        """Names of all points, its own first: all of them tell the meter's constants."""
        return tuple(dict.fromkeys((*super().points, *(point.name for point in self.evidence.points))))

    def _in_air(self, label: str) -> float:
        for point in self.evidence.points:
            if fluid_of(point) == label:
                return statistics.fmean(map(period, LineSeen.at(self.evidence, point)))
        raise EvidenceError(f"there is no point in {label}, by which the drift could be told")

    def temperature(self, seen: LineSeen, x: Numbers) -> Number:
        """Return the meter's temperature in a repeat, in °C."""
        return self._thermometer.corrected(x, mean(seen.tube, "°C"))

    def pressure(self, seen: LineSeen, x: Numbers) -> Number:
        """Return the line's pressure from that of the air in a repeat, in Pa."""
        return 0.0 if self._gauge is None else self._gauge.corrected(x, mean(seen.pressure or (), "Pa"))

    def reference(self, seen: LineSeen, x: Numbers) -> Number:
        """Return the fluid's density in a repeat, in kg/m³."""
        t = self.temperature(seen, x)
        if not self._fluid.startswith("liquid"):
            around = self._barometer.corrected(x, seen.air_pressure.value)
            dry: Number = air_density_beyond(t, around, 0.0) * (1.0 + x["δ_a"])
            return dry
        place = estimate(t)
        low, high = (estimate(self._liquid.value({"ρ_r": 0.0}, place + step)) for step in (-0.05, 0.05))
        at: Number = self._liquid.value(x, place) + (high - low) / 0.1 * (t - place)
        pressed: Number = at / (1.0 - x.get("β", 0.0) * self.pressure(seen, x))
        return pressed

    def state(self) -> FluidState:
        """Return the fluid as it was, for the constants."""
        known = self.estimates()
        return FluidState(
            density=statistics.fmean(estimate(self.reference(seen, known)) for seen in self.seen),
            period=statistics.fmean(period(seen) for seen in self.seen),
            t=statistics.fmean(estimate(self.temperature(seen, known)) for seen in self.seen),
            p=statistics.fmean(estimate(self.pressure(seen, known)) for seen in self.seen) / BAR,
        )

    def found(self, constants: LineConstants) -> LineFinding:
        """Return what a meter with these constants, as they are stated, leaves here."""
        wanted, state = self._parameters, self.state()

        def error(seen: LineSeen, x: Numbers) -> Number:
            t, p = self.temperature(seen, x), self.pressure(seen, x) / BAR
            left: Number = constants.density(period(seen) + x["δ_τ"], t, p) - self.reference(seen, x)
            return left

        known, place = self.estimates(), self.point.series[1]
        return LineFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(zh=f"{self.serial}, {place}", en=f"{self.serial}, {place}"),
            reference=[estimate(self.reference(seen, known)) for seen in self.seen],
            errors=self.errors(error),
            evaluated=self.evaluate(error, "kg/m3", coverage=wanted.coverage, k=wanted.coverage_factor),
            beyond=self.beyond,
            serial=self.serial,
            temperature=state.t,
            period=state.period,
            pressure=BAR * state.p,
        )


def by_constants(
    repeats: Sequence[FluidRepeats],
    findings: Sequence[LineFinding],
    constants: LineConstants,
    wanted: OnLineParameters,
) -> tuple[float, Evaluated]:
    """Return how far K₀ to K₂ miss fluids, and what a density between these is known to by them.

    What a fit misses at a fluid is that fluid's error, and told as such; what it misses between fluids nobody
    has seen, so that there its scatter joins the largest uncertainty of an error near 20 °C.

    Args:
        repeats: of all points.
        findings: what was found at each, in the same order.
        constants: as they are stated.
        wanted: the parameters of the run.
    """
    t = wanted.temperatures[0]
    near = [
        (each, finding)
        for each, finding in zip(repeats, findings, strict=True)
        if fluid_of(each.point) != AIR_AGAIN  # the same fluid as at first
        and not each.point.nominal["pressure"]
        and each.point.nominal["temperature"] == t
    ]
    s, dof = line_constants.scatter(constants, [each.state() for each, _ in near])
    largest = max((finding.evaluated for _, finding in near), key=lambda one: one.u)
    missed = Input.student_t("E_fit", 0.0, "kg/m3", s, dof, source="K0, K1, K2")
    source = Text(zh="20 °C 附近的最大误差", en="largest error near 20 °C")
    known = Input.normal("E", 0.0, "kg/m3", largest.u, dof=largest.dof, source=source)

    def between(**x: Number) -> Number:
        total: Number = x["E_fit"] + x["E"]
        return total

    evaluated = Budget(between, (missed, known), "kg/m3").evaluate(
        coverage=wanted.coverage, k=wanted.coverage_factor
    )
    return s, evaluated


def groups(
    repeats: Sequence[FluidRepeats], t: float
) -> tuple[list[FluidState], list[FluidState], list[FluidState]]:
    """Return the states that tell K₀ to K₂, K₁₈ and K₁₉, K₂₀ and K₂₁; `t` is the first temperature."""
    cold, warm, pressed = [], [], []
    for each in repeats:
        nominal = each.point.nominal
        if nominal["pressure"]:
            pressed.append(each.state())
        elif nominal["temperature"] == t:
            cold.append(each.state())
        else:
            warm.append(each.state())
    return cold, warm, pressed
