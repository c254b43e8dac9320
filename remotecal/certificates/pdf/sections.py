"""The sections of the printed certificate (ISO/IEC 17025, 7.8.2 and 7.8.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal import units
from remotecal.certificates.pdf.markup import both, facts, ordered, printed, row, said, tag
from remotecal.model import Column, Note, Words

if TYPE_CHECKING:
    from lxml.etree import _Element

    from remotecal.model import (
        Condition,
        Contact,
        Identification,
        Item,
        Location,
        Measurement,
        Quantity,
        Record,
    )

DUTIES = {
    "performed": ("检定员", "Calibrated by"),
    "reviewed": ("核验员", "Reviewed by"),
    "approved": ("批准人", "Approved by"),
}
PLACES = {
    "laboratory": ("实验室内", "in the laboratory"),
    "customer": ("客户现场", "at the customer's site"),
    "laboratoryBranch": ("实验室分部", "in a branch of the laboratory"),
    "customerBranch": ("客户分部现场", "at a branch of the customer"),
    "other": ("其他地点", "elsewhere"),
}
VERDICTS = {
    "pass": ("合格", "pass"),
    "fail": ("不合格", "fail"),
    "conditionalPass": ("有条件合格", "conditional pass"),
    "conditionalFail": ("有条件不合格", "conditional fail"),
    "noPass": ("待定", "undecided, no pass"),
    "noFail": ("待定", "undecided, no fail"),
}


def cover(record: Record) -> list[_Element]:
    """Return the first page: for whom, for what, when, under whose names."""
    item = record.items[0]
    return [
        tag("h1", "校准证书"),
        tag("p", "Calibration Certificate"),
        facts(
            (both("证书编号", "Certificate number"), record.number),
            *((_label(entry), entry.value) for entry in record.identifications),
            (both("委托单位", "Customer"), _party(record.customer)),
            *_of_item(item),
            (both("收样日期", "Received"), str(record.received) if record.received else None),
            (both("校准日期", "Calibrated"), _days(record)),
            (both("校准地点", "Place"), both(*PLACES[record.place]) if record.place else None),
            (both("签发日期", "Issued"), str(record.issued) if record.issued else None),
            _earlier(record),
        ),
        *[facts(*_of_item(other)) for other in record.items[1:]],
        _signatures(record),
    ]


def _earlier(record: Record) -> tuple[_Element, str | None]:
    """Return the certificate this one takes the place of, or that of the calibration before."""
    if record.replaces is not None:
        return both("替代证书", "Takes the place of"), record.replaces.number
    return both("上一份证书", "Previous certificate"), record.previous.number if record.previous else None


def _label(entry: Identification) -> _Element:
    return said(entry.name) if entry.name else both("编号", "Number")


def _of_item(item: Item) -> list[tuple[_Element, str | _Element | None]]:
    classes = ", ".join(f"{entry.class_id} ({entry.reference})" for entry in item.classes)
    serials = [
        (both("出厂编号", "Serial number") if not e.name else said(e.name), e.value)
        for e in item.identifications
    ]
    return [
        (both("器具名称", "Item"), said(item.name)),
        (both("制造单位", "Manufacturer"), said(item.manufacturer) if item.manufacturer else None),
        (both("型号规格", "Model"), item.model),
        *serials,
        (both("准确度等级", "Accuracy class"), classes or None),
        *((said(entry.name), value(entry)) for entry in item.quantities),
        (both("状态", "Condition"), said(item.description) if item.description else None),
    ]


def value(quantity: Quantity) -> _Element:
    """Return a quantity outside a table: its values with their unit."""
    if isinstance(quantity, Note):
        return said(quantity.text)
    if isinstance(quantity, Words):
        return tag("span", ", ".join(quantity.words))
    unit = units.symbol(quantity.unit)
    blank = "" if unit in ("°", "1") else "\u202f" if unit == "%" else "\u00a0"
    return tag("span", ", ".join(map(printed, quantity.values)) + blank + ("" if unit == "1" else unit))


def _days(record: Record) -> str:
    return str(record.begun) if record.begun == record.finished else f"{record.begun} – {record.finished}"


def _party(party: Contact) -> _Element:
    place = address(party.location)
    return tag("span", said(party.name), tag("br") if place else None, place)


def address(location: Location | None) -> str:
    """Return an address in one line, from the house to the country."""
    if location is None:
        return ""
    street = " ".join(part for part in (location.street, location.street_number) if part)
    city = " ".join(part for part in (location.post_code, location.city) if part)
    languages = ("zh", "en") if location.further and location.further.languages else ("",)
    further = " ".join(location.further.get(language) for language in languages) if location.further else None
    parts = (further, location.post_office_box, street, city, location.state, location.country)
    return ", ".join(part for part in parts if part)


def _signatures(record: Record) -> _Element:
    cells = []
    for person in record.persons:
        label = both(*DUTIES[person.duty]) if person.duty else tag("span", person.role or "")
        role = tag("div", person.role, class_="small") if person.role and person.duty else None
        cells.append(tag("td", label, tag("div", class_="line"), said(person.name), role))
    return tag("table", tag("tr", *cells), class_="signatures")


def statements(record: Record) -> list[_Element]:
    """Return what the laboratory declares, each statement in all its languages."""
    found = []
    for statement in record.statements:
        block = tag("div", class_="declaration")
        sources = ", ".join((*statement.norms, *statement.references))
        if statement.name is not None:
            block.append(tag("p", said(statement.name), f" — {sources}" if sources else "", class_="name"))
        for language, declared in ordered(statement.declaration):
            block.append(tag("p", declared, class_="en" if language not in ("", "zh") else "zh"))
        notes: tuple[tuple[_Element, str | _Element | None], ...] = (
            (both("依据", "According to"), sources if sources and statement.name is None else None),
            (
                both("结论", "Verdict"),
                both(*VERDICTS[statement.conformity]) if statement.conformity else None,
            ),
            (both("日期", "Date"), str(statement.day) if statement.day else None),
            (both("地点", "Place"), address(statement.location) or None),
        )
        for label, content in notes:
            if content is not None:
                block.append(tag("p", label, ": ", content, class_="small"))
        if len(block):
            found.append(block)
    return [heading("声明", "Statements"), *found] if found else []


def heading(zh: str, en: str) -> _Element:
    """Return the heading of a section."""
    return tag("h2", both(zh, en))


def circumstances(measurement: Measurement) -> list[_Element]:
    """Return methods, standards with their certificates, and conditions."""
    found = []
    if measurement.methods:
        found.append(heading("方法", "Methods"))
        for method in measurement.methods:
            sources = ", ".join((*method.norms, *method.references))
            block = tag(
                "div", tag("p", said(method.name), f" — {sources}" if sources else ""), class_="declaration"
            )
            if method.description is not None:
                block.append(tag("p", said(method.description), class_="small"))
            found.append(block)
    if measurement.standards:
        found += [heading("测量标准", "Reference standards"), _standards(measurement)]
    if measurement.conditions:
        rows = [(said(entry.name), _between(entry)) for entry in measurement.conditions]
        found += [heading("环境与介质条件", "Conditions"), facts(*rows)]
    return found


def _standards(measurement: Measurement) -> _Element:
    text = ("text",) * 4
    head = (
        both("名称", "Standard", lines=True),
        both("型号 / 编号", "Model / serial number", lines=True),
        both("证书编号 / 签发机构", "Certificate / issued by", lines=True),
        both("有效期至", "Valid until", lines=True),
    )
    table = tag("table", tag("thead", row(*head, head=True, classes=text)), class_="grid")
    body = tag("tbody")
    for standard in measurement.standards:
        maker = standard.manufacturer.get("en") if standard.manufacturer else ""
        reference = standard.certificate
        issuer = said(reference.issuer) if reference and reference.issuer else None
        until = str(reference.valid_until) if reference and reference.valid_until else "—"
        body.append(
            row(
                said(standard.name, lines=True),
                tag(
                    "span", f"{maker} {standard.model or ''}".strip(), tag("br"), ", ".join(standard.serials)
                ),
                tag("span", reference.number if reference else "—", tag("br"), issuer),
                until,
                classes=text,
            )
        )
    table.append(body)
    return table


def _between(condition: Condition) -> _Element:
    """Return the values of a condition; a least and a most one as `19.8 °C ~ 20.6 °C`."""
    span = tag("span")
    for number, entry in enumerate(condition.quantities):
        if number:
            span.append(tag("span", " ~ " if isinstance(entry, Column) else ", "))
        span.append(value(entry))
    return span


def evidence(record: Record) -> list[_Element]:
    """Return what the results can be recomputed from."""
    found = [heading("数据与可追溯证据", "Data and evidence")]
    said_of_file = both(
        "本文件内嵌的 certificate.xml（DCC 3.3.0）是同一证书的机器可读形式。",
        "The file certificate.xml inside this document (DCC 3.3.0) is the same certificate for machines.",
        lines=True,
    )
    found.append(tag("p", said_of_file, class_="declaration"))
    proof = record.evidence
    if proof is not None:
        found.append(
            facts(
                (both("运行", "Run"), proof.run),
                (both("程序", "Procedure"), proof.procedure),
                (
                    both("程序摘要", "Procedure SHA-256"),
                    tag("span", proof.procedure_hash, class_="hash"),
                ),
                (
                    both("记录摘要", "Journal SHA-256"),
                    tag("span", proof.journal_hash, class_="hash"),
                ),
                (both("记录行数", "Lines of the journal"), str(proof.lines)),
            )
        )
    return found
