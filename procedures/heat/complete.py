"""Calibrate complete heat meters, their thermometers in two baths (EN 1434-5, JJG 225).

At each combination of difference and flow the pump runs from rest to rest, and what a meter makes of it is
set against what passed the master meter and what both baths were apart. It may be off by what its parts
together may be: the arithmetic sum (2014/32/EU, annex VI). Flow sensors of several stand one behind the other
in the line, in the order of the role, and their thermometers hang in the same baths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from remotecal.drivers.capabilities import (
    AmbientMonitor,
    EnergyTotalizer,
    FlowSource,
    HeatSource,
    PulseCounter,
    Thermometer,
    VolumeTotalizer,
)
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import ParameterError, RunError
from remotecal.model import IN_CMC, Text
from remotecal.procedures import (
    Certificates,
    Drivers,
    Evaluation,
    Evidence,
    Point,
    Procedure,
    Run,
    Stability,
)
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conformity import Specification, as_it_comes
from remotecal.procedures.library.evaluation.output import see_resolution
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import Standard, require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.heat import complete_results, energy
from remotecal.procedures.library.heat.complete_found import (
    INPUTS,
    STEM,
    UNIFORMITY,
    WARMER,
    CompleteLimit,
    CompleteRepeats,
    CompleteSeen,
)
from remotecal.procedures.library.heat.complete_parameters import CompleteParameters
from remotecal.procedures.library.heat.devices import EnergyDevice, devices, of_each
from remotecal.procedures.library.measuring.sampling import amount, read_totals, sample, see_amount
from remotecal.procedures.library.measuring.several import both_times, count_freely, read_each
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air
from remotecal.procedures.library.meters.between import CONNECTION, SPACING
from remotecal.procedures.procedure import of_role

BESIDE = 1.0
"""By how many kelvins a bath may come to rest beside what it was told."""
EVERY = 10.0
"""Seconds from one look at the baths to the next, while they come to rest."""


class Complete(Procedure):
    """Calibrate a complete heat meter by water and two baths (EN 1434-5, JJG 225)."""

    title: ClassVar[Text] = Text(zh="整体式热量表校准", en="Calibration of a complete heat meter")
    norms: ClassVar[tuple[str, ...]] = ("JJG 225", "EN 1434-5:2022", "IAPWS R6-95(2018)")

    forward_bath: HeatSource
    """In which the meters' thermometers of the flow hang."""
    return_bath: HeatSource
    forward_reference: Thermometer
    """Beside it."""
    return_reference: Thermometer
    pump: FlowSource
    master: VolumeTotalizer
    """Master meter ahead of the meters' flow sensors, in the same water."""
    water_thermometer: Thermometer
    dut: tuple[PulseCounter | EnergyTotalizer, ...]
    """What counts each meter's pulses of energy; or the meter itself, read on its display. In the order in
    which the water passes their flow sensors."""
    ambient: AmbientMonitor

    read_by: ClassVar[tuple[type, ...]] = (PulseCounter,)
    bears_silence: ClassVar[bool] = True
    sets: ClassVar[Mapping[str, str]] = {
        "difference": "K",
        "flow_temperature": "°C",
        "return_temperature": "°C",
        "flow": "m3/h",
    }
    reach: ClassVar[Mapping[str, str]] = {
        "forward_bath.setpoint": "flow_temperature",
        "forward_reference.temperature": "flow_temperature",
        "return_bath.setpoint": "return_temperature",
        "return_reference.temperature": "return_temperature",
    }
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    Parameters: ClassVar[type[CompleteParameters]] = CompleteParameters
    parameters: CompleteParameters

    model_equation: ClassVar[str] = (
        "E = W/(k(θ_f, θ_r, p)·(1 + δ_k)·(θ_f - θ_r)·V) - 1, "
        "V = ((V_m + V_r)/(1 + e_m)·ρ(t_w) - V_c·(ρ_e - ρ_b))/ρ(t_w + δt), θ = t + g - s·(t - t_a)"
    )
    """The measurement model in one line, for the certificate."""
    behind_others: ClassVar[str] = model_equation.replace(
        "ρ(t_w) - V_c·(ρ_e - ρ_b))/ρ(t_w + δt)",
        "ρ(t_w, p_w + n·Δp·(q/q_p)²) - (V_c + n·V_s)·(ρ_e - ρ_b))/ρ(t_w + δt, p_w)",
    )
    """That of a meter behind n others, each of which takes some pressure away; p_w is that at the meter."""

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return tuple(
            Point(
                f"{difference:g} K, {flow:.4g} m3/h",
                {
                    "difference": difference,
                    "flow_temperature": back + difference,
                    "return_temperature": back,
                    "flow": flow,
                },
                wanted.repeats,
            )
            for difference, back, flow in wanted.places
        )

    def takes(self, point: Point) -> float:
        return self.parameters.lasts(point.nominal["flow"]) + 2 * self.parameters.coming_to_rest

    def arrives(self, point: Point, last: Point | None) -> float:
        return self.parameters.steady + self.parameters.rest

    def characteristics(self) -> Mapping[str, str]:
        return {UNIFORMITY: "K", STEM: "1", WARMER: "K"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%", CONNECTION: "m3", SPACING: "m3"}

    def certified(self) -> Sequence[str]:
        return ("forward_reference", "return_reference", "master")

    def suits(self, drivers: Drivers) -> None:
        """See that the meter's output is described, and the master's total; and that no water would boil."""
        told = self.parameters
        energy.see_liquid([(d + BESIDE, back) for d, back, _ in told.places], told.pressure, told.side)
        energy.see_output(drivers, told, "meter")
        see_resolution(drivers, "master.volume", told.master_resolution, "m3")
        several = sum(of_role(role) == "dut" for role in drivers) > 1
        if several and told.found_apart:
            raise ParameterError(
                "parameters.found_apart are the parts' errors of one meter, and several are calibrated: "
                "leave it out, or write an order for each meter"
            )

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that references and master meter are calibrated where they will be used."""
        require_known(certificates, drivers, [("water_thermometer", "temperature", "°C")])
        places = self.parameters.places
        at = {
            "forward_reference": [back + difference for difference, back, _ in places],
            "return_reference": [back for _, back, _ in places],
        }
        for role, temperatures in at.items():
            known = Standard.certified("t", certificates[role].certificate, "°C")
            known.require(min(temperatures), max(temperatures), f"the {role} is to tell")
        master = Standard.certified("e_m", certificates["master"].certificate, "1", at_unit="m3/h")
        flows, share = [flow for _, _, flow in places], self.parameters.flow_tolerance / 100.0
        lowest, highest = min(flows) * (1.0 - share), max(flows) * (1.0 + share)
        master.require(lowest, highest, "the master meter is to tell, with flow_tolerance,")

    def prepare(self, run: Run) -> None:
        """Let nothing flow."""
        self.pump.stop()

    def approach(self, point: Point, run: Run) -> None:
        """Bring both baths to their temperatures, and let them come to rest."""
        wanted, told = self.parameters, point.nominal
        baths = ((self.forward_bath, "flow_temperature"), (self.return_bath, "return_temperature"))
        for bath, name in baths:
            bath.setpoint.set(told[name])
            bath.start()
        run.settle(
            *(
                Stability(
                    reference.temperature,
                    duration=wanted.steady,
                    slope=wanted.drift,
                    timeout=wanted.patience,
                    every=EVERY,
                )
                for reference in (self.forward_reference, self.return_reference)
            )
        )
        run.wait(wanted.rest)
        self._see_apart(point, run)

    def _see_apart(self, point: Point, run: Run) -> None:
        """Raise `RunError` if the baths are not as far apart as they were told to be."""
        forward, back = run.read(self.forward_reference.temperature, self.return_reference.temperature)
        apart, wanted = forward.value - back.value, point.nominal["difference"]
        if abs(apart - wanted) > max(0.2 * wanted, BESIDE):
            raise RunError(
                f"the baths are {apart:.2f} K apart by the references, and were told {wanted:g} K: look "
                "which reference hangs in which bath, and at their own sensors"
            )

    def measure(self, point: Point, run: Run) -> CompleteSeen:
        wanted, flow = self.parameters, point.nominal["flow"]
        count_freely(run, self.dut)
        counters, master = energy.counters_of(self.dut), self.master.volume
        air = read_air(run, self.ambient)
        told: dict[str, Any] = {**air._asdict(), "told_before": read_each(run, counters)}
        told |= read_totals(run, {"master_before": master})
        self.pump.speed.set(100.0 * flow / wanted.full_flow)
        begun = run.clock.now()
        self.pump.start()
        told |= sample(run, wanted.lasts(flow), self._watched())
        self.pump.stop()
        took = run.clock.now() - begun
        run.wait(wanted.coming_to_rest)
        told["told_before"], told["told_after"] = both_times(told["told_before"], read_each(run, counters))
        told |= read_totals(run, {"master_after": master})
        see_amount(
            "what passed the master meter", amount(master, told["master_before"], told["master_after"])
        )
        energy.see_energy(
            counters, told["told_before"], told["told_after"], "what the meter made of the water"
        )
        seen = CompleteSeen(duration=took, **told)
        self._see_flow(point, seen)
        return seen

    def _watched(self) -> dict[str, BoundReading]:
        return {
            "forward": self.forward_reference.temperature,
            "back": self.return_reference.temperature,
            "water": self.water_thermometer.temperature,
        }

    def _see_flow(self, point: Point, seen: CompleteSeen) -> None:
        """Raise `RunError` if it was another flow than that which was asked for."""
        passed = seen.master_after.to("m3").value - seen.master_before.to("m3").value
        flow, wanted = 3600.0 * passed / seen.duration, point.nominal["flow"]
        if passed > 0 and abs(flow / wanted - 1.0) > self.parameters.flow_tolerance / 100:
            raise RunError(
                f"{point.name}: {flow:.4g} m³/h flowed, and {wanted:.4g} m³/h were to: mend full_flow, or "
                "look at the valves"
            )

    def evaluate(self, evidence: Evidence) -> Evaluation | Sequence[Evaluation]:
        """Return of each errors, budgets, conformity, and the parts beside the whole where they are known."""
        return of_each(
            devices(evidence, CompleteSeen, complete_results.DEVICE),
            lambda device: device.alone(self._of_meter(evidence, device), self.title),
        )

    def _of_meter(self, evidence: Evidence, device: EnergyDevice[CompleteSeen]) -> Evaluation:
        wanted = self.parameters
        findings = [
            CompleteRepeats(point, evidence, seen, wanted, device.place).found()
            for point, seen in device.found
        ]
        accredited, air = CMC in evidence.characteristics, AirDuring()
        for seen in map(CompleteSeen.of, evidence.observations):
            air.take(seen)
        conditions = (*complete_results.conditions(wanted), *air.conditions())
        if not findings:
            return device.silent(wanted.norm, conditions)
        limits = {one.judged_at: wanted.limit(one.judged_at, one.flow) for one in findings}
        specification = Specification(
            CompleteLimit(limits),
            wanted.norm,
            wanted.rule,
            unverified=as_it_comes(wanted, "flow_permitted", "pair_permitted", "calculator_permitted"),
        )
        first = device.place.number == 1
        return Evaluation(
            results=(
                complete_results.error_table(findings, specification, accredited=accredited),
                complete_results.parts_table(findings, wanted),
            ),
            budgets=budgets(findings),
            conditions=conditions,
            methods=(by_gum(self.model_equation if first else self.behind_others, findings, self.inputs),),
            statements=(
                *conformity.statements(findings, specification, complete_results.METER, device.further),
                *complete_results.apart(wanted),
                *complete_results.below(findings, wanted),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )
