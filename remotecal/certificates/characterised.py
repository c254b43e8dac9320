"""What a record states of a rig's characteristics, such as its diverter's correction or a volume of pipe.

A characteristic is told by the refType of its column: that of `diverter_correction` is
`remotecal_diverterCorrection`. Its column has one row, with the uncertainty.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from remotecal.bench_file import Characteristic, Determination
from remotecal.errors import CertificateRefused, RecordError
from remotecal.model import Certificate, Column

if TYPE_CHECKING:
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
    return StatedFact(float(column.values[0]), column.unit, float(told.expanded[0]), float(told.k[0]))


def fact(name: str, entry: Characteristic | Determined, folder: Path) -> Characteristic:
    """Return a fact of a rig as its bench file states it, or the record that this names.

    Args:
        name: what it is called.
        entry: what the bench file says.
        folder: where the bench file lies.

    Raises:
        CertificateRefused: its record is missing, does not state it, or is of another rig.
        RecordError: its record can't be read.
    """
    from remotecal.certificates.dcc import read

    if isinstance(entry, Characteristic):
        return entry
    path = folder / entry.record
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CertificateRefused(f"{name}: its record {path} can't be read: {error}") from None
    try:
        record = read(content)
    except RecordError as error:
        raise RecordError(f"{path}: {error}") from error
    serials = Certificate(record).serials
    if entry.serial and serials and entry.serial not in serials:
        raise CertificateRefused(
            f"{name} is of the rig {entry.serial}, its record {record.number} is for {', '.join(serials)}"
        )
    stated = stated_in(record, name)
    return Characteristic(
        value=stated.value,
        unit=stated.unit,
        expanded_uncertainty=stated.expanded,
        k=stated.k,
        source=f"record {record.number}",
        valid_until=entry.valid_until,
        proof=Determination(file=path.name, sha256=sha256(content).hexdigest(), record=record),
    )
