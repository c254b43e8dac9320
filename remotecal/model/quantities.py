"""Numbers with unit, uncertainty and conformity.

Numbers are decimal strings from beginning to end: the last digit of a reported value is the last
digit of its uncertainty (ILAC-P14), and a float would not keep it.
"""

from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from remotecal.model.base import CoverageFactor, Frozen, Id, Number, Positive, Probability, Text, Unit, Word
from remotecal.model.correlation import Correlation

Verdict = Literal["pass", "fail", "conditionalPass", "conditionalFail", "noPass", "noFail"]
"""The outcomes of a decision rule (DCC; ILAC-G8). `noPass`, `noFail`: the rule gives no answer."""

AtLeastOne = Field(min_length=1)


def _fits(what: str, entries: tuple[object, ...] | None, rows: int) -> None:
    if entries is not None and len(entries) not in (1, rows):
        raise ValueError(f"{what} has {len(entries)} entries for {rows} values; one or {rows} are due")


class Interval(Frozen):
    """Coverage intervals given by their ends, for results that are not symmetric (JCGM 101)."""

    low: Annotated[tuple[Number, ...], AtLeastOne]
    """Lower ends, in the unit of the values."""
    high: Annotated[tuple[Number, ...], AtLeastOne]
    """Upper ends."""
    p: Annotated[tuple[Probability, ...], AtLeastOne]
    """Coverage probabilities."""


class Uncertainty(Frozen):
    """The uncertainties of a column: one entry for each value, or one for all."""

    expanded: Annotated[tuple[Positive, ...], AtLeastOne]
    """Expanded uncertainties U = k·u, in the unit of the values (never relative to them)."""
    k: Annotated[tuple[CoverageFactor, ...], AtLeastOne] = ("2",)
    """Coverage factors; 1 where the source gives standard uncertainties."""
    p: Annotated[tuple[Probability, ...], AtLeastOne] | None = None
    """Coverage probabilities; `NaN` where k alone is stated, none of standard uncertainties."""
    distribution: Annotated[tuple[Word, ...], AtLeastOne] | None = None
    """Distributions, as D-SI words: `normal`, `t`, `rectangular`."""
    interval: Interval | None = None
    """Coverage intervals, where the source gives them by their ends."""

    @model_validator(mode="after")
    def _standard_means_k_1(self) -> Self:
        if self.p is None and set(self.k) != {"1"}:
            raise ValueError("an uncertainty without coverage probability is a standard one: its k is 1")
        return self

    def fits(self, rows: int) -> None:
        """Raise `ValueError` unless there is one entry, or one for each of `rows` values."""
        _fits("the uncertainty", self.expanded, rows)
        _fits("the coverage factor", self.k, rows)
        _fits("the coverage probability", self.p, rows)
        _fits("the distribution", self.distribution, rows)
        if self.interval is not None:
            _fits("the interval's lower end", self.interval.low, rows)
            _fits("the interval's upper end", self.interval.high, rows)
            _fits("the interval's probability", self.interval.p, rows)


class Limits(Frozen):
    """Limits in the unit of the values they judge: one entry for each, or one for all."""

    lower: tuple[Number, ...] | None = None
    """Lower limits, if there are any."""
    upper: tuple[Number, ...] | None = None
    """Upper limits, if there are any."""
    lower_name: Text | None = None
    """What the lower limits are called."""
    upper_name: Text | None = None
    """What the upper limits are called."""


class Conformity(Frozen):
    """Which values conform, and by which rule and limits (ISO/IEC 17025, 7.8.6)."""

    verdicts: Annotated[tuple[Verdict, ...], AtLeastOne]
    """One outcome for each value, or one for all."""
    rule: Id | None = None
    """The statement that tells the decision rule."""
    tolerance: Limits | None = None
    """What the specification allows: the maximum permissible errors."""
    acceptance: Limits | None = None
    """What the rule accepts: the tolerance less the guard band."""
    name: Text | None = None
    """What the judgement is called."""
    declaration: Text | None = None
    """What is declared of it, such as how the limits came about."""

    def fits(self, rows: int) -> None:
        """Raise `ValueError` unless there is one entry, or one for each of `rows` values."""
        _fits("the conformity", self.verdicts, rows)
        for limits in (self.tolerance, self.acceptance):
            if limits is not None:
                _fits("the lower limit", limits.lower, rows)
                _fits("the upper limit", limits.upper, rows)


class InCmc(Frozen):
    """Which values lie within the accredited scope (CMC)."""

    valid: Annotated[tuple[bool, ...], AtLeastOne]
    """One answer for each value, or one for all."""
    statement: Id | None = None
    """The statement that tells what the mark means."""
    name: Text | None = None
    """What the mark is called."""
    declaration: Text | None = None
    """What is declared of it."""


