"""The record: everything a certificate says.

A run fills one, and the certificate of another laboratory is read into one: it is the same model.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from remotecal import html, units
from remotecal.canonical import canonical
from remotecal.errors import RecordError, UnitError
from remotecal.model.base import (
    LANGUAGES,
    Country,
    CoverageFactor,
    Frozen,
    Id,
    Language,
    Line,
    Number,
    Positive,
    Probability,
    Text,
    Unit,
    Word,
    first_of,
    parts,
)
from remotecal.model.equipment import (
    Condition,
    Equipment,
    Identification,
    Item,
    Method,
    ReportReference,
    Software,
)
from remotecal.model.face import Face
from remotecal.model.flat import as_html, flatten
from remotecal.model.people import Contact, Laboratory, Person
from remotecal.model.statements import APPROVED_STANDARD, VERIFICATION, Statement
from remotecal.model.tables import Table

DegreesOfFreedom = Positive | Literal["∞"]

BUDGET_HEADINGS = (
    "符号\nSymbol",
    "估计值\nEstimate",
    "单位\nUnit",
    "标准不确定度\nu",
    "分布\nDistribution",
    "自由度\nν",
    "灵敏系数\nc",
    "不确定度分量\n|c|·u",
    "方差占比 %\nShare / %",
)
"""What stands above the lines of a budget where a notebook shows it."""


class BudgetLine(Frozen):
    """What one input contributes to the uncertainty of one result."""

    symbol: Word
    """The input, by its symbol in the measurement model."""
    value: Number
    """Estimate of the input."""
    unit: Unit
    """Unit of the estimate and of `u`."""
    u: Positive
    """Standard uncertainty of the input."""
    distribution: Word
    """Its distribution: `normal`, `t`, `rectangular` …"""
    dof: DegreesOfFreedom
    """Its degrees of freedom."""
    sensitivity: Number
    """Sensitivity coefficient, in the unit of the result over that of the input."""
    contribution: Positive
    """Contribution to the standard uncertainty, in the unit of the result."""
    share: Positive
    """Share of the variance, in percent; with correlated inputs they need not add up to 100."""


class PointBudget(Frozen):
    """The uncertainty budget of one result: one row of the table of results."""

    title: Text
    """The point, as it is printed above the budget."""
    row: int = Field(ge=0)
    """Row of the first table of the result, counted from 0."""
    result: int = Field(default=0, ge=0)
    """Which result of the measurement, counted from 0."""
    points: tuple[Line, ...] = ()
    """Names of the run's points whose observations are in it, its own first; none where that is not told."""
    lines: Annotated[tuple[BudgetLine, ...], Field(min_length=1)]
    """The contributions."""
    value: Number
    """The result."""
    unit: Unit
    """Its unit."""
    u: Positive
    """Combined standard uncertainty."""
    dof: DegreesOfFreedom
    """Effective degrees of freedom (Welch–Satterthwaite)."""
    k: CoverageFactor
    """Coverage factor."""
    p: Probability
    """Coverage probability."""
    expanded: Positive
    """Expanded uncertainty."""

    def _repr_html_(self) -> str:
        lines = (
            (
                line.symbol,
                line.value,
                units.symbol(line.unit),
                line.u,
                line.distribution,
                line.dof,
                line.sensitivity,
                line.contribution,
                line.share,
            )
            for line in self.lines
        )
        unit = "" if self.unit == "1" else f" {units.symbol(self.unit)}"
        sum_up = {
            "y": f"{self.value}{unit}",
            "u": f"{self.u}{unit}",
            "ν": self.dof,
            "k": self.k,
            "p": self.p,
            "U": f"{self.expanded}{unit}",
        }
        return html.table(BUDGET_HEADINGS, lines, self.title.in_all()) + html.facts(sum_up)


class Result(Frozen):
    """A result: tables under a heading."""

    name: Text
    """Heading."""
    ref_types: tuple[Word, ...] = ()
    """What the result is, machine-readable."""
    description: Text | None = None
    """What there is to say about it."""
    items: tuple[Id, ...] = ()
    """The items it is of, where the measurement has more; none means all of the measurement's."""
    tables: tuple[Table, ...] = ()
    """The numbers."""


