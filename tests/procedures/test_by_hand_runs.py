"""A procedure runs half automatic: a person reads one instrument, and all else is as ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from examining import examine_course, examine_shapes
from exchanged import Kept, exchanges_of
from hand import DIAL, Beside, examine, read_by_hand
from tiny import PROCEDURE
from tiny_bench import Tiny

from remotecal.bench import Bench
from remotecal.cli.bench import check
from remotecal.errors import (
    BenchError,
    BenchInUse,
    EvidenceError,
    ExchangeCancelled,
    InstrumentError,
    InterlockTripped,
    RunAborted,
    RunError,
    SafeStateNotReached,
    WrongInstrument,
)
from remotecal.journal.events import FILE, Event, read_journal
from remotecal.journal.gathering import gather
from remotecal.runs.prompts import Answer, Question, Scripted, Terminal
from remotecal.verify.report import Unable

PHOTO = b"\xff\xd8 a photo of the dial"
DIGEST = sha256(PHOTO).hexdigest()


@pytest.fixture
def dial(tiny: Tiny) -> Tiny:
    read_by_hand(tiny)
    return tiny


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "dial.jpg").write_bytes(PHOTO)
    return tmp_path / "dial.jpg"


def exchanges(tiny: Tiny) -> list[Kept]:
    return [one for event in tiny.events("replies") for one in exchanges_of(event.data)]


def test_what_a_person_reads_is_evidence_like_any_reading(dial: Tiny) -> None:
    person = Beside(dial.world)
    evidence = dial.run(person)
    first, *_ = evidence.observations[0].values["values"]  # type: ignore[misc, union-attr]
    assert (first.value, first.unit, first.source) == (1.0, "V", "gauge.value")
    assert first.u == pytest.approx((0.2 + 0.025) / 3**0.5)
    kept = [one for one in exchanges(dial) if one["instrument"] == "gauge"]
    assert (kept[0]["request"], kept[0]["reply"]) == ("read serial number", "M1")
    assert (kept[1]["request"], kept[1]["reply"]) == ("read dial", "1.00 \\volt")
    assert first.exchange == kept[1]["number"]
    prompt = next(event for event in dial.events("prompt") if event.data["kind"] == "number")
    assert prompt.data == {
        "instrument": "gauge", "kind": "number", "options": [], "request": "read dial", "unit": "V",
        "digits": 2, "likely": [0, 20],
        "question": {"en": "gauge: what does the dial show, in V?", "zh": "gauge：表盘示值是多少？单位 V。"},
    }  # fmt: skip
    answer = next(event for event in dial.events("answer") if event.data["prompt"] == prompt.seq)
    assert answer.data == {"answer": "1.00 V", "by": "liwei", "prompt": prompt.seq}
    said = examine(dial.events())
    assert said["read by hand"] == "gauge: 13 by liwei"
    assert said["instruments"].endswith("gauge: Acme, SN M1")
    assert said["replies"].startswith("12 values read again")
    assert evidence.answers[0][0].startswith("gauge.value: please wait"), "what the procedure asked"
    assert len(evidence.answers) == 2


def test_a_person_watches_what_nobody_else_sees(dial: Tiny) -> None:
    person = Beside(dial.world)
    dial.run(person)
    waited = [question for question in person.asked if question.kind == "choice"]
    assert [one.text.get("en") for one in waited] == [
        "gauge.value: please wait until the dial changes by no more than 0.1 V within 5 s, then confirm."
    ] * 2
    assert waited[0].text.get("zh") == "gauge.value：请等到表盘示值在 5 s 内变化不超过 0.1 V，然后确认。"
    assert dial.events("stable") == []


def test_numbers_in_other_units_and_letters_are_kept_as_they_were_meant(dial: Tiny) -> None:
    evidence = dial.run(Beside(dial.world, {3: "１，０５ Ｖ", 4: "1050 mV"}))
    values = evidence.observations[0].values["values"]
    assert [one.value for one in values] == [1.05, 1.05, 1.0]  # type: ignore[union-attr]
    replies = [one["reply"] for one in exchanges(dial) if one["request"] == "read dial"]
    assert replies[:3] == ["1.05 \\volt", "1050 \\milli\\volt", "1.00 \\volt"]
    examine(dial.events())


def test_a_second_look_is_kept_and_the_first_is_not_believed(dial: Tiny) -> None:
    person = Beside(dial.world, {3: "100", 4: "1.05"})
    evidence = dial.run(person)
    assert evidence.observations[0].values["values"][0].value == 1.05  # type: ignore[index, union-attr]
    assert person.questions("zh")[3].startswith("100 V 超出量程 0 – 20 V，请再看一次。")
    assert next(one["reply"] for one in exchanges(dial) if one["request"] == "read dial") == "1.05 \\volt"
    assert examine(dial.events())["read by hand"] == "gauge: 13 by liwei"


def test_a_number_twice_outside_the_span_ends_the_run_which_goes_on_later(dial: Tiny) -> None:
    with pytest.raises(
        InstrumentError, match=r"gauge\.value: 99 V lies outside its span, 0 – 20 V: bring it back"
    ):
        dial.run(Beside(dial.world, {6: "99", 7: "99"}))
    assert dial.kinds()[-2:] == ["failure", "safe"]
    evidence = dial.resume(Beside(dial.world))
    assert evidence.complete
    assert evidence.discarded == (("1 V", 2),)
    examine(dial.events())


def test_far_from_what_a_point_sets_is_looked_at_twice(dial: Tiny) -> None:
    lines = [
        "from tiny_procedure import Tiny",
        "",
        "class Reaching(Tiny):",
        '    reach = {"meter.value": "level"}',
    ]
    (dial.directory / "reaching.py").write_text("\n".join(lines) + "\n")
    dial.order.write_text(dial.order.read_text().replace(str(PROCEDURE), "reaching.py"))
    person = Beside(dial.world, {3: "11", 4: "1"})
    dial.run(person)
    assert "11 V is far from 1 V, which is expected here; please look again." in person.questions()[3]
    assert sum("is expected here" in question for question in person.questions()) == 1


def test_points_beyond_a_stated_dial_are_refused_before_anything_moves(dial: Tiny) -> None:
    lines = [
        "from tiny_procedure import Tiny",
        "",
        "class Reaching(Tiny):",
        '    reach = {"meter.value": "level"}',
    ]
    (dial.directory / "reaching.py").write_text("\n".join(lines) + "\n")
    dial.order.write_text(dial.order.read_text().replace(str(PROCEDURE), "reaching.py"))
    dial.parameter("levels = [5, 25]")
    with pytest.raises(
        RunError.__base__, match=r"25 V is beyond the meter \(Dial\), whose value is 0 to 20 V"
    ):  # type: ignore[arg-type]
        dial.run(Beside(dial.world))
    assert dial.world.lines == []


def test_a_photo_is_taken_first_and_kept_with_the_run(tiny: Tiny, photo: Path) -> None:
    read_by_hand(tiny, DIAL.replace("photo = false", "photo = true"))
    person = Beside(tiny.world, photo=photo)
    tiny.run(person)
    assert [question.kind for question in person.asked[2:7]] == ["file", "number", "file", "file", "number"]
    reply = next(one["reply"] for one in exchanges(tiny) if one["request"] == "read dial")
    assert reply == f"1.00 \\volt photo {DIGEST}"
    assert {event.data["sha256"] for event in tiny.events("file")} == {DIGEST}
    assert (tiny.out / "files" / f"{DIGEST}.jpg").read_bytes() == PHOTO
    assert examine(tiny.events())["read by hand"] == (
        f"gauge: 13 by liwei; one photo, {DIGEST[:12]}…, stands for 12 readings of gauge"
    )


def test_another_dial_is_refused_after_a_second_look(dial: Tiny) -> None:
    person = Beside(dial.world, {1: "M2", 2: "M2"})
    with pytest.raises(WrongInstrument, match="M1 is expected, but M2 was read on it at by-hand:dial"):
        dial.run(person)
    assert "M2 is not M1, which the bench file says; please look again." in person.questions()[1]
    assert dial.kinds()[-2:] == ["failure", "safe"]
    assert "M2 不是台架文件中的编号 M1" in person.questions("zh")[1]


def test_a_run_goes_on_with_the_dial_it_began_with_only(dial: Tiny) -> None:
    dial.bench.write_text(dial.bench.read_text().replace('serial = "M1"\n', ""))
    with pytest.raises(RunError, match="nobody is there to answer"):
        dial.run(Scripted(["M1", "done", "1.00"]))
    with pytest.raises(WrongInstrument, match="gauge: the run began with M1, now it is M2"):
        dial.resume(Scripted(["M2"]))
    assert dial.resume(Beside(dial.world)).complete


@pytest.mark.parametrize("question", [1, 2, 3, 7])
def test_a_stop_while_a_question_is_open_ends_safely(dial: Tiny, question: int) -> None:
    person = Beside(dial.world)

    def stop(_: object) -> None:
        if len(person.asked) == question:
            dial.control.abort("enough", "Li Na")

    person.before = stop
    with pytest.raises(RunAborted, match="enough"):
        dial.run(person)
    assert dial.world.level == 0
    assert dial.kinds()[-3:] == ["control", "abort", "safe"]
    assert dial.resume(Beside(dial.world)).complete


RUN = """
import os, signal, sys
from pathlib import Path
from hand import Beside
from tiny import TinyWorld
from remotecal.bench import Bench
from remotecal.runs.catalogue import find
from remotecal.runs.execute import Company, execute
from remotecal.order import Order

