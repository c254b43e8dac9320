"""What the printed certificate says (ISO/IEC 17025, 7.8.2 and 7.8.4), as data for the template.

Nothing but dictionaries, lists and strings: the template decides how it looks, and never reads a
string as markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remotecal import units
from remotecal.certificates.added import address_in
from remotecal.certificates.pdf.circumstances import Circumstances, circumstances, shared_by, told_of
from remotecal.certificates.pdf.face import Design, design_of, digest, is_marked
from remotecal.certificates.pdf.facts import Fact, fact, facts
from remotecal.certificates.pdf.items import apart, called, in_common
from remotecal.certificates.pdf.numbers import Cell, full_width, said, told
from remotecal.certificates.pdf.qr import qr_code
from remotecal.certificates.pdf.results import annexes, results
from remotecal.certificates.pdf.wording import Said, has, kind, label, label_of, names
from remotecal.certificates.signing.keys import fingerprint
from remotecal.model import VALID_UNTIL, VERIFICATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.certificates.signing.signature import Signature
    from remotecal.model import Location, Measurement, Record, Statement

WORST_FIRST: Final = ("fail", "conditionalFail", "noPass", "noFail", "conditionalPass", "pass")
"""Verdicts: of several, the conclusion is the first of these."""


def content(record: Record, signatures: Sequence[Signature], font: str) -> dict[str, object]:
    """Return all that is printed.

    Args:
        record: the certificate.
        signatures: those on the XML inside, which hold; the seal is shown where it is among them.
        font: the family for the Chinese, for the pictures.
    """
    words, face = kind(record), design_of(record)
    shared = shared_by(record.measurements)
    seal = signatures[-1] if signatures and signatures[-1].duty == "issued" else None
    if record.issued is None and seal is not None and seal.at is not None:
        record = record.model_copy(update={"issued": seal.at.date()})  # it is issued by being sealed
    return {
        "number": record.number,
        "title": face.label(words, "title"),
        "headings": {name: _heading(name, words, face) for name in names("headings")},
        "marks": {name: label_of(words, "marks", name) for name in names("marks")},
        "results": face.label(words, "results"),
        "day": str(record.issued or record.finished),
        "author": record.laboratory.contact.name.get("en"),
        "laboratory": said(record.laboratory.contact.name),
        "code": record.laboratory.code or "",
        "imprint": _imprint(record),
        "face": _face(record, face),
        "demonstration": record.demonstration,
        "standing": _standing(signatures),
        "cover": _cover(record, words, face),
        "items": apart(record, face),
        "persons": _persons(record, words, face, signatures),
        "seal": None if seal is None else _seal(seal) | {"qr": _public(record)},
        "common": circumstances(shared, face) | {"approvals": _approvals(record, face)},
        "measurements": [_measurement(record, each, shared, face, font) for each in record.measurements],
        "statements": [
            *(
                _statement(record, statement)
                for statement in record.statements
                if _says(statement) and statement not in record.approvals
            ),
            *_units(record),
        ],
        "evidence": _evidence(record),
        "annexes": annexes(record),
    }


def margins(record: Record) -> tuple[str, ...]:
    """Return what stands on every page, but for its number, without blanks."""
    laboratory = "".join(text for _, text in said(record.laboratory.contact.name))
    face = design_of(record)
    number = "".join(text for _, text in face.label("headings", "number"))
    watermark = "".join(text for _, text in label("marks", "watermark"))
    parts = [laboratory + (record.laboratory.code or ""), number + record.number, _imprint(record)]
    parts[-1] += "".join(line.zh + line.en for line in face.footer)
    return tuple("".join(part.split()) for part in [*parts, *([watermark] if record.demonstration else [])])


def _imprint(record: Record) -> str:
    contact = record.laboratory.contact
    parts = (address(contact.location), contact.phone, contact.e_mail, contact.link)
    return " · ".join(part for part in parts if part)


def _face(record: Record, face: Design) -> dict[str, object]:
    """Return what the laboratory adds of its own; which files its pictures are in is the printer's."""
    return {
        "logo": None if face.logo is None else face.logo.alt.said,
        "mark": face.mark.alt.said if face.mark is not None and is_marked(record) else None,
        "letterhead": [line.said for line in face.letterhead],
        "footer": [line.said for line in face.footer],
        "notes": [line.said for line in face.notes],
    }


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
            fact(label("marks", "seal_of"), {"text": seal.name}),
            fact(label("marks", "seal_at"), {"text": _moment(seal, "%Y-%m-%d %H:%M:%S %Z")}),
            fact(label("marks", "seal_key"), {"hash": key[:32]}, {"hash": key[32:]}),
        ],
        "proof": label("marks", "seal_proof"),
    }


def _public(record: Record) -> dict[str, object] | None:
    """Return the QR code of where anybody is told whether it counts; None if the certificate says nothing."""
    address = address_in(record)
    if address is None:
        return None
    return {"svg": qr_code(address), "alt": address, "caption": label("marks", "public")}


def _moment(signature: Signature, form: str) -> str:
    """Return when it was signed; a dash for a time that it does not tell."""
    return "—" if signature.at is None else signature.at.strftime(form)


def _heading(name: str, words: str, face: Design) -> Said:
    """Return a heading: as the laboratory's face words it, unless what is printed can't be called so."""
    own = f"{words}_headings"
    return label(own, name) if has(own, name) else face.label("headings", name)


