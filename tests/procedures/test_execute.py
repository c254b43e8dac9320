"""A run from beginning to end, and every way it can end early."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
from exchanged import exchanges_of
from tiny import HASTY, PROCEDURE

from remotecal.bench import Bench
from remotecal.cli.run import take_up
from remotecal.clock import RealClock, SteadyClock, VirtualClock
from remotecal.errors import (
    BenchError,
    CertificateRefused,
    EvidenceError,
    ExchangeCancelled,
    InterlockTripped,
    JournalBroken,
    NotStable,
    OrderError,
    ParameterError,
    RemotecalError,
    RunAborted,
    RunError,
    SafeStateNotReached,
    WrongInstrument,
)
from remotecal.journal.events import FILE, seconds
from remotecal.journal.gathering import gather
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.execute import go_on, plan, resume
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.verify.shapes import Shapes

INTERLOCK = """
[[interlocks]]
watch = "gauge.value"
above = 8.0
unit = "V"
release = 7.0
"""
HEARTBEAT = """
[heartbeat]
quantity = "source.heartbeat"
every = 2.0
"""


def test_a_run_leaves_evidence_from_which_a_record_follows(tiny):
    evidence = tiny.run()
    assert evidence.complete
    assert [(entry.point.name, entry.repeat) for entry in evidence.observations] == [
        ("1 V", 1),
        ("1 V", 2),
        ("2 V", 1),
        ("2 V", 2),
    ]
    first = evidence.observations[0]
    assert [one.value for one in first.values["values"]] == [1.0, 1.0, 1.0]
    assert first.values["values"][0].u == pytest.approx(0.01 / 3**0.5)
    assert evidence.instruments["meter"].name == "gauge"
    assert evidence.instruments["meter"].identity.serial == "M1"
    assert evidence.characteristics["offset"].value == 0.5
    assert evidence.head == tiny.events()[-1].hash
    record = evaluate(evidence, find(str(evidence.procedure.name)))
    assert record.tables[0].columns[0].values == ("1.000", "2.000")
    assert record.evidence.journal_hash == evidence.head
    assert record.demonstration
    assert evaluate(evidence, find(str(evidence.procedure.name))) == record


def test_events_stand_in_the_order_things_happened(tiny):
    tiny.run()
    kinds = [kind for kind in tiny.kinds() if kind != "replies"]
    observed = ["point", "stable", "repeat", "observation", "repeat", "observation"]
    begin = ["start", "instrument", "instrument", "safe", "note"]
    assert kinds == [*begin, *observed, *observed, "safe", "finish"]


def test_every_reading_points_at_the_exchange_it_came_from(tiny):
    evidence = tiny.run()
    exchanges = {
        entry["number"]: entry for event in tiny.events("replies") for entry in exchanges_of(event.data)
    }
    assert sorted(exchanges) == list(range(1, len(exchanges) + 1))
    for entry in evidence.observations:
        for one in entry.values["values"]:
            kept = exchanges[one.exchange]
            assert (kept["instrument"], kept["request"]) == ("gauge", "MEAS:VAL?")
            assert float(kept["reply"]) == one.value


def test_the_bench_is_safe_before_and_after(tiny):
    tiny.run()
    assert tiny.world.level == 0
    sets = [line for line in tiny.world.lines if "SOUR:LEV " in line]
    assert [line.split()[2].partition(";")[0] for line in sets] == ["0", "1", "2", "0"]
    assert [event.data["reached"] for event in tiny.events("safe")] == [True, True]


def test_what_does_not_settle_is_given_up_with_the_values_seen(tiny):
    def wobble(name, line):
        if line == "MEAS:VAL?":
            tiny.world.offset = 0.3 - tiny.world.offset

    tiny.world.before = wobble
    with pytest.raises(
        NotStable, match=r"gauge.value was not stable after 60 s: spread 0.3 V \(allowed 0.1\)"
    ):
        tiny.run()
    assert tiny.world.level == 0
    assert tiny.kinds()[-2:] == ["failure", "safe"]


def test_a_passed_limit_stops_the_run_and_makes_the_rig_safe(tiny):
    tiny.add(tiny.bench, INTERLOCK)

    def rise(name, line):
        if sum("MEAS:VAL?" in seen for seen in tiny.world.lines) == 12:
            tiny.world.offset = 7.5

    tiny.world.before = rise
    with pytest.raises(InterlockTripped, match=r"gauge.value is 8.5 V, above its limit, 8 V"):
        tiny.run()
    assert tiny.world.level == 0
    assert tiny.kinds()[-2:] == ["interlock", "safe"]
    assert tiny.events("safe")[-1].data["reached"] is True
    (trip,) = tiny.events("interlock")
    (trend,) = trip.data["trend"]
    assert (trend["what"], trend["unit"]) == ("gauge.value", "V")
    times, values = zip(*trend["values"], strict=True)
    assert list(times) == sorted(times)
    assert -60.0 <= times[0] < times[-1] <= 0.0
    assert (values[0], values[-1]) == (0.0, 8.5), "from before the first point to what tripped"
    shapes = Shapes()
    for event in tiny.events():
        shapes.follow(event)
    shapes.conclude()


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_what_happened_since_the_last_look_costs_the_repeat_in_which_it_happened(tiny, clock):
    tiny.add(tiny.bench, INTERLOCK.replace("[[interlocks]]", "[[interlocks]]\nevery = 600"))
    if clock == "real":
        tiny.bench.write_text(tiny.bench.read_text().replace('clock = "virtual"', 'clock = "real"'))
        tiny.clock = Slept()

    def rise(progress):
        if progress.doing == "measure" and progress.observed == 1:
            tiny.world.level = 9.0

    tiny.watchers = (rise,)
    with pytest.raises(InterlockTripped, match=r"gauge.value is 9 V, above its limit, 8 V"):
        tiny.run()
    assert len(tiny.events("observation")) == 1
    assert tiny.kinds()[-2:] == ["interlock", "safe"]


def test_a_run_begins_only_beyond_the_release(tiny):
    tiny.add(tiny.bench, INTERLOCK)
    tiny.world.offset = 7.5
    with pytest.raises(InterlockTripped, match=r"gauge.value is 7.5 V, above what a run may begin at, 7 V"):
        tiny.run()
    assert "note" not in tiny.kinds()


def test_an_interlock_that_can_not_be_watched_is_a_trip(tiny):
    tiny.hasten()
    tiny.add(
        tiny.bench, '[[interlocks]]\nwatch = "source.temperature"\nabove = 300.0\nunit = "K"\nevery = 2.0\n'
    )

    def go_deaf(progress):
        if progress.doing == "measure":
            tiny.world.deaf.add("MEAS:TEMP?")

    tiny.watchers = (go_deaf,)
    with pytest.raises(InterlockTripped, match=r"source.temperature can't be watched any more: .*MEAS:TEMP"):
        tiny.run()
    assert tiny.world.level == 0
    assert tiny.kinds()[-2:] == ["interlock", "safe"]


def test_errors_queued_before_the_run_are_noted_in_its_journal(tiny):
    tiny.world.errors.append('-222,"Data out of range"')
    tiny.run()
    noted = [event.data["noted"] for event in tiny.events("instrument") if "noted" in event.data]
    assert noted == [['an error from before was in its queue: -222,"Data out of range"']]


def test_the_heart_beats_while_the_run_is_on(tiny):
    tiny.add(tiny.bench, HEARTBEAT)
    tiny.run()
    assert tiny.world.beats[:6] == [0, 1, 2, 3, 0, 1]


def test_a_heart_that_stops_is_a_trip(tiny):
    tiny.hasten()
    tiny.add(tiny.bench, HEARTBEAT)

    def go_deaf(progress):
        if progress.doing == "measure":
            tiny.world.deaf.update(f"SOUR:HEAR {n};:SYST:ERR?" for n in (1, 2, 3))

    tiny.watchers = (go_deaf,)
    tiny.parameter("repeats = 20")
    with pytest.raises(InterlockTripped, match=r"source.heartbeat can't be watched any more: .*source"):
        tiny.run()
    assert tiny.world.level == 0
    assert tiny.kinds()[-2:] == ["interlock", "safe"]


def test_limits_are_in_their_own_unit(tiny):
    tiny.add(tiny.bench, '[[interlocks]]\nwatch = "source.temperature"\nabove = 290.0\nunit = "K"\n')
    with pytest.raises(InterlockTripped, match=r"source.temperature is 298.15 K, above .* 290 K"):
        tiny.run()


def test_a_passed_limit_calls_off_a_waiting_exchange(tiny):
    tiny.clock = RealClock()
    tiny.bench.write_text(tiny.bench.read_text().replace("TinySource", "PatientSource"))
    tiny.add(tiny.bench, INTERLOCK + "every = 0.02\n[safe]\nwithin = 2.0\n")

    def swallow(name, line):
        tiny.world.deaf.discard("SOUR:LEV 1;:SYST:ERR?")
        if line == "SOUR:LEV 1;:SYST:ERR?":
            tiny.world.deaf.add(line)
            tiny.world.offset = 9.0

    tiny.world.before = swallow
    with pytest.raises(InterlockTripped, match=r"gauge.value is 9 V") as trip:
        tiny.run()
    assert isinstance(trip.value.__cause__, ExchangeCancelled)
    assert tiny.events("safe")[-1].data["reached"] is True


def test_what_was_waited_for_is_told_no_longer_once_it_is_stable(tiny):
    told = []
    tiny.watchers = (lambda progress: told.append(progress.doing),)
    tiny.run()
    waits = [n for n, doing in enumerate(told) if doing.startswith("settle ")]
    after = {told[n + 1] for n in waits if told[n + 1] != told[n]}
    assert waits
    assert {doing for doing in after if not doing.startswith("settle ")} == {"approach"}


def test_every_exchange_is_a_chance_to_stop(tiny):
    tiny.parameter("greedy = true")

    def abort(progress):
        if progress.doing == "measure":
            tiny.world.before = lambda _name, _line: tiny.control.abort("enough")

    tiny.watchers = (abort,)
    with pytest.raises(RunAborted, match="enough"):
        tiny.run()
    after = tiny.world.lines[::-1].index("source SOUR:LEV 1;:SYST:ERR?")
    assert after < 20


def test_a_prompt_and_its_answer_are_kept(tiny):
    tiny.parameter("ask = true")
    evidence = tiny.run(Scripted(["yes"]))
    assert evidence.answers == (("May it begin?", "yes"),)
    assert tiny.events("prompt")[0].data["question"] == {"zh": "可以开始吗?", "en": "May it begin?"}
    assert tiny.events("answer")[0].data["by"] == "on site"


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (Scripted(), "nobody is there to answer: May it begin"),
        (Scripted(["perhaps"]), "answer one of: yes, no"),
    ],
)
def test_a_prompt_nobody_can_answer_ends_the_run(tiny, answers, message):
    tiny.parameter("ask = true")
    with pytest.raises(RunError, match=message):
        tiny.run(answers)
    assert tiny.kinds()[-2:] == ["failure", "safe"]


def test_an_abort_from_another_thread_stops_the_run_at_once(tiny):
    tiny.hasten()

    def abort(name, line):
        if line == "SOUR:LEV 2;:SYST:ERR?":
            thread = threading.Thread(target=tiny.control.abort, args=("the water is brown",))
            thread.start()
            thread.join()

    tiny.world.before = abort
    with pytest.raises(RunAborted, match="the water is brown"):
        tiny.run()
    assert tiny.world.level == 0
    assert tiny.kinds()[-2:] == ["abort", "safe"]
    assert len(tiny.events("observation")) == 2


def test_what_was_called_off_and_is_carried_out_late_does_not_stand(tiny):
    """The instrument takes the level it was sent before the abort after the one that is safe."""
    tiny.hasten()
    safe = threading.Event()

    def abort(name, line):
        if line == "SOUR:LEV 2;:SYST:ERR?":
            tiny.control.abort("the water is brown")
            safe.wait()
            tiny.world.before = lambda _name, _line: None
        elif line.startswith("SOUR:LEV?") and tiny.control.error is not None:
            safe.set()

    tiny.world.before = abort
    with pytest.raises(RunAborted):
        tiny.run()
    levels = [line for line in tiny.world.lines if "SOUR:LEV " in line]
    assert [line.partition(";")[0] for line in levels[-3:]] == [
        "source SOUR:LEV 0",
        "source SOUR:LEV 2",
        "source SOUR:LEV 0",
    ]
    assert tiny.world.level == 0


def test_a_pause_holds_the_run_between_two_repeats(tiny):
    paused, held = [], []

    def watch(progress):
        if progress.doing == "measure" and not paused:
            paused.append(tiny.control.pause("Li Wei"))
        if progress.doing == "pause":
            held.append((progress.point.name, progress.repeat, progress.observed))
            threading.Thread(target=tiny.control.go_on).start()

    tiny.watchers = (watch,)
    evidence = tiny.run()
    assert held == [("1 V", 1, 1)]
    assert len(evidence.observations) == 4
    acts = tiny.events("control", "pause", "go_on")
    assert [event.kind for event in acts] == ["control", "pause", "control", "go_on"]
    assert acts[0].data == {"by": "Li Wei", "reason": "", "verb": "pause"}
    assert acts[2].data == {"by": "on site", "reason": "", "verb": "go_on"}


def test_a_paused_run_can_be_aborted(tiny):
    def watch(progress):
        if progress.doing == "measure":
            tiny.control.pause()
        if progress.doing == "pause":
            threading.Thread(target=tiny.control.abort, args=("enough",)).start()

    tiny.watchers = (watch,)
    with pytest.raises(RunAborted, match="enough"):
        tiny.run()
    assert [kind for kind in tiny.kinds() if kind != "replies"][-4:] == ["pause", "control", "abort", "safe"]


def test_a_keyboard_interrupt_in_a_procedure_is_an_abort(tiny):
    def interrupt(progress):
        if progress.doing == "measure":
            raise KeyboardInterrupt

    tiny.watchers = (interrupt,)
    with pytest.raises(RunAborted):
        tiny.run()
    assert tiny.world.level == 0
    assert tiny.kinds()[-2:] == ["abort", "safe"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_an_abort(tiny, number):
    before = signal.getsignal(number)

    def send(progress):
        if progress.doing == "measure" and progress.repeat == 2:
            os.kill(os.getpid(), number)

    tiny.watchers = (send,)
    with pytest.raises(RunAborted, match=rf"the run was stopped: {number.name} \(liwei\)"):
        tiny.run()
    assert tiny.world.level == 0
    assert tiny.kinds()[-3:] == ["control", "abort", "safe"]
    assert tiny.events("control")[0].data == {"by": "liwei", "reason": number.name, "verb": "abort"}
    assert "liwei" in tiny.events("abort")[0].data["text"]
    assert signal.getsignal(number) is before


def test_a_signal_right_behind_another_leaves_no_stop_half_made(tiny, monkeypatch):
    """As two that are sent at once: the second comes while the first is being heeded."""
    begin = threading.Thread.start

    def hurried(thread):
        if thread.name == "call off":
            signal.raise_signal(signal.SIGTERM)
        begin(thread)

    def stop(progress):
        if progress.doing == "measure" and progress.observed == 3:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(threading.Thread, "start", hurried)
    tiny.watchers = (stop,)
    with pytest.raises(RunAborted, match="SIGTERM"):
        tiny.run()
    assert tiny.kinds()[-1] == "safe"
    assert tiny.events("safe")[-1].data["reached"] is True


def test_no_number_of_signals_keeps_the_rig_from_being_made_safe(tiny):
    """The second one comes while the run is on its way from the procedure to the safe state."""
    now, sent = tiny.clock.now, []

    def signal_now():
        stopped = sys._getframe(1).f_code.co_name == "perform"
        if stopped and not sent:
            sent.append("second")
            signal.raise_signal(signal.SIGINT)
        return now()

    def first(progress):
        if progress.doing == "measure":
            signal.raise_signal(signal.SIGINT)

    tiny.clock.now, tiny.watchers = signal_now, (first,)
    with pytest.raises(RunAborted, match="SIGINT"):
        tiny.run()
    assert sent == ["second"]
    assert tiny.world.level == 0
    assert tiny.kinds()[-2:] == ["abort", "safe"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda entries: [*entries, entries[0]], "repeat 1 at 1 V was observed twice"),
        (lambda entries: entries[1:], "said to be complete, but repeat 1 at 1 V is missing"),
        (
            lambda entries: [*entries, entries[0]._replace(data={**entries[0].data, "repeat": 3})],
            "repeat 3 at 1 V .* was never to be",
        ),
    ],
    ids=["doubled", "left out", "added"],
)
def test_no_evidence_has_repeats_that_no_run_made(tiny, change, fault):
    """A better mean, by whoever can write a journal and seal it."""
    tiny.run()
    events = tiny.events()
    observed = [event for event in events if event.kind == "observation"]
    others = [event for event in events if event.kind != "observation"]
    with pytest.raises(JournalBroken, match=fault):
        gather((*others[:-1], *change(observed), others[-1]))


def test_many_repeats_take_no_longer_than_they_must(tiny):
    """Each compared with each, these would take minutes; the declared ones can't even be listed."""
    tiny.run()
    start, *events = tiny.events()
    opened = [event for event in events if event.kind == "instrument"]
    observed = next(event for event in events if event.kind == "observation")
    (point, *_) = start.data["points"]

    def told(repeats, observations):
        data = {**start.data, "points": [{**point, "repeats": repeats}]}
        made = (observed._replace(data={**observed.data, "repeat": n + 1}) for n in range(observations))
        return (start._replace(data=data), *opened, *made, events[-1])

    assert len(gather(told(40_000, 40_000)).observations) == 40_000
    with pytest.raises(JournalBroken, match="repeat 4 at 1 V is missing"):
        gather(told(10**15, 3))


