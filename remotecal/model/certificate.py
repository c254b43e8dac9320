"""What a run needs of a standard's certificate: corrections, uncertainties, validity, identity."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from remotecal import units
from remotecal.errors import CertificateRefused
from remotecal.model.choice import results_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from remotecal.model.quantities import Column
    from remotecal.model.record import Record
    from remotecal.model.tables import Table

VALIDITY = ("remotecal_validUntil", "basic_recalibration", "basic_validityRange")
"""refTypes of the statements that tell until when a certificate may be used."""

_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")


@dataclass(frozen=True, slots=True)
class CertifiedPoint:
    """One row of a certificate, as numbers to calculate with."""

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


@dataclass(frozen=True, slots=True)
class Certificate:
    """A record, seen as the certificate of a standard."""

    record: Record

    @property
    def number(self) -> str:
        """Number of the certificate."""
        return self.record.number

    @property
    def serials(self) -> tuple[str, ...]:
        """The makers' serial numbers of the items it is for."""
        return tuple(serial for item in self.record.items for serial in item.serials)

    def of(self, serials: Collection[str]) -> Certificate:
        """Return what it says of the items with these serial numbers, and of them alone.

        Raises:
            CertificateRefused: it is not for such an item, or can't be told which of its results are.
        """
        return Certificate(results_of(self.record, serials))

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
                return _after(self.issued, statement.period)
        return None

    def points(self, value: str, at: str, unit: str | None = None) -> CertifiedPoints:
        """Return the column with refType `value` against the one with refType `at`.

        Args:
            value: refType of the values.
            at: refType of what they are for.
            unit: a unit of the values' dimension, to tell the tables of a certificate for several
                quantities apart.

        Raises:
            CertificateRefused: no table has both; or the values have no uncertainty: a value
                without one can't be used for a calibration; or its items have results of their own,
                and it was not said which is meant (see `of`).
        """
        if not self._of_one:
            raise CertificateRefused(
                f"certificate {self.number} is for {len(self.record.items)} items, "
                f"{', '.join(self.serials)}: say by its serial number which of them is used"
            )
        for table in self.record.tables:
            values, places = table.column(value), table.column(at)
            if values is None or places is None:
                continue
            if unit is None or units.same_dimension(values.unit, unit):
                return self._points(table, values, places)
        of = f" in {unit} or the like" if unit else ""
        unread = f"; not read of it: {'; '.join(self.record.left_out[:3])}" if self.record.left_out else ""
        raise CertificateRefused(
            f"certificate {self.number} has no table of {value}{of} against {at}{unread}"
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

    def _points(self, table: Table, values: Column, places: Column) -> CertifiedPoints:
        if values.uncertainty is None:
            raise CertificateRefused(f"certificate {self.number} gives no uncertainty for {values.ref_types}")
        rows = table.rows
        columns = (
            places.values,
            values.values,
            values.uncertainty.expanded,
            values.uncertainty.k,
            tuple(text.replace("∞", "inf") for text in values.dof or ("inf",)),
        )
        every = zip(*(entries * rows if len(entries) == 1 else entries for entries in columns), strict=False)
        points = tuple(CertifiedPoint(*map(float, row)) for row, _ in zip(every, range(rows), strict=False))
        return CertifiedPoints(points, values.unit, places.unit)


def _after(day: date, period: str) -> date:
    """Return the day an ISO 8601 duration of years, months and days after `day`."""
    match = _PERIOD.fullmatch(period)
    if match is None or period == "P":
        raise CertificateRefused(f"the period {period!r} is not one of years, months and days")
    years, months, days = (int(part or 0) for part in match.groups())
    month = day.month - 1 + months
    year, month = day.year + years + month // 12, month % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(day.day, last)) + timedelta(days=days)
