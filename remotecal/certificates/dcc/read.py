"""From a digital calibration certificate of any version since 2.2 to the record.

Tolerant of what real files contain where the meaning is certain; strict where a number would change
its meaning. Whatever the model has no place for is listed in `Record.left_out`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.dcc.read_forms import (
    Form,
    day,
    line,
    lines,
    name_inside,
    own_id,
    ref_types,
    refs,
    texts,
    truth,
)
from remotecal.certificates.dcc.read_results import (
    IDENTIFICATION,
    PROGRAMS,
    REPORT,
    THING,
    measurements,
    quantities,
)
from remotecal.certificates.dcc.source import TWICE, CertificateSource, by_name, in_full, name_of, only, the
from remotecal.certificates.dcc.validate import schema_problems, version
from remotecal.certificates.dcc.write import (
    DEMONSTRATION,
    NOT_STATED,
    OWN_VOCABULARY,
    WRITTEN_FROM_FIELDS,
)
from remotecal.certificates.dcc.xml import EVIDENCE, FACE, LARGEST_FILE, SIGNATURE
from remotecal.errors import RecordError
from remotecal.model import (
    Contact,
    EvidenceReference,
    Face,
    Item,
    Laboratory,
    Location,
    Person,
    Record,
    Replacement,
    Statement,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lxml.etree import _Element


LINK = in_full("link")
CERTIFICATE = by_name("administrativeData", "measurementResults", "comment") | {SIGNATURE: "Signature"}


def read_file(path: Path) -> Record:
    """Return the record of the certificate in a file; see `read`."""
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE + 1)
    try:
        return read(data)
    except RecordError as error:
        raise RecordError(f"{path}: {error}") from error


def read(data: bytes, *, valid: bool = False) -> Record:
    """Return the record a DCC of version 2.2 to 2.4 or 3.x tells; if `valid`, only of a valid one.

    Raises `RecordError`, with line and element, for anything that can't be read without guessing:
    an unknown unit, lists whose lengths don't match, an id given twice, a number that is none; and
    for files that are hostile or no certificate. Signatures are not checked here.
    """
    source = CertificateSource(data)
    declared = version(source.root)
    if not declared.startswith(("2.2", "2.3", "2.4", "3.")):
        raise RecordError(f"the certificate is a DCC of version {declared!r}; 2.2 to 2.4 and 3.x can be read")
    problems = schema_problems(source.root) if valid else []
    if problems:
        raise RecordError(f"the certificate is not valid: {problems[0]}")
    children = source.children(source.root, CERTIFICATE)
    if not {"administrativeData", "measurementResults"} <= children.keys():
        source.refuse(source.root, "the administrative data or the measurement results are missing")
    element = only(children["administrativeData"])
    fields, apart = ADMINISTRATIVE_DATA.fields(source, element)
    core = the(apart, "coreData")
    if core is None:
        source.refuse(element, "coreData is missing")
    fields |= _core_data(source, core) | _statements(source, apart.get("statements", ()))
    fields["measurements"] = measurements(source, only(children["measurementResults"]))
    fields |= _kept_beside(source, children.get("comment", ()))
    for definition in (entry for group in apart.get("refTypeDefinitions", ()) for entry in group):
        if [line(source, link) for link in definition.iterchildren(LINK)] != [OWN_VOCABULARY]:
            source.leave_out(definition)
    source.leave_out_attributes()
    fields["left_out"] = source.left_out
    return source.build(element, Record, fields)


def _core_data(source: CertificateSource, element: _Element) -> dict[str, object]:
    fields, apart = CORE_DATA.fields(source, element)
    place = the(apart, "performanceLocation")
    if place is None and not source.older:
        source.refuse(element, "place is missing")
    if place is not None and place.get("refType") == NOT_STATED:
        source.attribute(place, "refType")
        fields["place"] = None
    else:
        fields["place"] = None if place is None else line(source, place)
    fields["place_id"] = None if place is None else place.get("id")
    for field, name in (("languages", "usedLangCodeISO639_1"), ("binding", "mandatoryLangCodeISO639_1")):
        said = (line(source, language) for language in apart.get(name, ()))
        fields[field] = list(dict.fromkeys(filter(None, said)))
    return fields


def _statements(source: CertificateSource, groups: Sequence[_Element]) -> dict[str, object]:
    """Return the statements; those that repeat a field of the record in words are the field's."""
    statements, demonstration = [], False
    children = [source.children(group, STATEMENTS) for group in groups]
    for element in (element for found in children for element in found.get("statement", ())):
        kinds = ref_types(source, element)
        if set(kinds).isdisjoint(WRITTEN_FROM_FIELDS):
            statements += STATEMENT.each(source, element)
        elif DEMONSTRATION in kinds:
            demonstration = True
    return {"statements": statements, "demonstration": demonstration}