class Measurement(Frozen):
    """Results that share methods, standards and conditions: as found and as left are two, most have one."""

    id: Id | None = None
    """What statements refer to it by."""
    name: Text
    """Heading."""
    items: tuple[Id, ...] = ()
    """The items calibrated; none means all."""
    methods: tuple[Method, ...] = ()
    """How it was measured and evaluated."""
    software: tuple[Software, ...] = ()
    """The programs that took part."""
    standards: tuple[Equipment, ...] = ()
    """The reference standards and other instruments."""
    conditions: tuple[Condition, ...] = ()
    """The conditions."""
    results: Annotated[tuple[Result, ...], Field(min_length=1)]
    """The results."""
    budgets: tuple[PointBudget, ...] = ()
    """The uncertainty budgets."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for result in self.results:
            foreign = [item for item in result.items if self.items and item not in self.items]
            if foreign:
                raise ValueError(f"a result is of {foreign[0]!r}, which is no item of its measurement")
        for budget in self.budgets:
            if budget.result >= len(self.results):
                raise ValueError(f"a budget is of result {budget.result}; there are {len(self.results)}")
        return self

    @property
    def is_past(self) -> bool:
        """Whether it was of the item before an adjustment or a repair, and not as it is now."""
        states = {condition.status for condition in self.conditions} - {None}
        return bool(states) and states <= {"beforeAdjustment", "beforeRepair"}

    def items_of(self, result: Result) -> tuple[Id, ...]:
        """Return the items a result is of; none where that is not told, and it may be any."""
        return result.items or self.items


class EvidenceReference(Frozen):
    """What the results were computed from, so that anyone can compute them again."""

    run: Line
    """Name of the run."""
    procedure: Line
    """Name of the procedure."""
    procedure_hash: Word
    """SHA-256 of the procedure, in hexadecimal."""
    journal_hash: Word
    """SHA-256 at the head of the journal's chain, in hexadecimal."""
    lines: int = Field(ge=1)
    """Number of lines of the journal."""


class Replacement(Frozen):
    """The certificate this one takes the place of."""

    number: Line
    """Its number."""
    change: Literal["amended", "substituted"]
    """How it was replaced."""


