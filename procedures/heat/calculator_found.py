"""The pure half of calibrating a calculator: from what was simulated to its error.

    E = W/(k(θ_f, θ_r, p)·(1 + δ_k)·(θ_f - θ_r)·N/K_V) - 1   θ = θ'(R + R_l), R: simulated, R_l: of the leads

N pulses are exact, for they are counted where they are made. What a calculator that is set for the other side
would have been off is known as well, so that one which is can be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.heat_coefficient import Side, heat_coefficient
from remotecal.model import Text
from remotecal.procedures import By, Waited
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY, Repeats
from remotecal.procedures.library.evaluation.sources import NORM_FORMULA
from remotecal.procedures.library.heat.energy import EnergyFinding, EnergySeen, energy_output
from remotecal.scales.iec60751 import temperature
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.evaluation.several import DevicePlace
    from remotecal.procedures.library.heat.parameters import CalculatorParameters

LEADS: Final = "lead_resistance"
"""Fact of the bench: resistance in Ω of the leads from a source to the calculator, both ways."""
NOMINAL: Final = 100.0
"""The norm's curve is written for 100 Ω."""


class CalculatorSeen(EnergySeen):
    """What a repeat yields: one packet of pulses."""

    told_after: Annotated[
        tuple[Measured, ...] | None,
        "kW*h",
        "1",
        By("dut", "energy"),
        By("dut", "running_pulses"),
        Waited("sending", since="told_before"),
    ] = None
    counted_after: Annotated[
        Measured | None, "1", By("dut", "running_pulses"), Waited("sending", since="counted_before")
    ] = None
    energy_after: Annotated[
        Measured | None, "kW*h", By("dut", "energy"), Waited("sending", since="energy_before")
    ] = None
    forward: Annotated[Measured, "Ω", By("forward", "resistance")]
    """What is set at the source that stands for the thermometer of the flow."""
    back: Annotated[Measured, "Ω", By("back", "resistance")]
    """At that of the return."""
    sent: Annotated[int, "1"]
    """Pulses of the packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculatorFinding(EnergyFinding):
    """The error at a difference that was simulated."""

    forward: float
    """Temperature of the flow that was simulated, in °C."""
    otherwise: float
    """Its error in %, were it meant for a flow sensor on the other side."""


class SimulatedHeat(Repeats[CalculatorSeen]):
    """The packets at one difference."""

    def __init__(
        self,
        point: Point,
        evidence: Evidence,
        seen: Sequence[CalculatorSeen],
        parameters: CalculatorParameters,
        place: DevicePlace,
    ) -> None:
        super().__init__(point, evidence, seen)
        self.wanted = parameters
        for one in self.seen:
            if one.sent != parameters.packet:
                raise EvidenceError(
                    f"{point.name}: a packet of {one.sent} pulses is said to have been sent, and the order's "
                    f"packets have {parameters.packet}"
                )
        self._sources = {
            "f": self.correction("R_f", "forward", [one.forward for one in self.seen], "Ω", extended=False),
            "r": self.correction("R_r", "back", [one.back for one in self.seen], "Ω", extended=False),
        }
        for side in self._sources:
            self.characteristic(f"l_{side}", LEADS, "Ω")
        self.inputs.append(
            Input.from_limits("δ_k", 0.0, "1", parameters.coefficient_limit, source=NORM_FORMULA)
        )
        self._output = energy_output(self, parameters, place)

    def simulated(self, seen: CalculatorSeen, x: Numbers) -> tuple[Number, Number]:
        """Return both temperatures in °C that a calculator by the norm should see."""
        scale = NOMINAL / self.wanted.nominal
        ohms = {"f": seen.forward.value, "r": seen.back.value}
        forward, back = (
            temperature(scale * (known.corrected(x, ohms[side]) + x[f"l_{side}"]))
            for side, known in self._sources.items()
        )
        return forward, back

    def delivered(self, seen: CalculatorSeen, x: Numbers, side: Side) -> Number:
        """Return the energy in kWh that was delivered, by convention."""
        forward, back = self.simulated(seen, x)
        k = heat_coefficient(forward, back, self.wanted.pressure, side) * (1.0 + x["δ_k"])
        volume = seen.sent / self.wanted.pulses_per_volume
        energy: Number = k * (forward - back) * volume
        return energy

    def error(self, seen: CalculatorSeen, x: Numbers, side: Side | None = None) -> Number:
        """Return the relative error in a repeat, for a flow sensor on the side it is declared, or another."""
        delivered = self.delivered(seen, x, side or self.wanted.side)
        relative: Number = self._output.indicated(seen, x) / delivered - 1.0
        return relative

    def otherwise(self) -> float:
        """Return the mean error in %, were it set for the other side."""
        other: Side = "return" if self.wanted.side == "forward" else "forward"
        known = self.estimates()
        found = [100.0 * estimate(self.error(one, known, other)) for one in self.seen]
        return sum(found) / len(found)

    def found(self) -> CalculatorFinding:
        """Return the error at this difference."""
        wanted, known = self.wanted, self.estimates()
        places = [tuple(map(estimate, self.simulated(one, known))) for one in self.seen]
        forward, back = places[0]
        difference = self.point.nominal["difference"]
        return CalculatorFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(
                zh=f"温差 {difference:g} K，回水 {back:.4g} °C",
                en=f"Difference {difference:g} K, return {back:.4g} °C",
            ),
            reference=[at - there for at, there in places],
            errors=self.errors(self.error, 100.0),
            evaluated=self.evaluate(
                self.error, "%", scale=100.0, coverage=wanted.coverage, k=wanted.coverage_factor
            ),
            beyond=self.beyond,
            forward=forward,
            back=back,
            otherwise=self.otherwise(),
        )


CLEARLY: Final = 0.3
"""Share of the errors, and per cent of error, by which one that is set for the other side is told."""


def other_side(findings: Sequence[CalculatorFinding]) -> bool:
    """Tell whether a calculator's errors are those of one that is set for a flow sensor on the other side."""
    declared = max(abs(finding.evaluated.value) for finding in findings)
    other = max(abs(finding.otherwise) for finding in findings)
    return declared > CLEARLY and other < CLEARLY * declared


INPUTS: Final[Mapping[str, Text]] = {
    REPEATABILITY: Text(zh="重复性", en="repeatability of the error"),
    "R_f": Text(zh="供水模拟电阻偏差", en="deviation of the resistance simulated for the flow"),
    "R_r": Text(zh="回水模拟电阻偏差", en="deviation of the resistance simulated for the return"),
    "l_f": Text(zh="供水侧导线电阻", en="resistance of the leads, flow"),
    "l_r": Text(zh="回水侧导线电阻", en="resistance of the leads, return"),
    "δ_k": Text(zh="热系数 k", en="heat coefficient k"),
    "N": Text(zh="热量脉冲计数（±1）", en="counted pulses of energy (±1)"),
    "W_res": Text(zh="热量示值分辨力", en="resolution of the energy on the display"),
}
"""The inputs of the measurement model, by symbol."""
