"""What one station can take of the hub is bounded, and told; nobody else waits for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from laboratories import enrol_station, hub_up, station_connection
from ordered_runs import AUTHOR, RUN, STATION, Brought, bring
from sites import enrol_site, until
from tiny_bench import PROCEDURE, Tiny

from remotecal.certificates.signing.seal import SealKey
from remotecal.clock import VirtualClock
from remotecal.errors import ConfigurationError, EvidenceError
from remotecal.hub import evaluating
from remotecal.hub.evaluating import Evaluating
from remotecal.hub.hub import OF_ONE_STATION, Hub
from remotecal.hub.settings import HubFolder, HubSettings, ShareSettings
from remotecal.journal.resting import unpack_journal
from remotecal.journal.writing import Journal
from remotecal.station.on_site import Wish, wish_for
from remotecal.store import Store
from remotecal.store.shares import Share
from remotecal.transport.messages import LONGEST_LINE, Compared, Computed


@pytest.fixture
def brought(tiny: Tiny, folder: HubFolder, store: Store, tmp_path: Path) -> Brought:
    return bring(tiny, store, folder.procedures, SealKey.read(folder.laboratory))


def shared(folder: HubFolder, **share: object) -> HubFolder:
    """Return the hub's directory with other settings of what a station may take."""
    text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in share.items())
    toml = folder.path / "hub.toml"
    toml.write_text(f"{toml.read_text()}\n[share]\n{text}\n")
    return HubFolder(folder.path)


def test_what_a_station_may_take_is_set(folder: HubFolder) -> None:
    assert shared(folder, bytes=9, run_lines=8, line_bytes=7).share == Share(9, 8, 7)
    assert {*ShareSettings.model_fields} == {"bytes", "run_lines", "line_bytes", "evaluation"}
    assert HubSettings.model_fields["share"].default == ShareSettings()


def test_lines_and_files_beyond_a_stations_share(folder: HubFolder, brought: Brought) -> None:
    lines = brought.store.journals.lines("here", RUN)
    size = sum(map(len, lines))
    assert brought.store.stations.get("here").used == size
    longest = max(map(len, lines))

    def refused(share: Share, run: str) -> str:
        with Store(folder.database, share) as store, pytest.raises(EvidenceError) as told:
            store.journals.append("here", run, 1, lines, 1.0)
        assert store.journals.committed("here", run) == 0
        return str(told.value)

    assert f"has {longest} bytes, the laboratory takes" in refused(Share(line_bytes=longest - 1), "a")
    assert "more lines than the 3 that" in refused(Share(run_lines=3), "b")
    said = refused(Share(bytes=2 * size - 1), "c")
    assert "under [share] in hub.toml; then `remotecal station resend`" in said
    assert brought.store.stations.get("here").used == size, "what is not taken is not counted"
    with Store(folder.database, Share(bytes=2 * size, line_bytes=longest)) as store:
        assert store.journals.append("here", "d", 1, lines, 1.0) == len(lines)
        assert store.journals.append("here", "d", 1, lines, 1.0) == len(lines), "again costs nothing"
        assert store.stations.get("here").used == 2 * size
        assert store.journals.append("there", "d", 1, lines, 1.0) == len(lines), "another has its own"


async def test_a_line_nobody_takes_holds_up_its_own_run_alone(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    """Eight megabytes in one line would not even fit into a message."""
    async with hub_up(folder) as up:
        site = await enrol_site(up, tiny, tmp_path / "here")
        async with site.up():
            first = await site.order()
            await until((site.folder.orders / first.id / "done").exists)
        store = up.laboratory.store
        with store.database.begin() as connection:
            for table in ("records", "journal_lines", "runs"):
                connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608  our own
        journal = site.folder.runs / first.id / "journal.jsonl"
        unpack_journal(journal.parent)
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join(lines[:-1]))
        with Journal.open(journal.parent, VirtualClock(2e9)) as opened:
            opened.append("note", {"text": "x" * (LONGEST_LINE + 2**20)})
        (site.folder.orders / first.id / "done").unlink()
        async with site.up() as station:
            second = await site.order()
            await until((site.folder.orders / second.id / "done").exists)
            await until(lambda: first.id in station.deliveries.held_up)
            state = await wish_for(site.folder.socket, Wish(verb="state"))
            assert "bytes: no laboratory takes that" in json.loads(state.content)["held_up"][first.id]
            assert "bytes: no laboratory takes that" in await site.refusal(first)


