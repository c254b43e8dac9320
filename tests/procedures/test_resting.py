"""A journal at rest is compressed, and is the same journal, whatever happens while it is."""

from __future__ import annotations

import gzip
import resource
import subprocess
from pathlib import Path

import pytest
from at_rest import journal_in

from remotecal.clock import VirtualClock
from remotecal.errors import JournalBroken, RunError
from remotecal.journal import resting
from remotecal.journal.events import (
    FILE,
    FORMAT,
    LONGEST,
    PACKED,
    PACKING,
    UNPACKED,
    JournalReader,
    found_in,
    read_journal,
)
from remotecal.journal.resting import pack_journal, unpack_journal
from remotecal.journal.writing import Journal
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate
from remotecal.station import deliveries
from remotecal.station.deliveries import held
from remotecal.transport.inventory import RunHeld


@pytest.fixture
def run(tmp_path: Path) -> Path:
    with Journal.create(tmp_path / "run", VirtualClock(1_767_225_600.0)) as journal:
        journal.append("start", {"format": FORMAT})
        for number in range(200):
            journal.append("note", {"text": f"note {number} 流量"}, durable=False)
    return tmp_path / "run"


def test_it_is_the_same_journal(run):
    before, events = journal_in(run), read_journal(run / FILE)
    pack_journal(run)
    assert [path.name for path in run.iterdir()] == [PACKED]
    assert (run / PACKED).stat().st_size < len(before) / 2
    assert read_journal(run) == read_journal(run / PACKED) == events
    printed = subprocess.run(["zcat", run / PACKED], capture_output=True, check=True).stdout
    assert printed == before, "anybody can read it, without remotecal"
    pack_journal(run)
    unpack_journal(run)
    assert [path.name for path in run.iterdir()] == [FILE]
    assert (run / FILE).read_bytes() == before


def test_the_same_journal_gives_the_same_file(run):
    pack_journal(run)
    before = (run / PACKED).read_bytes()
    unpack_journal(run)
    pack_journal(run)
    assert (run / PACKED).read_bytes() == before


def test_whoever_goes_on_writing_has_it_as_it_was(run):
    pack_journal(run)
    with Journal.open(run, VirtualClock()) as journal:
        journal.append("note", {"text": "one more"})
    assert read_journal(run / FILE)[-1].data == {"text": "one more"}
    assert not (run / PACKED).exists()


def test_nobody_compresses_what_somebody_writes(run):
    with Journal.open(run, VirtualClock()), pytest.raises(RunError, match="another process is at work"):
        pack_journal(run)
    assert (run / FILE).exists()


class Killed(BaseException):
    """Whatever ends a process without asking."""


@pytest.mark.parametrize("step", range(6))
@pytest.mark.parametrize("act", [pack_journal, unpack_journal])
def test_a_kill_at_any_step_loses_nothing(run, monkeypatch, act, step):
    """Each step that changes a directory is the last one once; then it is begun anew."""
    before = journal_in(run)
    if act is unpack_journal:
        pack_journal(run)
    steps = iter(range(100))

    def dying(do):
        def done(*arguments, **named):
            if next(steps) == step:
                raise Killed
            return do(*arguments, **named)

        return done

    with monkeypatch.context() as patched:
        for name in ("make_sure", "make_durable"):
            patched.setattr(resting, name, dying(getattr(resting, name)))
        for name in ("replace", "unlink"):
            patched.setattr(Path, name, dying(getattr(Path, name)))
        try:
            act(run)
        except Killed:
            assert journal_in(run) == before
    act(run)
    assert journal_in(run) == before
    assert [path.name for path in run.iterdir()] == [PACKED if act is pack_journal else FILE]


def test_what_the_disk_changed_is_not_taken_for_it(run, monkeypatch):
    real = gzip.open

    def damaged(path, *rest):
        path.write_bytes(gzip.compress(b"something else\n"))
        return real(path, *rest)

    monkeypatch.setattr(resting.gzip, "open", damaged)
    with pytest.raises(RunError, match="is not what was written: is the disk good"):
        pack_journal(run)
    assert len(read_journal(run / FILE)) == 201


