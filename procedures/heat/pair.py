"""Calibrate the pairs of thermometers of heat meters in a bath (EN 1434-5, JJG 225).

All pairs hang in one bath, each on a bridge of its own that reads both of its thermometers; the reference
hangs beside them. The bath goes from its hottest temperature down, and so ends cool enough to take them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from remotecal.drivers.capabilities import AmbientMonitor, HeatSource, ResistancePair, Thermometer
from remotecal.drivers.measured import Measured
from remotecal.errors import RunError
from remotecal.model import IN_CMC, Condition, Text
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
from remotecal.procedures.library.evaluation.conditions import Ends, between
from remotecal.procedures.library.evaluation.conformity import Specification, as_it_comes
from remotecal.procedures.library.evaluation.earlier import knew
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.standards import Standard, require_known
from remotecal.procedures.library.evaluation.tables import budgets, by_gum
from remotecal.procedures.library.heat import pair_results
from remotecal.procedures.library.heat.limits import DifferenceLimit
from remotecal.procedures.library.heat.pair_found import (
    NOMINAL,
    SELF_HEATING,
    STEM,
    UNIFORMITY,
    InBaths,
    PairSeen,
    implausible,
    off,
)
from remotecal.procedures.library.heat.parameters import BEYOND, PairParameters
from remotecal.procedures.library.measuring.sampling import sample
from remotecal.procedures.library.measuring.surroundings import AirDuring, read_air
from remotecal.scales.iec60751 import resistance

EVERY = 10.0
"""Seconds from one look at the bath to the next, while it comes to rest."""


class Pair(Procedure):
    """Calibrate pairs of thermometers of heat meters in a bath (EN 1434-5, JJG 225)."""

    title: ClassVar[Text] = Text(
        zh="热量表配对温度传感器校准", en="Calibration of pairs of thermometers of heat meters"
    )
    norms: ClassVar[tuple[str, ...]] = ("JJG 225", "EN 1434-5:2022", "IEC 60751:2022")

    bath: HeatSource
    reference: Thermometer
    """Beside the pairs in the bath."""
    pairs: tuple[ResistancePair, ...]
    """What reads each pair: both of its thermometers on one bridge."""
    ambient: AmbientMonitor

    under_test: ClassVar[str] = "pairs"
    read_by: ClassVar[tuple[type, ...]] = (ResistancePair,)
    sets: ClassVar[Mapping[str, str]] = {"temperature": "°C"}
    reach: ClassVar[Mapping[str, str]] = {
        "bath.setpoint": "temperature",
        "reference.temperature": "temperature",
    }

    Parameters: ClassVar[type[PairParameters]] = PairParameters
    parameters: PairParameters

    model_equation: ClassVar[str] = (
        "E = (θ'(R_f(θ_f)) - θ'(R_r(θ_r)))/(θ_f - θ_r) - 1, "
        "R(θ) = Σ w_i·(R_i - R'·(T_i - t_i)) + c·√(Σ w_i²), T_i = t_i + g_i + a_i - s·(t_i - t_a) + h"
    )
    """The measurement model in one line, for the certificate."""

    def points(self) -> Sequence[Point]:
        wanted = self.parameters
        return tuple(Point(f"{at:g} °C", {"temperature": at}, wanted.repeats) for at in wanted.baths)

    def takes(self, point: Point) -> float:
        return self.parameters.duration

    def arrives(self, point: Point, last: Point | None) -> float:
        return self.parameters.steady + self.parameters.rest

    def characteristics(self) -> Mapping[str, str]:
        return {UNIFORMITY: "K", STEM: "1", SELF_HEATING: "K"}

    def may_state(self) -> Mapping[str, str]:
        return {**super().may_state(), CMC: "%"}

    def certified(self) -> Sequence[str]:
        return ("reference", "pairs")

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        """See that reference and bridges are calibrated where they will be used."""
        bridges = [role for role in drivers if role.startswith("pairs[")]
        corrected = [(role, "forward_resistance", "Ω") for role in bridges]
        require_known(certificates, drivers, [("reference", "temperature", "°C"), *corrected])
        baths = self.parameters.baths
        known = Standard.certified("t", certificates["reference"].certificate, "°C")
        known.require(min(baths), max(baths), "the reference is to tell")
        scale = self.parameters.nominal / NOMINAL
        ends = [scale * resistance(end) for end in (min(baths), max(baths))]
        for role in bridges:
            bridge = Standard.certified("R", certificates[role].certificate, "Ω")
            bridge.require(min(ends), max(ends), f"{role} is to read")

    def approach(self, point: Point, run: Run) -> None:
        """Bring the bath to its temperature, and let it and all thermometers come to rest there."""
        wanted, at = self.parameters, point.nominal["temperature"]
        self.bath.setpoint.set(at)
        self.bath.start()
        run.settle(
            Stability(
                self.reference.temperature,
                duration=wanted.steady,
                slope=wanted.drift,
                spread=wanted.spread,
                timeout=wanted.patience,
                every=EVERY,
            )
        )
        run.wait(wanted.rest)
        if not self.bath.is_stable():
            run.note("the bath does not call itself stable", temperature=at)
        self._see_at(at, run)

    def _see_at(self, at: float, run: Run) -> None:
        """Raise `RunError` if the bath came to rest elsewhere than where it was told to."""
        (told,) = run.read(self.reference.temperature)
        if abs(told.value - at) > BEYOND / 2:
            raise RunError(
                f"the bath came to rest at {told.value:.2f} °C by the reference, and was told {at:g} °C: "
                "look at its own sensor, and whether the reference hangs in it"
            )

    def measure(self, point: Point, run: Run) -> PairSeen:
        wanted = self.parameters
        air = read_air(run, self.ambient)
        quantities = {"reference": self.reference.temperature}
        for number, pair in enumerate(self.pairs, 1):
            quantities[f"f{number}"] = pair.forward_resistance
            quantities[f"r{number}"] = pair.return_resistance
        read = sample(run, wanted.duration, quantities, wanted.samples)
        for name, readings in read.items():
            if name != "reference":
                self._see_plausible(name, readings, read["reference"])
        return PairSeen(
            reference=read["reference"],
            forward=tuple(one for name in read if name[0] == "f" for one in read[name]),
            back=tuple(one for name in read if name[0] == "r" and name != "reference" for one in read[name]),
            **air._asdict(),
        )

    def _see_plausible(self, name: str, readings: Sequence[Measured], told: Sequence[Measured]) -> None:
        wanted = self.parameters
        for one, reference in zip(readings, told, strict=True):
            ohms, at = one.to("Ω").value, reference.to("°C").value
            if implausible(ohms, at, wanted.nominal, wanted.plausible):
                side = "flow" if name[0] == "f" else "return"
                raise RunError(
                    f"pair {name[1:]}: its {side} thermometer has {off(ohms, at, wanted.nominal)}: look at "
                    "its leads, its place, and nominal"
                )

    def evaluate(self, evidence: Evidence) -> Evaluation | Sequence[Evaluation]:
        """Return what was found of each pair; of a single one, its measurement alone."""
        bridges = [role for role in evidence.instruments if role.startswith("pairs[")]
        devices = evidence.order.devices
        if len(devices) == 1:
            (item,) = devices
            return self._of_pair(evidence, bridges[0], item)
        on = {evidence.instruments[role].name: role for role in bridges}
        return [self._of_pair(evidence, on[str(dut.on)], item) for item, dut in devices.items()]

    def _of_pair(self, evidence: Evidence, role: str, item: str) -> Evaluation:
        wanted = self.parameters
        pair = InBaths(evidence, role, wanted)
        limit = DifferenceLimit(*wanted.permitted, wanted.smallest_difference)
        findings = [pair.found(difference) for difference in wanted.at]
        specification = Specification(
            limit, wanted.norm, wanted.rule, unverified=as_it_comes(wanted, "permitted")
        )
        accredited = CMC in evidence.characteristics
        return Evaluation(
            results=(
                pair_results.error_table(findings, specification, accredited=accredited),
                pair_results.baths_table(pair),
                pair_results.curves_table(pair),
            ),
            budgets=budgets(findings),
            conditions=self._conditions(evidence),
            methods=(by_gum(self.model_equation, findings, pair.names()),),
            statements=(
                *conformity.statements(findings, specification, pair_results.PAIR),
                *pair_results.said(pair),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
            items=(item,),
        )

    def _conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        air, bath = AirDuring(), Ends("°C")
        for seen in map(PairSeen.of, evidence.observations):
            air.take(seen)
            bath.take(*seen.reference)
        told = Text(zh="恒温槽温度", en="Temperature of the bath")
        way = (pair_results.way_measured(self.parameters),) if knew(evidence, "immersion") else ()
        return (between("remotecal_bathTemperature", told, bath, 1), *way, *air.conditions())
