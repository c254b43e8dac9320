"""An instrument that says of itself that its readings are none is not believed, nor is a journal of it."""

import copy

import pytest
from examining import examine_instruments, examine_replies
from tiny import Ill

from remotecal.errors import EvidenceError, InstrumentError

DRIVERS = {"tiny:IllMeter", "tiny:TinySource"}


@pytest.fixture
def ill(tiny):
    tiny.bench.write_text(tiny.bench.read_text().replace("tiny:TinyMeter", "tiny:IllMeter"))
    return tiny


def instruments(events):
    return [event for event in events if event.kind == "instrument"]


def said_of_itself(events):
    """Return what is kept of it: number, time and reply."""
    questions = [one for event in events if event.kind == "replies" for one in event.data["questions"]]
    return [reply for one in questions if "STAT" in one["request"] for reply in one["replies"]]


def test_a_run_ends_at_a_reading_that_its_instrument_says_is_none(ill):
    def breaks(name, line):
        if line == "MEAS:VAL?" and ill.world.lines.count("meter MEAS:VAL?") == 3:
            ill.world.condition = Ill.BROKEN | Ill.WARM

    ill.world.before = breaks
    with pytest.raises(InstrumentError, match=r"gauge\.value has no valid value: condition says BROKEN"):
        ill.run()
    assert ill.world.level == 0.0
    assert [reply for *_, reply in said_of_itself(ill.events())] == ["0", "0", "0", "3"]


def test_what_only_warns_is_no_hindrance_and_is_kept(ill):
    ill.world.condition = Ill.WARM
    assert ill.run().instruments["meter"].spoiled_by == {"value": ["condition"]}
    events = ill.events()
    assert "read again" in examine_replies(events, DRIVERS)
    assert "gauge" in examine_instruments(events, DRIVERS)


def test_a_journal_in_which_it_says_so_proves_nothing(ill):
    ill.run()
    forged = copy.deepcopy(ill.events())
    for reply in said_of_itself(forged):
        reply[2] = "2"
    with pytest.raises(EvidenceError, match="condition says BROKEN"):
        examine_replies(forged, DRIVERS)


def test_a_journal_says_of_what_is_asked_beside_what_its_driver_does(ill):
    ill.run()
    events = copy.deepcopy(ill.events())
    for event in instruments(events):
        if event.data["name"] == "gauge":
            event.data["spoiled_by"] = {"value": ["weather"]}
    with pytest.raises(EvidenceError, match="gauge has readings that something else spoils by its driver"):
        examine_instruments(events, DRIVERS)


def test_a_journal_from_before_it_was_asked_is_read_as_it_was(tiny):
    tiny.run()
    before = copy.deepcopy(tiny.events())
    for event in instruments(before):
        if event.data["name"] == "gauge":
            event.data["driver"] = "tiny:IllMeter"
    assert "read again" in examine_replies(before, DRIVERS)
