"""A station whose clock is wrong by an hour; `libfaketime` sets that of the real programs."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from at_rest import journal_in
from laboratories import hub_up
from processes import Processes, call, processes, wait_until
from sites import enrol_site, until
from tiny_bench import Tiny

from remotecal.hub.settings import HubFolder
from remotecal.journal.events import ON_SITE
from remotecal.station import acceptance
from remotecal.station.agent import Station
from remotecal.station.commands import Commands
from remotecal.store import Store
from remotecal.transport import subjects
from remotecal.transport.envelopes import seal, unseal_reply
from remotecal.transport.messages import Command, CommandAnswer

POINTS = 4
HOUR = 3600
AHEAD = 120
LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class WrongClock:
    """The clock a station's process sees; it hears within a second that it was set."""

    def __init__(self, path: Path) -> None:
        self._file = path
        self.set(0)

    def set(self, ahead: int) -> None:
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{ahead:+d}\n")
        draft.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Or else whoever waits for the interpreter's lock waits actively: a dozen times the processor.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "FAKETIME_DONT_RESET": "1",
        }


@pytest.fixture
def both(tmp_path: Path, folder: HubFolder, tiny: Tiny) -> Iterator[Processes]:
    with processes(tmp_path, folder, tiny, POINTS) as running:
        running.kill("station")
        yield running


def refusal(both: Processes, order: str) -> str:
    with Store(both.folder.database) as store:
        wait_until(lambda: (row := store.orders.find(order)) and row.reason)
        row = store.orders.find(order)
        assert row is not None
        return row.reason


@pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed")
def test_a_clock_that_is_wrong_by_an_hour(both: Processes, tmp_path: Path) -> None:
    """Fast when an order comes; slow after a power cut in the middle of a run."""
    clock, began = WrongClock(tmp_path / "clock"), time.time()
    clock.set(HOUR)
    both.start("station", **clock.environment)
    said = "the station's clock differs from the laboratory's by {} s: set it right"
    assert said.format(HOUR) in refusal(both, both.refused_order())
    assert both.tiny.world.lines == [], "no instrument was spoken to"
    # Commands are judged by the laboratory's clock.
    read = call("hub", "read", "station://here/gauge", "value", "--hub", both.folder.path)
    assert read == "gauge.value 0 V\n"
    both.kill("station")

    clock.set(0)
    both.start("station", **clock.environment)
    run = both.order()
    both.gate.wait()
    both.gate.release.release()
    both.gate.wait()
    both.kill("station")
    both.gate.release.release()
    both.tiny.world.level = 7.0
    clock.set(-HOUR)
    both.start("station", **clock.environment)
    assert said.format(-HOUR) in refusal(both, run)
    wait_until(lambda: both.tiny.world.level == 0)
    assert "resume" not in both.kinds(run), "it is held, and its rig is safe"
    clock.set(0)
    both.gate.let_go()
    both.check_whole(run, POINTS)

    lines = journal_in(both.station / "runs" / run).splitlines()
    times = [datetime.fromisoformat(json.loads(line)["at"]) for line in lines]
    assert all(at.tzinfo is UTC for at in times), "times say that they are UTC"
    # The virtual bench is ahead by the seconds it settled.
    assert all(began - 1 < at.timestamp() < time.time() + AHEAD for at in times), "no time is a wrong one"


async def test_a_repeat_is_not_taken_again_by_a_clock_that_was_set_meanwhile(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's own clock can't be set; the one that it would be taken up again by is another."""
    tiny.parameter("ask = true")

    class SetClock:
        ahead = HOUR

        @classmethod
        def time(cls) -> float:
            return time.time() + cls.ahead

    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        async with site.up() as station:
            order = await site.order()
            await until(lambda: (live := station.live()) is not None and live.prompt > 0)
            run = station.current
            assert run is not None

            def resumed() -> int:
                return [event["kind"] for event in site.journal(order)].count("resume")

            monkeypatch.setattr(acceptance, "time", SetClock)
            assert run.obey("again", ON_SITE, "a digit slipped", 0).done
            await until(lambda: bool(resumed() or hub.laboratory.store.orders.find(order.id).reason))
            assert not resumed()
            assert f"differs from the laboratory's by {HOUR} s: set it right" in await site.refusal(order)
            assert tiny.world.level == 0, "it is held, and its rig is safe"
            SetClock.ahead = 0
            await until(lambda: run.live().state == "asking")
            assert run.obey("answer", ON_SITE, "yes", run.prompt).done
            await site.state(order, "signed")
        assert resumed() == 1


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="no clock of this system tells sleep")
async def test_a_command_does_not_stay_in_time_while_the_computer_is_asleep(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies in the connection of a computer whose lid was closed, and is read when it wakes."""
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        station = Station(site.folder)
        commands = Commands(station, station.consent, station.lending, station.deliveries)
        session, expires = station.liaison.session, station.liaison.laboratory_time + 60
        right = time.clock_gettime

        async def said(number: str) -> str:
            command = Command(
                id=number, station="here", session=session, verb="go_on", by="Li Wei", expires=expires
            )
            content = seal("command", command, hub.laboratory.key)
            reply = await commands.obey(subjects.command("here", "go_on"), content)
            return unseal_reply(reply, content, CommandAnswer, [station.liaison.key.public]).reason

        assert "is not on at here" in await said("1")
        monkeypatch.setattr(
            time, "clock_gettime", lambda clock: right(clock) + HOUR * (clock == time.CLOCK_BOOTTIME)
        )
        assert await said("2") == "the command came too late: give it again"
