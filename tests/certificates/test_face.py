"""A laboratory's own face: what it adds to a certificate, and that it can take nothing away."""

import base64
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from shutil import copytree

import pytest
from kept_keys import certified_keys
from reading import poppler
from sample import record

from remotecal import cli
from remotecal.certificates import write_certificate
from remotecal.certificates.approval import print_signed
from remotecal.certificates.dcc import read, write
from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.pdf.compare import Print, read_print
from remotecal.certificates.pdf.content import content, margins
from remotecal.certificates.pdf.face import STANDARDS, OwnText, ResultsTables, digest, read_face
from remotecal.certificates.pdf.own_words import LONGEST, own_words
from remotecal.certificates.pdf.words import missing_facts, same_words
from remotecal.certificates.signing.pdf import embedded_xml
from remotecal.certificates.signing.xml import read_signatures, sign_xml
from remotecal.errors import CertificateRefused, ConfigurationError
from remotecal.model import Correlation, Frozen, JointResult, Record, Statement, Words
from remotecal.verify.printed import examine_print
from remotecal.verify.report import Unable

EXAMPLE = Path(__file__).parents[2] / "docs" / "example-face"
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
DUTIES = ("performed", "reviewed", "approved", "issued")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copytree(EXAMPLE, tmp_path / "face")


def written(folder: Path, old: str, new: str) -> Path:
    path = folder / "face.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def with_face(path: Path, of: Record | None = None) -> Record:
    return (of or record()).model_copy(update={"face": read_face(path)})


def print_of(one: Record) -> Print:
    return read_print(print_certificate(one, write(one)))


def text_of(one: Record) -> str:
    return "".join(print_of(one).words)


@pytest.fixture(scope="module")
def issued() -> bytes:
    """The sample with the example's face, sealed and printed."""
    keys = certified_keys(dict(zip(DUTIES, ("Li", "Wang", "Zhang", "Lab"), strict=True)), AT)
    xml = write(with_face(EXAMPLE / "face.toml"))
    for duty in DUTIES:
        xml = sign_xml(xml, keys.signers[duty], duty, AT)
    return print_signed(xml, keys.signers["issued"], AT)


def test_the_example_stands_on_the_certificate_and_in_its_xml(issued: bytes) -> None:
    one, pdf = with_face(EXAMPLE / "face.toml"), issued
    said = read(read_signatures(embedded_xml(pdf))[-1].content)
    assert said == one
    assert Record.from_json(one.to_json()) == one
    assert f"own face {digest(said.face)[:16]}" in examine_print(pdf, embedded_xml(pdf), said)
    assert digest(said.face) == sha256((EXAMPLE / "face.toml").read_bytes()).hexdigest()
    pages = read_print(pdf).words
    whole = "".join(pages)
    for told in (
        "隶属：龙井计量科学研究院",
        "客户名称Client",
        "授权签字人Authorisedsignatory",
        "实验室说明",
        "校准依据",
    ):
        assert whole.count(told) == 1, told
    assert "批准人" not in whole
    assert all("业务受理：8:30至17:00" in page for page in pages), "the footer is on every page"
    assert digest(said.face) in whole
    head = whole.index("有效期至"), whole.index("证书编号/签发机构")
    assert head == tuple(sorted(head)), "the columns of the standards stand in the face's order"


def test_the_page_shows_the_example_to_the_letter() -> None:
    page = (EXAMPLE.parent / "certificate-face.md").read_text(encoding="utf-8")
    assert f"```toml\n{(EXAMPLE / 'face.toml').read_text(encoding='utf-8')}```" in page


