"""The pure half of a calibration: from the repeats at one point to an error with its budget.

`Repeats` gathers what is known of every instrument that took part, as inputs of one measurement
model. All repeats share these inputs, so what is common to them is not averaged away; what scatters
from repeat to repeat enters as the repeatability of the errors.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from remotecal.errors import EvidenceError
from remotecal.procedures import Observed
from remotecal.procedures.library.evaluation.remarks import Beyond
from remotecal.procedures.library.evaluation.standards import Applied, Limit, Standard, from_limit
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.curvature import confirmed
from remotecal.uncertainty.inputs import Input
from remotecal.uncertainty.interpolation import CertifiedCurve
from remotecal.uncertainty.number import Number, estimate
from remotecal.units import convert

if TYPE_CHECKING:
    from remotecal.bench_file import Characteristic
    from remotecal.drivers.measured import Measured
    from remotecal.procedures import Evidence, Point
    from remotecal.uncertainty.budget import Evaluated

Numbers = Mapping[str, Number]
"""The inputs of a measurement model, by symbol."""

Seen = TypeVar("Seen", bound=Observed)

REPEATABILITY = "E_rep"
"""Symbol of the repeatability of the errors."""


class Repeats(Generic[Seen]):
    """The repeats at one point, and what is known of the instruments that read them.

    Args:
        point: the point.
        evidence: of the run.
        seen: what the repeats yielded, in their order.

    Raises:
        EvidenceError: they are too few for an uncertainty.
    """

    def __init__(self, point: Point, evidence: Evidence, seen: Sequence[Seen]) -> None:
        self.point, self.evidence, self.seen = point, evidence, tuple(seen)
        self.inputs: list[Input] = []
        self.beyond: list[Beyond] = []
        if len(self.seen) < 2:
            raise EvidenceError(f"{point.name}: {len(self.seen)} repeats are too few for an uncertainty")

    def correction(self, symbol: str, role: str, readings: Sequence[Measured], unit: str) -> Applied:
        """Return the correction of an instrument and make its deviation an input.

        Args:
            symbol: of the deviation, in the model.
            role: the instrument's; its certificate counts, and without one its maker's limit.
            readings: what it read, in all repeats.
            unit: to work in.
        """
        self.read_by(role, readings)
        used = self.evidence.certificates.get(role)
        read = [reading.to(unit) for reading in readings]
        if used is None:
            known = from_limit(symbol, read)
        else:
            known = Standard.certified(symbol, used.certificate, unit, extended=True)
            self._note_beyond(role, known.errors, [reading.value for reading in read])
        return self._take(known.around(statistics.fmean(reading.value for reading in read)))

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
        return self._take(Standard.certified(symbol, used.certificate, unit, at_unit=at_unit).around(place))

    def _take(self, applied: Applied) -> Applied:
        self.inputs.append(applied.input)
        return applied

    def _note_beyond(self, role: str, errors: CertifiedCurve | Limit, places: list[float]) -> None:
        """Remark that readings lie outside the certificate that corrects them."""
        if isinstance(errors, CertifiedCurve) and any(map(errors.outside, places)):
            name = self.evidence.instruments[role].name
            read = min(places), max(places)
            self.beyond.append(Beyond(name, errors.source, errors.unit, errors.ends, read))

    def read_by(self, role: str, readings: Sequence[Measured]) -> None:
        """Raise `EvidenceError` if readings are not of the instrument whose certificate corrects them."""
        name = self.evidence.instruments[role].name
        for reading in readings:
            if reading.source.rpartition(".")[0] != name:
                raise EvidenceError(f"{reading.source} was read where {name} has the role {role}")

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

    def passed(self, seen: Seen, name: str, unit: str) -> float:
        """Return what passed in a repeat by the readings of a total, `NAME_before` and `NAME_after`.

        Raises:
            EvidenceError: the total fell, and no wrap explains it.
        """
        entry = seen.entry  # readings as they were taken: a counter wraps in its own unit
        try:
            return (
                self.evidence.passed(entry.reading(f"{name}_before"), entry.reading(f"{name}_after"))
                .to(unit)
                .value
            )
        except EvidenceError as error:
            raise EvidenceError(f"{entry.point.name}, repeat {entry.repeat}: {error}") from None

    def estimates(self) -> Numbers:
        """Return symbol → estimate of what is known so far."""
        return {each.symbol: each.value for each in self.inputs}

    def errors(self, error: Callable[[Seen, Numbers], Number], scale: float = 1.0) -> list[float]:
        """Return the error of each repeat, times `scale`."""
        known = self.estimates()
        return [scale * estimate(error(seen, known)) for seen in self.seen]

    def evaluate(
        self,
        error: Callable[[Seen, Numbers], Number],
        unit: str,
        *,
        scale: float = 1.0,
        coverage: float = 0.95,
        k: float | None = None,
    ) -> Evaluated:
        """Return the mean error of the repeats with its budget; the repeatability becomes an input.

        Args:
            error: of one repeat, from what it yielded and the inputs.
            unit: of the error times `scale`.
            scale: what the error is multiplied by, such as 100 for one in %.
            coverage: coverage probability.
            k: coverage factor, where it shall be exactly this.
        """
        spread = Input.from_readings(REPEATABILITY, self.errors(error, scale), unit)
        repeatability = Input.student_t(REPEATABILITY, 0.0, unit, spread.u, spread.dof)
        count = len(self.seen)

        def model(**x: Number) -> Number:
            total: Number = 0.0
            for seen in self.seen:
                total = total + error(seen, x)
            result: Number = total * (scale / count) + x[REPEATABILITY]
            return result

        cmc = self.constant("cmc", unit) if "cmc" in self.evidence.characteristics else 0.0
        budget = Budget(model, (repeatability, *self.inputs), unit)
        evaluated = budget.evaluate(coverage=coverage, cmc=cmc, k=k)
        return confirmed(budget, evaluated, seed=self.evidence.seed(self.point.name))
