"""Qualify a bench of water meters: does what it measures with suffice for the meters (JJG 1113, OIML R 49-2)?

One of the meters in the line, a good one, serves to look at the bench; its own error falls out. At each flow
the flow and the pressure are watched for as long as a repeat lasts; then water is weighed from rest to rest
once, and once more with several starts and stops, as its calibrations weigh it (`flow.water_bench`).

The measurement model, for one repeat, with n starts:

    V   = m_i/ρ(t_i, p_i)·(1 + δ_ss)        as for meters in series, at the place of the meter that looks
    E   = V_i/V - 1                         what it shows; E scatters by the bench and by the meter
    R   = (V_s/m_s)/(V_l/m_l)               what it counts of a mass, with n starts over that with one
    δ   = (R - 1)/(n/m_s - R/m_l)           the mass that a start with its stop makes it count too much

δ_ss is within what δ is of the mass that a repeat collects, with its own scatter. The expanded uncertainty of
E is that of the bench, the meter's reading among it. At about 95 %, with k by its effective degrees of
freedom, it is held against a share of what is permitted for the meters, also where an order lays down another
k. Limits of the steadiness of flow and pressure are those of ISO 4064-2 as they are commonly cited; what JJG
1113-2015 and OIML R 49-2 say was not seen here, and all figures are unverified: state others.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Self

from pydantic import model_validator

from remotecal.drivers.measured import Measured
from remotecal.errors import ParameterError, RunError
from remotecal.model import Result, Statement, Table, Text
from remotecal.procedures import By, Drivers, Evaluation, Evidence, In, Point, Run, Waited
from remotecal.procedures.library.evaluation.conformity import Further
from remotecal.procedures.library.evaluation.digits import significant
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.several import DevicePlace, places_of
from remotecal.procedures.library.evaluation.sources import STARTS
from remotecal.procedures.library.evaluation.tables import (
    budgets,
    by_gum,
    column,
)
from remotecal.procedures.library.flow.bench_range import at_95
from remotecal.procedures.library.flow.bench_tables import qualified_errors, qualified_whole
from remotecal.procedures.library.flow.characterised import without_cmc
from remotecal.procedures.library.flow.collecting import DRAINING
from remotecal.procedures.library.flow.diverter import correction_of
from remotecal.procedures.library.flow.in_series import BenchSeen, Ends, InSeries
from remotecal.procedures.library.flow.water_bench import (
    QUALIFIED,
    BenchParameters,
    MetersOnBench,
    collected,
    counter_of,
    water_of,
)
from remotecal.procedures.library.measuring.sampling import SAMPLED, sample
from remotecal.procedures.library.meters.results import MeterFinding, nominal_column
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.bench_file import Characteristic

BRIEFEST: Final = 5.0
"""Seconds that water runs at least between a start and a stop."""
STARTED: Final[Ends] = ("starts_before", "starts_after")
"""Parts that tell what the meters counted over several starts."""


class QualifiedSeen(BenchSeen):
    """What a repeat yields: a steady flow, then water from rest to rest, once and by several starts."""

    in_order: ClassVar[tuple[str, ...]] = (
        "mass_before mass_after starts_mass_before starts_mass_after",
        "counted_before* counted_after* starts_before* starts_after*",
        "line_pressure+ pressure+",
    )

    flow: Annotated[tuple[Measured, ...], "m3/h", By("rig", "flow"), SAMPLED]
    """The flow, for as long as a repeat lasts."""
    line_pressure: Annotated[tuple[Measured, ...], "Pa", By("rig", "pressure"), SAMPLED]
    """Gauge pressure of the line meanwhile."""
    starts_mass_before: Annotated[
        Measured, "kg", By("balance", "settled_mass"), Waited("dripping", since="mass_after")
    ]
    """Balance ahead of several starts, with the tank drained again."""
    starts_mass_after: Annotated[
        Measured, "kg", By("balance", "settled_mass"), Waited("dripping", since="starts_before")
    ]
    """Balance behind them."""
    starts_before: Annotated[
        tuple[Measured, ...],
        "m3",
        "1",
        By("meters", "volume"),
        By("meters", "running_pulses"),
        Waited("dripping", since="starts_mass_before"),
    ]
    """Totals, or pulses, of the meters ahead of several starts, at rest."""
    starts_after: Annotated[
        tuple[Measured, ...],
        "m3",
        "1",
        By("meters", "volume"),
        By("meters", "running_pulses"),
        Waited("dripping", since="starts_before"),
    ]


class QualificationParameters(BenchParameters):
    """What the qualification of a bench is told, beside what it is qualified for."""

    repeats: Annotated[int, In("1", at_least=3, at_most=30)] = 6
    """Repeats at each flow (unverified)."""
    norm: str = "JJG 1113-2015"
    """The document the bench is held against."""
    looks: Annotated[int, In("1", at_least=1, at_most=30)] = 1
    """Place of the meter by which the bench is looked at; at the first one the most is between it and the
    tank."""
    starts: Annotated[int, In("1", at_least=2, at_most=20)] = 5
    """Starts and stops in which about as much water is collected as by one (unverified)."""
    flow_variation: Annotated[tuple[float, float], In("%", above=0, at_most=20)] = (2.5, 5.0)
    """How far the flow may be from its mean, ±, below and from Q2 (ISO 4064-2; unverified)."""
    pressure_variation: Annotated[float, In("%", above=0, at_most=50)] = 10.0
    """How far the pressure may be from its mean, ± (ISO 4064-2; unverified)."""
    start_share: Annotated[float, In("1", above=0, at_most=1)] = 0.1
    """What a start and a stop may change, as a share of what is permitted for the meters (unverified)."""

    @model_validator(mode="after")
    def _judges_a_bench(self) -> Self:
        if self.rule != "verification":
            raise ValueError("a bench is held against limits of its uncertainty: leave `rule` away")
        return self


class WaterBenchQualification(MetersOnBench):
    """Qualify a bench of water meters in series for the meters it is to calibrate (JJG 1113, OIML R 49-2)."""

    title: ClassVar[Text] = Text(
        zh="水表检定装置的考核（静态质量法，启停法）",
        en="Qualification of a bench of water meters (static weighing, standing start)",
    )
    norms: ClassVar[tuple[str, ...]] = ("JJG 1113", "OIML R 49-2:2013", "ISO 4064-2:2014", "ISO 4185:1980")
    model_equation: ClassVar[str] = (
        "E = V_i/V - 1, V = (m + V_c·Δρ_e + (n - i)·V_s·(Δρ_i + Δρ_e)/2)/ρ(t_i, p_i)·(1 + δ_ss)"
    )

    under_test: ClassVar[str] = "rig"
    read_by: ClassVar[tuple[type, ...]] = ()

    Parameters: ClassVar[type[QualificationParameters]] = QualificationParameters
    parameters: QualificationParameters

    inputs: ClassVar[Mapping[str, Text]] = {
        **MetersOnBench.inputs,
        "δ_ss": Text(zh="启停影响（相对）", en="starting and stopping, relative"),
    }
    """The inputs of the measurement model, by symbol."""

    def may_state(self) -> Mapping[str, str]:
        """Return what may be stated for meters, but no earlier qualification and no CMC of theirs."""
        stated = super().may_state()
        return {name: unit for name, unit in stated.items() if name not in {QUALIFIED, CMC}}

    def see_facts(self, facts: Mapping[str, Characteristic]) -> None:
        """See nothing: an earlier qualification is not held against a new one."""

    def suits(self, drivers: Drivers) -> None:
        super().suits(drivers)
        count = sum(role.startswith("meters[") for role in drivers)
        if count and self.parameters.looks > count:
            raise ParameterError(f"looks is {self.parameters.looks}, and the line has {count} meters")

    def _lasts(self, point: Point, *, counted: bool) -> float:
        lasts = super()._lasts(point, counted=counted)
        if lasts / self.parameters.starts < BRIEFEST:
            raise ParameterError(
                f"at {point.name} each of {self.parameters.starts} starts would last "
                f"{lasts / self.parameters.starts:.2g} s, less than {BRIEFEST:g} s: lower starts, or raise "
                "duration or smallest_mass"
            )
        return lasts

    def takes(self, point: Point) -> float:
        wanted = self.parameters
        return 3 * self.lasts(point) + 2 * DRAINING + (8 + wanted.starts) * wanted.dripping

    def measure(self, point: Point, run: Run) -> QualifiedSeen:
        lasts = self.lasts(point)
        watched = {"flow": self.rig.flow, "line_pressure": self.rig.pressure}
        steady: dict[str, Any] = {**sample(run, lasts, watched)}
        once = self._looked(run, lasts)
        several = self._looked(run, lasts, self.parameters.starts)
        seen = QualifiedSeen(
            **once,
            **steady,
            starts_mass_before=several["mass_before"],
            starts_mass_after=several["mass_after"],
            starts_before=several["counted_before"],
            starts_after=several["counted_after"],
        )
        self.see_state(seen)
        return seen

    def _looked(self, run: Run, lasts: float, starts: int = 1) -> dict[str, Any]:
        """Return what `collect` does, with the meter that looks among those that answered.

        Raises:
            RunError: it is not; others may be silent.
        """
        told = self.collect(run, lasts, starts)
        looks = counter_of(self.meters[self.parameters.looks - 1]).source
        if looks not in {one.source for one in told["counted_after"]}:
            raise RunError(
                f"{looks} does not answer, by which the bench is looked at: look at its wiring, and resume "
                "the run; or let an order name another meter that `looks`"
            )
        return told

    def evaluate(self, evidence: Evidence) -> Sequence[Evaluation]:
        """Return what the bench is at each flow, whether that suffices, and how right its volumes are."""
        evidence, wanted = without_cmc(evidence), self.parameters
        place = list(places_of(evidence, MetersOnBench.under_test).values())[wanted.looks - 1]
        at = [
            Qualified(point, evidence, QualifiedSeen.at(evidence, point), wanted, place)
            for point in evidence.points
        ]
        findings = [one.finding() for one in at]
        temperature = statistics.fmean(
            one.value for flow in at for seen in flow.seen for one in seen.temperature
        )
        permitted = [wanted.permitted(temperature).at(one.judged_at).upper for one in findings]
        limits = self._limits(at, findings, permitted)
        whole = Evaluation(
            results=(
                qualified_errors(findings, [one.range() for one in at]),
                _steadiness(at, findings, permitted, wanted.uncertainty_share),
                qualified_whole(findings),
            ),
            budgets=budgets(findings),
            conditions=self.conditions(evidence),
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(self._verdict(limits), *remarks(findings, BY_CMC)),
        )
        return (whole,)

    def _limits(
        self, at: Sequence[Qualified], findings: Sequence[MeterFinding], permitted: Sequence[float]
    ) -> tuple[Further, ...]:
        """Return what the bench is held against, as shares in % of what is allowed where it is worst."""
        wanted, flows = self.parameters, self.parameters.flows

        def worst(found: Sequence[float], allowed: Sequence[float]) -> float:
            return max(100.0 * abs(one) / most for one, most in zip(found, allowed, strict=True))

        expanded = [
            at_95(float(one.evaluated.reported().expanded), one.evaluated.k, one.evaluated.dof)
            for one in findings
        ]
        unsteady = [wanted.flow_variation[one.judged_at >= flows.transitional] for one in findings]
        return (
            Further(OF_PERMITTED, worst(expanded, permitted), 100 * wanted.uncertainty_share, "%"),
            Further(SCATTER, worst([one.repeatability for one in findings], permitted),
                    100 * wanted.repeatability_share, "%"),
            Further(STARTING, worst([one.start for one in at], permitted), 100 * wanted.start_share, "%"),
            Further(FLOW, worst([one.variation("flow") for one in at], unsteady), 100.0, "%"),
            Further(PRESSURE, max(one.variation("line_pressure") for one in at),
                    wanted.pressure_variation, "%"),
        )  # fmt: skip

    def _verdict(self, limits: Sequence[Further]) -> Statement:
        """Return whether the bench suffices, and by what."""
        kept = all(one.kept for one in limits)
        meters = self.parameters.accuracy_class
        said = {
            language: joint.join(
                f"{one.name.get(language)} {one.found:.3g} % (≤ {one.most})" for one in limits
            )
            for language, joint in (("zh", "；"), ("en", "; "))
        }
        zh, en = ("合格", "the bench suffices") if kept else ("不合格", "the bench does not suffice")
        return Statement(
            ref_types=("basic_conformity",),
            name=Text(zh="符合性", en="Conformity"),
            norms=(self.parameters.norm,),
            declaration=Text(
                zh=f"用于 ISO 4064-1 {meters} 级水表。{said['zh']}：{zh}。所列限值未经核实。",
                en=f"For water meters of class {meters} by ISO 4064-1: {said['en']}: {en}. The limits are "
                "unverified.",
            ),
            conformity="pass" if kept else "fail",
        )


class Qualified(InSeries):
    """The repeats at one flow by the meter that looks, and how steady the bench was."""

    def __init__(
        self,
        point: Point,
        evidence: Evidence,
        seen: Sequence[QualifiedSeen],
        parameters: QualificationParameters,
        place: DevicePlace,
    ) -> None:
        super().__init__(point, evidence, seen, parameters, place)
        self._all, self._starts = tuple(seen), parameters.starts
        found = [self._started(one) for one in self._all]
        scatter = statistics.stdev(found) / len(found) ** 0.5
        self.start = 100.0 * statistics.fmean(found)
        """What a start and a stop change, in % of what a repeat collects."""
        self.inputs.append(
            Input.from_limits("δ_ss", 0.0, "1", abs(self.start) / 100.0 + scatter, source=STARTS)
        )

    def volume(self, seen: BenchSeen, x: Numbers) -> Number:
        passed: Number = super().volume(seen, x) * (1.0 + x["δ_ss"])
        return passed

    def _started(self, seen: QualifiedSeen) -> float:
        """Return what a start and a stop make the meter count too much, as a share of a repeat's mass."""
        once = seen.mass_after.value - seen.mass_before.value
        several = seen.starts_mass_after.value - seen.starts_mass_before.value
        unit = seen.counted_before[0].unit
        ratio = (self._counted(seen, unit, STARTED) / several) / (self._counted(seen, unit) / once)
        excess: float = estimate(correction_of(ratio, self._starts, several, once))
        return excess / once

    def variation(self, part: str) -> float:
        """Return how far `flow` or `line_pressure` was from its mean in a repeat, at most, in %."""
        worst = 0.0
        for values in ([one.value for one in getattr(seen, part)] for seen in self._all):
            mean = statistics.fmean(values)
            worst = max(worst, *(100.0 * abs(one / mean - 1.0) for one in values))
        return worst

    def range(self) -> tuple[float, float, float]:
        """Return the smallest mass collected in kg, and between which temperatures in °C the water was."""
        water = [one for seen in self._all for one in water_of(seen)]
        return min(map(collected, self._all)), min(water), max(water)

    def scatter(self) -> float:
        """Return the relative standard deviation of the flow within a repeat, the largest, in %."""
        series = [[one.value for one in seen.flow] for seen in self._all]
        return max(100.0 * statistics.stdev(values) / statistics.fmean(values) for values in series)

    def pressure(self) -> float:
        """Return the mean pressure in kPa."""
        return statistics.fmean(one.value for seen in self._all for one in seen.line_pressure) / 1000.0


