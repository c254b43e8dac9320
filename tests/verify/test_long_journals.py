"""A journal of any length is gone through, never held."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from examining import examine_replies
from made import NOW, START, Made, certificate_used, observe, open_instruments, start

from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.journal import seal_journal
from remotecal.clock import VirtualClock
from remotecal.drivers.measured import Measured
from remotecal.errors import JournalBroken
from remotecal.journal import events as journal_events
from remotecal.journal.contents import Files
from remotecal.journal.events import FILE, JournalReader
from remotecal.journal.gathering import read_evidence
from remotecal.journal.observation import Point
from remotecal.journal.occurrences import tell
from remotecal.journal.values import AT_HAND, pack, readings
from remotecal.journal.writing import Journal
from remotecal.verify import verify
from remotecal.verify.conduct import conduct
from remotecal.verify.outline import Outline
from remotecal.verify.people import people
from remotecal.verify.report import Checklist, Examinations
from remotecal.verify.subject import Means


def long_journal(made: Made, run: Path, repeats: int, beside: int = 0) -> Path:
    """Write a journal of many repeats, each with so many long replies beside those that are read."""
    clock = VirtualClock(START.timestamp())
    with Journal.create(run, clock) as journal:
        applied = {"scale": certificate_used(made.standards / "scale.xml")}
        begun = start(run.name, applied).model_copy(
            update={"points": (Point("50 m3/h", {"flow": 50.0}, repeats),)}
        )
        journal.append("start", begun.model_dump(mode="json"), durable=False)
        open_instruments(journal)
        journal.append("safe", {"reached": True, "seconds": 0.5}, durable=False)
        journal.append("point", {"point": "50 m3/h"}, durable=False)
        for repeat in range(1, repeats + 1):
            clock.advance(60)
            said = {"point": "50 m3/h", "repeat": repeat}
            began = journal.append("repeat", said, durable=False).at
            for number in range(beside):
                journal.keep("scale", b"SI", f"S D {number:>1500.2f} kg".encode())
            values = pack(observe(journal, clock, f"{600 + repeat % 97 / 100:.2f}", 0.6016))
            journal.append("observation", {"began": began, **said, "values": values}, durable=False)
        journal.append("safe", {"reached": True, "seconds": 0.5}, durable=False)
        journal.append("finish", {"observations": repeats}, durable=False)
        seal_journal(journal, made.keys.station)
    return run


@contextmanager
def peak() -> Iterator[Callable[[], int]]:
    """Give what tells the most bytes that were held at once since then."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def examine(run: Path) -> Checklist:
    """Make the checks of `verify` that go through a journal."""
    events, files, checks = JournalReader.at(run), Files(), Checklist()
    outline = Outline(events)
    outline.seal.signer()
    means = Means(NOW, None, CertificateLibrary(), None, None, frozenset(), None)
    made = conduct(outline, means, files, demonstration=True, trusted=True)
    Examinations({**made, **people(run)}).examine(checks, tell(events, files))
    return checks


def indications() -> int:
    """Return how many indications are held."""
    gc.collect()
    return sum(isinstance(one, Measured) for one in gc.get_objects())


def test_what_it_takes_does_not_grow_with_the_journal(made: Made, tmp_path: Path) -> None:
    short = long_journal(made, tmp_path / "short", 40, 20)
    examine(short)  # whatever is imported and compiled the first time
    run = long_journal(made, tmp_path / "long", 400, 40)
    size = (run / FILE).stat().st_size
    assert size > 20e6
    with peak() as held:
        checks = examine(run)
        assert held() < size / 20
    assert {check.name for check in checks.checks if check.outcome != "passed"} == set()
    with peak() as held:
        evidence = read_evidence(run)
        assert held() < size / 20
    assert len(evidence.observations) == 400


def test_of_many_observations_few_are_unpacked_at_once(made: Made, tmp_path: Path) -> None:
    run = long_journal(made, tmp_path / "long", 3 * AT_HAND)
    before = indications()
    evidence = read_evidence(run)
    at_hand = indications() - before
    every = [dict(entry.values) for entry in evidence.observations]
    of_one = len(list(readings(every[0])))
    assert at_hand == AT_HAND * of_one
    assert indications() - before == 3 * AT_HAND * of_one, "all are held here"
    assert every == [dict(entry.values) for entry in evidence.observations], "however often somebody looks"
    (point,) = evidence.points
    assert evidence.at(point) == evidence.observations
    assert [entry.repeat for entry in evidence.observations] == list(range(1, 3 * AT_HAND + 1))


def test_a_journal_is_gone_through_twice_and_no_more(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    real = journal_events.opened_lines

    def counting(path: Path) -> object:
        opened.append(path)
        return real(path)

    monkeypatch.setattr(journal_events, "opened_lines", counting)
    report = verify(
        made.certificate,
        journal=made.run,
        trust=made.trust(),
        library=CertificateLibrary([made.standards]),
        recompute=lambda _: made.recompute(made.run),
        now=NOW,
    )
    assert report.verdict == "holds"
    assert len(opened) == 1 + 2 + 1, "first where it begins; last this test's own computation"


def test_a_journal_that_is_changed_while_it_is_verified_is_noticed(made: Made, tmp_path: Path) -> None:
    """Between the pass that checks chain and signature, and the one that reads."""
    run = long_journal(made, tmp_path / "run", 20)
    other = long_journal(made, tmp_path / "other", 21)
    for changed in ((other / FILE).read_bytes(), (run / FILE).read_bytes().replace(b"600.01", b"600.02")):
        reader = JournalReader.at(run)
        assert sum(1 for _ in reader) == reader.lines
        before = (run / FILE).read_bytes()
        (run / FILE).write_bytes(changed)
        with pytest.raises(JournalBroken, match="changed while"):
            list(reader)
        (run / FILE).write_bytes(before)
    assert sum(1 for _ in reader) == reader.lines


def test_no_reading_takes_a_reply_that_stands_too_far_back(made: Made, tmp_path: Path) -> None:
    """What was let go of is not missed: the replies of other repeats are no evidence of this one."""
    run = long_journal(made, tmp_path / "run", 30, 25)
    assert examine_replies(tuple(JournalReader.at(run))).startswith("60 values read again")
