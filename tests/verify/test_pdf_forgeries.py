"""What can be done to a PDF around its printed pages, in each way it can be done, and what finds it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from made import NOW, SIGNED, Made
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    NumberObject,
    StreamObject,
    pdf_name,
    pdf_string,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter
from pyhanko.pdf_utils.writer import copy_into_new_writer as rewrite
from test_printed import LARGER, laid_out

from remotecal.certificates.dcc.read import read
from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.pdf.update import check_update
from remotecal.certificates.signing import pdf as signing
from remotecal.certificates.signing.keys import SigningKey
from remotecal.certificates.signing.pdf import read_pdf_signature, sign_pdf
from remotecal.errors import CertificateRefused
from remotecal.verify import Report, verify

Writer = IncrementalPdfFileWriter | PdfFileWriter
Trick = Callable[[Any], None]
PRINTED = SIGNED + timedelta(hours=1)


def named(**entries: object) -> DictionaryObject:
    return DictionaryObject({pdf_name(f"/{name}"): entry for name, entry in entries.items()})


def array(*entries: object) -> ArrayObject:
    return ArrayObject([NumberObject(entry) if isinstance(entry, int) else entry for entry in entries])


def script() -> DictionaryObject:
    return named(S=pdf_name("/JavaScript"), JS=pdf_string("app.alert('E = 0.001 %')"))


def first_page(writer: Writer) -> DictionaryObject:
    return writer.root["/Pages"]["/Kids"][0]


def in_catalogue(name: str, entry: object) -> Trick:
    def trick(writer: Writer) -> None:
        writer.root[pdf_name(name)] = deepcopy(entry)
        writer.update_root()

    return trick


def above_pages(name: str, entry: object) -> Trick:
    def trick(writer: Writer) -> None:
        writer.root["/Pages"][pdf_name(name)] = entry
        writer.update_container(writer.root["/Pages"])

    return trick


def on_page(name: str, entry: object) -> Trick:
    def trick(writer: Writer) -> None:
        first_page(writer)[pdf_name(name)] = entry
        writer.update_container(first_page(writer))

    return trick


def annotated(**entries: object) -> Trick:
    def trick(writer: Writer) -> None:
        note = writer.add_object(named(Type=pdf_name("/Annot"), **entries))
        on_page("/Annots", ArrayObject([note]))(writer)

    return trick


def other_file(writer: Writer) -> object:
    return writer.add_object(StreamObject(named(Type=pdf_name("/EmbeddedFile")), stream_data=b"<forged/>"))


def attachment(writer: Writer) -> DictionaryObject:
    return writer.root["/Names"]["/EmbeddedFiles"]["/Names"][1]


def another_attachment(writer: Writer) -> None:
    file = named(Type=pdf_name("/Filespec"), F=pdf_string("a.txt"), EF=named(F=other_file(writer)))
    writer.root["/Names"]["/EmbeddedFiles"]["/Names"].extend([pdf_string("a.txt"), writer.add_object(file)])
    writer.update_root()


def another_associated(writer: Writer) -> None:
    file = named(Type=pdf_name("/Filespec"), F=pdf_string("certificate.xml"), EF=named(F=other_file(writer)))
    writer.root[pdf_name("/AF")] = ArrayObject([writer.add_object(file)])
    writer.update_root()


def attached_as(name: str, entry: object = None) -> Trick:
    def trick(writer: Writer) -> None:
        if entry is None:
            attachment(writer)["/EF"][pdf_name(name)] = other_file(writer)
        else:
            attachment(writer)[pdf_name(name)] = entry
        writer.update_container(attachment(writer))

    return trick


def a_script_by_name(writer: Writer) -> None:
    writer.root["/Names"][pdf_name("/JavaScript")] = named(Names=ArrayObject([pdf_string("x"), script()]))
    writer.update_root()


def a_bookmark_that_lies(writer: Writer) -> None:
    mark = writer.root["/Outlines"]["/First"]
    mark[pdf_name("/Title")] = pdf_string("E = 0.001 %, U = 0.000 %")
    writer.update_container(mark)


def a_bookmark_that_acts(writer: Writer) -> None:
    mark = writer.root["/Outlines"]["/First"]
    mark[pdf_name("/A")] = script()
    writer.update_container(mark)


def a_page_less(writer: Writer) -> None:
    pages = writer.root["/Pages"]
    pages[pdf_name("/Kids")] = ArrayObject([pages["/Kids"].raw_get(0)])
    pages[pdf_name("/Count")] = NumberObject(1)
    writer.update_container(pages)


def a_page_twice(writer: Writer) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"].append(pages["/Kids"].raw_get(0))
    writer.update_container(pages)


def more_drawn(writer: Writer) -> None:
    page = first_page(writer)
    drawn = page["/Contents"].data + b"\nq 1 1 1 rg 0 0 595 842 re f Q"
    on_page("/Contents", writer.add_object(StreamObject(stream_data=drawn)))(writer)


def a_layer(writer: Writer) -> None:
    layer = writer.add_object(named(Type=pdf_name("/OCG"), Name=pdf_string("layer")))
    form = StreamObject(named(Subtype=pdf_name("/Form"), OC=layer, BBox=array(0, 0, 1, 1)), stream_data=b"")
    first_page(writer)["/Resources"][pdf_name("/XObject")] = named(X=writer.add_object(form))
    writer.update_container(first_page(writer)["/Resources"])


def another_font(writer: Writer) -> None:
    fonts = first_page(writer)["/Resources"]["/Font"]
    descriptor = fonts[next(iter(fonts))]["/DescendantFonts"][0]["/FontDescriptor"]
    (name,) = (name for name in descriptor if name.startswith("/FontFile"))
    descriptor[name] = writer.add_object(StreamObject(stream_data=descriptor[name].data[:-1] + b"\x01"))
    writer.update_container(descriptor)


def another_text_alternative(writer: Writer) -> None:
    tree = writer.root["/StructTreeRoot"]
    tree[pdf_name("/Alt")] = pdf_string("E = 0.001 %")
    writer.update_container(tree)


TELLING: dict[str, Trick] = {
    "Rotate inherited": above_pages("/Rotate", NumberObject(180)),
    "MediaBox inherited": above_pages("/MediaBox", array(0, 0, 595, 100)),
    "CropBox inherited": above_pages("/CropBox", array(0, 0, 595, 100)),
    "Resources inherited": above_pages("/Resources", DictionaryObject()),
    "Rotate": on_page("/Rotate", NumberObject(90)),
    "CropBox": on_page("/CropBox", array(0, 700, 595, 842)),
    "MediaBox": on_page("/MediaBox", array(0, 400, 595, 842)),
    "UserUnit": on_page("/UserUnit", NumberObject(2)),
    "page's actions": on_page("/AA", named(O=script())),
    "page's transition": on_page("/Trans", DictionaryObject()),
    "OpenAction": in_catalogue("/OpenAction", script()),
    "AA": in_catalogue("/AA", named(WC=script())),
    "JavaScript": a_script_by_name,
    "URI base": in_catalogue("/URI", named(Base=pdf_string("https://example.org"))),
    "XFA": in_catalogue("/AcroForm", named(Fields=ArrayObject(), XFA=pdf_string("<xdp/>"))),
    "calculation": in_catalogue("/AcroForm", named(Fields=ArrayObject(), CO=ArrayObject())),
    "optional content": in_catalogue("/OCProperties", named(OCGs=ArrayObject(), D=named())),
    "layer": a_layer,
    "portfolio": in_catalogue("/Collection", named(View=pdf_name("/H"))),
    "threads": in_catalogue("/Threads", ArrayObject()),
    "rights": in_catalogue("/Perms", named()),
    "second attachment": another_attachment,
    "associated file": another_associated,
    "EF/UF": attached_as("/UF"),
    "EF/F": attached_as("/F"),
    "EF/DOS": attached_as("/DOS"),
    "F": attached_as("/F", pdf_string("other.xml")),
    "UF": attached_as("/UF", pdf_string("https://example.org/other.xml")),
    "note": annotated(Subtype=pdf_name("/FreeText"), Contents=pdf_string("E = 0.001 %")),
    "link": annotated(
        Subtype=pdf_name("/Link"), A=named(S=pdf_name("/URI"), URI=pdf_string("https://x.org"))
    ),
    "bookmark's action": a_bookmark_that_acts,
    "page less": a_page_less,
    "page twice": a_page_twice,
}
"""What is found in every way it can be done, by this version or another."""

SILENT: dict[str, Trick] = {
    "bookmark": a_bookmark_that_lies,
    "more drawn": more_drawn,
    "font": another_font,
    "text alternative": another_text_alternative,
    "page labels": in_catalogue("/PageLabels", named(Nums=array(0, named(P=pdf_string("E"))))),
    "language": in_catalogue("/Lang", pdf_string("en")),
    "metadata": in_catalogue(
        "/Metadata", StreamObject(named(Type=pdf_name("/Metadata")), stream_data=b"<x/>")
    ),
}
"""What no list of entries tells: found where bytes are compared, and refused there or not proven."""


@pytest.fixture(scope="module")
def plain(once_made: Made) -> bytes:
    xml = once_made.certificate.read_bytes()
    return print_certificate(read(xml), xml)


@pytest.fixture(scope="module")
def seal(once_made: Made) -> SigningKey:
    return once_made.keys.signers["issued"]


def appended(plain: bytes, trick: Trick, seal: SigningKey) -> bytes:
    """The trick is an update of its own, then the laboratory signs."""
    writer = IncrementalPdfFileWriter(BytesIO(plain))
    trick(writer)
    out = BytesIO()
    writer.write(out)
    return sign_pdf(out.getvalue(), seal, PRINTED)


def rewritten(plain: bytes, trick: Trick, seal: SigningKey) -> bytes:
    """The whole file is written anew with the trick in it, then the laboratory signs."""
    writer = rewrite(PdfFileReader(BytesIO(plain)))
    trick(writer)
    out = BytesIO()
    writer.write(out)
    return sign_pdf(out.getvalue(), seal, PRINTED)


def within(plain: bytes, trick: Trick, seal: SigningKey) -> bytes:
    """The trick is part of the very update that brings the signature."""
    writer = IncrementalPdfFileWriter(BytesIO(plain))
    trick(writer)
    out = BytesIO()
    signing._pdf_signer(seal, PRINTED, None).sign_pdf(writer, output=out)
    return out.getvalue()


def examine(pdf: bytes, tmp_path: Path) -> Report:
    path = tmp_path / "certificate.pdf"
    path.write_bytes(pdf)
    return verify(path, now=NOW)


def outcome(report: Report, name: str = "printed pages") -> str:
    return next(check.outcome for check in report.checks if check.name == name)


def test_without_a_trick_all_is_well(plain: bytes, older: bytes, seal: SigningKey, tmp_path: Path) -> None:
    for printed in (plain, older):
        assert outcome(examine(sign_pdf(printed, seal, PRINTED), tmp_path)) == "passed"


@pytest.mark.parametrize("way", [appended, rewritten, within])
@pytest.mark.parametrize("name", TELLING)
def test_a_trick_by_the_laboratory_is_refused(
    plain: bytes,
    seal: SigningKey,
    tmp_path: Path,
    name: str,
    way: Callable[[bytes, Trick, SigningKey], bytes],
) -> None:
    report = examine(way(plain, TELLING[name], seal), tmp_path)
    found = {check.name for check in report.failures} - {"trust"}
    assert found, report.checks
    assert found <= {"printed pages", "XML in the PDF", "PDF signature"}


@pytest.mark.parametrize("way", [appended, rewritten, within])
@pytest.mark.parametrize("name", SILENT)
def test_a_silent_trick_by_the_laboratory_is_not_proven(
    plain: bytes,
    seal: SigningKey,
    tmp_path: Path,
    name: str,
    way: Callable[[bytes, Trick, SigningKey], bytes],
) -> None:
    report = examine(way(plain, SILENT[name], seal), tmp_path)
    assert outcome(report) == ("not possible" if way is rewritten and name != "bookmark" else "failed")


@pytest.mark.parametrize("name", {**TELLING, **SILENT})
def test_a_trick_by_anybody_is_behind_the_signature(plain: bytes, seal: SigningKey, name: str) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(sign_pdf(plain, seal, PRINTED)))
    if name in {"XFA", "calculation"}:  # which would take the field of the signature away
        writer.root["/AcroForm"][pdf_name("/XFA")] = pdf_string("<xdp/>")
        writer.update_container(writer.root["/AcroForm"])
    else:
        ({**TELLING, **SILENT})[name](writer)
    out = BytesIO()
    writer.write(out)
    with pytest.raises(CertificateRefused, match=r"behind its signature|does not hold"):
        read_pdf_signature(out.getvalue())


@pytest.fixture(scope="module")
def older(once_made: Made, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same certificate, printed by another version in larger letters."""
    record = once_made.recompute(once_made.run)
    of_old = record.model_copy(
        update={"software": (record.software[0].model_copy(update={"release": "v0.0.9"}),)}
    )
    xml = once_made.seal(of_old, tmp_path_factory.mktemp("older") / "certificate.xml").read_bytes()
    with pytest.MonkeyPatch.context() as monkeypatch, laid_out(monkeypatch, *LARGER):
        return print_certificate(of_old, xml)


