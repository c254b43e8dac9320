"""The pure half of calibrating meters in series: from what was collected to what each meter is."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Protocol, TypeAlias

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.model import IN_CMC, Condition, Result, Text
from remotecal.procedures import By, Evaluation, In, Waited
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conformity import (
    Further,
    Permissible,
    Specification,
    as_it_comes,
)
from remotecal.procedures.library.evaluation.digits import same_decimals
from remotecal.procedures.library.evaluation.output import Output, Pulses, Total
from remotecal.procedures.library.evaluation.remarks import BY_CMC, remarks
from remotecal.procedures.library.evaluation.repeats import CMC
from remotecal.procedures.library.evaluation.several import FEWEST, DevicePlace, ReadRepeats, silent
from remotecal.procedures.library.evaluation.sources import ORDER
from remotecal.procedures.library.evaluation.tables import budgets, by_gum, column
from remotecal.procedures.library.flow.collecting import CollectingParameters, Weighed, collected_mass
from remotecal.procedures.library.flow.water import FlowSeen, OfWater
from remotecal.procedures.library.measuring.sampling import SAMPLED
from remotecal.procedures.library.meters.between import CONNECTION, SPACING
from remotecal.procedures.library.meters.parameters import MeterParameters
from remotecal.procedures.library.meters.passing import MeterRepeats
from remotecal.procedures.library.meters.results import MeterFinding, error_table
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.number import Number, Numbers
from remotecal.units import same_dimension

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point


Ends: TypeAlias = tuple[str, str]
COUNTED: Final[Ends] = ("counted_before", "counted_after")
"""Parts of an observation that tell what the meters counted before and after it."""


class BenchSeen(Weighed, FlowSeen):
    """What a repeat yields: the water that was collected, and what the meters told that could be read."""

    in_order: ClassVar[tuple[str, ...]] = ("counted_before* counted_after*",)

    outlet_temperature: Annotated[
        tuple[Measured, ...], "°C", By("outlet_thermometer", "temperature"), SAMPLED
    ]
    """Water behind the last meter, while the repeat lasted; `temperature` is ahead of the first one."""
    counted_before: Annotated[
        tuple[Measured, ...],
        "m3",
        "1",
        By("meters", "volume"),
        By("meters", "running_pulses"),
        Waited("dripping", since="mass_before"),
    ]
    """Totals, or pulses, of the meters that answered, at rest."""
    counted_after: Annotated[
        tuple[Measured, ...],
        "m3",
        "1",
        By("meters", "volume"),
        By("meters", "running_pulses"),
        Waited("dripping", since="temperature"),
    ]


class SeriesParameters(CollectingParameters, MeterParameters):
    """What every calibration of meters in series is told."""

    permanent: Annotated[float, In("m3/h", above=0)]
    """Permanent flow of the meters: Q3 of water meters, q_p of flow sensors."""
    norm: str
    """The document the meters are held against."""
    flow_tolerance: Annotated[float, In("%", above=0, at_most=10)] = 1.5
    """How far the flow may be from the one aimed at, which is the middle of the point's window."""
    profile: Annotated[float, In("1", at_least=0, at_most=0.5)] = 0.1
    """By how much, ±, where a meter stands between the ends of the line may be wrong for its temperature, as
    a share of the whole line (unverified)."""
    pressure_loss: Annotated[float, In("kPa", at_least=0, at_most=63)] = 63.0
    """What a meter takes away at its permanent flow, at most: its pressure loss class (unverified)."""
    uncertainty_share: Annotated[float, In("1", above=0, at_most=1)] = 0.2
    """Expanded uncertainty that the bench's volumes may have, as a share of what is permitted: 1/5 by OIML
    R 49-2 where a type is examined; 1/3 suffices at a verification (unverified)."""
    instead: ClassVar[str]
    """The parameter that gives permissible errors where they are not those of the class."""

    @property
    def aims(self) -> Mapping[str, float]:
        """Where to test, in the order to measure: name → flow in m³/h."""
        raise NotImplementedError

    @property
    def called(self) -> Text:
        """What is done, as it heads a meter's part of the certificate."""
        raise NotImplementedError

    def permitted(self, temperature: float) -> Permissible:
        """Return the permissible errors at the water's mean temperature in °C."""
        raise NotImplementedError

    def further(self, errors: Sequence[float], limits: Sequence[float]) -> tuple[Further, ...]:
        """Return what else a meter is held against, by its errors and what is permitted there, in %."""
        return ()


