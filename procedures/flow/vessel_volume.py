"""Calibrate a volumetric vessel by weighed water (ISO 4787, ISO 8222, JJG 259; clauses unverified).

The vessel is drained and drips as long as it will in use; then it is filled to a place of its scale from a
can that is weighed before and after. Its certificate states what it holds at 20 °C up to each of these
places, as those read it who use the vessel (`volumetric`).

The measurement model, for one repeat:

    V(t)  = m/ρ(t, p) + δV                      m: what the can lost, with the air's buoyancy (`from_can`)
    V(h)  = V(t)/(1 + β·(t - 20 °C)) + A_0·(1 + δ_0)·(h_0 + h_0r) - A·(1 + δ_A)·(h_s + h_sr - h)

h is the place of the order, h_s what the scale shows of the vessel filled and h_0 of it drained. A is its
cross section there, and A_0 below the lowest place (`vessel_section`): what is left in the drained vessel is
put on here as it is taken off where the vessel is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Final

from remotecal.drivers.capabilities import AmbientMonitor, Balance, TankScale, Thermometer
from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError, RunError
from remotecal.model import Column, Result, Table, Text, Uncertainty
from remotecal.procedures import (
    By,
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    Point,
    Procedure,
    Run,
    Waited,
)
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.digits import same_decimals
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.output import see_resolution
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import (
    budgets,
    by_gum,
    column,
    repeatability_column,
    stated_column,
)
from remotecal.procedures.library.flow.characterised import without_cmc
from remotecal.procedures.library.flow.from_can import INPUTS, Filled, poured
from remotecal.procedures.library.flow.results import water
from remotecal.procedures.library.flow.vessel_parameters import VesselParameters
from remotecal.procedures.library.flow.vessel_section import Filling, VesselShape
from remotecal.procedures.library.flow.volumetric import EXPANSION, VOLUME, grown
from remotecal.procedures.library.measuring.asking import have_right
from remotecal.procedures.library.measuring.sampling import see_amount
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers

REFERENCE: Final = 20.0
"""Temperature in °C that volumes are stated for."""


class VesselSeen(Filled):
    """What a repeat yields: what a filling took from the can, and how far it came."""

    in_order: ClassVar[tuple[str, ...]] = ("level_before level",)

    level_before: Annotated[Measured, "mm", By("dut", "level"), Waited("dripping")]
    """The vessel's scale, drained."""
    level: Annotated[Measured, "mm", By("dut", "level"), Waited("settling", since="can_before")]
    """The vessel's scale, filled."""


