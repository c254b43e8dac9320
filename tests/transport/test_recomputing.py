"""The laboratory computes a record from the journal alone, and compares."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tiny_bench import PROCEDURE, Tiny

from remotecal.certificates.signing.journal import seal_journal
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import VirtualClock
from remotecal.errors import CertificateRefused, EvidenceError
from remotecal.procedures.catalogue import find
from remotecal.procedures.evidence import gather
from remotecal.procedures.journal import Journal, read_journal
from remotecal.procedures.record import evaluate
from remotecal.store import Store
from remotecal.transport.issuing import issue
from remotecal.transport.library import Library, make_bundle
from remotecal.transport.messages import Computed
from remotecal.transport.recomputing import DIFFERS, recompute, signed_events
from remotecal.transport.settings import HubFolder

KEY, OTHER = (SealKey(Ed25519PrivateKey.generate()) for _ in range(2))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library(tmp_path / "procedures")
    made.install(make_bundle(PROCEDURE, KEY), [KEY.public])
    return made


@pytest.fixture
def computed(tiny: Tiny, store: Store) -> Computed:
    """What a station says of a run whose journal is at the laboratory."""
    tiny.run()
    with Journal.open(tiny.out, VirtualClock(2e9)) as journal:
        seal_journal(journal, KEY)
    events = read_journal(tiny.out / "journal.jsonl")
    store.stations.enrol(store.stations.new_code("here", 100.0), KEY.public.text, "", 1000.0, 50.0)
    lines = (tiny.out / "journal.jsonl").read_bytes().splitlines()
    store.journals.append("here", "out", 1, lines, 1.0)
    record = evaluate(gather(events), find(str(PROCEDURE))).to_json()
    return Computed(station="here", run="out", head=events[-1].hash, record=record)


def test_the_same_record_is_computed(store: Store, library: Library, computed: Computed) -> None:
    for _ in range(2):
        assert recompute(store, library, computed, KEY.public).agrees
    assert len(store.noted(what="record")) == 1, "once is enough"


def test_another_record_is_noticed(store: Store, library: Library, computed: Computed) -> None:
    other = computed.model_copy(update={"record": computed.record.replace('"1.000"', '"1.001"')})
    assert other != computed
    for _ in range(2):
        compared = recompute(store, library, other, KEY.public)
        assert (compared.agrees, compared.reason) == (False, DIFFERS)
    row = store.records.find("here", "out")
    assert row is not None
    assert row.record == computed.record, "what the laboratory computed is kept"


def test_a_journal_somebody_else_signed_is_not_computed(
    store: Store, library: Library, computed: Computed
) -> None:
    compared = recompute(store, library, computed, OTHER.public)
    assert "was signed by" in compared.reason
    assert store.records.find("here", "out") is None
    assert len(store.noted(what="not computed")) == 1
    with pytest.raises(EvidenceError, match=f"not by here, whose key is {OTHER.public.id}"):
        signed_events(store, "here", "out", OTHER.public)


def test_another_journals_record_is_not_computed(store: Store, library: Library, computed: Computed) -> None:
    other = computed.model_copy(update={"head": "0" * 64})
    assert "another journal" in recompute(store, library, other, KEY.public).reason


def test_without_the_procedure_nothing_is_computed(store: Store, tmp_path: Path, computed: Computed) -> None:
    compared = recompute(store, Library(tmp_path / "empty"), computed, KEY.public)
    assert "is not trusted here" in compared.reason


def test_only_what_agrees_is_issued(
    folder: HubFolder, store: Store, library: Library, computed: Computed, tmp_path: Path
) -> None:
    out = tmp_path / "issued"
    with pytest.raises(CertificateRefused, match="is not computed yet"):
        issue(folder, store, "here", "out", out)
    recompute(store, library, computed, KEY.public)
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
    certificate, journal = out / "certificate.xml", out / "journal.jsonl"
    certificate.write_bytes(b"<dcc><SignatureValue>AB==</SignatureValue></dcc>")
    with pytest.raises(CertificateRefused, match="nothing that is signed is overwritten"):
        issue(folder, store, "here", "out", out)
    certificate.unlink()
    journal.write_bytes(journal.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(EvidenceError, match="no evidence is overwritten"):
        issue(folder, store, "here", "out", out)


@pytest.mark.parametrize("sha256", ["../../../etc", "", "AB" * 32])
def test_a_procedures_hash_that_is_none_is_a_reason(
    store: Store, library: Library, tmp_path: Path, computed: Computed, sha256: str
) -> None:
    """By a station whose key is good: its journal names a folder in place of a hash."""
    told = read_journal(tmp_path / "out" / "journal.jsonl")
    clock = VirtualClock(2e9)
    with Journal.create(tmp_path / "forged", clock) as journal:
        for event in told[:-1]:
            used = {"procedure": {"name": "/etc/tiny_procedure.py", "sha256": sha256}}
            journal.append(event.kind, {**event.data, **used} if event.kind == "start" else event.data)
        seal_journal(journal, KEY)
    lines = (tmp_path / "forged" / "journal.jsonl").read_bytes().splitlines()
    store.journals.append("here", "forged", 1, lines, 1.0)
    head = read_journal(tmp_path / "forged" / "journal.jsonl")[-1].hash
    forged = computed.model_copy(update={"run": "forged", "head": head})
    assert "journal of forged: sha256" in recompute(store, library, forged, KEY.public).reason
