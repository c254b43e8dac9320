"""Calibrate a dosing screw by weighing what it doses, from rest to rest.

For one repeat, with W the balance's indications less their errors, ρa the air's density and ρp = 8000 kg/m³:

    m = (W₁ - W₀)·(1 - ρa/ρp)/(1 - ρa/ρ)
    E = N/K·(1 + α·(t - 20 °C))/m - 1
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from remotecal.drivers.capabilities import (
    AmbientMonitor,
    Balance,
    CollectingRig,
    FlowSource,
    PulseCounter,
    Thermometer,
    Valve,
)
from remotecal.drivers.measured import Measured
from remotecal.errors import ParameterError
from remotecal.fluids.air import buoyancy_factor
from remotecal.model import IN_CMC, Method, Result, Table, Text
from remotecal.procedures import (
    By,
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
)
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.air import CORRECTED, AirAround
from remotecal.procedures.library.evaluation.air import INPUTS as AIR_INPUTS
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.conformity import Constant, Specification
from remotecal.procedures.library.evaluation.digits import same_decimals, with_uncertainty
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.output import Pulses, mean
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC, REPEATABILITY, Repeats
from remotecal.procedures.library.evaluation.standards import Standard, require_known
from remotecal.procedures.library.evaluation.tables import budgets, column, error_column, inputs_of
from remotecal.procedures.library.measuring.sampling import sample, see_amount
from remotecal.procedures.library.measuring.surroundings import AirDuring, InAir, read_air
from remotecal.uncertainty.inputs import Distribution, Input
from remotecal.uncertainty.number import Number, Numbers

FASTEST = 10.0
"""kg/s at full speed, about, to plan by."""
EMPTYING = 30.0
"""Seconds, about, in which the bin runs empty."""

PHOTO = Text(zh="请拍摄螺杆的照片。", en="Take a photo of the screw as it is installed.")


class Dosed(InAir):
    """What a repeat yields."""

    in_order: ClassVar[tuple[str, ...]] = ("mass_before mass_after",)

    mass_before: Annotated[Measured, "kg", By("balance", "settled_mass")]
    mass_after: Annotated[Measured, "kg", By("balance", "settled_mass")]
    pulses: Annotated[Measured, "1", By("dut", "running_pulses")]
    temperature: Annotated[tuple[Measured, ...], "°C", By("thermometer", "temperature")]
    """Granulate in the hopper, while the repeat lasted."""
    pressure: Annotated[tuple[Measured, ...], "Pa", By("rig", "pressure")]
    """Gauge pressure in the hopper, while the repeat lasted."""


class DosingParameters(Parameters):
    speeds: Annotated[tuple[float, ...], In("%", above=0)]
    """Speeds to calibrate at, in the order to measure."""
    repeats: Annotated[int, In("1", at_least=2, at_most=30)] = 3
    """Repeats at each speed."""
    duration: Annotated[float, In("s", at_least=20)] = 40.0
    """Shortest time of one repeat."""
    smallest_mass: Annotated[float, In("kg", above=0)]
    """Granulate one repeat must dose at least."""
    dripping: Annotated[float, In("s", at_least=1)] = 10.0
    """Time for the bin to come to rest before it is weighed."""
    pulses_per_mass: Annotated[float, In("1/kg", above=0)]
    """K factor set in the screw."""
    accuracy_class: Annotated[float, In("%", above=0, at_most=5)]
    """Maximum permissible error, ±, relative."""
    norm: str = "DOSE 1-2026"
    """The regulation the screw is held against."""
    rule: Literal["verification", "guard band U", "simple acceptance"] = "verification"
    """Decision rule of the statement of conformity."""
    photo: bool = False
    """Ask for a photo before anything moves."""


class Dosing(Procedure):
    """Calibrate a dosing screw by weighing what it doses."""

    title: ClassVar[Text] = Text(zh="称量法螺杆校准", en="Calibration of a dosing screw by weighing")
    norms: ClassVar[tuple[str, ...]] = ("DOSE 2-2026",)

    dut: PulseCounter
    pump: FlowSource
    """What turns the screw."""
    rig: CollectingRig
    balance: Balance
    thermometer: Thermometer
    ambient: AmbientMonitor

    Parameters: ClassVar[type[DosingParameters]] = DosingParameters
    parameters: DosingParameters

    sets: ClassVar[Mapping[str, str]] = {"speed": "%"}
    read_by: ClassVar[tuple[type, ...]] = (PulseCounter,)
    reach: ClassVar[Mapping[str, str]] = {"pump.speed": "speed"}

    inputs: ClassVar[Mapping[str, Text]] = {
        REPEATABILITY: Text(zh="重复性", en="repeatability of the error"),
        "N": Text(zh="脉冲计数(±1)", en="counted pulses (±1)"),
        "W": Text(zh="天平示值偏差(满载)", en="deviation of the balance's indication, bin full"),
        "W_0": Text(zh="天平示值偏差(空载)", en="deviation of the balance's indication, bin empty"),
        "W_res": Text(zh="天平分辨力", en="resolution of the balance"),
        "t_m": Text(zh="料温示值偏差", en="deviation of the granulate's temperature"),
        "α": Text(zh="螺杆膨胀", en="expansion of the screw"),
        "ρ": Text(zh="颗粒密度", en="density of the granulate"),
        **AIR_INPUTS,
    }

    def points(self) -> Sequence[Point]:
        told = self.parameters
        return tuple(Point(f"{speed:g} %", {"speed": speed}, told.repeats) for speed in told.speeds)

    def characteristics(self) -> Mapping[str, str]:
        return {"screw_expansion": "1/K", "granulate_density": "kg/m3", "balance_resolution": "kg"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%"}

    def certified(self) -> Sequence[str]:
        return ("balance",)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        corrected = (("balance", "mass", "kg"), ("thermometer", "temperature", "°C"), *CORRECTED)
        require_known(certificates, drivers, corrected)
        known = Standard.certified("W", certificates["balance"].certificate, "kg")
        most = max(self._takes(speed) * speed / 100.0 * FASTEST for speed in self.parameters.speeds)
        known.require(0.0, most, "the balance is to weigh")

    def suits(self, drivers: Drivers) -> None:
        if len(set(self.parameters.speeds)) < len(self.parameters.speeds):
            raise ParameterError("speeds must be given, each once")

    def takes(self, point: Point) -> float:
        return self._takes(point.nominal["speed"]) + EMPTYING + 3 * self.parameters.dripping

    def _takes(self, speed: float) -> float:
        """Return how long a repeat doses at a speed in %, in s."""
        told = self.parameters
        return max(told.duration, told.smallest_mass / (speed / 100.0 * FASTEST))

    def prepare(self, run: Run) -> None:
        if self.parameters.photo:
            run.ask(PHOTO, kind="file")

    def approach(self, point: Point, run: Run) -> None:
        self.pump.speed.set(point.nominal["speed"])
        run.settle(Stability(self.thermometer.temperature, duration=20, slope=0.01))

    def measure(self, point: Point, run: Run) -> Dosed:
        self.rig.drain.set(Valve.OPEN)
        run.settle(Stability(self.balance.mass, duration=10, spread=0.5, timeout=600, every=5))
        self.rig.drain.set(Valve.SHUT)
        before, air = self._weigh(run), read_air(run, self.ambient)
        self.dut.count_freely()
        self.pump.start()
        quantities = {"temperature": self.thermometer.temperature, "pressure": self.rig.pressure}
        told = sample(run, self._takes(point.nominal["speed"]), quantities)
        self.pump.stop()
        after, pulses = self._weigh(run), self.dut.running_pulses.read()
        see_amount("the mass dosed, in kg,", after.to("kg").value - before.to("kg").value)
        return Dosed(mass_before=before, mass_after=after, pulses=pulses, **air._asdict(), **told)

    def _weigh(self, run: Run) -> Measured:
        run.wait(self.parameters.dripping)
        return self.balance.settled_mass.read()

    def evaluate(self, evidence: Evidence) -> Evaluation:
        findings = [self.evaluate_point(point, evidence) for point in evidence.points]
        told = self.parameters
        specification = Specification(Constant(told.accuracy_class, "%"), told.norm, told.rule)
        accredited = CMC in evidence.characteristics
        air, pressure = AirDuring(), Ends("kPa")
        for seen in map(Dosed.of, evidence.observations):
            air.take(seen)
            pressure.take(*seen.pressure)
        uncertainty = Method(
            name=Text(zh="测量不确定度评定", en="Evaluation of measurement uncertainty"),
            ref_types=("basic_uncertainty",),
            norms=("JCGM 100:2008",),
            description=Text.plain("E = N/K·(1 + α·(t - 20 °C))/m - 1"),
            inputs=inputs_of(findings, self.inputs),
        )
        hopper = Text(zh="料斗压力", en="Pressure in the hopper")
        return Evaluation(
            results=(table(findings, specification, accredited=accredited),),
            budgets=budgets(findings),
            conditions=(
                *air.conditions(),
                between("remotecal_hopper", hopper, pressure, 0),
            ),
            methods=(uncertainty,),
            statements=(
                *conformity.statements(findings, specification, Text(en="the screw")),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def evaluate_point(self, point: Point, evidence: Evidence) -> Finding:
        """Return what was found at one speed."""
        repeats = Repeats(point, evidence, Dosed.at(evidence, point))
        seen = repeats.seen
        inside = repeats.correction("t_m", "thermometer", [t for one in seen for t in one.temperature], "°C")
        full = repeats.correction("W", "balance", [one.mass_after for one in seen], "kg")
        empty = repeats.correction("W_0", "balance", [one.mass_before for one in seen], "kg")
        width = repeats.constant("balance_resolution", "kg") / math.sqrt(len(seen))
        repeats.inputs.append(Input.from_limits("W_res", 0.0, "kg", width, Distribution.TRIANGULAR))
        around = AirAround(repeats)
        repeats.characteristic("α", "screw_expansion", "1/K")
        repeats.characteristic("ρ", "granulate_density", "kg/m3")
        output = Pulses(repeats, lambda one: one.pulses.value, self.parameters.pulses_per_mass)

        def mass(one: Dosed, x: Numbers) -> Number:
            weighed = full.corrected(x, one.mass_after.value) - empty.corrected(x, one.mass_before.value)
            dosed: Number = (weighed + x["W_res"]) * buoyancy_factor(around.density(one, x), x["ρ"])
            return dosed

        def error(one: Dosed, x: Numbers) -> Number:
            warmer = inside.corrected(x, mean(one.temperature, "°C")) - 20.0
            relative: Number = output.indicated(one, x) * (1.0 + x["α"] * warmer) / mass(one, x) - 1.0
            return relative

        known = repeats.estimates()
        return Finding(
            point=point,
            title=Text(zh=f"转速 {point.name}", en=f"Speed {point.name}"),
            reference=[float(mass(one, known)) for one in seen],
            errors=repeats.errors(error, 100.0),
            evaluated=repeats.evaluate(error, "%", scale=100.0),
            beyond=repeats.beyond,
        )


def table(findings: Sequence[Finding], specification: Specification, *, accredited: bool) -> Result:
    """Return the table of errors, one row a speed."""
    speeds = same_decimals([found.point.nominal["speed"] for found in findings])
    masses = [
        with_uncertainty(found.place, abs(found.place) * found.evaluated.expanded / 100) for found in findings
    ]
    columns = (
        column("标称转速", "Nominal speed", "remotecal_nominalValue basic_tableIndex0", "%", speeds),
        column("标准质量", "Reference mass", "basic_referenceValue", "kg", masses),
        error_column(findings, specification, accredited=accredited),
    )
    name = Text(zh="示值误差", en="Error of indication")
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=columns),))
