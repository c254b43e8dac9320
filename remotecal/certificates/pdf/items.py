"""The items of a certificate: one among the facts of the cover, several in a table, each with its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.pdf.facts import Fact, facts, value
from remotecal.certificates.pdf.numbers import Cell, said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotecal.certificates.pdf.face import Design
    from remotecal.model import Item, Record

MOST_COLUMNS = 6
"""Facts in which items may differ to stand in a table; with more each has a list of its own."""


def of_item(item: Item, face: Design) -> list[Fact]:
    """Return what is said of one item."""
    classes = ", ".join(f"{entry.class_id} ({entry.reference})" for entry in item.classes)
    maker: Cell | None = {"said": said(item.manufacturer)} if item.manufacturer else None
    serials = [
        (said(entry.name) if entry.name else face.label("cover", "serial"), entry.value)
        for entry in item.identifications
    ]
    return facts(
        (face.label("cover", "item"), {"said": said(item.name)}),
        (face.label("cover", "manufacturer"), maker),
        (face.label("cover", "model"), item.model),
        *serials,
        (face.label("cover", "class"), classes or None),
        *((said(entry.name), value(entry)) for entry in item.quantities),
        (face.label("cover", "condition"), {"said": said(item.description)} if item.description else None),
    )


def in_common(record: Record, face: Design) -> list[Fact]:
    """Return what is said of every item alike; of a single item all."""
    first, *others = (of_item(item, face) for item in record.items)
    return [fact for fact in first if all(fact in other for other in others)]


def apart(record: Record, face: Design) -> dict[str, object]:
    """Return what items differ in, as a table or as a list of facts for each; nothing for a single item."""
    if len(record.items) == 1:
        return {"head": [], "rows": [], "lists": []}
    common = in_common(record, face)
    own = [[fact for fact in of_item(item, face) if fact not in common] for item in record.items]
    labels = _each_once(fact["label"] for facts_of in own for fact in facts_of)
    numbers = [str(number) for number in range(1, len(own) + 1)]
    if len(labels) > MOST_COLUMNS or any(len(_each_once(f["label"] for f in of)) < len(of) for of in own):
        number = face.label("cover", "number")
        lists = [[*facts((number, each)), *of] for each, of in zip(numbers, own, strict=True)]
        return {"head": [], "rows": [], "lists": lists}
    rows = [
        [[{"text": number}], *(_lines(of, named) for named in labels)]
        for number, of in zip(numbers, own, strict=True)
    ]
    return {"head": [face.label("cover", "number"), *labels], "rows": rows, "lists": []}


def called(record: Record, ids: Iterable[str]) -> str:
    """Return items as the results call them, by number and serial number; nothing where there is but one."""
    if len(record.items) == 1:
        return ""
    wanted = set(ids)
    return ", ".join(
        f"No. {number} ({item.serials[0]})" if item.serials else f"No. {number}"
        for number, item in enumerate(record.items, 1)
        if item.id in wanted
    )


def _lines(of: list[Fact], named: object) -> object:
    return next((fact["lines"] for fact in of if fact["label"] == named), [{"text": "—"}])


def _each_once(labels: Iterable[object]) -> list[object]:
    found: list[object] = []
    for each in labels:
        if each not in found:
            found.append(each)
    return found