def test_a_fault_in_a_procedure_makes_the_rig_safe(tiny):
    def fail(progress):
        if progress.doing == "measure":
            raise ZeroDivisionError("division by zero")

    tiny.watchers = (fail,)
    with pytest.raises(RunError, match="the procedure failed: ZeroDivisionError: division by zero"):
        tiny.run()
    assert tiny.world.level == 0
    assert tiny.kinds()[-2:] == ["failure", "safe"]


def test_a_safe_state_that_is_not_reached_is_said_above_all(tiny):
    tiny.hasten()
    tiny.add(tiny.bench, f"[safe]\nwithin = {3 * HASTY}\n")

    def go_deaf(progress):
        if progress.doing == "measure":
            tiny.world.deaf.add("source")

    tiny.watchers = (go_deaf,)
    with pytest.raises(SafeStateNotReached, match="go and look at the rig: source"):
        tiny.run()
    assert tiny.kinds()[-1] == "safe"
    assert tiny.events("safe")[-1].data["reached"] is False


def test_a_dead_instrument_is_named_and_the_others_are_made_safe(tiny):
    tiny.hasten()
    tiny.world.deaf.add("meter")
    tiny.world.level = 5.0
    with pytest.raises(BenchError, match="1 instruments can't be used: gauge"):
        tiny.run()
    assert tiny.world.level == 0
    assert not tiny.out.exists()


