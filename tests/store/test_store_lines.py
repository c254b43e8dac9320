"""Lines of journals are kept compressed, and are the same lines."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from remotecal.clock import VirtualClock
from remotecal.journal.events import FORMAT, JournalReader
from remotecal.journal.writing import Journal
from remotecal.store import Store
from remotecal.store.lines import SHORT, KeptLine, kept

LINE = KeptLine()


def read(stored: bytes | memoryview) -> bytes | None:
    return LINE.process_result_value(stored, None)  # type: ignore[arg-type]


@given(st.binary(max_size=3 * SHORT) | st.binary().map(lambda rest: b"{" + rest) | st.just(b"x\x9c"))
def test_what_is_kept_of_a_line_is_the_line(line):
    assert read(kept(line)) == read(memoryview(kept(line))) == line


def test_what_is_long_is_kept_short_and_what_is_short_as_it_is():
    long = b'{"at":"' + b"abcdefgh" * SHORT + b'"}'
    assert len(kept(long)) < len(long) / 10
    assert kept(long[: SHORT - 1]) == long[: SHORT - 1], "readable in the database, and cheap"


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    with Journal.create(tmp_path / "run", VirtualClock(0.0)) as journal:
        journal.append("start", {"format": FORMAT})
        for number in range(400):
            readings = [{"value": number + n / 7, "unit": "kg"} for n in range(150)]
            journal.append("note", {"text": "many", "readings": readings}, durable=False)
    return (tmp_path / "run" / "journal.jsonl").read_bytes().splitlines()


def stored_bytes(store: Store) -> int:
    with store.database.read() as connection:
        return int(connection.execute(text("SELECT SUM(LENGTH(line)) FROM journal_lines")).scalar_one())


def test_a_journal_takes_less_room_and_comes_out_as_it_went_in(enrolled: Store, lines: list[bytes]) -> None:
    assert enrolled.journals.append("here", "r", 1, lines, 1.0) == len(lines)
    assert stored_bytes(enrolled) < sum(map(len, lines)) / 3
    assert enrolled.journals.lines("here", "r") == tuple(lines)
    assert enrolled.journals.first_line("here", "r") == lines[0]
    assert enrolled.journals.append("here", "r", 1, lines, 1.0) == len(lines), "the same again is no conflict"


def test_lines_that_an_older_version_kept_are_read(enrolled: Store, lines: list[bytes]) -> None:
    enrolled.journals.append("here", "r", 1, lines[:50], 1.0)
    with enrolled.database.begin() as connection:
        for seq, line in enumerate(lines[:50], 1):
            connection.execute(
                text("UPDATE journal_lines SET line = :line WHERE seq = :seq"), {"line": line, "seq": seq}
            )
    assert stored_bytes(enrolled) == sum(map(len, lines[:50]))
    assert enrolled.journals.append("here", "r", 51, lines[50:], 1.0) == len(lines)
    assert enrolled.journals.lines("here", "r") == tuple(lines)


def test_a_journal_is_gone_through_by_few_lines_at_once(enrolled: Store, lines: list[bytes]) -> None:
    enrolled.journals.append("here", "r", 1, lines, 1.0)
    reader = JournalReader(lambda: enrolled.journals.opened("here", "r"), "the journal")
    for _ in range(2):  # imports, and the first time
        assert sum(1 for _ in reader) == len(lines)
    tracemalloc.start()
    try:
        assert sum(1 for _ in reader) == len(lines)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < sum(map(len, lines)) / 4, "a line as it is understood takes ten times its bytes"
