"""Master meters in parallel, the pure half: which of them run, and what passed them all together.

For one repeat, with the master meters ahead of the one under test:

    V_j = ΔN_j·T/T_j/(1 + e_j + δ_e)                  of each open branch
    M   = Σ ρ_r·V_j - (M_end - M_start) + ρ_r·q_l·T   M: mass of the water in the pipe between them
    V   = M/ρ

A total's own times tell how long it counted, T_j; so totals that were not read at one instant are brought
to the time T the meter under test counted, by the flow of the repeat. e_j is the certified relative error at
that master's own flow, δ_e what masters of one laboratory have in common, q_l what leaks past branches that
are shut.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import CertificateRefused, EvidenceError
from remotecal.model import Result, Table, Text, Words
from remotecal.procedures import By, Often, StoodBy, Waited
from remotecal.procedures.library.evaluation.digits import fixed
from remotecal.procedures.library.evaluation.in_common import Parts, in_common, laboratory_of
from remotecal.procedures.library.evaluation.sources import LEAK_TEST, ORDER
from remotecal.procedures.library.evaluation.standards import DRIFT, Deviating, Standard, drifted
from remotecal.procedures.library.evaluation.tables import column
from remotecal.procedures.library.flow.parallel_parameters import MOST_MASTERS, ParallelParameters
from remotecal.procedures.library.flow.water import FlowSeen, WaterRepeats
from remotecal.procedures.library.measuring.sampling import SAMPLED
from remotecal.procedures.library.meters.branches import numbers_in
from remotecal.procedures.library.meters.results import nominal_column
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.interpolation import CertifiedCurve
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.model import Certificate
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.meters.results import MeterFinding

STRETCH, EXPANSION = "pipe_stretch", "pipe_expansion"
"""Facts that a bench may state."""

INPUTS: Final[Mapping[str, Text]] = {
    **{
        f"e_{number}": Text(
            zh=f"标准表 {number} 误差（自身部分）", en=f"error of master {number}, its own part"
        )
        for number in range(1, MOST_MASTERS + 1)
    },
    **{
        f"δ_e{number}": Text(
            zh=f"标准表误差公共部分（实验室 {number}）",
            en=f"error that the masters of laboratory {number} share",
        )
        for number in range(1, MOST_MASTERS + 1)
    },
    **{
        f"Δt_{number}": Text(
            zh=f"标准表 {number} 读数时刻", en=f"time between the readings of master {number}"
        )
        for number in range(1, MOST_MASTERS + 1)
    },
    "Δt": Text(zh="被检表读数时刻", en="time between the readings of the meter under test"),
    "V_r": Text(zh="标准表累积量分辨力", en="resolution of the masters' totals"),
    "t_r": Text(zh="标准表处水温示值偏差", en="deviation of the water temperature at the masters"),
    "p_r": Text(zh="汇管压力示值偏差", en="deviation of the gauge pressure in the header"),
    "V_c": Text(zh="标准表与被检表间管容", en="pipe volume between masters and meter"),
    "κ": Text(zh="管道弹性 D/(E·e)", en="stretch of the pipe by pressure, D/(E·e)"),
    "α": Text(zh="管道线膨胀系数", en="linear thermal expansion of the pipe"),
    "q_l": Text(zh="关闭支路的泄漏", en="leak past branches that are shut"),
}
"""The inputs that master meters in parallel bring into a model, by symbol."""


class ParallelSeen(FlowSeen):
    """What a repeat yields: what passed the master meters and the meter under test."""

    in_order: ClassVar[tuple[str, ...]] = ("masters_before+ masters_after+",)

    standing: Annotated[Measured, "1", By("rig", "standing")]
    """Which branches stood open, a bit each."""
    masters_before: Annotated[tuple[Measured, ...], "m3", By("masters", "volume"), Often(1)]
    """Totals of all master meters, in the order of the branches."""
    masters_after: Annotated[tuple[Measured, ...], "m3", By("masters", "volume"), Often(1)]
    master_temperature: Annotated[
        tuple[Measured, ...], "°C", By("master_thermometer", "temperature"), SAMPLED
    ]
    """Water at the master meters, while the repeat lasted."""
    header_pressure: Annotated[tuple[Measured, ...], "Pa", By("rig", "header_pressure"), SAMPLED]
    """Gauge pressure in the header, while the repeat lasted."""


LEAK: Final = "leak"
"""What the shut branches are watched for before the repeats."""


class TightBranches(StoodBy[ParallelParameters]):
    """What is read of the header, pressed against the shut branches, before they are watched, and after."""

    in_order: ClassVar[tuple[str, ...]] = ("pressed left",)

    pressed: Annotated[Measured, "Pa", By("rig", "header_pressure")]
    """Gauge pressure in the header."""
    left: Annotated[Measured, "Pa", By("rig", "header_pressure"), Waited("leak_time", since="pressed")]
    """What is left of it once a leak had time to show."""

    def leak(self, told: ParallelParameters) -> float:
        """Return what they let pass, in m³/h."""
        lost = self.pressed.to("kPa").value - self.left.to("kPa").value
        return 3.6e6 * told.header_capacity * lost / (self.left.at - self.pressed.at)

    def refusal(self, parameters: ParallelParameters) -> str:
        pressed, left = (one.to("kPa").value for one in (self.pressed, self.left))
        if pressed < parameters.leak_pressure:
            return (
                f"the header shut off holds {pressed:.4g} kPa, and leak_pressure is "
                f"{parameters.leak_pressure:g}: a branch is open or leaks much, the pump is too weak, or "
                "leak_pressure too high"
            )
        leak, allowed = self.leak(parameters), leak_allowed(parameters)
        if leak > allowed or left < pressed / 2:
            return (
                f"the shut branches leak {leak:.3g} m3/h or more, and {allowed:.3g} m3/h may be: the header "
                f"fell from {pressed:.4g} to {left:.4g} kPa; look at their valves, which let pass what "
                "nobody counts"
            )
        return ""

    def undecided(self, parameters: ParallelParameters) -> str:
        if -self.leak(parameters) <= leak_allowed(parameters):
            return ""
        pressed, left = (one.to("kPa").value for one in (self.pressed, self.left))
        return (
            f"the shut header rose from {pressed:.4g} to {left:.4g} kPa, more than a leak may let it fall, "
            "and so would hide one: look at its inlet valve, and let water and pipes come to one temperature"
        )


def leak_allowed(told: ParallelParameters) -> float:
    """Return what the shut branches may let pass, in m³/h."""
    return told.leak_share * min(told.flows)


def stand_open(stood: Sequence[int], wanted: Sequence[int]) -> str:
    """Return the words for branches that stand open and are not those that are to."""
    return f"the branches {tuple(stood)} stand open, and {tuple(wanted)} are to: look at the valves"


def see_branches(
    name: str, stood: Sequence[int], flows: Sequence[float], parameters: ParallelParameters, asked: float
) -> str:
    """Return why a repeat can't count by what its branches did; "" if it can.

    Args:
        name: of the point.
        stood: which stood open.
        flows: what every master told, open or not, in m³/h.
        parameters: of the procedure.
        asked: flow of the point in m³/h.
    """
    wanted = parameters.chosen(asked)
    if tuple(stood) != wanted:
        return f"{name}: {stand_open(stood, wanted)}"
    told = dict(enumerate(zip(flows, parameters.master_flows, strict=True), 1))
    for number, (flow, _) in told.items():
        if number not in wanted and flow > parameters.leak_share * asked:
            return (
                f"{name}: branch {number} is shut, and {flow:.4g} m3/h passed its master: look at its valve, "
                "or whether the masters stand in the order of the branches"
            )
    for number in wanted:
        flow, highest = told[number]
        share = flow / highest
        if not parameters.least_share <= share <= parameters.most_share:
            return (
                f"{name}: master {number} ran at {share:.3f} of its highest flow, and "
                f"{parameters.least_share:g} to {parameters.most_share:g} are allowed: look at its branch's "
                "valve"
            )
    return ""


@dataclass(frozen=True, slots=True)
class WaterMaster:
    """A master meter by its certificate: relative errors against its flow, and their common part."""

    number: int
    certificate: Certificate
    errors: Standard

    @classmethod
    def of(cls, number: int, certificate: Certificate) -> WaterMaster:
        """Read it (CertificateRefused if it does not tell relative errors against flows)."""
        errors = Standard.certified(f"e_{number}", certificate, "1", at_unit="m3/h")
        return cls(number, certificate, errors)

    def require(self, low: float, high: float) -> None:
        """Raise `CertificateRefused` unless it holds from one flow in m³/h to another, and tells parts."""
        self.errors.require(low, high, f"master {self.number} is to run at")
        for flow in (low, high):
            self.parts(flow)

    def parts(self, flow: float) -> Parts:
        """Return how the uncertainty of its error is made up at a flow in m³/h."""
        if not isinstance(curve := self.errors.stated, CertifiedCurve):
            raise CertificateRefused(f"certificate {self.certificate.number} states no errors against flows")
        return Parts.of(self.certificate, curve.u(flow), curve.at("e", flow).dof)

    def stated(self, flow: float) -> float:
        """Return the relative error it states at a flow in m³/h."""
        return estimate(self.errors.around(flow).value({self.errors.symbol: 0.0}, flow))


@dataclass(frozen=True, slots=True)
class MasterRunning:
    """A master meter at the flow it runs at."""

    number: int
    flow: float
    """In m³/h, on the mean of the repeats."""
    error: float
    parts: Parts


class ParallelRepeats(WaterRepeats[ParallelSeen]):
    """The repeats at one flow, and what passed the master meters in parallel.

    Raises:
        EvidenceError: other branches stood open than those for this flow, one that was shut let water pass,
            or a master ran outside its range.
    """

    def __init__(self, point: Point, evidence: Evidence, parameters: ParallelParameters) -> None:
        super().__init__(point, evidence, ParallelSeen.at(evidence, point), parameters)
        self.parameters = parameters
        self.numbers = parameters.chosen(point.nominal["flow"])
        self._read_masters()
        self._known = {
            "t_r": self._of("t_r", "master_thermometer", "master_temperature", "°C"),
            "p_r": self._of("p_r", "rig", "header_pressure", "Pa"),
        }
        self.running = self._running()
        """The masters that ran, in the order of their numbers."""
        self._shared = self._in_common()
        self.inputs += dict.fromkeys(self._shared.values())
        self._own()
        self._facts()

    def _of(self, symbol: str, role: str, part: str, unit: str) -> Deviating:
        return self.correction(symbol, role, [one for each in self.seen for one in getattr(each, part)], unit)

    def _read_masters(self) -> None:
        for place in range(len(self.parameters.master_flows)):
            read = [
                one for each in self.seen for one in (each.masters_before[place], each.masters_after[place])
            ]
            self.read_by(f"masters[{place + 1}]", read)
        for seen in self.seen:
            flows = self._flows(seen)
            asked, stood = self.point.nominal["flow"], numbers_in(seen.standing.value)
            if refusal := see_branches(self.point.name, stood, flows, self.parameters, asked):
                raise EvidenceError(refusal)

    def _passed(self, seen: ParallelSeen, number: int) -> float:
        """Return what a master counted in a repeat, in m³."""
        before, after = (self._total(seen, when, number) for when in ("before", "after"))
        return self.evidence.passed(before, after).to("m3").value

    def _total(self, seen: ParallelSeen, when: str, number: int) -> Measured:
        """Return a master's total as it was read: it wraps in its own unit."""
        totals = seen.entry.values[f"masters_{when}"]
        if isinstance(totals, tuple) and isinstance(total := totals[number - 1], Measured):
            return total
        raise EvidenceError(f"{self.point.name}: masters_{when} holds no totals")

    def _counted(self, seen: ParallelSeen, number: int) -> float:
        """Return how long a master counted, by the times of its own readings, in s."""
        return seen.masters_after[number - 1].at - seen.masters_before[number - 1].at

    def _flows(self, seen: ParallelSeen) -> list[float]:
        """Return what each master told in a repeat, in m³/h."""
        numbers = range(1, len(self.parameters.master_flows) + 1)
        return [3600.0 * self._passed(seen, n) / self._counted(seen, n) for n in numbers]

    def _running(self) -> tuple[MasterRunning, ...]:
        flows = [self._flows(seen) for seen in self.seen]
        found = []
        for number in self.numbers:
            flow = statistics.fmean(each[number - 1] for each in flows)
            master = WaterMaster.of(number, self.certificate(f"masters[{number}]"))
            found.append(MasterRunning(number, flow, master.stated(flow), master.parts(flow)))
        return tuple(found)

    def _in_common(self) -> Mapping[int, Input]:
        """Return what each master that ran has in common with others of its laboratory, by its number."""
        numbers = range(1, len(self.parameters.master_flows) + 1)
        who = {number: laboratory_of(self.certificate(f"masters[{number}]")) for number in numbers}
        shared = {
            laboratory: in_common(f"δ_e{place}", laboratory, theirs)
            for place, laboratory in enumerate(dict.fromkeys(who.values()), 1)
            if (theirs := [each.parts for each in self.running if who[each.number] == laboratory])
        }
        return {each.number: shared[who[each.number]] for each in self.running}

    def _own(self) -> None:
        """Add what each master brings by itself."""
        delay = self.characteristic("Δt", "reading_delay", "s")
        for each in self.running:
            certificate = self.certificate(f"masters[{each.number}]")
            own = Input.normal(
                f"e_{each.number}", 0.0, "1", each.parts.own, dof=each.parts.dof, source=certificate.number
            )
            self.inputs += (replace(own, stated=each.error), *drifted(own.symbol, certificate.drift, "1"))
            self.inputs.append(Input.normal(f"Δt_{each.number}", 0.0, "s", delay.u, source=delay.source))
        self.rounded("V_r", "m3", self.parameters.master_resolution * math.sqrt(len(self.running)), ORDER)

    def _facts(self) -> None:
        self.characteristic("V_c", "connecting_volume", "m3")
        for symbol, name, unit in (("κ", STRETCH, "1/Pa"), ("α", EXPANSION, "1/K")):
            if name in self.evidence.characteristics:
                self.characteristic(symbol, name, unit)
        leak = leak_allowed(self.parameters)
        self.inputs.append(Input.from_limits("q_l", 0.0, "m3/h", leak, source=LEAK_TEST))

    def amount(self, seen: ParallelSeen, x: Numbers) -> Number:
        """Return what passed through the meter under test in a repeat, in m³ as it was there, or in kg."""
        time: Number = self.lasted(seen) + x["Δt"]
        passed: Number = x["V_r"] + x["q_l"] / 3600.0 * time
        for each in self.running:
            counted = self._counted(seen, each.number) + x[f"Δt_{each.number}"]
            shared = self._shared[each.number]
            error = each.error + each.parts.weight(shared) * x[shared.symbol]
            error = error + x[f"e_{each.number}"] + x.get(f"{DRIFT}e_{each.number}", 0.0)
            passed = passed + self._passed(seen, each.number) * (time / counted) / (1.0 + error)
        mass: Number = passed * self._ahead(seen, x) - self._stored(seen, x)
        return self.at_meter(mass, seen, x)

    def _at_masters(self, seen: ParallelSeen, x: Numbers, place: int | None = None) -> tuple[Number, Number]:
        """Return temperature in °C and gauge pressure in Pa at the masters; as `WaterRepeats.temperature`."""
        shown = []
        for readings in (seen.master_temperature, seen.header_pressure):
            values = [one.value for one in readings]
            shown.append(statistics.fmean(values) if place is None else values[place])
        return self._known["t_r"].corrected(x, shown[0]), self._known["p_r"].corrected(x, shown[1])

    def _ahead(self, seen: ParallelSeen, x: Numbers) -> Number:
        """Return the water's density at the masters in kg/m³."""
        return self.density_at(seen, x, *self._at_masters(seen, x))

    def _stored(self, seen: ParallelSeen, x: Numbers) -> Number:
        """Return by how much the mass of the water between masters and meter grew, in kg."""
        held = []
        for place in (0, -1):
            t_r, p_r = self._at_masters(seen, x, place)
            t_m, p_m = self.temperature(seen, x, place), self.gauge(seen, x, place)
            dense = (self.density_at(seen, x, t_r, p_r) + self.density_at(seen, x, t_m, p_m)) / 2
            wider = 3.0 * x.get("α", 0.0) * (t_r + t_m) / 2 + x.get("κ", 0.0) * (p_r + p_m) / 2
            held.append((dense, wider))
        (dense_0, wider_0), (dense_1, wider_1) = held
        grown: Number = x["V_c"] * (dense_1 - dense_0 + dense_1 * (wider_1 - wider_0))
        return grown


