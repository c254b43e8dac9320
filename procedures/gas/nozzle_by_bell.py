"""Calibrate a critical nozzle by a bell prover: a vacuum pump draws the bell's gas through the nozzle.

A bell has no other pressure than the room's, so C_d is found at one Reynolds number. It is stated as one
value for the pressures of rooms, with what it may change on the way there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final

from remotecal.drivers.capabilities import FlowSource, PressureGauge, Valve
from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError, RunError
from remotecal.model import Result, Text
from remotecal.procedures import By, Certificates, Drivers, Evidence, Point, Run
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.gas import bell, discharge
from remotecal.procedures.library.gas.bell import AS_IT_SINKS, Bell, UnderBell, bell_result, lasted, see_equal
from remotecal.procedures.library.gas.bell_parameters import NozzleByBellParameters, OfBell
from remotecal.procedures.library.gas.by_bell import ByBell
from remotecal.procedures.library.gas.discharge import DischargeFinding, DischargeRepeats, DischargeSeen
from remotecal.procedures.library.gas.nozzle_under_test import NozzleUnderTest
from remotecal.procedures.library.gas.sensors import Read
from remotecal.procedures.library.measuring.sampling import read_totals
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers, estimate


class BellNozzleSeen(UnderBell, DischargeSeen):
    """What a repeat yields: the bell, and the nozzle behind it."""

    inlet_pressure: Annotated[tuple[Measured, ...], "Pa", By("inlet_gauge", "pressure"), AS_IT_SINKS]
    """Absolute pressure ahead of the nozzle, while gas passed it."""
    inlet_temperature: Annotated[
        tuple[Measured, ...], "°C", By("inlet_thermometer", "temperature"), AS_IT_SINKS
    ]
    """Temperature there."""
    back_pressure: Annotated[tuple[Measured, ...], "Pa", By("back_gauge", "pressure"), AS_IT_SINKS]
    """Absolute pressure behind the nozzle."""


INPUTS: Final[Mapping[str, Text]] = {
    **discharge.INPUTS,
    **bell.INPUTS,
    "δ_Re": Text(zh="使用压力范围内流出系数变化", en="change of C_d over the pressures it is stated for"),
}
"""The inputs of the measurement model, by symbol."""


class BellNozzleRepeats(DischargeRepeats[BellNozzleSeen]):
    """The repeats of a nozzle, with what is known of the bell.

    Raises:
        EvidenceError: the gas under the bell and ahead of the nozzle was not at one temperature.
    """

    def __init__(self, point: Point, evidence: Evidence, parameters: NozzleByBellParameters) -> None:
        self._told = parameters
        super().__init__(point, evidence, BellNozzleSeen.at(evidence, point), parameters, bell.CORRECTED)
        self._bell = Bell(self, self.sensors, self.equation, parameters)
        for one in self.seen:
            if refusal := see_equal(one, one.inlet_temperature, self._bell.count, parameters):
                raise EvidenceError(f"{point.name}: {refusal}")
        self.inputs.append(self._change())

    def _change(self) -> Input:
        """Return by how much C_d changes from where it was found to the ends of the pressures of rooms."""
        pressure = estimate(self.ahead.state.pressure) / 1000.0
        reynolds = self.ahead.reynolds(self._told.diameter, lambda _: self._told.area)
        ends = (abs(1.0 - math.sqrt(pressure / end)) for end in self._told.room)
        limit = self._told.change / math.sqrt(reynolds) * max(ends)
        return Input.from_limits("δ_Re", 0.0, "1", limit, source="C_d = a - b/√Re")

    def pressures(self, seen: BellNozzleSeen) -> tuple[float, float]:
        return max(one.value for one in seen.back_pressure), min(one.value for one in seen.inlet_pressure)

    def states(self) -> Sequence[tuple[float, float]]:
        return [
            (reading.value, pressure.value)
            for seen in self.seen
            for reading, pressure in ((seen.bell_temperatures[0], seen.bell_pressure[0]),)
        ]

    def mass_flow(self, seen: BellNozzleSeen, x: Numbers) -> Number:
        flow: Number = self._bell.mass(seen, x) / (lasted(seen) + x["Δt"]) * (1.0 + x["ε_ρ"])
        return flow

    def coefficient(self, seen: BellNozzleSeen, x: Numbers) -> Number:
        found: Number = super().coefficient(seen, x) + x["δ_Re"]
        return found


class NozzleByBell(ByBell, NozzleUnderTest):
    """Calibrate a critical flow nozzle by a bell prover (ISO 9300, JJG 620)."""

    title: ClassVar[Text] = Text(
        zh="钟罩法临界流喷嘴校准", en="Calibration of a critical flow nozzle by a bell prover"
    )

    pump: FlowSource
    """The vacuum pump behind the nozzle."""
    back_gauge: PressureGauge
    """Absolute pressure behind it."""

    Parameters: ClassVar[type[NozzleByBellParameters]] = NozzleByBellParameters
    parameters: NozzleByBellParameters

    read: ClassVar[Read] = bell.CORRECTED
    inputs: ClassVar[Mapping[str, Text]] = INPUTS
    gauges: ClassVar[tuple[str, ...]] = ("inlet_gauge", "bell_gauge", "back_gauge")
    one_value: ClassVar[bool] = True
    model_equation: ClassVar[str] = (
        "C_d = q_m/(A·(1 + 2α·(t_0 - 20 °C))·C*·(1 + ε_C)·p_0/√(R·T_0/M)) + δ_Re, "
        "q_m = (1 + ε_ρ)·[ρ_1·(V_d + A_h·h_1) - ρ_2·(V_d + A_h·h_2) - ρ_1·A_h·v_l·τ]/(τ + Δt), "
        "A_h = A_b·(1 + 2α_b·(t_b - 20 °C))·(1 + ε_f)"
    )

    @property
    def of_bell(self) -> OfBell:
        return self.parameters

    def points(self) -> Sequence[Point]:
        return (Point("at the bell's pressure", {}, self.parameters.repeats),)

    def expected(self) -> Sequence[float]:
        return self.parameters.room

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that the thermometers under the bell have their certificates, too."""
        super().check(certificates, drivers)
        under = [(role, "temperature", "°C") for role in drivers if role.startswith("bell_thermometers[")]
        require_known(certificates, drivers, under)

    def prepare(self, run: Run) -> None:
        """See that the gauges count absolute pressure, and that the bell is tight."""
        self.see_absolute()
        self.see_tight(run)

    def measure(self, point: Point, run: Run) -> BellNozzleSeen:
        self.fill(run)
        air = read_air(run, self.ambient)
        self.pump.speed.set(SPEED)
        self.pump.start()
        self.rig.outlet.set(Valve.OPEN)
        run.wait(self.parameters.run_up)
        ends = read_totals(run, {"height_before": self.rig.height})
        watched = (
            self.inlet_gauge.pressure,
            self.inlet_thermometer.temperature,
            self.bell_gauge.pressure,
            self.back_gauge.pressure,
            *(each.temperature for each in self.bell_thermometers),
        )
        rows = self.sink(run, self.parameters.duration, watched)
        ends |= read_totals(run, {"height_after": self.rig.height})
        self.rig.outlet.set(Valve.SHUT)
        self.pump.stop()
        ahead, warm, under, back, *temperatures = zip(*rows, strict=True)
        told: dict[str, Any] = {**air._asdict(), **ends}
        seen = BellNozzleSeen(
            **told,
            bell_pressure=under,
            bell_temperatures=tuple(one for row in zip(*temperatures, strict=True) for one in row),
            inlet_pressure=ahead,
            inlet_temperature=warm,
            back_pressure=back,
        )
        self.see_choked(point, back, ahead)
        if refusal := see_equal(seen, warm, len(self.bell_thermometers), self.of_bell):
            raise RunError(f"{point.name}: {refusal}")
        return seen

    def of_point(self, point: Point, evidence: Evidence) -> BellNozzleRepeats:
        return BellNozzleRepeats(point, evidence, self.parameters)

    def of_standard(
        self, findings: Sequence[DischargeFinding], repeats: Sequence[DischargeRepeats[Any]]
    ) -> Result:
        seen = [each.seen for each in repeats if isinstance(each, BellNozzleRepeats)]
        return bell_result([finding.point.name for finding in findings], seen)


SPEED: Final = 100.0
"""Of the vacuum pump, in %."""
