"""The pure half of calibrating a flow meter: from what passed by the reference to the meter's error."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, TypeVar

from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError
from remotecal.model import Text
from remotecal.procedures import By
from remotecal.procedures.library.evaluation.output import Current, Output, Pulses, Total
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY, Repeats
from remotecal.procedures.library.measuring.sampling import SAMPLED
from remotecal.procedures.library.measuring.surroundings import InAir
from remotecal.procedures.library.meters.measurand import VOLUME
from remotecal.procedures.library.meters.results import MeterFinding
from remotecal.uncertainty.number import Number, Numbers, estimate
from remotecal.units import same_dimension

if TYPE_CHECKING:
    from remotecal.procedures import Evidence, Point
    from remotecal.procedures.library.meters.parameters import ReadingParameters


class MeterSeen(InAir):
    """What a repeat yields of the meter under test."""

    in_order: ClassVar[tuple[str, ...]] = (
        "pulses | pulses_before pulses_after",
        "total_before total_after",
    )

    current: Annotated[tuple[Measured, ...] | None, "mA", By("dut", "current"), SAMPLED] = None
    """Output of a meter that is read by its current."""
    pulses: Annotated[
        Measured | None,
        "1",
        By("dut", "gated_pulses"),
        By("dut", "running_pulses"),
        By("dut", "whole_pulses"),
    ] = None
    """Pulses within a gate, or from rest to rest."""
    pulses_before: Annotated[Measured | None, "1", By("dut", "running_pulses")] = None
    """Pulses counted so far, where the count goes on."""
    pulses_after: Annotated[Measured | None, "1", By("dut", "running_pulses")] = None
    total_before: Annotated[Measured | None, "m3", By("dut", "volume"), By("dut", "measured_volume")] = None
    """Total of a meter that is read by it."""
    total_after: Annotated[Measured | None, "m3", By("dut", "volume"), By("dut", "measured_volume")] = None
    duration: Annotated[float | None, "s"] = None
    """How long it flowed, by the run's clock."""


S = TypeVar("S", bound=MeterSeen)

OfRepeat = Callable[[S, Numbers], Number]
"""A quantity of one repeat, from what it yielded and the inputs."""

INPUTS: Final[Mapping[str, Text]] = {
    REPEATABILITY: Text(zh="重复性", en="repeatability of the error"),
    "N": Text(zh="脉冲计数（±1）", en="counted pulses (±1)"),
    "I": Text(zh="电流示值偏差", en="deviation of the measured current"),
    VOLUME.rounding: Text(zh="被检表累积量分辨力", en="resolution of the meter's total"),
}
"""The inputs that the meter itself brings into the measurement model, by symbol."""


class MeterRepeats(Repeats[S]):
    """The repeats at one flow, and how the meter under test tells what passed."""

    def __init__(
        self, point: Point, evidence: Evidence, seen: Sequence[S], parameters: ReadingParameters
    ) -> None:
        super().__init__(point, evidence, seen)
        self._told = parameters

    def read_meter(self) -> None:
        """Add the inputs that reading the meter takes: of its pulses, of its current, or of its total."""
        self._output = self._meter_output()

    def solve(self, amount: OfRepeat[S], time: OfRepeat[S]) -> MeterFinding:
        """Return the error at this flow, after `read_meter`.

        Args:
            amount: what passed through the meter in one repeat, as it tells it: in m³, or in kg.
            time: how long that took, in s.
        """
        span = self._told.fiducial

        def error(seen: S, x: Numbers) -> Number:
            relative: Number = self._indicated(seen, x, time) / amount(seen, x) - 1.0
            if span is not None:
                relative = relative * (3600.0 * amount(seen, x) / time(seen, x) / span)
            return relative

        known = self.estimates()
        passed = [estimate(amount(seen, known)) for seen in self.seen]
        took = [estimate(time(seen, known)) for seen in self.seen]
        if not (min(passed) > 0 and min(took) > 0):
            raise EvidenceError(
                f"{self.point.name}: nothing passed the reference in a repeat, so there is no error to state"
            )
        wanted, flow = self._told, self.point.nominal["flow"]
        reference = [3600.0 * v / t for v, t in zip(passed, took, strict=True)]
        counted = [self.pulses(seen) for seen in self.seen] if isinstance(self._output, Pulses) else []
        return MeterFinding(
            point=self.point,
            observed_at=self.points,
            title=Text(zh=f"流量点 {flow:g} m³/h", en=f"Flow point {flow:g} m³/h"),
            reference=reference,
            errors=self.errors(error, 100.0),
            evaluated=self.evaluate(
                error,
                "%",
                scale=100.0,
                coverage=wanted.coverage,
                k=wanted.coverage_factor,
                cmc_share=1.0 if span is None else statistics.fmean(reference) / span,
            ),
            beyond=self.beyond,
            factors=[n / v for n, v in zip(counted, passed, strict=True)] if counted else (),
            measurand=wanted.measurand,
            fiducial=span,
        )

    def lasted(self, seen: S) -> float:
        """Return the time from one reading of the meter to the other, or how long it flowed, in s."""
        for before, after in ((seen.pulses_before, seen.pulses_after), (seen.total_before, seen.total_after)):
            if before is not None and after is not None:
                return after.at - before.at
        if seen.duration is None:
            raise EvidenceError(f"{self.point.name}: a repeat does not tell how long it lasted")
        return seen.duration

    def pulses(self, seen: S) -> float:
        """Return the pulses of a repeat: counted within a gate, or between two readings."""
        return self.passed(seen, "pulses", "1") if seen.pulses is None else seen.pulses.value

    def _indicated(self, seen: S, x: Numbers, time: OfRepeat[S]) -> Number:
        """Return what the meter indicated, in m³ or kg."""
        indicated = self._output.indicated(seen, x)
        if isinstance(self._output, Current):
            indicated = indicated / 3600.0 * time(seen, x)
        return indicated

    def _meter_output(self) -> Output[S]:
        """Return how the meter tells what passed: pulses, a current in proportion to the flow, or a total."""
        first, what = self.seen[0], self._told.measurand
        if first.pulses is not None or first.pulses_after is not None:
            return Pulses(self, self.pulses, self._given(what.pulses))
        if first.current is not None:
            return Current(self, "dut", lambda seen: seen.current or (), (0.0, self._given(what.full_scale)))
        step = self._given(what.resolution)
        return Total(self, lambda seen: self._own_total(seen, what.unit), step, what.unit, what.rounding)

    def _own_total(self, seen: S, unit: str) -> float:
        """Return what passed by the meter's total, which is of what the order says it indicates."""
        after = seen.total_after
        if after is not None and not same_dimension(after.unit, unit):
            raise EvidenceError(
                f"{self.point.name}: the meter's total was read in {after.unit}, and by the order it "
                f"indicates in {unit}"
            )
        return self.passed(seen, "total", unit)

    def _given(self, name: str) -> float:
        value: float | None = getattr(self._told, name)
        if value is None:
            raise EvidenceError(f"the meter can't be evaluated without the parameter {name}")
        return value