class VesselVolume(Procedure):
    """Calibrate a volumetric vessel by filling it with weighed water."""

    title: ClassVar[Text] = Text(
        zh="容量器的校准（衡量法）", en="Calibration of a volumetric vessel by weighed water"
    )
    model_equation: ClassVar[str] = (
        "V(h) = (m/ρ + δV)/(1 + β·(t - 20 °C)) + A_0·(1 + δ_0)·(h_0 + h_0r) - A·(1 + δ_A)·(h_s + h_sr - h)"
    )

    dut: TankScale
    """The vessel, read by its scale."""
    balance: Balance
    """Weighs the can."""
    thermometer: Thermometer
    """In the vessel's water."""
    ambient: AmbientMonitor

    Parameters: ClassVar[type[VesselParameters]] = VesselParameters
    parameters: VesselParameters

    sets: ClassVar[Mapping[str, str]] = {"level": "mm"}
    reach: ClassVar[Mapping[str, str]] = {"dut.level": "level"}
    inputs: ClassVar[Mapping[str, Text]] = {
        **INPUTS,
        "β": Text(zh="量器体膨胀系数", en="cubic expansion of the vessel"),
        "W_res": Text(zh="天平分度", en="scale interval of the balance"),
        "h_sr": Text(zh="标尺分辨力", en="resolution of the vessel's scale"),
        "h_0r": Text(zh="标尺分辨力（排空）", en="resolution of the vessel's scale, drained"),
        "δ_A": Text(zh="量器截面积", en="cross section of the vessel, relative"),
        "δ_0": Text(
            zh="最低位置以下的量器截面积", en="cross section of the vessel below its lowest place, relative"
        ),
    }
    """The inputs of the measurement model, by symbol."""

    def points(self) -> Sequence[Point]:
        return [
            Point(f"{level:g} mm", {"level": level}, self.parameters.repeats)
            for level in self.parameters.levels
        ]

    def characteristics(self) -> Mapping[str, str]:
        return {"water_density": "1", "balance_resolution": "kg"}

    def certified(self) -> Sequence[str]:
        return ("balance",)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has a certificate that tells its error, or its maker's limit of error."""
        own = (("balance", "mass", "kg"), ("thermometer", "temperature", "°C"))
        require_known(certificates, drivers, (*own, *CORRECTED))
        see_resolution(drivers, "dut.level", self.parameters.scale_resolution, "mm")

    def measure(self, point: Point, run: Run) -> VesselSeen:
        level = point.nominal["level"]
        drained = self._drained(run)
        air = read_air(run, self.ambient)
        before = self.balance.settled_mass.read()
        filled, temperature = self._filled(run, level)
        after = self.balance.settled_mass.read()
        seen = VesselSeen(
            level_before=drained,
            level=filled,
            can_before=before,
            can_after=after,
            temperature=temperature,
            **air._asdict(),
        )
        self._see(seen, level)
        return seen

    def _drained(self, run: Run) -> Measured:
        """Return what the scale shows once the vessel was drained."""
        wanted = self.parameters

        def look(took: float) -> tuple[Measured, Text | None]:
            (shown,) = run.read(self.dut.level)
            if took < wanted.dripping:
                return shown, Text(
                    zh=f"{took:.3g} s 后即答复，未滴流够 {wanted.dripping:g} s。",
                    en=f"It had dripped after {took:.3g} s, and it drips for {wanted.dripping:g} s.",
                )
            return shown, self._off(shown, 0.0, wanted.empty)

        return have_right(run, drain(wanted.dripping), look)

    def _filled(self, run: Run, level: float) -> tuple[Measured, Measured]:
        """Return what scale and thermometer show once the vessel was filled up to a level."""

        def look(_: float) -> tuple[tuple[Measured, Measured], Text | None]:
            run.wait(self.parameters.settling)
            shown, temperature = run.read(self.dut.level, self.thermometer.temperature)
            return (shown, temperature), self._off(shown, level, self.parameters.near)

        return have_right(run, fill(level), look)

    def _off(self, shown: Measured, level: float, near: float) -> Text | None:
        """Return how the scale shows something else than a level in mm; None if it does not."""
        found = shown.to("mm").value
        if abs(found - level) <= near:
            return None
        return Text(
            zh=f"标尺示值为 {found:g} mm，应为 {level:g} ± {near:g} mm：检查排水阀，多出的水倒回该容器。",
            en=f"The vessel's scale shows {found:g} mm, {level:g} ± {near:g} mm are asked for: see that its "
            "drain works, and let what is too much go back into the can.",
        )

    def _see(self, seen: VesselSeen, level: float) -> None:
        """Raise `RunError` if a repeat did not empty the vessel, or not fill it up to a level."""
        emptied = self._off(seen.level_before, 0.0, self.parameters.empty)
        if fault := emptied or self._off(seen.level, level, self.parameters.near):
            raise RunError(f"{fault.get('en')}")
        taken = seen.can_before.to("kg").value - seen.can_after.to("kg").value
        see_amount("what the filling took, in kg,", taken)

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return what the vessel holds up to each level."""
        evidence = without_cmc(evidence)
        for point in evidence.points:
            for one in VesselSeen.at(evidence, point):
                try:
                    self._see(one, point.nominal["level"])
                except RunError as refusal:
                    raise EvidenceError(f"{point.name}: {refusal}") from None
        shape = self._shape(evidence)
        findings = [self._found(point, evidence, shape) for point in evidence.points]
        findings.sort(key=lambda one: one.place)
        air = AirDuring()
        for seen in map(VesselSeen.of, evidence.observations):
            air.take(seen)
        return Evaluation(
            results=self._results(findings),
            budgets=budgets(findings),
            conditions=(water(self.parameters.water), *air.conditions()),
            methods=(by_gum(self.model_equation, findings, self.inputs),),
        )

    def _shape(self, evidence: Evidence) -> VesselShape:
        """Return the vessel's cross sections, by the masses that went into it."""
        wanted = self.parameters
        fillings = {
            point.nominal["level"]: [
                Filling(
                    one.level_before.value,
                    one.level.value,
                    (one.can_before.value - one.can_after.value) / 1000.0,
                )
                for one in VesselSeen.at(evidence, point)
            ]
            for point in evidence.points
        }
        stated = dict(zip(wanted.levels, wanted.areas, strict=True)) if wanted.areas else {}
        return VesselShape.of(fillings, stated, wanted.section)

    def _found(self, point: Point, evidence: Evidence, shape: VesselShape) -> Finding:
        wanted, level = self.parameters, point.nominal["level"]
        repeats = Repeats(point, evidence, VesselSeen.at(evidence, point))
        volume = self._volume(repeats, level, shape)
        return Finding(
            point=point,
            observed_at=repeats.points,
            title=Text(zh=f"标尺 {level:g} mm 处容积", en=f"Volume up to {level:g} mm"),
            reference=[level] * len(repeats.seen),
            errors=repeats.errors(volume),
            evaluated=repeats.evaluate(volume, "m3", coverage=wanted.coverage, k=wanted.coverage_factor),
            beyond=repeats.beyond,
        )

    def _volume(
        self, repeats: Repeats[VesselSeen], level: float, shape: VesselShape
    ) -> Callable[[VesselSeen, Numbers], Number]:
        """Return how to get the volume up to a level at 20 °C, in m³, and add the inputs that takes."""
        wanted = self.parameters
        taken = poured(repeats, wanted.water, wanted.residue, extended=False)
        step = repeats.constant("balance_resolution", "kg")
        repeats.rounded("W_res", "kg", step, repeats.fact("balance_resolution").source)
        rounded = wanted.scale_resolution / 2 / len(repeats.seen) ** 0.5
        for symbol in ("h_sr", "h_0r"):
            repeats.by_chance(Input.from_limits(symbol, 0.0, "mm", rounded, source=ORDER))
        section, bottom = shape.places[level], shape.bottom
        repeats.inputs += [
            Input.from_certificate("β", wanted.expansion, "1/K", wanted.expansion_expanded, source=ORDER),
            Input.from_limits("δ_A", 0.0, "1", section.within, source=ORDER),
            Input.from_limits("δ_0", 0.0, "1", bottom.within, source=ORDER),
        ]

        def volume(one: VesselSeen, x: Numbers) -> Number:
            held, temperature = taken(one, x)
            held = held + x["W_res"] / 1000.0
            cold = held / grown(1.0, x["β"], temperature, REFERENCE)
            left = bottom.area * (1.0 + x["δ_0"]) * (one.level_before.value + x["h_0r"])
            above = section.area * (1.0 + x["δ_A"]) * (one.level.value + x["h_sr"] - level)
            found: Number = cold + left - above
            return found

        return volume

    def _results(self, findings: Sequence[Finding]) -> tuple[Result, ...]:
        """Return the vessel's certificate: its volumes, and its expansion as the order has it."""
        wanted = self.parameters
        volumes = Table(
            columns=(
                column("标尺读数", "Scale", "basic_measuredValue basic_tableIndex0", "mm",
                       same_decimals([finding.place for finding in findings])),
                stated_column("容积（20 °C）", "Volume at 20 °C", VOLUME, findings),
                repeatability_column(findings),
                column("滴流时间", "Dripping time", "remotecal_drippingTime", "s",
                       [f"{wanted.dripping:g}"] * len(findings)),
            )
        )  # fmt: skip
        expansion = Column(
            name=Text(zh="体膨胀系数 β（由委托方给出）", en="Cubic expansion β, as it was stated"),
            ref_types=(EXPANSION,),
            unit="1/K",
            values=(f"{wanted.expansion:.8f}",),
            uncertainty=Uncertainty(
                expanded=(f"{wanted.expansion_expanded:.8f}",),
                k=("2",),
                p=("0.95",),
                distribution=("normal",),
            ),
        )
        return (
            Result(
                name=Text(zh="20 °C 时容积", en="Volume at 20 °C"),
                ref_types=("remotecal_vesselVolume",),
                tables=(volumes,),
            ),
            Result(name=Text(zh="体膨胀系数", en="Cubic expansion"), tables=(Table(columns=(expansion,)),)),
        )


def drain(dripping: float) -> Text:
    """Return what is asked for ahead of each filling."""
    return Text(
        zh=f"请排空量器，滴流 {dripping:g} s 后关闭排水阀；把装满水的容器放到天平上。",
        en=f"Drain the vessel, shut its drain after it has dripped for {dripping:g} s; put the full can on "
        "the balance.",
    )


def fill(level: float) -> Text:
    """Return what is asked for in each filling."""
    return Text(
        zh=f"请用该容器中的水将量器注至标尺 {level:g} mm 处，排除气泡，把容器放回天平。",
        en=f"Fill the vessel from the can up to {level:g} mm of its scale, without bubbles; put the can back "
        "on the balance.",
    )