async def test_a_message_no_server_takes_is_not_sent_again(folder: HubFolder, tmp_path: Path) -> None:
    async with hub_up(folder) as up:
        station = await enrol_station(up, tmp_path / "here", "here")
        async with station_connection(station) as link:
            await link.up.wait()
            with pytest.raises(ConfigurationError, match="a message is longer than"):
                await link.request("cal.here.journal", b"x" * 9 * 2**20)


@asynccontextmanager
async def evaluated(folder: HubFolder, brought: Brought) -> AsyncIterator[Evaluating]:
    made = Evaluating(folder, brought.laboratory.public)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.wait({running})


async def asked(made: Evaluating, computed: Computed, key: SealKey) -> Compared:
    """Ask until there is an answer, as a station does."""
    while (answer := await made.compare(computed, key.public)) is None:
        await asyncio.sleep(0)
    return answer


def elsewhere(run: str) -> Computed:
    return Computed(station="there", run=run, head="0" * 64, record="")


async def test_a_record_that_takes_for_ever_is_given_up(
    folder: HubFolder, store: Store, tiny: Tiny, tmp_path: Path
) -> None:
    file = tmp_path / "endless.py"
    text = PROCEDURE.read_text()
    file.write_text(
        text.replace("        rows = []\n", "        rows = []\n        while True:\n            pass\n")
    )
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), str(file)))
    brought = bring(tiny, store, folder.procedures, SealKey.read(folder.laboratory), file)
    async with evaluated(shared(folder, evaluation=3.0), brought) as made:
        own = asyncio.create_task(asked(made, brought.computed, STATION))
        await until(lambda: made.process is not None)
        process = made.process
        more = brought.computed.model_copy(update={"run": "another"})
        assert await made.compare(more, STATION.public) is None, "one at a time of each"
        others = [await asked(made, elsewhere(run), AUTHOR) for run in ("a", "b")]
        assert not any(other.agrees or "given up" in other.reason for other in others)
        assert (await own).reason.endswith("could not be computed within 3 s: it was given up")
        assert process is not None
        assert process.returncode == -9
        assert process is not made.process, "the next one was done by another process"


async def test_a_reason_of_any_length_holds_up_nobody(
    folder: HubFolder, store: Store, tiny: Tiny, tmp_path: Path
) -> None:
    file = tmp_path / "verbose.py"
    text = PROCEDURE.read_text()
    file.write_text(text.replace("        rows = []\n", "        raise ValueError('x' * 2_000_000)\n"))
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), str(file)))
    brought = bring(tiny, store, folder.procedures, SealKey.read(folder.laboratory), file)
    async with evaluated(folder, brought) as made:
        own = await asked(made, brought.computed, STATION)
        assert "ValueError: xxx" in own.reason
        assert own.reason.endswith("x…")
        assert not (await asked(made, elsewhere("a"), AUTHOR)).reason.endswith("given up")


async def test_a_process_whose_answer_is_none_is_replaced(
    folder: HubFolder, brought: Brought, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with evaluated(folder, brought) as made:
        with monkeypatch.context() as patched:
            patched.setattr(evaluating, "LONGEST_ANSWER", 20)
            assert (await asked(made, elsewhere("a"), AUTHOR)).reason.endswith("ended: it was given up")
        assert (await asked(made, brought.computed, STATION)).agrees


async def test_who_took_least_of_late_goes_first(
    folder: HubFolder, brought: Brought, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Evaluating(folder, brought.laboratory.public)
    monkeypatch.setattr(evaluating, "ANSWER_WITHIN", 0.0)
    made.took("here", 9.0)
    for computed, key in ((brought.computed, STATION), (elsewhere("a"), AUTHOR)):
        assert await made.compare(computed, key.public) is None
    assert [job.computed.station for job in made.waiting()] == ["there", "here"]


async def test_a_station_has_some_requests_worked_on_and_no_more(folder: HubFolder) -> None:
    held, busy = asyncio.Event(), list[str]()

    async def hold(subject: str, _: bytes) -> bytes:
        busy.append(subject)
        await held.wait()
        return b"done"

    take = Hub(folder).fairly(hold)
    flood = [asyncio.create_task(take("cal.here.record", b"")) for _ in range(OF_ONE_STATION + 5)]
    one = asyncio.create_task(take("cal.there.record", b""))
    await until(lambda: "cal.there.record" in busy)
    assert busy.count("cal.here.record") == OF_ONE_STATION
    held.set()
    assert await one == b"done"
    assert (await asyncio.gather(*flood)).count(None) == 5, "they are asked for again"
    assert await take("cal.here.record", b"") == b"done"
