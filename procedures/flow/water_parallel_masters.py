"""Calibrate a large water flow meter against master meters in parallel (JJG 643, DN200 to DN1000).

No single master meter tells the flow of a wide pipe; several in parallel do. Which of them run at a flow
follows from the order alone, so that each runs within its range; what stood open is read back at every
repeat. Before the first flow the branches are shut under pressure and watched: water that leaks past a shut
branch passes no master that counts it, and the meter under test would seem to show too much.

The measurement model is in `masters`. What masters of one laboratory have in common does not average out: it
is one input for all of them (`evaluation.in_common`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from remotecal.drivers.capabilities import BranchedRig, PulseCounter, Thermometer, Valve, VolumeTotalizer
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import BenchError, RunError
from remotecal.model import Condition, Result, Text
from remotecal.procedures import Certificates, Drivers, Evidence, Observed, Point, Run
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.flow.masters import (
    EXPANSION,
    INPUTS,
    LEAK,
    STRETCH,
    ParallelRepeats,
    ParallelSeen,
    TightBranches,
    WaterMaster,
    leak_allowed,
    masters_table,
    see_branches,
    stand_open,
)
from remotecal.procedures.library.flow.meter import FlowProcedure
from remotecal.procedures.library.flow.parallel_parameters import ParallelParameters
from remotecal.procedures.library.flow.parameters import FlowParameters
from remotecal.procedures.library.measuring.sampling import amount, read_totals, see_amount
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters.branches import bits_of, numbers_in
from remotecal.procedures.library.meters.results import MeterFinding

FILLING: Final = 40.0
"""Seconds in which the pump comes up and presses the shut header."""
TURNING: Final = 15.0
"""Seconds in which a branch's valve opens or shuts."""
RESTING: Final = 5.0
"""Seconds in which the header comes to rest once its inlet is shut."""


