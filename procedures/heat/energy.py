"""What calibrations of whatever tells energy share: how it is told, the error at a difference, its table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol, TypeVar

from remotecal.drivers.capabilities import EnergyTotalizer, PulseCounter
from remotecal.drivers.measured import Measured
from remotecal.drivers.quantities import BoundReading
from remotecal.errors import EvidenceError, ParameterError
from remotecal.fluids.heat_coefficient import Side, heat_coefficient
from remotecal.model import Column, Result, Table, Text
from remotecal.procedures import By, Drivers
from remotecal.procedures.library.evaluation.conformity import Specification
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.output import Output, Pulses, Total, see_resolution
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.several import DevicePlace
from remotecal.procedures.library.evaluation.tables import column, error_column, repeatability_column
from remotecal.procedures.library.measuring.sampling import amount, see_amount
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.procedures.procedure import of_role
from remotecal.units import same_dimension


class EnergySeen(InAir):
    """What a repeat yields of the energy that was told, by all devices that answered."""

    in_order: ClassVar[tuple[str, ...]] = (
        "told_before* told_after* | counted_before counted_after | energy_before energy_after",
    )

    told_before: Annotated[
        tuple[Measured, ...] | None, "kW*h", "1", By("dut", "energy"), By("dut", "running_pulses")
    ] = None
    """Energy on the displays, or pulses of the outputs of energy, of the devices that answered."""
    told_after: Annotated[
        tuple[Measured, ...] | None, "kW*h", "1", By("dut", "energy"), By("dut", "running_pulses")
    ] = None
    counted_before: Annotated[Measured | None, "1", By("dut", "running_pulses")] = None
    """The same in journals of when a run had one device: pulses, where they were counted."""
    counted_after: Annotated[Measured | None, "1", By("dut", "running_pulses")] = None
    energy_before: Annotated[Measured | None, "kW*h", By("dut", "energy")] = None
    """Energy on its display, where that was read."""
    energy_after: Annotated[Measured | None, "kW*h", By("dut", "energy")] = None

    def told(self, place: DevicePlace) -> tuple[Measured, Measured] | None:
        """Return what a device told before and after the repeat, as it was read; None if it was silent."""
        entry = self.entry
        if "told_before" in entry.values:
            return place.both(entry, "told_before", "told_after")
        name = "counted" if "counted_after" in entry.values else "energy"
        return entry.reading(f"{name}_before"), entry.reading(f"{name}_after")


class ToldEnergy(Protocol):
    """What is told of how energy is read."""

    @property
    def energy_resolution(self) -> float:
        """Smallest step of the display, in kWh."""
        ...

    @property
    def pulses_per_energy(self) -> float | None:
        """What a kWh is worth in pulses, where they are counted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyFinding(Finding):
    """The error of energy at a difference."""

    back: float
    """Temperature of the return, in °C."""

    @property
    def judged_at(self) -> float:
        """The difference that was asked for."""
        return self.point.nominal["difference"]


S = TypeVar("S", bound=EnergySeen)


def energy_output(repeats: Repeats[S], wanted: ToldEnergy, place: DevicePlace) -> Output[S]:
    """Return how a device tells energy, by pulses or on a display, and add the inputs that takes."""

    def passed(seen: S, unit: str) -> float:
        if (told := seen.told(place)) is None:
            raise EvidenceError(f"{place.name} was not read before and after a repeat")
        return repeats.between(seen, *told, unit)

    first = repeats.seen[0].told(place)
    if first is not None and same_dimension(first[0].unit, "kW*h"):
        return Total(repeats, lambda one: passed(one, "kW*h"), wanted.energy_resolution, "kW*h", "W_res")
    if wanted.pulses_per_energy is None:
        raise EvidenceError("pulses of energy were counted: pulses_per_energy says what one is worth")
    return Pulses(repeats, lambda one: passed(one, "1"), wanted.pulses_per_energy)


def see_output(drivers: Drivers, told: ToldEnergy, device: str) -> None:
    """Raise `ParameterError` if the outputs of devices are not described; `device` is one in words."""
    for role in (each for each in drivers if of_role(each) == "dut"):
        see_resolution(drivers, f"{role}.energy", told.energy_resolution, "kW*h")
        if PulseCounter in drivers[role].__mro__ and told.pulses_per_energy is None:
            raise ParameterError(
                f"parameters.pulses_per_energy is missing: the {device}'s pulses of energy are counted"
            )


def counters_of(devices: Iterable[PulseCounter | EnergyTotalizer]) -> list[BoundReading]:
    """Return by what devices tell their energy, in their order."""
    return [each.running_pulses if isinstance(each, PulseCounter) else each.energy for each in devices]


def see_energy(
    counters: Iterable[BoundReading], before: Sequence[Measured], after: Sequence[Measured], what: str
) -> None:
    """Raise `RunError` if no device made anything of what it was given; `what` says of what.

    One of several that stands still keeps nobody from going on: its certificate says so.
    """
    by = {one.source: one for one in counters}
    ends = {one.source: one for one in after}
    made = [amount(by[one.source], one, ends[one.source]) for one in before if one.source in ends]
    see_amount(what, max(made, default=0.0))


def see_liquid(places: Iterable[tuple[float, float]], pressure: float, side: Side) -> None:
    """Raise `ParameterError` if water would boil at a place, for then there is no heat coefficient.

    Args:
        places: differences in K, and temperatures of the return in °C.
        pressure: absolute pressure in Pa for which a device knows the heat coefficient.
        side: where its flow sensor stands.
    """
    for difference, back in places:
        heat_coefficient(back + difference, back, pressure, side)


def error_table(
    findings: Sequence[EnergyFinding],
    specification: Specification,
    *,
    accredited: bool,
    further: Sequence[Column] = (),
) -> Result:
    """Return the table of errors, one row a difference; `further` columns tell more of each place."""
    columns = (
        column("温差", "Difference", "basic_referenceValue basic_tableIndex0", "K",
               [f"{finding.place:.3f}" for finding in findings]),
        column("回水温度", "Return temperature", "remotecal_returnTemperature", "°C",
               [f"{finding.back:.2f}" for finding in findings]),
        *further,
        error_column(findings, specification, accredited=accredited),
        repeatability_column(findings),
    )  # fmt: skip
    name = Text(zh="热量示值误差", en="Error of the energy")
    return Result(name=name, ref_types=("remotecal_errorCurve",), tables=(Table(columns=columns),))
