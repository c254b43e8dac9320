"""What a record states of a rig's characteristics, such as its diverter's correction or a volume of pipe.

A characteristic is told by the refType of its column: that of `diverter_correction` is
`remotecal_diverterCorrection`. Its column has one row, with the uncertainty.
"""

from __future__ import annotations

import math
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from remotecal.bench_file import Characteristic, Determination
from remotecal.errors import CertificateRefused, RecordError
from remotecal.model import Certificate, Column, Text
from remotecal.model.choice import results_of
from remotecal.model.identifiers import among
from remotecal.opening import read_whole

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from remotecal.bench_file import Determined
    from remotecal.model import Record


class StatedFact(NamedTuple):
    """A characteristic as a record states it."""

    value: float
    unit: str
    expanded: float
    """Expanded uncertainty, in the unit."""
    k: float
    """Coverage factor."""


def ref_type(name: str) -> str:
    """Return the refType of a characteristic's column."""
    first, *rest = name.split("_")
    return f"remotecal_{first}{''.join(part.capitalize() for part in rest)}"


def stated_in(record: Record, name: str) -> StatedFact:
    """Return what a record states of a characteristic.

    Raises:
        CertificateRefused: it states none of this name, or several, or without uncertainty.
    """
    wanted = ref_type(name)
    columns = [
        column
        for table in record.tables
        for column in table.columns
        if isinstance(column, Column) and wanted in column.ref_types
    ]
    if len(columns) != 1:
        raise CertificateRefused(
            f"record {record.number} states {len(columns)} columns {wanted}, and {name} needs exactly one: "
            "name the record in which it was determined"
        )
    (column,) = columns
    if column.uncertainty is None or len(column.values) != 1:
        raise CertificateRefused(
            f"record {record.number} states {name} {len(column.values)} times, or without its uncertainty: "
            "one value is needed that holds for the rig"
        )
    told = column.uncertainty
    stated = StatedFact(float(column.values[0]), column.unit, float(told.expanded[0]), float(told.k[0]))
    if not all(map(math.isfinite, (stated.value, stated.expanded, stated.k))):
        raise CertificateRefused(f"record {record.number} states {name} by what is no number")
    if stated.k < 1 or stated.expanded < 0:
        raise CertificateRefused(
            f"record {record.number} states {name} with U = {stated.expanded:g}, k = {stated.k:g}: a "
            "coverage factor is 1 at least, and no uncertainty is negative"
        )
    return stated


def fact(name: str, entry: Characteristic | Determined, folder: Path, today: date) -> Characteristic:
    """Return a fact of a rig as its bench file states it, or the record that this names.

    Args:
        name: what it is called.
        entry: what the bench file says.
        folder: where the bench file lies.
        today: the day on which it is used.

    Raises:
        CertificateRefused: its record is missing, does not state it, is of another rig or of a day to come,
            or is not valid for as long as the bench file says.
        RecordError: its record can't be read.
    """
    from remotecal.certificates.dcc import read

    if isinstance(entry, Characteristic):
        return entry
    path = folder / entry.record
    try:
        content = read_whole(path)
    except OSError as error:
        raise CertificateRefused(f"{name}: its record {path} can't be read: {error}") from None
    try:
        record = read(content)
    except RecordError as error:
        raise RecordError(f"{path}: {error}") from error
    record = _of_rig(name, record, entry.serial)
    _check_days(name, record, entry.valid_until, today)
    stated = stated_in(record, name)
    return Characteristic(
        value=stated.value,
        unit=stated.unit,
        expanded_uncertainty=stated.expanded,
        k=stated.k,
        source=Text(zh=f"记录 {record.number}", en=f"record {record.number}"),
        valid_until=entry.valid_until,
        proof=Determination(file=path.name, sha256=sha256(content).hexdigest(), record=record),
    )


def _of_rig(name: str, record: Record, serial: str | None) -> Record:
    """Return what a record says of one rig (CertificateRefused: it is of another one, or of several)."""
    numbers = [entry.value for item in record.items for entry in item.identifications]
    if serial is None and len(record.items) > 1:
        raise CertificateRefused(
            f"{name}: record {record.number} is for {len(record.items)} items: state the rig's `serial`"
        )
    if serial is None:
        return record
    if not among(serial, numbers):
        raise CertificateRefused(
            f"{name} is of the rig {serial}, its record {record.number} is for "
            f"{', '.join(numbers) or 'something without a number'}"
        )
    return results_of(record, [serial])


def _check_days(name: str, record: Record, said: date, today: date) -> None:
    """Raise `CertificateRefused` unless a record is of the past, and valid for as long as is said."""
    if record.finished > today:
        raise CertificateRefused(
            f"{name}: its record {record.number} is of {record.finished}, and today is {today}"
        )
    until = Certificate(record).valid_until
    if until is not None and said > until:
        raise CertificateRefused(
            f"{name}: its record {record.number} is valid until {until}, not until {said}: mend valid_until, "
            "or determine it anew"
        )
