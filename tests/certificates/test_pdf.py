"""The printed certificate: everything on it, in glyphs that are there, with the DCC inside."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from sample import record

from remotecal.certificates import write_certificate
from remotecal.certificates.dcc import read
from remotecal.certificates.demonstration import make_demonstration_keys
from remotecal.certificates.pdf import page
from remotecal.certificates.pdf.curve import error_curve
from remotecal.certificates.pdf.markup import aligned, printed
from remotecal.certificates.pdf.results import budgets
from remotecal.certificates.signing.pdf import sign_pdf
from remotecal.model import Column, Conformity, Limits, Record, Text, Uncertainty


@pytest.fixture(scope="module")
def pdf(tmp_path_factory) -> Path:
    return write_certificate(record(), tmp_path_factory.mktemp("certificate")).pdf


@pytest.fixture(scope="module")
def text(pdf: Path) -> str:
    return poppler("pdftotext", "-layout", str(pdf), "-")


def poppler(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_three_files_tell_the_same(pdf: Path) -> None:
    folder = pdf.parent
    assert sorted(path.name for path in folder.iterdir()) == [
        "certificate.pdf",
        "certificate.xml",
        "record.json",
    ]
    assert Record.from_json((folder / "record.json").read_text(encoding="utf-8")) == record()
    assert read((folder / "certificate.xml").read_bytes()) == record()


@pytest.mark.parametrize(
    ("u", "contribution", "share", "shown"),
    [
        ("0.010", "0.0071", "47.1", ["0.0071", "47.1"]),
        ("0.010", "0.00021", "0.0", ["0.0002", "< 0.1"]),
        ("0.010", "4.9e-8", "0.0", ["< 0.0001", "< 0.1"]),
        ("0.010", "0", "0.0", ["0.0000", "0.0"]),
        ("2.1e-12", "1.5e-12", "51.0", ["1.5 × 10⁻¹²", "51.0"]),
        ("NaN", "0.00021", "NaN", ["0.00021", "NaN"]),
        ("1.0", "1e999999", "100", ["1 × 10⁹⁹⁹⁹⁹⁹", "100.0"]),
    ],
)
def test_contributions_end_where_the_sum_does(
    u: str, contribution: str, share: str, shown: list[str]
) -> None:
    (measurement, *_) = record().measurements
    budget = measurement.budgets[0]
    line = budget.lines[0].model_copy(update={"contribution": contribution, "share": share})
    changed = budget.model_copy(update={"u": u, "lines": (line,)})
    (annex,) = budgets(measurement.model_copy(update={"budgets": (changed,)}))
    cells = [
        "".join(map(str, cell.itertext()))
        for cell in annex.findall(".//table[@class='grid budget even']/tbody/tr/td")
    ]
    assert cells[-2:] == shown


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
    key = make_demonstration_keys({"issued": "Demonstration"}, at).signers["issued"]
    return PdfFileReader(BytesIO(sign_pdf(pdf.read_bytes(), key, at)))


def objects(reader: PdfFileReader) -> Iterator[object]:
    """Yield every object of a PDF."""
    for number in range(1, int(reader.trailer["/Size"])):
        with suppress(PdfError):  # numbers that are not in use
            yield reader.get_object(generic.Reference(number, 0, reader))


def test_it_declares_pdf_a_3b(signed: PdfFileReader) -> None:
    """ISO 19005-3, 6.6.4 and 6.1.2; there is no independent validator among Debian's or Python's packages."""
    metadata = signed.root["/Metadata"].data.decode()
    assert re.search(r'pdfaid:part(="|>)3\b', metadata)
    assert re.search(r'pdfaid:conformance(="|>)B\b', metadata)
    assert "/Version" not in signed.root
    signed.stream.seek(0)
    assert re.match(rb"%PDF-1\.7\n%[\x80-\xff]{4}", signed.stream.read(20))
    assert len(signed.trailer["/ID"]) == 2


def test_its_colours_are_defined(signed: PdfFileReader) -> None:
    """ISO 19005-3, 6.2.3: one output intent for the whole, with its ICC profile."""
    (intent,) = signed.root["/OutputIntents"]
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
        outlines = TTFont(BytesIO(program.data))
        glyphs = outlines.getGlyphSet()
        for code, text in re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]+)>", font["/ToUnicode"].data):
            pen = BoundsPen(glyphs)
            glyphs[outlines.getGlyphName(int(code, 16))].draw(pen)
            said = bytes.fromhex(text.decode()).decode("utf-16-be")
            if pen.bounds is not None:
                drawn.add(said)
            else:
                assert said.isspace() or said == "\uffff", f"{said!r} is drawn as nothing"  # a line's end
    assert set("校准证书检定核验批准不确定度") <= drawn


def test_every_font_is_embedded(pdf: Path) -> None:
    rows = poppler("pdffonts", str(pdf)).splitlines()[2:]
    assert any("WenQuanYi" in row or "Noto" in row for row in rows)
    assert all(row.split()[-5] == "yes" for row in rows)


def test_all_reported_numbers_are_printed_to_the_last_digit(text: str) -> None:
    for column in record().tables[0].columns:
        assert isinstance(column, Column)
        for number in column.values:
            assert printed(number) in text
        for number in column.uncertainty.expanded if column.uncertainty else ():
            assert number in text


@pytest.mark.parametrize(
    "words",
    [
        "校准证书",
        "FLOW-2026-000123",
        "电磁流量计",
        "Electromagnetic flow meter",
        "SN-4711",
        "MASS-2026-00045",
        "2027-03-01",
        "JJG 1033-2007",
        "ILAC-G8:09/2019",
        "The results relate only to the item calibrated",
        "may be reproduced only in full",
        "traceable to the International System of Units",
        "检定员",
        "核验员",
        "批准人",
        "Wang Fang",
        "19.8 °C ~ 20.6 °C",
        "演示文件，不是有效证书",
        "k = 2.00",
    ],
)
def test_what_the_standard_asks_for_is_printed(text: str, words: str) -> None:
    assert words in text


def test_every_page_has_its_number_and_the_certificates(pdf: Path) -> None:
    pages = poppler("pdftotext", str(pdf), "-").split("\f")[:-1]
    for number, said in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in said
        assert "FLOW-2026-000123" in said
        assert "无" in said, "the slanting 演示 · 无效 is missing"
    assert ["End of certificate" in said for said in pages] == [False] * (len(pages) - 1) + [True]


def test_only_a_demonstration_is_marked_as_one() -> None:
    assert "DEMONSTRATION" in page(record())
    assert "DEMONSTRATION" not in page(record(demonstration=False))


def test_no_text_is_taken_for_markup() -> None:
    customer = record().customer.model_copy(update={"name": Text.plain("<script>&amp; Söhne</script>")})
    said = page(record().model_copy(update={"customer": customer}))
    assert "&lt;script&gt;&amp;amp; Söhne" in said
    assert "<script" not in said


def test_decimal_points_stand_in_line() -> None:
    cells = ["".join(str(part) for part in cell.itertext()) for cell in aligned(("-0.243", "12", "3.1"))]
    assert [cell.rjust(7).index(".") for cell in cells] == [cells[0].rjust(7).index(".")] * 3
    assert len({len(cell) for cell in cells}) == 1


@pytest.mark.parametrize(
    ("number", "shown"), [("-0.10", "−0.10"), ("+3", "3"), ("1.5E-6", "1.5 × 10⁻⁶"), ("2e3", "2 × 10³")]
)
def test_numbers_are_printed_as_in_a_book(number: str, shown: str) -> None:
    assert printed(number) == shown


def curve_of(flows: tuple[str, ...]) -> str:
    from lxml import etree

    errors = Column(
        unit="%",
        values=("0.1",) * len(flows),
        uncertainty=Uncertainty(expanded=("0.05",), p=("0.95",)),
        conformity=Conformity(verdicts=("pass",), tolerance=Limits(lower=("-0.5",), upper=("0.5",))),
    )
    return etree.tostring(error_curve(Column(unit="m3/h", values=flows), errors), encoding="unicode")


def test_the_curve_has_a_point_with_its_bar_for_each_flow_and_both_limits() -> None:
    svg = curve_of(("1", "2", "3"))
    assert svg.count("<circle") == 3
    assert svg.count("stroke-dasharray") == 2


def test_a_wide_range_of_flow_gets_a_logarithmic_axis() -> None:
    places = [float(part.split('"')[0]) for part in curve_of(("1", "10", "100")).split('cx="')[1:]]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.02)
    places = [float(part.split('"')[0]) for part in curve_of(("2", "4", "6")).split('cx="')[1:]]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.02)


def test_a_missing_chinese_font_is_an_error_that_names_the_package(tmp_path: Path) -> None:
    config = tmp_path / "fonts.conf"
    config.write_text(
        "<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
        f"<dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>{tmp_path}/cache</cachedir></fontconfig>"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from sample import record\nfrom remotecal.certificates.pdf import print_certificate\n"
        "from remotecal.errors import ConfigurationError\n"
        "try:\n    print_certificate(record(), b'<a/>')\n"
        "except ConfigurationError as error:\n    sys.exit(str(error))\n"
    )
    environment = os.environ | {"FONTCONFIG_FILE": str(config)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "apt install fonts-wqy-microhei" in done.stderr