def _kept_beside(source: CertificateSource, groups: Sequence[_Element]) -> dict[str, object]:
    """Return evidence and face, as far as they are there."""
    known: dict[str, tuple[str, type[EvidenceReference | Face]]] = {
        f"{{{EVIDENCE}}}evidence": ("evidence", EvidenceReference),
        f"{{{FACE}}}face": ("face", Face),
    }
    found: dict[str, object] = {}
    for element in (element for group in groups for element in group):
        name = name_of(element)
        if name not in known:
            source.leave_out(element)
            continue
        field, model = known[name]
        parts = {name_of(child): child.text for child in element}
        if field in found or len(parts) != len(element):
            source.refuse(element, f"the {field}, or a part of it, is told twice")
        namespace = name.removesuffix(field)
        fields = {part.removeprefix(namespace): text for part, text in parts.items()}
        found[field] = source.build(element, model, fields)
    return found


def _location(source: CertificateSource, element: _Element) -> Location:
    """Return a place; real files tell parts of an address in several elements."""
    fields, _ = LOCATION.fields(source, element)
    parts = {field: ", ".join(said) or None for field, said in fields.items() if isinstance(said, list)}
    return source.build(element, Location, fields | parts)


def _laboratory(source: CertificateSource, element: _Element) -> Laboratory:
    """Return the laboratory; before version 3 it may have several contacts, of which the first one counts."""
    fields, apart = LABORATORY.fields(source, element)
    contacts = apart.get("contact", [])
    for further in contacts[1:]:
        if not source.older:
            source.refuse(further, TWICE)
        source.leave_out(further, "which is not the laboratory's first")
    if contacts:
        fields["contact"] = CONTACT.read(source, contacts[0])
    return source.build(element, Laboratory, fields)


def _duty(source: CertificateSource, element: _Element) -> str | None:
    duty = None
    for kind in ref_types(source, element):
        if duty is None and kind.startswith("remotecal_"):
            duty = kind.removeprefix("remotecal_")
        else:
            source.leave_out(element, f"its refType {kind!s:.80}")
    return duty


REPLACEMENT = Form(Replacement, number=("replacedUniqueIdentifier", line), change=("typeOfChange", line))

CORE_DATA = Form(
    Record,
    "usedLangCodeISO639_1",
    "mandatoryLangCodeISO639_1",
    "performanceLocation",
    country=("countryCodeISO3166_1", line),
    number=("uniqueIdentifier", line),
    identifications=("identifications", IDENTIFICATION.all_within),
    received=("receiptDate", day),
    begun=("beginPerformanceDate", day),
    finished=("endPerformanceDate", day),
    issued=("issueDate", day),
    replaces=("reportAmendedSubstituted", REPLACEMENT.read),
    previous=("previousReport", REPORT.read),
)

ITEMS = Form(Item, **THING, quantities=("itemQuantities", quantities)).within("item")

LOCATION = Form(
    Location,
    street=("street", lines),
    street_number=("streetNo", lines),
    post_code=("postCode", lines),
    post_office_box=("postOfficeBox", lines),
    city=("city", lines),
    state=("state", lines),
    country=("countryCode", lines),
    further=("further", texts),
)

CONTACT = Form(
    Contact,
    name=("name", texts),
    e_mail=("eMail", line),
    phone=("phone", line),
    link=("link", line),
    location=("location", _location),
)

LABORATORY = Form(Laboratory, "contact", code=("calibrationLaboratoryCode", line))

PERSONS = Form(
    Person,
    name=("person", name_inside),
    duty=_duty,
    role=("role", line),
    main_signer=("mainSigner", truth),
    description=("description", texts),
).within("respPerson")

STATEMENTS = by_name("statement")
STATEMENT = Form(
    Statement,
    id=own_id,
    ref_types=ref_types,
    refs=refs,
    name=("name", texts),
    declaration=("declaration", texts),
    norms=("norm", lines),
    references=("reference", lines),
    traceable=("traceable", truth),
    valid=("valid", truth),
    conformity=("conformity", line),
    day=("date", day),
    period=("period", line),
    location=("location", _location),
)

ADMINISTRATIVE_DATA = Form(
    Record,
    "refTypeDefinitions",
    "coreData",
    "statements",
    software=("dccSoftware", PROGRAMS),
    items=("items", ITEMS),
    laboratory=("calibrationLaboratory", _laboratory),
    persons=("respPersons", PERSONS),
    customer=("customer", CONTACT.read),
)
