"""Calibrate a pressure gauge, electromechanical or dial, against a controller or a reference gauge.

Sequences and characteristics are in the form of DKD-R 6-1 and EURAMET cg-17; classes are shares of the span
(JJG 52 for elastic gauges, JJG 875 for digital ones). What of these is not known from the documents is a
parameter, and said to be unverified there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from remotecal.drivers.capabilities import PressureGauge
from remotecal.drivers.measured import Measured
from remotecal.errors import ParameterError
from remotecal.model import Text
from remotecal.procedures import In, Point, Run
from remotecal.procedures.library.evaluation.output import Indication
from remotecal.procedures.library.pressure.device import PressureProcedure
from remotecal.procedures.library.pressure.parameters import PressureParameters
from remotecal.procedures.library.pressure.places import PRESSURE, AtPressure, ErrorOf, PressureSeen
from remotecal.uncertainty.number import Number, Numbers
from remotecal.units import convert


class GaugeSeen(PressureSeen):
    """What a repeat yields: the standard and the gauge together."""

    indicated: Annotated[tuple[Measured, ...], "Pa"]
    """The gauge under test."""


class GaugeParameters(PressureParameters):
    """What a gauge's calibration is told."""

    resolution: Annotated[float, In("Pa", above=0)]
    """Smallest step of the indication; of a dial, what of a graduation is read."""
    norm: str = "JJG 875"
    """The regulation the gauge is held against; JJG 52 for elastic gauges."""


class Gauge(PressureProcedure[GaugeSeen]):
    """Calibrate a pressure gauge, up and down (DKD-R 6-1, EURAMET cg-17)."""

    title: ClassVar[Text] = Text(zh="压力表校准", en="Calibration of a pressure gauge")
    norms: ClassVar[tuple[str, ...]] = ("DKD-R 6-1", "EURAMET cg-17")
    item: ClassVar[Text] = Text(en="the gauge")
    model_equation: ClassVar[str] = "E = p_i - p_ref, p_ref = p_std - (ρ_f - ρ_a)·g·l"

    dut: PressureGauge

    Parameters: ClassVar[type[PressureParameters]] = GaugeParameters
    parameters: GaugeParameters

    reach: ClassVar[Mapping[str, str]] = {**PressureProcedure.reach, "dut.pressure": PRESSURE}
    inputs: ClassVar[Mapping[str, Text]] = {
        **PressureProcedure.inputs,
        "p_res": Text(zh="被检表分辨力", en="resolution of the gauge"),
    }

    @property
    def unit(self) -> str:
        return self.parameters.unit

    @property
    def full(self) -> float:
        return convert(self.parameters.width, "Pa", self.unit)

    def ideal(self, pressure: float) -> float:
        return convert(pressure, "Pa", self.unit)

    def prepare(self, run: Run) -> None:
        """See that the gauge counts from where the order says."""
        super().prepare(run)
        if self.dut.is_absolute() != self.parameters.absolute:
            is_ = "absolute" if self.dut.is_absolute() else "gauge"
            raise ParameterError(
                f"the gauge under test shows {is_} pressure: parameters.absolute says otherwise"
            )

    def measure(self, point: Point, run: Run) -> GaugeSeen:
        return GaugeSeen(**self.read(run, {"indicated": self.dut.pressure}))

    def error(self, repeats: AtPressure[GaugeSeen]) -> ErrorOf[GaugeSeen]:
        step, scale = self.parameters.resolution, convert(1.0, "Pa", self.unit)
        shown = Indication(repeats, lambda seen: seen.indicated, step, "Pa", "p_res")

        def error(seen: GaugeSeen, x: Numbers) -> Number:
            found: Number = (shown.indicated(seen, x) - repeats.reference(seen, x)) * scale
            return found

        return error