class InSeries(OfWater[BenchSeen], MeterRepeats[BenchSeen]):
    """The repeats of one meter of a line at one flow."""

    def __init__(
        self,
        point: Point,
        evidence: Evidence,
        seen: Sequence[BenchSeen],
        parameters: SeriesParameters,
        place: DevicePlace,
    ) -> None:
        super().__init__(point, evidence, seen, parameters)
        self.parameters, self.place = parameters, place
        self.see_rest(parameters.dripping)
        self.know_water(parameters.water)
        read = [one for each in self.seen for one in each.outlet_temperature]
        self._outlet = self.correction("t_e", "outlet_thermometer", read, "°C")
        loss = 500.0 * parameters.pressure_loss  # half of it, in Pa: it may be anything up to the class
        self.inputs += [
            Input.from_limits("δx", 0.0, "1", parameters.profile, source=ORDER),
            Input.from_limits("Δp", loss, "Pa", loss, source=ORDER),
        ]
        self._mass = collected_mass(self)
        self.characteristic("V_c", CONNECTION, "m3")
        self.characteristic("V_s", SPACING, "m3")
        self.read_meter()

    def temperature(self, seen: BenchSeen, x: Numbers, place: int | None = None) -> Number:
        """Return the water's temperature at this meter in °C: between those at both ends of the line."""
        begin, end = super().temperature(seen, x, place), self._behind(seen, x, place)
        found: Number = begin + (end - begin) * (self.place.along + x["δx"])
        return found

    def _behind(self, seen: BenchSeen, x: Numbers, place: int | None = None) -> Number:
        """Return the water's temperature behind the last meter in °C, as `temperature`."""
        values = [reading.value for reading in seen.outlet_temperature]
        return self._outlet.corrected(x, statistics.fmean(values) if place is None else values[place])

    def gauge(self, seen: BenchSeen, x: Numbers, place: int | None = None) -> Number:
        """Return the gauge pressure at this meter in Pa: more than behind the last one."""
        share = self.point.nominal["flow"] / self.parameters.permanent
        higher: Number = super().gauge(seen, x, place) + self.place.behind * share**2 * x["Δp"]
        return higher

    def volume(self, seen: BenchSeen, x: Numbers) -> Number:
        """Return what passed through this meter in a repeat, in m³ as it was there."""
        here = self.density(seen, x, -1) - self.density(seen, x, 0)
        gauge = super().gauge(seen, x)
        begin, end = (self.density_at(seen, x, self._behind(seen, x, at), gauge) for at in (0, -1))
        behind = end - begin
        stored = x["V_c"] * behind + self.place.behind * x["V_s"] * (here + behind) / 2.0
        passed: Number = (self._mass(seen, x) + stored) / self.density(seen, x)
        return passed

    def finding(self) -> MeterFinding:
        """Return the error at this flow."""
        return self.solve(self.volume, self._lasted)

    def pulses(self, seen: BenchSeen) -> float:
        return self._counted(seen, "1")

    def _lasted(self, seen: BenchSeen, x: Numbers) -> Number:
        if seen.duration is None:
            raise EvidenceError(f"{self.point.name}: a repeat does not tell how long it lasted")
        return seen.duration

    def _counted(self, seen: BenchSeen, unit: str, parts: Ends = COUNTED) -> float:
        """Return what the meter counted in a repeat."""
        before, after = pair(seen, self.place, parts)
        return self.evidence.passed(before, after).to(unit).value

    def _meter_output(self) -> Output[BenchSeen]:
        before, _ = pair(self.seen[0], self.place)
        if not same_dimension(before.unit, "m3"):
            return Pulses(self, self.pulses, self._given("pulses_per_volume"))
        step = self.parameters.total_resolution
        return Total(self, lambda seen: self._counted(seen, "m3"), step, "m3", "V_res")


def pair(seen: BenchSeen, place: DevicePlace, parts: Ends = COUNTED) -> tuple[Measured, Measured]:
    """Return what a meter told before and after a repeat (EvidenceError if it was silent)."""
    found = both(seen, place, parts)
    if found is None:
        raise EvidenceError(f"{place.name} was not read before and after a repeat")
    return found


def both(seen: BenchSeen, place: DevicePlace, parts: Ends = COUNTED) -> tuple[Measured, Measured] | None:
    """Return what a meter told before and after a repeat, as it was read; None if it was silent."""
    return place.both(seen.entry, *parts)


