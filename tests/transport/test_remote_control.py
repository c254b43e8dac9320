"""Who may do what to a run, and whose answer counts."""

import json
import threading
from pathlib import Path

import pytest

from remotecal.bench_file import Interlock
from remotecal.cli.watch import describe
from remotecal.clock import VirtualClock
from remotecal.drivers.measured import Measured
from remotecal.journal.events import ON_SITE
from remotecal.journal.writing import Journal
from remotecal.model import Text
from remotecal.runs.prompts import Answer, Question
from remotecal.runs.recent import Recent
from remotecal.runs.running import Progress
from remotecal.runs.tempo import PlanDone, Stint
from remotecal.station import remote_control
from remotecal.station.remote_control import RemoteControl
from remotecal.station.run import Stage, stage_of
from remotecal.transport.messages import Live
from remotecal.transport.versions import as_sent

QUESTION = Question(Text(en="Is it wet?"), ("yes", "no"), "choice")


@pytest.fixture
def remote(tmp_path: Path) -> RemoteControl:
    (tmp_path / "run").mkdir()
    return RemoteControl(tmp_path / "run", 100)


def acts(remote: RemoteControl) -> list[tuple[object, ...]]:
    """Take what the run would write into its journal."""
    return [
        tuple(remark.data[name] for name in ("verb", "by", "reason")) for remark in remote.control.remarks()
    ]


def ask(remote: RemoteControl, question: Question = QUESTION) -> tuple[threading.Thread, list[Answer]]:
    """Ask in a thread, as a run does, and wait until the question is open."""
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(remote.answer(question, lambda: None)))
    thread.start()
    while not remote.live().prompt:
        thread.join(0.001)
    return thread, answers


def test_the_first_answer_counts_and_the_second_hears_of_it(remote: RemoteControl) -> None:
    thread, answers = ask(remote)
    assert remote.give(1, Answer("yes", "Li Wei")) == ""
    for _ in range(2):
        assert remote.give(1, Answer("no", ON_SITE)) == "Li Wei was first: yes"
        thread.join()
    assert answers == [Answer("yes", "Li Wei")]
    live = remote.live()
    assert (live.prompt, live.answered, live.answered_by) == (0, "yes", "Li Wei"), "both see it"
    assert describe(live).endswith(" · Li Wei answered yes")


def test_of_two_at_once_one_answers_and_both_hear_who(remote: RemoteControl) -> None:
    for number in range(1, 21):
        thread, answers = ask(remote)
        barrier, said = threading.Barrier(2), {}

        def give(text: str, by: str, number: int = number) -> None:
            barrier.wait()  # noqa: B023  joined below, in the same turn
            said[by] = remote.give(number, Answer(text, by))  # noqa: B023

        both = [threading.Thread(target=give, args=one) for one in (("yes", "Li Wei"), ("no", ON_SITE))]
        for one in both:
            one.start()
        for one in (*both, thread):
            one.join()
        (first,) = answers
        loser = ON_SITE if first.by == "Li Wei" else "Li Wei"
        assert said == {first.by: "", loser: f"{first.by} was first: {first.text}"}
        assert remote.live().answered_by == first.by


@pytest.mark.parametrize(
    ("number", "answer", "said"), [(2, "yes", "not open"), (1, "maybe", "answer one of")]
)
def test_an_answer_that_does_not_fit(remote: RemoteControl, number: int, answer: str, said: str) -> None:
    thread, answers = ask(remote)
    assert said in remote.give(number, Answer(answer, "Li Wei"))
    remote.give(1, Answer("no", "Li Wei"))
    thread.join()
    assert answers == [Answer("no", "Li Wei")]


def test_what_is_answered_on_a_page_from_before_a_restart_answers_no_other_question(tmp_path: Path) -> None:
    """Else what was read of one dial would be what another one showed."""
    run = tmp_path / "run"
    before = RemoteControl(run, 100)
    with Journal.create(run, VirtualClock()) as journal:
        journal.append("prompt", {"question": {"en": "What does the barometer show?"}})
        thread, _ = ask(before)
        number = before.live().prompt
        before.give(number, Answer("yes", "Li Wei"))
        thread.join()
    after = RemoteControl(run, 100)
    thread, answers = ask(after)
    assert after.give(number, Answer("yes", "Li Wei")) == "this question is not open any more"
    assert after.give(after.live().prompt, Answer("no", "Li Wei")) == ""
    thread.join()
    assert answers == [Answer("no", "Li Wei")]


def test_a_run_that_must_stop_waits_for_no_answer(remote: RemoteControl) -> None:
    remote.control.abort("enough")
    with pytest.raises(Exception, match="enough"):
        remote.answer(QUESTION, remote.control.check)
    assert remote.live().prompt == 0
    assert remote.give(1, Answer("yes", "Li Wei")) == "the run does not wait for an answer any more"


