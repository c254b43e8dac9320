"""Whether results lie within what a laboratory is accredited for (ILAC-P14, 5 and 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from remotecal import units
from remotecal.model import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remotecal.certificates.trust import Capability
    from remotecal.model import Record, Table

T = TypeVar("T")


def out_of_scope(record: Record, scope: Sequence[Capability]) -> tuple[str, ...]:
    """Return, for each result beyond `scope` that is not marked as such, what is wrong with it.

    A result is a number with an uncertainty. It is in scope if a capability is for its quantity,
    has its place in range and a CMC not above its expanded uncertainty. A certificate may carry
    others, if their column says so (`in_cmc` false).
    """
    return tuple(fault for table in record.tables for fault in _faults(table, scope))


def _faults(table: Table, scope: Sequence[Capability]) -> Iterator[str]:
    for column in table.columns:
        if isinstance(column, Column) and column.uncertainty is not None:
            for row in range(len(column.values)):
                if column.in_cmc is None or _entry(column.in_cmc.valid, row):
                    fault = _fault(table, column, row, scope)
                    if fault:
                        yield f"row {row + 1} of {' '.join(column.ref_types)}: {fault}"


def _fault(table: Table, column: Column, row: int, scope: Sequence[Capability]) -> str:
    """Return why a result is in no capability, the nearest miss last; "" if it is in one."""
    fault = "the laboratory has no capability for this quantity"
    for capability in scope:
        if capability.quantity not in column.ref_types or not units.same_dimension(
            capability.unit, column.unit
        ):
            continue
        places = table.column(capability.against)
        if places is None or column.uncertainty is None:
            fault = f"the table does not tell {capability.against}, which the capability is for"
            continue
        at = _in(capability.against_unit, _entry(places.values, row), places.unit)
        if not Decimal(capability.low) <= at <= Decimal(capability.high):
            fault = f"{at} {capability.against_unit} is outside the scope"
            continue
        expanded = _in(capability.unit, _entry(column.uncertainty.expanded, row), column.unit)
        if expanded < Decimal(capability.cmc):
            fault = f"U = {expanded} {capability.unit} is smaller than the CMC, {capability.cmc}"
            continue
        return ""
    return fault


def _in(unit: str, number: str, given: str) -> Decimal:
    """Return a number in another unit; without conversion to the last digit."""
    if unit == given:
        return Decimal(number)
    return Decimal(repr(units.convert(float(number), given, unit)))


def _entry(entries: Sequence[T], row: int) -> T:
    return entries[0] if len(entries) == 1 else entries[row]
