"""The pure half of a densitometer's verification: its errors at standards and weights, with their budgets."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.water import water_density_tanaka
from remotecal.model import Text
from remotecal.procedures import By, Often
from remotecal.procedures.library.density.bodies import at_temperature
from remotecal.procedures.library.density.results import LoadFinding, SolidFinding
from remotecal.procedures.library.density.standing import (
    CONVENTIONAL,
    DENSITY,
    DRIFT,
    VOLUME,
    WATER,
    use_bubble,
    use_expansion,
    use_gradient,
)
from remotecal.procedures.library.evaluation.coefficients import Single
from remotecal.procedures.library.evaluation.finding import scatter
from remotecal.procedures.library.evaluation.output import Indication, mean
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.standards import Standard, from_limit
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.density.parameters import DensitometerParameters

INPUTS: Final[Mapping[str, Text]] = {
    "ρ_s": Text(zh="标准固体密度（20 °C）", en="density of the standard at 20 °C"),
    "δ_d": Text(zh="标准固体漂移", en="drift of the standard"),
    "γ": Text(zh="体膨胀系数", en="cubic thermal expansion"),
    "t_l": Text(zh="液体温度计示值偏差", en="deviation of the liquid's thermometer"),
    "δ_t": Text(zh="液体温度梯度", en="gradient of temperature in the liquid"),
    "v_b": Text(zh="残留气泡体积", en="volume of bubbles that stayed"),
    "ρ_res": Text(zh="密度计分辨力", en="resolution of the densitometer"),
    "E_rep": Text(zh="重复性", en="repeatability"),
}
"""The inputs of the measurement model, by symbol."""


class DensitometerSeen(InAir):
    """What a repeat yields: of a standard, or of a weight."""

    liquid: Annotated[tuple[Measured, ...] | None, "°C", By("thermometer", "temperature"), Often(2)] = None
    """The liquid, before the standard was weighed and after."""
    shown: Annotated[Measured | None, "kg/m3", By("dut", "density")] = None
    """The density it shows of the standard."""
    assumed: Annotated[Measured | None, "kg/m3", By("liquid", "density")] = None
    """The density it uses for the liquid."""
    weighed: Annotated[Measured | None, "kg", By("balance", "settled_mass")] = None
    """What it shows of the weight."""


class StandardCheck(Repeats[DensitometerSeen]):
    """The readings of one standard.

    Args:
        point: at which it was put in.
        evidence: of the run.
        parameters: of the run.
        number: of the standard, from 1.
        material: what it is made of.
    """

    def __init__(
        self,
        point: Point,
        evidence: Evidence,
        parameters: DensitometerParameters,
        number: int,
        material: str,
    ) -> None:
        super().__init__(point, evidence, DensitometerSeen.at(evidence, point))
        self._parameters = parameters
        certificate = self.certificate(f"standards[{number}]")
        self.serial = evidence.artefacts[f"standards[{number}]"].serial
        self._standard = self.use(Single("ρ_s", certificate, DENSITY, "kg/m3"))
        (volume,) = Single("V", certificate, VOLUME, "m3").inputs
        self._volume = volume.value
        if DRIFT in evidence.characteristics:
            self.characteristic("δ_d", DRIFT, "kg/m3")
        use_expansion(self, "γ", material)
        self._thermometer = self.correction(
            "t_l", "thermometer", [one for each in self.seen for one in each.liquid or ()], "°C"
        )
        use_gradient(self, "δ_t", parameters.gradient)
        use_bubble(self, "v_b", parameters.bubble)
        told, step = [mean(_shown(seen), "kg/m3") for seen in self.seen], parameters.resolution
        if scatter(told) > step / math.sqrt(12):
            step = 0.0  # of six readings that differ by steps the mean is as sure as it scatters
        self._shown = Indication(self, _shown, step, "kg/m3", "ρ_res")

    def temperature(self, seen: DensitometerSeen, x: Numbers) -> Number:
        """Return the temperature of the standard in a repeat, in °C."""
        liquid: Number = self._thermometer.corrected(x, mean(seen.liquid or (), "°C")) + x["δ_t"]
        return liquid

    def true(self, seen: DensitometerSeen, x: Numbers) -> Number:
        """Return the standard's density in a repeat, in kg/m³."""
        stated = self._standard.value(x) + x.get("δ_d", 0.0)
        return at_temperature(stated, x["γ"], self.temperature(seen, x))

    def error(self, seen: DensitometerSeen, x: Numbers) -> Number:
        """Return the densitometer's error in a repeat, in kg/m³."""
        clean = self._shown.indicated(seen, x) * (1.0 + x["v_b"] / self._volume)
        found: Number = clean - self.true(seen, x)
        return found

    def found(self) -> SolidFinding:
        """Return what was found."""
        wanted, known = self._parameters, self.estimates()
        evaluated = self.evaluate(self.error, "kg/m3", coverage=wanted.coverage, k=wanted.coverage_factor)
        return SolidFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(zh=f"标准固体 {self.serial}", en=f"Standard {self.serial}"),
            reference=[estimate(self.true(seen, known)) for seen in self.seen],
            errors=self.errors(self.error),
            evaluated=evaluated,
            beyond=self.beyond,
            serial=self.serial,
            volume=self._volume,
            shown=statistics.fmean(mean(_shown(seen), "kg/m3") for seen in self.seen),
            temperature=statistics.fmean(estimate(self.temperature(seen, known)) for seen in self.seen),
        )