def test_a_face_adds_and_takes_nothing_away(folder: Path) -> None:
    """The longest lines wherever there may be some, in what a typesetter or a page could take for its own."""
    code = '#panic("a") #set text(fill: white) $x$ *b* _c_ @d [e] {f} // g /* h'
    long = code + "W" * (LONGEST - len(code))
    line = f"{{ zh = {'汉' * (LONGEST // 2)!r}, en = {long!r} }}"
    path = folder / "face.toml"
    path.write_text(
        "edition = 1\n" + "\n".join(f"{name} = [{', '.join([line] * n)}]" for name, n in
        (("letterhead", 4), ("footer", 2), ("notes", 6))),
        encoding="utf-8",
    )  # fmt: skip
    plain, own = print_of(record()), print_of(with_face(path))
    assert missing_facts(own, plain, record()) == []
    whole = "".join(own.words)
    assert whole.count("".join(long.split())) == 4 + 2 * len(own.words) + 6, (
        "code is text, and nothing of it runs"
    )
    one = with_face(path)
    (folder / "a.pdf").write_bytes(print_certificate(one, write(one)))
    words = poppler("pdftotext", "-bbox", str(folder / "a.pdf"), "-")
    ends = [float(part.split('"')[0]) for part in words.split('yMax="')[1:]]
    sides = [float(part.split('"')[0]) for part in words.split('xMax="')[1:]]
    assert max(ends) < 842 - 15, "no line stands beyond the edge of the paper"
    assert max(sides) < 595 - 15


def test_another_version_is_compared_with_the_footer_left_out(folder: Path) -> None:
    one = with_face(folder / "face.toml")
    other = with_face(written(folder, "0571-8000 0000", "0571-8000 0001"))
    printed = print_of(one)
    margin = margins(one)
    assert "Reception:8:30" in margin[2]
    assert all(part in page for page in printed.words for part in margin), "wherever pages break"
    assert not same_words(printed, print_of(other), other)


NOTE = 'en = "Please contact us within 15 days of receipt if you have questions about this certificate."'


@pytest.mark.parametrize(
    "line",
    [
        "未加盖校准专用章无效",
        "本证书涂改无效，复印无效",
        "未经本实验室书面允许，不得部分复制",
        "Void if altered. Invalid without the seal",
    ],
)
def test_what_many_a_laboratory_says_of_its_paper_may_be_said(line: str) -> None:
    assert own_words(line) == line


