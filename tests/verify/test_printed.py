"""A PDF that prints something else than the certificate inside says, and one that another version printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from made import NOW, SIGNED, Made, with_error
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from test_hostile import changed, doubts, examine, failed

from remotecal.certificates import pdf
from remotecal.certificates.approval import print_signed
from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.pdf.compare import read_print
from remotecal.certificates.signing.keys import SigningKey
from remotecal.certificates.signing.pdf import sign_pdf
from remotecal.errors import CertificateRefused
from remotecal.model import Record, Text
from remotecal.verify import verify


@pytest.fixture
def seal(made: Made) -> SigningKey:
    return made.keys.signers["issued"]


def printed(made: Made, record: Record, key: SigningKey) -> Path:
    """Print `record`, with the certificate as it was issued inside, and sign that."""
    path = made.folder / "certificate.pdf"
    path.write_bytes(
        sign_pdf(print_certificate(record, made.certificate.read_bytes()), key, SIGNED + timedelta(hours=1))
    )
    return path


@contextmanager
def laid_out(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> Iterator[None]:
    """Print with another template for a while."""
    template = pdf._template()
    assert old in template
    with monkeypatch.context() as patched:
        patched.setattr(pdf, "_template", lambda: template.replace(old, new))
        yield


def test_a_pdf_that_prints_what_its_xml_says(made: Made, seal: SigningKey) -> None:
    path = made.folder / "certificate.pdf"
    path.write_bytes(print_signed(made.certificate.read_bytes(), seal, SIGNED + timedelta(hours=1)))
    report = examine(made, path)
    assert report.verdict == "holds"
    (check,) = (check for check in report.checks if check.name == "printed pages")
    assert "printed again from the XML, and the same to the last one" in check.said


@pytest.mark.parametrize(
    "change",
    [
        lambda record: with_error(record, "0.001"),
        lambda record: changed(record, demonstration=False),
    ],
    ids=["value", "not a demonstration"],
)
def test_a_pdf_that_prints_something_else_than_its_xml(
    made: Made, seal: SigningKey, change: Callable[[Record], Record]
) -> None:
    path = printed(made, change(made.recompute(made.run)), seal)
    found = failed(examine(made, path))
    assert re.match(r"page \d+ says …|the PDF has", found.pop("printed pages"))
    assert found == {}, "everything else of it is in order: nothing but the print tells"


def test_a_pdf_drawn_otherwise_is_not_proven(
    made: Made, seal: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """White digits, or a font that shows others than the file lets you copy."""
    with laid_out(monkeypatch, '#let ink = rgb("#16202a")', "#let ink = white"):
        path = printed(made, made.recompute(made.run), seal)
    report = examine(made, path)
    assert report.verdict == "is not proven"
    assert "the words are the same, but not the bytes" in doubts(report)["printed pages"]


def of_another_version(made: Made) -> Record:
    record = made.recompute(made.run)
    older = changed(record, software=(record.software[0].model_copy(update={"release": "v0.0.9"}),))
    made.seal(older)
    return older


LARGER = ("size: 9pt, fill: ink", "size: 13pt, fill: ink")


def test_a_print_of_another_version_is_compared_by_its_words(
    made: Made, seal: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with laid_out(monkeypatch, *LARGER):
        path = printed(made, of_another_version(made), seal)
    report = examine(made, path)
    assert report.verdict == "holds"
    (check,) = (check for check in report.checks if check.name == "printed pages")
    assert "printed by Typst" in check.said
    assert "remotecal v0.0.9, here is" in check.said
    assert "only the words were compared: " in check.said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        LARGER,
        ("#pagebreak()", "#pagebreak()#pagebreak()"),
        ('#let grey = rgb("#4f5b67")', "#let grey = green"),
    ],
    ids=["larger", "more pages", "colour"],
)
def test_another_version_may_lay_out_otherwise(
    made: Made, seal: SigningKey, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    older = of_another_version(made)
    with laid_out(monkeypatch, old, new):
        path = printed(made, older, seal)
    assert doubts(examine(made, path)) == {}


def test_another_version_may_have_other_labels_but_then_nothing_is_proven(
    made: Made, seal: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = of_another_version(made)
    with laid_out(monkeypatch, "#v(3mm)", "#v(3mm) Best of all"):
        path = printed(made, older, seal)
    report = examine(made, path)
    assert report.verdict == "is not proven"
    assert "all names, results and budgets are there, but page 1" in doubts(report)["printed pages"]


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        (lambda record: with_error(record, "0.001"), r"0\.062"),
        (lambda record: with_error(record, None, "0.006"), r"0\.060"),
        (lambda record: with_error(record, "-0.062"), r"0\.062"),
        (lambda record: changed(record, customer=record.laboratory.contact), "Example"),
        (lambda record: changed(record, number="FLOW-2"), "FLOW-1"),
    ],
    ids=["value", "U", "sign", "customer", "number"],
)
def test_a_forger_gains_nothing_by_naming_another_version(
    made: Made, seal: SigningKey, change: Callable[[Record], Record], lacking: str
) -> None:
    path = printed(made, change(of_another_version(made)), seal)
    found = failed(examine(made, path))
    assert re.match(rf"the PDF lacks (.*, )?{lacking}\b", found.pop("printed pages"))
    assert found == {}, "everything else of it is in order: nothing but the print tells"


def test_another_version_leaves_out_no_mark_of_a_demonstration(
    made: Made, seal: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = of_another_version(made)
    with laid_out(monkeypatch, "background: if d.demonstration", "background: if false"):
        path = printed(made, older, seal)
    assert "printed pages" in doubts(examine(made, path))


def test_a_print_of_another_program_is_not_judged(
    made: Made, seal: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = made.recompute(made.run)
    other = changed(record, software=(record.software[0].model_copy(update={"name": Text.plain("Print")}),))
    made.seal(other)
    with laid_out(monkeypatch, *LARGER):
        path = printed(made, other, seal)
    assert "printed by Print v0.1.0" in doubts(examine(made, path))["printed pages"]


@pytest.mark.parametrize("what", ["pages", "drawings"])
def test_a_pdf_without_end_is_refused(made: Made, what: str) -> None:
    """Each of fifteen levels names the next one four times."""

    def named(**entries: object) -> generic.DictionaryObject:
        return generic.DictionaryObject({pdf_name(f"/{name}"): entry for name, entry in entries.items()})

    plain = print_certificate(made.recompute(made.run), made.certificate.read_bytes())
    writer = IncrementalPdfFileWriter(BytesIO(plain))
    page, tree = writer.root["/Pages"]["/Kids"][0], writer.root["/Pages"]["/Kids"].raw_get(0)
    form = writer.add_object(generic.StreamObject(named(Subtype=pdf_name("/Form")), stream_data=b""))
    for _ in range(15):
        tree = writer.add_object(named(Kids=generic.ArrayObject([tree] * 4)))
        inside = named(Subtype=pdf_name("/Form"), Resources=named(XObject=named(X=form)))
        form = writer.add_object(generic.StreamObject(inside, stream_data=b"/X Do " * 4))
    if what == "pages":
        writer.root[pdf_name("/Pages")] = tree
        writer.update_root()
    else:
        resources = named(Font=page["/Resources"].raw_get("/Font"), XObject=named(X=form))
        page[pdf_name("/Resources")] = resources
        page[pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"/X Do"))
        writer.update_container(page)
    out = BytesIO()
    writer.write(out)
    with pytest.raises(CertificateRefused, match=f"it has more than .* {what}"):
        read_print(out.getvalue())


def test_a_certificate_too_large_to_print_again(
    made: Made, seal: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = printed(made, made.recompute(made.run), seal)
    monkeypatch.setattr("remotecal.verify.printed.LARGEST", made.certificate.stat().st_size - 1)
    assert "too many to print it again" in doubts(examine(made, path))["printed pages"]


def test_a_pdf_signed_by_a_person(made: Made) -> None:
    path = printed(made, made.recompute(made.run), made.keys.signers["performed"])
    assert "the PDF is signed by Zhang Wei" in failed(examine(made, path))["trust"]


def test_a_damaged_pdf_is_refused_and_nothing_breaks(made: Made, seal: SigningKey) -> None:
    data = printed(made, made.recompute(made.run), seal).read_bytes()
    path = made.folder / "damaged.pdf"
    for part in (b"/EmbeddedFile", b"/Contents", b"xref", b"/ByteRange", b"/Resources"):
        assert part in data
        path.write_bytes(data.replace(part, part[:-2] + b"xx"))
        assert examine(made, path).verdict == "fails", part
    for place in range(1000, len(data), len(data) // 12):
        path.write_bytes(data[:place] + bytes((data[place] ^ 0x55,)) + data[place + 1 :])
        assert verify(path, now=NOW).verdict == "fails", place
