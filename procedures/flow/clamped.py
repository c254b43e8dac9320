"""A clamp-on meter on a pipe, the pure half: what truly passed where it told of a volume.

    V = (V_c + V_r)/(1 + e_r)·(D/D_s)^n·(1 + δ_p)·(1 + δ_T),  D = (D_o - 2·(w + l))·(1 + α·(t - 20 °C))

V_c is what its total went on by, V_r what the total's step leaves open, e_r its certified error at the
velocity in this pipe, D the pipe's inner diameter by its outer one D_o, its wall w and lining l, D_s the
diameter the meter has been told. δ_p is what the profile at this place may be other than where it was
calibrated, δ_T what another temperature may do. What mounting does scatters from one mounting to the next, so
the repeatability is that of the mountings' means.

What the pipe between both meters holds more at the end of a repeat is not counted. Of a length L, at the
velocity v and in a time τ, that is β·ΔT·L/(v·τ) of the volume by warming and 7e-10 1/Pa·Δp·L/(v·τ) by
pressure: at 20 m, 1 m/s, 60 s, 0.1 K and 1 bar 0.0007 % and 0.002 %. At the worst, 100 m, 0.3 m/s, 30 s,
0.5 K at 30 °C and 1 bar, it is 0.17 % and 0.08 %, which makes U, 1.1 % by the profile alone, 0.02 % larger.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import CertificateRefused
from remotecal.model import Text
from remotecal.procedures import By
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY
from remotecal.procedures.library.evaluation.sources import AS_MEASURED, ORDER
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.measuring.sampling import SAMPLED
from remotecal.procedures.library.meters.passing import INPUTS as OF_METER
from remotecal.procedures.library.meters.passing import MeterRepeats, MeterSeen
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.uncertainty.inputs import Input
from remotecal.units import same_dimension

if TYPE_CHECKING:
    from remotecal.model import Certificate
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.flow.clamp_on_parameters import ClampOnParameters
    from remotecal.uncertainty.number import Number, Numbers

INPUTS: Final[Mapping[str, Text]] = {
    **OF_METER,
    REPEATABILITY: Text(zh="各次安装间的重复性", en="repeatability from one mounting to the next"),
    "e_r": Text(zh="外夹式标准表证书误差", en="certified error of the clamp-on meter"),
    "V_r": Text(zh="外夹式标准表累积量分辨力", en="resolution of the clamp-on meter's total"),
    "D_o": Text(zh="管道外径", en="outer diameter of the pipe"),
    "w": Text(zh="管壁厚度", en="wall of the pipe"),
    "l": Text(zh="衬里厚度", en="lining of the pipe"),
    "δ_p": Text(zh="流速分布与直管段", en="profile, by the straight run"),
    "δ_T": Text(zh="温度影响", en="influence of the temperature"),
    "t_m": Text(zh="水温示值偏差", en="deviation of the water temperature"),
    "Δt": Text(zh="两表读数时间差", en="time between reading the two meters"),
}
"""The inputs of the measurement model, by symbol."""

AGAINST: Final = ("basic_measuredValue", "basic_referenceValue")
"""refTypes of what a flow meter's certificate may state its errors against."""


class ClampOnSeen(MeterSeen):
    """What a repeat yields: what both meters told, and the water's temperature."""

    in_order: ClassVar[tuple[str, ...]] = ("reference_before reference_after",)

    reference_before: Annotated[Measured, "m3", By("reference", "volume")]
    """Total of the clamp-on meter."""
    reference_after: Annotated[Measured, "m3", By("reference", "volume")]
    temperature: Annotated[tuple[Measured, ...], "°C", By("thermometer", "temperature"), SAMPLED]
    """Water, or the pipe's wall under the insulation, while the repeat lasted."""

    @property
    def between_totals(self) -> float:
        """Time in s from one reading of the clamp-on meter's total to the other."""
        return self.reference_after.at - self.reference_before.at


@dataclass(frozen=True, slots=True, kw_only=True)
class ClampOnFinding(MeterFinding):
    """What was found at one flow, over all mountings."""

    by_mounting: Sequence[Sequence[float]]
    """Errors of the repeats of each mounting, in %."""
    velocity: float
    """Mean velocity in the pipe, in m/s."""

    @property
    def repeatability(self) -> float:
        """Sample standard deviation within a mounting, in %: what mounting does is not the meter's."""
        return math.sqrt(statistics.fmean(statistics.variance(each) for each in self.by_mounting))


@dataclass(frozen=True, slots=True)
class VelocityCurve:
    """The certified errors of a clamp-on meter, by the velocity in the pipe.

    Args:
        certificate: its own.
        bore: inner diameter in m of the pipe it was calibrated in, where the certificate goes by flow.
    """

    certificate: Certificate
    bore: float | None

    def known(self, symbol: str = "e_r") -> tuple[Standard, float]:
        """Return what is stated, and what a velocity in m/s is multiplied by to find its place there.

        Raises:
            CertificateRefused: it states no errors, or by flow where the pipe's bore is not known.
        """
        stated = [each for each in AGAINST if self.certificate.states(each)]
        for at in stated:
            places = self.certificate.points("basic_measurementError", at, "1").at_unit
            unit, scale = ("m/s", 1.0) if same_dimension(places, "m/s") else ("m3/h", self._per_velocity())
            return Standard.certified(symbol, self.certificate, "1", at=at, at_unit=unit), scale
        raise CertificateRefused(
            f"certificate {self.certificate.number} states no errors against a velocity or a flow: take a "
            "clamp-on meter that was calibrated with water"
        )

    def _per_velocity(self) -> float:
        if self.bore is None:
            raise CertificateRefused(
                f"certificate {self.certificate.number} states errors against flows, in whatever pipe: give "
                "calibrated_bore, the inner diameter of that pipe"
            )
        return 3600.0 * math.pi / 4 * self.bore**2

    def require(self, lowest: float, highest: float, tolerance: float) -> None:
        """Raise `CertificateRefused` unless it holds at all velocities that a plant may make.

        Args:
            lowest: velocity in m/s.
            highest: velocity in m/s.
            tolerance: how far a flow may be from the one asked for, in %; for what is said.
        """
        known, scale = self.known()
        try:
            known.require(scale * lowest, scale * highest, "by the velocities in this pipe it is to tell")
        except CertificateRefused as refusal:
            raise CertificateRefused(
                f"{refusal}, or order flows that are within, or a plant that holds them better than to "
                f"{tolerance:g} % by flow_tolerance"
            ) from None