def test_another_serial_number_is_refused(tiny):
    tiny.world.serials["meter"] = "M2"
    with pytest.raises(BenchError, match="serial number M1 is expected, but Maker Tiny, SN M2"):
        tiny.run()


def test_a_used_directory_is_refused_before_anything_is_opened(tiny):
    tiny.out.mkdir()
    (tiny.out / FILE).mkdir()  # no journal, whatever its name
    with pytest.raises(OrderError, match="is not empty"):
        tiny.run()
    assert tiny.world.lines == []


@pytest.mark.parametrize("left", [b"", b'{"at":"2026-05-04T'])
def test_a_run_that_a_full_disk_or_a_kill_kept_from_its_first_line_is_begun_anew(tiny, left):
    tiny.out.mkdir()
    (tiny.out / FILE).write_bytes(left)
    assert tiny.run().complete


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            ('meter = "gauge"', ""),
            BenchError,
            "nothing fills the role meter: Indicator; gauge could: say so under",
        ),
        (('meter = "gauge"', 'meter = "source"'), BenchError, "TinySource is no Indicator"),
        (("tiny:TinyMeter", "tiny:Grams"), BenchError, "Grams.value is in g, a Indicator gives it in V"),
        (("tiny:TinyMeter", "tiny:Mute"), BenchError, "Mute declares no value"),
    ],
)
def test_a_bench_that_does_not_suit_is_refused_before_anything_moves(tiny, change, error, message):
    tiny.bench.write_text(tiny.bench.read_text().replace(*change))
    with pytest.raises(error, match=message):
        tiny.run()
    assert tiny.world.lines == []
    assert not tiny.out.exists()


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("levels = [0.0]", "levels must be above 0 V; it is 0.0"),
        ('levels = ["5 kg"]', "kg can't be converted to V"),
        ("level = [1.0]", "level is unknown, did you mean levels"),
        ("repeats = 1.5", "repeats: input should be a valid integer"),
        ("levels = [1.0, 1.0]", "each with a name of its own"),
        ("levels = []", "there must be some"),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_moves(tiny, parameter, message):
    tiny.parameter(parameter)
    with pytest.raises(ParameterError, match=message):
        tiny.run()
    assert tiny.world.lines == []


