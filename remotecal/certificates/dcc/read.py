"""From a digital calibration certificate of any version since 2.2 to the record.

Tolerant of what real files contain where the meaning is certain; strict where a number would change
its meaning. Whatever the model has no place for is listed in `Record.left_out`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.dcc.read_results import (
    THING,
    identifications,
    measurements,
    primitive,
    program,
    report,
    thing,
)
from remotecal.certificates.dcc.source import Source, day, line, lines, name_of, named, only, texts, truth
from remotecal.certificates.dcc.validate import schema_problems, version
from remotecal.certificates.dcc.write import DEMONSTRATION, WRITTEN_FROM_FIELDS
from remotecal.certificates.dcc.xml import EVIDENCE, LARGEST_FILE
from remotecal.errors import RecordError
from remotecal.model import (
    Contact,
    Evidence,
    Item,
    Laboratory,
    Location,
    Person,
    Record,
    Replacement,
    ReportReference,
    Statement,
)

if TYPE_CHECKING:
    from pathlib import Path

    from lxml.etree import _Element

    from remotecal.certificates.dcc.source import Children

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


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
    source = Source(data)
    declared = version(source.root)
    if not declared.startswith(("2.2", "2.3", "2.4", "3.")):
        raise RecordError(f"the certificate is a DCC of version {declared!r}; 2.2 to 2.4 and 3.x can be read")
    problems = schema_problems(source.root) if valid else []
    if problems:
        raise RecordError(f"the certificate is not valid: {problems[0]}")
    children = source.children(source.root, "administrativeData", "measurementResults", "comment", SIGNATURE)
    evidence = _evidence(source, children)
    element, results = only(children, "administrativeData"), only(children, "measurementResults")
    if element is None or results is None:
        source.refuse(source.root, "the administrative data or the measurement results are missing")
    administrative = _administrative_data(source, element)
    found = measurements(source, results)
    return source.build(
        element,
        Record,
        measurements=tuple(found),
        evidence=evidence,
        left_out=tuple(source.left_out),
        **administrative,
    )


def _administrative_data(source: Source, element: _Element) -> dict[str, object]:
    children = source.children(
        element,
        "dccSoftware",
        "refTypeDefinitions",
        "coreData",
        "items",
        "calibrationLaboratory",
        "respPersons",
        "customer",
        "statements",
    )

    def each(group: str, name: str) -> list[_Element]:
        parts = [source.children(child, name) for child in children.get(group, ())]
        return [found for part in parts for found in part.get(name, ())]

    core, laboratory, customer = (
        _one(source, element, children, name) for name in ("coreData", "calibrationLaboratory", "customer")
    )
    statements = each("statements", "statement")
    own = [entry for entry in statements if not set(source.ref_types(entry)).isdisjoint(WRITTEN_FROM_FIELDS)]
    return {
        "software": tuple(program(source, entry) for entry in each("dccSoftware", "software")),
        "items": tuple(_item(source, entry) for entry in each("items", "item")),
        "laboratory": _laboratory(source, laboratory),
        "persons": tuple(_person(source, entry) for entry in each("respPersons", "respPerson")),
        "customer": _contact(source, customer),
        "statements": tuple(_statement(source, entry) for entry in statements if entry not in own),
        "demonstration": any(DEMONSTRATION in source.ref_types(entry) for entry in own),
        **_core_data(source, core),
    }


def _one(source: Source, element: _Element, children: Children, name: str) -> _Element:
    """Return the one child so named of an element that must have one."""
    found = only(children, name)
    return source.refuse(element, f"{name} is missing") if found is None else found


def _core_data(source: Source, element: _Element) -> dict[str, object]:
    children = source.children(
        element,
        "countryCodeISO3166_1",
        "usedLangCodeISO639_1",
        "mandatoryLangCodeISO639_1",
        "uniqueIdentifier",
        "identifications",
        "receiptDate",
        "beginPerformanceDate",
        "endPerformanceDate",
        "performanceLocation",
        "issueDate",
        "reportAmendedSubstituted",
        "previousReport",
    )
    place = only(children, "performanceLocation")
    replaces = None
    child = only(children, "reportAmendedSubstituted")
    if child is not None:
        parts = source.children(child, "typeOfChange", "replacedUniqueIdentifier")
        number, change = line(parts, "replacedUniqueIdentifier"), line(parts, "typeOfChange")
        replaces = source.build(child, Replacement, number=number, change=change)
    return {
        "number": line(children, "uniqueIdentifier"),
        "country": line(children, "countryCodeISO3166_1"),
        "languages": tuple(dict.fromkeys(lines(children, "usedLangCodeISO639_1"))),
        "binding": tuple(dict.fromkeys(lines(children, "mandatoryLangCodeISO639_1"))),
        "identifications": identifications(source, children),
        "received": day(source, children, "receiptDate"),
        "begun": day(source, children, "beginPerformanceDate"),
        "finished": day(source, children, "endPerformanceDate"),
        "place": line(children, "performanceLocation"),
        "place_id": None if place is None else place.get("id"),
        "issued": day(source, children, "issueDate"),
        "replaces": replaces,
        "previous": report(source, children, "previousReport", ReportReference),
    }


def _item(source: Source, element: _Element) -> Item:
    children = source.children(element, *THING, "itemQuantities")
    quantities = primitive(source, children, "itemQuantities")
    return source.build(element, Item, quantities=quantities, **thing(source, element, children))


def _laboratory(source: Source, element: _Element) -> Laboratory:
    children = source.children(element, "calibrationLaboratoryCode", "contact")
    party = _contact(source, _one(source, element, children, "contact"))
    return source.build(element, Laboratory, contact=party, code=line(children, "calibrationLaboratoryCode"))


def _contact(source: Source, element: _Element) -> Contact:
    children = source.children(element, "name", "eMail", "phone", "link", "location")
    return source.build(
        element,
        Contact,
        name=named(source, children),
        e_mail=line(children, "eMail"),
        phone=line(children, "phone"),
        link=line(children, "link"),
        location=_location(source, children),
    )


ADDRESS = {
    "street": "street",
    "streetNo": "street_number",
    "postCode": "post_code",
    "postOfficeBox": "post_office_box",
    "city": "city",
    "state": "state",
    "countryCode": "country",
}
"""What the DCC and the model call the parts of an address."""


def _location(source: Source, children: Children) -> Location | None:
    element = only(children, "location")
    if element is None:
        return None
    parts = source.children(element, *ADDRESS, "further")
    fields = {field: ", ".join(lines(parts, name)) or None for name, field in ADDRESS.items()}
    return source.build(element, Location, further=texts(source, parts, "further"), **fields)


def _person(source: Source, element: _Element) -> Person:
    children = source.children(element, "person", "description", "role", "mainSigner")
    parts = [source.children(child, "name") for child in children.get("person", ())]
    duties = [
        kind.removeprefix("remotecal_") for kind in source.ref_types(element) if kind.startswith("remotecal_")
    ]
    return source.build(
        element,
        Person,
        name=named(source, parts[0] if parts else {}),
        duty=duties[0] if duties else None,
        role=line(children, "role"),
        main_signer=truth(children, "mainSigner"),
        description=texts(source, children, "description"),
    )


def _statement(source: Source, element: _Element) -> Statement:
    children = source.children(
        element,
        "name",
        "traceable",
        "norm",
        "reference",
        "declaration",
        "valid",
        "date",
        "period",
        "conformity",
        "location",
    )
    return source.build(
        element,
        Statement,
        id=element.get("id"),
        ref_types=source.ref_types(element),
        refs=source.refs(element),
        name=texts(source, children, "name"),
        declaration=texts(source, children, "declaration"),
        norms=lines(children, "norm"),
        references=lines(children, "reference"),
        traceable=truth(children, "traceable"),
        valid=truth(children, "valid"),
        conformity=line(children, "conformity"),
        day=day(source, children, "date"),
        period=line(children, "period"),
        location=_location(source, children),
    )


def _evidence(source: Source, children: Children) -> Evidence | None:
    found = None
    for element in (element for group in children.get("comment", ()) for element in group):
        if name_of(element) == f"{{{EVIDENCE}}}evidence":
            parts = {name_of(child): child.text for child in element}
            if found is not None or len(parts) != len(element):
                source.refuse(element, "the evidence, or a part of it, is told twice")
            fields = {name.removeprefix(f"{{{EVIDENCE}}}"): text for name, text in parts.items()}
            found = source.build(element, Evidence, **fields)
        else:
            source.leave_out(element)
    return found
