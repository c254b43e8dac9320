"""Photos and files of the person on site reach the laboratory with the journal, whole, or not at all."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from at_rest import journal_in
from laboratories import hub_up
from processes import Gate
from sites import Site, Watching, enrol_site, until
from tiny_bench import Tiny

from remotecal.certificates.signing.seal import SealKey
from remotecal.errors import CertificateRefused, EvidenceError
from remotecal.hub.hub import Hub
from remotecal.hub.issuing import issue
from remotecal.hub.recomputing import write_journal
from remotecal.hub.settings import HubFolder
from remotecal.journal.events import read_journal
from remotecal.journal.files import check_file, named_files
from remotecal.station import upload
from remotecal.station.deliveries import held
from remotecal.station.on_site import Wish, wish_for
from remotecal.store.files import FileRow
from remotecal.transport.messages import CommandAnswer, RemoteOrder

CONTENT = bytes(range(256)) * 30
DIGEST = sha256(CONTENT).hexdigest()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "plate.jpg").write_bytes(CONTENT)
    return tmp_path / "plate.jpg"


@pytest.fixture
def gate(tiny: Tiny) -> Iterator[Gate]:
    """Holds a run at its first point."""
    tiny.bench.write_text(tiny.bench.read_text().replace("tiny:TinySource", "tiny:PatientSource"))
    tiny.add(tiny.bench, "[safe]\nwithin = 5.0\n")
    tiny.world.before = gate = Gate()
    yield gate
    gate.let_go()


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "BATCH", 1000)
    monkeypatch.setattr(upload, "RETRY_AFTER", 0.0)


@asynccontextmanager
async def site_up(folder: HubFolder, tiny: Tiny, path: Path, **settings: object) -> AsyncIterator[Site]:
    async with hub_up(folder) as hub:
        yield await enrol_site(hub, tiny, path / "here", **settings)


async def attach(site: Site, file: Path, about: str = "") -> CommandAnswer:
    return await wish_for(site.folder.socket, Wish(verb="attach", argument=about, file=str(file)))


def there(hub: Hub, order: RemoteOrder) -> tuple[FileRow, ...]:
    return hub.laboratory.store.files.list("here", order.id)


async def asking(site: Site, order: RemoteOrder) -> Watching:
    watching = Watching()
    await site.hub.laboratory.watch("here", order.id, watching)
    await watching.until(lambda live: live.prompt > 0)
    return watching


async def test_a_file_added_on_site_is_at_the_laboratory_before_the_record(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, photo: Path
) -> None:
    tiny.parameter("ask = true")
    async with site_up(folder, tiny, tmp_path) as site, site.up():
        order = await site.order()
        await asking(site, order)
        added = await attach(site, photo, "the nameplate")
        assert (added.done, added.content) == (True, DIGEST)
        await until(lambda: all(row.complete for row in there(site.hub, order)) and there(site.hub, order))
        row = site.run_row(order)
        assert row is not None
        assert row.state == "asking", "it came while the run was on"
        assert (await wish_for(site.folder.socket, Wish(verb="answer", argument="yes"))).done
        await site.recomputed(order)
        (row,) = there(site.hub, order)
        assert (row.file.name, row.file.about, row.file.by) == ("plate.jpg", "the nameplate", "on site")
        assert site.hub.laboratory.store.files.content("here", order.id, DIGEST) == CONTENT
        path = write_journal(site.hub.laboratory.store, "here", order.id, tmp_path)
    check_file(*named_files(read_journal(path)), tmp_path)


async def test_both_see_a_question_for_a_photo_and_who_answered_it(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, photo: Path
) -> None:
    tiny.parameter("photo = true")
    async with site_up(folder, tiny, tmp_path) as site, site.up():
        order = await site.order()
        watching = await asking(site, order)
        state = json.loads((await wish_for(site.folder.socket, Wish(verb="state"))).content)["run"]
        shown = watching.shown[-1]
        assert (state["question"], state["prompt"], state["kind"]) == (shown.question, shown.prompt, "file")
        refused = await site.hub.laboratory.command(
            "here", "answer", "Li Wei", run=order.id, argument=str(photo), prompt=shown.prompt
        )
        assert refused.reason == "a file answers this: `remotecal station attach FILE`, at the station"
        assert (await attach(site, photo)).done
        answered = await watching.until(lambda live: live.answered == DIGEST)
        assert answered.answered_by == "on site"
        await site.recomputed(order)
    kinds = [e["kind"] for e in site.journal(order) if e["kind"] in {"prompt", "file", "answer"}]
    assert kinds == ["prompt", "file", "answer"]


async def test_of_laboratory_and_site_the_first_answer_wins_and_both_see_it(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, gate: Gate
) -> None:
    tiny.parameter("ask = true")
    async with site_up(folder, tiny, tmp_path) as site, site.up():
        order = await site.order()
        watching = await asking(site, order)
        laboratory = site.hub.laboratory.command(
            "here", "answer", "Li Wei", run=order.id, argument="yes", prompt=watching.shown[-1].prompt
        )
        on_site = wish_for(site.folder.socket, Wish(verb="answer", argument="no"))
        answers = await asyncio.gather(laboratory, on_site)
        (first,) = (by for by, answer in zip(("Li Wei", "on site"), answers, strict=True) if answer.done)
        text = {"Li Wei": "yes", "on site": "no"}[first]
        assert sorted(answer.reason for answer in answers) == ["", f"{first} was first: {text}"]
        # The run is held at its first point, so that it can be looked at.
        state = json.loads((await wish_for(site.folder.socket, Wish(verb="state"))).content)["run"]
        assert (state["answered"], state["answered_by"]) == (text, first)
        shown = await watching.until(lambda live: live.answered != "")
        assert (shown.answered, shown.answered_by) == (text, first)
        gate.let_go()
        await site.recomputed(order)
    (given,) = (event["data"] for event in site.journal(order) if event["kind"] == "answer")
    assert (given["answer"], given["by"]) == (text, first)


async def test_what_can_not_be_added_is_refused(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, photo: Path
) -> None:
    tiny.parameter("ask = true")
    async with site_up(folder, tiny, tmp_path, largest_file=5000) as site, site.up() as station:
        await station.liaison.greeted.wait()
        assert (await attach(site, photo)).reason == "no run is on"
        order = await site.order()
        await asking(site, order)
        assert "has 7680 bytes, 5000 are allowed" in (await attach(site, photo)).reason
        (tmp_path / "empty").touch()
        assert "is empty" in (await attach(site, tmp_path / "empty")).reason
        assert "can't be read" in (await attach(site, tmp_path / "none")).reason
        assert "is no file" in (await attach(site, tmp_path)).reason
        await wish_for(site.folder.socket, Wish(verb="answer", argument="yes"))
        await site.recomputed(order)
    assert "file" not in {event["kind"] for event in site.journal(order)}


async def interrupted(site: Site, photo: Path) -> RemoteOrder:
    """Carry out an order whose file does not reach the laboratory: the agent is stopped before."""
    async with site.up():
        order = await site.order()
        watching = await asking(site, order)
        assert (await attach(site, photo)).done
        store = site.hub.laboratory.store
        await until(lambda: store.files.missing("here", order.id) == {DIGEST: 1000})
        await wish_for(site.folder.socket, Wish(verb="answer", argument="yes"))
        await watching.until(lambda live: live.state == "finished")
        await site.state(order, "finished")
    return order


@pytest.fixture
def no_file_arrives(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let the laboratory take lines, and no more than one piece of a file."""
    from remotecal.store.files import StoredFiles

    take, taken = StoredFiles.take, threading.Semaphore(1)

    def once(*piece: object) -> int:
        if not taken.acquire(blocking=False):
            raise OSError("the disk is slow today")
        return take(*piece)

    monkeypatch.setattr("remotecal.station.agent.FAREWELL", 0.3)
    monkeypatch.setattr(upload, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr(StoredFiles, "take", once)
    return monkeypatch


async def test_a_file_goes_on_where_it_was_cut_off_and_no_record_comes_before(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, photo: Path, no_file_arrives: pytest.MonkeyPatch
) -> None:
    tiny.parameter("ask = true")
    async with site_up(folder, tiny, tmp_path) as site:
        store = site.hub.laboratory.store
        order = await interrupted(site, photo)
        assert store.files.missing("here", order.id) == {DIGEST: 1000}
        assert store.records.find("here", order.id) is None
        with pytest.raises(CertificateRefused, match="not computed yet"):
            issue(folder, store, "here", order.id, tmp_path / "issued")
        with pytest.raises(EvidenceError, match="not complete here"):
            write_journal(store, "here", order.id, tmp_path)
        no_file_arrives.undo()
        begins, take = [], store.files.take

        def note(*piece: object) -> int:
            begins.append(piece[3])
            return take(*piece)

        no_file_arrives.setattr(store.files, "take", note)
        async with site.up():
            await site.recomputed(order)
        assert begins[0] == 1000, "what is there is not sent again"
        assert store.files.content("here", order.id, DIGEST) == CONTENT


@pytest.mark.parametrize("harm", ["remove", "change", "cut"])
async def test_without_its_file_a_run_is_never_complete(
    folder: HubFolder,
    tiny: Tiny,
    tmp_path: Path,
    photo: Path,
    harm: str,
    no_file_arrives: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tiny.parameter("ask = true")
    async with site_up(folder, tiny, tmp_path) as site:
        order = await interrupted(site, photo)
        no_file_arrives.undo()
        kept = site.folder.runs / order.id / "files" / f"{DIGEST}.jpg"
        if harm == "remove":
            kept.unlink()
        else:
            kept.write_bytes(CONTENT[::-1] if harm == "change" else CONTENT[:500])
        async with site.up():
            await until(lambda: "without its files it is not complete" in caplog.text)
            await site.state(order, "signed")
        store = site.hub.laboratory.store
        said = {"remove": "has no file", "change": "has another hash", "cut": "it was cut"}[harm]
        assert said in caplog.text
        assert store.records.find("here", order.id) is None
        assert len(store.noted(what="file refused")) == (harm == "change")
        kept.write_bytes(CONTENT)
        async with site.up():
            await site.recomputed(order)
        assert site.arrived_whole(order)


async def test_the_laboratory_computes_nothing_without_the_files(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, photo: Path, no_file_arrives: pytest.MonkeyPatch
) -> None:
    """Whatever a station says."""
    from remotecal.certificates.signing.seal import PublicKey
    from remotecal.hub.recomputing import recompute
    from remotecal.station.run import StationRun
    from remotecal.transport.messages import Computed

    tiny.parameter("ask = true")
    async with site_up(folder, tiny, tmp_path) as site:
        order = await interrupted(site, photo)
        store, run = site.hub.laboratory.store, StationRun(order, site.folder)
        key = SealKey.read(site.folder.journal_key)
        run.sign(key)
        lines = journal_in(run.directory).splitlines()
        store.journals.append("here", order.id, 1, lines, 1.0)
        said = Computed(station="here", run=order.id, head=held(run.directory).head, record="")
        known = PublicKey.from_text(key.public.text), site.hub.laboratory.key.public
        compared = recompute(store, site.hub.library, said, *known)
        assert compared.reason == f"files that the journal names are not here yet: {DIGEST}"
        no_file_arrives.undo()
        store.files.take("here", order.id, DIGEST, 1000, CONTENT[1000:])
        assert recompute(store, site.hub.library, said, *known).reason != compared.reason


async def test_only_the_station_itself_brings_files(
    folder: HubFolder, tiny: Tiny, tmp_path: Path, photo: Path, no_file_arrives: pytest.MonkeyPatch
) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from remotecal.hub.ingest import Ingest
    from remotecal.transport.envelopes import seal
    from remotecal.transport.messages import FilePiece

    tiny.parameter("ask = true")
    async with site_up(folder, tiny, tmp_path) as site:
        order = await interrupted(site, photo)
        no_file_arrives.undo()
        store, key = site.hub.laboratory.store, SealKey.read(site.folder.journal_key)
        ingest, station = Ingest(store, site.hub.laboratory.key.public), store.stations.get("here")
        rest = CONTENT[1000:]

        def piece(content: bytes = rest, **changes: object) -> FilePiece:
            digest = sha256(content).hexdigest()
            good = FilePiece(station="here", run=order.id, file=DIGEST, begin=1000, sha256=digest)
            return good.model_copy(update=changes)

        forged = {
            "is signed by": seal("file-piece", piece(), SealKey(Ed25519PrivateKey.generate())) + b"\n" + rest,
            "speaks for there": seal("file-piece", piece(station="there"), key) + b"\n" + rest,
            "is not the one here signed": seal("file-piece", piece(), key) + b"\n" + rest + b"x",
            "a signed file-piece was due": seal("journal-head", piece(), key) + b"\n" + rest,
            "no name for a run": seal("file-piece", piece(run="../../etc"), key) + b"\n" + rest,
        }
        for said, message in forged.items():
            with pytest.raises(Exception, match=said):
                await ingest.take_file(station, message)
        assert store.files.missing("here", order.id) == {DIGEST: 1000}
        other = seal("file-piece", piece(file="0" * 64), key) + b"\n" + rest
        assert "names no file" in (await ingest.take_file(station, other)).refused
        taken = await ingest.take_file(station, seal("file-piece", piece(), key) + b"\n" + rest)
        assert taken.here == len(CONTENT)
