"""Verify a solid densitometer (固体密度计) by solid standards, its balance by weights.

Each standard is weighed again and again, taken out and put in anew each time, for what scatters is the
liquid at wire and body. No national document for these densitometers is known here: norm and limits are
parameters.

    E = ρ_ind·(1 + v_b/V) - ρ_s/(1 + γ·(t - 20 °C))

v_b is what bubbles stayed; V and ρ_s are those of the standard at 20 °C.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar, Final

from remotecal.drivers.capabilities import AmbientMonitor, Balance, Densitometer, Thermometer
from remotecal.errors import RunError
from remotecal.model import IN_CMC, Certificate, Condition, Note, Text
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
from remotecal.procedures.library.density import results, volumes
from remotecal.procedures.library.density.asking import see_steady
from remotecal.procedures.library.density.checked import (
    INPUTS,
    BalanceCheck,
    DensitometerSeen,
    StandardCheck,
    liquid_deviation,
)
from remotecal.procedures.library.density.parameters import DensitometerParameters
from remotecal.procedures.library.density.standing import (
    CONVENTIONAL,
    DENSITY,
    DRIFT,
    VOLUME,
    WATER,
    see_near,
)
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.coefficients import Single
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.conformity import Constant, Further, Specification, as_it_comes
from remotecal.procedures.library.evaluation.earlier import knew
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.output import see_resolution
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.measuring.asking import have_done
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air

STANDARD, WEIGHT = "standard", "weight"
"""Labels of the points at which the one or the other is put on."""

FAR: Final = 0.05
"""By which share a density may be off that is believed: farther off, units or standards were confused."""


class SolidDensitometer(Procedure):
    """Verify a solid densitometer by standards of density."""

    title: ClassVar[Text] = Text(zh="固体密度计校准", en="Calibration of a solid densitometer")

    dut: Densitometer
    standards: tuple[Artefact, ...]
    """Solids of known density and volume."""
    weights: tuple[Artefact, ...]
    """Weights, for its balance."""
    balance: Balance | None
    """Its own balance, where that can be read."""
    liquid: Densitometer | None
    """The density it uses for its liquid, where it shows that."""
    thermometer: Thermometer
    """In the liquid."""
    ambient: AmbientMonitor

    drift_by: ClassVar[Mapping[str, str]] = {"standards": DRIFT}
    Parameters: ClassVar[type[DensitometerParameters]] = DensitometerParameters
    parameters: DensitometerParameters

    sets: ClassVar[Mapping[str, str]] = {"density": "kg/m3", "load": "kg"}
    reach: ClassVar[Mapping[str, str]] = {"dut.density": "density", "balance.settled_mass": "load"}
    inputs: ClassVar[Mapping[str, Text]] = {**INPUTS, **volumes.INPUTS}

    model_equation: ClassVar[str] = (
        "E = (ρ_i + ρ_res)·(1 + v_b/V) - (ρ_s + δ_d)/(1 + γ·(t - t_l + δ_t - 20 °C))"
    )

    def __init__(self, parameters: DensitometerParameters, roles: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters, roles)
        self._shown: dict[str, list[float]] = {}
        """What was shown at each point since the run began, or was taken up."""

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        solids = [
            Point(f"{STANDARD} {n}, {value:g} kg/m3", {"density": value}, wanted.repeats, (STANDARD,))
            for n, value in enumerate(wanted.densities, 1)
        ]
        weights = [
            Point(f"{WEIGHT} {n}, {1000 * load:g} g", {"load": load}, wanted.weighings, (WEIGHT,))
            for n, load in enumerate(wanted.loads, 1)
        ]
        return (*weights, *solids)

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "kg/m3", DRIFT: "kg/m3", WATER: "1"}

    def certified(self) -> Sequence[str]:
        return ("standards", "weights") if self.parameters.loads else ("standards",)

    def suits(self, drivers: Drivers) -> None:
        """See that it can be read as finely as the order says."""
        see_resolution(drivers, "dut.density", self.parameters.resolution, "kg/m3")

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that all standards and weights are there, and are what the order says."""
        require_known(certificates, drivers, [("thermometer", "temperature", "°C")])
        bodies = []
        for number, density in enumerate(self.parameters.densities, 1):
            role = f"standards[{number}]"
            see_near(certificates, role, DENSITY, "kg/m3", density)
            bodies.append(stated(certificates[role].certificate))
        if self.parameters.volume_dependence is not None:
            volumes.see_pair(bodies)
        for number, load in enumerate(self.parameters.loads, 1):
            see_near(certificates, f"weights[{number}]", CONVENTIONAL, "kg", load)

    def measure(self, point: Point, run: Run) -> DensitometerSeen:
        number = number_of(point)
        air = read_air(run, self.ambient)
        if WEIGHT in point.series:
            have_done(run, put_on(self.weights[number - 1].serial))
            if self.balance is None:
                raise RunError("weights are ordered, and its balance can't be read: leave loads out")
            (weighed,) = run.read(self.balance.settled_mass)
            return DensitometerSeen(weighed=weighed, **air._asdict())
        (before,) = run.read(self.thermometer.temperature)
        have_done(run, weigh(self.standards[number - 1].serial))
        (shown,) = run.read(self.dut.density)
        assumed = None if self.liquid is None else run.read(self.liquid.density)[0]
        (after,) = run.read(self.thermometer.temperature)
        see_steady(point.name, before, after, self.parameters.temperature_change)
        self._see_plausible(point, shown.to("kg/m3").value)
        return DensitometerSeen(liquid=(before, after), shown=shown, assumed=assumed, **air._asdict())

    def _see_plausible(self, point: Point, shown: float) -> None:
        """Raise `RunError` if what is shown can't be, or goes only one way from repeat to repeat."""
        nominal = point.nominal["density"]
        if abs(shown / nominal - 1) > FAR:
            raise RunError(
                f"{point.name}: {shown:.6g} kg/m3 is shown: look whether another body was put in, and in "
                "which unit it shows (1 g/cm3 is 1000 kg/m3; a relative density has no unit)"
            )
        told = self._shown.setdefault(point.name, [])
        told.append(shown)
        steps = [b - a for a, b in pairwise(told)]
        one_way = all(step > 0 for step in steps) or all(step < 0 for step in steps)
        if len(told) >= MONOTONE and one_way and abs(told[-1] - told[0]) > 2 * self.parameters.repeatability:
            raise RunError(
                f"{point.name}: the readings go one way, from {told[0]:.7g} to {told[-1]:.7g} kg/m3: bubbles "
                "that dissolve, a liquid that warms or evaporates under a balance that follows its zero"
            )

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return errors, budgets, the balance's errors, characteristics and conformity."""
        wanted = self.parameters
        solids = [self._standard(point, evidence) for point in evidence.points if STANDARD in point.series]
        loads = [self._weight(point, evidence) for point in evidence.points if WEIGHT in point.series]
        seen = [DensitometerSeen.of(entry) for entry in evidence.observations]
        known = wanted.weighed_in == "water"
        liquid = liquid_deviation(evidence, [one for one in seen if known and one.assumed is not None])
        specification = Specification(
            Constant(wanted.permissible, "kg/m3"),
            wanted.norm,
            wanted.rule,
            unverified=as_it_comes(wanted, "permissible"),
        )
        accredited = CMC in evidence.characteristics
        judged = wanted.volume_dependence is not None
        volume = volumes.compared(solids, wanted) if judged else None
        whole = results.densitometer_characteristics(
            solids, volume or volumes.volume_dependence(solids), liquid
        )
        tables = (
            results.density_table(solids, specification, accredited=accredited),
            *((results.balance_table(loads),) if loads else ()),
            whole,
        )
        also = () if volume is None else (volume,)
        return Evaluation(
            results=tables,
            budgets=(
                *budgets(solids),
                *(each.model_copy(update={"result": len(tables) - 1}) for each in budgets(also)),
            ),
            conditions=(
                *((FLUIDS[wanted.weighed_in],) if knew(evidence, "weighed_in") else ()),
                *self._conditions(seen),
            ),
            methods=(
                by_gum(
                    "; ".join((self.model_equation, *(volumes.EQUATION for _ in also))),
                    (*solids, *also),
                    self.inputs,
                ),
            ),
            statements=(
                *conformity.statements(
                    solids,
                    specification,
                    Text(zh="该密度计", en="the densitometer"),
                    self._further(solids, loads, volume, liquid),
                ),
                *remarks(solids, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )

    def _standard(self, point: Point, evidence: Evidence) -> results.SolidFinding:
        number = number_of(point)
        material = self.parameters.materials[number - 1]
        return StandardCheck(point, evidence, self.parameters, number, material).found()

    def _weight(self, point: Point, evidence: Evidence) -> results.LoadFinding:
        return BalanceCheck(point, evidence, self.parameters, number_of(point)).found()

    def _further(
        self,
        solids: Sequence[results.SolidFinding],
        loads: Sequence[results.LoadFinding],
        volume: Finding | None,
        liquid: float | None,
    ) -> tuple[Further, ...]:
        """Return what else it is held against."""
        wanted = self.parameters

        def comes(name: str) -> bool:
            return as_it_comes(wanted, name)

        spread = max(each.repeatability for each in solids)
        told = [
            Further(
                Text(zh="重复性", en="repeatability"),
                spread,
                wanted.repeatability,
                "kg/m3",
                comes("repeatability"),
            )
        ]
        if loads:
            worst = max(abs(each.evaluated.value) for each in loads)
            name = Text(zh="天平示值误差绝对值", en="magnitude of the balance's error")
            told.append(Further(name, 1000 * worst, 1000 * wanted.balance_error, "g", comes("balance_error")))
        if volume is not None and wanted.volume_dependence is not None:
            name = Text(zh="体积影响绝对值", en="magnitude of the influence of volume")
            told.append(Further(name, abs(volume.evaluated.value), wanted.volume_dependence, "kg/m3"))
        if liquid is not None:
            name = Text(zh="液体密度取值偏差绝对值", en="magnitude of the deviation of its liquid's density")
            told.append(Further(name, abs(liquid), wanted.compensation, "kg/m3", comes("compensation")))
        return tuple(told)

    def _conditions(self, seen: Sequence[DensitometerSeen]) -> tuple[Condition, ...]:
        air, ends = AirDuring(), Ends("°C")
        for one in seen:
            air.take(one)
            ends.take(*(one.liquid or ()))
        name = Text(zh="液体温度（示值）", en="Temperature of the liquid (as read)")
        return (*air.conditions(), between("remotecal_liquidTemperature", name, ends, 3))


def _fluid(liquid: Text) -> Condition:
    note = Note(name=Text(zh="介质名称", en="Name"), ref_types=("remotecal_fluidName",), text=liquid)
    return Condition(name=Text(zh="介质", en="Fluid"), ref_types=("remotecal_fluid",), quantities=(note,))


FLUIDS: Final[Mapping[str, Condition]] = {
    "water": _fluid(Text(zh="水", en="water")),
    "another liquid": _fluid(
        Text(
            zh="水以外的液体；密度计所取的液体密度未检查",
            en="another liquid than water; the density that the densitometer takes for it was not checked",
        )
    ),
}
"""What is said of the liquid."""

MONOTONE: Final = 6
"""How many readings that go one way are a trend."""


def number_of(point: Point) -> int:
    """Return the number of the standard or weight that a point is about."""
    return int(point.name.partition(",")[0].split()[-1])


def stated(certificate: Certificate) -> tuple[float, float]:
    """Return the density in kg/m³ and the volume in m³ that a standard's certificate states."""
    (density,) = Single("ρ_s", certificate, DENSITY, "kg/m3").inputs
    (volume,) = Single("V", certificate, VOLUME, "m3").inputs
    return density.value, volume.value


def weigh(serial: str) -> Text:
    """Return what is asked for a standard."""
    return Text(
        zh=f"请用密度计测量 {serial}：擦干后在空气中称量，再浸入液体至规定深度，除去气泡，等待显示密度。",
        en=f"Measure {serial} on the densitometer: weigh it dry in air, then in the liquid at the usual "
        "depth, freed of bubbles, and wait until a density is shown.",
    )


def put_on(serial: str) -> Text:
    """Return what is asked for a weight."""
    return Text(
        zh=f"请清零，将砝码 {serial} 放在密度计的空气秤盘上，等待稳定。",
        en=f"Zero it, put the weight {serial} on the upper pan of the densitometer, and wait until it is at "
        "rest.",
    )
