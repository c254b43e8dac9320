"""What a digitizer did not say is found in a journal, whichever part of it was changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from examining import examine_replies, examine_shapes, examine_times
from exchanged import exchanges_of
from scope import DRIVERS, World, scope
from tiny_bench import Tiny

from remotecal.errors import EvidenceError, JournalBroken
from remotecal.journal.contents import beside, nowhere
from remotecal.journal.events import Event
from remotecal.journal.files import named_files
from remotecal.journal.gathering import gather
from remotecal.verify.report import Unable


@pytest.fixture
def digitizer(tiny: Tiny) -> Iterator[World]:
    with scope(tiny, 3000) as world:
        yield world


Lie = Callable[[dict[str, Any], list[dict[str, Any]]], None]


def other_scale(one: dict[str, Any], _: Any) -> None:
    one["scale"] *= 1.01


def other_offset(one: dict[str, Any], _: Any) -> None:
    one["offset"] += 0.1


def other_unit(one: dict[str, Any], _: Any) -> None:
    one["unit"] = "kV"


def other_step(one: dict[str, Any], _: Any) -> None:
    one["step"] *= 2


def other_beginning(one: dict[str, Any], _: Any) -> None:
    one["begins"] = 0.0


def fewer_samples(one: dict[str, Any], _: Any) -> None:
    one["count"] -= 500


def later_samples(one: dict[str, Any], _: Any) -> None:
    one["skip"] += 200
    one["count"] -= 100


def other_samples(one: dict[str, Any], _: Any) -> None:
    one["sample"] = "<i2"


def smaller_u(one: dict[str, Any], _: Any) -> None:
    one["u"][1] /= 2


def of_another_repeat(one: dict[str, Any], events: list[dict[str, Any]]) -> None:
    other = observations(events)[0]["trace"]["waveform"]
    one["sha256"] = other["sha256"]


def exchange_of_another_repeat(one: dict[str, Any], events: list[dict[str, Any]]) -> None:
    other = observations(events)[0]["trace"]["waveform"]
    one.update(sha256=other["sha256"], exchange=other["exchange"])


def of_no_exchange(one: dict[str, Any], _: Any) -> None:
    one["exchange"] = None


def never_named(one: dict[str, Any], events: list[dict[str, Any]]) -> None:
    events[:] = [e for e in events if e["data"].get("sha256") != one["sha256"]]


def reply_swapped(one: dict[str, Any], events: list[dict[str, Any]]) -> None:
    other = observations(events)[0]["trace"]["waveform"]
    for event in events:
        for exchange in exchanges_of(event["data"]):
            if exchange["number"] == one["exchange"]:
                exchange["reply"] = {"file": other["sha256"]}


def gain_changed(one: dict[str, Any], events: list[dict[str, Any]]) -> None:
    for event in events:
        for exchange in exchanges_of(event["data"]):
            if exchange["request"] == "YMUL?":
                exchange["reply"] = "1.1"


def before_its_repeat(one: dict[str, Any], _: Any) -> None:
    one["at"] -= 10


def member_added(one: dict[str, Any], _: Any) -> None:
    one["remark"] = "trust me"


def observations(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event["data"]["values"] for event in events if event["kind"] == "observation"]


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (other_scale, "the observation"),
        (other_offset, "the observation"),
        (other_unit, "the observation"),
        (other_step, "the observation"),
        (other_beginning, "the observation"),
        (fewer_samples, "the observation 2500 samples"),
        (later_samples, "the observation 2900 samples"),
        (other_samples, "samples <i2"),
        (smaller_u, "has u ="),
        (of_another_repeat, "the observation"),
        (exchange_of_another_repeat, "is of another repeat"),
        (of_no_exchange, r"gauge\.trace names no exchange, but always has one"),
        (never_named, "the journal names no file"),
        (reply_swapped, "the observation"),
        (gain_changed, "the observation"),
        (before_its_repeat, "the repeat was from"),
        (member_added, "values is"),
    ],
)
def test_what_the_digitizer_did_not_say_is_found(tiny: Tiny, digitizer: World, lie: Lie, said: str) -> None:
    tiny.run()

    def examine() -> None:
        events = [Event(**event) for event in told]
        examine_shapes(events)
        examine_times(events, datetime.now(UTC))
        examine_replies(events, DRIVERS, beside(tiny.out))

    told: list[dict[str, Any]] = json.loads(json.dumps([event._asdict() for event in tiny.events()]))
    examine()
    lie(observations(told)[-1]["trace"]["waveform"], told)
    with pytest.raises((EvidenceError, Unable), match=said):
        examine()


def test_replies_whose_files_are_not_there_prove_nothing(tiny: Tiny, digitizer: World) -> None:
    tiny.run()
    with pytest.raises(Unable, match="is not at hand"):
        examine_replies(tiny.events(), DRIVERS, nowhere)
    (file, *_) = named_files(tiny.events())
    (tiny.out / file.place).unlink()
    with pytest.raises(Unable, match="is not there: put it back"):
        examine_replies(tiny.events(), DRIVERS, beside(tiny.out))
    (tiny.out / file.place).write_bytes(b"#11x")
    with pytest.raises(EvidenceError, match="it was changed"):
        examine_replies(tiny.events(), DRIVERS, beside(tiny.out))


def test_a_waveform_that_a_journal_can_not_hold_breaks_it(tiny: Tiny, digitizer: World) -> None:
    tiny.run()
    for member, value in (("count", 0), ("count", 1.5), ("sample", "<f2"), ("skip", -1), ("scale", "x")):
        told: list[dict[str, Any]] = json.loads(json.dumps([event._asdict() for event in tiny.events()]))
        observations(told)[0]["trace"]["waveform"][member] = value
        with pytest.raises(JournalBroken):
            gather([Event(**event) for event in told])