def test_a_role_that_may_be_missing_may_be_missing_or_filled(tiny):
    tiny.run()
    assert tiny.events("note")[0].data["spare"] is False
    tiny.directory = tiny.directory / "second"
    tiny.bench.write_text(
        tiny.bench.read_text().replace('meter = "gauge"', 'meter = "gauge"\nspare = "gauge"')
    )
    tiny.run()
    assert tiny.events("note")[0].data["spare"] is True


def test_a_complete_run_is_not_resumed_and_an_incomplete_one_not_evaluated(tiny):
    evidence = tiny.run()
    with pytest.raises(OrderError, match="is complete: evaluate it"):
        tiny.resume()
    assert evidence.complete


def _interrupted(tiny):
    def interrupt(progress):
        if progress.doing == "measure" and progress.observed == 3:
            raise KeyboardInterrupt

    tiny.watchers = (interrupt,)
    with pytest.raises(RunAborted):
        tiny.run()
    tiny.watchers = ()


def test_a_resumed_run_repeats_nothing(tiny):
    _interrupted(tiny)
    evidence = tiny.resume()
    seen = [(entry.point.name, entry.repeat) for entry in evidence.observations]
    assert seen == [("1 V", 1), ("1 V", 2), ("2 V", 1), ("2 V", 2)]
    assert [event.data["point"] for event in tiny.events("point")] == ["1 V", "2 V", "2 V"]
    assert len(tiny.events("note")) == 2
    assert tiny.events("resume")[0].data["by"] == "liwei"


