"""What the watch over a rig is told is kept where it changes, and that it looked each time."""

from __future__ import annotations

from contextlib import suppress

import pytest
from examining import examine_replies, examine_supervision
from exchanged import exchanges_of

from remotecal.clock import VirtualClock
from remotecal.journal.events import FORMAT, read_journal
from remotecal.journal.exchanges import kept_exchanges, looks_of
from remotecal.journal.writing import Journal
from remotecal.runs.watch import BEATS, MISSES

OWN = ("tiny:TinySource", "tiny:TinyMeter")
WATCHED = """
[[interlocks]]
watch = "gauge.value"
above = 8.0
unit = "V"
[[interlocks]]
watch = "source.temperature"
above = 330.0
unit = "K"
[heartbeat]
quantity = "source.heartbeat"
every = 2.0
"""
LIMITS, HEART = "gauge.value, source.temperature", "source.heartbeat"


@pytest.fixture
def journal(tmp_path):
    clock = VirtualClock(1_767_225_600.0)
    with Journal.create(tmp_path / "run", clock) as opened:
        opened.append("start", {"format": FORMAT})
        yield opened


def look(journal: Journal, what: str, *replies: bytes) -> list[int]:
    numbers = []
    for reply in replies:
        journal.clock.advance(1)
        with journal.watching(what):
            numbers.append(journal.keep("rig", b"LEVEL?", reply))
    return numbers


def test_the_same_answer_to_the_watch_is_counted(journal):
    assert look(journal, "rig.level", b"20", b"20", b"20", b"21", b"20") == [1, 1, 1, 2, 3]
    journal.append("note", {"text": "behind"})
    _, replies, _ = read_journal(journal.path)
    (question,) = replies.data["questions"]
    assert question["replies"] == [
        [1, 0, "20", 2, 2_000_000],
        [2, 3_000_000, "21"],
        [3, 4_000_000, "20"],
    ]
    assert replies.data["since"] == "2026-01-01T00:00:01.000000Z"
    assert replies.data["watched"] == {"rig.level": [5, 0, 4_000_000, 1_000_000]}
    first, _, _ = kept_exchanges(replies)
    assert (first.again, first.last - first.at) == (2, pytest.approx(2.0))
    assert looks_of(replies)["rig.level"].longest == 1.0


def test_what_a_run_reads_is_never_counted_with_something_else(journal):
    """A reading may point at any of these, so each has its number."""
    assert [journal.keep("rig", b"LEVEL?", b"20") for _ in range(3)] == [1, 2, 3]
    assert look(journal, "rig.level", b"20", b"20") == [3, 3], "nobody reads those again"
    assert journal.keep("rig", b"LEVEL?", b"20") == 4
    journal.append("note", {"text": "behind"})
    assert [one.number for one in kept_exchanges(read_journal(journal.path)[1])] == [1, 2, 3, 4]


def test_what_was_written_is_not_added_to(journal):
    assert look(journal, "rig.level", b"20", b"20") == [1, 1]
    journal.append("note", {"text": "between"})
    assert look(journal, "rig.level", b"20", b"20") == [2, 2]


def test_a_look_that_failed_is_none(journal):
    for divisor in (1, 0, 1):
        journal.clock.advance(5)
        with suppress(ZeroDivisionError), journal.watching("rig.level"):
            journal.keep("rig", b"LEVEL?", f"{20 / divisor:.0f}".encode())
    journal.append("note", {"text": "behind"})
    assert read_journal(journal.path)[1].data["watched"] == {"rig.level": [2, 0, 10_000_000, 10_000_000]}


def test_a_run_says_what_is_watched_and_that_it_was(tiny):
    tiny.add(tiny.bench, WATCHED)
    tiny.run()
    (declared,) = tiny.events("watch")
    assert declared.data == {
        "looks": [
            {"every": 1, "limits": ["gauge.value above 8 V", "source.temperature above 330 K"],
             "what": LIMITS},
            {"every": 2, "limits": [], "what": HEART},
        ]
    }  # fmt: skip
    looks = [looks_of(event) for event in tiny.events("replies")]
    repeats = len(tiny.events("observation"))  # at whose ends both are looked at once more
    lasted = sum(one[HEART].times for one in looks if HEART in one) - repeats
    limits = sum(one[LIMITS].times for one in looks if LIMITS in one) - repeats
    assert limits == pytest.approx(2 * lasted, abs=2)
    assert examine_supervision(tiny.events()) == (
        f"{LIMITS}: at most 1 s from one look to the next; {HEART}: at most 2 s from one look to the next"
    )
    assert examine_replies(tiny.events(), OWN).startswith("12 values read again")


def test_a_heart_that_beats_for_hours_is_a_few_words(tiny):
    tiny.add(tiny.bench, WATCHED)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("remotecal.journal.writing.MANY", 10**9)  # all of it in one event

        waited = []

        def wait(progress):
            if progress.doing == "measure" and not waited:
                waited.append(progress)
                tiny.clock.sleep(7200)

        tiny.watchers = (wait,)
        tiny.run()
    beats = [one for event in tiny.events("replies") for one in exchanges_of(event.data)]
    beats = [one for one in beats if one["request"].startswith("SOUR:HEAR")]
    assert sum(1 + one.again[0] for one in beats) > 3600
    assert len(beats) < 20 * BEATS
    assert max(one.again[0] for one in beats) >= 3600 / BEATS - 1
    examine_supervision(tiny.events())


def test_however_many_beats_are_lost_the_next_one_is_another_number():
    """A rig that hears the same number twice takes it for silence."""
    numbers = [beat % BEATS for beat in range(100)]
    for lost in range(MISSES):
        assert all(one != other for one, other in zip(numbers, numbers[lost + 1 :], strict=False))
