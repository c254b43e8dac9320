"""A large reply stands in a file beside the journal, which waits for room and is named once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_bench import Tiny

from remotecal.errors import RunError
from remotecal.journal import writing
from remotecal.journal.events import FILE, read_journal
from remotecal.journal.writing import Journal


def test_keeping_never_fails_and_a_large_reply_waits_for_room(
    tmp_path: Path, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = bytes(range(256)) * 20
    with Journal.create(tmp_path / "run", tiny.clock) as journal:
        journal.append("start", {"format": 1})
        keep_content = writing.keep_content

        def full(*_: object, **__: object) -> object:
            raise RunError("make room")

        monkeypatch.setattr(writing, "keep_content", full)
        assert [journal.keep("scope", b"CURV?", large), journal.keep("scope", b"*IDN?", b"x")] == [1, 2]
        for _ in range(2):
            with pytest.raises(RunError, match="make room"):
                journal.append("note", {"text": "a"})
        monkeypatch.setattr(writing, "keep_content", keep_content)
        journal.append("note", {"text": "b"})
    kinds = [event.kind for event in read_journal(tmp_path / "run" / FILE)]
    assert kinds == ["start", "replies", "file", "note"]


def test_the_same_large_reply_is_kept_and_named_once(tmp_path: Path, tiny: Tiny) -> None:
    large = bytes(range(256)) * 20
    with Journal.create(tmp_path / "run", tiny.clock) as journal:
        journal.append("start", {"format": 1})
        for _ in range(3):
            journal.keep("scope", b"CURV?", large)
    with Journal.open(tmp_path / "run", tiny.clock) as journal:
        journal.keep("scope", b"CURV?", large)
    kinds = [event.kind for event in read_journal(tmp_path / "run" / FILE)]
    assert kinds == ["start", "replies", "file", "replies"]


def test_large_replies_do_not_pile_up_in_memory(tmp_path: Path, tiny: Tiny) -> None:
    with Journal.create(tmp_path / "run", tiny.clock) as journal:
        journal.append("start", {"format": 1})
        for number in range(5):
            journal.keep("scope", b"CURV?", bytes((number,)) * 1_000_000)
            journal.flush()
        assert journal.lines == 1 + 4 + 1, "four million bytes were enough"
