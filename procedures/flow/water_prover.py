"""Calibrate a water flow meter by a pipe prover or a small volume prover (ISO 7278, JJG 209).

The displacer sweeps the volume between two detectors in a steady flow. The measurement model, for one pass:

    V_p = BPV·CTS·CPS           BPV: base volume, CTS = 1 + β·(t_p - t_b), CPS = 1 + κ·p_p
    MF  = V_p·(ρ_p/ρ)/(N/K)     ρ_p, ρ: density of the water in the prover and at the meter
    E   = 1/MF - 1              N: pulses by double chronometry, N_w·T_2/T_1

ρ_p/ρ is CTL_p·CPL_p/(CTL_m·CPL_m). Where the bench states the volume V_c of the pipe between prover and
meter, V_p·ρ_p/ρ + Δm_c/ρ passed the meter: Δm_c = V_c·(ρ_e - ρ_b) is what that pipe holds more at the end of
a pass; it is taken off where the water comes to the prover first. The range of the passes' errors must be
within what goes with the random uncertainty wanted, or the point counts for nothing (ISO 7278-2, API
MPMS 4.8).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final

from remotecal.drivers.capabilities import Prover, Thermometer
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import EvidenceError, ParameterError, RunError
from remotecal.model import Text
from remotecal.procedures import Artefact, By, Certificates, Drivers, Evidence, In, Point, Run
from remotecal.procedures.library.evaluation.output import Output
from remotecal.procedures.library.flow.meter import FlowProcedure
from remotecal.procedures.library.flow.parameters import FlowParameters
from remotecal.procedures.library.flow.proving import (
    INPUTS,
    Interpolated,
    SweptVolume,
    allowed_range,
    interpolated,
    see_chronometry,
)
from remotecal.procedures.library.flow.water import FlowSeen, WaterRepeats
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters.between import CONNECTION, stored
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.uncertainty.number import Number, Numbers

TICK: Final = 1e-6
"""Resolution of the prover's clock in s."""
EVERY: Final = 1.0
"""Seconds from one look at a displacer under way to the next."""


class ProvedSeen(FlowSeen):
    """What a repeat yields: one pass of the displacer; while that lasts all else is read."""

    temperature: Annotated[tuple[Measured, ...], "°C", By("thermometer", "temperature")]
    pressure: Annotated[tuple[Measured, ...], "Pa", By("rig", "pressure")]
    pulse_time: Annotated[Measured, "s", By("dut", "pulse_time")]
    """Time the whole pulses took."""
    pass_time: Annotated[Measured, "s", By("dut", "pass_time")]
    """Time from detector to detector."""
    prover_temperature: Annotated[tuple[Measured, ...], "°C", By("prover_thermometer", "temperature")]
    """Water in the prover, during the pass."""
    prover_pressure: Annotated[tuple[Measured, ...], "Pa", By("dut", "pressure")]
    """Gauge pressure there."""

    @property
    def share_of_pass(self) -> float:
        """Time from detector to detector as a share of that from the first reading to the last; 0 of one."""
        took = self.temperature[-1].at - self.temperature[0].at
        return self.pass_time.to("s").value / took if took > 0.0 else 0.0


class ProverParameters(FlowParameters):
    """What a calibration by a prover is told."""

    repeats: Annotated[int, In("1", at_least=3, at_most=20)] = 5
    """Passes at each flow."""
    duration: Annotated[float, In("s", above=0)] = 0.5
    """Shortest time of one pass, from detector to detector."""
    fewest_pulses: Annotated[int, In("1", at_least=1)] = 100
    """Whole pulses of the meter one pass must have at least."""
    random: Annotated[float, In("%", above=0, at_most=1)] = 0.027
    """Random uncertainty of the mean meter factor that the passes' range must go with (unverified)."""
    reference_temperature: Annotated[float, In("°C", at_least=0, at_most=40)] = 20.0
    """Temperature the base volume is stated for."""
    longest_pass: Annotated[float, In("s", above=0)] = 600.0
    """How long the displacer may take from its launch to the second detector."""
    prover_first: bool = False
    """Whether the water comes to the prover before the meter under test."""