class Column(Frozen):
    """One quantity with one or many values: the column of a table, or a single number."""

    name: Text | None = None
    """What the quantity is called."""
    ref_types: tuple[Word, ...] = ()
    """What the quantity means, machine-readable: `basic_measurementError` …"""
    unit: Unit
    """Unit of all values."""
    values: Annotated[tuple[Number, ...], AtLeastOne]
    """The values."""
    uncertainty: Uncertainty | None = None
    """Their uncertainties."""
    dof: tuple[Positive | Literal["∞"], ...] | None = None
    """Effective degrees of freedom behind each coverage factor."""
    conformity: Conformity | None = None
    """Their conformity."""
    in_cmc: InCmc | None = None
    """Whether they are within the accredited scope."""
    correlation: Correlation | None = None
    """How they depend on each other; none where that is not stated."""
    in_other_units: tuple["Column", ...] = ()
    """The same values and uncertainties, as the certificate states them in other units."""

    @model_validator(mode="after")
    def _entries_fit(self) -> Self:
        rows = len(self.values)
        if self.uncertainty is not None:
            self.uncertainty.fits(rows)
        if self.conformity is not None:
            self.conformity.fits(rows)
        if self.in_cmc is not None:
            _fits("the mark of the scope", self.in_cmc.valid, rows)
        _fits("the degrees of freedom", self.dof, rows)
        if self.correlation is not None:
            check_correlated(self.correlation, self.correlated())
        for other in self.in_other_units:
            if len(other.values) != rows:
                raise ValueError(
                    f"there are {len(other.values)} values in {other.unit}, {rows} in {self.unit}"
                )
        return self

    def floats(self) -> tuple[float, ...]:
        """Return the values as floats, to calculate with."""
        return tuple(float(value) for value in self.values)

    def correlated(self, rows: Iterable[int] | None = None) -> tuple[tuple[Decimal, Decimal], ...]:
        """Return of values their standard uncertainty U / k, and by how much that may be too small.

        U is rounded, by up to one of its last digits, or by a tenth of it where it was computed from another.

        Args:
            rows: which values, counted from 0; by default all.

        Raises:
            ValueError: a value has no uncertainty, so nothing can be correlated with it.
        """
        if self.uncertainty is None:
            raise ValueError("values without uncertainties have no correlation")
        of = range(len(self.values)) if rows is None else rows
        expanded, k = (
            _each(part, len(self.values)) for part in (self.uncertainty.expanded, self.uncertainty.k)
        )
        with localcontext() as context:
            context.prec = PRECISE
            found = tuple(
                (Decimal(expanded[row]) / Decimal(k[row]), _rounding(expanded[row]) / Decimal(k[row]))
                for row in of
            )
        if any(not (u.is_finite() and u > 0) for u, _ in found):
            raise ValueError("a value with an uncertainty of 0 or none has no correlation")
        return found


def check_correlated(correlation: Correlation, values: tuple[tuple[Decimal, Decimal], ...]) -> None:
    """Raise `ValueError` unless a matrix suits values with these standard uncertainties; see `correlated`."""
    if correlation.size != len(values):
        raise ValueError(f"there are {correlation.size} rows of correlation for {len(values)} values")
    for given, (u, slack) in zip(correlation.u or (), values, strict=bool(correlation.u)):
        if not 0 < Decimal(given) <= u + slack:
            raise ValueError(f"the standard uncertainty {given} beside the correlation is not the one stated")


PRECISE = 60
"""Digits that standard uncertainties are calculated to, so that a covariance gives them back."""


def _each(entries: tuple[str, ...], rows: int) -> tuple[str, ...]:
    return entries * rows if len(entries) == 1 else entries


def _rounding(number: str) -> Decimal:
    exact = Decimal(number)
    exponent = exact.as_tuple().exponent
    return max(Decimal(1).scaleb(exponent), exact / 10) if isinstance(exponent, int) else exact


class Words(Frozen):
    """A quantity whose values are words, such as symbols or dates."""

    name: Text | None = None
    """What the quantity is called."""
    ref_types: tuple[Word, ...] = ()
    """What the quantity means, machine-readable."""
    words: Annotated[tuple[Word, ...], AtLeastOne]
    """The values."""


class Note(Frozen):
    """A quantity whose value is a text, such as the name of the fluid."""

    name: Text | None = None
    """What the quantity is called."""
    ref_types: tuple[Word, ...] = ()
    """What the quantity means, machine-readable."""
    text: Text
    """The value."""
