"""Calibrate calculators of heat meters by simulated temperatures and volume (EN 1434-5, JJG 225).

Two sources of resistance stand for the thermometers, a generator sends packets of exactly so many pulses for
the flow sensor; and what a calculator makes of them is counted at its output, or read on its display. Several
calculators get the same resistances and the same pulses, and each is read by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from remotecal.drivers.capabilities import (
    AmbientMonitor,
    EnergyTotalizer,
    PulseCounter,
    PulseGenerator,
    ResistanceSource,
)
from remotecal.model import IN_CMC, Statement, Text
from remotecal.procedures import Certificates, Drivers, Evaluation, Evidence, Point, Procedure, Run
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conformity import Specification, as_it_comes
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.heat import calculator_results, energy
from remotecal.procedures.library.heat.calculator_found import (
    INPUTS,
    LEADS,
    NOMINAL,
    CalculatorSeen,
    SimulatedHeat,
    other_side,
)
from remotecal.procedures.library.heat.devices import EnergyDevice, devices, of_each
from remotecal.procedures.library.heat.limits import DifferenceLimit
from remotecal.procedures.library.heat.parameters import CalculatorParameters
from remotecal.procedures.library.measuring.several import both_times, count_freely, read_each
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air
from remotecal.scales.iec60751 import resistance


class Calculator(Procedure):
    """Calibrate the calculator of a heat meter by simulated temperatures and volume (EN 1434-5, JJG 225)."""

    title: ClassVar[Text] = Text(zh="热量表计算器校准", en="Calibration of the calculator of a heat meter")
    norms: ClassVar[tuple[str, ...]] = ("JJG 225", "EN 1434-5:2022", "IAPWS R6-95(2018)")

    forward: ResistanceSource
    """Stands for the thermometer of the flow."""
    back: ResistanceSource
    """Stands for that of the return."""
    sender: PulseGenerator
    """Stands for the flow sensor."""
    dut: tuple[PulseCounter | EnergyTotalizer, ...]
    """What counts each calculator's pulses of energy; or the calculator itself, read on its display. Several
    share the sources and the generator."""
    ambient: AmbientMonitor

    read_by: ClassVar[tuple[type, ...]] = (PulseCounter,)
    bears_silence: ClassVar[bool] = True
    sets: ClassVar[Mapping[str, str]] = {"difference": "K", "return_temperature": "°C"}
    inputs: ClassVar[Mapping[str, Text]] = INPUTS

    Parameters: ClassVar[type[CalculatorParameters]] = CalculatorParameters
    parameters: CalculatorParameters

    model_equation: ClassVar[str] = "E = W/(k(θ_f, θ_r, p)·(1 + δ_k)·(θ_f - θ_r)·N/K_V) - 1, θ = θ'(R + l)"
    """The measurement model in one line, for the certificate."""

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return tuple(
            Point(
                f"{difference:g} K, return {back:g} °C",
                {"difference": difference, "return_temperature": back},
                wanted.repeats,
            )
            for difference, back in wanted.places
        )

    def takes(self, point: Point) -> float:
        return self.parameters.packet / self.parameters.frequency + self.parameters.integration

    def arrives(self, point: Point, last: Point | None) -> float:
        return self.parameters.settling

    def characteristics(self) -> Mapping[str, str]:
        return {LEADS: "Ω"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%"}

    def certified(self) -> Sequence[str]:
        return ("forward", "back")

    def suits(self, drivers: Drivers) -> None:
        """See that the calculator's output is described, and that no water would boil."""
        told = self.parameters
        energy.see_liquid(told.places, told.pressure, told.side)
        energy.see_output(drivers, told, "calculator")

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that the sources are calibrated where they will be used."""
        places = self.parameters.places
        at = {"forward": [back + difference for difference, back in places], "back": [b for _, b in places]}
        for role, temperatures in at.items():
            known = Standard.certified("R", certificates[role].certificate, "Ω")
            low, high = (self._ohms(end) for end in (min(temperatures), max(temperatures)))
            known.require(low, high, f"{role} is to simulate")

    def _ohms(self, celsius: float) -> float:
        return round(resistance(celsius) * self.parameters.nominal / NOMINAL, 4)

    def approach(self, point: Point, run: Run) -> None:
        """Simulate both temperatures, and let the calculator see them."""
        back = point.nominal["return_temperature"]
        for source, at in ((self.forward, back + point.nominal["difference"]), (self.back, back)):
            source.resistance.set(self._ohms(at))
            source.start()
        run.wait(self.parameters.settling)

    def measure(self, point: Point, run: Run) -> CalculatorSeen:
        wanted = self.parameters
        air = read_air(run, self.ambient)
        count_freely(run, self.dut)
        counters = energy.counters_of(self.dut)
        forward, back = self.forward.resistance.read(), self.back.resistance.read()
        before = read_each(run, counters)
        self.sender.send(wanted.packet, wanted.frequency)
        run.wait(wanted.sending)
        before, after = both_times(before, read_each(run, counters))
        energy.see_energy(counters, before, after, "what the calculator made of the pulses")
        return CalculatorSeen(
            forward=forward,
            back=back,
            sent=wanted.packet,
            told_before=before,
            told_after=after,
            **air._asdict(),
        )

    def evaluate(self, evidence: Evidence) -> Evaluation | Sequence[Evaluation]:
        """Return of each errors, budgets, conformity, and whether it is set for the other side."""
        return of_each(
            devices(evidence, CalculatorSeen, calculator_results.DEVICE),
            lambda device: device.alone(self._of_calculator(evidence, device), self.title),
        )

    def _of_calculator(self, evidence: Evidence, device: EnergyDevice[CalculatorSeen]) -> Evaluation:
        wanted = self.parameters
        findings = [
            SimulatedHeat(point, evidence, seen, wanted, device.place).found() for point, seen in device.found
        ]
        accredited, air = CMC in evidence.characteristics, AirDuring()
        for seen in map(CalculatorSeen.of, evidence.observations):
            air.take(seen)
        conditions = (*calculator_results.meant_for(wanted.side, wanted.pressure), *air.conditions())
        if not findings:
            return device.silent(wanted.norm, conditions)
        limit = DifferenceLimit(*wanted.permitted, wanted.smallest_difference)
        specification = Specification(
            limit, wanted.norm, wanted.rule, unverified=as_it_comes(wanted, "permitted")
        )
        turned = (calculator_results.other_side_said(wanted.side),) if other_side(findings) else ()
        return Evaluation(
            results=(energy.error_table(findings, specification, accredited=accredited),),
            budgets=budgets(findings),
            conditions=conditions,
            methods=(by_gum(self.model_equation, findings, self.inputs),),
            statements=(
                *conformity.statements(
                    findings, specification, calculator_results.CALCULATOR, device.further
                ),
                *(Statement(ref_types=("remotecal_remark",), declaration=text) for text in turned),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
        )
