"""What every calibration of a water flow meter shares.

Parameters and roles, bringing the rig to a flow, reading the meter under test, and turning errors
of indication into results.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from remotecal.drivers.capabilities import (
    AmbientMonitor,
    Ammeter,
    FlowSource,
    Thermometer,
    Valve,
    WaterRig,
)
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import RunError
from remotecal.fluids.water import WATER_FORMULAS
from remotecal.model import IN_CMC, Condition, Text
from remotecal.procedures import Certificates, Drivers, Evaluation, Evidence, Point, Run, Stability
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.conformity import Constant, Further, Specification
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.flow.parameters import FlowParameters
from remotecal.procedures.library.flow.results import water
from remotecal.procedures.library.flow.water import FlowSeen
from remotecal.procedures.library.measuring.sampling import sample
from remotecal.procedures.library.measuring.surroundings import AirDuring
from remotecal.procedures.library.meters.passing import INPUTS
from remotecal.procedures.library.meters.results import MeterFinding, characteristics, error_table
from remotecal.procedures.library.meters.under_test import METER, MeterUnderTest, can

ADJUSTMENTS = 8
"""How often the pump's speed is corrected before the flow counts as out of reach."""

PHOTO = Text(
    zh="请拍摄被检表的安装状态和铭牌。",
    en="Take a photo of the meter as it is installed, with its nameplate.",
)
"""What the person on site is asked for."""


class FlowProcedure(MeterUnderTest):
    """A calibration of a water flow meter, whatever the reference."""

    Parameters: ClassVar[type[FlowParameters]] = FlowParameters
    parameters: FlowParameters

    rig: WaterRig
    pump: FlowSource
    thermometer: Thermometer
    """Water temperature at the meter under test."""
    ambient: AmbientMonitor

    reach: ClassVar[Mapping[str, str]] = {"rig.flow": "flow", "reference.flow": "flow"}

    inputs: ClassVar[Mapping[str, Text]] = {
        **INPUTS,
        "t_m": Text(zh="被检表处水温示值偏差", en="deviation of the water temperature at the meter"),
        "p_m": Text(zh="被检表处压力示值偏差", en="deviation of the gauge pressure at the meter"),
        "p_a": Text(zh="大气压示值偏差", en="deviation of the atmospheric pressure"),
        "ρ": Text(zh="水密度公式与水质", en="formula of the water's density, and the water itself"),
    }
    """The inputs of the measurement model, by symbol."""

    def points(self) -> Sequence[Point]:
        repeats = self.parameters.repeats
        return tuple(Point(f"{flow:g} m3/h", {"flow": flow}, repeats) for flow in self.parameters.flows)

    def characteristics(self) -> Mapping[str, str]:
        return {"connecting_volume": "m3", "water_density": "1"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%"}

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        """Return whose readings the evaluation corrects: role, quantity, unit to work in."""
        current = (("dut", "current", "mA"),) if can(drivers, "dut", Ammeter) else ()
        return (
            ("thermometer", "temperature", "°C"),
            ("rig", "pressure", "Pa"),
            ("ambient", "air_pressure", "Pa"),
            *current,
        )

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has a certificate that tells its error, or its maker's limit of error."""
        require_known(certificates, drivers, self.corrected(drivers))

    def prepare(self, run: Run) -> None:
        """Let the water run through the line."""
        if self.parameters.photo:
            run.ask(PHOTO, kind="file")
        self.rig.inlet.set(Valve.OPEN)
        self.rig.outlet.set(Valve.OPEN)
        self.rig.regulator.set(100.0)

    def approach(self, point: Point, run: Run) -> None:
        """Correct the pump's speed until the rig shows the flow asked for, and wait until it is steady."""
        asked = point.nominal["flow"]
        speed = self.pump.speed.read().value or 50.0
        self.pump.speed.set(speed)
        self.pump.start()
        for _ in range(ADJUSTMENTS):
            run.wait(self.parameters.steady)
            (reading,) = run.read(self.rig.flow)
            found = reading.to("m3/h").value
            if found <= 0:
                raise RunError(f"no flow at {speed:.1f} % of the pump's speed: is a valve shut?")
            if abs(found / asked - 1) * 100 <= self.parameters.flow_tolerance:
                self.settle(point, run)
                return
            speed *= asked / found
            if speed > self.pump.speed.declaration.span[1]:
                raise RunError(f"the pump can't reach {asked:g} m3/h: at full speed there would be less")
            self.pump.speed.set(speed)
        raise RunError(
            f"the flow can't be set to {asked:g} m3/h: it is {found:.4g} after {ADJUSTMENTS} corrections"
        )

    def settle(self, point: Point, run: Run) -> None:
        """Wait until flow and water temperature are steady."""
        wanted = self.parameters
        spread = point.nominal["flow"] * wanted.flow_spread / 100
        run.settle(
            Stability(self.rig.flow, duration=wanted.steady, spread=spread),
            Stability(self.thermometer.temperature, duration=wanted.steady, slope=wanted.temperature_drift),
        )

    def watch(self, run: Run, duration: float) -> dict[str, tuple[Measured, ...]]:
        """Read what drifts slowly while `duration` seconds pass, and the meter's current if it has one."""
        quantities: dict[str, BoundReading] = {
            "temperature": self.thermometer.temperature,
            "pressure": self.rig.pressure,
        }
        return sample(run, duration, quantities | self.meter_current())

    def see_state(self, seen: FlowSeen) -> None:
        """Raise `ParameterError` if no formula covers the water of a repeat, while it can be mended."""
        pressure = seen.pressure[0].to("Pa").value + seen.air_pressure.to("Pa").value
        WATER_FORMULAS[self.parameters.water].density(seen.temperature[0].to("°C").value, pressure)

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors, characteristics, budgets and conformity."""
        findings = [self.evaluate_point(point, evidence) for point in evidence.points]
        wanted = self.parameters
        specification = Specification(Constant(wanted.accuracy_class, "%"), wanted.norm, wanted.rule)
        spread = Further(
            Text(zh="重复性", en="repeatability"),
            max(finding.repeatability for finding in findings),
            wanted.repeatability_share * wanted.accuracy_class,
            "%",
        )
        accredited = CMC in evidence.characteristics
        return Evaluation(
            results=(
                error_table(findings, specification, accredited=accredited),
                characteristics(findings, wanted.judged_by),
            ),
            budgets=budgets(findings),
            conditions=self._conditions(evidence),
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(
                *conformity.statements(findings, specification, METER, (spread,)),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    model_equation: ClassVar[str]
    """The measurement model in one line, for the certificate."""

    @abstractmethod
    def evaluate_point(self, point: Point, evidence: Evidence) -> MeterFinding:
        """Return what was found at one flow."""

    def _conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        air, temperature, pressure = AirDuring(), Ends("°C"), Ends("kPa")
        for seen in map(self.yields().of, evidence.observations):
            if isinstance(seen, FlowSeen):
                air.take(seen)
                temperature.take(*seen.temperature)
                pressure.take(*seen.pressure)
        of_water = Text(zh="水温", en="Water temperature"), Text(zh="水压(表压)", en="Water pressure (gauge)")
        return (
            water(self.parameters.water),
            *air.conditions(),
            between("remotecal_fluidTemperature", of_water[0], temperature, 2),
            between("remotecal_fluidPressure", of_water[1], pressure, 0),
        )
