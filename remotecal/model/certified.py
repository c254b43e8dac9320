"""What is read of a standard's certificate, as numbers to calculate with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from remotecal import units
from remotecal.model.quantities import Column, Words

if TYPE_CHECKING:
    from remotecal.model.tables import Table

Wanted: TypeAlias = str | tuple[float, str]
"""What a row must say in one of its columns: a word, or a number with its unit."""

Where: TypeAlias = Mapping[str, Wanted]
"""refType of a column → what is wanted there: a direction, a channel, a frequency, a nominal value."""

NEAR = 1e-6
"""Share of a wanted number by which a certificate's may differ from it: that of rounding."""


@dataclass(frozen=True, slots=True)
class CertifiedPoint:
    """One row of a certificate."""

    at: float
    """The value the row is for, in `CertifiedPoints.at_unit`."""
    value: float
    """What the certificate says there, in `CertifiedPoints.unit`."""
    expanded: float
    """Expanded uncertainty, in `CertifiedPoints.unit`."""
    k: float
    """Coverage factor."""
    dof: float
    """Degrees of freedom; infinite where the certificate gives none."""


@dataclass(frozen=True, slots=True)
class CertifiedPoints:
    """A column of a certificate against another, in the order of the certificate."""

    points: tuple[CertifiedPoint, ...]
    unit: str
    """Unit of the values and their uncertainties."""
    at_unit: str
    """Unit of what the values are for."""
    correlation: tuple[tuple[float, ...], ...] | None = None
    """Correlation matrix of the values; None where the certificate states none."""


@dataclass(frozen=True, slots=True)
class CertifiedPlaces:
    """Where on one quantity a certificate has values."""

    places: tuple[float, ...]
    """Ascending, in `unit`."""
    unit: str


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of a function that a certificate states."""

    value: float
    u: float
    """Standard uncertainty, with as many digits as the certificate gives."""
    dof: float
    """Degrees of freedom; infinite where the certificate gives none."""
    unit: str


@dataclass(frozen=True, slots=True)
class CertifiedCoefficients:
    """The coefficients of a function, in the order they were asked for."""

    coefficients: tuple[Coefficient, ...]
    correlation: tuple[tuple[float, ...], ...] | None
    """Their correlation matrix; None where the certificate states none for all of them."""


class Selected(NamedTuple):
    """Rows of a table that are as wanted."""

    table: Table
    values: Column
    """What they state."""
    rows: tuple[int, ...]
    """Counted from 0; one or more."""

    def points(self, places: Column) -> tuple[CertifiedPoint, ...]:
        """Return the rows as numbers, against another column (ValueError if they have no uncertainty)."""
        values = self.values
        if values.uncertainty is None:
            raise ValueError(f"no uncertainty for {', '.join(values.ref_types)}")
        columns = (
            places.values,
            values.values,
            values.uncertainty.expanded,
            values.uncertainty.k,
            tuple(text.replace("∞", "inf") for text in values.dof or ("inf",)),
        )
        return tuple(
            CertifiedPoint(*(float(_entry(entries, row)) for entries in columns)) for row in self.rows
        )

    @property
    def correlation(self) -> tuple[tuple[float, ...], ...] | None:
        """Correlation matrix of the values in these rows; None where none is stated."""
        if self.values.correlation is None:
            return None
        matrix = self.values.correlation.possible()
        return tuple(tuple(matrix[i][j] for j in self.rows) for i in self.rows)


def wanted_rows(table: Table, where: Where) -> tuple[int, ...]:
    """Return the rows that say what is wanted in each column; none where a column is missing."""
    said = [(table.said(name), wanted) for name, wanted in where.items()]
    return tuple(
        row for row in range(table.rows) if all(_says(column, row, wanted) for column, wanted in said)
    )


def _says(column: Column | Words | None, row: int, wanted: Wanted) -> bool:
    if isinstance(column, Words):
        return _entry(column.words, row) == wanted
    if column is None or isinstance(wanted, str):
        return False
    return math.isclose(float(_entry(column.values, row)), units.convert(*wanted, column.unit), rel_tol=NEAR)


def _entry(entries: Sequence[str], row: int) -> str:
    """Return what holds for a row: its own entry, or the one for all."""
    return entries[row] if len(entries) > 1 else entries[0]


def coefficients_of(several: Sequence[Selected]) -> CertifiedCoefficients:
    """Return the coefficients that stand in one row of a table (ValueError as `Selected.points`)."""
    table, row = several[0].table, several[0].rows[0]
    found = [
        Coefficient(point.value, point.expanded / point.k, point.dof, each.values.unit)
        for each in several
        for point in each.points(each.values)
    ]
    order = [table.columns.index(each.values) for each in several]
    for joint in table.joint:
        rows = table.joint_rows(joint)
        if row not in rows or not set(order) <= set(joint.columns):
            continue
        places = [joint.columns.index(column) * len(rows) + rows.index(row) for column in order]
        matrix, exact = joint.correlation.possible(), joint.correlation.u
        if exact is not None:
            found = [
                replace(each, u=_finer(exact[place], column.values, row) or each.u)
                for each, place, column in zip(found, places, several, strict=True)
            ]
        return CertifiedCoefficients(tuple(found), tuple(tuple(matrix[i][j] for j in places) for i in places))
    return CertifiedCoefficients(tuple(found), None)


def _finer(u: str, column: Column, row: int) -> float | None:
    """Return a standard uncertainty that stands beside a matrix, if U / k is that one rounded.

    A U that was raised, to a CMC say, is what the certificate answers for.
    """
    ((stated, slack),) = column.correlated([row])
    return float(u) if abs(stated - Decimal(u)) <= slack else None
