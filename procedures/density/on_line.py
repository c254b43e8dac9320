"""Determine the constants of a density meter on line by air and certified liquids.

Each liquid is filled in once, and measured at all temperatures, and under pressure at the first of them; air
comes first and last, and what it changed meanwhile is in the budget. A controller presses the liquid; it is
vented before anybody opens the line. The errors are those that the constants leave, as they are stated:

    E = ρ(τ; t, p; K₀ … K₂₁ᵦ) - ρ_ref(t, p)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from remotecal import units
from remotecal.drivers.capabilities import AmbientMonitor, FrequencyMeter, PressureController, Thermometer
from remotecal.errors import BenchError, ParameterError
from remotecal.model import IN_CMC, Condition, Text
from remotecal.procedures import (
    Artefact,
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    Point,
    Procedure,
    Run,
    Stability,
)
from remotecal.procedures.library.density import line_constants, results
from remotecal.procedures.library.density.filled import at_rest, see_liquids, see_near
from remotecal.procedures.library.density.in_line import (
    BAR,
    INPUTS,
    FluidRepeats,
    LineSeen,
    by_constants,
    fluid_of,
    groups,
)
from remotecal.procedures.library.density.parameters import OnLineParameters
from remotecal.procedures.library.density.tube import AIR, AIR_AGAIN
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.conformity import Constant, Specification, as_it_comes
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import Standard, require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.measuring.asking import have_done
from remotecal.procedures.library.measuring.sampling import sample
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air


class OnLineMeter(Procedure):
    """Determine the constants of a density meter on line (JJG 370)."""

    title: ClassVar[Text] = Text(zh="在线振动管密度计校准", en="Calibration of a density meter on line")
    norms: ClassVar[tuple[str, ...]] = ("JJG 370",)

    dut: FrequencyMeter
    """What reads the meter's frequency."""
    liquids: tuple[Artefact, ...]
    """Liquids of certified density against temperature."""
    thermometer: Thermometer
    """In the line."""
    controller: PressureController | None
    """Presses the liquid, from the air's pressure; needed where the order has pressures."""
    ambient: AmbientMonitor

    Parameters: ClassVar[type[OnLineParameters]] = OnLineParameters
    parameters: OnLineParameters

    read_by: ClassVar[tuple[type, ...]] = (FrequencyMeter,)
    sets: ClassVar[Mapping[str, str]] = {"density": "kg/m3", "temperature": "°C", "pressure": "Pa"}
    reach: ClassVar[Mapping[str, str]] = {"controller.setpoint": "pressure"}
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    model_equation: ClassVar[str] = (
        "E = ρ_t·[1 + (K_20A + K_20B·p)·p] + (K_21A + K_21B·p)·p - ρ_ref, "
        "ρ_t = ρ_i·[1 + K_18·(t - 20 °C)] + K_19·(t - 20 °C), "
        "ρ_i = K_0 + K_1·(τ + δ_τ) + K_2·(τ + δ_τ)², ρ_ref = ρ_r(t)/(1 - β·p), "
        "ρ_air = ρ_CIPM(t, p_a)·(1 + δ_a)"
    )

    def __init__(self, parameters: OnLineParameters, roles: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters, roles)
        self._filled = ("", 0.0)
        """What is in the line as far as this run knows, and at which temperature its thermostat is."""

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        first, *others = wanted.temperatures
        places = [(first, 0.0), *((first, p) for p in wanted.pressures), *((t, 0.0) for t in others)]
        liquids = [
            self._point(f"liquid {n}", t, p, {"density": value})
            for n, value in enumerate(wanted.densities, 1)
            for t, p in places
        ]
        return (self._point(AIR, first, 0.0), *liquids, self._point(AIR_AGAIN, first, 0.0))

    def _point(self, label: str, t: float, p: float, more: Mapping[str, float] | None = None) -> Point:
        there = f"{t:g} °C, {p / BAR:g} bar"
        nominal = {"temperature": t, "pressure": p, **(more or {})}
        return Point(f"{label}, {there}", nominal, self.parameters.repeats, (label, there))

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "kg/m3"}

    def certified(self) -> Sequence[str]:
        return ("liquids", "controller") if self.parameters.pressures else ("liquids",)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every liquid is the one of the order, and the controller's certificate holds."""
        wanted = self.parameters
        require_known(certificates, drivers, (("thermometer", "temperature", "°C"), *CORRECTED[:1]))
        see_liquids(certificates, wanted.densities, wanted.temperatures)
        if wanted.pressures:
            if "controller" not in drivers:
                raise BenchError(
                    "the order has pressures, and there is no controller: give it, or leave them out"
                )
            told = Standard.certified("p", certificates["controller"].certificate, "Pa")
            told.require(0.0, max(wanted.pressures), "the controller is to tell")

    def prepare(self, run: Run) -> None:
        """See that the controller counts from the air's pressure, and to its speed."""
        if self.controller is None:
            return
        if self.controller.is_absolute():
            raise ParameterError("the controller must count from the air's pressure: mend its range")
        self.controller.slew.set(self.parameters.slew, "Pa/s")

    def approach(self, point: Point, run: Run) -> None:
        """Have the line filled where another fluid comes, and bring temperature and pressure there."""
        label, t, p = fluid_of(point), point.nominal["temperature"], point.nominal["pressure"]
        if not p and self.controller is not None:
            self.controller.vent()
        if (label, t) != self._filled:
            same = label == self._filled[0]
            serial = self.liquids[int(label.split()[-1]) - 1].serial if label.startswith("liquid") else label
            if self.controller is not None and p:
                self.controller.vent()  # nobody opens a line that is under pressure
            have_done(run, warm(t) if same else fill(t, serial))
            self._filled = (label, t)
        if p and self.controller is not None:
            self.controller.setpoint.set(p, "Pa")
            self.controller.control()
        self._settle(point, run)

    def _settle(self, point: Point, run: Run) -> None:
        wanted, p = self.parameters, point.nominal["pressure"]
        still = [at_rest(self.thermometer.temperature, wanted.rest, wanted.drift)]
        if p and self.controller is not None:
            gauge = self.controller.pressure
            spread = wanted.pressure_change * units.scale("Pa", gauge.declaration.unit)
            still.append(
                Stability(
                    gauge,
                    duration=wanted.rest,
                    spread=spread,
                    timeout=40 * wanted.rest,
                    every=wanted.rest / 12,
                )
            )
        run.settle(*still)
        (reached,) = run.read(self.thermometer.temperature)
        see_near(point.name, "line", reached, point.nominal["temperature"], wanted.near)

    def measure(self, point: Point, run: Run) -> LineSeen:
        air, wanted = read_air(run, self.ambient), self.parameters
        quantities = {"frequency": self.dut.frequency, "tube": self.thermometer.temperature}
        if point.nominal["pressure"] and self.controller is not None:
            quantities["pressure"] = self.controller.pressure
        read: dict[str, Any] = dict(sample(run, wanted.readings * wanted.every, quantities, wanted.readings))
        return LineSeen(**air._asdict(), **read)

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return the constants, the errors they leave, budgets and conformity."""
        wanted = self.parameters
        repeats = [FluidRepeats(point, evidence, wanted) for point in evidence.points]
        determined = line_constants.determine(*groups(repeats, wanted.temperatures[0]))
        constants = line_constants.stated(determined)
        findings = [each.found(constants) for each in repeats]
        fitted = by_constants(repeats, findings, constants, wanted)
        specification = Specification(
            Constant(wanted.permissible, "kg/m3"),
            wanted.norm,
            wanted.rule,
            unverified=as_it_comes(wanted, "permissible"),
        )
        accredited = CMC in evidence.characteristics
        return Evaluation(
            results=(
                results.line_table(findings, specification, accredited=accredited),
                results.line_constants_table(constants, *fitted),
            ),
            budgets=budgets(findings),
            conditions=self._conditions(evidence),
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(
                *conformity.statements(
                    findings,
                    specification,
                    Text(zh="使用上述系数的密度计", en="the density meter, with these constants,"),
                ),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def _conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        air, ends = AirDuring(), Ends("°C")
        for one in map(LineSeen.of, evidence.observations):
            air.take(one)
            ends.take(*one.tube)
        name = Text(zh="管路温度（示值）", en="Temperature of the line (as read)")
        return (*air.conditions(), between("remotecal_tubeTemperature", name, ends, 3))


def fill(t: float, what: str) -> Text:
    """Return what is asked for a fluid."""
    return Text(
        zh=f"管路已泄压。请将恒温器设为 {t:g} °C，洗净、吹干密度计后充入 {what}，不得有气泡，"
        "然后接好压力管路。",
        en=f"The line is vented. Set its thermostat to {t:g} °C, clean and dry the meter, fill it with "
        f"{what}, free of bubbles, and connect the pressure line.",
    )


def warm(t: float) -> Text:
    """Return what is asked for another temperature."""
    return Text(
        zh=f"请将恒温器设为 {t:g} °C。", en=f"Set the thermostat of the line to {t:g} °C, as it is filled."
    )
