"""The pure half of calibrating a critical nozzle: from the mass that passed it to its C_d over Re.

    C_d = q_m/(A·(1 + 2α(t_0 - 20 °C))·C*·(1 + ε_C)·p_0/√(R·T_0/M)),  Re = 4 q_m/(π d μ_0)    (ISO 9300)

Whatever the standard, what it is off it is off for every nozzle: of u(C_d) all but the repeatability is the
part that nozzles of the laboratory have in common, which the certificate states.
"""

from __future__ import annotations

import math
import statistics
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.gas_viscosity import viscosity
from remotecal.model import Text
from remotecal.procedures import By
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY, Repeats
from remotecal.procedures.library.gas import sensors
from remotecal.procedures.library.gas.critical import air_equation, flux, inlet
from remotecal.procedures.library.gas.sensors import Read, Sensors
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.procedures.library.meters.critical import Inlet, at_rest, see_choked
from remotecal.procedures.library.meters.nozzle import EXPANSION, PLENUM, REFERENCE_TEMPERATURE
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.gas.discharge_parameters import DischargeParameters

PLAUSIBLE: Final = (0.9, 1.02)
"""Between what the C_d of a nozzle can lie: beyond, another nozzle is mounted, or its throat mistyped."""


class DischargeSeen(InAir):
    """What a repeat yields of the gas ahead of the nozzle under test."""

    inlet_pressure: Annotated[tuple[Measured, ...], "Pa", By("inlet_gauge", "pressure")]
    """Absolute pressure ahead of the nozzle, while gas passed it."""
    inlet_temperature: Annotated[tuple[Measured, ...], "°C", By("inlet_thermometer", "temperature")]
    """Temperature there."""


CORRECTED: Final[Read] = {
    "p_0": ("inlet_gauge", "pressure", "inlet_pressure", "Pa"),
    "t_0": ("inlet_thermometer", "temperature", "inlet_temperature", "°C"),
}
"""What is read ahead of the nozzle."""

INPUTS: Final[Mapping[str, Text]] = {
    **sensors.INPUTS,
    REPEATABILITY: Text(zh="重复性", en="repeatability of C_d"),
    "p_0": Text(zh="喷嘴前压力示值偏差", en="deviation of the pressure ahead of the nozzle"),
    "t_0": Text(zh="喷嘴前温度示值偏差", en="deviation of the temperature ahead of the nozzle"),
    "α": Text(zh="喷嘴热膨胀系数", en="thermal expansion of the nozzle"),
    "ε_C": Text(zh="临界流函数 C*（状态方程）", en="critical flow function C*, by the equation of state"),
    "ε_ρ": Text(zh="密度（状态方程）", en="density, by the equation of state"),
}
"""The inputs of the nozzle's side of the model, by symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargeFinding(Finding):
    """What was found at one inlet pressure: C_d against the throat's Reynolds number."""

    common: float
    """Standard uncertainty of C_d that all nozzles calibrated so share, relative."""
    mass_flow: float
    """In kg/h, on the mean."""
    ahead: Inlet
    """The gas at rest ahead of the nozzle, on the mean of all repeats."""
    water: float
    """Mole fraction of water in it."""
    back: float
    """Largest ratio of the pressures behind and ahead."""


D = TypeVar("D", bound=DischargeSeen)


