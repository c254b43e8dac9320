"""What every calibration of a water flow meter shares.

Parameters and roles, bringing the rig to a flow, reading the meter under test, and turning errors
of indication into results.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from remotecal.drivers.capabilities import (
    AmbientMonitor,
    Ammeter,
    FlowSource,
    PulseCounter,
    Thermometer,
    Valve,
    VolumeTotalizer,
    WaterRig,
)
from remotecal.drivers.measured import Measured, passed
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import BenchError, CertificateRefused, EvidenceError, ParameterError, RunError
from remotecal.fluids.water import WATER_FORMULAS
from remotecal.model import IN_CMC, Condition, Method, Text
from remotecal.procedures import (
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    In,
    Parameters,
    Point,
    Procedure,
    Run,
    Stability,
    Value,
)
from remotecal.procedures.library import flow_results
from remotecal.procedures.library.corrections import Correction
from remotecal.procedures.library.flow_model import readings
from remotecal.procedures.library.flow_remarks import remarks
from remotecal.procedures.library.flow_results import FlowPoint, Judged, Specification
from remotecal.uncertainty.curvature import CURVATURE

SAMPLES = 20
"""Readings of what drifts slowly during one repeat."""

ADJUSTMENTS = 8
"""How often the pump's speed is corrected before the flow counts as out of reach."""


PHOTO = Text(
    zh="请拍摄被检表的安装状态和铭牌。",
    en="Take a photo of the meter as it is installed, with its nameplate.",
)
"""What the person on site is asked for."""


class FlowParameters(Parameters):
    """What every calibration of a flow meter is told."""

    flows: Annotated[tuple[float, ...], In("m3/h", above=0)]
    """Flows to calibrate at, in the order to measure."""
    repeats: Annotated[int, In("1", at_least=2, at_most=30)] = 3
    """Repeats at each flow; the verification regulations ask for three, six for class 0.2 and better."""
    duration: Annotated[float, In("s", at_least=30)] = 60.0
    """Shortest time of one repeat."""
    fewest_pulses: Annotated[int, In("1", at_least=1)] = 10_000
    """Pulses of the meter one repeat must have at least, where it gives pulses."""
    flow_tolerance: Annotated[float, In("%", above=0, at_most=10)] = 3.0
    """How far the flow may be from the one asked for."""
    flow_spread: Annotated[float, In("%", above=0, at_most=10)] = 2.0
    """How much the flow may spread over `steady` to count as stable."""
    steady: Annotated[float, In("s", at_least=5)] = 20.0
    """How long the flow must be stable before a repeat."""
    temperature_drift: Annotated[float, In("K/s", above=0)] = 0.002
    """How fast the water's temperature may change before a repeat."""
    pulses_per_volume: Annotated[float | None, In("1/m3", above=0)] = None
    """K factor set in the meter, for one that gives pulses."""
    full_scale: Annotated[float | None, In("m3/h", above=0)] = None
    """Flow at 20 mA, for a meter read by its current."""
    accuracy_class: Annotated[float, In("%", above=0, at_most=5)]
    """Maximum permissible error, ±, relative."""
    norm: str = "JJG 1033-2007"
    """The regulation the meter is held against."""
    rule: Literal["verification", "guard band U", "simple acceptance"] = "verification"
    """Decision rule of the statement of conformity."""
    repeatability_share: Annotated[float, In("1", above=0, at_most=1)] = 1 / 3
    """Repeatability allowed, as a share of the maximum permissible error; 1/2 for Coriolis meters."""
    judged_by: Judged = "error"
    """What the meter's characteristics are: its error, or the linearity of its K factor."""
    water: Literal["Tanaka", "IAPWS-95"] = "Tanaka"
    """Formula of the water's density."""
    total_resolution: Annotated[float, In("m3", at_least=0)] = 1e-6
    """Smallest step of the total, for a meter read by it."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor of the expanded uncertainties, where it shall be exactly this, such as 2; the coverage
    probability then follows from it."""
    photo: bool = False
    """Ask for a photo of the meter as it is installed, before anything moves; for attended runs."""

    @model_validator(mode="after")
    def _flows_differ(self) -> Self:
        if not self.flows or len(set(self.flows)) < len(self.flows):
            raise ValueError("flows must be given, each once")
        return self


