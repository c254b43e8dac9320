"""A journal that an earlier version wrote and signed is read, evaluated and verified, and gone on with.

`format-1` is a run at one flow, aborted within its second repeat and taken up again, on a simulated rig.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from at_rest import journal_in

sys.path.insert(0, str(Path(__file__).parent.parent / "verify"))

from forged import NOW, trusting

from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.journal import JournalSeal
from remotecal.certificates.signing.seal import PublicKey
from remotecal.clock import VirtualClock
from remotecal.journal.events import FILE, JournalReader, read_journal, shown, timestamp
from remotecal.journal.exchanges import kept_exchanges
from remotecal.journal.gathering import gather, read_evidence
from remotecal.journal.past import Past
from remotecal.journal.writing import Journal
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate
from remotecal.verify.journal import examine_journal
from remotecal.verify.report import Checklist
from remotecal.verify.subject import Means

OLD = Path(__file__).parent / "format-1"


class Known:
    """A key of which only the public half is known."""

    def __init__(self, public: PublicKey) -> None:
        self.public = public


def test_it_is_verified() -> None:
    seal = JournalSeal()
    events = tuple(seal.along(JournalReader.at(OLD)))
    assert events[0].data["format"] == 1
    evidence = gather(events)
    record = evaluate(evidence, find("water_gravimetric"), new_evaluation=True)
    checks = Checklist()
    trust = trusting(Known(seal.signer()))  # type: ignore[arg-type]  # all it takes
    means = Means(NOW, trust, CertificateLibrary(), None, None, frozenset(), lambda _: record)
    examine_journal(checks, record, OLD, means)
    outcomes = {check.name: check.outcome for check in checks.checks if check.needed}
    assert set(outcomes.values()) == {"passed"}, checks.checks
    assert "supervision" not in outcomes, "it does not tell what was watched"
    said = {check.name: check.said for check in checks.checks}
    assert said["replies"].startswith("94 values read again")
    assert "taken up again" in said["course of the run"]


def test_its_exchanges_are_those_that_were_written() -> None:
    events = read_journal(OLD)
    kept = [exchange for event in events for exchange in kept_exchanges(event)]
    assert [one.number for one in kept] == list(range(1, len(kept) + 1))
    written = [one for event in events if event.kind == "replies" for one in event.data["exchanges"]]  # type: ignore[union-attr]
    assert [(one.number, one.instrument, timestamp(one.at)) for one in kept] == [
        (one["number"], one["instrument"], one["at"]) for one in written
    ]
    assert [(shown(one.request), shown(one.reply)) for one in kept] == [
        (one["request"], one["reply"]) for one in written
    ]
    assert not any(one.again for one in kept)


def test_it_is_gone_on_with_in_this_versions_form(tmp_path: Path) -> None:
    lines = journal_in(OLD).splitlines(keepends=True)
    end = next(place for place, line in enumerate(lines) if b'"kind":"resume"' in line)
    shutil.copytree(OLD, tmp_path / "run")
    next((tmp_path / "run").iterdir()).unlink()
    (tmp_path / "run" / FILE).write_bytes(b"".join(lines[:end]))
    before = Past(JournalReader.at(tmp_path / "run"))
    with Journal.open(tmp_path / "run", VirtualClock(0.0)) as journal:
        assert journal.keep("balance", b"SI", b"S S 1.0 kg") == before.exchanges + 1
        journal.append("resume", {"bench": "", "bench_sha256": "", "by": "Zhang"})
    *_, replies, _ = read_journal(tmp_path / "run" / FILE)
    assert "questions" in replies.data
    assert [one.number for one in kept_exchanges(replies)] == [before.exchanges + 1]


def test_it_gives_the_same_record_as_it_gave(tmp_path: Path) -> None:
    """To the digit: the observed values are what they were, compressed or not."""
    (tmp_path / FILE).write_bytes(journal_in(OLD))
    found = find("water_gravimetric")
    records = [evaluate(read_evidence(path), found, new_evaluation=True) for path in (OLD, tmp_path)]
    assert records[0] == records[1]
    table = records[0].tables[0]
    error = table.column("basic_measurementError")
    assert (error.values, error.uncertainty.expanded) == (("-0.159",), ("0.015",))
