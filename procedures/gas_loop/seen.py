"""What a repeat in a pressurised loop yields, and what its counters counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias, cast

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.procedures import By, Often
from remotecal.procedures.library.measuring.sampling import SAMPLED
from remotecal.procedures.library.meters.passing import MeterSeen
from remotecal.units import same_dimension

if TYPE_CHECKING:
    from remotecal.procedures import Evidence


Totals: TypeAlias = Annotated[
    tuple[Measured, ...] | None,
    "1",
    "m3",
    "kg",
    By("readers", "running_pulses"),
    By("readers", "volume"),
    By("readers", "total_mass"),
]
"""What masters count on and on, each in its unit."""


class LoopSeen(MeterSeen):
    """What a repeat yields: what passed the masters, and the gas there and in the meter.

    Readings of masters stand in the order of the branches that are open; while the repeat lasts, one of each
    and then the next one of each.
    """

    in_order: ClassVar[tuple[str, ...]] = (
        "masters_before+ masters_passing* masters_after+ | masters_passing+",
        "check_before check_after",
        "base_before base_after",
        "disturbed_before disturbed_after",
    )

    standing: Annotated[Measured, "1", By("loop", "standing")]
    """Which branches stood open, a bit each."""
    masters_before: Totals = None
    """What the open masters had counted when it began, where they are read one after another."""
    masters_after: Totals = None
    masters_pulses: Annotated[tuple[Measured, ...] | None, "1", By("readers", "gated_pulses"), Often(1)] = (
        None
    )
    """What they counted while one gate was open for all counters."""
    gate_time: Annotated[Measured | None, "s", By("gate", "gate_time")] = None
    """How long that was."""
    masters_passing: Annotated[
        tuple[Measured, ...],
        "1",
        "m3",
        "kg",
        By("readers", "running_pulses"),
        By("readers", "volume"),
        By("readers", "total_mass"),
        SAMPLED,
    ]
    """What the first of them had counted, again and again: by it the flow's scatter is told."""
    master_pressure: Annotated[tuple[Measured, ...], "Pa", By("gauges", "pressure"), SAMPLED]
    """Absolute pressure at each of them."""
    master_temperature: Annotated[tuple[Measured, ...], "°C", By("thermometers", "temperature"), SAMPLED]
    """Temperature at each of them."""
    meter_pressure: Annotated[tuple[Measured, ...], "Pa", By("meter_gauge", "pressure"), SAMPLED]
    """Absolute pressure at the meter."""
    meter_temperature: Annotated[tuple[Measured, ...], "°C", By("meter_thermometer", "temperature"), SAMPLED]
    """Temperature at the meter."""
    check_before: Annotated[
        Measured | None, "1", "m3", By("check_reader", "running_pulses"), By("check_reader", "volume")
    ] = None
    """What the check meter had counted when it began."""
    check_after: Annotated[
        Measured | None, "1", "m3", By("check_reader", "running_pulses"), By("check_reader", "volume")
    ] = None
    check_pulses: Annotated[Measured | None, "1", By("check_reader", "gated_pulses")] = None
    """What it counted while the gate was open."""
    check_pressure: Annotated[tuple[Measured, ...] | None, "Pa", By("check_gauge", "pressure"), SAMPLED] = (
        None
    )
    check_temperature: Annotated[
        tuple[Measured, ...] | None, "°C", By("check_thermometer", "temperature"), SAMPLED
    ] = None
    nozzles_standing: Annotated[Measured | None, "1", By("bank", "nozzles_standing")] = None
    """Which nozzles of a bank stood open, a bit each."""
    bank_pressure: Annotated[tuple[Measured, ...] | None, "Pa", By("bank_gauge", "pressure"), SAMPLED] = None
    """Absolute pressure ahead of them."""
    bank_temperature: Annotated[
        tuple[Measured, ...] | None, "°C", By("bank_thermometer", "temperature"), SAMPLED
    ] = None
    back_pressure: Annotated[tuple[Measured, ...] | None, "Pa", By("back_gauge", "pressure"), SAMPLED] = None
    """Absolute pressure behind them."""
    sound: Annotated[
        tuple[Measured, ...] | None, "m/s", By("readers"), By("check_reader"), By("dut"), SAMPLED
    ] = None
    """Speed of sound by those meters that tell it, in turn: open masters, check meter, meter under test."""
    dew_point: Annotated[tuple[Measured, ...] | None, "°C", By("dew_point_meter", "dew_point"), SAMPLED] = (
        None
    )
    """Dew point of the gas, or frost point, at the pressure of the meter's cell."""
    base_before: Annotated[Measured | None, "m3", By("dut", "base_volume")] = None
    """Volume at base conditions that the meter had told when it began, where it converts."""
    base_after: Annotated[Measured | None, "m3", By("dut", "base_volume")] = None
    disturbed_before: Annotated[Measured | None, "m3", By("dut", "disturbed_volume")] = None
    """What it had counted while an alarm stood."""
    disturbed_after: Annotated[Measured | None, "m3", By("dut", "disturbed_volume")] = None
    device_pressure: Annotated[tuple[Measured, ...] | None, "Pa", By("dut", "pressure"), SAMPLED] = None
    """Absolute pressure by the meter itself."""
    device_temperature: Annotated[tuple[Measured, ...] | None, "°C", By("dut", "temperature"), SAMPLED] = None
    """Temperature by the meter itself."""
    leak: Annotated[float | None, "m3/h"] = None
    """What leaked out of the sealed loop at this pressure, by a journal that does not keep what was read for
    it (`standing_gas.TightSeen`)."""
    zero: Annotated[float | None, "m3/h"] = None
    """What the meter showed while the gas stood, on the mean, by a journal of the same age."""
    zero_scatter: Annotated[float | None, "m3/h"] = None
    """Standard deviation of what it showed then."""

    def lasted(self) -> float:
        """Return how long the gate was open, or the time between the readings of the counters, in s.

        Raises:
            EvidenceError: neither is there.
        """
        if self.gate_time is not None:
            return self.gate_time.to("s").value
        if not (self.masters_before and self.masters_after):
            raise EvidenceError("the masters were read neither at both ends of a repeat nor by a gate")
        return self.masters_after[0].at - self.masters_before[0].at

    def counted(self, part: str, evidence: Evidence) -> tuple[Measured, ...]:
        """Return what the counters of a part counted: `masters`, `check`; as pulses, or in m³ or kg.

        Raises:
            EvidenceError: they were read neither by a gate nor at both ends, or a total fell.
        """
        gated, before, after = (
            _several(self.entry.values.get(f"{part}_{when}")) for when in ("pulses", "before", "after")
        )
        if gated:
            return gated
        if not (before and after):
            raise EvidenceError(f"{self.entry.point.name}: the {part} counted nothing in a repeat")
        # Readings as they were taken: a counter wraps in its own unit.
        return tuple(_in_si(evidence.passed(*ends)) for ends in zip(before, after, strict=True))


def _several(value: object) -> tuple[Measured, ...]:
    """Return readings, whether it is one or several; none for what is missing."""
    if isinstance(value, Measured):
        return (value,)
    return cast("tuple[Measured, ...]", value or ())


def _in_si(amount: Measured) -> Measured:
    """Return what passed in m³ or kg; pulses as they are."""
    if amount.unit == "1":
        return amount
    return amount.to("kg" if same_dimension(amount.unit, "kg") else "m3")


def of_each(readings: Sequence[Measured], count: int) -> list[tuple[Measured, ...]]:
    """Return readings that were taken in turn, apart."""
    return [tuple(readings[place::count]) for place in range(count)]
