"""What a run needs of a standard's certificate: corrections, uncertainties, validity, identity."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from remotecal import units
from remotecal.errors import CertificateRefused
from remotecal.model.base import Frozen, Text
from remotecal.model.certified import (
    CertifiedCoefficients,
    CertifiedPlaces,
    CertifiedPoint,
    CertifiedPoints,
    Selected,
    coefficients_of,
    wanted_rows,
)
from remotecal.model.choice import results_of
from remotecal.model.quantities import Column
from remotecal.model.statements import VALID_UNTIL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from remotecal.model.certified import Where
    from remotecal.model.equipment import Item
    from remotecal.model.record import Measurement, Record

VALIDITY = (VALID_UNTIL, "basic_recalibration", "basic_validityRange")
"""refTypes of the statements that tell until when a certificate may be used."""

ERROR = "basic_measurementError"
"""refType of errors that were found."""
RANGE = "remotecal_measurementRange"
"""refType of the column with the ends of the range that a certificate without a curve holds over."""
OF_RANGE = Text(zh="测量范围", en="Range")
"""Name of a standard's range whose unit tells its quantity; earlier versions told no quantity of any."""

LEVEL = "remotecal_curveLevel"
"""refType of the column that tells at which level, such as a pressure, each error was found.

Errors of each are a line of their own in a drawing; tables of earlier certificates have no such column.
"""

Stated = TypeVar("Stated", CertifiedPoints, CertifiedCoefficients)

_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")


