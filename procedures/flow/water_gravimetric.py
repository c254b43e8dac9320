"""Calibrate a water flow meter by weighing what has passed through it (ISO 4185, JJG 164).

*Flying* start and finish: the flow is steady, a diverter sends the water into the weigh tank and
back, and its edges open and close the timer and the gate of the pulse counter. *Standing* start and
finish: the valve behind the meter starts and stops the flow, and the meter counts freely.

The measurement model, for one repeat:

    m   = (W₁ - W₀)·(1 - ρa/ρp)/(1 - ρa/ρ)      W: balance indications less their errors
    m_m = m + V_c·(ρ_end - ρ_start)             V_c: volume between meter and diverter
    V   = m_m/ρ · t/(t + Δt)                    Δt: diverter correction; 0 for standing start
    E   = V_i/V - 1                             V_i: N/K, the meter's total, or q_i·t

ρ is the density at the meter by temperature and absolute pressure, ρa that of the air by CIPM-2007
(outside its range by the next best formula, which the budget names),
ρp = 8000 kg/m³ that of the weights the balance was calibrated with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from remotecal.drivers.capabilities import (
    Balance,
    CollectingRig,
    Outlet,
    PulseCounter,
    Valve,
    VolumeTotalizer,
)
from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError, ParameterError
from remotecal.fluids.air import air_formula, buoyancy_factor
from remotecal.model import Text
from remotecal.procedures import Certificates, Drivers, Evidence, In, Point, Run, Stability
from remotecal.procedures.library.evaluation.air import INPUTS as AIR_INPUTS
from remotecal.procedures.library.evaluation.air import AirAround
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.flow.meter import FlowProcedure
from remotecal.procedures.library.flow.parameters import FlowParameters
from remotecal.procedures.library.flow.water import FlowSeen, WaterRepeats
from remotecal.procedures.library.measuring.sampling import amount, see_amount
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters.passing import OfRepeat
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.procedures.library.meters.under_test import can
from remotecal.uncertainty.inputs import Distribution, Input
from remotecal.uncertainty.number import Number, Numbers

DRAINING = 45.0
"""Seconds, about, in which a tank drains and its balance comes to rest; only by them is told what is left."""


class Collected(FlowSeen):
    """What a repeat yields: the water that was collected, and what the meter told meanwhile."""

    mass_before: Annotated[Measured, "kg"]
    """Balance with the tank drained."""
    mass_after: Annotated[Measured, "kg"]
    """Balance with the water collected."""
    time: Annotated[Measured | None, "s"] = None
    """Between the diverter's two passages, for a flying start."""


class GravimetricParameters(FlowParameters):
    """What a gravimetric calibration is told."""

    method: Literal["flying", "standing"] = "flying"
    """Start and finish: by the diverter in a steady flow, or by the valve from rest to rest."""
    smallest_mass: Annotated[float, In("kg", above=0)]
    """Water one repeat must collect at least, so that the balance's error stays small."""
    largest_mass: Annotated[float, In("kg", above=0)]
    """Water the weigh tank takes."""
    empty: Annotated[float, In("kg", above=0)]
    """Balance indication below which the tank counts as drained."""
    dripping: Annotated[float, In("s", at_least=1)] = 10.0
    """Time for the tank to come to rest before it is weighed."""


