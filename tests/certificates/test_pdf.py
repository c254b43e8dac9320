"""The printed certificate: everything on it, in glyphs that are there, with the DCC inside."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.cffLib import CFFFontSet
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont
from kept_keys import certified_keys
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from reading import poppler
from sample import record

from remotecal.certificates.dcc import read
from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.signing.pdf import sign_pdf
from remotecal.model import Record, Text


def test_three_files_tell_the_same(pdf: Path) -> None:
    folder = pdf.parent
    assert sorted(path.name for path in folder.iterdir()) == [
        "certificate.pdf",
        "certificate.xml",
        "record.json",
    ]
    assert Record.from_json((folder / "record.json").read_text(encoding="utf-8")) == record()
    assert read((folder / "certificate.xml").read_bytes()) == record()


def test_the_dcc_is_inside_once_and_unchanged(pdf: Path, tmp_path: Path) -> None:
    assert poppler("pdfdetach", "-list", str(pdf)).splitlines() == ["1 embedded files", "1: certificate.xml"]
    extracted = tmp_path / "certificate.xml"
    poppler("pdfdetach", "-save", "1", "-o", str(extracted), str(pdf))
    assert extracted.read_bytes() == (pdf.parent / "certificate.xml").read_bytes()
    with pdf.open("rb") as file:
        assert len(PdfFileReader(file).root["/AF"]) == 1


@pytest.fixture(scope="module")
def signed(pdf: Path) -> PdfFileReader:
    """The certificate as it is issued: signing must not cost it its conformance."""
    at = datetime(2026, 11, 20, tzinfo=UTC)
    key = certified_keys({"issued": "Demonstration"}, at).signers["issued"]
    return PdfFileReader(BytesIO(sign_pdf(pdf.read_bytes(), key, at)))


def objects(reader: PdfFileReader) -> Iterator[object]:
    """Yield every object of a PDF."""
    for number in range(1, int(reader.trailer["/Size"])):
        with suppress(PdfError):  # numbers that are not in use
            yield reader.get_object(generic.Reference(number, 0, reader))


def test_it_declares_pdf_a_3a_and_pdf_ua_1(signed: PdfFileReader) -> None:
    """ISO 19005-3, 6.6.4 and 6.1.2; there is no independent validator among Debian's or Python's packages."""
    metadata = signed.root["/Metadata"].data.decode()
    assert re.search(r'pdfaid:part(="|>)3\b', metadata)
    assert re.search(r'pdfaid:conformance(="|>)A\b', metadata)
    assert re.search(r'pdfuaid:part(="|>)1\b', metadata)
    assert signed.root["/MarkInfo"]["/Marked"] == True  # noqa: E712  pyHanko's own boolean
    assert signed.root["/Lang"] == "zh-CN"
    assert "/Version" not in signed.root
    signed.stream.seek(0)
    assert re.match(rb"%PDF-1\.7\n%[\x80-\xff]{4}", signed.stream.read(20))
    assert len(signed.trailer["/ID"]) == 2


def test_its_colours_are_defined(signed: PdfFileReader) -> None:
    """ISO 19005-3, 6.2.3: one output intent for the whole, with its ICC profile."""
    assert len(signed.root["/OutputIntents"]) == 1
    intent = signed.root["/OutputIntents"][0]
    assert intent["/S"] == "/GTS_PDFA1"
    profile = intent["/DestOutputProfile"]
    assert profile["/N"] == 3
    assert profile.data[12:20] == b"mntrRGB "
    assert profile.data[36:40] == b"acsp"


def test_what_is_inside_is_said_to_be(signed: PdfFileReader) -> None:
    """ISO 19005-3, 6.8: name, relationship, kind and date of an embedded file."""
    assert len(signed.root["/AF"]) == 1
    entry = signed.root["/AF"][0]
    assert entry["/AFRelationship"] == "/Data"
    assert entry["/F"] == entry["/UF"] == "certificate.xml"
    inside = entry["/EF"]["/F"]
    assert inside["/Subtype"] == "/text/xml"
    assert {"/ModDate", "/Size"} <= set(inside["/Params"])
    assert signed.root["/Names"]["/EmbeddedFiles"]["/Names"][1]["/EF"]["/F"].data == inside.data


def test_it_holds_nothing_pdf_a_forbids(signed: PdfFileReader) -> None:
    """ISO 19005-3, 6.1.3, 6.1.7, 6.5.1, 6.6.1, 6.2.9: ciphers, LZW, actions, scripts, parts elsewhere."""
    assert "/Encrypt" not in signed.trailer
    assert not {"/OpenAction", "/AA", "/OCProperties", "/NeedsRendering"} & set(signed.root)
    assert "/XFA" not in signed.root["/AcroForm"]
    for found in objects(signed):
        if not isinstance(found, generic.DictionaryObject):
            continue
        assert found.get("/S") not in {
            "/JavaScript",
            "/Launch",
            "/SubmitForm",
            "/ImportData",
            "/GoToR",
            "/Movie",
        }
        assert found.get("/Subtype") not in {"/PS", "/Movie", "/Sound", "/Screen", "/3D"}
        assert found.get("/Filter") not in {"/LZWDecode", "/Crypt"}
        assert not {"/JS", "/AA", "/OPI", "/Ref", "/PostScript"} & set(found)
        if found.get("/Subtype") == "/Widget":
            assert int(found["/F"]) & 0b100111 == 0b100, "it must be printed, and not hidden"
            assert list(found["/Rect"]) == [0, 0, 0, 0], "only what takes no room needs no appearance"


def outlines(program: bytes, *, bare: bool) -> Callable[[int], bool]:
    """Return what tells whether a font draws a glyph; `bare` for outlines with no font around them."""
    if bare:
        fonts = CFFFontSet()
        fonts.decompile(BytesIO(program), None)
        glyphs, name = fonts[0].CharStrings, "cid{:05d}".format
    else:
        font = TTFont(BytesIO(program))
        glyphs, name = font.getGlyphSet(), font.getGlyphName

    def draws(number: int) -> bool:
        pen = BoundsPen(glyphs)
        glyphs[name(number)].draw(pen)
        return pen.bounds is not None

    return draws


def test_every_font_is_whole(signed: PdfFileReader) -> None:
    """ISO 19005-3, 6.2.11: programs inside, a way back to Unicode, an outline for each character."""
    fonts = [
        found for found in objects(signed) if isinstance(found, dict) and found.get("/Subtype") == "/Type0"
    ]
    assert len(fonts) >= 2
    drawn: set[str] = set()
    for font in fonts:
        assert font["/Encoding"] == "/Identity-H"
        inner = font["/DescendantFonts"][0]
        described = inner["/FontDescriptor"]
        (program,) = (described[name] for name in ("/FontFile2", "/FontFile3") if name in described)
        if inner["/Subtype"] == "/CIDFontType2":
            assert inner["/CIDToGIDMap"] == "/Identity"
        draw = outlines(program.data, bare="/FontFile3" in described)
        # The first match is the span of the codes, not a character.
        for code, text in re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", font["/ToUnicode"].data)[1:]:
            said = bytes.fromhex(text.decode()).decode("utf-16-be")
            if draw(int(code, 16)):
                drawn.add(said)
            else:
                assert said.isspace(), f"{said!r} is drawn as nothing"
    assert set("校准证书校准员核验批准不确定度") <= drawn


def test_every_font_is_embedded(pdf: Path) -> None:
    rows = poppler("pdffonts", str(pdf)).splitlines()[2:]
    assert any("WenQuanYi" in row or "Noto" in row for row in rows)
    assert all(row.split()[-5] == "yes" for row in rows)


def test_the_same_record_gives_the_same_bytes(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from sample import record\nfrom remotecal.certificates.pdf import print_certificate\n"
        "sys.stdout.buffer.write(print_certificate(record(), b'<a/>'))\n"
    )
    elsewhere = os.environ | {"TZ": "Asia/Shanghai", "TMPDIR": str(tmp_path), "SOURCE_DATE_EPOCH": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=elsewhere, capture_output=True, check=True)
    assert done.stdout == print_certificate(record(), b"<a/>")


def test_the_date_of_the_document_is_the_records(pdf: Path) -> None:
    said = poppler("pdfinfo", "-isodates", str(pdf))
    assert "CreationDate:    2026-11-23T00:00:00Z" in said


def run_with_fonts(folder: str, code: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` where the system has no fonts but those in `folder`."""
    config = tmp_path / "fonts.conf"
    config.write_text(
        "<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
        f"<dir>{folder}</dir><cachedir>{tmp_path}/cache</cachedir></fontconfig>"
    )
    environment = os.environ | {"FONTCONFIG_FILE": str(config)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)


