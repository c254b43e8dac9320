"""Determine by how much a rig's water is denser than pure, air-free water, by a density meter.

A sample of the water is measured at a known temperature, and compared with what the formula gives for pure
water there. What is stated is relative; who uses it takes the same formula, and adds its uncertainty.

    δρ = (ρ_d - e_d)/ρ_f(t, p) - 1      ρ_d, e_d: the density meter and its error; t: the sample; p: the air

A display shows each to a step only, and of water at rest the same each time: ρ_d and t are within half a step
(ρ_res, t_res), where the samples do not scatter by more (JJF 1059.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from remotecal.drivers.capabilities import AmbientMonitor, Densitometer, Thermometer, WaterRig
from remotecal.drivers.measured import Measured
from remotecal.fluids.water import WATER_FORMULAS
from remotecal.model import Text
from remotecal.procedures import (
    By,
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    In,
    Often,
    Parameters,
    Point,
    Procedure,
    Run,
)
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.output import mean, see_resolution
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY, Repeats
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import by_gum
from remotecal.procedures.library.flow.characterised import determined, without_cmc
from remotecal.procedures.library.measuring.surroundings import InAir, read_air
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers

SAMPLE = Text(
    zh="请从装置管路取水样并注入密度计，待温度稳定后确认。",
    en="Take a sample of the rig's water into the density meter, and confirm once its temperature is steady.",
)
"""What the person on site is asked for, once for each repeat."""


class DensitySeen(InAir):
    """What a repeat yields: a sample's density and temperature."""

    density: Annotated[tuple[Measured, ...], "kg/m3", By("densitometer", "density"), Often("readings")]
    """The density meter."""
    temperature: Annotated[tuple[Measured, ...], "°C", By("thermometer", "temperature"), Often("readings")]
    """The sample in it."""


class DensityParameters(Parameters):
    """What the determination of the water's density is told."""

    samples: Annotated[int, In("1", at_least=2, at_most=30)] = 3
    """Samples, each a repeat."""
    readings: Annotated[int, In("1", at_least=1, at_most=100)] = 3
    """Readings of each sample."""
    every: Annotated[float, In("s", at_least=1)] = 10.0
    """Time from one reading to the next."""
    water: Literal["Tanaka", "IAPWS-95"] = "Tanaka"
    """Formula of pure water's density; calibrations that use the result take the same."""
    density_resolution: Annotated[float, In("kg/m3", at_least=0, at_most=1)] = 0.0
    """Smallest step of the density meter's display; 0 where its limit of error or certificate has it in."""
    temperature_resolution: Annotated[float, In("K", at_least=0, at_most=1)] = 0.0
    """Smallest step of the thermometer's display, likewise."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainty."""


class WaterDensity(Procedure):
    """Determine by how much a rig's water is denser than pure water, by a density meter."""

    title: ClassVar[Text] = Text(
        zh="装置用水密度偏差的测定", en="Determination of the excess density of a rig's water"
    )
    model_equation: ClassVar[str] = "δρ = (ρ_d - e_d)/ρ_f(t, p) - 1"

    rig: WaterRig
    """Whose water it is."""
    densitometer: Densitometer
    thermometer: Thermometer
    """Temperature of the sample in the density meter."""
    ambient: AmbientMonitor

    under_test: ClassVar[str] = "rig"

    Parameters: ClassVar[type[DensityParameters]] = DensityParameters
    parameters: DensityParameters

    inputs: ClassVar[Mapping[str, Text]] = {
        REPEATABILITY: Text(zh="重复性（各水样）", en="repeatability, from sample to sample"),
        "e_d": Text(zh="密度计示值偏差", en="deviation of the density meter's indication"),
        "t_m": Text(zh="水样温度示值偏差", en="deviation of the sample's temperature"),
        "p_a": Text(zh="大气压示值偏差", en="deviation of the atmospheric pressure"),
        "ρ_res": Text(zh="密度计分辨力", en="resolution of the density meter"),
        "t_res": Text(zh="温度计分辨力", en="resolution of the thermometer"),
    }
    """The inputs of the measurement model, by symbol."""

    def points(self) -> Sequence[Point]:
        return (Point("samples", {}, self.parameters.samples),)

    def suits(self, drivers: Drivers) -> None:
        """See that neither is said to be read more finely than it shows."""
        wanted = self.parameters
        if wanted.density_resolution:
            see_resolution(drivers, "densitometer.density", wanted.density_resolution, "kg/m3")
        if wanted.temperature_resolution:
            see_resolution(drivers, "thermometer.temperature", wanted.temperature_resolution, "K")

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has a certificate that tells its error, or its maker's limit of error."""
        read = (
            ("densitometer", "density", "kg/m3"),
            ("thermometer", "temperature", "°C"),
            ("ambient", "air_pressure", "Pa"),
        )
        require_known(certificates, drivers, read)

    def measure(self, point: Point, run: Run) -> DensitySeen:
        run.ask(SAMPLE, options=("done",))
        air, pairs = read_air(run, self.ambient), []
        for number in range(self.parameters.readings):
            if number:
                run.wait(self.parameters.every)
            pairs.append(run.read(self.densitometer.density, self.thermometer.temperature))
        density, temperature = zip(*pairs, strict=True)
        seen = DensitySeen(density=density, temperature=temperature, **air._asdict())
        pressure = air.air_pressure.to("Pa").value
        WATER_FORMULAS[self.parameters.water].density(mean(temperature, "°C"), pressure)
        return seen

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return by how much the water is denser, relative."""
        (point,) = evidence.points
        repeats = Repeats(point, without_cmc(evidence), DensitySeen.at(evidence, point))
        seen, formula = repeats.seen, WATER_FORMULAS[self.parameters.water]
        meter = repeats.correction("e_d", "densitometer", [r for one in seen for r in one.density], "kg/m3")
        thermometer = repeats.correction(
            "t_m", "thermometer", [r for one in seen for r in one.temperature], "°C"
        )
        barometer = repeats.correction("p_a", "ambient", [one.air_pressure for one in seen], "Pa")

        for symbol, unit, step in (
            ("ρ_res", "kg/m3", self.parameters.density_resolution),
            ("t_res", "K", self.parameters.temperature_resolution),
        ):
            if step:  # the same may be shown each time, so the mean of readings is as coarse as one of them
                repeats.by_chance(Input.from_limits(symbol, 0.0, unit, step / 2, source=ORDER))

        def excess(one: DensitySeen, x: Numbers) -> Number:
            temperature = thermometer.corrected(x, mean(one.temperature, "°C")) + x.get("t_res", 0.0)
            pure = formula.density(temperature, barometer.corrected(x, one.air_pressure.value))
            density = meter.corrected(x, mean(one.density, "kg/m3")) + x.get("ρ_res", 0.0)
            found: Number = density / pure - 1.0
            return found

        finding = Finding(
            point=point,
            observed_at=repeats.points,
            title=NAME,
            reference=[mean(one.density, "kg/m3") for one in seen],
            errors=repeats.errors(excess),
            evaluated=repeats.evaluate(excess, "1", coverage=self.parameters.coverage),
            beyond=repeats.beyond,
        )
        return determined(
            finding,
            "water_density",
            NAME,
            formula=self.parameters.water,
            seen=seen,
            method=by_gum(self.model_equation, [finding], self.inputs),
        )


NAME = Text(zh="水密度相对偏差 δρ", en="Excess density of the water δρ, relative")
"""What is determined."""