def test_an_incomplete_run_is_not_evaluated(tiny):
    from remotecal.journal.gathering import read_evidence

    _interrupted(tiny)
    evidence = read_evidence(tiny.out)
    with pytest.raises(EvidenceError, match="is not complete: resume it"):
        evaluate(evidence, find(evidence.procedure.name))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("value = 0.5", "value = 0.6"), "characteristics are no longer those the run began with"),
        (('meter = "gauge"', 'meter = "gauge"\nspare = "gauge"'), "roles are no longer"),
    ],
)
def test_a_run_does_not_go_on_with_other_facts(tiny, change, message):
    _interrupted(tiny)
    tiny.bench.write_text(tiny.bench.read_text().replace(*change))
    with pytest.raises(EvidenceError, match=message):
        tiny.resume()


def _killed(tiny, last="repeat"):
    """Leave a run and its rig as they are once the computer lost its power behind an event of a kind."""
    _interrupted(tiny)
    journal = tiny.out / FILE
    lines = journal.read_bytes().splitlines(keepends=True)
    at = tiny.kinds().index(last)
    journal.write_bytes(b"".join(lines[: at + 1]))
    tiny.world.level = 2.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("value = 0.5", "value = 0.6"), "characteristics are no longer those the run began with"),
        (("2100-01-01", "2020-01-01"), "offset of Tiny bench was valid until 2020-01-01"),
        (('meter = "gauge"', ""), "does not suit"),
    ],
)
def test_the_rig_of_a_killed_run_is_made_safe_though_the_run_can_not_go_on(tiny, change, message):
    _killed(tiny)
    tiny.bench.write_text(tiny.bench.read_text().replace(*change))
    with pytest.raises(RemotecalError, match=f"{message}.*; .* were brought to their safe states"):
        tiny.resume()
    assert tiny.world.level == 0