def test_a_line_that_is_the_same_in_both_languages_is_printed_once() -> None:
    assert OwnText(zh="0571-8000 0000", en="0571-8000 0000").said == [["", "0571-8000 0000"]]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (NOTE, 'en = "The meter passes."', "'passes' could be read as a result"),
        (NOTE, 'en = "In all U = 2 parts"', "'=' could be read as a result"),
        (NOTE, 'en = "Error: 0.1 per cent"', "could be read as a result"),
        (NOTE, 'en = "good to 0.1"', "'0.1' could be read"),
        (NOTE, 'en = "good to \\uff10\\uff0e\\uff11"', "'0.1' could be read"),
        (NOTE, 'en = "Valid until 2030"', "could be read as a result"),
        (NOTE, 'en = "U: 5 of a million"', "'U: 5' could be read"),
        (NOTE, 'en = "coverage k (2)"', "'coverage' could be read"),
        (NOTE, 'en = "All values lie within their limits"', "'within their limits' could be read"),
        (NOTE, 'en = "The meter meets JJG 1033"', "'meets' could be read"),
        (NOTE, 'en = "It c o n f o r m s to all of it"', "'conforms' could be read"),
        (NOTE, 'en = "This certificate is void"', "'void' could be read"),
        ("如对本证书有疑问", "本次结果均在允许范围之内", "'允许范围' could be read"),
        ("如对本证书有疑问", "本证书作废", "'作废' could be read"),
        ("如对本证书有疑问", "本证书无 效", "'无 效' could be read"),
        (NOTE, 'en = "Class A instrument"', "'Class A' could be read"),
        ("如对本证书有疑问", "示值偏差小于千分之一", "'示值' could be read"),
        (NOTE, 'en = "\\u0440ass"', r"U\+0440 is neither Latin nor Chinese"),
        (NOTE, 'en = "pa\\u200bss"', r"U\+200B is neither"),
        (NOTE, 'en = "\\u202Ea"', r"U\+202E is neither"),
        (NOTE, f'en = "{"a" * (LONGEST + 1)}"', f"1 to {LONGEST} letters"),
        (NOTE, 'en = ""', "1 to"),
        (NOTE, "", r"notes\.0\.en is missing"),
        ("如对本证书有疑问", "结果合 格", "'合 格' could be read"),
        ('zh = "客户名称", en = "Client"', 'zh = "不合格"', "known are"),
        ('zh = "客户名称", en = "Client"', 'en = "Laboratory"', r"cover\.customer can't be 'Laboratory'"),
        ("[words.cover]\ncustomer", "[words.verdicts]\nfail", r"verdicts\.fail is worded alike"),
        ("[words.cover]\ncustomer", "[words.marks]\ndraft", r"marks\.draft is worded alike"),
        ("[words.cover]\ncustomer", "[words.columns]\nexpanded_uncertainty", "worded alike"),
        ("[words.cover]\ncustomer", "[words.notice]\ntitle", r"notice\.title can't be '客户名称'"),
        ('"quality", ', "", "leaves none out"),
        ('"quality", ', '"name", ', "leaves none out"),
        ('"error", "temp', '"temp', "must have error"),
        ('"reference", ', "", "must have reference"),
        ('"reference", ', '"reference", "U", ', "'U' is no column that a face orders"),
        ('"error", "temp', '"error", "k", "temp', "U, k, limits and verdict stand behind"),
        ('"repeatability"', '"error"', "named twice"),
        ("edition = 1", "", "edition is missing"),
        ("edition = 1", "edition = 2", "edition"),
        ("edition = 1", 'edition = 1\nhide = ["results"]', "hide is unknown"),
        ("[[letterhead]]", "[[footer]]", "footer"),
        ('file = "logo.png"', 'file = "../logo.png"', r"logo\.file"),
        ('file = "logo.png"', 'file = "/etc/logo.png"', r"logo\.file"),
        ('file = "logo.png"', 'file = "none.png"', "can't be read"),
        ('sha256 = "bb251c37', 'sha256 = "00bb251c37', "sha256: write it like the 64 signs sha256sum tells"),
        ("bb251c37", "aa251c37", "another SHA-256 than logo says"),
    ],
)  # fmt: skip
def test_what_could_change_what_a_certificate_states_is_refused(
    folder: Path, old: str, new: str, why: str
) -> None:
    with pytest.raises(ConfigurationError, match=why):
        read_face(written(folder, old, new))


@pytest.mark.parametrize(
    ("columns", "order"),
    [
        ((), ["Flow point", "Reference flow", "Indicated flow", "Error of indication", "Repeatability"]),
        (("error", "reference"), ["Flow point", "Error of indication", "Reference flow"]),
        (
            ("reference", "nominal", "repeatability", "error"),
            ["Reference flow", "Flow point", "Repeatability", "Error of indication"],
        ),
    ],
)
def test_a_face_orders_columns_and_leaves_out_optional_ones(
    columns: tuple[str, ...], order: list[str]
) -> None:
    (table,) = (one for one in record().tables if one.column("basic_measurementError"))
    stands = ResultsTables(columns=columns).arranged(table)
    assert [one.name.get("en") for one in stands] == order
    assert set(stands) <= set(table.columns)


