"""The pure half of a calibration: from the repeats at one point to an error with its budget.

`Repeats` gathers what is known of every instrument that took part, as inputs of one measurement
model. All repeats share these inputs, so what is common to them is not averaged away; what scatters
from repeat to repeat enters as the repeatability of the errors.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from remotecal import units
from remotecal.errors import EvidenceError
from remotecal.model import Text
from remotecal.model.statements import BY_BENCH
from remotecal.procedures import Observed
from remotecal.procedures.library.evaluation.at_once import DELAY, apart, read_by_hand
from remotecal.procedures.library.evaluation.finding import Beyond
from remotecal.procedures.library.evaluation.lasting import see_duration
from remotecal.procedures.library.evaluation.sources import AS_READ, IN_SCATTER, repeated
from remotecal.procedures.library.evaluation.standards import Applied, Deviating, Standard, from_limit
from remotecal.uncertainty.budget import Budget
from remotecal.uncertainty.curvature import confirmed
from remotecal.uncertainty.inputs import Distribution, Input
from remotecal.uncertainty.interpolation import CertifiedCurve
from remotecal.uncertainty.number import Number, Numbers, estimate

if TYPE_CHECKING:
    from remotecal.bench_file import Characteristic
    from remotecal.drivers.measured import Measured
    from remotecal.model import Certificate, Where
    from remotecal.procedures import Evidence, Point
    from remotecal.uncertainty.budget import Evaluated

Seen = TypeVar("Seen", bound=Observed)
Form = TypeVar("Form", bound=Applied)

CMC = "cmc"
"""Fact that a bench may state: the smallest U that may be reported, in the results' unit."""

REPEATABILITY = "E_rep"
"""Symbol of the repeatability of the errors."""


