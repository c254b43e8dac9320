"""A run gone through by its lines: what is told of a moment stands before it in the journal."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from remotecal.drivers.measured import Measured
from remotecal.journal.course import Timeline, timeline
from remotecal.journal.exchanges import Exchange
from remotecal.pages.frame import environment
from remotecal.pages.words import words
from remotecal.store.journals import STATES
from remotecal.web.pages.evidence import ReadBack, RepeatShown
from remotecal.web.pages.frame import TEMPLATES
from remotecal.web.pages.moment import ROWS, WIDE, drawn, moment

COURSE: Sequence[tuple[str, Mapping[str, object]]] = (
    ("start", {"run": "R"}),
    ("replies", {}),
    ("point", {"point": "1 V"}),
    ("repeat", {"point": "1 V", "repeat": 1}),
    ("replies", {}),
    ("observation", {}),
    ("repeat", {"point": "1 V", "repeat": 2}),
    ("prompt", {"question": "Is it dry?"}),
    ("answer", {"answer": "yes", "by": "Li"}),
    ("observation", {}),
    ("point", {"point": "2 V"}),
    ("repeat", {"point": "2 V", "repeat": 1}),
    ("interlock", {"text": "too warm"}),
    ("safe", {"text": "", "reached": True}),
    ("signature", {}),
)


def written(course: Sequence[tuple[str, Mapping[str, object]]]) -> list[bytes]:
    return [
        json.dumps(
            {"at": f"2026-11-29T10:{seq // 60:02}:{seq % 60:02}.000000Z", "data": data, "hash": "0" * 64,
             "kind": kind, "prev": "0" * 64, "seq": seq},
            separators=(",", ":"),
        ).encode()
        + b"\n"
        for seq, (kind, data) in enumerate(course, 1)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def known() -> Timeline:
    return timeline(written(COURSE), str, STATES)  # nothing is said in several languages


@pytest.mark.parametrize(
    ("line", "state", "point", "repeat", "observed", "question", "safe"),
    [
        (1, "running", "", "", 0, "", None),
        (3, "running", "1 V", "", 0, "", None),
        (4, "running", "1 V", "1", 0, "", None),
        (5, "running", "1 V", "1", 0, "", None),
        (6, "running", "1 V", "1", 1, "", None),
        (8, "asking", "1 V", "2", 1, "Is it dry?", None),
        (9, "running", "1 V", "2", 1, "", None),
        (10, "running", "1 V", "2", 2, "", None),
        (11, "running", "2 V", "", 2, "", None),
        (13, "stopped", "2 V", "1", 2, "", None),
        (14, "stopped", "2 V", "1", 2, "", True),
        (15, "signed", "2 V", "1", 2, "", True),
    ],
)
def test_a_moment_is_told_by_what_stands_before_it(
    known: Timeline,
    line: int,
    state: str,
    point: str,
    repeat: str,
    observed: int,
    question: str,
    safe: object,
) -> None:
    found = moment(known, line, 2)
    assert (found.state, found.point, found.repeat) == (state, point, repeat)
    assert (found.observed, found.of, found.question, found.safe) == (observed, 2, question, safe)
    told = [one.line for one in (*found.before, *found.after)]
    assert told == sorted(told), "in the order in which it happened"
    assert all(one.line <= line for one in found.before)


def test_the_drawing_has_a_mark_for_each_and_no_more_than_can_be_told_apart(known: Timeline) -> None:
    paths = drawn(known, len(COURSE))
    assert tuple(paths) == ROWS
    assert {name: path.count("M") for name, path in paths.items()} == {
        "points": 2,
        "repeats": 3,
        "people": 2,
        "faults": 1,
    }
    assert paths["faults"] == f"M{round(WIDE * 12 / 14)} 0v8"
    many = timeline(written(COURSE[:1] + COURSE[2:3] * 90), str, STATES)
    many = many._replace(steps=tuple(replace(one, line=at) for at, one in enumerate(many.steps * 50, 1)))
    assert drawn(many, 91 * 50)["points"].count("M") <= WIDE + 1


def test_a_number_is_told_with_all_its_digits_and_what_is_cut_has_a_mark(known: Timeline) -> None:
    counted = Measured(123456789012.0, "1", u=None, source="counter", at=0.0)
    read, other = ReadBack("pulses", counted, None, 0), ("note", "x" * 130)
    last = RepeatShown("1 V", 1, 6, "0" * 64, (read,), (other,), 0)
    replies = [
        Exchange(1, "counter", 0.0, b"q" * 60, b"r" * 121),
        Exchange(2, "scope", 0.0, b"CURV?", b"", "ab" * 32),
    ]
    part = environment(TEMPLATES).get_template("moment_part.html")
    row = {"station": "here", "run": "R", "committed": 15}
    told = part.render(
        t=words("en"),
        when=str,
        row=row,
        at=0.0,
        links=(),
        most=9,
        last=last,
        replies=replies,
        moment=moment(known, 6, 2),
    )
    assert ">123456789012 " in told
    assert f">{'q' * 60}</code></td>" in told
    assert f">{'r' * 120} …</code> (121 bytes)</td>" in told
    assert f">{'x' * 118} …</td>" in told
    assert f'href="/api/v1/runs/here/R/files/{"ab" * 32}">in a file of its own</a>' in told


def test_a_point_and_a_repeat_at_it_are_called_in_the_readers_language() -> None:
    name = "20 m3/h, rising, cycle 2"
    course = [("start", {"run": "R"}), ("point", {"point": name}), ("repeat", {"point": name, "repeat": 1})]
    known = timeline(written([*course, ("observation", {})]), str, STATES)
    part = environment(TEMPLATES).get_template("moment_part.html")
    given = {"when": str, "row": {"station": "here", "run": "R", "committed": 4}, "at": 0.0, "most": 9}
    last = RepeatShown(name, 1, 3, "0" * 64, (), (), 0)
    for language, said in (("zh", "20 m³/h，升，循环 2"), ("en", "20 m³/h, rising, cycle 2")):
        for line, also in ((2, 1), (3, 2)):
            seen = moment(known, line, 2)
            told = part.render(t=words(language), moment=seen, last=last, replies=[], links=(), **given)
            told = told.replace("\N{NO-BREAK SPACE}", " ")
            assert told.count(said) >= 3 + also, (language, line)
            assert said == "20 m³/h, rising, cycle 2" or "rising" not in told
        assert f"{said} · 1" in told
