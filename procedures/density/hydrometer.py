"""Calibrate a hydrometer by Cuckow's method: weighed in air, and sunk to its marks in one liquid.

    ρ_x = [ρ_a + (ρ_l - ρ_a)·(W_a' + π·D·σ_x/g)/(W_a' - W_l' + π·D·σ_l/g)]·(1 + γ·(t - 20 °C))
    E = ρ_m - ρ_x

A person hangs it up and brings the liquid's surface to the mark; the balance is read over its wire.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from remotecal.drivers.capabilities import AmbientMonitor, Balance, Thermometer
from remotecal.errors import RunError
from remotecal.model import IN_CMC, Condition, Text
from remotecal.procedures import (
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    Point,
    Procedure,
    Run,
)
from remotecal.procedures.library.density import results
from remotecal.procedures.library.density.asking import see_steady
from remotecal.procedures.library.density.floating import INPUTS, HydrometerSeen, MarkRepeats, see_pull
from remotecal.procedures.library.density.parameters import HydrometerParameters
from remotecal.procedures.library.density.standing import WATER
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.conformity import Constant, Specification
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.measuring.asking import have_done
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air


class Hydrometer(Procedure):
    """Calibrate a hydrometer by Cuckow's method (JJG 42)."""

    title: ClassVar[Text] = Text(
        zh="浮计校准（库科夫法）", en="Calibration of a hydrometer by Cuckow's method"
    )
    norms: ClassVar[tuple[str, ...]] = ("JJG 42",)

    dut: Balance
    """The balance from which it hangs."""
    thermometer: Thermometer
    """In the water."""
    ambient: AmbientMonitor

    Parameters: ClassVar[type[HydrometerParameters]] = HydrometerParameters
    parameters: HydrometerParameters

    read_by: ClassVar[tuple[type, ...]] = (Balance,)
    sets: ClassVar[Mapping[str, str]] = {"density": "kg/m3"}
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    model_equation: ClassVar[str] = (
        "E = ρ_m + δ_m - [ρ_a + (ρ_l - ρ_a)·(W_a' + π·D·σ_x/g)/(W_a' - W_l' + π·D·σ_l/g)]·(1 + γ·(t_l "
        "+ δ_t - 20 °C)), W_a' = (W_a + W_ra + W_ea)·(1 - ρ_a/ρ_r), "
        "W_l' = (W_l + W_rl + W_el)·(1 - ρ_a/ρ_r), ρ_l = ρ_Tanaka(t_l + δ_t, p_a)·(1 + ρ_w)"
    )

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return tuple(
            Point(f"{mark:g} kg/m3", {"density": mark}, wanted.repeats, ("mark",)) for mark in wanted.marks
        )

    def characteristics(self) -> Mapping[str, str]:
        return {WATER: "1"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "kg/m3"}

    def certified(self) -> Sequence[str]:
        return ("dut",)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has its certificate, or its maker's limit."""
        own = (("dut", "mass", "kg"), ("thermometer", "temperature", "°C"))
        require_known(certificates, drivers, (*own, *CORRECTED))

    def measure(self, point: Point, run: Run) -> HydrometerSeen:
        told: dict[str, Any] = {**read_air(run, self.ambient)._asdict()}
        for name, what in (("hanger", HANGER), ("in_air", IN_AIR)):
            have_done(run, what)
            (told[name],) = run.read(self.dut.settled_mass)
        (before,) = run.read(self.thermometer.temperature)
        have_done(run, sink(point.nominal["density"]))
        (told["sunk"],) = run.read(self.dut.settled_mass)
        (after,) = run.read(self.thermometer.temperature)
        seen = told["hanger"], told["in_air"], told["sunk"]
        if refusal := see_pull(*seen, point.nominal["density"]):
            raise RunError(f"{point.name}: {refusal}")
        see_steady(point.name, before, after, self.parameters.temperature_change)
        return HydrometerSeen(liquid=(before, after), **told)

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return the errors at the marks, budgets and conformity."""
        wanted = self.parameters
        findings = [
            MarkRepeats(point, evidence, HydrometerSeen.at(evidence, point), wanted).found()
            for point in evidence.points
        ]
        specification = Specification(Constant(wanted.permissible, "kg/m3"), wanted.norm, wanted.rule)
        accredited = CMC in evidence.characteristics
        return Evaluation(
            results=(results.marks_table(findings, specification, accredited=accredited),),
            budgets=budgets(findings),
            conditions=self._conditions(evidence),
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(
                *conformity.statements(findings, specification, Text(zh="该浮计", en="the hydrometer")),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def _conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        air, ends = AirDuring(), Ends("°C")
        for one in map(HydrometerSeen.of, evidence.observations):
            air.take(one)
            ends.take(*one.liquid)
        name = Text(zh="液体温度（示值）", en="Temperature of the liquid (as read)")
        return (*air.conditions(), between("remotecal_liquidTemperature", name, ends, 3))


HANGER = Text(
    zh="请从天平上取下浮计，只留空挂钩。",
    en="Take the hydrometer off the balance, so that the empty hanger is left.",
)
IN_AIR = Text(
    zh="请将清洗擦干的浮计挂在天平上，置于空气中。",
    en="Hang the hydrometer, clean and dry, from the balance in air.",
)
"""What is asked for."""


def sink(mark: float) -> Text:
    """Return what is asked for at a mark."""
    return Text(
        zh=f"请提升液面至浮计 {mark:g} kg/m³ 刻线中心与液面齐平，液面清洁，除去气泡。",
        en=f"Raise the liquid, its surface clean, until it is level with the mark {mark:g} kg/m³ of the "
        "hydrometer; free it of bubbles.",
    )
