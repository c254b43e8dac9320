"""Calibrate an oscillating-tube density meter by air, water and certified liquids, at several temperatures.

At each temperature its constants A and B follow from air and water; air comes first and last, and what it
changed meanwhile is in the budget. The error is that of the density by these constants, at each liquid:

    E = (A·τ² + B)·(1 - c·√η) - ρ_ref(t)

Water damps the tube as well: the constants go through what it seems to have, ρ_w/(1 - c·√η_w).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from remotecal.drivers.capabilities import AmbientMonitor, FrequencyMeter, Thermometer
from remotecal.errors import BenchError, ParameterError, RunError
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
from remotecal.procedures.library.density import results
from remotecal.procedures.library.density.parameters import TubeParameters
from remotecal.procedures.library.density.standing import NEAR, WATER
from remotecal.procedures.library.density.tube import (
    AIR,
    AIR_AGAIN,
    IN_WATER,
    INPUTS,
    LiquidRepeats,
    TubeSeen,
    certified_liquid,
)
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.conformity import Constant, Specification
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.measuring.asking import have_done
from remotecal.procedures.library.measuring.sampling import sample
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air


class VibratingTube(Procedure):
    """Calibrate an oscillating-tube density meter by its period (ISO 15212-1)."""

    title: ClassVar[Text] = Text(zh="振动管密度计校准", en="Calibration of an oscillating-tube density meter")
    norms: ClassVar[tuple[str, ...]] = ("ISO 15212-1",)

    dut: FrequencyMeter
    """What reads the tube's frequency."""
    liquids: tuple[Artefact, ...]
    """Liquids of certified density against temperature."""
    thermometer: Thermometer
    """At the tube."""
    ambient: AmbientMonitor

    Parameters: ClassVar[type[TubeParameters]] = TubeParameters
    parameters: TubeParameters

    read_by: ClassVar[tuple[type, ...]] = (FrequencyMeter,)
    sets: ClassVar[Mapping[str, str]] = {"density": "kg/m3", "temperature": "°C"}
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    model_equation: ClassVar[str] = (
        "E = (A·(τ + δ_τ)² + B)·(1 - c·√η) - ρ_ref(t), A = (ρ_w' - ρ_a)/(τ_w² - τ_a²), B = ρ_a - A·τ_a², "
        "ρ_w' = ρ_Tanaka(t, p_a)·(1 + ρ_w)/(1 - c·√η_w), ρ_a = ρ_CIPM(t, p_a, dry)·(1 + δ_a)"
    )

    def points(self) -> Sequence[Point]:
        wanted, found = self.parameters, []
        for t in wanted.temperatures:
            there = f"{t:g} °C"
            found += [
                self._point(f"{AIR}, {there}", t, AIR),
                self._point(f"{IN_WATER}, {there}", t, IN_WATER),
            ]
            found += [
                Point(
                    f"liquid {n}, {there}",
                    {"density": value, "temperature": t},
                    wanted.repeats,
                    (f"liquid {n}", there),
                )
                for n, value in enumerate(wanted.densities, 1)
            ]
            found.append(self._point(f"{AIR_AGAIN}, {there}", t, AIR_AGAIN))
        return found

    def _point(self, name: str, t: float, label: str) -> Point:
        return Point(name, {"temperature": t}, self.parameters.repeats, (label, f"{t:g} °C"))

    def characteristics(self) -> Mapping[str, str]:
        return {WATER: "1"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "kg/m3"}

    def certified(self) -> Sequence[str]:
        return ("liquids",)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every liquid is there, is the one of the order, and is certified at all temperatures."""
        require_known(certificates, drivers, (("thermometer", "temperature", "°C"), *CORRECTED[:1]))
        for number, value in enumerate(self.parameters.densities, 1):
            used = certificates.get(f"liquids[{number}]")
            if used is None:
                raise BenchError(
                    f"there is no liquid {number} on the bench: give it an artefact, or mend densities"
                )
            for t in self.parameters.temperatures:
                known = certified_liquid(used.certificate).around(t).value({"ρ_r": 0.0}, t)
                if abs(float(known) / value - 1) > FAR:  # type: ignore[arg-type]  # a float of floats
                    raise ParameterError(
                        f"liquid {number} has {known:.6g} kg/m3 at {t:g} °C by its certificate, and the "
                        f"order says {value:g} kg/m3: mend densities (1 g/cm3 is 1000 kg/m3), or their order"
                    )

    def approach(self, point: Point, run: Run) -> None:
        """Have the tube filled, and wait until its temperature is steady."""
        label, t, wanted = point.series[-2], point.nominal["temperature"], self.parameters
        serial = self.liquids[int(label.split()[-1]) - 1].serial if label.startswith("liquid") else label
        have_done(run, fill(t, serial))
        run.settle(
            Stability(
                self.thermometer.temperature,
                duration=wanted.rest,
                slope=wanted.drift / 3600.0,
                timeout=40 * wanted.rest,
                every=wanted.rest / 12,
            )
        )
        (reached,) = run.read(self.thermometer.temperature)
        if abs(reached.to("°C").value - t) > wanted.near:
            raise RunError(
                f"{point.name}: the tube is at {reached.to('°C').value:.3f} °C: set its temperature, or "
                "allow more by near"
            )

    def measure(self, point: Point, run: Run) -> TubeSeen:
        air, wanted = read_air(run, self.ambient), self.parameters
        quantities = {"frequency": self.dut.frequency, "tube": self.thermometer.temperature}
        read: dict[str, Any] = dict(sample(run, wanted.readings * wanted.every, quantities, wanted.readings))
        return TubeSeen(**air._asdict(), **read)

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return the errors at the liquids, the constants, budgets and conformity."""
        wanted = self.parameters
        liquids = [
            LiquidRepeats(point, evidence, wanted)
            for point in evidence.points
            if point.series[-2].startswith("liquid")
        ]
        findings = [each.found() for each in liquids]
        specification = Specification(Constant(wanted.permissible, "kg/m3"), wanted.norm, wanted.rule)
        accredited = CMC in evidence.characteristics
        return Evaluation(
            results=(
                results.liquid_table(findings, specification, accredited=accredited),
                results.constants_table([each.constants() for each in liquids]),
            ),
            budgets=budgets(findings),
            conditions=self._conditions(evidence),
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(
                *conformity.statements(findings, specification, Text(zh="该密度计", en="the density meter")),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def _conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        air, ends = AirDuring(), Ends("°C")
        for one in map(TubeSeen.of, evidence.observations):
            air.take(one)
            ends.take(*one.tube)
        name = Text(zh="振动管温度(示值)", en="Temperature of the tube (as read)")
        return (*air.conditions(), between("remotecal_tubeTemperature", name, ends, 3))


FAR: Final = 3 * NEAR
"""By which share a liquid may differ from what the order says, at any of the temperatures."""


def fill(t: float, what: str) -> Text:
    """Return what is asked for."""
    return Text(
        zh=f"请将振动管温度设为 {t:g} °C,洗净、吹干后充入 {what},不得有气泡。",
        en=f"Set the tube to {t:g} °C, clean and dry it, and fill it with {what}, free of bubbles.",
    )