class OnPipe(MeterRepeats[ClampOnSeen]):
    """The repeats at one flow, over all mountings of the clamp-on meter."""

    def __init__(
        self,
        point: Point,
        evidence: Evidence,
        by_mounting: Sequence[Sequence[ClampOnSeen]],
        parameters: ClampOnParameters,
    ) -> None:
        seen = [one for each in by_mounting for one in each]
        super().__init__(point, evidence, seen, parameters)
        self._pipe, self._sizes = parameters, [len(each) for each in by_mounting]
        self.velocity = parameters.velocity(self._flowed())
        """Mean velocity in m/s, by what the clamp-on meter told: a plant makes about the flow asked for."""
        self.read_by("reference", [r for one in seen for r in (one.reference_before, one.reference_after)])
        known, scale = VelocityCurve(self.certificate("reference"), parameters.bore_of_certificate).known()
        self._place = scale * self.velocity
        self._error = self.use(known.around(self._place))
        self._thermometer = self.correction(
            "t_m", "thermometer", [one for each in seen for one in each.temperature], "°C"
        )
        self.rounded("V_r", "m3", parameters.reference_resolution, ORDER)
        self.inputs += self._of_site()
        self.read_at_once("Δt")
        self.read_meter()

    def _flowed(self) -> float:
        """Return the flow that the clamp-on meter told, on the mean of all repeats, in m³/h."""
        return 3600.0 * statistics.fmean(
            self.passed(one, "reference", "m3") / self.lasted(one) for one in self.seen
        )

    def _of_site(self) -> tuple[Input, ...]:
        """Return what the pipe and the place bring into the model."""
        pipe = self._pipe
        apart = max(abs(mean(one.temperature, "°C") - pipe.calibrated_at) for one in self.seen)
        lengths = {
            "D_o": (pipe.outer_diameter, pipe.outer_diameter_expanded),
            "w": (pipe.wall, pipe.wall_expanded),
            "l": (pipe.lining, pipe.lining_expanded),
        }
        return (
            *(
                Input.from_certificate(symbol, value, "mm", expanded, source=AS_MEASURED)
                for symbol, (value, expanded) in lengths.items()
            ),
            Input.from_limits("δ_p", 0.0, "1", pipe.profile / 100.0, source=pipe.straight_run),
            Input.from_limits("δ_T", 0.0, "1", pipe.temperature_effect / 100.0 * apart, source=ORDER),
        )

    def volume(self, seen: ClampOnSeen, x: Numbers) -> Number:
        """Return what passed in a repeat, in m³."""
        t = self._thermometer.corrected(x, mean(seen.temperature, "°C"))
        inner = (x["D_o"] - 2.0 * (x["w"] + x["l"])) * (1.0 + self._pipe.pipe_expansion * (t - 20.0))
        wider = (inner / self._pipe.told_inner) ** self._pipe.diameter_exponent
        true = (self.passed(seen, "reference", "m3") + x["V_r"]) / (1.0 + self._error.value(x, self._place))
        of_place = (1.0 + x["δ_p"]) * (1.0 + x["δ_T"])
        passed: Number = true * wider * of_place / (1.0 + x["Δt"] / self.lasted(seen))
        return passed

    def lasted(self, seen: ClampOnSeen) -> float:
        """Return the time from one reading of the clamp-on meter's total to the other, in s."""
        return seen.between_totals

    def finding(self) -> ClampOnFinding:
        """Return the error at this flow."""
        found = self.solve(self.volume, lambda seen, _: self.lasted(seen))
        return ClampOnFinding(
            point=found.point,
            observed_at=found.points,
            title=found.title,
            reference=found.reference,
            errors=found.errors,
            evaluated=found.evaluated,
            beyond=found.beyond,
            factors=found.factors,
            by_mounting=self._apart(found.errors),
            velocity=self.velocity,
        )

    def _apart(self, errors: Sequence[float]) -> list[list[float]]:
        """Return the errors of each mounting."""
        rest = iter(errors)
        return [[next(rest) for _ in range(size)] for size in self._sizes]

    def _repeatability(self, errors: Sequence[float], unit: str) -> tuple[Input]:
        """Return the scatter of the mountings' means as an input: repeats of one mounting share it."""
        means = [statistics.fmean(each) for each in self._apart(errors)]
        spread = Input.from_readings(REPEATABILITY, means, unit)
        source = Text(zh=f"{len(means)} 次安装", en=f"{len(means)} mountings")
        return (Input.student_t(REPEATABILITY, 0.0, unit, spread.u, spread.dof, source=source),)
