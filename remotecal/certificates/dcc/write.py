"""From the record to a digital calibration certificate (PTB DCC 3.3.0 with D-SI 2.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.dcc.parts import (
    certificate,
    equipment_classes,
    identifications,
    manufacturer,
    software_list,
    text,
)
from remotecal.certificates.dcc.validate import problems_of_schema
from remotecal.certificates.dcc.write_results import measurements, quantity
from remotecal.certificates.dcc.xml import DCC, EVIDENCE, FACE, SI, XSI, add, maybe
from remotecal.errors import RecordError
from remotecal.model import EvidenceReference, Face, Statement, Text
from remotecal.model.base import parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from remotecal.model import Contact, Item, Location, Person, Record

SCHEMA_VERSION = "3.3.0"
OWN_VOCABULARY = "urn:remotecal:reftypes:1"
"""Names the refTypes that begin with `remotecal_`; there is no flow vocabulary of PTB's yet."""

DEMONSTRATION = "remotecal_demonstration"
EVIDENCE_STATEMENT = "remotecal_evidence"
NOT_STATED = "remotecal_notStated"
"""What the schema demands and the certificate that was read does not say."""
NON_SI = "remotecal_nonSIUnit"
WRITTEN_FROM_FIELDS = (DEMONSTRATION, EVIDENCE_STATEMENT, NON_SI)
"""Statements that repeat a field of the record in words; the reader reads the field."""


def write(record: Record) -> bytes:
    """Return `record` as a DCC in UTF-8.

    What was read from another laboratory's certificate keeps the languages it has there. Raises
    `RecordError` if a text of what was computed here is not in every language of the record, or does not
    say which of several items it is of; or if the schema does not allow what the record says.
    """
    from lxml import etree

    if record.evidence is not None:
        _check_languages(record)
        _check_items(record)
    root = etree.Element(f"{{{DCC}}}digitalCalibrationCertificate", nsmap={"dcc": DCC, "si": SI, "xsi": XSI})
    root.set(f"{{{XSI}}}schemaLocation", f"{DCC} {DCC}/v{SCHEMA_VERSION}/dcc.xsd")
    root.set("schemaVersion", SCHEMA_VERSION)
    _administrative_data(root, record)
    results = add(root, "measurementResults")
    measurements(results, record.measurements)
    _kept_beside(root, record)
    etree.indent(root)
    data = etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"
    problems = problems_of_schema(data)
    if problems:
        raise RecordError(f"the schema does not allow what certificate {record.number} says: {problems[0]}")
    return data


def _check_languages(record: Record) -> None:
    used = set(record.languages)
    if len(used) < len(record.languages) or not used.issuperset(record.binding):
        raise RecordError(
            f"the languages {record.languages} must differ, and include the binding ones, {record.binding}"
        )
    for _, found in parts(record):
        if isinstance(found, Text) and not found.says_all(used):
            raise RecordError(
                f"the text {found.get('en')!r} is in {', '.join(found.languages)}, "
                f"but certificate {record.number} is in {', '.join(record.languages)}"
            )


def _check_items(record: Record) -> None:
    """Refuse a certificate of our own for several items that leaves open which of them something is of."""
    if len(record.items) == 1:
        return
    about = {item.id for item in record.items} | {entry.id for entry in record.measurements if entry.items}
    for entry in record.measurements:
        if not all(map(entry.items_of, entry.results)):
            raise RecordError(
                f"measurement {entry.name.get('en')!r} does not say which items its results are of"
            )
    for statement in record.statements:
        if statement.conformity is not None and about.isdisjoint(statement.refs):
            raise RecordError(
                f"certificate {record.number} is for {len(record.items)} items, and a statement of "
                "conformity does not say of which: refer to the item, or to its measurement"
            )


def _said(record: Record, zh: str, en: str) -> Text:
    """Return a sentence of our own in the record's languages, or failing that in English."""
    known = {language: said for language, said in (("zh", zh), ("en", en)) if language in record.languages}
    return Text(known) if len(known) == len(record.languages) else Text.plain(en)


def _administrative_data(root: _Element, record: Record) -> None:
    parent = add(root, "administrativeData")
    software_list(parent, "dccSoftware", record.software)
    definition = add(add(parent, "refTypeDefinitions"), "refTypeDefinition")
    text(definition, "name", Text.plain("remotecal"))
    add(definition, "namespace", "remotecal")
    add(definition, "link", OWN_VOCABULARY)
    _core_data(add(parent, "coreData"), record)
    items = add(parent, "items")
    for item in record.items:
        _item(items, item)
    laboratory = add(parent, "calibrationLaboratory")
    maybe(laboratory, "calibrationLaboratoryCode", record.laboratory.code)
    _contact(laboratory, "contact", record.laboratory.contact)
    persons = add(parent, "respPersons")
    for person in record.persons:
        _person(persons, person)
    _contact(parent, "customer", record.customer)
    statements = [*record.statements, *_statements_of_fields(record)]
    outside = record.units_outside_dsi
    if statements or outside:
        element = add(parent, "statements")
        for statement in statements:
            _statement(element, statement)
        for unit in outside:
            declared = add(element, "statement", refType=NON_SI)
            add(declared, "nonSIDefinition", units.definition(unit))
            add(declared, "nonSIUnit", units.marked(unit))