class DriftLimit(Frozen, strict=True, allow_inf_nan=False):
    """By how much a standard's errors may have changed since they were certified (GUM 4.3.7)."""

    half_width: float = Field(gt=0)
    """The change lies within ± this, in `unit`; where in there nobody knows."""
    unit: str
    """Short notation; of the dimension its errors have."""
    source: str | Text
    """Where that is known from, such as its earlier certificates."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A record, seen as the certificate of a standard."""

    record: Record
    drift: tuple[DriftLimit, ...] = ()
    """How far the standard may have drifted since; one of a dimension."""

    @property
    def number(self) -> str:
        """Number of the certificate."""
        return self.record.number

    @property
    def serials(self) -> tuple[str, ...]:
        """The makers' serial numbers of the items it is for."""
        return tuple(serial for item in self.record.items for serial in item.serials)

    def is_for(self, item: Item) -> bool:
        """Tell whether it is for an item: it names one by a number that whoever gave it gave this one."""
        theirs = {(each.issuer, each.value) for one in self.record.items for each in one.identifications}
        return any((each.issuer, each.value) in theirs for each in item.identifications)

    def of(self, serials: Collection[str]) -> Certificate:
        """Return what it says of the items with these serial numbers, and of them alone.

        Raises:
            CertificateRefused: it is not for such an item, or can't be told which of its results are.
        """
        return replace(self, record=results_of(self.record, serials))

    @property
    def issued(self) -> date:
        """Day of issue, or where none is given the last day of the calibration."""
        return self.record.issued or self.record.finished

    @property
    def valid_until(self) -> date | None:
        """Last day on which it may be used, if the certificate says so."""
        for statement in self.record.statements:
            if not set(VALIDITY) & set(statement.ref_types):
                continue
            if statement.day is not None:
                return statement.day
            if statement.period is not None:
                return after_period(self.issued, statement.period)
        return None

    @property
    def states_correlation(self) -> bool:
        """Whether any of its tables states how the values at its points are correlated."""
        columns = (column for table in self.record.tables for column in table.columns)
        return any(isinstance(column, Column) and column.correlation is not None for column in columns)

    def points(
        self, value: str, at: str, unit: str | None = None, where: Where | None = None
    ) -> CertifiedPoints:
        """Return the column with refType `value` against the one with refType `at`.

        Args:
            value: refType of the values.
            at: refType of what they are for.
            unit: a unit of the values' dimension, to tell the tables of a certificate for several
                quantities apart.
            where: what the rows must say in other columns; a table that lacks such a column has none.

        Raises:
            CertificateRefused: no table has both, or such rows; several have and don't say the same; or
                the values have no uncertainty, or 0: a value without one can't be used for a calibration; or
                its items have results of their own, and it was not said which is meant (see `of`).
        """
        found = [
            CertifiedPoints(self._points(each, places), each.values.unit, places.unit, each.correlation)
            for each in self._selected(value, unit, where)
            if (places := each.table.column(at)) is not None
        ]
        if not found:
            raise self._lacks(value, unit, where, f" against {at}")
        return self._agreed(found, f"{value} against {at}", where)

    def single(self, value: str, unit: str, where: Where | None = None) -> CertifiedPoints:
        """Return the one value with this refType, such as that of a weight; it is for itself (`at`).

        Args:
            value: refType of the value.
            unit: a unit of its dimension.
            where: what its row must say in other columns, such as the nominal value.

        Raises:
            CertificateRefused: there is none, or there are several; else as `points`.
        """
        found = [
            CertifiedPoints((point,), each.values.unit, each.values.unit)
            for each in self._selected(value, unit, where)
            for point in self._points(each, each.values)
        ]
        if not found:
            raise self._lacks(value, unit, where)
        if len(found) > 1:
            raise self._several(len(found), value, where)
        return found[0]

    def coefficients(self, names: Sequence[str], where: Where | None = None) -> CertifiedCoefficients:
        """Return the coefficients of a function, each a column with one of the refTypes `names`.

        Args:
            names: refTypes, in the order to return the coefficients in.
            where: what their row must say in other columns.

        Raises:
            CertificateRefused: no table has them all, or not in one row; several have and don't say the
                same; else as `points`.
        """
        found: list[CertifiedCoefficients] = []
        for first in self._selected(names[0], None, where):
            columns = [column for name in names if (column := first.table.column(name)) is not None]
            if len(columns) < len(names):
                continue
            if len(first.rows) > 1:
                raise self._several(len(first.rows), ", ".join(names), where)
            try:
                found.append(coefficients_of([first._replace(values=column) for column in columns]))
            except ValueError as error:
                raise CertificateRefused(f"certificate {self.number} gives {error}") from None
        if not found:
            raise self._lacks(", ".join(names), None, where)
        return self._agreed(found, ", ".join(names), where)

    def places(
        self, at: str, value: str, unit: str | None = None, where: Where | None = None
    ) -> CertifiedPlaces:
        """Return where on `at` there are values, each place once; arguments and errors as `points`."""
        found: set[float] = set()
        said = ""
        for selected in self._selected(value, unit, where):
            column = selected.table.column(at)
            if column is not None:
                said = said or column.unit
                entries = column.floats() * (selected.table.rows if len(column.values) == 1 else 1)
                found |= {units.convert(entries[row], column.unit, said) for row in selected.rows}
        if not found:
            raise self._lacks(value, unit, where, f" against {at}")
        return CertifiedPlaces(tuple(sorted(found)), said)

    def range_in(self, unit: str) -> tuple[float, float] | None:
        """Return from where to where it says that it holds, in a unit of that dimension; None if it doesn't.

        That is the least and the greatest number under `remotecal_measurementRange`.
        """
        told = [
            units.convert(number, column.unit, unit)
            for table in self.record.tables
            if (column := table.column(RANGE)) is not None and units.same_dimension(column.unit, unit)
            for number in column.floats()
        ]
        return (min(told), max(told)) if told else None

    def states(self, name: str) -> bool:
        """Tell whether any table has a column with this refType, of numbers or of words."""
        return any(table.said(name) is not None for table in self.record.tables)

    def _selected(self, value: str, unit: str | None, where: Where | None) -> Iterator[Selected]:
        """Yield the tables that have such values, each with the rows that are as wanted, if there are any."""
        if not self._of_one:
            raise CertificateRefused(
                f"certificate {self.number} is for {len(self.record.items)} items, "
                f"{', '.join(self.serials)}: say by its serial number which of them is used"
            )
        found = [
            (measurement.name.get("en"), selected)
            for measurement in self._as_it_is()
            if (selected := tuple(_selected_of(measurement, value, unit, where)))
        ]
        if len(found) > 1:
            raise CertificateRefused(
                f"certificate {self.number} states {value}{_told(where)} in {len(found)} measurements, "
                f"{', '.join(name for name, _ in found)}, and which of them holds of the instrument as it is "
                "now can't be told"
            )
        for _, selected in found:
            yield from selected

    def _as_it_is(self) -> tuple[Measurement, ...]:
        """Return the measurements of the instrument as it is now: none before an adjustment or a repair."""
        now = tuple(each for each in self.record.measurements if not each.is_past)
        if not now:
            raise CertificateRefused(
                f"certificate {self.number} has results from before an adjustment or a repair only: "
                "have the instrument calibrated as it is now"
            )
        return now

    def _points(self, selected: Selected, places: Column) -> tuple[CertifiedPoint, ...]:
        try:
            points = selected.points(places)
        except ValueError as error:
            raise CertificateRefused(f"certificate {self.number} gives {error}") from None
        # A single 0 without uncertainty is a statement too, such as that nothing is in common.
        alone = len(points) == 1 and not any(point.value for point in points)
        exact = [point for point in points if not point.expanded]
        # An error that was found has one; where it was set to zero it may be said to be off by nothing, and
        # exactly so. A ratio to what was found at one place is exact there by definition.
        found = any(point.value for point in exact) and ERROR in selected.values.ref_types
        if not alone and (len(exact) == len(points) or found):
            which = "all its" if len(exact) == len(points) else f"{len(exact)} of its {len(points)}"
            raise CertificateRefused(
                f"certificate {self.number} states an uncertainty of 0 for {which} values of "
                f"{', '.join(selected.values.ref_types)}: nobody measures so; have it corrected"
            )
        return points

    def _agreed(self, found: Sequence[Stated], said: str, where: Where | None) -> Stated:
        """Return what every table says (CertificateRefused where they differ: none is taken by its place)."""
        if any(other != found[0] for other in found[1:]):
            raise self._several(len(found), said, where, "tables")
        return found[0]

    def _several(self, count: int, value: str, where: Where | None, what: str = "rows") -> CertificateRefused:
        return CertificateRefused(
            f"certificate {self.number} has {count} {what} of {value}{_told(where)}: say which of them "
            "is used"
        )

    def _lacks(
        self, value: str, unit: str | None, where: Where | None, against: str = ""
    ) -> CertificateRefused:
        of = f" in {unit} or the like" if unit else ""
        unread = f"; not read of it: {'; '.join(self.record.left_out[:3])}" if self.record.left_out else ""
        return CertificateRefused(
            f"certificate {self.number} has no table of {value}{of}{against}{_told(where)}{unread}"
        )

    @property
    def _of_one(self) -> bool:
        """Whether all its results are of one item, or of the same ones together."""
        every = {item.id for item in self.record.items}
        return len(self.record.items) == 1 or all(
            set(measurement.items_of(result)) == every
            for measurement in self.record.measurements
            for result in measurement.results
        )


def _selected_of(
    measurement: Measurement, value: str, unit: str | None, where: Where | None
) -> Iterator[Selected]:
    for result in measurement.results:
        for table in result.tables:
            values = table.column(value)
            if values is None or not (unit is None or units.same_dimension(values.unit, unit)):
                continue
            if rows := wanted_rows(table, where or {}):
                yield Selected(table, values, rows)


def _told(where: Where | None) -> str:
    """Return in words what was wanted."""
    said = (
        f"{name} {wanted if isinstance(wanted, str) else f'{wanted[0]:g} {wanted[1]}'}"
        for name, wanted in (where or {}).items()
    )
    return f" where {', '.join(said)}" if where else ""


def after_period(day: date, period: str) -> date:
    """Return the day an ISO 8601 duration of years, months and days after `day`."""
    match = _PERIOD.fullmatch(period)
    if match is None or period == "P":
        raise CertificateRefused(f"the period {period!r} is not one of years, months and days")
    years, months, days = (int(part or 0) for part in match.groups())
    month = day.month - 1 + months
    year, month = day.year + years + month // 12, month % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(day.day, last)) + timedelta(days=days)
