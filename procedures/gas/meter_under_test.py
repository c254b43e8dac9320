"""The gas meter under test, whichever standard measures what passes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from remotecal.model import IN_CMC, Condition, Result, Text
from remotecal.procedures import Evaluation, Evidence, Point
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.gas.critical import air_equation
from remotecal.procedures.library.gas.sensors import Air
from remotecal.procedures.library.meters.classes import weighted_mean_error
from remotecal.procedures.library.meters.gas_meters import GasMeterParameters
from remotecal.procedures.library.meters.results import MeterFinding, error_table, weighted_characteristics
from remotecal.procedures.library.meters.under_test import METER, MeterUnderTest


class GasMeterUnderTest(MeterUnderTest):
    """A calibration of a gas meter, by whatever measures what passes it (OIML R 137)."""

    Parameters: ClassVar[type[GasMeterParameters]] = GasMeterParameters
    parameters: GasMeterParameters

    inputs: ClassVar[Mapping[str, Text]] = {}
    model_equation: ClassVar[str] = ""
    """The measurement model in one line, for the certificate."""

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return tuple(Point(f"{flow:g} m3/h", {"flow": flow}, wanted.repeats) for flow in wanted.wanted)

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%"}

    @property
    def flowing(self) -> Air:
        """What flows."""
        return "dry"

    def judged(
        self,
        evidence: Evidence,
        findings: Sequence[MeterFinding],
        standard: tuple[Result, ...],
        conditions: tuple[Condition, ...],
    ) -> Evaluation:
        """Return errors, the weighted mean error, budgets and conformity.

        Args:
            evidence: of the run.
            findings: what was found at each flow.
            standard: what the standard saw.
            conditions: of the measurement.
        """
        flows, errors = (
            [finding.place for finding in findings],
            [finding.evaluated.value for finding in findings],
        )
        weighted = weighted_mean_error(flows, errors, self.parameters.highest)
        specification, further = self.parameters.held_against(findings, weighted)
        accredited = CMC in evidence.characteristics
        return Evaluation(
            results=(
                error_table(findings, specification, accredited=accredited),
                weighted_characteristics(findings, weighted),
                *standard,
            ),
            budgets=budgets(findings),
            libraries=air_equation(self.flowing).libraries,
            conditions=conditions,
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(
                *conformity.statements(findings, specification, METER, further),
                *self.parameters.left_out(evidence.wording),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )
