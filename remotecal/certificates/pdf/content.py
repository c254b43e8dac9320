"""What the printed certificate says (ISO/IEC 17025, 7.8.2 and 7.8.4), as data for the template.

Nothing but dictionaries, lists and strings: the template decides how it looks, and never reads a
string as markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.pdf.formula import equations
from remotecal.certificates.pdf.numbers import Cell, complex_with_unit, full_width, printed, said, with_unit
from remotecal.certificates.pdf.results import budgets, results
from remotecal.certificates.pdf.wording import Said, kind, label, names
from remotecal.certificates.signing.keys import fingerprint
from remotecal.model import Column, Complex, Note, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.certificates.signing.signature import Signature
    from remotecal.model import (
        Condition,
        Equipment,
        Item,
        Location,
        Measurement,
        Method,
        Quantity,
        Record,
        Statement,
    )

Fact = dict[str, object]
"""A label and what it labels: `{"label": Said, "lines": [Cell, …]}`."""


def content(record: Record, signatures: Sequence[Signature], font: str) -> dict[str, object]:
    """Return all that is printed.

    Args:
        record: the certificate.
        signatures: those on the XML inside, which hold; the seal is shown where it is among them.
        font: the family for the Chinese, for the pictures.
    """
    words = kind(record)
    seal = signatures[-1] if signatures and signatures[-1].duty == "issued" else None
    if record.issued is None and seal is not None and seal.at is not None:
        record = record.model_copy(update={"issued": seal.at.date()})  # it is issued by being sealed
    return {
        "number": record.number,
        "title": label(words, "title"),
        "headings": {name: label("headings", name) for name in names("headings")},
        "marks": {name: label("marks", name) for name in names("marks")},
        "results": label(words, "results"),
        "day": str(record.issued or record.finished),
        "author": record.laboratory.contact.name.get("en"),
        "laboratory": said(record.laboratory.contact.name),
        "code": record.laboratory.code or "",
        "imprint": _imprint(record),
        "demonstration": record.demonstration,
        "standing": _standing(signatures),
        "cover": _cover(record, words),
        "items": [_of_item(other) for other in record.items[1:]],
        "persons": _persons(record, words, signatures),
        "seal": None if seal is None else _seal(seal),
        "measurements": [_measurement(measurement, font) for measurement in record.measurements],
        "statements": [
            *(_statement(statement) for statement in record.statements if _says(statement)),
            *_units(record),
        ],
        "evidence": _evidence(record),
        "annexes": [budgets(measurement) for measurement in record.measurements if measurement.budgets],
    }


def margins(record: Record) -> tuple[str, ...]:
    """Return what stands on every page, but for its number, without blanks."""
    laboratory = "".join(text for _, text in said(record.laboratory.contact.name))
    number = "".join(text for _, text in label("headings", "number"))
    watermark = "".join(text for _, text in label("marks", "watermark"))
    parts = [laboratory + (record.laboratory.code or ""), number + record.number, _imprint(record)]
    return tuple("".join(part.split()) for part in [*parts, *([watermark] if record.demonstration else [])])


def _imprint(record: Record) -> str:
    contact = record.laboratory.contact
    parts = (address(contact.location), contact.phone, contact.e_mail, contact.link)
    return " · ".join(part for part in parts if part)


def _standing(signatures: Sequence[Signature]) -> Said | None:
    """Return what to warn of where the laboratory has not sealed it."""
    if not signatures:
        return label("marks", "draft")
    return None if signatures[-1].duty == "issued" else label("marks", "unissued")


def _seal(seal: Signature) -> dict[str, object]:
    """Return what the mark of the seal says."""
    key = fingerprint(seal.chain[0])
    return {
        "facts": [
            _fact(label("marks", "seal_of"), {"text": seal.name}),
            _fact(label("marks", "seal_at"), {"text": _moment(seal, "%Y-%m-%d %H:%M:%S %Z")}),
            _fact(label("marks", "seal_key"), {"hash": key[:32]}, {"hash": key[32:]}),
        ],
        "proof": label("marks", "seal_proof"),
    }


def _moment(signature: Signature, form: str) -> str:
    """Return when it was signed; a dash for a time that it does not tell."""
    return "—" if signature.at is None else signature.at.strftime(form)


def _fact(named: Said, *lines: Cell) -> Fact:
    return {"label": named, "lines": list(lines)}


def _facts(*pairs: tuple[Said, Cell | str | None]) -> list[Fact]:
    """Return labels and what they label, without those that have nothing to tell."""
    return [
        _fact(named, {"text": value} if isinstance(value, str) else value) for named, value in pairs if value
    ]


def _cover(record: Record, words: str) -> list[Fact]:
    """Return for whom, for what, when."""
    where: list[Cell] = [{"text": place}] if (place := address(record.customer.location)) else []
    customer = _fact(label("cover", "customer"), {"said": said(record.customer.name)}, *where)
    given = (
        (said(entry.name) if entry.name else label("cover", "identification"), entry.value)
        for entry in record.identifications
    )
    days = str(record.begun) if record.begun == record.finished else f"{record.begun} – {record.finished}"
    return [
        *_facts((label("headings", "number"), record.number), *given),
        customer,
        *_of_item(record.items[0]),
        *_facts(
            (label("cover", "received"), str(record.received) if record.received else None),
            (label(words, "day"), days),
            (label(words, "place"), {"said": label("places", record.place)} if record.place else None),
            (label("cover", "issued"), str(record.issued) if record.issued else None),
            _earlier(record),
        ),
    ]


def _earlier(record: Record) -> tuple[Said, str | None]:
    """Return the certificate this one takes the place of, or that of the calibration before."""
    if record.replaces is not None:
        return label("cover", "replaces"), record.replaces.number
    return label("cover", "previous"), record.previous.number if record.previous else None


def _of_item(item: Item) -> list[Fact]:
    classes = ", ".join(f"{entry.class_id} ({entry.reference})" for entry in item.classes)
    serials = [
        (said(entry.name) if entry.name else label("cover", "serial"), entry.value)
        for entry in item.identifications
    ]
    return _facts(
        (label("cover", "item"), {"said": said(item.name)}),
        (label("cover", "manufacturer"), {"said": said(item.manufacturer)} if item.manufacturer else None),
        (label("cover", "model"), item.model),
        *serials,
        (label("cover", "class"), classes or None),
        *((said(entry.name), value(entry)) for entry in item.quantities),
        (label("cover", "condition"), {"said": said(item.description)} if item.description else None),
    )


def value(quantity: Quantity) -> Cell:
    """Return a quantity outside a table: its values with their unit."""
    if isinstance(quantity, Note):
        return {"said": said(quantity.text)}
    if isinstance(quantity, Words):
        return {"text": ", ".join(quantity.words)}
    if isinstance(quantity, Complex):
        return {"text": ", ".join(complex_with_unit(pair, quantity) for pair in quantity.values)}
    return {"text": with_unit(quantity.values, quantity.unit)}


def address(location: Location | None) -> str:
    """Return an address in one line, from the house to the country."""
    if location is None:
        return ""
    street = " ".join(part for part in (location.street, location.street_number) if part)
    city = " ".join(part for part in (location.post_code, location.city) if part)
    languages = ("zh", "en") if location.further and location.further.languages else ("",)
    further = " ".join(location.further.get(language) for language in languages) if location.further else None
    parts = (further, location.post_office_box, street, city, location.state, location.country)
    return ", ".join(full_width(part) for part in parts if part)


def _persons(record: Record, words: str, signatures: Sequence[Signature]) -> list[dict[str, object]]:
    """Return who answers for it, and when each of them has signed the XML inside."""
    signed = {signature.duty: _moment(signature, "%Y-%m-%d %H:%M %Z") for signature in signatures}
    return [
        {
            "duty": label(words, person.duty) if person.duty else [["", person.role or ""]],
            "name": said(person.name),
            "role": person.role if person.role and person.duty else "",
            "signed": signed.get(person.duty, "") if person.duty else "",
        }
        for person in record.persons
    ]


def _measurement(measurement: Measurement, font: str) -> dict[str, object]:
    return {
        "methods": [_method(method) for method in measurement.methods],
        "standards": {
            "head": [
                label("standards", name)
                for name in ("name", "model", "range", "quality", "certificate", "until")
            ],
            "rows": [_standard(standard) for standard in measurement.standards],
        },
        "conditions": [_condition(condition) for condition in measurement.conditions],
        "results": results(measurement, font),
    }


def _method(method: Method) -> dict[str, object]:
    described = method.description
    plain = described.get("") if described is not None and not described.languages else None
    found = equations(plain) if plain else None
    return {
        "name": said(method.name),
        "sources": ", ".join((*method.norms, *method.references)),
        "formulas": found or [],
        "formula_text": plain if found else "",
        "description": said(described) if described is not None and not found else None,
    }


RANGE, UNCERTAINTY = "remotecal_measurementRange", "remotecal_expandedUncertainty"
"""refTypes of a standard's characteristics: the span it was calibrated over, U over that span."""


