"""Parts of a certificate that occur in both its administrative data and its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.dcc.xml import NOTHING, add, maybe

if TYPE_CHECKING:
    from lxml.etree import _Element

    from remotecal.model import EquipmentClass, Identification, ReportReference, Software, Text


def text(parent: _Element, name: str, value: Text | None) -> None:
    """Append a text with one content for each language, unless there is none; a dash if it is empty."""
    if value is not None:
        element = add(parent, name)
        for language, content in (value.root or {"": NOTHING}).items():
            add(element, "content", content, lang=language)


def software_list(parent: _Element, name: str, programs: tuple[Software, ...]) -> None:
    """Append a list of programs, unless there is none."""
    if programs:
        element = add(parent, name)
        for program in programs:
            entry = add(element, "software")
            text(entry, "name", program.name)
            add(entry, "release", program.release)
            maybe(entry, "type", program.kind)


def identifications(parent: _Element, entries: tuple[Identification, ...]) -> None:
    """Append the numbers of a thing, unless there is none."""
    if entries:
        element = add(parent, "identifications")
        for entry in entries:
            identification = add(element, "identification", refType=" ".join(entry.ref_types))
            add(identification, "issuer", entry.issuer)
            add(identification, "value", entry.value)
            text(identification, "name", entry.name)


def equipment_classes(parent: _Element, classes: tuple[EquipmentClass, ...]) -> None:
    """Append the classes of an instrument."""
    for entry in classes:
        element = add(parent, "equipmentClass")
        add(element, "reference", entry.reference)
        add(element, "classID", entry.class_id)


def manufacturer(parent: _Element, name: Text | None) -> None:
    """Append a maker, unless it is unknown."""
    if name is not None:
        text(add(parent, "manufacturer"), "name", name)


def certificate(parent: _Element, name: str, reference: ReportReference | None) -> None:
    """Append a reference to another certificate, unless there is none."""
    if reference is None:
        return
    element = add(parent, name)
    text(element, "referral", reference.title)
    add(element, "referralID", reference.number)
    add(element, "procedure", reference.procedure)
    add(element, "value", reference.value)
    text(element, "description", reference.description)
    maybe(element, "inValidityRange", reference.in_validity)
    maybe(element, "traceable", reference.traceable)
