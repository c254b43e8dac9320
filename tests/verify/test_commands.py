"""`remotecal sign`, `verify` and `trace`, as a person calls them."""

from __future__ import annotations

import argparse
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from made import Made

from remotecal.certificates.dcc.write import write
from remotecal.certificates.library import CertificateLibrary, canonical_hash
from remotecal.certificates.signing.pdf import embedded_xml
from remotecal.certificates.signing.xml import read_signatures
from remotecal.cli import sign as sign_command
from remotecal.cli import trace as trace_command
from remotecal.cli import verify as verify_command
from remotecal.clock import VirtualClock
from remotecal.configuration import read_toml, read_within
from remotecal.errors import BenchError, CertificateRefused, ConfigurationError, EvidenceError, RecordError
from remotecal.journal.events import read_journal
from remotecal.journal.writing import Journal
from remotecal.verify import verify


def call(command: ModuleType, *arguments: object) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    command.main(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture
def means(made: Made) -> tuple[object, ...]:
    made.trust(next_update=datetime.now(UTC).date() + timedelta(days=365))
    made.keys.write(made.folder / "keys")
    key = made.folder / "keys" / "list-issuer.pub.pem"
    return "--trust", made.folder / "trust.toml", "--trust-key", key, "--standards", made.standards


def test_verify_prints_every_check(
    made: Made, means: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    call(verify_command, made.certificate, *means)
    said = capsys.readouterr().out
    assert "Certificate FLOW-1 holds." in said
    assert "This is a demonstration" in said
    with pytest.raises(CertificateRefused, match="FLOW-1 is not proven: trust, revocation, scope"):
        call(verify_command, made.certificate)
    made.certificate.write_bytes(made.certificate.read_bytes().replace(b">0.060<", b">0.061<"))
    with pytest.raises(CertificateRefused, match="FLOW-1 fails: XML signatures"):
        call(verify_command, made.certificate, *means)
    assert "FAILED" in capsys.readouterr().out


def test_a_folder_or_archive_of_evidence_is_told_from_a_certificate(made: Made) -> None:
    with pytest.raises(ConfigurationError, match=r"is a folder: name the certificate in it.*--journal"):
        call(verify_command, made.certificate.parent)
    archive = Path(shutil.make_archive(str(made.folder / "evidence"), "zip", made.standards))
    with pytest.raises(ConfigurationError, match="is an archive: unpack it"):
        call(verify_command, archive)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders")
def test_a_pipe_in_a_folder_is_not_waited_for_and_a_shells_own_is_read(made: Made) -> None:
    pipe = made.folder / "pipe.xml"
    os.mkfifo(pipe)
    other_end = os.open(pipe, os.O_RDWR)  # so that nothing waits without end where it is opened after all
    os.write(other_end, b"\n")
    link = made.folder / "link.xml"
    link.symlink_to(pipe)
    for named in (pipe, link):
        with pytest.raises(ConfigurationError, match="is a pipe"):
            read_within(named, 0)
        with pytest.raises(BenchError, match="is a pipe"):
            read_toml(named, BenchError)
    os.close(other_end)
    reading, writing = os.pipe()
    os.write(writing, b"<a/>")
    os.close(writing)
    assert read_within(Path(f"/dev/fd/{reading}"), 10) == b"<a/>"
    os.close(reading)


def test_xml_without_a_canonical_form_among_the_standards_costs_none_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b'<a xmlns:b="relative"/>')
    (tmp_path / "b.xml").write_bytes(b"<a></a>")
    library = CertificateLibrary([tmp_path])
    assert library.by_hash(canonical_hash(b"<a/>")) == b"<a></a>"
    with pytest.raises(RecordError, match="no canonical form"):
        canonical_hash(b'<a xmlns:b="relative"/>')


def test_a_trust_list_needs_its_key(made: Made, means: tuple[object, ...]) -> None:
    with pytest.raises(ConfigurationError, match="--trust-key"):
        call(verify_command, made.certificate, *means[:2])


def test_a_list_older_than_one_seen_before_is_refused(
    made: Made, means: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (verify_command, trace_command):
        call(command, made.certificate, *means, "--least-list-number", 1)
        with pytest.raises(EvidenceError, match="is issue 1, and 2 was there already"):
            call(command, made.certificate, *means, "--least-list-number", 2)
    assert "issue 1 of" in capsys.readouterr().out


def test_trace_draws_and_requires(
    made: Made, means: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    drawing = made.folder / "chain.svg"
    call(trace_command, made.certificate, *means, "--svg", drawing, "--require")
    assert "MASS-1" in capsys.readouterr().out
    assert drawing.read_bytes().startswith(b"<?xml")
    with pytest.raises(CertificateRefused, match="no trust list"):
        call(trace_command, made.certificate, "--require")
    with pytest.raises(ConfigurationError, match="can't be read"):
        call(trace_command, made.folder / "nothing.xml")


def test_signing_to_the_end_gives_a_pdf_that_holds(made: Made, means: tuple[object, ...]) -> None:
    record = made.recompute(made.run)
    path, pdf = made.folder / "new.xml", made.folder / "new.pdf"
    path.write_bytes(write(record))
    for name in ("performed", "reviewed", "approved"):
        call(sign_command, path, "--key", made.folder / "keys" / f"{name}.pem")
    call(sign_command, path, "--key", made.folder / "keys" / "issued.pem", "--pdf", pdf)
    assert len(read_signatures(path.read_bytes())) == 4
    assert embedded_xml(pdf.read_bytes()) == path.read_bytes()
    call(verify_command, pdf, *means)
    printed, signed = pdf.read_bytes(), path.read_bytes()
    with pytest.raises(
        CertificateRefused, match=r"new\.pdf is signed, and nothing that is signed is overwritten"
    ):
        call(sign_command, path, "--key", made.folder / "keys" / "issued.pem", "--pdf", pdf)
    with pytest.raises(CertificateRefused, match=r"new\.xml is signed, and nothing"):
        call(trace_command, path, "--svg", path)
    assert (pdf.read_bytes(), path.read_bytes()) == (printed, signed)
    place = pdf.read_bytes().index(b"stream") + 60
    changed = bytearray(pdf.read_bytes())
    changed[place] ^= 1
    pdf.write_bytes(changed)
    report = verify(pdf)
    assert [check.name for check in report.failures][:1] == ["PDF signature"]


def test_a_journal_is_signed_once_it_is_finished(
    made: Made, means: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    key = made.folder / "keys" / "station.pem"
    with pytest.raises(ConfigurationError, match="signed already"):
        call(sign_command, made.journal, "--key", key)
    unsigned = made.folder / "unsigned"
    with Journal.create(unsigned, VirtualClock(0.0)) as journal:
        journal.append("start", {"format": 1})
        with pytest.raises(ConfigurationError, match="is no certificate"):
            call(sign_command, unsigned, "--key", key)
        journal.append("note", {})
    with pytest.raises(ConfigurationError, match="not finished"):
        call(sign_command, unsigned / "journal.jsonl", "--key", key)
    shutil.copytree(made.run, made.folder / "copy")
    copy = made.folder / "copy" / "journal.jsonl"
    copy.write_bytes(b"".join(copy.read_bytes().splitlines(keepends=True)[:-1]))
    draft = copy.with_name("draft.xml")
    draft.write_bytes(write(made.recompute(copy.parent)))
    before = draft.read_bytes()
    capsys.readouterr()
    call(sign_command, copy, "--key", key)
    assert read_journal(copy)[-1].kind == "signature"
    # What was computed before its last line, its verification would refuse.
    assert f"{draft} rests on the lines before: compute it again" in capsys.readouterr().out
    lines = len(read_journal(copy))
    with pytest.raises(CertificateRefused, match=rf"first {lines - 1} lines of .*, which has {lines}: "):
        call(sign_command, draft, "--key", made.folder / "keys" / "performed.pem")
    assert draft.read_bytes() == before
    draft.write_bytes(write(made.recompute(copy.parent)))
    call(sign_command, draft, "--key", made.folder / "keys" / "performed.pem")


def test_a_trust_list_is_signed(made: Made, means: tuple[object, ...]) -> None:
    path = made.folder / "trust.toml"
    path.write_text(path.read_text("utf-8").replace("number = 1", "number = 2"), "utf-8")
    call(sign_command, path, "--key", made.folder / "keys" / "list-issuer.pem")
    call(verify_command, made.certificate, *means)