class ProverRepeats(WaterRepeats[ProvedSeen]):
    """The passes at one flow."""

    def pulses(self, seen: ProvedSeen) -> float:
        """Return the pulses between the detectors, by double chronometry."""
        if seen.pulses is None:
            raise EvidenceError(f"{self.point.name}: a pass does not tell its pulses")
        if refusal := see_chronometry(seen.pulses.value, seen.pulse_time.value, seen.pass_time.value):
            raise EvidenceError(f"{self.point.name}: {refusal}")
        return interpolated(seen.pulses.value, seen.pulse_time.value, seen.pass_time.value)

    def _meter_output(self) -> Output[ProvedSeen]:
        shortest = min(seen.pass_time.value for seen in self.seen)
        per_unit = self._given(self._told.measurand.pulses)
        return Interpolated(self, self.pulses, per_unit, TICK / shortest)


class WaterProver(FlowProcedure):
    """Calibrate a water flow meter by a pipe prover (ISO 7278, JJG 209)."""

    title: ClassVar[Text] = Text(zh="体积管法水流量校准", en="Water flow calibration by a pipe prover")
    norms: ClassVar[tuple[str, ...]] = ("ISO 7278-3", "JJG 209")
    model_equation: ClassVar[str] = (
        "E = 1/MF - 1, MF = BPV·(1 + β·(t_p - t_b))·(1 + κ·p_p)·(ρ_p/ρ)/(N/K), N = N_w·T_2/T_1·(1 + T)"
    )

    dut: Prover  # type: ignore[assignment]  # it counts the meter's pulses
    """The prover's controller, which counts the pulses of the meter under test."""
    prover: Artefact
    """The prover by its certificate."""
    prover_thermometer: Thermometer

    Parameters: ClassVar[type[FlowParameters]] = ProverParameters
    parameters: ProverParameters

    read_by: ClassVar[tuple[type, ...]] = (Prover,)
    reach: ClassVar[Mapping[str, str]] = {"rig.flow": "flow"}
    inputs: ClassVar[Mapping[str, Text]] = {**FlowProcedure.inputs, **INPUTS}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CONNECTION: "m3"}

    def model_of(self, evidence: Evidence) -> str:
        if CONNECTION not in evidence.characteristics:
            return self.model_equation
        head, rest = self.model_equation.split("MF = ")
        swept, counted = rest.split("/(N/K)")
        return f"{head}MF = ({swept} {'-' if self.parameters.prover_first else '+'} Δm_c/ρ)/(N/K){counted}"

    def characteristics(self) -> Mapping[str, str]:
        return {"water_density": "1"}

    def certified(self) -> Sequence[str]:
        return ("prover",)

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        own = (("prover_thermometer", "temperature", "°C"), ("dut", "pressure", "Pa"))
        return (*super().corrected(drivers), *own)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that the prover's certificate tells its volume, and what that grows by."""
        super().check(certificates, drivers)
        volume = SweptVolume(certificates["prover"].certificate, self.parameters.reference_temperature)
        wanted = self.parameters
        slow, quick = (volume.base * 3600 / flow for flow in (min(wanted.flows), max(wanted.flows)))
        if slow > wanted.longest_pass or quick < wanted.duration:
            raise ParameterError(
                f"passes take {quick:.3g} to {slow:.3g} s at these flows, and duration to longest_pass allow "
                f"{wanted.duration:g} to {wanted.longest_pass:g} s: mend flows, or take another prover"
            )
        if (pulses := volume.base * (wanted.pulses_per_volume or 0.0)) < wanted.fewest_pulses:
            raise ParameterError(
                f"a pass has {pulses:.0f} pulses of this meter, and fewest_pulses is {wanted.fewest_pulses}: "
                "take a larger prover"
            )

    def suits(self, drivers: Drivers) -> None:
        super().suits(drivers)
        what = self.parameters.measurand
        if getattr(self.parameters, what.pulses) is None:
            raise ParameterError(f"parameters.{what.pulses} is missing: a prover counts pulses")
        if getattr(self.parameters, what.full_scale) is not None:
            raise ParameterError(
                f"a prover counts pulses, and {what.full_scale} is of a current: leave it out"
            )

    def lasts(self, point: Point) -> float:
        return self.parameters.longest_pass / 10

    def watched(self) -> Mapping[str, BoundReading]:
        return {
            **super().watched(),
            "prover_temperature": self.prover_thermometer.temperature,
            "prover_pressure": self.dut.pressure,
        }

    def measure(self, point: Point, run: Run) -> ProvedSeen:
        air = read_air(run, self.ambient)
        told: dict[str, Any] = {**air._asdict(), **self._pass(point, run)}
        pulses, pulse_time, pass_time = run.read(
            self.dut.whole_pulses, self.dut.pulse_time, self.dut.pass_time
        )
        if not (pulses.value > 0 and pulse_time.value > 0):
            raise RunError(f"{point.name}: the meter gave no pulses during a pass: look at its wiring")
        if refusal := see_chronometry(pulses.value, pulse_time.to("s").value, pass_time.to("s").value):
            raise RunError(f"{point.name}: {refusal}")
        seen = ProvedSeen(
            pulses=pulses,
            pulse_time=pulse_time,
            pass_time=pass_time,
            duration=pass_time.to("s").value,
            **told,
        )
        self.see_state(seen)
        return seen

    def _pass(self, point: Point, run: Run) -> dict[str, tuple[Measured, ...]]:
        """Launch the displacer, and read what drifts until it has passed both detectors."""
        (before,) = run.read(self.dut.passes)
        began = run.clock.now()
        self.dut.launch()
        rows = []
        while True:
            rows.append(run.read(*self.watched().values()))
            run.wait(EVERY)
            (passes,) = run.read(self.dut.passes)
            if passes.value != before.value:
                return dict(zip(self.watched(), zip(*rows, strict=True), strict=True))
            if run.clock.now() - began > self.parameters.longest_pass:
                raise RunError(
                    f"{point.name}: the displacer has not passed the second detector after "
                    f"{self.parameters.longest_pass:g} s: does it hang, or leak?"
                )

    def evaluate_point(self, point: Point, evidence: Evidence) -> MeterFinding:
        repeats = ProverRepeats(point, evidence, ProvedSeen.at(evidence, point), self.parameters)
        volume = SweptVolume(repeats.certificate("prover"), self.parameters.reference_temperature)
        repeats.inputs += volume.inputs
        shown = [(one.prover_temperature, one.prover_pressure) for one in repeats.seen]
        thermometer = repeats.correction(
            "t_p", "prover_thermometer", [one for pair in shown for one in pair[0]], "°C"
        )
        gauge = repeats.correction("p_p", "dut", [one for pair in shown for one in pair[1]], "Pa")

        if piped := CONNECTION in evidence.characteristics:
            repeats.characteristic("V_c", CONNECTION, "m3")

        def swept(seen: ProvedSeen, x: Numbers) -> Number:
            t = thermometer.corrected(x, statistics.fmean(one.value for one in seen.prover_temperature))
            p = gauge.corrected(x, statistics.fmean(one.value for one in seen.prover_pressure))
            inside: Number = volume.swept(x, t, p) * repeats.density_at(seen, x, t, p)
            if piped:
                begin, end = (repeats.density(seen, x, at) for at in (0, -1))
                between = seen.share_of_pass * stored(x["V_c"], begin, end)
                inside = inside - between if self.parameters.prover_first else inside + between
            return repeats.at_meter(inside, seen, x)

        finding = repeats.solve(swept, lambda seen, _: seen.pass_time.value)
        self._see_range(point, finding)
        return finding

    def _see_range(self, point: Point, finding: MeterFinding) -> None:
        """Raise `EvidenceError` if the passes scatter more than goes with the random uncertainty wanted."""
        found = max(finding.errors) - min(finding.errors)
        allowed = allowed_range(len(finding.errors), self.parameters.random)
        if found > allowed:
            raise EvidenceError(
                f"{point.name}: {len(finding.errors)} passes range over {found:.3f} %, and {allowed:.3f} % "
                f"go with a random uncertainty of {self.parameters.random:g} %: look for air, a leak of the "
                "displacer's seal or a flow that is not steady, or make more passes"
            )
