"""Calibrate a water flow meter against a master meter in series with it (JJG 643).

The totals of both meters are read at the beginning and at the end of a repeat: *standing* start and
finish from rest to rest, by the valve behind the meters, or *flying* in a steady flow, where both
are read together and what their readings are apart in time counts as uncertainty.

The measurement model, for one repeat, with the master meter ahead of the one under test:

    M   = M_r/(1 + e_r) or ρ_r·V_r/(1 + e_r)    e_r: the master meter's certified relative error
    V   = (M - V_c·(ρ_end - ρ_start))/ρ         V_c: volume between the meters
    E   = V_i/V·(1 + δt/t) - 1                  V_i: N/K, the meter's total, or q_i·t

ρ is the density at the meter under test, ρ_r at the master meter, by temperature and absolute
pressure.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from remotecal.drivers.capabilities import (
    Ammeter,
    MassTotalizer,
    PulseCounter,
    Thermometer,
    Valve,
    VolumeTotalizer,
)
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import EvidenceError, ParameterError
from remotecal.model import Text
from remotecal.procedures import By, Certificates, Drivers, Evidence, In, Point, Run, Waited
from remotecal.procedures.library.evaluation.standards import Standard
from remotecal.procedures.library.flow.meter import FlowProcedure
from remotecal.procedures.library.flow.parameters import FlowParameters
from remotecal.procedures.library.flow.water import FlowSeen, WaterRepeats
from remotecal.procedures.library.measuring.sampling import amount, read_totals, see_amount
from remotecal.procedures.library.measuring.surroundings import read_air
from remotecal.procedures.library.meters.between import CONNECTION, stored
from remotecal.procedures.library.meters.passing import OfRepeat
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.procedures.library.meters.under_test import can
from remotecal.uncertainty.number import Number, Numbers
from remotecal.units import same_dimension


class MasterSeen(FlowSeen):
    """What a repeat yields: what passed both meters."""

    in_order: ClassVar[tuple[str, ...]] = (
        "reference_before reference_after",
        "reference_temperature_before reference_temperature_after",
    )

    reference_before: Annotated[
        Measured, "kg", "m3", By("reference", "total_mass"), By("reference", "volume"), Waited("at_rest")
    ]
    """Total of the master meter."""
    reference_after: Annotated[
        Measured,
        "kg",
        "m3",
        By("reference", "total_mass"),
        By("reference", "volume"),
        Waited("at_rest", since="temperature"),
    ]
    reference_temperature_before: Annotated[
        Measured | None, "°C", By("reference_thermometer", "temperature")
    ] = None
    """Water at a master meter that totalizes volume."""
    reference_temperature_after: Annotated[
        Measured | None, "°C", By("reference_thermometer", "temperature")
    ] = None


class MasterMeterParameters(FlowParameters):
    """What a calibration against a master meter is told."""

    method: Literal["standing", "flying"] = "standing"
    """Start and finish: by the valve from rest to rest, or in a steady flow."""
    master_first: bool = True
    """Whether the water comes to the master meter before the meter under test."""
    coming_to_rest: Annotated[float, In("s", at_least=1)] = 10.0
    """Time for both meters to come to rest."""

    @property
    def at_rest(self) -> float:
        """How long they rest ahead of a reading, in s."""
        return self.coming_to_rest if self.method == "standing" else 0.0


class WaterMasterMeter(FlowProcedure):
    """Calibrate a water flow meter against a master meter (JJG 643)."""

    title: ClassVar[Text] = Text(zh="标准表法水流量校准", en="Water flow calibration against a master meter")
    norms: ClassVar[tuple[str, ...]] = ("JJG 643",)
    model_equation: ClassVar[str] = "E = V_i/V·(1 + δt/t) - 1, V = (M_r/(1 + e_r) - V_c·(ρ_end - ρ_start))/ρ"

    reference: MassTotalizer | VolumeTotalizer
    reference_thermometer: Thermometer | None
    """Water temperature at the master meter; needed where that totalizes volume."""

    Parameters: ClassVar[type[FlowParameters]] = MasterMeterParameters
    parameters: MasterMeterParameters

    inputs: ClassVar[Mapping[str, Text]] = {
        **FlowProcedure.inputs,
        "e_r": Text(zh="标准表误差", en="error of the master meter"),
        "V_c": Text(zh="两表间管段容积", en="volume between the meters"),
        "Δt": Text(zh="两表读数时间差", en="time between reading the two meters"),
        "t_r": Text(zh="标准表处水温示值偏差", en="deviation of the water temperature at the master meter"),
    }

    def characteristics(self) -> Mapping[str, str]:
        facts = super().characteristics()
        return {**facts, "reading_delay": "s"} if self.parameters.method == "flying" else facts

    def certified(self) -> Sequence[str]:
        return ("reference",)

    def corrected(self, drivers: Drivers) -> Sequence[tuple[str, str, str]]:
        by_volume = not can(drivers, "reference", MassTotalizer)
        thermometer = ("reference_thermometer", "temperature", "°C")
        used = (thermometer,) if by_volume and "reference_thermometer" in drivers else ()
        return (*super().corrected(drivers), *used)

    def check(self, certificates: Certificates, drivers: Drivers) -> None:
        super().check(certificates, drivers)
        known = Standard.certified("e_r", certificates["reference"].certificate, "1", at_unit="m3/h")
        flows = self.parameters.flows
        known.require(min(flows), max(flows), "the master meter is to tell")

    def suits(self, drivers: Drivers) -> None:
        super().suits(drivers)
        by_mass = "reference" not in drivers or can(drivers, "reference", MassTotalizer)
        if not by_mass and "reference_thermometer" not in drivers:
            raise ParameterError("a master meter that totalizes volume needs the role reference_thermometer")
        if can(drivers, "dut", Ammeter) and self.parameters.method == "standing":
            raise ParameterError('a current can\'t be totalized from rest to rest: choose method = "flying"')

    def measure(self, point: Point, run: Run) -> MasterSeen:
        duration = self.lasts(point)
        standing = self.parameters.method == "standing"
        if standing:
            self.rig.outlet.set(Valve.SHUT)
            run.wait(self.parameters.coming_to_rest)
        if isinstance(self.dut, PulseCounter):
            self.dut.count_freely()
        air, totals = read_air(run, self.ambient), self._totals(run, "before")
        begun = run.clock.now()
        self.rig.outlet.set(Valve.OPEN)
        watched = self.watch(run, duration)
        if standing:
            self.rig.outlet.set(Valve.SHUT)
        took = run.clock.now() - begun
        if standing:
            run.wait(self.parameters.coming_to_rest)
        totals |= self._totals(run, "after")
        told: dict[str, Any] = {**air._asdict(), **watched, **totals}
        for name, counter in self._counters().items():
            passed = amount(counter, totals[f"{name}_before"], totals[f"{name}_after"])
            if name == "reference":
                see_amount("what passed the master meter", passed)
        seen = MasterSeen(duration=took, **told)
        self.see_state(seen)
        self.rig.outlet.set(Valve.OPEN)
        return seen

    def _counters(self) -> dict[str, BoundReading]:
        """Return the totals of both meters."""
        reference = self.reference
        total = reference.total_mass if isinstance(reference, MassTotalizer) else reference.volume
        return {"reference": total, **self.meter_counters()}

    def _totals(self, run: Run, when: str) -> dict[str, Measured]:
        """Read both meters together; an earlier count of pulses is taken off at once."""
        quantities = {f"{name}_{when}": counter for name, counter in self._counters().items()}
        if self.reference_thermometer is not None:
            quantities[f"reference_temperature_{when}"] = self.reference_thermometer.temperature
        return read_totals(run, quantities, flowing=self.parameters.method == "flying")

    def evaluate_point(self, point: Point, evidence: Evidence) -> MeterFinding:
        repeats = WaterRepeats(point, evidence, MasterSeen.at(evidence, point), self.parameters)
        mass = reference_mass(repeats, point.nominal["flow"])
        repeats.characteristic("V_c", CONNECTION, "m3")
        if flying := self.parameters.method == "flying":
            repeats.read_at_once("Δt")
        else:
            repeats.see_rest(self.parameters.coming_to_rest)
        towards = 1.0 if self.parameters.master_first else -1.0

        def passage(seen: MasterSeen, x: Numbers) -> Number:
            if flying:  # other readings between the master meter's and the clock's may take their time
                return seen.reference_after.at - seen.reference_before.at
            if seen.duration is None:
                raise EvidenceError(f"{point.name}: a repeat does not tell how long it lasted")
            return seen.duration

        def amount_passed(seen: MasterSeen, x: Numbers) -> Number:
            begin, end = (repeats.density(seen, x, at) for at in (0, -1))
            between = towards * stored(x["V_c"], begin, end)
            passed: Number = repeats.at_meter(mass(seen, x) - between, seen, x)
            return passed / (1.0 + x["Δt"] / passage(seen, x)) if flying else passed

        return repeats.solve(amount_passed, passage)


def reference_mass(repeats: WaterRepeats[MasterSeen], flow: float) -> OfRepeat[MasterSeen]:
    """Return how to get the mass that passed the master meter, in kg, and add the inputs that takes."""
    seen = repeats.seen
    repeats.read_by(
        "reference", [reading for one in seen for reading in (one.reference_before, one.reference_after)]
    )
    error = repeats.certified("e_r", "reference", "1", place=flow, at_unit="m3/h")
    by_mass = same_dimension(seen[0].reference_after.unit, "kg")
    unit = "kg" if by_mass else "m3"
    thermometer = (
        None
        if by_mass
        else repeats.correction(
            "t_r", "reference_thermometer", [one for each in seen for one in _at_the_master(each)[1:]], "°C"
        )
    )

    def mass(one: MasterSeen, x: Numbers) -> Number:
        total = repeats.passed(one, "reference", unit)
        true: Number = total / (1.0 + error.value(x, flow))
        if thermometer is None:
            return true
        middle = statistics.fmean(reading.value for reading in _at_the_master(one))
        heavier: Number = true * repeats.density_at(one, x, thermometer.corrected(x, middle))
        return heavier

    return mass


def _at_the_master(seen: MasterSeen) -> tuple[Measured, Measured]:
    """Return the water's temperature at the master meter, before and after."""
    before, after = seen.reference_temperature_before, seen.reference_temperature_after
    if before is None or after is None:
        raise EvidenceError("the temperature at a master meter that totalizes volume was not read")
    return before, after
