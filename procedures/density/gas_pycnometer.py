"""The density of a solid by a gas pycnometer, whose chambers are found by a sphere in each repeat.

A person loads the cell, purges and turns the valves; a gauge is read over its wire. Each pressure is waited
for until it changes no faster than allowed: gas that was let in is warm, what was expanded is cold, a leak
never ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from remotecal.drivers.capabilities import AmbientMonitor, Balance, PressureGauge, Thermometer
from remotecal.drivers.measured import Measured
from remotecal.errors import ParameterError, RunError
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
from remotecal.procedures.library.density.parameters import PycnometerParameters
from remotecal.procedures.library.density.pycnometer import INPUTS, PycnometerRepeats, PycnometerSeen
from remotecal.procedures.library.density.standing import VOLUME, see_near
from remotecal.procedures.library.evaluation.air import CORRECTED
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.measuring.asking import have_done
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air


class GasPycnometer(Procedure):
    """Find the density of a solid by a gas pycnometer (ISO 12154)."""

    title: ClassVar[Text] = Text(zh="固体密度（气体置换法）", en="Density of a solid by gas displacement")
    norms: ClassVar[tuple[str, ...]] = ("ISO 12154",)

    dut: PressureGauge
    """The pycnometer's gauge, which reads what the solid displaces."""
    balance: Balance
    sphere: Artefact
    """A body of known volume."""
    thermometer: Thermometer
    """At the cell."""
    ambient: AmbientMonitor

    Parameters: ClassVar[type[PycnometerParameters]] = PycnometerParameters
    parameters: PycnometerParameters

    read_by: ClassVar[tuple[type, ...]] = (PressureGauge,)
    sets: ClassVar[Mapping[str, str]] = {"density": "kg/m3"}
    safe_by_hand: ClassVar[Text | None] = Text(
        zh="请将比重计两腔通大气，并关闭气源。",
        en="Open both chambers of the pycnometer to the air, and shut the gas.",
    )
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    model_equation: ClassVar[str] = (
        "ρ = m/V·(1 + γ·(t - 20 °C)), m = (W_a + W_ra + W_ea)·(1 - ρ_a/ρ_r) + ρ_a·V, V = V_c - V_r/X, "
        "V_r = V_k/(1/X_0 - 1/X_k), V_c = V_r/X_0, X = (n_1 - n_0)/(n_2·(1 + δ_T/T) - n_0) - 1, "
        "n = p/(1 + B·p/(R·T))"
    )

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return (Point("solid", {"density": wanted.density}, wanted.repeats),)

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "kg/m3"}

    def certified(self) -> Sequence[str]:
        return ("dut", "balance", "sphere")

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has its certificate, and the sphere is the one of the order."""
        see_near(certificates, "sphere", VOLUME, "m3", self.parameters.sphere)
        own = (("dut", "pressure", "Pa"), ("balance", "mass", "kg"), ("thermometer", "temperature", "°C"))
        require_known(certificates, drivers, (*own, *CORRECTED))

    def prepare(self, run: Run) -> None:
        """See that the gauge counts from the air's pressure."""
        if self.dut.is_absolute():
            raise ParameterError(
                "the pycnometer's gauge must count from the air's pressure: mend its settings"
            )

    def measure(self, point: Point, run: Run) -> PycnometerSeen:
        air = read_air(run, self.ambient)
        told: dict[str, Any] = {**air._asdict()}
        have_done(run, EMPTY_PAN)
        (told["pan"],) = run.read(self.balance.settled_mass)
        have_done(run, IN_AIR)
        (told["in_air"],) = run.read(self.balance.settled_mass)
        (before,) = run.read(self.thermometer.temperature)
        for part, what in (
            ("empty", NOTHING),
            ("with_sphere", sphere(self.sphere.serial)),
            ("sample", SAMPLE),
        ):
            told[part] = self._expand(point, what, run)
        (after,) = run.read(self.thermometer.temperature)
        return PycnometerSeen(cell=(before, after), **told)

    def _expand(self, point: Point, what: Text, run: Run) -> tuple[Measured, ...]:
        """Return the gauge's readings open to the air, filled, and after the chambers were joined."""
        have_done(run, what)
        zero = self._read(run)
        have_done(run, fill(self.parameters.pressure))
        first = self._read(run)
        have_done(run, JOIN)
        second = self._read(run)
        if not 1.05 < first.to("Pa").value / max(second.to("Pa").value, 1.0) < 50:
            raise RunError(
                f"{point.name}: {first.to('Pa').value:.0f} Pa became {second.to('Pa').value:.0f} Pa as the "
                "chambers were joined: look at the valves"
            )
        return zero, first, second

    def _read(self, run: Run) -> Measured:
        """Wait until the pressure is at rest, and read it."""
        from remotecal import units

        wanted, gauge = self.parameters, self.dut.pressure
        slope = wanted.equilibrium / 60.0 * units.scale("Pa", gauge.declaration.unit)
        run.settle(
            Stability(
                gauge, duration=wanted.rest, slope=slope, timeout=30 * wanted.rest, every=wanted.rest / 12
            )
        )
        return run.read(gauge)[0]

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return density, volume and chambers with their budget."""
        (point,) = self.points()
        repeats = PycnometerRepeats(point, evidence, PycnometerSeen.at(evidence, point), self.parameters)
        finding, accredited = repeats.found(), CMC in evidence.characteristics
        if abs(finding.evaluated.value / self.parameters.density - 1) > FAR:
            raise ParameterError(
                f"a density of {finding.evaluated.value:.6g} kg/m3 was found, and the order expects "
                f"{self.parameters.density:g} kg/m3: mend the order (1 g/cm3 is 1000 kg/m3)"
            )
        return Evaluation(
            results=(
                results.solid_table(finding, accredited=accredited),
                results.chambers_table(*repeats.chambers()),
            ),
            budgets=budgets([finding]),
            conditions=self._conditions(repeats.seen),
            methods=(by_gum(self.model_equation, [finding], self.inputs),),
            statements=(*remarks([finding], BY_CMC), *((IN_CMC,) if accredited else ())),
        )

    def _conditions(self, seen: Sequence[PycnometerSeen]) -> tuple[Condition, ...]:
        air, ends = AirDuring(), Ends("°C")
        for one in seen:
            air.take(one)
            ends.take(*one.cell)
        name = Text(zh="样品室温度（示值）", en="Temperature of the cell (as read)")
        return (*air.conditions(), between("remotecal_cellTemperature", name, ends, 2))


FAR: Final = 0.2
"""By which share a density may differ from what the order expects: solids may have pores."""

EMPTY_PAN: Final = Text(zh="请清空天平秤盘。", en="Take everything off the pan of the balance.")
IN_AIR: Final = Text(zh="请将样品放在天平秤盘上。", en="Put the sample on the pan of the balance.")
PURGED: Final = (
    "盖紧，充气并放空至少十次，然后通大气。",
    "close it, purge it ten times at least, and leave it open to the air.",
)
NOTHING: Final = Text(zh=f"请取空样品室，{PURGED[0]}", en=f"Leave the cell empty, {PURGED[1]}")
SAMPLE: Final = Text(zh=f"请将样品放入样品室，{PURGED[0]}", en=f"Put the sample into the cell, {PURGED[1]}")
JOIN: Final = Text(zh="请打开通往参考室的阀门。", en="Open the valve to the reference chamber.")
"""What is asked for."""


def sphere(serial: str) -> Text:
    """Return what is asked for the sphere."""
    return Text(
        zh=f"请将标准球 {serial} 放入样品室，{PURGED[0]}",
        en=f"Put the sphere {serial} into the cell, {PURGED[1]}",
    )


def fill(pressure: float) -> Text:
    """Return what is asked for the gas."""
    called = f"{pressure / 1000:g} kPa"
    return Text(
        zh=f"请关闭通往参考室和大气的阀门，充气至约 {called}，然后关闭气源。",
        en=f"Shut the valves to the reference chamber and to the air, fill the cell to about {called}, and "
        "shut the gas.",
    )