DAMAGES = (
    lambda packed: packed[:-4],
    lambda packed: packed[: len(packed) // 2],
    lambda packed: packed[:100] + bytes(8) + packed[108:],
    lambda packed: packed + b"\x1f\x8bnothing",
    lambda _: b"\x1f\x8b",
)


@pytest.mark.parametrize(
    "damage",
    [*DAMAGES, lambda packed: gzip.compress(gzip.decompress(packed).replace(b"note 7 ", b"note 8 "))],
)
def test_a_damaged_file_is_no_journal(run, damage):
    pack_journal(run)
    (run / PACKED).write_bytes(damage((run / PACKED).read_bytes()))
    with pytest.raises(JournalBroken):
        read_journal(run)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_left_as_it_is_and_said(run, damage):
    """Whoever goes on with the run, or brings it to the laboratory, has it written out again first."""
    pack_journal(run)
    damaged = damage((run / PACKED).read_bytes())
    (run / PACKED).write_bytes(damaged)
    with pytest.raises(JournalBroken, match="can't be read: "):
        Journal.open(run, VirtualClock())
    assert [path.name for path in run.iterdir()] == [PACKED]
    assert (run / PACKED).read_bytes() == damaged


@pytest.mark.parametrize("act", [pack_journal, unpack_journal])
@pytest.mark.parametrize("cut", [0, 500, -1, None])
def test_of_two_journals_that_differ_neither_is_thrown_away(run, act, cut):
    """Somebody wrote the lines out by hand, and the disk was full."""
    plain = journal_in(run)
    pack_journal(run)
    packed = (run / PACKED).read_bytes()
    (run / FILE).write_bytes(plain[:cut])
    if cut is None:
        act(run)
        assert [path.name for path in run.iterdir()] == [PACKED if act is pack_journal else FILE]
        assert journal_in(run) == plain
        return
    with pytest.raises(RunError, match="are two journals that differ: take away the one that is not"):
        act(run)
    assert ((run / PACKED).read_bytes(), (run / FILE).read_bytes()) == (packed, plain[:cut])


@pytest.mark.parametrize("act", [pack_journal, unpack_journal])
def test_what_is_compressed_just_now_is_not_taken_for_lost(run, monkeypatch, act):
    """A station that says it has no line of a run is told that it cut the journal."""
    if act is unpack_journal:
        pack_journal(run)
    *_, last = read_journal(run)

    def just_then(directory):
        found = found_in(directory)
        act(directory)
        return found

    monkeypatch.setattr(deliveries, "found_in", just_then)
    assert held(run) == RunHeld(run="run", lines=last.seq, head=last.hash)


@pytest.mark.parametrize("act", [pack_journal, unpack_journal])
def test_a_full_disk_keeps_the_journal_and_is_not_kept_full(run, act):
    plain = journal_in(run)
    if act is unpack_journal:
        pack_journal(run)
    names = [path.name for path in run.iterdir()]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        with pytest.raises(RunError, match=r"can't be kept in another form: .*make room, then try again"):
            act(run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in run.iterdir()] == names
    assert journal_in(run) == plain
    act(run)
    assert journal_in(run) == plain


def test_a_file_that_would_fill_the_memory_does_not(tmp_path):
    """A few kilobytes that anybody can send, and that are one line of many megabytes."""
    with gzip.open(tmp_path / PACKED, "wb", 9) as file:
        for _ in range(LONGEST // 10**6 + 30):
            file.write(bytes(10**6))
    with pytest.raises(JournalBroken, match="line 1: no run writes so long a line"):
        read_journal(tmp_path)


@pytest.fixture
def hollow(tmp_path):
    """A run whose journal says the same for many megabytes."""
    with Journal.create(tmp_path / "run", VirtualClock(0.0)) as journal:
        journal.append("start", {"format": FORMAT})
        for _ in range(UNPACKED // 10**6 + 30):
            journal.append("note", {"text": "x" * 10**6}, durable=False)
    return tmp_path / "run"


def test_a_few_kilobytes_are_no_journal_of_many_megabytes(hollow):
    """Line by line it is in order, and needs no key; what is held until a repeat is over has no end."""
    with gzip.open(hollow / PACKED, "wb") as file:
        file.write((hollow / FILE).read_bytes())
    assert len(read_journal(hollow / FILE)) > 90
    with pytest.raises(JournalBroken, match=f"unpacks to more than {PACKING} times itself"):
        read_journal(hollow / PACKED)


def test_a_disk_is_not_filled_with_what_is_no_journal(hollow):
    """Whoever takes up a run, or signs its journal, was given a directory."""
    with gzip.open(hollow / PACKED, "wb") as file:
        file.write((hollow / FILE).read_bytes())
    (hollow / FILE).unlink()
    with pytest.raises(JournalBroken, match="unpacks to more than"):
        Journal.open(hollow, VirtualClock())
    assert [path.name for path in hollow.iterdir()] == [PACKED]


def test_what_would_not_be_read_again_is_not_compressed(hollow):
    before = (hollow / FILE).stat().st_size
    pack_journal(hollow)
    assert [path.name for path in hollow.iterdir()] == [FILE]
    assert (hollow / FILE).stat().st_size == before


def test_a_run_is_evaluated_from_its_compressed_journal(tiny):
    from remotecal.journal.gathering import read_evidence

    evidence = tiny.run()
    pack_journal(tiny.out)
    again = read_evidence(tiny.out)
    assert again == evidence
    assert JournalReader.at(tiny.out).lines == 0, "nothing is read before somebody asks"
    found = find(str(tiny.order.parent / evidence.procedure.name))
    assert evaluate(again, found) == evaluate(evidence, found)
