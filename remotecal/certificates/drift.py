"""What successive certificates of a standard certified at the same points, and by how much it changed."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from remotecal.certificates.history import AGAINST
from remotecal.errors import CertificateRefused
from remotecal.model import Column
from remotecal.model.choice import results_of
from remotecal.uncertainty.rounding import report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from remotecal.certificates.history import State
    from remotecal.model import Measurement, Record, Result, Table

K = 2.0
"""Coverage factor of what is told here."""


class PlaceCertified(NamedTuple):
    """Where something is certified: what is the same point in each certificate has the same of all this."""

    quantity: str
    """refTypes of the result and of its column, by blanks; "" where it tells none."""
    unit: str
    place: str
    """The nominal value, without zeros at its end; "" of a single value without one."""
    place_unit: str
    nth: int
    """Of several at one place, such as rising and falling; from 0."""


class CertifiedValue(NamedTuple):
    """A value of a certificate at a point."""

    number: str
    """Of the certificate."""
    day: date
    """Last day of the calibration."""
    state: State
    """"" where it was not adjusted."""
    point: PlaceCertified
    value: float
    expanded: float
    """U at k = 2, from what is stated."""


class ValueTold(NamedTuple):
    """A certified value as it is told: U with two digits, and the value to match."""

    one: CertifiedValue
    value: str
    expanded: str
    change: str
    """Since the certificate before; "" of the first."""
    change_expanded: str
    """U of that, as if both were independent."""
    beyond: bool
    """Whether it changed by more than that."""
    since_first: float
    """Change since the first, to be drawn."""


class ValueCourse(NamedTuple):
    """What was certified at one point, the earliest first."""

    point: PlaceCertified
    told: tuple[ValueTold, ...]


def courses(records: Iterable[Record], serial: str) -> tuple[ValueCourse, ...]:
    """Return what certificates of a standard certified at each point, in the order of the first to do so.

    Values without an uncertainty, and those of tables of several rows that name no value over which they are
    told, can't be followed and are left out.

    Args:
        records: the certificates, each once.
        serial: number of the standard, for certificates of several.
    """
    found: dict[PlaceCertified, list[CertifiedValue]] = {}
    for record in sorted(records, key=lambda one: (one.finished, one.number)):
        for one in certified_in(record, serial):
            found.setdefault(one.point, []).append(one)
    return tuple(ValueCourse(point, tuple(_told(values))) for point, values in found.items())


def certified_in(record: Record, serial: str) -> Iterator[CertifiedValue]:
    """Yield what a certificate certifies of a standard; see `courses`."""
    if len(record.items) > 1:
        try:
            record = results_of(record, [serial])
        except CertificateRefused:
            return  # which of its results are of this one can't be told
    for measurement in sorted(record.measurements, key=lambda one: not one.is_past):
        state = _state(measurement)
        counted: Counter[PlaceCertified] = Counter()
        for result in measurement.results:
            for table in result.tables:
                for point, value, expanded in _values(result, table):
                    nth = point._replace(nth=counted[point])
                    counted[point] += 1
                    yield CertifiedValue(record.number, record.finished, state, nth, value, expanded)


def _state(measurement: Measurement) -> State:
    if not any(condition.status for condition in measurement.conditions):
        return ""
    return "found" if measurement.is_past else "left"


def _values(result: Result, table: Table) -> Iterator[tuple[PlaceCertified, float, float]]:
    at = next((one for name in AGAINST if (one := table.column(name)) is not None), None)
    for column in table.columns:
        stated = column.uncertainty if isinstance(column, Column) else None
        if not isinstance(column, Column) or stated is None or column is at:
            continue
        if at is None and len(column.values) > 1:
            continue
        quantity = " ".join(dict.fromkeys((*result.ref_types, *column.ref_types)))
        for row, value in enumerate(column.floats()):
            expanded = float(_at(stated.expanded, row)) / float(_at(stated.k, row)) * K
            if math.isfinite(value) and math.isfinite(expanded) and expanded > 0:
                place = "" if at is None else f"{Decimal(at.values[row]).normalize():f}"
                unit = "" if at is None else at.unit
                yield PlaceCertified(quantity, column.unit, place, unit, 0), value, expanded


def _at(cells: Sequence[str], row: int) -> str:
    return cells[row if len(cells) > 1 else 0]


def _told(values: Sequence[CertifiedValue]) -> Iterator[ValueTold]:
    first, before = values[0], None
    for one in values:
        value, expanded = (said := report(one.value, one.expanded)).value, said.expanded
        since = one.value - first.value
        if before is None:
            yield ValueTold(one, value, expanded, "", "", beyond=False, since_first=since)
        else:
            change, of_both = one.value - before.value, math.hypot(one.expanded, before.expanded)
            told = report(change, of_both)
            beyond = abs(change) > of_both
            yield ValueTold(one, value, expanded, told.value, told.expanded, beyond, since)
        before = one
