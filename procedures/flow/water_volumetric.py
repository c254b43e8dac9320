"""Calibrate a water flow meter by a volumetric tank (ISO 8316).

The water is collected as for weighing, by the diverter in a steady flow or by the valve from rest to rest, in
a tank whose certificate states what it holds against its scale. The measurement model, for one repeat:

    V_s = V(h)·(1 + β·(t_s - t_0))              h: reading of the scale, t_s: water in the tank
    m   = V_s·ρ_s                               ρ_s: density at t_s and the pressure of the air
    V   = (m + V_c·(ρ_end - ρ_start))/ρ · t/(t + Δt)
    E   = V_i/V - 1

The tank must be drained as it was when it was calibrated: its dripping time is a parameter, and with the
drain shut the scale is read and has to stand at zero, within `empty`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from remotecal.drivers.capabilities import PulseCounter, TankScale, Thermometer, Valve
from remotecal.drivers.measured import Measured
from remotecal.errors import ParameterError
from remotecal.model import Text
from remotecal.procedures import (
    Artefact,
    By,
    Certificates,
    Drivers,
    Evidence,
    In,
    Point,
    Run,
    Stability,
    Waited,
)
from remotecal.procedures.library.flow.into_tank import IntoTank, TankParameters, TankSeen
from remotecal.procedures.library.flow.volumetric import INPUTS, VolumetricTank, expansion_of, held_by
from remotecal.procedures.library.flow.water import WaterRepeats
from remotecal.procedures.library.measuring.sampling import see_amount
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.procedures.library.meters.under_test import can
from remotecal.uncertainty.number import Number, Numbers

DRAINING = 60.0
"""Seconds, about, in which a tank drains; only by them is told what is left."""


class TankFilled(TankSeen):
    """What a repeat yields: how far the tank was filled, and what the meter told meanwhile."""

    in_order: ClassVar[tuple[str, ...]] = ("level_before level_after",)

    level_before: Annotated[Measured, "mm", By("tank_scale", "level"), Waited("dripping")]
    """Scale with the tank drained."""
    level_after: Annotated[Measured, "mm", By("tank_scale", "level"), Waited("dripping", since="temperature")]
    """Scale with the water collected."""
    tank_temperature: Annotated[Measured, "°C", By("tank_thermometer", "temperature")]
    """Water in the tank then."""


class VolumetricParameters(TankParameters):
    """What a calibration by a volumetric tank is told."""

    smallest_volume: Annotated[float, In("m3", above=0)]
    """Water one repeat must collect at least, so that the tank's error stays small."""
    largest_volume: Annotated[float, In("m3", above=0)]
    """Water the tank takes."""
    empty: Annotated[float, In("mm", above=0)] = 2.0
    """How far the scale may stand from zero when the tank counts as drained."""
    scale_resolution: Annotated[float, In("mm", at_least=0)] = 0.1
    """Smallest step of the scale."""
    reference_temperature: Annotated[float, In("°C", at_least=0, at_most=40)] = 20.0
    """Temperature the tank's volume is stated for."""
    dripping: Annotated[float, In("s", at_least=1)] = 30.0
    """Time for the drained tank to drip, and for the filled one to come to rest; as in its certificate."""


