"""A station is looked at once for all who look on, and of its runs only what can have changed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from remotecal.clock import VirtualClock
from remotecal.errors import RemotecalError
from remotecal.journal.writing import Journal
from remotecal.station.folder import StationFolder
from remotecal.station.pages.desk import Desk
from remotecal.station.pages.lookout import Lookout
from remotecal.station.pages.runs_here import DONE, RunsHere
from remotecal.transport.messages import StationState


@pytest.fixture
def folder(tmp_path: Path) -> StationFolder:
    return StationFolder.make(tmp_path / "here", "here")


def write(folder: StationFolder, run: str, at: int, lines: int = 1) -> Path:
    """Give a run a journal that was written at some second."""
    (folder.orders / run).mkdir(parents=True, exist_ok=True)
    with Journal.create(folder.runs / run, VirtualClock(0.0)) as journal:
        for number in range(lines):
            journal.append("point", {"point": str(number)})
    os.utime(journal.path, (at, at))
    return journal.path


def state(**told: object) -> StationState:
    return StationState(
        **{"run": None, "waits_for_consent": None, "session": "s", "arrived": {}, "held_up": {}, **told}
    )


def test_of_the_runs_on_the_disk_the_last_that_nobody_took_away_is_shown(folder: StationFolder) -> None:
    runs = RunsHere(folder)
    assert (runs.last(), dict(runs.on_the_way(None))) == ("", {})
    for at, run in enumerate(("one", "two", "three"), 100):
        write(folder, run, at)
    (folder.runs / "empty").mkdir()
    assert runs.last() == "three"
    assert runs.last(on="three") == "two", "a run that is on has no result yet"
    runs.take_away("two", "on site")
    assert runs.last(on="three") == "one"
    os.utime(folder.runs / "one" / "journal.jsonl", (200, 200))
    assert runs.last(on="one") == "three"
    assert runs.last() == "one", "it was on, so it is looked at anew"
    runs.take_away("one", "on site")
    write(folder, "empty2", 300)
    assert runs.last() == "empty2"
    for run in ("empty2", "three"):
        runs.take_away(run, "on site")
    assert runs.last() == ""
    for wrong in ("nowhere", "../orders/one"):
        with pytest.raises(RemotecalError):
            runs.take_away(wrong, "on site")
    assert RunsHere(folder).last() == "", "it stands on the disk"


def test_a_journal_that_did_not_change_is_not_read_again(folder: StationFolder) -> None:
    runs = RunsHere(folder)
    path = write(folder, "one", 100, lines=5)
    there = state(arrived={"one": 2})
    assert dict(runs.on_the_way(there)) == {"one": (2, 5)}
    size = path.stat().st_size
    path.write_bytes(b"x" * size)
    os.utime(path, (100, 100))
    assert dict(runs.on_the_way(there)) == {"one": (2, 5)}, "it looks the same"
    os.utime(path, (101, 101))
    assert dict(runs.on_the_way(there)) == {"one": (2, 0)}, "it was written"
    (folder.orders / "one" / DONE).touch()
    write(folder, "two", 100, lines=3)
    assert dict(runs.on_the_way(None)) == {"two": (0, 3)}, "with the agent away nobody knows what arrived"
    (folder.orders / "two" / DONE).touch()
    assert dict(runs.on_the_way(None)) == {}
    assert dict(runs.on_the_way(state(arrived={"two": 1}))) == {"two": (1, 3)}
    (folder.orders / "two" / DONE).unlink()
    assert dict(runs.on_the_way(None)) == {"two": (0, 3)}, "a laboratory that was restored wants it again"


def test_many_who_look_on_are_one_look(folder: StationFolder) -> None:
    write(folder, "one", 100)

    async def look_on() -> None:
        lookout = Lookout(Desk(folder))
        seen = await asyncio.gather(*(lookout.look() for _ in range(50)))
        assert lookout.looks <= 2, "one that was on, and one for all who came meanwhile"
        assert all(one is seen[0] for one in seen), "nothing has changed"
        before = lookout.looks
        later = await asyncio.gather(*(lookout.next() for _ in range(50)))
        assert (lookout.looks, later[0].last) == (before + 1, "one")
        assert later[0] is seen[0]
        write(folder, "two", 200)
        assert (await lookout.look()).last == "two"
        leaving = asyncio.ensure_future(lookout.next())
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert (await lookout.next()).last == "two", "who leaves takes nobody's look away"

    asyncio.run(look_on())