def _standard(standard: Equipment) -> list[list[Cell]]:
    """Return a row of the table of standards, each cell in lines."""
    maker = standard.manufacturer.get("en") if standard.manufacturer else ""
    reference = standard.certificate
    issuer: list[Cell] = [{"said": said(reference.issuer)}] if reference and reference.issuer else []
    until = str(reference.valid_until) if reference and reference.valid_until else "—"
    ranges: list[Cell] = [{"text": _span(entry)} for entry in _stated(standard, RANGE)]
    classes: list[Cell] = [{"text": f"{entry.class_id} ({entry.reference})"} for entry in standard.classes]
    qualities: list[Cell] = [{"text": f"U = {_span(entry)}"} for entry in _stated(standard, UNCERTAINTY)]
    if standard.description is not None:
        qualities.append({"said": said(standard.description)})
    nothing: list[Cell] = [{"text": "—"}]
    return [
        [{"said": said(standard.name)}],
        [{"text": f"{maker} {standard.model or ''}".strip() or "—"}, {"text": ", ".join(standard.serials)}],
        ranges or nothing,
        [*qualities, *classes] or nothing,
        [{"text": reference.number if reference else "—"}, *issuer],
        [{"text": until}],
    ]


def _stated(standard: Equipment, ref_type: str) -> list[Column]:
    return [
        entry for entry in standard.quantities if isinstance(entry, Column) and ref_type in entry.ref_types
    ]


