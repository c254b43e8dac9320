"""The density of a solid by hydrostatic weighing, or by substitution for a solid standard in the same liquid.

A repeat weighs the solid in air, and in the liquid; each time the empty pan or carrier is read before, and
the carrier once more after. By substitution the standard goes before and after the solid, in the same liquid,
whose density it tells; without it the liquid is water, by formula.

    V = (W_a·(1 - ρ_a/ρ_r) - W_l·(1 - ρ_a/ρ_r) + δ_w - …)/(ρ_l - ρ_a),  ρ = W_a·(1 - ρ_a/ρ_r)/V + ρ_a
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from remotecal import units
from remotecal.drivers.capabilities import AmbientMonitor, Balance, Thermometer
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
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
from remotecal.procedures.library.density.asking import see_steady
from remotecal.procedures.library.density.dipped import INPUTS, DippedRepeats, DippedSeen
from remotecal.procedures.library.density.parameters import SolidParameters
from remotecal.procedures.library.density.standing import DENSITY, DRIFT, WATER, see_near
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.measuring.asking import GO_ON, have_done
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air

FAR: Final = 0.1
"""By which share a density may differ from what the order expects."""


class SolidByWeighing(Procedure):
    """Find the density of a solid by weighing it in air and in a liquid (OIML R 111-1, annex B.7)."""

    title: ClassVar[Text] = Text(
        zh="固体密度（流体静力称量法）", en="Density of a solid by hydrostatic weighing"
    )
    norms: ClassVar[tuple[str, ...]] = ("OIML R 111-1",)

    dut: Balance
    """The balance that weighs the solid."""
    standard: Artefact | None
    """A solid of known density and mass, for substitution."""
    thermometer: Thermometer
    """In the liquid."""
    ambient: AmbientMonitor

    drift_by: ClassVar[Mapping[str, str]] = {"standard": DRIFT}
    Parameters: ClassVar[type[SolidParameters]] = SolidParameters
    parameters: SolidParameters

    read_by: ClassVar[tuple[type, ...]] = (Balance,)
    sets: ClassVar[Mapping[str, str]] = {"density": "kg/m3"}
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return (Point("solid", {"density": wanted.density}, wanted.repeats),)

    @property
    def by_standard(self) -> bool:
        """Whether a solid standard tells the liquid's density."""
        return self.parameters.method == "substitution"

    def characteristics(self) -> Mapping[str, str]:
        return {} if self.by_standard else {WATER: "1"}

    def may_state(self) -> Mapping[str, str]:
        more = {DRIFT: "kg/m3"} if self.by_standard else {}
        return {**super().may_state(), CMC: "kg/m3", **more}

    def certified(self) -> Sequence[str]:
        return ("dut", "standard") if self.by_standard else ("dut",)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has its certificate, and the standard is there."""
        wanted = self.parameters
        if self.by_standard:
            if wanted.standard_density is None or wanted.standard_material is None:
                raise ParameterError(
                    "substitution needs standard_density and standard_material: say what the standard is"
                )
            if "standard" not in certificates:
                raise BenchError("substitution needs a solid standard: give the role `standard` an artefact")
            see_near(certificates, "standard", DENSITY, "kg/m3", wanted.standard_density)
        own = (("dut", "mass", "kg"), ("thermometer", "temperature", "°C"))
        require_known(certificates, drivers, (*own, *CORRECTED))

    def prepare(self, run: Run) -> None:
        """Let the balance's automatic zero be switched off: it would swallow what evaporates."""
        if run.ask(ZERO, (OFF, ON)) == ON:
            raise RunError(
                "a balance that follows its zero hides what evaporates or drips off: switch that off, or "
                "take another balance"
            )

    def measure(self, point: Point, run: Run) -> DippedSeen:
        air = read_air(run, self.ambient)
        told: dict[str, Any] = {**air._asdict()}
        told["pan"] = self._weigh(run, EMPTY_PAN)
        told["in_air"] = self._weigh(run, IN_AIR)
        (before,) = run.read(self.thermometer.temperature)
        told["carrier"] = (self._weigh(run, EMPTY_CARRIER),)
        serial = self.standard.serial if self.by_standard and self.standard else ""
        first = (self._weigh(run, dip(serial)),) if serial else ()
        told["in_liquid"] = (self._weigh(run, SUNK), self._weigh(run, SUNK_AGAIN))
        if serial:
            told["standard"] = (*first, self._weigh(run, dip(serial)))
        told["carrier"] += (self._weigh(run, EMPTY_CARRIER),)
        (after,) = run.read(self.thermometer.temperature)
        see_steady(point.name, before, after, self.parameters.temperature_change)
        self._see_zero(point, told["carrier"])
        return DippedSeen(liquid=(before, after), **told)

    def _weigh(self, run: Run, what: Text) -> Measured:
        """Have something put on, wait until it is at rest, and return the reading."""
        wanted = self.parameters
        mass: BoundReading = self.dut.mass
        have_done(run, what)
        per = units.scale("kg", mass.declaration.unit)
        run.settle(
            Stability(
                mass,
                duration=wanted.rest,
                slope=wanted.drift * per / 3600.0,
                spread=wanted.spread * per,
                timeout=20 * wanted.rest,
            )
        )
        return run.read(self.dut.settled_mass)[0]

    def _see_zero(self, point: Point, carrier: Sequence[Measured]) -> None:
        first, last = (one.to("kg").value for one in carrier)
        if abs(last - first) > self.parameters.zero_change:
            raise RunError(
                f"{point.name}: the empty carrier changed by {1e6 * (last - first):.2f} mg: look at the "
                "wire, at the depth it hangs at, at drops on the pan and at the liquid's level, "
                f"and {GO_ON}"
            )

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return density and volume with their budget."""
        (point,) = self.points()
        repeats = DippedRepeats(point, evidence, DippedSeen.at(evidence, point), self.parameters)
        finding = repeats.found()
        self._see_plausible(finding.evaluated.value)
        accredited = CMC in evidence.characteristics
        return Evaluation(
            results=(results.solid_table(finding, accredited=accredited),),
            budgets=budgets([finding]),
            conditions=self._conditions(repeats.seen),
            methods=(by_gum(repeats.equation, [finding], self.inputs),),
            statements=(*remarks([finding], BY_CMC), *((IN_CMC,) if accredited else ())),
        )

    def _see_plausible(self, found: float) -> None:
        if abs(found / self.parameters.density - 1) > FAR:
            raise ParameterError(
                f"a density of {found:.6g} kg/m3 was found, and the order expects "
                f"{self.parameters.density:g} kg/m3: mend the order (1 g/cm3 is 1000 kg/m3)"
            )

    def _conditions(self, seen: Sequence[DippedSeen]) -> tuple[Condition, ...]:
        air, ends = AirDuring(), Ends("°C")
        for one in seen:
            air.take(one)
            ends.take(*one.liquid)
        name = Text(zh="液体温度（示值）", en="Temperature of the liquid (as read)")
        return (*air.conditions(), between("remotecal_liquidTemperature", name, ends, 3))


OFF, ON = "it is off", "it can't be switched off"
ZERO: Final = Text(
    zh="天平的自动零位跟踪是否已关闭？", en="Is the balance's automatic zero tracking switched off?"
)
EMPTY_PAN: Final = Text(zh="请清空空气中的秤盘。", en="Take everything off the pan in air.")
IN_AIR: Final = Text(zh="请将被测固体擦干，放在空气中的秤盘上。", en="Put the solid, dry, on the pan in air.")
EMPTY_CARRIER: Final = Text(
    zh="请将空吊篮浸入液体至标记处。", en="Let the empty carrier hang in the liquid, down to its mark."
)
SUNK: Final = Text(
    zh="请将被测固体放入液体中的吊篮，浸至同一标记，除去气泡。",
    en="Put the solid on the carrier in the liquid, down to the same mark, freed of bubbles.",
)
SUNK_AGAIN: Final = Text(
    zh="请取出被测固体，再次放入液体中的吊篮，浸至同一标记，除去气泡。",
    en="Take the solid out, and put it on the carrier in the liquid again, down to the same mark, freed of "
    "bubbles.",
)
"""What is asked for."""


def dip(serial: str) -> Text:
    """Return what is asked for a standard."""
    return Text(
        zh=f"请将标准固体 {serial} 放入液体中的吊篮，浸至同一标记，除去气泡。",
        en=f"Put the standard {serial} on the carrier in the liquid, down to the same mark, freed of "
        "bubbles.",
    )
