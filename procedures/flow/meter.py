"""What every calibration of a water flow meter shares.

Parameters and roles, bringing the rig to a flow, reading the meter under test, and turning errors
of indication into results.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from remotecal.drivers.capabilities import Ammeter
from remotecal.drivers.quantities import BoundReading
from remotecal.model import IN_CMC, Result, Text
from remotecal.procedures import Drivers, Evaluation, Evidence, Point, Run
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conformity import Constant, Further, Specification, as_it_comes
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.flow.on_rig import OF_WATER, OnWaterRig
from remotecal.procedures.library.flow.parameters import FlowParameters
from remotecal.procedures.library.meters.passing import INPUTS
from remotecal.procedures.library.meters.results import MeterFinding, characteristics, error_table
from remotecal.procedures.library.meters.under_test import METER, MeterUnderTest, can

PHOTO = Text(
    zh="请拍摄被检表的安装状态和铭牌。",
    en="Take a photo of the meter as it is installed, with its nameplate.",
)
"""What the person on site is asked for."""


class FlowProcedure(OnWaterRig, MeterUnderTest):
    """A calibration of a water flow meter, whatever the reference."""

    Parameters: ClassVar[type[FlowParameters]] = FlowParameters
    parameters: FlowParameters

    reach: ClassVar[Mapping[str, str]] = {"rig.flow": "flow", "reference.flow": "flow"}

    inputs: ClassVar[Mapping[str, Text]] = {**INPUTS, **OF_WATER}
    """The inputs of the measurement model, by symbol."""

    def points(self) -> Sequence[Point]:
        repeats = self.parameters.repeats
        return tuple(Point(f"{flow:g} m3/h", {"flow": flow}, repeats) for flow in self.parameters.flows)

    def characteristics(self) -> Mapping[str, str]:
        return {**super().characteristics(), "connecting_volume": "m3"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%"}

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        """Return whose readings the evaluation corrects: role, quantity, unit to work in."""
        current = (("dut", "current", "mA"),) if can(drivers, "dut", Ammeter) else ()
        return (*super().corrected(drivers), *current)

    def prepare(self, run: Run) -> None:
        """Let the water run through the line."""
        if self.parameters.photo:
            run.ask(PHOTO, kind="file")
        super().prepare(run)

    def watched(self) -> Mapping[str, BoundReading]:
        """Return what drifts slowly during a repeat, and the meter's current if it has one."""
        return {**super().watched(), **self.meter_current()}

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors, characteristics, budgets and conformity."""
        findings = [self.evaluate_point(point, evidence) for point in evidence.points]
        wanted = self.parameters
        specification = Specification(Constant(wanted.accuracy_class, "%"), wanted.norm, wanted.rule)
        spread = Further(
            Text(zh="重复性", en="repeatability"),
            max(finding.repeatability for finding in findings),
            wanted.repeatability_share * wanted.accuracy_class,
            "%",
            unverified=as_it_comes(wanted, "repeatability_share"),
        )
        accredited = CMC in evidence.characteristics
        return Evaluation(
            results=(
                error_table(findings, specification, accredited=accredited),
                characteristics(findings, wanted.judged_by),
                *self.further(evidence, findings),
            ),
            budgets=budgets(findings),
            conditions=self.conditions(evidence),
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(
                *conformity.statements(findings, specification, METER, (spread,)),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def further(
        self,
        evidence: Evidence,
        findings: Sequence[MeterFinding],
    ) -> tuple[Result, ...]:
        """Return what else the certificate tells."""
        return ()

    model_equation: ClassVar[str]
    """The measurement model in one line, for the certificate."""

    @abstractmethod
    def evaluate_point(self, point: Point, evidence: Evidence) -> MeterFinding:
        """Return what was found at one flow."""
