"""A certificate that rests on samples is verified with them, is not proven without, and fails with others."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from forged import signed, trusting

sys.path.insert(0, str(Path(__file__).parent.parent / "procedures"))

from scope import DRIVERS, PROCEDURE, scope
from tiny_bench import Tiny, tiny_bench

from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import VirtualClock
from remotecal.journal.events import FILE, read_journal
from remotecal.journal.files import named_files
from remotecal.journal.gathering import read_evidence
from remotecal.model import Record
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate
from remotecal.verify.journal import examine_journal
from remotecal.verify.report import Check, Checklist
from remotecal.verify.subject import Means

BEGAN = datetime(2026, 5, 4, 8, tzinfo=UTC)
KEY = SealKey(Ed25519PrivateKey.generate())


@pytest.fixture
def run(tmp_path: Path) -> Tiny:
    """A complete run with waveforms, its journal signed."""
    with tiny_bench(tmp_path) as tiny:
        tiny.clock, tiny.largest = VirtualClock(BEGAN.timestamp()), 100_000
        tiny.parameter("card = true")
        with scope(tiny, 5000):
            tiny.run()
    (tiny.out / FILE).write_bytes(signed(list(tiny.events()), KEY))
    return tiny


@pytest.fixture
def record(run: Tiny) -> Record:
    return evaluate(read_evidence(run.out), find(str(PROCEDURE)))


def examine(run: Tiny, record: Record) -> dict[str, Check]:
    checks = Checklist()
    now = datetime(2026, 6, 1, tzinfo=UTC)
    means = Means(now, trusting(KEY), CertificateLibrary(), None, PROCEDURE, DRIVERS, None)
    examine_journal(checks, record, run.out, means)
    return {check.name: check for check in checks.checks}


def test_it_holds_with_its_samples(run: Tiny, record: Record) -> None:
    checks = examine(run, record)
    assert {check.name: check.said for check in checks.values() if check.outcome == "failed"} == {}
    assert checks["results"].outcome == "passed"
    assert checks["replies"].said.startswith("4 values read again")
    said = checks["files"].said
    assert said.endswith(", 4 replies of instruments")
    assert said.startswith("samples.bin (current of the loop, by the procedure)")


def test_without_its_samples_it_is_not_proven(run: Tiny, record: Record) -> None:
    for file in named_files(read_journal(run.out / FILE)):
        (run.out / file.place).unlink(missing_ok=True)
    checks = examine(run, record)
    assert [checks[name].outcome for name in ("files", "replies", "results")] == ["not possible"] * 3
    assert "failed" not in {check.outcome for check in checks.values()}


def test_with_other_samples_it_fails(run: Tiny, record: Record) -> None:
    file = next(one for one in named_files(read_journal(run.out / FILE)) if one.by == "gauge")
    path = run.out / file.place
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    checks = examine(run, record)
    assert [checks[name].outcome for name in ("files", "replies", "results")] == ["failed"] * 3
    assert "it was changed" in checks["results"].said
