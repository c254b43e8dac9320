"""The pure half of weighing in air and in a liquid: what a balance said, and the density that follows.

Readings count less those of the empty pan or carrier. In air and in the liquid the balance's deviations are
one input each, correlated as its certificate states.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.water import WATER_FORMULAS
from remotecal.model import Text
from remotecal.procedures import By, Often
from remotecal.procedures.library.density import bodies
from remotecal.procedures.library.density.bodies import Buoyed
from remotecal.procedures.library.density.results import VolumeFinding
from remotecal.procedures.library.density.standing import (
    DENSITY,
    DRIFT,
    MASS,
    SUNK,
    WATER,
    WEIGHED,
    use_bubble,
    use_eccentricity,
    use_expansion,
    use_gradient,
    use_steps,
)
from remotecal.procedures.library.evaluation import air
from remotecal.procedures.library.evaluation.air import AirAround
from remotecal.procedures.library.evaluation.coefficients import Single
from remotecal.procedures.library.evaluation.output import mean
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.density.parameters import SolidParameters

INPUTS: Final[Mapping[str, Text]] = {
    **air.INPUTS,
    "W_0": Text(zh="天平空载示值偏差", en="deviation of the empty balance"),
    "W_a": Text(zh="空气中称量示值偏差", en="deviation of the balance, in air"),
    "W_l": Text(zh="液体中称量示值偏差", en="deviation of the balance, in the liquid"),
    "W_s": Text(zh="标准固体称量示值偏差", en="deviation of the balance, with the standard"),
    **WEIGHED,
    **SUNK,
    "W_rs": Text(zh="天平分辨力（标准固体）", en="resolution of the balance, with the standard"),
    "t_l": Text(zh="液体温度计示值偏差", en="deviation of the liquid's thermometer"),
    "δ_t": Text(zh="液体温度梯度", en="gradient of temperature in the liquid"),
    "δ_w": Text(zh="吊丝弯月面", en="menisci at the wire"),
    "v_b": Text(zh="残留气泡体积", en="volume of bubbles that stayed"),
    "v_s": Text(zh="标准固体上残留气泡体积", en="volume of bubbles that stayed on the standard"),
    "γ": Text(zh="体膨胀系数", en="cubic thermal expansion"),
    "γ_s": Text(zh="标准固体体膨胀系数", en="cubic thermal expansion of the standard"),
    "ρ_w": Text(zh="水的密度偏差", en="deviation of the water's density"),
    "ρ_s": Text(zh="标准固体密度（20 °C）", en="density of the standard at 20 °C"),
    "m_s": Text(zh="标准固体质量", en="mass of the standard"),
    "δ_d": Text(zh="标准固体漂移", en="drift of the standard"),
    "E_rep": Text(zh="重复性", en="repeatability"),
}
"""The inputs of the measurement model, by symbol."""


class DippedSeen(InAir):
    """What a repeat yields."""

    in_order: ClassVar[tuple[str, ...]] = (
        "pan in_air carrier standard? in_liquid in_liquid standard? carrier",
    )

    pan: Annotated[Measured, "kg", By("dut", "settled_mass")]
    """The balance with nothing on its pan."""
    in_air: Annotated[Measured, "kg", By("dut", "settled_mass")]
    """The solid in air."""
    carrier: Annotated[tuple[Measured, ...], "kg", By("dut", "settled_mass"), Often(2)]
    """The empty carrier in the liquid, before and after."""
    in_liquid: Annotated[tuple[Measured, ...], "kg", By("dut", "settled_mass"), Often(2)]
    """The solid in the liquid."""
    standard: Annotated[tuple[Measured, ...] | None, "kg", By("dut", "settled_mass"), Often(2)] = None
    """The standard in the same liquid, before and after the solid."""
    liquid: Annotated[tuple[Measured, ...], "°C", By("thermometer", "temperature"), Often(2)]
    """The liquid, before and after."""


class DippedRepeats(Repeats[DippedSeen]):
    """The repeats of a solid, and what is known of balance, air and liquid.

    Args:
        point: where they were.
        evidence: of the run.
        seen: what the repeats yielded.
        parameters: of the run.
    """

    def __init__(
        self, point: Point, evidence: Evidence, seen: Sequence[DippedSeen], parameters: SolidParameters
    ) -> None:
        super().__init__(point, evidence, seen)
        self._parameters = parameters
        self._by_standard = parameters.method == "substitution"
        self._air = AirAround(self)
        self._empty = self.correction("W_0", "dut", [s.pan for s in seen], "kg")
        self._in_air = self.correction("W_a", "dut", [s.in_air for s in seen], "kg")
        self._sunk = self.correction("W_l", "dut", [one for s in seen for one in s.in_liquid], "kg")
        self._thermometer = self.correction(
            "t_l", "thermometer", [one for s in seen for one in s.liquid], "°C"
        )
        use_steps(self, "W_ra", parameters)
        use_steps(self, "W_rl", parameters, 2)
        for symbol in ("W_ea", "W_el"):
            use_eccentricity(self, symbol, parameters)
        use_gradient(self, "δ_t", parameters.gradient)
        use_bubble(self, "v_b", parameters.bubble)
        use_expansion(self, "γ", parameters.material)
        if self._by_standard:
            self._use_standard()
        else:
            self._use_water()

    def _use_standard(self) -> None:
        """Let a standard tell the liquid's density; menisci then cancel but for what scatters."""
        readings = [one for seen in self.seen for one in _standard(seen)]
        self._with_standard = self.correction("W_s", "dut", readings, "kg")
        use_steps(self, "W_rs", self._parameters, 2)
        certificate = self.certificate("standard")
        self._density = self.use(Single("ρ_s", certificate, DENSITY, "kg/m3"))
        self._mass = self.use(Single("m_s", certificate, MASS, "kg"))
        if DRIFT in self.evidence.characteristics:
            self.characteristic("δ_d", DRIFT, "kg/m3")
        use_expansion(self, "γ_s", self._parameters.standard_material or "")
        use_bubble(self, "v_s", self._parameters.bubble)

    def _use_water(self) -> None:
        """Take water by formula, and allow for menisci that differ with a body on the carrier."""
        wanted = self._parameters
        self._formula = WATER_FORMULAS[wanted.water]
        self.characteristic("ρ_w", WATER, "1", beside=self._formula.u)
        pull = estimate(bodies.meniscus(wanted.wire, wanted.surface_tension))
        share = f"{wanted.meniscus:.0%}"
        source = Text(zh=f"π·d·σ/g 的 {share}", en=f"π·d·σ/g, {share} of it")
        self.inputs.append(Input.from_limits("δ_w", 0.0, "kg", wanted.meniscus * pull, source=source))

    @property
    def equation(self) -> str:
        """The measurement model in one line, for the certificate."""
        liquid = (
            "ρ_l = (m_s - (W_s + W_rs + W_el)·(1 - ρ_a/ρ_r))/(V_s + v_s), "
            "V_s = m_s/(ρ_s + δ_d)·(1 + γ_s·(t_l + δ_t - 20 °C))"
            if self._by_standard
            else "ρ_l = ρ_Tanaka(t_l + δ_t, p_a)·(1 + ρ_w)"
            if self._parameters.water == "Tanaka"
            else "ρ_l = ρ_IAPWS(t_l + δ_t, p_a)·(1 + ρ_w)"
        )
        pull = "" if self._by_standard else " + δ_w"
        return (
            f"ρ = (W_a'/V + ρ_a)·(1 + γ·(t_l + δ_t - 20 °C)), V = (W_a' - W_l'{pull})/(ρ_l - ρ_a) - v_b, "
            f"W_a' = (W_a + W_ra + W_ea)·(1 - ρ_a/ρ_r), W_l' = (W_l + W_rl + W_el)·(1 - ρ_a/ρ_r), {liquid}"
        )

    def temperature(self, seen: DippedSeen, x: Numbers) -> Number:
        """Return the body's temperature in the liquid, in °C."""
        t: Number = self._thermometer.corrected(x, mean(seen.liquid, "°C")) + x["δ_t"]
        return t

    def density(self, seen: DippedSeen, x: Numbers) -> Number:
        """Return the solid's density at 20 °C in a repeat, in kg/m³."""
        in_air, found = self._volume(seen, x)
        return bodies.at_reference(bodies.density(in_air, found), x["γ"], self.temperature(seen, x))

    def volume(self, seen: DippedSeen, x: Numbers) -> Number:
        """Return the solid's volume at 20 °C in a repeat, in m³."""
        _, found = self._volume(seen, x)
        at_20: Number = found / (1.0 + x["γ"] * (self.temperature(seen, x) - bodies.REFERENCE))
        return at_20

    def _volume(self, seen: DippedSeen, x: Numbers) -> tuple[Buoyed, Number]:
        air = self._air.density(seen, x)
        in_air = Buoyed(
            self._in_air.corrected(x, mean((seen.in_air,), "kg"))
            - self._empty.corrected(x, mean((seen.pan,), "kg"))
            + x["W_ra"]
            + x["W_ea"],
            air,
        )
        carrier = self._empty.corrected(x, mean(seen.carrier, "kg"))
        hangs = self._sunk.corrected(x, mean(seen.in_liquid, "kg")) - carrier
        sunk = Buoyed(hangs + x["W_rl"] + x["W_el"], air)
        liquid = self._liquid(seen, x, carrier, air)
        occupied = bodies.volume(in_air, sunk, liquid, x.get("δ_w", 0.0))
        return in_air, occupied - x["v_b"]

    def _liquid(self, seen: DippedSeen, x: Numbers, carrier: Number, air: Number) -> Number:
        """Return the liquid's density at the body, in kg/m³."""
        t = self.temperature(seen, x)
        if not self._by_standard:
            known: Number = self._formula.density(t, self._air.pressure(seen, x)) * (1.0 + x["ρ_w"])
            return known
        mass = self._mass.value(x)
        at_20 = mass / (self._density.value(x) + x.get("δ_d", 0.0))
        hangs = self._with_standard.corrected(x, mean(_standard(seen), "kg")) - carrier
        sunk = Buoyed(hangs + x["W_rs"] + x["W_el"], air)
        return bodies.by_standard(mass, bodies.warmer(at_20, x["γ_s"], t) + x["v_s"], sunk)

    def found(self) -> VolumeFinding:
        """Return what was found."""
        wanted, known = self._parameters, self.estimates()
        evaluated = self.evaluate(self.density, "kg/m3", coverage=wanted.coverage, k=wanted.coverage_factor)
        volumes = [estimate(self.volume(seen, known)) for seen in self.seen]
        return VolumeFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(zh="固体密度（20 °C）", en="Density of the solid at 20 °C"),
            reference=self.errors(self.density),
            errors=self.errors(self.density),
            evaluated=evaluated,
            beyond=self.beyond,
            volume=statistics.fmean(volumes),
            temperature=statistics.fmean(estimate(self.temperature(seen, known)) for seen in self.seen),
        )


def _standard(seen: DippedSeen) -> Sequence[Measured]:
    if seen.standard is None:
        raise EvidenceError(f"{seen.entry.point.name}, repeat {seen.entry.repeat}: no standard was weighed")
    return seen.standard