class Record(Frozen):
    """Everything a certificate says (ISO/IEC 17025, 7.8.2 and 7.8.4)."""

    number: Line
    """Number of the certificate."""
    country: Country
    """Country of the laboratory."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = LANGUAGES
    """Languages every text is in."""
    binding: Annotated[tuple[Language, ...], Field(min_length=1)] = ("zh",)
    """Languages that are binding."""
    identifications: tuple[Identification, ...] = ()
    """Further numbers: of the order, of the contract."""
    received: date | None = None
    """Day the item arrived."""
    begun: date
    """First day of the calibration."""
    finished: date
    """Last day of the calibration."""
    place: Literal["laboratory", "customer", "laboratoryBranch", "customerBranch", "other"] | None = (
        "laboratory"
    )
    """Where it was done; None in older certificates of others, which do not say."""
    place_id: Id | None = None
    """What a statement refers to the place by."""
    issued: date | None = None
    """Day of issue."""
    laboratory: Laboratory
    """Who issues it."""
    customer: Contact
    """Whom it is for."""
    persons: Annotated[tuple[Person, ...], Field(min_length=1)]
    """Who answers for it."""
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    """What was calibrated."""
    statements: tuple[Statement, ...] = ()
    """What is declared of the whole."""
    measurements: Annotated[tuple[Measurement, ...], Field(min_length=1)]
    """What was measured."""
    software: Annotated[tuple[Software, ...], Field(min_length=1)]
    """What wrote the certificate."""
    evidence: EvidenceReference | None = None
    """What the results were computed from."""
    face: Face | None = None
    """What the laboratory has it printed with, where that is its own."""
    demonstration: bool = False
    """Whether it is a demonstration and no valid certificate."""
    replaces: Replacement | None = None
    """The certificate it takes the place of."""
    previous: ReportReference | None = None
    """The certificate of the calibration before."""
    left_out: tuple[Line, ...] = ()
    """What the file it was read from says beyond this model: elements with their line."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.begun > self.finished:
            raise ValueError(f"the calibration ends on {self.finished}, before it begins on {self.begun}")
        known: dict[str, object] = {}
        for name, owner in self._named():
            before = known.setdefault(name, owner)
            if before is not owner and before != owner:
                raise ValueError(f"the id {name!r} is given to two elements")
        for name in self._refs():
            if name not in known:
                raise ValueError(f"something refers to {name!r}, which is no id of this record")
        items = {item.id for item in self.items}
        for name in self._measured():
            if name not in items:
                raise ValueError(f"a measurement is of {name!r}, which is no item")
        return self

    @property
    def standards(self) -> tuple[Equipment, ...]:
        """The standards of all measurements."""
        return tuple(standard for measurement in self.measurements for standard in measurement.standards)

    @property
    def approvals(self) -> tuple[Statement, ...]:
        """What it states of measurement standards that are approved as such."""
        return tuple(each for each in self.statements if APPROVED_STANDARD in each.ref_types)

    @property
    def is_verification(self) -> bool:
        """Whether it is of a verification (检定), not of a calibration."""
        return any(VERIFICATION in each.ref_types for each in self.statements)

    @property
    def verdicts(self) -> tuple[Statement, ...]:
        """The statements that judge the items as they are now, not as they were before an adjustment."""
        measured = {each.id for each in self.measurements if each.id}
        now = {each.id for each in self.measurements if each.id and not each.is_past}
        return tuple(
            said
            for said in self.statements
            if said.conformity and (measured.isdisjoint(said.refs) or not now.isdisjoint(said.refs))
        )

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables of all results."""
        return tuple(
            table
            for measurement in self.measurements
            for result in measurement.results
            for table in result.tables
        )

    @property
    def units_outside_dsi(self) -> tuple[str, ...]:
        """The units in it that D-SI has no notation for."""
        found = {str(part) for name, part in parts(self) if name == "unit"}
        return tuple(sorted(unit for unit in found if units.outside_dsi(unit)))

    def _repr_html_(self) -> str:
        told = {
            "证书编号\nCertificate number": self.number,
            "演示\nDemonstration": "不是有效证书\nnot a valid certificate" if self.demonstration else "",
            "客户\nCustomer": self.customer.name.in_all(),
            "器具\nItem": "\n".join(_called(item) for item in self.items),
            "校准日期\nCalibrated": " – ".join(dict.fromkeys((f"{self.begun}", f"{self.finished}"))),
        }
        tables = (
            as_html(flatten(table.columns), table.rows, _title(measurement, result, table))
            for measurement in self.measurements
            for result in measurement.results
            for table in result.tables
        )
        return html.facts(told) + "".join(tables)

    def to_json(self) -> str:
        """Return the record as canonical JSON (RFC 8785): equal records give equal texts."""
        return canonical(self.model_dump(mode="json", exclude_defaults=True)).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the record that `to_json` wrote; raises `RecordError` for anything else."""
        try:
            return cls.model_validate_json(text)
        except (ValidationError, UnitError) as error:
            raise RecordError(f"this is no record: {first_of(error)}") from error

    def _named(self) -> list[tuple[str, object]]:
        parties: tuple[Item | Equipment, ...] = (*self.items, *self.standards)
        owners = (*parties, *self.statements, *self.measurements)
        named: list[tuple[str, object]] = [(owner.id, owner) for owner in owners if owner.id is not None]
        return named if self.place_id is None else [*named, (self.place_id, self.place)]

    def _refs(self) -> list[str]:
        found = [ref for statement in self.statements for ref in statement.refs]
        found += self._measured()
        for table in self.tables:
            found += (*table.equipment, *table.statements)
        return found

    def _measured(self) -> list[str]:
        """Return the ids of the items that measurements and results name."""
        return [
            item
            for measurement in self.measurements
            for named in (measurement.items, *(result.items for result in measurement.results))
            for item in named
        ]


def _called(item: Item) -> str:
    numbers = ", ".join(number.value for number in item.identifications)
    return f"{item.name.in_all()}\n{numbers}".rstrip()


def _title(measurement: Measurement, result: Result, table: Table) -> str:
    """Return what a table is, in each language its headings are in."""
    names = [name for name in (measurement.name, result.name, table.name) if name is not None]
    languages = sorted({language for name in names for language in name.languages}, reverse=True)
    said = (dict.fromkeys(name.get(language) for name in names) for language in languages or ("",))
    return "\n".join(" – ".join(parts) for parts in said)