class BalanceCheck(Repeats[DensitometerSeen]):
    """The readings of one weight, in kg; arguments as `StandardCheck`.

    A weight's conventional mass is what its balance shall show: density of air and weights are near 1.2 and
    8000 kg/m³.
    """

    def __init__(
        self, point: Point, evidence: Evidence, parameters: DensitometerParameters, number: int
    ) -> None:
        super().__init__(point, evidence, DensitometerSeen.at(evidence, point))
        self._parameters = parameters
        role = f"weights[{number}]"
        self.serial = evidence.artefacts[role].serial
        self._weight = self.use(Single("m_c", self.certificate(role), CONVENTIONAL, "kg"))
        step = parameters.balance_step
        self._shown = Indication(self, lambda one: (_weighed(one),), step, "kg", "m_res")

    def error(self, seen: DensitometerSeen, x: Numbers) -> Number:
        """Return the balance's error in a repeat, in kg."""
        found: Number = self._shown.indicated(seen, x) - self._weight.value(x)
        return found

    def found(self) -> LoadFinding:
        """Return what was found."""
        wanted = self._parameters
        return LoadFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(zh=f"砝码 {self.serial}", en=f"Weight {self.serial}"),
            reference=[known.value for known in self._weight.inputs],
            errors=self.errors(self.error),
            evaluated=self.evaluate(self.error, "kg", coverage=wanted.coverage, k=wanted.coverage_factor),
            serial=self.serial,
        )


def liquid_deviation(evidence: Evidence, seen: Sequence[DensitometerSeen]) -> float | None:
    """Return by how much the density taken for water is off, in kg/m³, where it is most.

    None where it is not known what was used.
    """
    if not seen:
        return None
    fact = evidence.characteristics.get(WATER)
    denser = 0.0 if fact is None else fact.size("1")
    read = [one for each in seen for one in each.liquid or ()]
    used = evidence.certificates.get("thermometer")
    known = (
        from_limit("t_l", read)
        if used is None
        else Standard.certified("t_l", used.certificate, "°C", extended=True)
    )
    zero = {"t_l": 0.0}
    deviations = []
    for each in seen:
        if each.assumed is None or each.liquid is None:
            continue
        shown = mean(each.liquid, "°C")
        t = estimate(known.around(shown).corrected(zero, shown))
        water = water_density_tanaka(t, each.air_pressure.value) * (1.0 + denser)
        deviations.append(each.assumed.value - water)
    return max(deviations, key=abs, default=None)


def _shown(seen: DensitometerSeen) -> tuple[Measured, ...]:
    if seen.shown is None:
        raise EvidenceError(f"{seen.entry.point.name}, repeat {seen.entry.repeat}: no density was read")
    return (seen.shown,)


def _weighed(seen: DensitometerSeen) -> Measured:
    if seen.weighed is None:
        raise EvidenceError(f"{seen.entry.point.name}, repeat {seen.entry.repeat}: no weight was read")
    return seen.weighed
