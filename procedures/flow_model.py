"""The pure half of a flow calibration: from the observations at one flow to an error with its budget.

`Repeats` gathers what is known of every instrument that took part, as inputs of one measurement
model. All repeats share these inputs, so what is common to them is not averaged away; what scatters
from repeat to repeat enters as the repeatability of the errors.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.water import WATER_FORMULAS
from remotecal.procedures.library.corrections import Applied, Correction, Limit, from_limit
from remotecal.procedures.library.flow_remarks import Beyond
from remotecal.procedures.library.flow_results import FlowPoint
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.curvature import confirmed
from remotecal.uncertainty.inputs import Distribution, Input
from remotecal.uncertainty.interpolation import CertifiedCurve
from remotecal.uncertainty.number import Number, estimate
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.bench_file import Characteristic
    from remotecal.procedures import Evidence, Observation, Point
    from remotecal.procedures.library.flow_parameters import FlowParameters
    from remotecal.uncertainty.budget import Result as Evaluated

Numbers = Mapping[str, Number]
"""The inputs of a measurement model, by symbol."""

OfRepeat = Callable[["Observation", Numbers], Number]
"""A quantity of one repeat, from its observation and the inputs."""

ZERO_CURRENT, SPAN_CURRENT = 4.0, 16.0
"""A 4–20 mA output: mA without flow, and from there to full scale."""


class Repeats:
    """The repeats at one flow, and what is known of the instruments that read them."""

    def __init__(self, point: Point, evidence: Evidence, parameters: FlowParameters) -> None:
        self.point = point
        self.evidence = evidence
        self.parameters = parameters
        self.observations = evidence.at(point)
        self.inputs: list[Input] = []
        self.beyond: list[Beyond] = []
        if len(self.observations) < 2:
            raise EvidenceError(
                f"{point.name}: {len(self.observations)} repeats are too few for an uncertainty"
            )
        self._thermometer = self.correction("t_m", "thermometer", "temperature", "°C")
        self._manometer = self.correction("p_m", "rig", "pressure", "Pa")
        self._barometer = self.correction("p_a", "ambient", "air_pressure", "Pa")
        self._formula = WATER_FORMULAS[parameters.water]
        water = self.characteristic("ρ", "water_density", "1")
        self.inputs[-1] = Input.normal(
            "ρ", water.value, "1", math.hypot(water.u, self._formula.u), source=water.source
        )
        self._indicated = self._meter_output()

    def correction(self, symbol: str, role: str, value: str, unit: str) -> Applied:
        """Return the correction of an instrument and make its deviation an input.

        Args:
            symbol: of the deviation, in the model.
            role: the instrument's; its certificate counts, and without one its maker's limit.
            value: name of its readings in the observations.
            unit: to work in.
        """
        self.read_by(role, value)
        used = self.evidence.certificates.get(role)
        read = [reading.to(unit) for entry in self.observations for reading in readings(entry, value)]
        if used is None:
            known = from_limit(symbol, read)
        else:
            known = Correction.certified(symbol, used.certificate, unit, extended=True)
            self._note_beyond(role, known.errors, [reading.value for reading in read])
        applied = known.around(statistics.fmean(reading.value for reading in read))
        self.inputs.append(applied.input)
        return applied

    def _note_beyond(self, role: str, errors: CertifiedCurve | Limit, places: list[float]) -> None:
        """Remark that readings lie outside the certificate that corrects them."""
        if isinstance(errors, CertifiedCurve) and any(map(errors.outside, places)):
            name = self.evidence.instruments[role].name
            read = min(places), max(places)
            self.beyond.append(Beyond(name, errors.source, errors.unit, errors.ends, read))

    def read_by(self, role: str, *values: str) -> None:
        """Raise `EvidenceError` if readings are not of the instrument whose certificate corrects them."""
        name = self.evidence.instruments[role].name
        for reading in (one for entry in self.observations for v in values for one in readings(entry, v)):
            if reading.source.rpartition(".")[0] != name:
                raise EvidenceError(f"{reading.source} was read where {name} has the role {role}")

    def certified(self, symbol: str, role: str, unit: str, *, place: float, at_unit: str) -> Applied:
        """Return the correction of an instrument whose error is stated against another quantity.

        Args:
            symbol: of the deviation, in the model.
            role: the instrument's.
            unit: unit of the error; "1" for a relative one.
            place: where on that quantity the point lies, in `at_unit`.
            at_unit: the other quantity's unit.

        Raises:
            EvidenceError: the instrument has no certificate.
        """
        used = self.evidence.certificates.get(role)
        if used is None:
            raise EvidenceError(f"{role} has no certificate: give it one in the bench file")
        applied = Correction.certified(symbol, used.certificate, unit, at_unit=at_unit).around(place)
        self.inputs.append(applied.input)
        return applied

    def characteristic(self, symbol: str, name: str, unit: str) -> Input:
        """Return a characteristic of the rig and make it an input (EvidenceError if the bench has none)."""
        fact = self._fact(name)
        scale = convert(1.0, fact.unit, unit)
        value, expanded = fact.value * scale, fact.expanded_uncertainty * scale
        found = Input.from_certificate(symbol, value, unit, expanded, fact.k, source=fact.source)
        self.inputs.append(found)
        return found

    def constant(self, name: str, unit: str) -> float:
        """Return a characteristic that has no uncertainty, such as a resolution."""
        fact = self._fact(name)
        return convert(fact.value, fact.unit, unit)

    def _fact(self, name: str) -> Characteristic:
        fact = self.evidence.characteristics.get(name)
        if fact is None:
            raise EvidenceError(f"the bench file has no [characteristics.{name}]: the evaluation needs it")
        return fact

    def passed(self, entry: Observation, name: str, unit: str) -> float:
        """Return what passed in a repeat by the readings of a total before and after it.

        Raises:
            EvidenceError: the total fell, and no wrap explains it.
        """
        ((before,), (after,)) = (readings(entry, f"{name}_{when}") for when in ("before", "after"))
        try:
            return self.evidence.passed(before, after).to(unit).value
        except EvidenceError as error:
            raise EvidenceError(f"{entry.point.name}, repeat {entry.repeat}: {error}") from None

    def pulses(self, entry: Observation) -> float:
        """Return the pulses of a repeat: counted within a gate, or between two readings."""
        if "pulses" in entry.values:
            return one(entry, "pulses", "1")
        return self.passed(entry, "pulses", "1")

    def temperature(self, entry: Observation, x: Numbers, place: int | None = None) -> Number:
        """Return the water's temperature at the meter in °C: the mean of a repeat, or one reading of it."""
        values = [reading.to("°C").value for reading in readings(entry, "temperature")]
        return self._thermometer.corrected(
            statistics.fmean(values) if place is None else values[place], x["t_m"]
        )

    def air_pressure(self, entry: Observation, x: Numbers) -> Number:
        """Return the atmospheric pressure in Pa."""
        return self._barometer.corrected(one(entry, "air_pressure", "Pa"), x["p_a"])

    def density(self, entry: Observation, x: Numbers, place: int | None = None) -> Number:
        """Return the water's density at the meter in kg/m³, for a repeat or for one reading of it."""
        return self.density_at(entry, x, self.temperature(entry, x, place))

    def density_at(self, entry: Observation, x: Numbers, temperature: Number) -> Number:
        """Return the water's density in kg/m³ at a temperature in °C and the repeat's pressure."""
        gauge = self._manometer.corrected(mean(entry, "pressure", "Pa"), x["p_m"])
        absolute = gauge + self.air_pressure(entry, x)
        density: Number = self._formula.density(temperature, absolute) * (1.0 + x["ρ"])
        return density

    def estimates(self) -> Numbers:
        """Return symbol → estimate of what is known so far."""
        return {each.symbol: each.value for each in self.inputs}

    def solve(self, volume: OfRepeat, time: OfRepeat) -> FlowPoint:
        """Return the error at this flow.

        Args:
            volume: what passed through the meter in one repeat, in m³.
            time: how long that took, in s.
        """

        def error(entry: Observation, x: Numbers) -> Number:
            relative: Number = self._indicated(entry, x, time) / volume(entry, x) - 1.0
            return relative

        known = self.estimates()
        passed = [estimate(volume(entry, known)) for entry in self.observations]
        took = [estimate(time(entry, known)) for entry in self.observations]
        if not (min(passed) > 0 and min(took) > 0):
            raise EvidenceError(
                f"{self.point.name}: nothing passed the reference in a repeat, so there is no error to state"
            )
        errors = [100.0 * estimate(error(entry, known)) for entry in self.observations]
        by_pulses = self._indicated == self._by_pulses
        counted = [self.pulses(entry) for entry in self.observations] if by_pulses else []
        return FlowPoint(
            nominal=self.point.nominal["flow"],
            reference=[3600.0 * v / t for v, t in zip(passed, took, strict=True)],
            errors=errors,
            factors=[n / v for n, v in zip(counted, passed, strict=True)] if counted else (),
            evaluated=self._budget(error, errors),
            beyond=self.beyond,
        )

    def _budget(self, error: OfRepeat, errors: list[float]) -> Evaluated:
        scatter = Input.from_readings("E_rep", errors, "%")
        repeatability = Input.student_t("E_rep", 0.0, "%", scatter.u, scatter.dof)
        count = len(self.observations)

        def model(**x: Number) -> Number:
            total: Number = 0.0
            for entry in self.observations:
                total = total + error(entry, x)
            result: Number = total * (100.0 / count) + x["E_rep"]
            return result

        cmc = self.constant("cmc", "%") if "cmc" in self.evidence.characteristics else 0.0
        budget = Budget(model, (repeatability, *self.inputs), "%")
        wanted = self.parameters
        evaluated = budget.evaluate(coverage=wanted.coverage, cmc=cmc, k=wanted.coverage_factor)
        return confirmed(budget, evaluated, seed=self.evidence.seed(self.point.name))

    def _meter_output(self) -> Callable[[Observation, Numbers, OfRepeat], Number]:
        """Return how to get the volume the meter indicated, in m³, and add the inputs that takes."""
        first = self.observations[0].values
        root = math.sqrt(len(self.observations))
        if "pulses" in first or "pulses_after" in first:
            self.inputs.append(Input.from_limits("N", 0.0, "1", 1 / root, Distribution.TRIANGULAR))
            return self._by_pulses
        if "current" in first:
            self._ammeter = self.correction("I", "dut", "current", "mA")
            return self._by_current
        step = self.parameters.total_resolution
        self.inputs.append(Input.from_limits("V_res", 0.0, "m3", step / root, Distribution.TRIANGULAR))
        return self._by_total

    def _by_pulses(self, entry: Observation, x: Numbers, time: OfRepeat) -> Number:
        volume: Number = (self.pulses(entry) + x["N"]) / self._given("pulses_per_volume")
        return volume

    def _by_total(self, entry: Observation, x: Numbers, time: OfRepeat) -> Number:
        volume: Number = self.passed(entry, "total", "m3") + x["V_res"]
        return volume

    def _by_current(self, entry: Observation, x: Numbers, time: OfRepeat) -> Number:
        current = self._ammeter.corrected(mean(entry, "current", "mA"), x["I"])
        flow: Number = (current - ZERO_CURRENT) / SPAN_CURRENT * self._given("full_scale") / 3600.0
        volume: Number = flow * time(entry, x)
        return volume

    def _given(self, name: str) -> float:
        value: float | None = getattr(self.parameters, name)
        if value is None:
            raise EvidenceError(f"the meter can't be evaluated without the parameter {name}")
        return value


def readings(entry: Observation, name: str) -> tuple[Measured, ...]:
    """Return the readings kept under a name: one, or several."""
    kept = entry.values[name]
    if isinstance(kept, Measured):  # itself a tuple, so it comes first
        return (kept,)
    if isinstance(kept, tuple):
        return tuple(reading for reading in kept if isinstance(reading, Measured))
    raise EvidenceError(f"{entry.point.name}, repeat {entry.repeat}: {name} is no reading but {kept!r}")


def one(entry: Observation, name: str, unit: str) -> float:
    """Return the value of a single reading."""
    (reading,) = readings(entry, name)
    return reading.to(unit).value


def mean(entry: Observation, name: str, unit: str) -> float:
    """Return the mean of a repeat's readings."""
    return statistics.fmean(reading.to(unit).value for reading in readings(entry, name))


def number(entry: Observation, name: str) -> float:
    """Return a plain number kept under a name."""
    kept = entry.values[name]
    if not isinstance(kept, int | float):
        raise EvidenceError(f"{entry.point.name}, repeat {entry.repeat}: {name} is no number but {kept!r}")
    return kept