def _cover(record: Record, words: str, face: Design) -> list[Fact]:
    """Return for whom, for what, when."""
    where: list[Cell] = [{"text": place}] if (place := address(record.customer.location)) else []
    customer = fact(face.label("cover", "customer"), {"said": said(record.customer.name)}, *where)
    given = (
        (said(entry.name) if entry.name else face.label("cover", "identification"), entry.value)
        for entry in record.identifications
    )
    days = str(record.begun) if record.begun == record.finished else f"{record.begun} – {record.finished}"
    return [
        *facts((_heading("number", words, face), record.number), *given),
        customer,
        *in_common(record, face),
        *(_verified(record) if record.is_verification else ()),
        *facts(
            (face.label("cover", "received"), str(record.received) if record.received else None),
            (face.label(words, "day"), days),
            (label("cover", "until"), _until(record)),
            (face.label(words, "place"), {"said": label("places", record.place)} if record.place else None),
            (face.label("cover", "issued"), str(record.issued) if record.issued else None),
            _earlier(record),
        ),
    ]


def _verified(record: Record) -> list[Fact]:
    """Return by which regulations the items were verified, and with what conclusion."""
    stated = next(each for each in record.statements if VERIFICATION in each.ref_types)
    verdicts = {each.conformity for each in record.verdicts}
    worst = next((verdict for verdict in WORST_FIRST if verdict in verdicts), None)
    return facts(
        (label("cover", "regulations"), ", ".join(stated.norms) or None),
        (label("cover", "conclusion"), {"said": label("verdicts", worst)} if worst else None),
    )


def _until(record: Record) -> str | None:
    """Return until when a verification holds, if it says so."""
    until = (str(each.day) for each in record.statements if VALID_UNTIL in each.ref_types and each.day)
    return ", ".join(dict.fromkeys(until)) or None if record.is_verification else None


def _earlier(record: Record) -> tuple[Said, str | None]:
    """Return the certificate this one takes the place of, or that of the calibration before."""
    if record.replaces is not None:
        return label("cover", "replaces"), record.replaces.number
    return label("cover", "previous"), record.previous.number if record.previous else None


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


def _persons(
    record: Record, words: str, face: Design, signatures: Sequence[Signature]
) -> list[dict[str, object]]:
    """Return who answers for it, and when each of them has signed the XML inside."""
    signed = {signature.duty: _moment(signature, "%Y-%m-%d %H:%M %Z") for signature in signatures}
    return [
        {
            "duty": face.label(words, person.duty) if person.duty else [["", person.role or ""]],
            "name": said(person.name),
            "role": person.role if person.role and person.duty else "",
            "signed": signed.get(person.duty, "") if person.duty else "",
        }
        for person in record.persons
    ]


def _measurement(
    record: Record, measurement: Measurement, shared: Circumstances, face: Design, font: str
) -> Fact:
    of = dict.fromkeys(item for result in measurement.results for item in measurement.items_of(result))
    return {
        **circumstances(told_of(measurement).without(shared), face),
        "name": told(measurement.name) if len(record.measurements) > 1 else None,
        "items": called(record, of),
        "results": results(record, measurement, face, font),
    }


def _says(statement: Statement) -> bool:
    return any(
        (statement.name, statement.declaration, statement.norms, statement.conformity, statement.day)
    ) or bool(address(statement.location))


def _statement(record: Record, statement: Statement) -> dict[str, object]:
    """Return what the laboratory declares, each statement in all its languages."""
    sources = ", ".join((*statement.norms, *statement.references))
    verdict = label("verdicts", statement.conformity) if statement.conformity else None
    return {
        "name": told(statement.name) if statement.name else None,
        "sources": sources if statement.name else "",
        "declaration": told(statement.declaration) if statement.declaration else [],
        "notes": facts(
            (label("statements", "of"), _spoken_of(record, statement) or None),
            (label("statements", "norms"), sources if not statement.name else None),
            (label("statements", "verdict"), {"said": verdict} if verdict else None),
            (label("statements", "day"), str(statement.day) if statement.day else None),
            (label("statements", "place"), address(statement.location) or None),
        ),
    }


def _spoken_of(record: Record, statement: Statement) -> str:
    """Return the items and measurements a statement speaks of, where there are others."""
    named = [called(record, statement.refs)] if len(record.items) > 1 else []
    if len(record.measurements) > 1:
        spoken = [each.name for each in record.measurements if each.id in statement.refs]
        named += [" ".join(text for _, text in said(name)) for name in spoken]
    return "; ".join(filter(None, named))


def _approvals(record: Record, face: Design) -> dict[str, object] | None:
    """Return the table of what is approved as a measurement standard; None where nothing is stated."""
    rows = [
        [
            {"said": told(entry.name) if entry.name else []},
            {"said": told(entry.declaration) if entry.declaration else []},
            {"text": ", ".join(entry.references)},
            {"text": str(entry.day or "—")},
        ]
        for entry in record.approvals
    ]
    if not rows:
        return None
    return {
        "head": [label("approvals", name) for name in ("name", "quality", "number", "until")],
        "rows": rows,
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
    inside = label_of(kind(record), "evidence", "inside")
    face: Cell | None = {"hash": digest(record.face)} if record.face is not None else None
    printed_with = facts((label("evidence", "face"), face))
    if proof is None:
        return {"inside": inside, "facts": printed_with}
    return {
        "inside": inside,
        "facts": facts(
            (label("evidence", "run"), proof.run),
            (label("evidence", "procedure"), proof.procedure),
            (label("evidence", "procedure_hash"), {"hash": proof.procedure_hash}),
            (label("evidence", "journal_hash"), {"hash": proof.journal_hash}),
            (label("evidence", "lines"), str(proof.lines)),
        )
        + printed_with,
    }