def _core_data(parent: _Element, record: Record) -> None:
    add(parent, "countryCodeISO3166_1", record.country)
    for language in record.languages:
        add(parent, "usedLangCodeISO639_1", language)
    for language in record.binding:
        add(parent, "mandatoryLangCodeISO639_1", language)
    add(parent, "uniqueIdentifier", record.number)
    identifications(parent, record.identifications)
    maybe(parent, "receiptDate", record.received)
    add(parent, "beginPerformanceDate", str(record.begun))
    add(parent, "endPerformanceDate", str(record.finished))
    if record.place is None:
        add(parent, "performanceLocation", "other", id=record.place_id, refType=NOT_STATED)
    else:
        add(parent, "performanceLocation", record.place, id=record.place_id)
    maybe(parent, "issueDate", record.issued)
    if record.replaces is not None:
        replaced = add(parent, "reportAmendedSubstituted")
        add(replaced, "typeOfChange", record.replaces.change)
        add(replaced, "replacedUniqueIdentifier", record.replaces.number)
    certificate(parent, "previousReport", record.previous)


def _item(parent: _Element, item: Item) -> None:
    element = add(parent, "item", id=item.id)
    text(element, "name", item.name)
    equipment_classes(element, item.classes)
    text(element, "description", item.description)
    manufacturer(element, item.manufacturer)
    maybe(element, "model", item.model)
    identifications(element, item.identifications)
    if item.quantities:
        quantities = add(element, "itemQuantities")
        for entry in item.quantities:
            quantity(quantities, "itemQuantity", entry)


def _person(parent: _Element, person: Person) -> None:
    duty = f"remotecal_{person.duty}" if person.duty else None
    element = add(parent, "respPerson", refType=duty)
    text(add(element, "person"), "name", person.name)
    text(element, "description", person.description)
    maybe(element, "role", person.role)
    maybe(element, "mainSigner", person.main_signer)


def _statements_of_fields(record: Record) -> Iterator[Statement]:
    if record.demonstration:
        said = _said(
            record, zh="演示文件，不是有效证书。", en="Demonstration: this is not a valid certificate."
        )
        yield Statement(ref_types=(DEMONSTRATION,), declaration=said)
    if record.evidence is not None:
        proof = record.evidence
        said = _said(
            record,
            zh=f"结果由运行 {proof.run} 的记录计算得出，记录链首 SHA-256：{proof.journal_hash}。",
            en=f"The results were computed from the journal of run {proof.run}, "
            f"whose head has the SHA-256 {proof.journal_hash}.",
        )
        yield Statement(ref_types=(EVIDENCE_STATEMENT,), declaration=said)


def _statement(parent: _Element, statement: Statement) -> None:
    element = add(
        parent,
        "statement",
        id=statement.id,
        refId=" ".join(statement.refs),
        refType=" ".join(statement.ref_types),
    )
    text(element, "name", statement.name)
    maybe(element, "traceable", statement.traceable)
    for norm in statement.norms:
        add(element, "norm", norm)
    for reference in statement.references:
        add(element, "reference", reference)
    text(element, "declaration", statement.declaration)
    maybe(element, "valid", statement.valid)
    maybe(element, "date", statement.day)
    maybe(element, "period", statement.period)
    maybe(element, "conformity", statement.conformity)
    _location(element, statement.location)


def _kept_beside(root: _Element, record: Record) -> None:
    """Put evidence and face where a machine finds them: no element may be empty, so all is text."""
    told = (("evidence", EVIDENCE, record.evidence), ("face", FACE, record.face))
    kept = [(name, namespace, part) for name, namespace, part in told if part is not None]
    if kept:
        comment = add(root, "comment")
        for name, namespace, part in kept:
            _as_text(comment, name, namespace, part)


def _as_text(comment: _Element, name: str, namespace: str, part: EvidenceReference | Face) -> None:
    from lxml.etree import SubElement

    element = SubElement(comment, f"{{{namespace}}}{name}", nsmap={name: namespace})
    for field in type(part).model_fields:
        said = getattr(part, field)
        if said is not None:
            child = SubElement(element, f"{{{namespace}}}{field}")
            child.text = str(said)  # pyright: ignore[reportAttributeAccessIssue]  # lxml's stubs


def _contact(parent: _Element, name: str, party: Contact) -> None:
    element = add(parent, name)
    text(element, "name", party.name)
    maybe(element, "eMail", party.e_mail)
    maybe(element, "phone", party.phone)
    maybe(element, "link", party.link)
    _location(element, party.location)


def _location(parent: _Element, location: Location | None) -> None:
    if location is None:
        return
    element = add(parent, "location")
    maybe(element, "street", location.street)
    maybe(element, "streetNo", location.street_number)
    maybe(element, "postCode", location.post_code)
    maybe(element, "postOfficeBox", location.post_office_box)
    maybe(element, "city", location.city)
    maybe(element, "state", location.state)
    maybe(element, "countryCode", location.country)
    text(element, "further", location.further)
