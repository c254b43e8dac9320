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

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from remotecal.drivers.capabilities import Outlet, PulseCounter, Valve, VolumeTotalizer
from remotecal.errors import EvidenceError, ParameterError
from remotecal.model import Text
from remotecal.procedures import Certificates, Drivers, Evidence, Point, Run
from remotecal.procedures.library.flow.collecting import (
    DRAINING,
    OF_WEIGHING,
    CollectingParameters,
    OnWeighTank,
    Weighed,
    collected_mass,
    see_balance,
)
from remotecal.procedures.library.flow.meter import FlowProcedure
from remotecal.procedures.library.flow.parameters import FlowParameters
from remotecal.procedures.library.flow.water import FlowSeen, WaterRepeats
from remotecal.procedures.library.measuring.sampling import amount, see_amount
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.procedures.library.meters.under_test import can
from remotecal.uncertainty.number import Number, Numbers


class Collected(Weighed, FlowSeen):
    """What a repeat yields: the water that was collected, and what the meter told meanwhile."""


class GravimetricParameters(CollectingParameters, FlowParameters):
    """What a gravimetric calibration is told."""

    method: Literal["flying", "standing"] = "flying"
    """Start and finish: by the diverter in a steady flow, or by the valve from rest to rest."""


class WaterGravimetric(OnWeighTank, FlowProcedure):
    """Calibrate a water flow meter by static weighing (ISO 4185, JJG 164)."""

    title: ClassVar[Text] = Text(zh="静态质量法水流量校准", en="Water flow calibration by static weighing")
    norms: ClassVar[tuple[str, ...]] = ("ISO 4185:1980", "JJG 164")
    model_equation: ClassVar[str] = "E = V_i/V - 1, V = (m + V_c·(ρ_end - ρ_start))/ρ · t/(t + Δt)"

    Parameters: ClassVar[type[GravimetricParameters]] = GravimetricParameters
    parameters: GravimetricParameters

    inputs: ClassVar[Mapping[str, Text]] = {
        **FlowProcedure.inputs,
        **OF_WEIGHING,
        "V_c": Text(zh="连接管段容积", en="volume between meter and diverter"),
        "Δt": Text(zh="换向器时间修正", en="diverter correction"),
    }

    def characteristics(self) -> Mapping[str, str]:
        facts = super().characteristics()
        return {**facts, "diverter_correction": "s"} if self.parameters.method == "flying" else facts

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        super().check(certificates, drivers)
        counted = can(drivers, "dut", PulseCounter)
        masses = [self._duration(flow, counted=counted) * flow / 3.6 for flow in self.parameters.flows]
        see_balance(certificates, max(masses))

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

    def takes(self, point: Point) -> float:
        collecting = self._duration(point.nominal["flow"], counted=isinstance(self.dut, PulseCounter))
        return collecting + DRAINING + 2 * self.parameters.dripping

    def measure(self, point: Point, run: Run) -> Collected:
        self.drain(run)
        before, air = self.weigh(run), read_air(run, self.ambient)
        duration = self._duration(point.nominal["flow"], counted=isinstance(self.dut, PulseCounter))
        collect = self._fly if self.parameters.method == "flying" else self._stand
        told = collect(run, duration)
        seen = Collected(mass_before=before, mass_after=self.weigh(run), **air._asdict(), **told)
        see_amount("the mass collected, in kg,", seen.mass_after.to("kg").value - before.to("kg").value)
        if seen.time is not None:
            see_amount("the time of collecting, in s,", seen.time.to("s").value)
        self.see_state(seen)
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