class OnBench(Protocol):
    """What is asked of the procedure."""

    parameters: SeriesParameters
    inputs: ClassVar[Mapping[str, Text]]
    model_equation: ClassVar[str]

    def conditions(self, evidence: Evidence) -> tuple[Condition, ...]:
        """Return the state of air and water during the run."""
        ...


class MeterInSeries:
    """One meter of a line: what was found of it at all flows.

    Args:
        procedure: with its parameters.
        evidence: of the run.
        place: where it stands.
        item: its id in the order.
    """

    def __init__(self, procedure: OnBench, evidence: Evidence, place: DevicePlace, item: str) -> None:
        self._procedure, self._evidence, self._place, self._item = procedure, evidence, place, item
        self._wanted = procedure.parameters
        self._read: list[tuple[Point, list[BenchSeen]]] = []
        temperatures = []
        for point in evidence.points:
            repeats = BenchSeen.at(evidence, point)
            self._read.append((point, [seen for seen in repeats if both(seen, place)]))
            temperatures += [one.value for seen in repeats for one in seen.temperature]
        self._temperature = statistics.fmean(temperatures)

    def evaluation(self) -> Evaluation:
        """Return its measurement: what is known of it, and what is not because it did not answer."""
        findings = [
            InSeries(point, self._evidence, seen, self._wanted, self._place).finding()
            for point, seen in self._read
            if len(seen) >= FEWEST
        ]
        answers = ReadRepeats(tuple((point, len(seen)) for point, seen in self._read))
        if not findings:
            return self._of_the_silent(answers)
        permissible = self._wanted.permitted(self._temperature)
        wanted = self._wanted
        specification = Specification(
            permissible, wanted.norm, wanted.rule, unverified=as_it_comes(wanted, wanted.instead)
        )
        accredited = CMC in self._evidence.characteristics
        return Evaluation(
            results=(
                error_table(findings, specification, accredited=accredited),
                *(() if answers.whole else (self._readings(answers),)),
            ),
            budgets=budgets(findings),
            conditions=self._procedure.conditions(self._evidence),
            methods=(by_gum(self._procedure.model_equation, findings, self._procedure.inputs),),
            statements=(
                *conformity.statements(
                    findings,
                    specification,
                    METER,
                    (*self._further(findings, permissible), *answers.further()),
                ),
                *(() if answers.whole else (answers.remark(self._item, DEVICE),)),
                *remarks(findings, BY_CMC),
                *((IN_CMC,) if accredited else ()),
            ),
            items=(self._item,),
            heading=self._place.headed(self._wanted.called),
        )

    def _further(self, findings: Sequence[MeterFinding], permissible: Permissible) -> tuple[Further, ...]:
        limits = [permissible.at(finding.judged_at).upper for finding in findings]
        scatter = max(100 * f.repeatability / limit for f, limit in zip(findings, limits, strict=True))
        return (
            Further(
                REPEATABLE,
                scatter,
                100 * self._wanted.repeatability_share,
                "%",
                unverified=as_it_comes(self._wanted, "repeatability_share"),
            ),
            *self._wanted.further([finding.evaluated.value for finding in findings], limits),
        )

    def _readings(self, answers: ReadRepeats) -> Result:
        """Return how many readings there are at each flow, of a meter that did not always answer."""
        flows = same_decimals([point.nominal["flow"] for point, _ in self._read])
        places = column("标称流量", "Nominal flow", "remotecal_nominalValue basic_tableIndex0", "m3/h", flows)
        return answers.table(places, Text(zh="读数情况", en="Readings of the meter"))

    def _of_the_silent(self, answers: ReadRepeats) -> Evaluation:
        """Return the measurement of a meter that was read nowhere often enough: that it was not."""
        return Evaluation(
            results=(self._readings(answers),),
            conditions=self._procedure.conditions(self._evidence),
            statements=(silent(self._wanted.norm, DEVICE), answers.remark(self._item, DEVICE)),
            items=(self._item,),
            heading=self._place.headed(self._wanted.called),
        )


METER: Final = Text(en="the meter")
"""What the item is called in its verdict."""
DEVICE: Final = Text(zh="被检表", en="The meter")
"""What it is called where it is said that it did not answer."""

REPEATABLE: Final = Text(zh="重复性与最大允许误差之比", en="repeatability as a share of what is permitted")
