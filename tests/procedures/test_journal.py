"""The journal: what is written can be checked by anyone, and what was changed is found."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256

import pytest
from exchanged import exchanges_of
from hypothesis import given
from hypothesis import strategies as st

from remotecal.clock import VirtualClock
from remotecal.drivers.measured import Measured
from remotecal.errors import ConfigurationError, JournalBroken, RunError
from remotecal.journal import events, writing
from remotecal.journal.course import steps_of
from remotecal.journal.events import (
    FILE,
    FORMAT,
    LONGEST,
    NOTHING,
    read_journal,
    seal,
    seconds,
    shown,
    timestamp,
)
from remotecal.journal.past import Past
from remotecal.journal.places import places
from remotecal.journal.values import timed
from remotecal.journal.writing import Journal


@pytest.fixture
def clock():
    return VirtualClock(1_767_225_600.0)


@pytest.fixture
def journal(tmp_path, clock):
    with Journal.create(tmp_path / "run", clock) as opened:
        opened.append("start", {"format": FORMAT, "name": "流量"})
        clock.advance(1.5)
        opened.keep("balance", b"SI", b"S S 1.0 kg")
        opened.keep("pump", b"\x01\x03", b"\xff")
        opened.append("note", {"text": "a", "hash": "0" * 64, "number": 1e-7})
        opened.append("finish", {})
    return tmp_path / "run" / FILE


def test_what_was_written_is_read(journal):
    start, replies, note, finish = read_journal(journal)
    assert start.data == {"format": FORMAT, "name": "流量"}
    assert start.at == "2026-01-01T00:00:00.000000Z"
    assert note.at == "2026-01-01T00:00:01.500000Z"
    assert [exchange["request"] for exchange in exchanges_of(replies.data)] == ["SI", {"hex": "0103"}]
    assert [exchange["number"] for exchange in exchanges_of(replies.data)] == [1, 2]
    assert note.data["number"] == 1e-7
    assert finish.seq == 4


def test_every_line_checks_by_the_shell_commands_of_the_description(journal):
    recipe = re.search(r"(sed -n 7p.*?sha256sum)", events.__doc__, re.DOTALL)[1].replace("\\\n", " ")
    for number, line in enumerate(journal.read_text().splitlines(), 1):
        command = recipe.replace("7p journal.jsonl", f"{number}p {journal}")
        printed = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
        assert printed.split()[0] == json.loads(line)["hash"]


def test_the_chain_begins_with_nothing(journal):
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert lines[0]["prev"] == NOTHING
    assert [line["prev"] for line in lines[1:]] == [line["hash"] for line in lines[:-1]]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda lines: [lines[0].replace("流量", "流速"), *lines[1:]], "line 1: its hash is wrong"),
        (lambda lines: [lines[0], *lines[2:]], "line 2: event 3 stands where 2 is due"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "line 1: event 2 stands where 1 is due"),
        (
            lambda lines: [*lines[:3], lines[3].replace('{"at"', '{ "at"')],
            "line 4: it is not in canonical form",
        ),
        (lambda lines: [*lines[:3], lines[3].replace("finish", "finisx")], "line 4: its hash is wrong"),
        (lambda lines: [*lines[:3], "nonsense"], "line 4: this is no event"),
        (lambda lines: [*lines[:3], "[]"], "line 4: this is no event"),
        (lambda lines: [*lines[:3], lines[3].replace('"data":{}', '"data":[]')], "line 4: this is no event"),
        (lambda lines: [*lines[:3], '{"seq":4}'], "line 4: this is no event"),
    ],
)
def test_a_change_is_found_where_it_is(journal, damage, message):
    journal.write_text("\n".join(damage(journal.read_text().splitlines())) + "\n")
    with pytest.raises(JournalBroken, match=message):
        read_journal(journal)
    with pytest.raises(JournalBroken, match=message):
        Journal.open(journal.parent, VirtualClock())


def test_a_line_written_anew_with_its_hash_does_not_follow(journal):
    lines = journal.read_text().splitlines()
    with Journal.create(journal.parent / "other", VirtualClock()) as other:
        other.append("start", {"format": FORMAT})
        other.append("replies", {"exchanges": []})
    lines[1] = (journal.parent / "other" / FILE).read_text().splitlines()[1]
    journal.write_text("\n".join(lines) + "\n")
    with pytest.raises(JournalBroken, match="line 2: it does not follow from the line before"):
        read_journal(journal)


def test_a_name_that_is_no_text_is_refused_before_it_is_written(journal, clock):
    """The encoder would write 10 behind 2, where readers look for "10" before "2"."""
    whole = journal.read_bytes()
    with Journal.open(journal.parent, clock) as opened, pytest.raises(TypeError, match="no text"):
        opened.append("note", {"text": "by channel", "means": {2: 0.1, 10: 0.2}})
    assert journal.read_bytes() == whole


def test_another_format_is_refused(tmp_path, clock):
    with Journal.create(tmp_path / "run", clock) as opened:
        opened.append("start", {"format": 3})
    with pytest.raises(JournalBroken, match="no journal of format 1 or 2"):
        read_journal(tmp_path / "run" / FILE)


@pytest.mark.parametrize("version", ["[]", "{}", '"2"', "null", "2.5", "9" * 400, "1e400"])
def test_what_is_no_version_is_another_format(tmp_path, version):
    """Of any form there is, and by anybody: no key is needed to chain a line."""
    front, back = f'{{"at":"","data":{{"format":{version}}},', f'"kind":"start","prev":"{NOTHING}","seq":1}}'
    found = sha256((front + back).encode()).hexdigest()
    (tmp_path / FILE).write_text(f'{front}"hash":"{found}",{back}\n')
    with pytest.raises(JournalBroken, match=r"no journal of format 1 or 2|this is no event"):
        read_journal(tmp_path)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 400, "[]", "true", "1.5", "null"])
def test_a_line_whose_number_is_none_is_no_event(tmp_path, number):
    line = f'{{"at":"","data":{{}},"hash":"","kind":"start","prev":"{NOTHING}","seq":{number}}}\n'
    (tmp_path / FILE).write_text(line)
    with pytest.raises(JournalBroken, match=r"line 1: (this is no event|event .* stands where 1 is due)"):
        read_journal(tmp_path)


@pytest.mark.parametrize("read", [places, partial(steps_of, choose=str)])
@pytest.mark.parametrize("data", ["[" * 100_000, '{"x":' * 600 + "1" + "}" * 600, "[]", '{"point":1}'])
def test_a_line_of_which_the_end_alone_was_looked_at_is_told_where_it_is_no_event(read, data):
    """A laboratory takes a line by its end: what its station wrote ahead of that fails no page."""
    nothing = "0" * 64
    end = f'"hash":"{nothing}","kind":"repeat","prev":"{nothing}","seq":1}}'
    with pytest.raises(JournalBroken, match="line 1 is no event"):
        read([f'{{"at":"2026-01-01T00:00:00.000000Z","data":{data},{end}\n'.encode()])


def test_a_line_that_nobody_reads_is_not_written(journal, clock):
    whole = journal.read_bytes()
    with Journal.open(journal.parent, clock) as opened:
        with pytest.raises(RunError, match=f"nobody reads lines of {LONGEST}: let large data stand in files"):
            opened.append("note", {"text": "x" * LONGEST})
        spare = len(seal(5, timestamp(clock.now()), "note", {"text": ""}, opened.head)[0]) + 1
        opened.append("note", {"text": "x" * (LONGEST - spare)})
    assert len(journal.read_bytes()) == len(whole) + LONGEST
    assert len(read_journal(journal)) == 5


@pytest.mark.parametrize("torn", [b'{"at":"20', b"\0\0\0\0", b"\xff"])
def test_a_torn_last_line_is_cut_off_and_said(journal, clock, torn):
    whole = journal.read_bytes()
    journal.write_bytes(whole + torn)
    with pytest.raises(JournalBroken, match=f"the last line is torn \\({len(torn)} bytes\\): resume"):
        read_journal(journal)
    assert len(read_journal(journal, torn=True)) == 4
    with Journal.open(journal.parent, clock) as opened:
        opened.append("note", {})
    events = read_journal(journal)
    assert [event.kind for event in events[-2:]] == ["torn", "note"]
    assert events[-2].data == {"bytes": len(torn)}
    assert journal.read_bytes().startswith(whole)


def test_exchanges_are_counted_on(journal, clock):
    with Journal.open(journal.parent, clock) as opened:
        assert opened.keep("balance", b"SI", b"S S 1.0 kg") == 3


def test_many_exchanges_are_written_before_the_next_event(tmp_path, clock):
    with Journal.create(tmp_path / "run", clock) as opened:
        opened.append("start", {"format": FORMAT})
        for _ in range(writing.MANY - 1):
            opened.keep("balance", b"SI", b"S S 1.0 kg")
        opened.flush()
        assert opened.lines == 1
        opened.keep("balance", b"SI", b"S S 1.0 kg")
        opened.flush()
        assert opened.lines == 2


def test_one_process_at_a_time(journal, clock):
    with Journal.open(journal.parent, clock), pytest.raises(RunError, match="another process is at work"):
        Journal.open(journal.parent, clock)
    Journal.open(journal.parent, clock).close()


@pytest.mark.parametrize("opened", [Journal.open, Journal.create])
def test_a_journal_that_can_not_be_opened_is_given_back(tmp_path, clock, monkeypatch, opened):
    """On Windows another file is locked, and stays so until it is given back."""
    given_back = []

    def hold_file(*_):
        stack = ExitStack()
        stack.callback(given_back.append, 1)
        return stack

    def broken(*_):
        raise OSError

    monkeypatch.setattr(writing, "hold_file", hold_file)
    if opened == Journal.open:
        (tmp_path / FILE).write_bytes(b"no journal\n")
    else:
        monkeypatch.setattr(writing, "make_durable", broken)
    with pytest.raises((JournalBroken, OSError)):
        opened(tmp_path, clock)
    assert given_back == [1]


def test_a_new_journal_needs_an_empty_directory(tmp_path, clock):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="is not empty"):
        Journal.create(tmp_path, clock)


def test_two_do_not_begin_in_one_directory(tmp_path, clock):
    """The first has written nothing yet, and what it has is nevertheless not taken from it."""
    with Journal.create(tmp_path, clock), pytest.raises(RunError, match="another process is at work"):
        Journal.create(tmp_path, clock)


def test_a_directory_without_journal_is_said_so(tmp_path, clock):
    with pytest.raises(JournalBroken, match="holds no journal"):
        Journal.open(tmp_path, clock)


def test_a_full_disk_ends_the_run_but_keeping_never_fails(tmp_path, clock):
    full = Journal(tmp_path / FILE, os.open("/dev/full", os.O_WRONLY), clock, Past())
    assert full.keep("balance", b"SI", b"S S 1.0 kg") == 1
    with pytest.raises(RunError, match="No space left on device: make room, then begin the run anew"):
        full.append("start", {"format": FORMAT})


@contextmanager
def room_for(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_a_full_disk_took_in_part_is_taken_back(journal, clock):
    """The line that failed leaves no trace, so what is written once there is room stands on its own."""
    with Journal.open(journal.parent, clock) as full:
        full.keep("balance", b"SI", b"S S 2.0 kg")
        with room_for(journal.stat().st_size + 40), pytest.raises(RunError, match="File too large"):
            full.append("note", {"text": "lost"})
        full.append("note", {"text": "there is room again"})
    *_, kept, last = read_journal(journal)
    assert exchanges_of(kept.data)[0]["reply"] == "S S 2.0 kg", "what was kept for the lost line is not lost"
    assert last.data == {"text": "there is room again"}


def test_a_journal_is_let_go_of_when_its_disk_is_full(journal, clock):
    full = Journal.open(journal.parent, clock)
    full.keep("balance", b"SI", b"S S 2.0 kg")
    with room_for(journal.stat().st_size), pytest.raises(RunError, match="File too large"):
        full.close()
    Journal.open(journal.parent, clock).close()


def test_what_ended_a_run_is_not_hidden_by_its_full_disk(journal, clock):
    def fail():
        with room_for(journal.stat().st_size), Journal.open(journal.parent, clock) as full:
            full.keep("balance", b"SI", b"S S 2.0 kg")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def test_bytes_are_shown_as_text_where_all_are_printable():
    assert shown(b"S S 1.0 kg") == "S S 1.0 kg"
    assert shown(b"") == ""
    assert shown(b"\x1b[2J") == {"hex": "1b5b324a"}
    assert shown("°C".encode()) == {"hex": "c2b043"}


def test_times_come_back():
    assert seconds(timestamp(1_767_225_600.123456)) == pytest.approx(1_767_225_600.123456, abs=1e-6)


@given(st.floats(-6e10, 2e11) | st.integers(0, 2**33).map(lambda second: second + 0.9999999))
def test_times_are_those_of_the_calendar(at):
    told = datetime.fromtimestamp(at, UTC)
    assert timestamp(at) == f"{told.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def test_a_reading_is_written_at_the_time_its_exchange_was_over(tmp_path, clock):
    """However long a slow machine takes to understand the reply; of no repeat before."""
    with Journal.create(tmp_path / "run", clock) as opened:
        before = opened.keep("balance", b"SI", b"S S 0.5 kg")
        opened.append("repeat", {})
        over, number = clock.now(), opened.keep("balance", b"SI", b"S S 1.0 kg")
        clock.advance(0.3)
        read = Measured(1.0, "kg", None, "balance.mass", clock.now(), number)
        of_before = read._replace(exchange=before)
        found = timed({"one": read, "several": (read, of_before), "text": "S"}, opened.over)
    due = read._replace(at=over)
    assert found == {"one": due, "several": (due, of_before), "text": "S"}
