"""The QR code on an issued certificate and on a label: read from what is printed, by another library."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from kept_keys import certified_keys
from reading import codes, poppler
from sample import record

from remotecal.certificates.added import address_in, may_be_added, public_address
from remotecal.certificates.approval import print_signed
from remotecal.certificates.dcc import read, write
from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.pdf.compare import is_this_print
from remotecal.certificates.pdf.label import labels, print_labels
from remotecal.certificates.signing.pdf import embedded_xml
from remotecal.certificates.signing.xml import read_signatures, sign_xml
from remotecal.model import Record, Statement, Text
from remotecal.verify.printed import examine_print

ADDRESS = "https://cal.example/v/0123456789ABCDEFGHIJ_-"
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
DUTIES = ("performed", "reviewed", "approved", "issued")


def stated(address: str | None = ADDRESS) -> Record:
    whole = record()
    more = () if address is None else (public_address(address),)
    return whole.model_copy(update={"statements": (*whole.statements, *more)})


@pytest.fixture(scope="module")
def issued() -> bytes:
    """A certificate that says where its public page is, sealed and printed."""
    names = dict(zip(DUTIES, ("Li Wei", "Wang Fang", "Zhang Min", "Laboratory"), strict=True))
    keys = certified_keys(names, AT)
    xml = write(stated())
    for duty in DUTIES:
        xml = sign_xml(xml, keys.signers[duty], duty, AT)
    return print_signed(xml, keys.signers["issued"], AT)


def test_an_issued_certificate_carries_its_public_address(issued: bytes, tmp_path: Path) -> None:
    assert codes(issued, tmp_path) == [ADDRESS]
    xml = embedded_xml(issued)
    said = read(read_signatures(xml)[-1].content)
    assert address_in(said) == ADDRESS
    assert is_this_print(issued, print_certificate(said, xml))
    assert "the same to the last one" in examine_print(issued, xml, said)


def test_a_draft_and_a_certificate_without_an_address_carry_none(tmp_path: Path) -> None:
    for draft in (stated(), stated(None)):
        assert codes(print_certificate(draft, write(draft)), tmp_path) == []


def test_nothing_else_may_be_stated_as_an_address() -> None:
    good = public_address(ADDRESS)
    assert may_be_added(good, stated())
    declared = good.declaration
    assert declared is not None
    for said in (
        {"en": declared.root["en"]},
        {**declared.root, "zh": declared.root["zh"] + "！"},
        {**declared.root, "en": declared.root["en"] + " or elsewhere"},
        {name: text.replace("https", "http") for name, text in declared.root.items()},
    ):
        other = Statement(ref_types=good.ref_types, name=good.name, declaration=Text(said))
        assert not may_be_added(other, stated())
        assert address_in(stated(None).model_copy(update={"statements": (other,)})) is None


def test_a_label_tells_number_days_and_where_to_ask(tmp_path: Path) -> None:
    one = stated()
    printed = print_labels(labels(one, date(2027, 11, 19)))
    assert codes(printed, tmp_path, 300) == [ADDRESS]
    size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", poppler("pdfinfo", str(tmp_path / "printed.pdf")))
    assert [round(float(side) / 72 * 25.4, 1) for side in size.groups()] == [50.0, 30.0]
    text = poppler("pdftotext", "-raw", str(tmp_path / "printed.pdf"), "-")
    bare = "".join(text.replace("\N{ZERO WIDTH SPACE}", "").split())
    for said in (one.number, one.items[0].serials[0], str(one.finished), "2027-11-19", "下次校准"):
        assert said in bare, said
    plain = print_labels(labels(stated(None), None))
    assert codes(plain, tmp_path, 300) == []
    assert "下次校准" not in poppler("pdftotext", str(tmp_path / "printed.pdf"), "-")


def test_a_label_holds_long_names(tmp_path: Path) -> None:
    one = stated()
    name = Text(zh="一体式电磁流量计带远传和压力补偿", en="Electromagnetic flow meter " + "and more " * 6)
    item = one.items[0].model_copy(update={"name": name, "model": "DN 500 / 0123456789-ABCDEFGHIJKLMN"})
    long = one.model_copy(update={"items": (item,), "number": "LNJL-2026-000000012345-A1-LONG"})
    printed = print_labels(labels(long, date(2027, 1, 1)))
    assert codes(printed, tmp_path, 300) == [ADDRESS]
    (tmp_path / "label.pdf").write_bytes(printed)
    assert "Pages:           1" in poppler("pdfinfo", str(tmp_path / "label.pdf"))
