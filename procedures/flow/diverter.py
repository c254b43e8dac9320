"""Determine a diverter's correction by one long diversion and several short ones (ISO 4185, annex; JJG 164).

The diverter turns as often for the short ones as they are many, and once for the long one; so what it adds to
the time it shows counts n times against once. The flow is steady, and a meter in the line, whose pulses the
diverter gates, tells what it was in each diversion; its own error is the same in all of them and falls out.

The measurement model, for one repeat, with n short diversions:

    m_s, m    what the short ones collected together, and the long one, by the balance less its errors
    T, t      the time the short ones took together, by the rig's timer, and the long one
    N_s, N    the meter's pulses
    R  = (m_s/N_s)/(m/N)                    the flow of the short ones over that of the long one, as it seems
    Δt = (R - 1)/(n/T - R/t)                what must be added to each time; t·(R - 1)/(n - 1) where T = t

for m_s·N/(m·N_s) = (1 + n·Δt/T)/(1 + Δt/t). The buoyancy is that of all of them alike, and falls out as well.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Final

from remotecal.drivers.capabilities import Outlet, PulseCounter
from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError, ParameterError
from remotecal.model import Result, Table, Text
from remotecal.procedures import (
    By,
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    In,
    Often,
    Point,
    Run,
    Waited,
)
from remotecal.procedures.library.evaluation.digits import same_decimals
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY, Repeats
from remotecal.procedures.library.evaluation.sources import AMONG_FLOWS, COUNTED
from remotecal.procedures.library.evaluation.tables import (
    budgets,
    by_gum,
    column,
    repeatability_column,
)
from remotecal.procedures.library.flow.characterised import characteristic, stating, without_cmc
from remotecal.procedures.library.flow.collecting import (
    DRAINING,
    CollectingParameters,
    OnWeighTank,
    see_balance,
)
from remotecal.procedures.library.flow.lost import INPUTS_OF_TANK, lost, off_centre
from remotecal.procedures.library.flow.water import InWater
from remotecal.procedures.library.measuring.sampling import see_amount
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

TURNS: Final = 1.0
"""Seconds the diverter is given to come to its other end before the next command."""


class Diversions(InWater):
    """What a repeat yields: one long diversion, and several short ones into the same tank."""

    in_order: ClassVar[tuple[str, ...]] = (
        "mass_before mass_after short_before short_after",
        "time short_times+",
        "pulses short_pulses+",
    )

    mass_before: Annotated[Measured, "kg", By("balance", "settled_mass"), Waited("dripping")]
    """Balance ahead of the long diversion, with the tank drained."""
    mass_after: Annotated[Measured, "kg", By("balance", "settled_mass"), Waited("dripping", since="time")]
    """Balance behind it."""
    time: Annotated[Measured, "s", By("rig", "collection_time")]
    """Its time, by the rig's timer."""
    pulses: Annotated[Measured, "1", By("monitor", "gated_pulses")]
    """The meter's pulses meanwhile."""
    short_before: Annotated[
        Measured, "kg", By("balance", "settled_mass"), Waited("dripping", since="mass_after")
    ]
    """Balance ahead of the short ones, with the tank drained again."""
    short_after: Annotated[
        Measured, "kg", By("balance", "settled_mass"), Waited("dripping", since="short_times")
    ]
    """Balance behind the last of them."""
    short_times: Annotated[tuple[Measured, ...], "s", By("rig", "collection_time"), Often("diversions")]
    """The time of each."""
    short_pulses: Annotated[tuple[Measured, ...], "1", By("monitor", "gated_pulses"), Often("diversions")]
    """The meter's pulses in each."""


class DiverterParameters(CollectingParameters):
    """What the determination of a diverter's correction is told."""

    flows: Annotated[tuple[float, ...], In("m3/h", above=0)]
    """Flows to determine it at, in the order to measure, among them the rig's smallest and largest."""
    repeats: Annotated[int, In("1", at_least=3, at_most=30)] = 5
    """Determinations at each flow (unverified)."""
    diversions: Annotated[int, In("1", at_least=5, at_most=100)] = 15
    """Short diversions in each determination; 10 to 25 are usual (unverified)."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainty."""