class WaterGravimetric(FlowProcedure):
    """Calibrate a water flow meter by static weighing (ISO 4185, JJG 164)."""

    title: ClassVar[Text] = Text(zh="静态质量法水流量校准", en="Water flow calibration by static weighing")
    norms: ClassVar[tuple[str, ...]] = ("ISO 4185:1980", "JJG 164")
    model_equation: ClassVar[str] = "E = V_i/V - 1, V = (m + V_c·(ρ_end - ρ_start))/ρ · t/(t + Δt)"

    rig: CollectingRig
    balance: Balance

    Parameters: ClassVar[type[FlowParameters]] = GravimetricParameters
    parameters: GravimetricParameters

    inputs: ClassVar[Mapping[str, Text]] = {
        **FlowProcedure.inputs,
        "W": Text(zh="天平示值偏差(满载)", en="deviation of the balance's indication, tank full"),
        "W_0": Text(zh="天平示值偏差(空载)", en="deviation of the balance's indication, tank empty"),
        "W_res": Text(zh="天平分辨力", en="resolution of the balance"),
        **AIR_INPUTS,
        "V_c": Text(zh="连接管段容积", en="volume between meter and diverter"),
        "Δt": Text(zh="换向器时间修正", en="diverter correction"),
    }

    def characteristics(self) -> Mapping[str, str]:
        facts = {**super().characteristics(), "balance_resolution": "kg"}
        return {**facts, "diverter_correction": "s"} if self.parameters.method == "flying" else facts

    def certified(self) -> Sequence[str]:
        return ("balance",)

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        return (
            *super().corrected(drivers),
            ("balance", "mass", "kg"),
            ("ambient", "air_temperature", "°C"),
            ("ambient", "humidity", "%"),
        )

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        super().check(certificates, drivers)
        counted = can(drivers, "dut", PulseCounter)
        masses = [self._duration(flow, counted=counted) * flow / 3.6 for flow in self.parameters.flows]
        known = Standard.certified("W", certificates["balance"].certificate, "kg")
        known.require(0.0, max(masses), "the balance is to weigh")

    def suits(self, drivers: Drivers) -> None:
        super().suits(drivers)
        standing = self.parameters.method == "standing"
        if can(drivers, "dut", VolumeTotalizer) and not standing:
            raise ParameterError(
                'a total read over the bus can\'t be gated by the diverter: choose method = "standing"'
            )
        if standing and "dut" in drivers and not can(drivers, "dut", PulseCounter, VolumeTotalizer):
            raise ParameterError('a current can\'t be totalized from rest to rest: choose method = "flying"')
        for flow in self.parameters.flows:
            self._duration(flow, counted=can(drivers, "dut", PulseCounter))

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        self.rig.diverter.set(Outlet.BYPASS)

    def takes(self, point: Point) -> float:
        collecting = self._duration(point.nominal["flow"], counted=isinstance(self.dut, PulseCounter))
        return collecting + DRAINING + 2 * self.parameters.dripping

    def measure(self, point: Point, run: Run) -> Collected:
        self._drain(run)
        before, air = self._weigh(run), read_air(run, self.ambient)
        duration = self._duration(point.nominal["flow"], counted=isinstance(self.dut, PulseCounter))
        collect = self._fly if self.parameters.method == "flying" else self._stand
        told = collect(run, duration)
        seen = Collected(mass_before=before, mass_after=self._weigh(run), **air._asdict(), **told)
        see_amount("the mass collected, in kg,", seen.mass_after.to("kg").value - before.to("kg").value)
        if seen.time is not None:
            see_amount("the time of collecting, in s,", seen.time.to("s").value)
        self.see_state(seen)
        air_formula(
            [
                (
                    air.air_temperature.to("°C").value,
                    air.air_pressure.to("Pa").value,
                    air.humidity.to("%").value / 100,
                )
            ]
        )
        return seen

    def _fly(self, run: Run, duration: float) -> dict[str, Any]:
        """Collect between two passages of the diverter, in a steady flow."""
        if isinstance(self.dut, PulseCounter):
            self.dut.count_gated()
        self.rig.diverter.set(Outlet.TANK)
        told: dict[str, Any] = {**self.watch(run, duration)}
        self.rig.diverter.set(Outlet.BYPASS)
        run.wait(1.0)
        told["time"] = self.rig.collection_time.read()
        if isinstance(self.dut, PulseCounter):
            told["pulses"] = self.dut.gated_pulses.read()
        return told

    def _stand(self, run: Run, duration: float) -> dict[str, Any]:
        """Collect from rest to rest, by the valve behind the meter."""
        self.rig.outlet.set(Valve.SHUT)
        run.wait(self.parameters.dripping)
        self.rig.diverter.set(Outlet.TANK)
        run.wait(1.0)
        told: dict[str, Any] = {}
        if isinstance(self.dut, PulseCounter):
            self.dut.count_freely()
        elif isinstance(self.dut, VolumeTotalizer):
            told["total_before"] = self.dut.volume.read()
        begun = run.clock.now()
        self.rig.outlet.set(Valve.OPEN)
        told |= self.watch(run, duration)
        self.rig.outlet.set(Valve.SHUT)
        told["duration"] = run.clock.now() - begun
        run.wait(self.parameters.dripping)
        if isinstance(self.dut, PulseCounter):
            told["pulses"] = self.dut.running_pulses.read()
        elif isinstance(self.dut, VolumeTotalizer):
            told["total_after"] = self.dut.volume.read()
            amount(self.dut.volume, told["total_before"], told["total_after"])
        self.rig.diverter.set(Outlet.BYPASS)
        self.rig.outlet.set(Valve.OPEN)
        return told

    def _duration(self, flow: float, *, counted: bool) -> float:
        """Return how long a repeat lasts at a flow in m³/h, in s."""
        rate = flow / 3.6  # kg/s, near enough to plan by
        wanted = self.parameters
        duration = max(wanted.shortest_repeat(flow, counted=counted), wanted.smallest_mass / rate)
        if duration * rate > wanted.largest_mass:
            raise ParameterError(
                f"at {flow:g} m3/h a repeat takes {duration:.0f} s and {duration * rate:.0f} kg, the tank "
                f"only {wanted.largest_mass:g} kg: lower duration, fewest_pulses or the flow"
            )
        return duration

    def _drain(self, run: Run) -> None:
        self.rig.drain.set(Valve.OPEN)
        run.settle(
            Stability(self.balance.mass, duration=10, spread=self.parameters.empty, timeout=3600, every=5)
        )
        left = self.balance.mass.read().to("kg").value
        if left > self.parameters.empty:
            raise ParameterError(
                f"the drained tank weighs {left:g} kg: is the drain shut, or `empty` too low?"
            )
        self.rig.drain.set(Valve.SHUT)

    def _weigh(self, run: Run) -> Measured:
        run.wait(self.parameters.dripping)
        return self.balance.settled_mass.read()

    def evaluate_point(self, point: Point, evidence: Evidence) -> MeterFinding:
        repeats = WaterRepeats(point, evidence, Collected.at(evidence, point), self.parameters)
        mass = collected_mass(repeats)
        repeats.characteristic("V_c", "connecting_volume", "m3")
        if flying := self.parameters.method == "flying":
            repeats.characteristic("Δt", "diverter_correction", "s")

        def passage(seen: Collected, x: Numbers) -> Number:
            lasted = seen.duration if seen.time is None else seen.time.value
            if lasted is None or (seen.time is None) is flying:
                raise EvidenceError(f"{point.name}: a repeat does not tell how long it collected")
            return lasted

        def volume(seen: Collected, x: Numbers) -> Number:
            stored = x["V_c"] * (repeats.density(seen, x, -1) - repeats.density(seen, x, 0))
            passed: Number = (mass(seen, x) + stored) / repeats.density(seen, x)
            time = passage(seen, x)
            return passed * time / (time + x["Δt"]) if flying else passed

        return repeats.solve(volume, passage)


def collected_mass(repeats: WaterRepeats[Collected]) -> OfRepeat[Collected]:
    """Return how to get the mass collected in a repeat, in kg, and add the inputs that takes."""
    seen = repeats.seen
    full = repeats.correction("W", "balance", [one.mass_after for one in seen], "kg")
    empty = repeats.correction("W_0", "balance", [one.mass_before for one in seen], "kg")
    step = repeats.constant("balance_resolution", "kg")
    # Two readings, each rounded to the step: their difference is triangular within one step.
    width = step / math.sqrt(len(seen))
    repeats.inputs.append(Input.from_limits("W_res", 0.0, "kg", width, Distribution.TRIANGULAR))
    around = AirAround(repeats, repeats.barometer)

    def mass(one: Collected, x: Numbers) -> Number:
        after = full.corrected(x, one.mass_after.value)
        before = empty.corrected(x, one.mass_before.value)
        buoyancy = buoyancy_factor(around.density(one, x), repeats.density(one, x))
        collected: Number = (after - before + x["W_res"]) * buoyancy
        return collected

    return mass
