"""A certificate for several items, as that of one of them.

A laboratory that calibrates eight probes in one bath, or a set of weights, may issue one certificate. Who
uses one of them needs its results and no other's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.errors import CertificateRefused
from remotecal.model.identifiers import among

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from remotecal.model.equipment import Item
    from remotecal.model.record import Measurement, Record, Result


def items_with(record: Record, serials: Collection[str]) -> tuple[Item, ...]:
    """Return the items with these serial numbers; failing that, with these numbers of whoever gave them.

    Raises:
        CertificateRefused: there is none, or there are two.
    """
    return tuple(_item_with(record, serial) for serial in serials)


def results_of(record: Record, serials: Collection[str]) -> Record:
    """Return what a certificate says of the items with these serial numbers, and of them alone.

    A certificate for one item is returned as it is, whatever its number. Results of several items
    together, such as a probe and its readout, count where all of them are asked for; they then say so.
    What does not tell which items it is of is named in `left_out`.

    Raises:
        CertificateRefused: it is not for such an item, or can't be told which of its results are.
    """
    if len(record.items) == 1:
        return record
    return of_items(record, items_with(record, serials))


def of_items(record: Record, items: tuple[Item, ...]) -> Record:
    """Return what a certificate says of some of its items, and of them alone, as `results_of`."""
    if len(items) == len(record.items):
        record = _of_all_together(record)
        items = record.items
    ids = {item.id for item in items if item.id is not None}
    kept = tuple(found for each in record.measurements if (found := _measurement(each, ids)) is not None)
    untold = tuple(_untold(record, ids))
    if not kept:
        serials = [number for item in items for number in item.serials] or [item.id or "?" for item in items]
        why = f": {untold[0]}" if untold else ""
        raise CertificateRefused(
            f"certificate {record.number} is for {len(record.items)} items, and which of its results are of "
            f"{', '.join(serials)} can't be told{why}"
        )
    told = speaking_of(record, items)
    known = {record.place_id, *(item.id for item in items), *(said.id for said in told.statements)}
    known |= {each.id for each in kept} | {standard.id for each in kept for standard in each.standards}
    return told.model_copy(
        update={
            "measurements": tuple(_within(each, known) for each in kept),
            "statements": tuple(
                statement.model_copy(update={"refs": tuple(ref for ref in statement.refs if ref in known)})
                for statement in told.statements
            ),
            "left_out": (*record.left_out, *untold),
        }
    )


def speaking_of(record: Record, items: Collection[Item]) -> Record:
    """Return a record for some of its items, without the statements that speak of others alone."""
    ids = {item.id for item in items}
    every = {item.id for item in record.items}
    measured = {each.id for each in record.measurements}
    others = (every - ids) | {
        each.id for each in record.measurements if (of := _every_item(each)) and ids.isdisjoint(of)
    }
    rules = {name for table in record.tables for name in table.statements}
    kept = []
    for statement in record.statements:
        of_ours = all(
            named.isdisjoint(statement.refs) or not (named - others).isdisjoint(statement.refs)
            for named in (every, measured)
        )
        if of_ours or statement.id in rules:
            refs = tuple(ref for ref in statement.refs if ref not in others)
            kept.append(statement.model_copy(update={"refs": refs}))
    return record.model_copy(update={"items": tuple(items), "statements": tuple(kept)})


def _every_item(measurement: Measurement) -> set[str]:
    return {*measurement.items, *(item for result in measurement.results for item in result.items)}


def _of_all_together(record: Record) -> Record:
    """Return a record whose results, where they name no item, name them all."""
    items = tuple(
        item if item.id else item.model_copy(update={"id": f"item_{number}_of_all"})
        for number, item in enumerate(record.items, 1)
    )
    ids = tuple(item.id for item in items)
    measurements = tuple(
        each if each.items else each.model_copy(update={"items": ids}) for each in record.measurements
    )
    return record.model_copy(update={"items": items, "measurements": measurements})


def _item_with(record: Record, serial: str) -> Item:
    found = [item for item in record.items if among(serial, item.serials)]
    if not found:
        numbers = ((item, [entry.value for entry in item.identifications]) for item in record.items)
        found = [item for item, given in numbers if among(serial, given)]
    if len(found) == 1:
        return found[0]
    if found:
        raise CertificateRefused(
            f"certificate {record.number} is for {len(found)} items with the number {serial}"
        )
    known = ", ".join(number for item in record.items for number in item.serials)
    raise CertificateRefused(f"certificate {record.number} is for {known}, not for serial number {serial}")


def _measurement(measurement: Measurement, ids: set[str]) -> Measurement | None:
    """Return a measurement with the results that are of these items; None if there is none."""
    places = [
        place
        for place, result in enumerate(measurement.results)
        if (of := set(measurement.items_of(result))) and of <= ids
    ]
    if not places:
        return None
    results = tuple(measurement.results[place] for place in places)
    budgets = tuple(
        budget.model_copy(update={"result": places.index(budget.result)})
        for budget in measurement.budgets
        if budget.result in places
    )
    items = tuple(item for item in measurement.items if item in ids)
    return measurement.model_copy(update={"items": items, "results": results, "budgets": budgets})


def _within(measurement: Measurement, known: set[str | None]) -> Measurement:
    """Return a measurement whose tables refer to nothing that is not there any more."""
    results = tuple(
        result.model_copy(
            update={
                "tables": tuple(
                    table.model_copy(update={"equipment": tuple(e for e in table.equipment if e in known)})
                    for table in result.tables
                )
            }
        )
        for result in measurement.results
    )
    return measurement.model_copy(update={"results": results})


def _untold(record: Record, ids: set[str]) -> Iterator[str]:
    """Yield the results that may be of these items, or of others as well."""
    for measurement in record.measurements:
        for result in measurement.results:
            of = set(measurement.items_of(result))
            if not of:
                yield f"{_heading(measurement, result)} does not say which item it is of"
            elif of & ids and not of <= ids:
                yield f"{_heading(measurement, result)} is of {len(of)} items together"


def _heading(measurement: Measurement, result: Result) -> str:
    return f"the result {result.name.get('en') or measurement.name.get('en')!r}"
