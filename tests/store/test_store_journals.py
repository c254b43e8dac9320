"""Journals arrive in any order, any number of times, and are kept once."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from remotecal.clock import VirtualClock
from remotecal.errors import EvidenceError
from remotecal.journal.events import read_journal
from remotecal.journal.writing import Journal
from remotecal.store import Store
from remotecal.store.growing import Batch


def journal(folder: Path, notes: int, text: str = "note") -> list[bytes]:
    with Journal.create(folder, VirtualClock(1_790_000_000.0)) as written:
        written.append("start", {"format": 1})
        for number in range(notes):
            written.append("note", {"text": f"{text} {number} 流量 °C"}, durable=False)
        written.append("finish", {"observations": 0})
    return (folder / "journal.jsonl").read_bytes().splitlines()


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    return journal(tmp_path / "run", 28)


def test_lines_come_out_as_they_went_in(enrolled: Store, lines: list[bytes], tmp_path: Path) -> None:
    assert enrolled.journals.append("here", "r", 1, lines[:10], 1.0) == 10
    assert enrolled.journals.append("here", "r", 11, lines[10:], 2.0) == 30
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(b"\n".join(enrolled.journals.lines("here", "r")) + b"\n")
    assert read_journal(copy) == read_journal(tmp_path / "run" / "journal.jsonl")
    found = enrolled.journals.find("here", "r")
    assert found is not None
    assert (found.state, found.began, found.updated) == ("finished", 1.0, 2.0)
    assert found.head == json.loads(lines[-1])["hash"]


def test_sending_again_changes_nothing(enrolled: Store, lines: list[bytes]) -> None:
    for _ in range(2):
        assert enrolled.journals.append("here", "r", 1, lines[:10], 1.0) == 10
    assert enrolled.journals.append("here", "r", 4, lines[3:20], 1.0) == 20
    assert enrolled.journals.append("here", "r", 1, lines[:2], 1.0) == 20
    assert enrolled.journals.lines("here", "r") == tuple(lines[:20])


def test_a_gap_is_not_taken(enrolled: Store, lines: list[bytes]) -> None:
    assert enrolled.journals.append("here", "r", 1, lines[:3], 1.0) == 3
    assert enrolled.journals.append("here", "r", 5, lines[4:], 1.0) == 3
    assert enrolled.journals.append("here", "r", 9, [], 1.0) == 3
    assert enrolled.journals.committed("here", "r") == 3


def test_runs_of_two_stations_are_two(enrolled: Store, lines: list[bytes]) -> None:
    enrolled.journals.append("here", "r", 1, lines, 1.0)
    assert enrolled.journals.append("there", "r", 1, lines[:1], 1.0) == 1
    assert enrolled.journals.lines("here", "r", after=28) == tuple(lines[28:])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda good: good[:1] + good[2:], "line 3 stands where 2 is due"),
        (lambda good: [good[0], good[1].replace(b"note 0", b"note 9"), *good[2:]], "line 2 was changed"),
        (lambda good: [good[0], b"hello", *good[1:]], "line 2 is no event"),
        (lambda good: [good[0], good[1].replace(b'"prev":"', b'"prev":"0')[:-1] + b"}"], "is no event"),
        (lambda good: [good[0] + b"\n"], "is no event"),
    ],
)
def test_what_was_not_written_so_is_refused_whole(enrolled, lines, change, said) -> None:
    with pytest.raises(EvidenceError, match=said):
        enrolled.journals.append("here", "r", 1, change(lines), 1.0)
    assert enrolled.journals.committed("here", "r") == 0


def test_every_link_of_the_chain_is_looked_at(enrolled: Store, lines: list[bytes], tmp_path: Path) -> None:
    other = journal(tmp_path / "other", 28, "other")
    for at in range(2, len(lines)):
        with pytest.raises(EvidenceError, match="does not follow"):
            enrolled.journals.append("here", f"r{at}", 1, lines[:at] + other[at:], 1.0)


def test_another_journal_of_the_same_name_is_refused(
    enrolled: Store, lines: list[bytes], tmp_path: Path
) -> None:
    other = journal(tmp_path / "other", 28, "other")
    enrolled.journals.append("here", "r", 1, lines[:10], 1.0)
    with pytest.raises(EvidenceError, match="line 2 is here already and was another one"):
        enrolled.journals.append("here", "r", 1, other, 1.0)
    with pytest.raises(EvidenceError, match="line 11 does not follow"):
        enrolled.journals.append("here", "r", 11, other[10:], 1.0)
    assert enrolled.journals.lines("here", "r") == tuple(lines[:10])


def test_several_workers_at_once_keep_every_line_once(enrolled: Store, lines: list[bytes]) -> None:
    batches = [(first, lines[first - 1 : first + 4]) for first in range(1, 31, 3)] * 3
    with ThreadPoolExecutor(6) as pool:
        while enrolled.journals.committed("here", "r") < 30:
            answers = [pool.submit(enrolled.journals.append, "here", "r", *batch, 1.0) for batch in batches]
            assert all(answer.result() <= 30 for answer in answers)
    assert enrolled.journals.lines("here", "r") == tuple(lines)


def test_workers_that_take_the_same_stations_do_not_wait_for_each_other(
    enrolled: Store, lines: list[bytes]
) -> None:
    """Each transaction takes batches of both stations, every second one in the other order."""

    def take(number: int) -> list[int | EvidenceError]:
        batches = [Batch(station, f"r{number % 5}", 1, lines) for station in ("here", "there")]
        return enrolled.journals.append_all(batches[:: 1 if number % 2 else -1], 1.0)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(take, range(30)))
    assert answers == [[30, 30]] * 30
    for station in ("here", "there"):
        assert enrolled.stations.get(station).used == 5 * sum(map(len, lines))


def test_a_run_has_its_orders_account_whenever_that_is_given(enrolled: Store, lines: list[bytes]) -> None:
    names = [f"o{number}" for number in range(30)]
    for name in names:
        enrolled.orders.issue(name, "1", "here", b"envelope", 1.0, 2.0, "Li Wei", account="acme")
    with ThreadPoolExecutor(6) as pool:
        for name in names:
            pool.submit(enrolled.journals.append, "here", name, 1, lines[:1], 1.0)
            pool.submit(enrolled.orders.assign, name, "bolt")
    assert {row.account for row in enrolled.pages.orders(99)} == {"bolt"}
    assert [row.account for row in enrolled.pages.runs(99)] == ["bolt"] * 30


def test_the_state_follows_the_journal(enrolled: Store, tmp_path: Path) -> None:
    kinds = [
        "start",
        "prompt",
        "answer",
        "note",
        "pause",
        "go_on",
        "abort",
        "safe",
        "resume",
        "suspend",
        "safe",
        "resume",
        "finish",
        "signature",
    ]
    with Journal.create(tmp_path / "states", VirtualClock(0.0)) as written:
        for kind in kinds:
            written.append(kind, {"format": 1} if kind == "start" else {}, durable=False)
    lines = (tmp_path / "states" / "journal.jsonl").read_bytes().splitlines()
    states = []
    for seq, line in enumerate(lines, 1):
        enrolled.journals.append("here", "s", seq, [line], 1.0)
        found = enrolled.journals.find("here", "s")
        assert found is not None
        states.append(found.state)
    assert states == [
        *["running", "asking", "running", "running", "paused", "running"],
        *["aborted", "aborted", "running", "suspended", "suspended", "running", "finished", "signed"],
    ]


def test_conflicts_are_kept_and_runs_listed(enrolled: Store, lines: list[bytes]) -> None:
    for at, run in enumerate(("first", "second", "third")):
        enrolled.journals.append("here", run, 1, lines, float(at))
    enrolled.journals.note_conflict("here", "second", "because")
    listed = enrolled.pages.runs(100)
    assert [row.run for row in listed] == ["third", "second", "first"]
    assert [row.conflict for row in listed] == ["", "because", ""]
    assert all(earlier.began > later.began for earlier, later in pairwise(listed))


def test_nothing_follows_a_signature(enrolled: Store, tmp_path: Path) -> None:
    with Journal.create(tmp_path / "signed", VirtualClock(0.0)) as written:
        for kind in ("start", "finish", "signature", "note"):
            written.append(kind, {})
    lines = (tmp_path / "signed" / "journal.jsonl").read_bytes().splitlines()
    assert enrolled.journals.append("here", "r", 1, lines[:3], 1.0) == 3
    assert enrolled.journals.append("here", "r", 1, lines[:3], 1.0) == 3, "it may come again"
    with pytest.raises(EvidenceError, match="line 4 follows the journal's signature"):
        enrolled.journals.append("here", "r", 4, lines[3:], 1.0)
    with pytest.raises(EvidenceError, match="line 4 follows"):
        enrolled.journals.append("there", "r", 1, lines, 1.0)
    assert len(enrolled.journals.lines("here", "r")) == 3


def test_runs_are_found_by_how_their_name_begins(enrolled: Store, lines: list[bytes]) -> None:
    for at, run in enumerate(("F-1-ab", "F-1-cd", "f-1-ab", "F%1")):
        enrolled.journals.append("here", run, 1, lines[:1], float(at))

    def named(beginning: str, limit: int = 50) -> list[str]:
        return [row.run for row in enrolled.pages.named(beginning, limit=limit)]

    assert named("F-1-") == ["F-1-cd", "F-1-ab"], "capitals count, on both databases"
    assert named("F%") == ["F%1"]
    assert named("F_") == []
    assert named("F", limit=2) == ["F%1", "F-1-cd"], "so many of the latest, and of one account only"
    assert enrolled.pages.named("F", limit=50, account="acme") == ()