def test_the_person_on_site_needs_nobodys_leave(remote: RemoteControl) -> None:
    assert remote.obey("pause", "Li Wei", "", 0).done
    assert remote.obey("go_on", ON_SITE, "", 0).done
    assert remote.live().holder == "Li Wei"
    assert remote.live().state == "running"


def test_a_run_that_is_over_obeys_nobody(remote: RemoteControl) -> None:
    remote.ended = "finished"
    answer = remote.obey("take_control", "Li Wei", "", 0)
    assert not answer.done
    assert answer.reason == "the run is over: finished"
    assert remote.live().state == "finished"


def test_who_controls_is_remarked_whenever_it_changes(remote: RemoteControl) -> None:
    assert remote.obey("pause", "Li Wei", "", 0).done
    assert remote.obey("go_on", "Li Wei", "", 0).done
    assert not remote.obey("abort", "Zhang", "mine", 0).done
    assert remote.obey("take_control", "Zhang", "", 0).done
    assert remote.obey("take_control", "Zhang", "", 0).done
    assert remote.obey("release_control", "Zhang", "", 0).done
    assert remote.obey("release_control", "Li Wei", "", 0).done
    assert remote.obey("pause", ON_SITE, "", 0).done
    assert remote.obey("abort", ON_SITE, "", 0).done
    assert acts(remote) == [
        ("take_control", "Li Wei", ""),
        ("pause", "Li Wei", ""),
        ("go_on", "Li Wei", ""),
        ("take_control", "Zhang", "from Li Wei"),
        ("release_control", "Zhang", ""),
        ("pause", ON_SITE, ""),
        ("abort", ON_SITE, "no reason was given"),
    ]


def test_a_run_that_writes_no_more_says_so(remote: RemoteControl) -> None:
    remote.control.last_remarks()
    for verb in ("pause", "go_on", "abort", "take_control"):
        answer = remote.obey(verb, "Li Wei", "", 0)
        assert (answer.done, answer.reason) == (False, "the run is over: nothing changes it any more")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "plate.jpg").write_bytes(b"a photo")
    return tmp_path / "plate.jpg"


def begin(remote: RemoteControl) -> None:
    remote(Progress("prepare"))


@pytest.mark.parametrize(("letters", "before"), [(10, 300), (900, 99), (999, 0), (1000, 0)])
def test_a_long_remark_leaves_the_question_less_room(
    remote: RemoteControl, photo: Path, letters: int, before: int
) -> None:
    begin(remote)
    thread, answers = ask(remote, Question(Text(en="?" * 400), kind="file"))
    if refused := remote.attach(photo, "x" * letters).reason:
        remote.attach(photo, "")  # and nobody waits
    assert refused == ""
    thread.join()
    (answer,) = answers
    assert answer.file is not None
    assert (answer.file.about.count("?"), answer.file.about.count("x")) == (before, letters)


def test_a_file_is_done_once_the_run_has_written_it(remote: RemoteControl, photo: Path) -> None:
    begin(remote)
    said = []
    thread = threading.Thread(target=lambda: said.append(remote.attach(photo, "the plate")))
    thread.start()
    while not (remarks := remote.control.remarks()):
        thread.join(0.001)
    assert not said, "it is not in the journal yet"
    (remark,) = remarks
    assert (remark.kind, remark.data["about"], remark.data["by"]) == ("file", "the plate", ON_SITE)
    remark.written.set()
    thread.join()
    assert said[0].done
    assert said[0].content == remark.data["sha256"]


def test_a_file_the_run_does_not_come_to_write_is_not_done(
    remote: RemoteControl, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_control, "WRITTEN_WITHIN", 0.01)
    begin(remote)
    answer = remote.attach(photo, "")
    assert not answer.done
    assert "the run is busy" in answer.reason


def test_files_are_refused_with_the_reason(remote: RemoteControl, photo: Path, tmp_path: Path) -> None:
    assert remote.attach(photo, "").reason == "the run has not begun: add the file once it has"
    begin(remote)
    assert "can't be read" in remote.attach(tmp_path / "none", "").reason
    (tmp_path / "large").write_bytes(bytes(101))
    assert "100 are allowed" in remote.attach(tmp_path / "large", "").reason
    remote.control.last_remarks()
    assert remote.attach(photo, "").reason == "the run is over: nothing changes it any more"
    remote.ended = "finished"
    assert remote.attach(photo, "").reason == "the run is over: finished"


def test_a_photo_answers_the_question_for_one(remote: RemoteControl, photo: Path) -> None:
    begin(remote)
    thread, answers = ask(remote, Question(Text(en="A photo?"), kind="file"))
    assert remote.live().kind == "file"
    assert describe(remote.live()).startswith("asking · A photo? [a file, from the station] · ")
    refused = remote.give(1, Answer("/etc/passwd", "Li Wei"))
    assert refused == "a file answers this: `remotecal station attach FILE`, at the station"
    answer = remote.attach(photo, "")
    thread.join()
    assert answer.done
    (given,) = answers
    assert given.file is not None
    assert (given.text, given.by, given.file.name) == (answer.content, ON_SITE, "plate.jpg")
    assert remote.control.remarks() == [], "the question's own event names it"