def _span(column: Column) -> str:
    """Return the ends of a span in one unit: `0 ~ 600 kg`; a single value by itself."""
    ends = tuple(dict.fromkeys(column.values))
    first = "" if len(ends) == 1 else f"{printed(ends[0])} ~ "
    return first + with_unit(ends[-1:], column.unit)


def _condition(condition: Condition) -> Fact:
    """Return the values of a condition; a least and a most one as `19.8 °C ~ 20.6 °C`."""
    parts: list[object] = []
    for number, entry in enumerate(condition.quantities):
        if number:
            parts.append({"text": " ~ " if isinstance(entry, Column) else ", "})
        parts.append(value(entry))
    return {"label": said(condition.name), "lines": [{"parts": parts}]}


def _says(statement: Statement) -> bool:
    return any(
        (statement.name, statement.declaration, statement.norms, statement.conformity, statement.day)
    ) or bool(address(statement.location))


def _statement(statement: Statement) -> dict[str, object]:
    """Return what the laboratory declares, each statement in all its languages."""
    sources = ", ".join((*statement.norms, *statement.references))
    verdict = label("verdicts", statement.conformity) if statement.conformity else None
    return {
        "name": said(statement.name) if statement.name else None,
        "sources": sources if statement.name else "",
        "declaration": said(statement.declaration) if statement.declaration else [],
        "notes": _facts(
            (label("statements", "norms"), sources if not statement.name else None),
            (label("statements", "verdict"), {"said": verdict} if verdict else None),
            (label("statements", "day"), str(statement.day) if statement.day else None),
            (label("statements", "place"), address(statement.location) or None),
        ),
    }


def _units(record: Record) -> list[dict[str, object]]:
    """Return what the units are that D-SI has no notation for, as one statement or none."""
    found: Said = []
    for unit in record.units_outside_dsi:
        of, shown = units.relative_to(unit), units.symbol(unit)
        found += [["", units.definition(unit)]] if of is None else label("units", "level", unit=shown, of=of)
    if not found:
        return []
    return [{"name": label("units", "name"), "sources": "", "declaration": found, "notes": []}]


def _evidence(record: Record) -> dict[str, object]:
    """Return what the results can be computed from again."""
    proof = record.evidence
    inside = label("evidence", "inside")
    if proof is None:
        return {"inside": inside, "facts": []}
    return {
        "inside": inside,
        "facts": _facts(
            (label("evidence", "run"), proof.run),
            (label("evidence", "procedure"), proof.procedure),
            (label("evidence", "procedure_hash"), {"hash": proof.procedure_hash}),
            (label("evidence", "journal_hash"), {"hash": proof.journal_hash}),
            (label("evidence", "lines"), str(proof.lines)),
        ),
    }
