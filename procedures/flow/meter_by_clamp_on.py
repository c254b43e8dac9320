"""Calibrate a water meter in its own pipe by a clamp-on meter, a transfer standard on a journey.

The clamp-on meter was calibrated in the laboratory. On site it is mounted again and again on the customer's
pipe, and with each mounting both meters' totals are read at each flow the plant makes. Whether it is still
what it was is known when it is home and calibrated again: until then the certificate is provisional and
judges nothing. `flow.clamp_on_returned` closes the journey, and its certificate counts.

    E = V_i/V·(1 + δt/t) - 1,  V as in `clamped`
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from remotecal.drivers.capabilities import AmbientMonitor, Ammeter, PulseCounter, Thermometer, VolumeTotalizer
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import RunError
from remotecal.model import Condition, Result, Statement, Table, Text
from remotecal.procedures import Certificates, Drivers, Evaluation, Evidence, Point, Run
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.digits import fixed
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import (
    budgets,
    by_gum,
    column,
    error_column,
    repeatability_column,
)
from remotecal.procedures.library.flow.clamp_on_parameters import ClampOnParameters
from remotecal.procedures.library.flow.clamped import (
    INPUTS,
    ClampOnFinding,
    ClampOnSeen,
    OnPipe,
    VelocityCurve,
)
from remotecal.procedures.library.flow.journey import VELOCITY
from remotecal.procedures.library.measuring.asking import GO_ON, have_done
from remotecal.procedures.library.measuring.sampling import amount, read_totals, sample, see_amount
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air
from remotecal.procedures.library.meters.parameters import ReadingParameters
from remotecal.procedures.library.meters.results import nominal_column
from remotecal.procedures.library.meters.under_test import MeterUnderTest, can

OPEN: Final = Statement(
    ref_types=("remotecal_journeyOpen",),
    name=Text(zh="临时结果", en="Provisional"),
    declaration=Text(
        zh="外夹式标准表尚未返回复校，其运输影响不在不确定度之内：本证书仅为临时结果，不作符合性判定；"
        "以行程闭合后的证书为准。",
        en="The clamp-on meter has not come home and been calibrated again, and what its journey did to it "
        "is not in the uncertainty: this certificate is provisional and judges nothing; the one that closes "
        "the journey counts.",
    ),
)
"""What is said until the journey is closed."""


class MeterByClampOn(MeterUnderTest):
    """Calibrate a water meter in its own pipe by a clamp-on meter that was brought there."""

    title: ClassVar[Text] = Text(
        zh="外夹式超声流量计现场校准（传递标准）", en="On-site calibration by a clamp-on transfer standard"
    )
    norms: ClassVar[tuple[str, ...]] = ("JJG 1030-2007",)
    model_equation: ClassVar[str] = (
        "E = V_i/V - 1, V = (V_c + V_r)/(1 + e_r)·(D/D_s)^n·(1 + δ_p)·(1 + δ_T)/(1 + δt/t), "
        "D = (D_o - 2·(w + l))·(1 + α·(t - t_0))"
    )

    reference: VolumeTotalizer
    """The clamp-on meter, with the certificate from before its journey."""
    thermometer: Thermometer
    """Of the water, or of the pipe's wall under insulation."""
    ambient: AmbientMonitor

    Parameters: ClassVar[type[ReadingParameters]] = ClampOnParameters
    parameters: ClampOnParameters

    sets: ClassVar[Mapping[str, str]] = {"flow": "m3/h", "mounting": "1"}
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    def points(self) -> Sequence[Point]:
        return tuple(
            Point(f"mounting {n}, {flow:g} m3/h", {"flow": flow, "mounting": n}, self.parameters.repeats)
            for n in range(1, self.parameters.mountings + 1)
            for flow in self.parameters.flows
        )

    def characteristics(self) -> Mapping[str, str]:
        return {"reading_delay": "s"}

    def certified(self) -> Sequence[str]:
        return ("reference",)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that the clamp-on meter's curve holds for all the plant may make, and readings are known."""
        current = (("dut", "current", "mA"),) if can(drivers, "dut", Ammeter) else ()
        require_known(certificates, drivers, (("thermometer", "temperature", "°C"), *current))
        wanted = self.parameters
        curve = VelocityCurve(certificates["reference"].certificate, wanted.bore_of_certificate)
        curve.require(*wanted.extremes, wanted.flow_tolerance)

    def approach(self, point: Point, run: Run) -> None:
        """Have the clamp-on meter mounted where a mounting begins, and the flow made."""
        flow, number = point.nominal["flow"], int(point.nominal["mounting"])
        if flow == self.parameters.flows[0]:
            have_done(run, mount(number, self.parameters))
        have_done(run, make(flow))
        run.wait(self.parameters.steady)

    def measure(self, point: Point, run: Run) -> ClampOnSeen:
        counters = self._counters()
        if isinstance(self.dut, PulseCounter):
            self.dut.count_freely()
        air, totals = read_air(run, self.ambient), self._totals(run, counters, "before")
        watched = {"temperature": self.thermometer.temperature, **self.meter_current()}
        told: dict[str, Any] = {**air._asdict(), **sample(run, self.lasts(point), watched)}
        totals |= self._totals(run, counters, "after")
        seen = ClampOnSeen(**told, **totals)
        found = amount(counters["reference"], seen.reference_before, seen.reference_after)
        see_amount("what passed the clamp-on meter", found)
        self._see_flow(point, 3600.0 * found / seen.between_totals)
        return seen

    def _counters(self) -> dict[str, BoundReading]:
        return {"reference": self.reference.volume, **self.meter_counters()}

    def _totals(self, run: Run, counters: Mapping[str, BoundReading], when: str) -> dict[str, Any]:
        named = {f"{name}_{when}": counter for name, counter in counters.items()}
        return read_totals(run, named, flowing=True)

    def _see_flow(self, point: Point, found: float) -> None:
        """Raise `RunError` if the plant makes another flow than was asked for."""
        asked = point.nominal["flow"]
        if abs(found / asked - 1) * 100 > self.parameters.flow_tolerance:
            raise RunError(
                f"{point.name}: the clamp-on meter told {found:.4g} m3/h: let the plant make the flow, look "
                f"at the coupling of the transducers and at the diameter set, and {GO_ON}"
            )

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors, budgets and the installation, and that they are provisional."""
        findings = [self._finding(evidence, flow) for flow in self.parameters.flows]
        columns = (
            nominal_column(findings),
            column("标准流量", "Reference flow", "basic_referenceValue", "m3/h",
                   [finding.with_relative_uncertainty(finding.place) for finding in findings]),
            column("管内平均流速", "Mean velocity in the pipe", VELOCITY, "m/s",
                   [finding.with_relative_uncertainty(finding.velocity) for finding in findings]),
            error_column(findings),
            repeatability_column(findings),
        )  # fmt: skip
        name = Text(zh="示值误差（临时）", en="Error of indication (provisional)")
        errors = Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=columns),))
        return Evaluation(
            results=(errors, self._installation(findings)),
            budgets=budgets(findings),
            conditions=self._conditions(evidence),
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(OPEN, *remarks(findings, BY_CMC)),
        )

    def _finding(self, evidence: Evidence, flow: float) -> ClampOnFinding:
        """Return what was found at a flow in m³/h, over all mountings."""
        there = [point for point in evidence.points if point.nominal["flow"] == flow]
        seen = [ClampOnSeen.at(evidence, point) for point in there]
        whole = Point(f"{flow:g} m3/h", {"flow": flow}, sum(map(len, seen)))
        return OnPipe(whole, evidence, seen, self.parameters).finding()

    def _installation(self, findings: Sequence[ClampOnFinding]) -> Result:
        """Return the pipe as it was measured, the straight run, and what mounting did."""
        pipe = self.parameters
        spread = max(
            statistics.stdev(statistics.fmean(each) for each in finding.by_mounting) for finding in findings
        )
        columns = (
            column(
                "管道外径", "Outer diameter", "remotecal_outerDiameter", "mm", [f"{pipe.outer_diameter:g}"]
            ),
            column("管壁厚度", "Wall", "remotecal_wall", "mm", [f"{pipe.wall:g}"]),
            column("衬里厚度", "Lining", "remotecal_lining", "mm", [f"{pipe.lining:g}"]),
            column("内径", "Inner diameter", "remotecal_diameter", "mm", [f"{pipe.inner:.2f}"]),
            column("前直管段/D", "Straight run ahead / D", "remotecal_upstream", "1", [f"{pipe.upstream:g}"]),
            column(
                "后直管段/D", "Straight run behind / D", "remotecal_downstream", "1", [f"{pipe.downstream:g}"]
            ),
            column("安装次数", "Mountings", "remotecal_mountings", "1", [str(pipe.mountings)]),
            column(
                "安装分散性", "Scatter of mountings", "remotecal_mountingScatter", "%", [fixed(spread, 2)]
            ),
        )
        name = Text(zh="安装条件", en="Installation")
        return Result(name=name, ref_types=("remotecal_installation",), tables=(Table(columns=columns),))

    def _conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        air, temperature = AirDuring(), Ends("°C")
        for seen in map(ClampOnSeen.of, evidence.observations):
            air.take(seen)
            temperature.take(*seen.temperature)
        name = Text(zh="水温", en="Water temperature")
        return (*air.conditions(), between("remotecal_fluidTemperature", name, temperature, 2))


def mount(number: int, pipe: ClampOnParameters) -> Text:
    """Return what is asked for when a mounting begins."""
    return Text(
        zh=f"第 {number} 次安装，共 {pipe.mountings} 次：请取下外夹式超声流量计的换能器，清洁管壁，换一个周向"
        f"位置重新涂耦合剂并安装；设定内径 {pipe.told_inner:g} mm。",
        en=f"Mounting {number} of {pipe.mountings}: take the clamp-on meter's transducers off, clean the "
        "pipe, and mount them anew, freshly coupled, elsewhere round the pipe; inner diameter set to "
        f"{pipe.told_inner:g} mm.",
    )


def make(flow: float) -> Text:
    """Return what is asked for at a flow in m³/h."""
    return Text(
        zh=f"请将流量调到 {flow:g} m3/h 并保持稳定。", en=f"Make a flow of {flow:g} m3/h, and hold it."
    )