def test_what_is_stated_of_a_column_keeps_it_and_what_is_not_the_faces_follows() -> None:
    (table,) = (one for one in record().tables if one.column("basic_measurementError"))
    nominal, reference, indication, error, repeatability = table.columns
    face = ResultsTables(columns=("error", "reference"))
    stated = (
        {"uncertainty": error.uncertainty},
        {"conformity": error.conformity},
        {"in_cmc": error.in_cmc},
        {"ref_types": ("basic_measuredValue", "basic_tableIndex1")},
    )
    for one in stated:
        kept = indication.model_copy(update=one)
        of = table.model_copy(update={"columns": (nominal, reference, kept, error, repeatability)})
        assert face.arranged(of) == (nominal, error, reference, kept)
    other = repeatability.model_copy(update={"ref_types": ("remotecal_load",)})
    words = Words(ref_types=("remotecal_remark",), words=("a",) * 6)
    of = table.model_copy(update={"columns": (words, nominal, reference, indication, other, error)})
    assert face.arranged(of) == (words, nominal, error, reference, other)
    matrix = ("1", "0.5"), ("0.5", "1")
    pair = table.model_copy(
        update={
            "columns": (nominal, reference, indication, error),
            "joint": (JointResult.model_construct(columns=(2, 3), correlation=Correlation(matrix=matrix)),),
        }
    )
    assert indication in face.arranged(pair)


