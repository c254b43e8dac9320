"""What a record states of a rig's characteristics, such as its diverter's correction or a volume of pipe.

A characteristic is told by the refType of its column: that of `diverter_correction` is
`remotecal_diverterCorrection`. Its column has one row, with the uncertainty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remotecal.errors import CertificateRefused
from remotecal.model import Column

if TYPE_CHECKING:
    from remotecal.model import Record


class Stated(NamedTuple):
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


def stated_in(record: Record, name: str) -> Stated:
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
    return Stated(float(column.values[0]), column.unit, float(told.expanded[0]), float(told.k[0]))
