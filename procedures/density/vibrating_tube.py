"""Calibrate an oscillating-tube density meter by air, water and certified liquids, at several temperatures.

At each temperature its constants A and B follow from air and water; air comes first and last, and what it
changed meanwhile is in the budget. The error is that of the density by these constants, at each liquid:

    E = (A·τ² + B)·(1 - c·√η) - ρ_ref(t)

Water damps the tube as well: the constants go through what it seems to have, ρ_w/(1 - c·√η_w).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from remotecal.drivers.capabilities import AmbientMonitor, FrequencyMeter, Thermometer
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
)
from remotecal.procedures.library.density import results
from remotecal.procedures.library.density.filled import at_rest, see_liquids, see_near
from remotecal.procedures.library.density.parameters import TubeParameters
from remotecal.procedures.library.density.standing import WATER
from remotecal.procedures.library.density.tube import (
    AIR,
    AIR_AGAIN,
    IN_WATER,
    INPUTS,
    LiquidRepeats,
    TubeSeen,
)
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.conformity import Constant, Specification, as_it_comes
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
        "ρ_w' = ρ_Tanaka(t, p_a)·(1 + ρ_w)/(1 - c·√η_w), ρ_a = ρ_CIPM(t, p_a, 0)·(1 + δ_a)"
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
        see_liquids(certificates, self.parameters.densities, self.parameters.temperatures)

    def approach(self, point: Point, run: Run) -> None:
        """Have the tube filled, and wait until its temperature is steady."""
        label, t, wanted = point.series[-2], point.nominal["temperature"], self.parameters
        serial = self.liquids[int(label.split()[-1]) - 1].serial if label.startswith("liquid") else label
        have_done(run, fill(t, serial))
        run.settle(at_rest(self.thermometer.temperature, wanted.rest, wanted.drift))
        (reached,) = run.read(self.thermometer.temperature)
        see_near(point.name, "tube", reached, t, wanted.near)

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
        specification = Specification(
            Constant(wanted.permissible, "kg/m3"),
            wanted.norm,
            wanted.rule,
            unverified=as_it_comes(wanted, "permissible"),
        )
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
        name = Text(zh="振动管温度（示值）", en="Temperature of the tube (as read)")
        return (*air.conditions(), between("remotecal_tubeTemperature", name, ends, 3))


def fill(t: float, what: str) -> Text:
    """Return what is asked for."""
    return Text(
        zh=f"请将振动管温度设为 {t:g} °C，洗净、吹干后充入 {what}，不得有气泡。",
        en=f"Set the tube to {t:g} °C, clean and dry it, and fill it with {what}, free of bubbles.",
    )