def test_a_rig_that_was_made_safe_for_a_run_that_can_not_go_on_is_left_alone_after_that(tiny):
    """Somebody may work with it by now; the run goes on once what kept it from that is mended."""
    _killed(tiny)
    as_it_was = tiny.bench.read_text()
    tiny.bench.write_text(as_it_was.replace("value = 0.5", "value = 0.6"))
    with pytest.raises(EvidenceError, match="were brought to their safe states"):
        tiny.resume()
    suspend, safe = tiny.events()[-2:]
    assert (suspend.kind, safe.kind, safe.data["reached"]) == ("suspend", "safe", True)
    assert str(suspend.data["text"]).startswith("the run can't be taken up: characteristics are no longer")
    tiny.world.level = 2.0
    with pytest.raises(EvidenceError, match=r"begin anew$"):
        tiny.resume()
    assert tiny.world.level == 2
    tiny.bench.write_text(as_it_was)
    tiny.resume()
    assert tiny.kinds()[-1] == "finish"


def test_the_rig_of_a_run_that_was_killed_while_it_prepared_is_made_safe(tiny):
    """It had been safe when it began, and a procedure sets going what it needs."""
    _killed(tiny, "safe")
    tiny.bench.write_text(tiny.bench.read_text().replace("value = 0.5", "value = 0.6"))
    with pytest.raises(EvidenceError, match="were brought to their safe states"):
        tiny.resume()
    assert tiny.world.level == 0


def test_the_rig_of_a_killed_run_that_is_not_made_safe_is_told_above_all(tiny):
    _killed(tiny)
    tiny.bench.write_text(tiny.bench.read_text().replace("value = 0.5", "value = 0.6"))
    tiny.hasten()
    tiny.world.deaf.add("source")
    with pytest.raises(SafeStateNotReached, match="the run can't be taken up: characteristics are no longer"):
        tiny.resume()


def test_the_rig_of_a_killed_run_is_made_safe_though_the_clock_was_set_back(tiny):
    tiny.clock = VirtualClock(time.time() + 3600)
    _killed(tiny)
    tiny.clock = SteadyClock()
    with pytest.raises(RunError, match=r"wait until then.*; .* were brought to their safe states"):
        tiny.resume()
    assert tiny.world.level == 0


def test_another_rig_than_a_killed_run_was_on_is_left_alone(tiny):
    _killed(tiny)
    tiny.bench.write_text(tiny.bench.read_text().replace('"Tiny bench"', '"Next bench"', 1))
    tiny.bench.write_text(tiny.bench.read_text().replace("value = 0.5", "value = 0.6"))
    with pytest.raises(
        SafeStateNotReached, match=r"look at the rig: Tiny bench was left .* is Next bench; the"
    ):
        tiny.resume()
    assert tiny.world.level == 2


@pytest.mark.parametrize("by", ["station", "resume", "command"])
def test_the_rig_of_a_run_whose_journal_is_broken_is_made_safe(tiny, by):
    """Nobody knows how it was left; its bench is known without the journal."""
    _interrupted(tiny)
    order = Order.load(tiny.order)
    planned = plan(order, find(str(PROCEDURE)), Bench.load(tiny.bench), tiny.clock, tiny.out.name)
    (tiny.out / FILE).write_bytes(
        (tiny.out / FILE).read_bytes().replace(b'"reached":true', b'"reached":null')
    )
    tiny.world.level = 2.0
    taken_up = {
        "station": lambda: go_on(planned, tiny.out, tiny.company(None)),
        "resume": tiny.resume,
        "command": lambda: take_up(tiny.out, tiny.bench, procedure=PROCEDURE),
    }
    broken = (tiny.out / FILE).read_bytes()
    with pytest.raises(JournalBroken, match="were brought to their safe states"):
        taken_up[by]()
    assert tiny.world.level == 0
    assert (tiny.out / FILE).read_bytes() == broken, "it is as it was found"


def test_the_rig_of_a_killed_run_whose_bench_is_gone_is_to_be_looked_at(tiny):
    _killed(tiny)
    tiny.bench.rename(tiny.bench.with_suffix(".old"))
    order = Order.load(tiny.order)
    with pytest.raises(SafeStateNotReached, match=r"look at the rig: .*bench\.toml is not there any more"):
        resume(tiny.out, tiny.company(None), found=find(order.order.procedure, tiny.directory))


