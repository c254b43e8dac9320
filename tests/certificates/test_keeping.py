"""Nothing that is signed or sealed is overwritten, whoever writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample import record

from remotecal.certificates import PDF_NAME, XML_NAME, folder_of, write_certificate
from remotecal.certificates.keeping import extend, replace, write_new
from remotecal.errors import CertificateRefused, ConfigurationError, EvidenceError

SIGNED = b"<a><ds:SignatureValue Id='x'>\nAB\nCD</ds:SignatureValue></a>"
TWICE = b"<a><SignatureValue>QQ==</SignatureValue><SignatureValue>ABCD</SignatureValue></a>"


@pytest.mark.parametrize("there", ["file", "folder", "link", "dangling link"])
def test_what_is_new_takes_nobodys_place(tmp_path: Path, there: str) -> None:
    path, other = tmp_path / "certificate.xml", tmp_path / "other"
    if there == "file":
        path.write_bytes(b"draft")
    elif there == "folder":
        path.mkdir()
    else:
        path.symlink_to(other)
    if there == "link":
        other.write_bytes(b"draft")
    with pytest.raises(ConfigurationError, match="there already, and nothing is overwritten"):
        write_new(path, b"new")
    assert not other.exists() or other.read_bytes() == b"draft"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"draft", b"another"),
        (b"", SIGNED),
        (SIGNED, SIGNED),
        (SIGNED, TWICE),
        (b"%PDF draft", b"%PDF /ByteRange"),
    ],
)
def test_a_draft_gives_way_and_signatures_may_be_added(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "certificate.xml"
    path.write_bytes(old)
    replace(path, new)
    assert path.read_bytes() == new
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SIGNED, b"<a/>"),
        (TWICE, SIGNED),
        (SIGNED.decode().encode("utf-16"), b"<a/>"),
        (b"%PDF /ByteRange 1", b"%PDF /ByteRange 2"),
        (b'{"kind":"signature"}\n', b"{}\n"),
    ],
)
def test_no_signature_is_lost(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "certificate.xml"
    path.write_bytes(old)
    with pytest.raises(CertificateRefused, match="signed, and nothing that is signed is overwritten"):
        replace(path, new)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_evidence_only_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    for lines in ([b"1\n"], [b"1\n"], [b"1\n", b"2\n"], [b"1\n2", b"\n"]):
        extend(path, lines)
    for lines in ([b"1\n"], [b"3\n2\n"], [b"1\n", b"3\n"], [b""], []):
        with pytest.raises(EvidenceError, match="says something else already"):
            extend(path, lines)
    assert path.read_bytes() == b"1\n2\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", [XML_NAME, PDF_NAME])
def test_a_certificate_is_written_whole_or_not_at_all(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"somebody's")
    with pytest.raises(ConfigurationError, match="no certificate is overwritten: choose another directory"):
        write_certificate(record(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    for write in (write_new, replace, lambda path, content: extend(path, [content])):
        with pytest.raises(ConfigurationError, match="can't be"):
            write(Path("/dev/full/x"), b"new")
        with pytest.raises(ConfigurationError, match="can't be written"):
            write(tmp_path / "nowhere" / "x", b"new")


def test_no_two_numbers_get_one_folder(tmp_path: Path) -> None:
    """One device's certificate would take the place of another's, where both are drafts."""
    numbers = ("A/1", "A_1", "A 1", "A%2F1", ".A_1", "..A_1", "A_1.", "..", "...", "证书-1", "证书/1")
    folders = [folder_of(number) for number in numbers]
    assert len(set(folders)) == len(numbers)
    for folder in folders:
        (tmp_path / folder).mkdir()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(folders)