class Repeats(Generic[Seen]):
    """The repeats at one point, and what is known of the instruments that read them.

    Args:
        point: the point, or the first of several that are evaluated as one.
        evidence: of the run.
        seen: what the repeats yielded, in their order.
    """

    around: ClassVar[bool] = False
    """Whether the part `duration` tells of the reading at both ends, too; nothing is computed of it then."""

    def __init__(self, point: Point, evidence: Evidence, seen: Sequence[Seen]) -> None:
        self.point, self.evidence, self.seen = point, evidence, tuple(seen)
        self.inputs: list[Input] = []
        self.correlations: dict[tuple[str, str], float] = {}
        self.beyond: list[Beyond] = []
        self.rounding: list[str] = []
        """Symbols of what rounding does by chance."""
        self._corrected: dict[object, list[Deviating]] = {}
        for one in self.seen:
            see_duration(one, around=self.around)

    def see_rest(self, rest: float) -> None:
        """Raise `EvidenceError` if a repeat is said to have lasted into the seconds waited behind it."""
        for one in self.seen:
            see_duration(one, rest)

    @property
    def points(self) -> tuple[str, ...]:
        """Names of the points at which the repeats were observed, its own first."""
        names = dict.fromkeys(one.entry.point.name for one in self.seen)
        return tuple(sorted(names, key=lambda name: name != self.point.name))

    def correction(
        self,
        symbol: str,
        role: str,
        readings: Sequence[Measured],
        unit: str,
        where: Where | None = None,
        *,
        extended: bool = True,
    ) -> Deviating:
        """Return the errors of an instrument against its indication, and make their deviation an input.

        Args:
            symbol: of the deviation, in the model.
            role: the instrument's; its certificate counts, and without one its maker's limit.
            readings: what it read, in all repeats.
            unit: to work in.
            where: which rows of its certificate count: the direction, the channel, the frequency.
            extended: whether its certificate may be used outside its range, with more uncertainty; not that
                of the standard which tells the value.

        Raises:
            CertificateRefused: it is not extended, and does not hold where it was read.
        """
        self.read_by(role, readings)
        used = self.evidence.certificates.get(role)
        read = [reading.to(unit) for reading in readings]
        if used is None:
            known = from_limit(symbol, read)
        else:
            known = Standard.certified(
                symbol,
                used.certificate,
                unit,
                where=where,
                extended=extended,
                correlation=used.correlation,
            )
            self._note_beyond(role, known, [reading.value for reading in read])
        applied = self.use(known.around(statistics.fmean(reading.value for reading in read)))
        by_bench = (
            used is not None
            and used.correlation is not None
            and not used.certificate.states_correlation
            and self.evidence.wording > 0
        )
        table = role, unit, tuple(sorted((where or {}).items()))
        self._relate(applied, table, BY_BENCH if by_bench else "")
        return applied

    def _relate(self, applied: Deviating, table: object, word: Text | str) -> None:
        """State how a deviation hangs together with those read elsewhere in the same table, by whose word."""
        earlier = self._corrected.setdefault(table, [])
        if isinstance(errors := applied.standard.stated, CertifiedCurve):
            for other in earlier:
                pair = other.standard.symbol, applied.standard.symbol
                r = errors.correlated(*other.place, *applied.place)
                said = said_of(errors.correlation)
                self.relate(pair, r, Text.joined([said, word]) if word else said)
        earlier.append(applied)

    def relate(self, pair: tuple[str, str], r: float, said: Text | str) -> None:
        """State how two inputs are correlated; their sources say so, the fewer degrees of freedom count."""
        if r:
            self.correlations[pair] = r
        dof = min(each.dof for each in self.inputs if each.symbol in pair)
        for at, each in enumerate(self.inputs):
            if each.symbol in pair:
                known, also = Text.joined([each.source]), Text.joined([said])
                source = each.source if also.get("en") in known.get("en") else Text.joined([known, also])
                self.inputs[at] = replace(each, dof=dof, source=source)

    def certified(self, symbol: str, role: str, unit: str, *, place: float, at_unit: str) -> Deviating:
        """Return the errors of an instrument that are stated against another quantity, as `correction`.

        Args:
            symbol: of the deviation, in the model.
            role: the instrument's.
            unit: unit of the error; "1" for a relative one.
            place: where on that quantity the point lies, in `at_unit`.
            at_unit: the other quantity's unit.

        Raises:
            EvidenceError: the instrument has no certificate.
        """
        return self.use(
            Standard.certified(symbol, self.certificate(role), unit, at_unit=at_unit).around(place)
        )

    def certificate(self, role: str) -> Certificate:
        """Return the certificate of what fills a role (EvidenceError if it has none)."""
        used = self.evidence.certificates.get(role)
        if used is None:
            raise EvidenceError(f"{role} has no certificate: give it one in the bench file")
        return used.certificate

    def use(self, applied: Form) -> Form:
        """Add what a standard brings into the model, whatever its form, and return it."""
        self.inputs += applied.inputs
        self.correlations |= applied.correlations
        return applied

    def _note_beyond(self, role: str, known: Standard, places: list[float]) -> None:
        """Remark that readings lie outside the certificate that corrects them."""
        errors = known.stated
        if isinstance(errors, CertifiedCurve) and any(map(errors.outside, places)):
            used = self.evidence.instruments[role]
            known_by = " ".join(filter(None, (used.maker, used.model, used.serial))) or used.name
            self.beyond.append(Beyond(known_by, errors, (min(places), max(places))))

    def read_by(self, role: str, readings: Sequence[Measured]) -> None:
        """Raise `EvidenceError` if readings are not of the instrument whose certificate corrects them."""
        name = self.evidence.instruments[role].name
        for reading in readings:
            if reading.source.rpartition(".")[0] != name:
                raise EvidenceError(f"{reading.source} was read where {name} has the role {role}")

    def see_kind(self, who: str, told: Callable[[Seen], str], wanted: str) -> None:
        """Raise `EvidenceError` where pressures were not counted from where the order says.

        Args:
            who: counted them.
            told: returns what a repeat says of it.
            wanted: what the order says.
        """
        for one in self.seen:
            if (kind := told(one)) != wanted:
                raise EvidenceError(
                    f"{one.entry.point.name}: {who} counted {kind or 'no'} pressure, and the order says "
                    f"{wanted} pressure"
                )

    def characteristic(self, symbol: str, name: str, unit: str, *, beside: float = 0.0) -> Input:
        """Return a characteristic of the rig and make it an input.

        Args:
            symbol: of the input, in the model.
            name: of the characteristic, in the bench file.
            unit: to work in.
            beside: standard uncertainty of what it is added to, such as a formula, in that unit.

        Raises:
            EvidenceError: the bench states none.
        """
        fact = self.fact(name)
        value, expanded = fact.size(unit), fact.expanded_uncertainty * units.scale(fact.unit, unit)
        found = Input.from_certificate(symbol, value, unit, expanded, fact.k, source=fact.source)
        if beside:
            found = Input.normal(symbol, value, unit, math.hypot(found.u, beside), source=fact.source)
        self.inputs.append(found)
        return found

    def read_at_once(self, symbol: str) -> Input:
        """Make it an input how far apart totals were read that a model takes for read at once.

        That is what the bench says of it, or what the readings' times say where they are farther apart.

        Raises:
            EvidenceError: the bench does not state it, or they were read much farther apart.
        """
        delay, fact = self.characteristic(symbol, DELAY, "s"), self.fact(DELAY)
        most = abs(delay.value) + fact.expanded_uncertainty * units.scale(fact.unit, "s")
        found = max(apart(one.entry, most, read_by_hand(self.evidence)) for one in self.seen)
        if found > most:
            delay = Input.from_limits(symbol, delay.value, "s", found, source=AS_READ)
            self.inputs[-1] = delay
        return delay

    def rounded(self, symbol: str, unit: str, step: float, source: Text | str) -> None:
        """Make it an input that two readings of each repeat are rounded to a step, as counted pulses are.

        Their difference is triangular within one step, as nothing begins at a step.

        Args:
            symbol: of the input.
            unit: of the step.
            step: what each is rounded to.
            source: of the step.
        """
        width = step / math.sqrt(len(self.seen))
        self.by_chance(Input.from_limits(symbol, 0.0, unit, width, Distribution.TRIANGULAR, source=source))

    def by_chance(self, rounding: Input) -> None:
        """Make it an input what rounding does to the mean by chance; scatter has it in (`evaluate`)."""
        self.inputs.append(rounding)
        self.rounding.append(rounding.symbol)

    def constant(self, name: str, unit: str) -> float:
        """Return a characteristic that has no uncertainty and is a size, such as a resolution."""
        return self.fact(name).size(unit)

    def fact(self, name: str) -> Characteristic:
        """Return a characteristic of the rig, as its bench states it."""
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
        return self.between(seen, entry.reading(f"{name}_before"), entry.reading(f"{name}_after"), unit)

    def between(self, seen: Seen, before: Measured, after: Measured, unit: str) -> float:
        """Return what passed in a repeat between two readings of a total, as they were taken; as `passed`."""
        try:
            return self.evidence.passed(before, after).to(unit).value
        except EvidenceError as error:
            raise EvidenceError(f"{seen.entry.point.name}, repeat {seen.entry.repeat}: {error}") from None

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
        weights: Sequence[float] = (),
        scatter: Sequence[Input] | None = None,
        smallest: float = 0.0,
        cmc_share: float = 1.0,
    ) -> Evaluated:
        """Return the mean error of the repeats with its budget; the repeatability becomes an input.

        Where the repeats scatter by more than what rounding makes `by_chance`, that counts no more: the
        larger of both counts, as budgets by JJF 1059.1 have it. Both would be one thing twice.

        Args:
            error: of one repeat, from what it yielded and the inputs.
            unit: of the error times `scale`.
            scale: what the error is multiplied by, such as 100 for one in %.
            coverage: coverage probability.
            k: coverage factor, where it shall be exactly this.
            weights: what each repeat counts for in the mean; the same for all where none are given.
            scatter: what stands for the repeatability instead, each added to the mean: of value 0, and in
                the unit of the result. One of them may be that of the mean, by the symbol `REPEATABILITY`.
            smallest: smallest expanded uncertainty that may be reported, in that unit.
            cmc_share: what passed over that of which the error is a share: the CMC is one of what passed.

        Raises:
            EvidenceError: the repeats are too few to tell their repeatability.
        """
        added = self._repeatability(self.errors(error, scale), unit) if scatter is None else tuple(scatter)
        counts = tuple(weights) or (1.0,) * len(self.seen)

        def model(**x: Number) -> Number:
            total: Number = 0.0
            for seen, counting in zip(self.seen, counts, strict=True):
                total = total + counting * error(seen, x)
            result: Number = total * (scale / sum(counts))
            for each in added:
                result = result + x[each.symbol]
            return result

        cmc = cmc_share * self.constant(CMC, unit) if CMC in self.evidence.characteristics else 0.0
        spread = next((each for each in added if each.symbol == REPEATABILITY), None)
        known = self.inputs if spread is None else self.beside(spread, error, scale)
        budget = Budget(model, (*added, *known), unit, self.correlations)
        evaluated = budget.evaluate(coverage=coverage, cmc=max(cmc, smallest), k=k)
        return confirmed(budget, evaluated, about=self.point.name)

    def beside(
        self, spread: Input, error: Callable[[Seen, Numbers], Number], scale: float
    ) -> Sequence[Input]:
        """Return the inputs beside the repeatability of an error: of rounding, what it is more than that."""
        known, mean = self.estimates(), statistics.fmean(self.errors(error, scale))
        steps = {}
        for each in (one for one in self.inputs if one.symbol in self.rounding):
            moved = {**known, each.symbol: each.value + each.u}
            by = scale * statistics.fmean(estimate(error(one, moved)) for one in self.seen) - mean
            if by:
                steps[each.symbol] = by
        # What they are larger by than the scatter is left of them, so that both together are the larger one.
        all_steps = math.hypot(*steps.values())
        left = math.sqrt(max(0.0, 1.0 - (spread.u / all_steps) ** 2)) if all_steps else 0.0
        return [
            replace(each, u=left * each.u, source=each.source if left else IN_SCATTER)
            if each.symbol in steps
            else each
            for each in self.inputs
        ]

    def _repeatability(self, errors: Sequence[float], unit: str) -> tuple[Input]:
        if len(errors) < 2:
            raise EvidenceError(f"{self.point.name}: {len(errors)} repeats are too few for an uncertainty")
        spread = Input.from_readings(REPEATABILITY, errors, unit, source=repeated(len(errors)))
        return (Input.student_t(REPEATABILITY, 0.0, unit, spread.u, spread.dof, source=spread.source),)


def said_of(correlation: Sequence[Sequence[float]] | None) -> Text | str:
    """Return what a budget says of the correlation of a certificate's points."""
    if correlation is None:
        return Text(zh="r = 0（未声明）", en="r = 0 (not stated)")
    stated = [r for i, row in enumerate(correlation) for r in row[:i]]
    ends = dict.fromkeys((f"{min(stated):.2g}", f"{max(stated):.2g}"))
    return f"r = {' … '.join(ends)}"
