"""Files arrive in pieces, in any order, any number of times, and are kept once; or not at all."""

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from remotecal.clock import VirtualClock
from remotecal.errors import EvidenceError
from remotecal.journal.writing import Journal
from remotecal.store import Store
from remotecal.store.shares import Share

CONTENT = bytes(range(256)) * 40
DIGEST = sha256(CONTENT).hexdigest()
PIECES = [(begin, CONTENT[begin : begin + 1000]) for begin in range(0, len(CONTENT), 1000)]


def told(content: bytes = CONTENT, name: str = "plate.jpg") -> dict[str, str | int]:
    said = {"name": name, "media_type": "image/jpeg", "about": "the plate", "by": "on site"}
    return {**said, "size": len(content), "sha256": sha256(content).hexdigest()}


def journal(folder: Path, *files: dict[str, str | int]) -> list[bytes]:
    with Journal.create(folder, VirtualClock(0.0)) as written:
        written.append("start", {"format": 1})
        for file in files:
            written.append("file", file)
        written.append("note", {"text": "x"})
    return (folder / "journal.jsonl").read_bytes().splitlines()


@pytest.fixture
def named(enrolled: Store, tmp_path: Path) -> Store:
    """A store with a run `r` whose journal names a file."""
    enrolled.journals.append("here", "r", 1, journal(tmp_path / "run", told()), 1.0)
    return enrolled


def test_pieces_become_the_file(named: Store) -> None:
    assert named.files.missing("here", "r") == {DIGEST: 0}
    for begin, piece in PIECES:
        assert named.files.take("here", "r", DIGEST, begin, piece) == begin + len(piece)
    assert named.files.missing("here", "r") == {}
    assert named.files.content("here", "r", DIGEST) == CONTENT
    (row,) = named.files.list("here", "r")
    assert (row.line, row.here, row.complete) == (2, len(CONTENT), True)
    assert (row.file.name, row.file.about, row.file.by) == ("plate.jpg", "the plate", "on site")


def test_sending_a_piece_again_changes_nothing(named: Store) -> None:
    for begin, piece in PIECES:
        for _ in range(2):
            assert named.files.take("here", "r", DIGEST, begin, piece) == begin + len(piece)
        assert named.files.take("here", "r", DIGEST, 0, PIECES[0][1]) == begin + len(piece)
    assert named.files.content("here", "r", DIGEST) == CONTENT


def test_a_gap_is_not_taken(named: Store) -> None:
    assert named.files.take("here", "r", DIGEST, *PIECES[1]) == 0
    assert named.files.take("here", "r", DIGEST, *PIECES[0]) == 1000
    assert named.files.take("here", "r", DIGEST, *PIECES[5]) == 1000
    assert named.files.take("here", "r", DIGEST, 1000, b"") == 1000
    assert named.files.missing("here", "r") == {DIGEST: 1000}


def test_several_workers_at_once_keep_every_piece_once(named: Store) -> None:
    with ThreadPoolExecutor(6) as pool:
        while named.files.missing("here", "r"):
            taken = [pool.submit(named.files.take, "here", "r", DIGEST, *piece) for piece in PIECES * 2]
            assert all(one.result() <= len(CONTENT) for one in taken)
    assert named.files.content("here", "r", DIGEST) == CONTENT


def test_what_no_journal_names_is_refused(named: Store) -> None:
    for station, run, digest in (("there", "r", DIGEST), ("here", "q", DIGEST), ("here", "r", "0" * 64)):
        with pytest.raises(EvidenceError, match="names no file"):
            named.files.take(station, run, digest, 0, b"x")
        with pytest.raises(EvidenceError, match="is not here"):
            named.files.content(station, run, digest)


def test_another_content_is_thrown_away_and_the_right_one_may_come(named: Store) -> None:
    named.files.take("here", "r", DIGEST, 0, CONTENT[::-1][:5000])
    with pytest.raises(EvidenceError, match="has another hash"):
        named.files.take("here", "r", DIGEST, 5000, CONTENT[5000:])
    assert named.files.missing("here", "r") == {DIGEST: 0}
    assert named.files.take("here", "r", DIGEST, 0, CONTENT) == len(CONTENT)
    assert named.files.content("here", "r", DIGEST) == CONTENT