def test_the_rig_of_a_run_that_ended_safe_is_left_alone(tiny):
    """Somebody may work with it by now."""
    _interrupted(tiny)
    tiny.bench.write_text(tiny.bench.read_text().replace("value = 0.5", "value = 0.6"))
    tiny.world.level = 2.0
    with pytest.raises(EvidenceError, match=r"begin anew$"):
        tiny.resume()
    assert tiny.world.level == 2


class Later(RealClock):
    """The time after a virtual one, by a clock of the other kind."""

    def __init__(self, virtual):
        self._virtual = virtual

    def now(self):
        return self._virtual.now() + 1.0


def test_a_run_does_not_go_on_by_a_clock_of_another_kind(tiny):
    """Else practice at a simulated rig would go into a calibration, whose times its journal calls real."""
    _interrupted(tiny)
    tiny.clock = Later(tiny.clock)
    before = len(tiny.world.lines)
    with pytest.raises(EvidenceError, match="clock are no longer those the run began with"):
        tiny.resume()
    assert len(tiny.world.lines) == before


def test_a_run_does_not_go_on_for_another_order(tiny):
    """As where a journal of somebody else's run is put in the place of one's own."""
    _interrupted(tiny)
    tiny.order.write_text(tiny.order.read_text().replace('name = "Customer"', 'name = "Another"'))
    order, bench = Order.load(tiny.order), Bench.load(tiny.bench)
    another = plan(order, find(order.order.procedure, tiny.directory), bench, tiny.clock, "out")
    with pytest.raises(EvidenceError, match="order are no longer those the run began with"):
        go_on(another, tiny.out, tiny.company(None))


def test_the_days_of_a_run_are_those_it_began_with(tiny):
    """What held to the end of yesterday by them does not hold an hour longer in another time zone."""
    evening = datetime(2026, 5, 4, 22, tzinfo=UTC).timestamp()
    said = tiny.bench.read_text().replace("2100-01-01", "2026-05-04")
    tiny.bench.write_text(said.replace("[bench]", '[bench]\ntime_zone = "UTC"'))
    tiny.clock = VirtualClock(evening)
    _interrupted(tiny)
    tiny.bench.write_text(tiny.bench.read_text().replace('"UTC"', '"America/New_York"'))
    tiny.clock = VirtualClock(evening + 3 * 3600)
    with pytest.raises(CertificateRefused, match="the fact offset was valid until 2026-05-04"):
        tiny.resume()


def test_a_run_does_not_go_on_with_another_instrument(tiny):
    _interrupted(tiny)
    tiny.world.serials["meter"] = "M2"
    with pytest.raises(BenchError, match="serial number M1 is expected"):
        tiny.resume()


def test_a_run_does_not_go_on_with_an_instrument_the_bench_file_does_not_tell_apart(tiny):
    tiny.bench.write_text(tiny.bench.read_text().replace('serial = "M1"\n', ""))
    _interrupted(tiny)
    tiny.world.serials["meter"] = "M2"
    with pytest.raises(WrongInstrument, match="gauge: the run began with M1, now it is M2"):
        tiny.resume()
    assert tiny.world.level == 0
    tiny.world.serials["meter"] = "M1"
    assert tiny.resume().complete


def test_a_run_goes_on_at_no_earlier_time_than_it_was_cut_off(tiny):
    _interrupted(tiny)
    last = seconds(tiny.events()[-1].at)
    tiny.clock = VirtualClock(last - 3600)
    evidence = tiny.resume()
    times = [event.at for event in tiny.events()]
    assert times == sorted(times)
    assert evidence.finished > last


def test_a_clock_that_was_set_back_is_told_before_anything_moves(tiny):
    tiny.clock = VirtualClock(time.time() + 3600)
    _interrupted(tiny)
    tiny.clock = SteadyClock()
    before = len(tiny.world.lines)
    with pytest.raises(RunError, match="wait until then, or set the computer's clock if it is wrong"):
        tiny.resume()
    assert len(tiny.world.lines) == before


def test_a_repeat_that_was_begun_and_came_to_nothing_is_told(tiny):
    """Whoever dislikes what he sees can stop a run and resume it; that stays visible."""
    _interrupted(tiny)
    (point, repeat), *_ = [tuple(event.data.values()) for event in tiny.events("repeat")][-1:]
    assert (point, repeat) not in [
        (event.data["point"], event.data["repeat"]) for event in tiny.events("observation")
    ]
    evidence = tiny.resume()
    assert evidence.discarded == ((point, repeat),)
    record = evaluate(evidence, find(str(evidence.procedure.name)))
    (said,) = [s.declaration for s in record.statements if s.ref_types == ("remotecal_interruption",)]
    assert said.get("en") == (
        "The run was interrupted. Repeats begun and not completed, each measured anew: "
        f"repeat {repeat} at {point}."
    )


