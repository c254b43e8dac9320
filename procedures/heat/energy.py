"""What calibrations of whatever tells energy share: how it is told, the error at a difference, its table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol, TypeVar

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.fluids.heat_coefficient import Side, heat_coefficient
from remotecal.model import Column, Result, Table, Text
from remotecal.procedures import By
from remotecal.procedures.library.evaluation.conformity import Specification
from remotecal.procedures.library.evaluation.finding import Finding
from remotecal.procedures.library.evaluation.output import Output, Pulses, Total
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.library.evaluation.tables import column, error_column, repeatability_column
from remotecal.procedures.library.measuring.surroundings import InAir


class EnergySeen(InAir):
    """What a repeat yields of the energy that was told."""

    in_order: ClassVar[tuple[str, ...]] = (
        "counted_before counted_after",
        "energy_before energy_after",
    )

    counted_before: Annotated[Measured | None, "1", By("dut", "running_pulses")] = None
    """Pulses of an output of energy, where they are counted."""
    counted_after: Annotated[Measured | None, "1", By("dut", "running_pulses")] = None
    energy_before: Annotated[Measured | None, "kW*h", By("dut", "energy")] = None
    """Energy on a display, where that is read."""
    energy_after: Annotated[Measured | None, "kW*h", By("dut", "energy")] = None


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


def energy_output(repeats: Repeats[S], wanted: ToldEnergy) -> Output[S]:
    """Return how energy is told, by pulses or on a display, and add the inputs that takes."""
    if repeats.seen[0].counted_after is None:
        step = wanted.energy_resolution
        return Total(repeats, lambda one: repeats.passed(one, "energy", "kW*h"), step, "kW*h", "W_res")
    if wanted.pulses_per_energy is None:
        raise EvidenceError("pulses of energy were counted: pulses_per_energy says what one is worth")
    return Pulses(repeats, lambda one: repeats.passed(one, "counted", "1"), wanted.pulses_per_energy)


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