class DischargeRepeats(Repeats[D]):
    """The repeats at one inlet pressure; a subclass knows the standard, and adds its inputs to the model.

    Args:
        point: the point.
        evidence: of the run.
        seen: what the repeats yielded.
        parameters: of the procedure.
        read: what is read beside `CORRECTED`.

    Raises:
        EvidenceError: the nozzle was not choked.
    """

    def __init__(
        self,
        point: Point,
        evidence: Evidence,
        seen: Sequence[D],
        parameters: DischargeParameters,
        read: Read,
    ) -> None:
        super().__init__(point, evidence, seen)
        self.wanted, self.equation = parameters, air_equation(parameters.air)
        for one in self.seen:
            if refusal := see_choked(point.name, *self.pressures(one), parameters.most_behind):
                raise EvidenceError(refusal)
        self.sensors = Sensors(self, {**CORRECTED, **read}, parameters.air)
        if EXPANSION in evidence.characteristics:
            self.characteristic("α", EXPANSION, "1/K")
        self._faster = self._velocity()
        self.ahead = self._mean_inlet()
        known, source = self.equation.ranges, self.equation.source
        here = self.equation.range_of(self.ahead.state.gas, self.ahead.state.t, self.ahead.state.pressure)
        there = next((each for each in known if self.holds(each.holds)), known[-1])
        self.inputs += [
            Input.normal("ε_C", 0.0, "1", here.u_critical_flow, source=source),
            Input.normal("ε_ρ", 0.0, "1", there.u_density, source=source),
        ]

    @abstractmethod
    def pressures(self, seen: D) -> tuple[float, float]:
        """Return the largest pressure behind the nozzle and the smallest ahead of it, in Pa."""

    @abstractmethod
    def states(self) -> Sequence[tuple[float, float]]:
        """Return temperatures in °C and pressures in Pa of the gas whose density the standard counts by."""

    @abstractmethod
    def mass_flow(self, seen: D, x: Numbers) -> Number:
        """Return what passed the nozzle in a repeat, in kg/s."""

    def holds(self, within: Callable[[float, float], bool]) -> bool:
        """Tell whether all states of the standard's gas are within a range of the equation."""
        return all(within(t, p) for t, p in self.states())

    def rest(self, seen: D, x: Numbers) -> tuple[Number, Number]:
        """Return temperature in °C and pressure in Pa of the gas at rest ahead of the nozzle."""
        factor, warmer = self._faster
        return self.sensors.at("t_0", seen, x) + warmer, self.sensors.at("p_0", seen, x) * factor

    def coefficient(self, seen: D, x: Numbers) -> Number:
        """Return C_d by one repeat."""
        t_0, p_0 = self.rest(seen, x)
        wider = 1.0 + 2.0 * x.get("α", 0.0) * (t_0 - REFERENCE_TEMPERATURE)
        ideal = flux(self.equation, (t_0, p_0), self.sensors.water(seen, x)) * (1.0 + x["ε_C"])
        found: Number = self.mass_flow(seen, x) / (self.wanted.area * wider * ideal)
        return found

    def found(self) -> DischargeFinding:
        """Return C_d at this inlet pressure.

        Raises:
            EvidenceError: it can't be a nozzle's.
        """
        known, point = self.estimates(), self.point
        flows = [estimate(self.mass_flow(seen, known)) for seen in self.seen]
        coefficients = self.errors(self.coefficient)
        self._see_plausible(statistics.fmean(coefficients))
        viscous = estimate(viscosity(self.ahead.state))
        evaluated = self.evaluate(
            self.coefficient, "1", coverage=self.wanted.coverage, k=self.wanted.coverage_factor
        )
        scatter = next(line.contribution for line in evaluated.lines if line.symbol == REPEATABILITY)
        pressure = estimate(self.ahead.state.pressure) / 1000.0
        pressure = point.nominal.get("pressure", round(pressure, 1))
        return DischargeFinding(
            point=point,
            observed_at=self.points,
            title=Text(zh=f"喷嘴前压力 {pressure:g} kPa", en=f"Inlet pressure {pressure:g} kPa"),
            reference=[4.0 * flow / (math.pi * self.wanted.diameter * viscous) for flow in flows],
            errors=coefficients,
            evaluated=evaluated,
            beyond=self.beyond,
            common=math.sqrt(max(evaluated.u**2 - scatter**2, 0.0)) / evaluated.value,
            mass_flow=3600.0 * statistics.fmean(flows),
            ahead=self.ahead,
            water=statistics.fmean(estimate(self.sensors.water(seen, known)) for seen in self.seen),
            back=max(back / ahead for back, ahead in map(self.pressures, self.seen)),
        )

    def _see_plausible(self, value: float) -> None:
        low, high = PLAUSIBLE
        if not low <= value <= high:
            raise EvidenceError(
                f"{self.point.name}: C_d would be {value:.4f}, which no nozzle has: is throat = "
                f"{self.wanted.throat:g} mm that of the nozzle that is mounted?"
            )

    def _velocity(self) -> tuple[float, float]:
        """Return what brings the stream to rest (`at_rest`): nothing, unless the bench states its width."""
        self._faster = 1.0, 0.0
        if PLENUM not in self.evidence.characteristics:
            return self._faster
        found, width = self._mean_inlet(), self.constant(PLENUM, "m")
        return at_rest(
            found.state, found.volume * self.wanted.area / (math.pi * width**2 / 4), self.wanted.recovery
        )

    def _mean_inlet(self) -> Inlet:
        known = self.estimates()
        rests = [self.rest(seen, known) for seen in self.seen]
        t, p = (statistics.fmean(estimate(one[i]) for one in rests) for i in (0, 1))
        water = statistics.fmean(estimate(self.sensors.water(seen, known)) for seen in self.seen)
        return inlet(self.equation, t, p, water)