def test_what_was_read_in_a_unit_that_somebody_turned_counts_for_nothing(tiny):
    tiny.bench.write_text(tiny.bench.read_text().replace("tiny:TinyMeter", "tiny:TurnedMeter"))

    def turn(progress):
        if progress.doing == "measure" and progress.observed == 1:
            tiny.world.unit = "DV"

    tiny.watchers = (turn,)
    with pytest.raises(WrongInstrument, match="gauge: unit is DECIVOLT, this driver needs VOLT: change it"):
        tiny.run()
    assert len(tiny.events("observation")) == 1
    tiny.watchers = ()
    with pytest.raises(BenchError, match="unit is DECIVOLT"):
        tiny.resume()
    tiny.world.unit = "V"
    values = [value.value for one in tiny.resume().observations for value in one.values["values"]]
    assert values == [1.0] * 6 + [2.0] * 6


def test_a_reply_that_is_missed_where_it_is_asked_how_it_is_set_up_is_borne(tiny):
    tiny.bench.write_text(tiny.bench.read_text().replace("tiny:TinyMeter", "tiny:TurnedMeter"))
    told = []

    def garble(name, line):
        if line == "UNIT?":
            told.append(name)
            tiny.world.unit = "°" if len(told) in garbled else "V"

    tiny.world.before, garbled = garble, {2, 3}
    assert len(tiny.run().observations) == 4
    notes = [event.data["text"] for event in tiny.events("note")]
    assert notes.count("an instrument is asked again how it is set up") == len(garbled)


class Slept(SteadyClock):
    """A clock whose time passes without anybody's waiting, as it does while a computer sleeps."""

    ahead = 0.0

    def now(self):
        return super().now() + self.ahead

    def sleep(self, duration):
        self.ahead += max(0.0, duration)


def test_a_computer_that_slept_within_a_repeat_watched_nothing(tiny):
    tiny.add(tiny.bench, INTERLOCK.replace("[[interlocks]]", "[[interlocks]]\nevery = 600"))
    tiny.bench.write_text(tiny.bench.read_text().replace('clock = "virtual"', 'clock = "real"'))
    tiny.clock = Slept()

    def sleep(progress):
        if progress.doing == "measure" and progress.observed == 1 and tiny.clock.ahead < 3600:
            tiny.clock.sleep(3600)

    tiny.watchers = (sleep,)
    with pytest.raises(
        InterlockTripped, match=r"nobody looked at gauge.value for 36\d\d s, and .* every 600 s"
    ):
        tiny.run()
    assert len(tiny.events("observation")) == 1
    assert tiny.kinds()[-2:] == ["interlock", "safe"]
    assert tiny.world.level == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "values = [run.read(self.meter.value)[0]._replace(exchange=None)]\n        if False:",
            r"the observation's values \(gauge.value\) is no reading of an instrument",
        ),
        (
            "values = [self.before]\n        if False:",
            r"the observation's values \(gauge.value\) was read before the repeat began",
        ),
    ],
)
def test_readings_that_are_not_of_the_repeat_are_refused_at_the_first(tiny, change, message):
    text = PROCEDURE.read_text().replace("values = []\n        for _ in range(3):", change)
    text = text.replace(
        "        run.settle(", "        self.before = self.meter.value.read()\n        run.settle("
    )
    (tiny.directory / "mine.py").write_text(text)
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), "mine.py"))
    with pytest.raises(ParameterError, match=message):
        tiny.run()
    assert tiny.events("observation") == []
    assert tiny.world.level == 0


def test_a_changed_procedure_is_refused_unless_the_certificate_says_so(tiny):
    mine = tiny.directory / "mine.py"
    mine.write_bytes(PROCEDURE.read_bytes())
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), "mine.py"))
    evidence = tiny.run()
    unchanged = evaluate(evidence, find("mine.py", tiny.directory))
    mine.write_text(mine.read_text().replace(":.3f", ":.2f"))
    changed = find("mine.py", tiny.directory)
    with pytest.raises(EvidenceError, match="was changed since run out"):
        evaluate(evidence, changed)
    anew = evaluate(evidence, changed, new_evaluation=True)
    assert anew.tables[0].columns[0].values == ("1.00", "2.00")
    assert changed.sha256 in anew.statements[-1].declaration.get("en")
    assert len(anew.statements) == len(unchanged.statements) + 1


def test_a_run_does_not_go_on_by_a_changed_procedure(tiny):
    mine = tiny.directory / "mine.py"
    mine.write_bytes(PROCEDURE.read_bytes())
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), "mine.py"))
    _interrupted(tiny)
    mine.write_text(mine.read_text() + "# changed\n")
    with pytest.raises(EvidenceError, match="was changed since the run began"):
        tiny.resume()


def test_what_a_counter_wraps_at_is_kept_as_evidence(tiny):
    tiny.bench.write_text(tiny.bench.read_text().replace("tiny:TinyMeter", "tiny:WrappingMeter"))
    evidence = tiny.run()
    assert {name: used.wraps for name, used in evidence.instruments.items()} == {
        "source": {},
        "meter": {"value": 20.0},
    }
    reading = evidence.observations[0].values["values"][0]
    assert evidence.passed(reading._replace(value=19.5), reading._replace(value=1.0)).value == 1.5
