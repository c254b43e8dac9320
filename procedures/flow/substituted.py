"""A large balance with fewer weights than its capacity, the pure half (EURAMET cg-18, 4.3.3).

The weights m_c give the first load. Then a substitution load takes their place, made so that the balance
shows about the same, and the weights come on top, and so on: the n-th load is known by n times the weights,
and by the difference of each exchange, which adds up:

    L_n = n·m_c·(1 + δ_B) - Σ (I_j - I_s,j) - b,   E_n = I_n - L_n

I are indications less the zero, which is taken to go from each reading of it to the next in a straight line,
and may be off that by half of all it wandered over; I_j is with the weights on, I_s,j with the substitution
load in their place, and b what the change of the air's density, since it was put on, makes of a substitution
load's buoyancy. The weights' own uncertainty counts n times; that of the exchanges grows with the root of
their number. A substitution load that stands off the centre is taken for another mass, and shows as that mass
from then on: only the weights' own place counts, n times at most.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.air import CONVENTIONAL_AIR, CONVENTIONAL_WEIGHT
from remotecal.model import Text
from remotecal.procedures import By
from remotecal.procedures.library.evaluation.air import INPUTS as OF_AIR
from remotecal.procedures.library.evaluation.air import AirAround
from remotecal.procedures.library.evaluation.coefficients import Single
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.in_common import Parts, in_common, laboratory_of
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.sources import ORDER, ZEROS, repeated
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.flow.substitution_parameters import SubstitutionParameters

CONVENTIONAL: Final = "remotecal_conventionalMass"
"""refType of a weight's conventional mass."""
REPEATABILITY_POINT, ZERO_POINT = "repeatability", "zero"
"""What the first and the last point are called."""

INPUTS: Final[Mapping[str, Text]] = {
    **OF_AIR,
    "δ_c": Text(zh="砝码公共部分", en="what the weights' certificates have in common, relative"),
    "δ_D": Text(zh="砝码稳定性", en="drift of the weights since their calibration, relative"),
    "ρ_w": Text(zh="砝码密度", en="density of the weights"),
    "v_s": Text(zh="替代物体积", en="volume of the substitution loads, relative"),
    "I_s": Text(zh="称量重复性与分度（示值）", en="repeatability and scale interval of the indication"),
    "I_ecc": Text(zh="偏载（示值）", en="eccentricity of the weights"),
    "ΔI_s": Text(zh="各次替代的重复性与分度", en="repeatability and scale interval of all exchanges"),
    "δ_z": Text(zh="零点漂移的非线性", en="drift of the zero other than straight"),
}
"""The inputs of the measurement model, by symbol; each weight's own part is `δ_1`, `δ_2` …"""


class SubstitutedSeen(InAir):
    """What a repeat yields: what the balance showed."""

    in_order: ClassVar[tuple[str, ...]] = ("zero (loaded zero)* | loaded substituted?",)

    zero: Annotated[tuple[Measured, ...] | None, "kg", By("dut", "settled_mass")] = None
    """With nothing on."""
    loaded: Annotated[tuple[Measured, ...] | None, "kg", By("dut", "settled_mass")] = None
    """With the weights on, ahead of each zero but the first, or on top of the substitution loads."""
    substituted: Annotated[Measured | None, "kg", By("dut", "settled_mass")] = None
    """With a further substitution load in the weights' place."""

    @property
    def weighed(self) -> tuple[Measured, ...]:
        """All that the balance showed."""
        substituted = () if self.substituted is None else (self.substituted,)
        return *(self.zero or ()), *(self.loaded or ()), *substituted


@dataclass(frozen=True, slots=True)
class Swap:
    """The weights on, and a substitution load in their place: indications less the zero, in kg."""

    loaded: float
    substituted: float
    seen: SubstitutedSeen

    @property
    def difference(self) -> float:
        """By how much less the substitution load was."""
        return self.loaded - self.substituted