class Level:
    level, offset = 1.0, 0.0

def die(_):
    if len(person.asked) == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

order, bench, out = map(Path, sys.argv[1:4])
person = Beside(Level())
person.before = die
asked = Order.load(order)
execute(asked, find(asked.order.procedure), Bench.load(bench), out, Company(person))
"""


@pytest.mark.parametrize("question", [1, 3, 6])
def test_a_run_killed_while_a_question_is_open_goes_on(dial: Tiny, question: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, dial.order, dial.bench, dial.out, str(question)],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])},
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
    before = gather(read_journal(dial.out / FILE, torn=True)).observations
    assert len(before) == (question == 6)
    evidence = dial.resume(Beside(dial.world))
    assert evidence.complete
    assert evidence.observations[: len(before)] == before
    examine(dial.events())


def test_a_serial_number_is_asked_for_once_the_rig_is_safe_and_watched(dial: Tiny) -> None:
    dial.hasten()
    dial.add(dial.bench, INTERLOCK)
    person = Beside(dial.world, {6: "nobody"})
    with pytest.raises(RunError, match="'nobody' is no number"):
        dial.run(person)
    dial.world.level = 7.0
    asked: list[float] = []

    def look(question: Question) -> None:
        if question.kind == "text":
            asked.append(dial.world.level)
            dial.world.deaf.add("MEAS:TEMP?")
            dial.clock.sleep(10)

    person = Beside(dial.world)
    person.before = look
    with pytest.raises(InterlockTripped, match=r"source\.temperature can't be watched any more"):
        dial.resume(person)
    assert asked == [0.0]
    kinds = dial.kinds()
    again = kinds[kinds.index("resume") :]
    before = [kind for kind in again[1 : again.index("prompt")] if kind != "replies"]
    assert before == ["instrument", "safe", "watch"]


INTERLOCK = """
[[interlocks]]
watch = "source.temperature"
above = 60
unit = "°C"
every = 1.0
"""


def test_where_nothing_can_be_made_safe_nobody_says_that_it_was(dial: Tiny) -> None:
    text = dial.bench.read_text().replace('driver = "tiny:TinySource"', 'driver = "hand:Loose"')
    dial.bench.write_text(text)
    person = Beside(dial.world)
    person.before = lambda question: dial.control.abort("enough") if question.kind == "number" else None
    with pytest.raises(RunAborted, match="nothing on this bench can be made safe by remotecal"):
        dial.run(person)
    for event in dial.events("safe"):
        assert event.data["reached"] is None
        assert "nothing on this bench can be made safe" in str(event.data["text"])
    assert "nothing on this bench" in str(dial.events("abort")[0].data["text"])
    assert dial.resume(Beside(dial.world)).complete
    examine_course(dial.events())
    examine_shapes(dial.events())


def by_hand_knob(tiny: Tiny) -> None:
    text = tiny.bench.read_text().replace('driver = "tiny:TinySource"', 'driver = "hand:Knob"')
    tiny.bench.write_text(text.replace(tiny.world.address("source"), "by-hand:knob"))


def test_a_person_sets_what_a_procedure_sets_and_makes_the_rig_safe(dial: Tiny) -> None:
    by_hand_knob(dial)
    person = Beside(dial.world)
    dial.run(person)
    turned = [question for question in person.questions() if "knob to" in question]
    assert turned == [
        f"source: please set the knob to {level} V, then confirm." for level in ("0", "1", "2", "0")
    ]
    assert [round(one.value) for one in gather(dial.events()).observations[-1].values["values"]] == [2] * 3  # type: ignore[union-attr]
    assert sum(question == "source: what does the knob show, in V?" for question in person.questions()) == 2
    examine(dial.events())


def test_a_rig_that_nobody_makes_safe_is_not_safe(dial: Tiny) -> None:
    by_hand_knob(dial)
    dial.add(dial.bench, "[safe]\nwithin = 0.2\n")
    with pytest.raises(SafeStateNotReached, match="go and look at the rig: source is not known to be safe"):
        dial.run(Scripted(["S1", "M1", "done", "0"]))


def test_after_an_abort_a_person_still_makes_the_rig_safe(dial: Tiny) -> None:
    by_hand_knob(dial)
    person = Beside(dial.world)

    def stop(question: Question) -> None:
        if "show" in question.text.get("en") and dial.world.level:
            dial.control.abort("enough")

    person.before = stop
    with pytest.raises(RunAborted, match="enough"):
        dial.run(person)
    assert dial.world.level == 0
    assert dial.events("safe")[-1].data["reached"] is True


def test_a_person_who_makes_nothing_safe_is_waited_for_no_longer_than_the_bench_says(dial: Tiny) -> None:
    by_hand_knob(dial)
    dial.add(dial.bench, "[safe]\nwithin = 0.3\n")

    called_off = threading.Event()

    class Gone(Beside):
        def answer(self, question: Question, still_wanted: Callable[[], None]) -> Answer:
            while "knob to 0" in question.text.get("en") and dial.world.level:
                try:
                    still_wanted()
                except ExchangeCancelled:
                    called_off.set()
                    raise
            return super().answer(question, still_wanted)

    with pytest.raises(SafeStateNotReached, match="go and look at the rig: source"):
        dial.run(Gone(dial.world))
    assert called_off.wait(10)
    assert dial.events("safe")[-1].data["reached"] is False


def test_what_others_do_while_a_question_is_open_is_written_at_once(dial: Tiny) -> None:
    person = Beside(dial.world)

    def hold(question: Question) -> None:
        if question.kind == "number" and len(person.asked) == 3:
            dial.control.pause("Li Na")
            dial.control.go_on("Li Na")

    person.before = hold
    dial.run(person)
    acts = [event.seq for event in dial.events("control")]
    assert dial.events("prompt")[2].seq < acts[0] < acts[1] < dial.events("answer")[2].seq


def test_a_bench_that_watches_what_a_person_reads_is_refused(dial: Tiny) -> None:
    dial.add(dial.bench, '[[interlocks]]\nwatch = "gauge.value"\nabove = 5\nunit = "V"\n')
    with pytest.raises(BenchError, match=r"Dial\.value can't be watched"):
        Bench.load(dial.bench)


def test_a_heartbeat_by_hand_is_refused(dial: Tiny) -> None:
    by_hand_knob(dial)
    dial.add(dial.bench, '[heartbeat]\nquantity = "source.level"\nevery = 1\n')
    with pytest.raises(BenchError, match=r"Knob\.level can't be set by itself"):
        Bench.load(dial.bench)


def test_a_bench_is_checked_and_nobody_asked(
    dial: Tiny, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(dial.bench, tmp_path / "no hub")
    assert "Acme, SN M1" in " ".join(capsys.readouterr().out.split())


def test_two_benches_may_call_a_dial_the_same(dial: Tiny, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(dial.bench.read_text().replace(dial.world.address("source"), "by-hand:knob"))
    other.write_text(other.read_text().replace("tiny:TinySource", "hand:Knob"))
    with Bench.load(dial.bench).open(dial.clock), Bench.load(other).open(dial.clock) as opened:
        assert opened.failures == {}
    with Bench.load(dial.bench).open(dial.clock), pytest.raises(BenchInUse, match="the bench"):
        Bench.load(dial.bench).connect(dial.clock)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "gauge: what does the dial show, in V?"), ("zh", "表盘示值是多少")]
)
def test_a_person_at_the_terminal_is_asked_in_their_language(
    dial: Tiny, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    master, slave = os.openpty()
    typed = ["M1", *(["done", "heavy", "1.00 kg", "１．００", *["1,0"] * 5]), *["done", *["2.00 V"] * 6]]
    with os.fdopen(slave) as terminal, os.fdopen(master, "wb", buffering=0) as keys:
        monkeypatch.setattr(sys, "stdin", terminal)
        keys.write("".join(f"{line}\n" for line in typed).encode())
        evidence = dial.run(Terminal(language, "liwei"))
    assert evidence.complete
    shown = capsys.readouterr().out
    assert shown.count(said) == 14
    assert ("不是数字" if language == "zh" else "is no number") in shown
    assert ("不能换算为 V" if language == "zh" else "kg is no unit of the dimension of V") in shown
    examine(dial.events())


Lie = Callable[[list[dict[str, Any]]], None]


def of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in events if event["kind"] == kind]


def reply(events: list[dict[str, Any]]) -> Kept:
    kept = [one for data in of(events, "replies") for one in exchanges_of(data)]
    return next(one for one in kept if one["request"] == "read dial")


def reading(events: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = of(events, "observation")[0]["values"]["values"][0]
    return found


def answered(events: list[dict[str, Any]]) -> dict[str, Any]:
    prompts = {
        event["seq"] for event in events if event["kind"] == "prompt" and event["data"]["kind"] == "number"
    }
    return next(data for data in of(events, "answer") if data["prompt"] in prompts)


def another_value(events: list[dict[str, Any]]) -> None:
    reading(events)["value"] = 1.1


def another_value_and_reply(events: list[dict[str, Any]]) -> None:
    reading(events)["value"] = 1.1
    reply(events)["reply"] = reply(events)["reply"].replace("1.00", "1.10")


def another_answer(events: list[dict[str, Any]]) -> None:
    answered(events)["answer"] = "1.10 V"


def another_unit(events: list[dict[str, Any]]) -> None:
    answered(events)["answer"] = "1.00 kV"


def no_number(events: list[dict[str, Any]]) -> None:
    answered(events)["answer"] = "much"


def never_asked(events: list[dict[str, Any]]) -> None:
    asked = answered(events)["prompt"]
    events[:] = [e for e in events if e["seq"] != asked and e["data"].get("prompt") != asked]


def without_its_photo(events: list[dict[str, Any]]) -> None:
    reply(events)["reply"] = "1.00 \\volt"


def with_another_photo(events: list[dict[str, Any]]) -> None:
    reply(events)["reply"] = reply(events)["reply"].replace(DIGEST, "0" * 64)


def photo_never_added(events: list[dict[str, Any]]) -> None:
    events[:] = [event for event in events if event["kind"] != "file"]


def beyond_the_span(events: list[dict[str, Any]]) -> None:
    answered(events)["answer"] = "100.00 V"
    reading(events)["value"] = 100.0
    reply(events)["reply"] = reply(events)["reply"].replace("1.00", "100.00")


def wider_span(events: list[dict[str, Any]]) -> None:
    gauge = next(data for data in of(events, "instrument") if data["name"] == "gauge")
    gauge["settings"]["percent_of_span"] = 0.1


def at_a_socket(events: list[dict[str, Any]]) -> None:
    gauge = next(data for data in of(events, "instrument") if data["name"] == "gauge")
    gauge["address"] = "TCPIP::10.0.0.5::5025::SOCKET"


def source_read_by_nobody(events: list[dict[str, Any]]) -> None:
    source = next(data for data in of(events, "instrument") if data["name"] == "source")
    source["address"] = "by-hand:source"


def asked_for_what_reads_itself(events: list[dict[str, Any]]) -> None:
    for data in of(events, "prompt"):
        data["instrument"] = "source"


def another_serial(events: list[dict[str, Any]]) -> None:
    for data in of(events, "instrument"):
        if data["name"] == "gauge":
            data["serial"] = "M7"


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (another_value, "says 1.0 V, the observation 1.1"),
        (another_value_and_reply, "'1.00 .*was answered"),
        (another_answer, "'1.10 .*was answered"),
        (another_unit, "'1.00 .*was answered"),
        (no_number, "'much' was answered"),
        (never_asked, "and nobody was asked"),
        (without_its_photo, "gave '1.00 .*was answered"),
        (with_another_photo, "was answered"),
        (photo_never_added, "no such file was added"),
        (beyond_the_span, "lies outside its span"),
        (wider_span, "has u ="),
        (at_a_socket, "a person reads hand:Dial, and gauge is at TCPIP"),
        (source_read_by_nobody, "nobody reads tiny:TinySource, and source is at by-hand:source"),
        (asked_for_what_reads_itself, "asks for source, which nobody reads"),
        (another_serial, "says by its reply that it is Acme, SN M1"),
    ],
)
def test_what_nobody_answered_is_found(tiny: Tiny, photo: Path, lie: Lie, said: str) -> None:
    read_by_hand(tiny, DIAL.replace("photo = false", "photo = true"))
    tiny.run(Beside(tiny.world, photo=photo))
    told: list[dict[str, Any]] = json.loads(json.dumps([event._asdict() for event in tiny.events()]))
    examine(Event(**event) for event in told)
    lie(told)
    with pytest.raises((EvidenceError, Unable), match=said):
        examine(Event(**event) for event in told)
