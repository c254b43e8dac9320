"""The laboratory computes a record from the journal alone, and compares."""

import copy
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ordered_runs import AUTHOR, RUN, STATION, Brought, bring
from tiny_bench import PROCEDURE, Tiny

from remotecal.certificates.dcc import read
from remotecal.certificates.pdf.face import read_face
from remotecal.certificates.signing.seal import SealKey
from remotecal.errors import CertificateRefused, EvidenceError, OrderError
from remotecal.hub import recomputing
from remotecal.hub.backup import back_up
from remotecal.hub.issuing import issue
from remotecal.hub.recomputing import DIFFERS, SignedJournal, evaluate_anew
from remotecal.hub.settings import HubFolder
from remotecal.journal.events import Event, read_journal
from remotecal.journal.evidence import Evidence
from remotecal.journal.gathering import gather
from remotecal.runs.catalogue import Found, find
from remotecal.runs.record import evaluate
from remotecal.store import Store
from remotecal.transport.bundles import TrustedProcedures, make_bundle
from remotecal.transport.messages import Computed

sys.path.append(str(Path(__file__).parent.parent / "verify"))

from forged import signed

OTHER = SealKey(Ed25519PrivateKey.generate())


@pytest.fixture
def brought(tiny: Tiny, folder: HubFolder, store: Store, tmp_path: Path) -> Brought:
    """What a station says of a run whose journal is at the laboratory."""
    return bring(tiny, store, tmp_path / "procedures", SealKey.read(folder.laboratory))


def test_the_same_record_is_computed(store: Store, brought: Brought) -> None:
    for _ in range(2):
        assert brought.recompute().agrees
    assert len(store.noted(what="record")) == 1, "once is enough"


def test_another_record_is_noticed(store: Store, brought: Brought) -> None:
    computed = brought.computed
    other = computed.model_copy(update={"record": computed.record.replace('"1.000"', '"1.001"')})
    assert other != computed
    for _ in range(2):
        compared = brought.recompute(other)
        assert (compared.agrees, compared.reason) == (False, DIFFERS)
    row = store.records.find("here", "out")
    assert row is not None
    assert row.record == computed.record, "what the laboratory computed is kept"


def test_a_journal_somebody_else_signed_is_not_computed(store: Store, brought: Brought) -> None:
    compared = brought.recompute(key=OTHER)
    assert "was signed by" in compared.reason
    assert store.records.find("here", "out") is None
    assert len(store.noted(what="not computed")) == 1
    with pytest.raises(EvidenceError, match=f"not by here, whose key is {OTHER.public.id}"):
        SignedJournal(store, "here", "out", OTHER.public)


def test_a_journal_that_does_not_go_together_is_not_computed(
    tiny: Tiny, folder: HubFolder, store: Store, tmp_path: Path
) -> None:
    """By a station whose key is good: the rig is said not to have been made safe in the end."""

    def lie(events: list[Event]) -> None:
        (*_, last) = (event for event in events if event.kind == "safe")
        last.data["reached"] = False

    brought = bring(tiny, store, tmp_path / "lies", SealKey.read(folder.laboratory), lie=lie)
    compared = brought.recompute()
    assert "the journal does not go together: course of the run" in compared.reason
    assert store.records.find("here", "out") is None


