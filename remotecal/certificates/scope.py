"""Whether results lie within what a laboratory is accredited for (ILAC-P14, 5 and 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from remotecal import units
from remotecal.errors import CertificateRefused
from remotecal.model import Column, Complex
from remotecal.model.flat import flatten

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
    return tuple(
        f"row {one.place.row + 1} of {' '.join(one.quantities)}: {one.fault}"
        for one in stated(record, scope)
        if one.fault and not one.marked
    )


class Cell(NamedTuple):
    """Where a result stands in a record, each counted from 0."""

    measurement: int
    result: int
    table: int
    row: int
    column: int
    """Among the plain columns of the table (`flat.flatten`)."""


class HeldResult(NamedTuple):
    """A result as a record states it, held against a scope."""

    place: Cell
    quantities: tuple[str, ...]
    """Its refTypes."""
    expanded: str
    """U as it is stated, in `unit`."""
    unit: str
    k: str
    """Its coverage factor."""
    marked: bool
    """Whether its column says that it is outside the scope."""
    capability: Capability | None
    """The one that is for it; of several, that with the smallest CMC. None where none is."""
    at: str
    """Where in the range of that it lies, in its unit; "" without one."""
    compared: str
    """U at about 95 %, in the unit of the CMC; "" without one."""
    fault: str
    """Why it is in no capability, the nearest miss; "" if it is in one."""


def stated(record: Record, scope: Sequence[Capability]) -> Iterator[HeldResult]:
    """Yield each result of a record, held against a scope (see `out_of_scope`)."""
    for number, measurement in enumerate(record.measurements):
        for of, result in enumerate(measurement.results):
            for at, table in enumerate(result.tables):
                for column, flat in _columns(table):
                    for row in range(len(column.values)):
                        yield _held(table, column, Cell(number, of, at, row, flat), scope)


def _columns(table: Table) -> Iterator[tuple[Column, int]]:
    """Yield the results among the columns of a table, each with its place among the plain ones."""
    before = 0
    for quantity in table.columns:
        own = before
        for part in _numbers(quantity):
            if part.uncertainty is not None:
                yield part, own
            own += len(flatten((part,)))
        before += len(flatten((quantity,)))


def _numbers(quantity: Quantity) -> tuple[Column, ...]:
    if isinstance(quantity, Complex):
        return quantity.parts()
    return (quantity,) if isinstance(quantity, Column) else ()


def _held(table: Table, column: Column, place: Cell, scope: Sequence[Capability]) -> HeldResult:
    """Return a result with the capability that is for it, and what is wrong with it."""
    if column.uncertainty is None:
        raise ValueError("a number without an uncertainty is no result")
    row = place.row
    fault = "the laboratory has no capability for this quantity"
    held: list[tuple[bool, Decimal, _Compared]] = []
    for capability in scope:
        if capability.quantity in column.ref_types and units.same_dimension(capability.unit, column.unit):
            at = _place(table, row, capability)
            if isinstance(at, str):
                fault = at
                continue
            expanded = _scaled(_comparable(column.uncertainty, row), column.unit, capability.unit)
            enough = not expanded.is_nan() and expanded >= Decimal(capability.cmc)
            cmc = _scaled(capability.cmc, capability.unit, column.unit)
            held.append((not enough, cmc, _Compared(capability, str(at), str(expanded))))
    found = _Compared(None, "", "")
    if held:
        smaller, _, found = min(held, key=lambda one: one[:2])
        fault = _smaller(found) if smaller else ""
    return HeldResult(
        place,
        column.ref_types,
        _entry(column.uncertainty.expanded, row),
        column.unit,
        _entry(column.uncertainty.k, row),
        column.in_cmc is not None and not _entry(column.in_cmc.valid, row),
        *found,
        fault,
    )


class _Compared(NamedTuple):
    capability: Capability | None
    at: str
    expanded: str


def _smaller(found: _Compared) -> str:
    able = found.capability
    return "" if able is None else f"U = {found.expanded} {able.unit} is smaller than the CMC, {able.cmc}"


def _place(table: Table, row: int, capability: Capability) -> Decimal | str:
    """Return where a row lies in the range of a capability, in its unit; or why it lies nowhere in it."""
    places = table.column(capability.against)
    if places is None:
        return f"the table does not tell {capability.against}, which the capability is for"
    if not units.same_dimension(places.unit, capability.against_unit):
        return f"the scope is for places in {capability.against_unit}, these are in {places.unit}"
    at = _converted(_entry(places.values, row), places.unit, capability.against_unit)
    if at.is_nan() or not Decimal(capability.low) <= at <= Decimal(capability.high):
        return f"{at} {capability.against_unit} is outside the scope"
    return at


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