class WaterVolumetric(IntoTank):
    """Calibrate a water flow meter by a volumetric tank (ISO 8316)."""

    title: ClassVar[Text] = Text(zh="容积法水流量校准", en="Water flow calibration by a volumetric tank")
    norms: ClassVar[tuple[str, ...]] = ("ISO 8316:1987", "JJG 164")
    model_equation: ClassVar[str] = (
        "E = V_i/V - 1, V = ((V(h) - V(h_0))·(1 + β·(t_s - t_0))·ρ_s + V_c·(ρ_end - ρ_start))/ρ · t/(t + Δt)"
    )

    tank: Artefact
    """The tank, with its scale: what it holds at each reading its certificate states."""
    tank_scale: TankScale
    tank_thermometer: Thermometer
    """Water temperature in the tank."""

    Parameters: ClassVar[type[VolumetricParameters]] = VolumetricParameters
    parameters: VolumetricParameters

    inputs: ClassVar[Mapping[str, Text]] = {**IntoTank.inputs, **INPUTS}

    def certified(self) -> Sequence[str]:
        return ("tank",)

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        return (*super().corrected(drivers), ("tank_thermometer", "temperature", "°C"))

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that the tank's certificate tells volumes, and its expansion, as far as the order fills it."""
        super().check(certificates, drivers)
        certificate, wanted = certificates["tank"].certificate, self.parameters
        expansion_of(certificate)
        counted = can(drivers, "dut", PulseCounter)
        volumes = [self._duration(flow, counted=counted) * flow / 3600 for flow in wanted.flows]
        least, most = held_by(certificate)
        if not least <= min(volumes) <= max(volumes) <= most:
            raise ParameterError(
                f"repeats would collect {min(volumes):.4g} to {max(volumes):.4g} m3, and the tank's "
                f"certificate holds from {least:.4g} to {most:.4g} m3: mend smallest_volume or largest_volume"
            )

    def suits(self, drivers: Drivers) -> None:
        super().suits(drivers)
        for flow in self.parameters.flows:
            self._duration(flow, counted=can(drivers, "dut", PulseCounter))

    def takes(self, point: Point) -> float:
        collecting = self._duration(point.nominal["flow"], counted=isinstance(self.dut, PulseCounter))
        return collecting + DRAINING + 2 * self.parameters.dripping

    def _duration(self, flow: float, *, counted: bool) -> float:
        """Return how long a repeat lasts at a flow in m³/h, in s."""
        rate, wanted = flow / 3600, self.parameters
        duration = max(wanted.shortest_repeat(flow, counted=counted), wanted.smallest_volume / rate)
        if duration * rate > wanted.largest_volume:
            raise ParameterError(
                f"at {flow:g} m3/h a repeat takes {duration:.0f} s and {duration * rate:.4g} m3, the tank "
                f"only {wanted.largest_volume:g} m3: lower duration, fewest_pulses or the flow"
            )
        return duration

    def measure(self, point: Point, run: Run) -> TankFilled:
        before, air = self._drain(run), read_air(run, self.ambient)
        duration = self._duration(point.nominal["flow"], counted=isinstance(self.dut, PulseCounter))
        told = self.collect(run, duration)
        run.wait(self.parameters.dripping)
        after, temperature = run.read(self.tank_scale.level, self.tank_thermometer.temperature)
        seen = TankFilled(
            level_before=before, level_after=after, tank_temperature=temperature, **air._asdict(), **told
        )
        see_amount("the rise of the tank's scale, in mm,", after.to("mm").value - before.to("mm").value)
        if seen.time is not None:
            see_amount("the time of collecting, in s,", seen.time.to("s").value)
        self.see_state(seen)
        return seen

    def _drain(self, run: Run) -> Measured:
        """Drain the tank, let it drip, and see that it stands where it did when it was calibrated."""
        wanted, level = self.parameters, self.tank_scale.level
        self.rig.drain.set(Valve.OPEN)
        run.settle(Stability(level, duration=10, spread=wanted.empty, timeout=3600, every=5))
        run.wait(wanted.dripping)
        self.rig.drain.set(Valve.SHUT)
        (left,) = run.read(level)
        if abs(left.to("mm").value) > wanted.empty:
            raise ParameterError(
                f"the scale of the drained tank stands at {left.to('mm').value:g} mm: is the drain shut, or "
                "`empty` too low?"
            )
        return left

    def evaluate_point(self, point: Point, evidence: Evidence) -> MeterFinding:
        wanted = self.parameters
        repeats = WaterRepeats(point, evidence, TankFilled.at(evidence, point), wanted)
        scale = [level for one in repeats.seen for level in (one.level_before, one.level_after)]
        repeats.read_by("tank_scale", scale)
        level = sum(one.level_after.value for one in repeats.seen) / len(repeats.seen)
        tank = VolumetricTank(
            repeats.certificate("tank"),
            level,
            wanted.scale_resolution,
            len(repeats.seen),
            wanted.reference_temperature,
        )
        repeats.inputs += tank.inputs
        for rounding in tank.resolution:
            repeats.by_chance(rounding)
        thermometer = repeats.correction(
            "t_s", "tank_thermometer", [one.tank_temperature for one in repeats.seen], "°C"
        )

        def mass(seen: TankFilled, x: Numbers) -> Number:
            temperature = thermometer.corrected(x, seen.tank_temperature.value)
            held = tank.took(x, seen.level_before.value, seen.level_after.value, temperature)
            collected: Number = held * repeats.density_at(seen, x, temperature, 0.0)
            return collected

        return self.solved(repeats, mass)