def test_more_than_the_journal_says_is_refused(named: Store) -> None:
    with pytest.raises(EvidenceError, match=f"longer than the journal says: {len(CONTENT)}"):
        named.files.take("here", "r", DIGEST, 0, CONTENT + b"x")
    assert named.files.missing("here", "r") == {DIGEST: 0}


def test_a_part_is_not_given_for_the_whole(named: Store) -> None:
    named.files.take("here", "r", DIGEST, *PIECES[0])
    with pytest.raises(EvidenceError, match="not complete here"):
        named.files.content("here", "r", DIGEST)


def test_a_file_named_twice_is_one(enrolled: Store, tmp_path: Path) -> None:
    other = told(b"other", "other.png")
    lines = journal(tmp_path / "run", told(), other, told(name="again.jpg"))
    for _ in range(2):
        enrolled.journals.append("here", "r", 1, lines, 1.0)
    assert [row.file.name for row in enrolled.files.list("here", "r")] == ["plate.jpg", "other.png"]
    assert list(enrolled.files.missing("here", "r")) == [DIGEST, other["sha256"]]


def test_files_are_counted_for_many_runs_at_once(named: Store, tmp_path: Path) -> None:
    lines = journal(tmp_path / "other", told(), told(b"other", "other.png"))
    named.journals.append("there", "q", 1, lines, 1.0)
    for begin, piece in PIECES:
        named.files.take("there", "q", DIGEST, begin, piece)
    wanted = [("here", "r"), ("there", "q"), ("there", "r")]
    assert named.files.counted(wanted) == dict(zip(wanted, [(0, 1), (1, 2), (0, 0)], strict=True))
    other = sha256(b"other").hexdigest()
    assert named.files.missing_of(wanted) == {wanted[0]: {DIGEST: 0}, wanted[1]: {other: 0}, wanted[2]: {}}
    assert named.files.counted([]) == {}


@pytest.mark.parametrize("change", [{"sha256": "../../etc"}, {"size": -1}, {"by": ""}])
def test_a_line_that_tells_no_file_is_refused_whole(
    enrolled: Store, tmp_path: Path, change: dict[str, str | int]
) -> None:
    lines = journal(tmp_path / "run", told(), told() | change)
    assert json.loads(lines[2])["kind"] == "file"
    with pytest.raises(EvidenceError, match="line 3 does not tell a file"):
        enrolled.journals.append("here", "r", 1, lines, 1.0)
    assert enrolled.journals.committed("here", "r") == 0
    assert enrolled.files.missing("here", "r") == {}, "nothing of it is expected"


def test_a_station_keeps_no_more_bytes_than_its_share(named: Store, url: str) -> None:
    before = named.stations.get("here").used
    assert before == sum(map(len, named.journals.lines("here", "r")))
    with Store(url, Share(bytes=before + 2500)) as bounded:
        for begin, piece in PIECES[:2]:
            assert bounded.files.take("here", "r", DIGEST, begin, piece) == begin + 1000
        with pytest.raises(EvidenceError, match=rf"used {before + 2000} of the {before + 2500} bytes"):
            bounded.files.take("here", "r", DIGEST, *PIECES[2])
        with pytest.raises(EvidenceError, match="the station has used"):
            bounded.journals.append("here", "other", 1, named.journals.lines("here", "r"), 1.0)
    for begin, piece in PIECES[2:]:
        named.files.take("here", "r", DIGEST, begin, piece)
    assert named.stations.get("here").used == before + len(CONTENT)


def test_what_is_thrown_away_is_counted_no_more(named: Store) -> None:
    before = named.stations.get("here").used
    for begin, piece in PIECES[:-1]:
        named.files.take("here", "r", DIGEST, begin, piece)
    with pytest.raises(EvidenceError, match="another hash"):
        named.files.take("here", "r", DIGEST, PIECES[-1][0], b"x" * len(PIECES[-1][1]))
    assert named.stations.get("here").used == before
