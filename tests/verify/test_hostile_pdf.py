"""PDFs that are small, or almost none, and would keep their reader busy for minutes."""

from __future__ import annotations

import zlib

import pytest

from remotecal.certificates.signing import pdf
from remotecal.certificates.signing.pdf import embedded_xml, reader_of
from remotecal.errors import CertificateRefused

ROOT = b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(certificate.xml) 3 0 R]>>>>>>"
FILE = b"<</Type/Filespec/F(certificate.xml)/UF(certificate.xml)/EF<</F 4 0 R>>>>"


def stream(entries: bytes, content: bytes) -> bytes:
    packed = zlib.compress(content, 9)
    head = b"<<%b/Filter/FlateDecode/Length %d>>" % (entries, len(packed))
    return head + b"stream\n" + packed + b"\nendstream "


def written(*objects: bytes, table: bytes | None = None) -> bytes:
    """Return a PDF of objects and, unless there is a stream for it, a cross-reference table."""
    out = b"%PDF-1.7\n"
    rows = b"0000000000 65535 f \n"
    for number, one in enumerate((*objects, *filter(None, [table])), 1):
        rows += b"%010d 00000 n \n" % len(out)
        last, out = len(out), out + b"%d 0 obj%bendobj\n" % (number, one)
    if table is None:
        count, last = len(objects) + 1, len(out)
        out += b"xref\n0 %d\n%btrailer<</Root 1 0 R/Size %d>>\n" % (count, rows, count)
    return out + b"startxref\n%d\n%%%%EOF\n" % last


def test_what_is_written_here_is_a_pdf() -> None:
    pages = b"<</Type/Pages/Kids[]/Count 0>>"
    assert embedded_xml(written(ROOT, pages, FILE, stream(b"/Type/EmbeddedFile", b"<a/>"))) == b"<a/>"


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n" + b"0" * 2**21,
        b"%PDF-1.7\nstartxref\n" + b"0" * 2**21 + b"\n%%EOF\n",
        written(ROOT)[:-20],
    ],
)
def test_what_does_not_end_as_a_pdf_is_not_searched_for_its_end(content: bytes) -> None:
    with pytest.raises(CertificateRefused, match="does not end as one"):
        reader_of(content)


def test_more_objects_than_any_certificate_has_are_not_read() -> None:
    rows = b"0000000009 00000 n \n" * (pdf.MOST_OBJECTS + 1)
    with pytest.raises(CertificateRefused, match="more than 100000 objects"):
        reader_of(b"%%PDF-1.7\nxref\n0 %d\n%bstartxref\n9\n%%%%EOF\n" % (pdf.MOST_OBJECTS + 1, rows))


def test_a_cross_reference_that_unpacks_to_millions_of_objects_is_not_read() -> None:
    count = 500_000
    table = stream(b"/Type/XRef/Root 1 0 R/Size %d/W[1 1 1]" % count, b"\x01\x00\x10" * count)
    with pytest.raises(CertificateRefused, match="exceeds the limit"):
        reader_of(written(ROOT, table=table))


def test_a_chain_of_more_updates_than_any_certificate_has_is_not_followed() -> None:
    content, before = b"%PDF-1.7\n", b""
    for _ in range(pdf.MOST_SECTIONS + 1):
        at = len(content)
        content += b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Root 1 0 R%b>>\n" % before
        before = b"/Prev %d" % at
    with pytest.raises(CertificateRefused, match="added to more than 100 times"):
        reader_of(content + b"startxref\n%d\n%%%%EOF\n" % at)


@pytest.mark.parametrize(
    "how",
    [
        b"/Filter/LZWDecode",
        b"/Filter/RunLengthDecode",
        b"/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 1>>",
        b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 0>>",
        b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 99999999>>",
    ],
)
def test_an_attachment_packed_as_its_reader_does_not_know_is_refused(how: bytes) -> None:
    packed = zlib.compress(b"<a/>")
    one = b"<</Type/EmbeddedFile%b/Length %d>>stream\n%b\nendstream " % (how, len(packed), packed)
    with pytest.raises(CertificateRefused, match="embedded files can't be read"):
        embedded_xml(written(ROOT, b"<</Type/Pages/Kids[]/Count 0>>", FILE, one))


def test_an_attachment_that_unpacks_to_more_than_a_certificate_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pdf, "LARGEST_FILE", 2**20)
    whole = stream(b"/Type/EmbeddedFile", b" " * (2**20 + 1))
    with pytest.raises(CertificateRefused, match="exceeds the limit of 1048576"):
        embedded_xml(written(ROOT, b"<</Type/Pages/Kids[]/Count 0>>", FILE, whole))
