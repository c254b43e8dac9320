"""The demonstration's certificate holds with its evidence, and nothing may be changed in either."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from remotecal.certificates.approval import sign
from remotecal.certificates.dcc import write
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.pdf import print_certificate
from remotecal.certificates.signing.keys import read_key
from remotecal.certificates.signing.pdf import sign_pdf
from remotecal.certificates.signing.seal import read_public_key
from remotecal.certificates.signing.signature import DUTIES
from remotecal.certificates.trust import read_trust_list
from remotecal.cli import main
from remotecal.journal.gathering import read_evidence
from remotecal.model import Record
from remotecal.runs import catalogue
from remotecal.runs.record import evaluate
from remotecal.verify import verify


@pytest.fixture
def copy(demo, tmp_path):
    return shutil.copytree(demo, tmp_path / "copy")


def examine(place, certificate="certificate.xml"):
    return verify(
        place / certificate,
        journal=place,
        trust=read_trust_list(place / "trust.toml", read_public_key(place / "keys" / "list-issuer.pub.pem")),
        library=CertificateLibrary([place / "bench"]),
        now=datetime.now(UTC),
    )


def by_name(report):
    return {check.name: check for check in report.checks}


def key(place, name):
    return read_key(str(place / "keys" / f"{name}.pem"))


def signed(place, record):
    """Return a record as a certificate with all four signatures."""
    data = write(record)
    for duty in DUTIES:
        data = sign(data, key(place, duty), datetime.now(UTC))
    return data


def one_more(found):
    return f"{found[1]}{int(found[2]) + 1}"


def failures(report):
    return {check.name for check in report.failures}


@pytest.mark.parametrize("certificate", ["certificate.xml", "certificate.pdf"])
def test_it_holds(demo, certificate):
    report = examine(demo, certificate)
    assert not report.failures
    assert report.verdict == "holds"
    assert report.demonstration


def test_the_command_says_so(demo, capsys):
    trust = ["--trust", demo / "trust.toml", "--trust-key", demo / "keys" / "list-issuer.pub.pem"]
    arguments = ["verify", demo / "certificate.pdf", "--journal", demo, "--standards", demo / "bench", *trust]
    assert main([str(argument) for argument in arguments]) == 0
    assert "holds" in capsys.readouterr().out


def test_every_reply_is_read_again(demo):
    (replies,) = (check for check in examine(demo).checks if check.name == "replies")
    assert replies.outcome == "passed"
    assert int(replies.said.split()[0]) > 500


def test_a_digit_changed_in_the_xml(copy):
    path = copy / "certificate.xml"
    changed = re.sub(rb"(<si:valueXMLList>90 )70", rb"\g<1>71", path.read_bytes(), count=1)
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    assert "XML signatures" in failures(examine(copy))


def test_a_byte_changed_in_the_pdf(copy):
    path = copy / "certificate.pdf"
    data = bytearray(path.read_bytes())
    data[2000] ^= 1
    path.write_bytes(data)
    assert examine(copy, "certificate.pdf").failures


def test_a_digit_changed_in_what_the_pdf_prints(copy):
    """The laboratory itself embeds the true certificate and prints a better one."""
    record = Record.from_json((copy / "record.json").read_bytes())
    value = record.tables[0].column("basic_measurementError").values[0]
    better = Record.from_json((copy / "record.json").read_text("utf-8").replace(f'"{value}"', '"0.001"'))
    xml = (copy / "certificate.xml").read_bytes()
    printed = print_certificate(better, xml)
    (copy / "certificate.pdf").write_bytes(sign_pdf(printed, key(copy, "issued"), datetime.now(UTC)))
    report = examine(copy, "certificate.pdf")
    assert failures(report) == {"printed pages"}
    assert re.search(r"page 2 says .*0\.001", by_name(report)["printed pages"].said)


@pytest.mark.parametrize(("left", "reason"), [(-1, "not signed"), (-2, "unfinished"), (60, "unfinished")])
def test_a_journal_cut_off_behind_a_line(copy, left, reason):
    path = copy / "journal.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:left]))
    report = examine(copy)
    assert report.verdict == "fails"
    assert any(reason in check.said for check in report.failures)


def test_a_new_evaluation_holds_if_the_certificate_says_so(copy, monkeypatch):
    """The procedure's text is another one than when the run was made."""
    later = replace(catalogue.find("dosing"), sha256="ab" * 32)
    monkeypatch.setattr(catalogue, "_in_catalogue", lambda *_: later)
    assert "it was changed since" in by_name(examine(copy))["results"].said
    record = evaluate(read_evidence(copy), later, new_evaluation=True)
    (copy / "certificate.xml").write_bytes(signed(copy, record))
    assert examine(copy).verdict == "holds"
    silent = tuple(one for one in record.statements if "remotecal_newEvaluation" not in one.ref_types)
    (copy / "certificate.xml").write_bytes(signed(copy, record.model_copy(update={"statements": silent})))
    assert failures(examine(copy)) == {"results"}


def test_a_signed_certificate_is_left_as_it_is(copy, capsys):
    before = {path: path.read_bytes() for path in copy.iterdir() if path.is_file()}
    assert main(["evaluate", str(copy)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "certificate.xml (issued) was left as it is; it says the same, to the last digit" in said
    assert {path: path.read_bytes() for path in copy.iterdir() if path.is_file()} == before
    assert examine(copy).verdict == "holds"
    arguments = ["sim", "up", "dosing-stand", "--out", str(copy / "bench")]
    assert main(arguments) == 6
    assert "signed, and nothing that is signed is overwritten" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["digit", "removed", "reordered", "appended"])
def test_a_changed_journal(copy, change):
    path = copy / "journal.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    wanted = '"kind":"observation"', '"repeat":2', '"70 %"'
    (place,) = [n for n, line in enumerate(lines) if all(part in line for part in wanted)]
    if change == "digit":
        lines[place] = re.sub(r'("pulses":\{[^}]*"value":)(\d+)', one_more, lines[place])
    elif change == "removed":
        del lines[place]
    elif change == "reordered":
        lines[place - 1 : place + 1] = lines[place], lines[place - 1]
    else:
        lines.append(lines[-1])
    changed = "".join(lines)
    assert changed != path.read_text(encoding="utf-8")
    path.write_text(changed, encoding="utf-8")
    assert "journal" in failures(examine(copy))