class FlowProcedure(Procedure):
    """A calibration of a water flow meter, whatever the reference."""

    Parameters: ClassVar[type[FlowParameters]] = FlowParameters
    parameters: FlowParameters

    dut: PulseCounter | Ammeter | VolumeTotalizer
    """How the meter under test is read: counted pulses, a current, or its own total."""
    rig: WaterRig
    pump: FlowSource
    thermometer: Thermometer
    """Water temperature at the meter under test."""
    ambient: AmbientMonitor

    reach: ClassVar[Mapping[str, tuple[str, str]]] = {
        "rig.flow": ("flow", "m3/h"),
        "reference.flow": ("flow", "m3/h"),
    }

    inputs: ClassVar[Mapping[str, Text]] = {
        "E_rep": Text(zh="重复性", en="repeatability of the error"),
        "t_m": Text(zh="被检表处水温示值偏差", en="deviation of the water temperature at the meter"),
        "p_m": Text(zh="被检表处压力示值偏差", en="deviation of the gauge pressure at the meter"),
        "p_a": Text(zh="大气压示值偏差", en="deviation of the atmospheric pressure"),
        "ρ": Text(zh="水密度公式与水质", en="formula of the water's density, and the water itself"),
        "N": Text(zh="脉冲计数(±1)", en="counted pulses (±1)"),
        "I": Text(zh="电流示值偏差", en="deviation of the measured current"),
        "V_res": Text(zh="被检表累积量分辨力", en="resolution of the meter's total"),
        CURVATURE: Text(zh="测量模型的非线性", en="curvature of the measurement model"),
    }
    """The inputs of the measurement model, by symbol."""

    def points(self) -> Sequence[Point]:
        repeats = self.parameters.repeats
        return tuple(Point(f"{flow:g} m3/h", {"flow": flow}, repeats) for flow in self.parameters.flows)

    def characteristics(self) -> Mapping[str, str]:
        return {"connecting_volume": "m3", "water_density": "1"}

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
        for role, quantity, unit in self.corrected(drivers):
            if role in certificates:
                try:
                    Correction.certified(role, certificates[role].certificate, unit)
                except CertificateRefused as refusal:
                    raise CertificateRefused(f"{role}: {refusal}") from None
            elif not getattr(drivers[role], quantity).accuracy.stated:
                raise BenchError(
                    f"the {role} has no certificate, and its maker states no limit of error for {quantity}: "
                    "give it a certificate in the bench file"
                )

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

    def watch(self, run: Run, duration: float) -> dict[str, Value]:
        """Read what drifts slowly while `duration` seconds pass, and the meter's current if it has one."""
        quantities: dict[str, BoundReading] = {
            "temperature": self.thermometer.temperature,
            "pressure": self.rig.pressure,
        }
        if isinstance(self.dut, Ammeter):
            quantities["current"] = self.dut.current
        samples = []
        for _ in range(SAMPLES):
            samples.append(run.read(*quantities.values()))
            run.wait(duration / SAMPLES)
        return {
            name: tuple(column) for name, column in zip(quantities, zip(*samples, strict=True), strict=True)
        }

    def see_passed(
        self, values: Mapping[str, Value], counters: Mapping[str, BoundReading]
    ) -> dict[str, float]:
        """Return what passed in a repeat by each counter, in its own unit, while it can be measured again.

        Args:
            values: of the repeat, with `NAME_before` and `NAME_after`.
            counters: NAME → what was read.

        Raises:
            EvidenceError: a total fell.
        """
        amounts = {}
        for name, counter in counters.items():
            before, after = values[f"{name}_before"], values[f"{name}_after"]
            if isinstance(before, Measured) and isinstance(after, Measured):
                amounts[name] = passed(before, after, counter.declaration.modulus).value
        return amounts

    def see_amount(self, what: str, amount: float) -> None:
        """Raise `RunError` if a repeat gave nothing to compare the meter with."""
        if not amount > 0:
            raise RunError(f"{what} is {amount:g}: look at the valves, the diverter and the reference")

    def see_state(self, values: Mapping[str, Value]) -> None:
        """Raise `ParameterError` if no formula covers the water of a repeat, while it can be mended."""
        pressure = within(values, "pressure", "Pa") + within(values, "air_pressure", "Pa")
        WATER_FORMULAS[self.parameters.water].density(within(values, "temperature", "°C"), pressure)

    def read_air(self, run: Run) -> dict[str, Value]:
        """Read the state of the air."""
        ambient = self.ambient
        pressure, temperature, humidity = run.read(
            ambient.air_pressure, ambient.air_temperature, ambient.humidity
        )
        return {"air_pressure": pressure, "air_temperature": temperature, "humidity": humidity}

    def shortest_repeat(self, flow: float, *, counted: bool) -> float:
        """Return how long a repeat must last at a flow in m³/h, in s, if the meter's pulses are counted."""
        needed = self.parameters.duration
        if self.parameters.pulses_per_volume and counted:
            pulses = self.parameters.pulses_per_volume * flow / 3600
            needed = max(needed, self.parameters.fewest_pulses / pulses)
        return needed

    def suits(self, drivers: Drivers) -> None:
        """See that the meter's output is described."""
        for name, kind in (("pulses_per_volume", PulseCounter), ("full_scale", Ammeter)):
            if can(drivers, "dut", kind) and getattr(self.parameters, name) is None:
                raise ParameterError(
                    f"parameters.{name} is missing: the meter under test is read by {drivers['dut'].__name__}"
                )

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors, characteristics, budgets and conformity."""
        points = [self.evaluate_point(point, evidence) for point in self.points()]
        wanted = self.parameters
        share = wanted.repeatability_share
        specification = Specification(
            wanted.accuracy_class, share * wanted.accuracy_class, wanted.norm, wanted.rule
        )
        accredited = "cmc" in evidence.characteristics
        return Evaluation(
            results=(
                flow_results.error_table(points, specification, accredited=accredited),
                flow_results.characteristics(points, wanted.judged_by),
            ),
            budgets=flow_results.budgets(points),
            conditions=self._conditions(evidence),
            methods=(
                Method(
                    name=Text(zh="测量不确定度评定", en="Evaluation of measurement uncertainty"),
                    ref_types=("basic_uncertainty",),
                    norms=("JCGM 100:2008", "JJF 1059.1-2012"),
                    description=Text.plain(self.model_equation),
                    inputs=flow_results.inputs_of(points, self.inputs),
                ),
            ),
            statements=(
                *flow_results.conformity_statements(points, specification),
                *remarks(
                    (found for point in points for found in point.beyond),
                    curved=any(one.symbol == CURVATURE for point in points for one in point.evaluated.lines),
                ),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    model_equation: ClassVar[str]
    """The measurement model in one line, for the certificate."""

    @abstractmethod
    def evaluate_point(self, point: Point, evidence: Evidence) -> FlowPoint:
        """Return what was found at one flow."""

    def _conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        conditions = [flow_results.water(self.parameters.water)]
        for kind, (zh, en, source, unit, decimals) in CONDITIONS.items():
            values = [
                reading.to(unit).value
                for entry in evidence.observations
                for reading in readings(entry, source)
            ]
            low, high = (f"{value:.{decimals}f}" for value in (min(values), max(values)))
            conditions.append(Condition.between(kind, Text(zh=zh, en=en), low, high, unit))
        return tuple(conditions)


def can(drivers: Drivers, role: str, *kinds: type) -> bool:
    """Tell whether a role is filled by a driver with one of the capabilities."""
    return role in drivers and any(kind in drivers[role].__mro__ for kind in kinds)


def within(values: Mapping[str, Value], name: str, unit: str) -> float:
    """Return the first of the readings that a repeat keeps under a name."""
    kept = values[name]
    first = kept if isinstance(kept, Measured) else kept[0] if isinstance(kept, tuple) else None
    if not isinstance(first, Measured):
        raise EvidenceError(f"{name} is no reading but {kept!r}")
    return first.to(unit).value


CONDITIONS: Mapping[str, tuple[str, str, str, str, int]] = {
    "basic_temperature": ("环境温度", "Ambient temperature", "air_temperature", "°C", 1),
    "basic_humidityRelative": ("相对湿度", "Relative humidity", "humidity", "%", 0),
    "remotecal_atmosphericPressure": ("大气压力", "Atmospheric pressure", "air_pressure", "hPa", 1),
    "remotecal_fluidTemperature": ("水温", "Water temperature", "temperature", "°C", 2),
    "remotecal_fluidPressure": ("水压(表压)", "Water pressure (gauge)", "pressure", "kPa", 0),
}
"""The conditions a certificate states: names, where they stand in an observation, unit, decimals."""