@pytest.mark.parametrize("name", TELLING)
def test_a_trick_in_what_another_version_printed_is_refused(
    older: bytes, seal: SigningKey, tmp_path: Path, name: str
) -> None:
    """By the words of its pages alone it would pass."""
    report = examine(appended(older, TELLING[name], seal), tmp_path)
    assert {check.name for check in report.failures} & {"printed pages", "XML in the PDF"}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"/Rect [ 0 0 0 0 ]", b"/Rect [ 0 0 9 9 ]", "a field that shows something"),
        (b"/Subtype /Widget", b"/Subtype /Stamp ", "a field that shows something"),
        (b"/SigFlags 3", b"/XFA    (x)", "a form with /XFA"),
        (b"/Name (", b"/Cert (", "a signature with /Cert"),
        (b"%%EOF\n", b"%%EOX\n", "EOF marker not found"),
        (b"/FT /Sig", b"/FT /Btn", "can't be read|another number of them|shows something"),
    ],
)
def test_an_update_is_read_to_its_last_byte(
    plain: bytes, seal: SigningKey, old: bytes, new: bytes, reason: str
) -> None:
    """Whatever the signature over it says: this is the shape of what a signature may append."""
    signed = sign_pdf(plain, seal, PRINTED)
    check_update(signed, len(plain))
    update = signed[len(plain) :]
    assert old in update
    with pytest.raises(CertificateRefused, match=reason):
        check_update(plain + update.replace(old, new), len(plain))


@pytest.mark.parametrize(
    ("place", "more"),
    [
        (b"xref\n", b"999 0 obj\n<< /JS (x) >>\nendobj\n"),
        (b"xref\n", b"%PDF-1.4 hidden\n"),
        (b"xref\n", b"junk\n"),
        (b"%%EOF\n", b"%%EOF\n%%EOF\n"),
    ],
)
def test_nothing_is_hidden_between_the_objects_of_an_update(
    plain: bytes, seal: SigningKey, place: bytes, more: bytes
) -> None:
    signed = sign_pdf(plain, seal, PRINTED)
    at = signed.rindex(b"\nxref\n") + 1 if place == b"xref\n" else len(signed)
    with pytest.raises(CertificateRefused, match=r"behind the printed pages|what was appended"):
        check_update(signed[:at] + more + signed[at:], len(plain))