def _steadiness(
    at: Sequence[Qualified], findings: Sequence[MeterFinding], permitted: Sequence[float], share: float
) -> Result:
    """Return how steady flow and pressure were, what a start changes, and what uncertainty is allowed."""
    columns = (
        nominal_column(findings),
        column("允许的扩展不确定度", "Expanded uncertainty allowed", "remotecal_allowedUncertainty", "%",
               [f"{share * limit:.3g}" for limit in permitted]),
        column("流量相对标准偏差", "Flow, relative standard deviation", "remotecal_flowStability", "%",
               [significant(one.scatter()) for one in at]),
        column("流量最大偏离", "Flow, largest deviation", "remotecal_flowVariation", "%",
               [significant(one.variation("flow")) for one in at]),
        column("管路压力（表压）", "Pressure of the line (gauge)", "remotecal_linePressure", "kPa",
               [f"{one.pressure():.1f}" for one in at]),
        column("压力最大偏离", "Pressure, largest deviation", "remotecal_pressureVariation", "%",
               [significant(one.variation("line_pressure")) for one in at]),
        column("启停影响", "Starting and stopping", "remotecal_startStop", "%",
               [f"{one.start:.4f}" for one in at]),
        column("观察时间", "Watched for", "remotecal_watchedFor", "s",
               [f"{min(_lasted(one) for one in flow.seen):.0f}" for flow in at]),
    )  # fmt: skip
    name = Text(
        zh="流量与压力的稳定性、启停影响", en="Steadiness of flow and pressure, starting and stopping"
    )
    return Result(name=name, ref_types=("remotecal_benchSteadiness",), tables=(Table(columns=columns),))


def _lasted(seen: BenchSeen) -> float:
    return seen.duration or 0.0


OF_PERMITTED: Final = Text(
    zh="扩展不确定度（p ≈ 95 %）与水表最大允许误差之比",
    en="expanded uncertainty (p ≈ 95 %) as a share of what meters are permitted",
)
SCATTER: Final = Text(
    zh="重复性与水表最大允许误差之比", en="repeatability as a share of what meters are permitted"
)
STARTING: Final = Text(
    zh="启停影响与水表最大允许误差之比", en="starting and stopping as a share of what meters are permitted"
)
FLOW: Final = Text(zh="流量变化与允许值之比", en="variation of the flow as a share of what is allowed")
PRESSURE: Final = Text(zh="压力变化", en="variation of the pressure")