class WaterParallelMasters(FlowProcedure):
    """Calibrate a large water flow meter against master meters in parallel (JJG 643)."""

    title: ClassVar[Text] = Text(
        zh="并联标准表法大口径水流量校准", en="Water flow calibration against master meters in parallel"
    )
    norms: ClassVar[tuple[str, ...]] = ("JJG 643",)
    model_equation: ClassVar[str] = (
        "E = V_i/V - 1, V = (ρ_r·(Σ V_j·(T/T_j)/(1 + e_j + δ_e) + q_l·T) - V_c·Δ(ρ·(1 + 3α·t + κ·p)))/ρ"
    )

    masters: tuple[VolumeTotalizer, ...]
    """The master meters, in the order of the rig's branches."""
    rig: BranchedRig
    master_thermometer: Thermometer
    """Water temperature at the master meters."""

    Parameters: ClassVar[type[FlowParameters]] = ParallelParameters
    parameters: ParallelParameters

    keeps: ClassVar[Mapping[str, type[Observed]]] = {**FlowProcedure.keeps, LEAK: TightBranches}
    reach: ClassVar[Mapping[str, str]] = {"rig.flow": "flow"}
    inputs: ClassVar[Mapping[str, Text]] = {**FlowProcedure.inputs, **INPUTS}

    def stands_by(self) -> Sequence[str]:
        return (*super().stands_by(), LEAK)

    def characteristics(self) -> Mapping[str, str]:
        return {**super().characteristics(), "reading_delay": "s"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), STRETCH: "1/Pa", EXPANSION: "1/K"}

    def certified(self) -> Sequence[str]:
        return ("masters",)

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        own = (("master_thermometer", "temperature", "°C"), ("rig", "header_pressure", "Pa"))
        return (*super().corrected(drivers), *own)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that every reading has a certificate, and each master's one for the flows it may run at."""
        super().check(certificates, drivers)
        wanted = self.parameters
        if (count := sum(key.startswith("masters[") for key in drivers)) != len(wanted.master_flows):
            raise BenchError(
                f"the bench has {count} masters, and master_flows tells of {len(wanted.master_flows)}: mend "
                "either"
            )
        for number in sorted({number for flow in wanted.flows for number in wanted.chosen(flow)}):
            highest = wanted.master_flows[number - 1]
            master = WaterMaster.of(number, certificates[f"masters[{number}]"].certificate)
            master.require(wanted.least_share * highest, wanted.most_share * highest)

    def prepare(self, run: Run) -> None:
        """Let the line fill, and see that no shut branch leaks."""
        super().prepare(run)
        self._see_tight(run)

    def _see_tight(self, run: Run) -> None:
        """Press the header against the shut branches, shut its inlet, see how fast the pressure is lost."""
        wanted, pressure = self.parameters, self.rig.header_pressure
        self.rig.opened.set(0)
        self.pump.speed.set(100.0)
        self.pump.start()
        run.wait(FILLING)
        self.rig.inlet.set(Valve.SHUT)
        self.pump.stop()
        run.wait(RESTING)
        (before,) = run.read(pressure)
        run.wait(wanted.leak_time)
        (after,) = run.read(pressure)
        self.rig.inlet.set(Valve.OPEN)
        seen = TightBranches(pressed=before, left=after)
        run.observe(LEAK, seen, leak=seen.leak(wanted), allowed=leak_allowed(wanted), unit="m3/h")
        if refusal := seen.unfit(wanted):
            raise RunError(refusal)

    def approach(self, point: Point, run: Run) -> None:
        """Open the branches for the flow, and bring the pump to it."""
        numbers = self.parameters.chosen(point.nominal["flow"])
        self.pump.speed.set(self.parameters.start_speed)
        self.rig.opened.set(bits_of(numbers))
        run.note("masters", point=point.name, numbers=list(numbers))
        run.wait(TURNING)
        (standing,) = run.read(self.rig.standing)
        if (stood := numbers_in(standing.value)) != numbers:
            raise RunError(f"{point.name}: {stand_open(stood, numbers)}")
        super().approach(point, run)

    def measure(self, point: Point, run: Run) -> ParallelSeen:
        if isinstance(self.dut, PulseCounter):
            self.dut.count_freely()
        air = read_air(run, self.ambient)
        (standing,) = run.read(self.rig.standing)
        before, begun = self._totals(run, "before"), run.clock.now()
        watched = self.watch(run, self.lasts(point))
        took = run.clock.now() - begun
        told: dict[str, Any] = {**air._asdict(), **watched, **before, **self._totals(run, "after")}
        seen = ParallelSeen(standing=standing, duration=took, **told)
        self.see_state(seen)
        self._see(point, seen)
        return seen

    def watched(self) -> Mapping[str, BoundReading]:
        return {
            **super().watched(),
            "master_temperature": self.master_thermometer.temperature,
            "header_pressure": self.rig.header_pressure,
        }

    def _totals(self, run: Run, when: str) -> dict[str, Measured | tuple[Measured, ...]]:
        """Read all meters together."""
        counters = {f"master {n}": each.volume for n, each in enumerate(self.masters, 1)}
        read = read_totals(run, counters | self.meter_counters())
        own = {f"{name}_{when}": read[name] for name in self.meter_counters()}
        return {**own, f"masters_{when}": tuple(read[name] for name in counters)}

    def _see(self, point: Point, seen: ParallelSeen) -> None:
        """Raise `RunError` if a repeat can't count, while it can be measured again."""
        pairs = zip(self.masters, seen.masters_before, seen.masters_after, strict=True)
        flows = [
            3600.0 * amount(one.volume, before, after) / (after.at - before.at)
            for one, before, after in pairs
        ]
        see_amount("what passed the master meters", sum(flows))
        asked = point.nominal["flow"]
        if refusal := see_branches(
            point.name, numbers_in(seen.standing.value), flows, self.parameters, asked
        ):
            raise RunError(refusal)

    def evaluate_point(self, point: Point, evidence: Evidence) -> MeterFinding:
        repeats = ParallelRepeats(point, evidence, self.parameters)
        return repeats.solve(repeats.amount, lambda seen, _: repeats.lasted(seen))

    def further(self, evidence: Evidence, findings: Sequence[MeterFinding]) -> tuple[Result, ...]:
        running = [ParallelRepeats(point, evidence, self.parameters).running for point in evidence.points]
        return (masters_table(findings, running, self.parameters.master_flows),)

    def conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        ends = Ends("°C")
        for seen in map(ParallelSeen.of, evidence.observations):
            ends.take(*seen.master_temperature)
        name = Text(zh="标准表处水温", en="Water temperature at the masters")
        return (*super().conditions(evidence), between("remotecal_masterTemperature", name, ends, 2))