def test_columns_that_are_left_out_are_told_and_the_print_is_proven(folder: Path) -> None:
    order = 'columns = ["nominal", "indication", "reference", "repeatability", "error", "temperature"]'
    one = with_face(written(folder, order, 'columns = ["error", "reference"]'))
    printed = print_of(one)
    whole = "".join(printed.words)
    (table,) = (table for table in one.tables if table.column("basic_measurementError"))
    error = table.column("basic_measurementError")
    assert whole.count("其余各列见证书数据（XML）") == 1
    assert "Furthercolumnsstandinthecertificate" in whole
    assert "被检表示值" not in whole
    assert whole.index("流量点") < whole.index("最大允许误差") < whole.index("标准流量")
    assert all(U in whole for U in error.uncertainty.expanded)
    assert whole.count("合格") >= len(error.values)
    assert missing_facts(printed, print_of(one), one) == []
    assert "其余各列" not in text_of(record())
    lacking = missing_facts(printed, print_of(record()), record())
    assert "Repeatability" in lacking


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, held: bytes) -> bytes:
        return struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    lines = zlib.compress((b"\0" + b"\xff" * ((width + 7) // 8)) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def with_logo(folder: Path, data: bytes) -> Path:
    (folder / "logo.png").write_bytes(data)
    told = sha256((EXAMPLE / "logo.png").read_bytes()).hexdigest()
    return written(folder, told, sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (png(30_000, 1), "30000 × 1 pixels"),
        (png(0, 5), "0 × 5 pixels"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG"),
        (png(5, 5)[:-3], "no PNG"),
        (png(5, 5) + b"<script>", "no PNG"),
        (png(5, 5)[:40] + b"\0" + png(5, 5)[41:], "no PNG"),
        (png(5, 5)[:-12], "does not begin and end as one"),
        (bytes(70_000), "more than 65536 bytes"),
        (b"", "is empty"),
    ],
    ids=["huge", "nothing", "svg", "cut", "appended", "damaged", "no end", "large", "empty"],
)
def test_what_is_no_picture_of_ordinary_size_is_refused(folder: Path, data: bytes, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        read_face(with_logo(folder, data))


def test_a_picture_stays_in_its_room(folder: Path) -> None:
    plain = print_of(with_face(EXAMPLE / "face.toml"))
    for data in (png(2000, 3), png(3, 2000)):
        copy = copytree(EXAMPLE, folder / sha256(data).hexdigest())
        own = print_of(with_face(with_logo(copy, data)))
        assert len(own.words) == len(plain.words)
        assert missing_facts(own, plain, record()) == []


def test_the_mark_stands_only_where_results_are_accredited() -> None:
    one = with_face(EXAMPLE / "face.toml")
    nameless = one.model_copy(update={"laboratory": one.laboratory.model_copy(update={"code": None})})
    marks = [content(each, (), "a font")["face"]["mark"] for each in (one, nameless, without_cmc(one))]
    assert marks[0] == [["zh", "认可标识（示例）"], ["en", "Accreditation mark (an example)"]]
    assert marks[1:] == [None, None]


def without_cmc(one: Record) -> Record:
    def changed(part: object) -> object:
        if isinstance(part, tuple):
            return tuple(map(changed, part))
        if not isinstance(part, Frozen):
            return part
        kept = {name: changed(getattr(part, name)) for name in type(part).model_fields}
        return part.model_copy(update=kept | ({"in_cmc": None} if "in_cmc" in kept else {}))

    return one.model_copy(update={"measurements": changed(one.measurements)})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda toml: toml.replace(b"bb251c37", b"aa251c37"), "another SHA-256"),
        (lambda toml: toml.replace("客户名称".encode(), "制造单位".encode()), "cover.customer can't be"),
        (lambda toml: toml[: toml.index(b"[logo]")], "of which the face says nothing"),
    ],
)
def test_a_face_that_no_command_would_take_is_not_printed_with(
    change: Callable[[bytes], bytes], why: str
) -> None:
    """A laboratory may write any XML; whoever verifies it prints with no face that would deceive."""
    one = with_face(EXAMPLE / "face.toml")
    toml = change((EXAMPLE / "face.toml").read_bytes())
    face = one.face.model_copy(update={"toml": base64.b64encode(toml).decode()})
    other = one.model_copy(update={"face": face})
    with pytest.raises(Unable, match=why):
        examine_print(b"%PDF", write(other), other)


def test_the_signatures_cover_the_face(issued: bytes) -> None:
    xml = embedded_xml(issued)
    there = (EXAMPLE / "face.toml").read_bytes()
    other = base64.b64encode(there.replace(b"17:00", b"18:00"))
    forged = xml.replace(base64.b64encode(there), other)
    assert forged != xml
    with pytest.raises(CertificateRefused):
        read_signatures(forged)


def test_a_draft_gets_the_face_by_a_command_and_a_signed_certificate_never(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write_certificate(record(), tmp_path / "draft")
    face = str(EXAMPLE / "face.toml")
    assert cli.main(["certificate", "face", face, str(paths.xml)]) == 0
    said = read(paths.xml.read_bytes())
    assert said == with_face(EXAMPLE / "face.toml") == Record.from_json(paths.json.read_text())
    assert paths.pdf.read_bytes() == print_certificate(said, paths.xml.read_bytes())
    assert "can be used; its SHA-256 is" in capsys.readouterr().out
    keys = certified_keys({"performed": "Li"}, AT)
    signed = sign_xml(write(record()), keys.signers["performed"], "performed", AT)
    (tmp_path / "signed.xml").write_bytes(signed)
    assert cli.main(["certificate", "face", face, str(tmp_path / "signed.xml")]) != 0
    assert "before its first signature" in capsys.readouterr().err
    assert (tmp_path / "signed.xml").read_bytes() == signed


@pytest.mark.parametrize(
    ("verdict", "title"),
    [("pass", "检定证书"), ("fail", "检定结果通知书"), ("noPass", "检定结果通知书")],
)
def test_a_verification_that_was_not_passed_ends_in_a_notice(verdict: str, title: str) -> None:
    one = record()
    kept = tuple(entry.model_copy(update={"conformity": None}) for entry in one.statements)
    said = Statement(ref_types=("remotecal_verification",), conformity=verdict)
    whole = text_of(one.model_copy(update={"statements": (*kept, said)}))
    assert title in whole
    assert ("检定证书" in whole) == (verdict == "pass")
    assert "检定员Verifiedby" in whole


def test_every_column_of_the_standards_is_there_in_any_order(folder: Path) -> None:
    usual = ", ".join(f'"{name}"' for name in reversed(STANDARDS))
    path = written(folder, '"name", "model", "range", "quality", "until", "certificate"', usual)
    assert missing_facts(print_of(with_face(path)), print_of(record()), record()) == []