def test_a_run_that_could_not_have_begun_has_no_record(
    brought: Brought, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where standards fill each other's roles; what is asked is its procedure's matter."""

    def refuse(evidence: Evidence, found: Found) -> None:
        raise EvidenceError(f"run {evidence.run} by {found.name} could not have begun so")

    monkeypatch.setattr(recomputing, "see_could_begin", refuse)
    assert "could not have begun so" in brought.recompute().reason
    assert store.records.find("here", "out") is None


def test_another_journals_record_is_not_computed(brought: Brought) -> None:
    other = brought.computed.model_copy(update={"head": "0" * 64})
    assert "another journal" in brought.recompute(other).reason


def test_a_journal_with_readings_of_another_hour_is_not_computed(
    store: Store, brought: Brought, tiny: Tiny
) -> None:
    """Chained and signed by its station, and evaluated as it stands; who verifies it would refuse it."""
    events = [copy.deepcopy(event) for event in brought.events if event.kind != "signature"]
    observed = next(event for event in events if event.kind == "observation")
    for value in observed.data["values"].values():
        for reading in value if isinstance(value, list) else [value]:
            if isinstance(reading, dict):
                reading["at"] -= 3600
    forged = tiny.out.parent / "forged.jsonl"
    forged.write_bytes(signed(events, STATION))
    with store.database.begin() as connection:
        for table in ("journal_lines", "runs"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608  our own
    store.journals.append("here", RUN, 1, forged.read_bytes().splitlines(), 1.0)
    read = read_journal(forged)
    record = evaluate(gather(read), find(str(PROCEDURE))).to_json()
    compared = brought.recompute(Computed(station="here", run=RUN, head=read[-1].hash, record=record))
    assert not compared.agrees
    assert compared.reason.startswith("the journal does not go together: times: line")
    assert store.records.find("here", RUN) is None


def test_without_the_procedure_nothing_is_computed(tmp_path: Path, brought: Brought) -> None:
    compared = replace(brought, library=TrustedProcedures(tmp_path / "empty")).recompute()
    assert "is not trusted here" in compared.reason


def test_only_what_agrees_is_issued(
    folder: HubFolder, store: Store, brought: Brought, tmp_path: Path
) -> None:
    out = tmp_path / "issued"
    with pytest.raises(CertificateRefused, match="is not computed yet"):
        issue(folder, store, "here", "out", out)
    brought.recompute()
    row = store.records.find("here", "out")
    assert row is not None
    store.records.put(replace(row, agrees=False))
    with pytest.raises(CertificateRefused, match="computed different records"):
        issue(folder, store, "here", "out", out)
    store.records.put(replace(row, head="0" * 64))
    with pytest.raises(CertificateRefused, match="no longer the one"):
        issue(folder, store, "here", "out", out)
    assert not out.exists()
    store.records.put(row)
    # A later enrolment gives the station another key; what it signed before holds.
    store.stations.enrol(store.stations.new_code("here", 100.0), OTHER.public.text, "", 1000.0, 60.0)
    written = issue(folder, store, "here", "out", out)
    assert len(written) == 4
    assert issue(folder, store, "here", "out", out) == written, "it may be fetched again"
    _check_face(folder, store, tmp_path)
    certificate, journal = out / "certificate.xml", out / "journal.jsonl"
    certificate.write_bytes(b"<dcc><SignatureValue>AB==</SignatureValue></dcc>")
    with pytest.raises(CertificateRefused, match="nothing that is signed is overwritten"):
        issue(folder, store, "here", "out", out)
    certificate.unlink()
    journal.write_bytes(journal.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(EvidenceError, match="no evidence is overwritten"):
        issue(folder, store, "here", "out", out)


def _check_face(folder: HubFolder, store: Store, tmp_path: Path) -> None:
    """The laboratory's face, which hub.toml names, is on its drafts; one that can't be used stops them."""
    face, plain = Path(__file__).parents[2] / "docs" / "example-face" / "face.toml", folder.settings
    for named, out in ((face, tmp_path / "faced"), (face.with_name("none.toml"), tmp_path / "refused")):
        issuing = plain.issuing.model_copy(update={"face": str(named)})
        folder.settings = plain.model_copy(update={"issuing": issuing})
        if named == face:
            issue(folder, store, "here", "out", out)
            left = back_up(folder, tmp_path / "copy")
            assert {Path(name).name for name in left} == {"face.toml", "logo.png", "mark.png"}
            assert read((out / "certificate.xml").read_bytes()).face == read_face(face)
        else:
            with pytest.raises(CertificateRefused, match=r"none\.toml can't be read"):
                issue(folder, store, "here", "out", out)
    folder.settings = plain


def stumbling(tiny: Tiny, tmp_path: Path) -> tuple[Path, Path]:
    """Write a procedure whose evaluation takes readings under a name that nobody kept, and the mended one."""
    text, taken = PROCEDURE.read_text(), 'entry.values["values"]'
    assert taken in text
    for folder, content in (("first", text.replace(taken, 'entry.values["value"]')), ("mended", text)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "stumbling.py").write_text(content)
    first = tmp_path / "first" / "stumbling.py"
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), str(first)))
    return first, tmp_path / "mended" / "stumbling.py"


def believe_the_author(folder: HubFolder) -> None:
    folder.settings = folder.settings.model_copy(update={"trusted": (AUTHOR.public.text,)})


def test_a_procedure_that_stumbles_is_told_and_evaluated_anew_once_it_is_mended(
    tiny: Tiny, folder: HubFolder, store: Store, tmp_path: Path
) -> None:
    first, mended = stumbling(tiny, tmp_path)
    brought = bring(tiny, store, folder.procedures, SealKey.read(folder.laboratory), first)
    said = "procedure stumbling.py can't evaluate this evidence at 1 V: KeyError: 'value'"
    assert brought.recompute().reason == said
    row = store.journals.find("here", RUN)
    assert row is not None
    assert row.failed == said, "the run says so at the hub"
    (noted,) = store.noted(what="not computed")
    assert said in noted.data, "and so does the audit log"
    with pytest.raises(CertificateRefused, match=r"can't be computed: procedure stumbling.py can't evaluate"):
        issue(folder, store, "here", RUN, tmp_path / "issued")

    believe_the_author(folder)
    with pytest.raises(EvidenceError, match="can't evaluate"):
        evaluate_anew(folder, store, "here", RUN, by="Li Wei", bundle=make_bundle(first, AUTHOR))
    evaluate_anew(folder, store, "here", RUN, by="Li Wei", bundle=make_bundle(mended, AUTHOR))
    (anew,) = store.noted(what="evaluated anew")
    assert anew.who == "Li Wei"
    again = store.journals.find("here", RUN)
    assert again is not None
    assert not again.failed
    written = issue(folder, store, "here", RUN, tmp_path / "issued")
    assert "evaluated anew from the evidence" in next(p for p in written if p.suffix == ".json").read_text()
    with pytest.raises(EvidenceError, match="was computed"):
        evaluate_anew(folder, store, "here", RUN, by="Li Wei")


def test_nobody_unknown_mends_a_procedure(
    tiny: Tiny, folder: HubFolder, store: Store, tmp_path: Path
) -> None:
    first, mended = stumbling(tiny, tmp_path)
    brought = bring(tiny, store, folder.procedures, SealKey.read(folder.laboratory), first)
    assert not brought.recompute().agrees
    with pytest.raises(OrderError, match="the bundle is not trusted here"):
        evaluate_anew(folder, store, "here", RUN, by="Li Wei", bundle=make_bundle(mended, AUTHOR))
    with pytest.raises(OrderError, match=r"stumbling.py is not installed here"):
        evaluate_anew(folder, store, "here", RUN, by="Li Wei")
    assert store.records.find("here", RUN) is None