def written(journal: Journal) -> list[bytes]:
    return journal.path.read_bytes().splitlines(keepends=True)


def test_what_was_aborted_is_not_taken_up_after_a_crash(tmp_path: Path) -> None:
    """A station killed between the line that says who aborted and the line that says that it ended."""
    clock = VirtualClock(0.0)
    with Journal.create(tmp_path / "crashed", clock) as journal:
        journal.append("start", {"format": 1})
        journal.append("control", {"verb": "pause", "by": "Li Wei", "reason": ""})
        assert stage_of(written(journal)) is Stage.CUT_OFF
        journal.append("control", {"verb": "abort", "by": "Li Wei", "reason": "the tank leaks"})
        assert stage_of(written(journal)) is Stage.STOPPED
        journal.append("resume", {"by": "Li Wei"})
        assert stage_of(written(journal)) is Stage.CUT_OFF, "until somebody takes it up"


def measured(source: str, value: float, at: float, u: float | None = None) -> Measured:
    return Measured(value, "V", u, source, at)


def test_what_is_watched_is_told_with_its_limits_and_the_digits_it_has(remote: RemoteControl) -> None:
    watched = remote.control.watched
    watched.limits = (
        Interlock(watch="gauge.value", above=8.0, unit="V"),
        Interlock(watch="gauge.value", below=-1.0, unit="V"),
    )
    watched.note([measured("gauge.value", 7.123456789, 10.0, 0.0058), measured("rig.level", 2.0, 10.0)])
    read = {"gauge.value": measured("gauge.value", 6.0, 9.0), "dut.count": measured("dut.count", 7.0, 9.0)}
    remote(Progress("measure", last=read, digits={"dut.count": 0}))
    live = Live.model_validate_json(as_sent(remote.live()))
    assert live.last == {"gauge.value": (7.12346, "V"), "dut.count": (7.0, "V"), "rig.level": (2.0, "V")}
    assert live.digits == {"dut.count": 0}
    assert [(one.above, one.below, one.unit) for one in live.limits["gauge.value"]] == [
        (8.0, None, "V"),
        (None, -1.0, "V"),
    ]
    remote(Progress("measure", last={"gauge.value": measured("gauge.value", 5.0, 11.0)}))
    assert remote.live().last["gauge.value"] == (5.0, "V"), "the later reading counts"


def test_the_time_left_follows_from_what_was_done_since_the_run_was_taken_up(
    remote: RemoteControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 900.0, 1000.0, 1030.0, 1500.0, 1500.0, 1560.0])
    monkeypatch.setattr(remote_control, "monotonic", lambda: next(now))

    def show(doing: str, done: int, number: int = 1) -> float | None:
        remote(Progress(doing, number=number, repeat=number, plan=PlanDone(repeats=Stint(4, done))))
        return remote.live().left

    assert show("prepare", 0, number=0) is None
    assert show("measure", 0) is None
    assert show("done", 1) == 300
    assert show("measure", 1) == 270
    remote.begin_anew()
    assert show("prepare", 1, number=0) is None, "what was done before sets no pace"
    assert show("measure", 1) is None
    assert show("done", 2) == 120


def test_the_last_minute_of_what_is_watched_is_bounded() -> None:
    recent = Recent()
    for step in range(1000):
        recent.note([measured("gauge.value", float(step), 0.1 * step)])
    recent.note([measured("gauge.value", float("nan"), 100.0)])
    first, *others = recent.trend(100.0)
    assert not others
    times, values = zip(*first["values"], strict=True)
    assert (times[0], times[-1], values[-1]) == (pytest.approx(-60.0, abs=0.5), -0.1, 999.0)
    assert len(values) <= 122
    assert recent.told(200.0, "gauge.value") == {}, "what was read long before is no trend of then"


def test_what_tripped_is_told_first_however_much_is_watched() -> None:
    recent = Recent()
    for step in range(130):
        at = 0.5 * step
        recent.note([measured(f"gauge.value[{number}]", 1 / 3 + step, at) for number in range(64)])
    assert {len(one["values"]) for one in recent.trend(64.5)} == {121}
    for tripped in ("gauge.value[63]", "gauge.value[0]"):
        trend = recent.told(64.5, tripped)["trend"]
        names = [one["what"] for one in trend]
        assert names[0] == tripped
        assert len(set(names)) == len(names) > 10, "and of the others as many as there is room for"
        assert len(json.dumps(trend)) < 2**16 + 200
    few = Recent()
    few.note([measured("gauge.value", 1.0, 0.0), measured("gauge.other", 1.0, 0.0)])
    assert [one["what"] for one in few.told(1.0)["trend"]] == ["gauge.value", "gauge.other"]
