"""Readings that were taken in a repeat, and do not stand in what it yielded."""

from __future__ import annotations

import pytest

from remotecal.drivers.measured import Measured
from remotecal.journal.contents import Files
from remotecal.journal.events import Event, Json
from remotecal.journal.exchanges import Exchange
from remotecal.journal.observation import Value
from remotecal.journal.occurrences import Occurrence
from remotecal.journal.values import pack
from remotecal.runs.setups import NOT_SET_UP
from remotecal.verify.left_out import LeftOut

BEGAN = 1777881600.0
ROLES = {"dut[1]": "one", "dut[2]": "two", "dut[3]": "three", "thermometer": "box"}


def event(kind: str, **data: Json) -> Event:
    return Event(9, "2026-05-04T09:00:00.000000Z", kind, data, "")


def read(source: str, *numbers: int) -> tuple[Measured, ...]:
    """Return what was read of a source by exchanges of these numbers."""
    unit = "°C" if source.startswith("box") else "m3"
    return tuple(Measured(1.0, unit, None, source, BEGAN + number, number) for number in numbers)


def found(values: dict[str, Value], asked: dict[int, str], *notes: Event) -> list[str]:
    """Return what is told of a repeat that yielded values, when instruments answered by their exchanges."""
    judged = LeftOut(lambda source, number: source.partition(".")[0] == asked[number])
    for one in (event("start", format=2, roles=ROLES), *notes):
        judged.follow(one)
    kept = {number: Exchange(number, name, BEGAN + number, b"?", b"1") for number, name in asked.items()}
    return list(judged.of(Occurrence(event("observation", values=pack(values)), Files()), kept))


ENDS = {1: "one", 2: "two", 3: "three", 11: "one", 12: "two", 13: "three"}
"""Three devices that answer before a repeat and after it."""


def ends(*names: str) -> dict[str, Value]:
    """Return what a repeat yields in which these answered both times."""
    return {
        part: tuple(
            one
            for number, name in ENDS.items()
            if name in names and (number > 10) is (part == "after")
            for one in read(f"{name}.volume", number)
        )
        for part in ("before", "after")
    }


def test_a_device_that_answered_at_both_ends_was_not_silent() -> None:
    assert found(ends("one", "two", "three"), ENDS) == []
    assert found(ends("one", "three"), ENDS) == [
        "line 9: two.volume answered, and what it told does not stand there"
    ]
    assert len(found(ends("one"), ENDS)) == 2


@pytest.mark.parametrize("silent", [2, 12])
def test_one_that_answered_at_one_end_alone_is_left_out_of_both(silent: int) -> None:
    asked = {number: name for number, name in ENDS.items() if number != silent}
    assert found(ends("one", "three"), asked) == []


def test_one_that_does_not_tell_how_it_is_set_up_is_as_silent() -> None:
    note = event("note", text=NOT_SET_UP, instrument="two", failure="no reply")
    assert found(ends("one", "three"), ENDS, note) == []
    assert len(found(ends("one"), ENDS, note)) == 1


def test_of_several_quantities_that_one_question_reads_none_is_left_out() -> None:
    asked = dict.fromkeys(range(1, 21), "box")
    whole = read("box.temperature", *asked)
    assert found({"warm": whole, "cold": read("box.dew_point", *asked)}, asked) == []
    apart = {"warm": read("box.temperature", *range(1, 11)), "cold": read("box.dew_point", *range(11, 21))}
    assert found(apart, asked) == [], "each was asked for by itself"
    (told,) = found({"warm": whole, "cold": read("box.dew_point", *range(1, 11))}, asked)
    assert told == "line 9: box.dew_point was read 10 times more than stands there"
