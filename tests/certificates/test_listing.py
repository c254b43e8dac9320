"""`remotecal verify` of a report: whether it says what its certificates say, and what to verify instead."""

import json

import pytest
from sample import record

from remotecal.certificates.dcc.write import write
from remotecal.certificates.pdf.summary import print_summary
from remotecal.certificates.reporting import write_summary
from remotecal.certificates.summary import Summary
from remotecal.cli import main


@pytest.fixture
def report(tmp_path):
    """Two certificates, and beside them the report of both."""
    written = [write(record().model_copy(update={"number": number})) for number in ("R-1", "R-2")]
    for number, data in enumerate(written, 1):
        folder = tmp_path / "certificates" / f"R-{number}"
        folder.mkdir(parents=True)
        (folder / "certificate.xml").write_bytes(data)
    write_summary(written, tmp_path)
    return tmp_path / "report.pdf"


@pytest.mark.parametrize("name", ["report.pdf", "report.json"])
def test_a_report_says_what_its_certificates_say_and_proves_none(report, capsys, name):
    assert main(["verify", str(report.with_name(name))]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Report of 2 certificates holds." in said
    assert "proves no certificate: verify each certificate it lists" in said
    assert "R-1" in said
    assert "R-2" in said


def test_a_report_whose_certificates_are_elsewhere_is_not_proven_until_it_is_told_where(report, capsys):
    folder = report.parent / "certificates"
    elsewhere = folder.rename(report.parent.parent / f"{report.parent.name}-elsewhere")
    assert main(["verify", str(report)]) != 0
    printed = capsys.readouterr()
    assert "Report of 2 certificates is not proven." in printed.out
    assert "--certificates" in printed.out
    assert main(["verify", str(report), "--certificates", str(elsewhere)]) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda list_: list_["listed"][0].update(verdict="noPass"), "the report says verdict noPass"),
        (lambda list_: list_.update(orders=["ORDER-9"]), "another orders"),
        (lambda list_: list_["listed"][0].update(sha256="0" * 64), "not at hand"),
    ],
)
def test_a_report_that_says_otherwise_than_a_certificate_does_not_hold(report, capsys, change, said):
    list_ = json.loads(report.with_name("report.json").read_text("utf-8"))
    change(list_)
    report.write_bytes(print_summary(Summary.model_validate(list_)))
    assert main(["verify", str(report)]) != 0
    assert said in " ".join(capsys.readouterr().out.split())


def test_a_report_that_was_changed_behind_its_list_fails(report, capsys):
    whole, mark, end = report.read_bytes().rpartition(b"startxref")
    report.write_bytes(whole + b"% more\n" + mark + end)
    assert main(["verify", str(report)]) != 0
    assert "the file was changed" in " ".join(capsys.readouterr().out.split())


def test_a_file_that_is_neither_is_told_so(tmp_path, capsys):
    path = tmp_path / "notes.xml"
    path.write_text("nothing")
    assert main(["verify", str(path)]) != 0
    printed = capsys.readouterr()
    assert "This file, which is no certificate, fails." in printed.out
    assert "notes.xml is no certificate and fails" in printed.err