def of_readings(
    symbol: str,
    scatter: float,
    dof: float,
    step: float,
    readings: int = 1,
    *,
    unit: str = "kg",
    source: Text | str = "",
) -> Input:
    """Return what repeatability and scale interval make of readings that add up (cg-18, 7.1.1).

    Args:
        symbol: of the input.
        scatter: standard deviation of a reading.
        dof: its degrees of freedom.
        step: scale interval, to which a reading is rounded, and its zero as well.
        readings: how many add up.
        unit: of all of these.
        source: what the standard deviation is known by.
    """
    one = math.hypot(scatter, step / math.sqrt(6))
    return Input.student_t(symbol, 0.0, unit, one * math.sqrt(readings), dof, source=source)


def off_centre(symbol: str, indicated: float, difference: float, load: float, *, unit: str = "kg") -> Input:
    """Return what standing off the centre makes of an indication (cg-18, 7.1.1.4).

    Args:
        symbol: of the input.
        indicated: the indication.
        difference: the largest from the centre that was found.
        load: at which.
        unit: of all of these.
    """
    return Input.from_limits(symbol, 0.0, unit, indicated * difference / (2.0 * load), source=ORDER)


class Substituted(Repeats[SubstitutedSeen]):
    """What is known at one load: weights, exchanges so far, the balance's own readings.

    Args:
        point: of the load.
        evidence: of the run.
        number: how many times the weights it is; 0 for nothing on.
        parameters: of the procedure.
    """

    def __init__(
        self, point: Point, evidence: Evidence, number: int, parameters: SubstitutionParameters
    ) -> None:
        seen = [one for at in evidence.points for one in SubstitutedSeen.at(evidence, at)]
        super().__init__(point, evidence, seen)
        self.number, self._told = number, parameters
        self.read_by("dut", [one for each in seen for one in each.weighed])
        self._first = self._of(REPEATABILITY_POINT)
        self._last = self._of(ZERO_POINT)
        self._zeros = [one for each in (self._first, self._last) for one in each.zero or ()]
        self._exchanges = [self._exchange(n) for n in range(1, number)]
        self._weigh()
        self._around = AirAround(self)

    def _of(self, name: str) -> SubstitutedSeen:
        found = next((one for one in self.seen if one.entry.point.name == name), None)
        if found is None or not found.zero:
            raise EvidenceError(f"the balance's zero was not read at {name}: measure anew")
        return found

    def at_step(self, number: int) -> SubstitutedSeen:
        """Return what was seen at the n-th load."""
        return next(one for one in self.seen if one.entry.point.nominal.get("step") == number)

    def net(self, reading: Measured) -> float:
        """Return an indication less the zero at its time, in kg."""
        after = bisect_right(self._zeros, reading.at, key=lambda zero: zero.at)
        begin, end = self._zeros[max(after - 1, 0) :][:2] if after < len(self._zeros) else self._zeros[-2:]
        share = (reading.at - begin.at) / (end.at - begin.at)
        return reading.value - (begin.value + share * (end.value - begin.value))

    def _exchange(self, number: int) -> Swap:
        seen = self.at_step(number)
        if seen.substituted is None or not seen.loaded:
            raise EvidenceError(f"load {number}: the exchange was not weighed on both sides")
        return Swap(self.net(seen.loaded[0]), self.net(seen.substituted), seen)

    @property
    def scatter(self) -> tuple[float, int]:
        """The standard deviation of a load put on again and again in kg, and its degrees of freedom."""
        loads = [self.net(one) for one in self._first.loaded or ()]
        return statistics.stdev(loads), len(loads) - 1

    @property
    def indicated(self) -> float:
        """What the balance shows with the load on, less the zero, in kg."""
        if not self.number:
            return 0.0
        loaded = self.at_step(self.number).loaded
        if not loaded:
            raise EvidenceError(f"load {self.number} was not weighed")
        return self.net(loaded[0])

    @property
    def zero_change(self) -> float:
        """By how much the zero went up from before to after, in kg."""
        return self._zeros[-1].value - self._zeros[0].value

    @property
    def zero_span(self) -> float:
        """How far apart the lowest and the highest zero were, in kg."""
        zeros = [zero.value for zero in self._zeros]
        return max(zeros) - min(zeros)

    @property
    def count(self) -> int:
        """How many weights there are."""
        return len(self._parts)

    @property
    def total(self) -> float:
        """What the weights' certificates state together, in kg."""
        return sum(value for value, _ in self._parts)

    def _weigh(self) -> None:
        """Add the inputs of the weights, and of the balance's readings."""
        told = self._told
        keys = [key for key in self.evidence.artefacts if key.startswith("weights")]
        masses = [
            (Single(f"m_{n}", self.certificate(key), CONVENTIONAL, "kg").inputs[0], self.certificate(key))
            for n, key in enumerate(keys, 1)
        ]
        parts = [Parts.of(its, one.u / one.value, one.dof) for one, its in masses]
        laboratories = dict.fromkeys(laboratory_of(its) for _, its in masses)
        shared = in_common("δ_c", "; ".join(laboratories), parts)
        self._parts = [(one.value, part.weight(shared)) for (one, _), part in zip(masses, parts, strict=True)]
        expanded = sum(2.0 * one.u for one, _ in masses) / self.total
        self.inputs += [
            shared,
            *(
                Input.normal(f"δ_{n}", 0.0, "1", part.own, dof=part.dof, source=its.number)
                for n, (part, (_, its)) in enumerate(zip(parts, masses, strict=True), 1)
            ),
            Input.from_limits("δ_D", 0.0, "1", told.weight_drift * expanded, source=ORDER),
            Input.from_certificate(
                "ρ_w", told.weight_density, "kg/m3", told.weight_density_expanded, source=ORDER
            ),
            Input.from_limits("v_s", 0.0, "1", told.load_volume, source=ORDER),
        ]
        s, dof = self.scatter
        known = repeated(dof + 1)
        self.inputs += [
            of_readings("I_s", s, dof, told.scale_interval, source=known),
            off_centre("I_ecc", self.indicated, told.eccentric_difference, told.eccentric_load),
        ]
        if self._exchanges:
            readings = 2 * len(self._exchanges)
            self.inputs.append(of_readings("ΔI_s", s, dof, told.scale_interval, readings, source=known))
        self.inputs.append(Input.from_limits("δ_z", 0.0, "kg", self.zero_span / 2.0, source=ZEROS))

    def weights(self, x: Numbers) -> Number:
        """Return the conventional mass of all weights together, in kg."""
        total: Number = 0.0
        for n, (value, weight) in enumerate(self._parts, 1):
            total = total + value * (1.0 + weight * x["δ_c"] + x[f"δ_{n}"] + x["δ_D"])
        return total

    def load(self, x: Numbers) -> Number:
        """Return the n-th load in kg, as a conventional mass."""
        here = self._around.density(self.at_step(self.number) if self.number else self._last, x)
        rarer = (here - CONVENTIONAL_AIR) * (1.0 / x["ρ_w"] - 1.0 / CONVENTIONAL_WEIGHT)
        known: Number = self.number * self.weights(x) * (1.0 - rarer)
        for exchange in self._exchanges:
            volume = exchange.substituted / self.number_of(exchange) / self._told.load_density
            known = known - exchange.difference - self._buoyancy(exchange, here, x, volume)
        return known

    def number_of(self, exchange: Swap) -> int:
        """Return how many times the weights were on the balance in an exchange."""
        return int(exchange.seen.entry.point.nominal["step"])

    def _buoyancy(self, exchange: Swap, here: Number, x: Numbers, volume: float) -> Number:
        """Return by how much less, in kg, a substitution load weighs now than when it was put on."""
        then = self._around.density(exchange.seen, x)
        less: Number = (here - then) * volume * (1.0 + x["v_s"])
        return less

    def finding(self) -> Finding:
        """Return the error at this load, in kg."""
        added = [name for name in ("I_s", "I_ecc", "ΔI_s", "δ_z") if name in self.estimates()]

        def error(_: SubstitutedSeen, x: Numbers) -> Number:
            found: Number = self.indicated - self.load(x)
            for name in added:
                found = found + x[name]
            return found

        known, wanted = self.estimates(), self._told
        return Finding(
            point=self.point,
            observed_at=self.points,
            title=Text(zh=f"载荷 {self.number} 倍砝码", en=f"Load of {self.number} times the weights"),
            reference=[estimate(self.load(known))],
            errors=[estimate(error(self._first, known))],
            evaluated=self.evaluate(
                error, "kg", coverage=wanted.coverage, k=wanted.coverage_factor, scatter=()
            ),
        )