PRINTING = (
    f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    "from sample import record\nfrom remotecal.certificates.pdf import print_certificate\n"
    "from remotecal.errors import ConfigurationError\n"
    "try:\n    print_certificate(record(), b'<a/>')\n"
    "except ConfigurationError as error:\n    sys.exit(str(error))\n"
)


def test_a_missing_chinese_font_is_an_error_that_names_the_package(tmp_path: Path) -> None:
    done = run_with_fonts("/usr/share/fonts/truetype/dejavu", PRINTING, tmp_path)
    assert done.returncode == 1
    assert "no Chinese font was found, only DejaVu" in done.stderr
    assert "apt install fonts-wqy-microhei" in done.stderr
    assert "REMOTECAL_FONTS" in done.stderr


def test_a_folder_of_fonts_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMOTECAL_FONTS", "/usr/share/fonts/truetype/wqy")
    done = run_with_fonts("/usr/share/fonts/truetype/dejavu", PRINTING, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    monkeypatch.setenv("REMOTECAL_FONTS", str(tmp_path / "none"))
    assert "is no folder" in run_with_fonts("/usr/share/fonts/truetype/dejavu", PRINTING, tmp_path).stderr


def test_a_character_that_no_font_has_is_an_error_that_names_it() -> None:
    from remotecal.errors import ConfigurationError

    rare = record().customer.model_copy(update={"name": Text.plain("\U00012000")})
    with pytest.raises(ConfigurationError, match=r"fonts-noto-core"):
        print_certificate(record().model_copy(update={"customer": rare}), b"<a/>")
