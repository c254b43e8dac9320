"""The certificate on paper: a bilingual PDF/A-3b with the DCC inside."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

from remotecal.certificates.pdf.markup import both, said, tag
from remotecal.certificates.pdf.results import budgets, results
from remotecal.certificates.pdf.sections import address, circumstances, cover, evidence, statements
from remotecal.certificates.pdf.style import STYLE
from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from lxml.etree import _Element
    from pydyf import PDF
    from weasyprint import Document

    from remotecal.model import Record

EMBEDDED_NAME = "certificate.xml"


def print_certificate(record: Record, xml: bytes) -> bytes:
    """Return `record` as a PDF/A-3b that holds `xml`, the same certificate as a DCC.

    The day of issue is that on which `xml` was sealed, as the seal tells it.

    Raises `ConfigurationError` if the computer has no font for the characters of the record: a
    certificate with boxes in place of characters is none.
    """
    from weasyprint import HTML, Attachment

    record = _dated(record, xml)
    attachment = Attachment(
        string=xml, name=EMBEDDED_NAME, description="Digital calibration certificate", relationship="Data"
    )
    with warnings.catch_warnings():
        # WeasyPrint leaves it to the garbage collector to close its colour profile.
        warnings.simplefilter("ignore", ResourceWarning)
        printed = HTML(string=page(record), url_fetcher=_fetch_nothing).write_pdf(
            attachments=[attachment], pdf_variant="pdf/a-3b", finisher=_finish
        )
    return cast("bytes", printed)  # without a target it returns the document


def _dated(record: Record, xml: bytes) -> Record:
    from remotecal.certificates.signing.xml import read_signatures

    seals = [signature for signature in read_signatures(xml) if signature.duty == "issued"]
    return (
        record.model_copy(update={"issued": seals[-1].at.date()}) if seals and not record.issued else record
    )


def page(record: Record) -> str:
    """Return `record` as the HTML that is printed."""
    from lxml import etree

    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("title", f"{record.number} 校准证书 Calibration certificate"),
        tag("meta", name="author", content=record.laboratory.contact.name.get("en")),
        tag("style", STYLE),
    )
    body = tag("body", _letterhead(record), _imprint(record))
    if record.demonstration:
        body.append(_watermark())
        body.append(
            tag(
                "div",
                both("演示文件，不是有效证书", "Demonstration — not a valid certificate"),
                class_="banner",
            )
        )
    sections = cover(record)
    inside = tag("section", class_="annex")
    for measurement in record.measurements:
        inside.extend(circumstances(measurement))
        inside.extend(results(measurement))
    inside.extend(statements(record))
    inside.append(tag("div", *evidence(record), class_="together"))
    annexes = [part for measurement in record.measurements for part in budgets(measurement)]
    end = tag("p", "——— 证书结束 End of certificate ———", class_="end")
    for part in (*sections, inside, *annexes, end):
        body.append(part)
    return "<!DOCTYPE html>" + etree.tostring(
        tag("html", head, body, lang="zh"), encoding="unicode", method="html"
    )


def margins(record: Record) -> tuple[str, ...]:
    """Return what stands on every page, but for its number, without blanks."""
    parts = [_letterhead(record), _imprint(record), *([_watermark()] if record.demonstration else [])]
    return tuple("".join("".join(map(str, part.itertext())).split()) for part in parts)


def _letterhead(record: Record) -> _Element:
    laboratory = record.laboratory
    code = tag("div", laboratory.code, class_="small") if laboratory.code else None
    name = tag("td", tag("div", said(laboratory.contact.name), class_="laboratory"), code)
    number = tag("td", both("证书编号", "Certificate number"), tag("br"), record.number, class_="number")
    return tag("div", tag("table", tag("tr", name, number)), id="letterhead")


def _watermark() -> _Element:
    return tag("div", "演示 · 无效", tag("br"), "DEMONSTRATION", class_="demonstration")


def _imprint(record: Record) -> _Element:
    contact = record.laboratory.contact
    parts = (address(contact.location), contact.phone, contact.e_mail, contact.link)
    return tag("div", " · ".join(part for part in parts if part), id="imprint")


def _fetch_nothing(url: str) -> dict[str, str]:
    raise ValueError(f"a certificate refers to nothing outside itself, such as {url}")


def _finish(document: Document, pdf: PDF) -> None:
    """Refuse missing characters, and list the attachment once where WeasyPrint lists it twice."""
    missing = {code for font in document.fonts.values() for code in font.missing}
    if missing:
        shown = "".join(map(chr, sorted(missing)[:12]))
        raise ConfigurationError(
            f"no font on this computer has the characters {shown}; "
            "install a Chinese one, on Debian: apt install fonts-wqy-microhei"
        )
    associated = pdf.catalog["AF"]
    associated[:] = dict.fromkeys(associated)
