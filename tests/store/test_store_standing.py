"""How runs stand is kept as their lines arrive, by whatever parts, and found again from their journals."""

import re
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import update

from remotecal.clock import VirtualClock
from remotecal.errors import EvidenceError
from remotecal.journal.events import seal
from remotecal.journal.writing import Journal
from remotecal.store import Store
from remotecal.store.growing import Batch
from remotecal.store.standing import LONGEST
from remotecal.store.tables import runs

TRIPPED = "gauge.value is 8.5 V, above its limit, 8 V"
Events = list[tuple[str, dict[str, object]]]
BEGIN: Events = [
    ("start", {"format": 1}),
    ("safe", {"reached": True}),
    ("prompt", {"question": {"en": "Ready?"}}),
    ("answer", {"answer": "yes", "by": "on site: Li Na", "prompt": 3}),
    ("control", {"by": "operator", "reason": "", "verb": "pause"}),
    ("point", {"point": "1 V"}),
]
TRIP: Events = [("interlock", {"error": "InterlockTripped", "text": TRIPPED})]
SAFE: Events = [("safe", {"reached": True})]
NOT_SAFE: Events = [("safe", {"reached": False, "text": "source.level is 1 V, not 0 V"})]
NOTHING: Events = [("safe", {"reached": None, "text": "see to the rig yourself"})]
RESUME: Events = [("resume", {"bench": "", "bench_sha256": "", "by": "on site"}), ("safe", {"reached": True})]


def journal(folder: Path, events: Events) -> list[bytes]:
    with Journal.create(folder, VirtualClock(1_790_000_000.0)) as written:
        for kind, data in events:
            written.append(kind, data, durable=False)
    return (folder / "journal.jsonl").read_bytes().splitlines()


def standing(store: Store, run: str) -> tuple[str, int, str, str]:
    row = store.journals.find("here", run)
    assert row is not None
    return row.why, row.why_line, row.safe, row.on_site


CASES: dict[str, tuple[Events, tuple[str, int, str, str]]] = {
    "begun": (BEGIN[:2], ("", 0, "yes", "")),
    "at-work": (BEGIN, ("", 0, "", "on site: Li Na")),
    "tripped": (BEGIN + TRIP, (TRIPPED, 7, "", "on site: Li Na")),
    "safe": (BEGIN + TRIP + SAFE, (TRIPPED, 7, "yes", "on site: Li Na")),
    "tripped-unsafe": (
        BEGIN + TRIP + NOT_SAFE,
        (f"{TRIPPED}; source.level is 1 V, not 0 V", 7, "no", "on site: Li Na"),
    ),
    "unsafe": (BEGIN + NOT_SAFE, ("source.level is 1 V, not 0 V", 7, "no", "on site: Li Na")),
    "nothing": (BEGIN + TRIP + NOTHING, (TRIPPED, 7, "nothing", "on site: Li Na")),
    "again": (BEGIN + TRIP + NOT_SAFE + RESUME, ("", 0, "yes", "on site")),
}


def test_how_a_run_stands_is_kept_and_found_again(enrolled: Store, tmp_path: Path) -> None:
    for name, (events, _) in CASES.items():
        lines = journal(tmp_path / name, events)
        for part in (lines[:-1], lines):  # the last comes by itself, and the others once more
            enrolled.journals.append("here", name, 1, part, 1.0)
    told = {name: told for name, (_, told) in CASES.items()}
    assert {name: standing(enrolled, name) for name in CASES} == told
    with enrolled.database.begin() as connection:
        connection.execute(update(runs).values(why="x", why_line=99, safe="x", on_site="x"))
    assert enrolled.about.rebuild() == len(CASES)
    assert {name: standing(enrolled, name) for name in CASES} == told
    assert {row.run for row in enrolled.pages.wanting()["unsafe"]} == {"tripped-unsafe", "unsafe"}
    enrolled.journals.acknowledge("here", "unsafe", 7)
    assert {row.run for row in enrolled.pages.wanting()["unsafe"]} == {"tripped-unsafe"}


def test_lines_that_are_refused_change_nothing(enrolled: Store, tmp_path: Path) -> None:
    lines = journal(tmp_path / "run", BEGIN + TRIP + NOT_SAFE)
    assert enrolled.journals.append_all([Batch("here", "r", 1, lines[:6])], 1.0) == [6]
    broken = [*lines[:7], lines[7].replace(b"false", b"true ")]
    (refused,) = enrolled.journals.append_all([Batch("here", "r", 1, broken)], 1.0)
    assert isinstance(refused, EvidenceError)
    assert standing(enrolled, "r") == ("", 0, "", "on site: Li Na")


def test_whatever_a_station_writes_of_it_is_taken_in(enrolled: Store, tmp_path: Path) -> None:
    said: list[dict[str, object]] = [
        {},
        {"text": 7},
        {"text": "x\0" * 1000},
        {"reached": "maybe"},
        {"reached": []},
        {"by": None},
    ]
    written = [(kind, data) for kind in ("interlock", "safe", "answer", "resume") for data in said]
    for number, event in enumerate(written):
        lines = journal(tmp_path / f"{number}", [BEGIN[0], event])
        assert enrolled.journals.append("here", f"{number}", 1, lines, 1.0) == 2
        why, _, safe, on_site = standing(enrolled, f"{number}")
        assert len(why.encode()) <= LONGEST
        assert (safe, on_site) == ("", "")


@pytest.mark.parametrize("kind", ["start", "instrument", "interlock", "safe", "answer", "file"])
def test_a_line_nested_without_end_holds_up_nobody_else(enrolled: Store, tmp_path: Path, kind: str) -> None:
    lines, deep = journal(tmp_path / "run", BEGIN), b"[" * 100_000 + b"]" * 100_000
    sealed, _ = seal(1, "2026-05-06T08:00:00.000Z", kind, {"text": 7}, "0" * 64)
    own = re.sub(rb'"hash":"[0-9a-f]{64}",', b"", sealed.replace(b"7", deep, 1))
    line = own.replace(b'"kind":', b'"hash":"%s","kind":' % sha256(own).hexdigest().encode())
    hostile, other = enrolled.journals.append_all(
        [Batch("there", "r", 1, [line]), Batch("here", "r", 1, lines)], 1.0
    )
    assert other == len(lines)
    assert isinstance(hostile, EvidenceError) if kind == "file" else hostile == 1
    if kind != "file":
        enrolled.about.rebuild()