class DiverterCorrection(OnWeighTank):
    """Determine a diverter's correction by one long and several short diversions (ISO 4185, JJG 164)."""

    title: ClassVar[Text] = Text(
        zh="换向器时间修正的测定", en="Determination of the correction of a diverter's time"
    )
    norms: ClassVar[tuple[str, ...]] = ("ISO 4185:1980", "JJG 164")
    model_equation: ClassVar[str] = "Δt = (R - 1)/(n/T - R/t), R = (m_s/N_s)/(m/N)"

    monitor: PulseCounter
    """Counts a meter's pulses between the diverter's turns."""

    under_test: ClassVar[str] = "rig"
    reach: ClassVar[Mapping[str, str]] = {"rig.flow": "flow"}

    Parameters: ClassVar[type[DiverterParameters]] = DiverterParameters
    parameters: DiverterParameters

    inputs: ClassVar[Mapping[str, Text]] = {
        REPEATABILITY: Text(zh="重复性", en="repeatability of the determinations"),
        "W": Text(zh="天平示值偏差（满载）", en="deviation of the balance's indication, tank full"),
        "W_0": Text(zh="天平示值偏差（空载）", en="deviation of the balance's indication, tank empty"),
        "W_res": Text(zh="天平分辨力（长换向）", en="resolution of the balance, long diversion"),
        "W_ress": Text(zh="天平分辨力（短换向）", en="resolution of the balance, short diversions"),
        **INPUTS_OF_TANK,
        "N_res": Text(zh="脉冲计数（±1）", en="counted pulses (±1)"),
        "Δt_q": Text(zh="随流量的变化", en="change with the flow"),
    }
    """The inputs of the measurement model, by symbol."""

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return tuple(Point(f"{flow:g} m3/h", {"flow": flow}, wanted.repeats) for flow in wanted.flows)

    def characteristics(self) -> Mapping[str, str]:
        return {"balance_resolution": "kg"}

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        return (("balance", "mass", "kg"),)

    def suits(self, drivers: Drivers) -> None:
        for flow in self.parameters.flows:
            self._long(flow)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        super().check(certificates, drivers)
        see_balance(certificates, max(self._long(flow) * flow / 3.6 for flow in self.parameters.flows))

    def _long(self, flow: float) -> float:
        """Return how long the long diversion lasts at a flow in m³/h, in s; the short ones do together."""
        wanted = self.parameters
        duration = wanted.smallest_mass / (flow / 3.6)
        if duration / wanted.diversions < 2 * TURNS:
            raise ParameterError(
                f"at {flow:g} m3/h a short diversion would last {duration / wanted.diversions:.2g} s, less "
                f"than {2 * TURNS:g} s: raise smallest_mass, or lower diversions"
            )
        if wanted.smallest_mass > wanted.largest_mass:
            raise ParameterError("smallest_mass is more than largest_mass, which the tank takes")
        return duration

    def takes(self, point: Point) -> float:
        turning = 2 * TURNS * self.parameters.diversions
        return 2 * (self._long(point.nominal["flow"]) + DRAINING) + turning + 4 * self.parameters.dripping

    def measure(self, point: Point, run: Run) -> Diversions:
        wanted, duration = self.parameters, self._long(point.nominal["flow"])
        self.drain(run)
        before, air = self.weigh(run), read_air(run, self.ambient)
        self._into_tank()
        watched = self.watch(run, duration)
        time, pulses = self._past_tank(run)
        after = self.weigh(run)
        self.drain(run)
        short_before = self.weigh(run)
        short = []
        for _ in range(wanted.diversions):
            self._into_tank()
            run.wait(duration / wanted.diversions)
            short.append(self._past_tank(run))
        short_after = self.weigh(run)
        for full, empty in ((after, before), (short_after, short_before)):
            see_amount("the mass collected, in kg,", full.to("kg").value - empty.to("kg").value)
        seen = Diversions(
            mass_before=before,
            mass_after=after,
            time=time,
            pulses=pulses,
            short_before=short_before,
            short_after=short_after,
            short_times=tuple(each for each, _ in short),
            short_pulses=tuple(each for _, each in short),
            temperature=watched["temperature"],
            pressure=watched["pressure"],
            **air._asdict(),
        )
        see_amount("what the meter counted", min(each.value for each in (pulses, *seen.short_pulses)))
        self.see_state(seen)
        return seen

    def _into_tank(self) -> None:
        """Let the water into the tank, and the monitor count what goes there."""
        self.monitor.count_gated()
        self.rig.diverter.set(Outlet.TANK)

    def _past_tank(self, run: Run) -> tuple[Measured, Measured]:
        """Let the water past the tank again; return the timer, and the pulses."""
        self.rig.diverter.set(Outlet.BYPASS)
        run.wait(TURNS)
        return self.rig.collection_time.read(), self.monitor.gated_pulses.read()

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return the correction at each flow, and the one that holds at all of them."""
        evidence = without_cmc(evidence)
        findings = [self._found(point, evidence, (point,)) for point in evidence.points]
        whole = self._found(evidence.points[0], evidence, evidence.points, findings)
        return Evaluation(
            results=(_table(findings), characteristic(whole, "diverter_correction", NAME)),
            budgets=(
                *budgets(findings),
                *(each.model_copy(update={"result": 1}) for each in budgets([whole])),
            ),
            conditions=self.conditions(evidence),
            methods=(by_gum(self.model_equation, [*findings, whole], self.inputs),),
        )

    def _found(
        self, point: Point, evidence: Evidence, points: Sequence[Point], each: Sequence[Finding] = ()
    ) -> Finding:
        """Return the correction from all determinations at points, which differ by flow as `each` does."""
        seen = [one for at in points for one in Diversions.at(evidence, at)]
        repeats = Repeats(point, evidence, seen)
        correction = _correction(repeats)
        values = repeats.errors(correction)
        if each:
            found = [one.evaluated.value for one in each]
            half = (max(found) - min(found)) / 2
            repeats.inputs.append(Input.from_limits("Δt_q", 0.0, "s", half, source=AMONG_FLOWS))

        def corrected(one: Diversions, x: Numbers) -> Number:
            total: Number = correction(one, x) + x.get("Δt_q", 0.0)
            return total

        flow = point.nominal["flow"]
        title = (
            Text(zh="换向器时间修正", en="Diverter correction")
            if each
            else Text(zh=f"流量点 {flow:g} m³/h", en=f"Flow point {flow:g} m³/h")
        )
        return Finding(
            point=point,
            observed_at=repeats.points,
            title=title,
            reference=[3.6 * one.mass_after.value / one.time.value for one in seen],
            errors=values,
            evaluated=repeats.evaluate(corrected, "s", coverage=self.parameters.coverage),
            beyond=repeats.beyond,
        )


def _correction(repeats: Repeats[Diversions]) -> Callable[[Diversions, Numbers], Number]:
    """Return how to get the correction from a repeat, in s, and add the inputs that takes."""
    seen = repeats.seen
    full = repeats.correction("W", "balance", [one.mass_after for one in seen], "kg")
    empty = repeats.correction("W_0", "balance", [one.mass_before for one in seen], "kg")
    for symbol in ("W_res", "W_ress"):
        repeats.rounded(
            symbol,
            "kg",
            repeats.constant("balance_resolution", "kg"),
            repeats.fact("balance_resolution").source,
        )
    centred, gone = off_centre(repeats), lost(repeats)
    # Of n short counts, each within a pulse, the sum is within √n of one.
    repeats.rounded("N_res", "1", statistics.fmean(len(one.short_pulses) for one in seen) ** 0.5, COUNTED)

    def correction(one: Diversions, x: Numbers) -> Number:
        many = len(one.short_times)
        long = full.corrected(x, one.mass_after.value) - empty.corrected(x, one.mass_before.value)
        long = centred(long + x["W_res"], x) + gone(one.mass_after.at - one.mass_before.at, x, 1)
        short = full.corrected(x, one.short_after.value) - empty.corrected(x, one.short_before.value)
        short = centred(short + x["W_ress"], x) + gone(one.short_after.at - one.short_before.at, x, many)
        ratio = short / (sum(each.value for each in one.short_pulses) + x["N_res"])
        ratio = ratio / (long / one.pulses.value)
        together = sum(each.value for each in one.short_times)
        return correction_of(ratio, many, together, one.time.value)

    return correction


def correction_of(ratio: Number, many: int, together: float, long: float) -> Number:
    """Return what must be added to each diversion's time, in s.

    Args:
        ratio: R, the flow of the short diversions over that of the long one, as it seems.
        many: n, how many short ones there are.
        together: T, how long they took together, in s.
        long: t, how long the long one took, in s.

    Raises:
        EvidenceError: the short ones are too few, or too long, to tell anything.
    """
    lever = many / together - ratio / long
    if estimate(lever) <= 0:
        raise EvidenceError("the short diversions are too few for so long a one: nothing follows from them")
    found: Number = (ratio - 1.0) / lever
    return found


def _table(findings: Sequence[Finding]) -> Result:
    """Return the corrections at each flow."""
    flows = same_decimals([finding.point.nominal["flow"] for finding in findings])
    columns = (
        column("标称流量", "Nominal flow", "remotecal_nominalValue basic_tableIndex0", "m3/h", flows),
        stating(findings, NAME, "remotecal_correctionAtFlow"),
        repeatability_column(findings),
    )
    name = Text(zh="各流量点的时间修正", en="Correction at each flow")
    return Result(name=name, ref_types=("remotecal_diverter",), tables=(Table(columns=columns),))


NAME = Text(zh="换向器时间修正 Δt", en="Diverter correction Δt")
"""What is determined."""
