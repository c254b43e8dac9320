"""Calibrate a pressure gauge, electromechanical or dial, against a controller or a reference gauge.

Sequences and characteristics are in the form of DKD-R 6-1 and EURAMET cg-17; classes are shares of the span
(JJG 52 for elastic gauges, JJG 875 for digital ones). What of these is not known from the documents is a
parameter, and said to be unverified there. A gauge that a person reads is a bench entry like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from remotecal.drivers.measured import Measured
from remotecal.model import Text
from remotecal.procedures import By, Evidence, Often, Point, Run
from remotecal.procedures.library.pressure.against import AtPressure, BesideGauge, ErrorOf
from remotecal.procedures.library.pressure.controlled import ControlledProcedure
from remotecal.procedures.library.pressure.indicating import Indicating, shown_error
from remotecal.procedures.library.pressure.parameters import (
    ControlledParameters,
    IndicatingParameters,
    PressureParameters,
)


class GaugeSeen(BesideGauge):
    """What a repeat yields: the standard and the gauge together."""

    indicated: Annotated[tuple[Measured, ...], "Pa", By("dut", "pressure"), Often("readings")]
    """The gauge under test."""


class GaugeParameters(IndicatingParameters, ControlledParameters):
    """What a gauge's calibration against a controller is told."""


class Gauge(Indicating[GaugeSeen], ControlledProcedure[GaugeSeen]):
    """Calibrate a pressure gauge, up and down (DKD-R 6-1, EURAMET cg-17)."""

    title: ClassVar[Text] = Text(zh="压力表校准", en="Calibration of a pressure gauge")
    norms: ClassVar[tuple[str, ...]] = ("DKD-R 6-1", "EURAMET cg-17")

    Parameters: ClassVar[type[PressureParameters]] = GaugeParameters
    parameters: GaugeParameters

    reach: ClassVar[Mapping[str, str]] = {**ControlledProcedure.reach, **Indicating.reach}

    def equation(self, evidence: Evidence) -> str:
        return f"E = p_i + p_res - p_ref, {self.reference_equation(evidence)}"

    def measure(self, point: Point, run: Run) -> GaugeSeen:
        return GaugeSeen(**self.read(run, {"indicated": self.dut.pressure}))

    def error(self, repeats: AtPressure[GaugeSeen]) -> ErrorOf[GaugeSeen]:
        return shown_error(repeats, lambda seen: seen.indicated, self.parameters)
