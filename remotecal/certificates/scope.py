"""Whether results lie within what a laboratory is accredited for (ILAC-P14, 5 and 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from remotecal import units
from remotecal.errors import CertificateRefused
from remotecal.model import Column, Complex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remotecal.certificates.trust import Capability
    from remotecal.model import Quantity, Record, Table, Uncertainty

T = TypeVar("T")


def check_scope(record: Record, scope: Sequence[Capability]) -> bool:
    """Tell whether there is a scope to hold the results against.

    Raises:
        CertificateRefused: a result lies beyond `scope` and is not marked as such.
    """
    claimed = any(
        isinstance(column, Column | Complex) and column.in_cmc
        for table in record.tables
        for column in table.columns
    )
    if not scope and not claimed:
        return False
    faults = out_of_scope(record, scope)
    if faults:
        raise CertificateRefused(f"{faults[0]} ({len(faults)} results in all)")
    return True


def out_of_scope(record: Record, scope: Sequence[Capability]) -> tuple[str, ...]:
    """Return, for each result beyond `scope` that is not marked as such, what is wrong with it.

    A result is a number with an uncertainty, a complex one two of them. It is in scope if a capability
    is for its quantity, has its place in range and a CMC not above its expanded uncertainty. A
    certificate may carry others, if their column says so (`in_cmc` false).
    """
    return tuple(fault for table in record.tables for fault in _faults(table, scope))


def _faults(table: Table, scope: Sequence[Capability]) -> Iterator[str]:
    for column in (part for quantity in table.columns for part in _numbers(quantity)):
        if column.uncertainty is not None:
            for row in range(len(column.values)):
                if column.in_cmc is None or _entry(column.in_cmc.valid, row):
                    fault = _fault(table, column, row, scope)
                    if fault:
                        yield f"row {row + 1} of {' '.join(column.ref_types)}: {fault}"


def _numbers(quantity: Quantity) -> tuple[Column, ...]:
    if isinstance(quantity, Complex):
        return quantity.parts()
    return (quantity,) if isinstance(quantity, Column) else ()


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
        if not units.same_dimension(places.unit, capability.against_unit):
            fault = f"the scope is for places in {capability.against_unit}, these are in {places.unit}"
            continue
        at = _converted(_entry(places.values, row), places.unit, capability.against_unit)
        if at.is_nan() or not Decimal(capability.low) <= at <= Decimal(capability.high):
            fault = f"{at} {capability.against_unit} is outside the scope"
            continue
        expanded = _scaled(_comparable(column.uncertainty, row), column.unit, capability.unit)
        if expanded.is_nan() or expanded < Decimal(capability.cmc):
            fault = f"U = {expanded} {capability.unit} is smaller than the CMC, {capability.cmc}"
            continue
        return ""
    return fault


ABOUT_95_PERCENT = (0.94, 0.96)
"""Coverage probabilities at which an uncertainty is compared with a CMC as it stands (ILAC-P14, 5.2)."""


def _comparable(stated: Uncertainty, row: int) -> str:
    """Return an expanded uncertainty at about 95 %: as stated, or twice the standard uncertainty."""
    expanded = _entry(stated.expanded, row)
    least, most = ABOUT_95_PERCENT
    if stated.p is not None and least <= float(_entry(stated.p, row)) <= most:
        return expanded
    return str(2 * Decimal(expanded) / Decimal(_entry(stated.k, row)))


def _converted(number: str, unit: str, to: str) -> Decimal:
    """Return a number in another unit; without conversion to the last digit."""
    return Decimal(number) if unit == to else Decimal(repr(units.convert(float(number), unit, to)))


def _scaled(number: str, unit: str, to: str) -> Decimal:
    """Return an uncertainty in another unit: 0.1 °C is 0.1 K."""
    return Decimal(number) if unit == to else Decimal(repr(float(number) * units.scale(unit, to)))


def _entry(entries: Sequence[T], row: int) -> T:
    return entries[0] if len(entries) == 1 else entries[row]