def masters_table(findings: Sequence[MeterFinding], running: Sequence[Sequence[MasterRunning]],
                  highest: Sequence[float]) -> Result:  # fmt: skip
    """Return which masters ran at each flow, and how full."""
    shares = [[each.flow / highest[each.number - 1] for each in some] for some in running]
    columns = (
        nominal_column(findings),
        Words(
            name=Text(zh="所用标准表", en="Masters"),
            ref_types=("remotecal_masterMeters",),
            words=tuple("+".join(str(each.number) for each in some) for some in running),
        ),
        Words(
            name=Text(zh="各表流量 / (m³/h)", en="Flow of each / (m³/h)"),
            ref_types=("remotecal_masterFlows",),
            words=tuple(";".join(f"{each.flow:.4g}" for each in some) for some in running),
        ),
        column("最小流量占比", "Least share of Q_max", "remotecal_leastShare", "1",
               [fixed(min(each), 3) for each in shares]),
        column("最大流量占比", "Largest share of Q_max", "remotecal_largestShare", "1",
               [fixed(max(each), 3) for each in shares]),
    )  # fmt: skip
    name = Text(zh="并联标准表", en="Master meters in parallel")
    return Result(name=name, ref_types=("remotecal_mastersInUse",), tables=(Table(columns=columns),))
