"""What people do to a run is written into its journal by the run itself, under their names."""

import threading
from dataclasses import replace

import pytest
from exchanged import exchanges_of

from remotecal.clock import VirtualClock
from remotecal.errors import RunAborted, RunError
from remotecal.journal.events import ON_SITE
from remotecal.journal.files import keep_file
from remotecal.journal.gathering import read_evidence
from remotecal.journal.writing import Journal
from remotecal.runs.catalogue import find
from remotecal.runs.control import Control, Remark
from remotecal.runs.prompts import Answer
from remotecal.runs.record import evaluate

BEFORE_WAITING = 5.0


def acts(tiny):
    return [(e.data["verb"], e.data["by"], e.data["reason"]) for e in tiny.events("control")]


def test_a_remark_is_written_while_the_run_settles(tiny):
    """By the run's own thread, at its next look, and nobody else's."""
    remark, wrote = Remark("control", {"by": "Li Wei", "reason": "", "verb": "take_control"}), []

    def watch(progress):
        if progress.doing == "approach" and not wrote:
            thread = threading.Thread(target=lambda: wrote.append(tiny.control.remark(remark)))
            thread.start()
            thread.join()

    tiny.watchers = (watch,)
    tiny.run()
    assert wrote == [True]
    assert remark.written.is_set()
    kinds = [kind for kind in tiny.kinds() if kind != "replies"]
    assert kinds[kinds.index("point") :][:3] == ["point", "control", "stable"]


def test_a_remark_is_written_while_a_question_is_open(tiny):
    tiny.parameter("ask = true")
    remark = Remark("control", {"by": "Li Wei", "reason": "", "verb": "pause"})

    class Patient:
        def answer(self, question, still_wanted):
            assert tiny.control.remark(remark)
            still_wanted()
            assert remark.written.is_set()
            return Answer("no", "Zhang")

    tiny.run(Patient())
    kinds = [kind for kind in tiny.kinds() if kind != "replies"]
    assert kinds[kinds.index("prompt") :][:3] == ["prompt", "control", "answer"]
    assert tiny.events("answer")[0].data["by"] == "Zhang"


def test_a_photo_that_is_sent_again_is_named_once(tiny, tmp_path):
    """Whoever was not answered sends it again, also once the journal was closed and opened."""
    tiny.parameter("ask = true")
    photo = tmp_path / "plate.jpg"
    photo.write_bytes(b"a plate")
    said = []

    class Sends:
        def answer(self, question, still_wanted):
            for about in ("the plate", "the plate", "the seal"):
                kept = keep_file(photo, tiny.out, about, "Li Wei")
                said.append(kept.model_dump(mode="json"))
                remark = Remark("file", said[-1])
                assert tiny.control.remark(remark)
                still_wanted()
                assert remark.written.is_set(), "who sends it again is told that it is there"
            return Answer("no", "Zhang")

    tiny.run(Sends())
    assert [event.data["about"] for event in tiny.events("file")] == ["the plate", "the seal"]
    with Journal.create(tmp_path / "other", VirtualClock(0.0)) as journal:
        journal.append("start", {"format": 1})
        journal.append("file", said[0])
    with Journal.open(tmp_path / "other", VirtualClock(0.0)) as journal:
        assert [journal.says(one) for one in said] == [True, True, False]


def test_remarks_are_written_while_the_run_is_paused(tiny):
    remark = Remark("control", {"by": "Zhang", "reason": "from Li Wei", "verb": "take_control"})
    paused = []

    def others():
        tiny.control.remark(remark)
        assert remark.written.wait(BEFORE_WAITING), "a paused run writes nothing"
        tiny.control.go_on("Zhang")

    def watch(progress):
        if progress.doing == "measure" and not paused:
            paused.append(tiny.control.pause("Li Wei"))
        if progress.doing == "pause":
            threading.Thread(target=others).start()

    tiny.watchers = (watch,)
    tiny.run()
    assert acts(tiny) == [
        ("pause", "Li Wei", ""),
        ("take_control", "Zhang", "from Li Wei"),
        ("go_on", "Zhang", ""),
    ]
    kinds = [event.kind for event in tiny.events("control", "pause", "go_on")]
    assert kinds == ["control", "pause", "control", "control", "go_on"]


def test_an_abort_makes_the_rig_safe_before_it_is_written(tiny):
    def watch(progress):
        if progress.doing == "measure":
            tiny.control.abort("the tank leaks", "Li Wei")

    tiny.watchers = (watch,)
    with pytest.raises(RunAborted, match=r"the run was stopped: the tank leaks \(Li Wei\)"):
        tiny.run()
    assert acts(tiny) == [("abort", "Li Wei", "the tank leaks")]
    last = tiny.events()[-4:]
    assert [event.kind for event in last] == ["replies", "control", "abort", "safe"]
    made_safe = [entry["request"] for entry in exchanges_of(last[0].data)]
    assert "SOUR:LEV 0;:SYST:ERR?" in made_safe, "safe first, written then"
    assert "the tank leaks (Li Wei)" in last[2].data["text"]


def test_what_comes_after_the_end_is_not_taken(tiny):
    tiny.run()
    before = tiny.kinds()
    assert not tiny.control.pause("Li Wei")
    assert not tiny.control.abort("too late", "Li Wei")
    assert tiny.kinds() == before


def test_a_remark_given_while_the_rig_is_made_safe_is_not_lost(tiny):
    given = []

    def act(name, line):
        if line.startswith("SOUR:LEV 0") and len(tiny.world.beats) == 0 and tiny.out.exists():
            given.append(tiny.control.act("take_control", "Li Wei"))

    tiny.world.before = act
    tiny.run()
    assert given[-1]
    assert len(acts(tiny)) == len(given)
    assert tiny.kinds()[-1] == "finish"


def test_an_evaluation_does_not_see_remarks(tiny):
    tiny.watchers = (lambda _: tiny.control.act("take_control", "Li Wei"),)
    evidence = tiny.run()
    assert len(acts(tiny)) > 10
    found = find(evidence.procedure.name)
    with_remarks = evaluate(evidence, found)
    tiny.directory, tiny.control, tiny.watchers = tiny.directory / "second", Control(), ()
    tiny.run()
    without = evaluate(read_evidence(tiny.out), found)
    assert [m.results for m in with_remarks.measurements] == [m.results for m in without.measurements]
    assert replace(evidence, answers=()) == evidence


def test_a_remark_that_can_not_be_written_ends_the_run(tiny, monkeypatch):
    def watch(progress):
        if progress.doing == "measure":
            tiny.control.act("pause", ON_SITE)
            monkeypatch.setattr("os.fdatasync", full)

    def full(_):
        raise OSError(28, "No space left on device")

    tiny.watchers = (watch,)
    with pytest.raises(RunError, match="make room"):
        tiny.run()
    assert tiny.world.level == 0
